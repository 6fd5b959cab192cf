//! The cards that were ticked in the list, and the way to what can be done with them.

use std::collections::BTreeSet;

use epos_shared::api::employees::EmployeeQuery;
use epos_shared::ids::EmployeeId;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::query;
use crate::components::{Button, live};
use crate::pages::kontingent::LIST;
use crate::pages::kontingent::selection::{BULK, Selection};

/// The ticked cards.
#[derive(Clone, Copy, Default)]
pub struct Chosen(RwSignal<BTreeSet<EmployeeId>>);

impl Chosen {
    /// Nothing is ticked any more.
    pub fn clear(self) {
        if self.0.with_untracked(|chosen| !chosen.is_empty()) {
            self.0.set(BTreeSet::new());
        }
    }

    /// Which are.
    pub fn ids(self) -> Vec<EmployeeId> {
        self.0.with(|chosen| chosen.iter().copied().collect())
    }

    fn tick(self, ids: &[EmployeeId], on: bool) {
        self.0.update(|chosen| {
            for id in ids {
                if on {
                    chosen.insert(*id);
                } else {
                    chosen.remove(id);
                }
            }
        });
    }
}

fn tick_box(label: String, checked: Signal<bool>, tick: Callback<bool>) -> AnyView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                aria-label=label
                prop:checked=move || checked.get()
                on:change=move |event| tick.run(event_target_checked(&event))
            />
        </label>
    }
    .into_any()
}

/// The box of a row.
pub fn row_box(chosen: Chosen, id: EmployeeId, name: String) -> AnyView {
    let checked = Signal::derive(move || chosen.0.with(|chosen| chosen.contains(&id)));
    tick_box(format!("Отметить: {name}"), checked, Callback::new(move |on| chosen.tick(&[id], on)))
}

/// The box of the whole page.
pub fn all_box(chosen: Chosen, ids: Vec<EmployeeId>) -> AnyView {
    let all = ids.clone();
    let checked = Signal::derive(move || chosen.0.with(|chosen| all.iter().all(|id| chosen.contains(id))));
    tick_box("Отметить всех на странице".to_owned(), checked, Callback::new(move |on| chosen.tick(&ids, on)))
}

/// What can be done with the ticked cards, or with all that are found; and the list as a file.
pub fn chosen_bar(query: Memo<EmployeeQuery>, chosen: Chosen) -> AnyView {
    let navigate = use_navigate();
    let go = move || {
        let ids: Vec<EmployeeId> = chosen.0.get_untracked().into_iter().collect();
        let selection = if ids.is_empty() {
            Selection::All(Box::new(query::from_the_start(query.get_untracked())))
        } else {
            Selection::Cards(ids)
        };
        selection.hand_on();
        navigate(BULK, Default::default());
    };
    let words = move || {
        let count = chosen.0.with(BTreeSet::len);
        if count == 0 {
            "Действия со всеми найденными".to_owned()
        } else {
            format!("Действия с отмеченными: {count}")
        }
    };
    let file = move |format: &str| {
        let asked = query::from_the_start(query.get());
        let list = query::address(&asked).replacen(LIST, "/api/v1/kontingent/employees/export", 1);
        let joint = if list.contains('?') { '&' } else { '?' };
        format!("{list}{joint}format={format}")
    };
    view! {
        <div class="list-bar no-print">
            <Button class="button-small" on_press=go>
                {words}
            </Button>
            <p>
                "Экспорт: " {live(move || view! { <a href=file("csv") download="">"CSV"</a> }.into_any())} ", "
                {live(move || view! { <a href=file("xlsx") download="">"XLSX"</a> }.into_any())}
            </p>
        </div>
    }
    .into_any()
}
