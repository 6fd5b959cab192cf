//! The keyed chain. Linking a row to the last one inside its own transaction forks the chain or halts all
//! writers, so one leased sealer links rows afterwards.

use super::store::{self, Head, Row};
use crate::context::Secrets;
use crate::db::{Conn, DbError};

/// Rows that are linked at a time.
const BATCH: i64 = 500;

/// Links the rows that are not linked yet, at most a batch; answers how many.
///
/// Safe beside another sealer: a row is sealed once and the head moves from where it was seen, or nothing
/// of the transaction stays.
///
/// # Errors
/// The database fails, or another sealer was quicker.
pub fn seal_pending(conn: &mut Conn, secrets: &Secrets) -> Result<usize, DbError> {
    let rows = store::unsealed(conn, BATCH)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let head = store::head(conn)?;
    let mut last = head.clone();
    for row in &rows {
        let position = last.position + 1;
        let seal = link(secrets, &last.seal, position, row);
        if !store::seal(conn, row.id, position, &seal)? {
            return Err(DbError::Cancelled("a row was sealed by somebody else".to_owned()));
        }
        last = Head { position, seal };
    }
    if !store::move_head(conn, head.position, &last)? {
        return Err(DbError::Cancelled("the head of the journal was moved by somebody else".to_owned()));
    }
    Ok(rows.len())
}

/// Whether a row waits for its seal.
///
/// # Errors
/// The database fails.
pub fn has_unsealed(conn: &mut Conn) -> Result<bool, DbError> {
    store::has_unsealed(conn)
}

/// The seal of a row: over the seal before it, its place and every column.
pub(super) fn link(secrets: &Secrets, previous: &[u8], position: i64, row: &Row) -> Vec<u8> {
    let text = |value: &Option<String>| value.as_deref().map(str::to_owned);
    let id = |value: &Option<crate::db::types::Id>| value.map(|id| id.to_string());
    let columns = serde_json::json!([
        row.id.to_string(),
        row.at.and_utc().timestamp_micros(),
        id(&row.actor_account_id),
        id(&row.actor_employee_id),
        row.action,
        row.object_kind,
        id(&row.object_id),
        id(&row.organization_id),
        text(&row.address),
        text(&row.request_id),
        row.result,
        row.details,
    ]);
    secrets.audit_seal(&[previous, &position.to_be_bytes(), columns.to_string().as_bytes()]).to_vec()
}
