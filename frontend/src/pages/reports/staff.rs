//! A report by organizations: what is below one of them, a level at a time.

use epos_shared::api::reports::{ReportKind, StaffNumbers, StaffReport, StaffReportQuery, StaffReportRow};
use epos_shared::ids::OrganizationId;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{above, address, in_list, organization_of_address, roles_chart};
use crate::address::with_query;
use crate::api::reports;
use crate::components::{
    Breadcrumbs, EmptyState, Fetched, Fetching, Heading, LinkButton, Pager, live, panel, shown, table,
};
use crate::russian::{moment, number, several};
use crate::session::{Forward, use_session};

/// The page.
pub fn page(kind: ReportKind) -> AnyView {
    let session = use_session();
    let parameters = use_query_map();
    let organization = organization_of_address();
    let after = Memo::new(move |_| parameters.with(|map| map.get("after")));
    let ask = move || -> Fetching {
        let query = StaffReportQuery { organization: organization.get(), after: after.get(), limit: None };
        Box::pin(async move {
            match session.call(reports::staff(&query)).await {
                Ok(report) => Ok(shown(move || found(kind, query.organization, &report))),
                Err(error) if error.code() == Some(ProblemCode::InvalidCursor) => {
                    let start = address(kind, query.organization);
                    Ok(shown(move || view! { <Forward to=start.clone()/> }.into_any()))
                }
                Err(error) => Err(error),
            }
        })
    };
    view! {
        <Breadcrumbs above=above() here=kind.title()/>
        <div class="page-head">
            <Heading text=kind.title()/>
            {live(move || {
                let file = reports::staff_file(kind, organization.get());
                view! {
                    <a class="button" href=file download="">
                        "Скачать CSV"
                    </a>
                }
                .into_any()
            })}
        </div>
        <Fetched ask=Box::new(ask) again=RwSignal::new(())/>
    }
    .into_any()
}

/// How old the numbers are.
pub fn counted_at(report: &StaffReport) -> String {
    match report.counted_at {
        Some(at) => format!("По состоянию на {}. Числа обновляются раз в час.", moment(at)),
        None => "По состоянию на эту минуту.".to_owned(),
    }
}

fn found(kind: ReportKind, asked: Option<OrganizationId>, report: &StaffReport) -> AnyView {
    let back = report.above.as_ref().map(|above| {
        let (href, words) = (address(kind, Some(above.id)), format!("← {}", above.short_name));
        view! {
            <p class="gap-below">
                <a href=href>{words}</a>
            </p>
        }
    });
    let place = report
        .organization
        .as_ref()
        .map_or_else(|| "Все организации".to_owned(), |organization| organization.short_name.clone());
    let place = if report.organizations > 1 {
        let below = several(report.organizations, ["организация", "организации", "организаций"]);
        format!("{place}: {below}. ")
    } else {
        format!("{place}. ")
    };
    if report.counting {
        return view! {
            {back}
            <EmptyState title="Числа ещё считаются">
                <p>"Они появятся через несколько минут и дальше будут обновляться раз в час."</p>
            </EmptyState>
        }
        .into_any();
    }
    if report.total.of(kind) == 0 {
        let words = match kind {
            ReportKind::Roles => "Действующих ролей нет",
            ReportKind::NotBound => "Все карточки привязаны",
            ReportKind::NeverSignedIn => "Все сотрудники уже входили",
            ReportKind::EndsSoon => "В ближайшие 30 дней роли не заканчиваются",
        };
        let note = format!("{place}{}", counted_at(report));
        return view! {
            {back}
            <EmptyState title=words>
                <p>{note}</p>
            </EmptyState>
        }
        .into_any();
    }
    let total = total(kind, asked, &report.total);
    let chart = (kind == ReportKind::Roles)
        .then(|| panel("roles", "Действующие роли", vec![roles_chart(&report.total)]));
    let rows = rows(kind, report);
    let next = report.next.clone().map(|after| {
        let organization = asked.map(|id| id.to_string());
        let path = address(kind, None);
        with_query(&path, [("organization", organization), ("after", Some(after))])
    });
    view! {
        {back}
        <p>{place} {counted_at(report)}</p>
        {total}
        {chart}
        {(!rows.is_empty()).then(|| {
            let columns: &'static [&'static str] = match kind {
                ReportKind::Roles => &["Организация", "Ролей", "По ролям"],
                _ => &["Организация", "Всего карточек", "Из них"],
            };
            view! {
                <h2 class="after-tiles gap-below">"По организациям"</h2>
                <div class="wide-first">{table(kind.title(), columns, rows)}</div>
            }
        })}
        <Pager previous=None next=next/>
    }
    .into_any()
}

fn total(kind: ReportKind, asked: Option<OrganizationId>, numbers: &StaffNumbers) -> AnyView {
    let words = match kind {
        ReportKind::Roles => format!("Всего ролей: {}", number(numbers.roles())),
        kind => format!("Всего: {} из {}", number(numbers.of(kind)), number(numbers.cards)),
    };
    view! {
        <div class="list-bar">
            <p class="total" role="status">
                {words}
            </p>
            <LinkButton href=in_list(kind, asked, None)>"Показать в списке сотрудников"</LinkButton>
        </div>
    }
    .into_any()
}

fn rows(kind: ReportKind, report: &StaffReport) -> Vec<Vec<AnyView>> {
    let own = report.own.as_ref().filter(|own| !own.is_empty()).and_then(|own| {
        // The staff list has no filter for one organization without what is below it.
        let name = report.organization.as_ref()?.short_name.clone();
        let title = view! {
            <span class="row-title">{name}</span>
            <span class="cell-sub">"сама организация"</span>
        };
        let mut cells = vec![title.into_any()];
        cells.extend(cells_of(kind, None, own));
        Some(cells)
    });
    own.into_iter().chain(report.items.iter().map(|row| row_of(kind, row))).collect()
}

fn row_of(kind: ReportKind, row: &StaffReportRow) -> Vec<AnyView> {
    let id = row.organization.id;
    let name = row.organization.short_name.clone();
    let mut notes = vec![row.organization.kind.title().to_owned()];
    if !row.town.is_empty() {
        notes.push(row.town.clone());
    }
    if row.below > 0 {
        notes.push(several(row.below, ["организация", "организации", "организаций"]));
    }
    if row.closed {
        notes.push("закрыта".to_owned());
    }
    let name = if row.below > 0 {
        view! { <a href=address(kind, Some(id))>{name}</a> }.into_any()
    } else {
        name.into_any()
    };
    let title = view! {
        <span class="row-title">{name}</span>
        <span class="cell-sub">{notes.join(" · ")}</span>
    };
    let mut cells = vec![title.into_any()];
    cells.extend(cells_of(
        kind,
        Some(&row.organization.short_name).map(|name| (id, name.as_str())),
        &row.numbers,
    ));
    cells
}

/// The numbers of a row; each leads to the people it counts, where they can be listed.
fn cells_of(
    kind: ReportKind,
    listed: Option<(OrganizationId, &str)>,
    numbers: &StaffNumbers,
) -> Vec<AnyView> {
    let linked = |value: u32, what: &str, role: Option<&str>| match listed {
        Some((id, name)) if value > 0 => {
            let label = format!("{}, {what}: {name}", number(value));
            view! {
                <a href=in_list(kind, Some(id), role) aria-label=label>
                    {number(value)}
                </a>
            }
            .into_any()
        }
        _ => number(value).into_any(),
    };
    if kind != ReportKind::Roles {
        return vec![number(numbers.cards).into_any(), linked(numbers.of(kind), kind.title(), None)];
    }
    let roles = numbers
        .by_role
        .iter()
        .map(|count| {
            let value = linked(count.cards, count.role.title(), Some(count.role.as_str()));
            view! { <span class="role-line">{count.role.title()} ": " {value}</span> }.into_any()
        })
        .collect::<Vec<_>>();
    let roles = if roles.is_empty() { "нет".into_any() } else { roles.into_any() };
    vec![number(numbers.roles()).into_any(), roles]
}
