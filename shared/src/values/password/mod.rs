//! Passwords that people choose.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{text_value, value_error};
use crate::search::search_key;

mod strength;

pub use strength::{Strength, Weakness, strength};

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
        /// A word that everybody tries first, perhaps with digits behind it, in another layout, spelt with signs.
        Common = "password-common", "Такие пароли подбирают первыми. Возьмите несколько слов, не связанных друг с другом";
        /// Rows of keys, repetitions, dates.
        Simple = "password-simple", "Этот пароль угадать легко: знаки подряд, повторы и даты не защищают. Возьмите несколько слов";
        /// The name or the address of the account, or little else than that.
        Personal = "password-personal", "Пароль не должен повторять имя пользователя, ФИО или e-mail";
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
        let found = strength(text, &[]);
        if found.score < Strength::TAKEN {
            return Err(match found.weakness {
                Weakness::Common => PasswordError::Common,
                _ => PasswordError::Simple,
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl NewPassword {
    /// Refuses a password that is made of what the account is known by.
    ///
    /// # Errors
    /// [`PasswordError::Personal`] where it equals one of `known`, over case and spaces, or where there is too
    /// little else in it.
    pub fn unlike<'a>(self, known: impl IntoIterator<Item = &'a str>) -> Result<Self, PasswordError> {
        let known: Vec<&str> = known.into_iter().collect();
        let key = search_key(&self.0);
        if known.iter().any(|text| search_key(text) == key)
            || strength(&self.0, &known).score < Strength::TAKEN
        {
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
        assert_eq!(refused("Пароль12345"), PasswordError::Common);
        assert_eq!(refused("1qaz2wsx3edc"), PasswordError::Simple);
        let chosen: NewPassword = "Elkina@Primer.ru".parse().unwrap();
        assert_eq!(chosen.unlike(["elkina@primer.ru"]), Err(PasswordError::Personal));
        let chosen: NewPassword = "Щербакова-1985!".parse().unwrap();
        assert_eq!(chosen.clone().unlike(["Щербакова Анна"]), Err(PasswordError::Personal));
        assert!(chosen.unlike(["Королёва Анна"]).is_ok());
        assert!("четыре слова подряд".parse::<NewPassword>().is_ok());
    }
}
