//! The staff list as the database answers it: one filtered query for page, count and "is there more", and
//! one query each for what stands on a page's rows.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use epos_shared::api::employees::EmployeeSort;
use epos_shared::api::page::EXACT_COUNT_LIMIT;

use super::card_store::AssignmentRow;
use super::list_filter::{Filter, filtered};
use crate::db::schema::{accounts, bindings, employees, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};

/// Where a row stands in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Text(String),
    Moment(NaiveDateTime),
}

/// A row's place in an order: its key, then its identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) key: Key,
    pub(super) id: Id,
}

/// A row of the list.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = employees)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct ListRow {
    pub(super) id: Id,
    pub(super) organization_id: Id,
    pub(super) login: String,
    pub(super) family_name: String,
    pub(super) given_name: String,
    pub(super) patronymic: Option<String>,
    pub(super) name_key: String,
    pub(super) email: Option<String>,
    pub(super) created_at: NaiveDateTime,
    pub(super) archived_at: Option<NaiveDateTime>,
}

impl ListRow {
    pub(super) fn place(&self, sort: EmployeeSort) -> Place {
        let key = match sort {
            EmployeeSort::Name | EmployeeSort::NameDescending => Key::Text(self.name_key.clone()),
            EmployeeSort::Login | EmployeeSort::LoginDescending => Key::Text(self.login.clone()),
            EmployeeSort::Newest | EmployeeSort::Oldest => Key::Moment(self.created_at),
        };
        Place { key, id: self.id }
    }
}

/// Rows of the list from a place on, in `sort` or, for `backwards`, against it; the place itself left out.
///
/// # Errors
/// The database fails.
pub(super) fn page(
    conn: &mut Conn,
    filter: &Filter,
    sort: EmployeeSort,
    from: Option<&Place>,
    backwards: bool,
    limit: i64,
) -> QueryResult<Vec<ListRow>> {
    // `key >= k AND (key > k OR id > i)` rather than `key > k OR (key = k AND id > i)`: the first half alone
    // is a range that an index begins at.
    macro_rules! ordered {
        ($column:expr, $key:expr, $rising:expr) => {{
            let query = filtered(filter).select(ListRow::as_select()).limit(limit);
            let start = from.map(|place| ($key(&place.key), place.id));
            if $rising {
                let query = query.order(($column.asc(), employees::id.asc()));
                match start {
                    None => query.load(conn),
                    Some((key, id)) => query
                        .filter($column.ge(key.clone()))
                        .filter($column.gt(key).or(employees::id.gt(id)))
                        .load(conn),
                }
            } else {
                let query = query.order(($column.desc(), employees::id.desc()));
                match start {
                    None => query.load(conn),
                    Some((key, id)) => query
                        .filter($column.le(key.clone()))
                        .filter($column.lt(key).or(employees::id.lt(id)))
                        .load(conn),
                }
            }
        }};
    }
    let text = |key: &Key| match key {
        Key::Text(text) => text.clone(),
        Key::Moment(_) => String::new(),
    };
    let moment = |key: &Key| match key {
        Key::Moment(moment) => *moment,
        Key::Text(_) => NaiveDateTime::default(),
    };
    match sort {
        EmployeeSort::Name => ordered!(employees::name_key, text, !backwards),
        EmployeeSort::NameDescending => ordered!(employees::name_key, text, backwards),
        EmployeeSort::Login => ordered!(employees::login, text, !backwards),
        EmployeeSort::LoginDescending => ordered!(employees::login, text, backwards),
        EmployeeSort::Oldest => ordered!(employees::created_at, moment, !backwards),
        EmployeeSort::Newest => ordered!(employees::created_at, moment, backwards),
    }
}

/// `SELECT count(*) FROM (… LIMIT n)`: counting stops where the number is of no more interest.
#[derive(QueryId)]
pub(super) struct CountAtMost<Q>(pub(super) Q);

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for CountAtMost<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted");
        Ok(())
    }
}

impl<Q> Query for CountAtMost<Q> {
    type SqlType = BigInt;
}

impl<Q> RunQueryDsl<Conn> for CountAtMost<Q> {}

/// How many cards there are, counted to one above [`EXACT_COUNT_LIMIT`].
///
/// # Errors
/// The database fails.
pub(super) fn count(conn: &mut Conn, filter: &Filter) -> QueryResult<u32> {
    let query = filtered(filter).select(employees::id).limit(i64::from(EXACT_COUNT_LIMIT) + 1);
    let counted: i64 = CountAtMost(query).get_result(conn)?;
    Ok(u32::try_from(counted).unwrap_or(u32::MAX))
}

/// The roles of some cards.
///
/// # Errors
/// The database fails.
pub(super) fn roles(conn: &mut Conn, cards: &[Id]) -> QueryResult<HashMap<Id, Vec<AssignmentRow>>> {
    let rows: Vec<AssignmentRow> = role_assignments::table
        .filter(role_assignments::employee_id.eq_any(cards))
        .select(AssignmentRow::as_select())
        .load(conn)?;
    let mut by_card: HashMap<Id, Vec<AssignmentRow>> = HashMap::new();
    for row in rows {
        by_card.entry(row.employee_id).or_default().push(row);
    }
    Ok(by_card)
}

/// The accounts that some cards are bound to, with their last sign-in.
///
/// # Errors
/// The database fails.
pub(super) fn sign_ins(conn: &mut Conn, cards: &[Id]) -> QueryResult<HashMap<Id, Option<NaiveDateTime>>> {
    let rows: Vec<(Id, Option<NaiveDateTime>)> = bindings::table
        .inner_join(accounts::table)
        .filter(bindings::employee_id.eq_any(cards))
        .filter(bindings::ended_at.is_null())
        .select((bindings::employee_id, accounts::last_sign_in_at))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
