//! Sign-ins and bindings by day: a counter of each organization, kept in the transaction that they happen in.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Date};
use epos_shared::api::reports::{DayNumbers, DaysReport, DaysReportQuery};

use super::staff::looked_at;
use crate::app::Services;
use crate::db::Conn;
use crate::db::schema::organization_days as t;
use crate::db::statement::Sql;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::StaffOf;
use crate::on;
use crate::organizations::Scope;

/// Counts a sign-in in every organization in which the person has a card.
///
/// # Errors
/// The database fails.
pub fn note_sign_in(conn: &mut Conn, organizations: &[Id], today: NaiveDate) -> QueryResult<()> {
    // Always in the same order: two people of the same schools do not wait for each other.
    let mut organizations = organizations.to_vec();
    organizations.sort_unstable();
    organizations.dedup();
    organizations.into_iter().try_for_each(|organization| add(conn, organization, today, (1, 0)))
}

/// Counts a binding in the organization of the card.
///
/// # Errors
/// The database fails.
pub fn note_binding(conn: &mut Conn, organization: Id, today: NaiveDate) -> QueryResult<()> {
    add(conn, organization, today, (0, 1))
}

fn add(
    conn: &mut Conn,
    organization: Id,
    day: NaiveDate,
    (sign_ins, bindings): (i32, i32),
) -> QueryResult<()> {
    let row = (
        t::organization_id.eq(organization),
        t::day.eq(day),
        t::sign_ins.eq(sign_ins),
        t::bindings.eq(bindings),
    );
    let more = (t::sign_ins.eq(t::sign_ins + sign_ins), t::bindings.eq(t::bindings + bindings));
    on!(conn, |c| diesel::insert_into(t::table)
        .values(row)
        .on_conflict((t::organization_id, t::day))
        .do_update()
        .set(more)
        .execute(c))?;
    Ok(())
}

/// Sums of the organizations of a scope, day by day; days without anything are missing.
fn sums(
    conn: &mut Conn,
    scope: Scope,
    (from, to): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<(NaiveDate, i64, i64)>> {
    let mut sql = Sql::default();
    sql.push("SELECT day, CAST(sum(sign_ins) AS BIGINT), CAST(sum(bindings) AS BIGINT) FROM ");
    match scope {
        // From the organizations, each to its days: the days of all of them lie apart.
        Scope::All => sql.push(
            "organizations CROSS JOIN organization_days \
             WHERE organization_days.organization_id = organizations.id AND ",
        ),
        Scope::Below(top) => sql
            .push(
                "organization_ancestors INNER JOIN organization_days \
                 ON organization_days.organization_id = organization_ancestors.descendant_id \
                 WHERE organization_ancestors.ancestor_id = ",
            )
            .id(top)
            .push(" AND "),
        Scope::Only(id) => sql.push("organization_days WHERE organization_id = ").id(id).push(" AND "),
    };
    sql.push("day >= ").day(from).push(" AND day <= ").day(to).push(" GROUP BY day");
    sql.answering::<(Date, BigInt, BigInt)>().load(conn)
}

/// The report.
///
/// # Errors
/// `malformed-parameter`, `not-found`; the database fails.
pub(super) fn report(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    query: &DaysReportQuery,
) -> Result<DaysReport, ApiError> {
    let (from, to) = query
        .days(services.context.today())
        .map_err(|wrong| ApiError::wrong_parameter("to", wrong.message()))?;
    let (organization, scope) = looked_at(conn, staff, query.organization.map(Id::from))?;
    let number = |sum: i64| u32::try_from(sum).unwrap_or(u32::MAX);
    let sums: HashMap<NaiveDate, (u32, u32)> = sums(conn, scope, (from, to))?
        .into_iter()
        .map(|(day, sign_ins, bindings)| (day, (number(sign_ins), number(bindings))))
        .collect();
    let items: Vec<DayNumbers> = from
        .iter_days()
        .take_while(|day| *day <= to)
        .map(|day| {
            let (sign_ins, bindings) = sums.get(&day).copied().unwrap_or_default();
            DayNumbers { day, sign_ins, bindings }
        })
        .collect();
    let all = |of: fn(&DayNumbers) -> u32| items.iter().map(of).fold(0, u32::saturating_add);
    Ok(DaysReport {
        organization: organization.map(|row| row.summary()),
        sign_ins: all(|day| day.sign_ins),
        bindings: all(|day| day.bindings),
        items,
    })
}
