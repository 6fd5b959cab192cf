//! Telephone numbers.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{text_value, value_error};

/// A telephone number in E.164 (`+73422177900`).
///
/// With the feature `tables` (the server) the whole numbering plan is checked; without it (the
/// browser, where the plan's tables and regular expressions would weigh more than the client itself) the
/// shape is, and the server has the last word.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

value_error! {
    /// Why a text is no [`Phone`].
    PhoneError {
        /// Nothing was typed.
        Empty = "phone-empty", "Укажите телефон";
        /// Letters, or another character that no telephone number has.
        Character = "phone-character", "В телефоне допустимы цифры, «+», скобки, пробелы и дефисы";
        /// No such number in the numbering plan.
        Invalid = "phone-invalid", "Такого номера не бывает. Пример: +7 342 217-79-00";
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, PhoneError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PhoneError::Empty);
        }
        if text.len() > 40 {
            return Err(PhoneError::Invalid);
        }
        let allowed =
            |c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | ' ' | '-' | '.' | '\u{a0}');
        if !text.chars().all(allowed) || text.chars().skip(1).any(|c| c == '+') {
            return Err(PhoneError::Character);
        }
        normalise(text).map(Self).ok_or(PhoneError::Invalid)
    }
}

#[cfg(feature = "tables")]
fn normalise(text: &str) -> Option<String> {
    let number = phonenumber::parse(Some(phonenumber::country::Id::RU), text).ok()?;
    number.is_valid().then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

#[cfg(not(feature = "tables"))]
fn normalise(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let international = match (text.starts_with('+'), digits.len(), digits.get(1..)) {
        (true, 8..=15, _) => digits,
        (false, 11, Some(rest)) if digits.starts_with(['7', '8']) => format!("7{rest}"),
        (false, 10, _) => format!("7{digits}"),
        _ => return None,
    };
    // Within Russia: ten digits after the 7, and no code of an area begins with 0, 1, 2 or 5.
    let russian = international.strip_prefix('7');
    let fits = russian.is_none_or(|rest| rest.len() == 10 && !rest.starts_with(['0', '1', '2', '5']));
    fits.then(|| format!("+{international}"))
}

/// Never the whole number: debug output ends up in logs.
impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone(***{})", self.0.chars().skip(self.0.len().saturating_sub(2)).collect::<String>())
    }
}

text_value!(Phone, PhoneError, "phone", max 40);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_usual_way_of_writing_gives_e164() {
        for (typed, expected) in [
            ("89778318309", "+79778318309"),
            ("+7(977)8318309", "+79778318309"),
            ("8 (342) 217-79-00", "+73422177900"),
            ("+7 342 217-79-00", "+73422177900"),
            ("9778318309", "+79778318309"),
        ] {
            assert_eq!(typed.parse::<Phone>().map(String::from), Ok(expected.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!("".parse::<Phone>().unwrap_err(), PhoneError::Empty);
        assert_eq!("нет".parse::<Phone>().unwrap_err(), PhoneError::Character);
        assert_eq!("8 342".parse::<Phone>().unwrap_err(), PhoneError::Invalid);
        assert_eq!("+7 000 000-00-00".parse::<Phone>().unwrap_err(), PhoneError::Invalid);
        assert_eq!("+".parse::<Phone>().unwrap_err(), PhoneError::Invalid);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_normal_stays_normal(text in "[0-9+() .-]{0,20}|\\PC{0,20}") {
            if let Ok(phone) = text.parse::<Phone>() {
                prop_assert_eq!(phone.as_str().parse::<Phone>(), Ok(phone.clone()));
            }
        }
    }
}
