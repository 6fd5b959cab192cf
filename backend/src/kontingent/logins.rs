//! Logins of cards: made by the rule, given out once, never again.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::search::prefix_end;
use epos_shared::values::{FullName, Login, login_stem};

use super::card_store::corrupt;
use crate::db::schema::issued_names;
use crate::db::{Conn, Unique, broken_unique};

/// The smallest number that no login of the stem has. Since names are never taken back it only grows: a
/// number found before a transaction is a fair place to begin at inside of it.
///
/// # Errors
/// The database fails.
pub(super) fn first_free(conn: &mut Conn, name: &FullName) -> QueryResult<u32> {
    let stem = login_stem(name);
    let start = format!("{stem}_");
    let mut query = issued_names::table
        .filter(issued_names::name.ge(start.clone()))
        .select(issued_names::name)
        .into_boxed::<crate::db::MultiBackend>();
    if let Some(end) = prefix_end(&start) {
        query = query.filter(issued_names::name.lt(end));
    }
    let names: Vec<String> = query.load(conn)?;
    let taken: HashSet<String> = names.into_iter().collect();
    Ok((1..u32::MAX).find(|number| !taken.contains(&format!("{stem}_{number}"))).unwrap_or(u32::MAX))
}

/// Gives out the login of a name: the smallest number from `from` on that nobody has. The database decides:
/// a number that somebody else took meanwhile is refused by its key, and the next is tried.
///
/// # Errors
/// The database fails.
pub fn issue(conn: &mut Conn, name: &FullName, from: u32, now: NaiveDateTime) -> QueryResult<Login> {
    let stem = login_stem(name);
    for number in from..u32::MAX {
        let login = Login::numbered(&stem, number).map_err(|_| corrupt("the stem of a login"))?;
        // A savepoint: on PostgreSQL a refused statement kills what is around it.
        let inserted = conn.transaction(|conn| {
            diesel::insert_into(issued_names::table)
                .values((issued_names::name.eq(login.as_str()), issued_names::issued_at.eq(now)))
                .execute(conn)
        });
        match inserted {
            Ok(_) => return Ok(login),
            Err(error) if broken_unique(&error) == Some(Unique::IssuedName) => {}
            Err(error) => return Err(error),
        }
    }
    Err(corrupt("every login of a stem is taken"))
}
