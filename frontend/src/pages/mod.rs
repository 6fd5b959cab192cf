//! A module per screen.

mod esia;
mod home;
pub mod kontingent;
mod login;
mod not_found;
mod organizations;
mod own_cards;
mod profile;
mod recertification;
mod registration;
mod reports;
mod roles;
mod rsaa;
mod sections;
mod soon;
mod staff_instruction;
mod subsystems;
mod support;

pub use home::Home;
pub use login::SignInChoice;
pub use not_found::NotFound;
pub use rsaa::Rsaa;
pub use sections::Sections;
pub use staff_instruction::StaffInstruction;
pub use subsystems::Subsystems;

use leptos::prelude::*;

use crate::session::{Before, SignedIn};

/// The pages of the main program.
pub fn of_main(parts: &[&str]) -> AnyView {
    match parts {
        [""] => view! { <Home/> }.into_any(),
        ["login"] => view! { <SignInChoice/> }.into_any(),
        ["login", "rsaa"] => view! { <Rsaa/> }.into_any(),
        ["instructions", "staff"] => view! { <StaffInstruction/> }.into_any(),
        ["instructions", name] => soon::instruction(name),
        [name @ ("support" | "portal")] => soon::soon(name),
        ["roles"] => view! { <SignedIn before=Before::Consent><roles::Roles/></SignedIn> }.into_any(),
        ["subsystems"] => signed_in(|| view! { <Subsystems/> }.into_any()),
        ["kontingent"] => signed_in(|| view! { <kontingent::Entry/> }.into_any()),
        ["kontingent", "bind"] => signed_in(|| view! { <kontingent::Bind/> }.into_any()),
        ["kontingent", "cards"] => signed_in(|| view! { <kontingent::Cards/> }.into_any()),
        _ => view! { <NotFound/> }.into_any(),
    }
}

/// The pages of one's own account; their addresses are known to [`Program::of`] too.
///
/// [`Program::of`]: epos_shared::programs::Program::of
pub fn of_own(parts: &[&str]) -> AnyView {
    match parts {
        ["profile"] => view! { <SignedIn before=Before::Consent><profile::Profile/></SignedIn> }.into_any(),
        ["login", "esia"] => view! { <esia::Failed/> }.into_any(),
        ["login", "esia", "mismatch"] => view! { <esia::Mismatch/> }.into_any(),
        [name] => registration::page(name),
        _ => view! { <NotFound/> }.into_any(),
    }
}

/// The pages of the daily work in «Контингент».
pub fn of_staff(parts: &[&str]) -> AnyView {
    match parts {
        ["kontingent", "employees"] => signed_in(|| view! { <kontingent::EmployeeList/> }.into_any()),
        ["kontingent", "employees", "new"] => signed_in(|| view! { <kontingent::NewCard/> }.into_any()),
        ["kontingent", "employees", _] => signed_in(|| view! { <kontingent::SavedCard/> }.into_any()),
        _ => view! { <NotFound/> }.into_any(),
    }
}

/// The pages of queues and reports, and the merge of two cards.
pub fn of_office(parts: &[&str]) -> AnyView {
    match parts {
        ["kontingent", "queues"] => signed_in(kontingent::queues),
        ["kontingent", "queues", "expired"] => signed_in(kontingent::expired),
        ["kontingent", "mismatches"] => signed_in(kontingent::mismatches),
        ["kontingent", "mismatches", _] => signed_in(kontingent::mismatch),
        ["kontingent", "queues", "confirmations"] => signed_in(kontingent::confirmations),
        ["kontingent", "queues", "confirmations", _] => signed_in(kontingent::confirmation),
        ["kontingent", "reports"] => signed_in(reports::overview),
        ["kontingent", "reports", "days"] => signed_in(reports::days),
        ["kontingent", "reports", "roles"] => signed_in(reports::roles),
        ["kontingent", "reports", "not_bound"] => signed_in(reports::not_bound),
        ["kontingent", "reports", "never_signed_in"] => signed_in(reports::never_signed_in),
        ["kontingent", "reports", "ends_soon"] => signed_in(reports::ends_soon),
        ["kontingent", "recertification"] => signed_in(recertification::recertification),
        ["kontingent", "merge", id] => {
            let id = id.to_string();
            view! { <SignedIn>{kontingent::merging(&id)}</SignedIn> }.into_any()
        }
        _ => view! { <NotFound/> }.into_any(),
    }
}

/// The pages of administration. As with those of support, a page is an arm here, the first or second word of its
/// address in [`Program::of`], and, where the navigation leads to it, an entry of [`sections`].
///
/// [`Program::of`]: epos_shared::programs::Program::of
pub fn of_manage(parts: &[&str]) -> AnyView {
    match parts {
        ["kontingent", "bulk"] => signed_in(kontingent::bulk),
        ["kontingent", "import"] => signed_in(kontingent::import),
        ["kontingent", "organizations"] => signed_in(organizations::tree),
        ["kontingent", "organizations", "new"] => signed_in(organizations::new),
        ["kontingent", "organizations", "import"] => signed_in(organizations::import),
        ["kontingent", "organizations", _] => signed_in(organizations::one),
        _ => view! { <NotFound/> }.into_any(),
    }
}

/// The pages of support, and the journal.
pub fn of_desk(parts: &[&str]) -> AnyView {
    match parts {
        ["accounts"] => signed_in(support::accounts),
        ["accounts", _] => signed_in(support::account),
        ["applications"] => signed_in(support::applications),
        ["support", "account-applications"] => signed_in(support::account_applications),
        ["support", "account-applications", _] => signed_in(support::account_application),
        ["support", "esia"] => signed_in(support::esia),
        ["support", "alarms"] => signed_in(support::alarms),
        ["support", "categories"] => signed_in(support::categories),
        ["support", "categories", "new"] => signed_in(support::new_category),
        ["applications", _] => signed_in(support::application),
        ["kontingent", "journal"] => signed_in(|| view! { <kontingent::Journal/> }.into_any()),
        _ => view! { <NotFound/> }.into_any(),
    }
}

fn signed_in(page: fn() -> AnyView) -> AnyView {
    view! { <SignedIn>{page()}</SignedIn> }.into_any()
}
