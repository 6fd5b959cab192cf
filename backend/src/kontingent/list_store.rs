//! The staff list as the database answers it.
//!
//! A page of fifty out of a million is come by in one of three ways, whichever is short:
//! * where something that is asked for is rare (few cards have the role, the word), those few are all read and
//!   sorted here, and their number is known exactly;
//! * rows that lie in the order of the list (the cards themselves; by name also those of a role and of a word) are
//!   gone through until the page is full: what is frequent among them is soon found;
//! * rows of another order are gone through once, and the database keeps the first of them.
//!
//! Which is short nobody knows before: there are no statistics to trust in. So each way is gone a little, then each
//! again and further ([`STEPS`]), until one of them has come to the end. What is asked of a row on the way stands in
//! the row ([`super::list_filter`]); ways on which rows are looked up are gone less far ([`LOOK_UP`]).

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Date, Text, Timestamp};
use epos_shared::api::employees::EmployeeSort;
use epos_shared::api::page::{EXACT_COUNT_LIMIT, MAX_LIMIT};

use super::card_store::AssignmentRow;
use super::list_filter::{Filter, NEVER_SEEN, Places, Rows, Source, TOKENS_MOST, end_of};
use crate::db::schema::{accounts, bindings, employees, role_assignments};
use crate::db::statement::Sql;
use crate::db::types::{DbUuid, Id};
use crate::db::{Conn, MultiBackend};
use crate::organizations;

/// So many rows are all read and sorted before anything else is tried.
const FEW: i64 = 600;
/// So many rows of each way are gone through in turn. The last step is the end of the table.
const STEPS: [i64; 4] = [1_500, 12_000, 96_000, i64::MAX];
/// So many rows are gone through at most because of what the first of them held.
const FORECAST: i64 = 150_000;
/// So many rows of a way are all read, once the first of them have held little.
const WHOLE: i64 = 40_000;
/// What so few rows held says nothing of the others.
const TOLD_BY: usize = 5;
/// Looking up a row costs as much as passing over so many.
const LOOK_UP: i64 = 12;
/// How the first so many rows are called in a statement.
const FIRST: &str = "first_rows";
/// Cards of an export that are read at a time.
pub(super) const BATCH: usize = 1_000;
/// Identifiers in a statement.
const IDS: usize = 100;
/// Cards of so many organizations are looked through, one after the other, and then of so many.
const ORGANIZATIONS: [usize; 3] = [40, 400, 1_000_000];

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
    if let Some(place) = filter.one_place() {
        return Ok(page_of(all(conn, filter, wanted.sort, &[Rows::Place(place)])?, wanted));
    }
    let ways = ways(conn, filter)?;
    let sizes = &mut Sizes::default();
    for way in &ways {
        if size(conn, filter, sizes, way, FEW)? <= FEW {
            return Ok(page_of(all(conn, filter, wanted.sort, way)?, wanted));
        }
    }
    let page = match page(conn, filter, sizes, wanted, &ways)? {
        Looked::Page(page) => page,
        Looked::All(places) => return Ok(page_of(places, wanted)),
    };
    let before = before(conn, filter, sizes, wanted, &ways)?;
    let total = count(conn, filter, sizes, &ways, page.way)?;
    Ok(Found { before, ..cut(page.places, wanted, total) })
}

/// The ways of a filter.
fn ways(conn: &mut Conn, filter: &Filter) -> QueryResult<Vec<Vec<Rows>>> {
    let mut known = HashMap::new();
    for word in filter.words_beside() {
        if let Some(tokens) = tokens(conn, word)? {
            known.insert(word.clone(), tokens);
        }
    }
    Ok(filter.ways(&known))
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
fn before(
    conn: &mut Conn,
    filter: &Filter,
    sizes: &mut Sizes,
    wanted: Wanted<'_>,
    ways: &[Vec<Rows>],
) -> QueryResult<bool> {
    let Some(from) = wanted.from else { return Ok(false) };
    let mut sql = Sql::default();
    sql.push("SELECT employees.id FROM employees WHERE employees.id = ").id(from.id);
    filter.write(&mut sql, &Rows::All, "employees");
    if sql.answering::<DbUuid>().get_result::<Id>(conn).optional()?.is_some() {
        return Ok(true);
    }
    let back = Wanted { backwards: !wanted.backwards, limit: 0, ..wanted };
    Ok(match page(conn, filter, sizes, back, ways)? {
        Looked::Page(page) => !page.places.is_empty(),
        Looked::All(places) => !page_of(places, back).places.is_empty(),
    })
}

/// A page before it is cut.
struct Page {
    /// One more place than it holds, in the direction of reading; all there are where there are fewer.
    places: Vec<Place>,
    /// The way that it was found by; nothing where that was all cards.
    way: Option<usize>,
}

/// What came of looking for a page.
enum Looked {
    Page(Page),
    /// Every card there is.
    All(Vec<Place>),
}

impl Looked {
    /// A page that was found by all cards.
    const fn by_all(places: Vec<Place>) -> Self {
        Self::Page(Page { places, way: None })
    }
}

fn page(
    conn: &mut Conn,
    filter: &Filter,
    sizes: &mut Sizes,
    wanted: Wanted<'_>,
    ways: &[Vec<Rows>],
) -> QueryResult<Looked> {
    let (order, _) = order(wanted.sort);
    if order == Order::Organization {
        return Ok(Looked::by_all(page_by_organizations(conn, filter, wanted)?));
    }
    for (turn, step) in STEPS.into_iter().enumerate() {
        // What went before held little: all of it would be gone through for the number.
        if order == Order::Name && turn > 0 && step != i64::MAX {
            for way in ways {
                if is_within(conn, filter, sizes, way, step)? {
                    return Ok(Looked::All(all(conn, filter, wanted.sort, way)?));
                }
            }
        }
        for (number, way) in ways.iter().enumerate() {
            let places = if order == Order::Name {
                along(conn, filter, sizes, wanted, way, step)?
            } else {
                across(conn, filter, sizes, wanted, way, step)?
            };
            if let Some(places) = places {
                return Ok(Looked::Page(Page { places, way: Some(number) }));
            }
        }
        let found = match ahead(conn, filter, wanted, &Rows::All, step)? {
            Ahead::Page(places) => return Ok(Looked::by_all(places)),
            Ahead::Short(found) => found,
        };
        // Often all cards are gone on with right away.
        if let Some(further) = forecast(found, step, wanted.limit + 1)
            && let Ahead::Page(places) = ahead(conn, filter, wanted, &Rows::All, further)?
        {
            return Ok(Looked::by_all(places));
        }
    }
    // The last step goes through all cards.
    Ok(Looked::by_all(Vec::new()))
}

/// How many rows to go through for so many hits, where the first rows held some: half as many again as that says.
/// Nothing where they held too few to tell, or where the next step goes as far.
fn forecast(found: usize, passed: i64, wanted: usize) -> Option<i64> {
    if found < TOLD_BY || passed == i64::MAX {
        return None;
    }
    let (found, wanted) = (i64::try_from(found).ok()?, i64::try_from(wanted).ok()?);
    let rows = passed.saturating_mul(wanted).saturating_div(found);
    let rows = rows.saturating_add(rows / 2);
    (rows > passed && rows <= FORECAST).then_some(rows)
}

/// How many rows of a way are gone through in a step.
fn stride(filter: &Filter, rows: &Rows, step: i64) -> i64 {
    // Everything is passed over before everything is looked up.
    if step != i64::MAX && filter.looks_up(rows) { step / LOOK_UP } else { step }
}

/// Whether a way has no more rows than a step, and few enough to read them all.
fn is_within(
    conn: &mut Conn,
    filter: &Filter,
    sizes: &mut Sizes,
    way: &[Rows],
    step: i64,
) -> QueryResult<bool> {
    let stride = way.iter().map(|rows| stride(filter, rows, step)).min().unwrap_or(step).min(WHOLE);
    // What is mostly too much is counted first.
    let mut counted = 0;
    for rows in way.iter().rev() {
        counted += size(conn, filter, sizes, std::slice::from_ref(rows), stride - counted)?;
        if counted > stride {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A page by name out of the rows of a way; nothing where the step ends before.
fn along(
    conn: &mut Conn,
    filter: &Filter,
    sizes: &mut Sizes,
    wanted: Wanted<'_>,
    way: &[Rows],
    step: i64,
) -> QueryResult<Option<Vec<Place>>> {
    if step == i64::MAX {
        return Ok(None);
    }
    let mut found = Vec::new();
    // What lies in another order is what mostly fails: it is tried first.
    for rows in way.iter().rev() {
        let stride = stride(filter, rows, step);
        if rows.by_name() {
            let Ahead::Page(places) = ahead(conn, filter, wanted, rows, stride)? else { return Ok(None) };
            found.extend(places);
        } else if size(conn, filter, sizes, std::slice::from_ref(rows), stride)? <= stride {
            found.extend(sorted(conn, filter, wanted, rows)?);
        } else if let Rows::Words(word) = rows
            && let Some(tokens) = tokens(conn, word)?
        {
            // All of them together go as far as the step.
            let stride = stride / i64::try_from(tokens.len().max(1)).unwrap_or(1);
            for token in tokens {
                let rows = Rows::Word(word.clone(), token);
                let Ahead::Page(places) = ahead(conn, filter, wanted, &rows, stride)? else {
                    return Ok(None);
                };
                found.extend(places);
            }
        } else {
            return Ok(None);
        }
    }
    found.sort_unstable();
    found.dedup();
    if !wanted.rises() {
        found.reverse();
    }
    found.truncate(wanted.limit + 1);
    Ok(Some(found))
}

/// A page in another order out of all rows of a way; nothing where they are more than the step.
fn across(
    conn: &mut Conn,
    filter: &Filter,
    sizes: &mut Sizes,
    wanted: Wanted<'_>,
    way: &[Rows],
    step: i64,
) -> QueryResult<Option<Vec<Place>>> {
    if step == i64::MAX {
        return Ok(None);
    }
    let mut found = Vec::new();
    for rows in way {
        let in_the_row = has_key(rows.source(), order(wanted.sort).0);
        let stride = if in_the_row { stride(filter, rows, step) } else { step / LOOK_UP };
        if size(conn, filter, sizes, std::slice::from_ref(rows), stride)? > stride {
            return Ok(None);
        }
        found.extend(sorted(conn, filter, wanted, rows)?);
    }
    found.sort_unstable();
    found.dedup();
    if !wanted.rises() {
        found.reverse();
    }
    found.truncate(wanted.limit + 1);
    Ok(Some(found))
}

/// Whether the key of an order stands in the rows themselves. Of the cards it stands in the index of that order and
/// nowhere else.
const fn has_key(source: Source, order: Order) -> bool {
    matches!(
        (source, order),
        (_, Order::Name) | (Source::Roles, Order::Login | Order::Creation | Order::End | Order::Organization)
    )
}

/// The column that an order begins with, where that is not the name.
const fn key_column(order: Order) -> Option<&'static str> {
    match order {
        Order::Name => None,
        Order::Login => Some("login"),
        Order::Creation => Some("created_at"),
        Order::End => Some("roles_end_on"),
        Order::SignIn => Some("account_seen_at"),
        Order::Organization => Some("organization_id"),
    }
}

/// Writes what is read of a row: its key in an order, and the card. `table` is how its rows are called.
fn write_key(sql: &mut Sql, source: Source, table: &'static str, order: Order) {
    if let Some(column) = key_column(order) {
        if source == Source::Cards || has_key(source, order) {
            sql.push(table).push(".").push(column);
        } else {
            sql.push("(SELECT employees.").push(column).push(" FROM employees WHERE employees.id = ");
            sql.push(table).push(".").push(source.id()).push(")");
        }
        sql.push(" AS place_key, ");
    }
    if !matches!(order, Order::Login | Order::Creation) {
        sql.push(table).push(".name_key, ");
    }
    sql.push(table).push(".").push(source.id());
}

/// Reads places.
fn places(conn: &mut Conn, sql: Sql, order: Order) -> QueryResult<Vec<Place>> {
    match order {
        Order::Name | Order::Login => {
            let rows: Vec<(String, Id)> = sql.answering::<(Text, DbUuid)>().load(conn)?;
            Ok(rows.into_iter().map(|(key, id)| Place { key: Key::Text(key), id }).collect())
        }
        Order::Creation => {
            let rows: Vec<(NaiveDateTime, Id)> = sql.answering::<(Timestamp, DbUuid)>().load(conn)?;
            Ok(rows.into_iter().map(|(at, id)| Place { key: Key::Moment(at), id }).collect())
        }
        Order::End => {
            let rows: Vec<(NaiveDate, String, Id)> = sql.answering::<(Date, Text, DbUuid)>().load(conn)?;
            Ok(rows.into_iter().map(|(day, name, id)| Place { key: Key::End(day, name), id }).collect())
        }
        Order::SignIn => {
            let rows: Vec<(NaiveDateTime, String, Id)> =
                sql.answering::<(Timestamp, Text, DbUuid)>().load(conn)?;
            Ok(rows.into_iter().map(|(at, name, id)| Place { key: Key::SignIn(at, name), id }).collect())
        }
        Order::Organization => {
            let rows: Vec<(Id, String, Id)> = sql.answering::<(DbUuid, Text, DbUuid)>().load(conn)?;
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

/// The columns of an order, as an index of the source has them.
const fn columns(source: Source, order: Order) -> &'static [&'static str] {
    match (order, source) {
        (Order::Name | Order::Organization, Source::Cards) => &["name_key", "id"],
        (Order::Name | Order::Organization, _) => &["name_key", "employee_id"],
        (Order::Login, Source::Cards) => &["login"],
        (Order::Login, _) => &["login", "employee_id"],
        (Order::Creation, Source::Cards) => &["created_at", "id"],
        (Order::Creation, _) => &["created_at", "employee_id"],
        (Order::End, Source::Cards) => &["roles_end_on", "name_key", "id"],
        (Order::End, _) => &["roles_end_on", "name_key", "employee_id"],
        (Order::SignIn, Source::Cards) => &["account_seen_at", "name_key", "id"],
        (Order::SignIn, _) => &["account_seen_at", "name_key", "employee_id"],
    }
}

/// Writes that rows lie in a direction of a place: they are compared whole, so that an index begins right there.
fn beside(sql: &mut Sql, source: Source, order: Order, place: &Place, comparison: &'static str) {
    let mut between = " AND (";
    for column in columns(source, order) {
        sql.push(between).push(source.table()).push(".").push(*column);
        between = ", ";
    }
    sql.push(") ").push(comparison).push(" (");
    match &place.key {
        Key::Text(text) | Key::Organization(_, _, text) => sql.text(text.as_str()),
        Key::Moment(moment) => sql.moment(*moment),
        Key::End(day, text) => sql.day(*day).push(", ").text(text.as_str()),
        Key::SignIn(moment, text) => sql.moment(*moment).push(", ").text(text.as_str()),
    };
    if !(order == Order::Login && source == Source::Cards) {
        sql.push(", ").id(place.id);
    }
    sql.push(")");
}

fn write_order(sql: &mut Sql, source: Source, order: Order, rises: bool) {
    let mut between = " ORDER BY ";
    for column in columns(source, order) {
        sql.push(between).push(source.table()).push(".").push(*column);
        sql.push(if rises { " ASC" } else { " DESC" });
        between = ", ";
    }
}

/// Rows are read in one of few numbers, so that there are few statements.
fn read_at_most(limit: usize) -> usize {
    let most = usize::try_from(MAX_LIMIT).unwrap_or(usize::MAX) + 1;
    [1, 26, 51, most, BATCH].into_iter().find(|few| *few >= limit).unwrap_or(limit)
}

/// What came of going through rows.
enum Ahead {
    /// The page: full, or all there are.
    Page(Vec<Place>),
    /// So many places, and there are more rows.
    Short(usize),
}

/// Goes through rows that lie in the order of the list, `most` of them.
fn ahead(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>, rows: &Rows, most: i64) -> QueryResult<Ahead> {
    let limit = wanted.limit + 1;
    let (order, _) = order(wanted.sort);
    let (source, rises) = (rows.source(), wanted.rises());
    // What lies in the range of rows, from where the page begins.
    let range = |sql: &mut Sql, from: Option<&Place>| {
        sql.push(" FROM ").push(source.table()).push(" WHERE ");
        rows.write(sql, filter.today);
        write_bounds(sql, filter, order);
        if let Some(place) = from {
            beside(sql, source, order, place, if rises { ">" } else { "<" });
        }
    };
    // Where nearly every row is a hit, the rows need not be cut before they are looked at.
    let is_whole = most == i64::MAX || (filter.is_plain() && *rows == Rows::All);
    let read = read_at_most(limit);
    let mut found: Vec<Place> = Vec::new();
    loop {
        let from = found.last().or(wanted.from);
        let mut sql = Sql::default();
        sql.push("SELECT ");
        if is_whole {
            write_key(&mut sql, source, source.table(), order);
            range(&mut sql, from);
            filter.write(&mut sql, rows, source.table());
            write_order(&mut sql, source, order, rises);
        } else {
            // In the order in which they are read: both databases pass them on one by one, and stop at the last that
            // is wanted.
            write_key(&mut sql, source, FIRST, order);
            sql.push(" FROM (SELECT ").push(source.columns());
            let is_there = |column: &&str| source.columns().split(", ").any(|there| there == *column);
            if let Some(column) = key_column(order).filter(|column| !is_there(column)) {
                sql.push(", ").push(column);
            }
            range(&mut sql, from);
            write_order(&mut sql, source, order, rises);
            sql.push(format!(" LIMIT {most}) AS ")).push(FIRST).push(" WHERE 1 = 1");
            filter.write(&mut sql, rows, FIRST);
        }
        sql.push(format!(" LIMIT {read}"));
        let places = places(conn, sql, order)?;
        let ended = places.len() < read;
        found.extend(places);
        // Who stands in two rows stands in them one after the other.
        found.dedup();
        if found.len() >= limit {
            found.truncate(limit);
            return Ok(Ahead::Page(found));
        }
        if ended {
            break;
        }
    }
    if is_whole {
        return Ok(Ahead::Page(found));
    }
    let mut sql = Sql::default();
    sql.push("SELECT CAST(1 AS BIGINT)");
    range(&mut sql, wanted.from);
    write_order(&mut sql, source, order, rises);
    sql.push(format!(" LIMIT 1 OFFSET {most}"));
    let there_is_more = sql.answering::<BigInt>().get_result::<i64>(conn).optional()?.is_some();
    Ok(if there_is_more { Ahead::Short(found.len()) } else { Ahead::Page(found) })
}

/// Where the order of the list is one of what is asked for, it is gone through from there, and no further.
fn write_bounds(sql: &mut Sql, filter: &Filter, order: Order) {
    use epos_shared::api::employees::EmployeeState;
    match order {
        Order::End => match filter.ends() {
            (true, _) => {
                sql.push(" AND employees.roles_end_on >= ").day(filter.today);
            }
            (_, true) => {
                sql.push(" AND employees.roles_end_on < ").day(filter.today);
            }
            _ => {}
        },
        Order::SignIn => {
            if matches!(filter.state, Some(EmployeeState::NotBound | EmployeeState::NeverSignedIn)) {
                sql.push(" AND employees.account_seen_at <= ").moment(NEVER_SEEN);
            }
        }
        _ => {}
    }
}

/// Goes through all rows of another order; the database keeps the first of them in the order of the list.
fn sorted(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>, rows: &Rows) -> QueryResult<Vec<Place>> {
    let (order, _) = order(wanted.sort);
    let (source, rises) = (rows.source(), wanted.rises());
    if order != Order::Name && !has_key(source, order) {
        // The key is looked up, and can neither be compared nor sorted by in one text for both databases.
        let mut found = all(conn, filter, wanted.sort, std::slice::from_ref(rows))?;
        found.retain(|place| match wanted.from {
            None => true,
            Some(from) if rises => place > from,
            Some(from) => place < from,
        });
        return Ok(found);
    }
    let limit = wanted.limit + 1;
    let read = read_at_most(limit);
    let mut found: Vec<Place> = Vec::new();
    loop {
        let mut sql = Sql::default();
        sql.push("SELECT ");
        write_key(&mut sql, source, source.table(), order);
        sql.push(" FROM ").push(source.table()).push(" WHERE ");
        rows.write(&mut sql, filter.today);
        if let Some(place) = found.last().or(wanted.from) {
            beside(&mut sql, source, order, place, if rises { ">" } else { "<" });
        }
        filter.write(&mut sql, rows, source.table());
        write_order(&mut sql, source, order, rises);
        sql.push(format!(" LIMIT {read}"));
        let places = places(conn, sql, order)?;
        let ended = places.len() < read;
        found.extend(places);
        found.dedup();
        if ended || found.len() >= limit {
            return Ok(found);
        }
    }
}

/// Every card of the filter, by the rows of a way, in no order.
fn all(conn: &mut Conn, filter: &Filter, sort: EmployeeSort, way: &[Rows]) -> QueryResult<Vec<Place>> {
    let (order, _) = order(sort);
    let mut found = Vec::new();
    for rows in way {
        let source = rows.source();
        let mut sql = Sql::default();
        sql.push("SELECT ");
        write_key(&mut sql, source, source.table(), order);
        sql.push(" FROM ").push(source.table()).push(" WHERE ");
        rows.write(&mut sql, filter.today);
        filter.write(&mut sql, rows, source.table());
        found.extend(places(conn, sql, order)?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The words that begin so, where they are few.
fn tokens(conn: &mut Conn, word: &str) -> QueryResult<Option<Vec<String>>> {
    let mut sql = Sql::default();
    // From each to the next: the rows between are never read.
    sql.push("WITH RECURSIVE beginning (token) AS (SELECT min(token) FROM employee_tokens WHERE token >= ");
    sql.text(word).push(" AND token < ").text(end_of(word));
    sql.push(
        " UNION ALL SELECT (SELECT min(employee_tokens.token) FROM employee_tokens \
         WHERE employee_tokens.token > beginning.token AND employee_tokens.token < ",
    );
    sql.text(end_of(word)).push(") FROM beginning WHERE beginning.token IS NOT NULL) ");
    sql.push(format!("SELECT token FROM beginning WHERE token IS NOT NULL LIMIT {}", TOKENS_MOST + 1));
    let found: Vec<String> = sql.answering::<Text>().load(conn)?;
    Ok((found.len() <= TOKENS_MOST).then_some(found))
}

/// What is known of the number of some rows: so many, and whether those are all.
#[derive(Debug, Default)]
struct Sizes(HashMap<Rows, (i64, bool)>);

impl Sizes {
    /// How many rows a way has, where that is known.
    fn whole(&self, way: &[Rows]) -> Option<i64> {
        way.iter().map(|rows| self.0.get(rows).filter(|(_, is_all)| *is_all).map(|(number, _)| *number)).sum()
    }
}

/// How many rows there are, counted to one above `most`.
fn size(conn: &mut Conn, filter: &Filter, sizes: &mut Sizes, way: &[Rows], most: i64) -> QueryResult<i64> {
    let mut counted = 0;
    for rows in way {
        let known = sizes.0.get(rows).filter(|(number, is_all)| *is_all || *number > most);
        let number = match known {
            Some((number, _)) => *number,
            None => {
                let mut sql = Sql::default();
                sql.push("SELECT count(*) FROM (");
                first_rows(&mut sql, filter, rows, "1", most.saturating_add(1));
                sql.push(") AS counted");
                let number = sql.answering::<BigInt>().get_result::<i64>(conn)?;
                sizes.0.insert(rows.clone(), (number, number <= most));
                number
            }
        };
        counted += number;
        if counted > most {
            break;
        }
    }
    Ok(counted)
}

/// The first so many rows, in the order of their index.
fn first_rows(sql: &mut Sql, filter: &Filter, rows: &Rows, columns: &'static str, most: i64) {
    sql.push("SELECT ").push(columns).push(" FROM ").push(rows.source().table()).push(" WHERE ");
    rows.write(sql, filter.today);
    if !rows.order().is_empty() {
        sql.push(" ORDER BY ").push(rows.order());
    }
    sql.push(format!(" LIMIT {most}"));
}

/// How many cards there are, counted to one above [`EXACT_COUNT_LIMIT`]. What the first rows of each way held says
/// how far it would have to be gone; whichever has the shortest way before it goes next.
fn count(
    conn: &mut Conn,
    filter: &Filter,
    sizes: &mut Sizes,
    ways: &[Vec<Rows>],
    found: Option<usize>,
) -> QueryResult<u32> {
    let enough = usize::try_from(EXACT_COUNT_LIMIT).unwrap_or(usize::MAX) + 1;
    let [first, second, ..] = STEPS;
    let mut steps = vec![first; ways.len() + 1];
    // The way that the page was found by is likely the shortest to that too.
    let promising = found.filter(|number| *number < ways.len());
    loop {
        let next = steps.iter().enumerate().min_by_key(|(number, step)| (**step, Some(*number) != promising));
        let Some((number, step)) = next.map(|(number, step)| (number, *step)) else { return Ok(0) };
        let everything = [Rows::All];
        // All cards are counted at the end.
        let is_last = step > FORECAST;
        let way = ways.get(number).filter(|_| !is_last).map_or(&everything[..], Vec::as_slice);
        let step = if is_last { i64::MAX } else { step };
        let counted = match count_along(conn, filter, sizes, way, step)? {
            Counted::Known(count) => return Ok(count),
            Counted::Short(counted) => counted,
        };
        let further = forecast(counted, step, enough).unwrap_or_else(|| step.saturating_mul(second / first));
        // Never so little further that it is gone again and again, and not beyond its end.
        let further = further.max(step.saturating_mul(3));
        let costs = if way.iter().any(|rows| filter.looks_up(rows)) { LOOK_UP } else { 1 };
        let end = sizes.whole(way).map(|end| end.saturating_mul(costs)).filter(|end| *end > step);
        if let Some(slot) = steps.get_mut(number) {
            *slot = end.map_or(further, |end| further.min(end));
        }
    }
}

/// What came of counting.
enum Counted {
    /// The number, to one above the limit.
    Known(u32),
    /// So many at least, and there are more rows.
    Short(usize),
}

/// How many cards there are, by so many of the rows of a way.
fn count_along(
    conn: &mut Conn,
    filter: &Filter,
    sizes: &mut Sizes,
    way: &[Rows],
    step: i64,
) -> QueryResult<Counted> {
    let most = usize::try_from(EXACT_COUNT_LIMIT).unwrap_or(usize::MAX) + 1;
    let mut counted = 0;
    let mut ended = true;
    for rows in way {
        let stride = stride(filter, rows, step);
        let (more, is_whole) = if rows.repeats() {
            let found = count_different(conn, filter, rows, stride, most - counted)?;
            let is_enough = counted + found >= most;
            (
                found,
                is_enough
                    || stride == i64::MAX
                    || size(conn, filter, sizes, std::slice::from_ref(rows), stride)? <= stride,
            )
        } else {
            count_rows(conn, filter, rows, stride)?
        };
        counted += more;
        if counted >= most {
            return Ok(Counted::Known(EXACT_COUNT_LIMIT + 1));
        }
        ended &= is_whole;
    }
    Ok(if ended {
        Counted::Known(u32::try_from(counted).unwrap_or(u32::MAX))
    } else {
        Counted::Short(counted)
    })
}

/// How many cards there are among the first so many rows, and whether those are all rows.
fn count_rows(conn: &mut Conn, filter: &Filter, rows: &Rows, stride: i64) -> QueryResult<(usize, bool)> {
    let mut sql = Sql::default();
    sql.push("SELECT count(*), coalesce(sum(CASE WHEN 1 = 1");
    filter.write(&mut sql, rows, FIRST);
    sql.push(" THEN 1 ELSE 0 END), 0) FROM (");
    first_rows(&mut sql, filter, rows, rows.source().columns(), stride.saturating_add(1));
    sql.push(") AS ").push(FIRST);
    let (passed, counted): (i64, i64) = sql.answering::<(BigInt, BigInt)>().get_result(conn)?;
    Ok((usize::try_from(counted).unwrap_or(usize::MAX), passed <= stride))
}

/// How many cards there are among the first so many rows, where a card may stand in many: counted to `most`.
fn count_different(
    conn: &mut Conn,
    filter: &Filter,
    rows: &Rows,
    stride: i64,
    most: usize,
) -> QueryResult<usize> {
    let source = rows.source();
    let limit = usize::try_from(EXACT_COUNT_LIMIT).unwrap_or(usize::MAX) + 1;
    // Seldom the first so many rows are not enough.
    let mut limit = limit + limit / 2;
    loop {
        let mut sql = Sql::default();
        sql.push("SELECT ").push(FIRST).push(".").push(source.id()).push(" FROM (");
        first_rows(&mut sql, filter, rows, source.columns(), stride);
        sql.push(") AS ").push(FIRST).push(" WHERE 1 = 1");
        filter.write(&mut sql, rows, FIRST);
        sql.push(format!(" LIMIT {limit}"));
        let ids: Vec<Id> = sql.answering::<DbUuid>().load(conn)?;
        let ended = ids.len() < limit;
        let different: HashSet<Id> = ids.into_iter().collect();
        if ended || different.len() >= most {
            return Ok(different.len().min(most));
        }
        limit *= 4;
    }
}

/// Goes through organizations in the order of their names, and through the cards of each.
fn page_by_organizations(conn: &mut Conn, filter: &Filter, wanted: Wanted<'_>) -> QueryResult<Vec<Place>> {
    let limit = wanted.limit + 1;
    let rises = wanted.rises();
    let scope = match filter.places {
        Places::All | Places::Nowhere => organizations::Scope::All,
        Places::Below(top) => organizations::Scope::Below(top),
        Places::One(id) => organizations::Scope::Only(id),
    };
    let mut at = match wanted.from {
        Some(Place { key: Key::Organization(key, place, _), .. }) => Some((key.clone(), *place)),
        _ => None,
    };
    let mut from = wanted.from;
    let mut found: Vec<Place> = Vec::new();
    for some in ORGANIZATIONS {
        // The one that the last step ended at is the first of the next.
        let most = i64::try_from(some + 1).unwrap_or(i64::MAX);
        let start = at.as_ref().map(|(key, place)| (key.as_str(), *place));
        let organizations = organizations::in_order(conn, scope, start, rises, most)?;
        for (id, key) in organizations.iter().take(some) {
            let within =
                from.filter(|from| matches!(&from.key, Key::Organization(_, place, _) if place == id));
            found.extend(of_organization(conn, filter, (*id, key), within, rises, limit - found.len())?);
            if found.len() >= limit {
                return Ok(found);
            }
        }
        let Some((id, key)) = organizations.into_iter().nth(some) else { break };
        at = Some((key, id));
        from = None;
    }
    Ok(found)
}

/// The first cards of an organization in the order of their names, from a place on.
fn of_organization(
    conn: &mut Conn,
    filter: &Filter,
    (organization, key): (Id, &str),
    from: Option<&Place>,
    rises: bool,
    limit: usize,
) -> QueryResult<Vec<Place>> {
    let rows = Rows::Place(organization);
    let read = read_at_most(limit);
    let mut sql = Sql::default();
    sql.push("SELECT ");
    write_key(&mut sql, Source::Cards, "employees", Order::Name);
    sql.push(" FROM employees WHERE ");
    rows.write(&mut sql, filter.today);
    if let Some(place) = from {
        beside(&mut sql, Source::Cards, Order::Organization, place, if rises { ">" } else { "<" });
    }
    filter.write(&mut sql, &rows, "employees");
    write_order(&mut sql, Source::Cards, Order::Name, rises);
    sql.push(format!(" LIMIT {read}"));
    let found = places(conn, sql, Order::Name)?;
    Ok(found
        .into_iter()
        .take(limit)
        .map(|place| match place.key {
            Key::Text(name) => {
                Place { key: Key::Organization(key.to_owned(), organization, name), id: place.id }
            }
            key => Place { key, id: place.id },
        })
        .collect())
}

/// Every card of the filter, in the order of the list, where something that is asked for has `most` rows or fewer;
/// nothing where all of it is more frequent.
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
    let ways = match filter.one_place() {
        Some(place) => vec![vec![Rows::Place(place)]],
        None => ways(conn, filter)?,
    };
    let sizes = &mut Sizes::default();
    let mut least: Option<(i64, &Vec<Rows>)> = None;
    for way in &ways {
        let size = size(conn, filter, sizes, way, most)?;
        if size <= most && least.is_none_or(|(known, _)| size < known) {
            least = Some((size, way));
        }
    }
    let Some((_, way)) = least else { return Ok(None) };
    let mut all = all(conn, filter, sort, way)?;
    if !order(sort).1 {
        all.reverse();
    }
    Ok(Some(all))
}

/// The next cards in the order of the list, however far ahead they are: whoever reads it to its end goes through
/// all cards once.
///
/// # Errors
/// The database fails.
pub(super) fn next(
    conn: &mut Conn,
    filter: &Filter,
    sort: EmployeeSort,
    from: Option<&Place>,
    limit: usize,
) -> QueryResult<Vec<Place>> {
    // A page is read with one more.
    let wanted = Wanted { sort, from, backwards: false, limit: limit.saturating_sub(1) };
    if filter.places == Places::Nowhere {
        return Ok(Vec::new());
    }
    if order(sort).0 == Order::Organization {
        return page_by_organizations(conn, filter, wanted);
    }
    match ahead(conn, filter, wanted, &Rows::All, i64::MAX)? {
        Ahead::Page(places) => Ok(places),
        Ahead::Short(_) => Ok(Vec::new()),
    }
}

/// Which of some cards are cards of the filter.
///
/// # Errors
/// The database fails.
pub(super) fn among(conn: &mut Conn, filter: &Filter, places: &[Place]) -> QueryResult<HashSet<Id>> {
    let mut found = HashSet::new();
    for some in places.chunks(IDS) {
        let mut sql = Sql::default();
        sql.push("SELECT employees.id FROM employees WHERE employees.id IN (");
        // Always as many, so that there is one statement: the last one again and again.
        let ids = some.iter().chain(some.last().into_iter().cycle()).take(IDS);
        for (number, place) in ids.enumerate() {
            sql.push(if number == 0 { "" } else { ", " }).id(place.id);
        }
        sql.push(")");
        filter.write(&mut sql, &Rows::All, "employees");
        found.extend(sql.answering::<DbUuid>().load::<Id>(conn)?);
    }
    Ok(found)
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
