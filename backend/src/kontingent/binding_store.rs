//! Bindings of cards to accounts in the database.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::organizations::OrganizationSummary;
use epos_shared::api::session::{OwnCard, OwnRole};
use epos_shared::roles::OrganizationKind;

use super::card_store::{self, AssignmentRow, corrupt};
use super::list_filter::{NEVER_SEEN, NOT_BOUND};
use super::{list_store, listed};
use crate::context::Context;
use crate::db::Conn;
use crate::db::schema::{accounts, bindings, employees, organizations, role_assignments};
use crate::db::types::Id;

/// A binding that has not ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) id: Id,
    pub(super) account: Id,
    pub(super) at: NaiveDateTime,
}

/// The account a card is bound to.
pub(super) fn of_card(conn: &mut Conn, card: Id) -> QueryResult<Option<Bound>> {
    let found: Option<(Id, Id, NaiveDateTime)> = bindings::table
        .filter(bindings::employee_id.eq(card))
        .filter(bindings::ended_at.is_null())
        .select((bindings::id, bindings::account_id, bindings::bound_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, account, at)| Bound { id, account, at }))
}

/// The card that an account has in an organization, archived ones left out: the oldest of several.
pub(super) fn card_in(conn: &mut Conn, account: Id, organization: Id) -> QueryResult<Option<Id>> {
    bindings::table
        .inner_join(employees::table)
        .filter(bindings::account_id.eq(account))
        .filter(bindings::ended_at.is_null())
        .filter(employees::organization_id.eq(organization))
        .filter(employees::archived_at.is_null())
        .order(employees::id)
        .select(employees::id)
        .first(conn)
        .optional()
}

/// Binds a card to an account; the database refuses a second account. To be called inside a write
/// transaction. People bind by [`super::routes`], with one-time credentials and equal ФИО; this is for what
/// has been proven otherwise (demo, first support account).
///
/// # Errors
/// The database refuses (the card is bound already) or fails.
pub fn bind(conn: &mut Conn, context: &Context, account: Id, card: Id) -> QueryResult<()> {
    diesel::insert_into(bindings::table)
        .values((
            bindings::id.eq(context.id()),
            bindings::employee_id.eq(card),
            bindings::account_id.eq(account),
            bindings::bound_at.eq(context.db_now()),
        ))
        .execute(conn)?;
    let signed_in: Option<NaiveDateTime> =
        accounts::table.find(account).select(accounts::last_sign_in_at).first(conn)?;
    match signed_in {
        Some(at) => note_seen(conn, card, at, listed::SIGNED_IN),
        None => note_seen(conn, card, NEVER_SEEN, listed::NEVER_SIGNED_IN),
    }
}

pub(super) fn end(conn: &mut Conn, card: Id, binding: Id, now: NaiveDateTime) -> QueryResult<()> {
    diesel::update(bindings::table.find(binding)).set(bindings::ended_at.eq(now)).execute(conn)?;
    note_seen(conn, card, NOT_BOUND, listed::NOT_BOUND)
}

/// Notes on a card what the staff list says of its account.
fn note_seen(conn: &mut Conn, card: Id, at: NaiveDateTime, state: i16) -> QueryResult<()> {
    diesel::update(employees::table.find(card))
        .set((employees::account_seen_at.eq(at), employees::account_state.eq(state)))
        .execute(conn)?;
    Ok(())
}

/// Notes a sign-in on the cards of an account, in the transaction of the sign-in.
///
/// # Errors
/// The database fails.
pub fn note_sign_in(conn: &mut Conn, account: Id, at: NaiveDateTime) -> QueryResult<()> {
    let own = || {
        bindings::table
            .filter(bindings::account_id.eq(account))
            .filter(bindings::ended_at.is_null())
            .select(bindings::employee_id)
    };
    diesel::update(employees::table.filter(employees::id.eq_any(own())))
        .set(employees::account_seen_at.eq(at))
        .execute(conn)?;
    // Of the first sign-in alone: the state stands in every index that the list goes through.
    diesel::update(employees::table.filter(employees::id.eq_any(own())))
        .filter(employees::account_state.ne(listed::SIGNED_IN))
        .set(employees::account_state.eq(listed::SIGNED_IN))
        .execute(conn)?;
    Ok(())
}

/// The cards bound to an account, archived ones left out, in the order of the organizations' names.
///
/// # Errors
/// The database fails.
pub fn own_cards(conn: &mut Conn, account: Id, today: NaiveDate) -> QueryResult<Vec<OwnCard>> {
    let rows: Vec<(Id, String, Id, String, String)> = bindings::table
        .inner_join(employees::table.inner_join(organizations::table))
        .filter(bindings::account_id.eq(account))
        .filter(bindings::ended_at.is_null())
        .filter(employees::archived_at.is_null())
        .order((organizations::search_key.asc(), employees::id.asc()))
        .select((
            employees::id,
            employees::login,
            organizations::id,
            organizations::kind,
            organizations::short_name,
        ))
        .load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // By the account, not by a list of cards: the text of the statement stays the same, and so it is prepared once.
    let assigned: Vec<AssignmentRow> = role_assignments::table
        .inner_join(bindings::table.on(bindings::employee_id.eq(role_assignments::employee_id)))
        .filter(bindings::account_id.eq(account))
        .filter(bindings::ended_at.is_null())
        .select(AssignmentRow::as_select())
        .load(conn)?;
    let mut roles = list_store::by_card(assigned);
    rows.into_iter()
        .map(|(id, login, organization, kind, short_name)| {
            let roles = super::list::assignments(&roles.remove(&id).unwrap_or_default(), today)?;
            Ok(OwnCard {
                id: id.into(),
                organization: OrganizationSummary {
                    id: organization.into(),
                    kind: OrganizationKind::from_wire(&kind).ok_or_else(|| corrupt("a kind"))?,
                    short_name,
                },
                login: card_store::login(&login)?,
                roles: roles
                    .into_iter()
                    .map(|role| OwnRole { role: role.role, period: role.period, state: role.state })
                    .collect(),
            })
        })
        .collect()
}

/// Whether an account may work as a card: it is bound to it, and not in the archive.
///
/// # Errors
/// The database fails.
pub fn is_own_card(conn: &mut Conn, account: Id, card: Id) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        bindings::table
            .inner_join(employees::table)
            .filter(bindings::account_id.eq(account))
            .filter(bindings::employee_id.eq(card))
            .filter(bindings::ended_at.is_null())
            .filter(employees::archived_at.is_null()),
    ))
    .get_result(conn)
}
