//! The calls of the feature.

use actix_web::{get, post, web};
use epos_shared::api::registration::{ConsentText, GiveConsent};
use epos_shared::api::session::SessionState;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::WithoutConsent;
use crate::app::Services;
use crate::error::ApiError;
use crate::http::Body;

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(show_consent).service(give_consent);
}

/// The text of the consent to the processing of personal data, as it stands now.
#[utoipa::path(
    tag = "registration",
    responses((status = 200, description = "The text with its version", body = ConsentText))
)]
#[get("/consent")]
async fn show_consent(services: web::Data<Services>) -> web::Json<ConsentText> {
    web::Json((*services.consent).clone())
}

/// Agree to the text of the consent.
///
/// Open also while everything else answers `consent-required`.
#[utoipa::path(
    tag = "registration",
    request_body = GiveConsent,
    responses(
        (status = 200, description = "Given; the session as it is now", body = SessionState),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: the text has changed since (`consent-outdated`)",
            body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/consent")]
async fn give_consent(
    services: web::Data<Services>,
    who: WithoutConsent,
    form: Body<GiveConsent>,
) -> Result<web::Json<SessionState>, ApiError> {
    Ok(web::Json(super::give(&services, &who.0, form.0.version).await?))
}
