//! People who can sign in: an invented cast, and those of a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::switches::Switches;

/// The password of everybody in the invented cast.
pub const PASSWORD: &str = "11111111";

/// A person as ЕСИА knows him, with his password and what the stand-in shall do otherwise for him.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// Identifier in ЕСИА.
    pub oid: u64,
    /// In clear: these people are invented.
    pub password: String,
    /// Фамилия.
    pub last_name: String,
    /// Имя.
    pub first_name: String,
    /// Отчество; not everybody has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// ДД.ММ.ГГГГ
    pub birth_date: String,
    /// Пол.
    pub gender: Gender,
    /// Whether the account is confirmed.
    #[serde(default = "yes")]
    pub trusted: bool,
    /// A child's account (`lvl` is `KD`).
    #[serde(default)]
    pub child: bool,
    /// Three letters.
    #[serde(default = "russia")]
    pub citizenship: String,
    /// `000-000-600 06`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snils: Option<String>,
    /// ИНН of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
    /// In use or deleted.
    #[serde(default)]
    pub status: Status,
    /// E-mail, telephones.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// Organizations the person works in.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// For the list on the login page: what this person is there for.
    #[serde(default)]
    pub note: String,
    /// What goes otherwise than usual for this person.
    #[serde(default)]
    pub switches: Switches,
}

/// Пол.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gender {
    /// Мужской.
    M,
    /// Женский.
    F,
}

/// State of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// In use.
    #[default]
    Registered,
    /// Deleted.
    Deleted,
}

/// A way to reach somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contact {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ContactKind,
    /// Whether ЕСИА has checked it.
    #[serde(rename = "vrfStu")]
    pub state: ContactState,
    /// Address or number.
    pub value: String,
}

/// Kinds of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ContactKind {
    /// E-mail.
    Eml,
    /// Mobile telephone.
    Mbt,
    /// Telephone at home.
    Phn,
    /// E-mail at work.
    Cem,
}

/// Whether a contact was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactState {
    /// Checked.
    Verified,
    /// Not checked.
    NotVerified,
}

/// A place in an organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// Identifier of the organization in ЕСИА.
    pub oid: u64,
    /// Full name of the organization.
    pub full_name: String,
    /// Short name of the organization.
    pub short_name: String,
    /// ОГРН.
    pub ogrn: String,
    /// ИНН of the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
    /// `AGENCY` for a body of the state, `LEGAL` for others.
    #[serde(rename = "type", default = "agency")]
    pub kind: String,
    /// Whether the person is its head.
    #[serde(default)]
    pub chief: bool,
    /// Whether the place is in force.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

fn russia() -> String {
    "RUS".to_owned()
}

fn agency() -> String {
    "AGENCY".to_owned()
}

impl Person {
    /// Фамилия, имя, отчество.
    #[must_use]
    pub fn full_name(&self) -> String {
        let middle = self.middle_name.iter().map(String::as_str);
        [self.last_name.as_str(), self.first_name.as_str()]
            .into_iter()
            .chain(middle)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What the person types as login: e-mail, else СНИЛС, else telephone.
    #[must_use]
    pub fn login(&self) -> &str {
        let contact = |wanted| self.contacts.iter().find(|contact| contact.kind == wanted);
        contact(ContactKind::Eml)
            .map(|contact| contact.value.as_str())
            .or(self.snils.as_deref())
            .or_else(|| contact(ContactKind::Mbt).map(|contact| contact.value.as_str()))
            .unwrap_or_default()
    }

    /// Whether this is the person's telephone, e-mail or СНИЛС, however it is written.
    #[must_use]
    pub fn answers_to(&self, login: &str) -> bool {
        let login = login.trim();
        if login.contains('@') {
            return self.contacts.iter().any(|contact| {
                contact.kind == ContactKind::Eml && contact.value.to_lowercase() == login.to_lowercase()
            });
        }
        if login.is_empty() || login.chars().any(|character| !"0123456789+-() ".contains(character)) {
            return false;
        }
        let typed = digits(login);
        let telephone = |number: &str| {
            let own = digits(number);
            typed.len() >= 10 && last(&own, 10) == last(&typed, 10) && matches!(first(&typed), "" | "7" | "8")
        };
        self.snils.as_deref().is_some_and(|snils| digits(snils) == typed)
            || self
                .contacts
                .iter()
                .any(|contact| contact.kind == ContactKind::Mbt && telephone(&contact.value))
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn last(digits: &str, count: usize) -> &str {
    digits.get(digits.len().saturating_sub(count)..).unwrap_or_default()
}

/// What stands before the ten digits of a number.
fn first(digits: &str) -> &str {
    digits.get(..digits.len().saturating_sub(10)).unwrap_or_default()
}

/// A file of people cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// It could not be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not a list of people.
    #[error("{}: {error}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// Where it goes wrong.
        error: serde_json::Error,
    },
    /// Two people have one oid.
    #[error("{}: oid {oid} is given twice", path.display())]
    Twice {
        /// Which file.
        path: PathBuf,
        /// Which oid.
        oid: u64,
    },
}

/// Reads a file: a JSON array of people. One with the oid of somebody in the cast takes his place.
///
/// # Errors
/// Tells what is wrong with the file.
pub fn read(path: &Path) -> Result<Vec<Person>, PeopleError> {
    let bytes = std::fs::read(path).map_err(|error| PeopleError::File { path: path.to_owned(), error })?;
    let people: Vec<Person> = serde_json::from_slice(&bytes)
        .map_err(|error| PeopleError::Content { path: path.to_owned(), error })?;
    let mut seen = BTreeMap::new();
    for person in &people {
        if seen.insert(person.oid, ()).is_some() {
            return Err(PeopleError::Twice { path: path.to_owned(), oid: person.oid });
        }
    }
    Ok(people)
}

/// The invented cast, shaped like the public test accounts of ЕСИА.
#[must_use]
pub fn cast() -> Vec<Person> {
    let changed = |number: u64, note: &str, change: fn(&mut Person)| {
        let mut person = invented(number, note);
        change(&mut person);
        person
    };
    vec![
        changed(1, "подтверждённая запись, сотрудник", |person| {
            person.roles = vec![school()];
        }),
        changed(2, "неподтверждённая запись", |person| person.trusted = false),
        changed(3, "без отчества", |person| person.middle_name = None),
        changed(4, "e-mail не подтверждён", |person| {
            for contact in &mut person.contacts {
                if contact.kind == ContactKind::Eml {
                    contact.state = ContactState::NotVerified;
                }
            }
        }),
        changed(5, "удалённая запись", |person| person.status = Status::Deleted),
        invented(6, "тёзка следующего"),
        changed(7, "тёзка предыдущего", |person| {
            person.last_name = "Фамилия006".to_owned();
            person.first_name = "Имя006".to_owned();
            person.middle_name = Some("Отчество006".to_owned());
        }),
        invented(8, "родитель"),
        changed(9, "обучающийся, детская запись", |person| {
            person.child = true;
            person.birth_date = "09.09.2012".to_owned();
        }),
        changed(10, "сотрудник нескольких организаций", |person| {
            person.roles = vec![school(), kindergarten(), closed()];
        }),
        changed(11, "без e-mail", |person| {
            person.contacts.retain(|contact| contact.kind != ContactKind::Eml);
        }),
    ]
}

fn invented(number: u64, note: &str) -> Person {
    let contact = |kind, value| Contact { kind, state: ContactState::Verified, value };
    Person {
        oid: 1_000_299_900 + number,
        password: PASSWORD.to_owned(),
        last_name: format!("Фамилия{number:03}"),
        first_name: format!("Имя{number:03}"),
        middle_name: Some(format!("Отчество{number:03}")),
        birth_date: format!("{:02}.01.1980", number.clamp(1, 28)),
        gender: if number.is_multiple_of(2) { Gender::F } else { Gender::M },
        trusted: true,
        child: false,
        citizenship: russia(),
        snils: Some(format!("000-000-600 {number:02}")),
        inn: None,
        status: Status::Registered,
        contacts: vec![
            contact(ContactKind::Eml, format!("EsiaTest{number:03}@example.test")),
            contact(ContactKind::Mbt, format!("+7(000)0000{number:03}")),
        ],
        roles: Vec::new(),
        note: note.to_owned(),
        switches: Switches::default(),
    }
}

fn school() -> Role {
    organization(1_000_300_001, "Тестовая школа № 1", "1020000000001")
}

fn kindergarten() -> Role {
    Role {
        chief: true, ..organization(1_000_300_002, "Тестовый детский сад № 2", "1020000000002")
    }
}

fn closed() -> Role {
    Role {
        active: false, ..organization(1_000_300_003, "Тестовый лицей № 3", "1020000000003")
    }
}

fn organization(oid: u64, name: &str, ogrn: &str) -> Role {
    Role {
        oid,
        full_name: format!("Муниципальное бюджетное учреждение «{name}»"),
        short_name: format!("МБУ «{name}»"),
        ogrn: ogrn.to_owned(),
        inn: None,
        kind: agency(),
        chief: false,
        active: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_email_and_snils_are_known_however_they_are_written() {
        let person = invented(1, "");
        for login in [
            "EsiaTest001@example.test",
            " esiatest001@EXAMPLE.test ",
            "000-000-600 01",
            "00000060001",
            "+7(000)0000001",
            "8 000 000-00-01",
            "0000000001",
        ] {
            assert!(person.answers_to(login), "{login}");
        }
        for login in ["", "000-000-600 02", "+9(000)0000001", "EsiaTest001", "0000001", "@example.test"] {
            assert!(!person.answers_to(login), "{login}");
        }
    }

    #[test]
    fn each_of_the_cast_has_a_login_of_his_own() {
        let cast = cast();
        for person in &cast {
            assert_eq!(
                cast.iter().filter(|other| other.answers_to(person.login())).count(),
                1,
                "{}",
                person.oid
            );
        }
    }
}
