//! The way from a password that was set to the sign-in form, which begins with its name.

use leptos::prelude::*;

/// The name whose password was just set. Never in the address, never in storage.
#[derive(Clone, Copy)]
pub struct Arrival(RwSignal<Option<String>>);

/// Puts it into the context.
pub fn provide_arrival() {
    provide_context(Arrival(RwSignal::new(None)));
}

/// That of the program.
#[must_use]
pub fn use_arrival() -> Arrival {
    expect_context()
}

impl Arrival {
    /// The password of that name was set.
    pub fn note(self, user_name: String) {
        self.0.set(Some(user_name));
    }

    /// The name, once.
    #[must_use]
    pub fn take(self) -> Option<String> {
        self.0.try_update_untracked(Option::take).flatten()
    }
}
