//! «Вход через ЕСИА» (screens.md 7), until the connection to Госуслуги is configured.

use leptos::prelude::*;

use crate::components::{Alert, Heading, Kind, LinkButton, Tone};

const NO_ACCOUNT: &str = r#"Если её нет, <a href="/register">зарегистрируйтесь</a>; забытый пароль можно <a href="/recover">восстановить</a>."#;

/// Says that this way in is not open yet, and which is.
#[component]
pub fn Esia() -> impl IntoView {
    view! {
        <div class="main-form stack">
            <Heading text="Вход через ЕСИА"/>
            <Alert tone=Tone::Warning title="Вход через Госуслуги ещё не настроен">
                <p>"Его подключает оператор ЭПОС. С вашей учётной записью на Госуслугах всё в порядке."</p>
            </Alert>
            <p>"Сейчас можно войти под учётной записью РСАА: имя пользователя или e-mail и пароль."</p>
            <p inner_html=NO_ACCOUNT></p>
            <div class="row">
                <LinkButton href="/login/rsaa" kind=Kind::Primary>
                    "Вход для сотрудников"
                </LinkButton>
                <LinkButton href="/login">"Назад"</LinkButton>
            </div>
        </div>
    }
}
