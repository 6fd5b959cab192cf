//! «Отчёты»: numbers of the organizations in view. Their state is the address, so that «Назад» and links restore it.

mod chart;
mod days;
mod overview;
mod staff;

use epos_shared::api::reports::{ReportKind, StaffNumbers};
use epos_shared::ids::OrganizationId;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::chart::{About, Bar};
use super::kontingent::{LIST, Working};
use crate::address::with_query;
use crate::russian::number;

/// The address of the overview.
pub const REPORTS: &str = "/kontingent/reports";
/// The address of the report by day.
const DAYS: &str = "/kontingent/reports/days";

/// `/kontingent/reports`.
pub fn overview() -> AnyView {
    view! { <Working>{overview::page()}</Working> }.into_any()
}

/// `/kontingent/reports/days`.
pub fn days() -> AnyView {
    view! { <Working>{days::page()}</Working> }.into_any()
}

/// `/kontingent/reports/roles`.
pub fn roles() -> AnyView {
    view! { <Working>{staff::page(ReportKind::Roles)}</Working> }.into_any()
}

/// `/kontingent/reports/not_bound`.
pub fn not_bound() -> AnyView {
    view! { <Working>{staff::page(ReportKind::NotBound)}</Working> }.into_any()
}

/// `/kontingent/reports/never_signed_in`.
pub fn never_signed_in() -> AnyView {
    view! { <Working>{staff::page(ReportKind::NeverSignedIn)}</Working> }.into_any()
}

/// `/kontingent/reports/ends_soon`.
pub fn ends_soon() -> AnyView {
    view! { <Working>{staff::page(ReportKind::EndsSoon)}</Working> }.into_any()
}

/// The address of a report by organizations.
fn address(kind: ReportKind, organization: Option<OrganizationId>) -> String {
    let path = format!("{REPORTS}/{}", kind.as_str());
    with_query(&path, [("organization", organization.map(|id| id.to_string()))])
}

/// The staff list with those who are counted.
fn in_list(kind: ReportKind, organization: Option<OrganizationId>, role: Option<&str>) -> String {
    let state = match kind.state() {
        Some(state) => state.as_str(),
        None => "in_force",
    };
    with_query(
        LIST,
        [
            ("organization", organization.map(|id| id.to_string())),
            ("role", role.map(str::to_owned)),
            ("state", Some(state.to_owned())),
        ],
    )
}

/// The pages above every report.
fn above() -> Vec<(&'static str, String)> {
    vec![
        ("Подсистемы", "/subsystems".to_owned()),
        ("Контингент", "/kontingent".to_owned()),
        ("Отчёты", REPORTS.to_owned()),
    ]
}

/// The organization of the address.
fn organization_of_address() -> Memo<Option<OrganizationId>> {
    let parameters = use_query_map();
    Memo::new(move |_| parameters.with(|map| map.get("organization")).and_then(|id| id.parse().ok()))
}

/// The chart of the roles in force.
fn roles_chart(numbers: &StaffNumbers) -> AnyView {
    let bars: Vec<Bar> = numbers
        .by_role
        .iter()
        .map(|count| Bar { label: count.role.title().to_owned(), value: count.cards })
        .collect();
    let about = About {
        id: "chart-roles",
        title: "Действующие роли",
        words: format!("Сколько ролей действует сегодня, всего {}.", number(numbers.roles())),
        columns: &["Роль", "Действует"],
    };
    chart::rows(&about, &bars)
}
