//! Short news at the lower edge, read out politely, gone by itself.

use std::time::Duration;

use leptos::prelude::*;

use super::{Icon, Picture};

const SHOWN: Duration = Duration::from_secs(6);

/// The news, shared through the context.
#[derive(Clone, Copy)]
pub struct ToastContext {
    text: RwSignal<Option<String>>,
    shown: StoredValue<u32>,
}

/// The news of the program.
#[must_use]
pub fn use_toasts() -> ToastContext {
    expect_context()
}

/// Puts the news into the context.
pub fn provide_toasts() {
    provide_context(ToastContext { text: RwSignal::new(None), shown: StoredValue::new(0) });
}

impl ToastContext {
    /// Shows a sentence for some seconds.
    pub fn say(self, text: impl Into<String>) {
        let mine = self.shown.get_value().wrapping_add(1);
        self.shown.set_value(mine);
        self.text.set(Some(text.into()));
        set_timeout(
            move || {
                if self.shown.get_value() == mine {
                    self.text.set(None);
                }
            },
            SHOWN,
        );
    }
}

/// Where the news stand.
#[component]
pub fn Toasts() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || {
                toasts
                    .text
                    .get()
                    .map(|text| {
                        view! {
                            <div class="toast">
                                <Icon picture=Picture::Done class="badge-mark"/>
                                <span>{text}</span>
                            </div>
                        }
                    })
            }}
        </div>
    }
}
