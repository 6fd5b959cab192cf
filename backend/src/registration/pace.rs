//! How often one address asks the directory: counted in memory, since a search is cheap and only a flood of them
//! is not.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::quota::network;

/// Addresses that are remembered: past that everybody begins anew.
const MOST: usize = 50_000;

/// Counters of the present minute. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Pace(Arc<Mutex<Minute>>);

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    asked: HashMap<IpAddr, u32>,
}

impl Pace {
    /// Counts a request of an address; past the limit it answers the seconds until the next minute.
    ///
    /// # Errors
    /// One too many.
    pub fn count(&self, address: IpAddr, limit: u32, now: DateTime<Utc>) -> Result<(), u32> {
        let number = now.timestamp().div_euclid(60);
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number || minute.asked.len() > MOST {
            *minute = Minute { number, asked: HashMap::new() };
        }
        let asked = minute.asked.entry(network(address)).or_insert(0);
        *asked = asked.saturating_add(1);
        if *asked <= limit {
            Ok(())
        } else {
            Err(u32::try_from(60 - now.timestamp().rem_euclid(60)).unwrap_or(60))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_so_often_a_minute_and_no_oftener() {
        let pace = Pace::default();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let ask = |address: &str, now: &str| pace.count(address.parse().unwrap(), 2, at(now));
        assert_eq!(ask("192.0.2.1", "2026-11-22T07:00:10Z"), Ok(()));
        assert_eq!(ask("192.0.2.1", "2026-11-22T07:00:40Z"), Ok(()));
        assert_eq!(ask("192.0.2.1", "2026-11-22T07:00:40Z"), Err(20));
        assert_eq!(ask("192.0.2.2", "2026-11-22T07:00:40Z"), Ok(()));
        assert_eq!(ask("192.0.2.1", "2026-11-22T07:01:00Z"), Ok(()));
        // One customer of a provider has the whole of such a network.
        assert_eq!(ask("2001:db8::1", "2026-11-22T07:01:00Z"), Ok(()));
        assert_eq!(ask("2001:db8::2", "2026-11-22T07:01:00Z"), Ok(()));
        assert_eq!(ask("2001:db8::3", "2026-11-22T07:01:00Z"), Err(60));
    }
}
