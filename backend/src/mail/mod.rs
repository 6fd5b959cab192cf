//! Letters: written into the outbox in the transaction of what they tell of, delivered by a leased job.
//!
//! Each feature writes the words of its own letters ([`Letter`]); here they are kept, rendered and sent.

mod delivery;
mod folder;
mod letter;
mod render;
mod routes;
mod smtp;
mod store;

pub use delivery::{Claimed, Postman, send_now};
pub use letter::{Block, Letter};
pub use routes::routes;
pub use smtp::{Outcome, Trouble};

use crate::context::Context;
use crate::db::types::Id;
use crate::db::{Conn, DbError};

/// Puts a letter into the outbox, in the caller's write transaction.
///
/// # Errors
/// The database fails, and with it the change the letter tells of.
pub fn enqueue(conn: &mut Conn, context: &Context, letter: &Letter) -> Result<Id, DbError> {
    let (id, now) = (context.id(), context.db_now());
    let body = context.secrets().seal_letter(id, &letter.body(), &context.bytes::<24>());
    store::insert(
        conn,
        &store::NewRow {
            id,
            kind: letter.kind,
            recipient: letter.to.as_str(),
            subject: &letter.subject,
            body,
            created_at: now,
            next_attempt_at: now,
        },
    )?;
    Ok(id)
}
