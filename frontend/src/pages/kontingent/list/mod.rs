//! Staff list (screens.md 15). Its state is the address, so that «Назад» and links restore it.

mod chosen;
mod filters;
mod own;
mod query;
mod rows;

use epos_shared::api::employees::{EmployeeQuery, EmployeeRow};
use epos_shared::api::organizations::OrganizationQuery;
use epos_shared::api::page::Page;
use epos_shared::problem::ProblemCode;
use epos_shared::rights::{Standing, standing};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};

use super::{LIST, ListPlace, NEW, Working};
use crate::api;
use crate::components::{
    Breadcrumbs, Button, EmptyState, ErrorState, Heading, Kind, LinkButton, Loading, Pager,
};
use crate::session::{Forward, use_session};
use crate::{dom, russian};
use chosen::chosen_bar;
pub use chosen::{Chosen, all_box, row_box};
use filters::Filters;
pub use filters::option_of;
use own::Own;
use rows::Rows;
pub use rows::role_line;

/// The page.
#[component]
pub fn EmployeeList() -> impl IntoView {
    view! {
        <Working>
            <List/>
        </Working>
    }
}

/// Leads to the list in another state.
#[derive(Clone, Copy)]
struct Turn(Callback<EmployeeQuery>);

#[component]
fn List() -> impl IntoView {
    let session = use_session();
    let place = expect_context::<ListPlace>();
    let parameters = use_query_map();
    let pathname = use_location().pathname;
    let query = Memo::new(move |before: Option<&EmployeeQuery>| {
        let read = parameters.with(|map| query::read(|name| map.get(name)));
        // The address changes a moment before the page does: what is not the list's says nothing of it.
        let left = pathname.with(|path| path != LIST);
        before.filter(|_| left).cloned().unwrap_or(read)
    });
    let navigate = use_navigate();
    let turn = Turn(Callback::new(move |next: EmployeeQuery| {
        let now = query.get_untracked();
        // Every letter of a search is not a step of its own in the browser's history.
        let typing = now.query.is_some()
            && EmployeeQuery { query: None, ..now.clone() } == EmployeeQuery { query: None, ..next.clone() };
        if now != next {
            let options = NavigateOptions { replace: typing, scroll: false, ..Default::default() };
            navigate(&query::address(&next), options);
        }
    }));

    let chosen = Chosen::default();
    let own = Own::kept();
    let employees = LocalResource::new(move || {
        let asked = query.get();
        // What is not on the page is not chosen either: nothing is done to cards that nobody sees.
        chosen.clear();
        place.address.set_value(query::address(&asked));
        async move {
            let answer = session.call(api::employees(&asked)).await;
            (asked, answer)
        }
    });
    let creatable = LocalResource::new(move || async move {
        let query = OrganizationQuery { creatable: Some(true), limit: Some(1), ..Default::default() };
        session.call(api::organizations(&query)).await.is_ok_and(|found| !found.items.is_empty())
    });
    // Departments and support see several organizations, the others their own.
    let several = Memo::new(move |_| {
        session.person().is_some_and(|person| {
            person.card().is_some_and(|card| {
                card.roles_in_force()
                    .any(|role| matches!(standing(role), Standing::Support | Standing::Department))
            })
        })
    });
    let stale =
        move || employees.with(|answer| answer.as_ref().is_some_and(|(asked, _)| *asked != query.get()));
    let total = move || {
        employees.with(|answer| match answer {
            Some((_, Ok(page))) => russian::total(page.total),
            _ => String::new(),
        })
    };
    let content = move || match employees.get() {
        None => view! { <Loading/> }.into_any(),
        Some((asked, Err(error))) if error.code() == Some(ProblemCode::InvalidCursor) => {
            view! { <Forward to=query::address(&query::from_the_start(asked))/> }.into_any()
        }
        Some((_, Err(error))) => {
            view! { <ErrorState error=error on_retry=move || employees.refetch()/> }.into_any()
        }
        Some((asked, Ok(page))) if page.items.is_empty() => empty(&asked, several.get_untracked(), turn),
        Some((asked, Ok(page))) => found(asked, page, several.get_untracked(), turn, (chosen, own)),
    };
    view! {
        <Breadcrumbs
            above=vec![("Подсистемы", "/subsystems".to_owned()), ("Контингент", "/kontingent".to_owned())]
            here="Сотрудники"
        />
        <div class="page-head">
            <Heading text="Сотрудники"/>
            {move || {
                (creatable.get() == Some(true))
                    .then(|| {
                        view! {
                            <LinkButton href=NEW kind=Kind::Primary>
                                "Добавить сотрудника"
                            </LinkButton>
                        }
                    })
            }}
        </div>
        <Filters query=query turn=turn several=several/>
        {own::settings(own, query, several)}
        <div class="list-bar">
            <p role="status">{total}</p>
            {move || {
                query
                    .with(query::narrowed)
                    .then(|| {
                        view! {
                            <Button
                                kind=Kind::Quiet
                                class="button-small"
                                on_press=move || {
                                    let sort = query.with_untracked(|query| query.sort);
                                    turn.0.run(EmployeeQuery { sort, ..Default::default() });
                                }
                            >
                                "Сбросить фильтры"
                            </Button>
                        }
                    })
            }}
        </div>
        {chosen_bar(query, chosen)}
        <div class:stale=stale aria-busy=move || stale().then_some("true")>
            {content}
        </div>
    }
}

fn empty(asked: &EmployeeQuery, several: bool, turn: Turn) -> AnyView {
    if query::narrowed(asked) {
        let sort = asked.sort;
        // Within one organization any part of a word is enough.
        let words = if several {
            "Проверьте, как написаны слова, или уберите часть фильтров. Искать можно по началу фамилии, имени, отчества, логина или e-mail."
        } else {
            "Проверьте, как написаны слова, или уберите часть фильтров."
        };
        view! {
            <EmptyState title="Никого не нашлось">
                <p>{words}</p>
                <div class="row">
                    <Button on_press=move || turn.0.run(EmployeeQuery { sort, ..Default::default() })>
                        "Показать всех"
                    </Button>
                </div>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState title="Сотрудников пока нет">
                <p>"Здесь появятся карточки сотрудников, которые вам доступны."</p>
            </EmptyState>
        }
        .into_any()
    }
}

fn found(
    asked: EmployeeQuery,
    page: Page<EmployeeRow>,
    several: bool,
    turn: Turn,
    (chosen, own): (Chosen, Own),
) -> AnyView {
    // The table is built anew with other columns.
    own.track();
    let place = expect_context::<ListPlace>();
    if let Some(opened) = place.opened.get_value() {
        // Back from a card: where the person was in the list.
        place.opened.set_value(None);
        if page.items.iter().any(|row| row.id == opened) {
            dom::show_later(rows::row_id(opened));
        }
    }
    let start = query::from_the_start(asked.clone());
    let previous =
        page.previous.map(|cursor| query::address(&EmployeeQuery { before: Some(cursor), ..start.clone() }));
    let next = page.next.map(|cursor| query::address(&EmployeeQuery { after: Some(cursor), ..start }));
    view! {
        <Rows chosen=chosen own=own rows=page.items sort=asked.sort.unwrap_or_default() several=several turn=turn asked=asked/>
        <Pager previous=previous next=next/>
    }
    .into_any()
}
