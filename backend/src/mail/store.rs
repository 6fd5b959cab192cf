//! The outbox in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::schema::letters;
use crate::db::types::Id;
use crate::db::{Conn, DbError};

#[derive(Insertable)]
#[diesel(table_name = letters)]
pub(super) struct NewRow<'a> {
    pub id: Id,
    pub kind: &'a str,
    pub recipient: &'a str,
    pub subject: &'a str,
    pub body: Vec<u8>,
    pub created_at: NaiveDateTime,
    pub next_attempt_at: NaiveDateTime,
}

pub(super) fn insert(conn: &mut Conn, row: &NewRow<'_>) -> Result<(), DbError> {
    diesel::insert_into(letters::table).values(row).execute(conn)?;
    Ok(())
}
