//! «Журнал»: who did what to whom, when, from where, with what result. Rows are written in the transaction of
//! the change they tell of, and linked into a keyed chain within a second, so that an altered or removed row
//! shows.

mod export;
mod journal;
mod journal_store;
mod routes;
mod seal;
mod store;
mod verify;
mod words;

use std::net::IpAddr;

use chrono::TimeDelta;
use serde_json::Value;

pub use routes::routes;
pub use seal::{has_unsealed, seal_pending};
pub use store::{Entry, Moment, concerning, count_concerning, done_by};
pub use verify::{Broken, Checkpoint, CheckpointError, Fault, Verification, checkpoint, verify};
pub use words::{details, title};

use crate::context::Context;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::http::RequestInfo;
use crate::quota::Quota;

/// Who acts, and from where. Nobody known acts at a failed sign-in; the program itself has no address.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The account.
    pub account: Option<Id>,
    /// The card the account works as.
    pub employee: Option<Id>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// The request.
    pub request_id: Option<String>,
}

impl Actor {
    /// Somebody who is not signed in.
    #[must_use]
    pub fn anonymous(request: &RequestInfo) -> Self {
        Self {
            address: Some(request.address),
            request_id: Some(request.request_id.clone()),
            ..Self::default()
        }
    }

    /// An account, perhaps working as a card.
    #[must_use]
    pub fn account(account: Id, employee: Option<Id>, request: &RequestInfo) -> Self {
        Self { account: Some(account), employee, ..Self::anonymous(request) }
    }

    /// The program itself: a command of the administrator, a job.
    #[must_use]
    pub fn program() -> Self {
        Self::default()
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused; the reason is among the details.
    Refused,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// What happened.
///
/// `action` is a stable word (`session.opened`, `employee.created`), `object_kind` what it happened to
/// (`account`, `employee`, …). Details never hold a password, a token or a whole СНИЛС.
#[derive(Debug, Clone)]
pub struct Event {
    /// What was done.
    pub action: &'static str,
    /// To what kind of thing.
    pub object_kind: &'static str,
    /// To which.
    pub object: Option<Id>,
    /// The organization it concerns.
    pub organization: Option<Id>,
    /// How it ended.
    pub outcome: Outcome,
    /// Anything else worth telling: a JSON object.
    pub details: Value,
}

impl Event {
    /// Something done to an object, with no details.
    #[must_use]
    pub fn done(action: &'static str, object_kind: &'static str, object: Id) -> Self {
        Self {
            action,
            object_kind,
            object: Some(object),
            organization: None,
            outcome: Outcome::Done,
            details: Value::Object(serde_json::Map::new()),
        }
    }

    /// Something refused, with a reason (a machine code).
    #[must_use]
    pub fn refused(
        action: &'static str,
        object_kind: &'static str,
        object: Option<Id>,
        reason: &str,
    ) -> Self {
        Self {
            object,
            outcome: Outcome::Refused,
            details: serde_json::json!({ "reason": reason }),
            ..Self::done(action, object_kind, Id(uuid::Uuid::nil()))
        }
    }

    /// The organization it concerns.
    #[must_use]
    pub fn in_organization(self, organization: Id) -> Self {
        Self { organization: Some(organization), ..self }
    }

    /// More to tell: a JSON object.
    #[must_use]
    pub fn with(self, details: Value) -> Self {
        Self { details, ..self }
    }
}

/// Writes an event, in the caller's transaction.
///
/// # Errors
/// The database fails, and with it the change.
pub fn record(conn: &mut Conn, context: &Context, actor: &Actor, event: Event) -> Result<(), DbError> {
    store::insert(
        conn,
        &store::NewRow {
            id: context.id(),
            at: context.db_now(),
            actor_account_id: actor.account,
            actor_employee_id: actor.employee,
            action: event.action,
            object_kind: event.object_kind,
            object_id: event.object,
            organization_id: event.organization,
            address: actor.address.map(|address| address.to_string()),
            request_id: actor.request_id.clone(),
            result: event.outcome.as_str(),
            details: event.details.to_string(),
        },
    )
}

/// So many refusals of one account are kept within an hour: a program that runs into a wall again and again says
/// nothing new, and the journal is kept for years.
const REFUSALS_HOURLY: u32 = 200;

/// [`record`] for what somebody who is signed in was refused.
///
/// # Errors
/// The database fails.
pub fn record_refused(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    mut event: Event,
) -> Result<(), DbError> {
    if let Some(account) = actor.account {
        let quota = Quota::of("refusals", &account.to_string(), REFUSALS_HOURLY, TimeDelta::hours(1));
        match quota.count(conn, context.db_now())? {
            Ok(()) => {}
            // The first that would be too many says that others are left out.
            Err(exceeded) if exceeded.is_first => {
                if let Value::Object(details) = &mut event.details {
                    details.insert("others_left_out".to_owned(), Value::Bool(true));
                }
            }
            Err(_) => return Ok(()),
        }
    }
    record(conn, context, actor, event)
}
