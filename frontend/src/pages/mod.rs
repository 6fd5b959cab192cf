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

/// The pages of the main program.
pub fn of_main(parts: &[&str]) -> AnyView {
    match parts {
        [""] => view! { <Home/> }.into_any(),
        ["login"] => view! { <SignInChoice/> }.into_any(),
        ["login", "rsaa"] => view! { <Rsaa/> }.into_any(),
        ["login", "esia"] => view! { <Esia/> }.into_any(),
        ["instructions", "staff"] => view! { <StaffInstruction/> }.into_any(),
        ["instructions", name] => instruction(name),
        ["subsystems"] => signed_in(|| view! { <Subsystems/> }.into_any()),
        ["kontingent"] => signed_in(|| view! { <kontingent::Entry/> }.into_any()),
        ["kontingent", "bind"] => signed_in(|| view! { <kontingent::Bind/> }.into_any()),
        ["kontingent", "cards"] => signed_in(|| view! { <kontingent::Cards/> }.into_any()),
        ["kontingent", "employees"] => signed_in(|| view! { <kontingent::EmployeeList/> }.into_any()),
        ["kontingent", "employees", "new"] => signed_in(|| view! { <kontingent::NewCard/> }.into_any()),
        ["kontingent", "employees", _] => signed_in(|| view! { <kontingent::SavedCard/> }.into_any()),
        [name] => registration::page(name),
        _ => view! { <NotFound/> }.into_any(),
    }
}

/// The pages of the other program; their addresses are known to [`Program::of`] too.
///
/// [`Program::of`]: epos_shared::programs::Program::of
pub fn of_own(parts: &[&str]) -> AnyView {
    match parts {
        ["profile"] => signed_in(|| view! { <profile::Profile/> }.into_any()),
        ["accounts"] => signed_in(support::accounts),
        ["accounts", _] => signed_in(support::account),
        ["applications"] => signed_in(support::applications),
        ["applications", _] => signed_in(support::application),
        _ => view! { <NotFound/> }.into_any(),
    }
}

fn signed_in(page: fn() -> AnyView) -> AnyView {
    view! { <SignedIn>{page()}</SignedIn> }.into_any()
}
