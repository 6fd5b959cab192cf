//! Employee card «Сотрудник организации» (screens.md 16–18).

mod access;
mod changes;
mod duplicates;
mod editor;
mod esia;
mod form;
mod history;
mod leaving;
mod merge;
mod person;
mod roles;
mod text;
mod view;

use epos_shared::api::organizations::OrganizationQuery;
use epos_shared::ids::EmployeeId;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{LIST, ListPlace, Working};
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Breadcrumbs, ErrorState, Heading, Kind, LinkButton, Loading, Tone, use_secret, use_toasts,
};
use crate::dom;
use crate::session::use_session;
use editor::Editor;
pub use merge::merging;
use view::CardView;

/// `/kontingent/employees/new`.
#[component]
pub fn NewCard() -> impl IntoView {
    view! {
        <Working>
            <New/>
        </Working>
    }
}

/// `/kontingent/employees/:id`.
#[component]
pub fn SavedCard() -> impl IntoView {
    let parameters = use_params_map();
    if dom::handed_on(merge::MERGED).is_some() {
        use_toasts().say("Карточки объединены");
    }
    let id =
        Memo::new(move |_| parameters.with(|map| map.get("id").and_then(|id| id.parse::<EmployeeId>().ok())));
    view! {
        <Working>
            {move || match id.get() {
                Some(id) => view! { <Saved id=id/> }.into_any(),
                None => missing(),
            }}
        </Working>
    }
}

#[component]
fn New() -> impl IntoView {
    let session = use_session();
    // Where there is one organization only, there is nothing to choose.
    let organizations = LocalResource::new(move || async move {
        let query = OrganizationQuery { creatable: Some(true), limit: Some(2), ..Default::default() };
        session.call(api::organizations(&query)).await
    });
    move || {
        match organizations.get() {
        None => waiting(),
        Some(Err(error)) => {
            let retry = move || organizations.refetch();
            failed(view! { <ErrorState error=error on_retry=retry/> }.into_any())
        }
        Some(Ok(found)) if found.items.is_empty() => failed(
            view! {
                <Alert tone=Tone::Warning title="Новых сотрудников вы не добавляете">
                    <p>"Их карточки создаёт руководитель организации, завуч или ответственный, а карточки руководителей — управление образованием."</p>
                </Alert>
            }
            .into_any(),
        ),
        Some(Ok(mut found)) => {
            let only = if found.items.len() == 1 && !found.more { found.items.pop() } else { None };
            Editor::open(None).map(|editor| view! { <CardView editor=editor only=only/> }).into_any()
        }
    }
    }
}

#[component]
fn Saved(id: EmployeeId) -> impl IntoView {
    let session = use_session();
    let secret = use_secret();
    let card = LocalResource::new(move || session.call(api::employee(id)));
    // The password vanishes when the card is left.
    on_cleanup(move || secret.forget());
    move || match card.get() {
        None => waiting(),
        Some(Err(error)) if error.code() == Some(ProblemCode::NotFound) => missing(),
        Some(Err(error)) => {
            failed(view! { <ErrorState error=error on_retry=move || card.refetch()/> }.into_any())
        }
        Some(Ok(card)) => Editor::open(Some(card))
            .map(|editor| {
                esia::compare(editor);
                view! { <CardView editor=editor only=None/> }
            })
            .into_any(),
    }
}

/// The way here: the list stands as the person left it.
#[component]
fn Way() -> impl IntoView {
    let list = expect_context::<ListPlace>().address.get_value();
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Контингент", "/kontingent".to_owned()),
                ("Сотрудники", list),
            ]
            here="Сотрудник организации"
        />
    }
}

fn waiting() -> AnyView {
    view! {
        <Way/>
        <div class="page-head">
            <h1>"Сотрудник организации"</h1>
        </div>
        <Loading/>
    }
    .into_any()
}

fn failed(words: AnyView) -> AnyView {
    view! {
        <Way/>
        <div class="stack">
            <Heading text="Сотрудник организации"/>
            {words}
            <LinkButton href=LIST>"К списку сотрудников"</LinkButton>
        </div>
    }
    .into_any()
}

fn missing() -> AnyView {
    view! {
        <Way/>
        <div class="main-form stack">
            <Heading text="Карточка не найдена"/>
            <p>
                "Такой карточки нет, или она принадлежит организации, карточки которой вам не видны. Проверьте адрес или найдите сотрудника в списке."
            </p>
            <LinkButton href=LIST kind=Kind::Primary>
                "К списку сотрудников"
            </LinkButton>
        </div>
    }
    .into_any()
}

/// What the page says of an error of an action, with the messages that have no field on the form.
fn failure_view(error: ApiError) -> AnyView {
    let messages: Vec<String> =
        error.problem().map(|p| p.errors.iter().map(|e| e.message.clone()).collect()).unwrap_or_default();
    view! {
        <crate::components::ProblemAlert error=error>
            {messages.into_iter().map(|message| view! { <p>{message}</p> }).collect_view()}
        </crate::components::ProblemAlert>
    }
    .into_any()
}
