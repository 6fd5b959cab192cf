//! Many cards at once, with what they have lived through: for invented data.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::roles::Role;
use epos_shared::search::search_key;
use epos_shared::values::{Email, FullName, Login, Period};

use super::list_filter::{NEVER_SEEN, NOT_BOUND};
use super::listed::{self, ListedRole, Summary};
use super::words;
use crate::db::Conn;
use crate::db::schema::{bindings, employee_tokens, employees, issued_names, listed_roles, role_assignments};
use crate::db::types::Id;
use crate::insert_all;

/// A card with its past.
#[derive(Debug, Clone)]
pub struct PastCard {
    /// Its identifier.
    pub id: Id,
    /// Its organization.
    pub organization: Id,
    /// Its login, given to nobody before.
    pub login: Login,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: Option<Email>,
    /// «Примечание».
    pub note: String,
    /// When it was created.
    pub created_at: NaiveDateTime,
    /// When it went into the archive, if it did.
    pub archived_at: Option<NaiveDateTime>,
    /// Its roles, each with the identifier of the assignment.
    pub roles: Vec<(Id, Role, Period)>,
    /// The account it is bound to, if it is: the binding's identifier, the account, since when.
    pub binding: Option<(Id, Id, NaiveDateTime)>,
    /// That account's last sign-in, if there was one.
    pub account_signed_in_at: Option<NaiveDateTime>,
}

#[derive(Insertable)]
#[diesel(table_name = issued_names, treat_none_as_default_value = false)]
struct NameRow<'a> {
    name: &'a str,
    issued_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = employees, treat_none_as_default_value = false)]
struct CardRow<'a> {
    id: Id,
    organization_id: Id,
    login: &'a str,
    family_name: &'a str,
    given_name: &'a str,
    patronymic: Option<&'a str>,
    no_patronymic: bool,
    name_key: String,
    email: Option<&'a str>,
    email_key: Option<String>,
    note: &'a str,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    archived_at: Option<NaiveDateTime>,
    roles_end_on: NaiveDate,
    account_seen_at: NaiveDateTime,
    role_bits: i64,
    roles_first_end_on: NaiveDate,
    roles_last_start_on: NaiveDate,
    account_state: i16,
    initials: i64,
}

#[derive(Insertable)]
#[diesel(table_name = employee_tokens, treat_none_as_default_value = false)]
struct TokenRow {
    token: String,
    name_key: String,
    employee_id: Id,
    archived: bool,
    initials: i64,
}

#[derive(Insertable)]
#[diesel(table_name = role_assignments, treat_none_as_default_value = false)]
struct RoleRow {
    id: Id,
    employee_id: Id,
    organization_id: Id,
    role: &'static str,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    created_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = bindings, treat_none_as_default_value = false)]
struct BindingRow {
    id: Id,
    employee_id: Id,
    account_id: Id,
    bound_at: NaiveDateTime,
}

/// Inserts cards with their logins, words, roles and bindings, inside the caller's write transaction, and
/// answers the number of rows.
///
/// # Errors
/// A login was given out before, an organization or an account is not there; the database fails.
pub fn insert(conn: &mut Conn, cards: &[PastCard]) -> QueryResult<usize> {
    let names: Vec<_> =
        cards.iter().map(|card| NameRow { name: card.login.as_str(), issued_at: card.created_at }).collect();
    let mut rows = insert_all!(conn, issued_names::table, &names)?;
    let (mut people, mut tokens, mut roles, mut bound) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut listed: Vec<ListedRole> = Vec::new();
    for card in cards {
        let name_key = search_key(&card.name.to_string());
        let roles_of = card.roles.iter().map(|(_, role, period)| (Some(*role), period.start(), period.end()));
        let summary = Summary::of(roles_of);
        people.push(CardRow {
            id: card.id,
            organization_id: card.organization,
            login: card.login.as_str(),
            family_name: card.name.family_name.as_str(),
            given_name: card.name.given_name.as_str(),
            patronymic: card.name.patronymic.as_ref().map(|part| part.as_str()),
            no_patronymic: card.name.patronymic.is_none(),
            name_key: name_key.clone(),
            email: card.email.as_ref().map(|email| email.as_str()),
            email_key: card.email.as_ref().map(Email::key),
            note: &card.note,
            created_at: card.created_at,
            updated_at: card.archived_at.filter(|at| *at > card.created_at).unwrap_or(card.created_at),
            archived_at: card.archived_at,
            roles_end_on: summary.end,
            role_bits: summary.bits,
            roles_first_end_on: summary.first_end,
            roles_last_start_on: summary.last_start,
            account_state: match (card.binding, card.account_signed_in_at) {
                (None, _) => listed::NOT_BOUND,
                (Some(_), None) => listed::NEVER_SIGNED_IN,
                (Some(_), Some(_)) => listed::SIGNED_IN,
            },
            initials: listed::initials(&name_key),
            account_seen_at: match card.binding {
                None => NOT_BOUND,
                Some(_) => card.account_signed_in_at.unwrap_or(NEVER_SEEN),
            },
        });
        let words = words::of_card(&card.name, card.login.as_str(), card.email.as_ref());
        tokens.extend(words.into_iter().map(|token| TokenRow {
            token,
            name_key: name_key.clone(),
            employee_id: card.id,
            archived: card.archived_at.is_some(),
            initials: listed::initials(&name_key),
        }));
        if card.archived_at.is_none() {
            listed.extend(card.roles.iter().map(|(_, role, period)| ListedRole {
                role: role.as_str().to_owned(),
                name_key: name_key.clone(),
                employee_id: card.id,
                ends_on: period.end().unwrap_or(listed::OPEN),
                starts_on: period.start(),
                organization_id: card.organization,
                login: card.login.to_string(),
                created_at: card.created_at,
                roles_end_on: summary.end,
                initials: listed::initials(&name_key),
            }));
        }
        roles.extend(card.roles.iter().map(|(id, role, period)| RoleRow {
            id: *id,
            employee_id: card.id,
            organization_id: card.organization,
            role: role.as_str(),
            starts_on: period.start(),
            ends_on: period.end(),
            created_at: card.created_at,
        }));
        bound.extend(card.binding.map(|(id, account_id, bound_at)| BindingRow {
            id,
            employee_id: card.id,
            account_id,
            bound_at,
        }));
    }
    // In the order of the index: neighbours stay on one page.
    tokens.sort_unstable_by(|one, other| {
        (&one.token, &one.name_key, one.employee_id).cmp(&(&other.token, &other.name_key, other.employee_id))
    });
    listed.sort_unstable();
    listed.dedup();
    rows += insert_all!(conn, employees::table, &people)?;
    rows += insert_all!(conn, employee_tokens::table, &tokens)?;
    rows += insert_all!(conn, role_assignments::table, &roles)?;
    rows += insert_all!(conn, listed_roles::table, &listed)?;
    rows += insert_all!(conn, bindings::table, &bound)?;
    Ok(rows)
}

/// Every login and user name that was given out.
///
/// # Errors
/// The database fails.
pub fn issued_logins(conn: &mut Conn) -> QueryResult<Vec<String>> {
    issued_names::table.select(issued_names::name).load(conn)
}
