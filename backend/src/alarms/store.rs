//! Rows of alarms.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Text, Timestamp};
use epos_shared::api::esia::{Alarm, AlarmState};
use epos_shared::api::page::EXACT_COUNT_LIMIT;
use epos_shared::ids::AlarmId;

use crate::cursor::{Cut, From, MomentPlace, cut};
use crate::db::schema::alarms as t;
use crate::db::types::{DbUuid, Id};
use crate::db::{Conn, DbError, MultiBackend};

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
pub(super) struct Row {
    pub id: Id,
    pub code: String,
    pub detail: String,
    pub first_at: NaiveDateTime,
    pub last_at: NaiveDateTime,
    pub occurrences: i32,
    pub resolved_at: Option<NaiveDateTime>,
}

impl Row {
    /// An alarm's place among the others.
    pub fn place(&self) -> MomentPlace {
        (self.last_at, self.id)
    }
}

impl std::convert::From<Row> for Alarm {
    fn from(row: Row) -> Self {
        Self {
            id: AlarmId::from(row.id),
            code: row.code,
            detail: row.detail,
            first_at: row.first_at.and_utc(),
            last_at: row.last_at.and_utc(),
            occurrences: u32::try_from(row.occurrences).unwrap_or_default(),
            resolved_at: row.resolved_at.map(|at| at.and_utc()),
        }
    }
}

/// Writes a new alarm, or counts one more time in the open one.
pub(super) fn raise(
    conn: &mut Conn,
    id: Id,
    code: &str,
    detail: &str,
    now: NaiveDateTime,
) -> Result<(), DbError> {
    // One statement, so that two at once are one row that counts two.
    sql_query(
        "INSERT INTO alarms (id, code, detail, first_at, last_at, occurrences) VALUES ($1, $2, $3, $4, $4, 1) \
         ON CONFLICT (code) WHERE resolved_at IS NULL DO UPDATE SET \
           last_at = excluded.last_at, detail = excluded.detail, occurrences = alarms.occurrences + 1",
    )
    .bind::<DbUuid, _>(id)
    .bind::<Text, _>(code)
    .bind::<Text, _>(detail)
    .bind::<Timestamp, _>(now)
    .execute(conn)?;
    Ok(())
}

type Boxed<'a> = t::BoxedQuery<'a, MultiBackend>;

fn of_state<'a>(state: AlarmState) -> Boxed<'a> {
    match state {
        AlarmState::Open => t::table.filter(t::resolved_at.is_null()).into_boxed(),
        AlarmState::Resolved => t::table.filter(t::resolved_at.is_not_null()).into_boxed(),
    }
}

/// A page of rows, the latest first.
pub(super) fn page(
    conn: &mut Conn,
    state: AlarmState,
    from: &From<MomentPlace>,
    limit: usize,
) -> QueryResult<Cut<Row>> {
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let query = match from {
        From::Start => of_state(state),
        From::After((at, id)) => {
            of_state(state).filter(t::last_at.lt(at).or(t::last_at.eq(at).and(t::id.lt(id))))
        }
        From::Before((at, id)) => {
            of_state(state).filter(t::last_at.gt(at).or(t::last_at.eq(at).and(t::id.gt(id))))
        }
    };
    let query = if from.is_backwards() {
        query.order((t::last_at.asc(), t::id.asc()))
    } else {
        query.order((t::last_at.desc(), t::id.desc()))
    };
    Ok(cut(from, query.limit(wanted).select(Row::as_select()).load(conn)?, limit))
}

/// How many there are, counted to one above what is told exactly.
pub(super) fn count(conn: &mut Conn, state: AlarmState) -> QueryResult<u32> {
    let ids: Vec<Id> = of_state(state).select(t::id).limit(i64::from(EXACT_COUNT_LIMIT) + 1).load(conn)?;
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<Row>> {
    t::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// Ends an alarm; false where it is not open.
pub(super) fn resolve(conn: &mut Conn, id: Id, account: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let open = t::table.find(id).filter(t::resolved_at.is_null());
    let set = (t::resolved_at.eq(now), t::resolved_by_account_id.eq(account));
    Ok(diesel::update(open).set(set).execute(conn)? == 1)
}
