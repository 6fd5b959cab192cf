//! Cursors of the list of applications.

use super::store::Place;
use crate::cursor::{open_moment, seal_moment};

/// The form of a cursor and the list it belongs to: no other list's begins so.
const FORM: [u8; 2] = [1, 132];

/// The cursor of a place.
pub(super) fn write((at, id): Place) -> String {
    seal_moment(&FORM, at, id)
}

/// The place of a cursor; nothing where it is damaged or belongs to another list.
pub(super) fn read(cursor: &str) -> Option<Place> {
    open_moment(&FORM, cursor)
}
