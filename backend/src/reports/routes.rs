//! The calls of «Отчёты».

use actix_web::{HttpResponse, get, web};
use epos_shared::api::reports::{
    DaysReport, DaysReportQuery, StaffReport, StaffReportFile, StaffReportQuery,
};
use epos_shared::problem::Problem;
use epos_shared::values::format_date;
use serde_json::{Value, json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{days, staff};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::Params;
use crate::kontingent::{Asker, gate};
use crate::tables::csv_file;

/// The calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(show_staff).service(export_staff).service(show_days).service(export_days);
}

type Tools = web::Data<Services>;

/// How many cards and roles there are in the organizations in view: below one of them, a level at a time.
#[utoipa::path(
    tag = "reports",
    params(StaffReportQuery),
    responses(
        (status = 200, description = "The numbers, with the moment they were counted at", body = StaffReport),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/reports/staff")]
async fn show_staff(
    services: Tools,
    who: SignedIn,
    query: Params<StaffReportQuery>,
) -> Result<web::Json<StaffReport>, ApiError> {
    let query = query.0;
    let report = gate::read(&services, Asker::from(&who), move |conn, services, view| {
        staff::report(conn, services, view, &query)
    });
    Ok(web::Json(report.await?))
}

/// The same as a file (CSV, UTF-8 with a mark, `;`): every organization a row, with its own numbers.
#[utoipa::path(
    tag = "reports",
    params(StaffReportFile),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/reports/staff/export")]
async fn export_staff(
    services: Tools,
    who: SignedIn,
    query: Params<StaffReportFile>,
) -> Result<HttpResponse, ApiError> {
    let StaffReportFile { kind, organization } = query.0;
    let asked = organization.map(Id::from);
    let lines = gate::read(&services, Asker::from(&who), move |conn, services, view| {
        staff::lines(conn, services, view, kind, asked)
    })
    .await?;
    told(&services, &who, json!({ "report": kind, "organization": organization })).await?;
    let (name, today) = (format!("report-{}", kind.as_str()), services.context.today());
    csv_file(&name, kind.title(), today, &staff::headings(kind), lines)
}

/// Sign-ins and bindings by day, where the schools are, of the organizations in view.
#[utoipa::path(
    tag = "reports",
    params(DaysReportQuery),
    responses(
        (status = 200, description = "Every day asked for", body = DaysReport),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/reports/days")]
async fn show_days(
    services: Tools,
    who: SignedIn,
    query: Params<DaysReportQuery>,
) -> Result<web::Json<DaysReport>, ApiError> {
    let query = query.0;
    let report = gate::read(&services, Asker::from(&who), move |conn, services, view| {
        days::report(conn, services, view, &query)
    });
    Ok(web::Json(report.await?))
}

/// The same as a file (CSV, UTF-8 with a mark, `;`).
#[utoipa::path(
    tag = "reports",
    params(DaysReportQuery),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/reports/days/export")]
async fn export_days(
    services: Tools,
    who: SignedIn,
    query: Params<DaysReportQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.0;
    let asked = json!({
        "report": "days", "organization": query.organization, "from": query.from, "to": query.to,
    });
    let report = gate::read(&services, Asker::from(&who), move |conn, services, view| {
        days::report(conn, services, view, &query)
    })
    .await?;
    told(&services, &who, asked).await?;
    let lines = report
        .items
        .iter()
        .map(|day| vec![format_date(day.day), day.sign_ins.to_string(), day.bindings.to_string()])
        .collect();
    let today = services.context.today();
    csv_file("report-days", "Входы и привязки", today, &["День", "Входов", "Привязок"], lines)
}

/// Tells the journal of a file.
async fn told(services: &Services, who: &SignedIn, asked: Value) -> Result<(), ApiError> {
    gate::add(services, Asker::from(who), "report.exported", move |conn, services, who, view| {
        let event = Event::done("report.exported", "organization", view.own_organization())
            .in_organization(view.own_organization())
            .with(asked.clone());
        audit::record(conn, &services.context, &who.journal, event).map_err(ApiError::from)
    })
    .await
}
