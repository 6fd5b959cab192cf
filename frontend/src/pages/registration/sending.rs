//! Sending a form: one request at a time, and what the server refused.

use std::future::Future;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::ApiError;
use crate::components::{ProblemAlert, live};
use crate::form::FormErrors;
use crate::russian;

/// The state of a form that is sent.
#[derive(Clone, Copy)]
pub struct Sending {
    /// Whether a request is under way.
    pub busy: RwSignal<bool>,
    failure: RwSignal<Option<ApiError>>,
    errors: FormErrors,
}

impl Sending {
    /// A form with those errors.
    #[must_use]
    pub fn new(errors: FormErrors) -> Self {
        Self { busy: RwSignal::new(false), failure: RwSignal::new(None), errors }
    }

    /// Whether the form may be sent now: it is right, and not under way.
    #[must_use]
    pub fn ready(self) -> bool {
        !self.busy.get_untracked() && self.errors.submit()
    }

    /// Sends: `call` goes on by itself where the server agrees.
    pub fn send(self, call: Pin<Box<dyn Future<Output = Result<(), ApiError>>>>) {
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let answer = call.await;
            // The page may be gone meanwhile.
            let gone = self.busy.try_set(false).is_some();
            if let (false, Err(mut error)) = (gone, answer) {
                let mut elsewhere = true;
                if let ApiError::Problem(problem) = &mut error
                    && !problem.errors.is_empty()
                {
                    // What stands at its field is not said twice.
                    problem.errors = self.errors.refuse(&problem.errors);
                    elsewhere = !problem.errors.is_empty();
                }
                self.failure.set(elsewhere.then_some(error));
            }
        });
    }

    /// What the server refused, where no field shows it. Stands above the button that was pressed.
    pub fn refusal(self) -> AnyView {
        live(move || {
            let Some(error) = self.failure.get() else { return ().into_any() };
            let mut more = String::new();
            if let Some(problem) = error.problem() {
                for error in &problem.errors {
                    more.push_str(&error.message);
                    more.push_str(". ");
                }
                if let Some(seconds) = problem.retry_after {
                    let minutes = seconds.div_ceil(60);
                    let word = russian::plural(minutes, "минуту", "минуты", "минут");
                    more.push_str(&format!("Повторить можно через {minutes} {word}."));
                }
            }
            view! {
                <ProblemAlert error=error>
                    <p>{more}</p>
                </ProblemAlert>
            }
            .into_any()
        })
    }
}
