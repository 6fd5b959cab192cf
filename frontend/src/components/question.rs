//! A question before something is done: what will happen, what has to be typed for it, and the doing.

use epos_shared::problem::FieldError;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{
    Button, Dialog, Kind, PasswordField, ProblemAlert, StrengthMeter, TextArea, TextField, use_toasts,
};
use crate::api::{self, ApiError, Deed};
use crate::dom;
use crate::form::FormErrors;
use crate::russian::until;
use crate::session::use_session;

const FORM: &str = "question-form";

/// Something that is typed into a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// «Причина».
    Reason,
    /// «Новый e-mail».
    Email,
    /// «Нынешний пароль».
    CurrentPassword,
    /// «Новый пароль».
    NewPassword,
}

impl Line {
    const fn path(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Email => "email",
            Self::CurrentPassword => "current_password",
            Self::NewPassword => "new_password",
        }
    }
}

/// What was typed.
#[derive(Clone, Default)]
pub struct Typed {
    /// «Причина».
    pub reason: String,
    /// «Новый e-mail».
    pub email: String,
    /// «Нынешний пароль».
    pub current_password: String,
    /// «Новый пароль».
    pub new_password: String,
}

/// A request made of what was typed, or every wrong field.
pub type Made = Result<String, Vec<FieldError>>;

/// What is sent.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    Nothing,
    /// What is known already.
    Known(String),
    /// What is typed into these lines.
    Typed(&'static [Line], fn(&Typed) -> Made),
    /// What is typed into these lines, for something as it was read in that version.
    Versioned(&'static [Line], i64, fn(&Typed, i64) -> Made),
}

/// A question.
#[derive(Clone)]
pub struct Question {
    /// Its heading.
    pub title: &'static str,
    /// What will happen.
    pub words: String,
    /// The button that does it.
    pub confirm: &'static str,
    /// Whether it is dangerous.
    pub danger: bool,
    /// What is done.
    pub deed: Deed,
    /// What is sent.
    pub body: Body,
    /// What is said once it is done.
    pub done: &'static str,
}

/// A button that asks the question.
pub fn asking(asked: RwSignal<Option<Question>>, words: AnyView, question: Question) -> AnyView {
    let kind = if question.danger { Kind::Danger } else { Kind::Plain };
    let ask = move || asked.set(Some(question.clone()));
    view! {
        <Button kind=kind on_press=ask>
            {words}
        </Button>
    }
    .into_any()
}

/// Where the questions of a page are asked.
#[component]
pub fn Questions(
    /// What is asked.
    asked: RwSignal<Option<Question>>,
    /// Is told when something was done, or was found done by somebody else.
    again: RwSignal<()>,
) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let user_name =
        RwSignal::new(session.person_now().map(|person| person.account.user_name).unwrap_or_default());
    let [reason, email, current_password, new_password] =
        std::array::from_fn(|_| RwSignal::new(String::new()));
    let typed = move || Typed {
        reason: reason.get(),
        email: email.get(),
        current_password: current_password.get(),
        new_password: new_password.get(),
    };
    let made = move |asked: &Question| match &asked.body {
        Body::Nothing => Ok(None),
        Body::Known(body) => Ok(Some(body.clone())),
        Body::Typed(_, make) => make(&typed()).map(Some),
        Body::Versioned(_, version, make) => make(&typed(), *version).map(Some),
    };
    let errors = FormErrors::new(move || {
        asked.with(|asked| asked.as_ref().and_then(|a| made(a).err())).unwrap_or_default()
    });
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<ApiError>);
    let lines = move || match asked.with(|asked| asked.as_ref().map(|asked| asked.body.clone())) {
        Some(Body::Typed(lines, _) | Body::Versioned(lines, ..)) => lines,
        _ => &[],
    };
    Effect::new(move |_| {
        if asked.with(Option::is_none) {
            return;
        }
        for line in [reason, email, current_password, new_password] {
            line.set(String::new());
        }
        errors.clear();
        failure.set(None);
    });
    let close = move || {
        // What could not be done may have been done by somebody else.
        if failure.with_untracked(Option::is_some) {
            again.notify();
        }
        asked.set(None);
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        let Some(question) = asked.get_untracked() else { return };
        let Ok(body) = untrack(|| made(&question)) else { return };
        busy.set(true);
        spawn_local(async move {
            let answer = session.call(api::act(question.deed, body)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(state) => {
                    toasts.say(question.done);
                    if asked.try_set(None).is_none() {
                        // The button that asked may be gone; the heading is always there.
                        dom::focus_later("heading".to_owned());
                        again.notify();
                    }
                    if let Some(state) = state {
                        session.know(state);
                    }
                }
                Err(error) => {
                    let fields = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
                    let mine = fields
                        .iter()
                        .any(|field| untrack(lines).iter().any(|line| line.path() == field.field));
                    if mine {
                        errors.refuse(&fields);
                    }
                    let _ = failure.try_set((!mine).then_some(error));
                }
            }
        });
    };
    let line = move |line: Line| match line {
        Line::Reason => view! {
            <TextArea path="reason" label="Причина" value=reason errors=errors/>
        }
        .into_any(),
        Line::Email => view! {
            <TextField
                path="email"
                label="Новый e-mail"
                value=email
                errors=errors
                kind="email"
                inputmode="email"
                plain=true
            />
        }
        .into_any(),
        Line::CurrentPassword => view! {
            <PasswordField
                path="current_password"
                label="Нынешний пароль"
                value=current_password
                errors=errors
            />
        }
        .into_any(),
        Line::NewPassword => view! {
            <PasswordField
                path="new_password"
                label="Новый пароль"
                value=new_password
                errors=errors
                autocomplete="new-password"
                hint="Не короче 10 знаков. Проще всего запомнить несколько слов подряд."
            />
            <StrengthMeter password=new_password user_name=user_name/>
        }
        .into_any(),
    };
    let of = move |read: fn(&Question) -> &str| {
        asked.with(|asked| asked.as_ref().map(|asked| read(asked).to_owned()).unwrap_or_default())
    };
    let danger = move || asked.with(|asked| asked.as_ref().is_some_and(|asked| asked.danger));
    let failed = move || {
        failure.get().map(|error| {
            let messages =
                error.problem().map(|p| p.errors.iter().map(|e| e.message.clone()).collect::<Vec<_>>());
            let messages = messages.unwrap_or_default().join(" ");
            let locked = error.problem().and_then(|problem| problem.locked_until);
            let locked = locked
                .map(|end| format!("Попробовать снова можно будет в {} по вашему времени.", until(end)));
            view! { <ProblemAlert error=error>{messages} {locked}</ProblemAlert> }
        })
    };
    view! {
        <Dialog
            open=Signal::derive(move || asked.with(Option::is_some))
            title=Signal::derive(move || of(|asked| asked.title))
            on_close=close
            actions=move || {
                let kind = if untrack(danger) { Kind::DangerFill } else { Kind::Primary };
                view! {
                    <Button on_press=close>"Отмена"</Button>
                    <Button kind=kind submit=true form=FORM busy=busy>
                        {untrack(|| of(|asked| asked.confirm))}
                    </Button>
                }
                    .into_any()
            }
        >
            <p>{untrack(|| of(|asked| &asked.words))}</p>
            {failed}
            <form id=FORM on:submit=submit novalidate=true>
                {untrack(lines).iter().map(|asked| line(*asked)).collect_view()}
            </form>
        </Dialog>
    }
    .into_any()
}
