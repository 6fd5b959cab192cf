//! Sessions: an opaque token in a cookie, only its hash in the database.

use actix_web::cookie::Cookie;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use epos_shared::api::session::SignInWay;
use epos_shared::roles::RoleCategory;
use sha2::{Digest as _, Sha256};

use crate::app::Services;
use crate::config::Sessions;
use crate::context::Context;
use crate::db::schema::{accounts, sessions as t};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::http::{self, RequestInfo};

/// A token in clear: it lives between its making and the cookie that carries it.
pub struct SessionToken(String);

impl SessionToken {
    fn draw(context: &Context) -> Self {
        Self(URL_SAFE_NO_PAD.encode(context.bytes::<32>()))
    }

    fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }

    /// The cookie that carries it. Without an age: it goes with the browser, which at a school many share.
    #[must_use]
    pub fn into_cookie(self, services: &Services) -> Cookie<'static> {
        http::cookie(cookie_name(services), self.0, services.origin.is_https)
    }
}

/// A token is never printed.
impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The name of the cookie; under TLS with the prefix that keeps other hosts and plain HTTP from setting it.
pub(super) fn cookie_name(services: &Services) -> &'static str {
    if services.origin.is_https { "__Host-epos_session" } else { "epos_session" }
}

/// The cookie that takes the token away.
pub(super) fn no_cookie(services: &Services) -> Cookie<'static> {
    http::no_cookie(cookie_name(services), services.origin.is_https)
}

/// A session that is alive, with what its account must still be.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub id: Id,
    pub account: Id,
    pub card: Option<Id>,
    pub last_seen_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
    pub previous_sign_in_at: Option<NaiveDateTime>,
    pub category: Option<RoleCategory>,
    pub way: SignInWay,
    pub account_is_active: bool,
    pub account_is_demo: bool,
    pub consent_version: Option<String>,
}

#[derive(Queryable)]
struct Found {
    id: Id,
    account: Id,
    card: Option<Id>,
    last_seen_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    previous_sign_in_at: Option<NaiveDateTime>,
    category: Option<String>,
    way: String,
    status: String,
    demo: bool,
    consent_version: Option<String>,
}

/// The way of its word in the database.
pub(super) fn way(word: &str) -> SignInWay {
    if word == SignInWay::Esia.as_str() { SignInWay::Esia } else { SignInWay::Password }
}

/// The live session of a token.
pub(super) fn find(
    conn: &mut Conn,
    limits: &Sessions,
    token_hash: &[u8],
    now: NaiveDateTime,
) -> Result<Option<Live>, DbError> {
    let before_rotation = t::previous_token_hash.eq(token_hash).and(t::previous_valid_until.gt(now));
    let found: Option<Found> = t::table
        .inner_join(accounts::table)
        .filter(t::token_hash.eq(token_hash).or(before_rotation.assume_not_null()))
        .filter(t::ended_at.is_null())
        .filter(t::expires_at.gt(now))
        .filter(t::last_seen_at.gt(now - limits.idle()))
        .select((
            t::id,
            t::account_id,
            t::employee_id,
            t::last_seen_at,
            t::expires_at,
            t::previous_sign_in_at,
            t::category,
            t::way,
            accounts::status,
            accounts::demo,
            accounts::consent_version,
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(|found| Live {
        id: found.id,
        account: found.account,
        card: found.card,
        last_seen_at: found.last_seen_at,
        expires_at: found.expires_at,
        previous_sign_in_at: found.previous_sign_in_at,
        category: found.category.as_deref().and_then(RoleCategory::from_wire),
        way: way(&found.way),
        account_is_active: super::store::is_active(&found.status),
        account_is_demo: found.demo,
        consent_version: found.consent_version,
    }))
}

/// A session to be opened.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub account: Id,
    pub card: Option<Id>,
    pub category: Option<RoleCategory>,
    pub way: SignInWay,
    pub previous_sign_in_at: Option<NaiveDateTime>,
    pub request: &'a RequestInfo,
}

/// Opens a session.
pub(super) fn open(
    conn: &mut Conn,
    context: &Context,
    limits: &Sessions,
    new: &New<'_>,
) -> Result<(Id, SessionToken), DbError> {
    let (id, token, now) = (context.id(), SessionToken::draw(context), context.db_now());
    diesel::insert_into(t::table)
        .values((
            t::id.eq(id),
            t::token_hash.eq(token.hash()),
            t::account_id.eq(new.account),
            t::employee_id.eq(new.card),
            t::category.eq(new.category.map(RoleCategory::as_str)),
            t::way.eq(new.way.as_str()),
            t::created_at.eq(now),
            t::last_seen_at.eq(now),
            t::expires_at.eq(now + limits.absolute()),
            t::previous_sign_in_at.eq(new.previous_sign_in_at),
            t::address.eq(new.request.address.to_string()),
            t::user_agent.eq(&new.request.user_agent),
        ))
        .execute(conn)?;
    Ok((id, token))
}

/// Gives a session a new token; the present one lives some seconds more, so that requests sent at the same
/// moment do not fail. Nothing where another request has rotated it since: that one's cookie is the right one.
pub(super) fn rotate(
    conn: &mut Conn,
    context: &Context,
    limits: &Sessions,
    session: Id,
    presented: &[u8],
) -> Result<Option<SessionToken>, DbError> {
    let token = SessionToken::draw(context);
    let grace = TimeDelta::seconds(limits.rotation_grace_seconds.into());
    let mine = t::table.find(session).filter(t::token_hash.eq(presented)).filter(t::ended_at.is_null());
    let rotated = diesel::update(mine)
        .set((
            t::token_hash.eq(token.hash()),
            t::previous_token_hash.eq(presented),
            t::previous_valid_until.eq(context.db_now() + grace),
        ))
        .execute(conn)?;
    Ok((rotated == 1).then_some(token))
}

/// Notes that a session was used, once in a while.
pub(super) fn touch(
    conn: &mut Conn,
    session: Id,
    seen: NaiveDateTime,
    now: NaiveDateTime,
) -> Result<(), DbError> {
    // Of many requests at once one writes.
    diesel::update(t::table.find(session).filter(t::last_seen_at.eq(seen)))
        .set(t::last_seen_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Ends a session; false where it had ended before.
pub(super) fn end(conn: &mut Conn, session: Id, reason: &str, now: NaiveDateTime) -> Result<bool, DbError> {
    let ended = diesel::update(t::table.find(session).filter(t::ended_at.is_null()))
        .set((t::ended_at.eq(now), t::end_reason.eq(reason)))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Ends every session of an account but one; answers how many.
pub(super) fn end_all(
    conn: &mut Conn,
    account: Id,
    keep: Option<Id>,
    reason: &str,
    now: NaiveDateTime,
) -> QueryResult<usize> {
    let open = t::table.filter(t::account_id.eq(account)).filter(t::ended_at.is_null());
    let set = (t::ended_at.eq(now), t::end_reason.eq(reason));
    match keep {
        None => diesel::update(open).set(set).execute(conn),
        Some(keep) => diesel::update(open.filter(t::id.ne(keep))).set(set).execute(conn),
    }
}

/// Ends a live session if it is this account's.
pub(super) fn end_own(conn: &mut Conn, account: Id, session: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let own = t::table.find(session).filter(t::account_id.eq(account)).filter(t::ended_at.is_null());
    let set = (t::ended_at.eq(now), t::end_reason.eq("by-person"));
    Ok(diesel::update(own).set(set).execute(conn)? == 1)
}

/// A session as its list has it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::sessions)]
pub(super) struct SessionRow {
    pub id: Id,
    pub created_at: NaiveDateTime,
    pub last_seen_at: NaiveDateTime,
    pub address: String,
    pub user_agent: String,
    pub way: String,
    pub ended_at: Option<NaiveDateTime>,
}

/// The live sessions of an account, the newest first, as many as anybody looks through.
pub(super) fn live_of(
    conn: &mut Conn,
    limits: &Sessions,
    account: Id,
    now: NaiveDateTime,
) -> QueryResult<Vec<SessionRow>> {
    t::table
        .filter(t::account_id.eq(account))
        .filter(t::ended_at.is_null())
        .filter(t::expires_at.gt(now))
        .filter(t::last_seen_at.gt(now - limits.idle()))
        .order((t::created_at.desc(), t::id.desc()))
        .limit(200)
        .select(SessionRow::as_select())
        .load(conn)
}

pub(super) fn choose_card(conn: &mut Conn, session: Id, card: Id) -> QueryResult<bool> {
    Ok(diesel::update(t::table.find(session)).set(t::employee_id.eq(card)).execute(conn)? == 1)
}

/// Makes a session work in a category.
pub(super) fn choose_category(conn: &mut Conn, session: Id, category: RoleCategory) -> QueryResult<bool> {
    let chosen = t::category.eq(category.as_str());
    Ok(diesel::update(t::table.find(session)).set(chosen).execute(conn)? == 1)
}

pub(super) fn forget_card(conn: &mut Conn, card: Id) -> QueryResult<usize> {
    diesel::update(t::table.filter(t::employee_id.eq(card))).set(t::employee_id.eq(None::<Id>)).execute(conn)
}
