//! Accounts in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use epos_shared::search::search_key;
use epos_shared::values::{Email, FullName, PersonName, Snils};

use crate::context::Secrets;
use crate::db::schema::{accounts, category_grants, issued_names};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::identification::Holder;

pub(super) const ACTIVE: &str = "active";
pub(super) const BLOCKED: &str = "blocked";

/// Whether a status is that of an account that may act.
#[must_use]
pub fn is_active(status: &str) -> bool {
    status == ACTIVE
}

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
    pub origin: String,
    pub snils: Option<String>,
}

/// Registered here: a staff account even before any card.
const RSAA: &str = "rsaa";
/// Made at the first sign-in through Госуслуги.
const ESIA: &str = "esia";

impl AccountRow {
    pub(super) fn is_rsaa(&self) -> bool {
        self.origin == RSAA
    }

    /// The same account, as what it is allowed is judged by.
    pub(super) fn holder(&self, secrets: &Secrets, may_have_grants: bool) -> Result<Holder, DbError> {
        Ok(Holder {
            id: self.id,
            is_rsaa: self.is_rsaa(),
            name: self.name()?,
            proven_email_key: self.email_verified_at.map(|_| self.email_key.clone()),
            snils: opened_snils(secrets, self.id, self.snils.as_deref())?,
            may_have_grants,
        })
    }

    pub(super) fn is_active(&self) -> bool {
        is_active(&self.status)
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

/// СНИЛС of its column; one that cannot be opened is our fault.
pub(super) fn opened_snils(
    secrets: &Secrets,
    account: Id,
    sealed: Option<&str>,
) -> Result<Option<Snils>, DbError> {
    let open = |sealed: &str| {
        secrets.open_snils(account, sealed).ok_or_else(|| {
            DbError::from(diesel::result::Error::DeserializationError(
                format!("СНИЛС of account {account} cannot be opened").into(),
            ))
        })
    };
    sealed.map(open).transpose()
}

/// An account, and whether «Родитель» or «Обучающийся» was ever given to its address: one statement.
pub(super) fn find_with_grants(conn: &mut Conn, id: Id) -> QueryResult<Option<(AccountRow, bool)>> {
    let given = category_grants::table.filter(category_grants::email_key.eq(accounts::email_key));
    accounts::table
        .find(id)
        .select((AccountRow::as_select(), diesel::dsl::exists(given)))
        .first(conn)
        .optional()
}

/// The account of an address ([`Email::key`]).
pub(super) fn of_address(conn: &mut Conn, email_key: &str) -> QueryResult<Option<AccountRow>> {
    accounts::table
        .filter(accounts::email_key.eq(email_key))
        .select(AccountRow::as_select())
        .first(conn)
        .optional()
}

/// The account was made at a sign-in through Госуслуги.
pub(super) fn note_origin_esia(conn: &mut Conn, id: Id) -> QueryResult<()> {
    diesel::update(accounts::table.find(id)).set(accounts::origin.eq(ESIA)).execute(conn).map(|_| ())
}

/// СНИЛС as Госуслуги tell it, sealed.
pub(super) fn set_snils(conn: &mut Conn, id: Id, sealed: &str) -> QueryResult<()> {
    diesel::update(accounts::table.find(id)).set(accounts::snils.eq(sealed)).execute(conn).map(|_| ())
}

/// ФИО as Госуслуги tell them now.
pub(super) fn set_name(conn: &mut Conn, id: Id, name: &FullName) -> QueryResult<()> {
    diesel::update(accounts::table.find(id))
        .set((
            accounts::family_name.eq(name.family_name.as_str()),
            accounts::given_name.eq(name.given_name.as_str()),
            accounts::patronymic.eq(name.patronymic.as_ref().map(|part| part.as_str())),
            accounts::name_key.eq(search_key(&name.to_string())),
        ))
        .execute(conn)
        .map(|_| ())
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

/// Notes a sign-in that no password was checked for; false where the account is blocked.
pub(super) fn note_sign_in_of_esia(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let active = accounts::table.find(id).filter(accounts::status.eq(ACTIVE));
    Ok(diesel::update(active).set(accounts::last_sign_in_at.eq(now)).execute(conn)? == 1)
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
