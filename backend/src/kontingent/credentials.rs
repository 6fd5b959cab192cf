//! One-time credentials of cards (screens.md 17): shown once, used once, void after thirty days, ten wrong
//! tries, or the next ones.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::employees::{CredentialsState, OneTimeCredentials};
use epos_shared::values::{Login, OneTimePassword};

use crate::config;
use crate::context::Context;
use crate::db::schema::one_time_credentials as table;
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};

/// How many of a card's credentials a typed password is compared with, the newest first: enough to tell
/// somebody with an old slip of paper that it is old.
const COMPARED: i64 = 5;

/// One-time credentials as they are kept.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = table)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct CredentialRow {
    pub(super) id: Id,
    pub(super) secret_hmac: Vec<u8>,
    pub(super) issued_at: NaiveDateTime,
    pub(super) issued_by_account_id: Option<Id>,
    pub(super) issued_by_employee_id: Option<Id>,
    pub(super) expires_at: NaiveDateTime,
    pub(super) used_at: Option<NaiveDateTime>,
    pub(super) voided_at: Option<NaiveDateTime>,
}

impl CredentialRow {
    /// What has become of them.
    pub(super) fn state(&self, now: NaiveDateTime) -> CredentialsState {
        if self.used_at.is_some() {
            CredentialsState::Used
        } else if self.voided_at.is_some() {
            CredentialsState::Voided
        } else if self.expires_at <= now {
            CredentialsState::Expired
        } else {
            CredentialsState::Active
        }
    }
}

/// Who issues: the account and the card it works as; nobody for the program itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Issuer {
    /// The account.
    pub account: Option<Id>,
    /// The card it works as.
    pub card: Option<Id>,
}

/// Voids what a card had and issues new credentials. The password leaves this function in the answer alone.
/// To be called inside a write transaction.
///
/// # Errors
/// The database fails.
pub fn issue(
    conn: &mut Conn,
    context: &Context,
    rules: &config::OneTimeCredentials,
    card: Id,
    login: &Login,
    issuer: Issuer,
) -> QueryResult<OneTimeCredentials> {
    void(conn, card, context.db_now())?;
    let id = context.id();
    let password = OneTimePassword::draw(|| {
        let [byte] = context.bytes();
        byte
    });
    let now = context.now();
    let expires_at = now + TimeDelta::days(i64::from(rules.valid_days));
    diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::employee_id.eq(card),
            table::secret_hmac.eq(context.secrets().card_password(id, password.expose()).to_vec()),
            table::issued_at.eq(now.naive_utc()),
            table::issued_by_account_id.eq(issuer.account),
            table::issued_by_employee_id.eq(issuer.card),
            table::expires_at.eq(expires_at.naive_utc()),
        ))
        .execute(conn)?;
    Ok(OneTimeCredentials { login: login.clone(), password: password.expose().to_owned(), expires_at })
}

/// Voids whatever credentials of a card could still be used.
pub(super) fn void(conn: &mut Conn, card: Id, now: NaiveDateTime) -> QueryResult<()> {
    diesel::update(table::table)
        .filter(table::employee_id.eq(card))
        .filter(table::used_at.is_null())
        .filter(table::voided_at.is_null())
        .set(table::voided_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// The newest credentials of a card.
pub(super) fn newest(conn: &mut Conn, card: Id) -> QueryResult<Option<CredentialRow>> {
    Ok(latest(conn, card, 1)?.into_iter().next())
}

fn latest(conn: &mut Conn, card: Id, limit: i64) -> QueryResult<Vec<CredentialRow>> {
    table::table
        .filter(table::employee_id.eq(card))
        .order((table::issued_at.desc(), table::id.desc()))
        .limit(limit)
        .select(CredentialRow::as_select())
        .load(conn)
}

/// The credentials of a card that a typed password belongs to, whatever has become of them.
pub(super) fn matching(
    conn: &mut Conn,
    context: &Context,
    card: Id,
    password: &str,
) -> QueryResult<Option<CredentialRow>> {
    let rows = latest(conn, card, COMPARED)?;
    Ok(rows.into_iter().find(|row| context.secrets().is_card_password(row.id, password, &row.secret_hmac)))
}

/// Counts a wrong try against the credentials of a card that can be used; the last one allowed voids them.
pub(super) fn count_failure(
    conn: &mut Conn,
    rules: &config::OneTimeCredentials,
    card: Id,
    now: NaiveDateTime,
) -> QueryResult<bool> {
    let usable = table::table
        .filter(table::employee_id.eq(card))
        .filter(table::used_at.is_null())
        .filter(table::voided_at.is_null());
    diesel::update(usable).set(table::failures.eq(table::failures + 1)).execute(conn)?;
    let limit = i32::try_from(rules.failures).unwrap_or(i32::MAX);
    let voided = diesel::update(usable.filter(table::failures.ge(limit)))
        .set(table::voided_at.eq(now))
        .execute(conn)?;
    Ok(voided > 0)
}

/// Uses credentials up: one statement, whose row count decides who was first.
pub(super) fn consume(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let used = diesel::update(table::table.find(id))
        .filter(table::used_at.is_null())
        .filter(table::voided_at.is_null())
        .filter(table::expires_at.gt(now))
        .set(table::used_at.eq(now))
        .execute(conn)?;
    Ok(used == 1)
}
