//! Old applications are removed: they hold personal data of people who have not become anybody's users.

use chrono::TimeDelta;

use super::store;
use crate::accounts::links;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::{Conn, DbError};

/// Applications removed at a time.
const BATCH: i64 = 200;

/// Removes applications that nobody has finished, or that ended, long ago, each with its links and a row in the
/// journal. Those that wait for support stay: somebody waits for an answer.
///
/// # Errors
/// The database fails.
pub fn sweep(conn: &mut Conn, services: &Services) -> Result<usize, DbError> {
    let context = &services.context;
    let keep = TimeDelta::days(services.config.registration.keep_days.into());
    let ids = store::outdated(conn, context.db_now() - keep, BATCH)?;
    if ids.is_empty() {
        return Ok(0);
    }
    let removed = store::remove_outdated(conn, &ids)?;
    links::remove(conn, &removed)?;
    for id in &removed {
        let event = Event::done("registration.removed", "application", *id);
        audit::record(conn, context, &audit::Actor::program(), event)?;
    }
    Ok(removed.len())
}
