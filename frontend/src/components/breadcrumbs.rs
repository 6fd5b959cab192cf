//! The way from the start of a subsystem to this page.

use leptos::prelude::*;

/// Breadcrumbs: links to the pages above, then the name of this one.
#[component]
pub fn Breadcrumbs(
    /// Name and address of each page above.
    above: Vec<(&'static str, String)>,
    /// This page.
    #[prop(into)]
    here: Signal<String>,
) -> impl IntoView {
    let links =
        above.into_iter().map(|(name, href)| view! { <li><a href=href>{name}</a></li> }).collect_view();
    view! {
        <nav class="breadcrumbs" aria-label="Где я">
            <ol>
                {links}
                <li aria-current="page">{move || here.get()}</li>
            </ol>
        </nav>
    }
    .into_any()
}
