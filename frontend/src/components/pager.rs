//! Pages of a list: backwards and forwards, as links, so that the address bar keeps the place.

use leptos::prelude::*;

use super::LinkButton;
use crate::dom;

/// The pages before and after.
#[component]
pub fn Pager(
    /// The address of the page before.
    previous: Option<String>,
    /// The address of the next page.
    next: Option<String>,
) -> impl IntoView {
    let any = previous.is_some() || next.is_some();
    any.then(|| {
        view! {
            <nav
                class="pager"
                aria-label="Страницы списка"
                // Another page is read from its beginning.
                on:click=|_| dom::focus_later("heading".to_owned())
            >
                {previous
                    .map_or_else(
                        || view! { <span></span> }.into_any(),
                        |href| view! { <LinkButton href=href>"← Предыдущая страница"</LinkButton> }.into_any(),
                    )}
                {next.map(|href| view! { <LinkButton href=href>"Следующая страница →"</LinkButton> })}
            </nav>
        }
    })
    .into_any()
}
