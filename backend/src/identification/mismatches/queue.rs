//! The queue as administrators work on it: each sees the rows of the organizations in his view.

use std::collections::HashMap;

use epos_shared::api::mismatches::{Mismatch, MismatchCount, MismatchDetails, MismatchQuery, MismatchState};
use epos_shared::api::organizations::OrganizationSummary;
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::Email;
use serde_json::json;

use super::CURSORS;
use super::likely::{self, Told};
use super::store::{self, Filter, Row};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::cursor::{cut, start};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::{self, Asker, StaffOf};
use crate::mail::{self, Letter};
use crate::organizations;

/// Rows counted for the menu at most.
const COUNTED: i64 = 101;

/// A page of it, the oldest first.
///
/// # Errors
/// `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn page(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    query: &MismatchQuery,
) -> Result<Page<Mismatch>, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let filter = Filter {
        scope: staff.scope(),
        state: query.state.unwrap_or(MismatchState::Waiting),
        organization: query.organization.map(Id::from),
    };
    let from = start(query.after.as_ref(), query.before.as_ref(), |cursor| CURSORS.read(cursor))?;
    let page = cut(&from, store::list(conn, &filter, &from, limit + 1)?, limit);
    let at = |row: &Row| CURSORS.write((row.created_at, row.id));
    let (next, previous) = (page.next(at), page.previous(at));
    let total = Total::of(store::count(conn, &filter, i64::from(EXACT_COUNT_LIMIT) + 1)?);
    Ok(Page { items: shown(conn, page.rows)?, total, next, previous })
}

/// How many wait.
///
/// # Errors
/// The database fails.
pub(super) fn count(conn: &mut Conn, staff: &StaffOf<'_>) -> Result<MismatchCount, ApiError> {
    Ok(MismatchCount { waiting: super::count_waiting(conn, staff.scope(), COUNTED)? })
}

fn shown(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Mismatch>, ApiError> {
    let mut ids: Vec<Id> = rows.iter().filter_map(|row| row.organization_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = organizations::find_all(conn, &ids)?;
    let names: HashMap<Id, OrganizationSummary> =
        found.into_iter().map(|organization| (organization.id, organization.summary())).collect();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(Mismatch {
            id: row.id.into(),
            version: i64::from(row.version),
            kind: row.kind()?,
            state: row.state()?,
            organization: row.organization_id.and_then(|id| names.get(&id).cloned()),
            name: row.name()?,
            created_at: row.created_at.and_utc(),
            corrected_at: row.corrected_at.map(|at| at.and_utc()),
            decided_at: row.decided_at.map(|at| at.and_utc()),
            email: row.email,
            reason: row.reason,
        });
    }
    Ok(items)
}

fn show(conn: &mut Conn, row: Row) -> Result<Mismatch, ApiError> {
    shown(conn, vec![row])?.pop().ok_or_else(|| ProblemCode::NotFound.into())
}

/// A row with the likely cards of its organization beside it.
///
/// # Errors
/// `not-found`; the database fails.
pub(super) fn details(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    id: Id,
) -> Result<MismatchDetails, ApiError> {
    let row = store::find(conn, staff.scope(), id)?.ok_or(ProblemCode::NotFound)?;
    let (name, snils) = (row.name()?, row.snils(services.context.secrets())?);
    let people = match row.organization_id {
        None => Vec::new(),
        Some(organization) => staff.people_of(conn, services, organization)?,
    };
    let told = Told { name: &name, email: row.email.as_deref(), snils: snils.as_ref() };
    let mut cards = likely::likely(&told, people);
    // The card that was claimed, or corrected, is the one.
    let own = row.employee_id;
    cards.sort_by_key(|card| Some(Id::from(card.id)) != own);
    Ok(MismatchDetails { mismatch: show(conn, row)?, cards })
}

/// Declines a row, with a reason that its person is told where his address is known.
///
/// # Errors
/// `not-found`, `already-decided`, `version-conflict`; the database fails.
pub(super) fn decline(
    conn: &mut Conn,
    services: &Services,
    (asker, staff): (&Asker, &StaffOf<'_>),
    (id, version): (Id, i64),
    reason: &str,
) -> Result<Mismatch, ApiError> {
    let context = &services.context;
    let row = store::find(conn, staff.scope(), id)?.ok_or(ProblemCode::NotFound)?;
    if matches!(row.state()?, MismatchState::Settled | MismatchState::Declined) {
        return Err(ProblemCode::AlreadyDecided.into());
    }
    let (organization, email) = (row.organization_id, row.email.clone());
    let known = i32::try_from(version).unwrap_or(-1);
    if !store::decline(conn, (id, known), reason, (asker.account, context.db_now()))? {
        let present = show(conn, row)?;
        return Err(Problem {
            current: serde_json::to_value(&present).ok(),
            ..Problem::new(ProblemCode::VersionConflict)
                .with_detail("Строка изменилась, пока вы её читали: посмотрите на неё ещё раз.")
        }
        .into());
    }
    if let Some(to) = email.and_then(|email| email.parse::<Email>().ok()) {
        mail::enqueue(conn, context, &declined(services, &to, reason))?;
    }
    let mut event = Event::done("mismatch.declined", "mismatch", id).with(json!({ "reason": reason }));
    event.organization = organization;
    audit::record(conn, context, &asker.journal, event)?;
    let row = store::find(conn, staff.scope(), id)?.ok_or(ProblemCode::NotFound)?;
    show(conn, row)
}

/// The address is one that Госуслуги have verified.
fn declined(services: &Services, to: &Email, reason: &str) -> Letter {
    Letter::new("mismatch.declined", to, "ЭПОС: расхождение с Госуслугами отклонено")
        .text("Здравствуйте. Администратор «Контингента» рассмотрел ваше обращение о входе в ЭПОС через Госуслуги и отклонил его.")
        .facts([("Причина", reason.to_owned())])
        .text("Если вы выбрали не ту организацию, войдите через Госуслуги ещё раз и выберите свою.")
        .link("Войти в ЭПОС", format!("{}/login", services.origin.text))
}
