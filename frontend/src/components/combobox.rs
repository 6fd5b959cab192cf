//! A field that searches a long list while one types: the editable combobox with list autocomplete of the
//! WAI-ARIA Authoring Practices.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Icon, Picture};
use crate::api::Answer;
use crate::dom;
use crate::form::{FormErrors, field_id};

const DEBOUNCE: Duration = Duration::from_millis(250);

/// Something that can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComboOption {
    /// Its value.
    pub value: String,
    /// Its name.
    pub label: String,
    /// A line below the name.
    pub note: String,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The options.
    pub options: Vec<ComboOption>,
    /// Whether there are more than these.
    pub more: bool,
}

type Searching = Pin<Box<dyn Future<Output = Answer<Found>>>>;

/// What finds options for a text. Boxed: the whole combobox exists once in the program.
pub struct Searcher(Box<dyn Fn(String) -> Searching>);

impl<S: Fn(String) -> Searching + 'static> From<S> for Searcher {
    fn from(search: S) -> Self {
        Self(Box::new(search))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Search {
    Idle,
    Under,
    Done(Found),
    Failed,
}

fn count(found: &Search) -> usize {
    match found {
        Search::Done(found) => found.options.len(),
        _ => 0,
    }
}

/// The place of the active option after a key: down and up go round.
fn moved(active: Option<usize>, count: usize, down: bool) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match (active, down) {
        (None, true) => 0,
        (None, false) => last,
        (Some(place), true) => {
            if place >= last {
                0
            } else {
                place + 1
            }
        }
        (Some(0), false) => last,
        (Some(place), false) => place - 1,
    })
}

/// A combobox.
#[component]
pub fn Combobox(
    /// The path of the field in the request.
    path: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// What is chosen.
    chosen: RwSignal<Option<ComboOption>>,
    /// Something was chosen, or the choice was cleared.
    #[prop(into)]
    on_change: Callback<Option<ComboOption>>,
    /// Finds options for a text.
    #[prop(into)]
    search: Searcher,
    /// The errors of its form.
    errors: FormErrors,
    /// What stands in the empty field.
    placeholder: &'static str,
    /// Whether it is mandatory.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let search = StoredValue::new_local(search.0);
    let id = field_id(path);
    let list_id = format!("{id}-list");
    let error_id = format!("{id}-error");
    let text = RwSignal::new(String::new());
    let open = RwSignal::new(false);
    let found = RwSignal::new(Search::Idle);
    let active = RwSignal::new(None::<usize>);
    let asked = StoredValue::new(0_u32);
    let timer = StoredValue::new_local(None::<TimeoutHandle>);
    let error = Memo::new(move |_| errors.message(path));

    let name_of = |chosen: &Option<ComboOption>| chosen.as_ref().map(|o| o.label.clone()).unwrap_or_default();
    // The text follows the choice, also where the choice comes from outside (the address bar).
    Effect::new(move |_| text.set(chosen.with(name_of)));

    let ask = move |query: String| {
        let mine = asked.get_value().wrapping_add(1);
        asked.set_value(mine);
        found.set(Search::Under);
        active.set(None);
        let searching = search.with_value(|search| search(query));
        spawn_local(async move {
            let answer = searching.await;
            if asked.try_get_value() == Some(mine) {
                found.set(answer.map_or(Search::Failed, Search::Done));
            }
        });
    };
    let stop = move || {
        timer.update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    };
    let ask_later = move |query: String| {
        stop();
        let handle = set_timeout_with_handle(move || ask(query), DEBOUNCE).ok();
        timer.set_value(handle);
    };
    on_cleanup(stop);

    // What is searched for: nothing while the text is the name of the choice, so that the whole list opens.
    let query = move || {
        let typed = text.get_untracked();
        if typed == chosen.with_untracked(name_of) { String::new() } else { typed }
    };
    let show = move || {
        if !open.get_untracked() {
            open.set(true);
            ask(query());
        }
    };
    let hide = move || {
        stop();
        open.set(false);
        active.set(None);
    };
    let choose = move |option: Option<ComboOption>| {
        hide();
        text.set(name_of(&option));
        if chosen.get_untracked() != option {
            chosen.set(option.clone());
            errors.changed(path);
            on_change.run(option);
        }
    };
    let options = move || match found.get_untracked() {
        Search::Done(found) => found.options,
        _ => Vec::new(),
    };
    let go = {
        let list_id = list_id.clone();
        move |down: bool| {
            show();
            let place = moved(active.get_untracked(), options().len(), down);
            active.set(place);
            if let Some(place) = place {
                let option = format!("{list_id}-{place}");
                request_animation_frame(move || {
                    if let Some(element) = document().get_element_by_id(&option) {
                        let options = web_sys::ScrollIntoViewOptions::new();
                        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                        element.scroll_into_view_with_scroll_into_view_options(&options);
                    }
                });
            }
        }
    };
    let key = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            if event.alt_key() { show() } else { go(true) }
        }
        "ArrowUp" => {
            event.prevent_default();
            if event.alt_key() { hide() } else { go(false) }
        }
        "Enter" if open.get_untracked() => {
            // Enter chooses; it submits the form only where no list is open.
            event.prevent_default();
            let option = active.get_untracked().and_then(|place| options().get(place).cloned());
            if option.is_some() { choose(option) } else { hide() }
        }
        "Escape" => {
            if open.get_untracked() {
                event.prevent_default();
                event.stop_propagation();
                hide();
            } else if !text.with_untracked(String::is_empty) {
                choose(None);
            }
        }
        _ => {}
    };
    let left = move |_| {
        // Also by being taken away with its page, when nothing of it is there any more.
        if open.try_get_untracked().is_none() {
            return;
        }
        hide();
        // A text that names nothing is no choice; an emptied field is the choice of nothing.
        if text.with_untracked(|text| text.trim().is_empty()) {
            choose(None);
        } else {
            text.set(chosen.with_untracked(name_of));
        }
        errors.left(path);
    };

    let option_views = {
        let list_id = list_id.clone();
        move || {
            let Search::Done(found) = found.get() else { return Vec::new() };
            let row = |(place, option): (usize, ComboOption)| {
                let value = option.value.clone();
                let pressed = option.clone();
                view! {
                    <li
                        id=format!("{list_id}-{place}")
                        role="option"
                        class:active=move || active.get() == Some(place)
                        aria-selected=move || {
                            let mine = chosen.with(|chosen| chosen.as_ref().is_some_and(|c| c.value == value));
                            if mine { "true" } else { "false" }
                        }
                        on:click=move |_| choose(Some(pressed.clone()))
                    >
                        <span class="option-label">{option.label}</span>
                        {(!option.note.is_empty()).then(|| view! { <span class="option-note">{option.note}</span> })}
                    </li>
                }
            };
            found.options.into_iter().enumerate().map(row).collect_view()
        }
    };
    // What is to be known of the list, for the eye below the options, for the ear beside them.
    let note = move || {
        found.with(|found| match found {
            Search::Idle | Search::Under => "Ищем…",
            Search::Failed => "Не удалось загрузить список. Попробуйте ещё раз.",
            Search::Done(found) if found.options.is_empty() => "Ничего не нашлось",
            Search::Done(found) if found.more => "Показаны не все: уточните запрос",
            Search::Done(_) => "",
        })
    };
    let said = move || {
        open.get().then(|| match found.with(count) {
            0 => note().to_owned(),
            count => format!("Вариантов: {count}. {}", note()),
        })
    };
    // The list must not take the focus from the field.
    let hold = |event: MouseEvent| event.prevent_default();
    let (for_input, controls, option_of) = (id.clone(), list_id.clone(), list_id.clone());
    let described = error_id.clone();
    let to_field = id.clone();
    view! {
        <div class="field combobox-field">
            <label class="field-label" for=id.clone()>
                {label.clone()}
                {required.then(|| view! { <span class="star" aria-hidden="true">" *"</span> })}
            </label>
            <div class="combobox">
                <input
                    class="input"
                    type="text"
                    id=for_input
                    role="combobox"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=placeholder
                    aria-autocomplete="list"
                    aria-expanded=move || if open.get() { "true" } else { "false" }
                    aria-controls=controls
                    aria-activedescendant=move || active.get().map(|place| format!("{option_of}-{place}"))
                    aria-required=required.then_some("true")
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=move || error.with(Option::is_some).then(|| described.clone())
                    prop:value=move || text.get()
                    on:input=move |event| {
                        text.set(event_target_value(&event));
                        open.set(true);
                        ask_later(query());
                    }
                    on:click=move |_| show()
                    on:keydown=key
                    on:blur=left
                />
                <div class="combobox-tools">
                    <Show when=move || chosen.with(Option::is_some) && !required>
                        <button
                            type="button"
                            class="icon-button"
                            tabindex="-1"
                            aria-label="Очистить"
                            on:mousedown=hold
                            on:click=move |_| choose(None)
                        >
                            <Icon picture=Picture::Cross/>
                        </button>
                    </Show>
                    <button
                        type="button"
                        class="icon-button"
                        tabindex="-1"
                        aria-label="Показать список"
                        on:mousedown=hold
                        on:click=move |_| {
                            dom::focus(&to_field);
                            if open.get_untracked() { hide() } else { show() }
                        }
                    >
                        <Icon picture=Picture::Down/>
                    </button>
                </div>
                <div class="listbox" hidden=move || !open.get() on:mousedown=hold>
                    <ul class="plain" id=list_id role="listbox" aria-label=label>
                        {option_views}
                    </ul>
                    <p class="listbox-note" aria-hidden="true" hidden=move || note().is_empty()>
                        {note}
                    </p>
                </div>
                <p class="visually-hidden" role="status">{said}</p>
            </div>
            {move || {
                error
                    .get()
                    .map(|error| {
                        view! {
                            <p class="field-error" id=error_id.clone()>
                                <Icon picture=Picture::Error/>
                                <span>{error}</span>
                            </p>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_round_the_list() {
        assert_eq!(moved(None, 3, true), Some(0));
        assert_eq!(moved(None, 3, false), Some(2));
        assert_eq!(moved(Some(2), 3, true), Some(0));
        assert_eq!(moved(Some(0), 3, false), Some(2));
        assert_eq!(moved(Some(1), 3, false), Some(0));
        assert_eq!(moved(None, 0, true), None);
    }
}
