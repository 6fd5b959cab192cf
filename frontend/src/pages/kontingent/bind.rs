//! «Контингент. Вход в систему» (screens.md 14): binds a card to the signed-in account.

use std::future::Future;
use std::pin::Pin;

use epos_shared::api::session::{BindCard, SessionState};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::{self, Answer, ApiError};
use crate::components::{Alert, Button, Heading, Kind, PasswordField, ProblemAlert, TextField, use_toasts};
use crate::dom;
use crate::form::{FormErrors, field_id};
use crate::russian;
use crate::session::{SessionContext, use_session};

/// A card is bound, whoever binds it.
pub type Binding = Pin<Box<dyn Future<Output = Answer<SessionState>>>>;

/// Login and one-time password of a card.
#[component]
pub fn CredentialsForm(
    /// Binds the card; gives the session after that.
    bind: fn(SessionContext, BindCard) -> Binding,
    /// The button.
    confirm: &'static str,
    /// The card is bound.
    #[prop(into)]
    on_bound: Callback<()>,
    /// Is told what the server refused.
    #[prop(optional, into)]
    on_refused: Option<Callback<ApiError>>,
) -> impl IntoView {
    let session = use_session();
    let login = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let typed = move || BindCard { login: login.get(), password: password.get() };
    let errors = FormErrors::new(move || typed().parse().err().unwrap_or_default());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<ApiError>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = bind(session, untrack(typed)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(state) => {
                    session.know(state);
                    on_bound.run(());
                }
                Err(error) => {
                    let fields = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
                    if failure.try_set(Some(error.clone())).is_none() {
                        if fields.is_empty() {
                            dom::focus_later(field_id("password"));
                        } else {
                            errors.refuse(&fields);
                        }
                        if let Some(on_refused) = on_refused {
                            on_refused.run(error);
                        }
                    }
                }
            }
        });
    };
    view! {
        {move || failure.get().map(failure_view)}
        <form on:submit=submit novalidate=true class="colons stack">
            <TextField path="login" label="Логин" value=login errors=errors plain=true/>
            <PasswordField
                path="password"
                label="Пароль"
                value=password
                errors=errors
                autocomplete="one-time-code"
            />
            <Button kind=Kind::Primary class="button-wide" submit=true busy=busy>
                {confirm}
            </Button>
        </form>
    }
    .into_any()
}

/// The page.
#[component]
pub fn Bind() -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let done = move || {
        toasts.say("Карточка привязана к вашей учётной записи");
        navigate("/kontingent", NavigateOptions { replace: true, ..Default::default() });
    };
    let bound = move || session.person().is_some_and(|person| !person.cards.is_empty());
    let who = move || {
        let person = session.person()?;
        Some(format!("{}, {}", person.account.name, person.account.user_name))
    };
    view! {
        <div class="main-narrow centred">
            <div class="sign-in">
                <p class="over">"Контингент"</p>
                <Heading text="Вход в систему" document_title="Контингент. Вход в систему"/>
                {move || {
                    bound()
                        .then(|| {
                            view! {
                                <Alert>
                                    <p>
                                        "К вашей учётной записи карточка уже привязана. Здесь можно привязать ещё одну, из другой организации."
                                    </p>
                                </Alert>
                            }
                        })
                }}
                <p>"Один раз введите логин и пароль карточки. Они привяжут её к учётной записи, под которой вы вошли:"</p>
                <p class="muted">{who}</p>
                <CredentialsForm bind=bind confirm="Войти" on_bound=done/>
            </div>
            <div class="beneath">
                <p>
                    "Где взять логин и пароль: их выдаёт администратор «Контингента» в вашей организации, а руководителям — управление образованием. Это не те логин и пароль, с которыми вы входите в ЭПОС."
                </p>
                <p>
                    <a href="/instructions/staff">"Подробнее в инструкции"</a>
                </p>
            </div>
        </div>
    }
}

fn bind(session: SessionContext, typed: BindCard) -> Binding {
    Box::pin(async move { session.call(api::bind(&typed)).await })
}

fn failure_view(error: ApiError) -> AnyView {
    let problem = error.problem();
    if problem.is_some_and(|problem| !problem.errors.is_empty()) {
        return ().into_any();
    }
    let left = problem.and_then(|problem| problem.attempts_left).map(|left| {
        let word = russian::plural(left, "попытка", "попытки", "попыток");
        let verb = russian::plural(left, "Осталась", "Остались", "Осталось");
        format!("{verb} {left} {word}.")
    });
    let locked = problem
        .and_then(|problem| problem.locked_until)
        .map(|end| format!("Попробовать снова можно будет в {} по вашему времени.", russian::until(end)));
    view! {
        <ProblemAlert error=error>
            {left.map(|left| view! { <p>{left}</p> })}
            {locked.map(|locked| view! { <p>{locked}</p> })}
        </ProblemAlert>
    }
    .into_any()
}
