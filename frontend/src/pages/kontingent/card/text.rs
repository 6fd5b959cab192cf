//! What stands on the form of a card, as text; and how two people's changes of one card come together.

use epos_shared::api::employees::{EmployeeCard, PersonDraft, RoleDraft};
use epos_shared::ids::{OrganizationId, RoleAssignmentId};
use epos_shared::values::{format_date, parse_date};
use serde::{Deserialize, Serialize};

/// Everything that can be typed on a card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardText {
    /// The organization of a new card.
    pub organization: Option<OrganizationId>,
    /// The person.
    pub person: PersonDraft,
    /// The roles: those of the card first, then those that are added.
    pub roles: Vec<RoleDraft>,
    /// «Примечание».
    pub note: String,
}

impl CardText {
    /// What stands on a saved card.
    #[must_use]
    pub fn of(card: &EmployeeCard) -> Self {
        Self {
            organization: Some(card.organization.id),
            person: PersonDraft {
                family_name: card.name.family_name.to_string(),
                given_name: card.name.given_name.to_string(),
                patronymic: card.name.patronymic.as_ref().map(ToString::to_string).unwrap_or_default(),
                no_patronymic: card.name.patronymic.is_none(),
                email: card.email.as_ref().map(ToString::to_string).unwrap_or_default(),
                snils: card.snils.as_ref().map(|snils| snils.formatted()).unwrap_or_default(),
                phone: card.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
            },
            roles: card
                .roles
                .iter()
                .map(|role| RoleDraft {
                    id: Some(role.id),
                    role: Some(role.role),
                    start: format_date(role.period.start()),
                    end: role.period.end().map(format_date).unwrap_or_default(),
                })
                .collect(),
            note: card.note.clone(),
        }
    }

    fn role(&self, id: RoleAssignmentId) -> Option<&RoleDraft> {
        self.roles.iter().find(|role| role.id == Some(id))
    }

    fn role_mut(&mut self, id: RoleAssignmentId) -> Option<&mut RoleDraft> {
        self.roles.iter_mut().find(|role| role.id == Some(id))
    }
}

/// A part of a card that is changed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// «Фамилия».
    FamilyName,
    /// «Имя».
    GivenName,
    /// «Отчество» with «Без отч.».
    Patronymic,
    /// «E-mail».
    Email,
    /// «СНИЛС».
    Snils,
    /// «Телефон».
    Phone,
    /// «Начальная дата» of a role.
    Start(RoleAssignmentId),
    /// «Конечная дата» of a role.
    End(RoleAssignmentId),
    /// A role that somebody added.
    Role(RoleAssignmentId),
    /// «Примечание».
    Note,
}

impl Part {
    /// What stands there, for people; days in one form, spaces around left out.
    fn shown(self, text: &CardText) -> String {
        let days = |day: &str| parse_date(day).map_or_else(|_| day.trim().to_owned(), format_date);
        let or_none = |text: &str, none: &str| {
            let text = text.trim();
            if text.is_empty() { none.to_owned() } else { text.to_owned() }
        };
        match self {
            Self::FamilyName => or_none(&text.person.family_name, "не указана"),
            Self::GivenName => or_none(&text.person.given_name, "не указано"),
            Self::Patronymic if text.person.no_patronymic => "без отчества".to_owned(),
            Self::Patronymic => or_none(&text.person.patronymic, "не указано"),
            Self::Email => or_none(&text.person.email, "не указан"),
            Self::Snils => or_none(&text.person.snils, "не указан"),
            Self::Phone => or_none(&text.person.phone, "не указан"),
            Self::Note => or_none(&text.note, "нет"),
            Self::Start(id) => text.role(id).map(|role| days(&role.start)).unwrap_or_default(),
            Self::End(id) => {
                text.role(id).map(|role| or_none(&days(&role.end), "бессрочно")).unwrap_or_default()
            }
            Self::Role(id) => text.role(id).map_or_else(
                || "нет".to_owned(),
                |role| {
                    let name = role.role.map_or("", epos_shared::roles::Role::title);
                    format!("{name} с {}", days(&role.start))
                },
            ),
        }
    }

    /// Takes what stands there in `from` over into `to`.
    fn take(self, from: &CardText, to: &mut CardText) {
        match self {
            Self::FamilyName => to.person.family_name.clone_from(&from.person.family_name),
            Self::GivenName => to.person.given_name.clone_from(&from.person.given_name),
            Self::Patronymic => {
                to.person.patronymic.clone_from(&from.person.patronymic);
                to.person.no_patronymic = from.person.no_patronymic;
            }
            Self::Email => to.person.email.clone_from(&from.person.email),
            Self::Snils => to.person.snils.clone_from(&from.person.snils),
            Self::Phone => to.person.phone.clone_from(&from.person.phone),
            Self::Note => to.note.clone_from(&from.note),
            Self::Start(id) => {
                if let (Some(from), Some(to)) = (from.role(id), to.role_mut(id)) {
                    to.start.clone_from(&from.start);
                }
            }
            Self::End(id) => {
                if let (Some(from), Some(to)) = (from.role(id), to.role_mut(id)) {
                    to.end.clone_from(&from.end);
                }
            }
            Self::Role(id) => {
                if let Some(role) = from.role(id).filter(|_| to.role(id).is_none()) {
                    let added = to.roles.iter().position(|role| role.id.is_none()).unwrap_or(to.roles.len());
                    to.roles.insert(added, role.clone());
                }
            }
        }
    }

    /// Its name, as on the form.
    fn label(self, text: &CardText) -> String {
        let role = |id| text.role(id).and_then(|role| role.role).map_or("", epos_shared::roles::Role::title);
        match self {
            Self::FamilyName => "Фамилия".to_owned(),
            Self::GivenName => "Имя".to_owned(),
            Self::Patronymic => "Отчество".to_owned(),
            Self::Email => "E-mail".to_owned(),
            Self::Snils => "СНИЛС".to_owned(),
            Self::Phone => "Телефон".to_owned(),
            Self::Note => "Примечание".to_owned(),
            Self::Start(id) => format!("{}: начальная дата", role(id)),
            Self::End(id) => format!("{}: конечная дата", role(id)),
            Self::Role(_) => "Новая роль".to_owned(),
        }
    }
}

/// A part that somebody else has changed since the card was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The part.
    pub part: Part,
    /// Its name, as on the form.
    pub label: String,
    /// What stood there when the card was opened.
    pub was: String,
    /// What stands there now.
    pub theirs: String,
    /// What the person has typed.
    pub mine: String,
    /// Whether the person has changed it too, to something else.
    pub both: bool,
}

/// Every part of the card as it is now.
fn parts(base: &CardText, theirs: &CardText) -> Vec<Part> {
    let mut parts = Vec::new();
    for id in theirs.roles.iter().filter_map(|role| role.id) {
        if base.role(id).is_some() {
            parts.extend([Part::Start(id), Part::End(id)]);
        } else {
            parts.push(Part::Role(id));
        }
    }
    parts.extend([
        Part::FamilyName,
        Part::GivenName,
        Part::Patronymic,
        Part::Email,
        Part::Snils,
        Part::Phone,
        Part::Note,
    ]);
    parts
}

/// What somebody else has changed, in the order of the form.
#[must_use]
pub fn differences(base: &CardText, mine: &CardText, theirs: &CardText) -> Vec<Difference> {
    parts(base, theirs)
        .into_iter()
        .filter_map(|part| {
            let (was, now, my) = (part.shown(base), part.shown(theirs), part.shown(mine));
            (was != now).then(|| Difference {
                part,
                label: part.label(theirs),
                both: my != was && my != now,
                was,
                theirs: now,
                mine: my,
            })
        })
        .collect()
}

/// The card as it is now with the person's own typing on it: where both changed the same, the own stays.
#[must_use]
pub fn merged(base: &CardText, mine: &CardText, theirs: &CardText) -> CardText {
    let mut merged = mine.clone();
    // The order of the roles is that of the card as it is now.
    let added = mine.roles.iter().filter(|role| role.id.is_none()).cloned();
    merged.roles = theirs
        .roles
        .iter()
        .map(|role| role.id.and_then(|id| mine.role(id)).unwrap_or(role).clone())
        .chain(added)
        .collect();
    for difference in differences(base, mine, theirs) {
        if !difference.both {
            difference.part.take(theirs, &mut merged);
        }
    }
    merged
}

/// The person's typing with one part taken over from the card as it is now.
#[must_use]
pub fn taken(mine: &CardText, theirs: &CardText, part: Part) -> CardText {
    let mut mine = mine.clone();
    part.take(theirs, &mut mine);
    mine
}

#[cfg(test)]
mod tests {
    use epos_shared::roles::Role;

    use super::*;

    fn id(n: u128) -> RoleAssignmentId {
        RoleAssignmentId(uuid::Uuid::from_u128(n))
    }

    fn role(n: u128, role: Role, end: &str) -> RoleDraft {
        RoleDraft { id: Some(id(n)), role: Some(role), start: "01.09.2024".to_owned(), end: end.to_owned() }
    }

    fn base() -> CardText {
        CardText {
            organization: None,
            person: PersonDraft {
                family_name: "Иванова".to_owned(),
                given_name: "Анна".to_owned(),
                patronymic: "Петровна".to_owned(),
                no_patronymic: false,
                email: "a@mail.ru".to_owned(),
                ..PersonDraft::default()
            },
            roles: vec![role(1, Role::Teacher, "")],
            note: String::new(),
        }
    }

    #[test]
    fn what_only_one_of_two_changed_is_kept_from_each() {
        let (mut mine, mut theirs) = (base(), base());
        mine.person.email = "b@mail.ru".to_owned();
        theirs.note = "Кабинет 12".to_owned();
        let merged = merged(&base(), &mine, &theirs);
        assert_eq!(merged.person.email, "b@mail.ru");
        assert_eq!(merged.note, "Кабинет 12");
        let found = differences(&base(), &mine, &theirs);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].label.as_str(), found[0].both), ("Примечание", false));
        assert_eq!((found[0].was.as_str(), found[0].theirs.as_str()), ("нет", "Кабинет 12"));
    }

    #[test]
    fn where_both_changed_the_same_the_own_typing_stays_and_is_told() {
        let (mut mine, mut theirs) = (base(), base());
        mine.person.family_name = "Петрова".to_owned();
        theirs.person.family_name = "Сидорова".to_owned();
        let found = differences(&base(), &mine, &theirs);
        assert!(found[0].both);
        assert_eq!(merged(&base(), &mine, &theirs).person.family_name, "Петрова");
        assert_eq!(taken(&mine, &theirs, Part::FamilyName).person.family_name, "Сидорова");
    }

    #[test]
    fn the_same_change_by_both_is_no_conflict() {
        let (mut mine, mut theirs) = (base(), base());
        mine.roles[0].end = "1.6.2027".to_owned();
        theirs.roles[0].end = "01.06.2027".to_owned();
        assert!(differences(&base(), &mine, &theirs).iter().all(|difference| !difference.both));
    }

    #[test]
    fn roles_added_by_both_stand_together() {
        let (mut mine, mut theirs) = (base(), base());
        mine.roles.push(RoleDraft { role: Some(Role::ClassTeacher), ..RoleDraft::default() });
        theirs.roles.insert(0, role(2, Role::SchoolOfficer, ""));
        let merged = merged(&base(), &mine, &theirs);
        let roles: Vec<_> = merged.roles.iter().map(|role| (role.id, role.role)).collect();
        assert_eq!(
            roles,
            [
                (Some(id(2)), Some(Role::SchoolOfficer)),
                (Some(id(1)), Some(Role::Teacher)),
                (None, Some(Role::ClassTeacher))
            ]
        );
        let found = differences(&base(), &mine, &theirs);
        assert_eq!((found[0].label.as_str(), found[0].mine.as_str()), ("Новая роль", "нет"));
        assert_eq!(found[0].theirs, "Ответственный школы с 01.09.2024");
    }

    #[test]
    fn no_patronymic_is_a_change_of_its_own() {
        let mut theirs = base();
        theirs.person.patronymic = String::new();
        theirs.person.no_patronymic = true;
        let found = differences(&base(), &base(), &theirs);
        assert_eq!((found[0].was.as_str(), found[0].theirs.as_str()), ("Петровна", "без отчества"));
        assert!(merged(&base(), &base(), &theirs).person.no_patronymic);
    }
}
