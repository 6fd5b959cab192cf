//! «Очереди» (screens.md 19): what waits for somebody, as each feature counts its own.

mod export;
mod routes;

use epos_shared::api::page::{EXACT_COUNT_LIMIT, Total};
use epos_shared::api::queues::{Queue, QueueKind, Queues};

use crate::account_applications;
use crate::app::Services;
use crate::db::{Conn, DbError};
use crate::identification;
use crate::kontingent::StaffOf;
use crate::organizations::Scope;
use crate::registration;

pub use export::{QueueFile, every};
pub use routes::routes;

/// The queues of whoever has this view, in the order of the page.
fn counted(conn: &mut Conn, services: &Services, staff: &StaffOf<'_>) -> Result<Queues, DbError> {
    let limit = i64::from(EXACT_COUNT_LIMIT) + 1;
    let of = |kind, counted| Queue { kind, waiting: Total::of(counted) };
    let waiting = identification::count_waiting(conn, staff.scope(), limit)?;
    let mut items = vec![
        of(QueueKind::Mismatches, waiting),
        of(QueueKind::Confirmations, staff.count_confirmations(conn, limit)?),
    ];
    match staff.scope() {
        // Who has not come for his card is known where he works; above, it would be a number without a deed.
        Scope::Only(_) => {
            items.push(of(QueueKind::ExpiredCredentials, staff.count_expired(conn, services, limit)?));
        }
        Scope::Below(_) => {}
        Scope::All => {
            items.push(of(QueueKind::Registrations, registration::count_waiting(conn, limit)?));
            items.push(of(QueueKind::AccountApplications, account_applications::count_waiting(conn, limit)?));
        }
    }
    Ok(Queues { items })
}
