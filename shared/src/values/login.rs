//! Logins of cards.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{text_value, value_error};

/// The longest stem of a login, before `_N`.
pub(super) const STEM_LENGTH: usize = 20;
/// The longest login: stem, underscore and as many digits as a number of 32 bits has.
const MAX_LENGTH: usize = STEM_LENGTH + 11;

/// The login of a card: `[a-z0-9_]`, generated, never issued twice. It binds a card and opens no session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

value_error! {
    /// Why a text is no [`Login`].
    LoginError {
        /// Nothing was typed.
        Empty = "login-empty", "Укажите логин";
        /// Too long, or a character that no login has.
        Malformed = "login-malformed", "Логин состоит из латинских букв, цифр и знака «_», например iivanov_1";
    }
}

impl FromStr for Login {
    type Err = LoginError;

    /// Capitals are taken as small letters: people type logins from paper.
    fn from_str(text: &str) -> Result<Self, LoginError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LoginError::Empty);
        }
        let fits = text.len() <= MAX_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if fits { Ok(Self(text.to_ascii_lowercase())) } else { Err(LoginError::Malformed) }
    }
}

text_value!(Login, LoginError, "login", max 31);

impl Login {
    /// The login `stem_number`, for a stem of `login_stem`.
    ///
    /// # Errors
    /// Where `stem` is no stem (empty, too long, other characters).
    pub fn numbered(stem: &str, number: u32) -> Result<Self, LoginError> {
        format!("{stem}_{number}").parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_typed_from_paper_is_understood() {
        assert_eq!(" NNnovyi_1 ".parse::<Login>().unwrap().as_str(), "nnnovyi_1");
        assert_eq!("иванов".parse::<Login>().unwrap_err(), LoginError::Malformed);
        assert_eq!("".parse::<Login>().unwrap_err(), LoginError::Empty);
        assert_eq!("a".repeat(40).parse::<Login>().unwrap_err(), LoginError::Malformed);
    }
}
