//! `GET /api/v1/demo/letters`: what the demo has written to its people.

use actix_web::{get, web};
use epos_shared::api::letters::{Letter, Letters};
use epos_shared::problem::{Problem, ProblemCode};
use utoipa_actix_web::service_config::ServiceConfig;

use super::letter;
use super::render::Sender;
use super::store;
use crate::app::Services;
use crate::config::Mode;
use crate::error::ApiError;

/// The letters of one answer.
const MOST: i64 = 100;

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_demo_letters);
}

/// Letters of the demo («Письма»), the newest first, at most 100. Outside of the demo there is no such call.
#[utoipa::path(
    tag = "demo",
    responses(
        (status = 200, description = "The letters, with the links that stand in them", body = Letters),
        (status = 404, description = "`not-found`: this is not the demo", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/demo/letters")]
async fn list_demo_letters(services: web::Data<Services>) -> Result<web::Json<Letters>, ApiError> {
    if services.mode != Mode::Demo {
        return Err(ProblemCode::NotFound.into());
    }
    let sender = Sender::new(&services.config, &services.origin).map_err(ApiError::internal)?;
    let rows = services.db.read(|conn| store::newest(conn, MOST)).await.map_err(ApiError::from)?;
    let secrets = services.context.secrets();
    let readable = rows.into_iter().filter_map(|row| {
        // A letter sealed under an older key of this folder cannot be read, and is nobody's loss here.
        let blocks = letter::Letter::blocks(&secrets.open_letter(row.id, &row.body)?)?;
        Some(Letter {
            id: row.id.into(),
            created_at: row.created_at.and_utc(),
            to: row.recipient,
            subject: row.subject,
            text: sender.text(&blocks),
        })
    });
    Ok(web::Json(Letters { items: readable.collect() }))
}
