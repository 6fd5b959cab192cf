//! The other tabs of the browser: what happens to the session in one reaches them at once. What is said holds
//! nothing to steal: a tab that hears of a change asks the server itself.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

/// What one tab tells the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Somebody signed in, the session was prolonged, has ended, or works as another card.
    Changed,
    /// «Выйти» was pressed.
    SignedOut,
}

impl Word {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::SignedOut => "signed-out",
        }
    }
}

/// The way to the other tabs; nothing in a browser that has none.
#[derive(Clone, Copy)]
pub struct Tabs(StoredValue<Option<BroadcastChannel>, LocalStorage>);

impl Tabs {
    /// Opens the way.
    #[must_use]
    pub fn open() -> Self {
        Self(StoredValue::new_local(BroadcastChannel::new("epos-session").ok()))
    }

    /// Calls `heard` for every word of another tab, as long as the program runs.
    pub fn listen(self, heard: impl Fn(Word) + 'static) {
        let closure = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let word = event.data().as_string();
            let known = [Word::Changed, Word::SignedOut];
            if let Some(word) = known.into_iter().find(|known| Some(known.as_str()) == word.as_deref()) {
                heard(word);
            }
        });
        self.0.with_value(|channel| {
            if let Some(channel) = channel {
                channel.set_onmessage(Some(closure.as_ref().unchecked_ref()));
            }
        });
        closure.forget();
    }

    /// Tells the other tabs.
    pub fn tell(self, word: Word) {
        self.0.with_value(|channel| {
            if let Some(channel) = channel {
                let _ = channel.post_message(&word.as_str().into());
            }
        });
    }
}
