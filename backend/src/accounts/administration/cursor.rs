//! Cursors of the lists of support: a row's place, opaque to others, refused where damaged.

use chrono::DateTime;
use uuid::Uuid;

use crate::audit::Moment;
use crate::cursor::{From, open, seal, start};
use crate::db::types::Id;
use crate::error::ApiError;

/// The list a cursor belongs to; another form of it gets another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Accounts = 64,
    Journal = 65,
}

/// An account's place in the order of the names.
pub(super) type Named = (String, Id);

fn write(list: List, id: Id, key: &[u8]) -> String {
    let mut bytes = vec![list as u8];
    bytes.extend_from_slice(id.0.as_bytes());
    bytes.extend_from_slice(key);
    seal(bytes)
}

fn read(list: List, cursor: &str) -> Option<(Id, Vec<u8>)> {
    let bytes = open(cursor)?;
    let (id, key) = bytes.strip_prefix(&[list as u8])?.split_at_checked(16)?;
    Some((Id(Uuid::from_slice(id).ok()?), key.to_vec()))
}

pub(super) fn of_account((key, id): &Named) -> String {
    write(List::Accounts, *id, key.as_bytes())
}

pub(super) fn of_entry(place: Moment) -> String {
    write(List::Journal, place.id, &place.at.and_utc().timestamp_micros().to_be_bytes())
}

fn account(cursor: &str) -> Option<Named> {
    let (id, key) = read(List::Accounts, cursor)?;
    Some((String::from_utf8(key).ok()?, id))
}

fn entry(cursor: &str) -> Option<Moment> {
    let (id, key) = read(List::Journal, cursor)?;
    let micros = i64::from_be_bytes(key.as_slice().try_into().ok()?);
    Some(Moment { at: DateTime::from_timestamp_micros(micros)?.naive_utc(), id })
}

/// Where a page of accounts begins.
///
/// # Errors
/// `invalid-cursor`, `malformed-parameter`.
pub(super) fn accounts(after: Option<&String>, before: Option<&String>) -> Result<From<Named>, ApiError> {
    start(after, before, account)
}

/// Where a page of the journal begins.
///
/// # Errors
/// `invalid-cursor`, `malformed-parameter`.
pub(super) fn journal(after: Option<&String>, before: Option<&String>) -> Result<From<Moment>, ApiError> {
    start(after, before, entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_and_those_of_another_list_or_changed_ones_do_not() {
        let place = ("королева алена".to_owned(), Id(Uuid::from_u128(7)));
        let cursor = of_account(&place);
        assert_eq!(account(&cursor), Some(place));
        assert_eq!(entry(&cursor), None);
        let at = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap().naive_utc();
        let moment = Moment { at, id: Id(Uuid::from_u128(9)) };
        assert_eq!(entry(&of_entry(moment)), Some(moment));
        for place in 0..cursor.len() {
            let mut damaged = cursor.clone().into_bytes();
            damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(account(std::str::from_utf8(&damaged).unwrap()), None, "at {place}");
        }
        for nonsense in ["", "x", "?", "AAAA", "кот"] {
            assert_eq!(account(nonsense), None);
        }
    }
}
