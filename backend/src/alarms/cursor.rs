//! Cursors of the list of alarms.

use chrono::DateTime;
use uuid::Uuid;

use super::store::Place;
use crate::cursor::{From, open, seal, start};
use crate::db::types::Id;
use crate::error::ApiError;

/// The list a cursor belongs to; another form of it gets another number.
const LIST: u8 = 96;

pub(super) fn of(place: Place) -> String {
    let mut bytes = vec![LIST];
    bytes.extend_from_slice(place.id.0.as_bytes());
    bytes.extend_from_slice(&place.at.and_utc().timestamp_micros().to_be_bytes());
    seal(bytes)
}

fn read(cursor: &str) -> Option<Place> {
    let bytes = open(cursor)?;
    let (id, at) = bytes.strip_prefix(&[LIST])?.split_at_checked(16)?;
    let micros = i64::from_be_bytes(at.try_into().ok()?);
    Some(Place {
        at: DateTime::from_timestamp_micros(micros)?.naive_utc(),
        id: Id(Uuid::from_slice(id).ok()?),
    })
}

/// Where a page begins.
///
/// # Errors
/// `invalid-cursor`, `malformed-parameter`.
pub(super) fn from(after: Option<&String>, before: Option<&String>) -> Result<From<Place>, ApiError> {
    start(after, before, read)
}
