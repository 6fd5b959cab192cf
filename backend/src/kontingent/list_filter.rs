//! Which cards a staff list holds, and how the database is asked for them.

use chrono::{Days, NaiveDate};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::employees::{EmployeeQuery, EmployeeState};
use epos_shared::roles::Role;
use epos_shared::search::prefix_end;

use super::list_store::CountAtMost;
use crate::db::schema::{accounts, bindings, employee_tokens, employees, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};
use crate::organizations::{Scope, descendants_of};

/// «заканчивается в ближайшие 30 дней».
const SOON: Days = Days::new(30);

/// Which cards are listed, and how they are best looked for.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    scope: Scope,
    organization: Option<Within>,
    role: Option<Role>,
    state: Option<EmployeeState>,
    today: NaiveDate,
    words: Vec<Word>,
    /// Whether the roles that are asked for are rare enough to begin with them.
    roles_are_rare: bool,
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
    /// The filter of a query.
    ///
    /// # Errors
    /// The database fails.
    pub(super) fn new(
        conn: &mut Conn,
        scope: Scope,
        organization: Option<Within>,
        query: &EmployeeQuery,
        words: Vec<String>,
        today: NaiveDate,
    ) -> QueryResult<Self> {
        let (role, state) = (query.role, query.state);
        let plain =
            Self { scope, organization, role, state, today, words: Vec::new(), roles_are_rare: false };
        if plain.within_one() {
            let words = words.into_iter().map(|text| Word { text, rare: false }).collect();
            return Ok(Self { words, ..plain });
        }
        let roles_are_rare = are_roles_rare(conn, &plain)?;
        Ok(Self { words: weigh(conn, words)?, roles_are_rare, ..plain })
    }

    /// Whether the list lies within one organization, so that looking at each of its rows is cheap.
    fn within_one(&self) -> bool {
        matches!(self.organization, Some(Within::One(_))) || matches!(self.scope, Scope::Only(_))
    }
}

pub(super) type Cards<'a> = employees::BoxedQuery<'a, MultiBackend>;

/// The roles of the card at hand, for `exists`.
#[diesel::dsl::auto_type(no_type_alias)]
fn roles_of_card() -> _ {
    role_assignments::table.filter(role_assignments::employee_id.eq(employees::id))
}

/// What a filter asks of a card's roles, given to the macro `$apply`; `$otherwise` where it asks nothing. Macros,
/// since an expression that is boxed for two databases is none for either.
macro_rules! asked_of_roles {
    ($filter:expr, $apply:ident, $otherwise:expr) => {{
        use role_assignments as r;
        let today = $filter.today;
        let not_ended = r::ends_on.is_null().or(r::ends_on.ge(today));
        match ($filter.state, $filter.role) {
            (Some(EmployeeState::InForce), _) => $apply!(r::starts_on.le(today).and(not_ended)),
            (Some(EmployeeState::EndsSoon), _) => {
                let soon = today.checked_add_days(SOON).unwrap_or(today);
                $apply!(r::starts_on.le(today).and(r::ends_on.between(today, soon)))
            }
            (Some(EmployeeState::Ended), _) => $apply!(r::ends_on.lt(today)),
            (Some(EmployeeState::Archived), Some(_)) => $apply!(r::starts_on.is_not_null()),
            (Some(EmployeeState::Archived), None) | (_, None) => $otherwise,
            (_, Some(_)) => $apply!(not_ended),
        }
    }};
}

/// Whether few roles are what the filter asks for.
fn are_roles_rare(conn: &mut Conn, filter: &Filter) -> QueryResult<bool> {
    if filter.role.is_none() && filter.state == Some(EmployeeState::InForce) {
        // Most are.
        return Ok(false);
    }
    macro_rules! are_few {
        ($condition:expr) => {{
            let asked =
                role_assignments::table.filter($condition).select(role_assignments::id).limit(RARE + 1);
            let counted: i64 = match filter.role {
                None => CountAtMost(asked).get_result(conn)?,
                Some(role) => {
                    CountAtMost(asked.filter(role_assignments::role.eq(role.as_str()))).get_result(conn)?
                }
            };
            counted <= RARE
        }};
    }
    Ok(asked_of_roles!(filter, are_few, false))
}

/// Narrows to the cards that have such a role.
fn by_role<'a>(query: Cards<'a>, filter: &Filter) -> Cards<'a> {
    macro_rules! having {
        ($condition:expr) => {{
            let listed = role_assignments::table.filter($condition).select(role_assignments::employee_id);
            let asked = roles_of_card().filter($condition);
            match (filter.roles_are_rare, filter.role) {
                (true, None) => query.filter(employees::id.eq_any(listed)),
                (true, Some(role)) => query
                    .filter(employees::id.eq_any(listed.filter(role_assignments::role.eq(role.as_str())))),
                (false, None) => query.filter(exists(asked)),
                (false, Some(role)) => {
                    query.filter(exists(asked.filter(role_assignments::role.eq(role.as_str()))))
                }
            }
        }};
    }
    asked_of_roles!(filter, having, query)
}

/// The cards of a filter.
pub(super) fn filtered<'a>(filter: &Filter) -> Cards<'a> {
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
    query = by_state(by_role(query, filter), filter);
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
    if filter.state == Some(EmployeeState::Archived) {
        return query.filter(employees::archived_at.is_not_null());
    }
    let query = query.filter(employees::archived_at.is_null());
    let bound =
        bindings::table.filter(bindings::employee_id.eq(employees::id)).filter(bindings::ended_at.is_null());
    match filter.state {
        Some(EmployeeState::Ended) => {
            let not_ended =
                role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(filter.today));
            query.filter(not(exists(roles_of_card().filter(not_ended))))
        }
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

/// What no more cards have than this is listed first.
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
