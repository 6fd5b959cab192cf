//! Accounts in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use epos_shared::values::{Email, FullName, PersonName};

use crate::db::schema::{accounts, issued_names};
use crate::db::types::Id;
use crate::db::{Conn, DbError};

pub(super) const ACTIVE: &str = "active";
pub(super) const BLOCKED: &str = "blocked";

/// An account as sign-in needs it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(super) struct AccountRow {
    pub id: Id,
    pub user_name: String,
    pub family_name: String,
    pub given_name: String,
    pub patronymic: Option<String>,
    pub email: String,
    pub email_key: String,
    pub password_hash: Option<String>,
    pub status: String,
    pub blocked_reason: Option<String>,
    pub last_sign_in_at: Option<NaiveDateTime>,
    pub demo: bool,
    pub email_verified_at: Option<NaiveDateTime>,
    pub password_changed_at: Option<NaiveDateTime>,
    pub position: Option<String>,
    pub organization_id: Option<Id>,
    pub created_at: NaiveDateTime,
    pub consent_version: Option<String>,
}

impl AccountRow {
    pub(super) fn is_active(&self) -> bool {
        self.status == ACTIVE
    }

    /// ФИО; a row that breaks its rules is our fault.
    pub(super) fn name(&self) -> Result<FullName, DbError> {
        let part = |text: &str| {
            text.parse::<PersonName>().map_err(|error| {
                DbError::from(diesel::result::Error::DeserializationError(
                    format!("the name of account {}: {error}", self.id).into(),
                ))
            })
        };
        Ok(FullName {
            family_name: part(&self.family_name)?,
            given_name: part(&self.given_name)?,
            patronymic: self.patronymic.as_deref().map(part).transpose()?,
        })
    }

    /// The address; a row that breaks its rules is our fault.
    pub(super) fn address(&self) -> Result<Email, DbError> {
        self.email.parse().map_err(|error| {
            DbError::from(diesel::result::Error::DeserializationError(
                format!("the address of account {}: {error}", self.id).into(),
            ))
        })
    }

    /// Every name somebody may sign in by.
    pub(super) fn names(&self) -> Vec<String> {
        vec![self.user_name.clone(), self.email_key.clone()]
    }
}

#[derive(Insertable)]
#[diesel(table_name = accounts)]
pub(super) struct NewRow<'a> {
    pub id: Id,
    pub user_name: &'a str,
    pub family_name: &'a str,
    pub given_name: &'a str,
    pub patronymic: Option<&'a str>,
    pub email: &'a str,
    pub email_key: String,
    pub email_verified_at: Option<NaiveDateTime>,
    pub position: Option<&'a str>,
    pub password_hash: Option<&'a str>,
    pub password_changed_at: Option<NaiveDateTime>,
    pub status: &'static str,
    pub demo: bool,
    pub created_at: NaiveDateTime,
    pub name_key: String,
    pub organization_id: Option<Id>,
    pub consent_version: Option<&'a str>,
}

/// Takes a name for ever, by whatever it is given to.
pub(super) fn take_name(conn: &mut Conn, name: &str, now: NaiveDateTime) -> QueryResult<()> {
    diesel::insert_into(issued_names::table)
        .values((issued_names::name.eq(name), issued_names::issued_at.eq(now)))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn insert(conn: &mut Conn, row: &NewRow<'_>) -> QueryResult<()> {
    diesel::insert_into(accounts::table).values(row).execute(conn).map(|_| ())
}

pub(super) fn find_by_address(conn: &mut Conn, email_key: &str) -> QueryResult<Option<Id>> {
    accounts::table.filter(accounts::email_key.eq(email_key)).select(accounts::id).first(conn).optional()
}

pub(super) fn note_consent(conn: &mut Conn, id: Id, version: &str) -> QueryResult<bool> {
    let without = accounts::table
        .find(id)
        .filter(accounts::consent_version.is_null().or(accounts::consent_version.ne(version)));
    Ok(diesel::update(without).set(accounts::consent_version.eq(version)).execute(conn)? == 1)
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<AccountRow>> {
    accounts::table.find(id).select(AccountRow::as_select()).first(conn).optional()
}

/// Finds by a normalized user name or address. One statement whatever was typed, so that names that exist
/// take no longer.
pub(super) fn find_all(conn: &mut Conn, ids: &[Id]) -> QueryResult<Vec<AccountRow>> {
    accounts::table.filter(accounts::id.eq_any(ids)).select(AccountRow::as_select()).load(conn)
}

pub(super) fn find_by_name(conn: &mut Conn, name: &str) -> QueryResult<Option<AccountRow>> {
    accounts::table
        .filter(accounts::user_name.eq(name).or(accounts::email_key.eq(name)))
        .select(AccountRow::as_select())
        .first(conn)
        .optional()
}

/// Notes a sign-in, if the account is as it was when its password was checked.
pub(super) fn note_sign_in(
    conn: &mut Conn,
    checked: &AccountRow,
    renewed_hash: Option<&str>,
    now: NaiveDateTime,
) -> QueryResult<bool> {
    let same = accounts::table
        .find(checked.id)
        .filter(accounts::status.eq(ACTIVE))
        .filter(accounts::password_hash.eq(&checked.password_hash));
    let hash = renewed_hash.or(checked.password_hash.as_deref());
    let noted = diesel::update(same)
        .set((accounts::last_sign_in_at.eq(now), accounts::password_hash.eq(hash)))
        .execute(conn)?;
    Ok(noted == 1)
}

pub(super) fn block(conn: &mut Conn, id: Id, reason: &str) -> QueryResult<()> {
    diesel::update(accounts::table.find(id))
        .set((accounts::status.eq(BLOCKED), accounts::blocked_reason.eq(reason)))
        .execute(conn)
        .map(|_| ())
}

/// Notes that the address was proven, where it was not yet.
pub(super) fn prove_address(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<()> {
    diesel::update(accounts::table.find(id).filter(accounts::email_verified_at.is_null()))
        .set(accounts::email_verified_at.eq(now))
        .execute(conn)
        .map(|_| ())
}

/// Gives an account another address; the database refuses one that is another account's.
pub(super) fn set_address(
    conn: &mut Conn,
    id: Id,
    email: &Email,
    verified_at: Option<NaiveDateTime>,
) -> QueryResult<()> {
    diesel::update(accounts::table.find(id))
        .set((
            accounts::email.eq(email.as_str()),
            accounts::email_key.eq(email.key()),
            accounts::email_verified_at.eq(verified_at),
        ))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn note_past_sign_in(conn: &mut Conn, id: Id, at: NaiveDateTime) -> QueryResult<()> {
    diesel::update(accounts::table.find(id)).set(accounts::last_sign_in_at.eq(at)).execute(conn).map(|_| ())
}
