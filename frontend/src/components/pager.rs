//! Pages of a list: backwards and forwards, as links, so that the address bar keeps the place.

use leptos::prelude::*;

use super::LinkButton;

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
            <nav class="pager" aria-label="Страницы списка">
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
