//! Numbers of the state registers: ИНН, КПП, СНИЛС, ОГРН, ОГРНИП.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{text_value, value_error};

/// The digits of `text`, or nothing where it has anything else but digits.
fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

/// The weighted sum that ИНН and СНИЛС build their check digits on.
fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// ИНН of an organization: 10 digits, the last of which is a check digit.
///
/// Digits 1–4 are checked against no list: since 2026-01-01 digits 3–4 are an index (order of ФНС
/// ЕД-7-14/559@).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Inn(String);

value_error! {
    /// Why a text is no [`Inn`].
    InnError {
        /// Nothing was typed.
        Empty = "inn-empty", "Укажите ИНН организации";
        /// Something else than digits.
        NotDigits = "inn-not-digits", "ИНН состоит только из цифр";
        /// Twelve digits.
        Personal = "inn-personal", "Это ИНН физического лица (12 цифр). Укажите ИНН организации: 10 цифр";
        /// Neither 10 nor 12 digits.
        Length = "inn-length", "В ИНН организации 10 цифр";
        /// The check digit is wrong, or all digits are zero.
        CheckDigit = "inn-check-digit", "В ИНН опечатка: контрольная цифра не сходится";
    }
}

impl FromStr for Inn {
    type Err = InnError;

    fn from_str(text: &str) -> Result<Self, InnError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InnError::Empty);
        }
        let digits = digits(text).ok_or(InnError::NotDigits)?;
        match digits.len() {
            10 => {}
            12 => return Err(InnError::Personal),
            _ => return Err(InnError::Length),
        }
        let check = weighted(&digits, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
        // Ten zeros pass the sum and are nobody's number.
        if digits.last() != Some(&check) || digits.iter().all(|digit| *digit == 0) {
            return Err(InnError::CheckDigit);
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(Inn, InnError, "inn", max 10);

/// ИНН of a person: 12 digits, the last two of which are check digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonalInn(String);

value_error! {
    /// Why a text is no [`PersonalInn`].
    PersonalInnError {
        /// Nothing was typed.
        Empty = "personal-inn-empty", "Укажите ИНН";
        /// Something else than digits.
        NotDigits = "personal-inn-not-digits", "ИНН состоит только из цифр";
        /// Ten digits.
        Organization = "personal-inn-organization", "Это ИНН организации (10 цифр). Укажите ИНН физического лица: 12 цифр";
        /// Neither 12 nor 10 digits.
        Length = "personal-inn-length", "В ИНН физического лица 12 цифр";
        /// A check digit is wrong, or all digits are zero.
        CheckDigit = "personal-inn-check-digit", "В ИНН опечатка: контрольные цифры не сходятся";
    }
}

impl FromStr for PersonalInn {
    type Err = PersonalInnError;

    fn from_str(text: &str) -> Result<Self, PersonalInnError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PersonalInnError::Empty);
        }
        let digits = digits(text).ok_or(PersonalInnError::NotDigits)?;
        match digits.len() {
            12 => {}
            10 => return Err(PersonalInnError::Organization),
            _ => return Err(PersonalInnError::Length),
        }
        let eleventh = weighted(&digits, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
        let twelfth = weighted(&digits, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
        let right = digits.ends_with(&[eleventh, twelfth]) && digits.iter().any(|digit| *digit != 0);
        if right { Ok(Self(text.to_owned())) } else { Err(PersonalInnError::CheckDigit) }
    }
}

text_value!(PersonalInn, PersonalInnError, "personal-inn", max 12);

/// КПП: `NNNN PP XXX`, where PP may hold Latin capitals. It has no check digit and is not unique: an
/// organization is ИНН and КПП together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kpp(String);

value_error! {
    /// Why a text is no [`Kpp`].
    KppError {
        /// Nothing was typed.
        Empty = "kpp-empty", "Укажите КПП организации";
        /// Not nine characters.
        Length = "kpp-length", "В КПП 9 цифр";
        /// A character that does not belong at its place.
        Structure = "kpp-structure", "КПП записан неверно: первые четыре и последние три знака — цифры";
    }
}

impl FromStr for Kpp {
    type Err = KppError;

    fn from_str(text: &str) -> Result<Self, KppError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KppError::Empty);
        }
        if text.chars().count() != 9 {
            return Err(KppError::Length);
        }
        let fits = text
            .chars()
            .enumerate()
            .all(|(place, c)| c.is_ascii_digit() || ((4..6).contains(&place) && c.is_ascii_uppercase()));
        if fits && text != "000000000" { Ok(Self(text.to_owned())) } else { Err(KppError::Structure) }
    }
}

text_value!(Kpp, KppError, "kpp", max 9);

/// СНИЛС: 11 digits, stored bare; shown as `XXX-XXX-XXX YY` by [`Snils::formatted`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Snils(String);

value_error! {
    /// Why a text is no [`Snils`].
    SnilsError {
        /// Nothing was typed.
        Empty = "snils-empty", "Укажите СНИЛС";
        /// Something else than digits, spaces and hyphens.
        NotDigits = "snils-not-digits", "СНИЛС состоит из цифр: 000-000-000 00";
        /// Not eleven digits.
        Length = "snils-length", "В СНИЛС 11 цифр";
        /// The check number is wrong.
        CheckNumber = "snils-check-number", "В СНИЛС опечатка: контрольное число не сходится";
    }
}

/// The check number is defined for numbers above this one only.
const SNILS_LAST_WITHOUT_CHECK: u32 = 1_001_998;

impl FromStr for Snils {
    type Err = SnilsError;

    fn from_str(text: &str) -> Result<Self, SnilsError> {
        let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
        if bare.is_empty() {
            return Err(SnilsError::Empty);
        }
        let digits = digits(&bare).ok_or(SnilsError::NotDigits)?;
        if digits.len() != 11 {
            return Err(SnilsError::Length);
        }
        let (number, check) = digits.split_at(9);
        let value = number.iter().fold(0, |sum, digit| sum * 10 + digit);
        let written = check.iter().fold(0, |sum, digit| sum * 10 + digit);
        let expected = weighted(number, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
        if value > SNILS_LAST_WITHOUT_CHECK && written != expected {
            return Err(SnilsError::CheckNumber);
        }
        if value == 0 {
            return Err(SnilsError::CheckNumber);
        }
        Ok(Self(bare))
    }
}

impl Snils {
    /// `XXX-XXX-XXX YY`.
    #[must_use]
    pub fn formatted(&self) -> String {
        let mut text = String::with_capacity(14);
        for (place, digit) in self.0.chars().enumerate() {
            match place {
                3 | 6 => text.push('-'),
                9 => text.push(' '),
                _ => {}
            }
            text.push(digit);
        }
        text
    }

    /// `***-***-*** YY`: what history and logs may show.
    #[must_use]
    pub fn masked(&self) -> String {
        let tail: String = self.0.chars().skip(9).collect();
        format!("***-***-*** {tail}")
    }
}

/// Never the whole number: debug output ends up in logs.
impl std::fmt::Debug for Snils {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snils({})", self.masked())
    }
}

text_value!(Snils, SnilsError, "snils", max 14);

/// ОГРН of an organization: 13 digits, the last is the first twelve mod 11 mod 10.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ogrn(String);

value_error! {
    /// Why a text is no [`Ogrn`].
    OgrnError {
        /// Nothing was typed.
        Empty = "ogrn-empty", "Укажите ОГРН";
        /// Not thirteen digits.
        Length = "ogrn-length", "В ОГРН 13 цифр";
        /// The check digit is wrong.
        CheckDigit = "ogrn-check-digit", "В ОГРН опечатка: контрольная цифра не сходится";
    }
}

impl FromStr for Ogrn {
    type Err = OgrnError;

    fn from_str(text: &str) -> Result<Self, OgrnError> {
        match state_number(text, 13, 11) {
            Ok(number) => Ok(Self(number)),
            Err(StateNumberError::Empty) => Err(OgrnError::Empty),
            Err(StateNumberError::Length) => Err(OgrnError::Length),
            Err(StateNumberError::CheckDigit) => Err(OgrnError::CheckDigit),
        }
    }
}

text_value!(Ogrn, OgrnError, "ogrn", max 13);

/// ОГРНИП of a sole trader: 15 digits, the last is the first fourteen mod 13 mod 10.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ogrnip(String);

value_error! {
    /// Why a text is no [`Ogrnip`].
    OgrnipError {
        /// Nothing was typed.
        Empty = "ogrnip-empty", "Укажите ОГРНИП";
        /// Not fifteen digits.
        Length = "ogrnip-length", "В ОГРНИП 15 цифр";
        /// The check digit is wrong.
        CheckDigit = "ogrnip-check-digit", "В ОГРНИП опечатка: контрольная цифра не сходится";
    }
}

impl FromStr for Ogrnip {
    type Err = OgrnipError;

    fn from_str(text: &str) -> Result<Self, OgrnipError> {
        match state_number(text, 15, 13) {
            Ok(number) => Ok(Self(number)),
            Err(StateNumberError::Empty) => Err(OgrnipError::Empty),
            Err(StateNumberError::Length) => Err(OgrnipError::Length),
            Err(StateNumberError::CheckDigit) => Err(OgrnipError::CheckDigit),
        }
    }
}

text_value!(Ogrnip, OgrnipError, "ogrnip", max 15);

enum StateNumberError {
    Empty,
    Length,
    CheckDigit,
}

/// What ОГРН and ОГРНИП share: `length` digits, the last of which is the rest mod `modulus` mod 10.
fn state_number(text: &str, length: usize, modulus: u64) -> Result<String, StateNumberError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(StateNumberError::Empty);
    }
    let digits = digits(text).filter(|digits| digits.len() == length).ok_or(StateNumberError::Length)?;
    let value = digits.iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(*digit));
    if value != 0 && value / 10 % modulus % 10 == value % 10 {
        Ok(text.to_owned())
    } else {
        Err(StateNumberError::CheckDigit)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_numbers_of_organizations_are_accepted() {
        for inn in ["7707083893", "7830002293", "5902290201", "7736050003"] {
            assert!(inn.parse::<Inn>().is_ok(), "{inn}");
        }
        for ogrn in ["1027700132195", "1027739609391"] {
            assert!(ogrn.parse::<Ogrn>().is_ok(), "{ogrn}");
        }
        assert!("304500116000157".parse::<Ogrnip>().is_ok());
        assert!("500100732259".parse::<PersonalInn>().is_ok());
    }

    #[test]
    fn each_mistake_in_an_inn_has_its_own_answer() {
        let refused = |text: &str| text.parse::<Inn>().unwrap_err();
        assert_eq!(refused("  "), InnError::Empty);
        assert_eq!(refused("77О7083893"), InnError::NotDigits);
        assert_eq!(refused("500100732259"), InnError::Personal);
        assert_eq!(refused("770708389"), InnError::Length);
        assert_eq!(refused("7707083894"), InnError::CheckDigit);
        assert_eq!(refused("0000000000"), InnError::CheckDigit);
        assert_eq!("7707083893".parse::<PersonalInn>().unwrap_err(), PersonalInnError::Organization);
        assert_eq!("000000000000".parse::<PersonalInn>().unwrap_err(), PersonalInnError::CheckDigit);
    }

    #[test]
    fn a_kpp_may_hold_capitals_in_its_reason_only() {
        assert!("590201001".parse::<Kpp>().is_ok());
        assert!("5902AZ001".parse::<Kpp>().is_ok());
        assert_eq!("A90201001".parse::<Kpp>().unwrap_err(), KppError::Structure);
        assert_eq!("5902az001".parse::<Kpp>().unwrap_err(), KppError::Structure);
        assert_eq!("59020100".parse::<Kpp>().unwrap_err(), KppError::Length);
    }

    #[test]
    fn the_edge_cases_of_snils_pass() {
        for snils in [
            "001-019-989 00",
            "001-019-998 00",
            "001-019-999 01",
            "002-999-989 00",
            "087-654-303 00",
            "001-001-999 65",
            "112-233-445 95",
        ] {
            assert_eq!(snils.parse::<Snils>().map(|value| value.formatted()), Ok(snils.to_owned()));
        }
    }

    #[test]
    fn the_test_people_of_esia_have_numbers_below_the_first_checked_one() {
        for last in 1..=9 {
            assert!(format!("000-000-600 0{last}").parse::<Snils>().is_ok());
        }
        assert_eq!("112-233-445 96".parse::<Snils>().unwrap_err(), SnilsError::CheckNumber);
        assert_eq!("000-000-000 00".parse::<Snils>().unwrap_err(), SnilsError::CheckNumber);
    }

    #[test]
    fn debug_output_never_shows_a_whole_snils() {
        let snils: Snils = "112-233-445 95".parse().unwrap();
        assert_eq!(format!("{snils:?}"), "Snils(***-***-*** 95)");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,20}") {
            let _ = (text.parse::<Inn>(), text.parse::<Kpp>(), text.parse::<Snils>());
            let _ = (text.parse::<Ogrn>(), text.parse::<Ogrnip>(), text.parse::<PersonalInn>());
        }

        #[test]
        fn exactly_one_last_digit_makes_an_inn(head in "[1-9][0-9]{8}") {
            let fitting = (0..10).filter(|last| format!("{head}{last}").parse::<Inn>().is_ok()).count();
            prop_assert_eq!(fitting, 1);
        }

        #[test]
        fn exactly_one_check_number_makes_a_snils(head in "[1-9][0-9]{8}") {
            let fitting = (0..100).filter(|last| format!("{head}{last:02}").parse::<Snils>().is_ok()).count();
            prop_assert_eq!(fitting, 1);
        }

        #[test]
        fn a_value_survives_the_wire(head in "[1-9][0-9]{11}") {
            let number: u64 = head.parse().unwrap();
            let ogrn: Ogrn = format!("{head}{}", number % 11 % 10).parse().unwrap();
            let wire = serde_json::to_string(&ogrn).unwrap();
            prop_assert_eq!(serde_json::from_str::<Ogrn>(&wire).unwrap(), ogrn);
        }
    }
}
