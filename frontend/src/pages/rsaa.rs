//! РСАА (screens.md 6): sign-in by name and password.

use epos_shared::api::session::SignIn;
use epos_shared::problem::ProblemCode;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::address::{esia_address, safe_next};
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Heading, Kind, LinkButton, PasswordField, ProblemAlert, TextField, Tone,
};
use crate::dom;
use crate::form::{FormErrors, field_id};
use crate::russian;
use crate::session::{Known, Parting, use_session};

/// Under which name the program that has set a password leaves whose it is: the sign-in begins with it.
pub const USER_NAME: &str = "epos-user-name";

/// The form.
#[component]
pub fn Rsaa() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let navigate = use_navigate();
    let next = Memo::new(move |_| query.with(|query| query.get("next").unwrap_or_default()));

    // Also a person who is signed in already and came here by an old link goes on.
    Effect::new(move |_| {
        if matches!(session.known(), Known::Person(_)) {
            let next = next.get_untracked();
            let address = safe_next(&next).unwrap_or("/subsystems");
            navigate(address, NavigateOptions { replace: true, ..Default::default() });
        }
    });

    let arrived = dom::handed_on(USER_NAME);
    let user_name = RwSignal::new(arrived.clone().unwrap_or_default());
    let password = RwSignal::new(String::new());
    let typed = move || SignIn { user_name: user_name.get(), password: password.get() };
    let errors = FormErrors::new(move || typed().check().err().unwrap_or_default());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<ApiError>);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = api::sign_in(&untrack(typed)).await.map(|state| session.know(state));
            let _ = busy.try_set(false);
            if let Err(error) = answer {
                let fields = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
                if failure.try_set(Some(error)).is_some() {
                    return;
                }
                if fields.is_empty() {
                    // The alert is read out by itself; the hands are ready to type again.
                    dom::focus_later(field_id("password"));
                } else {
                    errors.refuse(&fields);
                }
            }
        });
    };
    let why = move || {
        failure.with(Option::is_none).then(|| match session.parting() {
            Parting::Ended => Some("Сеанс завершился. Войдите снова, и вы вернётесь на ту же страницу."),
            Parting::Never if !next.with(String::is_empty) => Some("Чтобы открыть эту страницу, войдите."),
            _ => None,
        })?
    };
    view! {
        <div class="main-narrow centred">
            <div class="sign-in">
                <p class="over">"Доступ к информационным системам Пермского края"</p>
                <Heading text="Вход в ЭПОС"/>
                {arrived.map(|_| view! { <Alert tone=Tone::Done live=true><p>"Пароль сохранён. Войдите с ним."</p></Alert> })}
                {move || why().map(|why| view! { <Alert><p>{why}</p></Alert> })}
                {move || failure.get().map(|error| failure_view(error, &next.get()))}
                <form on:submit=submit novalidate=true class="caps">
                    <TextField
                        path="user_name"
                        label="ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL"
                        value=user_name
                        errors=errors
                        autocomplete="username"
                        plain=true
                    />
                    <PasswordField path="password" label="ПАРОЛЬ" value=password errors=errors/>
                    <Button kind=Kind::Primary class="button-wide" submit=true busy=busy>
                        "ВОЙТИ"
                    </Button>
                    {move || {
                        view! {
                            <LinkButton href=esia_address(&next.get()) class="button-wide" external=true>
                                "Вход через ЕСИА"
                            </LinkButton>
                        }
                    }}
                    <p class="split small">
                        <a href="/recover">"ЗАБЫЛИ ПАРОЛЬ?"</a>
                        <a href="/register">"РЕГИСТРАЦИЯ"</a>
                    </p>
                </form>
            </div>
            <p class="under">
                <a href="/support">"Обратная связь"</a>
                <span aria-hidden="true">"|"</span>
                <a href="/instructions/guide">"Руководство пользователя"</a>
            </p>
        </div>
    }
}

/// What the server said, with the attempts left and the end of a lock.
fn failure_view(error: ApiError, next: &str) -> AnyView {
    let problem = error.problem();
    let wrong_fields = problem.is_some_and(|problem| problem.code == ProblemCode::ValidationFailed);
    if wrong_fields {
        return ().into_any();
    }
    let left = problem.and_then(|problem| problem.attempts_left).map(|left| {
        let word = russian::plural(left, "попытка", "попытки", "попыток");
        let verb = russian::plural(left, "Осталась", "Остались", "Осталось");
        format!("{verb} {left} {word}, потом вход на время закроется.")
    });
    let locked = problem
        .and_then(|problem| problem.locked_until)
        .map(|end| format!("Войти снова можно будет в {} по вашему времени.", russian::until(end)));
    // Told after the right password only.
    let esia = problem.is_some_and(|problem| problem.code == ProblemCode::EsiaOnly).then(|| {
        view! {
            <div class="row">
                <LinkButton href=esia_address(next) external=true>"Войти через Госуслуги"</LinkButton>
            </div>
        }
    });
    view! {
        <ProblemAlert error=error>
            {left.map(|left| view! { <p>{left}</p> })}
            {locked.map(|locked| view! { <p>{locked}</p> })}
            {esia}
        </ProblemAlert>
    }
    .into_any()
}
