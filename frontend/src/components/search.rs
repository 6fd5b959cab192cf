//! The search above a list: searches while one types; `/` jumps to it.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use super::slash::{self, Slash};
use super::{Icon, Picture};
use crate::dom;

const DEBOUNCE: Duration = Duration::from_millis(300);
const SEARCH: &str = "search";

/// The field.
#[component]
pub fn Search(
    /// What the list was searched for; empty for nothing.
    #[prop(into)]
    told: Signal<String>,
    /// Something is to be searched for.
    #[prop(into)]
    on_search: Callback<String>,
    /// What can be searched for.
    placeholder: &'static str,
) -> impl IntoView {
    let typed = RwSignal::new(told.get_untracked());
    let timer = StoredValue::new_local(None::<TimeoutHandle>);
    // «Назад» brings an earlier search back; what is being typed just now is not touched.
    Effect::new(move |_| {
        let told = told.get();
        if typed.with_untracked(|typed| typed.trim() != told) && timer.with_value(Option::is_none) {
            typed.set(told);
        }
    });
    let stop = move || {
        timer.update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    };
    let search = move || {
        stop();
        on_search.run(typed.get_untracked().trim().to_owned());
    };
    let search_later = move || {
        stop();
        timer.set_value(set_timeout_with_handle(search, DEBOUNCE).ok());
    };
    on_cleanup(stop);

    let jump = slash::jump_to(SEARCH);
    view! {
        <div class="field filter-search">
            <label class="field-label" for=SEARCH>
                "Поиск"
            </label>
            <div class="search-box">
                <Icon picture=Picture::Search class="search-icon"/>
                <input
                    class="input"
                    type="search"
                    id=SEARCH
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="200"
                    placeholder=placeholder
                    prop:value=move || typed.get()
                    on:input=move |event| {
                        typed.set(event_target_value(&event));
                        search_later();
                    }
                    on:keydown=move |event| {
                        if event.key() == "Enter" {
                            event.prevent_default();
                            search();
                        }
                    }
                />
                <Show
                    when=move || !typed.with(String::is_empty)
                    fallback=move || view! { <Slash on=jump/> }
                >
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Очистить поиск"
                        on:click=move |_| {
                            typed.set(String::new());
                            search();
                            dom::focus(SEARCH);
                        }
                    >
                        <Icon picture=Picture::Cross/>
                    </button>
                </Show>
            </div>
        </div>
    }
    .into_any()
}
