//! Cursors of the list of alarms.

use super::store::Place;
use crate::cursor::{From, open_moment, seal_moment, start};
use crate::error::ApiError;

/// The list a cursor belongs to; another form of it gets another number.
const LIST: [u8; 1] = [97];

pub(super) fn of(place: Place) -> String {
    seal_moment(&LIST, place.at, place.id)
}

fn read(cursor: &str) -> Option<Place> {
    open_moment(&LIST, cursor).map(|(at, id)| Place { at, id })
}

/// Where a page begins.
///
/// # Errors
/// `invalid-cursor`, `malformed-parameter`.
pub(super) fn from(after: Option<&String>, before: Option<&String>) -> Result<From<Place>, ApiError> {
    start(after, before, read)
}
