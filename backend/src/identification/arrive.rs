//! The arrival of a person from Госуслуги: one transaction, in which he becomes somebody, or not.

use epos_shared::api::esia::NotFound;
use epos_shared::esia::Failure;
use serde_json::json;

use super::matching::{self, Fit};
use super::mismatches;
use super::visit::Visit;
use super::{Arrival, Purpose, links};
use crate::accounts::{self, LinkNews};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, DbError, Unique, broken_unique};
use crate::error::ApiError;
use crate::esia::Identity;
use crate::http::RequestInfo;

/// How often an arrival is tried again that met another one of the same person.
const ATTEMPTS: u32 = 5;

/// Finds out who a person from Госуслуги is here, and signs him in or joins his account. `replaced` is a session
/// of the browser that a new one takes the place of.
///
/// # Errors
/// The database fails.
pub async fn arrive(
    services: &Services,
    identity: Identity,
    purpose: Purpose,
    replaced: Option<Id>,
    request: &RequestInfo,
) -> Result<Arrival, ApiError> {
    let mut attempt = 1;
    loop {
        let (tools, identity, request) = (services.clone(), identity.clone(), request.clone());
        let arrived = services
            .db
            .write_tx(move |conn| match purpose {
                Purpose::SignIn => sign_in(conn, &tools, &identity, replaced, &request),
                Purpose::Join { account } => join_own(conn, &tools, &identity, account, &request),
            })
            .await;
        match arrived {
            // Another browser of the same person was first: now he is found.
            Err(error) if attempt < ATTEMPTS && is_race(&error) => attempt += 1,
            arrived => return arrived,
        }
    }
}

/// Whether a rule of uniqueness was broken that only two at once can break.
pub(super) fn is_race(error: &ApiError) -> bool {
    let ApiError::Database(DbError::Query(error)) = error else { return false };
    matches!(broken_unique(error), Some(Unique::EsiaOid | Unique::EsiaAccount | Unique::AccountEmail))
}

fn sign_in(
    conn: &mut Conn,
    services: &Services,
    identity: &Identity,
    replaced: Option<Id>,
    request: &RequestInfo,
) -> Result<Arrival, ApiError> {
    let (account, is_new) = match links::account_of(conn, &identity.oid)? {
        Some(account) => (account, false),
        None => match find_or_make(conn, services, identity, request)? {
            Ok(found) => found,
            Err(other) => return Ok(other),
        },
    };
    let journal = audit::Actor::account(account, None, request);
    if accounts::find(conn, account)?.is_some_and(|account| account.is_active) {
        accounts::refresh_of_esia(conn, services, &journal, account, identity)?;
    }
    let Some(opened) = accounts::open_through_esia(conn, services, request, account, replaced)? else {
        return Ok(Arrival::Refused(Failure::Blocked));
    };
    if is_new {
        join(conn, services, &journal, account, identity, "sign-in")?;
    }
    mismatches::settle(conn, &services.context, &journal, &identity.oid)?;
    Ok(Arrival::SignedIn(opened.token))
}

/// The account of somebody who is joined with none yet, and that it is to be joined; or what becomes of him else.
fn find_or_make(
    conn: &mut Conn,
    services: &Services,
    identity: &Identity,
    request: &RequestInfo,
) -> Result<Result<(Id, bool), Arrival>, ApiError> {
    let context = &services.context;
    let refused = |conn: &mut Conn, account: Option<Id>, reason: &str| {
        let event = Event::refused("session.opened", "account", account, reason);
        audit::record(conn, context, &audit::Actor::anonymous(request), event)
    };
    Ok(match matching::fit(conn, services, identity)? {
        Fit::Account(account) => {
            if links::of_account(conn, account)?.is_some() {
                collide(conn, services, identity, account, request)?;
                refused(conn, Some(account), Failure::Taken.as_str())?;
                return Ok(Err(Arrival::Refused(Failure::Taken)));
            }
            Ok((account, true))
        }
        Fit::New(email) => {
            let account = accounts::create_of_esia(conn, services, identity, (&email, true))?;
            let event = Event::done("account.created", "account", account).with(json!({ "way": "esia" }));
            audit::record(conn, context, &audit::Actor::account(account, None, request), event)?;
            Ok((account, true))
        }
        Fit::NotInForce => {
            refused(conn, None, Failure::NoCategory.as_str())?;
            Err(Arrival::Refused(Failure::NoCategory))
        }
        Fit::Nothing(not_found) => {
            refused(conn, None, "esia-not-recognised")?;
            Err(visit(services, identity, not_found)?)
        }
    })
}

fn visit(services: &Services, identity: &Identity, not_found: NotFound) -> Result<Arrival, ApiError> {
    Ok(Arrival::Visit(Visit::of(services, identity, not_found).seal(services)?))
}

/// Joins an account with its person, in the journal; one that is not new is told by letter.
pub(super) fn join(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    account: Id,
    identity: &Identity,
    way: &'static str,
) -> Result<(), ApiError> {
    let context = &services.context;
    links::join(conn, context, account, &identity.oid)?;
    accounts::note_snils(conn, context, account, identity.snils.as_ref())?;
    let event = Event::done("esia.joined", "account", account).with(json!({ "way": way }));
    audit::record(conn, context, journal, event)?;
    let is_rsaa = accounts::holder(conn, context, account)?.is_some_and(|holder| holder.is_rsaa);
    if is_rsaa {
        accounts::tell_of_link(conn, services, account, LinkNews::Joined)?;
    }
    Ok(())
}

/// Joins the account that was signed in before its person went to Госуслуги.
fn join_own(
    conn: &mut Conn,
    services: &Services,
    identity: &Identity,
    account: Id,
    request: &RequestInfo,
) -> Result<Arrival, ApiError> {
    let context = &services.context;
    let journal = audit::Actor::account(account, None, request);
    let refused = |conn: &mut Conn, failure: Failure| -> Result<Arrival, ApiError> {
        let event = Event::refused("esia.joined", "account", Some(account), failure.as_str());
        audit::record(conn, context, &journal, event)?;
        Ok(Arrival::Refused(failure))
    };
    if !accounts::find(conn, account)?.is_some_and(|account| account.is_active) {
        return refused(conn, Failure::Blocked);
    }
    let Some(own) = accounts::holder(conn, context, account)? else { return refused(conn, Failure::Blocked) };
    match links::account_of(conn, &identity.oid)? {
        Some(joined) if joined == account => return Ok(Arrival::Joined),
        Some(_) => {
            collide(conn, services, identity, account, request)?;
            return refused(conn, Failure::Taken);
        }
        None => {}
    }
    if !own.name.matches(&identity.name) || !matching::agree(own.snils.as_ref(), identity.snils.as_ref()) {
        return refused(conn, Failure::OtherPerson);
    }
    if links::of_account(conn, account)?.is_some() {
        collide(conn, services, identity, account, request)?;
        return refused(conn, Failure::Taken);
    }
    join(conn, services, &journal, account, identity, "profile")?;
    mismatches::settle(conn, context, &journal, &identity.oid)?;
    Ok(Arrival::Joined)
}

/// Two claim one: support tells them apart.
fn collide(
    conn: &mut Conn,
    services: &Services,
    identity: &Identity,
    account: Id,
    request: &RequestInfo,
) -> Result<(), ApiError> {
    let journal = audit::Actor::anonymous(request);
    Ok(mismatches::note_collision(conn, services, &journal, identity, account)?)
}
