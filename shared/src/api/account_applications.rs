//! «Заявка на учётную запись» of an education department (screens.md 4): somebody who was appointed applies with the
//! scanned document, support decides.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::employees::{EmailRule, OneTimeCredentials, PersonDraft};
use super::organizations::OrganizationSummary;
use super::registration::{
    MAX_ORGANIZATION_NAME_LENGTH, MAX_POSITION_LENGTH, MAX_TOKEN_LENGTH, RegistrationError, line,
};
use crate::ids::{AccountApplicationId, ApplicationFileId, EmployeeId, OrganizationId};
use crate::problem::FieldError;
use crate::roles::Role;
use crate::values::{Email, FullName, InvalidValue, Phone, parse_date, value_error};

/// Files of an application at most.
pub const MAX_FILES: usize = 5;
/// The largest file, in bytes.
pub const MAX_FILE_SIZE: u64 = 10 * 1024 * 1024;
/// The longest name of a file, in characters.
pub const MAX_FILE_NAME_LENGTH: usize = 100;
/// The roles that are applied for.
pub const ROLES: [Role; 2] = [Role::EducationDepartment, Role::PreschoolDepartment];

value_error! {
    /// What is wrong with an application, one of its files, or the decision on it.
    AccountApplicationError {
        /// No role was chosen.
        RoleMissing = "role-missing", "Выберите роль";
        /// Neither a department of the list nor one that was typed in.
        TerritoryMissing = "territory-missing", "Выберите управление образованием или укажите, что его нет в списке";
        /// No such open department.
        TerritoryUnknown = "territory-unknown", "Такого управления образованием нет. Выберите его заново";
        /// No name of a territory that is not listed.
        TerritoryEmpty = "territory-empty", "Укажите территорию и наименование управления";
        /// A territory longer than 300 characters, or with characters that cannot be seen.
        TerritoryMalformed = "territory-malformed", "Территория — одна строка не длиннее 300 знаков";
        /// No file.
        FilesMissing = "files-missing", "Приложите скан приказа о назначении";
        /// One file too many.
        TooManyFiles = "too-many-files", "Не больше пяти файлов";
        /// A file of no bytes.
        FileEmpty = "file-empty", "Файл пустой";
        /// A file above 10 MiB.
        FileTooLarge = "file-too-large", "Файл больше 10 МБ";
        /// A file of another kind, whatever it is called.
        FileUnknown = "file-unknown", "Подойдут только файлы PDF, JPEG и PNG";
        /// A file that breaks off, or whose parts do not hold together.
        FileDamaged = "file-damaged", "Файл повреждён или дописан не до конца. Сохраните его заново";
        /// A file with another one hidden behind it.
        FileMixed = "file-mixed", "В файле спрятан ещё один. Сохраните скан заново";
    }
}

/// What a file is, judged by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// PDF.
    Pdf,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Jpeg, Self::Png];

    /// The kind as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }

    /// The kind of a word of the database.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind as people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        }
    }

    /// How the name of such a file ends.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => ".pdf",
            Self::Jpeg => ".jpg",
            Self::Png => ".png",
        }
    }
}

/// The name under which a file is kept: what was sent, without folders and without anything that a header, a file
/// system or a reader's eye could stumble over; its end tells what the file is.
#[must_use]
pub fn file_name(sent: &str, kind: FileKind) -> String {
    // A bound before the work.
    let start = sent.char_indices().rev().nth(4 * MAX_FILE_NAME_LENGTH).map_or(0, |(start, _)| start);
    let last = sent.get(start..).unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: String = last
        .chars()
        .map(|c| match c {
            '"' | '\'' | '<' | '>' | ':' | '|' | '?' | '*' | ';' | '%' => ' ',
            // Marks that turn the direction of writing, or are not seen at all.
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    // A date at the end of a name is no ending.
    let is_ending = |end: &str| end.chars().all(|c| c.is_ascii_alphabetic());
    let stem = cleaned.rsplit_once('.').filter(|(_, end)| is_ending(end)).map_or(&*cleaned, |(stem, _)| stem);
    let stem = stem.split_whitespace().collect::<Vec<_>>().join(" ");
    let stem: String = stem.trim_matches(['.', ' ']).chars().take(MAX_FILE_NAME_LENGTH - 4).collect();
    let stem = if stem.is_empty() { "Файл" } else { stem.trim_end() };
    format!("{stem}{}", kind.extension())
}

/// An application, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountApplicationDraft {
    /// ФИО, e-mail and telephone.
    pub person: PersonDraft,
    /// «Роль»: of an education department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// «Должность».
    pub position: String,
    /// «Управление образованием»; absent where it is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// Whether the department is not listed and is typed in.
    #[serde(default)]
    pub unlisted: bool,
    /// «Территория» of a department that is not listed.
    #[serde(default)]
    pub territory: String,
    /// The version of the consent whose box was ticked; empty where it was not.
    #[serde(default)]
    pub consent_version: String,
}

/// The territory of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Territory {
    /// A department of the directory.
    Listed(OrganizationId),
    /// One that is not there, in the applicant's words.
    Unlisted(String),
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccountApplication {
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: Email,
    /// Telephone, where it was given.
    pub phone: Option<Phone>,
    /// The role.
    pub role: Role,
    /// «Должность».
    pub position: String,
    /// The department.
    pub territory: Territory,
    /// The version of the consent that was given.
    pub consent_version: String,
}

impl AccountApplicationDraft {
    /// The application, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<NewAccountApplication, Vec<FieldError>> {
        use AccountApplicationError as E;
        let mut errors = Vec::new();
        let person = self
            .person
            .parse("person/", EmailRule::Required)
            .map_err(|wrong| errors.extend(wrong))
            .ok()
            .and_then(|person| Some((person.name, person.email?, person.phone)));
        let position = match line(&self.position, MAX_POSITION_LENGTH) {
            None => Err(RegistrationError::PositionMalformed),
            Some(line) if line.is_empty() => Err(RegistrationError::PositionEmpty),
            Some(line) => Ok(line),
        };
        let position = position.map_err(|error| errors.push(error.at("position"))).ok();
        let role = self.role.filter(|role| ROLES.contains(role));
        if role.is_none() {
            errors.push(E::RoleMissing.at("role"));
        }
        let territory = match (self.unlisted, self.organization_id) {
            (false, Some(id)) => Ok(Territory::Listed(id)),
            (false, None) => Err(E::TerritoryMissing.at("organization_id")),
            (true, _) => match line(&self.territory, MAX_ORGANIZATION_NAME_LENGTH) {
                None => Err(E::TerritoryMalformed.at("territory")),
                Some(line) if line.is_empty() => Err(E::TerritoryEmpty.at("territory")),
                Some(line) => Ok(Territory::Unlisted(line)),
            },
        };
        let territory = territory.map_err(|error| errors.push(error)).ok();
        if self.consent_version.is_empty() || self.consent_version.len() > MAX_TOKEN_LENGTH {
            errors.push(RegistrationError::ConsentMissing.at("consent_version"));
        }
        match (person, position, role, territory) {
            (Some((name, email, phone)), Some(position), Some(role), Some(territory))
                if errors.is_empty() =>
            {
                let consent_version = self.consent_version.clone();
                Ok(NewAccountApplication { name, email, phone, role, position, territory, consent_version })
            }
            _ => Err(errors),
        }
    }
}

/// An application that was begun: its files are wanted now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountApplicationBegun {
    /// Its number.
    pub number: String,
    /// What its files and its sending are allowed by.
    pub ticket: String,
}

/// A ticket is never printed.
impl std::fmt::Debug for AccountApplicationBegun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountApplicationBegun(…)")
    }
}

/// Parameters of a file that is attached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct AttachQuery {
    /// What the file is called.
    #[serde(default)]
    pub name: String,
}

/// An application that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountApplicationSent {
    /// Its number.
    pub number: String,
    /// For how long the link in the letter works, in hours.
    pub link_hours: u32,
}

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountApplicationState {
    /// Its files are being attached.
    Begun,
    /// The letter's link was not opened yet.
    AwaitingProof,
    /// The address is proven; support decides.
    AwaitingDecision,
    /// The card is there; its one-time credentials were not asked for yet.
    Approved,
    /// The applicant has got them.
    Completed,
    /// Support has declined it.
    Declined,
}

impl AccountApplicationState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Begun,
        Self::AwaitingProof,
        Self::AwaitingDecision,
        Self::Approved,
        Self::Completed,
        Self::Declined,
    ];

    /// The state as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::AwaitingProof => "awaiting_proof",
            Self::AwaitingDecision => "awaiting_decision",
            Self::Approved => "approved",
            Self::Completed => "completed",
            Self::Declined => "declined",
        }
    }

    /// The state of a word of the database.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Parameters of the list of applications.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct AccountApplicationQuery {
    /// Only applications of this state; without it those that wait for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AccountApplicationState>,
    /// Beginnings of words of the ФИО, the e-mail or the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Cursor of the page after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Cursor of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A file of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationFile {
    /// Its identifier.
    pub id: ApplicationFileId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Its size, in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// An application, as support sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountApplication {
    /// Its identifier.
    pub id: AccountApplicationId,
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: AccountApplicationState,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: String,
    /// Telephone, where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// «Должность».
    pub position: String,
    /// The role that is applied for, after an approval the one that was given.
    pub role: Role,
    /// The department that was chosen, after an approval that of the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// The territory, where the department was typed in.
    pub territory: String,
    /// Its files, in the order they were attached.
    pub files: Vec<ApplicationFile>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When the address was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<DateTime<Utc>>,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The card that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<EmployeeId>,
}

/// «Одобрить», as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApproveAccountDraft {
    /// The department of the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// The role of the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// «Начальная дата»; empty: today.
    #[serde(default)]
    pub start: String,
}

/// «Одобрить».
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountApproval {
    /// The department of the card.
    pub organization: OrganizationId,
    /// Its role.
    pub role: Role,
    /// The first day of the role; nothing: today.
    pub start: Option<NaiveDate>,
}

impl ApproveAccountDraft {
    /// The decision, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<AccountApproval, Vec<FieldError>> {
        use AccountApplicationError as E;
        let mut errors = Vec::new();
        if self.organization_id.is_none() {
            errors.push(E::TerritoryMissing.at("organization_id"));
        }
        let role = self.role.filter(|role| ROLES.contains(role));
        if role.is_none() {
            errors.push(E::RoleMissing.at("role"));
        }
        let start = if self.start.trim().is_empty() {
            None
        } else {
            parse_date(&self.start).map_err(|error| errors.push(error.at("start"))).ok()
        };
        match (self.organization_id, role) {
            (Some(organization), Some(role)) if errors.is_empty() => {
                Ok(AccountApproval { organization, role, start })
            }
            _ => Err(errors),
        }
    }
}

/// The one-time credentials of the card that was made of an application: shown to the applicant, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicantCredentials {
    /// The card.
    pub employee_id: EmployeeId,
    /// ФИО.
    pub name: FullName,
    /// The department, by its short name.
    pub organization: String,
    /// Login and one-time password.
    pub credentials: OneTimeCredentials,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> AccountApplicationDraft {
        AccountApplicationDraft {
            person: PersonDraft {
                family_name: "Ёлкина".into(),
                given_name: "Анна".into(),
                no_patronymic: true,
                email: "elkina@example.ru".into(),
                ..PersonDraft::default()
            },
            role: Some(Role::PreschoolDepartment),
            position: "  Начальник   отдела ".into(),
            organization_id: Some(OrganizationId(uuid::Uuid::from_u128(1))),
            consent_version: "1".into(),
            ..AccountApplicationDraft::default()
        }
    }

    fn fields(draft: &AccountApplicationDraft) -> Vec<String> {
        draft.parse().unwrap_err().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn an_application_is_parsed() {
        let parsed = draft().parse().unwrap();
        assert_eq!(parsed.position, "Начальник отдела");
        assert_eq!(parsed.phone, None);
        let unlisted =
            AccountApplicationDraft {
                unlisted: true, territory: " ЗАТО  Звёздный ".into(), ..draft()
            };
        assert_eq!(unlisted.parse().unwrap().territory, Territory::Unlisted("ЗАТО Звёздный".into()));
    }

    #[test]
    fn every_wrong_field_is_named_in_the_order_of_the_form() {
        assert_eq!(
            fields(&AccountApplicationDraft::default()),
            [
                "person/family_name",
                "person/given_name",
                "person/patronymic",
                "person/email",
                "position",
                "role",
                "organization_id",
                "consent_version"
            ]
        );
        assert_eq!(fields(&AccountApplicationDraft { role: Some(Role::Support), ..draft() }), ["role"]);
        assert_eq!(fields(&AccountApplicationDraft { unlisted: true, ..draft() }), ["territory"]);
        let long = AccountApplicationDraft { unlisted: true, territory: "т".repeat(301), ..draft() };
        assert_eq!(fields(&long), ["territory"]);
    }

    #[test]
    fn a_name_of_a_file_harms_nobody() {
        let name = |sent: &str| file_name(sent, FileKind::Pdf);
        for (sent, kept) in [
            ("Приказ № 12.pdf", "Приказ № 12.pdf"),
            ("приказ.exe", "приказ.pdf"),
            ("Приказ от 12.05.2026", "Приказ от 12.05.2026.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\Documents\\скан.PDF", "скан.pdf"),
            ("a\"; filename=\"evil.exe", "a filename= evil.pdf"),
            ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie x=1.pdf"),
            ("приказ\u{202e}fdp.exe", "приказ fdp.pdf"),
            ("", "Файл.pdf"),
            ("...", "Файл.pdf"),
            (".pdf", "Файл.pdf"),
            ("\u{0}", "Файл.pdf"),
        ] {
            assert_eq!(name(sent), kept, "{sent:?}");
        }
        let long = name(&"я".repeat(100_000));
        assert_eq!(long.chars().count(), MAX_FILE_NAME_LENGTH);
        assert!(file_name("скан", FileKind::Jpeg).ends_with(".jpg"));
    }

    #[test]
    fn an_approval_names_a_department_and_a_role() {
        let id = Some(OrganizationId(uuid::Uuid::from_u128(1)));
        let role = Some(Role::EducationDepartment);
        let approve = ApproveAccountDraft { organization_id: id, role, start: String::new() };
        assert_eq!(approve.parse().unwrap().start, None);
        let later = ApproveAccountDraft { start: "01.12.2026".into(), ..approve.clone() };
        assert_eq!(later.parse().unwrap().start, NaiveDate::from_ymd_opt(2026, 12, 1));
        let wrong = ApproveAccountDraft { start: "завтра".into(), ..ApproveAccountDraft::default() };
        let fields: Vec<_> = wrong.parse().unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["organization_id", "role", "start"]);
    }
}
