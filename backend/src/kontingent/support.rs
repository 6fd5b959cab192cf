//! The way in for support («Техническая поддержка» in force on the card the session works as): accounts and
//! applications are its alone. As everywhere, the role is read for each request, and for a change inside the
//! transaction of the change.

use chrono::NaiveDate;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::roles::Role;

use super::actor::{Actor, Asker, Refusal};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::db::schema::{accounts, bindings, employees, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;

/// What somebody wants to do, for the journal, where it is refused.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// The action, as the journal has it when it is done.
    pub action: &'static str,
    /// To what kind of thing.
    pub object_kind: &'static str,
    /// To which, if it is one.
    pub object: Option<Id>,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoSupport {
    /// He works as no card, or its role has ended.
    Refused(Refusal),
    /// His roles are others.
    OtherRole,
}

impl NoSupport {
    const fn reason(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.reason(),
            Self::OtherRole => "other-role",
        }
    }
}

impl From<NoSupport> for Problem {
    fn from(no: NoSupport) -> Self {
        match no {
            NoSupport::Refused(refusal) => refusal.into(),
            NoSupport::OtherRole => Self::new(ProblemCode::Forbidden)
                .with_detail("Этот раздел — для службы технической поддержки."),
        }
    }
}

fn enter(conn: &mut Conn, asker: &Asker, context: &Context) -> Result<Result<(), NoSupport>, DbError> {
    Ok(match Actor::load(conn, asker, context)? {
        Err(refusal) => Err(NoSupport::Refused(refusal)),
        Ok(actor) if actor.is_support() => Ok(()),
        Ok(_) => Err(NoSupport::OtherRole),
    })
}

/// Reads as support.
///
/// # Errors
/// `no-rights`, `forbidden`; what `work` answers.
pub async fn read<T: Send + 'static>(
    services: &Services,
    asker: Asker,
    attempt: Attempt,
    work: impl FnOnce(&mut Conn, &Services) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let (tools, who) = (services.clone(), asker.clone());
    let result = services
        .db
        .read::<_, ApiError, _>(move |conn| match enter(conn, &who, &tools.context)? {
            Err(no) => Ok(Err(no)),
            Ok(()) => work(conn, &tools).map(Ok),
        })
        .await?;
    match result {
        Ok(value) => Ok(value),
        Err(no) => Err(turned_away(services, &asker, attempt, no).await?),
    }
}

/// Changes as support, in one transaction.
///
/// # Errors
/// `no-rights`, `forbidden`; what `work` answers.
pub async fn write<T: Send + 'static>(
    services: &Services,
    asker: Asker,
    attempt: Attempt,
    work: impl Fn(&mut Conn, &Services, &Asker) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let (tools, who) = (services.clone(), asker.clone());
    let result = services
        .db
        .write_tx::<_, ApiError, _>(move |conn| match enter(conn, &who, &tools.context)? {
            Err(no) => Ok(Err(no)),
            Ok(()) => work(conn, &tools, &who).map(Ok),
        })
        .await;
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(no)) => Err(turned_away(services, &asker, attempt, no).await?),
        Err(ApiError::Problem(problem)) => {
            // What was written of a refused change is gone; that it was tried stays.
            if matches!(problem.code, ProblemCode::Forbidden | ProblemCode::LastSupport) {
                refused(services, &asker, attempt, problem.code.as_str()).await?;
            }
            Err(ApiError::Problem(problem))
        }
        Err(error) => Err(error),
    }
}

/// People who work as no card have lost nothing: the journal need not know.
async fn turned_away(
    services: &Services,
    asker: &Asker,
    attempt: Attempt,
    no: NoSupport,
) -> Result<ApiError, ApiError> {
    if no != NoSupport::Refused(Refusal::NoCard) {
        refused(services, asker, attempt, no.reason()).await?;
    }
    Ok(Problem::from(no).into())
}

async fn refused(
    services: &Services,
    asker: &Asker,
    attempt: Attempt,
    reason: &'static str,
) -> Result<(), ApiError> {
    let (context, journal) = (services.context.clone(), asker.journal.clone());
    services
        .db
        .write_by_condition(move |conn| {
            let event = Event::refused(attempt.action, attempt.object_kind, attempt.object, reason);
            audit::record_refused(conn, &context, &journal, event).map_err(ApiError::from)
        })
        .await
}

/// Whether without this account nobody would be left who may act as support today. To be asked inside the
/// transaction ([`crate::db::Database::write_tx`]) that would take it away.
///
/// # Errors
/// The database fails.
pub fn is_last_support(conn: &mut Conn, account: Id, today: NaiveDate) -> QueryResult<bool> {
    let in_force = || {
        role_assignments::table
            .inner_join(employees::table.inner_join(bindings::table.inner_join(accounts::table)))
            .filter(role_assignments::role.eq(Role::Support.as_str()))
            .filter(role_assignments::starts_on.le(today))
            .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(today)))
            .filter(employees::archived_at.is_null())
            .filter(bindings::ended_at.is_null())
            .filter(accounts::status.eq("active"))
    };
    if !select(exists(in_force().filter(accounts::id.eq(account)))).get_result::<bool>(conn)? {
        return Ok(false);
    }
    let another = select(exists(in_force().filter(accounts::id.ne(account)))).get_result::<bool>(conn)?;
    Ok(!another)
}
