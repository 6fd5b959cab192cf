//! «Очереди» (screens.md 19): what waits for somebody, with its counts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::page::Total;
use crate::ids::EmployeeId;
use crate::values::FullName;

/// A queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QueueKind {
    /// «Расхождения с Госуслугами» that wait for a correction.
    Mismatches,
    /// Cards that nobody has bound while their one-time credentials were good.
    ExpiredCredentials,
    /// Registrations whose organization is not listed.
    Registrations,
    /// «Назначения в управления»: applications with a scanned document.
    AccountApplications,
}

/// A queue with its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Queue {
    /// Which.
    pub kind: QueueKind,
    /// How many wait.
    pub waiting: Total,
}

/// The queues that somebody works on, in the order of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Queues {
    /// The queues; those with nothing in them too.
    pub items: Vec<Queue>,
}

/// Parameters of the list of cards whose one-time credentials have expired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct ExpiredQuery {
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

/// A card that nobody has bound while its one-time credentials were good, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExpiredCard {
    /// The card.
    pub id: EmployeeId,
    /// ФИО.
    pub name: FullName,
    /// Login.
    pub login: String,
    /// When the credentials expired.
    pub expired_at: DateTime<Utc>,
}
