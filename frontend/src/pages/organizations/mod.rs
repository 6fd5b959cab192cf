//! «Организации» (screens.md, "Who works here"): the tree, one organization, a new one.

mod fate;
mod form;
mod import;
mod one;
mod tree;

use epos_shared::api::organizations::{OrganizationQuery, OrganizationSummary};
use epos_shared::ids::OrganizationId;
use leptos::prelude::*;

use super::kontingent::{Working, option_of};
use crate::api::{self, Answer};
use crate::components::{Badge, Breadcrumbs, ComboOption, Found, Heading, LinkButton, Picture, Tone};
use crate::session::SessionContext;

/// The address of the tree.
pub const ORGANIZATIONS: &str = "/kontingent/organizations";
/// The address of a new organization.
const NEW: &str = "/kontingent/organizations/new";

/// The address of the import.
const IMPORT: &str = "/kontingent/organizations/import";

/// The address of an organization.
fn address_of(id: OrganizationId) -> String {
    format!("{ORGANIZATIONS}/{id}")
}

fn working(page: fn() -> AnyView) -> AnyView {
    view! { <Working>{page()}</Working> }.into_any()
}

/// `/kontingent/organizations`.
pub fn tree() -> AnyView {
    working(tree::page)
}

/// `/kontingent/organizations/new`.
pub fn new() -> AnyView {
    working(form::new_page)
}

/// `/kontingent/organizations/import`.
pub fn import() -> AnyView {
    working(import::page)
}

/// `/kontingent/organizations/:id`.
pub fn one() -> AnyView {
    working(one::page)
}

/// The way to a page of this section.
fn way(here: Signal<String>) -> AnyView {
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Контингент", "/kontingent".to_owned()),
                ("Организации", ORGANIZATIONS.to_owned()),
            ]
            here=here
        />
    }
    .into_any()
}

fn missing() -> AnyView {
    view! {
        <div class="stack">
            <Heading text="Организация не найдена"/>
            <p>"Такой организации нет, или она вам не видна. Проверьте адрес или найдите её в списке."</p>
            <LinkButton href=ORGANIZATIONS>"К списку организаций"</LinkButton>
        </div>
    }
    .into_any()
}

/// An organization by its name, with a link where it may be opened.
fn named(organization: &OrganizationSummary, in_view: bool) -> AnyView {
    let name = organization.short_name.clone();
    if in_view {
        view! { <a href=address_of(organization.id)>{name}</a> }.into_any()
    } else {
        name.into_any()
    }
}

fn closed_badge(closed: bool) -> AnyView {
    if closed {
        view! { <Badge tone=Tone::Info picture=Picture::Stop text="закрыта"/> }.into_any()
    } else {
        ().into_any()
    }
}

/// Finds organizations for a field.
async fn found(session: SessionContext, text: String) -> Answer<Found> {
    let query = OrganizationQuery { query: Some(text), limit: Some(30), ..Default::default() };
    let found = session.call(api::organizations(&query)).await?;
    let open = found.items.iter().filter(|organization| !organization.closed);
    Ok(Found { options: open.map(option_of).collect(), more: found.more })
}

/// What is chosen in a field.
fn chosen_id(chosen: RwSignal<Option<ComboOption>>) -> Option<OrganizationId> {
    chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.value.parse().ok()))
}
