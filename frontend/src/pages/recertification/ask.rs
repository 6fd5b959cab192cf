//! Asking: until when it is to be answered.

use chrono::NaiveDate;
use epos_shared::api::recertification::NewRecertificationDraft;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, DateField, Kind, ProblemAlert, live, use_toasts};
use crate::dom;
use crate::form::FormErrors;
use crate::russian::several;
use crate::session::use_session;

/// The form.
pub fn form(today: NaiveDate, again: RwSignal<()>) -> AnyView {
    let session = use_session();
    let toasts = use_toasts();
    let due_on = RwSignal::new(String::new());
    let draft = move || NewRecertificationDraft { due_on: due_on.get() };
    let errors = FormErrors::new(move || draft().parse(today).err().unwrap_or_default());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<ApiError>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let draft = untrack(draft);
        spawn_local(async move {
            let answer = session.call(api::recertification::start(&draft)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(started) => {
                    let asked = several(started.organizations, ["организация", "организации", "организаций"]);
                    let mut words = format!("Подтверждение начато, спрошены: {asked}.");
                    if started.asked_already > 0 {
                        words.push_str(&format!(" Уже отвечают на другое: {}.", started.asked_already));
                    }
                    toasts.say(words);
                    dom::focus_later("heading".to_owned());
                    again.notify();
                }
                Err(error) => {
                    let fields = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
                    errors.refuse(&fields);
                    let _ = failure.try_set(fields.is_empty().then_some(error));
                }
            }
        });
    };
    view! {
        <section class="panel stack" aria-labelledby="start">
            <h2 id="start" class="side-title">"Начать подтверждение"</h2>
            <p>
                "Школы, колледжи и детские сады подтвердят, кто у них работает, и отметят тех, кто больше не работает. Их руководители получат письмо сразу, а те, кто не ответил, — ещё за 7 дней до срока и на следующий день после него."
            </p>
            {live(move || failure.get().map(|error| view! { <ProblemAlert error=error/> }).into_any())}
            <form on:submit=submit novalidate=true class="stack main-form">
                <DateField path="due_on" label="Ответить до" value=due_on errors=errors required=true/>
                <Button submit=true kind=Kind::Primary busy=busy>
                    "Начать"
                </Button>
            </form>
        </section>
    }
    .into_any()
}
