//! Cards that nobody has bound while their one-time credentials were good (screens.md 17): somebody in the
//! organization has not come for his card, and «Сбросить пароль» on it gives him another chance.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text, Timestamp};
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};
use epos_shared::api::queues::{ExpiredCard, ExpiredQuery};
use epos_shared::problem::{Problem, ProblemCode};

use super::actor::StaffOf;
use super::list;
use crate::app::Services;
use crate::cursor::{ByMoment, From, MomentPlace, cut, start};
use crate::db::statement::Sql;
use crate::db::types::{DbUuid, Id};
use crate::db::{Conn, DbError, full_name};
use crate::error::ApiError;
use crate::organizations::Scope;

/// No other list's cursors begin so.
const CURSORS: ByMoment<2> = ByMoment([1, 133]);

/// From the cards of one organization to their credentials that were neither used nor voided: one of a card at most.
/// `CROSS JOIN` keeps SQLite, which knows no sizes, from beginning with the credentials of the whole region.
const FOUND: &str = " FROM employees CROSS JOIN one_time_credentials \
     WHERE one_time_credentials.employee_id = employees.id AND used_at IS NULL AND voided_at IS NULL \
     AND archived_at IS NULL AND NOT EXISTS (SELECT 1 FROM bindings \
     WHERE bindings.employee_id = employees.id AND bindings.ended_at IS NULL) AND organization_id = ";

/// The rest of a statement that looks for them.
fn found(sql: &mut Sql, organization: Id, (now, today): (NaiveDateTime, NaiveDate)) {
    sql.push(FOUND).id(organization);
    // Whose roles have all ended does not come any more.
    sql.push(" AND roles_end_on >= ").day(today);
    sql.push(" AND expires_at <= ").moment(now);
}

fn count(conn: &mut Conn, organization: Id, at: (NaiveDateTime, NaiveDate), limit: i64) -> QueryResult<u32> {
    let mut sql = Sql::default();
    sql.push("SELECT employees.id");
    found(&mut sql, organization, at);
    sql.push(format!(" LIMIT {limit}"));
    let ids: Vec<Id> = sql.answering::<DbUuid>().load(conn)?;
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

type Row = (Id, String, String, Option<String>, String, NaiveDateTime);

fn page(
    conn: &mut Conn,
    organization: Id,
    at: (NaiveDateTime, NaiveDate),
    from: &From<MomentPlace>,
    limit: usize,
) -> QueryResult<Vec<Row>> {
    let mut sql = Sql::default();
    sql.push("SELECT employees.id, family_name, given_name, patronymic, login, expires_at");
    found(&mut sql, organization, at);
    let (order, sign) = if from.is_backwards() { ("DESC", "<") } else { ("ASC", ">") };
    if let Some(&(moment, id)) = from.place() {
        sql.push(format!(" AND (expires_at {sign} ")).moment(moment);
        sql.push(" OR (expires_at = ").moment(moment);
        sql.push(format!(" AND employees.id {sign} ")).id(id);
        sql.push("))");
    }
    sql.push(format!(" ORDER BY expires_at {order}, employees.id {order} LIMIT {limit}"));
    sql.answering::<(DbUuid, Text, Text, Nullable<Text>, Text, Timestamp)>().load(conn)
}

impl StaffOf<'_> {
    /// The organization whose cards are listed: that of a head or a specialist.
    fn place_of_expired(&self) -> Option<Id> {
        match self.scope() {
            Scope::Only(organization) => Some(organization),
            Scope::All | Scope::Below(_) => None,
        }
    }

    /// How many such cards there are in the own organization, counted up to a limit.
    ///
    /// # Errors
    /// The database fails.
    pub fn count_expired(&self, conn: &mut Conn, services: &Services, limit: i64) -> Result<u32, DbError> {
        let at = (services.context.db_now(), services.context.today());
        match self.place_of_expired() {
            None => Ok(0),
            Some(organization) => Ok(count(conn, organization, at, limit)?),
        }
    }

    /// A page of such cards of the own organization, the oldest first.
    ///
    /// # Errors
    /// `forbidden`, `malformed-parameter`, `invalid-cursor`; the database fails.
    pub fn expired(
        &self,
        conn: &mut Conn,
        services: &Services,
        query: &ExpiredQuery,
    ) -> Result<Page<ExpiredCard>, ApiError> {
        let Some(organization) = self.place_of_expired() else {
            return Err(Problem::new(ProblemCode::Forbidden)
                .with_detail("Этот список видят руководитель и ответственные организации.")
                .into());
        };
        let limit = list::limit(query.limit)?;
        let at = (services.context.db_now(), services.context.today());
        let from = start(query.after.as_ref(), query.before.as_ref(), |cursor| CURSORS.read(cursor))?;
        let page = cut(&from, page(conn, organization, at, &from, limit + 1)?, limit);
        let cursor = |row: &Row| CURSORS.write((row.5, row.0));
        let (next, previous) = (page.next(cursor), page.previous(cursor));
        let total = Total::of(count(conn, organization, at, i64::from(EXACT_COUNT_LIMIT) + 1)?);
        let mut items = Vec::with_capacity(page.rows.len());
        for (id, family, given, patronymic, login, expired_at) in page.rows {
            let name = full_name(&family, &given, patronymic.as_deref())?;
            items.push(ExpiredCard { id: id.into(), name, login, expired_at: expired_at.and_utc() });
        }
        Ok(Page { items, total, next, previous })
    }
}
