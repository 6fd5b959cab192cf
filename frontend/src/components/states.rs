//! What a page shows before, instead of and without its content.

use leptos::prelude::*;

use super::{Button, Heading};
use crate::api::ApiError;

/// Grey lines, after a quarter of a second.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <div role="status">
            <span class="visually-hidden">"Загрузка…"</span>
            <div class="skeleton" aria-hidden="true">
                {(0..7).map(|_| view! { <div class="skeleton-line"></div> }).collect_view()}
            </div>
        </div>
    }
    .into_any()
}

/// Nothing to show, and why.
#[component]
pub fn EmptyState(
    /// What is not there.
    #[prop(into)]
    title: String,
    /// What to do.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="state">
            <p class="state-title">{title}</p>
            {children()}
        </div>
    }
    .into_any()
}

/// Something could not be loaded; «Повторить» tries again.
#[component]
pub fn ErrorState(
    /// The error.
    error: ApiError,
    /// «Повторить».
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
    let detail = error.detail();
    view! {
        <div class="state" role="alert">
            <p class="state-title">{error.title()}</p>
            {(!detail.is_empty()).then(|| view! { <p>{detail}</p> })}
            <div class="row">
                <Button on_press=on_retry>"Повторить"</Button>
            </div>
            {error.small_print().map(|small| view! { <p class="code">{small}</p> })}
        </div>
    }
    .into_any()
}

/// A whole page that could not be loaded.
#[component]
pub fn ErrorPage(
    /// The error.
    error: ApiError,
    /// «Повторить».
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
    view! {
        <Heading text="Страница не открылась"/>
        <ErrorState error=error on_retry=on_retry/>
    }
    .into_any()
}
