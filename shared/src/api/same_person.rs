//! Two cards of one person: what is suspected before a card is saved, and how two become one.

use serde::{Deserialize, Serialize};

use super::employees::{EmployeeCard, EmployeeRow, Person, RoleOnCard};
use crate::ids::{EmployeeId, RoleAssignmentId};
use crate::roles::Role;
use crate::values::Period;

/// What a card that is to be saved may be a duplicate of: in `current` of `duplicate-suspected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LikelyDuplicates {
    /// Cards of the same organization, the likeliest first.
    pub cards: Vec<EmployeeRow>,
    /// How many cards of other organizations have the same СНИЛС, or the same ФИО and e-mail; nothing else is told
    /// of them.
    pub elsewhere: u32,
}

/// A value of a card that may differ between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MergeField {
    /// ФИО, whole.
    Name,
    /// E-mail.
    Email,
    /// СНИЛС.
    Snils,
    /// Telephone.
    Phone,
    /// «Примечание».
    Note,
}

impl MergeField {
    /// Every field, in the order of the form.
    pub const ALL: [Self; 5] = [Self::Name, Self::Email, Self::Snils, Self::Phone, Self::Note];

    /// The field in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "ФИО",
            Self::Email => "E-mail",
            Self::Snils => "СНИЛС",
            Self::Phone => "Телефон",
            Self::Note => "Примечание",
        }
    }
}

/// What two cards hold, as far as it is chosen between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The person.
    pub person: Person,
    /// «Примечание».
    pub note: String,
}

impl Held {
    /// A field as people read it; empty where there is nothing.
    #[must_use]
    pub fn text(&self, field: MergeField) -> String {
        let person = &self.person;
        match field {
            MergeField::Name => person.name.to_string(),
            MergeField::Email => person.email.as_ref().map(ToString::to_string).unwrap_or_default(),
            MergeField::Snils => person.snils.as_ref().map(|snils| snils.formatted()).unwrap_or_default(),
            MergeField::Phone => person.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
            MergeField::Note => self.note.clone(),
        }
    }

    /// The fields that both have, each its own: one of the two is to be chosen.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Vec<MergeDifference> {
        let difference = |field: MergeField| {
            let (stays, goes) = (self.text(field), other.text(field));
            (!stays.is_empty() && !goes.is_empty() && stays != goes).then_some(MergeDifference {
                field,
                stays,
                goes,
            })
        };
        MergeField::ALL.into_iter().filter_map(difference).collect()
    }

    /// What stays of the two: what this one has, but for the fields that are taken, and what only the other has.
    #[must_use]
    pub fn united(&self, other: &Self, taken: &[MergeField]) -> Self {
        let is_taken = |field: MergeField| taken.contains(&field);
        let (mine, theirs) = (&self.person, &other.person);
        let name = if is_taken(MergeField::Name) { &theirs.name } else { &mine.name };
        let takes_note = self.note.is_empty() || (is_taken(MergeField::Note) && !other.note.is_empty());
        Self {
            person: Person {
                name: name.clone(),
                email: either(&mine.email, &theirs.email, is_taken(MergeField::Email)),
                snils: either(&mine.snils, &theirs.snils, is_taken(MergeField::Snils)),
                phone: either(&mine.phone, &theirs.phone, is_taken(MergeField::Phone)),
            },
            note: if takes_note { other.note.clone() } else { self.note.clone() },
        }
    }
}

/// The own value, or the other one where that is taken; whichever there is, where there is one only.
fn either<T: Clone>(mine: &Option<T>, theirs: &Option<T>, taken: bool) -> Option<T> {
    let (first, second) = if taken { (theirs, mine) } else { (mine, theirs) };
    first.as_ref().or(second.as_ref()).cloned()
}

/// A role of two cards that become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitedRole {
    /// The role.
    pub role: Role,
    /// Its days: of all that overlap, from the first to the last.
    pub period: Period,
    /// The assignments of the card that stays which it is made of; the first is kept, the others are in it.
    pub of_stays: Vec<RoleAssignmentId>,
}

/// The roles of both cards: periods of one role that overlap become one, everything else stands as it was.
#[must_use]
pub fn united_roles(stays: &[RoleOnCard], goes: &[RoleOnCard]) -> Vec<UnitedRole> {
    let own = stays.iter().map(|role| (role.role, role.period, Some(role.id)));
    let theirs = goes.iter().map(|role| (role.role, role.period, None));
    let mut all: Vec<(Role, Period, Option<RoleAssignmentId>)> = own.chain(theirs).collect();
    all.sort_by_key(|(role, period, id)| (*role, period.start(), *id));
    let mut united: Vec<UnitedRole> = Vec::new();
    for (role, period, id) in all {
        match united.last_mut() {
            Some(last) if last.role == role && last.period.overlaps(&period) => {
                last.period = last.period.spanning(&period);
                last.of_stays.extend(id);
            }
            _ => united.push(UnitedRole { role, period, of_stays: id.into_iter().collect() }),
        }
    }
    united
}

/// Which card is to be joined to the one of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CardMergeQuestion {
    /// The card that goes into the archive.
    pub other: EmployeeId,
}

/// A field that both cards have, each its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeDifference {
    /// Which.
    pub field: MergeField,
    /// On the card that stays.
    pub stays: String,
    /// On the card that goes.
    pub goes: String,
}

/// A role as it will stand on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergedRole {
    /// The role.
    pub role: Role,
    /// Its days.
    pub period: Period,
}

/// What joining two cards would do. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardMergePreview {
    /// The card that stays, with its login.
    pub stays: EmployeeCard,
    /// The card that goes into the archive; its login is never given to anybody again.
    pub goes: EmployeeCard,
    /// What is to be chosen; unchosen, the value of the card that stays does.
    pub differs: Vec<MergeDifference>,
    /// The roles of both.
    pub roles: Vec<MergedRole>,
    /// Whether the account of the card that goes is bound to the one that stays.
    pub binding_moves: bool,
}

/// Two cards become one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CardMergeDraft {
    /// The card that goes into the archive.
    pub other: EmployeeId,
    /// The version of the card that stays, as the preview had it.
    pub version: i64,
    /// That of the card that goes.
    pub other_version: i64,
    /// The fields whose values are taken from the card that goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub take: Vec<MergeField>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &str, email: &str, note: &str) -> Held {
        let mut parts = name.split(' ').map(|part| part.parse().unwrap());
        Held {
            person: Person {
                name: crate::values::FullName {
                    family_name: parts.next().unwrap(),
                    given_name: parts.next().unwrap(),
                    patronymic: parts.next(),
                },
                email: email.parse().ok(),
                snils: None,
                phone: None,
            },
            note: note.to_owned(),
        }
    }

    fn role(number: u128, role: Role, days: &str) -> RoleOnCard {
        let (start, end) = days.split_once('–').unwrap();
        let end = (!end.is_empty()).then(|| end.parse().unwrap());
        RoleOnCard {
            id: RoleAssignmentId(uuid::Uuid::from_u128(number)),
            role,
            period: Period::new(start.parse().unwrap(), end).unwrap(),
        }
    }

    #[test]
    fn what_only_one_has_stays_and_what_both_have_is_chosen() {
        let stays = held("Иванова Анна Петровна", "a@mail.ru", "");
        let mut goes = held("Иванова Анна", "b@mail.ru", "Кабинет 12");
        goes.person.snils = "112-233-445 95".parse().ok();
        let asked: Vec<MergeField> = stays.differs(&goes).iter().map(|one| one.field).collect();
        assert_eq!(asked, [MergeField::Name, MergeField::Email]);
        let mine = stays.united(&goes, &[]);
        assert_eq!(mine.text(MergeField::Name), "Иванова Анна Петровна");
        assert_eq!(mine.text(MergeField::Email), "a@mail.ru");
        assert_eq!(mine.text(MergeField::Snils), "112-233-445 95");
        assert_eq!(mine.text(MergeField::Note), "Кабинет 12");
        let theirs = stays.united(&goes, &MergeField::ALL);
        assert_eq!(theirs.text(MergeField::Name), "Иванова Анна");
        assert_eq!(theirs.text(MergeField::Email), "b@mail.ru");
        // What the other does not have cannot be taken.
        let back = goes.united(&stays, &MergeField::ALL);
        assert_eq!(back.text(MergeField::Snils), "112-233-445 95");
        assert_eq!(back.text(MergeField::Note), "Кабинет 12");
    }

    #[test]
    fn overlapping_days_of_one_role_become_one_and_others_stay() {
        let stays = [
            role(1, Role::Teacher, "2020-09-01–2021-08-31"),
            role(2, Role::Teacher, "2022-09-01–2023-08-31"),
            role(3, Role::ClassTeacher, "2022-09-01–"),
        ];
        let goes = [
            role(7, Role::Teacher, "2021-06-01–2022-09-01"),
            role(8, Role::Teacher, "2024-01-01–"),
            role(9, Role::SchoolOfficer, "2022-09-01–"),
        ];
        let united: Vec<(Role, String, usize)> = united_roles(&stays, &goes)
            .into_iter()
            .map(|one| {
                let end = one.period.end().map(|end| end.to_string()).unwrap_or_default();
                (one.role, format!("{}–{end}", one.period.start()), one.of_stays.len())
            })
            .collect();
        let mut expected = vec![
            (Role::SchoolOfficer, "2022-09-01–".to_owned(), 0),
            (Role::Teacher, "2020-09-01–2023-08-31".to_owned(), 2),
            (Role::Teacher, "2024-01-01–".to_owned(), 0),
            (Role::ClassTeacher, "2022-09-01–".to_owned(), 1),
        ];
        expected.sort();
        let mut united = united;
        united.sort();
        assert_eq!(united, expected);
    }

    #[test]
    fn a_role_without_an_end_swallows_what_begins_later() {
        let stays = [role(1, Role::Teacher, "2024-01-01–2024-12-31")];
        let goes = [role(7, Role::Teacher, "2020-09-01–")];
        let united = united_roles(&stays, &goes);
        assert_eq!(united.len(), 1);
        assert_eq!(united[0].period.end(), None);
        assert_eq!(united[0].of_stays, [stays[0].id]);
        assert!(united_roles(&[], &[]).is_empty());
    }
}
