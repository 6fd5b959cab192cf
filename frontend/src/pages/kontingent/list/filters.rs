//! Search and filters of the staff list.

use epos_shared::api::employees::{EmployeeQuery, EmployeeSort, EmployeeState};
use epos_shared::api::organizations::{OrganizationInView, OrganizationQuery};
use epos_shared::roles::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Turn, query};
use crate::api;
use crate::components::{ComboOption, Combobox, Found, Search, Select};
use crate::form::FormErrors;
use crate::session::use_session;

/// The search field and the filters; each leads to the list in another state.
#[component]
pub fn Filters(query: Memo<EmployeeQuery>, turn: Turn, several: Memo<bool>) -> impl IntoView {
    let session = use_session();
    // Filters cannot be wrong.
    let errors = FormErrors::new(Vec::new);
    let change = move |change: &dyn Fn(&mut EmployeeQuery)| {
        let mut next = query::from_the_start(query.get_untracked());
        change(&mut next);
        turn.0.run(next);
    };
    let roles = move || {
        let kind = session.person().and_then(|person| person.card().map(|card| card.organization.kind));
        Role::ALL
            .into_iter()
            .filter(|role| several.get() || kind.is_none_or(|kind| role.fits(kind)))
            .map(|role| (role.as_str().to_owned(), role.title().to_owned()))
            .collect::<Vec<_>>()
    };
    let states =
        EmployeeState::ALL.map(|state| (state.as_str().to_owned(), state.title().to_owned())).to_vec();
    // Within one organization nothing is sorted by it.
    let sorts = move || {
        let by_organization = [EmployeeSort::Organization, EmployeeSort::OrganizationDescending];
        EmployeeSort::ALL
            .into_iter()
            .filter(|sort| several.get() || !by_organization.contains(sort))
            .filter_map(|sort| Some((api::wire_name(sort)?, query::sort_title(sort).to_owned())))
            .collect::<Vec<_>>()
    };
    view! {
        <div class="filters" role="search">
            <Search
                told=Signal::derive(move || query.with(|query| query.query.clone().unwrap_or_default()))
                on_search=move |text: String| change(&|next| next.query = Some(text.clone()).filter(|text| !text.is_empty()))
                placeholder="ФИО, логин или e-mail"
            />
            {move || several.get().then(|| view! { <OrganizationFilter query=query turn=turn errors=errors/> })}
            <Select
                path="role"
                label="Роль"
                value=Signal::derive(move || query.with(|q| q.role.map(|r| r.as_str().to_owned()).unwrap_or_default()))
                on_change=move |role: String| change(&|next| next.role = Role::from_wire(&role))
                options=Signal::derive(roles)
                empty="Любая"
                errors=errors
            />
            <Select
                path="state"
                label="Состояние"
                value=Signal::derive(move || {
                    query.with(|q| q.state.map(|state| state.as_str().to_owned()).unwrap_or_default())
                })
                on_change=move |state: String| {
                    change(&|next| next.state = EmployeeState::ALL.into_iter().find(|s| s.as_str() == state));
                }
                options=states
                empty="Все, кроме архива"
                errors=errors
            />
            <Select
                path="sort"
                label="Порядок"
                value=Signal::derive(move || {
                    query.with(|q| api::wire_name(q.sort.unwrap_or_default()).unwrap_or_default())
                })
                on_change=move |sort: String| {
                    change(&|next| {
                        next.sort =
                            EmployeeSort::ALL.into_iter().find(|s| api::wire_name(s).as_ref() == Some(&sort));
                    });
                }
                options=Signal::derive(sorts)
                errors=errors
            />
        </div>
    }
}

/// An organization as something to choose.
pub fn option_of(organization: &OrganizationInView) -> ComboOption {
    let mut note = organization.town.clone();
    if let Some(above) = organization.above.first() {
        if !note.is_empty() {
            note.push_str(" · ");
        }
        note.push_str(above);
    }
    ComboOption {
        value: organization.organization.id.to_string(),
        label: organization.organization.short_name.clone(),
        note,
    }
}

#[component]
fn OrganizationFilter(query: Memo<EmployeeQuery>, turn: Turn, errors: FormErrors) -> impl IntoView {
    let session = use_session();
    let chosen = RwSignal::new(None::<ComboOption>);
    let in_address = Memo::new(move |_| query.with(|query| query.organization));
    // The address knows the identifier alone; the name is asked for.
    Effect::new(move |_| {
        let Some(id) = in_address.get() else {
            chosen.set(None);
            return;
        };
        let value = id.to_string();
        if chosen.with_untracked(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.value == value)) {
            return;
        }
        spawn_local(async move {
            let all = OrganizationQuery { limit: Some(100), ..Default::default() };
            let found =
                session.call(api::organizations(&all)).await.map(|found| found.items).unwrap_or_default();
            let known = found.iter().find(|organization| organization.organization.id == id).map(option_of);
            let unnamed =
                ComboOption {
                    value, label: "Выбранная организация".to_owned(), note: String::new()
                };
            if in_address.try_get_untracked().flatten() == Some(id) {
                chosen.set(Some(known.unwrap_or(unnamed)));
            }
        });
    });
    let search = move |text: String| -> std::pin::Pin<Box<dyn Future<Output = api::Answer<Found>>>> {
        Box::pin(async move {
            let query = OrganizationQuery { query: Some(text), limit: Some(30), ..Default::default() };
            let found = session.call(api::organizations(&query)).await?;
            Ok(Found { options: found.items.iter().map(option_of).collect(), more: found.more })
        })
    };
    let change = move |option: Option<ComboOption>| {
        let organization = option.and_then(|option| option.value.parse().ok());
        turn.0.run(EmployeeQuery { organization, ..query::from_the_start(query.get_untracked()) });
    };
    view! {
        <Combobox
            path="organization"
            label="Организация"
            chosen=chosen
            on_change=change
            search=search
            errors=errors
            placeholder="Все организации"
        />
    }
}
