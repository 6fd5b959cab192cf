//! «Подтверждение сотрудников»: a head answers who works in the organization; support and departments ask, and see
//! who has not answered.

mod answer;
mod ask;
mod organizations;

use epos_shared::api::recertification::{Recertification, Recertifications};
use epos_shared::ids::RecertificationId;
use epos_shared::values::format_date;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::kontingent::{Working, sees_several};
use crate::address::with_query;
use crate::api::recertification as api;
use crate::components::{
    Badge, Breadcrumbs, EmptyState, Fetched, Fetching, Heading, Picture, Tone, live, shown, table,
};
use crate::russian::day;
use crate::session::use_session;

/// The address of the page.
pub const RECERTIFICATION: &str = "/kontingent/recertification";

/// `/kontingent/recertification`, and one of them at `?id=`.
pub fn recertification() -> AnyView {
    view! { <Working>{page()}</Working> }.into_any()
}

fn page() -> AnyView {
    let parameters = use_query_map();
    let id = Memo::new(move |_| {
        parameters.with(|map| map.get("id")).and_then(|id| id.parse::<RecertificationId>().ok())
    });
    live(move || match id.get() {
        Some(id) => organizations::page(id),
        None => all(),
    })
}

/// The address of one of them.
fn address(id: RecertificationId) -> String {
    with_query(RECERTIFICATION, [("id", Some(id.to_string()))])
}

fn above() -> Vec<(&'static str, String)> {
    vec![("Подсистемы", "/subsystems".to_owned()), ("Контингент", "/kontingent".to_owned())]
}

fn all() -> AnyView {
    let session = use_session();
    let again = RwSignal::new(());
    let several = sees_several(session);
    let ask = move || -> Fetching {
        Box::pin(async move {
            let found = session.call(api::all()).await?;
            Ok(shown(move || listed(&found, several, again)))
        })
    };
    view! {
        <Breadcrumbs above=above() here="Подтверждение сотрудников"/>
        <div class="page-head">
            <Heading text="Подтверждение сотрудников"/>
        </div>
        <Fetched ask=Box::new(ask) again=again/>
    }
    .into_any()
}

fn listed(found: &Recertifications, several: bool, again: RwSignal<()>) -> AnyView {
    let start = found.may_start.then(|| ask::form(found.today, again));
    // An organization is asked by one at a time.
    let answers = found.items.iter().find(|one| one.may_answer).map(|one| answer::panel(one, again));
    if found.items.is_empty() {
        let words = if several {
            "Начните подтверждение, и руководители организаций увидят здесь список своих сотрудников."
        } else {
            "Когда управление образованием или техподдержка попросят подтвердить, кто работает в вашей организации, \
             список сотрудников появится здесь."
        };
        return view! {
            {start}
            <EmptyState title="Подтверждений ещё не было">
                <p>{words}</p>
            </EmptyState>
        }
        .into_any();
    }
    let rows = found.items.iter().map(|one| row(one, several)).collect();
    let columns: &'static [&'static str] = &["Начато", "Кто спрашивает", "Ответить до", "Ответили"];
    view! {
        {start}
        {answers}
        <h2 class="after-tiles gap-below">"Все подтверждения"</h2>
        {table("Все подтверждения", columns, rows)}
    }
    .into_any()
}

fn row(one: &Recertification, several: bool) -> Vec<AnyView> {
    let started = day(one.started_at);
    let started = if several {
        let label = format!("Подтверждение от {started}");
        view! {
            <span class="row-title">
                <a href=address(one.id) aria-label=label>
                    {started}
                </a>
            </span>
        }
        .into_any()
    } else {
        started.into_any()
    };
    let answered = if several {
        view! { {format!("{} из {} ", one.answered, one.organizations)} {state(one)} }.into_any()
    } else {
        state(one)
    };
    vec![started, who(one).into_any(), format_date(one.due_on).into_any(), answered]
}

/// Who asks.
fn who(one: &Recertification) -> String {
    one.department
        .as_ref()
        .map_or_else(|| "Техническая поддержка".to_owned(), |department| department.short_name.clone())
}

/// Where it stands.
fn state(one: &Recertification) -> AnyView {
    let (tone, picture, text) = if one.answered == one.organizations {
        (Tone::Done, Picture::Done, "ответили все")
    } else if one.ended_at.is_some() {
        (Tone::Info, Picture::Stop, "завершено")
    } else if one.overdue {
        (Tone::Error, Picture::Warning, "срок прошёл")
    } else {
        (Tone::Warning, Picture::Clock, "ждём ответов")
    };
    view! { <Badge tone=tone picture=picture text=text/> }.into_any()
}
