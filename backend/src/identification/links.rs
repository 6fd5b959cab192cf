//! Which account is joined with which person at Госуслуги, one to one at a time.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;

use crate::context::Context;
use crate::db::Conn;
use crate::db::schema::esia_links as t;
use crate::db::types::Id;

/// The account a person at Госуслуги is joined with.
pub(super) fn account_of(conn: &mut Conn, oid: &str) -> QueryResult<Option<Id>> {
    t::table.filter(t::oid.eq(oid)).filter(t::ended_at.is_null()).select(t::account_id).first(conn).optional()
}

/// The person an account is joined with, and since when.
pub(super) fn of_account(conn: &mut Conn, account: Id) -> QueryResult<Option<(String, NaiveDateTime)>> {
    t::table
        .filter(t::account_id.eq(account))
        .filter(t::ended_at.is_null())
        .select((t::oid, t::linked_at))
        .first(conn)
        .optional()
}

/// Joins; the database refuses where either is joined already.
pub(super) fn join(conn: &mut Conn, context: &Context, account: Id, oid: &str) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values((
            t::id.eq(context.id()),
            t::account_id.eq(account),
            t::oid.eq(oid),
            t::linked_at.eq(context.db_now()),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Takes an account and its person apart; false where they were not joined.
pub(super) fn end(conn: &mut Conn, account: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let joined = t::table.filter(t::account_id.eq(account)).filter(t::ended_at.is_null());
    Ok(diesel::update(joined).set(t::ended_at.eq(now)).execute(conn)? == 1)
}
