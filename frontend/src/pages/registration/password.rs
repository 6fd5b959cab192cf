//! A password by the link of a letter: the first one, or a new one instead of a forgotten one.

use epos_shared::api::registration::{LinkPurpose, LinkState, PasswordByLink};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::link::Link;
use super::sending::Sending;
use crate::api::registration as api;
use crate::components::{Button, Heading, Kind, PasswordField, StrengthMeter, TextField};
use crate::dom;
use crate::form::FormErrors;
use crate::pages::rsaa::USER_NAME;
use crate::russian;
use crate::session::use_session;

/// The form. It asks for the password once: what is typed can be shown.
#[component]
pub(super) fn NewPasswordForm(link: Link, state: LinkState) -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let purpose = state.purpose;
    let user_name = RwSignal::new(state.user_name.unwrap_or_default());
    let password = RwSignal::new(String::new());
    // The token is no matter of the rules.
    let typed = move || PasswordByLink { token: String::new(), password: password.get() };
    let errors = FormErrors::new(move || typed().parse().err().unwrap_or_default());
    let sending = Sending::new(errors);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !sending.ready() {
            return;
        }
        let navigate = navigate.clone();
        let request = PasswordByLink { token: link.token.get_value(), ..untrack(typed) };
        sending.send(Box::pin(async move {
            let set = match api::set_password(purpose, &request).await {
                Ok(set) => set,
                Err(error) => return link.failed(error),
            };
            // Whoever was signed in on this browser, the sign-in that follows is this account's.
            if session.person_now().is_some() {
                let _ = session.sign_out().await;
            }
            // The page of the sign-in takes it at its start; an address would stay in the browser's history.
            dom::hand_on(USER_NAME, &set.user_name);
            navigate("/login/rsaa", NavigateOptions { replace: true, ..Default::default() });
            Ok(())
        }));
    };
    let (over, heading, words) = if purpose == LinkPurpose::Activation {
        (
            "Регистрация",
            "Придумайте пароль",
            "С этим именем пользователя и паролем вы будете входить в ЭПОС. Вместо имени можно вводить e-mail.",
        )
    } else {
        ("Восстановление пароля", "Новый пароль", "Когда пароль сменится, все открытые сеансы завершатся.")
    };
    let until = russian::moment(state.expires_at);
    view! {
        <div class="main-narrow centred">
            <div class="sign-in">
                <p class="over">{over}</p>
                <Heading text=heading/>
                <p>{words}</p>
                <form on:submit=submit novalidate=true>
                    <TextField
                        path="user_name"
                        label="Имя пользователя"
                        value=user_name
                        errors=errors
                        readonly=true
                        autocomplete="username"
                        plain=true
                    />
                    <PasswordField
                        path="password"
                        label="Новый пароль"
                        value=password
                        errors=errors
                        autocomplete="new-password"
                        hint="Не короче 10 знаков. Проще всего запомнить несколько слов подряд."
                    />
                    <StrengthMeter password=password user_name=user_name/>
                    {sending.refusal()}
                    <Button kind=Kind::Primary class="button-wide" submit=true busy=sending.busy>
                        "Сохранить пароль"
                    </Button>
                    <p class="small muted">{format!("Ссылка работает до {until} и только один раз.")}</p>
                </form>
            </div>
        </div>
    }
    .into_any()
}
