//! Sign-in, the session, binding.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::organizations::OrganizationSummary;
use crate::ids::{AccountId, EmployeeId};
use crate::problem::FieldError;
use crate::roles::{Role, RoleCategory};
use crate::values::{FullName, InvalidValue, Login, Period, RoleState, value_error};

/// The longest user name or e-mail that is looked at, in characters.
pub const MAX_USER_NAME_LENGTH: usize = 254;
/// The longest password that is looked at, in characters.
pub const MAX_PASSWORD_LENGTH: usize = 128;

value_error! {
    /// What is wrong with a form that asks for a name and a password.
    SignInError {
        /// No name.
        NameEmpty = "user-name-empty", "Введите имя пользователя или e-mail";
        /// A name longer than any can be.
        NameTooLong = "user-name-too-long", "Слишком длинное имя: не больше 254 знаков";
        /// No password.
        PasswordEmpty = "password-empty", "Введите пароль";
        /// A password longer than any can be.
        PasswordTooLong = "password-too-long", "Слишком длинный пароль: не больше 128 знаков";
    }
}

/// Password sign-in (РСАА, screens.md 6), as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// «Имя пользователя / e-mail».
    pub user_name: String,
    /// «Пароль».
    pub password: String,
}

impl SignIn {
    /// Every wrong field; the name and the password themselves are judged by the server alone.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.user_name.trim().is_empty() {
            errors.push(SignInError::NameEmpty.at("user_name"));
        } else if self.user_name.chars().count() > MAX_USER_NAME_LENGTH {
            errors.push(SignInError::NameTooLong.at("user_name"));
        }
        errors.extend(password_error(&self.password));
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

fn password_error(password: &str) -> Option<FieldError> {
    if password.is_empty() {
        Some(SignInError::PasswordEmpty.at("password"))
    } else if password.chars().count() > MAX_PASSWORD_LENGTH {
        Some(SignInError::PasswordTooLong.at("password"))
    } else {
        None
    }
}

/// A password is never printed.
impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn(…)")
    }
}

/// Binding of a card to the signed-in account (screens.md 14), as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BindCard {
    /// «Логин» of the card.
    pub login: String,
    /// «Пароль»: the one-time password of the card.
    pub password: String,
}

impl BindCard {
    /// The card's login, once both fields have been judged.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<Login, Vec<FieldError>> {
        let login = self.login.parse::<Login>();
        let mut errors = Vec::new();
        if let Err(error) = &login {
            errors.push(error.at("login"));
        }
        errors.extend(password_error(self.password.trim()));
        match login {
            Ok(login) if errors.is_empty() => Ok(login),
            _ => Err(errors),
        }
    }
}

/// A password is never printed.
impl std::fmt::Debug for BindCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BindCard(…)")
    }
}

/// Choice of one of the own cards.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChooseCard {
    /// The card to work as.
    pub employee_id: EmployeeId,
}

/// Who is signed in. "Nobody" is a state of its own, not an error.
///
/// On the wire: `{"session": …}`, or `{"session": null}` for nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StateOnTheWire", into = "StateOnTheWire")]
pub enum SessionState {
    /// Nobody.
    Anonymous,
    /// A person.
    SignedIn(Box<Session>),
}

/// A tagged enum would be read into a buffer first, with a second reader of everything in it: 30 kB of WASM.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SessionState))]
struct StateOnTheWire {
    /// The session; null where nobody is signed in.
    session: Option<Box<Session>>,
}

impl From<StateOnTheWire> for SessionState {
    fn from(wire: StateOnTheWire) -> Self {
        wire.session.map_or(Self::Anonymous, Self::SignedIn)
    }
}

impl From<SessionState> for StateOnTheWire {
    fn from(state: SessionState) -> Self {
        match state {
            SessionState::Anonymous => Self { session: None },
            SessionState::SignedIn(session) => Self { session: Some(session) },
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for SessionState {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        StateOnTheWire::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for SessionState {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        StateOnTheWire::schemas(schemas);
    }
}

/// How a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignInWay {
    /// By user name and password (РСАА).
    Password,
    /// Through Госуслуги (ЕСИА).
    Esia,
}

impl SignInWay {
    /// The way as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Esia => "esia",
        }
    }
}

/// A session, as its own person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Who.
    pub account: AccountSummary,
    /// The categories the person holds today, in the order of the page.
    pub categories: Vec<RoleCategory>,
    /// The category the session works in; nothing until one of several was chosen, or where none is held any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<RoleCategory>,
    /// How it was opened.
    pub way: SignInWay,
    /// The cards bound to the account, archived ones left out, in the order of the organizations' names.
    pub cards: Vec<OwnCard>,
    /// The card the session works as; without it no role gives any right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_card: Option<EmployeeId>,
    /// Today in the region's time zone: roles open and close by it.
    pub today: NaiveDate,
    /// When the session ends unless something is done.
    pub idle_expires_at: DateTime<Utc>,
    /// When the session ends in any case.
    pub expires_at: DateTime<Utc>,
    /// The sign-in before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_sign_in_at: Option<DateTime<Utc>>,
    /// Whether the text of the consent to the processing of personal data has a version this person has not
    /// agreed to: until then everything else answers `consent-required`.
    #[serde(default)]
    pub consent_required: bool,
}

impl Session {
    /// The card the session works as.
    #[must_use]
    pub fn card(&self) -> Option<&OwnCard> {
        self.cards.iter().find(|card| Some(card.id) == self.chosen_card)
    }
}

/// The account of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountSummary {
    /// Its identifier.
    pub id: AccountId,
    /// The user name in РСАА.
    pub user_name: String,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: String,
}

/// A card bound to the own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnCard {
    /// Its identifier.
    pub id: EmployeeId,
    /// Its organization.
    pub organization: OrganizationSummary,
    /// Its login.
    pub login: Login,
    /// Its roles, also those that have ended or not begun.
    pub roles: Vec<OwnRole>,
}

impl OwnCard {
    /// The roles in force today.
    pub fn roles_in_force(&self) -> impl Iterator<Item = Role> {
        self.roles.iter().filter(|role| role.state == RoleState::InForce).map(|role| role.role)
    }
}

/// A role of an own card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnRole {
    /// The role.
    pub role: Role,
    /// Its days.
    pub period: Period,
    /// Where it lies, seen from today.
    pub state: RoleState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fields_of_a_form_are_judged_at_once() {
        let errors = SignIn::default().check().unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["user_name", "password"]);
        let long = SignIn { user_name: "и".repeat(300), password: "п".repeat(129) };
        assert_eq!(long.check().unwrap_err().len(), 2);
        let errors = BindCard { login: "иванов".to_owned(), password: " ".to_owned() }.parse().unwrap_err();
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn nobody_is_a_state_and_unknown_fields_are_refused() {
        assert_eq!(serde_json::to_string(&SessionState::Anonymous).unwrap(), r#"{"session":null}"#);
        let extra = r#"{"user_name":"a","password":"b","admin":true}"#;
        assert!(serde_json::from_str::<SignIn>(extra).is_err());
    }

    #[test]
    fn secrets_are_never_printed() {
        let sign_in = SignIn { user_name: "ivanova".to_owned(), password: "секрет".to_owned() };
        assert!(!format!("{sign_in:?}").contains("секрет"));
    }
}
