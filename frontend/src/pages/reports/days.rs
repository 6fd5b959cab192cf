//! Sign-ins and bindings by day.

use chrono::NaiveDate;
use epos_shared::api::reports::{DaysReport, DaysReportQuery};
use epos_shared::problem::FieldError;
use epos_shared::values::{format_date, parse_date};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::chart::{self, About, Bar};
use super::{DAYS, above, organization_of_address};
use crate::api::reports;
use crate::components::{Breadcrumbs, DateField, Fetched, Fetching, Heading, live, panel, shown};
use crate::form::FormErrors;
use crate::pages::kontingent::{OrganizationFilter, sees_several, unclear};
use crate::russian::number;
use crate::session::use_session;

/// What is wrong with days, and where it is shown.
fn error_at(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), code: "invalid-date".to_owned(), message: message.to_owned() }
}

/// What is typed.
#[derive(Clone, Copy)]
struct Typed {
    from: RwSignal<String>,
    to: RwSignal<String>,
}

impl Typed {
    /// Every wrong field; reactive.
    fn wrong(self) -> Vec<FieldError> {
        let (from, to) = (self.from.get(), self.to.get());
        let of = |field: &str, text: &str| {
            if text.trim().is_empty() {
                return Ok(None);
            }
            parse_date(text).map(Some).map_err(|error| error_at(field, &error.to_string()))
        };
        match (of("from", &from), of("to", &to)) {
            (Ok(from), Ok(to)) => {
                // Without a last day the server's today counts; here only what was typed is judged.
                let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
                let query = DaysReportQuery { from: Some(from), to: Some(to), organization: None };
                query.days(to).err().map(|wrong| error_at("to", wrong.message())).into_iter().collect()
            }
            (from, to) => from.err().into_iter().chain(to.err()).collect(),
        }
    }
}

/// The page.
pub fn page() -> AnyView {
    let session = use_session();
    let navigate = use_navigate();
    let parameters = use_query_map();
    let organization = organization_of_address();
    let query = Memo::new(move |_| {
        let day =
            |name: &str| parameters.with(|map| map.get(name)).and_then(|day| day.parse::<NaiveDate>().ok());
        DaysReportQuery { from: day("from"), to: day("to"), organization: organization.get() }
    });
    let turn = Callback::new(move |next: DaysReportQuery| {
        if query.get_untracked() != next {
            let options = NavigateOptions { scroll: false, ..Default::default() };
            navigate(&reports::of_days(DAYS, &next), options);
        }
    });
    let typed = Typed { from: RwSignal::default(), to: RwSignal::default() };
    Effect::new(move |_| {
        let text = |day: Option<NaiveDate>| day.map(format_date).unwrap_or_default();
        query.with(|query| {
            typed.from.set(text(query.from));
            typed.to.set(text(query.to));
        });
    });
    let errors = FormErrors::new(move || typed.wrong());
    // Days count once they are whole: when their field is left, or at Enter.
    let changed = move |_| {
        if untrack(|| typed.wrong()).is_empty() {
            let day = |text: RwSignal<String>| parse_date(&text.get_untracked()).ok();
            let (from, to) = (day(typed.from), day(typed.to));
            turn.run(DaysReportQuery { from, to, ..query.get_untracked() });
        }
    };
    let several = sees_several(session);
    let ask = move || -> Fetching {
        let query = query.get();
        Box::pin(async move {
            match session.call(reports::days(&query)).await {
                Ok(report) => Ok(shown(move || found(&report))),
                Err(error) => unclear(error),
            }
        })
    };
    view! {
        <Breadcrumbs above=above() here="Входы и привязки"/>
        <div class="page-head">
            <Heading text="Входы и привязки по дням"/>
            {live(move || {
                let file = reports::days_file(&query.get());
                view! {
                    <a class="button" href=file download="">
                        "Скачать CSV"
                    </a>
                }
                .into_any()
            })}
        </div>
        <div class="filters" role="search">
            {several.then(|| {
                view! {
                    <OrganizationFilter
                        in_address=organization
                        turn=Callback::new(move |organization| {
                            turn.run(DaysReportQuery { organization, ..query.get_untracked() });
                        })
                        errors=errors
                    />
                }
            })}
            <div class="filter-part" on:change=changed>
                <DateField path="from" label="С какого дня" value=typed.from errors=errors/>
            </div>
            <div class="filter-part" on:change=changed>
                <DateField path="to" label="По какой день" value=typed.to errors=errors/>
            </div>
        </div>
        <Fetched ask=Box::new(ask) again=RwSignal::new(())/>
    }
    .into_any()
}

fn found(report: &DaysReport) -> AnyView {
    let span = match (report.items.first(), report.items.last()) {
        (Some(first), Some(last)) => format!("{} – {}", format_date(first.day), format_date(last.day)),
        _ => String::new(),
    };
    let place = report.organization.as_ref().map(|place| format!("{}. ", place.short_name));
    view! {
        <p class="gap-below" role="status">
            {place}
            {span}
        </p>
        {panel("days", "По дням", vec![charts(report)])}
        <p class="muted gap-above">
            "Вход считается в каждой организации, где у человека есть карточка. Дни — по времени Екатеринбурга."
        </p>
    }
    .into_any()
}

/// Both charts of a report.
pub fn charts(report: &DaysReport) -> AnyView {
    if report.sign_ins == 0 && report.bindings == 0 {
        return view! { <p class="muted">"В эти дни никто не входил и не привязывал карточки."</p> }
            .into_any();
    }
    let bars = |of: fn(&epos_shared::api::reports::DayNumbers) -> u32| -> Vec<Bar> {
        report.items.iter().map(|day| Bar { label: format_date(day.day), value: of(day) }).collect()
    };
    let days = report.items.len();
    let sign_ins = About {
        id: "chart-sign-ins",
        title: "Входы по дням",
        words: format!("Дней: {days}, входов: {}.", number(report.sign_ins)),
        columns: &["День", "Входов"],
    };
    let bindings = About {
        id: "chart-bindings",
        title: "Привязки по дням",
        words: format!("Дней: {days}, привязок: {}.", number(report.bindings)),
        columns: &["День", "Привязок"],
    };
    view! {
        <div class="chart-pair">
            <div>
                <h3>{format!("Входов: {}", number(report.sign_ins))}</h3>
                {(report.sign_ins > 0).then(|| chart::columns(&sign_ins, &bars(|day| day.sign_ins)))}
            </div>
            <div>
                <h3>{format!("Привязок: {}", number(report.bindings))}</h3>
                {(report.bindings > 0).then(|| chart::columns(&bindings, &bars(|day| day.bindings)))}
            </div>
        </div>
    }
    .into_any()
}
