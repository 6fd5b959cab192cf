//! The staff list as the database answers it: one filtered query for page, count and "is there more", and
//! one query each for what stands on a page's rows.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use epos_shared::api::employees::{EmployeeSort, EmployeeState};
use epos_shared::api::page::EXACT_COUNT_LIMIT;
use epos_shared::roles::Role;
use epos_shared::search::prefix_end;

use super::card_store::AssignmentRow;
use crate::db::schema::{accounts, bindings, employee_tokens, employees, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};
use crate::organizations::{Scope, descendants_of};

/// «заканчивается в ближайшие 30 дней».
const SOON: Days = Days::new(30);

/// Which cards are listed.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) scope: Scope,
    pub(super) organization: Option<Within>,
    pub(super) role: Option<Role>,
    pub(super) state: Option<EmployeeState>,
    pub(super) words: Vec<Word>,
    pub(super) today: NaiveDate,
}

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    text: String,
    /// Whether it is rare enough to begin with the cards that have it; otherwise cards are gone through in
    /// the order of the list, and each is asked for it.
    rare: bool,
}

/// The organization of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// One with nothing below it: any part of a word is searched for.
    One(Id),
    /// One with everything below it.
    AndBelow(Id),
}

impl Filter {
    /// The same with words to be found, looked for in the way that costs least.
    ///
    /// # Errors
    /// The database fails.
    pub(super) fn finding(self, conn: &mut Conn, words: Vec<String>) -> QueryResult<Self> {
        let words = if self.within_one() {
            words.into_iter().map(|text| Word { text, rare: false }).collect()
        } else {
            weigh(conn, words)?
        };
        Ok(Self { words, ..self })
    }

    /// Whether the list lies within one organization, so that looking at each of its rows is cheap.
    fn within_one(&self) -> bool {
        matches!(self.organization, Some(Within::One(_))) || matches!(self.scope, Scope::Only(_))
    }
}

/// Where a row stands in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Text(String),
    Moment(NaiveDateTime),
}

/// A row's place in an order: its key, then its identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub(super) name_key: String,
    pub(super) email: Option<String>,
    pub(super) created_at: NaiveDateTime,
    pub(super) archived_at: Option<NaiveDateTime>,
}

impl ListRow {
    pub(super) fn place(&self, sort: EmployeeSort) -> Place {
        let key = match sort {
            EmployeeSort::Name | EmployeeSort::NameDescending => Key::Text(self.name_key.clone()),
            EmployeeSort::Login | EmployeeSort::LoginDescending => Key::Text(self.login.clone()),
            EmployeeSort::Newest | EmployeeSort::Oldest => Key::Moment(self.created_at),
        };
        Place { key, id: self.id }
    }
}

type Cards<'a> = employees::BoxedQuery<'a, MultiBackend>;
/// The roles of the card at hand, for `exists`.
#[diesel::dsl::auto_type(no_type_alias)]
fn roles_of_card() -> _ {
    role_assignments::table.filter(role_assignments::employee_id.eq(employees::id))
}

/// Narrows to cards that have a role, of one kind where `role` says so, among `subselect`. A macro, since a
/// subselect that is boxed for two databases is none for either.
macro_rules! having {
    ($query:expr, $role:expr, $subselect:expr) => {
        match $role {
            Some(role) => $query.filter(exists($subselect.filter(role_assignments::role.eq(role.as_str())))),
            None => $query.filter(exists($subselect)),
        }
    };
}

/// The cards of a filter.
fn filtered<'a>(filter: &Filter) -> Cards<'a> {
    let mut query = employees::table.into_boxed::<MultiBackend>();
    match filter.scope {
        Scope::All => {}
        Scope::Below(top) => query = query.filter(employees::organization_id.eq_any(descendants_of(top))),
        Scope::Only(id) => query = query.filter(employees::organization_id.eq(id)),
    }
    match filter.organization {
        None => {}
        Some(Within::One(id)) => query = query.filter(employees::organization_id.eq(id)),
        Some(Within::AndBelow(top)) => {
            query = query.filter(employees::organization_id.eq_any(descendants_of(top)));
        }
    }
    query = by_state(query, filter);
    for word in &filter.words {
        query = match (filter.within_one(), word.rare) {
            (true, _) => by_part(query, &word.text),
            (false, true) => among_those_with(query, &word.text),
            (false, false) => asked_for(query, &word.text),
        };
    }
    query
}

fn by_state<'a>(query: Cards<'a>, filter: &Filter) -> Cards<'a> {
    use role_assignments as r;
    let today = filter.today;
    let not_ended = || roles_of_card().filter(r::ends_on.is_null().or(r::ends_on.ge(today)));
    if filter.state == Some(EmployeeState::Archived) {
        let query = query.filter(employees::archived_at.is_not_null());
        return if filter.role.is_some() { having!(query, filter.role, roles_of_card()) } else { query };
    }
    let query = query.filter(employees::archived_at.is_null());
    match filter.state {
        Some(EmployeeState::InForce) => {
            return having!(query, filter.role, not_ended().filter(r::starts_on.le(today)));
        }
        Some(EmployeeState::EndsSoon) => {
            let soon = today.checked_add_days(SOON).unwrap_or(today);
            // From the roles to the cards: most of the year few end soon.
            let ending = r::table
                .filter(r::ends_on.between(today, soon))
                .filter(r::starts_on.le(today))
                .select(r::employee_id);
            return match filter.role {
                Some(role) => query.filter(employees::id.eq_any(ending.filter(r::role.eq(role.as_str())))),
                None => query.filter(employees::id.eq_any(ending)),
            };
        }
        Some(EmployeeState::Ended) => {
            return having!(query, filter.role, roles_of_card()).filter(not(exists(not_ended())));
        }
        _ => {}
    }
    let query = if filter.role.is_some() { having!(query, filter.role, not_ended()) } else { query };
    let bound =
        bindings::table.filter(bindings::employee_id.eq(employees::id)).filter(bindings::ended_at.is_null());
    match filter.state {
        Some(EmployeeState::NotBound) => query.filter(not(exists(bound))),
        Some(EmployeeState::NeverSignedIn) => {
            let signed_in = accounts::table
                .filter(accounts::last_sign_in_at.is_not_null())
                .filter(accounts::id.eq(bindings::account_id));
            query.filter(not(exists(bound.filter(exists(signed_in)))))
        }
        _ => query,
    }
}

/// A word of the card begins so; the cards are taken from the list of such words.
fn among_those_with<'a>(query: Cards<'a>, word: &str) -> Cards<'a> {
    let begins = employee_tokens::table
        .select(employee_tokens::employee_id)
        .filter(employee_tokens::token.ge(word.to_owned()))
        .filter(employee_tokens::token.lt(end_of(word)));
    query.filter(employees::id.eq_any(begins))
}

/// A word of the card begins so; each card is asked.
fn asked_for<'a>(query: Cards<'a>, word: &str) -> Cards<'a> {
    let begins = employee_tokens::table
        .filter(employee_tokens::employee_id.eq(employees::id))
        .filter(employee_tokens::token.ge(word.to_owned()))
        .filter(employee_tokens::token.lt(end_of(word)));
    query.filter(exists(begins))
}

/// The end of the range of words that begin so.
fn end_of(word: &str) -> String {
    // Only the greatest character there is has no successor; nobody is called by it.
    prefix_end(word).unwrap_or_else(|| word.to_owned())
}

/// Words of which no more cards have one than this are listed first.
const RARE: i64 = 20_000;
/// A word so rare that whatever else is searched for is asked of the few cards that have it.
const VERY_RARE: i64 = 2_000;

/// Finds out how the words of a query are best looked for: a beginning that every third card has, listed
/// first, would cost a second among a million; one that a hundred have, asked of each card in turn, as much.
///
/// # Errors
/// The database fails.
fn weigh(conn: &mut Conn, words: Vec<String>) -> QueryResult<Vec<Word>> {
    let mut sizes = Vec::with_capacity(words.len());
    for word in &words {
        let range = employee_tokens::table
            .filter(employee_tokens::token.ge(word))
            .filter(employee_tokens::token.lt(end_of(word)))
            .select(employee_tokens::token)
            .limit(RARE + 1);
        let size: i64 = CountAtMost(range).get_result(conn)?;
        sizes.push(size);
    }
    let bound = match sizes.iter().min() {
        Some(least) if *least <= VERY_RARE => *least,
        _ => RARE,
    };
    Ok(words.into_iter().zip(sizes).map(|(text, size)| Word { text, rare: size <= bound }).collect())
}

/// The name, the login or the e-mail holds it anywhere.
fn by_part<'a>(query: Cards<'a>, word: &str) -> Cards<'a> {
    let literal = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = format!("%{literal}%");
    query.filter(
        employees::name_key
            .like(pattern.clone())
            .escape('\\')
            .or(employees::login.like(pattern.clone()).escape('\\'))
            .or(employees::email_key
                .is_not_null()
                .and(employees::email_key.assume_not_null().like(pattern).escape('\\'))),
    )
}

/// Rows of the list from a place on, in `sort` or, for `backwards`, against it; the place itself left out.
///
/// # Errors
/// The database fails.
pub(super) fn page(
    conn: &mut Conn,
    filter: &Filter,
    sort: EmployeeSort,
    from: Option<&Place>,
    backwards: bool,
    limit: i64,
) -> QueryResult<Vec<ListRow>> {
    // `key >= k AND (key > k OR id > i)` rather than `key > k OR (key = k AND id > i)`: the first half alone
    // is a range that an index begins at.
    macro_rules! ordered {
        ($column:expr, $key:expr, $rising:expr) => {{
            let query = filtered(filter).select(ListRow::as_select()).limit(limit);
            let start = from.map(|place| ($key(&place.key), place.id));
            if $rising {
                let query = query.order(($column.asc(), employees::id.asc()));
                match start {
                    None => query.load(conn),
                    Some((key, id)) => query
                        .filter($column.ge(key.clone()))
                        .filter($column.gt(key).or(employees::id.gt(id)))
                        .load(conn),
                }
            } else {
                let query = query.order(($column.desc(), employees::id.desc()));
                match start {
                    None => query.load(conn),
                    Some((key, id)) => query
                        .filter($column.le(key.clone()))
                        .filter($column.lt(key).or(employees::id.lt(id)))
                        .load(conn),
                }
            }
        }};
    }
    let text = |key: &Key| match key {
        Key::Text(text) => text.clone(),
        Key::Moment(_) => String::new(),
    };
    let moment = |key: &Key| match key {
        Key::Moment(moment) => *moment,
        Key::Text(_) => NaiveDateTime::default(),
    };
    match sort {
        EmployeeSort::Name => ordered!(employees::name_key, text, !backwards),
        EmployeeSort::NameDescending => ordered!(employees::name_key, text, backwards),
        EmployeeSort::Login => ordered!(employees::login, text, !backwards),
        EmployeeSort::LoginDescending => ordered!(employees::login, text, backwards),
        EmployeeSort::Oldest => ordered!(employees::created_at, moment, !backwards),
        EmployeeSort::Newest => ordered!(employees::created_at, moment, backwards),
    }
}

/// `SELECT count(*) FROM (… LIMIT n)`: counting stops where the number is of no more interest.
#[derive(QueryId)]
struct CountAtMost<Q>(Q);

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
///
/// # Errors
/// The database fails.
pub(super) fn count(conn: &mut Conn, filter: &Filter) -> QueryResult<u32> {
    let query = filtered(filter).select(employees::id).limit(i64::from(EXACT_COUNT_LIMIT) + 1);
    let counted: i64 = CountAtMost(query).get_result(conn)?;
    Ok(u32::try_from(counted).unwrap_or(u32::MAX))
}

/// The roles of some cards.
///
/// # Errors
/// The database fails.
pub(super) fn roles(conn: &mut Conn, cards: &[Id]) -> QueryResult<HashMap<Id, Vec<AssignmentRow>>> {
    let rows: Vec<AssignmentRow> = role_assignments::table
        .filter(role_assignments::employee_id.eq_any(cards))
        .select(AssignmentRow::as_select())
        .load(conn)?;
    let mut by_card: HashMap<Id, Vec<AssignmentRow>> = HashMap::new();
    for row in rows {
        by_card.entry(row.employee_id).or_default().push(row);
    }
    Ok(by_card)
}

/// The accounts that some cards are bound to, with their last sign-in.
///
/// # Errors
/// The database fails.
pub(super) fn sign_ins(conn: &mut Conn, cards: &[Id]) -> QueryResult<HashMap<Id, Option<NaiveDateTime>>> {
    let rows: Vec<(Id, Option<NaiveDateTime>)> = bindings::table
        .inner_join(accounts::table)
        .filter(bindings::employee_id.eq_any(cards))
        .filter(bindings::ended_at.is_null())
        .select((bindings::employee_id, accounts::last_sign_in_at))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
