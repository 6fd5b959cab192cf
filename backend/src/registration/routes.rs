//! The calls of the feature.

use actix_web::{HttpResponse, get, post, web};
use epos_shared::api::accounts::{Application, ApplicationQuery, ApproveDraft, ReasonDraft};
use epos_shared::api::page::{MAX_LIMIT, Page};
use epos_shared::api::registration::{
    DirectoryFound, DirectoryQuery, LetterPromised, LinkToken, PasswordByLink, PasswordSet, RegistrationDraft,
};
use epos_shared::ids::ApplicationId;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{apply, finish, moderation};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, RequestInfo, parse_path_id};
use crate::kontingent::support::{self, Attempt};
use crate::kontingent::{self, Asker};
use crate::queues::{self, QueueFile};

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(search_directory)
        .service(register)
        .service(confirm)
        .service(activate)
        .service(list_applications)
        .service(export_applications)
        .service(get_application)
        .service(approve_application)
        .service(decline_application)
        .service(send_application_letter);
}

type Tools = web::Data<Services>;

/// The public directory of open organizations.
///
/// Finds any part of the full or short name, the town or ИНН; of several words every one.
#[utoipa::path(
    tag = "registration",
    params(DirectoryQuery),
    responses(
        (status = 200, description = "The organizations, in the order of their names", body = DirectoryFound),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests`, with `retry_after`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/directory/organizations")]
async fn search_directory(
    services: Tools,
    info: RequestInfo,
    query: Params<DirectoryQuery>,
) -> Result<web::Json<DirectoryFound>, ApiError> {
    let limit = services.config.registration.directory_per_minute;
    services
        .pace
        .count(info.address, limit, services.context.now())
        .map_err(|wait| ApiError::too_many_requests(wait, "Подождите минуту и продолжите поиск."))?;
    let limit = kontingent::page_limit(query.0.limit)?;
    let words = kontingent::query_words(query.0.query.as_deref())?;
    let kind = query.0.kind;
    let (directory, context) = (services.directory.clone(), services.context.clone());
    let found = services
        .db
        .read::<_, ApiError, _>(move |conn| {
            Ok(directory.search(conn, &words, kind, limit, (context.db_now(), context.today()))?)
        })
        .await?;
    Ok(web::Json(found))
}

/// Apply for an account.
///
/// The answer is the same whether the address is known or not; what becomes of the application is told by a
/// letter to that address.
#[utoipa::path(
    tag = "registration",
    request_body = RegistrationDraft,
    responses(
        (status = 202, description = "A letter was promised", body = LetterPromised),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests` from this address, with `retry_after`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/registrations")]
async fn register(
    services: Tools,
    info: RequestInfo,
    draft: Body<RegistrationDraft>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Accepted().json(apply::apply(&services, &info, draft.0).await?))
}

/// Prove the address of an application whose organization is not listed: it waits for support then.
#[utoipa::path(
    tag = "registration",
    request_body = LinkToken,
    responses(
        (status = 204, description = "Proven"),
        (status = 404, description = "`link-unknown`: damaged, or replaced by a newer one; also where the address \
            has an account by now (see `detail`)", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`, `link-expired`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/registrations/confirm")]
async fn confirm(
    services: Tools,
    info: RequestInfo,
    form: Body<LinkToken>,
) -> Result<HttpResponse, ApiError> {
    finish::confirm(&services, &info, form.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Set the first password: the account lives.
#[utoipa::path(
    tag = "registration",
    request_body = PasswordByLink,
    responses(
        (status = 200, description = "The account lives", body = PasswordSet),
        (status = 404, description = "`link-unknown`: damaged, or replaced by a newer one; also where the address \
            has an account by now (see `detail`)", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`, `link-expired`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `password`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, with `retry_after`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/registrations/activate")]
async fn activate(
    services: Tools,
    info: RequestInfo,
    form: Body<PasswordByLink>,
) -> Result<web::Json<PasswordSet>, ApiError> {
    Ok(web::Json(finish::activate(&services, &info, form.0).await?))
}

fn attempt(action: &'static str, object: Option<Id>) -> Attempt {
    Attempt { action, object_kind: "application", object }
}

/// Applications for accounts, the oldest first; without a state those that wait for support.
#[utoipa::path(
    tag = "accounts",
    params(ApplicationQuery),
    responses(
        (status = 200, description = "A page", body = Page<Application>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/applications")]
async fn list_applications(
    services: Tools,
    who: SignedIn,
    query: Params<ApplicationQuery>,
) -> Result<web::Json<Page<Application>>, ApiError> {
    let page =
        support::read(&services, Asker::from(&who), attempt("applications.listed", None), move |conn, _| {
            moderation::list(conn, &query.0)
        });
    Ok(web::Json(page.await?))
}

const FILE: QueueFile = QueueFile {
    name: "registrations",
    title: "Заявки на регистрацию",
    headings: &[
        "ФИО",
        "E-mail",
        "Должность",
        "Организация",
        "Населённый пункт",
        "ИНН",
        "КПП",
        "Подана",
        "Причина отказа",
    ],
};

/// The same as a file (CSV, UTF-8 with a mark, `;`): every page, whatever cursor or limit is given. The journal tells of
/// it.
#[utoipa::path(
    tag = "accounts",
    params(ApplicationQuery),
    responses(
        (status = 200, description = "The file, 10,000 rows at most", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/applications/export")]
async fn export_applications(
    services: Tools,
    who: SignedIn,
    query: Params<ApplicationQuery>,
) -> Result<HttpResponse, ApiError> {
    let asker = Asker::from(&who);
    let attempt = attempt("applications.listed", None);
    let rows = support::read(&services, asker.clone(), attempt, move |conn, services| {
        let (rows, more) = queues::every(|after| {
            let query = ApplicationQuery { after, before: None, limit: Some(MAX_LIMIT), ..query.0.clone() };
            moderation::list(conn, &query)
        })?;
        let context = &services.context;
        let line = |row: Application| {
            let listed = row.organization.map(|organization| organization.short_name);
            vec![
                row.name.to_string(),
                row.email,
                row.position,
                listed.unwrap_or(row.short_name),
                row.town,
                row.inn,
                row.kpp,
                context.shown(row.created_at),
                row.reason.unwrap_or_default(),
            ]
        };
        Ok((rows.into_iter().map(line).collect(), more))
    });
    FILE.of(&services, asker, rows.await?).await
}

/// One application.
#[utoipa::path(
    tag = "accounts",
    params(("id" = ApplicationId, Path, description = "The application")),
    responses(
        (status = 200, description = "The application", body = Application),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/applications/{id}")]
async fn get_application(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<Application>, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("application.shown", Some(id));
    let shown =
        support::read(&services, Asker::from(&who), attempt, move |conn, _| moderation::show(conn, id));
    Ok(web::Json(shown.await?))
}

fn application(id: &str) -> Result<Id, ApiError> {
    parse_path_id::<ApplicationId>(id).map(Id::from)
}

/// Approve an application: its letter with the link that sets the password goes out.
#[utoipa::path(
    tag = "accounts",
    params(("id" = ApplicationId, Path, description = "The application")),
    request_body = ApproveDraft,
    responses(
        (status = 200, description = "Approved", body = Application),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`; `forbidden`, also where the address is not proven", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/applications/{id}/approve")]
async fn approve_application(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    draft: Body<ApproveDraft>,
) -> Result<web::Json<Application>, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("registration.approved", Some(id));
    let approved = support::write(&services, Asker::from(&who), attempt, move |conn, services, who| {
        let approval = draft.0.parse().map_err(ApiError::validation)?;
        moderation::approve(conn, services, who, id, &approval)
    });
    Ok(web::Json(approved.await?))
}

/// Decline an application; the reason goes out by letter.
#[utoipa::path(
    tag = "accounts",
    params(("id" = ApplicationId, Path, description = "The application")),
    request_body = ReasonDraft,
    responses(
        (status = 200, description = "Declined", body = Application),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`; `forbidden`, also where the address is not proven", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `reason`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/applications/{id}/decline")]
async fn decline_application(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    draft: Body<ReasonDraft>,
) -> Result<web::Json<Application>, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("registration.declined", Some(id));
    let declined = support::write(&services, Asker::from(&who), attempt, move |conn, services, who| {
        let reason = draft.0.parse().map_err(ApiError::validation)?;
        moderation::decline(conn, services, who, id, &reason)
    });
    Ok(web::Json(declined.await?))
}

/// Send the letter of an application once more, with a new link; the older one works no more.
#[utoipa::path(
    tag = "accounts",
    params(("id" = ApplicationId, Path, description = "The application")),
    responses(
        (status = 204, description = "It goes out"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: it waits for no letter", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/applications/{id}/letter")]
async fn send_application_letter(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = application(&id)?;
    let attempt = attempt("registration.letter_sent", Some(id));
    let sent = support::write(&services, Asker::from(&who), attempt, move |conn, services, who| {
        moderation::send_letter(conn, services, who, id)
    });
    sent.await?;
    Ok(HttpResponse::NoContent().finish())
}
