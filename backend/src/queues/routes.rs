//! The calls of the feature.

use actix_web::{get, web};
use epos_shared::api::page::Page;
use epos_shared::api::queues::{ExpiredCard, ExpiredQuery, Queues};
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::SignedIn;
use crate::app::Services;
use crate::error::ApiError;
use crate::http::Params;
use crate::kontingent::{Asker, gate};

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_expired_credentials).service(count_queues);
}

type Tools = web::Data<Services>;

/// What waits for the one who asks: his queues with their counts, for «Очереди» and for the menu.
#[utoipa::path(
    tag = "kontingent",
    responses(
        (status = 200, description = "The queues, those with nothing in them too", body = Queues),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/queues")]
async fn count_queues(services: Tools, who: SignedIn) -> Result<web::Json<Queues>, ApiError> {
    let counted = gate::read(&services, Asker::from(&who), |conn, services, staff| {
        Ok(super::counted(conn, services, staff)?)
    });
    Ok(web::Json(counted.await?))
}

/// Cards of the own organization that nobody has bound while their one-time credentials were good, the oldest first.
/// For heads and specialists.
#[utoipa::path(
    tag = "kontingent",
    params(ExpiredQuery),
    responses(
        (status = 200, description = "A page", body = Page<ExpiredCard>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`; `forbidden` to departments and support", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/queues/expired-credentials")]
async fn list_expired_credentials(
    services: Tools,
    who: SignedIn,
    query: Params<ExpiredQuery>,
) -> Result<web::Json<Page<ExpiredCard>>, ApiError> {
    let page = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.expired(conn, services, &query.0)
    });
    Ok(web::Json(page.await?))
}
