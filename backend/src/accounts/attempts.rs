//! Failures of sign-in and locks (security.md). An attempt is counted before its password is hashed, and
//! given back when it succeeds, so that parallel attempts cannot outrun the count. Names that do not exist
//! are counted like those that do.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
use epos_shared::values::Email;

use crate::config::SignInLimits;
use crate::context::Secrets;
use crate::db::schema::attempt_counters as t;
use crate::db::{Conn, DbError};

/// The counters that one attempt touches.
#[derive(Debug, Clone)]
pub(super) struct Counters {
    /// In the order in which they are always written: two attempts never wait for each other crosswise.
    keys: [(String, u32); 3],
    window: TimeDelta,
    lock: TimeDelta,
}

/// An attempt that was let through, already counted as failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reservation {
    /// Attempts that are left if this one fails.
    pub(super) attempts_left: u32,
    /// The lock that falls if this one fails.
    pub(super) locked_until: Option<DateTime<Utc>>,
}

/// An attempt that was not let through.
#[derive(Debug)]
pub(super) enum ReserveError {
    /// A lock lasts until then.
    Locked(DateTime<Utc>),
    /// The database fails.
    Database(DbError),
}

impl From<DbError> for ReserveError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<diesel::result::Error> for ReserveError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl crate::db::TransactionError for ReserveError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Database(error) => Some(error),
            Self::Locked(_) => None,
        }
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Nullable<Timestamp>)]
    locked_until: Option<NaiveDateTime>,
}

/// A typed name as it is looked up and counted: an address by its key, anything else in lower case.
pub(super) fn normalized(typed: &str) -> String {
    let typed = typed.trim();
    typed.parse::<Email>().map_or_else(|_| typed.to_lowercase(), |email| email.key())
}

fn pair_prefix(secrets: &Secrets, name: &str) -> String {
    format!("pair/{}/", secrets.attempt_key(name))
}

fn name_key(secrets: &Secrets, name: &str) -> String {
    format!("name/{}", secrets.attempt_key(name))
}

impl Counters {
    /// The counters of a normalized name from an address.
    pub(super) fn new(secrets: &Secrets, limits: &SignInLimits, name: &str, address: IpAddr) -> Self {
        Self {
            keys: [
                (format!("{}{address}", pair_prefix(secrets, name)), limits.pair_failures),
                (name_key(secrets, name), limits.name_failures),
                (format!("address/{address}"), limits.address_failures),
            ],
            window: TimeDelta::minutes(limits.window_minutes.into()),
            lock: TimeDelta::minutes(limits.lock_minutes.into()),
        }
    }

    /// Counts the attempt as failed, or refuses it.
    pub(super) fn reserve(&self, conn: &mut Conn, now: NaiveDateTime) -> Result<Reservation, ReserveError> {
        let mut attempts_left = u32::MAX;
        let mut locked_until = None;
        for (key, limit) in &self.keys {
            let Some(counted) = self.count(conn, key, *limit, now)? else {
                // What was counted before this one is undone with the transaction.
                return Err(ReserveError::Locked(self.locked(conn, now)?.unwrap_or(now).and_utc()));
            };
            let failures = u32::try_from(counted.failures).unwrap_or(u32::MAX);
            attempts_left = attempts_left.min(limit.saturating_sub(failures));
            locked_until = locked_until.max(counted.locked_until);
        }
        Ok(Reservation { attempts_left, locked_until: locked_until.map(|until| until.and_utc()) })
    }

    /// One statement, so that two attempts at once are counted as two; no row where a lock lasts.
    fn count(
        &self,
        conn: &mut Conn,
        key: &str,
        limit: u32,
        now: NaiveDateTime,
    ) -> Result<Option<Counted>, DbError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        Ok(sql_query(
            "INSERT INTO attempt_counters AS c (key, failures, window_started_at, locked_until) \
             VALUES ($1, 1, $2, CASE WHEN 1 >= $3 THEN $4 END) \
             ON CONFLICT (key) DO UPDATE SET \
               failures = CASE WHEN c.window_started_at <= $5 OR c.locked_until <= $2 THEN 1 \
                          ELSE c.failures + 1 END, \
               window_started_at = CASE WHEN c.window_started_at <= $5 OR c.locked_until <= $2 THEN $2 \
                          ELSE c.window_started_at END, \
               locked_until = CASE WHEN (CASE WHEN c.window_started_at <= $5 OR c.locked_until <= $2 THEN 1 \
                          ELSE c.failures + 1 END) >= $3 THEN $4 END \
             WHERE c.locked_until IS NULL OR c.locked_until <= $2 \
             RETURNING failures, locked_until",
        )
        .bind::<Text, _>(key)
        .bind::<Timestamp, _>(now)
        .bind::<Integer, _>(limit)
        .bind::<Timestamp, _>(now + self.lock)
        .bind::<Timestamp, _>(now - self.window)
        .get_result(conn)
        .optional()?)
    }

    /// When the last of the locks ends.
    fn locked(&self, conn: &mut Conn, now: NaiveDateTime) -> Result<Option<NaiveDateTime>, DbError> {
        let keys = self.keys.iter().map(|(key, _)| key);
        Ok(t::table
            .filter(t::key.eq_any(keys))
            .filter(t::locked_until.gt(now))
            .select(diesel::dsl::max(t::locked_until))
            .first(conn)?)
    }

    /// The right password: the name is known again, and the address gets this attempt back.
    pub(super) fn succeeded(&self, conn: &mut Conn) -> Result<(), DbError> {
        let [(pair, _), (name, _), _] = &self.keys;
        diesel::delete(t::table.find(pair)).execute(conn)?;
        diesel::delete(t::table.find(name)).execute(conn)?;
        self.give_back_to(conn, 2)
    }

    /// The attempt never happened (no room to hash): every counter gets it back.
    pub(super) fn give_back(&self, conn: &mut Conn) -> Result<(), DbError> {
        self.give_back_to(conn, 0)
    }

    fn give_back_to(&self, conn: &mut Conn, first: usize) -> Result<(), DbError> {
        for (key, limit) in self.keys.iter().skip(first) {
            let limit = i32::try_from(*limit).unwrap_or(i32::MAX);
            // A lock that fell with this very attempt goes with it.
            diesel::update(t::table.find(key).filter(t::failures.le(limit)))
                .set(t::locked_until.eq(None::<NaiveDateTime>))
                .execute(conn)?;
            diesel::update(t::table.find(key).filter(t::failures.gt(0)))
                .set(t::failures.eq(t::failures - 1))
                .execute(conn)?;
        }
        Ok(())
    }
}

/// When the last lock of any of an account's names ends: by name, or by name and some address.
pub(super) fn locked_until(
    conn: &mut Conn,
    secrets: &Secrets,
    names: &[String],
    now: NaiveDateTime,
) -> Result<Option<NaiveDateTime>, DbError> {
    let mut latest = None;
    for name in names {
        let pairs = pair_prefix(secrets, name);
        let found: Option<NaiveDateTime> = t::table
            .filter(t::key.eq(name_key(secrets, name)).or(t::key.ge(&pairs).and(t::key.lt(end_of(&pairs)))))
            .filter(t::locked_until.gt(now))
            .select(diesel::dsl::max(t::locked_until))
            .first(conn)?;
        latest = latest.max(found);
    }
    Ok(latest)
}

/// Forgets every failure of an account's names; an address that is locked stays so.
pub(super) fn forget(conn: &mut Conn, secrets: &Secrets, names: &[String]) -> Result<(), DbError> {
    for name in names {
        let pairs = pair_prefix(secrets, name);
        diesel::delete(t::table.filter(t::key.ge(&pairs)).filter(t::key.lt(end_of(&pairs)))).execute(conn)?;
        diesel::delete(t::table.find(name_key(secrets, name))).execute(conn)?;
    }
    Ok(())
}

/// The end of the range of keys that begin with a prefix, which ends with a slash.
fn end_of(prefix: &str) -> String {
    format!("{}0", prefix.trim_end_matches('/'))
}

/// Removes counters that count nothing any more.
pub(crate) fn sweep(conn: &mut Conn, before: NaiveDateTime, now: NaiveDateTime) -> Result<usize, DbError> {
    let idle = t::table
        .filter(t::window_started_at.lt(before))
        .filter(t::locked_until.is_null().or(t::locked_until.le(now)));
    Ok(diesel::delete(idle).execute(conn)?)
}
