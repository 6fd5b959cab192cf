//! The calls of the import.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, delete, get, post, put, web};
use epos_shared::api::bulk::FileFormat;
use epos_shared::api::import::{
    CreatedCards, Import, ImportDecisions, ImportMapping, ImportRows, ImportRowsQuery, SampleQuery,
};
use epos_shared::ids::ImportId;
use epos_shared::problem::Problem;
use epos_shared::roles::Role;
use epos_shared::values::format_date;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{preview, sample};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::error::ApiError;
use crate::http::{Body, Params, Upload, parse_path_id};
use crate::kontingent::{Asker, gate};
use crate::tables::{XLSX, attachment};

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(get_sample)
        .service(upload_import)
        .service(get_import)
        .service(remove_import)
        .service(map_import)
        .service(list_import_rows)
        .service(decide_import)
        .service(apply_import)
        .service(created_by_import);
}

type Tools = web::Data<Services>;

/// A sample file with the headings that are understood.
#[utoipa::path(
    tag = "import",
    params(SampleQuery),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = String),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/imports/sample")]
async fn get_sample(
    services: Tools,
    who: SignedIn,
    query: Params<SampleQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = query.0.format;
    // Of one's own organization, where cards can be made there: then it can be uploaded as it is.
    let (name, role) = gate::read(&services, Asker::from(&who), |conn, _, staff| {
        let own = staff.organization(conn, staff.own_organization())?;
        Ok(own
            .and_then(|(own, relation)| {
                let role = staff.creatable_roles(own.kind, relation).into_iter().last()?;
                Some((own.short_name, role))
            })
            .unwrap_or_else(|| ("Школа № 1".to_owned(), Role::Teacher)))
    })
    .await?;
    let today = services.context.today();
    let bytes = sample::file(format, &name, role.title(), &format_date(today))?;
    Ok(HttpResponse::Ok()
        .content_type(if format == FileFormat::Csv { "text/csv; charset=utf-8" } else { XLSX })
        .insert_header((CONTENT_DISPOSITION, attachment("import-sample", "Образец импорта", today, format)))
        .body(bytes))
}

/// Uploads a file of staff: CSV or XLSX, judged by its content. What its columns hold is guessed.
#[utoipa::path(
    tag = "import",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file, 10 MiB at most"),
    responses(
        (status = 201, description = "Read; nothing is changed", body = Import),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: the file is no table", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: too many files are coming in", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/imports")]
async fn upload_import(services: Tools, who: SignedIn, file: Upload) -> Result<HttpResponse, ApiError> {
    let import = preview::upload(&services, Asker::from(&who), file).await?;
    Ok(HttpResponse::Created().json(import))
}

/// One's own import: how far it is.
#[utoipa::path(
    tag = "import",
    params(("id" = ImportId, Path, description = "The import")),
    responses(
        (status = 200, description = "The import", body = Import),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or somebody else's", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/imports/{id}")]
async fn get_import(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<Import>, ApiError> {
    let id: ImportId = parse_path_id(&id)?;
    Ok(web::Json(preview::show(&services, Asker::from(&who), id).await?))
}

/// Removes one's own import, unless it is being applied.
#[utoipa::path(
    tag = "import",
    params(("id" = ImportId, Path, description = "The import")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: it is being applied", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/kontingent/imports/{id}")]
async fn remove_import(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id: ImportId = parse_path_id(&id)?;
    preview::discard(&services, Asker::from(&who), id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Says what the columns hold, and judges every row. It is remembered for the next file with these headings.
#[utoipa::path(
    tag = "import",
    params(("id" = ImportId, Path, description = "The import")),
    request_body = ImportMapping,
    responses(
        (status = 200, description = "The preview", body = Import),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: a column twice, or one is missing; or it is being applied", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/kontingent/imports/{id}/mapping")]
async fn map_import(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<ImportMapping>,
) -> Result<web::Json<Import>, ApiError> {
    let id: ImportId = parse_path_id(&id)?;
    Ok(web::Json(preview::map(&services, Asker::from(&who), id, body.0).await?))
}

/// Rows of the preview, in the order of the file.
#[utoipa::path(
    tag = "import",
    params(("id" = ImportId, Path, description = "The import"), ImportRowsQuery),
    responses(
        (status = 200, description = "The rows", body = ImportRows),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/imports/{id}/rows")]
async fn list_import_rows(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    query: Params<ImportRowsQuery>,
) -> Result<web::Json<ImportRows>, ApiError> {
    let id: ImportId = parse_path_id(&id)?;
    Ok(web::Json(preview::rows(&services, Asker::from(&who), id, query.0).await?))
}

/// Decides about rows that may be duplicates; every row is judged anew.
#[utoipa::path(
    tag = "import",
    params(("id" = ImportId, Path, description = "The import")),
    request_body = ImportDecisions,
    responses(
        (status = 200, description = "The preview", body = Import),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: nothing to decide", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/kontingent/imports/{id}/decisions")]
async fn decide_import(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<ImportDecisions>,
) -> Result<web::Json<Import>, ApiError> {
    let id: ImportId = parse_path_id(&id)?;
    Ok(web::Json(preview::decide(&services, Asker::from(&who), id, body.0).await?))
}

/// Applies a preview without mistakes and questions: all of it, or nothing. It goes on in the background.
#[utoipa::path(
    tag = "import",
    params(("id" = ImportId, Path, description = "The import")),
    responses(
        (status = 202, description = "It is being applied", body = Import),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: mistakes, questions, nothing to do", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/imports/{id}/apply")]
async fn apply_import(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id: ImportId = parse_path_id(&id)?;
    let import = preview::apply(&services, Asker::from(&who), id).await?;
    Ok(HttpResponse::Accepted().json(import))
}

/// The cards that an import has made: for their one-time credentials, which are issued on request.
#[utoipa::path(
    tag = "import",
    params(("id" = ImportId, Path, description = "The import")),
    responses(
        (status = 200, description = "The cards, in the order of the file", body = CreatedCards),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/imports/{id}/created")]
async fn created_by_import(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<CreatedCards>, ApiError> {
    let id: ImportId = parse_path_id(&id)?;
    Ok(web::Json(preview::created(&services, Asker::from(&who), id).await?))
}
