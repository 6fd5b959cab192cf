//! `/` jumps to the search. A key of one letter may be pressed by a voice or a shaking hand: it can be switched
//! off (WCAG 2.1.4), and stays so.

use leptos::ev;
use leptos::prelude::*;

use crate::dom;

/// Where «off» is kept, in the browser.
const OFF: &str = "epos-no-slash";

/// Listens for the key as long as the page stands; gives whether it acts.
pub fn jump_to(id: &'static str) -> RwSignal<bool> {
    let kept = storage().and_then(|storage| storage.get_item(OFF).ok().flatten());
    let on = RwSignal::new(kept.is_none());
    let shortcut = window_event_listener(ev::keydown, move |event| {
        // With a Russian keyboard the key of the slash types a full stop.
        let slash = event.key() == "/" || (event.code() == "Slash" && !event.shift_key());
        let plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key();
        if slash && plain && on.get_untracked() && !dom::typing() {
            event.prevent_default();
            dom::focus(id);
        }
    });
    on_cleanup(move || shortcut.remove());
    on
}

/// The key, which is its own switch.
#[component]
pub fn Slash(on: RwSignal<bool>) -> impl IntoView {
    let press = move |_| {
        on.update(|on| *on = !*on);
        if let Some(storage) = storage() {
            let _ = if on.get_untracked() { storage.remove_item(OFF) } else { storage.set_item(OFF, "1") };
        }
    };
    view! {
        <button
            type="button"
            class="icon-button slash"
            aria-label="Клавиша «/» переводит в поиск"
            aria-pressed=move || if on.get() { "true" } else { "false" }
            title=move || {
                if on.get() {
                    "Клавиша «/» переводит в поиск. Нажмите, чтобы выключить"
                } else {
                    "Клавиша «/» выключена. Нажмите, чтобы включить"
                }
            }
            on:click=press
        >
            <kbd>"/"</kbd>
        </button>
    }
    .into_any()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
