//! Keys that names are searched and sorted by. Case is never folded in SQL (`lower('АБВ')` does nothing in
//! SQLite): columns hold these keys and are compared bytewise, which gives the Russian order.

/// The search key of a text: lower case, ё → е, white space folded to single spaces.
///
/// ```
/// assert_eq!(epos_shared::search::search_key("  Королёва  АЛЁНА "), "королева алена");
/// ```
#[must_use]
pub fn search_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        for c in word.chars().flat_map(char::to_lowercase) {
            key.push(if c == 'ё' { 'е' } else { c });
        }
    }
    key
}

/// The words of a text as they are searched by their beginnings: letters and digits, everything else parts
/// them. Each word once, in the order of its first appearance.
#[must_use]
pub fn search_tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for word in search_key(text).split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() && !tokens.iter().any(|known| known == word) {
            tokens.push(word.to_owned());
        }
    }
    tokens
}

/// The end of the range of keys that begin with `prefix`: `key >= prefix AND key < prefix_end(prefix)`.
/// Nothing where there is no such end (an empty prefix).
#[must_use]
pub fn prefix_end(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Surrogates are no characters: the next code point after U+D7FF is U+E000.
        let next = match u32::from(last) {
            0xd7ff => Some('\u{e000}'),
            code => char::from_u32(code + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_fold_case_yo_and_spaces() {
        assert_eq!(search_key("  Королёва  АЛЁНА\tИвановна "), "королева алена ивановна");
        assert_eq!(search_tokens("Салтыков-Щедрин М. Е. салтыков"), ["салтыков", "щедрин", "м", "е"]);
    }

    #[test]
    fn the_order_of_keys_is_the_russian_order() {
        let mut names = ["Яковлев", "Ёлкин", "Абрамов", "Ежов", "Жуков"];
        names.sort_by_key(|name| search_key(name));
        assert_eq!(names, ["Абрамов", "Ежов", "Ёлкин", "Жуков", "Яковлев"]);
    }

    proptest! {
        #[test]
        fn the_range_holds_exactly_what_begins_with_the_prefix(prefix in "\\PC{1,6}", rest in "\\PC{0,6}", other in "\\PC{0,8}") {
            let end = prefix_end(&prefix).unwrap();
            let inside = format!("{prefix}{rest}");
            prop_assert!(inside >= prefix && inside < end);
            prop_assert_eq!(other >= prefix && other < end, other.starts_with(&prefix));
        }

        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,40}") {
            let key = search_key(&text);
            prop_assert_eq!(search_key(&key), key);
        }
    }
}
