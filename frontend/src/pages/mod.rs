//! A module per screen.

mod esia;
mod home;
pub mod kontingent;
mod login;
mod not_found;
mod own_cards;
mod profile;
mod registration;
mod rsaa;
mod soon;
mod staff_instruction;
mod subsystems;
mod support;

pub use esia::Esia;
pub use home::Home;
pub use login::SignInChoice;
pub use not_found::NotFound;
pub use registration::consent_address;
pub use rsaa::Rsaa;
pub use soon::instruction;
pub use staff_instruction::StaffInstruction;
pub use subsystems::Subsystems;

use leptos::prelude::*;

use crate::session::SignedIn;

/// The page of an address of one word.
#[must_use]
pub fn page(name: &str) -> AnyView {
    match name {
        "profile" => signed_in(|| view! { <profile::Profile/> }.into_any()),
        "accounts" => signed_in(support::accounts),
        "applications" => signed_in(support::applications),
        name => registration::page(name),
    }
}

/// The page of one thing out of a list.
#[must_use]
pub fn one_of(list: &str) -> AnyView {
    match list {
        "accounts" => signed_in(support::account),
        "applications" => signed_in(support::application),
        _ => view! { <NotFound/> }.into_any(),
    }
}

fn signed_in(page: fn() -> AnyView) -> AnyView {
    view! { <SignedIn>{page()}</SignedIn> }.into_any()
}
