//! What support does to an account. Nobody acts on his own; the journal has each with its reason.

use diesel::prelude::*;
use epos_shared::api::accounts::AccountCard;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::Email;
use serde_json::{Value, json};

use super::list;
use crate::accounts::store::{self, AccountRow as Stored};
use crate::accounts::{attempts, email_change, letters, links, recovery, search, sessions};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::db::schema::accounts as t;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::{self, Asker, support};
use crate::{mail, organizations};
use epos_shared::api::registration::LinkPurpose;

/// The account.
fn found(conn: &mut Conn, id: Id) -> Result<Stored, ApiError> {
    store::find(conn, id)?.ok_or_else(|| ProblemCode::NotFound.into())
}

/// Whether there is such an account.
///
/// # Errors
/// `not-found`; the database fails.
pub(super) fn exists(conn: &mut Conn, id: Id) -> Result<(), ApiError> {
    found(conn, id).map(|_| ())
}

/// The account, if it is another one than the actor's.
fn of_another(conn: &mut Conn, asker: &Asker, id: Id) -> Result<Stored, ApiError> {
    let account = found(conn, id)?;
    if asker.account == id {
        let own = "Со своей учётной записью это сделает другой сотрудник техподдержки.";
        return Err(Problem::new(ProblemCode::Forbidden).with_detail(own).into());
    }
    Ok(account)
}

fn note(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    action: &'static str,
    account: Id,
    details: Value,
) -> Result<(), ApiError> {
    let event = Event::done(action, "account", account).with(details);
    Ok(audit::record(conn, &services.context, &asker.journal, event)?)
}

/// An account, as support sees it.
pub(super) fn show(conn: &mut Conn, services: &Services, asker: Id, id: Id) -> Result<AccountCard, ApiError> {
    let account = found(conn, id)?;
    let context = &services.context;
    let now = context.db_now();
    let organization = match account.organization_id {
        None => None,
        Some(id) => organizations::find(conn, id)?.map(|organization| organization.summary()),
    };
    let locked_until = attempts::locked_until(conn, context.secrets(), &account.names(), now)?;
    let live = sessions::live_of(conn, &services.config.sessions, id, now)?;
    Ok(AccountCard {
        row: list::row(&account)?,
        organization,
        email_verified: account.email_verified_at.is_some(),
        has_password: account.password_hash.is_some(),
        created_at: account.created_at.and_utc(),
        locked_until: locked_until.map(|until| until.and_utc()),
        live_sessions: u32::try_from(live.len()).unwrap_or(u32::MAX),
        cards: kontingent::own_cards(conn, id, context.today())?,
        can_change: asker != id,
        position: account.position,
        blocked_reason: account.blocked_reason,
    })
}

/// Blocks an account with a reason that its person will see; its sessions end. One that is blocked stays so, with
/// the reason it has.
pub(super) fn block(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    id: Id,
    reason: &str,
) -> Result<(), ApiError> {
    let account = of_another(conn, asker, id)?;
    if !account.is_active() {
        return Ok(());
    }
    if support::is_last_support(conn, id, services.context.today())? {
        let detail = "Сначала дайте роль «Техническая поддержка» другому сотруднику.";
        return Err(Problem::new(ProblemCode::LastSupport).with_detail(detail).into());
    }
    let now = services.context.db_now();
    diesel::update(t::table.find(id))
        .set((
            t::status.eq(store::BLOCKED),
            t::blocked_reason.eq(reason),
            t::blocked_at.eq(now),
            t::blocked_by_account_id.eq(asker.account),
        ))
        .execute(conn)?;
    sessions::end_all(conn, id, None, "blocked", now)?;
    links::void(conn, id, LinkPurpose::Recovery, now)?;
    note(conn, services, asker, "account.blocked", id, json!({ "reason": reason }))
}

/// Lets a blocked account sign in again. One that is not blocked stays as it is.
pub(super) fn unblock(conn: &mut Conn, services: &Services, asker: &Asker, id: Id) -> Result<(), ApiError> {
    let account = of_another(conn, asker, id)?;
    if account.is_active() {
        return Ok(());
    }
    diesel::update(t::table.find(id))
        .set((
            t::status.eq(store::ACTIVE),
            t::blocked_reason.eq(None::<String>),
            t::blocked_at.eq(None::<chrono::NaiveDateTime>),
            t::blocked_by_account_id.eq(None::<Id>),
            t::unblocked_at.eq(services.context.db_now()),
        ))
        .execute(conn)?;
    note(conn, services, asker, "account.unblocked", id, json!({}))
}

/// Lifts the lock after too many failed sign-ins.
pub(super) fn unlock(conn: &mut Conn, services: &Services, asker: &Asker, id: Id) -> Result<(), ApiError> {
    let account = of_another(conn, asker, id)?;
    attempts::forget(conn, services.context.secrets(), &account.names())?;
    note(conn, services, asker, "account.unlocked", id, json!({}))
}

/// Sends the letter of recovery on the person's behalf, also to an address that is not proven: whoever uses its
/// link has proven it.
pub(super) fn send_letter(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    id: Id,
) -> Result<(), ApiError> {
    let account = of_another(conn, asker, id)?;
    if !account.is_active() {
        let detail = "Сначала разблокируйте учётную запись.";
        return Err(Problem::new(ProblemCode::AccountBlocked).with_detail(detail).into());
    }
    recovery::send_link(conn, services, &account, &account.address()?)?;
    note(conn, services, asker, "recovery.sent", id, json!({}))
}

/// Writes another address into an account whose own is lost. It counts as proven once its letter's link was used;
/// everything that the old one could open is closed, and every session ends.
pub(super) fn replace_email(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    id: Id,
    (email, reason): (&Email, &str),
) -> Result<(), ApiError> {
    let account = of_another(conn, asker, id)?;
    let now = services.context.db_now();
    store::set_address(conn, id, email, None).map_err(email_change::taken)?;
    search::index_again(conn, id)?;
    email_change::cancel(conn, id, now)?;
    links::void(conn, id, LinkPurpose::Recovery, now)?;
    sessions::end_all(conn, id, None, "email-changed", now)?;
    mail::enqueue(conn, &services.context, &letters::email_changed_old(services, &account.address()?))?;
    if account.is_active() {
        let token = recovery::link(conn, services, &account)?;
        mail::enqueue(conn, &services.context, &letters::email_replaced(services, email, &token))?;
    }
    note(conn, services, asker, "email.replaced", id, json!({ "reason": reason }))
}
