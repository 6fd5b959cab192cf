//! `/`: to the subsystems or to the sign-in.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::components::{ErrorPage, Loading};
use crate::session::{Known, use_session};

/// Decides where to go.
#[component]
pub fn Home() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    Effect::new(move |_| {
        let address = match session.known() {
            Known::Person(_) => "/subsystems",
            Known::Nobody => "/login",
            Known::Asking | Known::Failed(_) => return,
        };
        navigate(address, NavigateOptions { replace: true, ..Default::default() });
    });
    move || match session.known() {
        Known::Failed(error) => {
            view! { <ErrorPage error=error on_retry=move || session.ask_again()/> }.into_any()
        }
        _ => view! { <Loading/> }.into_any(),
    }
}
