//! What support finds accounts by: the key their list is sorted by, and words.

use diesel::prelude::*;
use epos_shared::search::search_key;
use epos_shared::values::{Email, FullName};

use super::store::{self, AccountRow};
use crate::db::schema::{account_tokens as t, accounts};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::kontingent;
use crate::on;

/// So many accounts of before the index are given theirs at once.
const BATCH: i64 = 500;

/// Writes the words of an account anew, inside the caller's write transaction.
pub(super) fn index(
    conn: &mut Conn,
    account: Id,
    name: &FullName,
    user_name: &str,
    email: &Email,
) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::account_id.eq(account))).execute(conn)?;
    let words = kontingent::words_of_account(name, user_name, email);
    let rows: Vec<_> = words.iter().map(|word| (t::token.eq(word), t::account_id.eq(account))).collect();
    on!(conn, |c| diesel::insert_into(t::table).values(&rows).execute(c))?;
    Ok(())
}

/// Gives accounts that were there before the index theirs, inside the caller's write transaction; answers how
/// many it was. To be called until that is none.
///
/// # Errors
/// The database fails.
pub fn index_missing(conn: &mut Conn) -> Result<usize, DbError> {
    let rows: Vec<AccountRow> = accounts::table
        .filter(accounts::name_key.eq(""))
        .order(accounts::id)
        .limit(BATCH)
        .select(AccountRow::as_select())
        .load(conn)?;
    for row in &rows {
        let name = row.name()?;
        diesel::update(accounts::table.find(row.id))
            .set(accounts::name_key.eq(search_key(&name.to_string())))
            .execute(conn)?;
        index(conn, row.id, &name, &row.user_name, &row.address()?)?;
    }
    Ok(rows.len())
}

/// Writes the words of an account anew after its address has changed, inside the caller's write transaction.
pub(super) fn index_again(conn: &mut Conn, account: Id) -> Result<(), DbError> {
    let Some(row) = store::find(conn, account)? else { return Ok(()) };
    index(conn, account, &row.name()?, &row.user_name, &row.address()?)?;
    Ok(())
}
