//! The outbox in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::schema::letters as t;
use crate::db::types::Id;
use crate::db::{Conn, DbError};

/// How many due letters are looked at, to claim one of them.
const CANDIDATES: i64 = 16;

#[derive(Insertable)]
#[diesel(table_name = t)]
pub(super) struct NewRow<'a> {
    pub id: Id,
    pub kind: &'a str,
    pub recipient: &'a str,
    pub subject: &'a str,
    pub body: Vec<u8>,
    pub created_at: NaiveDateTime,
    pub next_attempt_at: NaiveDateTime,
}

pub(super) fn insert(conn: &mut Conn, row: &NewRow<'_>) -> Result<(), DbError> {
    diesel::insert_into(t::table).values(row).execute(conn)?;
    Ok(())
}

/// A letter as it is kept.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
pub(super) struct Row {
    pub id: Id,
    pub kind: String,
    pub recipient: String,
    pub subject: String,
    pub body: Vec<u8>,
    pub created_at: NaiveDateTime,
    pub attempts: i32,
    pub lease_token: i64,
}

/// Letters whose time has come and that nobody sends, with their tokens: the longest waiting first.
pub(super) fn due(conn: &mut Conn, now: NaiveDateTime) -> Result<Vec<(Id, i64)>, DbError> {
    let free = t::table
        .filter(t::sent_at.is_null())
        .filter(t::failed_at.is_null())
        .filter(t::next_attempt_at.le(now))
        .filter(t::leased_until.is_null().or(t::leased_until.le(now)));
    let first = free.order((t::next_attempt_at.asc(), t::id.asc())).limit(CANDIDATES);
    Ok(first.select((t::id, t::lease_token)).load(conn)?)
}

/// Claims a letter, if it is still as it was seen: of two at once one succeeds, by the row count of the one
/// statement. The attempt is counted here, so that one that takes its process down is counted too.
pub(super) fn claim(
    conn: &mut Conn,
    (id, seen): (Id, i64),
    now: NaiveDateTime,
    until: NaiveDateTime,
) -> Result<Option<Row>, DbError> {
    let free = t::table
        .find(id)
        .filter(t::lease_token.eq(seen))
        .filter(t::sent_at.is_null())
        .filter(t::failed_at.is_null())
        .filter(t::next_attempt_at.le(now))
        .filter(t::leased_until.is_null().or(t::leased_until.le(now)));
    let lease = (
        t::lease_token.eq(seen.saturating_add(1)),
        t::leased_until.eq(until),
        t::attempts.eq(t::attempts + 1),
    );
    if diesel::update(free).set(lease).execute(conn)? == 0 {
        return Ok(None);
    }
    Ok(Some(t::table.find(id).select(Row::as_select()).first(conn)?))
}

/// What is written of a letter.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = t)]
pub(super) struct Change {
    pub sent_at: Option<NaiveDateTime>,
    pub failed_at: Option<NaiveDateTime>,
    pub next_attempt_at: Option<NaiveDateTime>,
    /// `Some(None)`: nothing went wrong.
    pub failure: Option<Option<String>>,
    pub leased_until: Option<Option<NaiveDateTime>>,
    pub body: Option<Vec<u8>>,
}

/// Writes what became of a letter, if it is still held under this token.
pub(super) fn note(conn: &mut Conn, id: Id, token: i64, change: &Change) -> Result<bool, DbError> {
    let mine = t::table
        .find(id)
        .filter(t::lease_token.eq(token))
        .filter(t::sent_at.is_null())
        .filter(t::failed_at.is_null());
    Ok(diesel::update(mine).set(change).execute(conn)? == 1)
}

/// The newest letters that can still be read.
pub(super) fn newest(conn: &mut Conn, limit: i64) -> Result<Vec<Row>, DbError> {
    let readable = t::table.filter(t::body.ne(Vec::<u8>::new()));
    let first = readable.order((t::created_at.desc(), t::id.desc())).limit(limit);
    Ok(first.select(Row::as_select()).load(conn)?)
}
