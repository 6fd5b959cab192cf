//! Cursors of the staff list: a row's place in an order, opaque to others, refused where damaged.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime};
use epos_shared::api::employees::EmployeeSort;
use uuid::Uuid;

use super::list_store::{Key, Place};
use crate::cursor::{open, seal};
use crate::db::types::Id;

/// The form of a cursor; another form gets another number.
const FORM: u8 = 1;

const fn sort_number(sort: EmployeeSort) -> u8 {
    match sort {
        EmployeeSort::Name => 1,
        EmployeeSort::NameDescending => 2,
        EmployeeSort::Login => 3,
        EmployeeSort::LoginDescending => 4,
        EmployeeSort::Newest => 5,
        EmployeeSort::Oldest => 6,
        EmployeeSort::Organization => 7,
        EmployeeSort::OrganizationDescending => 8,
        EmployeeSort::End => 9,
        EmployeeSort::EndDescending => 10,
        EmployeeSort::SignIn => 11,
        EmployeeSort::SignInDescending => 12,
    }
}

/// The cursor of a place.
pub(super) fn write(sort: EmployeeSort, place: &Place) -> String {
    let mut bytes = vec![FORM, sort_number(sort)];
    bytes.extend_from_slice(place.id.0.as_bytes());
    match &place.key {
        Key::Text(text) => bytes.extend_from_slice(text.as_bytes()),
        Key::Moment(moment) => bytes.extend_from_slice(&micros(*moment)),
        Key::End(day, name) => {
            bytes.extend_from_slice(&day.num_days_from_ce().to_be_bytes());
            bytes.extend_from_slice(name.as_bytes());
        }
        Key::SignIn(moment, name) => {
            bytes.extend_from_slice(&micros(*moment));
            bytes.extend_from_slice(name.as_bytes());
        }
        Key::Organization(key, organization, name) => {
            bytes.extend_from_slice(organization.0.as_bytes());
            bytes.extend_from_slice(key.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(name.as_bytes());
        }
    }
    seal(bytes)
}

fn micros(moment: NaiveDateTime) -> [u8; 8] {
    moment.and_utc().timestamp_micros().to_be_bytes()
}

/// The place of a cursor; nothing where it is damaged or belongs to another order.
pub(super) fn read(sort: EmployeeSort, cursor: &str) -> Option<Place> {
    let bytes = open(cursor)?;
    let key = bytes.strip_prefix(&[FORM, sort_number(sort)])?;
    let (id, key) = key.split_at_checked(16)?;
    let text = |bytes: &[u8]| Some(std::str::from_utf8(bytes).ok()?.to_owned());
    let moment = |bytes: &[u8]| {
        let micros = i64::from_be_bytes(bytes.try_into().ok()?);
        Some(DateTime::from_timestamp_micros(micros)?.naive_utc())
    };
    let key = match sort {
        EmployeeSort::Name
        | EmployeeSort::NameDescending
        | EmployeeSort::Login
        | EmployeeSort::LoginDescending => Key::Text(text(key)?),
        EmployeeSort::Newest | EmployeeSort::Oldest => Key::Moment(moment(key)?),
        EmployeeSort::End | EmployeeSort::EndDescending => {
            let (day, name) = key.split_at_checked(4)?;
            let day = NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(day.try_into().ok()?))?;
            Key::End(day, text(name)?)
        }
        EmployeeSort::SignIn | EmployeeSort::SignInDescending => {
            let (at, name) = key.split_at_checked(8)?;
            Key::SignIn(moment(at)?, text(name)?)
        }
        EmployeeSort::Organization | EmployeeSort::OrganizationDescending => {
            let (organization, names) = key.split_at_checked(16)?;
            let names = text(names)?;
            let (key, name) = names.split_once('\0')?;
            Key::Organization(key.to_owned(), Id(Uuid::from_slice(organization).ok()?), name.to_owned())
        }
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
        assert_eq!(read(EmployeeSort::Oldest, &write(EmployeeSort::Oldest, &place)), Some(place.clone()));
        let day = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();
        for (sort, key) in [
            (EmployeeSort::End, Key::End(day, "королева".to_owned())),
            (EmployeeSort::SignInDescending, Key::SignIn(moment, "королева".to_owned())),
            (EmployeeSort::SignIn, Key::SignIn(crate::kontingent::list_filter::NOT_BOUND, String::new())),
            (EmployeeSort::Organization, Key::Organization("маоу".to_owned(), place.id, "ким".to_owned())),
        ] {
            let place = Place { key, id: place.id };
            assert_eq!(read(sort, &write(sort, &place)), Some(place));
        }
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
