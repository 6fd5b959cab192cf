//! Cursors of the queue: a place in it, opaque to others, refused where damaged.

use chrono::DateTime;
use uuid::Uuid;

use super::store::Place;
use crate::cursor::{open, seal};
use crate::db::types::Id;

/// The form of a cursor and the list it belongs to: no other list's begins so.
const FORM: [u8; 2] = [1, 130];

/// The cursor of a place.
pub(super) fn write((at, id): Place) -> String {
    let mut bytes = FORM.to_vec();
    bytes.extend_from_slice(&at.and_utc().timestamp_micros().to_be_bytes());
    bytes.extend_from_slice(id.0.as_bytes());
    seal(bytes)
}

/// The place of a cursor; nothing where it is damaged or belongs to another list.
pub(super) fn read(cursor: &str) -> Option<Place> {
    let bytes = open(cursor)?;
    let (at, id) = bytes.strip_prefix(&FORM)?.split_at_checked(8)?;
    let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
    Some((at.naive_utc(), Id(Uuid::from_slice(id).ok()?)))
}
