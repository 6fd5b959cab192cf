//! Consent to the processing of personal data: the box of the registration, and the page that asks again when
//! the text has a new version.

use epos_shared::api::registration::{ConsentText, GiveConsent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::sending::Sending;
use crate::address::safe_next;
use crate::api::ApiError;
use crate::api::registration as api;
use crate::components::{Button, Fetched, Heading, Icon, Kind, Picture, live, shown, use_toasts};
use crate::form::{FormErrors, field_id};
use crate::session::use_session;

const PATH: &str = "consent_version";

/// The version of the text that is shown, and whether its box is ticked.
#[derive(Clone, Copy)]
pub(super) struct ConsentParts {
    version: RwSignal<String>,
    ticked: RwSignal<bool>,
    again: RwSignal<()>,
}

impl ConsentParts {
    /// No text yet; the box is empty.
    pub fn new() -> Self {
        Self { version: RwSignal::default(), ticked: RwSignal::new(false), again: RwSignal::new(()) }
    }

    /// The version that was agreed to, or nothing; reactive.
    pub fn version(self) -> String {
        if self.ticked.get() { self.version.get() } else { String::new() }
    }

    /// The box is empty again.
    pub fn take_back(self) {
        let _ = self.ticked.try_set(false);
    }

    /// Where the server says that the text has changed, the new one is shown, to be agreed to anew.
    pub fn refused(self, error: &ApiError) {
        if error.problem().is_some_and(|problem| problem.errors.iter().any(|error| error.field == PATH)) {
            self.take_back();
            self.again.notify();
        }
    }

    /// The text, behind a line to press where `folded`.
    fn text(self, folded: bool) -> AnyView {
        let ask = move || -> crate::components::Fetching {
            Box::pin(async move {
                let text = api::consent().await?;
                let _ = self.version.try_set(text.version.clone());
                Ok(shown(move || if folded { behind(&text) } else { whole(&text) }))
            })
        };
        view! { <Fetched ask=Box::new(ask) again=self.again/> }.into_any()
    }

    /// The box, unticked, with the text behind it.
    pub fn checkbox(self, errors: FormErrors) -> AnyView {
        let error = Memo::new(move |_| errors.message(PATH));
        let wrong = move || error.with(Option::is_some);
        let message = live(move || match error.get() {
            Some(error) => view! {
                <p class="field-error" id="consent-error">
                    <Icon picture=Picture::Error/>
                    <span>{error}</span>
                </p>
            }
            .into_any(),
            None => ().into_any(),
        });
        view! {
            <div class="field">
                <label class="check">
                    <input
                        type="checkbox"
                        id=field_id(PATH)
                        aria-required="true"
                        aria-invalid=move || wrong().then_some("true")
                        aria-describedby=move || wrong().then_some("consent-error")
                        prop:checked=move || self.ticked.get()
                        on:change=move |event| {
                            self.ticked.set(event_target_checked(&event));
                            errors.changed(PATH);
                            errors.left(PATH);
                        }
                    />
                    <span>
                        "Даю согласие на обработку персональных данных"
                        <span class="star" aria-hidden="true">
                            " *"
                        </span>
                    </span>
                </label>
                {message}
                {self.text(true)}
            </div>
        }
        .into_any()
    }
}

fn behind(text: &ConsentText) -> AnyView {
    view! {
        <details class="consent">
            <summary>"Прочитать текст согласия"</summary>
            {whole(text)}
        </details>
    }
    .into_any()
}

fn whole(text: &ConsentText) -> AnyView {
    view! {
        <div class="stack">
            <h2>{text.title.clone()}</h2>
            <p class="lines">{text.paragraphs.join("\n\n")}</p>
            <p class="small muted">{format!("Версия текста: {}", text.version)}</p>
        </div>
    }
    .into_any()
}

/// «Согласие на обработку персональных данных», asked after the sign-in where the text has a new version.
#[component]
pub fn Consent() -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let query = use_query_map();
    let navigate = use_navigate();
    let parts = ConsentParts::new();
    let sending = Sending::new(FormErrors::new(Vec::new));
    // Also a person who has agreed already and came here by an old link goes on.
    Effect::new(move |_| {
        if session.person().is_some_and(|person| !person.consent_required) {
            let next = query.with_untracked(|query| query.get("next").unwrap_or_default());
            let address = safe_next(&next).unwrap_or("/subsystems");
            navigate(address, NavigateOptions { replace: true, ..Default::default() });
        }
    });
    let agree = move || {
        let version = parts.version.get_untracked();
        if version.is_empty() || !sending.ready() {
            return;
        }
        sending.send(Box::pin(async move {
            let answer = session.call(api::give_consent(&GiveConsent { version })).await;
            if answer.is_err() {
                // Perhaps the text has changed once more.
                parts.again.notify();
            }
            session.know(answer?);
            Ok(())
        }));
    };
    let leave = move || {
        spawn_local(async move {
            if let Err(error) = session.sign_out().await {
                toasts.say(error.title());
            }
        });
    };
    view! {
        <div class="main-form stack">
            <Heading text="Нужно ваше согласие"/>
            <p>"Прочитайте текст. Пока вы не согласитесь, работать в ЭПОС нельзя."</p>
            <div class="panel">{parts.text(false)}</div>
            {sending.refusal()}
            <div class="row">
                <Button kind=Kind::Primary busy=sending.busy on_press=agree>
                    "Согласен"
                </Button>
                <Button on_press=leave>"Выйти"</Button>
            </div>
        </div>
    }
    .into_any()
}
