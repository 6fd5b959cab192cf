//! What is searched for in the journal, as it stands in the address bar.

use epos_shared::api::journal::{JournalResult, JournalSearch};

use crate::api::journal;
use crate::pages::kontingent::JOURNAL;

/// What stands in the address; what cannot be read is left out.
#[must_use]
pub fn read(parameter: impl Fn(&str) -> Option<String>) -> JournalSearch {
    let text =
        |name: &str| parameter(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    JournalSearch {
        person: text("person"),
        object: text("object").and_then(|id| id.parse().ok()),
        who: text("who"),
        actor: text("actor").and_then(|id| id.parse().ok()),
        action: text("action"),
        result: text("result")
            .and_then(|result| JournalResult::ALL.into_iter().find(|known| known.as_str() == result)),
        from: text("from").and_then(|day| day.parse().ok()),
        to: text("to").and_then(|day| day.parse().ok()),
        organization: text("organization").and_then(|id| id.parse().ok()),
        after: text("after"),
        before: text("before"),
        limit: None,
    }
}

/// The address of the page with this search.
#[must_use]
pub fn address(search: &JournalSearch) -> String {
    journal::address(JOURNAL, search)
}

/// The same search from its first page on.
#[must_use]
pub fn from_the_start(search: JournalSearch) -> JournalSearch {
    JournalSearch { after: None, before: None, ..search }
}

/// Whether something is searched for.
#[must_use]
pub fn narrowed(search: &JournalSearch) -> bool {
    from_the_start(search.clone()) != JournalSearch::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_as_it_was_written() {
        let id = "01920000-0000-7000-8000-000000000001";
        let search = JournalSearch {
            person: Some("иванова анна".to_owned()),
            object: id.parse().ok(),
            who: Some("петров".to_owned()),
            actor: id.parse().ok(),
            action: Some("cards".to_owned()),
            result: Some(JournalResult::Refused),
            from: "2026-09-01".parse().ok(),
            to: "2026-09-30".parse().ok(),
            organization: id.parse().ok(),
            after: Some("x".to_owned()),
            before: None,
            limit: None,
        };
        let address = address(&search);
        let parameters = address.split_once('?').unwrap().1;
        let read = read(|name| {
            let value = parameters.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
            // The browser takes the percents away.
            let mut bytes = Vec::new();
            let mut rest = value.as_bytes();
            while let Some((first, more)) = rest.split_first() {
                if *first == b'%' {
                    bytes.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
                    rest = &more[2..];
                } else {
                    bytes.push(*first);
                    rest = more;
                }
            }
            String::from_utf8(bytes).ok()
        });
        assert_eq!(read, search);
        assert!(narrowed(&search) && !narrowed(&JournalSearch { after: search.after, ..Default::default() }));
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        assert_eq!(read(|_| Some(" ".to_owned())), JournalSearch::default());
        let wrong = read(|name| ["from", "result", "object"].contains(&name).then(|| "x".to_owned()));
        assert_eq!(wrong, JournalSearch::default());
    }
}
