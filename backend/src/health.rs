//! Whether the server lives and can work, for whoever watches it.

use actix_web::{HttpResponse, get, web};

use crate::app::Services;
use crate::error::ApiError;
use epos_shared::problem::{Problem, ProblemCode};

/// The process answers.
#[utoipa::path(tag = "health", responses((status = 200, description = "It lives", body = String)))]
#[get("/healthz")]
pub async fn healthz() -> &'static str {
    "ok"
}

/// The database is reachable and migrated.
#[utoipa::path(tag = "health", responses((status = 200, description = "It can work", body = String)))]
#[get("/readyz")]
pub async fn readyz(services: web::Data<Services>) -> Result<HttpResponse, ApiError> {
    if services.db.is_ready().await? {
        return Ok(HttpResponse::Ok().content_type("text/plain").body("ok"));
    }
    Err(Problem::new(ProblemCode::Unavailable)
        .with_detail("База данных ещё не обновлена: epos migrate.")
        .into())
}
