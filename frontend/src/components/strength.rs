//! How good a new password is, told while one types: a bar for the eye, a sentence for everybody.

use epos_shared::values::{Strength, strength};
use leptos::prelude::*;

/// The meter below the field of a new password.
#[component]
pub fn StrengthMeter(
    /// What is typed.
    password: RwSignal<String>,
    /// The name of the account: a password made of it is weak.
    user_name: RwSignal<String>,
) -> impl IntoView {
    let found = Memo::new(move |_| {
        password
            .with(|text| (!text.is_empty()).then(|| user_name.with(|name| strength(text, &[name.as_str()]))))
    });
    let look = move || {
        found.get().map_or("strength", |found| match found.score {
            0 => "strength strength-0",
            1 => "strength strength-1",
            Strength::TAKEN => "strength strength-2",
            3 => "strength strength-3",
            _ => "strength strength-4",
        })
    };
    view! {
        <div class=look hidden=move || found.with(Option::is_none)>
            <div class="strength-bar" aria-hidden="true">
                <div></div>
            </div>
            <p class="small" role="status">
                {move || found.get().map(Strength::hint)}
            </p>
        </div>
    }
    .into_any()
}
