//! Rows of the journal and the head of their chain.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::schema::{audit_events, audit_heads};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::on;

/// The one chain there is.
const CHAIN: &str = "main";

#[derive(Insertable)]
#[diesel(table_name = audit_events)]
pub(super) struct NewRow {
    pub id: Id,
    pub at: NaiveDateTime,
    pub actor_account_id: Option<Id>,
    pub actor_employee_id: Option<Id>,
    pub action: &'static str,
    pub object_kind: &'static str,
    pub object_id: Option<Id>,
    pub organization_id: Option<Id>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub result: &'static str,
    pub details: String,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub(super) struct Row {
    pub id: Id,
    pub at: NaiveDateTime,
    pub actor_account_id: Option<Id>,
    pub actor_employee_id: Option<Id>,
    pub action: String,
    pub object_kind: String,
    pub object_id: Option<Id>,
    pub organization_id: Option<Id>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub result: String,
    pub details: String,
    pub position: Option<i64>,
    pub seal: Option<Vec<u8>>,
}

/// The last link: its position and its seal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(super) struct Head {
    pub position: i64,
    pub seal: Vec<u8>,
}

pub(super) fn insert(conn: &mut Conn, row: &NewRow) -> Result<(), DbError> {
    diesel::insert_into(audit_events::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn head(conn: &mut Conn) -> Result<Head, DbError> {
    let head = audit_heads::table
        .find(CHAIN)
        .select((audit_heads::position, audit_heads::seal))
        .first(conn)
        .optional()?;
    Ok(head.unwrap_or(Head { position: 0, seal: Vec::new() }))
}

/// Moves the head on, if it still stands where the caller saw it.
pub(super) fn move_head(conn: &mut Conn, from: i64, to: &Head) -> Result<bool, DbError> {
    if from == 0 {
        let values = (
            audit_heads::name.eq(CHAIN),
            audit_heads::position.eq(to.position),
            audit_heads::seal.eq(&to.seal),
        );
        let inserted = on!(conn, |c| diesel::insert_into(audit_heads::table)
            .values(values)
            .on_conflict_do_nothing()
            .execute(c))?;
        return Ok(inserted == 1);
    }
    let moved = diesel::update(audit_heads::table.find(CHAIN).filter(audit_heads::position.eq(from)))
        .set((audit_heads::position.eq(to.position), audit_heads::seal.eq(&to.seal)))
        .execute(conn)?;
    Ok(moved == 1)
}

pub(super) fn unsealed(conn: &mut Conn, limit: i64) -> Result<Vec<Row>, DbError> {
    Ok(audit_events::table
        .filter(audit_events::position.is_null())
        .order((audit_events::at, audit_events::id))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?)
}

pub(super) fn has_unsealed(conn: &mut Conn) -> Result<bool, DbError> {
    let waiting = audit_events::table.filter(audit_events::position.is_null());
    Ok(diesel::select(diesel::dsl::exists(waiting)).get_result(conn)?)
}

pub(super) fn count_unsealed(conn: &mut Conn) -> Result<i64, DbError> {
    Ok(audit_events::table.filter(audit_events::position.is_null()).count().get_result(conn)?)
}

pub(super) fn seal(conn: &mut Conn, id: Id, position: i64, seal: &[u8]) -> Result<bool, DbError> {
    let sealed = diesel::update(audit_events::table.find(id).filter(audit_events::position.is_null()))
        .set((audit_events::position.eq(position), audit_events::seal.eq(seal)))
        .execute(conn)?;
    Ok(sealed == 1)
}

/// Sealed rows after a position, in the order of the chain.
pub(super) fn sealed_after(conn: &mut Conn, position: i64, limit: i64) -> Result<Vec<Row>, DbError> {
    Ok(audit_events::table
        .filter(audit_events::position.gt(position))
        .order(audit_events::position)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?)
}

/// An entry, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its identifier.
    pub id: Id,
    /// When.
    pub at: NaiveDateTime,
    /// Who.
    pub actor: Option<Id>,
    /// What.
    pub action: String,
    /// Whether it was done.
    pub is_done: bool,
    /// From where.
    pub address: Option<String>,
    /// The details: JSON.
    pub details: String,
}

type Shown = (Id, NaiveDateTime, Option<Id>, String, String, Option<String>, String);

fn entry((id, at, actor, action, result, address, details): Shown) -> Entry {
    Entry { id, at, actor, action, is_done: result == "done", address, details }
}

/// A place in the order of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When.
    pub at: NaiveDateTime,
    /// The entry that stands there.
    pub id: Id,
}

/// Which side of an entry an account is on.
#[derive(Debug, Clone, Copy)]
enum Side {
    Actor,
    /// Only entries whose actor is another one: none is met twice.
    Object,
}

type Boxed<'a> = audit_events::BoxedQuery<'a, crate::db::MultiBackend>;

fn on_side<'a>(account: Id, side: Side) -> Boxed<'a> {
    use audit_events as t;
    let all = t::table.into_boxed();
    match side {
        Side::Actor => all.filter(t::actor_account_id.eq(account)),
        Side::Object => all
            .filter(t::object_id.eq(account))
            .filter(t::actor_account_id.is_null().or(t::actor_account_id.ne(account))),
    }
}

/// Entries that an account has made or that tell of it, at most `limit` of them: the newest first, from a place
/// on to older ones; with `newer`, the oldest first, from the place on to newer ones.
///
/// # Errors
/// The database fails.
pub fn concerning(
    conn: &mut Conn,
    account: Id,
    from: Option<Moment>,
    newer: bool,
    limit: usize,
) -> Result<Vec<Entry>, DbError> {
    use audit_events as t;
    let mut found: Vec<Entry> = Vec::new();
    for side in [Side::Actor, Side::Object] {
        let mut query = on_side(account, side).limit(i64::try_from(limit).unwrap_or(i64::MAX));
        if let Some(Moment { at, id }) = from {
            query = if newer {
                query.filter(t::at.ge(at)).filter(t::at.gt(at).or(t::id.gt(id)))
            } else {
                query.filter(t::at.le(at)).filter(t::at.lt(at).or(t::id.lt(id)))
            };
        }
        query = if newer {
            query.order((t::at.asc(), t::id.asc()))
        } else {
            query.order((t::at.desc(), t::id.desc()))
        };
        let rows: Vec<Shown> = query
            .select((t::id, t::at, t::actor_account_id, t::action, t::result, t::address, t::details))
            .load(conn)?;
        found.extend(rows.into_iter().map(entry));
    }
    found.sort_unstable_by_key(|entry| (entry.at, entry.id));
    if !newer {
        found.reverse();
    }
    found.truncate(limit);
    Ok(found)
}

/// How many entries concern an account, counted to at most `limit` on each side.
///
/// # Errors
/// The database fails.
pub fn count_concerning(conn: &mut Conn, account: Id, limit: u32) -> Result<u32, DbError> {
    let mut count = 0;
    for side in [Side::Actor, Side::Object] {
        let ids: Vec<Id> = on_side(account, side).limit(limit.into()).select(audit_events::id).load(conn)?;
        count += u32::try_from(ids.len()).unwrap_or(u32::MAX);
    }
    Ok(count)
}

/// What an account has done, the newest first.
///
/// # Errors
/// The database fails.
pub fn done_by(conn: &mut Conn, account: Id, limit: i64) -> Result<Vec<Entry>, DbError> {
    use audit_events as t;
    let rows: Vec<Shown> = on_side(account, Side::Actor)
        .order((t::at.desc(), t::id.desc()))
        .limit(limit)
        .select((t::id, t::at, t::actor_account_id, t::action, t::result, t::address, t::details))
        .load(conn)?;
    Ok(rows.into_iter().map(entry).collect())
}
