//! How logins are made of names.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::FullName;
use super::login::STEM_LENGTH;

/// ICAO Doc 9303, part 3, table for Cyrillic, lower case. ь is left out; other letters of Cyrillic alphabets
/// are taken as the same table has them, Latin ones by their base letter.
fn letter(c: char) -> &'static str {
    match c {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'ё' | 'э' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'й' | 'і' | 'ӣ' => "i",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' | 'ў' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'є' => "ie",
        'ы' => "y",
        'ю' => "iu",
        'я' => "ia",
        // The alphabets of the region's peoples (Tatar, Bashkir, Komi), which the table does not have.
        'ә' => "a",
        'ө' | 'ӧ' => "o",
        'ү' | 'ұ' => "u",
        'җ' => "zh",
        'ң' => "n",
        'һ' | 'ҳ' => "h",
        'ғ' => "g",
        'қ' | 'ҡ' => "k",
        'ҙ' => "z",
        'ҫ' => "s",
        'ї' => "i",
        'ј' => "j",
        _ => "",
    }
}

/// A text in `[a-z0-9]` by ICAO Doc 9303; what has no counterpart is left out.
#[must_use]
pub fn transliterate(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let known = letter(c);
        if known.is_empty() {
            // Latin letters with marks: the base letter stays.
            let base = std::iter::once(c).nfd().filter(|c| !is_combining_mark(*c));
            result.extend(base.filter(char::is_ascii_alphanumeric));
        } else {
            result.push_str(known);
        }
    }
    result
}

/// The stem of a card's login: initial of имя, initial of отчество, фамилия; transliterated, at most 20
/// characters (validation.md, "Logins"). A surname that transliterates to nothing gives `user`.
#[must_use]
pub fn login_stem(name: &FullName) -> String {
    let initial = |part: &str| part.chars().next().map(|c| transliterate(&c.to_string())).unwrap_or_default();
    let mut stem = initial(name.given_name.as_str());
    if let Some(patronymic) = &name.patronymic {
        stem.push_str(&initial(patronymic.as_str()));
    }
    let surname = transliterate(name.family_name.as_str());
    stem.push_str(if surname.is_empty() { "user" } else { &surname });
    stem.chars().take(STEM_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::values::Login;

    fn stem(family: &str, given: &str, patronymic: &str) -> String {
        login_stem(&FullName {
            family_name: family.parse().unwrap(),
            given_name: given.parse().unwrap(),
            patronymic: (!patronymic.is_empty()).then(|| patronymic.parse().unwrap()),
        })
    }

    #[test]
    fn logins_are_made_as_the_rules_say() {
        assert_eq!(stem("новый", "новый", "новый"), "nnnovyi");
        assert_eq!(stem("Щукин", "Юрий", "Щербакович"), "iushchshchukin");
        assert_eq!(stem("Объедков", "Яков", ""), "iaobieedkov");
        assert_eq!(stem("Соль-Илецкая", "Ёлка", "Эдуардовна"), "eesoliletskaia");
        assert_eq!(stem("Müller", "Jörg", ""), "jmuller");
        assert_eq!(stem("Ь", "Ь", "Ь"), "user");
        assert_eq!(stem("Константинопольский-Задунайский", "Христофор", ""), "khkonstantinopolskii");
    }

    proptest! {
        #[test]
        fn every_name_gives_a_login(family in "[А-Яа-яёЁ]{1,40}", given in "[А-Яа-яёЁ]{1,40}|[A-Za-z]{1,40}", number in 1_u32..) {
            let name = FullName { family_name: family.parse().unwrap(), given_name: given.parse().unwrap(), patronymic: None };
            let stem = login_stem(&name);
            prop_assert!((1..=20).contains(&stem.len()));
            prop_assert!(Login::numbered(&stem, number).is_ok());
        }
    }
}
