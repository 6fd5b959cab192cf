//! The way in: who asks gets the view his roles open today, or a refusal that the journal remembers. For a
//! change the roles are read inside the transaction of the change, so that one that has just ended does not
//! slip through.

use epos_shared::ids::EmployeeId;
use epos_shared::problem::{Problem, ProblemCode};

use super::actor::{Actor, Asker, Refusal, StaffOf};
use super::people::organization_of;
use super::support::Attempt;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;

/// Reads through the view.
///
/// # Errors
/// `no-rights`; what `work` answers.
pub async fn read<T: Send + 'static>(
    services: &Services,
    asker: Asker,
    work: impl FnOnce(&mut Conn, &Services, &StaffOf<'_>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let (tools, who) = (services.clone(), asker.clone());
    let result = services
        .db
        .read(move |conn| match enter(conn, &tools, &who)? {
            Err(refusal) => Ok(Err(refusal)),
            Ok(actor) => match actor.staff() {
                None => Ok(Err(Refusal::NoRole)),
                Some(staff) => work(conn, &tools, &staff).map(Ok),
            },
        })
        .await?;
    match result {
        Ok(value) => Ok(value),
        Err(refusal) => Err(turned_away(services, &asker, refusal).await?),
    }
}

/// Changes through the view, in one transaction. `action` and `card` are for the journal, where it is
/// refused.
///
/// # Errors
/// `no-rights`; what `work` answers.
pub async fn write<T: Send + 'static>(
    services: &Services,
    asker: Asker,
    action: &'static str,
    card: Option<EmployeeId>,
    work: impl Fn(&mut Conn, &Services, &Asker, &StaffOf<'_>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let attempt = Attempt { action, object_kind: "employee", object: card.map(Id::from) };
    change(services, asker, attempt, work).await
}

/// [`write`] for what is no card.
///
/// # Errors
/// `no-rights`; what `work` answers.
pub async fn change<T: Send + 'static>(
    services: &Services,
    asker: Asker,
    attempt: Attempt,
    work: impl Fn(&mut Conn, &Services, &Asker, &StaffOf<'_>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let result = services.db.write_tx(through(services, &asker, work)).await;
    told(services, &asker, attempt, result).await
}

/// [`write`] for what only adds rows of its own, which nobody else can change yet: it need not stand in line
/// with every other change. Of what it reads only the rights could change meanwhile, and whoever takes them
/// away at this very moment finds the card that was made before.
///
/// # Errors
/// `no-rights`; what `work` answers.
pub async fn add<T: Send + 'static>(
    services: &Services,
    asker: Asker,
    action: &'static str,
    work: impl Fn(&mut Conn, &Services, &Asker, &StaffOf<'_>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let result = services.db.write_by_condition(through(services, &asker, work)).await;
    told(services, &asker, Attempt { action, object_kind: "employee", object: None }, result).await
}

/// `work` behind the reading of who asks: both belong to one transaction.
fn through<T, W>(
    services: &Services,
    asker: &Asker,
    work: W,
) -> impl Fn(&mut Conn) -> Result<Result<T, Refusal>, ApiError> + Send + 'static + use<T, W>
where
    T: 'static,
    W: Fn(&mut Conn, &Services, &Asker, &StaffOf<'_>) -> Result<T, ApiError> + Send + 'static,
{
    let (tools, who) = (services.clone(), asker.clone());
    move |conn| match enter(conn, &tools, &who)? {
        Err(refusal) => Ok(Err(refusal)),
        Ok(actor) => match actor.staff() {
            None => Ok(Err(Refusal::NoRole)),
            Some(staff) => work(conn, &tools, &who, &staff).map(Ok),
        },
    }
}

/// What came of a change; what was refused goes into the journal.
async fn told<T>(
    services: &Services,
    asker: &Asker,
    attempt: Attempt,
    result: Result<Result<T, Refusal>, ApiError>,
) -> Result<T, ApiError> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(refusal)) => Err(turned_away(services, asker, refusal).await?),
        Err(ApiError::Problem(problem)) => {
            // What was written of a refused change is gone; that it was tried stays.
            if matches!(
                problem.code,
                ProblemCode::Forbidden | ProblemCode::NeedsConfirmation | ProblemCode::OwnCard
            ) {
                refused(services, asker, attempt, problem.code.as_str()).await?;
            }
            Err(ApiError::Problem(problem))
        }
        Err(error) => Err(error),
    }
}

fn enter(conn: &mut Conn, services: &Services, asker: &Asker) -> Result<Result<Actor, Refusal>, ApiError> {
    Ok(Actor::load(conn, asker, &services.context)?)
}

/// The answer to somebody whose roles open nothing. The journal has its reason, but for people who work as no
/// card: they have lost nothing, and are shown where to bind one.
async fn turned_away(services: &Services, asker: &Asker, refusal: Refusal) -> Result<ApiError, ApiError> {
    if refusal != Refusal::NoCard {
        let attempt = Attempt { action: "kontingent.entered", object_kind: "employee", object: asker.card };
        refused(services, asker, attempt, refusal.reason()).await?;
    }
    Ok(Problem::from(refusal).into())
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
            let mut event = Event::refused(attempt.action, attempt.object_kind, attempt.object, reason);
            // Whoever answers for the organization sees what was tried there.
            event.organization = match (attempt.object_kind, attempt.object) {
                ("employee", Some(card)) => organization_of(conn, card)?,
                (_, object) => object,
            };
            audit::record_refused(conn, &context, &journal, event).map_err(ApiError::from)
        })
        .await
}
