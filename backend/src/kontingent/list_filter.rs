//! Which cards a staff list holds, as conditions: what is asked of every card, and what a search can begin at.
//!
//! Conditions that are only asked stand behind [`Asked`], so that no database takes their index: the order of
//! the list or the beginning that was chosen ([`Beginning`]) decides how cards are come by.

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::backend::Backend;
use diesel::dsl::{exists, not};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use epos_shared::api::employees::EmployeeState;
use epos_shared::roles::Role;
use epos_shared::search::prefix_end;

use crate::db::schema::{employee_tokens, employees, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};
use crate::organizations::{self, Scope, descendants_of};

/// «заканчивается в ближайшие 30 дней».
const SOON: Days = Days::new(30);

/// `employees.account_seen_at` of a card that is not bound.
pub(super) const NOT_BOUND: NaiveDateTime = moment(1);
/// `employees.account_seen_at` of a card whose account has never signed in.
pub(super) const NEVER_SEEN: NaiveDateTime = moment(2);

/// `employees.archived_at` of a card that an import prepares: it is there for nobody until the import is decided.
/// Whoever leaves the archive out leaves it out too.
pub(super) const HIDDEN: NaiveDateTime = moment(3);

const fn moment(day: u32) -> NaiveDateTime {
    match NaiveDate::from_ymd_opt(1, 1, day) {
        Some(day) => day.and_time(chrono::NaiveTime::MIN),
        None => NaiveDateTime::MIN,
    }
}

/// Some organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    /// Every one.
    All,
    /// One with everything below it.
    Below(Id),
    /// One.
    One(Id),
    /// None: what was asked for is out of view.
    Nowhere,
}

impl Places {
    /// The organizations of a view, narrowed to one with everything below it.
    ///
    /// # Errors
    /// The database fails.
    pub(super) fn within(conn: &mut Conn, scope: Scope, chosen: Option<Id>) -> QueryResult<Self> {
        let Some(chosen) = chosen else {
            return Ok(match scope {
                Scope::All => Self::All,
                Scope::Below(top) => Self::Below(top),
                Scope::Only(id) => Self::One(id),
            });
        };
        let in_view = match scope {
            Scope::All => true,
            Scope::Only(own) if own == chosen => return Ok(Self::One(own)),
            // One's own organization alone, out of everything that is asked for.
            Scope::Only(own) => {
                let own_is_below = organizations::place(conn, own, chosen)?.is_some();
                return Ok(if own_is_below { Self::One(own) } else { Self::Nowhere });
            }
            Scope::Below(top) if organizations::place(conn, chosen, top)?.is_some() => true,
            Scope::Below(top) => {
                let all_below = organizations::place(conn, top, chosen)?.is_some();
                return Ok(if all_below { Self::Below(top) } else { Self::Nowhere });
            }
        };
        debug_assert!(in_view, "the other cases are answered");
        Ok(if organizations::has_below(conn, chosen)? { Self::Below(chosen) } else { Self::One(chosen) })
    }
}

/// Which cards are listed.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) places: Places,
    pub(super) role: Option<Role>,
    pub(super) state: Option<EmployeeState>,
    pub(super) words: Vec<String>,
    pub(super) today: NaiveDate,
}

/// What a search can begin at instead of the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning<'a> {
    /// The roles that are asked for: one role, those that end soon, or both.
    Roles,
    /// The cards a word of whose name, login or e-mail begins so; not the first word of the name.
    Words(&'a str),
    /// The cards whose name begins so.
    Names(&'a str),
    /// The archive.
    Archive,
    /// The organizations.
    Places,
    /// The cards whose last role has ended.
    Ended,
    /// The cards whose account has never signed in, or which have none.
    NotSeen,
}

pub(super) type Cards<'a> = employees::BoxedQuery<'a, MultiBackend>;

/// A column that is only asked, never looked up in an index: `coalesce(column, column)`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct Asked<E>(pub(crate) E);

impl<E: Expression> Expression for Asked<E> {
    type SqlType = E::SqlType;
}
impl<E: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Asked<E> where Self: Expression {}
impl<E: SelectableExpression<QS>, QS> SelectableExpression<QS> for Asked<E> where Self: AppearsOnTable<QS> {}
impl<E: ValidGrouping<G>, G> ValidGrouping<G> for Asked<E> {
    type IsAggregate = E::IsAggregate;
}
impl<E: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Asked<E> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("coalesce(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

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

impl Filter {
    /// Whether the list lies within one organization, so that looking at each of its rows is cheap.
    pub(super) const fn within_one(&self) -> bool {
        matches!(self.places, Places::One(_) | Places::Nowhere)
    }

    /// Whether every card in view is listed but those in the archive.
    pub(super) fn is_plain(&self) -> bool {
        self.role.is_none() && self.state.is_none() && self.words.is_empty() && self.places == Places::All
    }

    /// What the search can begin at, the most promising first.
    pub(super) fn beginnings(&self) -> Vec<Beginning<'_>> {
        let mut all = Vec::new();
        if self.within_one() {
            return vec![Beginning::Places];
        }
        if self.role.is_some() || self.state == Some(EmployeeState::EndsSoon) {
            all.push(Beginning::Roles);
        }
        // Longer words are rarer.
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        all.extend(words.into_iter().map(Beginning::Words));
        match self.state {
            Some(EmployeeState::Archived) => all.push(Beginning::Archive),
            Some(EmployeeState::Ended) => all.push(Beginning::Ended),
            Some(EmployeeState::NotBound | EmployeeState::NeverSignedIn) => all.push(Beginning::NotSeen),
            _ => {}
        }
        if self.places != Places::All {
            all.push(Beginning::Places);
        }
        all
    }

    /// The cards of the filter: every condition is asked of each card, none is begun at.
    pub(super) fn cards<'a>(&self) -> Cards<'a> {
        let query = employees::table.into_boxed::<MultiBackend>();
        let place = Asked(employees::organization_id);
        let query = match self.places {
            Places::All => query,
            Places::Below(top) => query.filter(place.eq_any(descendants_of(top))),
            Places::One(id) => query.filter(place.eq(id)),
            Places::Nowhere => query.filter(diesel::dsl::sql::<diesel::sql_types::Bool>("1 = 0")),
        };
        let mut query = self.by_state(query);
        for word in &self.words {
            query = if self.within_one() { by_part(query, word) } else { by_beginning(query, word) };
        }
        query
    }

    fn by_state<'a>(&self, query: Cards<'a>) -> Cards<'a> {
        use role_assignments as r;
        let today = self.today;
        let not_ended = || roles_of_card().filter(r::ends_on.is_null().or(r::ends_on.ge(today)));
        if self.state == Some(EmployeeState::Archived) {
            let query = query
                .filter(employees::archived_at.is_not_null())
                .filter(Asked(employees::archived_at).ne(HIDDEN));
            return if self.role.is_some() { having!(query, self.role, roles_of_card()) } else { query };
        }
        let query = query.filter(employees::archived_at.is_null());
        let last_day = Asked(employees::roles_end_on);
        let seen = Asked(employees::account_seen_at);
        match self.state {
            Some(EmployeeState::InForce) => {
                let query = query.filter(last_day.ge(today));
                return having!(query, self.role, not_ended().filter(r::starts_on.le(today)));
            }
            Some(EmployeeState::EndsSoon) => {
                let query = query.filter(last_day.ge(today));
                let in_force = roles_of_card().filter(r::starts_on.le(today));
                return having!(query, self.role, in_force.filter(r::ends_on.between(today, soon(today))));
            }
            Some(EmployeeState::Ended) => {
                let query = query.filter(last_day.lt(today));
                return if self.role.is_some() { having!(query, self.role, roles_of_card()) } else { query };
            }
            _ => {}
        }
        let query = if self.role.is_some() {
            having!(query.filter(last_day.ge(today)), self.role, not_ended())
        } else {
            query
        };
        match self.state {
            Some(EmployeeState::NotBound) => query.filter(seen.eq(NOT_BOUND)),
            Some(EmployeeState::NeverSignedIn) => query.filter(seen.le(NEVER_SEEN)),
            _ => query,
        }
    }

    /// Narrows to what a search begins at.
    pub(super) fn begun_at<'a>(&self, query: Cards<'a>, beginning: Beginning<'_>) -> Cards<'a> {
        self.begun_at_first(query, beginning, None)
    }

    /// [`Self::begun_at`], but of roles and words only the first so many rows, in the order of their index: a
    /// database makes the whole list of a subselect before it looks at the first card.
    pub(super) fn begun_at_first<'a>(
        &self,
        query: Cards<'a>,
        beginning: Beginning<'_>,
        first: Option<i64>,
    ) -> Cards<'a> {
        match beginning {
            Beginning::Roles => self.begun_at_roles(query, first),
            Beginning::Words(word) => {
                let begins = employee_tokens::table
                    .select(employee_tokens::employee_id)
                    .filter(employee_tokens::token.ge(word.to_owned()))
                    .filter(employee_tokens::token.lt(end_of(word)));
                match first {
                    Some(first) => query.filter(employees::id.eq_any(begins.limit(first))),
                    None => query.filter(employees::id.eq_any(begins)),
                }
            }
            Beginning::Names(word) => query
                .filter(employees::name_key.ge(word.to_owned()))
                .filter(employees::name_key.lt(end_of(word))),
            Beginning::Archive => {
                let query = query.filter(employees::archived_at.is_not_null());
                if self.places == Places::All { query } else { self.begun_at(query, Beginning::Places) }
            }
            Beginning::Places => match self.places {
                Places::All | Places::Nowhere => query,
                Places::Below(top) => query.filter(employees::organization_id.eq_any(descendants_of(top))),
                Places::One(id) => query.filter(employees::organization_id.eq(id)),
            },
            Beginning::Ended => query.filter(employees::roles_end_on.lt(self.today)),
            Beginning::NotSeen => query.filter(employees::account_seen_at.le(NEVER_SEEN)),
        }
    }

    fn begun_at_roles<'a>(&self, query: Cards<'a>, first: Option<i64>) -> Cards<'a> {
        use role_assignments as r;
        let all = r::table.select(r::employee_id);
        macro_rules! first {
            ($roles:expr) => {
                match first {
                    Some(first) => query.filter(employees::id.eq_any($roles.limit(first))),
                    None => query.filter(employees::id.eq_any($roles)),
                }
            };
        }
        macro_rules! there {
            ($roles:expr) => {
                match self.places {
                    Places::All | Places::Nowhere => first!($roles),
                    Places::One(id) => first!($roles.filter(r::organization_id.eq(id))),
                    Places::Below(top) => {
                        first!($roles.filter(r::organization_id.eq_any(descendants_of(top))))
                    }
                }
            };
        }
        let ending = all.filter(r::ends_on.between(self.today, soon(self.today)));
        match (self.role, self.state == Some(EmployeeState::EndsSoon)) {
            (Some(role), true) => there!(ending.filter(r::role.eq(role.as_str()))),
            (Some(role), false) => there!(all.filter(r::role.eq(role.as_str()))),
            (None, _) => there!(ending),
        }
    }
}

fn soon(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(SOON).unwrap_or(today)
}

/// The end of the range of words that begin so.
pub(super) fn end_of(word: &str) -> String {
    // Only the greatest character there is has no successor; nobody is called by it.
    prefix_end(word).unwrap_or_else(|| word.to_owned())
}

fn literal(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A word of the card begins so.
fn by_beginning<'a>(query: Cards<'a>, word: &str) -> Cards<'a> {
    let literal = literal(word);
    let name = Asked(employees::name_key);
    if !word.is_ascii() {
        // Logins and e-mails are ASCII: only the name can hold it, and that stands in the index.
        return query.filter(
            name.like(format!("{literal}%"))
                .escape('\\')
                .or(name.like(format!("% {literal}%")).escape('\\'))
                .or(name.like(format!("%-{literal}%")).escape('\\'))
                .or(name.like(format!("%'{literal}%")).escape('\\'))
                .or(name.like(format!("%.{literal}%")).escape('\\')),
        );
    }
    let begins = employee_tokens::table
        .filter(employee_tokens::employee_id.eq(employees::id))
        .filter(employee_tokens::token.ge(word.to_owned()))
        .filter(employee_tokens::token.lt(end_of(word)));
    query.filter(name.like(format!("{literal}%")).escape('\\').or(exists(begins)))
}

/// The name, the login or the e-mail holds it anywhere.
fn by_part<'a>(query: Cards<'a>, word: &str) -> Cards<'a> {
    let pattern = format!("%{}%", literal(word));
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

/// The cards whose name does not begin with a word: those that [`Beginning::Names`] leaves.
pub(super) fn named_otherwise<'a>(query: Cards<'a>, word: &str) -> Cards<'a> {
    query.filter(not(Asked(employees::name_key)
        .ge(word.to_owned())
        .and(Asked(employees::name_key).lt(end_of(word)))))
}
