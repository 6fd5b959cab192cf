//! The calls of «Журнал».

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get, web};
use epos_shared::api::journal::{ActionGroup, JournalPage, JournalSearch};
use epos_shared::problem::Problem;
use serde_json::Value;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Event, export, journal, record, words};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::Params;
use crate::kontingent::{Asker, gate};

/// The calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(show_journal).service(list_actions).service(export_journal);
}

type Tools = web::Data<Services>;

/// The journal, the newest first: of what concerns the organizations in view.
#[utoipa::path(
    tag = "journal",
    params(JournalSearch),
    responses(
        (status = 200, description = "A page", body = JournalPage),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/journal")]
async fn show_journal(
    services: Tools,
    who: SignedIn,
    search: Params<JournalSearch>,
) -> Result<web::Json<JournalPage>, ApiError> {
    let search = search.0;
    let page = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        journal::page(conn, services, staff, &search)
    });
    Ok(web::Json(page.await?))
}

/// What can be asked for: actions in their groups.
#[utoipa::path(
    tag = "journal",
    responses(
        (status = 200, description = "Groups of actions", body = [ActionGroup]),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/journal/actions")]
async fn list_actions(services: Tools, who: SignedIn) -> Result<web::Json<Vec<ActionGroup>>, ApiError> {
    let groups = gate::read(&services, Asker::from(&who), |_, _, _| Ok(words::groups()));
    Ok(web::Json(groups.await?))
}

/// The same entries as a file (CSV, UTF-8 with BOM, `;`). The journal tells of it.
#[utoipa::path(
    tag = "journal",
    params(JournalSearch),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/journal/export")]
async fn export_journal(
    services: Tools,
    who: SignedIn,
    search: Params<JournalSearch>,
) -> Result<HttpResponse, ApiError> {
    let search = JournalSearch { after: None, before: None, limit: None, ..search.0 };
    let asker = Asker::from(&who);
    let wanted = search.clone();
    gate::add(&services, asker.clone(), "journal.exported", move |conn, services, asker, staff| {
        // What cannot be asked is refused before anything is sent.
        journal::question(conn, services, staff, &wanted)?;
        let organization = staff.own_organization();
        let event = Event::done("journal.exported", "organization", organization)
            .in_organization(wanted.organization.map_or(organization, Id::from))
            .with(serde_json::json!({ "filters": filters(&wanted) }));
        Ok(record(conn, &services.context, &asker.journal, event)?)
    })
    .await?;
    let name = format!("zhurnal-{}.csv", services.context.today().format("%Y-%m-%d"));
    let stream = export::stream(services.get_ref().clone(), asker, search);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(stream))
}

/// What was asked for, for the journal.
fn filters(search: &JournalSearch) -> Value {
    serde_json::to_value(search).unwrap_or_default()
}
