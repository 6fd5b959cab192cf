//! Cursors of the list of applications: a place in it, opaque to others, refused where damaged.

use super::store::Place;
use crate::cursor::{open_moment, seal_moment};

/// The form of a cursor and the list it belongs to: no other list's begins so.
const FORM: [u8; 2] = [1, 128];

/// The cursor of a place.
pub(super) fn write((at, id): Place) -> String {
    seal_moment(&FORM, at, id)
}

/// The place of a cursor; nothing where it is damaged or belongs to another list.
pub(super) fn read(cursor: &str) -> Option<Place> {
    open_moment(&FORM, cursor)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::db::types::Id;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_not_when_damaged() {
        let at = DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap().naive_utc();
        let place = (at, Id(Uuid::from_u128(7)));
        let cursor = write(place);
        assert_eq!(read(&cursor), Some(place));
        for cut in 0..cursor.len() {
            assert_eq!(read(&cursor[..cut]), None);
        }
        assert_eq!(read("кот"), None);
        assert_eq!(read(&cursor.replace(&cursor[4..5], "-")), None);
    }
}
