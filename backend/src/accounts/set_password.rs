//! The one way a password is set: judged by its rules and against those that were, hashed outside of the
//! transaction, then stored with everything that must follow.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use epos_shared::api::profile::ProfileError;
use epos_shared::api::registration::LinkPurpose;
use epos_shared::values::{InvalidValue as _, NewPassword, transliterate};

use super::store::{self, AccountRow};
use super::{attempts, links, sessions, sign_in};
use crate::app::Services;
use crate::db::schema::{accounts, password_history as history};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;

/// So many passwords before the present one are not taken again.
const REMEMBERED: i64 = 5;

/// A password that may be set, hashed.
pub struct Judged {
    hash: String,
    /// When the password was set that it was compared with.
    since: Option<NaiveDateTime>,
}

/// A hash is never printed.
impl std::fmt::Debug for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Judged(…)")
    }
}

impl Judged {
    /// The hash, for the first password of an account that is created with it.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Judges the first password of somebody who will be `known` by these names and addresses, and hashes it.
/// `field` is where the form has it.
///
/// # Errors
/// `validation-failed` at `field`; `overloaded`.
pub async fn judge_password(
    services: &Services,
    new: NewPassword,
    known: &[&str],
    field: &'static str,
) -> Result<Judged, ApiError> {
    // A user name is made of the surname in Latin letters; so are passwords.
    let latin: Vec<String> = known.iter().map(|text| transliterate(text)).collect();
    let all = known.iter().copied().chain(latin.iter().map(String::as_str));
    let new = new.unlike(all).map_err(|error| ApiError::validation(vec![error.at(field)]))?;
    let hashed = services.hasher.hash(&services.context, new.as_str().to_owned()).await;
    let hash = hashed.map_err(|error| sign_in::hashing_failed(&error))?;
    Ok(Judged { hash, since: None })
}

/// Judges a new password of an account, also against those it had, and hashes it.
///
/// # Errors
/// `validation-failed` at `field`; `overloaded`; the database fails.
pub(super) async fn judge_next(
    services: &Services,
    account: &AccountRow,
    new: NewPassword,
    field: &'static str,
) -> Result<Judged, ApiError> {
    let name = account.name()?.to_string();
    let known = [account.user_name.as_str(), account.email.as_str(), &name];
    let id = account.id;
    let mut used = services.db.read::<_, DbError, _>(move |conn| Ok(last(conn, id)?)).await?;
    used.extend(account.password_hash.clone());
    let typed = new.as_str().to_owned();
    let judged = judge_password(services, new, &known, field).await?;
    let was_used = services.hasher.is_any_of(typed, used).await;
    if was_used.map_err(|error| sign_in::hashing_failed(&error))? {
        return Err(ApiError::validation(vec![ProfileError::PasswordUsed.at(field)]));
    }
    Ok(Judged { since: account.password_changed_at, ..judged })
}

/// The last hashes before the present one.
fn last(conn: &mut Conn, account: Id) -> QueryResult<Vec<String>> {
    history::table
        .filter(history::account_id.eq(account))
        .order(history::id.desc())
        .limit(REMEMBERED)
        .select(history::password_hash)
        .load(conn)
}

/// Sets a judged password, inside the caller's write transaction: the one before is remembered, every session
/// but `keep` ends, links of recovery and activation and failures to sign in are forgotten. The journal and the
/// letter are the caller's. False where another password was set since it was judged: nothing is changed then.
///
/// # Errors
/// The database fails.
pub fn set_password(
    conn: &mut Conn,
    services: &Services,
    account: Id,
    judged: &Judged,
    keep: Option<Id>,
) -> Result<bool, DbError> {
    let context = &services.context;
    let now = context.db_now();
    let Some(before) = store::find(conn, account)? else { return Ok(false) };
    let new = (accounts::password_hash.eq(&judged.hash), accounts::password_changed_at.eq(now));
    let own = accounts::table.find(account);
    // `IS NOT DISTINCT FROM` is not one text for both databases.
    let set = match judged.since {
        Some(since) => {
            let as_judged = own.filter(accounts::password_changed_at.eq(since));
            diesel::update(as_judged).set(new).execute(conn)?
        }
        None => {
            let as_judged = own.filter(accounts::password_changed_at.is_null());
            diesel::update(as_judged).set(new).execute(conn)?
        }
    };
    if set == 0 {
        return Ok(false);
    }
    if let Some(hash) = &before.password_hash {
        remember(conn, context.id(), account, hash, now)?;
    }
    sessions::end_all(conn, account, keep, "password-changed", now)?;
    links::void(conn, account, LinkPurpose::Recovery, now)?;
    links::void(conn, account, LinkPurpose::Activation, now)?;
    attempts::forget(conn, context.secrets(), &before.names())?;
    Ok(true)
}

fn remember(conn: &mut Conn, id: Id, account: Id, hash: &str, now: NaiveDateTime) -> QueryResult<()> {
    diesel::insert_into(history::table)
        .values((
            history::id.eq(id),
            history::account_id.eq(account),
            history::password_hash.eq(hash),
            history::replaced_at.eq(now),
        ))
        .execute(conn)?;
    let kept: Vec<Id> = history::table
        .filter(history::account_id.eq(account))
        .order(history::id.desc())
        .limit(REMEMBERED)
        .select(history::id)
        .load(conn)?;
    let older = history::table.filter(history::account_id.eq(account)).filter(history::id.ne_all(kept));
    diesel::delete(older).execute(conn)?;
    Ok(())
}
