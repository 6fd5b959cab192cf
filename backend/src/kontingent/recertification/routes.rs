//! The calls of recertifications.

use actix_web::{HttpResponse, get, post, web};
use epos_shared::api::recertification::{
    NewRecertificationDraft, Recertification, RecertificationAnswerDraft, RecertificationAnswered,
    RecertificationPeople, RecertificationQuery, RecertificationRows, RecertificationStarted,
    Recertifications,
};
use epos_shared::ids::RecertificationId;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{HEADINGS, answer, attempt, lines};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, parse_path_id};
use crate::kontingent::actor::Asker;
use crate::kontingent::gate;
use crate::tables;

/// Registers the calls.
pub(in crate::kontingent) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_recertifications)
        .service(start_recertification)
        .service(end_recertification)
        .service(show_organizations)
        .service(export_organizations)
        .service(show_people)
        .service(answer_for_people);
}

type Tools = web::Data<Services>;

fn id_of(path: &str) -> Result<Id, ApiError> {
    parse_path_id::<RecertificationId>(path).map(Id::from)
}

/// Recertifications that ask somebody in view, the latest first.
#[utoipa::path(
    tag = "recertification",
    responses(
        (status = 200, description = "The latest twenty", body = Recertifications),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/recertifications")]
async fn list_recertifications(
    services: Tools,
    who: SignedIn,
) -> Result<web::Json<Recertifications>, ApiError> {
    let found = gate::read(&services, Asker::from(&who), |conn, services, staff| {
        staff.recertifications(conn, services.context.today())
    });
    Ok(web::Json(found.await?))
}

/// Asks every organization in view who works there.
#[utoipa::path(
    tag = "recertification",
    request_body = NewRecertificationDraft,
    responses(
        (status = 201, description = "Started", body = RecertificationStarted),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: nobody is left to be asked", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests`: five a day", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/recertifications")]
async fn start_recertification(
    services: Tools,
    who: SignedIn,
    body: Body<NewRecertificationDraft>,
) -> Result<HttpResponse, ApiError> {
    let due_on = body.0.parse(services.context.today()).map_err(ApiError::validation)?;
    let what = attempt("recertification.started");
    let started = gate::change(&services, Asker::from(&who), what, move |conn, services, who, staff| {
        staff.start_recertification(conn, services, who, due_on)
    });
    Ok(HttpResponse::Created().json(started.await?))
}

/// Ends a recertification: nothing is answered any more, nobody is reminded.
#[utoipa::path(
    tag = "recertification",
    params(("id" = RecertificationId, Path, description = "The recertification")),
    responses(
        (status = 200, description = "As it is now", body = Recertification),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or asks nobody in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: it was ended", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/recertifications/{id}/end")]
async fn end_recertification(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<Recertification>, ApiError> {
    let id = id_of(&id)?;
    let what = attempt("recertification.ended");
    let ended = gate::change(&services, Asker::from(&who), what, move |conn, services, who, staff| {
        staff.end_recertification(conn, services, who, id)
    });
    Ok(web::Json(ended.await?))
}

/// How far the organizations in view are, in the order of the names.
#[utoipa::path(
    tag = "recertification",
    params(("id" = RecertificationId, Path, description = "The recertification"), RecertificationQuery),
    responses(
        (status = 200, description = "A page", body = RecertificationRows),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or asks nobody in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/recertifications/{id}/organizations")]
async fn show_organizations(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    query: Params<RecertificationQuery>,
) -> Result<web::Json<RecertificationRows>, ApiError> {
    let (id, query) = (id_of(&id)?, query.0);
    let rows = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.recertification_rows(conn, services, id, &query)
    });
    Ok(web::Json(rows.await?))
}

/// The same as a file (CSV, UTF-8 with a mark, `;`). The journal tells of it.
#[utoipa::path(
    tag = "recertification",
    params(("id" = RecertificationId, Path, description = "The recertification")),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = String),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or asks nobody in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/recertifications/{id}/export")]
async fn export_organizations(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = id_of(&id)?;
    let asker = Asker::from(&who);
    let rows = lines(&services, asker.clone(), id).await?;
    gate::add(&services, asker, "report.exported", move |conn, services, who, staff| {
        let event = Event::done("report.exported", "recertification", id)
            .in_organization(staff.own_organization())
            .with(serde_json::json!({ "report": "recertification" }));
        audit::record(conn, &services.context, &who.journal, event).map_err(ApiError::from)
    })
    .await?;
    let today = services.context.today();
    tables::csv_file("recertification", "Подтверждение сотрудников", today, &HEADINGS, rows)
}

/// Whom the own organization has to answer for still.
#[utoipa::path(
    tag = "recertification",
    params(("id" = RecertificationId, Path, description = "The recertification"), RecertificationQuery),
    responses(
        (status = 200, description = "A page", body = RecertificationPeople),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or does not ask the own organization", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: it was ended", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/recertifications/{id}/people")]
async fn show_people(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    query: Params<RecertificationQuery>,
) -> Result<web::Json<RecertificationPeople>, ApiError> {
    let (id, query) = (id_of(&id)?, query.0);
    let people = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.people_to_answer(conn, services, id, &query)
    });
    Ok(web::Json(people.await?))
}

/// Answers for some cards, or for all that are left. Roles of those who do not work there any more end, each by the
/// rights of whoever answers; a refusal is the result of that card.
#[utoipa::path(
    tag = "recertification",
    params(("id" = RecertificationId, Path, description = "The recertification")),
    request_body = RecertificationAnswerDraft,
    responses(
        (status = 200, description = "What became of it", body = RecertificationAnswered),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or does not ask the own organization", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: it was ended; `version-conflict`: others are left than were shown", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: no card is touched", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/recertifications/{id}/answers")]
async fn answer_for_people(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<RecertificationAnswerDraft>,
) -> Result<web::Json<RecertificationAnswered>, ApiError> {
    let id = id_of(&id)?;
    let answered = body.0.parse().map_err(ApiError::validation)?;
    Ok(web::Json(answer(&services, Asker::from(&who), id, answered).await?))
}
