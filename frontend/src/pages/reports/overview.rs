//! The overview: a few numbers, each leading to its report, and two charts.

use epos_shared::api::reports::{DaysReport, DaysReportQuery, ReportKind, StaffReport, StaffReportQuery};
use leptos::prelude::*;

use super::days::charts;
use super::staff::counted_at;
use super::{DAYS, address, roles_chart};
use crate::api::reports;
use crate::components::{Breadcrumbs, EmptyState, Fetched, Fetching, Heading, LinkButton, panel, shown};
use crate::pages::kontingent::LIST;
use crate::pages::recertification::RECERTIFICATION;
use crate::russian::number;
use crate::session::use_session;

/// The page.
pub fn page() -> AnyView {
    let session = use_session();
    let ask = move || -> Fetching {
        Box::pin(async move {
            let query = StaffReportQuery { limit: Some(1), ..StaffReportQuery::default() };
            let staff = session.call(reports::staff(&query)).await?;
            let days = session.call(reports::days(&DaysReportQuery::default())).await?;
            Ok(shown(move || found(&staff, &days)))
        })
    };
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Контингент", "/kontingent".to_owned()),
            ]
            here="Отчёты"
        />
        <div class="page-head">
            <Heading text="Отчёты"/>
            <LinkButton href=RECERTIFICATION>"Подтверждение сотрудников"</LinkButton>
        </div>
        <Fetched ask=Box::new(ask) again=RwSignal::new(())/>
    }
    .into_any()
}

fn tile(href: String, name: &'static str, value: u32) -> AnyView {
    view! {
        <li>
            <a class="tile" href=href>
                <span class="tile-name">{name}</span>
                <span class="tile-number">{number(value)}</span>
            </a>
        </li>
    }
    .into_any()
}

fn found(staff: &StaffReport, days: &DaysReport) -> AnyView {
    let numbers = if staff.counting {
        view! {
            <EmptyState title="Числа ещё считаются">
                <p>"Они появятся через несколько минут и дальше будут обновляться раз в час."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        let total = &staff.total;
        let mut tiles = vec![tile(LIST.to_owned(), "Карточки сотрудников", total.cards)];
        tiles.extend(
            ReportKind::ALL.into_iter().map(|kind| tile(address(kind, None), kind.title(), total.of(kind))),
        );
        view! {
            <p class="muted gap-below">{counted_at(staff)}</p>
            <ul class="tiles plain">{tiles}</ul>
        }
        .into_any()
    };
    let more = view! { <LinkButton href=DAYS>"Другие дни и файл"</LinkButton> }.into_any();
    let roles = (!staff.counting && !staff.total.by_role.is_empty()).then(|| {
        let more = view! {
            <LinkButton href=address(ReportKind::Roles, None)>"По организациям и файл"</LinkButton>
        };
        panel("roles", "Действующие роли", vec![roles_chart(&staff.total), more.into_any()])
    });
    view! {
        {numbers}
        <div class="charts after-tiles">
            {roles}
            {panel("days", "Входы и привязки за 30 дней", vec![charts(days), more])}
        </div>
    }
    .into_any()
}
