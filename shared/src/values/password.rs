//! Passwords that people choose.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{text_value, value_error};
use crate::search::search_key;

/// The shortest password, in characters.
const MIN_LENGTH: usize = 10;
/// The longest password, in characters: a bound on the work of a hash.
const MAX_LENGTH: usize = 128;

/// A password that a person has chosen, 10–128 characters (security.md). Existing passwords are never
/// judged by these rules: only new ones are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NewPassword(String);

value_error! {
    /// Why a text is no [`NewPassword`].
    PasswordError {
        /// Nothing was typed.
        Empty = "password-empty", "Придумайте пароль";
        /// Shorter than 10 characters.
        TooShort = "password-too-short", "Не короче 10 знаков. Проще всего запомнить несколько слов подряд";
        /// Longer than 128 characters.
        TooLong = "password-too-long", "Не длиннее 128 знаков";
        /// One character over and over.
        Monotonous = "password-monotonous", "Один и тот же знак угадать легко: придумайте другой пароль";
        /// The name or the address of the account.
        Personal = "password-personal", "Пароль не должен совпадать с именем пользователя, ФИО или e-mail";
    }
}

impl FromStr for NewPassword {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let length = text.chars().count();
        if length == 0 {
            return Err(PasswordError::Empty);
        }
        if length < MIN_LENGTH {
            return Err(PasswordError::TooShort);
        }
        if length > MAX_LENGTH {
            return Err(PasswordError::TooLong);
        }
        let mut chars = text.chars();
        let first = chars.next();
        if chars.all(|c| Some(c) == first) {
            return Err(PasswordError::Monotonous);
        }
        Ok(Self(text.to_owned()))
    }
}

impl NewPassword {
    /// Refuses a password that equals something the account is known by.
    ///
    /// # Errors
    /// [`PasswordError::Personal`] where it equals one of `known`, over case and spaces.
    pub fn unlike<'a>(self, known: impl IntoIterator<Item = &'a str>) -> Result<Self, PasswordError> {
        let key = search_key(&self.0);
        if known.into_iter().any(|text| search_key(text) == key) {
            return Err(PasswordError::Personal);
        }
        Ok(self)
    }
}

/// A password is never printed.
impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

text_value!(NewPassword, PasswordError, "password", max 128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_bounded_and_not_personal() {
        let refused = |text: &str| text.parse::<NewPassword>().unwrap_err();
        assert_eq!(refused(""), PasswordError::Empty);
        assert_eq!(refused("короткий1"), PasswordError::TooShort);
        assert_eq!(refused(&"аб".repeat(65)), PasswordError::TooLong);
        assert_eq!(refused("аааааааааааа"), PasswordError::Monotonous);
        let chosen: NewPassword = "Ivanova@Mail.ru".parse().unwrap();
        assert_eq!(chosen.unlike(["ivanova@mail.ru"]), Err(PasswordError::Personal));
        assert!("четыре слова подряд".parse::<NewPassword>().is_ok());
    }
}
