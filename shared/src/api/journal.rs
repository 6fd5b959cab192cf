//! «Журнал»: who did what to whom, when, from where, with what result (screens.md 20).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::organizations::OrganizationSummary;
use crate::ids::{AccountId, OrganizationId};

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JournalResult {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

impl JournalResult {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Done, Self::Refused];

    /// The result as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// The result in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Done => "Выполнено",
            Self::Refused => "Отказано",
        }
    }
}

/// Parameters of the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct JournalSearch {
    /// To whom: beginnings of words of the ФИО, the login, the e-mail of people in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// To whom: a card, an account, an organization or an application by its identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Uuid>,
    /// Who: beginnings of words, as `person`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Who: an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// What: an action (`employee.created`) or a group of them (`cards`), see `/journal/actions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<JournalResult>,
    /// The first day, where the schools are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day, that one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// An organization with everything below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// Cursor of the page after (older entries).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Cursor of the page before (newer entries).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Entries at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the journal, the newest first. It has no total: counting what concerns three hundred organizations
/// among ten million entries is dearer than the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalPage {
    /// The entries.
    pub items: Vec<JournalEntry>,
    /// Cursor of older entries (sent as `after`), if there may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Cursor of newer entries (sent as `before`), if there may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Where looking stopped before the page was full: what was asked for is rare, and a request reads so many
    /// entries at most. The cursor in the direction of reading goes on from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched_to: Option<DateTime<Utc>>,
}

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Somebody signed in.
    Person,
    /// Somebody who was not.
    Stranger,
    /// ЭПОС itself: a job, a command.
    Program,
}

/// Who acted, as far as the reader may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalActor {
    /// A person or not.
    pub kind: ActorKind,
    /// The account, where its person is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// ФИО, where its person is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The organization of the card the person worked as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalObject {
    /// What it is: a stable word (`employee`, `account`, …).
    pub kind: String,
    /// The same in Russian.
    pub title: String,
    /// Its identifier, where it is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its name, where it is in view and still known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What was before, and what after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalChange {
    /// Of what, in Russian.
    pub field: String,
    /// Before; empty where there was nothing.
    pub old: String,
    /// After; empty where there is nothing.
    pub new: String,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalEntry {
    /// Its identifier.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What: a stable word (`employee.created`).
    pub action: String,
    /// The same in Russian.
    pub title: String,
    /// How it ended.
    pub result: JournalResult,
    /// Who.
    pub actor: JournalActor,
    /// To whom or what.
    pub object: JournalObject,
    /// The organization it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// From which address, unless the actor is out of view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The request, as the log of the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why it was refused or done, in words; may be empty.
    pub details: String,
    /// Old and new values.
    pub changes: Vec<JournalChange>,
}

/// Actions that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionGroup {
    /// The word to ask for all of them by.
    pub code: String,
    /// The group in Russian.
    pub title: String,
    /// Its actions, by title.
    pub actions: Vec<ActionTitle>,
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionTitle {
    /// The stable word.
    pub code: String,
    /// The same in Russian.
    pub title: String,
}
