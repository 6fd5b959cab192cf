//! ФИО: parts of a person's name, and the whole.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{text_value, value_error};
use crate::search::search_key;

/// The longest part of a name, in characters.
const MAX_LENGTH: usize = 100;

/// One part of ФИО: 1–100 letters (Cyrillic or Latin), hyphens, apostrophes, spaces and dots; NFC, inner
/// spaces folded, and never Latin and Cyrillic letters within one word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

value_error! {
    /// Why a text is no [`PersonName`].
    NameError {
        /// Nothing was typed.
        Empty = "name-empty", "Заполните это поле";
        /// Longer than 100 characters.
        TooLong = "name-too-long", "Не больше 100 знаков";
        /// A digit.
        Digit = "name-digit", "В имени не бывает цифр";
        /// A character that is no part of a name.
        Character = "name-character", "Допустимы буквы, дефис, апостроф, точка и пробел";
        /// It does not begin with a letter, or has none.
        NoLetter = "name-no-letter", "Начните с буквы";
        /// Latin and Cyrillic letters in one word.
        MixedScripts = "name-mixed-scripts", "В одном слове смешаны русские и латинские буквы: наберите слово заново";
        /// «Без отч.» is set and отчество is filled.
        PatronymicNotEmpty = "patronymic-not-empty", "Отмечено «Без отч.»: очистите отчество или снимите отметку";
        /// «Без отч.» is not set and отчество is empty.
        PatronymicMissing = "patronymic-missing", "Укажите отчество или отметьте «Без отч.»";
    }
}

const fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}')
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic()
        || (c.is_alphabetic() && matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'))
}

/// The text in NFC.
#[cfg(feature = "tables")]
fn composed(text: &str) -> impl Iterator<Item = char> {
    unicode_normalization::UnicodeNormalization::nfc(text)
}

/// Without the tables of Unicode: the letters that keyboards of the region do give in two pieces. Other marks
/// pass here, and the server judges them.
#[cfg(not(feature = "tables"))]
fn composed(text: &str) -> impl Iterator<Item = char> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let base = chars.next()?;
        let letter = match (base, chars.peek()) {
            ('и', Some('\u{306}')) => 'й',
            ('И', Some('\u{306}')) => 'Й',
            ('е', Some('\u{308}')) => 'ё',
            ('Е', Some('\u{308}')) => 'Ё',
            _ => return Some(base),
        };
        chars.next();
        Some(letter)
    })
}

/// Whether a mark may stand after a letter: with the tables none is left after composing.
const fn is_mark(c: char) -> bool {
    cfg!(not(feature = "tables")) && matches!(c, '\u{300}'..='\u{36f}')
}

impl FromStr for PersonName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // A bound before the normalisation, so that a megabyte costs nothing.
        if text.len() > MAX_LENGTH * 16 {
            return Err(NameError::TooLong);
        }
        let composed: String = composed(text)
            .map(|c| match c {
                '\u{2019}' | '\u{2bc}' | '`' => '\'',
                '\u{2010}' | '\u{2011}' | '\u{2013}' => '-',
                other => other,
            })
            .collect();
        let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > MAX_LENGTH {
            return Err(NameError::TooLong);
        }
        if name.chars().any(char::is_numeric) {
            return Err(NameError::Digit);
        }
        if name
            .chars()
            .any(|c| !is_cyrillic(c) && !is_latin(c) && !is_mark(c) && !matches!(c, '-' | '\'' | ' ' | '.'))
        {
            return Err(NameError::Character);
        }
        if name.starts_with(|c| matches!(c, '-' | '\'' | '.') || is_mark(c)) {
            return Err(NameError::NoLetter);
        }
        let mixed = name.split(['-', ' ']).any(|word| word.contains(is_cyrillic) && word.contains(is_latin));
        if mixed {
            return Err(NameError::MixedScripts);
        }
        Ok(Self(name))
    }
}

text_value!(PersonName, NameError, "person-name", max 100);

/// The whole ФИО; no отчество means «Без отч.».
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FullName {
    /// Фамилия.
    pub family_name: PersonName,
    /// Имя.
    pub given_name: PersonName,
    /// Отчество, absent for people without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patronymic: Option<PersonName>,
}

impl FullName {
    /// The key two names are compared by: ё = е, case, spaces and hyphens fold together.
    #[must_use]
    pub fn matching_key(&self) -> String {
        folded(&self.to_string())
    }

    /// Whether both are written alike (binding, screens.md 14).
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.part_keys() == other.part_keys()
    }

    /// The keys of фамилия, имя and отчество (empty without one), folded as [`Self::matching_key`].
    #[must_use]
    pub fn part_keys(&self) -> [String; 3] {
        [
            folded(self.family_name.as_str()),
            folded(self.given_name.as_str()),
            self.patronymic.as_ref().map(|part| folded(part.as_str())).unwrap_or_default(),
        ]
    }

    /// «Фамилия И. О.», for places with little room.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.family_name.to_string();
        for part in std::iter::once(&self.given_name).chain(self.patronymic.as_ref()) {
            if let Some(initial) = part.as_str().chars().next() {
                text.push(' ');
                text.push(initial);
                text.push('.');
            }
        }
        text
    }
}

/// ё = е, case, spaces; a double surname with a hyphen, a space, or a hyphen between spaces is one.
fn folded(part: &str) -> String {
    search_key(&part.replace('-', " "))
}

/// «Фамилия Имя Отчество».
impl std::fmt::Display for FullName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.family_name, self.given_name)?;
        self.patronymic.as_ref().map_or(Ok(()), |part| write!(f, " {part}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(family: &str, given: &str, patronymic: Option<&str>) -> FullName {
        FullName {
            family_name: family.parse().unwrap(),
            given_name: given.parse().unwrap(),
            patronymic: patronymic.map(|part| part.parse().unwrap()),
        }
    }

    #[test]
    fn names_of_the_region_are_accepted() {
        for text in [
            "Иванова",
            "Салтыков-Щедрин",
            "Д'Артаньян",
            "оглы Гасан",
            "Һәйәт",
            "Ӧньӧ",
            "Müller",
            "Ким Ен Чер",
            "Мл.",
            "Ё",
        ] {
            assert_eq!(text.parse::<PersonName>().map(String::from), Ok(text.to_owned()));
        }
    }

    #[test]
    fn spaces_fold_and_letters_compose() {
        assert_eq!("  Анна   Мария ".parse::<PersonName>().unwrap().as_str(), "Анна Мария");
        assert_eq!("Андреи\u{306}".parse::<PersonName>().unwrap().as_str(), "Андрей");
        assert_eq!("д’Арк".parse::<PersonName>().unwrap().as_str(), "д'Арк");
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        let refused = |text: &str| text.parse::<PersonName>().unwrap_err();
        assert_eq!(refused(" \t"), NameError::Empty);
        assert_eq!(refused("Иван0в"), NameError::Digit);
        assert_eq!(refused("Иванов, Петров"), NameError::Character);
        assert_eq!(refused("<b>"), NameError::Character);
        assert_eq!(refused("Ива\u{0}нов"), NameError::Character);
        assert_eq!(refused("-"), NameError::NoLetter);
        assert_eq!(refused(&"а".repeat(101)), NameError::TooLong);
        assert_eq!(refused(&"а".repeat(1_000_000)), NameError::TooLong);
        // A Latin «c» that looks like the Russian one.
        assert_eq!(refused("Cидоров"), NameError::MixedScripts);
    }

    #[test]
    fn names_match_over_yo_case_spaces_and_hyphens() {
        let passport = name("Королёва-Лис", "Алёна", Some("Фёдоровна"));
        assert!(passport.matches(&name("КОРОЛЕВА ЛИС", "алена", Some("Федоровна"))));
        assert!(!passport.matches(&name("Королёва-Лис", "Алёна", None)));
        assert!(passport.matches(&name("Королева - Лис", "Алена", Some("Федоровна"))));
        assert!(!passport.matches(&name("Лис-Королева", "Алена", Some("Федоровна"))));
        // The parts are compared one by one: a word never slides into the next part.
        assert!(!name("Ли Ким", "Ен", None).matches(&name("Ли", "Ким Ен", None)));
        assert_eq!(passport.short(), "Королёва-Лис А. Ф.");
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_already_normal(text in "\\PC{0,40}") {
            if let Ok(name) = text.parse::<PersonName>() {
                prop_assert_eq!(name.as_str().parse::<PersonName>(), Ok(name.clone()));
            }
        }
    }
}
