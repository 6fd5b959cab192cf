//! Many accounts at once, without passwords: for invented data.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::search::search_key;
use epos_shared::values::{Email, FullName};

use super::store::ACTIVE;
use crate::db::Conn;
use crate::db::schema::{account_tokens, accounts, issued_names};
use crate::db::types::Id;
use crate::{insert_all, kontingent};

/// An account with its past; nobody signs in to it by password.
#[derive(Debug, Clone)]
pub struct PastAccount {
    /// Its identifier.
    pub id: Id,
    /// Lower case; given to nobody before.
    pub user_name: String,
    /// ФИО.
    pub name: FullName,
    /// The address, of no other account.
    pub email: Email,
    /// When it was registered.
    pub created_at: NaiveDateTime,
    /// The last sign-in, if there was one.
    pub last_sign_in_at: Option<NaiveDateTime>,
}

#[derive(Insertable)]
#[diesel(table_name = issued_names, treat_none_as_default_value = false)]
struct NameRow<'a> {
    name: &'a str,
    issued_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
struct AccountRow<'a> {
    id: Id,
    user_name: &'a str,
    family_name: &'a str,
    given_name: &'a str,
    patronymic: Option<&'a str>,
    email: &'a str,
    email_key: String,
    email_verified_at: NaiveDateTime,
    status: &'static str,
    last_sign_in_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    name_key: String,
}

#[derive(Insertable)]
#[diesel(table_name = account_tokens, treat_none_as_default_value = false)]
struct TokenRow {
    token: String,
    account_id: Id,
}

/// Inserts accounts with their names, inside the caller's write transaction, and answers the number of rows.
///
/// # Errors
/// A name was given out before, an address is another account's; the database fails.
pub fn insert(conn: &mut Conn, all: &[PastAccount]) -> QueryResult<usize> {
    let names: Vec<_> = all
        .iter()
        .map(|account| NameRow { name: &account.user_name, issued_at: account.created_at })
        .collect();
    let rows: Vec<_> = all
        .iter()
        .map(|account| AccountRow {
            id: account.id,
            user_name: &account.user_name,
            family_name: account.name.family_name.as_str(),
            given_name: account.name.given_name.as_str(),
            patronymic: account.name.patronymic.as_ref().map(|part| part.as_str()),
            email: account.email.as_str(),
            email_key: account.email.key(),
            email_verified_at: account.created_at,
            status: ACTIVE,
            last_sign_in_at: account.last_sign_in_at,
            created_at: account.created_at,
            name_key: search_key(&account.name.to_string()),
        })
        .collect();
    let taken = insert_all!(conn, issued_names::table, &names)?;
    let tokens: Vec<_> = all
        .iter()
        .flat_map(|account| {
            let words = kontingent::words_of_account(&account.name, &account.user_name, &account.email);
            words.into_iter().map(|token| TokenRow { token, account_id: account.id })
        })
        .collect();
    let written = taken + insert_all!(conn, accounts::table, &rows)?;
    Ok(written + insert_all!(conn, account_tokens::table, &tokens)?)
}
