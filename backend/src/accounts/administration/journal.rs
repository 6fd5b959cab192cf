//! The journal of one account: what it did, and what was done to it.

use epos_shared::api::accounts::{JournalQuery, JournalRow};
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};

use super::cursor;
use crate::accounts;
use crate::audit::{self, Entry, Moment};
use crate::cursor::cut;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::kontingent;

/// A page of it, the newest first.
///
/// # Errors
/// `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn page(conn: &mut Conn, account: Id, query: &JournalQuery) -> Result<Page<JournalRow>, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let from = cursor::journal(query.after.as_ref(), query.before.as_ref())?;
    let entries = audit::concerning(conn, account, from.place().copied(), from.is_backwards(), limit + 1)?;
    let page = cut(&from, entries, limit);
    let place = |entry: &Entry| cursor::of_entry(Moment { at: entry.at, id: entry.id });
    let (next, previous) = (page.next(place), page.previous(place));
    let total = audit::count_concerning(conn, account, EXACT_COUNT_LIMIT + 1)?;
    Ok(Page { items: rows(conn, page.rows)?, total: Total::of(total), next, previous })
}

fn rows(conn: &mut Conn, entries: Vec<Entry>) -> Result<Vec<JournalRow>, DbError> {
    let mut actors: Vec<Id> = entries.iter().filter_map(|entry| entry.actor).collect();
    actors.sort_unstable();
    actors.dedup();
    let names = accounts::names(conn, &actors)?;
    Ok(entries
        .into_iter()
        .map(|entry| JournalRow {
            at: entry.at.and_utc(),
            title: audit::title(&entry.action).to_owned(),
            action: entry.action,
            done: entry.is_done,
            actor: entry.actor.and_then(|id| names.get(&id).cloned()).unwrap_or_default(),
            address: entry.address,
            details: audit::details(&entry.details),
        })
        .collect())
}
