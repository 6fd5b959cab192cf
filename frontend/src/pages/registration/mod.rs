//! РСАА for people without a session (screens.md 12, 13): registration, links of letters, recovery, consent.

mod application;
mod consent;
mod form;
mod letters;
mod link;
pub(super) mod organization;
mod password;
mod recover;
pub(super) mod sending;
mod sent;

use leptos::prelude::*;

use self::consent::Consent;
use self::form::Register;
use self::letters::DemoLetters;
use self::link::LinkPage;
use super::NotFound;
use crate::components::Heading;
use crate::session::{Before, SignedIn};

/// The page of an address of one word.
#[must_use]
pub fn page(name: &str) -> AnyView {
    let link = |path: &'static str| view! { <LinkPage path=path/> }.into_any();
    match name {
        "register" => view! { <Register/> }.into_any(),
        "recover" => link("/recover"),
        "activate" => link("/activate"),
        "confirm" => link("/confirm"),
        "confirm-email" => link("/confirm-email"),
        "account-application" => link("/account-application"),
        "consent" => view! { <SignedIn before=Before::Nothing><Consent/></SignedIn> }.into_any(),
        "letters" => view! { <DemoLetters/> }.into_any(),
        _ => view! { <NotFound/> }.into_any(),
    }
}

/// As a text, since a tree of views of what never changes would weigh kilobytes.
const SIDE: &str = r#"<ul class="plain side-list">
<li><a href="/login/rsaa">Авторизация</a></li>
<li><h2 class="side-title">Документы</h2><ul class="plain">
<li><a href="/instructions/registration">Инструкция для регистрации в РСАА в рамках СДО</a></li>
<li><a href="/instructions/connection">Подключение к РСАА</a></li>
<li><a href="/instructions/administrator">Руководство администратора</a></li>
<li><a href="/instructions/guide">Руководство пользователя</a></li></ul></li>
<li><h2 class="side-title">Тех. поддержка</h2><a href="/support">Задать вопрос</a></li>
<li><a href="/account-application">Заявка управления образованием</a></li>
</ul>"#;

/// The page «Регистрация и документация»: `name` is what it is for, `content` stands beside the side list.
fn documentation(name: &'static str, content: AnyView) -> AnyView {
    view! {
        <div class="page-head">
            <Heading
                text="Регистрация и документация"
                document_title=format!("{name}. Регистрация и документация")
            />
        </div>
        <div class="card-columns">
            <div class="panel">{content}</div>
            <nav class="card-side" aria-label="Регистрация и документация" inner_html=SIDE></nav>
        </div>
    }
    .into_any()
}
