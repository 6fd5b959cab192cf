//! Cursors of the staff list: a row's place in an order, opaque to others, refused where damaged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use epos_shared::api::employees::EmployeeSort;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::list_store::{Key, Place};
use crate::db::types::Id;

/// The form of a cursor; another form gets another number.
const FORM: u8 = 1;
/// Bytes of the check sum.
const SUM: usize = 4;

const fn sort_number(sort: EmployeeSort) -> u8 {
    match sort {
        EmployeeSort::Name => 1,
        EmployeeSort::NameDescending => 2,
        EmployeeSort::Login => 3,
        EmployeeSort::LoginDescending => 4,
        EmployeeSort::Newest => 5,
        EmployeeSort::Oldest => 6,
    }
}

/// The cursor of a place.
pub(super) fn write(sort: EmployeeSort, place: &Place) -> String {
    let mut bytes = vec![FORM, sort_number(sort)];
    bytes.extend_from_slice(place.id.0.as_bytes());
    match &place.key {
        Key::Text(text) => bytes.extend_from_slice(text.as_bytes()),
        Key::Moment(moment) => bytes.extend_from_slice(&moment.and_utc().timestamp_micros().to_be_bytes()),
    }
    let sum = Sha256::digest(&bytes);
    bytes.extend(sum.iter().take(SUM));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place of a cursor; nothing where it is damaged or belongs to another order.
pub(super) fn read(sort: EmployeeSort, cursor: &str) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (bytes, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
    if !Sha256::digest(bytes).starts_with(sum) {
        return None;
    }
    let key = bytes.strip_prefix(&[FORM, sort_number(sort)])?;
    let (id, key) = key.split_at_checked(16)?;
    let key = match sort {
        EmployeeSort::Newest | EmployeeSort::Oldest => {
            let micros = i64::from_be_bytes(key.try_into().ok()?);
            Key::Moment(DateTime::from_timestamp_micros(micros)?.naive_utc())
        }
        _ => Key::Text(std::str::from_utf8(key).ok()?.to_owned()),
    };
    Some(Place { key, id: Id(Uuid::from_slice(id).ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { key: Key::Text("королева алена".to_owned()), id: Id(Uuid::from_u128(7)) }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = write(EmployeeSort::Name, &place());
        assert_eq!(read(EmployeeSort::Name, &cursor), Some(place()));
        let moment = DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap().naive_utc();
        let place = Place { key: Key::Moment(moment), id: Id(Uuid::from_u128(8)) };
        assert_eq!(read(EmployeeSort::Oldest, &write(EmployeeSort::Oldest, &place)), Some(place));
    }

    #[test]
    fn a_cursor_of_another_order_or_with_one_letter_changed_is_refused() {
        let cursor = write(EmployeeSort::Name, &place());
        assert_eq!(read(EmployeeSort::NameDescending, &cursor), None);
        assert_eq!(read(EmployeeSort::Newest, &cursor), None);
        for at in 0..cursor.len() {
            let mut damaged = cursor.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(read(EmployeeSort::Name, std::str::from_utf8(&damaged).unwrap()), None, "at {at}");
            assert_eq!(read(EmployeeSort::Name, &cursor[..at]), None);
        }
        for nonsense in ["", "x", "?", "AAAA", "кот"] {
            assert_eq!(read(EmployeeSort::Name, nonsense), None);
        }
    }
}
