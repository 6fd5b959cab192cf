//! The calls of the queue.

use actix_web::{HttpResponse, get, post, web};
use epos_shared::api::mismatches::{
    DeclineMismatch, Mismatch, MismatchCount, MismatchDetails, MismatchQuery,
};
use epos_shared::api::page::{MAX_LIMIT, Page};
use epos_shared::ids::MismatchId;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use super::queue;
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, parse_path_id};
use crate::kontingent::{Asker, gate};
use crate::queues::{self, QueueFile};

pub(in crate::identification) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_mismatches)
        .service(export_mismatches)
        .service(count_mismatches)
        .service(get_mismatch)
        .service(decline_mismatch);
}

type Tools = web::Data<Services>;

/// «Расхождения с Госуслугами» of the organizations in view, the oldest first.
#[utoipa::path(
    tag = "kontingent",
    params(MismatchQuery),
    responses(
        (status = 200, description = "A page", body = Page<Mismatch>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/mismatches")]
async fn list_mismatches(
    services: Tools,
    who: SignedIn,
    query: Params<MismatchQuery>,
) -> Result<web::Json<Page<Mismatch>>, ApiError> {
    let query = query.0;
    let page =
        gate::read(&services, Asker::from(&who), move |conn, _, staff| queue::page(conn, staff, &query));
    Ok(web::Json(page.await?))
}

const FILE: QueueFile = QueueFile {
    name: "mismatches",
    title: "Расхождения с Госуслугами",
    headings: &[
        "ФИО в Госуслугах",
        "E-mail в Госуслугах",
        "Организация",
        "Состояние",
        "Отправлено",
        "Решено",
        "Причина отказа",
    ],
};

/// The same as a file (CSV, UTF-8 with a mark, `;`): every page, whatever cursor or limit is given. The journal tells of
/// it.
#[utoipa::path(
    tag = "kontingent",
    params(MismatchQuery),
    responses(
        (status = 200, description = "The file, 10,000 rows at most", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/mismatches/export")]
async fn export_mismatches(
    services: Tools,
    who: SignedIn,
    query: Params<MismatchQuery>,
) -> Result<HttpResponse, ApiError> {
    let asker = Asker::from(&who);
    let rows = gate::read(&services, asker.clone(), move |conn, services, staff| {
        let (rows, more) = queues::every(|after| {
            let query = MismatchQuery { after, before: None, limit: Some(MAX_LIMIT), ..query.0.clone() };
            queue::page(conn, staff, &query)
        })?;
        let context = &services.context;
        let line = |row: Mismatch| {
            vec![
                row.name.to_string(),
                row.email.unwrap_or_default(),
                row.organization.map(|organization| organization.short_name).unwrap_or_default(),
                row.state.title().to_owned(),
                context.shown(row.created_at),
                row.decided_at.map(|at| context.shown(at)).unwrap_or_default(),
                row.reason.unwrap_or_default(),
            ]
        };
        Ok((rows.into_iter().map(line).collect(), more))
    });
    FILE.of(&services, asker, rows.await?).await
}

/// How many rows wait, for the menu.
#[utoipa::path(
    tag = "kontingent",
    responses(
        (status = 200, description = "The count", body = MismatchCount),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/mismatches/count")]
async fn count_mismatches(services: Tools, who: SignedIn) -> Result<web::Json<MismatchCount>, ApiError> {
    let count = gate::read(&services, Asker::from(&who), |conn, _, staff| queue::count(conn, staff));
    Ok(web::Json(count.await?))
}

/// A row, with the likely cards of its organization.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = MismatchId, Path, description = "The row")),
    responses(
        (status = 200, description = "The row", body = MismatchDetails),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/mismatches/{id}")]
async fn get_mismatch(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<MismatchDetails>, ApiError> {
    let id = Id::from(parse_path_id::<MismatchId>(&id)?);
    let details = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        queue::details(conn, services, staff, id)
    });
    Ok(web::Json(details.await?))
}

/// Declines a row, with a reason that the person is told.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = MismatchId, Path, description = "The row")),
    request_body = DeclineMismatch,
    responses(
        (status = 200, description = "The row as it is now", body = Mismatch),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`, `version-conflict`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `reason`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/mismatches/{id}/decline")]
async fn decline_mismatch(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<DeclineMismatch>,
) -> Result<web::Json<Mismatch>, ApiError> {
    let id = Id::from(parse_path_id::<MismatchId>(&id)?);
    let version = body.0.version;
    let reason = body.0.parse().map_err(ApiError::validation)?;
    let declined = gate::write(
        &services,
        Asker::from(&who),
        "mismatch.declined",
        None,
        move |conn, services, who, staff| {
            queue::decline(conn, services, (who, staff), (id, version), &reason)
        },
    );
    Ok(web::Json(declined.await?))
}
