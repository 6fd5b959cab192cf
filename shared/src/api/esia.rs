//! Sign-in through Госуслуги (ЕСИА): a person whom nothing here fits, joining with an account, the state of the link.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AlarmId, OrganizationId};
use crate::problem::FieldError;
use crate::values::{FullName, InvalidValue, value_error};

/// Why a person from Госуслуги was not recognised. It tells nothing of anybody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotFound {
    /// Госуслуги have no e-mail that is verified.
    NoVerifiedEmail,
    /// The e-mail is on no card and in no account.
    Email,
    /// The e-mail was found, ФИО beside it differ.
    Name,
    /// E-mail and ФИО were found, СНИЛС differs.
    Snils,
    /// Several fit: an administrator has to tell them apart.
    Several,
}

/// A person who has come through Госуслуги and was not recognised (screens.md 8), in his own browser, for a short
/// time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EsiaVisit {
    /// ФИО as Госуслуги tell them.
    pub name: FullName,
    /// The verified e-mail there, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What was not found.
    pub not_found: NotFound,
    /// The organizations whose administrators already have the person's row, by short name.
    pub sent_to: Vec<String>,
    /// Until when the page works.
    pub expires_at: DateTime<Utc>,
}

value_error! {
    /// What is wrong with what a person sends to an administrator.
    SendMismatchError {
        /// No organization.
        OrganizationMissing = "organization-missing", "Выберите свою организацию";
        /// The organization is not there, or closed.
        OrganizationUnknown = "organization-unknown", "Такой организации нет";
        /// The box is not ticked.
        NotAgreed = "not-agreed", "Отметьте, что согласны отправить свои ФИО и e-mail";
    }
}

/// «Отправить администратору», as chosen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SendMismatch {
    /// The own organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// The consent to send ФИО and e-mail to the administrator of that organization.
    #[serde(default)]
    pub agreed: bool,
}

impl SendMismatch {
    /// The organization, where all is filled in.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<OrganizationId, Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.organization_id.is_none() {
            errors.push(SendMismatchError::OrganizationMissing.at("organization_id"));
        }
        if !self.agreed {
            errors.push(SendMismatchError::NotAgreed.at("agreed"));
        }
        match self.organization_id {
            Some(organization) if errors.is_empty() => Ok(organization),
            _ => Err(errors),
        }
    }
}

/// Where the browser goes to join the own account with Госуслуги.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EsiaRedirect {
    /// The address, at ЕСИА.
    pub location: String,
}

/// That an account is joined with a person at Госуслуги.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EsiaLink {
    /// Since when.
    pub linked_at: DateTime<Utc>,
    /// Whether it may be taken apart: another way in remains.
    pub can_unlink: bool,
}

/// A certificate, as the page of the link shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CertificateView {
    /// Whose it is.
    pub subject: String,
    /// The hash of its DER, hexadecimal, as `client_certificate_hash` has it.
    pub fingerprint: String,
    /// Its first moment.
    pub not_before: DateTime<Utc>,
    /// Its last moment.
    pub not_after: DateTime<Utc>,
}

/// So long before its end a certificate is warned of.
pub const CERTIFICATE_WARNED: TimeDelta = TimeDelta::days(30);

/// A failure of the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EsiaFailed {
    /// When.
    pub at: DateTime<Utc>,
    /// Its code ([`crate::esia::explain`]).
    pub code: String,
}

/// The state of the link to Госуслуги, for support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EsiaHealth {
    /// Whether a link is configured.
    pub enabled: bool,
    /// Whether it leads to the stand-in of the demo.
    pub is_standin: bool,
    /// Whom we ask: scheme and host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The mnemonic of our system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The last sign-in that went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<DateTime<Utc>>,
    /// The last failure of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<EsiaFailed>,
    /// Until when ЕСИА is not asked, since it did not answer (this node).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<DateTime<Utc>>,
    /// How much later ЕСИА's clock is than ours, in seconds, as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_difference_seconds: Option<i64>,
    /// Our certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_certificate: Option<CertificateView>,
    /// ЕСИА's certificates that are trusted.
    pub trusted_certificates: Vec<CertificateView>,
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Nobody has done with it yet.
    #[default]
    Open,
    /// Support has done with it.
    Resolved,
}

/// Parameters of the list of alarms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct AlarmQuery {
    /// Only alarms of this state; the open ones unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AlarmState>,
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

/// Something support must look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alarm {
    /// Its identifier.
    pub id: AlarmId,
    /// What: for the link to Госуслуги `esia-` and the code of the failure.
    pub code: String,
    /// More of it, for an administrator.
    pub detail: String,
    /// When it happened first.
    pub first_at: DateTime<Utc>,
    /// When it happened last.
    pub last_at: DateTime<Utc>,
    /// How often.
    pub occurrences: u32,
    /// When support had done with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fields_of_the_form_are_judged_at_once() {
        let fields: Vec<_> =
            SendMismatch::default().parse().unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["organization_id", "agreed"]);
    }
}
