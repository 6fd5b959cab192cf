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

/// The cursors of a list that is sorted by a moment: the bytes that its cursors, and those of no other list, begin with.
pub(crate) struct ByMoment<const N: usize>(pub [u8; N]);

/// A place in such a list.
pub(crate) type MomentPlace = (NaiveDateTime, Id);

impl<const N: usize> ByMoment<N> {
    /// The cursor of a place.
    pub(crate) fn write(&self, (at, id): MomentPlace) -> String {
        let mut place = self.0.to_vec();
        place.extend_from_slice(&at.and_utc().timestamp_micros().to_be_bytes());
        place.extend_from_slice(id.0.as_bytes());
        seal(place)
    }

    /// The place of a cursor; nothing where it is damaged or belongs to another list.
    pub(crate) fn read(&self, cursor: &str) -> Option<MomentPlace> {
        let place = open(cursor)?;
        let (at, id) = place.strip_prefix(&self.0)?.split_at_checked(8)?;
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
        Some((at.naive_utc(), Id(Uuid::from_slice(id).ok()?)))
    }
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

impl<T> From<T> {
    /// The place that rows are read from; none at the beginning of the list.
    pub(crate) fn place(&self) -> Option<&T> {
        match self {
            From::Start => None,
            From::After(place) | From::Before(place) => Some(place),
        }
    }

    /// Whether rows are read against the order of the list.
    pub(crate) fn is_backwards(&self) -> bool {
        matches!(self, From::Before(_))
    }
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

/// Rows of one page, in the order of the list.
pub(crate) struct Cut<R> {
    pub rows: Vec<R>,
    pub has_next: bool,
    pub has_previous: bool,
}

/// Rows as they were read from a place on, one more than the page holds, made the page.
pub(crate) fn cut<T, R>(from: &From<T>, mut rows: Vec<R>, limit: usize) -> Cut<R> {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    // The row a cursor was made from stands on its other side, or stood there a moment ago.
    let (has_next, has_previous) = match from {
        From::Start => (has_more, false),
        From::After(_) => (has_more, true),
        From::Before(_) => {
            rows.reverse();
            (true, has_more)
        }
    };
    Cut { rows, has_next, has_previous }
}

impl<R> Cut<R> {
    /// The cursor of what follows the page.
    pub(crate) fn next(&self, write: impl FnOnce(&R) -> String) -> Option<String> {
        self.rows.last().filter(|_| self.has_next).map(write)
    }

    /// The cursor of what stands before the page.
    pub(crate) fn previous(&self, write: impl FnOnce(&R) -> String) -> Option<String> {
        self.rows.first().filter(|_| self.has_previous).map(write)
    }
}

/// Rows of a boxed query from a place on (that one left out), the oldest first, or backwards from it: as many as are
/// asked for, by the columns `created_at` and `id` of their table.
macro_rules! oldest_first {
    ($table:ident, $query:expr, $from:expr, $limit:expr) => {{
        let from: &$crate::cursor::From<$crate::cursor::MomentPlace> = $from;
        let mut query = $query;
        if let Some(&(at, id)) = from.place() {
            query = if from.is_backwards() {
                query.filter($table::created_at.lt(at).or($table::created_at.eq(at).and($table::id.lt(id))))
            } else {
                query.filter($table::created_at.gt(at).or($table::created_at.eq(at).and($table::id.gt(id))))
            };
        }
        let query = query.limit(i64::try_from($limit).unwrap_or(i64::MAX));
        if from.is_backwards() {
            query.order(($table::created_at.desc(), $table::id.desc()))
        } else {
            query.order(($table::created_at.asc(), $table::id.asc()))
        }
    }};
}
pub(crate) use oldest_first;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_not_when_damaged_or_of_another_list() {
        let list = ByMoment([1, 128]);
        let at = DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap().naive_utc();
        let place = (at, Id(Uuid::from_u128(7)));
        let cursor = list.write(place);
        assert_eq!(list.read(&cursor), Some(place));
        assert_eq!(ByMoment([1, 129]).read(&cursor), None);
        for cut in 0..cursor.len() {
            assert_eq!(list.read(&cursor[..cut]), None);
        }
        assert_eq!(list.read("кот"), None);
        assert_eq!(list.read(&cursor.replace(&cursor[4..5], "-")), None);
    }

    #[test]
    fn a_page_is_cut_of_one_row_more_and_stands_in_the_order_of_the_list() {
        let page = |from, rows: &[u8]| {
            let cut = cut(&from, rows.to_vec(), 2);
            (cut.rows.clone(), cut.previous(u8::to_string), cut.next(u8::to_string))
        };
        let cursor = |row: u8| Some(row.to_string());
        assert_eq!(page(From::<u8>::Start, &[]), (vec![], None, None));
        assert_eq!(page(From::Start, &[1, 2]), (vec![1, 2], None, None));
        assert_eq!(page(From::Start, &[1, 2, 3]), (vec![1, 2], None, cursor(2)));
        assert_eq!(page(From::After(2), &[3]), (vec![3], cursor(3), None));
        assert_eq!(page(From::After(2), &[3, 4, 5]), (vec![3, 4], cursor(3), cursor(4)));
        assert_eq!(page(From::Before(3), &[2, 1]), (vec![1, 2], None, cursor(2)));
        assert_eq!(page(From::Before(4), &[3, 2, 1]), (vec![2, 3], cursor(2), cursor(3)));
    }
}
