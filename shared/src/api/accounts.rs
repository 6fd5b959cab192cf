//! Accounts and applications as support sees them: find, block, unlock, resend, moderate.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::organizations::OrganizationSummary;
use super::session::OwnCard;
use crate::ids::{AccountId, ApplicationId, OrganizationId};
use crate::problem::FieldError;
use crate::roles::OrganizationKind;
use crate::values::{Email, FullName, InvalidValue, value_error};

/// The longest reason, in characters.
pub const MAX_REASON_LENGTH: usize = 500;

value_error! {
    /// What is wrong with an action of support.
    ModerationError {
        /// No reason.
        ReasonEmpty = "reason-empty", "Укажите причину: её увидит человек";
        /// A reason longer than 500 characters.
        ReasonTooLong = "reason-too-long", "Причина не длиннее 500 знаков";
        /// Neither an existing organization nor what a new one needs.
        OrganizationMissing = "organization-missing", "Выберите организацию или заполните новую";
        /// The organization is not there, or closed.
        OrganizationUnknown = "organization-unknown", "Такой организации нет";
        /// No kind of the new organization.
        KindMissing = "kind-missing", "Выберите вид организации";
        /// No organization above the new one.
        ParentMissing = "parent-missing", "Выберите, кому организация подчиняется";
        /// Another organization has this ИНН and КПП.
        InnKppTaken = "inn-kpp-taken", "Организация с такими ИНН и КПП уже есть: выберите её";
        /// The address is another account's.
        EmailTaken = "email-taken", "Этот e-mail у другой учётной записи";
    }
}

/// The state of an account, as support filters by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// It may sign in.
    Active,
    /// It is blocked.
    Blocked,
}

impl AccountState {
    /// Every state.
    pub const ALL: [Self; 2] = [Self::Active, Self::Blocked];

    /// The state as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Blocked => "blocked",
        }
    }
}

/// Parameters of the list of accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct AccountQuery {
    /// Beginnings of words of the ФИО, the user name, the e-mail; all of them must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only accounts of this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AccountState>,
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

/// A row of the list of accounts, in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountRow {
    /// Its identifier.
    pub id: AccountId,
    /// ФИО.
    pub name: FullName,
    /// The user name in РСАА.
    pub user_name: String,
    /// E-mail.
    pub email: String,
    /// Whether it may sign in.
    pub state: AccountState,
    /// The last sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// An account, as support sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountCard {
    /// The row of the list.
    pub row: AccountRow,
    /// «Должность».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// The organization named at registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// Whether the address has been proven.
    pub email_verified: bool,
    /// Whether there is a password.
    pub has_password: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Why it is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_reason: Option<String>,
    /// When the lock of its sign-in ends, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<DateTime<Utc>>,
    /// How many sessions are alive.
    pub live_sessions: u32,
    /// Cards bound to it.
    pub cards: Vec<OwnCard>,
    /// Whether the actor may change it (nobody acts on his own).
    pub can_change: bool,
}

/// A reason, as typed: of a block, of a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReasonDraft {
    /// «Причина».
    pub reason: String,
}

impl ReasonDraft {
    /// The reason.
    ///
    /// # Errors
    /// The wrong field.
    pub fn parse(&self) -> Result<String, Vec<FieldError>> {
        parse_reason(&self.reason).map_err(|error| vec![error.at("reason")])
    }
}

fn parse_reason(text: &str) -> Result<String, ModerationError> {
    let text = text.trim();
    if text.is_empty() {
        Err(ModerationError::ReasonEmpty)
    } else if text.chars().count() > MAX_REASON_LENGTH {
        Err(ModerationError::ReasonTooLong)
    } else {
        Ok(text.to_owned())
    }
}

/// A new address for an account whose own is lost, as typed by support.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplaceEmail {
    /// «Новый e-mail».
    pub email: String,
    /// «Причина»: by what the person has proven who he is.
    pub reason: String,
}

impl ReplaceEmail {
    /// Address and reason, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<(Email, String), Vec<FieldError>> {
        match (self.email.parse::<Email>(), parse_reason(&self.reason)) {
            (Ok(email), Ok(reason)) => Ok((email, reason)),
            (email, reason) => Err(email
                .err()
                .map(|error| error.at("email"))
                .into_iter()
                .chain(reason.err().map(|error| error.at("reason")))
                .collect()),
        }
    }
}

/// Parameters of the journal of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
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

/// An entry of the journal of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalRow {
    /// When.
    pub at: DateTime<Utc>,
    /// What: a stable word (`session.opened`).
    pub action: String,
    /// The same in Russian.
    pub title: String,
    /// Whether it was done, or refused.
    pub done: bool,
    /// Who: ФИО of the account, or empty for the program and for strangers.
    pub actor: String,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Anything else, in words.
    pub details: String,
}

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// The letter's link was not opened yet.
    AwaitingProof,
    /// The address is proven; support decides about the organization.
    AwaitingModeration,
    /// The letter with the link that sets the password was sent, and not used yet.
    AwaitingPassword,
    /// The account lives.
    Completed,
    /// Support has declined it.
    Declined,
}

impl ApplicationState {
    /// The state as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingProof => "awaiting_proof",
            Self::AwaitingModeration => "awaiting_moderation",
            Self::AwaitingPassword => "awaiting_password",
            Self::Completed => "completed",
            Self::Declined => "declined",
        }
    }
}

/// Parameters of the list of applications.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct ApplicationQuery {
    /// Only applications of this state; without it those that wait for support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ApplicationState>,
    /// Beginnings of words of the ФИО or the e-mail.
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

/// An application for an account, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Application {
    /// Its identifier.
    pub id: ApplicationId,
    /// Where it stands.
    pub state: ApplicationState,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: String,
    /// «Должность».
    pub position: String,
    /// The listed organization that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// Полное наименование, where the organization was typed in.
    pub full_name: String,
    /// Краткое наименование, likewise.
    pub short_name: String,
    /// Town, likewise.
    pub town: String,
    /// ИНН.
    pub inn: String,
    /// КПП.
    pub kpp: String,
    /// Listed organizations with the same ИНН: perhaps it is one of them.
    pub alike: Vec<OrganizationSummary>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When the address was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<DateTime<Utc>>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// «Одобрить», as typed: an existing organization, or what a new one needs besides what the applicant typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApproveDraft {
    /// The existing organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// The kind of the new organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrganizationKind>,
    /// The organization above the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<OrganizationId>,
}

/// «Одобрить».
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// The applicant belongs to an organization that is there.
    Existing(OrganizationId),
    /// His organization is created.
    New {
        /// Its kind.
        kind: OrganizationKind,
        /// The organization above.
        parent: OrganizationId,
    },
}

impl ApproveDraft {
    /// The decision, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<Approval, Vec<FieldError>> {
        use ModerationError as E;
        match (self.organization_id, self.kind, self.parent_id) {
            (Some(id), None, None) => Ok(Approval::Existing(id)),
            (None, Some(kind), Some(parent)) => Ok(Approval::New { kind, parent }),
            (None, None, Some(_)) => Err(vec![E::KindMissing.at("kind")]),
            (None, Some(_), None) => Err(vec![E::ParentMissing.at("parent_id")]),
            _ => Err(vec![E::OrganizationMissing.at("organization_id")]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_names_one_organization() {
        let id = Some(OrganizationId(uuid::Uuid::from_u128(1)));
        let existing = ApproveDraft { organization_id: id, ..ApproveDraft::default() };
        assert!(matches!(existing.parse(), Ok(Approval::Existing(_))));
        let new =
            ApproveDraft { kind: Some(OrganizationKind::School), parent_id: id, ..ApproveDraft::default() };
        assert!(matches!(new.parse(), Ok(Approval::New { .. })));
        for wrong in [
            ApproveDraft::default(),
            ApproveDraft { organization_id: id, ..new },
            ApproveDraft { parent_id: id, ..ApproveDraft::default() },
        ] {
            assert_eq!(wrong.parse().unwrap_err().len(), 1);
        }
    }

    #[test]
    fn a_reason_is_wanted() {
        assert!(ReasonDraft { reason: "  ".into() }.parse().is_err());
        assert!(ReasonDraft { reason: "я".repeat(501) }.parse().is_err());
        assert_eq!(ReasonDraft { reason: " уволен ".into() }.parse().unwrap(), "уволен");
        assert_eq!(ReplaceEmail::default().parse().unwrap_err().len(), 2);
    }
}
