//! The addresses of «Отчёты».

use epos_shared::api::reports::{DaysReport, DaysReportQuery, ReportKind, StaffReport, StaffReportQuery};
use epos_shared::ids::OrganizationId;

use super::{Answer, get};
use crate::address::with_query;

/// The numbers of organizations.
pub async fn staff(query: &StaffReportQuery) -> Answer<StaffReport> {
    let parameters = [
        ("organization", query.organization.map(|id| id.to_string())),
        ("after", query.after.clone()),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    get(&with_query("/api/v1/kontingent/reports/staff", parameters)).await
}

/// The address of their file.
#[must_use]
pub fn staff_file(kind: ReportKind, organization: Option<OrganizationId>) -> String {
    let parameters =
        [("kind", Some(kind.as_str().to_owned())), ("organization", organization.map(|id| id.to_string()))];
    with_query("/api/v1/kontingent/reports/staff/export", parameters)
}

/// The address `path` with these days, as the address bar and the server have it.
#[must_use]
pub fn of_days(path: &str, query: &DaysReportQuery) -> String {
    let parameters = [
        ("from", query.from.map(|day| day.to_string())),
        ("to", query.to.map(|day| day.to_string())),
        ("organization", query.organization.map(|id| id.to_string())),
    ];
    with_query(path, parameters)
}

/// Sign-ins and bindings by day.
pub async fn days(query: &DaysReportQuery) -> Answer<DaysReport> {
    get(&of_days("/api/v1/kontingent/reports/days", query)).await
}

/// The address of their file.
#[must_use]
pub fn days_file(query: &DaysReportQuery) -> String {
    of_days("/api/v1/kontingent/reports/days/export", query)
}
