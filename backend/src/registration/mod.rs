//! Registration (screens.md 12): the directory of organizations, applications for accounts, their letters, the
//! first password, and the queue of support.

mod apply;
mod finish;
mod letters;
mod moderation;
mod pace;
mod routes;
mod store;
mod sweep;

use chrono::TimeDelta;
use epos_shared::api::accounts::ApplicationState;
use epos_shared::api::registration::{AppliedOrganization, LinkPurpose, Registration};

use crate::accounts::links::{self, NewLink};
use crate::app::Services;
use crate::context::Context;
use crate::cursor::ByMoment;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::mail::Letter;

pub use pace::Pace;
pub use routes::routes;
pub(crate) use store::{begins_with, search_text};
pub use sweep::sweep;

use letters::Writer;
use store::Row;

fn writer<'a>(services: &'a Services, to: &'a epos_shared::values::Email) -> Writer<'a> {
    Writer { origin: &services.origin.text, to, link_hours: services.config.registration.link_hours }
}

fn link_lives(services: &Services) -> TimeDelta {
    TimeDelta::hours(services.config.registration.link_hours.into())
}

/// No other list's cursors begin so.
const CURSORS: ByMoment<2> = ByMoment([1, 128]);

/// A new link that proves the address of an application; answers its token.
fn proof_link(conn: &mut Conn, services: &Services, application: Id) -> Result<String, DbError> {
    let link = NewLink {
        purpose: LinkPurpose::Proof,
        account: None,
        subject: application,
        user_name: None,
        lives: link_lives(services),
    };
    links::issue(conn, &services.context, link)
}

/// A new link that sets the first password; answers its token.
fn activation_link(
    conn: &mut Conn,
    services: &Services,
    application: Id,
    user_name: &str,
) -> Result<String, DbError> {
    let link = NewLink {
        purpose: LinkPurpose::Activation,
        account: None,
        subject: application,
        user_name: Some(user_name),
        lives: link_lives(services),
    };
    links::issue(conn, &services.context, link)
}

/// The letter that an application waits for, with a new link; the older one works no more. Nothing where it
/// waits for no letter.
fn awaited_letter(conn: &mut Conn, services: &Services, row: &Row) -> Result<Option<Letter>, ApiError> {
    let email = row.email()?;
    let writer = writer(services, &email);
    match (row.state()?, &row.user_name) {
        (ApplicationState::AwaitingProof, _) => Ok(Some(writer.proof(&proof_link(conn, services, row.id)?))),
        (ApplicationState::AwaitingPassword, Some(user_name)) => {
            let token = activation_link(conn, services, row.id, user_name)?;
            Ok(Some(if row.proven_at.is_some() {
                writer.approved(user_name, &token)
            } else {
                writer.activation(user_name, &token)
            }))
        }
        _ => Ok(None),
    }
}

/// How many applications wait for support, counted up to a limit.
///
/// # Errors
/// The database fails.
pub fn count_waiting(conn: &mut Conn, limit: i64) -> Result<u32, DbError> {
    let filter = store::Filter { state: ApplicationState::AwaitingModeration, words: Vec::new() };
    Ok(store::count(conn, &filter, limit)?)
}

/// The names and the town that were typed in; empty for an organization of the directory.
fn typed(organization: &AppliedOrganization) -> (&str, &str, &str) {
    match organization {
        AppliedOrganization::Listed(_) => ("", "", ""),
        AppliedOrganization::Unlisted { full_name, short_name, town } => (full_name, short_name, town),
    }
}

/// Puts an application into the queue of support, as if its address had been proven just now (the demo's), inside
/// the caller's write transaction.
///
/// # Errors
/// The database fails, or an application of the address is there.
pub fn put_into_queue(conn: &mut Conn, context: &Context, wanted: &Registration) -> Result<Id, DbError> {
    let (id, now) = (context.id(), context.db_now());
    let organization = match wanted.organization {
        AppliedOrganization::Listed(id) => Some(id.into()),
        AppliedOrganization::Unlisted { .. } => None,
    };
    store::insert(
        conn,
        &store::New {
            id,
            state: ApplicationState::AwaitingModeration,
            email: &wanted.email,
            name: &wanted.name,
            position: &wanted.position,
            organization,
            typed: typed(&wanted.organization),
            inn: wanted.inn.as_str(),
            kpp: wanted.kpp.as_str(),
            user_name: None,
            consent_version: &wanted.consent_version,
            address: "127.0.0.1",
            now,
            proven_at: Some(now),
        },
    )?;
    Ok(id)
}
