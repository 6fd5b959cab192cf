//! «Забыли пароль?» (screens.md 13): a letter with a single-use link, and the new password by it. The answer and
//! the work are the same for names that exist and names that do not.

use actix_web::{HttpResponse, post, web};
use chrono::TimeDelta;
use diesel::Connection as _;
use epos_shared::api::registration::{
    LetterPromised, LinkPurpose, PasswordByLink, PasswordSet, RecoveryDraft,
};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::Email;
use utoipa_actix_web::service_config::ServiceConfig;

use super::links::{self, NewLink};
use super::set_password::{judge_next, set_password};
use super::store::{self, AccountRow};
use super::{attempts, letters, sign_in};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::config::Mode;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::http::{Body, RequestInfo};
use crate::mail::{self, Letter};
use crate::quota::{Exceeded, Quota};

/// The calls of recovery.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(ask).service(complete);
}

/// «Забыли пароль?»: a letter with a link that sets a new password.
///
/// Answers the same whether somebody is called so or not.
#[utoipa::path(
    tag = "registration",
    request_body = RecoveryDraft,
    responses(
        (status = 202, description = "If there is such an account, a letter goes to its address", body = LetterPromised),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests` from this address, with `retry_after`", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[post("/recoveries")]
async fn ask(
    services: web::Data<Services>,
    info: RequestInfo,
    form: Body<RecoveryDraft>,
) -> Result<HttpResponse, ApiError> {
    form.0.check().map_err(ApiError::validation)?;
    let name = attempts::normalized(&form.0.user_name);
    let tools = services.clone();
    let asked = services
        .db
        .write_by_condition::<_, ApiError, _>(move |conn| {
            let now = tools.context.db_now();
            let limit = tools.config.recovery.address_hourly;
            if let Err(exceeded) = Quota::hourly_from("recovery", info.address, limit).count(conn, now)? {
                return Ok(Err(exceeded));
            }
            send(conn, &tools, &info, &name).map(Ok)
        })
        .await?;
    asked.map_err(too_many)?;
    Ok(promised(&services))
}

/// Too much was asked for.
pub(super) fn too_many(exceeded: Exceeded) -> ApiError {
    ApiError::too_many_requests(exceeded.retry_after, "Подождите немного и попробуйте ещё раз.")
}

pub(super) fn promised(services: &Services) -> HttpResponse {
    HttpResponse::Accepted().json(LetterPromised { link_hours: services.config.recovery.link_hours })
}

/// What somebody who asks for recovery gets.
enum Answer {
    /// The link.
    Link(AccountRow, Email),
    /// The word that the account is blocked.
    Blocked(AccountRow, Email),
    /// Nothing, for a reason that the journal has.
    Nothing(Option<Id>, &'static str),
}

fn judge(conn: &mut Conn, services: &Services, name: &str) -> Result<Answer, DbError> {
    let found = store::find_by_name(conn, name)?;
    // Counted for every name, by the address if there is one.
    let (what, mailbox) = match &found {
        Some(account) => ("recovery", account.email_key.as_str()),
        None => ("recovery-unknown", name),
    };
    let limit = services.config.recovery.mailbox_daily;
    let quota = Quota::daily_letters(services.context.secrets(), what, mailbox, limit);
    let is_within = quota.count(conn, services.context.db_now())?.is_ok();
    let Some(account) = found else { return Ok(Answer::Nothing(None, "unknown-name")) };
    let nothing = |reason| Ok(Answer::Nothing(Some(account.id), reason));
    if !is_within {
        return nothing("mailbox-limit");
    }
    if account.email_verified_at.is_none() {
        return nothing("address-not-proven");
    }
    if account.demo && services.mode != Mode::Demo {
        return nothing("demo-account");
    }
    let to = account.address()?;
    Ok(if account.is_active() { Answer::Link(account, to) } else { Answer::Blocked(account, to) })
}

fn send(conn: &mut Conn, services: &Services, request: &RequestInfo, name: &str) -> Result<(), ApiError> {
    let actor = audit::Actor::anonymous(request);
    let event = match judge(conn, services, name)? {
        Answer::Link(account, to) => {
            conn.transaction(|conn| send_link(conn, services, &account, &to))?;
            Event::done("recovery.requested", "account", account.id)
        }
        Answer::Blocked(account, to) => {
            conn.transaction(|conn| {
                // As much work as for the others; nobody is told this token, and older links work no more.
                link(conn, services, &account)?;
                mail::enqueue(conn, &services.context, &letters::blocked(services, &to))
            })?;
            Event::refused("recovery.requested", "account", Some(account.id), "account-blocked")
        }
        Answer::Nothing(account, reason) => {
            pretend(conn, services)?;
            Event::refused("recovery.requested", "account", account, reason)
        }
    };
    Ok(audit::record(conn, &services.context, &actor, event)?)
}

/// The work of a letter for nobody, undone at once: the time of the answer tells nothing.
fn pretend(conn: &mut Conn, services: &Services) -> Result<(), ApiError> {
    let nobody: Email = "nobody@example.org".parse().map_err(ApiError::internal)?;
    let undone = conn.transaction::<(), DbError, _>(|conn| {
        let token = issue(conn, services, None, services.context.id(), "nobody_1")?;
        mail::enqueue(conn, &services.context, &letters::recovery(services, &nobody, "nobody_1", &token))?;
        Err(diesel::result::Error::RollbackTransaction.into())
    });
    match undone {
        Err(DbError::Query(diesel::result::Error::RollbackTransaction)) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn issue(
    conn: &mut Conn,
    services: &Services,
    account: Option<Id>,
    subject: Id,
    user_name: &str,
) -> Result<String, DbError> {
    let lives = TimeDelta::hours(services.config.recovery.link_hours.into());
    let user_name = Some(user_name);
    let new = NewLink { purpose: LinkPurpose::Recovery, account, subject, user_name, lives };
    links::issue(conn, &services.context, new)
}

/// A new link of recovery for an account; older ones work no more.
pub(super) fn link(conn: &mut Conn, services: &Services, account: &AccountRow) -> Result<String, DbError> {
    issue(conn, services, Some(account.id), account.id, &account.user_name)
}

/// The letter with a link, inside the caller's write transaction.
pub(super) fn send_link(
    conn: &mut Conn,
    services: &Services,
    account: &AccountRow,
    to: &Email,
) -> Result<(), DbError> {
    let token = link(conn, services, account)?;
    let letter: Letter = letters::recovery(services, to, &account.user_name, &token);
    mail::enqueue(conn, &services.context, &letter)?;
    Ok(())
}

/// A new password by the link of a letter; every session of the account ends.
#[utoipa::path(
    tag = "registration",
    request_body = PasswordByLink,
    responses(
        (status = 200, description = "Set", body = PasswordSet),
        (status = 403, description = "`account-blocked`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`link-unknown`", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`, `link-expired`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `password`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, with `retry_after`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/recoveries/complete")]
async fn complete(
    services: web::Data<Services>,
    info: RequestInfo,
    form: Body<PasswordByLink>,
) -> Result<web::Json<PasswordSet>, ApiError> {
    let new = form.0.parse().map_err(ApiError::validation)?;
    let token = form.0.token;
    let now = services.context.db_now();
    let looked = token.clone();
    let account = services
        .db
        .read::<_, ApiError, _>(move |conn| {
            let link = links::look(conn, &looked, now)?;
            let account = link.account.filter(|_| link.purpose == LinkPurpose::Recovery);
            let Some(account) = account else { return Err(ProblemCode::LinkUnknown.into()) };
            store::find(conn, account)?.ok_or_else(|| ProblemCode::LinkUnknown.into())
        })
        .await?;
    if let Some((_, problem)) = sign_in::barred(&services, &account) {
        return Err(problem.into());
    }
    let judged = judge_next(&services, &account, new, "password").await?;
    let (tools, user_name) = (services.clone(), account.user_name.clone());
    services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let context = &tools.context;
            links::consume(conn, &token, &[LinkPurpose::Recovery], context.db_now())?;
            let account = store::find(conn, account.id)?.ok_or(ProblemCode::LinkUnknown)?;
            if let Some((_, problem)) = sign_in::barred(&tools, &account) {
                return Err(problem.into());
            }
            // Another password set meanwhile has voided the link.
            if !set_password(conn, &tools, account.id, &judged, None)? {
                return Err(ProblemCode::LinkUsed.into());
            }
            // Who has opened the letter has the mailbox.
            store::prove_address(conn, account.id, context.db_now())?;
            mail::enqueue(conn, context, &letters::password_changed(&tools, &account.address()?))?;
            let actor = audit::Actor::account(account.id, None, &info);
            let event = Event::done("password.recovered", "account", account.id);
            Ok(audit::record(conn, context, &actor, event)?)
        })
        .await?;
    Ok(web::Json(PasswordSet { user_name }))
}
