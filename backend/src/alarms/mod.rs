//! What support must look at: one open row of a code, however often it happens.

mod routes;
mod store;

pub use routes::routes;

use crate::context::Context;
use crate::cursor::ByMoment;
use crate::db::{Conn, DbError};
use crate::monitoring;

/// No other list's cursors begin so.
const CURSORS: ByMoment<1> = ByMoment([97]);

/// Raises an alarm, in the caller's write transaction: a new row, or one more time in the row that is open. `code`
/// is a stable word, `detail` is for an administrator and holds nothing of people.
///
/// # Errors
/// The database fails.
pub fn raise(conn: &mut Conn, context: &Context, code: &str, detail: &str) -> Result<(), DbError> {
    tracing::error!(code, detail, "an alarm for support");
    monitoring::alarm(code);
    store::raise(conn, context.id(), code, detail, context.db_now())
}
