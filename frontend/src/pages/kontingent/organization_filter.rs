//! A filter for one organization in view, with everything below it.

use epos_shared::api::organizations::OrganizationQuery;
use epos_shared::ids::OrganizationId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::option_of;
use crate::api;
use crate::components::{ComboOption, Combobox, Found};
use crate::form::FormErrors;
use crate::session::use_session;

/// The field. The address knows the identifier alone; the name is asked for.
#[component]
pub fn OrganizationFilter(
    /// The organization of the address.
    in_address: Memo<Option<OrganizationId>>,
    /// Leads to the address with another one.
    turn: Callback<Option<OrganizationId>>,
    /// The errors of the other fields.
    errors: FormErrors,
) -> impl IntoView {
    let session = use_session();
    let chosen = RwSignal::new(None::<ComboOption>);
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
            let query = OrganizationQuery { id: Some(id), ..Default::default() };
            let found = session.call(api::organizations(&query)).await;
            let known = found.ok().and_then(|found| found.items.first().map(option_of));
            let label = "Выбранная организация".to_owned();
            let unnamed = ComboOption { value, label, note: String::new() };
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
        turn.run(option.and_then(|option| option.value.parse().ok()));
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
