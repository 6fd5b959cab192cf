//! What the links of the letters do: the proof of an address, the first password.

use epos_shared::api::accounts::ApplicationState;
use epos_shared::api::registration::{LinkPurpose, LinkToken, PasswordByLink, PasswordSet};
use epos_shared::problem::{Problem, ProblemCode};

use super::store::{self, Row};
use crate::accounts::{self, NewAccount, links};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::consent::Consent;
use crate::db::Conn;
use crate::error::ApiError;
use crate::http::RequestInfo;
use crate::quota::Quota;

/// So many uses of a link in vain from one address are kept in the journal within an hour.
const USED_HOURLY: u32 = 60;

/// The address of an application is proven: it waits for support.
///
/// # Errors
/// `link-unknown`, `link-used`, `link-expired`; the database fails.
pub(super) async fn confirm(
    services: &Services,
    request: &RequestInfo,
    form: LinkToken,
) -> Result<(), ApiError> {
    const ACTION: &str = "registration.confirmed";
    let (context, journal) = (services.context.clone(), audit::Actor::anonymous(request));
    let result = services
        .db
        .write_tx(move |conn| {
            let now = context.db_now();
            let link = links::consume(conn, &form.token, &[LinkPurpose::Proof], now)?;
            let row = store::find(conn, link.subject)?.ok_or(ProblemCode::LinkUnknown)?;
            if let Some(problem) = overtaken(conn, &row)? {
                let event = Event::refused(ACTION, "application", Some(row.id), "email-taken");
                audit::record(conn, &context, &journal, event)?;
                return Ok(Err(problem));
            }
            if !store::note_proof(conn, row.id, now)? {
                return Err(ApiError::from(ProblemCode::LinkUnknown));
            }
            audit::record(conn, &context, &journal, Event::done(ACTION, "application", row.id))?;
            Ok(Ok(()))
        })
        .await;
    told(services, request, ACTION, result).await
}

/// Sets the first password, with which the account begins to live.
///
/// # Errors
/// `validation-failed`, `link-unknown`, `link-used`, `link-expired`, `overloaded`; the database fails.
pub(super) async fn activate(
    services: &Services,
    request: &RequestInfo,
    form: PasswordByLink,
) -> Result<PasswordSet, ApiError> {
    const ACTION: &str = "registration.activated";
    let password = form.parse().map_err(ApiError::validation)?;
    let (token, now) = (form.token, services.context.db_now());
    let looked_up = token.clone();
    let found = services.db.read(move |conn| waiting(conn, &looked_up, now)).await;
    let row = told(services, request, ACTION, found.map(Ok)).await?;
    let name = row.name()?.to_string();
    let known = [row.user_name.as_deref().unwrap_or_default(), row.email.as_str(), &name];
    let judged = accounts::judge_password(services, password, &known, "password").await?;
    let (context, journal) = (services.context.clone(), audit::Actor::anonymous(request));
    let result = services
        .db
        .write_tx(move |conn| {
            let now = context.db_now();
            let link = links::consume(conn, &token, &[LinkPurpose::Activation], now)?;
            let row = store::find(conn, link.subject)?.ok_or(ProblemCode::LinkUnknown)?;
            let user_name = row.user_name.clone().ok_or(ProblemCode::LinkUnknown)?;
            if let Some(problem) = overtaken(conn, &row)? {
                let event = Event::refused(ACTION, "application", Some(row.id), "email-taken");
                audit::record(conn, &context, &journal, event)?;
                return Ok(Err(problem));
            }
            let new = NewAccount {
                user_name: &user_name,
                name: &row.name()?,
                email: &row.email()?,
                email_is_verified: true,
                position: Some(&row.position),
                organization: row.organization_id,
                password_hash: Some(judged.hash()),
                consent: Some(Consent {
                    version: &row.consent_version,
                    given_at: row.created_at,
                    address: Some(&row.address),
                }),
                is_demo: false,
            };
            let account = accounts::create_named(conn, &context, &new)?;
            if !store::note_completion(conn, row.id, account, now)? {
                return Err(ApiError::from(ProblemCode::LinkUnknown));
            }
            for event in [
                Event::done(ACTION, "application", row.id),
                Event::done("account.created", "account", account)
                    .with(serde_json::json!({ "way": "registration" })),
                Event::done("consent.given", "account", account)
                    .with(serde_json::json!({ "version": row.consent_version })),
            ] {
                audit::record(conn, &context, &journal, event)?;
            }
            Ok(Ok(PasswordSet { user_name }))
        })
        .await;
    told(services, request, ACTION, result).await
}

/// The application whose first password a link sets.
fn waiting(conn: &mut Conn, token: &str, now: chrono::NaiveDateTime) -> Result<Row, ApiError> {
    let link = links::look(conn, token, now)?;
    let row = match link.purpose {
        LinkPurpose::Activation => store::find(conn, link.subject)?,
        _ => None,
    };
    match row {
        Some(row) if row.state()? == ApplicationState::AwaitingPassword => Ok(row),
        _ => Err(ProblemCode::LinkUnknown.into()),
    }
}

/// Where the address has got another account meanwhile, the application and its links go, and its person is told
/// what he has instead.
fn overtaken(conn: &mut Conn, row: &Row) -> Result<Option<Problem>, ApiError> {
    if accounts::owner_of_address(conn, &row.email_key)?.is_none() {
        return Ok(None);
    }
    links::remove(conn, &[row.id])?;
    store::remove(conn, row.id)?;
    Ok(Some(Problem::new(ProblemCode::LinkUnknown).with_detail(
        "На этот адрес электронной почты уже есть учётная запись: войдите в неё или восстановите пароль.",
    )))
}

/// What came of a link; that a known one was tried in vain stays in the journal. Made-up tokens are not worth it.
async fn told<T>(
    services: &Services,
    request: &RequestInfo,
    action: &'static str,
    result: Result<Result<T, Problem>, ApiError>,
) -> Result<T, ApiError> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(problem)) => Err(problem.into()),
        Err(ApiError::Problem(problem)) => {
            if matches!(problem.code, ProblemCode::LinkUsed | ProblemCode::LinkExpired) {
                let (context, journal) = (services.context.clone(), audit::Actor::anonymous(request));
                let reason = problem.code.as_str();
                // Whoever keeps a link could go on with it for ever.
                let quota = Quota::hourly_from("used-link", request.address, USED_HOURLY);
                services
                    .db
                    .write_by_condition(move |conn| {
                        if quota.count(conn, context.db_now())?.is_err() {
                            return Ok(());
                        }
                        let event = Event::refused(action, "application", None, reason);
                        audit::record(conn, &context, &journal, event).map_err(ApiError::from)
                    })
                    .await?;
            }
            Err(ApiError::Problem(problem))
        }
        Err(error) => Err(error),
    }
}
