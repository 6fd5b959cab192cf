//! Rows of alarms.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Text, Timestamp};
use epos_shared::api::esia::{Alarm, AlarmState};
use epos_shared::api::page::EXACT_COUNT_LIMIT;
use epos_shared::ids::AlarmId;

use crate::cursor::From;
use crate::db::schema::alarms as t;
use crate::db::types::{DbUuid, Id};
use crate::db::{Conn, DbError, MultiBackend};

/// An alarm's place among the others: the latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub at: NaiveDateTime,
    pub id: Id,
}

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
    pub fn place(&self) -> Place {
        Place { at: self.last_at, id: self.id }
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

/// Rows of a page, the latest first, and whether there are more of them beyond it.
pub(super) fn page(
    conn: &mut Conn,
    state: AlarmState,
    from: From<Place>,
    limit: usize,
) -> QueryResult<(Vec<Row>, bool)> {
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1;
    let is_back = matches!(from, From::Before(_));
    let query = match from {
        From::Start => of_state(state),
        From::After(place) => of_state(state)
            .filter(t::last_at.lt(place.at).or(t::last_at.eq(place.at).and(t::id.lt(place.id)))),
        From::Before(place) => of_state(state)
            .filter(t::last_at.gt(place.at).or(t::last_at.eq(place.at).and(t::id.gt(place.id)))),
    };
    let query = if is_back {
        query.order((t::last_at.asc(), t::id.asc()))
    } else {
        query.order((t::last_at.desc(), t::id.desc()))
    };
    let mut rows: Vec<Row> = query.limit(wanted).select(Row::as_select()).load(conn)?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    if is_back {
        rows.reverse();
    }
    Ok((rows, has_more))
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
