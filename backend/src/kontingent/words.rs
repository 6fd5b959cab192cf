//! What a card is searched by, and how a typed query is taken apart.

use epos_shared::api::organizations::MAX_QUERY_LENGTH;
use epos_shared::search::{search_key, search_tokens};
use epos_shared::values::{Email, FullName};

/// The most words of a query.
const MAX_WORDS: usize = 10;

/// What parts the pieces of a word of a name (`PersonName` allows no others).
const PARTING: [char; 3] = ['-', '\'', '.'];

/// The words of a card besides the one its name begins with, which the key of the name finds: of ФИО each with
/// its pieces («Салтыков-Щедрин» also as «щедрин»), of login and e-mail whole and in their parts, so that
/// «Щедрин», `iivanov_1` and `ivanova@mail` are all beginnings of one.
pub(super) fn of_card(name: &FullName, login: &str, email: Option<&Email>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (place, word) in search_key(&name.to_string()).split(' ').enumerate() {
        if place > 0 {
            words.push(word.to_owned());
        }
        let pieces = word.match_indices(PARTING).filter_map(|(at, _)| word.get(at + 1..));
        words.extend(pieces.filter(|piece| !piece.is_empty()).map(str::to_owned));
    }
    words.push(login.to_owned());
    if let Some(email) = email {
        let key = email.key();
        words.extend(search_tokens(&key));
        words.push(key);
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The words of an account: those of a card, and the one its name begins with.
#[must_use]
pub fn of_account(name: &FullName, user_name: &str, email: &Email) -> Vec<String> {
    let mut words = of_card(name, user_name, Some(email));
    words.extend(search_key(&name.to_string()).split(' ').next().map(str::to_owned));
    words.sort_unstable();
    words.dedup();
    words
}

/// A query cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// The words of a query, each to be found at the beginning of one of a card's words; none where there is
/// nothing to search for. Nothing in them means anything to the database.
///
/// # Errors
/// More than 200 characters or 10 words.
pub(super) fn of_query(query: &str) -> Result<Vec<String>, TooLong> {
    if query.chars().count() > MAX_QUERY_LENGTH {
        return Err(TooLong);
    }
    let mut words: Vec<String> = Vec::new();
    for word in search_key(query).split([' ', ',', ';']).filter(|word| !word.is_empty()) {
        if word.contains('@') {
            // Internationalised domains are stored in their ASCII form.
            words.push(word.parse::<Email>().map_or_else(|_| word.to_owned(), |email| email.key()));
        } else {
            // «Иванов И.И.»
            words.extend(word.split('.').filter(|part| !part.is_empty()).map(str::to_owned));
        }
    }
    words.sort_unstable();
    words.dedup();
    if words.len() > MAX_WORDS { Err(TooLong) } else { Ok(words) }
}

/// The words of a query for organizations, taken apart as their names are: «СОШ № 12», «школа-интернат».
/// What has no word in it, as «%», is one that no name has.
///
/// # Errors
/// More than 200 characters or 10 words.
pub(super) fn of_organization_query(query: &str) -> Result<Vec<String>, TooLong> {
    if query.chars().count() > MAX_QUERY_LENGTH {
        return Err(TooLong);
    }
    let mut words = search_tokens(query);
    if words.is_empty() {
        words.extend(Some(search_key(query)).filter(|typed| !typed.is_empty()));
    }
    if words.len() > MAX_WORDS { Err(TooLong) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_found_by_its_words_and_by_their_parts() {
        let name = FullName {
            family_name: "Салтыков-Щедрин".parse().unwrap(),
            given_name: "Фёдор".parse().unwrap(),
            patronymic: None,
        };
        let email: Email = "F.Saltykov@Школа.рф".parse().unwrap();
        assert_eq!(
            of_card(&name, "fsaltykovshchedrin_2", Some(&email)),
            [
                "80atdl2c",
                "f",
                "f.saltykov@xn--80atdl2c.xn--p1ai",
                "fsaltykovshchedrin_2",
                "p1ai",
                "saltykov",
                "xn",
                "федор",
                "щедрин"
            ]
        );
    }

    #[test]
    fn a_query_is_taken_apart_as_people_write() {
        let words = |query| of_query(query).unwrap();
        assert_eq!(words("  Иванов И.И.  "), ["и", "иванов"]);
        assert_eq!(words("Алёна, КОРОЛЁВА"), ["алена", "королева"]);
        assert_eq!(words("ivanova@Школа.рф"), ["ivanova@xn--80atdl2c.xn--p1ai"]);
        assert_eq!(words("iivanov_1 50%"), ["50%", "iivanov_1"]);
        assert!(words(" .,; ").is_empty());
        assert_eq!(of_query(&"а".repeat(201)), Err(TooLong));
        assert_eq!(of_query("а б в г д е ж з и к л"), Err(TooLong));
        assert_eq!(of_organization_query("СОШ № 12").unwrap(), ["сош", "12"]);
        assert_eq!(of_organization_query("«Школа-интернат»").unwrap(), ["школа", "интернат"]);
        assert_eq!(of_organization_query(" ").unwrap(), [""; 0]);
        assert_eq!(of_organization_query(" % ").unwrap(), ["%"]);
        assert_eq!(of_organization_query(&"а".repeat(201)), Err(TooLong));
        assert_eq!(of_organization_query("а б в г д е ж з и к л"), Err(TooLong));
    }
}
