//! An address without a page.

use leptos::prelude::*;

use crate::components::{Heading, Kind, LinkButton};

/// 404.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <div class="main-form stack">
            <Heading text="Такой страницы нет"/>
            <p>"Возможно, в адресе опечатка или страница переехала. Проверьте адрес или начните с главной."</p>
            <LinkButton href="/" kind=Kind::Primary>
                "На главную"
            </LinkButton>
        </div>
    }
}
