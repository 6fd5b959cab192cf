//! Accounts as the sign-in through Госуслуги needs them: found by their address, made without a password, kept as
//! Госуслуги tell them.

use epos_shared::values::{Email, Snils};

use super::store;
use super::{NewAccount, letters, search};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::esia::Identity;
use crate::identification::Holder;
use crate::kontingent;
use crate::mail;

/// The account of an address, and whether the address is proven: only then it says who the person is.
///
/// # Errors
/// The database fails.
pub fn holder_of_address(
    conn: &mut Conn,
    services: &Services,
    email_key: &str,
) -> Result<Option<(Holder, bool)>, DbError> {
    let Some(row) = store::of_address(conn, email_key)? else { return Ok(None) };
    let is_proven = row.email_verified_at.is_some();
    Ok(Some((row.holder(services.context.secrets(), true)?, is_proven)))
}

/// An account, as what it is allowed is judged by.
///
/// # Errors
/// The database fails.
pub fn holder(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<Holder>, DbError> {
    let Some((row, may_have_grants)) = store::find_with_grants(conn, id)? else { return Ok(None) };
    row.holder(context.secrets(), may_have_grants).map(Some)
}

/// Creates the account of a person from Госуслуги, without a password, inside the caller's write transaction. The
/// user name is derived as at registration.
///
/// # Errors
/// The address is another account's ([`crate::db::broken_unique`]), or the database fails.
pub fn create_of_esia(
    conn: &mut Conn,
    services: &Services,
    identity: &Identity,
    (email, is_proven): (&Email, bool),
) -> Result<Id, DbError> {
    let context = &services.context;
    let first = kontingent::first_login(conn, &identity.name)?;
    let user_name = kontingent::issue_login(conn, &identity.name, first, context.db_now())?;
    let new = NewAccount {
        user_name: user_name.as_str(),
        name: &identity.name,
        email,
        email_is_verified: is_proven,
        position: None,
        organization: None,
        password_hash: None,
        consent: None,
        is_demo: false,
    };
    let id = super::create_named(conn, context, &new)?;
    store::note_origin_esia(conn, id)?;
    note_snils(conn, context, id, identity.snils.as_ref())?;
    Ok(id)
}

/// Notes СНИЛС as Госуслуги tell it, inside the caller's write transaction.
///
/// # Errors
/// The database fails.
pub fn note_snils(
    conn: &mut Conn,
    context: &Context,
    account: Id,
    snils: Option<&Snils>,
) -> Result<(), DbError> {
    let Some(snils) = snils else { return Ok(()) };
    let sealed = context.secrets().seal_snils(account, snils, &context.bytes::<24>());
    Ok(store::set_snils(conn, account, &sealed)?)
}

/// Brings an account that was made by Госуслуги to what they tell of its person now, inside the transaction of the
/// sign-in: people marry, and change their addresses. One that was registered here is its person's own.
///
/// # Errors
/// The database fails.
pub fn refresh_of_esia(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    account: Id,
    identity: &Identity,
) -> Result<(), DbError> {
    let context = &services.context;
    let Some(row) = store::find(conn, account)? else { return Ok(()) };
    let known = store::opened_snils(context.secrets(), account, row.snils.as_deref())?;
    if known != identity.snils {
        note_snils(conn, context, account, identity.snils.as_ref())?;
    }
    if row.is_rsaa() {
        return Ok(());
    }
    let mut changed = Vec::new();
    if row.name()? != identity.name {
        store::set_name(conn, account, &identity.name)?;
        changed.push("name");
    }
    if !identity.emails.iter().any(|email| email.key() == row.email_key) {
        for email in &identity.emails {
            if store::find_by_address(conn, &email.key())?.is_none() {
                store::set_address(conn, account, email, Some(context.db_now()))?;
                mail::enqueue(conn, context, &letters::email_changed_old(services, &row.address()?))?;
                changed.push("email");
                break;
            }
        }
    } else if row.email_verified_at.is_none() {
        store::prove_address(conn, account, context.db_now())?;
    }
    if changed.is_empty() {
        return Ok(());
    }
    search::index_again(conn, account)?;
    let event =
        Event::done("account.refreshed", "account", account).with(serde_json::json!({ "changed": changed }));
    audit::record(conn, context, journal, event)
}

/// What an account's person is told of its link to Госуслуги.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkNews {
    /// It was joined.
    Joined,
    /// It was taken apart.
    Parted,
}

/// Tells an account's person by letter, inside the caller's write transaction.
///
/// # Errors
/// The database fails.
pub fn tell_of_link(
    conn: &mut Conn,
    services: &Services,
    account: Id,
    news: LinkNews,
) -> Result<(), DbError> {
    let Some(row) = store::find(conn, account)? else { return Ok(()) };
    let to = row.address()?;
    let letter = match news {
        LinkNews::Joined => letters::esia_joined(services, &to),
        LinkNews::Parted => letters::esia_parted(services, &to),
    };
    mail::enqueue(conn, &services.context, &letter).map(|_| ())
}

/// Whether an account has a password.
///
/// # Errors
/// The database fails.
pub fn has_password(conn: &mut Conn, account: Id) -> Result<bool, DbError> {
    Ok(store::find(conn, account)?.is_some_and(|row| row.password_hash.is_some()))
}
