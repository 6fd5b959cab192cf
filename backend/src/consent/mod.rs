//! Consent to the processing of personal data (152-ФЗ): the text as it stands now, and who has agreed to which
//! version of it, when and from where. Until a person has agreed to the present version, everything else that
//! needs a session answers `consent-required` ([`crate::accounts::SignedIn`]).

mod routes;
mod text;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use epos_shared::api::profile::ConsentGiven;
use epos_shared::api::registration::{ConsentText, RegistrationError};
use epos_shared::api::session::SessionState;
use epos_shared::values::InvalidValue as _;

use crate::accounts::{self, SignedIn};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::db::schema::consents as t;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;

pub use routes::routes;
pub use text::{BUILT_IN_VERSION, text};

/// A consent to a version of the text.
#[derive(Debug, Clone, Copy)]
pub struct Consent<'a> {
    /// The version.
    pub version: &'a str,
    /// When it was given.
    pub given_at: NaiveDateTime,
    /// From which address; nothing where a command created the account.
    pub address: Option<&'a str>,
}

impl<'a> Consent<'a> {
    /// The consent of somebody whose account is created by a command: he has given it on paper.
    #[must_use]
    pub fn of_command(text: &'a ConsentText, given_at: NaiveDateTime) -> Self {
        Self { version: &text.version, given_at, address: None }
    }
}

/// Writes a consent of an account down, inside the caller's write transaction.
///
/// # Errors
/// The database fails.
pub fn insert(conn: &mut Conn, context: &Context, account: Id, consent: &Consent<'_>) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values((
            t::id.eq(context.id()),
            t::account_id.eq(account),
            t::version.eq(consent.version),
            t::given_at.eq(consent.given_at),
            t::address.eq(consent.address),
        ))
        .execute(conn)
        .map(|_| ())
}

/// The consents of an account, the newest first.
///
/// # Errors
/// The database fails.
pub fn history(conn: &mut Conn, account: Id) -> QueryResult<Vec<ConsentGiven>> {
    let rows: Vec<(String, NaiveDateTime, Option<String>)> = t::table
        .filter(t::account_id.eq(account))
        .order((t::given_at.desc(), t::id.desc()))
        .select((t::version, t::given_at, t::address))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(version, given_at, address)| ConsentGiven {
            version,
            given_at: given_at.and_utc(),
            address: address.unwrap_or_default(),
        })
        .collect())
}

/// Gives the consent of the signed-in person to the version he has read. Given twice it is one consent.
async fn give(services: &Services, signed_in: &SignedIn, version: String) -> Result<SessionState, ApiError> {
    if version != services.consent.version {
        return Err(ApiError::validation(vec![RegistrationError::ConsentOutdated.at("version")]));
    }
    let (context, who) = (services.context.clone(), signed_in.clone());
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            if !accounts::note_consent(conn, who.account, &version)? {
                return Ok(());
            }
            let address = who.request.address.to_string();
            let given_at = context.db_now();
            insert(
                conn,
                &context,
                who.account,
                &Consent { version: &version, given_at, address: Some(&address) },
            )?;
            let event = Event::done("consent.given", "account", who.account)
                .with(serde_json::json!({ "version": version }));
            audit::record(conn, &context, &who.journal(), event)
        })
        .await?;
    accounts::session_state_after_consent(services, signed_in).await
}
