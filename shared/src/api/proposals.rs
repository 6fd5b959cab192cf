//! «На подтверждение»: what a specialist changes on a head's card waits for the department (screens.md 18).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::employees::{EmployeeDraft, NewEmployeeDraft, PersonDraft, RoleDraft};
use super::moves::DismissalDraft;
use super::organizations::OrganizationSummary;
use crate::ids::{EmployeeId, OrganizationId, ProposalId};
use crate::roles::Role;

/// What is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProposalKind {
    /// A new card.
    Create,
    /// A changed card: ФИО, e-mail, СНИЛС, telephone, note, roles and their days.
    Save,
    /// Card and account are taken apart.
    Unbind,
    /// The card goes into the archive.
    Archive,
    /// Every role ends.
    Dismiss,
}

impl ProposalKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Create, Self::Save, Self::Unbind, Self::Archive, Self::Dismiss];

    /// The kind as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Save => "save",
            Self::Unbind => "unbind",
            Self::Archive => "archive",
            Self::Dismiss => "dismiss",
        }
    }

    /// The kind in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Create => "Новая карточка",
            Self::Save => "Изменение карточки",
            Self::Unbind => "Отвязка от учётной записи",
            Self::Archive => "Отправка в архив",
            Self::Dismiss => "Увольнение",
        }
    }

    /// The kind of a word of the database.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// «Ждёт подтверждения».
    Waiting,
    /// «Подтверждено»: it was done.
    Approved,
    /// «Отклонено», with a reason.
    Declined,
    /// «Отозвано»: taken back, or replaced by a newer one.
    Withdrawn,
}

impl ProposalState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Approved, Self::Declined, Self::Withdrawn];

    /// The state as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Ждёт подтверждения",
            Self::Approved => "Подтверждено",
            Self::Declined => "Отклонено",
            Self::Withdrawn => "Отозвано",
        }
    }

    /// The state of a word of the database.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A change to be confirmed: the very request that the change itself would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProposalDraft {
    /// A new card.
    Create {
        /// The card.
        draft: NewEmployeeDraft,
    },
    /// A changed card.
    Save {
        /// The card.
        employee_id: EmployeeId,
        /// All of it, with its version.
        draft: EmployeeDraft,
    },
    /// Card and account are taken apart.
    Unbind {
        /// The card.
        employee_id: EmployeeId,
    },
    /// The card goes into the archive.
    Archive {
        /// The card.
        employee_id: EmployeeId,
    },
    /// Every role ends.
    Dismiss {
        /// The card.
        employee_id: EmployeeId,
        /// The last day.
        draft: DismissalDraft,
    },
}

impl ProposalDraft {
    /// What is proposed.
    #[must_use]
    pub const fn kind(&self) -> ProposalKind {
        match self {
            Self::Create { .. } => ProposalKind::Create,
            Self::Save { .. } => ProposalKind::Save,
            Self::Unbind { .. } => ProposalKind::Unbind,
            Self::Archive { .. } => ProposalKind::Archive,
            Self::Dismiss { .. } => ProposalKind::Dismiss,
        }
    }

    /// Of which card; a new one has none yet.
    #[must_use]
    pub const fn employee(&self) -> Option<EmployeeId> {
        match self {
            Self::Create { .. } => None,
            Self::Save { employee_id, .. }
            | Self::Unbind { employee_id }
            | Self::Archive { employee_id }
            | Self::Dismiss { employee_id, .. } => Some(*employee_id),
        }
    }
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proposal {
    /// Its identifier.
    pub id: ProposalId,
    /// What is proposed.
    pub kind: ProposalKind,
    /// Where it stands.
    pub state: ProposalState,
    /// The organization.
    pub organization: OrganizationSummary,
    /// The card; of a new one once it was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<EmployeeId>,
    /// ФИО on the card; nothing of a new one that was never made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ФИО of who asks.
    pub author: String,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was decided or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A field that a proposal changes, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposedField {
    /// Its name, as on the form.
    pub label: String,
    /// What stood there when it was sent; empty on a new card.
    pub was: String,
    /// What stands there now; empty on a new card.
    pub now: String,
    /// What is proposed.
    pub proposed: String,
}

/// A proposal with what it changes and what the viewer may do to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalDetails {
    /// The proposal.
    pub proposal: Proposal,
    /// What it changes, in the order of the form; nothing once it is decided.
    pub fields: Vec<ProposedField>,
    /// The version of the card as it is now: an approval names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_version: Option<i64>,
    /// Whether the card was changed since it was sent.
    pub changed_since: bool,
    /// Whether its author still works in «Контингент» of the organization.
    pub author_works: bool,
    /// Whether the viewer may approve it.
    pub may_approve: bool,
    /// Whether the viewer may decline it.
    pub may_decline: bool,
    /// Whether the viewer may withdraw it.
    pub may_withdraw: bool,
}

/// A proposal that waits, as its card tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingProposal {
    /// Its identifier.
    pub id: ProposalId,
    /// What is proposed.
    pub kind: ProposalKind,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Parameters of the queue, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct ProposalQuery {
    /// Only proposals of this state; unless told, those that wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub state: Option<ProposalState>,
    /// Only proposals of this organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
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

/// How many proposals wait, for the menu: exact to 100, then 101.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalCount {
    /// Proposals that wait.
    pub waiting: u32,
}

/// «Подтвердить».
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApproveProposal {
    /// The version of the card that was looked at; nothing for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_version: Option<i64>,
}

/// A part of a person that is proposed as one.
struct Part {
    label: &'static str,
    shown: fn(&PersonDraft) -> &str,
    take: fn(&PersonDraft, &mut PersonDraft),
}

const PARTS: [Part; 6] = [
    Part {
        label: "Фамилия",
        shown: |person| &person.family_name,
        take: |from, to| to.family_name.clone_from(&from.family_name),
    },
    Part {
        label: "Имя",
        shown: |person| &person.given_name,
        take: |from, to| to.given_name.clone_from(&from.given_name),
    },
    Part {
        label: "Отчество",
        shown: |person| if person.no_patronymic { "без отчества" } else { &person.patronymic },
        take: |from, to| {
            to.patronymic.clone_from(&from.patronymic);
            to.no_patronymic = from.no_patronymic;
        },
    },
    Part {
        label: "E-mail",
        shown: |person| &person.email,
        take: |from, to| to.email.clone_from(&from.email),
    },
    Part {
        label: "СНИЛС", shown: |person| &person.snils, take: |from, to| to.snils.clone_from(&from.snils)
    },
    Part {
        label: "Телефон",
        shown: |person| &person.phone,
        take: |from, to| to.phone.clone_from(&from.phone),
    },
];

/// A role's first and last day in words.
fn days(role: &RoleDraft) -> String {
    if role.end.is_empty() {
        format!("с {}", role.start)
    } else {
        format!("с {} по {}", role.start, role.end)
    }
}

fn title(role: &RoleDraft) -> &'static str {
    role.role.map_or("", Role::title)
}

fn same<'a>(roles: &'a [RoleDraft], of: &RoleDraft) -> Option<&'a RoleDraft> {
    roles.iter().find(|role| of.id.is_some() && role.id == of.id)
}

/// A changed card put onto the card as it is now: what its author has changed of `before` is his, all else stays as
/// it is. Each of them holds every value in its one form ([`EmployeeDraft::of`]).
#[must_use]
pub fn onto(before: &EmployeeDraft, proposed: &EmployeeDraft, now: &EmployeeDraft) -> EmployeeDraft {
    let mut merged = now.clone();
    for part in &PARTS {
        if (part.shown)(&before.person) != (part.shown)(&proposed.person) {
            (part.take)(&proposed.person, &mut merged.person);
        }
    }
    if before.note != proposed.note {
        merged.note.clone_from(&proposed.note);
    }
    for role in &mut merged.roles {
        if let (Some(was), Some(wanted)) = (same(&before.roles, role), same(&proposed.roles, role)) {
            if was.start != wanted.start {
                role.start.clone_from(&wanted.start);
            }
            if was.end != wanted.end {
                role.end.clone_from(&wanted.end);
            }
        }
    }
    merged.roles.extend(proposed.roles.iter().filter(|role| role.id.is_none()).cloned());
    merged
}

/// What a changed card changes, in words.
#[must_use]
pub fn changed_fields(
    before: &EmployeeDraft,
    proposed: &EmployeeDraft,
    now: &EmployeeDraft,
) -> Vec<ProposedField> {
    let mut fields = Vec::new();
    let mut note = |label: String, [was, now, proposed]: [String; 3]| {
        if was != proposed {
            fields.push(ProposedField { label, was, now, proposed });
        }
    };
    for wanted in &proposed.roles {
        let Some(was) = same(&before.roles, wanted) else {
            note(
                "Новая роль".to_owned(),
                [String::new(), String::new(), format!("{}, {}", title(wanted), days(wanted))],
            );
            continue;
        };
        let now = same(&now.roles, wanted).map_or_else(|| "роли больше нет".to_owned(), days);
        note(format!("Дни роли: {}", title(wanted)), [days(was), now, days(wanted)]);
    }
    for Part { label, shown, .. } in &PARTS {
        let of = |draft: &EmployeeDraft| shown(&draft.person).to_owned();
        note((*label).to_owned(), [of(before), of(now), of(proposed)]);
    }
    note("Примечание".to_owned(), [before.note.clone(), now.note.clone(), proposed.note.clone()]);
    fields
}

/// What a new card holds, in words.
#[must_use]
pub fn new_fields(draft: &NewEmployeeDraft) -> Vec<ProposedField> {
    let roles = draft.roles.iter().map(|role| ("Роль", format!("{}, {}", title(role), days(role))));
    let person = PARTS.iter().map(|part| (part.label, (part.shown)(&draft.person).to_owned()));
    let note = std::iter::once(("Примечание", draft.note.clone()));
    roles
        .chain(person)
        .chain(note)
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, proposed)| ProposedField {
            label: label.to_owned(),
            was: String::new(),
            now: String::new(),
            proposed,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RoleAssignmentId;

    fn role(number: Option<u128>, start: &str, end: &str) -> RoleDraft {
        RoleDraft {
            id: number.map(|number| RoleAssignmentId(uuid::Uuid::from_u128(number))),
            role: Some(Role::SchoolDirector),
            start: start.into(),
            end: end.into(),
        }
    }

    fn card() -> EmployeeDraft {
        EmployeeDraft {
            despite_duplicates: false,
            version: 1,
            person: PersonDraft {
                family_name: "Чудинова".into(),
                given_name: "Инна".into(),
                patronymic: "Львовна".into(),
                email: "inna@school.example".into(),
                ..PersonDraft::default()
            },
            roles: vec![role(Some(1), "01.09.2020", "")],
            note: String::new(),
        }
    }

    fn told(fields: &[ProposedField]) -> Vec<String> {
        fields
            .iter()
            .map(|field| format!("{}: {} | {} | {}", field.label, field.was, field.now, field.proposed))
            .collect()
    }

    #[test]
    fn only_what_the_author_has_changed_is_put_onto_the_card() {
        let before = card();
        let mut proposed = card();
        proposed.person.family_name = "Замужняя".into();
        proposed.person.patronymic = String::new();
        proposed.person.no_patronymic = true;
        proposed.roles[0].end = "31.08.2027".into();
        proposed.roles.push(role(None, "01.09.2027", ""));
        let mut now = card();
        now.version = 3;
        now.person.email = "new@school.example".into();
        now.person.family_name = "Иная".into();
        now.note = "кабинет 12".into();
        now.roles[0].start = "01.09.2019".into();
        let merged = onto(&before, &proposed, &now);
        assert_eq!(merged.version, 3);
        assert_eq!(merged.person.family_name, "Замужняя");
        assert!(merged.person.no_patronymic && merged.person.patronymic.is_empty());
        assert_eq!(
            (merged.person.email.as_str(), merged.note.as_str()),
            ("new@school.example", "кабинет 12")
        );
        assert_eq!(merged.roles, [role(Some(1), "01.09.2019", "31.08.2027"), role(None, "01.09.2027", "")]);
        assert_eq!(
            told(&changed_fields(&before, &proposed, &now)),
            [
                "Дни роли: Директор школы: с 01.09.2020 | с 01.09.2019 | с 01.09.2020 по 31.08.2027",
                "Новая роль:  |  | Директор школы, с 01.09.2027",
                "Фамилия: Чудинова | Иная | Замужняя",
                "Отчество: Львовна | Львовна | без отчества",
            ]
        );
    }

    #[test]
    fn a_role_that_is_gone_meanwhile_stays_gone() {
        let mut proposed = card();
        proposed.roles[0].end = "31.08.2027".into();
        let now = EmployeeDraft { roles: Vec::new(), ..card() };
        assert!(onto(&card(), &proposed, &now).roles.is_empty());
        assert!(changed_fields(&card(), &proposed, &now)[0].now.contains("больше нет"));
        assert_eq!(onto(&card(), &card(), &now), now, "nothing changed is nothing done");
        assert!(changed_fields(&card(), &card(), &card()).is_empty());
    }

    #[test]
    fn a_new_card_tells_what_it_holds() {
        let EmployeeDraft { person, roles, .. } = card();
        let draft = NewEmployeeDraft { person, roles, ..NewEmployeeDraft::default() };
        assert_eq!(
            told(&new_fields(&draft)),
            [
                "Роль:  |  | Директор школы, с 01.09.2020",
                "Фамилия:  |  | Чудинова",
                "Имя:  |  | Инна",
                "Отчество:  |  | Львовна",
                "E-mail:  |  | inna@school.example",
            ]
        );
    }

    #[test]
    fn a_proposal_is_the_request_itself_with_its_kind() {
        let id = EmployeeId(uuid::Uuid::from_u128(7));
        let dismiss = ProposalDraft::Dismiss {
            employee_id: id,
            draft: DismissalDraft { version: 2, last_day: "30.11.2026".into() },
        };
        let text = serde_json::to_string(&dismiss).unwrap();
        assert!(text.starts_with(r#"{"kind":"dismiss","employee_id":"#), "{text}");
        assert_eq!(serde_json::from_str::<ProposalDraft>(&text).unwrap(), dismiss);
        let wrong = format!(r#"{{"kind":"archive","employee_id":"{id}","force":true}}"#);
        assert!(serde_json::from_str::<ProposalDraft>(&wrong).is_err(), "unknown fields are refused");
        for kind in ProposalKind::ALL {
            assert_eq!(ProposalKind::from_wire(kind.as_str()), Some(kind));
        }
        for state in ProposalState::ALL {
            assert_eq!(ProposalState::from_wire(state.as_str()), Some(state));
        }
    }
}
