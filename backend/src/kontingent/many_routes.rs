//! The calls of «Контингент» that are about many cards: the export, and what is done to a selection.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get, post, web};
use csv::QuoteStyle;
use epos_shared::api::bulk::{BulkRequest, BulkResults, ExportQuery, FileFormat};
use epos_shared::problem::Problem;
use futures_util::stream;
use utoipa_actix_web::service_config::ServiceConfig;

use super::actor::Asker;
use super::export::Export;
use super::together;
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::error::ApiError;
use crate::http::{Body, Params};
use crate::tables::{self, XLSX, attachment, contents};

/// Registers the calls.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(export_employees).service(change_employees);
}

type Tools = web::Data<Services>;

/// The staff list as a file: what is filtered, in the order of the list, one row a role.
#[utoipa::path(
    tag = "kontingent",
    params(ExportQuery),
    responses(
        (status = 200, description = "The file: CSV (UTF-8 with a mark, `;`) or XLSX", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/employees/export")]
async fn export_employees(
    services: Tools,
    who: SignedIn,
    query: Params<ExportQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.0;
    let format = query.format;
    let date = services.context.today();
    let mut export = Export::begin(services.get_ref().clone(), Asker::from(&who), query).await?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_DISPOSITION, attachment("employees", "Сотрудники", date, format)));
    Ok(match format {
        FileFormat::Csv => {
            // The first rows are read before the answer begins: what goes wrong then is still a problem.
            let mut first = export.head()?;
            if let Some(lines) = export.next().await? {
                first.extend(tables::csv_lines(&lines, QuoteStyle::Necessary)?);
            }
            let rest = stream::try_unfold((Some(first), export), |(first, mut export)| async move {
                if let Some(first) = first {
                    return Ok(Some((Bytes::from(first), (None, export))));
                }
                Ok::<_, ApiError>(match export.next().await? {
                    None => None,
                    Some(lines) => {
                        Some((Bytes::from(tables::csv_lines(&lines, QuoteStyle::Necessary)?), (None, export)))
                    }
                })
            });
            answer.content_type("text/csv; charset=utf-8").streaming(rest)
        }
        FileFormat::Xlsx => {
            let file = export.into_book().await?;
            answer.content_type(XLSX).streaming(contents(file))
        }
    })
}

/// Something done to many cards, to each as if it were done to it alone; a result for every card.
#[utoipa::path(
    tag = "kontingent",
    request_body = BulkRequest,
    responses(
        (status = 200, description = "What became of every card", body = BulkResults),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: no card is touched", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees/bulk")]
async fn change_employees(
    services: Tools,
    who: SignedIn,
    body: Body<BulkRequest>,
) -> Result<web::Json<BulkResults>, ApiError> {
    let deed = body.0.parse().map_err(ApiError::validation)?;
    Ok(web::Json(together::run(&services, Asker::from(&who), deed, &body.0.ids).await?))
}
