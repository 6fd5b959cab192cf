//! The calls of «Увольнение» and «Перевод».

use actix_web::{post, web};
use epos_shared::api::employees::{EmployeeCard, SavedEmployee};
use epos_shared::api::moves::{DismissalDraft, TransferDraft};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use super::actor::Asker;
use super::gate;
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::error::ApiError;
use crate::http::{Body, parse_path_id};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(dismiss_employee).service(transfer_employee);
}

type Tools = web::Data<Services>;

/// «Увольнение»: every role of a card ends with one day, those that would begin later are taken back.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card")),
    request_body = DismissalDraft,
    responses(
        (status = 200, description = "The card as it is now", body = EmployeeCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present card in `current`; `archived`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `last_day`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees/{id}/dismissal")]
async fn dismiss_employee(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<DismissalDraft>,
) -> Result<web::Json<EmployeeCard>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let draft = body.0;
    let card = gate::write(
        &services,
        Asker::from(&who),
        "employee.dismissed",
        Some(id),
        move |conn, services, who, staff| staff.dismiss(conn, services, who, id, &draft),
    );
    Ok(web::Json(card.await?))
}

/// «Перевод»: every role of a card ends with one day, and the person goes on with a card in another organization;
/// answers that card, with one-time credentials where it is not bound.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card that is left")),
    request_body = TransferDraft,
    responses(
        (status = 200, description = "The card in the other organization", body = SavedEmployee),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present card in `current`; `archived`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees/{id}/transfer")]
async fn transfer_employee(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<TransferDraft>,
) -> Result<web::Json<SavedEmployee>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let draft = body.0;
    let saved = gate::write(
        &services,
        Asker::from(&who),
        "employee.transferred",
        Some(id),
        move |conn, services, who, staff| staff.transfer(conn, services, who, id, &draft),
    );
    Ok(web::Json(saved.await?))
}
