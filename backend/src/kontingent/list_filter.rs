//! Which cards a staff list holds, as conditions on the rows that a search goes through.
//!
//! Three tables hold such rows ([`Source`]): the cards in the orders of the list, their words, and their roles. In
//! each of them stands what is asked most; the rest is looked up, one row at a time. Conditions on columns of an
//! index that a search must not begin at stand behind `coalesce(column, column)`, and what is looked up behind
//! `(SELECT … LIMIT 1) IS NOT NULL`: so no database takes another way than the one that was chosen.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::result::QueryResult;
use epos_shared::api::employees::EmployeeState;
use epos_shared::roles::Role;
use epos_shared::search::prefix_end;

use super::listed::{self, letter_bit, role_bit};
use crate::db::Conn;
use crate::db::statement::Sql;
use crate::db::types::Id;
use crate::organizations::{self, Scope};

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

/// So many words that begin alike are gone through one beside the other.
pub(super) const TOKENS_MOST: usize = 48;
/// Mostly they are no more.
const TOKENS_FEW: usize = 4;

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

/// A table whose rows a search goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The cards.
    Cards,
    /// Their words but the first of the name.
    Words,
    /// The roles of those that are not in the archive.
    Roles,
}

impl Source {
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Cards => "employees",
            Self::Words => "employee_tokens",
            Self::Roles => "listed_roles",
        }
    }

    /// The column of the card.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Cards => "id",
            Self::Words | Self::Roles => "employee_id",
        }
    }

    /// The columns that conditions may ask for.
    pub(super) const fn columns(self) -> &'static str {
        match self {
            Self::Cards => {
                "id, name_key, organization_id, archived_at, roles_end_on, roles_first_end_on, \
                 roles_last_start_on, role_bits, account_state, initials"
            }
            Self::Words => "employee_id, name_key, archived, initials",
            Self::Roles => "employee_id, name_key, organization_id, ends_on, starts_on, initials",
        }
    }
}

/// Rows of one index that a search goes through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Rows {
    /// All cards, in the order of their names.
    All,
    /// The cards of one organization, in the order of their names.
    Place(Id),
    /// The cards of an organization and of everything below it.
    Below(Id),
    /// The cards whose name begins so, in the order of their names.
    Names(String),
    /// The words that begin so, of cards whose name does not.
    Words(String),
    /// Of those one word, in the order of the names: what it begins with, and itself.
    Word(String, String),
    /// Of cards whose name begins so, the other words that begin with another word of the search, which are these.
    Both { name: String, word: String, tokens: Vec<String> },
    /// The cards of a role, in the order of their names.
    Role(Role),
    /// Of those the cards whose name begins so.
    RoleNames(Role, String),
    /// The cards whose role ends soon.
    RoleEnding(Role),
    /// The cards of which some role ends soon.
    Ending,
    /// The archive, in the order of the names.
    Archive,
    /// The cards whose last role has ended.
    Ended,
    /// The cards that have no account, or one that has never signed in.
    NotSeen,
}

impl Rows {
    pub(super) const fn source(&self) -> Source {
        match self {
            Self::All
            | Self::Place(_)
            | Self::Below(_)
            | Self::Names(_)
            | Self::Archive
            | Self::Ended
            | Self::NotSeen => Source::Cards,
            Self::Words(_) | Self::Word(..) | Self::Both { .. } => Source::Words,
            Self::Role(_) | Self::RoleNames(..) | Self::RoleEnding(_) | Self::Ending => Source::Roles,
        }
    }

    /// Whether they lie in the order of the names.
    pub(super) const fn by_name(&self) -> bool {
        match self {
            Self::All
            | Self::Place(_)
            | Self::Names(_)
            | Self::Word(..)
            | Self::Role(_)
            | Self::RoleNames(..)
            | Self::Archive => true,
            Self::Below(_)
            | Self::Words(_)
            | Self::Both { .. }
            | Self::RoleEnding(_)
            | Self::Ending
            | Self::Ended
            | Self::NotSeen => false,
        }
    }

    /// Whether a card may stand in more than one of them.
    pub(super) const fn repeats(&self) -> bool {
        matches!(
            self,
            Self::Words(_)
                | Self::Both { .. }
                | Self::Role(_)
                | Self::RoleNames(..)
                | Self::RoleEnding(_)
                | Self::Ending
        )
    }

    /// The columns of their index, so that no other is taken. Nothing where only one could be.
    pub(super) const fn order(&self) -> &'static str {
        match self {
            Self::All | Self::Names(_) | Self::Archive | Self::Place(_) => "name_key, id",
            Self::Below(_) | Self::Both { .. } => "",
            Self::Words(_) => "token, name_key, employee_id",
            Self::Word(..) | Self::Role(_) | Self::RoleNames(..) => "name_key, employee_id",
            Self::RoleEnding(_) | Self::Ending => "ends_on, name_key, employee_id",
            Self::Ended => "roles_end_on, name_key, id",
            Self::NotSeen => "account_seen_at, name_key, id",
        }
    }

    /// Whether all of them have a word of the search.
    fn have(&self, word: &str) -> bool {
        match self {
            Self::Names(own) | Self::Words(own) | Self::Word(own, _) | Self::RoleNames(_, own) => own == word,
            Self::Both { name, word: own, .. } => name == word || own == word,
            _ => false,
        }
    }

    /// Writes what they are, for `WHERE`.
    pub(super) fn write(&self, sql: &mut Sql, today: NaiveDate) {
        match self {
            Self::All => sql.push("1 = 1"),
            Self::Place(id) => sql.push("organization_id = ").id(*id),
            Self::Below(top) => sql
                .push("organization_id IN (SELECT descendant_id FROM organization_ancestors WHERE ancestor_id = ")
                .id(*top)
                .push(")"),
            Self::Names(word) => named(sql, word),
            Self::Words(word) => sql.push("token >= ").text(word.as_str()).push(" AND token < ").text(end_of(word)),
            Self::Word(_, token) => sql.push("token = ").text(token.as_str()),
            Self::Both { name, tokens, .. } => {
                sql.push("token IN (");
                // Few statements: the last one again and again.
                let padded = [TOKENS_FEW, TOKENS_MOST].into_iter().find(|few| *few >= tokens.len());
                let all = tokens.iter().chain(tokens.last().into_iter().cycle());
                for (number, token) in all.take(padded.unwrap_or(tokens.len())).enumerate() {
                    sql.push(if number == 0 { "" } else { ", " }).text(token.as_str());
                }
                named(sql.push(") AND "), name)
            }
            Self::Role(role) => sql.push("role = ").text(role.as_str()),
            Self::RoleNames(role, word) => {
                named(sql.push("role = ").text(role.as_str()).push(" AND "), word)
            }
            Self::RoleEnding(role) => {
                sql.push("role = ").text(role.as_str()).push(" AND ");
                between(sql, today)
            }
            Self::Ending => between(sql, today),
            Self::Archive => sql.push("archived_at IS NOT NULL"),
            Self::Ended => sql.push("roles_end_on < ").day(today),
            Self::NotSeen => sql.push("account_seen_at <= ").moment(NEVER_SEEN),
        };
    }
}

fn named<'a>(sql: &'a mut Sql, word: &str) -> &'a mut Sql {
    sql.push("name_key >= ").text(word).push(" AND name_key < ").text(end_of(word))
}

fn between(sql: &mut Sql, today: NaiveDate) -> &mut Sql {
    sql.push("ends_on >= ").day(today).push(" AND ends_on <= ").day(soon(today))
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

impl Filter {
    /// Whether every card in view is listed but those in the archive.
    pub(super) fn is_plain(&self) -> bool {
        self.role.is_none() && self.state.is_none() && self.words.is_empty() && self.places == Places::All
    }

    /// The organization that the list lies in, where it lies in one: looking at each of its rows is cheap.
    pub(super) const fn one_place(&self) -> Option<Id> {
        match self.places {
            Places::One(id) => Some(id),
            _ => None,
        }
    }

    /// Whether a card must have a role that has not ended, and whether it must have none.
    pub(super) fn ends(&self) -> (bool, bool) {
        match self.state {
            Some(EmployeeState::InForce | EmployeeState::EndsSoon) => (true, false),
            Some(EmployeeState::Ended) => (false, true),
            Some(EmployeeState::Archived) => (false, false),
            _ => (self.role.is_some(), false),
        }
    }

    /// Words of the search whose tokens [`Filter::ways`] asks for.
    pub(super) fn words_beside(&self) -> &[String] {
        if self.words.len() > 1 && !self.lists_roles() { &self.words } else { &[] }
    }

    /// Whether every card of the list stands among the cards of a role.
    fn lists_roles(&self) -> bool {
        self.role.is_some() && self.state != Some(EmployeeState::Archived)
    }

    /// The rows that a search can go through instead of all cards, the most promising first. Each way is some
    /// rows that together hold every card of the list. `tokens` are the words of cards, but the first of their
    /// names, that begin with a word of the search, where they are few.
    pub(super) fn ways(&self, tokens: &HashMap<String, Vec<String>>) -> Vec<Vec<Rows>> {
        let mut ways = Vec::new();
        match (self.role, self.state) {
            // The roles of the archive are not among them.
            (_, Some(EmployeeState::Archived)) => ways.push(vec![Rows::Archive]),
            (Some(role), Some(EmployeeState::EndsSoon)) => {
                ways.push(vec![Rows::RoleEnding(role)]);
                ways.push(vec![Rows::Role(role)]);
            }
            (None, Some(EmployeeState::EndsSoon)) => ways.push(vec![Rows::Ending]),
            (Some(role), _) => ways.push(vec![Rows::Role(role)]),
            (None, _) => {}
        }
        // Longer words are rarer.
        let mut words: Vec<&String> = self.words.iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        ways.extend((0..words.len()).map(|number| self.by_word(&words, number, tokens)));
        match self.state {
            Some(EmployeeState::Ended) => ways.push(vec![Rows::Ended]),
            Some(EmployeeState::NotBound | EmployeeState::NeverSignedIn) => ways.push(vec![Rows::NotSeen]),
            _ => {}
        }
        if let Places::Below(top) = self.places {
            ways.push(vec![Rows::Below(top)]);
        }
        ways
    }

    /// The rows that hold every card with a word, each card in one of them alone: the cards whose name begins so, and
    /// the words that do. Of the former only those are gone through that have another word too, or the role.
    fn by_word(&self, words: &[&String], number: usize, tokens: &HashMap<String, Vec<String>>) -> Vec<Rows> {
        let Some(&word) = words.get(number) else { return Vec::new() };
        let words_of = |other: &str| {
            // One word that a name begins with may be both.
            let is_apart = !other.starts_with(word.as_str()) && !word.starts_with(other);
            tokens.get(other).filter(|_| is_apart)
        };
        let mut others = words.iter().enumerate().filter(|(place, _)| *place != number);
        let named = if let Some(role) = self.role.filter(|_| self.lists_roles()) {
            Rows::RoleNames(role, word.clone())
        } else if let Some((other, tokens)) = others.find_map(|(_, it)| Some((*it, words_of(it)?))) {
            Rows::Both { name: word.clone(), word: other.clone(), tokens: tokens.clone() }
        } else {
            Rows::Names(word.clone())
        };
        let is_empty = matches!(&named, Rows::Both { tokens, .. } if tokens.is_empty());
        let named = Some(named).filter(|_| !is_empty);
        named.into_iter().chain([Rows::Words(word.clone())]).collect()
    }

    /// Whether rows are looked up beside those that are gone through.
    pub(super) fn looks_up(&self, rows: &Rows) -> bool {
        let other_words = || self.words.iter().filter(|word| !rows.have(word));
        if other_words().any(|word| word.is_ascii()) {
            return true;
        }
        match rows.source() {
            Source::Cards => false,
            // Of the archive too: what an import prepares is to be told from it.
            Source::Words => self.role.is_some() || self.places != Places::All || self.state.is_some(),
            Source::Roles => self.state_of_card().is_some(),
        }
    }

    /// The part of the state that the row of a role does not tell.
    fn state_of_card(&self) -> Option<EmployeeState> {
        self.state.filter(|state| {
            matches!(state, EmployeeState::NotBound | EmployeeState::NeverSignedIn | EmployeeState::Ended)
        })
    }

    /// Writes every condition that the rows do not fulfil already, each after ` AND `. `table` is how they are
    /// called in the statement.
    pub(super) fn write(&self, sql: &mut Sql, rows: &Rows, table: &'static str) {
        match rows.source() {
            Source::Cards => self.write_of_card(sql, table, |_| true, rows),
            Source::Words => {
                let archived = self.state == Some(EmployeeState::Archived);
                sql.push(if archived { " AND " } else { " AND NOT " }).push(table).push(".archived");
                if let Rows::Words(word) | Rows::Word(word, _) = rows {
                    sql.push(" AND NOT (").push(table).push(".name_key >= ").text(word.as_str());
                    sql.push(" AND ").push(table).push(".name_key < ").text(end_of(word)).push(")");
                }
                self.write_names(sql, table, rows);
                if self.looks_up(rows) {
                    self.look_up(sql, table, rows, false);
                }
            }
            Source::Roles => {
                let today = self.today;
                if matches!(self.state, Some(EmployeeState::InForce | EmployeeState::EndsSoon)) {
                    sql.push(" AND ").push(table).push(".starts_on <= ").day(today);
                }
                let end = |sql: &mut Sql, comparison: &'static str, day| {
                    sql.push(" AND coalesce(").push(table).push(".ends_on, ").push(table).push(".ends_on) ");
                    sql.push(comparison).day(day);
                };
                match self.state {
                    Some(EmployeeState::Ended) => end(sql, "< ", today),
                    _ => end(sql, ">= ", today),
                }
                if self.state == Some(EmployeeState::EndsSoon) {
                    end(sql, "<= ", soon(today));
                }
                self.write_places(sql, table);
                self.write_names(sql, table, rows);
                if self.looks_up(rows) {
                    self.look_up(sql, table, rows, true);
                }
            }
        }
    }

    /// The conditions on the names: words that only a name can hold.
    fn write_names(&self, sql: &mut Sql, table: &'static str, rows: &Rows) {
        for word in self.words.iter().filter(|word| !word.is_ascii() && !rows.have(word)) {
            by_name(sql, table, word);
        }
    }

    /// Asks the card of a row for what the row does not tell. It is looked for by its name too: rows mostly come
    /// in the order of the names, and so do the cards in that index, next to each other.
    fn look_up(&self, sql: &mut Sql, table: &'static str, rows: &Rows, of_role: bool) {
        sql.push(" AND (SELECT 1 FROM employees WHERE employees.name_key = ").push(table).push(".name_key");
        sql.push(" AND employees.id >= ").push(table).push(".employee_id");
        sql.push(" AND employees.id <= ").push(table).push(".employee_id");
        let asked = |part| match part {
            Part::Places | Part::Role => !of_role,
            Part::State => !of_role || self.state_of_card().is_some(),
            Part::Names => false,
            Part::Words => true,
        };
        self.write_of_card(sql, "employees", asked, rows);
        sql.push(" LIMIT 1) IS NOT NULL");
    }

    fn write_of_card(&self, sql: &mut Sql, table: &'static str, asked: impl Fn(Part) -> bool, rows: &Rows) {
        if asked(Part::Places) {
            self.write_places(sql, table);
        }
        if asked(Part::State) {
            self.write_state(sql, table, asked(Part::Role).then_some(self.role).flatten());
        }
        if self.one_place().is_some() {
            for word in &self.words {
                by_part(sql, table, word);
            }
            return;
        }
        if asked(Part::Names) {
            self.write_names(sql, table, rows);
        }
        if asked(Part::Words) {
            for word in self.words.iter().filter(|word| word.is_ascii() && !rows.have(word)) {
                by_token(sql, table, word);
            }
        }
    }

    fn write_places(&self, sql: &mut Sql, table: &'static str) {
        match self.places {
            Places::All => {}
            // As a value, not as a set: PostgreSQL would make a join of it.
            Places::Below(top) => {
                sql.push(" AND (").push(table).push(".organization_id IN (");
                sql.push("SELECT descendant_id FROM organization_ancestors WHERE ancestor_id = ").id(top);
                sql.push(")) IS TRUE");
            }
            Places::One(id) => {
                sql.push(" AND coalesce(").push(table).push(".organization_id, ");
                sql.push(table).push(".organization_id) = ").id(id);
            }
            Places::Nowhere => {
                sql.push(" AND 1 = 0");
            }
        }
    }

    fn write_state(&self, sql: &mut Sql, table: &'static str, role: Option<Role>) {
        let today = self.today;
        if self.state == Some(EmployeeState::Archived) {
            sql.push(" AND ").push(table).push(".archived_at IS NOT NULL");
            sql.push(" AND coalesce(")
                .push(table)
                .push(".archived_at, ")
                .push(table)
                .push(".archived_at) <> ");
            sql.moment(HIDDEN);
            has_had(sql, table, role);
            return;
        }
        sql.push(" AND ").push(table).push(".archived_at IS NULL");
        let (not_ended, ended) = self.ends();
        if not_ended || ended {
            sql.push(" AND coalesce(")
                .push(table)
                .push(".roles_end_on, ")
                .push(table)
                .push(".roles_end_on) ");
            sql.push(if ended { "< " } else { ">= " }).day(today);
        }
        has_had(sql, table, role);
        match self.state {
            Some(EmployeeState::InForce) => {
                // The role that ends last has begun, and has not ended: that one is in force.
                sql.push(" AND ((").push(table).push(".roles_last_start_on <= ").day(today);
                all_alike(sql, table, role, today);
                sql.push(") OR ");
                has_role(sql, table, role);
                sql.push(" AND starts_on <= ").day(today);
                sql.push(" AND (ends_on IS NULL OR ends_on >= ").day(today).push(") LIMIT 1) IS NOT NULL)");
            }
            Some(EmployeeState::EndsSoon) => {
                sql.push(" AND ").push(table).push(".roles_first_end_on <= ").day(soon(today));
                sql.push(" AND ");
                has_role(sql, table, role);
                sql.push(" AND starts_on <= ").day(today).push(" AND ");
                between(sql, today);
                sql.push(" LIMIT 1) IS NOT NULL");
            }
            Some(EmployeeState::Ended) => {}
            _ if role.is_some() => {
                sql.push(" AND ((1 = 1");
                all_alike(sql, table, role, today);
                sql.push(") OR ");
                has_role(sql, table, role);
                sql.push(" AND (ends_on IS NULL OR ends_on >= ").day(today).push(") LIMIT 1) IS NOT NULL)");
            }
            _ => {}
        }
        let state = match self.state {
            Some(EmployeeState::NotBound) => listed::NOT_BOUND,
            Some(EmployeeState::NeverSignedIn) => listed::NEVER_SIGNED_IN,
            _ => return,
        };
        sql.push(" AND ").push(table).push(".account_state <= ").number(state.into());
    }
}

/// A part of the conditions on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Places,
    Role,
    State,
    Names,
    Words,
}

/// The card has the role, or has had it.
fn has_had(sql: &mut Sql, table: &'static str, role: Option<Role>) {
    if let Some(role) = role {
        sql.push(" AND (").push(table).push(".role_bits & ").number(role_bit(role)).push(") <> 0");
    }
}

/// What holds of the last role holds of this one too: no role has ended, or there is no other.
fn all_alike(sql: &mut Sql, table: &'static str, role: Option<Role>, today: NaiveDate) {
    if let Some(role) = role {
        sql.push(" AND (").push(table).push(".roles_first_end_on >= ").day(today);
        sql.push(" OR ").push(table).push(".role_bits = ").number(role_bit(role)).push(")");
    }
}

/// The beginning of a look at the roles themselves.
fn has_role(sql: &mut Sql, table: &'static str, role: Option<Role>) {
    sql.push("(SELECT 1 FROM role_assignments WHERE role_assignments.employee_id = ").push(table).push(".id");
    if let Some(role) = role {
        sql.push(" AND role_assignments.role = ").text(role.as_str());
    }
}

/// The last day that is soon.
pub(super) fn soon(today: NaiveDate) -> NaiveDate {
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

fn like(sql: &mut Sql, table: &'static str, column: &'static str, pattern: String) {
    sql.push(table).push(".").push(column).push(" LIKE ").text(pattern).push(" ESCAPE '\\'");
}

/// A word of the name begins so.
fn by_name(sql: &mut Sql, table: &'static str, word: &str) {
    // Nearly all rows end at one of the first questions.
    if let Some(bit) = word.chars().next().and_then(letter_bit) {
        sql.push(" AND (").push(table).push(".initials & ").number(bit).push(") <> 0");
        if word.chars().count() == 1 {
            return;
        }
    }
    let word = literal(word);
    sql.push(" AND ");
    like(sql, table, "name_key", format!("%{word}%"));
    sql.push(" AND (");
    like(sql, table, "name_key", format!("{word}%"));
    for parting in [' ', '-', '\'', '.'] {
        sql.push(" OR ");
        like(sql, table, "name_key", format!("%{parting}{word}%"));
    }
    sql.push(")");
}

/// The name begins so, or another word of the card does.
fn by_token(sql: &mut Sql, table: &'static str, word: &str) {
    sql.push(" AND (");
    like(sql, table, "name_key", format!("{}%", literal(word)));
    sql.push(" OR (SELECT 1 FROM employee_tokens WHERE employee_tokens.employee_id = ")
        .push(table)
        .push(".id");
    sql.push(" AND employee_tokens.token >= ").text(word);
    sql.push(" AND employee_tokens.token < ").text(end_of(word)).push(" LIMIT 1) IS NOT NULL)");
}

/// The name, the login or the e-mail holds it anywhere.
fn by_part(sql: &mut Sql, table: &'static str, word: &str) {
    let pattern = format!("%{}%", literal(word));
    sql.push(" AND (");
    like(sql, table, "name_key", pattern.clone());
    sql.push(" OR ");
    like(sql, table, "login", pattern.clone());
    sql.push(" OR ");
    like(sql, table, "email_key", pattern);
    sql.push(")");
}
