//! The calls of the feature.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use epos_shared::api::account_applications::{
    AccountApplication, AccountApplicationBegun, AccountApplicationDraft, AccountApplicationQuery,
    AccountApplicationSent, ApplicantCredentials, ApplicationFile, ApproveAccountDraft, AttachQuery,
};
use epos_shared::api::accounts::ReasonDraft;
use epos_shared::api::page::{MAX_LIMIT, Page};
use epos_shared::api::registration::LinkToken;
use epos_shared::ids::{AccountApplicationId, ApplicationFileId};
use epos_shared::problem::Problem;
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{OBJECT, apply, finish, moderation};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::DbError;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, RequestInfo, demand_file, parse_path_id};
use crate::kontingent::Asker;
use crate::kontingent::support::{self, Attempt};
use crate::queues::{self, QueueFile};
use crate::tables::{contents, named_attachment};

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(begin_account_application)
        .service(attach_application_file)
        .service(send_account_application)
        .service(confirm_account_application)
        .service(take_card_credentials)
        .service(list_account_applications)
        .service(export_account_applications)
        .service(get_account_application)
        .service(get_application_file)
        .service(approve_account_application)
        .service(decline_account_application)
        .service(send_account_application_letter);
}

type Tools = web::Data<Services>;

/// The header that holds the ticket of an application: no form of another site can send it.
const TICKET: &str = "epos-ticket";

fn ticket(request: &HttpRequest) -> Result<String, ApiError> {
    let ticket = request.headers().get(TICKET).and_then(|ticket| ticket.to_str().ok());
    ticket.map(str::to_owned).ok_or_else(|| ApiError::wrong_parameter(TICKET, "Нет билета заявки"))
}

/// Apply for an account of an education department: what was typed. Its files follow, then it is sent.
#[utoipa::path(
    tag = "registration",
    request_body = AccountApplicationDraft,
    responses(
        (status = 201, description = "Begun; the ticket is good for two hours", body = AccountApplicationBegun),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests` from this address, with `retry_after`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications")]
async fn begin_account_application(
    services: Tools,
    info: RequestInfo,
    draft: Body<AccountApplicationDraft>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Created().json(apply::begin(&services, &info, draft.0).await?))
}

/// Attach a file: PDF, JPEG or PNG, judged by its content; five at most.
#[utoipa::path(
    tag = "registration",
    params(AttachQuery, ("epos-ticket" = String, Header, description = "The ticket of the application")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file, 10 MiB at most"),
    responses(
        (status = 201, description = "Attached", body = ApplicationFile),
        (status = 400, description = "`malformed-parameter`: no ticket", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`link-unknown`: no such ticket", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`: it was sent already; `link-expired`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `file`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: too much waits to be proven", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications/files")]
async fn attach_application_file(
    services: Tools,
    request: HttpRequest,
    query: Params<AttachQuery>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    demand_file(&request)?;
    let file = apply::attach(&services, ticket(&request)?, &query.0.name, body).await?;
    Ok(HttpResponse::Created().json(file))
}

/// Send an application with its files: a letter asks to prove the address.
#[utoipa::path(
    tag = "registration",
    params(("epos-ticket" = String, Header, description = "The ticket of the application")),
    responses(
        (status = 202, description = "Sent; a letter was promised", body = AccountApplicationSent),
        (status = 400, description = "`malformed-parameter`: no ticket", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`link-unknown`: no such ticket", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`: it was sent already; `link-expired`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `files`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications/send")]
async fn send_account_application(
    services: Tools,
    info: RequestInfo,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Accepted().json(apply::send(&services, &info, ticket(&request)?).await?))
}

/// Prove the address of an application: it waits for support then.
#[utoipa::path(
    tag = "registration",
    request_body = LinkToken,
    responses(
        (status = 204, description = "Proven"),
        (status = 404, description = "`link-unknown`: damaged, or replaced by a newer one", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`, `link-expired`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications/confirm")]
async fn confirm_account_application(
    services: Tools,
    info: RequestInfo,
    form: Body<LinkToken>,
) -> Result<HttpResponse, ApiError> {
    finish::confirm(&services, &info, form.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Login and one-time password of the card that was made of an application: issued now, shown this once.
#[utoipa::path(
    tag = "registration",
    request_body = LinkToken,
    responses(
        (status = 200, description = "Login and one-time password", body = ApplicantCredentials),
        (status = 404, description = "`link-unknown`: damaged, or replaced by a newer one; also where the card is \
            bound or in the archive (see `detail`)", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`, `link-expired`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications/credentials")]
async fn take_card_credentials(
    services: Tools,
    info: RequestInfo,
    form: Body<LinkToken>,
) -> Result<web::Json<ApplicantCredentials>, ApiError> {
    Ok(web::Json(finish::credentials(&services, &info, form.0).await?))
}

fn attempt(action: &'static str, object: Option<Id>) -> Attempt {
    Attempt { action, object_kind: OBJECT, object }
}

fn application(id: &str) -> Result<Id, ApiError> {
    parse_path_id::<AccountApplicationId>(id).map(Id::from)
}

/// Applications of education departments, the oldest first; without a state those that wait for a decision.
#[utoipa::path(
    tag = "accounts",
    params(AccountApplicationQuery),
    responses(
        (status = 200, description = "A page", body = Page<AccountApplication>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/account-applications")]
async fn list_account_applications(
    services: Tools,
    who: SignedIn,
    query: Params<AccountApplicationQuery>,
) -> Result<web::Json<Page<AccountApplication>>, ApiError> {
    let attempt = attempt("account_applications.listed", None);
    let page =
        support::read(&services, Asker::from(&who), attempt, move |conn, _| moderation::list(conn, &query.0));
    Ok(web::Json(page.await?))
}

const FILE: QueueFile = QueueFile {
    name: "account-applications",
    title: "Назначения в управления",
    headings: &[
        "Номер",
        "ФИО",
        "E-mail",
        "Телефон",
        "Должность",
        "Роль",
        "Управление",
        "Подана",
        "Причина отказа",
    ],
};

/// The same as a file (CSV, UTF-8 with a mark, `;`): every page, whatever cursor or limit is given. The journal tells of
/// it.
#[utoipa::path(
    tag = "accounts",
    params(AccountApplicationQuery),
    responses(
        (status = 200, description = "The file, 10,000 rows at most", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/account-applications/export")]
async fn export_account_applications(
    services: Tools,
    who: SignedIn,
    query: Params<AccountApplicationQuery>,
) -> Result<HttpResponse, ApiError> {
    let asker = Asker::from(&who);
    let attempt = attempt("account_applications.listed", None);
    let rows = support::read(&services, asker.clone(), attempt, move |conn, services| {
        let (rows, more) = queues::every(|after| {
            let query =
                AccountApplicationQuery { after, before: None, limit: Some(MAX_LIMIT), ..query.0.clone() };
            moderation::list(conn, &query)
        })?;
        let context = &services.context;
        let line = |row: AccountApplication| {
            vec![
                row.number,
                row.name.to_string(),
                row.email,
                row.phone.unwrap_or_default(),
                row.position,
                row.role.title().to_owned(),
                row.organization.map_or(row.territory, |organization| organization.short_name),
                context.shown(row.created_at),
                row.reason.unwrap_or_default(),
            ]
        };
        Ok((rows.into_iter().map(line).collect(), more))
    });
    FILE.of(&services, asker, rows.await?).await
}

/// One application, with its files.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountApplicationId, Path, description = "The application")),
    responses(
        (status = 200, description = "The application", body = AccountApplication),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/account-applications/{id}")]
async fn get_account_application(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<AccountApplication>, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("account_application.shown", Some(id));
    let shown =
        support::read(&services, Asker::from(&who), attempt, move |conn, _| moderation::show(conn, id));
    Ok(web::Json(shown.await?))
}

/// A file of an application, as it was sent: its checksum is compared before anything of it goes out.
#[utoipa::path(
    tag = "accounts",
    params(
        ("id" = AccountApplicationId, Path, description = "The application"),
        ("file" = ApplicationFileId, Path, description = "The file"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: the bytes are not what the checksum says", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/account-applications/{id}/files/{file}")]
async fn get_application_file(
    services: Tools,
    who: SignedIn,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    const ACTION: &str = "account_application.file_read";
    let (id, file) = path.into_inner();
    let (id, file) = (application(&id)?, Id::from(parse_path_id::<ApplicationFileId>(&file)?));
    let asker = Asker::from(&who);
    let opened = support::read(&services, asker.clone(), attempt(ACTION, Some(id)), move |conn, services| {
        moderation::open_file(conn, services, id, file)
    });
    let (number, row, bytes) = opened.await?;
    let (kind, size, name) = (row.kind()?, row.size(), row.name);
    let (context, told) = (services.context.clone(), name.clone());
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            let event = Event::done(ACTION, OBJECT, id).with(json!({ "file": told }));
            audit::record(conn, &context, &asker.journal, event)
        })
        .await?;
    let plain = format!("zayavka-{number}{}", kind.extension());
    Ok(HttpResponse::Ok()
        // Whatever it is, it is not shown as a page of ours.
        .content_type("application/octet-stream")
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CONTENT_DISPOSITION, named_attachment(&plain, &name)))
        .no_chunking(size)
        .streaming(contents(bytes)))
}

/// Approve an application: its card is made, and a letter tells how to get its credentials.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountApplicationId, Path, description = "The application")),
    request_body = ApproveAccountDraft,
    responses(
        (status = 200, description = "Approved", body = AccountApplication),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`; `forbidden`, also where the address is not proven", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications/{id}/approve")]
async fn approve_account_application(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    draft: Body<ApproveAccountDraft>,
) -> Result<web::Json<AccountApplication>, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("account_application.approved", Some(id));
    let approved = support::write(&services, Asker::from(&who), attempt, move |conn, services, who| {
        let approval = draft.0.parse().map_err(ApiError::validation)?;
        moderation::approve(conn, services, who, id, approval)
    });
    Ok(web::Json(approved.await?))
}

/// Decline an application; the reason goes out by letter.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountApplicationId, Path, description = "The application")),
    request_body = ReasonDraft,
    responses(
        (status = 200, description = "Declined", body = AccountApplication),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`; `forbidden`, also where the address is not proven", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `reason`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications/{id}/decline")]
async fn decline_account_application(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    draft: Body<ReasonDraft>,
) -> Result<web::Json<AccountApplication>, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("account_application.declined", Some(id));
    let declined = support::write(&services, Asker::from(&who), attempt, move |conn, services, who| {
        let reason = draft.0.parse().map_err(ApiError::validation)?;
        moderation::decline(conn, services, who, id, &reason)
    });
    Ok(web::Json(declined.await?))
}

/// Send the letter of an application once more, with a new link; the older one works no more.
#[utoipa::path(
    tag = "accounts",
    params(("id" = AccountApplicationId, Path, description = "The application")),
    responses(
        (status = 204, description = "It goes out"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: it waits for no letter", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/account-applications/{id}/letter")]
async fn send_account_application_letter(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("account_application.letter_sent", Some(id));
    let sent = support::write(&services, Asker::from(&who), attempt, move |conn, services, who| {
        moderation::send_letter(conn, services, who, id)
    });
    sent.await?;
    Ok(HttpResponse::NoContent().finish())
}
