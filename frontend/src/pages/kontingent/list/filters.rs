//! Search and filters of the staff list.

use epos_shared::api::employees::{EmployeeQuery, EmployeeSort, EmployeeState};
use epos_shared::api::organizations::OrganizationInView;
use epos_shared::roles::Role;
use leptos::prelude::*;

use super::{Turn, query};
use crate::api;
use crate::components::{ComboOption, Search, Select};
use crate::form::FormErrors;
use crate::pages::kontingent::OrganizationFilter;
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
    let in_address = Memo::new(move |_| query.with(|query| query.organization));
    let to_organization = Callback::new(move |organization| {
        turn.0.run(EmployeeQuery { organization, ..query::from_the_start(query.get_untracked()) });
    });
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
            {move || {
                several
                    .get()
                    .then(|| view! { <OrganizationFilter in_address=in_address turn=to_organization errors=errors/> })
            }}
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
