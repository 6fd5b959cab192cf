//! Sending a form: one request at a time, and what the server refused.

use std::future::Future;
use std::pin::Pin;

use epos_shared::problem::FieldError;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::ApiError;
use crate::components::ProblemAlert;
use crate::form::FormErrors;
use crate::russian;

/// The state of a form that is sent.
#[derive(Clone, Copy)]
pub struct Sending {
    /// Whether a request is under way.
    pub busy: RwSignal<bool>,
    failure: RwSignal<Option<(ApiError, Vec<FieldError>)>>,
    errors: Option<FormErrors>,
}

impl Sending {
    /// A form with those errors, or one without fields.
    #[must_use]
    pub fn new(errors: Option<FormErrors>) -> Self {
        Self { busy: RwSignal::new(false), failure: RwSignal::new(None), errors }
    }

    /// Whether the form may be sent now: it is right, and not under way.
    #[must_use]
    pub fn ready(self) -> bool {
        !self.busy.get_untracked() && self.errors.is_none_or(FormErrors::submit)
    }

    /// Sends: `call` goes on by itself where the server agrees.
    pub fn send(self, call: Pin<Box<dyn Future<Output = Result<(), ApiError>>>>) {
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let answer = call.await;
            // The page may be gone meanwhile.
            let gone = self.busy.try_set(false).is_some();
            if let (false, Err(error)) = (gone, answer) {
                let wrong = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
                let elsewhere = match self.errors {
                    Some(errors) if !wrong.is_empty() => errors.refuse(&wrong),
                    _ => wrong.clone(),
                };
                // What stands at its field is not said twice.
                if wrong.is_empty() || !elsewhere.is_empty() {
                    self.failure.set(Some((error, elsewhere)));
                }
            }
        });
    }
}

/// What the server refused, where no field shows it. Stands above the button that was pressed.
#[component]
pub fn Refusal(sending: Sending) -> impl IntoView {
    move || {
        sending.failure.get().map(|(error, elsewhere)| {
            let wait = error.problem().and_then(|problem| problem.retry_after).map(|seconds| {
                let minutes = seconds.div_ceil(60);
                let word = russian::plural(minutes, "минуту", "минуты", "минут");
                format!("Повторить можно через {minutes} {word}.")
            });
            view! {
                <ProblemAlert error=error>
                    {elsewhere.into_iter().map(|error| view! { <p>{error.message}</p> }).collect_view()}
                    {wait.map(|wait| view! { <p>{wait}</p> })}
                </ProblemAlert>
            }
        })
    }
}
