//! What this feature needs of accounts.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;

use crate::app::Services;
use crate::db::Conn;
use crate::db::schema::{accounts, sessions};
use crate::db::types::Id;

use super::card_store;

/// An account, as a card it is bound to shows it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) user_name: String,
    pub(super) last_sign_in_at: Option<NaiveDateTime>,
    pub(super) locked_until: Option<NaiveDateTime>,
}

pub(super) fn account(conn: &mut Conn, _services: &Services, id: Id) -> QueryResult<Account> {
    let (user_name, last_sign_in_at) = accounts::table
        .find(id)
        .select((accounts::user_name, accounts::last_sign_in_at))
        .first(conn)?;
    Ok(Account { user_name, last_sign_in_at, locked_until: None })
}

pub(super) fn name(conn: &mut Conn, id: Id) -> QueryResult<Option<String>> {
    let found: Option<(String, String, Option<String>)> = accounts::table
        .find(id)
        .select((accounts::family_name, accounts::given_name, accounts::patronymic))
        .first(conn)
        .optional()?;
    found
        .map(|(family, given, patronymic)| {
            Ok(card_store::full_name(&family, &given, patronymic.as_deref())?.to_string())
        })
        .transpose()
}

pub(super) fn forget_card(conn: &mut Conn, card: Id) -> QueryResult<()> {
    diesel::update(sessions::table.filter(sessions::employee_id.eq(card)))
        .set(sessions::employee_id.eq(None::<Id>))
        .execute(conn)?;
    Ok(())
}

pub(super) fn unlock(_conn: &mut Conn, _services: &Services, _account: Id) -> QueryResult<()> {
    Ok(())
}
