//! «Расхождения с Госуслугами» (screens.md 8 and 19): rows that an administrator settles by correcting a card.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::accounts::ReasonDraft;
use super::organizations::OrganizationSummary;
use crate::ids::{EmployeeId, MismatchId, OrganizationId};
use crate::problem::FieldError;
use crate::values::FullName;

/// What came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// Somebody came through Госуслуги and was not recognised.
    SignIn,
    /// Somebody has the one-time credentials of a card whose ФИО or СНИЛС differ.
    Binding,
    /// Two accounts claim one person.
    Collision,
}

impl MismatchKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::SignIn, Self::Binding, Self::Collision];

    /// The kind as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Binding => "binding",
            Self::Collision => "collision",
        }
    }
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MismatchState {
    /// «Ждёт исправления».
    Waiting,
    /// «Исправлено, ожидает входа».
    Corrected,
    /// «Улажено»: the person has signed in, or bound the card.
    Settled,
    /// «Отклонено», with a reason.
    Declined,
}

impl MismatchState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Corrected, Self::Settled, Self::Declined];

    /// The state as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Corrected => "corrected",
            Self::Settled => "settled",
            Self::Declined => "declined",
        }
    }

    /// The state in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Ждёт исправления",
            Self::Corrected => "Исправлено, ожидает входа",
            Self::Settled => "Улажено",
            Self::Declined => "Отклонено",
        }
    }
}

impl MismatchKind {
    /// The kind of a word of the database.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl MismatchState {
    /// The state of a word of the database.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A field of a card that differs from what Госуслуги say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MismatchField {
    /// «Фамилия».
    FamilyName,
    /// «Имя».
    GivenName,
    /// «Отчество».
    Patronymic,
    /// E-mail.
    Email,
    /// СНИЛС.
    Snils,
}

impl MismatchField {
    /// The name of the field in the form of the card.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FamilyName => "family_name",
            Self::GivenName => "given_name",
            Self::Patronymic => "patronymic",
            Self::Email => "email",
            Self::Snils => "snils",
        }
    }
}

/// A row of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mismatch {
    /// Its identifier.
    pub id: MismatchId,
    /// Its version.
    pub version: i64,
    /// What came up.
    pub kind: MismatchKind,
    /// Where it stands.
    pub state: MismatchState,
    /// The organization whose administrators settle it; nothing where it is support's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// ФИО as Госуслуги tell them.
    pub name: FullName,
    /// The verified e-mail there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When the person sent it.
    pub created_at: DateTime<Utc>,
    /// When a card was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_at: Option<DateTime<Utc>>,
    /// When it was settled or declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A card of the organization that may be the person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LikelyCard {
    /// The card.
    pub id: EmployeeId,
    /// ФИО on it.
    pub name: FullName,
    /// E-mail on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether it is bound to an account already.
    pub is_bound: bool,
    /// What differs, in the order of the form; nothing where all agrees.
    pub differs: Vec<MismatchField>,
}

/// A row with the cards beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MismatchDetails {
    /// The row.
    pub mismatch: Mismatch,
    /// The likely cards, the likeliest first, at most ten.
    pub cards: Vec<LikelyCard>,
}

/// Parameters of the queue, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct MismatchQuery {
    /// Only rows of this state; unless told, those that wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MismatchState>,
    /// Only rows of this organization.
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

/// How many rows wait, for the menu: exact to 100, then 101.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MismatchCount {
    /// Rows that wait.
    pub waiting: u32,
}

/// «Отклонить», as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeclineMismatch {
    /// The version of the row that was read.
    pub version: i64,
    /// «Причина»: the person is told.
    pub reason: String,
}

impl DeclineMismatch {
    /// The reason.
    ///
    /// # Errors
    /// The wrong field.
    pub fn parse(&self) -> Result<String, Vec<FieldError>> {
        ReasonDraft { reason: self.reason.clone() }.parse()
    }
}
