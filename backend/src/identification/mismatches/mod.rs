//! «Расхождения с Госуслугами» (screens.md 8, 14, 19): rows that an administrator settles by correcting a card. They
//! come of what a person agreed to send, of credentials in the hands of somebody with another ФИО, and of two who
//! claim one; a saved card moves them on, and the next sign-in settles them.

mod likely;
mod queue;
mod routes;
mod store;

use chrono::TimeDelta;
use epos_shared::api::employees::Person;
use epos_shared::api::mismatches::{MismatchKind, MismatchState};
use epos_shared::values::{Email, FullName, Snils};
use serde_json::json;

use super::matching::agree;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::cursor::ByMoment;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::esia::Identity;
use crate::organizations::Scope;

pub(super) use routes::routes;
pub(super) use store::organizations_of;

use store::New;

/// No other list's cursors begin so.
const CURSORS: ByMoment<2> = ByMoment([1, 130]);
/// Rows that have ended go with everything personal in them after so many days.
const KEPT_DAYS: i64 = 30;
/// Rows removed in one transaction at most.
const SWEPT: i64 = 500;

/// What a person from Госуслуги has agreed to send to an organization, inside the caller's write transaction; false
/// where it is there already.
///
/// # Errors
/// The database fails.
pub fn send(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    identity: &Identity,
    organization: Id,
) -> Result<bool, DbError> {
    let context = &services.context;
    let new = New {
        kind: MismatchKind::SignIn,
        organization: Some(organization),
        oid: Some(&identity.oid),
        account: None,
        card: None,
        name: &identity.name,
        email: identity.emails.first(),
        // He has agreed to ФИО and e-mail alone.
        snils: None,
        has_consented: true,
    };
    let Some(id) = store::insert(conn, context, &new)? else { return Ok(false) };
    let event = Event::done("mismatch.sent", "mismatch", id).in_organization(organization);
    audit::record(conn, context, journal, event)?;
    Ok(true)
}

/// A claim to a card that was refused although its one-time credentials were right.
#[derive(Debug)]
pub struct Claim<'a> {
    /// `Binding` where ФИО or СНИЛС differ, `Collision` where the card is another account's.
    pub kind: MismatchKind,
    /// The organization of the card.
    pub organization: Id,
    /// The card.
    pub card: Id,
    /// The account that claims it.
    pub account: Option<Id>,
    /// Or the person from Госуслуги.
    pub oid: Option<&'a str>,
    /// ФИО of the claimant.
    pub name: &'a FullName,
    /// His proven e-mail.
    pub email: Option<&'a Email>,
    /// His СНИЛС.
    pub snils: Option<&'a Snils>,
}

/// Puts a refused claim into the queue, once, inside the caller's write transaction: of the card's organization, or
/// of support where two claim one card.
///
/// # Errors
/// The database fails.
pub fn note_refused_claim(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    claim: &Claim<'_>,
) -> Result<(), DbError> {
    let context = &services.context;
    if store::is_claim_open(conn, claim)? {
        return Ok(());
    }
    let is_collision = claim.kind == MismatchKind::Collision;
    let new = New {
        kind: claim.kind,
        organization: (!is_collision).then_some(claim.organization),
        oid: claim.oid,
        account: claim.account,
        card: Some(claim.card),
        name: claim.name,
        email: claim.email,
        snils: claim.snils,
        has_consented: false,
    };
    let Some(id) = store::insert(conn, context, &new)? else { return Ok(()) };
    let event = Event::done("mismatch.found", "mismatch", id)
        .in_organization(claim.organization)
        .with(json!({ "kind": claim.kind, "employee": claim.card.to_string() }));
    audit::record(conn, context, journal, event)
}

/// A person from Госуслуги and an account that cannot be joined, since one of them is joined already.
///
/// # Errors
/// The database fails.
pub(super) fn note_collision(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    identity: &Identity,
    account: Id,
) -> Result<(), DbError> {
    let context = &services.context;
    if store::is_collision_open(conn, &identity.oid, account)? {
        return Ok(());
    }
    let new = New {
        kind: MismatchKind::Collision,
        organization: None,
        oid: Some(&identity.oid),
        account: Some(account),
        card: None,
        name: &identity.name,
        email: identity.emails.first(),
        snils: identity.snils.as_ref(),
        has_consented: false,
    };
    let Some(id) = store::insert(conn, context, &new)? else { return Ok(()) };
    let event = Event::done("mismatch.found", "mismatch", id)
        .with(json!({ "kind": MismatchKind::Collision, "account": account.to_string() }));
    audit::record(conn, context, journal, event)
}

/// A card as it was just saved.
#[derive(Debug)]
pub struct SavedCard<'a> {
    /// Its identifier.
    pub id: Id,
    /// Its organization.
    pub organization: Id,
    /// Its person.
    pub person: &'a Person,
    /// Whether it is bound to an account.
    pub is_bound: bool,
}

impl SavedCard<'_> {
    fn fits(&self, name: &FullName, email_key: Option<&str>, snils: Option<&Snils>) -> bool {
        let own = self.person.email.as_ref().map(Email::key);
        !self.is_bound
            && own.is_some()
            && own.as_deref() == email_key
            && self.person.name.matches(name)
            && agree(self.person.snils.as_ref(), snils)
    }
}

/// Moves rows on that a saved card settles («исправлено, ожидает входа»), and back where it does so no more, in the
/// transaction of the saving.
///
/// # Errors
/// The database fails.
pub fn note_saved_card(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    card: &SavedCard<'_>,
) -> Result<(), DbError> {
    let context = &services.context;
    let now = context.db_now();
    for row in store::by_card(conn, card.id, MismatchState::Corrected)? {
        let name = row.name()?;
        let still = match row.kind()? {
            MismatchKind::SignIn => card.fits(&name, row.email_key.as_deref(), None),
            MismatchKind::Binding => fits_binding(context, card, &row)?,
            MismatchKind::Collision => true,
        };
        if !still {
            let keeps_card = row.kind()? == MismatchKind::Binding;
            store::wait_again(conn, row.id, keeps_card)?;
        }
    }
    if let Some(email) = &card.person.email {
        for row in store::waiting_of_email(conn, card.organization, &email.key())? {
            if card.fits(&row.name()?, row.email_key.as_deref(), None) {
                correct(conn, context, journal, (row.id, card), now)?;
            }
        }
    }
    for row in store::by_card(conn, card.id, MismatchState::Waiting)? {
        if row.kind()? == MismatchKind::Binding && fits_binding(context, card, &row)? {
            correct(conn, context, journal, (row.id, card), now)?;
        }
    }
    Ok(())
}

fn fits_binding(context: &Context, card: &SavedCard<'_>, row: &store::Row) -> Result<bool, DbError> {
    let snils = row.snils(context.secrets())?;
    Ok(card.person.name.matches(&row.name()?) && agree(card.person.snils.as_ref(), snils.as_ref()))
}

fn correct(
    conn: &mut Conn,
    context: &Context,
    journal: &audit::Actor,
    (row, card): (Id, &SavedCard<'_>),
    now: chrono::NaiveDateTime,
) -> Result<(), DbError> {
    if !store::correct(conn, row, card.id, now)? {
        return Ok(());
    }
    let event = Event::done("mismatch.corrected", "mismatch", row)
        .in_organization(card.organization)
        .with(json!({ "employee": card.id.to_string() }));
    audit::record(conn, context, journal, event)
}

/// How many rows wait in a scope, counted up to a limit.
///
/// # Errors
/// The database fails.
pub fn count_waiting(conn: &mut Conn, scope: Scope, limit: i64) -> Result<u32, DbError> {
    let filter = store::Filter { scope, state: MismatchState::Waiting, organization: None };
    Ok(store::count(conn, &filter, limit)?)
}

/// The rows of a card's binding are settled: it was bound.
///
/// # Errors
/// The database fails.
pub fn note_bound_card(conn: &mut Conn, services: &Services, card: Id) -> Result<(), DbError> {
    store::settle_of_card(conn, card, services.context.db_now()).map_err(Into::into)
}

/// The rows of a person are settled: he has signed in.
///
/// # Errors
/// The database fails.
pub(super) fn settle(
    conn: &mut Conn,
    context: &Context,
    journal: &audit::Actor,
    oid: &str,
) -> Result<(), DbError> {
    for (row, organization) in store::settle_of_person(conn, oid, context.db_now())? {
        let mut event = Event::done("mismatch.settled", "mismatch", row);
        event.organization = organization;
        audit::record(conn, context, journal, event)?;
    }
    Ok(())
}

/// What waits in an organization waits in the one that it was joined to.
///
/// # Errors
/// The database fails.
pub fn follow_merged(conn: &mut Conn, from: Id, into: Id) -> Result<(), DbError> {
    store::follow(conn, from, into).map_err(Into::into)
}

/// Removes rows that ended long ago; answers how many.
///
/// # Errors
/// The database fails.
pub fn sweep(conn: &mut Conn, services: &Services) -> Result<usize, DbError> {
    let before = services.context.db_now() - TimeDelta::days(KEPT_DAYS);
    Ok(store::remove_ended(conn, before, SWEPT)?)
}
