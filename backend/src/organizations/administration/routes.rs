//! The calls of those who keep organizations.

use actix_web::{HttpResponse, get, post, put, web};
use epos_shared::api::organization_card::{
    CloseDraft, ClosingPreview, ClosingQuery, MergeDraft, MergePreview, MergeQuery, MoveDraft,
    NewOrganizationDraft, OrganizationCard, OrganizationDraft, OrganizationLevel, ReopenDraft, TreeQuery,
};
use epos_shared::api::organization_import::{ImportPlan, ImportQuery, Imported};
use epos_shared::ids::OrganizationId;
use epos_shared::problem::Problem;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{changes, fate, import, page, tree};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, Upload, parse_path_id};
use crate::kontingent::support::Attempt;
use crate::kontingent::{Asker, StaffOf, gate};

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    // The tree before what an identifier stands for.
    config
        .service(show_tree)
        .service(preview_import)
        .service(import_organizations)
        .service(create_organization)
        .service(get_organization)
        .service(save_organization)
        .service(preview_closing)
        .service(close_organization)
        .service(reopen_organization)
        .service(move_organization)
        .service(preview_merge)
        .service(merge_organization);
}

type Tools = web::Data<Services>;

/// Changes an organization through the view, in one transaction.
async fn changed(
    services: &Services,
    who: &SignedIn,
    action: &'static str,
    id: &str,
    work: impl Fn(&mut Conn, &Services, &Asker, &StaffOf<'_>, Id) -> Result<OrganizationCard, ApiError>
    + Send
    + 'static,
) -> Result<web::Json<OrganizationCard>, ApiError> {
    let id = Id::from(parse_path_id::<OrganizationId>(id)?);
    let attempt = Attempt { action, object_kind: "organization", object: Some(id) };
    let card = gate::change(services, Asker::from(who), attempt, move |conn, services, asker, staff| {
        work(conn, services, asker, staff, id)
    });
    Ok(web::Json(card.await?))
}

/// Reads of an organization through the view.
async fn read<T: serde::Serialize + Send + 'static>(
    services: &Services,
    who: &SignedIn,
    id: &str,
    work: impl FnOnce(&mut Conn, &Services, &StaffOf<'_>, Id) -> Result<T, ApiError> + Send + 'static,
) -> Result<web::Json<T>, ApiError> {
    let id = Id::from(parse_path_id::<OrganizationId>(id)?);
    let read =
        gate::read(services, Asker::from(who), move |conn, services, staff| work(conn, services, staff, id));
    Ok(web::Json(read.await?))
}

/// A level of the tree: the top of what is in view, or what stands right below one organization.
#[utoipa::path(
    tag = "kontingent",
    params(TreeQuery),
    responses(
        (status = 200, description = "The organizations, in the order of their names", body = OrganizationLevel),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/organizations/tree")]
async fn show_tree(
    services: Tools,
    who: SignedIn,
    query: Params<TreeQuery>,
) -> Result<web::Json<OrganizationLevel>, ApiError> {
    let query = query.0;
    let level = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        tree::level(conn, staff, &query, services.context.today())
    });
    Ok(web::Json(level.await?))
}

/// A table of organizations, of whoever may import one.
async fn taken_in(services: &Tools, who: &SignedIn, file: Upload) -> Result<web::Bytes, ApiError> {
    gate::read(services, Asker::from(who), |_, _, staff| import::may(staff)).await?;
    file.whole().await
}

/// What importing a table of organizations would do. The file is the body.
#[utoipa::path(
    tag = "kontingent",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "CSV or XLSX"),
    responses(
        (status = 200, description = "The plan", body = ImportPlan),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: no table, or columns are missing", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: too many files are coming in", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/organizations/import/preview")]
async fn preview_import(
    services: Tools,
    who: SignedIn,
    file: Upload,
) -> Result<web::Json<ImportPlan>, ApiError> {
    let bytes = taken_in(&services, &who, file).await?;
    let plan = gate::read(&services, Asker::from(&who), move |conn, _, staff| {
        import::may(staff)?;
        import::preview(conn, &import::read(&bytes)?)
    });
    Ok(web::Json(plan.await?))
}

/// Imports a table of organizations, all of it or nothing, with the mark of the plan that was looked at.
#[utoipa::path(
    tag = "kontingent",
    params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The same file"),
    responses(
        (status = 200, description = "Imported", body = Imported),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict`: the plan is another one now", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: too many files are coming in", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/organizations/import")]
async fn import_organizations(
    services: Tools,
    who: SignedIn,
    query: Params<ImportQuery>,
    file: Upload,
) -> Result<web::Json<Imported>, ApiError> {
    let asker = Asker::from(&who);
    // Read before the transaction, by whoever may: a table takes its time, and is the same each time.
    let bytes = taken_in(&services, &who, file).await?;
    let table = gate::read(&services, asker.clone(), move |_, _, _| import::read(&bytes)).await?;
    let mark = query.0.plan;
    let attempt = Attempt { action: "organizations.imported", object_kind: "organization", object: None };
    let done = gate::change(&services, asker, attempt, move |conn, services, asker, staff| {
        import::may(staff)?;
        import::apply(conn, services, asker, &table, &mark)
    });
    Ok(web::Json(done.await?))
}

/// A new organization.
#[utoipa::path(
    tag = "kontingent",
    request_body = NewOrganizationDraft,
    responses(
        (status = 201, description = "Created", body = OrganizationCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/organizations")]
async fn create_organization(
    services: Tools,
    who: SignedIn,
    body: Body<NewOrganizationDraft>,
) -> Result<HttpResponse, ApiError> {
    let draft = body.0;
    let attempt = Attempt { action: "organization.created", object_kind: "organization", object: None };
    let card = gate::change(&services, Asker::from(&who), attempt, move |conn, services, asker, staff| {
        changes::create(conn, services, asker, staff, &draft)
    });
    Ok(HttpResponse::Created().json(card.await?))
}

/// An organization, with what the actor may do to it.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization")),
    responses(
        (status = 200, description = "The organization", body = OrganizationCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/organizations/{id}")]
async fn get_organization(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<OrganizationCard>, ApiError> {
    read(&services, &who, &id, page::show).await
}

/// Saves an organization, whole, with the version it was made from.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization")),
    request_body = OrganizationDraft,
    responses(
        (status = 200, description = "Saved", body = OrganizationCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present organization in `current`; `already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/kontingent/organizations/{id}")]
async fn save_organization(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<OrganizationDraft>,
) -> Result<web::Json<OrganizationCard>, ApiError> {
    let draft = body.0;
    changed(&services, &who, "organization.changed", &id, move |conn, services, asker, staff, id| {
        changes::save(conn, services, asker, staff, id, &draft)
    })
    .await
}

/// What closing with a last day would do.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization"), ClosingQuery),
    responses(
        (status = 200, description = "The preview", body = ClosingPreview),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: it is closed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/organizations/{id}/closing")]
async fn preview_closing(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    query: Params<ClosingQuery>,
) -> Result<web::Json<ClosingPreview>, ApiError> {
    let query = query.0;
    read(&services, &who, &id, move |conn, services, staff, id| {
        fate::closing(conn, services, staff, id, &query)
    })
    .await
}

/// Closes an organization: every role in it ends with its last day.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization")),
    request_body = CloseDraft,
    responses(
        (status = 200, description = "The organization as it is now", body = OrganizationCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present organization in `current`; `already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/organizations/{id}/close")]
async fn close_organization(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<CloseDraft>,
) -> Result<web::Json<OrganizationCard>, ApiError> {
    let draft = body.0;
    changed(&services, &who, "organization.closed", &id, move |conn, services, asker, staff, id| {
        fate::close(conn, services, asker, staff, id, &draft)
    })
    .await
}

/// Opens an organization again; roles that have ended stay so.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization")),
    request_body = ReopenDraft,
    responses(
        (status = 200, description = "The organization as it is now", body = OrganizationCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present organization in `current`; `already-decided`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/organizations/{id}/reopen")]
async fn reopen_organization(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<ReopenDraft>,
) -> Result<web::Json<OrganizationCard>, ApiError> {
    let draft = body.0;
    changed(&services, &who, "organization.reopened", &id, move |conn, services, asker, staff, id| {
        fate::reopen(conn, services, asker, staff, id, &draft)
    })
    .await
}

/// Puts an organization, with everything below it, under another one.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization")),
    request_body = MoveDraft,
    responses(
        (status = 200, description = "The organization as it is now", body = OrganizationCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present organization in `current`; `already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/organizations/{id}/move")]
async fn move_organization(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<MoveDraft>,
) -> Result<web::Json<OrganizationCard>, ApiError> {
    let draft = body.0;
    changed(&services, &who, "organization.moved", &id, move |conn, services, asker, staff, id| {
        fate::relocate(conn, services, asker, staff, id, &draft)
    })
    .await
}

/// What joining an organization to another would do.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization"), MergeQuery),
    responses(
        (status = 200, description = "The preview", body = MergePreview),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `own-card`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`: it is closed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/organizations/{id}/merging")]
async fn preview_merge(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    query: Params<MergeQuery>,
) -> Result<web::Json<MergePreview>, ApiError> {
    let query = query.0;
    read(&services, &who, &id, move |conn, services, staff, id| {
        fate::merging(conn, services, staff, id, &query)
    })
    .await
}

/// Joins an organization to another: cards follow with their roles and history, it closes and remembers where it
/// went. Answers the organization that stays.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = OrganizationId, Path, description = "The organization that goes")),
    request_body = MergeDraft,
    responses(
        (status = 200, description = "The organization that stays", body = OrganizationCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present organization in `current`; `already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/organizations/{id}/merge")]
async fn merge_organization(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<MergeDraft>,
) -> Result<web::Json<OrganizationCard>, ApiError> {
    let draft = body.0;
    changed(&services, &who, "organization.merged", &id, move |conn, services, asker, staff, id| {
        fate::merge(conn, services, asker, staff, id, &draft)
    })
    .await
}
