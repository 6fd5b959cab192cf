//! Counters of what strangers may cause within a time: applications from one address, letters to one mailbox.
//! They stand beside the counters of failures, and are swept with them.

use std::net::IpAddr;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text, Timestamp};

use crate::context::Secrets;
use crate::db::{Conn, DbError};

/// Something that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    key: String,
    limit: u32,
    window: TimeDelta,
}

/// One too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Seconds until the next time begins.
    pub retry_after: u32,
    /// Whether it is the first too many of this time: the journal need not hold the others.
    pub is_first: bool,
}

/// Who is counted as one: an address, of IPv6 the network that a provider gives to one customer.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => IpAddr::V6((u128::from(long) & !u128::from(u64::MAX)).into()),
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Timestamp)]
    locked_until: NaiveDateTime,
}

impl Quota {
    /// So many within an hour from an address. `what` is a stable word.
    #[must_use]
    pub fn hourly_from(what: &str, address: IpAddr, limit: u32) -> Self {
        Self { key: format!("quota/{what}/{}", network(address)), limit, window: TimeDelta::hours(1) }
    }

    /// So many letters of a kind within a day to a mailbox ([`epos_shared::values::Email::key`]): whoever has one kind
    /// sent to somebody's address takes no other kind from him. `what` is a stable word.
    #[must_use]
    pub fn daily_letters(secrets: &Secrets, what: &str, email_key: &str, limit: u32) -> Self {
        let key = format!("quota/mailbox/{what}/{}", secrets.attempt_key(email_key));
        Self { key, limit, window: TimeDelta::days(1) }
    }

    /// So many of something within a time. `what` is a stable word, `who` whoever is counted.
    #[must_use]
    pub fn of(what: &str, who: &str, limit: u32, window: TimeDelta) -> Self {
        Self { key: format!("quota/{what}/{who}"), limit, window }
    }

    /// Counts one more in the caller's write transaction, or answers that it is one too many.
    ///
    /// # Errors
    /// The database fails.
    pub fn count(&self, conn: &mut Conn, now: NaiveDateTime) -> Result<Result<(), Exceeded>, DbError> {
        // One statement, so that two at once are counted as two. `locked_until` is the end of the time.
        let counted: Counted = sql_query(
            "INSERT INTO attempt_counters AS c (key, failures, window_started_at, locked_until) \
             VALUES ($1, 1, $2, $3) \
             ON CONFLICT (key) DO UPDATE SET \
               failures = CASE WHEN c.locked_until <= $2 THEN 1 ELSE c.failures + 1 END, \
               window_started_at = CASE WHEN c.locked_until <= $2 THEN $2 ELSE c.window_started_at END, \
               locked_until = CASE WHEN c.locked_until <= $2 THEN $3 ELSE c.locked_until END \
             RETURNING failures, locked_until",
        )
        .bind::<Text, _>(&self.key)
        .bind::<Timestamp, _>(now)
        .bind::<Timestamp, _>(now + self.window)
        .get_result(conn)?;
        let over = u32::try_from(counted.failures).unwrap_or(u32::MAX).saturating_sub(self.limit);
        if over == 0 {
            return Ok(Ok(()));
        }
        let wait = (counted.locked_until - now).num_seconds().max(1);
        Ok(Err(Exceeded { retry_after: u32::try_from(wait).unwrap_or(u32::MAX), is_first: over == 1 }))
    }
}
