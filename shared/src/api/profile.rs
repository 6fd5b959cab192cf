//! «Мой профиль» (screens.md 11): the account, its sessions, its password, its e-mail, its consents.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::esia::EsiaLink;
use super::organizations::OrganizationSummary;
use super::session::{AccountSummary, SignInWay};
use crate::ids::SessionId;
use crate::problem::FieldError;
use crate::values::{Email, InvalidValue, NewPassword, value_error};

value_error! {
    /// What is wrong with a change of the account by its own person.
    ProfileError {
        /// The present password was not typed.
        CurrentEmpty = "current-password-empty", "Введите нынешний пароль";
        /// The present password is another one.
        CurrentWrong = "current-password-wrong", "Нынешний пароль не подошёл";
        /// The new password is the present one or one of the last.
        PasswordUsed = "password-used", "Этот пароль у вас уже был: придумайте новый";
        /// The new e-mail is the present one.
        EmailSame = "email-same", "Это и есть нынешний адрес";
    }
}

/// The account, as its own person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Profile {
    /// Who.
    pub account: AccountSummary,
    /// «Должность», where one was given at registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// The organization named at registration; rights come from cards alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// Whether the address has been proven.
    pub email_verified: bool,
    /// Whether there is a password (РСАА).
    pub has_password: bool,
    /// Joined with Госуслуги.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub esia: Option<EsiaLink>,
    /// When the password was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_changed_at: Option<DateTime<Utc>>,
    /// When the account was created.
    pub created_at: DateTime<Utc>,
    /// The sign-in before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_sign_in_at: Option<DateTime<Utc>>,
    /// A change of the address that waits for its confirmations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_change: Option<PendingEmailChange>,
    /// Consents, the newest first.
    pub consents: Vec<ConsentGiven>,
}

/// A change of the address that waits for its confirmations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingEmailChange {
    /// The new address.
    pub email: String,
    /// Whether it was confirmed from the present address.
    pub old_confirmed: bool,
    /// Whether it was confirmed from the new address.
    pub new_confirmed: bool,
    /// Until when the links work.
    pub expires_at: DateTime<Utc>,
}

/// A consent to the processing of personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentGiven {
    /// The version of the text.
    pub version: String,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// From which address.
    pub address: String,
}

/// A live session of the own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnSession {
    /// Its identifier.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// From which address it was opened.
    pub address: String,
    /// Browser and system in words («Chrome, Windows»), as far as the browser tells.
    pub device: String,
    /// How it was opened.
    pub way: SignInWay,
}

/// The live sessions of the own account, the present one first, then the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnSessions {
    /// The sessions.
    pub items: Vec<OwnSession>,
}

/// «Сменить пароль», as typed. Answers `validation-failed` at `current_password` or `new_password`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// «Нынешний пароль».
    pub current_password: String,
    /// «Новый пароль».
    pub new_password: String,
}

impl ChangePassword {
    /// The new password, or every wrong field; the present one is judged by the server.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<NewPassword, Vec<FieldError>> {
        let mut errors = current(&self.current_password);
        let new = self.new_password.parse::<NewPassword>();
        match new {
            Ok(new) if errors.is_empty() => Ok(new),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error.at("new_password"));
                Err(errors)
            }
        }
    }
}

/// A password is never printed.
impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangePassword(…)")
    }
}

/// «Сменить e-mail», as typed: confirmed from both addresses before it takes effect.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    /// «Новый e-mail».
    pub email: String,
    /// «Нынешний пароль».
    pub current_password: String,
}

impl ChangeEmail {
    /// The new address, or every wrong field; the password is judged by the server.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<Email, Vec<FieldError>> {
        let email = self.email.parse::<Email>();
        let mut errors: Vec<_> = email.as_ref().err().map(|error| error.at("email")).into_iter().collect();
        errors.extend(current(&self.current_password));
        match email {
            Ok(email) if errors.is_empty() => Ok(email),
            _ => Err(errors),
        }
    }
}

/// A password is never printed.
impl std::fmt::Debug for ChangeEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangeEmail(…)")
    }
}

fn current(password: &str) -> Vec<FieldError> {
    if password.is_empty() {
        vec![ProfileError::CurrentEmpty.at("current_password")]
    } else if password.chars().count() > super::session::MAX_PASSWORD_LENGTH {
        vec![ProfileError::CurrentWrong.at("current_password")]
    } else {
        Vec::new()
    }
}

/// What a confirmation of a change of the address has come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailConfirmed {
    /// Whether the new address is in force; otherwise the other letter's link is still to be opened.
    pub changed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fields_are_judged_at_once() {
        let fields =
            |errors: Vec<FieldError>| errors.into_iter().map(|error| error.field).collect::<Vec<_>>();
        assert_eq!(
            fields(ChangePassword::default().parse().unwrap_err()),
            ["current_password", "new_password"]
        );
        assert_eq!(fields(ChangeEmail::default().parse().unwrap_err()), ["email", "current_password"]);
    }
}
