//! Accounts as support sees them: find, block, unlock, send the letter again, read the journal.

mod actions;
mod cursor;
mod journal;
mod list;
mod routes;

pub use list::named;
pub(super) use routes::routes;
