//! The arrival of a person from Госуслуги.

use epos_shared::api::esia::NotFound;
use epos_shared::esia::Failure;

use super::visit::Visit;
use super::{Arrival, Purpose, links};
use crate::accounts;
use crate::app::Services;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::esia::Identity;
use crate::http::RequestInfo;

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
    let (tools, request) = (services.clone(), request.clone());
    services
        .db
        .write_tx(move |conn| match purpose {
            Purpose::SignIn => sign_in(conn, &tools, &identity, replaced, &request),
            Purpose::Join { .. } => Ok(Arrival::Refused(Failure::OtherPerson)),
        })
        .await
}

fn sign_in(
    conn: &mut Conn,
    services: &Services,
    identity: &Identity,
    replaced: Option<Id>,
    request: &RequestInfo,
) -> Result<Arrival, ApiError> {
    if let Some(account) = links::account_of(conn, &identity.oid)? {
        let opened = accounts::open_through_esia(conn, services, request, account, replaced)?;
        return Ok(
            opened.map_or(Arrival::Refused(Failure::Blocked), |opened| Arrival::SignedIn(opened.token))
        );
    }
    Ok(Arrival::Visit(Visit::of(services, identity, NotFound::Email).seal(services)?))
}
