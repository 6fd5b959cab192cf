//! Old applications are removed with their files: they hold personal data, and scans of documents.

use chrono::TimeDelta;

use super::{OBJECT, files, store};
use crate::accounts::links;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::error::ApiError;

/// Applications of each sort removed at a time.
const BATCH: i64 = 100;

/// Removes applications that nobody has sent or proven, or that were decided, long ago, each with its links, its
/// files and a row in the journal; then files of the folder that no application knows. Those that wait for support
/// stay: somebody waits for an answer.
///
/// # Errors
/// The database fails, the disk refuses.
pub async fn sweep(services: &Services) -> Result<usize, ApiError> {
    let tools = services.clone();
    let (removed, gone) = services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let (context, config) = (&tools.context, &tools.config.account_applications);
            let before = |days: u32| context.db_now() - TimeDelta::days(days.into());
            let moments = (before(config.unproven_days), before(config.keep_days));
            let ids = store::outdated(conn, moments, BATCH)?;
            if ids.is_empty() {
                return Ok((0, Vec::new()));
            }
            let (removed, gone) = store::remove_outdated(conn, &ids)?;
            links::remove(conn, &removed)?;
            for id in &removed {
                let event = Event::done("account_application.removed", OBJECT, *id);
                audit::record(conn, context, &audit::Actor::program(), event)?;
            }
            Ok((removed.len(), gone))
        })
        .await?;
    files::remove(services, gone).await;
    remove_left_behind(services).await?;
    Ok(removed)
}

async fn remove_left_behind(services: &Services) -> Result<(), ApiError> {
    let old = files::old(services).await?;
    let ids: Vec<_> = old.iter().filter_map(|(_, id)| *id).collect();
    let known = services.db.read::<_, ApiError, _>(move |conn| Ok(store::known_files(conn, &ids)?)).await?;
    let left = old.into_iter().filter(|(_, id)| id.is_none_or(|id| !known.contains(&id)));
    files::remove_paths(left.map(|(path, _)| path).collect()).await;
    Ok(())
}
