//! Accounts that nobody has used for a year are blocked, by the program; never the last one of support.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::{sessions, store};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::schema::accounts as t;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::kontingent::support;

/// So many at once.
const BATCH: i64 = 100;

/// Blocks some of the accounts that nobody has used for the configured time, behind the place where the last
/// batch ended; answers that place, or nothing where there are no more.
///
/// # Errors
/// The database fails.
pub async fn block_unused(services: &Services, after: Option<Id>) -> Result<Option<Id>, DbError> {
    let days = services.config.accounts.unused_days;
    if days == 0 {
        return Ok(None);
    }
    let before = services.context.db_now() - TimeDelta::days(days.into());
    let found = services.db.read::<_, DbError, _>(move |conn| Ok(unused(conn, before, after)?)).await?;
    let last = found.last().copied();
    for account in found {
        let tools = services.clone();
        services.db.write_tx::<_, DbError, _>(move |conn| block(conn, &tools, account, before)).await?;
    }
    Ok(last)
}

fn unused(conn: &mut Conn, before: NaiveDateTime, after: Option<Id>) -> QueryResult<Vec<Id>> {
    let query = t::table
        .filter(t::status.eq(store::ACTIVE))
        .filter(t::created_at.lt(before))
        .filter(t::last_sign_in_at.is_null().or(t::last_sign_in_at.lt(before)))
        .filter(t::unblocked_at.is_null().or(t::unblocked_at.lt(before)))
        .order(t::id)
        .limit(BATCH)
        .select(t::id)
        .into_boxed();
    match after {
        None => query.load(conn),
        Some(after) => query.filter(t::id.gt(after)).load(conn),
    }
}

fn block(conn: &mut Conn, services: &Services, account: Id, before: NaiveDateTime) -> Result<(), DbError> {
    let context = &services.context;
    let now = context.db_now();
    if support::is_last_support(conn, account, context.today())? {
        return Ok(());
    }
    let reason = format!("Учётной записью не пользовались {} дней", services.config.accounts.unused_days);
    // Somebody may have signed in since it was found.
    let still = t::table
        .find(account)
        .filter(t::status.eq(store::ACTIVE))
        .filter(t::last_sign_in_at.is_null().or(t::last_sign_in_at.lt(before)));
    let blocked = diesel::update(still)
        .set((t::status.eq(store::BLOCKED), t::blocked_reason.eq(&reason), t::blocked_at.eq(now)))
        .execute(conn)?;
    if blocked == 1 {
        sessions::end_all(conn, account, None, "blocked", now)?;
        let event = Event::done("account.blocked", "account", account)
            .with(serde_json::json!({ "reason": "unused" }));
        audit::record(conn, context, &audit::Actor::program(), event)?;
    }
    Ok(())
}
