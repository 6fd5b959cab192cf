//! Consent to the processing of personal data: the box of the registration, and the page that asks again when
//! the text has a new version.

use epos_shared::api::registration::{ConsentText, GiveConsent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::sending::{Refusal, Sending};
use crate::address::{encode, safe_next};
use crate::api::registration as api;
use crate::api::{Answer, ApiError};
use crate::components::{Button, ErrorState, Heading, Icon, Kind, Loading, Picture, use_toasts};
use crate::form::{FormErrors, field_id};
use crate::session::use_session;

const PATH: &str = "consent_version";

/// The address of the page that asks for the consent and returns to `from`.
#[must_use]
pub fn consent_address(from: &str) -> String {
    format!("/consent?next={}", encode(from))
}

/// The text and whether its box is ticked.
#[derive(Clone, Copy)]
pub(super) struct ConsentParts {
    text: RwSignal<Option<Answer<ConsentText>>>,
    ticked: RwSignal<bool>,
}

impl ConsentParts {
    /// Asks for the text; the box is empty.
    pub fn new() -> Self {
        let parts = Self { text: RwSignal::new(None), ticked: RwSignal::new(false) };
        parts.load();
        parts
    }

    fn load(self) {
        spawn_local(async move {
            let text = api::consent().await;
            let _ = self.text.try_set(Some(text));
        });
    }

    fn read(self) -> Option<String> {
        self.text.with(|text| Some(text.as_ref()?.as_ref().ok()?.version.clone()))
    }

    /// The version that was agreed to, or nothing; reactive.
    pub fn version(self) -> String {
        self.read().filter(|_| self.ticked.get()).unwrap_or_default()
    }

    /// The box is empty again.
    pub fn take_back(self) {
        self.ticked.set(false);
    }

    /// Where the server says that the text has changed, the new one is shown, to be agreed to anew.
    pub fn refused(self, error: &ApiError) {
        let mine = |problem: &epos_shared::problem::Problem| problem.errors.iter().any(|e| e.field == PATH);
        if error.problem().is_some_and(mine) {
            let _ = self.ticked.try_set(false);
            self.load();
        }
    }
}

fn paragraphs(text: &ConsentText) -> AnyView {
    let paragraphs = text.paragraphs.iter().map(|text| view! { <p>{text.clone()}</p> }).collect_view();
    view! {
        {paragraphs}
        <p class="small muted">{format!("Версия текста: {}", text.version)}</p>
    }
    .into_any()
}

/// What stands instead of the text until it is there.
fn waiting(parts: ConsentParts, text: Option<&ApiError>) -> AnyView {
    match text {
        Some(error) => view! { <ErrorState error=error.clone() on_retry=move || parts.load()/> }.into_any(),
        None => view! { <Loading/> }.into_any(),
    }
}

/// The box, unticked, with the text behind it.
#[component]
pub(super) fn ConsentBox(parts: ConsentParts, errors: FormErrors) -> impl IntoView {
    let error = Memo::new(move |_| errors.message(PATH));
    let wrong = move || error.with(Option::is_some);
    let text = move || {
        parts.text.with(|text| match text {
            Some(Ok(text)) => view! {
                <details class="consent">
                    <summary>"Прочитать текст согласия"</summary>
                    <div class="stack">
                        <h3>{text.title.clone()}</h3>
                        {paragraphs(text)}
                    </div>
                </details>
            }
            .into_any(),
            Some(Err(error)) => waiting(parts, Some(error)),
            None => ().into_any(),
        })
    };
    view! {
        <div class="field">
            <label class="check">
                <input
                    type="checkbox"
                    id=field_id(PATH)
                    aria-required="true"
                    aria-invalid=move || wrong().then_some("true")
                    aria-describedby=move || wrong().then_some("consent-error")
                    prop:checked=move || parts.ticked.get()
                    on:change=move |event| {
                        parts.ticked.set(event_target_checked(&event));
                        errors.changed(PATH);
                        errors.left(PATH);
                    }
                />
                <span>
                    "Даю согласие на обработку персональных данных" <span class="star" aria-hidden="true">" *"</span>
                </span>
            </label>
            {move || {
                error
                    .get()
                    .map(|error| {
                        view! {
                            <p class="field-error" id="consent-error">
                                <Icon picture=Picture::Error/>
                                <span>{error}</span>
                            </p>
                        }
                    })
            }}
            {text}
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
    let sending = Sending::new(None);
    // Also a person who has agreed already and came here by an old link goes on.
    Effect::new(move |_| {
        if session.person().is_some_and(|person| !person.consent_required) {
            let next = query.with_untracked(|query| query.get("next").unwrap_or_default());
            let address = safe_next(&next).unwrap_or("/subsystems");
            navigate(address, NavigateOptions { replace: true, ..Default::default() });
        }
    });
    let agree = move || {
        let Some(version) = untrack(move || parts.read()) else { return };
        if !sending.ready() {
            return;
        }
        sending.send(Box::pin(async move {
            let answer = session.call(api::give_consent(&GiveConsent { version })).await;
            if answer.is_err() {
                // Perhaps the text has changed once more.
                parts.load();
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
            <Heading text="Согласие на обработку персональных данных"/>
            <p>"Прочитайте текст. Без согласия работать в ЭПОС нельзя."</p>
            {move || {
                parts
                    .text
                    .with(|text| match text {
                        Some(Ok(text)) => {
                            view! {
                                <div class="panel stack">
                                    <h2>{text.title.clone()}</h2>
                                    {paragraphs(text)}
                                </div>
                                <Refusal sending=sending/>
                                <div class="row">
                                    <Button kind=Kind::Primary busy=sending.busy on_press=agree>
                                        "Согласен"
                                    </Button>
                                    <Button on_press=leave>"Выйти"</Button>
                                </div>
                            }
                                .into_any()
                        }
                        Some(Err(error)) => waiting(parts, Some(error)),
                        None => waiting(parts, None),
                    })
            }}
        </div>
    }
}
