//! What this feature needs of accounts, in its own words.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::actor::Asker;
use crate::accounts::{self, Account, SignedIn};
use crate::app::Services;
use crate::db::schema::attempt_counters as counters;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::on;

/// Wrong logins and passwords of cards by one account, before it has to wait.
pub(super) const BINDING_FAILURES: u32 = 20;

impl From<&SignedIn> for Asker {
    fn from(signed_in: &SignedIn) -> Self {
        Self {
            account: signed_in.account,
            card: signed_in.card,
            category: signed_in.category,
            journal: signed_in.journal(),
        }
    }
}

/// An account that something refers to.
pub(super) fn account(conn: &mut Conn, id: Id) -> Result<Account, DbError> {
    accounts::find(conn, id)?.ok_or_else(|| diesel::result::Error::NotFound.into())
}

/// Whose failures to bind are counted: an account's, or those of a person from Госуслуги who has none yet.
#[derive(Debug, Clone)]
pub(super) struct Counter(String);

impl Counter {
    pub(super) fn of_account(account: Id) -> Self {
        Self(format!("binding/{account}"))
    }

    pub(super) fn of_person(services: &Services, oid: &str) -> Self {
        Self(format!("binding/esia/{}", services.context.secrets().attempt_key(oid)))
    }
}

/// When the wait of an account that failed too often is over, if it has to wait.
pub(super) fn binding_lock(
    conn: &mut Conn,
    services: &Services,
    counter: &Counter,
) -> QueryResult<Option<NaiveDateTime>> {
    let until: Option<Option<NaiveDateTime>> = counters::table
        .find(&counter.0)
        .filter(counters::locked_until.gt(services.context.db_now()))
        .select(counters::locked_until)
        .first(conn)
        .optional()?;
    Ok(until.flatten())
}

/// Counts a failure; answers the attempts that are left, or when the wait is over.
pub(super) fn binding_failed(
    conn: &mut Conn,
    services: &Services,
    counter: &Counter,
) -> QueryResult<Result<u32, NaiveDateTime>> {
    let now = services.context.db_now();
    let limits = &services.config.sign_in;
    let window = TimeDelta::minutes(limits.window_minutes.into());
    let counted: Option<(i32, NaiveDateTime, Option<NaiveDateTime>)> = counters::table
        .find(&counter.0)
        .select((counters::failures, counters::window_started_at, counters::locked_until))
        .first(conn)
        .optional()?;
    let (failures, started) = match counted {
        // A wait that is over forgives what led to it.
        Some((failures, started, None)) if now - started < window => (failures + 1, started),
        _ => (1, now),
    };
    let left = i64::from(BINDING_FAILURES) - i64::from(failures);
    let locked_until = (left <= 0).then(|| now + TimeDelta::minutes(limits.lock_minutes.into()));
    let values = (
        counters::failures.eq(failures),
        counters::window_started_at.eq(started),
        counters::locked_until.eq(locked_until),
    );
    on!(conn, |c| diesel::insert_into(counters::table)
        .values((counters::key.eq(&counter.0), values))
        .on_conflict(counters::key)
        .do_update()
        .set(values)
        .execute(c))?;
    Ok(match locked_until {
        Some(until) => Err(until),
        None => Ok(u32::try_from(left).unwrap_or_default()),
    })
}

/// Nobody is guessing.
pub(super) fn binding_succeeded(conn: &mut Conn, counter: &Counter) -> QueryResult<()> {
    diesel::delete(counters::table.find(&counter.0)).execute(conn)?;
    Ok(())
}
