//! Pages of support: accounts and applications.

mod account;
mod account_application;
mod account_applications;
mod alarms;
mod application;
mod categories;
mod esia;
pub mod list;

use std::str::FromStr;

use epos_shared::api::accounts::ReasonDraft;
use epos_shared::rights::{Standing, standing};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::components::{Alert, Body, Heading, Kind, Line, LinkButton, Made, Typed, live};
use crate::session::{SessionContext, card_at_work, use_session};

/// The address of the list of accounts.
pub const ACCOUNTS: &str = "/accounts";
/// The address of the list of applications.
pub const APPLICATIONS: &str = "/applications";

/// The address of the list of applications of education departments.
pub const ACCOUNT_APPLICATIONS: &str = "/support/account-applications";
/// The address of the state of the link to Госуслуги.
pub const ESIA: &str = "/support/esia";
/// The address of the list of alarms.
pub const ALARMS: &str = "/support/alarms";
/// The address of the list of categories that were given.
pub const CATEGORIES: &str = "/support/categories";

/// Whether the person works as support today; reactive.
fn supports(session: SessionContext) -> bool {
    session.person().is_some_and(|person| {
        card_at_work(&person)
            .is_some_and(|card| card.roles_in_force().any(|role| matches!(standing(role), Standing::Support)))
    })
}

/// Shows a page to support, and to the others why there is none.
fn for_support(page: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    let session = use_session();
    let mine = Memo::new(move |_| supports(session));
    live(move || if mine.get() { page() } else { no_rights() })
}

fn no_rights() -> AnyView {
    view! {
        <div class="main-form stack">
            <Heading text="Нет прав"/>
            <Alert>
                <p>
                    "Эта страница открыта тем, кто работает с карточкой, на которой сегодня действует роль «Техническая поддержка»."
                </p>
            </Alert>
            <div class="row">
                <LinkButton href="/subsystems" kind=Kind::Primary>
                    "К подсистемам"
                </LinkButton>
            </div>
        </div>
    }
    .into_any()
}

/// `/accounts`.
pub fn accounts() -> AnyView {
    for_support(|| list::page(&list::OF_ACCOUNTS))
}

/// `/applications`.
pub fn applications() -> AnyView {
    for_support(|| list::page(&list::OF_APPLICATIONS))
}

/// `/accounts/:id`.
pub fn account() -> AnyView {
    for_support(|| of_address(account::page, ACCOUNTS))
}

/// `/applications/:id`.
pub fn application() -> AnyView {
    for_support(|| of_address(application::page, APPLICATIONS))
}

/// `/support/account-applications`.
pub fn account_applications() -> AnyView {
    for_support(|| list::page(&account_applications::LIST))
}

/// `/support/account-applications/:id`.
pub fn account_application() -> AnyView {
    for_support(|| of_address(account_application::page, ACCOUNT_APPLICATIONS))
}

/// `/support/esia`.
pub fn esia() -> AnyView {
    for_support(esia::page)
}

/// `/support/alarms`.
pub fn alarms() -> AnyView {
    for_support(|| list::page(&alarms::LIST))
}

/// `/support/categories`.
pub fn categories() -> AnyView {
    for_support(|| list::page(&categories::LIST))
}

/// `/support/categories/new`.
pub fn new_category() -> AnyView {
    for_support(categories::new)
}

/// The page of what the address names; another address builds it anew.
pub fn of_address<T>(page: fn(T) -> AnyView, list: &'static str) -> AnyView
where
    T: FromStr + 'static,
{
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|map| map.get("id").unwrap_or_default()));
    live(move || match id.get().parse() {
        Ok(id) => page(id),
        Err(_) => view! {
            <Heading text="Не найдено"/>
            {missing(list)}
        }
        .into_any(),
    })
}

/// What to do where there is nothing at that address.
pub fn missing(list: &'static str) -> AnyView {
    view! {
        <p class="gap-below">"Проверьте адрес или найдите запись в списке."</p>
        <LinkButton href=list>"К списку"</LinkButton>
    }
    .into_any()
}

/// A question for a reason.
const REASON: Body = Body::Typed(&[Line::Reason], reason);

fn reason(typed: &Typed) -> Made {
    let draft = ReasonDraft { reason: typed.reason.clone() };
    draft.parse().map(|_| api::body(&draft))
}
