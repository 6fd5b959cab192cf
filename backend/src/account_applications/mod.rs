//! «Заявка на учётную запись» of education departments (screens.md 4): what was typed, the scanned document of the
//! appointment, the proof of the address, the queue of support, and the way of an applicant to the one-time
//! credentials of his card.

mod apply;
mod content;
mod files;
mod finish;
mod letters;
mod moderation;
mod routes;
mod store;
mod sweep;

use chrono::TimeDelta;
use epos_shared::api::account_applications::AccountApplicationState;
use epos_shared::api::registration::LinkPurpose;
use epos_shared::values::Email;

use crate::accounts::links::{self, NewLink};
use crate::app::Services;
use crate::cursor::ByMoment;
use crate::db::types::Id;
use crate::db::{Conn, DbError};

pub use routes::routes;
pub use sweep::sweep;

use letters::Writer;

/// No other list's cursors begin so.
const CURSORS: ByMoment<2> = ByMoment([1, 132]);
/// What the journal calls them.
const OBJECT: &str = "account_application";

fn writer<'a>(services: &'a Services, to: &'a Email, number: &'a str) -> Writer<'a> {
    let link_hours = services.config.account_applications.link_hours;
    Writer { origin: &services.origin.text, to, number, link_hours }
}

/// A new link of a letter; answers its token. The one of this purpose before works no more.
fn letter_link(
    conn: &mut Conn,
    services: &Services,
    application: Id,
    purpose: LinkPurpose,
) -> Result<String, DbError> {
    let lives = TimeDelta::hours(services.config.account_applications.link_hours.into());
    let link = NewLink { purpose, account: None, subject: application, user_name: None, lives };
    links::issue(conn, &services.context, link)
}

/// How many wait for support, counted up to a limit.
///
/// # Errors
/// The database fails.
pub fn count_waiting(conn: &mut Conn, limit: i64) -> Result<u32, DbError> {
    let filter = store::Filter { state: AccountApplicationState::AwaitingDecision, words: Vec::new() };
    Ok(store::count(conn, &filter, limit)?)
}
