//! What a use case takes from the world besides the database: time, chance, keys.

mod clock;
mod random;
mod secrets;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use uuid::Builder;

pub use clock::{Clock, ManualClock, SystemClock};
pub use random::{Random, SeededRandom, SystemRandom};
pub use secrets::{MasterKey, MasterKeyError, Secrets};

use crate::db::types::Id;

/// Time, chance and keys. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    secrets: Arc<Secrets>,
    zone: Tz,
    /// The microsecond of the last identifier.
    last: Arc<AtomicU64>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("zone", &self.zone).finish_non_exhaustive()
    }
}

impl Context {
    /// Puts a context together.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>, secrets: Secrets, zone: Tz) -> Self {
        Self { clock, random, secrets: Arc::new(secrets), zone, last: Arc::new(AtomicU64::new(0)) }
    }

    /// The same at another moment, where time stands still: for what is to look as if it had happened then
    /// (the demo's data).
    #[must_use]
    pub fn at(&self, moment: DateTime<Utc>) -> Self {
        Self { clock: Arc::new(ManualClock::at(moment)), ..self.clone() }
    }

    /// The present moment, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// [`Self::now`] as the database keeps it (UTC).
    #[must_use]
    pub fn db_now(&self) -> NaiveDateTime {
        self.now().naive_utc()
    }

    /// Today where the schools are: by it roles begin and end.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.zone).date_naive()
    }

    /// The day of a moment of the database, where the schools are.
    #[must_use]
    pub fn day_of(&self, at: NaiveDateTime) -> NaiveDate {
        at.and_utc().with_timezone(&self.zone).date_naive()
    }

    /// The moment a day begins at where the schools are, as the database keeps it (UTC).
    #[must_use]
    pub fn beginning_of(&self, day: NaiveDate) -> NaiveDateTime {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        // Where clocks are put forward at midnight, the day begins an hour later.
        let local = (0..24).find_map(|hour| {
            let at = midnight.checked_add_signed(chrono::TimeDelta::hours(hour))?;
            self.zone.from_local_datetime(&at).earliest()
        });
        local.map_or(midnight, |at| at.naive_utc())
    }

    /// A moment where the schools are.
    #[must_use]
    pub fn local(&self, moment: NaiveDateTime) -> NaiveDateTime {
        moment.and_utc().with_timezone(&self.zone).naive_local()
    }

    /// The same in a table for people: «09.11.2026 17:35».
    #[must_use]
    pub fn shown(&self, moment: DateTime<Utc>) -> String {
        self.local(moment.naive_utc()).format("%d.%m.%Y %H:%M").to_string()
    }

    /// A new identifier (UUIDv7), greater than every one this process made before: events of one moment keep
    /// their order. Where the clock stands, identifiers run ahead of it by a microsecond each.
    #[must_use]
    pub fn id(&self) -> Id {
        let now = u64::try_from(self.now().timestamp_micros()).unwrap_or_default();
        let next = |last: u64| now.max(last.saturating_add(1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        let micros = last.map_or(now, next);
        let mut tail = self.bytes::<10>();
        // RFC 9562, 6.2, method 3: the 12 bits after the milliseconds hold the fraction of one.
        let fraction = u16::try_from((micros % 1000) * 4096 / 1000).unwrap_or_default().to_be_bytes();
        for (byte, ordered) in tail.iter_mut().zip(fraction) {
            *byte = ordered;
        }
        Id(Builder::from_unix_timestamp_millis(micros / 1000, &tail).into_uuid())
    }

    /// Random bytes fit for secrets.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// The keys.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn context(clock: &Arc<ManualClock>) -> Context {
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
        let secrets = Secrets::new(&MasterKey::from_bytes([7; 32]));
        Context::new(clock, Arc::new(SeededRandom::new(1)), secrets, chrono_tz::Asia::Yekaterinburg)
    }

    #[test]
    fn identifiers_are_version_7_and_ordered_also_while_the_clock_stands() {
        let clock = Arc::new(ManualClock::at("2026-11-22T18:59:59.999990Z".parse().unwrap()));
        let context = context(&clock);
        let mut last = Id(uuid::Uuid::nil());
        for number in 0..40 {
            let id = context.id();
            assert_eq!(id.0.get_version_num(), 7);
            assert!(id > last, "{id} after {last}");
            last = id;
            if number >= 20 {
                clock.advance(TimeDelta::microseconds(3));
            }
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_perm() {
        let clock = Arc::new(ManualClock::at("2026-11-22T18:59:59Z".parse().unwrap()));
        let context = context(&clock);
        assert_eq!(context.today().to_string(), "2026-11-22");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(context.today().to_string(), "2026-11-23");
    }
}
