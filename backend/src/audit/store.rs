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
