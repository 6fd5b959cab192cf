//! The staff list as the database answers it.
//!
//! A page of fifty out of a million is come by in one of three ways, whichever is bounded:
//! * where something that is asked for is rare (few cards have the role, the word, work there), those few are
//!   all read and sorted here, and their number is known exactly;
//! * otherwise cards are gone through in the order of the list, and each is asked, until the page is full: what
//!   is frequent is soon found;
//! * except a surname, which is frequent at one place of the order and nowhere else: its place is gone to.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Date, Text, Timestamp};
use epos_shared::api::employees::EmployeeSort;
use epos_shared::api::page::EXACT_COUNT_LIMIT;

use super::card_store::AssignmentRow;
use super::list_filter::{Beginning, Cards, Filter, Places, named_otherwise};
use crate::db::schema::{accounts, bindings, employees, role_assignments};
use crate::db::types::{DbUuid, Id};
use crate::db::{Conn, MultiBackend};
use crate::organizations;

/// So many cards are all read and sorted before anything else is tried.
const VERY_FEW: i64 = 300;
/// So many cards are all read and sorted rather than looked for far ahead in the order of the list.
const FEW: i64 = 3_000;
/// So many cards are gone through in the order of the list to see whether what is asked for is frequent.
const SHORT_WALK: i64 = 1_500;
/// So many cards are gone through in the order of the list before another way is taken.
const LONG_WALK: i64 = 12_000;
/// Among so many rows of an index a frequent thing is counted before all of them are.
const FIRST_ROWS: i64 = 8_000;
/// Cards of so many organizations are looked through, one after the other.
const WALK_ORGANIZATIONS: usize = 40;

/// What stands before the identifier in an order. Compared as the database compares: bytewise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The key of the name, or the login.
    Text(String),
    /// The creation.
    Moment(NaiveDateTime),
    /// The last day of the last role, then the key of the name.
    End(NaiveDate, String),
    /// The account's last sign-in, then the key of the name.
    SignIn(NaiveDateTime, String),
    /// The key of the organization and its identifier, then the key of the name.
    Organization(String, Id, String),
}

/// A row's place in an order: its key, then its identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) key: Key,
    pub(super) id: Id,
}

/// A row of the list.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = employees)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct ListRow {
    pub(super) id: Id,
    pub(super) organization_id: Id,
    pub(super) login: String,
    pub(super) family_name: String,
    pub(super) given_name: String,
    pub(super) patronymic: Option<String>,
    pub(super) email: Option<String>,
    pub(super) archived_at: Option<NaiveDateTime>,
}

/// What a list is sorted by, whichever way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Name,
    Login,
    Creation,
    End,
    SignIn,
    Organization,
}

/// An order and its direction.
const fn order(sort: EmployeeSort) -> (Order, bool) {
    match sort {
        EmployeeSort::Name => (Order::Name, true),
        EmployeeSort::NameDescending => (Order::Name, false),
        EmployeeSort::Login => (Order::Login, true),
        EmployeeSort::LoginDescending => (Order::Login, false),
        EmployeeSort::Oldest => (Order::Creation, true),
        EmployeeSort::Newest => (Order::Creation, false),
        EmployeeSort::Organization => (Order::Organization, true),
        EmployeeSort::OrganizationDescending => (Order::Organization, false),
        EmployeeSort::End => (Order::End, true),
        EmployeeSort::EndDescending => (Order::End, false),
        EmployeeSort::SignIn => (Order::SignIn, true),
        EmployeeSort::SignInDescending => (Order::SignIn, false),
    }
}

/// Where a page is, and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) sort: EmployeeSort,
    /// The place it lies behind; the beginning of the list without one.
    pub(super) from: Option<&'a Place>,
    /// Whether it lies before that place.
    pub(super) backwards: bool,
    pub(super) limit: usize,
}

impl Wanted<'_> {
    /// Whether the page is read in the rising order of its key.
    const fn rises(&self) -> bool {
        order(self.sort).1 != self.backwards
    }
}

/// A page as it was found.
#[derive(Debug)]
pub(super) struct Found {
    /// Places of the rows, in the order of the list.
    pub(super) places: Vec<Place>,
    /// Whether there are rows behind them, in the direction of reading.
    pub(super) more: bool,
    /// Whether there are rows before them, in the direction of reading.
    pub(super) before: bool,
    /// The number of cards in all, counted to one above the limit.
    pub(super) total: u32,
}

/// Reads a page.
///
/// # Errors
/// The database fails.
pub(super) fn find(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>) -> QueryResult<Found> {
    if filter.places == Places::Nowhere {
        return Ok(page_of(Vec::new(), wanted));
    }
    let beginnings = filter.beginnings();
    let mut least: Option<(i64, Beginning<'_>)> = None;
    for beginning in &beginnings {
        let size = size(conn, filter, *beginning, FEW)?;
        if least.is_none_or(|(known, _)| size < known) {
            least = Some((size, *beginning));
        }
        if size <= VERY_FEW {
            return Ok(page_of(gather(conn, filter, wanted.sort, *beginning)?, wanted));
        }
    }
    let least = least.filter(|(size, _)| *size <= FEW).map(|(_, beginning)| beginning);
    // Within one organization everything is soon read.
    if let Some(beginning) = least.filter(|_| filter.within_one()) {
        return Ok(page_of(gather(conn, filter, wanted.sort, beginning)?, wanted));
    }
    let first = beginnings.first().copied();
    if let Some(places) = walk(conn, filter, wanted, SHORT_WALK)? {
        return walked(conn, filter, wanted, places, least.or(first));
    }
    if let Some(beginning) = least {
        return Ok(page_of(gather(conn, filter, wanted.sort, beginning)?, wanted));
    }
    if let Some(found) = at_the_surname(conn, filter, wanted)? {
        return Ok(found);
    }
    if let Some(places) = walk(conn, filter, wanted, LONG_WALK)? {
        return walked(conn, filter, wanted, places, first);
    }
    let best = first.unwrap_or(Beginning::Places);
    Ok(page_of(gather(conn, filter, wanted.sort, best)?, wanted))
}

/// The page out of every card there is, in no order.
fn page_of(mut all: Vec<Place>, wanted: Wanted<'_>) -> Found {
    all.sort_unstable();
    let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let rises = wanted.rises();
    if !rises {
        all.reverse();
    }
    let behind = |place: &Place| match wanted.from {
        None => true,
        Some(from) if rises => place > from,
        Some(from) => place < from,
    };
    let skipped = all.iter().position(behind).unwrap_or(all.len());
    let places = all.into_iter().skip(skipped).take(wanted.limit + 1).collect();
    Found { before: skipped > 0, ..cut(places, wanted, total) }
}

/// The page of the cards that were gone through in the order of the list.
fn walked(
    conn: &mut Conn,
    filter: &Filter,
    wanted: Wanted<'_>,
    places: Vec<Place>,
    beginning: Option<Beginning<'_>>,
) -> QueryResult<Found> {
    let before = before(conn, filter, wanted)?;
    let total = count(conn, filter, beginning)?;
    Ok(Found { before, ..cut(places, wanted, total) })
}

fn cut(mut places: Vec<Place>, wanted: Wanted<'_>, total: u32) -> Found {
    let more = places.len() > wanted.limit;
    places.truncate(wanted.limit);
    if wanted.backwards {
        places.reverse();
    }
    Found { places, more, before: false, total }
}

/// Whether there is a card at or before the place that a page begins behind. Nearly always it is the one that
/// stood there when the cursor was made.
fn before(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>) -> QueryResult<bool> {
    let Some(from) = wanted.from else { return Ok(false) };
    let still_there = filter.cards().filter(employees::id.eq(from.id)).select(employees::id).limit(1);
    if still_there.first::<Id>(conn).optional()?.is_some() {
        return Ok(true);
    }
    let back = Wanted { backwards: !wanted.backwards, limit: 0, ..wanted };
    // Where none is near there may be one far away: a page that turns out to be empty does no harm.
    Ok(walk(conn, filter, back, LONG_WALK)?.is_none_or(|places| !places.is_empty()))
}

/// How many cards something has that a search could begin at, counted to one above `most`.
fn size(conn: &mut Conn, filter: &Filter, beginning: Beginning<'_>, most: i64) -> QueryResult<i64> {
    let counted = |conn: &mut Conn, beginning| -> QueryResult<i64> {
        let query = employees::table.into_boxed::<MultiBackend>();
        // Whoever has a role twice is two of the first rows: then it looks rarer than it is, and is still found.
        let query = filter.begun_at_first(query, beginning, Some(most + 1));
        CountAtMost(query.select(employees::id).limit(most + 1)).get_result(conn)
    };
    match beginning {
        Beginning::Words(word) => {
            let named = counted(conn, Beginning::Names(word))?;
            if named > most { Ok(named) } else { Ok(named + counted(conn, beginning)?) }
        }
        other => counted(conn, other),
    }
}

/// Every card of the filter, by what is rare of it.
fn gather(
    conn: &mut Conn,
    filter: &Filter,
    sort: EmployeeSort,
    beginning: Beginning<'_>,
) -> QueryResult<Vec<Place>> {
    let all = filter.begun_at(filter.cards(), beginning);
    let mut found = places(conn, all, sort)?;
    if let Beginning::Words(word) = beginning {
        let named = filter.begun_at(filter.cards(), Beginning::Names(word));
        found.extend(places(conn, named, sort)?);
        found.sort_unstable();
        found.dedup();
    }
    Ok(found)
}

/// Where cards stand in an order.
fn places(conn: &mut Conn, cards: Cards<'_>, sort: EmployeeSort) -> QueryResult<Vec<Place>> {
    use employees as e;
    match order(sort).0 {
        Order::Name => text_places(cards.select((e::name_key, e::id)).load(conn)?),
        Order::Login => text_places(cards.select((e::login, e::id)).load(conn)?),
        Order::Creation => {
            let rows: Vec<(NaiveDateTime, Id)> = cards.select((e::created_at, e::id)).load(conn)?;
            Ok(rows.into_iter().map(|(at, id)| Place { key: Key::Moment(at), id }).collect())
        }
        Order::End => {
            let rows: Vec<(NaiveDate, String, Id)> =
                cards.select((e::roles_end_on, e::name_key, e::id)).load(conn)?;
            Ok(rows.into_iter().map(|(day, name, id)| Place { key: Key::End(day, name), id }).collect())
        }
        Order::SignIn => {
            let rows: Vec<(NaiveDateTime, String, Id)> =
                cards.select((e::account_seen_at, e::name_key, e::id)).load(conn)?;
            Ok(rows.into_iter().map(|(at, name, id)| Place { key: Key::SignIn(at, name), id }).collect())
        }
        Order::Organization => {
            let rows: Vec<(Id, String, Id)> =
                cards.select((e::organization_id, e::name_key, e::id)).load(conn)?;
            let mut ids: Vec<Id> = rows.iter().map(|row| row.0).collect();
            ids.sort_unstable();
            ids.dedup();
            let keys: HashMap<Id, String> = organizations::keys(conn, &ids)?.into_iter().collect();
            Ok(rows
                .into_iter()
                .map(|(place, name, id)| {
                    let key = keys.get(&place).cloned().unwrap_or_default();
                    Place { key: Key::Organization(key, place, name), id }
                })
                .collect())
        }
    }
}

fn text_places(rows: Vec<(String, Id)>) -> QueryResult<Vec<Place>> {
    Ok(rows.into_iter().map(|(key, id)| Place { key: Key::Text(key), id }).collect())
}

type Condition = Box<dyn BoxableExpression<employees::table, MultiBackend, SqlType = Bool>>;

/// What lies in a direction of a place: rows are compared whole, so that an index begins right there.
fn beside(order: Order, place: &Place, comparison: &str) -> Option<Condition> {
    let id = place.id;
    Some(match (order, &place.key) {
        (Order::Name, Key::Text(text)) => Box::new(
            sql::<Bool>(&format!("(employees.name_key, employees.id) {comparison} ("))
                .bind::<Text, _>(text.clone())
                .sql(", ")
                .bind::<DbUuid, _>(id)
                .sql(")"),
        ),
        (Order::Login, Key::Text(text)) => Box::new(
            sql::<Bool>(&format!("employees.login {comparison} ")).bind::<Text, _>(text.clone()).sql(""),
        ),
        (Order::Creation, Key::Moment(moment)) => Box::new(
            sql::<Bool>(&format!("(employees.created_at, employees.id) {comparison} ("))
                .bind::<Timestamp, _>(*moment)
                .sql(", ")
                .bind::<DbUuid, _>(id)
                .sql(")"),
        ),
        (Order::End, Key::End(day, text)) => Box::new(
            sql::<Bool>(&format!(
                "(employees.roles_end_on, employees.name_key, employees.id) {comparison} ("
            ))
            .bind::<Date, _>(*day)
            .sql(", ")
            .bind::<Text, _>(text.clone())
            .sql(", ")
            .bind::<DbUuid, _>(id)
            .sql(")"),
        ),
        (Order::SignIn, Key::SignIn(moment, text)) => Box::new(
            sql::<Bool>(&format!(
                "(employees.account_seen_at, employees.name_key, employees.id) {comparison} ("
            ))
            .bind::<Timestamp, _>(*moment)
            .sql(", ")
            .bind::<Text, _>(text.clone())
            .sql(", ")
            .bind::<DbUuid, _>(id)
            .sql(")"),
        ),
        // A cursor of another order is refused before.
        _ => return None,
    })
}

/// Sorts a query by an order of the table of cards.
fn sorted(cards: Cards<'_>, order: Order, rises: bool) -> Cards<'_> {
    use employees as e;
    match (order, rises) {
        (Order::Name | Order::Organization, true) => cards.order((e::name_key.asc(), e::id.asc())),
        (Order::Name | Order::Organization, false) => cards.order((e::name_key.desc(), e::id.desc())),
        (Order::Login, true) => cards.order(e::login.asc()),
        (Order::Login, false) => cards.order(e::login.desc()),
        (Order::Creation, true) => cards.order((e::created_at.asc(), e::id.asc())),
        (Order::Creation, false) => cards.order((e::created_at.desc(), e::id.desc())),
        (Order::End, true) => cards.order((e::roles_end_on.asc(), e::name_key.asc(), e::id.asc())),
        (Order::End, false) => cards.order((e::roles_end_on.desc(), e::name_key.desc(), e::id.desc())),
        (Order::SignIn, true) => cards.order((e::account_seen_at.asc(), e::name_key.asc(), e::id.asc())),
        (Order::SignIn, false) => cards.order((e::account_seen_at.desc(), e::name_key.desc(), e::id.desc())),
    }
}

/// Goes through cards in the order of the list, reading one more than the page holds; nothing where the page
/// is not full after `most` of them.
fn walk(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>, most: i64) -> QueryResult<Option<Vec<Place>>> {
    let limit = wanted.limit + 1;
    let (order, _) = order(wanted.sort);
    if order == Order::Organization {
        return walk_organizations(conn, filter, wanted, limit);
    }
    let rises = wanted.rises();
    let from = |cards| match wanted.from.and_then(|place| beside(order, place, if rises { ">" } else { "<" }))
    {
        Some(condition) => Cards::filter(cards, condition),
        None => cards,
    };
    let mut cards = from(filter.cards());
    let mut until = None;
    if !filter.is_plain() {
        let ahead = from(employees::table.into_boxed::<MultiBackend>());
        let ahead = sorted(ahead, order, rises).offset(most).limit(1);
        until = places(conn, ahead, wanted.sort)?.pop();
        if let Some(until) = &until
            && let Some(condition) = beside(order, until, if rises { "<=" } else { ">=" })
        {
            cards = cards.filter(condition);
        }
    }
    let cards = sorted(cards, order, rises).limit(i64::try_from(limit).unwrap_or(i64::MAX));
    let found = places(conn, cards, wanted.sort)?;
    Ok((found.len() >= limit || until.is_none()).then_some(found))
}

/// Goes through organizations in the order of their names, and through the cards of each.
fn walk_organizations(
    conn: &mut Conn,
    filter: &Filter,
    wanted: Wanted<'_>,
    limit: usize,
) -> QueryResult<Option<Vec<Place>>> {
    let rises = wanted.rises();
    let from = match wanted.from {
        Some(Place { key: Key::Organization(key, place, name), id }) => {
            Some((key.clone(), *place, name, *id))
        }
        _ => None,
    };
    let scope = match filter.places {
        Places::All | Places::Nowhere => organizations::Scope::All,
        Places::Below(top) => organizations::Scope::Below(top),
        Places::One(id) => organizations::Scope::Only(id),
    };
    let at = from.as_ref().map(|(key, place, ..)| (key.as_str(), *place));
    let some = i64::try_from(WALK_ORGANIZATIONS + 1).unwrap_or(i64::MAX);
    let organizations = organizations::in_order(conn, scope, at, rises, some)?;
    let mut found = Vec::new();
    for (id, _) in organizations.iter().take(WALK_ORGANIZATIONS) {
        let mut cards = filter.cards().filter(employees::organization_id.eq(*id));
        if let Some((_, place, name, card)) = &from
            && place == id
            && let key = Key::Text((*name).clone())
            && let Some(condition) =
                beside(Order::Name, &Place { key, id: *card }, if rises { ">" } else { "<" })
        {
            cards = cards.filter(condition);
        }
        let left = i64::try_from(limit - found.len()).unwrap_or(i64::MAX);
        let cards = sorted(cards, Order::Organization, rises).limit(left);
        found.extend(places(conn, cards, wanted.sort)?);
        if found.len() >= limit {
            return Ok(Some(found));
        }
    }
    Ok((organizations.len() <= WALK_ORGANIZATIONS).then_some(found))
}

/// A page by name of cards that a surname is asked for: the place of the surname is gone to, and the few others
/// (double names, e-mails) are read and put between. Nothing where no word is such.
fn at_the_surname(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>) -> QueryResult<Option<Found>> {
    if order(wanted.sort).0 != Order::Name || filter.within_one() {
        return Ok(None);
    }
    for word in &filter.words {
        let tokens = employees::table.into_boxed::<MultiBackend>();
        let tokens = filter.begun_at(tokens, Beginning::Words(word)).select(employees::id).limit(FEW + 1);
        let elsewhere: i64 = CountAtMost(tokens).get_result(conn)?;
        if elsewhere > FEW {
            continue;
        }
        let others = filter.begun_at(filter.cards(), Beginning::Words(word));
        let others = page_of(places(conn, named_otherwise(others, word), wanted.sort)?, wanted);
        let rises = wanted.rises();
        let mut cards = filter.begun_at(filter.cards(), Beginning::Names(word));
        if let Some(from) = wanted.from
            && let Some(condition) = beside(Order::Name, from, if rises { ">" } else { "<" })
        {
            cards = cards.filter(condition);
        }
        let limit = wanted.limit + 1;
        let cards = sorted(cards, Order::Name, rises).limit(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut all = places(conn, cards, wanted.sort)?;
        // One more than the page of the others tells that there are more of them.
        let (more, before_others) = (others.more, others.before);
        all.extend(others.places);
        all.sort_unstable();
        if !rises {
            all.reverse();
        }
        let named = count(conn, filter, Some(Beginning::Names(word)))?;
        let mut found = cut(all, wanted, named.saturating_add(others.total));
        found.more |= more;
        found.before = before_others || before(conn, filter, wanted)?;
        return Ok(Some(found));
    }
    Ok(None)
}

/// Every card of the filter, in the order of the list, where something that is asked for has `most` cards or
/// fewer; nothing where all of it is more frequent.
///
/// # Errors
/// The database fails.
pub(super) fn all_of_few(
    conn: &mut Conn,
    filter: &Filter,
    sort: EmployeeSort,
    most: i64,
) -> QueryResult<Option<Vec<Place>>> {
    if filter.places == Places::Nowhere {
        return Ok(Some(Vec::new()));
    }
    let mut least: Option<(i64, Beginning<'_>)> = None;
    for beginning in filter.beginnings() {
        let size = size(conn, filter, beginning, most)?;
        if size <= most && least.is_none_or(|(known, _)| size < known) {
            least = Some((size, beginning));
        }
    }
    let Some((_, beginning)) = least else { return Ok(None) };
    let mut all = gather(conn, filter, sort, beginning)?;
    all.sort_unstable();
    if !order(sort).1 {
        all.reverse();
    }
    Ok(Some(all))
}

/// The next cards in the order of the list, however far ahead they are.
///
/// # Errors
/// The database fails.
pub(super) fn ahead(
    conn: &mut Conn,
    filter: &Filter,
    sort: EmployeeSort,
    from: Option<&Place>,
    limit: usize,
) -> QueryResult<Vec<Place>> {
    let (order, rises) = order(sort);
    let wanted = Wanted { sort, from, backwards: false, limit };
    if order == Order::Organization {
        return ahead_by_organization(conn, filter, wanted);
    }
    let mut cards = filter.cards();
    if let Some(from) = from
        && let Some(condition) = beside(order, from, if rises { ">" } else { "<" })
    {
        cards = cards.filter(condition);
    }
    places(conn, sorted(cards, order, rises).limit(i64::try_from(limit).unwrap_or(i64::MAX)), sort)
}

fn ahead_by_organization(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>) -> QueryResult<Vec<Place>> {
    let rises = wanted.rises();
    let within = match filter.places {
        Places::All | Places::Nowhere => organizations::Scope::All,
        Places::Below(top) => organizations::Scope::Below(top),
        Places::One(id) => organizations::Scope::Only(id),
    };
    let mut found: Vec<Place> = Vec::new();
    let (mut at, mut behind) = (None, None);
    if let Some(Place { key: Key::Organization(key, place, name), id }) = wanted.from {
        at = Some((key.clone(), *place));
        behind = Some(Place { key: Key::Text(name.clone()), id: *id });
    }
    let mut done: Option<Id> = None;
    let some = i64::try_from(WALK_ORGANIZATIONS + 1).unwrap_or(i64::MAX);
    loop {
        let from = at.as_ref().map(|(key, place)| (key.as_str(), *place));
        let next = organizations::in_order(conn, within, from, rises, some)?;
        let first = at.as_ref().map(|(_, place)| *place);
        for (id, _) in next.iter().filter(|(id, _)| Some(*id) != done) {
            let mut cards = filter.cards().filter(employees::organization_id.eq(*id));
            if let Some(behind) = behind.as_ref().filter(|_| first == Some(*id))
                && let Some(condition) = beside(Order::Name, behind, if rises { ">" } else { "<" })
            {
                cards = cards.filter(condition);
            }
            let left = i64::try_from(wanted.limit - found.len()).unwrap_or(i64::MAX);
            let cards = sorted(cards, Order::Organization, rises).limit(left);
            found.extend(places(conn, cards, wanted.sort)?);
            if found.len() >= wanted.limit {
                return Ok(found);
            }
        }
        match next.last() {
            Some((id, key)) if next.len() > WALK_ORGANIZATIONS => {
                done = Some(*id);
                at = Some((key.clone(), *id));
            }
            _ => return Ok(found),
        }
    }
}

/// `SELECT count(*) FROM (… LIMIT n)`: counting stops where the number is of no more interest.
#[derive(QueryId)]
pub(super) struct CountAtMost<Q>(pub(super) Q);

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for CountAtMost<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted");
        Ok(())
    }
}

impl<Q> Query for CountAtMost<Q> {
    type SqlType = BigInt;
}

impl<Q> RunQueryDsl<Conn> for CountAtMost<Q> {}

/// How many cards there are, counted to one above [`EXACT_COUNT_LIMIT`].
fn count(conn: &mut Conn, filter: &Filter, beginning: Option<Beginning<'_>>) -> QueryResult<u32> {
    let most = i64::from(EXACT_COUNT_LIMIT) + 1;
    let Some(beginning) = beginning else {
        let all: i64 = CountAtMost(filter.cards().select(employees::id).limit(most)).get_result(conn)?;
        return Ok(u32::try_from(all).unwrap_or(u32::MAX));
    };
    let mut all = 0;
    // What is frequent is counted to the limit among its first rows already.
    let firsts: &[Option<i64>] = match beginning {
        Beginning::Roles | Beginning::Words(_) => &[Some(FIRST_ROWS), Some(FIRST_ROWS * 8), None],
        _ => &[None],
    };
    for first in firsts.iter().copied() {
        let cards = filter.begun_at_first(filter.cards(), beginning, first);
        all = CountAtMost(cards.select(employees::id).limit(most)).get_result(conn)?;
        if all >= most {
            break;
        }
    }
    if let Beginning::Words(word) = beginning
        && all < most
    {
        // Those that are named so; who was counted before is counted twice, and only near the limit it matters.
        let named = named_otherwise_counted(conn, filter, word, most)?;
        all = named;
    }
    Ok(u32::try_from(all).unwrap_or(u32::MAX))
}

/// The cards that have a word, whether at the beginning of the name or elsewhere, each counted once.
fn named_otherwise_counted(conn: &mut Conn, filter: &Filter, word: &str, most: i64) -> QueryResult<i64> {
    let named = filter.begun_at(filter.cards(), Beginning::Names(word));
    let named: i64 = CountAtMost(named.select(employees::id).limit(most)).get_result(conn)?;
    let others = named_otherwise(filter.begun_at(filter.cards(), Beginning::Words(word)), word);
    let others: i64 = CountAtMost(others.select(employees::id).limit(most)).get_result(conn)?;
    Ok((named + others).min(most))
}

/// Which of some cards are cards of the filter.
///
/// # Errors
/// The database fails.
pub(super) fn among(conn: &mut Conn, filter: &Filter, places: &[Place]) -> QueryResult<HashSet<Id>> {
    let ids: Vec<Id> = places.iter().map(|place| place.id).collect();
    let cards = filter.cards().filter(employees::id.eq_any(ids));
    Ok(cards.select(employees::id).load(conn)?.into_iter().collect())
}

/// The rows at some places, in their order.
///
/// # Errors
/// The database fails.
pub(super) fn rows(conn: &mut Conn, places: &[Place]) -> QueryResult<Vec<ListRow>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = places.iter().map(|place| place.id).collect();
    let found: Vec<ListRow> =
        employees::table.filter(employees::id.eq_any(&ids)).select(ListRow::as_select()).load(conn)?;
    let mut by_id: HashMap<Id, ListRow> = found.into_iter().map(|row| (row.id, row)).collect();
    // Between two statements a card may have gone.
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// The roles of some cards.
///
/// # Errors
/// The database fails.
pub(super) fn roles(conn: &mut Conn, cards: &[Id]) -> QueryResult<HashMap<Id, Vec<AssignmentRow>>> {
    if cards.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<AssignmentRow> = role_assignments::table
        .filter(role_assignments::employee_id.eq_any(cards))
        .select(AssignmentRow::as_select())
        .load(conn)?;
    Ok(by_card(rows))
}

/// Roles by the card they stand on.
pub(super) fn by_card(rows: Vec<AssignmentRow>) -> HashMap<Id, Vec<AssignmentRow>> {
    let mut by_card: HashMap<Id, Vec<AssignmentRow>> = HashMap::new();
    for row in rows {
        by_card.entry(row.employee_id).or_default().push(row);
    }
    by_card
}

/// The accounts that some cards are bound to, with their last sign-in.
///
/// # Errors
/// The database fails.
pub(super) fn sign_ins(conn: &mut Conn, cards: &[Id]) -> QueryResult<HashMap<Id, Option<NaiveDateTime>>> {
    if cards.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Id, Option<NaiveDateTime>)> = bindings::table
        .inner_join(accounts::table)
        .filter(bindings::employee_id.eq_any(cards))
        .filter(bindings::ended_at.is_null())
        .select((bindings::employee_id, accounts::last_sign_in_at))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
