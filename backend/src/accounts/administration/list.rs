//! The list of accounts: in the order of the names, found by the beginnings of words.
//!
//! What is rare (few accounts have the word) is read whole and sorted here; what is frequent is gone through in
//! the order of the list until the page is full.

use diesel::dsl::exists;
use diesel::prelude::*;
use epos_shared::api::accounts::{AccountQuery, AccountRow, AccountState};
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};
use epos_shared::search::prefix_end;

use super::cursor::{self, Named};
use crate::accounts::store::{self, AccountRow as Stored};
use crate::cursor::{Cut, From, cut};
use crate::db::schema::{account_tokens, accounts as t};
use crate::db::types::Id;
use crate::db::{Conn, DbError, MultiBackend};
use crate::error::ApiError;
use crate::kontingent;

/// So many accounts with a word are all read.
const FEW: i64 = 30_000;

type Boxed<'a> = t::BoxedQuery<'a, MultiBackend>;

struct Filter {
    state: Option<AccountState>,
    words: Vec<String>,
}

/// The end of the words that begin with one; words never end with the last character there is.
fn end(word: &str) -> String {
    prefix_end(word).unwrap_or_else(|| word.to_owned())
}

impl Filter {
    /// The accounts that pass, but for the words at the places in `known`.
    fn query(&self, known: Option<usize>) -> Boxed<'_> {
        let mut query = t::table.into_boxed();
        if let Some(state) = self.state {
            query = query.filter(t::status.eq(state.as_str()));
        }
        for (_, word) in self.words.iter().enumerate().filter(|(place, _)| Some(*place) != known) {
            let has = account_tokens::table
                .filter(account_tokens::account_id.eq(t::id))
                .filter(account_tokens::token.ge(word))
                .filter(account_tokens::token.lt(end(word)));
            query = query.filter(exists(has));
        }
        query
    }

    /// The rarest word and how many have it, counted to one above [`FEW`].
    fn rarest(&self, conn: &mut Conn) -> QueryResult<Option<(usize, i64)>> {
        let mut rarest: Option<(usize, i64)> = None;
        for (place, word) in self.words.iter().enumerate() {
            let most = rarest.map_or(FEW + 1, |(_, count)| count);
            let ids: Vec<Id> = account_tokens::table
                .filter(account_tokens::token.ge(word))
                .filter(account_tokens::token.lt(end(word)))
                .select(account_tokens::account_id)
                .limit(most)
                .load(conn)?;
            let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
            if rarest.is_none_or(|(_, known)| count < known) {
                rarest = Some((place, count));
            }
        }
        Ok(rarest)
    }
}

/// A page as it was found.
struct Found {
    page: Cut<Named>,
    total: u32,
}

/// A page of the list.
///
/// # Errors
/// `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn page(conn: &mut Conn, query: &AccountQuery) -> Result<Page<AccountRow>, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let from = cursor::accounts(query.after.as_ref(), query.before.as_ref())?;
    let words = kontingent::query_words(query.query.as_deref())?;
    let filter = Filter { state: query.state, words };
    let found = match filter.rarest(conn)? {
        Some((place, count)) if count <= FEW => gathered(gather(conn, &filter, place)?, &from, limit),
        _ => walk(conn, &filter, &from, limit)?,
    };
    let (next, previous) = (found.page.next(cursor::of_account), found.page.previous(cursor::of_account));
    Ok(Page { items: rows(conn, &found.page.rows)?, total: Total::of(found.total), next, previous })
}

/// The accounts that have all the words of a query; nothing where they are more than `most`.
///
/// # Errors
/// `malformed-parameter`; the database fails.
pub fn named(conn: &mut Conn, query: &str, most: usize) -> Result<Option<Vec<Id>>, ApiError> {
    let filter = Filter { state: None, words: kontingent::query_words(Some(query))? };
    let found = match filter.rarest(conn)? {
        Some((place, count)) if count <= FEW => {
            gathered(gather(conn, &filter, place)?, &From::Start, most + 1)
        }
        _ => walk(conn, &filter, &From::Start, most + 1)?,
    };
    let ids: Vec<Id> = found.page.rows.into_iter().map(|(_, id)| id).collect();
    Ok((ids.len() <= most).then_some(ids))
}

/// Every account of the filter, by its rarest word.
fn gather(conn: &mut Conn, filter: &Filter, place: usize) -> QueryResult<Vec<Named>> {
    let Some(word) = filter.words.get(place) else { return Ok(Vec::new()) };
    let having = account_tokens::table
        .filter(account_tokens::token.ge(word))
        .filter(account_tokens::token.lt(end(word)))
        .select(account_tokens::account_id);
    let mut all: Vec<Named> =
        filter.query(Some(place)).filter(t::id.eq_any(having)).select((t::name_key, t::id)).load(conn)?;
    all.sort_unstable();
    Ok(all)
}

fn gathered(all: Vec<Named>, from: &From<Named>, limit: usize) -> Found {
    let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let (start, end) = match from {
        From::Start => (0, limit),
        From::After(place) => {
            let start = all.partition_point(|other| other <= place);
            (start, start + limit)
        }
        From::Before(place) => {
            let end = all.partition_point(|other| other < place);
            (end.saturating_sub(limit), end)
        }
    };
    let (has_previous, has_next) = (start > 0, end < all.len());
    let rows = all.into_iter().skip(start).take(end - start).collect();
    Found { page: Cut { rows, has_next, has_previous }, total }
}

/// The accounts of the filter in the order of the list, until the page is full.
fn walk(conn: &mut Conn, filter: &Filter, from: &From<Named>, limit: usize) -> QueryResult<Found> {
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let query = filter.query(None).select((t::name_key, t::id)).limit(wanted);
    let places: Vec<Named> = match from {
        From::Start => query.order((t::name_key.asc(), t::id.asc())).load(conn)?,
        From::After((key, id)) => query
            .filter(t::name_key.ge(key))
            .filter(t::name_key.gt(key).or(t::id.gt(id)))
            .order((t::name_key.asc(), t::id.asc()))
            .load(conn)?,
        From::Before((key, id)) => query
            .filter(t::name_key.le(key))
            .filter(t::name_key.lt(key).or(t::id.lt(id)))
            .order((t::name_key.desc(), t::id.desc()))
            .load(conn)?,
    };
    let counted: Vec<Id> =
        filter.query(None).select(t::id).limit(i64::from(EXACT_COUNT_LIMIT) + 1).load(conn)?;
    let total = u32::try_from(counted.len()).unwrap_or(u32::MAX);
    Ok(Found { page: cut(from, places, limit), total })
}

fn rows(conn: &mut Conn, places: &[Named]) -> Result<Vec<AccountRow>, DbError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = places.iter().map(|(_, id)| *id).collect();
    let found: Vec<Stored> = t::table.filter(t::id.eq_any(&ids)).select(Stored::as_select()).load(conn)?;
    ids.iter().filter_map(|id| found.iter().find(|row| row.id == *id)).map(row).collect()
}

/// A row as it is shown.
pub(super) fn row(stored: &Stored) -> Result<AccountRow, DbError> {
    Ok(AccountRow {
        id: stored.id.into(),
        name: stored.name()?,
        user_name: stored.user_name.clone(),
        email: stored.email.clone(),
        state: if store::is_active(&stored.status) { AccountState::Active } else { AccountState::Blocked },
        last_sign_in_at: stored.last_sign_in_at.map(|at| at.and_utc()),
    })
}
