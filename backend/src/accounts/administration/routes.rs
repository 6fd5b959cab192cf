//! The calls of support.

use actix_web::{HttpResponse, delete, get, post, put, web};
use epos_shared::api::accounts::{
    AccountCard, AccountQuery, AccountRow, JournalQuery, JournalRow, ReasonDraft, ReplaceEmail,
};
use epos_shared::api::page::Page;
use epos_shared::api::registration::LetterPromised;
use epos_shared::ids::AccountId;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{actions, journal, list};
use crate::accounts::{SignedIn, recovery};
use crate::app::Services;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, parse_path_id};
use crate::kontingent::Asker;
use crate::kontingent::support::{self, Attempt};

/// The calls of the administration of accounts.
pub(in crate::accounts) fn routes(config: &mut ServiceConfig) {
    config
        .service(find_accounts)
        .service(show_account)
        .service(block_account)
        .service(unblock_account)
        .service(unlock_account)
        .service(send_letter)
        .service(replace_email)
        .service(show_journal);
}

type Tools = web::Data<Services>;

fn looking(object: Option<Id>) -> Attempt {
    Attempt { action: "accounts.read", object_kind: "account", object }
}

/// Changes an account, and answers it as it is then.
async fn changed(
    services: &Services,
    who: &SignedIn,
    action: &'static str,
    id: &str,
    work: impl Fn(&mut Conn, &Services, &Asker, Id) -> Result<(), ApiError> + Send + 'static,
) -> Result<web::Json<AccountCard>, ApiError> {
    let id = Id::from(parse_path_id::<AccountId>(id)?);
    let attempt = Attempt { action, object_kind: "account", object: Some(id) };
    let card = support::write(services, Asker::from(who), attempt, move |conn, services, asker| {
        work(conn, services, asker, id)?;
        actions::show(conn, services, asker.account, id)
    });
    Ok(web::Json(card.await?))
}

/// Accounts in the order of their names, found by the beginnings of words.
#[utoipa::path(
    tag = "accounts",
    params(AccountQuery),
    responses(
        (status = 200, description = "A page", body = Page<AccountRow>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/accounts")]
async fn find_accounts(
    services: Tools,
    who: SignedIn,
    query: Params<AccountQuery>,
) -> Result<web::Json<Page<AccountRow>>, ApiError> {
    let query = query.0;
    let page =
        support::read(&services, Asker::from(&who), looking(None), move |conn, _| list::page(conn, &query));
    Ok(web::Json(page.await?))
}

/// An account, with what support may do to it.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = AccountCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/accounts/{id}")]
async fn show_account(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<AccountCard>, ApiError> {
    let id = Id::from(parse_path_id::<AccountId>(&id)?);
    let own = who.account;
    let card = support::read(&services, Asker::from(&who), looking(Some(id)), move |conn, services| {
        actions::show(conn, services, own, id)
    });
    Ok(web::Json(card.await?))
}

/// Blocks an account; its sessions end, and its person sees the reason. Never the last one of support.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    request_body = ReasonDraft,
    responses(
        (status = 200, description = "The account as it is now", body = AccountCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden` (also on the own account), `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`last-support`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/accounts/{id}/block")]
async fn block_account(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<ReasonDraft>,
) -> Result<web::Json<AccountCard>, ApiError> {
    let reason = body.0.parse().map_err(ApiError::validation)?;
    changed(&services, &who, "account.blocked", &id, move |conn, services, asker, id| {
        actions::block(conn, services, asker, id, &reason)
    })
    .await
}

/// Lets a blocked account sign in again.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, description = "The account as it is now", body = AccountCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden` (also on the own account), `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/accounts/{id}/block")]
async fn unblock_account(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<AccountCard>, ApiError> {
    changed(&services, &who, "account.unblocked", &id, actions::unblock).await
}

/// Lifts the lock after too many failed sign-ins.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, description = "The account as it is now", body = AccountCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden` (also on the own account), `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/accounts/{id}/lock")]
async fn unlock_account(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<AccountCard>, ApiError> {
    changed(&services, &who, "account.unlocked", &id, actions::unlock).await
}

/// Writes another e-mail into an account whose own is lost; every session of it ends.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    request_body = ReplaceEmail,
    responses(
        (status = 200, description = "The account as it is now", body = AccountCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden` (also on the own account), `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/accounts/{id}/email")]
async fn replace_email(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<ReplaceEmail>,
) -> Result<web::Json<AccountCard>, ApiError> {
    let (email, reason) = body.0.parse().map_err(ApiError::validation)?;
    changed(&services, &who, "email.replaced", &id, move |conn, services, asker, id| {
        actions::replace_email(conn, services, asker, id, (&email, &reason))
    })
    .await
}

/// The letter of «Забыли пароль?» on the person's behalf.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    responses(
        (status = 202, description = "The letter goes out", body = LetterPromised),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `account-blocked`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/accounts/{id}/letter")]
async fn send_letter(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = Id::from(parse_path_id::<AccountId>(&id)?);
    let attempt = Attempt { action: "recovery.sent", object_kind: "account", object: Some(id) };
    support::write(&services, Asker::from(&who), attempt, move |conn, services, asker| {
        actions::send_letter(conn, services, asker, id)
    })
    .await?;
    Ok(recovery::promised(&services))
}

/// The journal of one account, the newest first: what it did, and what was done to it.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account"), JournalQuery),
    responses(
        (status = 200, description = "A page", body = Page<JournalRow>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/accounts/{id}/journal")]
async fn show_journal(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    query: Params<JournalQuery>,
) -> Result<web::Json<Page<JournalRow>>, ApiError> {
    let id = Id::from(parse_path_id::<AccountId>(&id)?);
    let query = query.0;
    let page = support::read(&services, Asker::from(&who), looking(Some(id)), move |conn, _| {
        actions::exists(conn, id)?;
        journal::page(conn, id, &query)
    });
    Ok(web::Json(page.await?))
}
