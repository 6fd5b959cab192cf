//! Cursors of keyset pages: a row's place, opaque to others, refused where damaged. What a place is made of, and
//! the bytes it begins with so that no list takes another's, is each list's own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDateTime};
use epos_shared::problem::{Problem, ProblemCode};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::db::types::Id;
use crate::error::ApiError;

/// Bytes of the check sum.
const SUM: usize = 4;

/// A place as it goes out.
pub(crate) fn seal(mut place: Vec<u8>) -> String {
    let sum = Sha256::digest(&place);
    place.extend(sum.iter().take(SUM));
    URL_SAFE_NO_PAD.encode(place)
}

/// The place of a cursor as it came back; nothing where it is damaged.
pub(crate) fn open(cursor: &str) -> Option<Vec<u8>> {
    let mut place = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let sum = place.split_off(place.len().checked_sub(SUM)?);
    Sha256::digest(&place).starts_with(&sum).then_some(place)
}

/// The place of a row in a list that is sorted by a moment, as it goes out. `list` is what the cursors of that list,
/// and of no other, begin with.
pub(crate) fn seal_moment(list: &[u8], at: NaiveDateTime, id: Id) -> String {
    let mut place = list.to_vec();
    place.extend_from_slice(&at.and_utc().timestamp_micros().to_be_bytes());
    place.extend_from_slice(id.0.as_bytes());
    seal(place)
}

/// The place of such a cursor; nothing where it is damaged or belongs to another list.
pub(crate) fn open_moment(list: &[u8], cursor: &str) -> Option<(NaiveDateTime, Id)> {
    let place = open(cursor)?;
    let (at, id) = place.strip_prefix(list)?.split_at_checked(8)?;
    let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
    Some((at.naive_utc(), Id(Uuid::from_slice(id).ok()?)))
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From<T> {
    /// At the beginning of the list.
    Start,
    /// Behind a place.
    After(T),
    /// Before a place.
    Before(T),
}

/// Where a page begins, by its parameters `after` and `before`.
///
/// # Errors
/// `invalid-cursor`, `malformed-parameter`.
pub(crate) fn start<T>(
    after: Option<&String>,
    before: Option<&String>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<From<T>, ApiError> {
    let read = |cursor: &String| {
        read(cursor).ok_or_else(|| {
            ApiError::from(Problem::new(ProblemCode::InvalidCursor).with_detail("Откройте список с начала."))
        })
    };
    match (after, before) {
        (None, None) => Ok(From::Start),
        (Some(after), None) => Ok(From::After(read(after)?)),
        (None, Some(before)) => Ok(From::Before(read(before)?)),
        (Some(_), Some(_)) => Err(ApiError::wrong_parameter("before", "Укажите либо after, либо before")),
    }
}
