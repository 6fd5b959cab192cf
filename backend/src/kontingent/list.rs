//! The staff list (screens.md 15).

use chrono::NaiveDate;
use diesel::result::QueryResult;
use epos_shared::api::employees::{EmployeeQuery, EmployeeRow, RoleAssignment};
use epos_shared::api::page::{DEFAULT_LIMIT, MAX_LIMIT, Page, Total};
use epos_shared::values::RoleState;

use super::actor::StaffOf;
use super::card_store::{self, AssignmentRow, corrupt};
use super::list_filter::{Filter, Places};
use super::list_store::{self, ListRow, Wanted};
use super::{cursor, words};
use crate::cursor::{From, start};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::organizations;

/// Rows on a page, judged.
///
/// # Errors
/// `malformed-parameter`.
pub fn limit(limit: Option<u32>) -> Result<usize, ApiError> {
    match limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(usize::try_from(limit).unwrap_or(usize::MAX)),
        _ => Err(ApiError::wrong_parameter("limit", "Число строк на странице — от 1 до 100")),
    }
}

/// The words of a search, judged.
///
/// # Errors
/// `malformed-parameter`.
pub fn query_words(query: Option<&str>) -> Result<Vec<String>, ApiError> {
    words::of_query(query.unwrap_or_default()).map_err(|words::TooLong| too_long())
}

/// The words of a query for organizations.
///
/// # Errors
/// `malformed-parameter`.
pub(super) fn organization_words(query: Option<&str>) -> Result<Vec<String>, ApiError> {
    words::of_organization_query(query.unwrap_or_default()).map_err(|words::TooLong| too_long())
}

fn too_long() -> ApiError {
    ApiError::wrong_parameter("query", "Слишком длинный запрос: не больше 10 слов и 200 знаков")
}

impl StaffOf<'_> {
    /// The cards that a query asks for, out of those in view.
    ///
    /// # Errors
    /// `malformed-parameter`; the database fails.
    pub(super) fn filter(
        &self,
        conn: &mut Conn,
        query: &EmployeeQuery,
        today: NaiveDate,
    ) -> Result<Filter, ApiError> {
        Ok(Filter {
            places: Places::within(conn, self.scope(), query.organization.map(Id::from))?,
            role: query.role,
            state: query.state,
            words: query_words(query.query.as_deref())?,
            today,
        })
    }

    /// A page of the staff list.
    ///
    /// # Errors
    /// `malformed-parameter`, `invalid-cursor`; the database fails.
    pub fn list(
        &self,
        conn: &mut Conn,
        query: &EmployeeQuery,
        today: NaiveDate,
    ) -> Result<Page<EmployeeRow>, ApiError> {
        let limit = limit(query.limit)?;
        let sort = query.sort.unwrap_or_default();
        let read = |text: &str| cursor::read(sort, text);
        let from = start(query.after.as_ref(), query.before.as_ref(), read)?;
        let filter = self.filter(conn, query, today)?;
        let (from, backwards) = match &from {
            From::Start => (None, false),
            From::After(place) => (Some(place), false),
            From::Before(place) => (Some(place), true),
        };
        let found = list_store::find(conn, &filter, Wanted { sort, from, backwards, limit })?;
        let places = &found.places;
        // Before the place a page began at there may be nothing left: rows move when cards change.
        let (has_previous, has_next) =
            if backwards { (found.more, found.before) } else { (found.before, found.more) };
        let next = places.last().filter(|_| has_next).map(|place| cursor::write(sort, place));
        let previous = places.first().filter(|_| has_previous).map(|place| cursor::write(sort, place));
        let rows = list_store::rows(conn, places)?;
        Ok(Page { items: rows_of(conn, &rows, today)?, total: Total::of(found.total), next, previous })
    }
}

/// Adds to rows what stands in other tables, in one query each.
pub(super) fn rows_of(conn: &mut Conn, rows: &[ListRow], today: NaiveDate) -> QueryResult<Vec<EmployeeRow>> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut places: Vec<Id> = rows.iter().map(|row| row.organization_id).collect();
    places.sort_unstable();
    places.dedup();
    let organizations = organizations::find_all(conn, &places)?;
    let mut roles = list_store::roles(conn, &ids)?;
    let sign_ins = list_store::sign_ins(conn, &ids)?;
    rows.iter()
        .map(|row| {
            let organization = organizations
                .iter()
                .find(|organization| organization.id == row.organization_id)
                .ok_or_else(|| corrupt("the organization of a card"))?;
            Ok(EmployeeRow {
                id: row.id.into(),
                name: card_store::full_name(&row.family_name, &row.given_name, row.patronymic.as_deref())?,
                login: card_store::login(&row.login)?,
                email: card_store::email(row.email.as_deref())?,
                organization: organization.summary(),
                roles: roles_of_row(&roles.remove(&row.id).unwrap_or_default(), today)?,
                bound: sign_ins.contains_key(&row.id),
                last_sign_in_at: sign_ins.get(&row.id).copied().flatten().map(|moment| moment.and_utc()),
                archived: row.archived_at.is_some(),
            })
        })
        .collect()
}

/// The roles that have not ended, or the one that ended last.
fn roles_of_row(rows: &[AssignmentRow], today: NaiveDate) -> QueryResult<Vec<RoleAssignment>> {
    let all = assignments(rows, today)?;
    let last = all.iter().max_by_key(|role| role.period.end()).cloned();
    let current: Vec<_> = all.into_iter().filter(|role| role.state != RoleState::Ended).collect();
    Ok(if current.is_empty() { last.into_iter().collect() } else { current })
}

/// Roles as they are shown: those in force first, then upcoming, then ended ones.
pub(super) fn assignments(rows: &[AssignmentRow], today: NaiveDate) -> QueryResult<Vec<RoleAssignment>> {
    let mut roles = rows
        .iter()
        .map(|row| {
            let period = row.period()?;
            Ok(RoleAssignment { id: row.id.into(), role: row.role()?, period, state: period.state(today) })
        })
        .collect::<QueryResult<Vec<_>>>()?;
    let rank = |state| match state {
        RoleState::InForce => 0,
        RoleState::Upcoming => 1,
        RoleState::Ended => 2,
    };
    roles.sort_by_key(|role| (rank(role.state), role.period.start(), role.role, role.id));
    Ok(roles)
}
