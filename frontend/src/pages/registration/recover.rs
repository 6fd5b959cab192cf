//! «Забыли пароль?» (screens.md 13): asks for the letter.

use epos_shared::api::registration::RecoveryDraft;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::documentation;
use super::sending::Sending;
use super::sent::letter_sent;
use crate::api::registration as api;
use crate::components::{Button, Kind, TextField, live};
use crate::form::FormErrors;

/// The page.
#[component]
pub fn Recover() -> impl IntoView {
    let user_name = RwSignal::new(String::new());
    let typed = move || RecoveryDraft { user_name: user_name.get() };
    let errors = FormErrors::new(move || typed().check().err().unwrap_or_default());
    let sending = Sending::new(errors);
    let sent = RwSignal::new(None::<u32>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if sending.ready() {
            sending.send(Box::pin(async move {
                let promised = api::recover(&untrack(typed)).await?;
                let _ = sent.try_set(Some(promised.link_hours));
                Ok(())
            }));
        }
    };
    let again = Callback::new(move |()| sent.set(None));
    let content = live(move || {
        match sent.get() {
        Some(hours) => {
            let name = user_name.get_untracked();
            let words = format!(
                "Если учётная запись {} есть, на её адрес отправлено письмо со ссылкой, чтобы задать новый пароль.",
                name.trim()
            );
            letter_sent(words, hours, "Запросить ещё раз", again)
        }
        None => view! {
            <form on:submit=submit novalidate=true class="stack">
                <h2>"Забыли пароль?"</h2>
                <p>"Введите имя пользователя или e-mail. Мы отправим письмо со ссылкой, чтобы задать новый пароль."</p>
                <TextField
                    path="user_name"
                    label="Имя пользователя / e-mail"
                    value=user_name
                    errors=errors
                    required=true
                    autocomplete="username"
                    plain=true
                />
                {sending.refusal()}
                <Button kind=Kind::Primary submit=true busy=sending.busy>
                    "Отправить письмо"
                </Button>
            </form>
        }
        .into_any(),
    }
    });
    documentation("Забыли пароль?", content)
}
