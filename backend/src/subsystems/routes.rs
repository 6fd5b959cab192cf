//! `GET /api/v1/subsystems`.

use actix_web::{get, web};
use epos_shared::api::subsystems::SubsystemsAllowed;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::SignedIn;
use crate::app::Services;
use crate::error::ApiError;
use crate::kontingent;

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_subsystems);
}

/// Subsystems allowed for the roles in force today.
#[utoipa::path(
    tag = "subsystems",
    responses(
        (status = 200, description = "The subsystems, in the order of the page", body = SubsystemsAllowed),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/subsystems")]
async fn list_subsystems(
    services: web::Data<Services>,
    who: SignedIn,
) -> Result<web::Json<SubsystemsAllowed>, ApiError> {
    let (account, today) = (who.account, services.context.today());
    let cards = services
        .db
        .read(move |conn| kontingent::own_cards(conn, account, today).map_err(ApiError::from))
        .await?;
    Ok(web::Json(super::allowed(&cards)))
}
