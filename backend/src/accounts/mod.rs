//! «РСАА»: accounts, password sign-in, sessions. Other features see accounts through the functions here.

mod administration;
mod attempts;
pub mod bulk;
mod change_password;
mod device;
mod email_change;
mod letters;
pub(crate) mod links;
mod of_esia;
mod own_data;
mod password;
mod profile;
mod recovery;
mod routes;
mod search;
mod session_state;
mod sessions;
mod set_password;
mod sign_in;
mod signed_in;
mod store;
mod unused;

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use epos_shared::api::session::SessionState;
use epos_shared::roles::RoleCategory;
use epos_shared::search::search_key;
use epos_shared::values::{Email, FullName};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::Services;
use crate::consent::{self, Consent};
use crate::context::{Context, Secrets};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::kontingent;

pub use administration::named;
pub use of_esia::{
    LinkNews, create_of_esia, has_password, holder, holder_of_address, note_snils, refresh_of_esia,
    tell_of_link,
};
pub use password::{HashError, Hasher, Verdict};
pub use search::index_missing;
pub use sessions::SessionToken;
pub use set_password::{Judged, judge_password, set_password};
pub use sign_in::{Opened, open_through_esia};
pub use signed_in::{BACKGROUND_HEADER, MaybeSignedIn, SignedIn, WithoutConsent};
pub use store::is_active;
pub use unused::block_unused;

/// The calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(routes::show)
        .service(routes::open)
        .service(routes::close)
        .service(routes::choose_card)
        .service(routes::choose_category)
        .service(routes::check_link)
        .configure(recovery::routes)
        .configure(profile::routes)
        .configure(email_change::routes)
        .configure(administration::routes);
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// Lower case; given to nobody before.
    pub user_name: &'a str,
    /// ФИО.
    pub name: &'a FullName,
    /// The address, of no other account.
    pub email: &'a Email,
    /// Whether the address has been proven.
    pub email_is_verified: bool,
    /// Должность.
    pub position: Option<&'a str>,
    /// The organization named at registration.
    pub organization: Option<Id>,
    /// Argon2id ([`Hasher`]); without one nobody signs in by password.
    pub password_hash: Option<&'a str>,
    /// The consent to the processing of personal data; without one it is asked for at the first sign-in.
    pub consent: Option<Consent<'a>>,
    /// An account of the demo, refused outside of it.
    pub is_demo: bool,
}

/// Creates an account, inside the caller's write transaction.
///
/// # Errors
/// The name was given out before, the address is another account's ([`crate::db::broken_unique`]), or the
/// database fails.
pub fn create(conn: &mut Conn, context: &Context, new: &NewAccount<'_>) -> QueryResult<Id> {
    store::take_name(conn, new.user_name, context.db_now())?;
    create_named(conn, context, new)
}

/// [`create`] under a name that was given out to this very person before (an application's).
///
/// # Errors
/// The address is another account's ([`crate::db::broken_unique`]), or the database fails.
pub fn create_named(conn: &mut Conn, context: &Context, new: &NewAccount<'_>) -> QueryResult<Id> {
    let (id, now) = (context.id(), context.db_now());
    let row = store::NewRow {
        id,
        user_name: new.user_name,
        family_name: new.name.family_name.as_str(),
        given_name: new.name.given_name.as_str(),
        patronymic: new.name.patronymic.as_ref().map(|part| part.as_str()),
        email: new.email.as_str(),
        email_key: new.email.key(),
        email_verified_at: new.email_is_verified.then_some(now),
        position: new.position,
        password_hash: new.password_hash,
        password_changed_at: new.password_hash.map(|_| now),
        status: store::ACTIVE,
        demo: new.is_demo,
        created_at: now,
        name_key: search_key(&new.name.to_string()),
        organization_id: new.organization,
        consent_version: new.consent.map(|consent| consent.version),
    };
    store::insert(conn, &row)?;
    search::index(conn, id, new.name, new.user_name, new.email)?;
    if let Some(consent) = &new.consent {
        consent::insert(conn, context, id, consent)?;
    }
    Ok(id)
}

/// An account as other features see it.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its identifier.
    pub id: Id,
    /// The user name in РСАА.
    pub user_name: String,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: String,
    /// Whether it may sign in.
    pub is_active: bool,
    /// The last sign-in.
    pub last_sign_in_at: Option<NaiveDateTime>,
}

/// Finds an account.
///
/// # Errors
/// The database fails.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<Account>, DbError> {
    let Some(row) = store::find(conn, id)? else { return Ok(None) };
    Ok(Some(Account {
        id: row.id,
        name: row.name()?,
        is_active: row.is_active(),
        user_name: row.user_name,
        email: row.email,
        last_sign_in_at: row.last_sign_in_at,
    }))
}

/// ФИО of some accounts; those that are not there are left out.
///
/// # Errors
/// The database fails.
pub fn names(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, String>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    store::find_all(conn, ids)?.iter().map(|row| Ok((row.id, row.name()?.to_string()))).collect()
}

/// Whether an address is an account's ([`Email::key`]).
///
/// # Errors
/// The database fails.
pub fn owner_of_address(conn: &mut Conn, email_key: &str) -> QueryResult<Option<Id>> {
    store::find_by_address(conn, email_key)
}

/// Notes the version of the consent an account has given, inside the caller's write transaction; false where it
/// had given that one before.
///
/// # Errors
/// The database fails.
pub fn note_consent(conn: &mut Conn, account: Id, version: &str) -> QueryResult<bool> {
    store::note_consent(conn, account, version)
}

/// Blocks an account, inside the caller's write transaction; the journal is the caller's.
///
/// # Errors
/// The database fails.
pub fn block(conn: &mut Conn, account: Id, reason: &str) -> QueryResult<()> {
    store::block(conn, account, reason)
}

/// Notes a sign-in that was before the account came here (the demo's people), inside the caller's write
/// transaction.
///
/// # Errors
/// The database fails.
pub fn note_past_sign_in(conn: &mut Conn, account: Id, at: NaiveDateTime) -> QueryResult<()> {
    store::note_past_sign_in(conn, account, at)?;
    kontingent::note_sign_in(conn, account, at)
}

/// When the lock of an account's sign-in ends, if there is one.
///
/// # Errors
/// The database fails.
pub fn locked_until(
    conn: &mut Conn,
    secrets: &Secrets,
    account: Id,
    now: NaiveDateTime,
) -> Result<Option<NaiveDateTime>, DbError> {
    let Some(row) = store::find(conn, account)? else { return Ok(None) };
    attempts::locked_until(conn, secrets, &row.names(), now)
}

/// Unlocks an account's sign-in, inside the caller's write transaction; the journal is the caller's.
///
/// # Errors
/// The database fails.
pub fn unlock(conn: &mut Conn, secrets: &Secrets, account: Id) -> Result<(), DbError> {
    let Some(row) = store::find(conn, account)? else { return Ok(()) };
    attempts::forget(conn, secrets, &row.names())
}

/// Makes a session work as a card (which must be the account's own) and rotates it, inside the caller's write
/// transaction. The token goes into the answer's cookie; without one another request has just rotated it.
///
/// # Errors
/// The database fails.
pub fn work_as(
    conn: &mut Conn,
    services: &Services,
    signed_in: &SignedIn,
    card: Id,
) -> Result<Option<SessionToken>, DbError> {
    sessions::choose_card(conn, signed_in.session, card)?;
    sessions::choose_category(conn, signed_in.session, RoleCategory::Employee)?;
    rotate(conn, services, signed_in)
}

/// Rotates a session after a change of privilege, inside the caller's write transaction.
///
/// # Errors
/// The database fails.
pub fn rotate(
    conn: &mut Conn,
    services: &Services,
    signed_in: &SignedIn,
) -> Result<Option<SessionToken>, DbError> {
    let limits = &services.config.sessions;
    sessions::rotate(conn, &services.context, limits, signed_in.session, &signed_in.token_hash)
}

/// No session works as this card any more (it was unbound or archived), inside the caller's write transaction.
///
/// # Errors
/// The database fails.
pub fn forget_card(conn: &mut Conn, card: Id) -> QueryResult<()> {
    sessions::forget_card(conn, card).map(|_| ())
}

/// The session as its person sees it just after he has given his consent.
///
/// # Errors
/// The database fails.
pub async fn session_state_after_consent(
    services: &Services,
    signed_in: &SignedIn,
) -> Result<SessionState, ApiError> {
    let view = session_state::View { consent_required: false, ..session_state::View::from(signed_in) };
    session_state::show(services, view).await
}

/// The session that was just opened, as its person sees it.
///
/// # Errors
/// The database fails.
pub async fn opened_state(services: &Services, opened: &Opened) -> Result<SessionState, ApiError> {
    session_state::show(services, session_state::View::of(services, opened)).await
}

/// The session as its person sees it, working as a card: for answers after [`work_as`].
///
/// # Errors
/// The database fails.
pub async fn session_state(
    services: &Services,
    signed_in: &SignedIn,
    card: Option<Id>,
) -> Result<SessionState, ApiError> {
    let category = Some(RoleCategory::Employee);
    let view = session_state::View { card, category, ..session_state::View::from(signed_in) };
    session_state::show(services, view).await
}

/// Removes counters of failures that count nothing any more.
///
/// # Errors
/// The database fails.
pub fn sweep_attempts(conn: &mut Conn, services: &Services) -> Result<usize, DbError> {
    let now = services.context.db_now();
    let window = chrono::TimeDelta::minutes(services.config.sign_in.window_minutes.into());
    attempts::sweep(conn, now - window, now)
}
