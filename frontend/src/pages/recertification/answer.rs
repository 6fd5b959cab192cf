//! Answering: who works in the own organization, and who does not any more.

use epos_shared::api::bulk::{BulkOutcome, BulkResult};
use epos_shared::api::recertification::{
    Recertification, RecertificationAnswer, RecertificationAnswerDraft, RecertificationPeople,
    RecertificationPerson, RecertificationQuery,
};
use epos_shared::ids::{EmployeeId, RecertificationId};
use epos_shared::problem::FieldError;
use epos_shared::values::format_date;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::who;
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Body, Button, DateField, Dialog, Fetched, Fetching, Kind, ProblemAlert, Question, Questions, Tone,
    live, shown, use_toasts,
};
use crate::dom;
use crate::form::FormErrors;
use crate::pages::kontingent::{Chosen, all_box, card_address, row_box};
use crate::russian::{number, several};
use crate::session::use_session;

const PEOPLE: [&str; 3] = ["сотрудник", "сотрудника", "сотрудников"];
const FORM: &str = "gone-form";

/// What the parts of the panel share.
#[derive(Clone, Copy)]
struct Shared {
    id: RecertificationId,
    chosen: Chosen,
    /// The page behind which the list goes on; nothing at its start.
    after: RwSignal<Option<String>>,
    /// The question that is asked.
    asked: RwSignal<Option<Question>>,
    /// Whether it is asked since when those chosen do not work there.
    parting: RwSignal<bool>,
    /// Who could not be parted with.
    refused: RwSignal<Vec<BulkResult>>,
    again: RwSignal<()>,
}

impl Shared {
    /// Asks whether `draft` is so.
    fn ask(self, words: String, draft: &RecertificationAnswerDraft) {
        self.asked.set(Some(Question {
            title: "Подтвердить?",
            words,
            confirm: "Подтвердить",
            danger: false,
            deed: api::recertification::confirm(self.id),
            body: Body::Known(api::body(draft)),
            done: "Подтверждено.",
        }));
    }
}

fn works(ids: Vec<EmployeeId>, everybody: Option<u32>) -> RecertificationAnswerDraft {
    RecertificationAnswerDraft {
        answer: RecertificationAnswer::Works,
        ids,
        everybody,
        last_day: String::new(),
    }
}

/// The panel of one that asks the own organization; `page` is told when everything of it has changed.
pub fn panel(one: &Recertification, page: RwSignal<()>) -> AnyView {
    let session = use_session();
    let here = Shared {
        id: one.id,
        chosen: Chosen::default(),
        after: RwSignal::new(None),
        asked: RwSignal::new(None),
        parting: RwSignal::new(false),
        refused: RwSignal::default(),
        again: RwSignal::new(()),
    };
    let ask = move || -> Fetching {
        let query = RecertificationQuery { after: here.after.get(), ..RecertificationQuery::default() };
        Box::pin(async move {
            let people = session.call(api::recertification::people(here.id, &query)).await?;
            here.chosen.clear();
            if people.items.is_empty() && query.after.is_some() {
                // The last page was answered: others are left before it.
                here.after.set(None);
            }
            Ok(shown(move || listed(&people, here, page)))
        })
    };
    let until = format!("Спрашивает: {}. Ответить до {} включительно.", who(one), format_date(one.due_on));
    let overdue = one.overdue.then(|| {
        view! {
            <Alert tone=Tone::Warning>
                <p>"Срок ответа прошёл. Ответить ещё можно."</p>
            </Alert>
        }
    });
    view! {
        <section class="panel stack" aria-labelledby="answer">
            <h2 id="answer" class="side-title">"Подтвердите, что эти люди работают у вас"</h2>
            <p>{until}</p>
            {overdue}
            {live(move || could_not(here.refused.get()))}
            <Fetched ask=Box::new(ask) again=here.again/>
            <Questions asked=here.asked again=here.again/>
            <Parting here=here/>
        </section>
    }
    .into_any()
}

/// Whom nothing was done to, and why.
fn could_not(refused: Vec<BulkResult>) -> AnyView {
    if refused.is_empty() {
        return ().into_any();
    }
    let lines = refused
        .into_iter()
        .map(|result| view! { <li>{format!("{}: {}", result.name, result.message)}</li> })
        .collect_view();
    view! {
        <Alert tone=Tone::Warning title="Роли этих людей не завершены" live=true>
            <ul>{lines}</ul>
        </Alert>
    }
    .into_any()
}

fn listed(people: &RecertificationPeople, here: Shared, page: RwSignal<()>) -> AnyView {
    let numbers = people.numbers;
    if numbers.left == 0 {
        return view! {
            <Alert tone=Tone::Done title="Вы ответили обо всех">
                <p>
                    {format!("Работают: {}. Больше не работают: {}.", number(numbers.works), number(numbers.gone))}
                </p>
                <div class="row">
                    <Button on_press=move || page.notify()>"Обновить страницу"</Button>
                </div>
            </Alert>
        }
        .into_any();
    }
    let left = numbers.left;
    let all = move || {
        let words =
            format!("Подтвердить, что все оставшиеся ({}) работают в организации?", several(left, PEOPLE));
        here.ask(words, &works(Vec::new(), Some(left)));
    };
    let some = move || {
        let ids = untrack(|| here.chosen.ids());
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let words =
            format!("Подтвердить, что отмеченные ({}) работают в организации?", several(count, PEOPLE));
        here.ask(words, &works(ids, None));
    };
    let ids: Vec<EmployeeId> = people.items.iter().map(|person| person.id).collect();
    let rows = people.items.iter().map(|person| row(person, here.chosen)).collect_view();
    let next = people.next.clone().map(|after| {
        let turn = move || {
            here.after.set(Some(after.clone()));
            dom::focus_later("answer-people".to_owned());
        };
        view! { <Button on_press=turn>"Следующие →"</Button> }
    });
    let first = here.after.get_untracked().map(|_| {
        let turn = move || {
            here.after.set(None);
            dom::focus_later("answer-people".to_owned());
        };
        view! { <Button on_press=turn>"← К началу списка"</Button> }
    });
    view! {
        <div class="stack">
        <p role="status">
            {format!(
                "Осталось ответить: {}. Работают: {}. Больше не работают: {}.",
                number(left),
                number(numbers.works),
                number(numbers.gone),
            )}
        </p>
        <div class="row">
            <Button kind=Kind::Primary on_press=all>
                {format!("Подтвердить всех ({})", number(left))}
            </Button>
            {live(move || {
                let count = here.chosen.ids().len();
                if count == 0 {
                    return ().into_any();
                }
                view! {
                    <Button on_press=some>{format!("Подтвердить отмеченных ({count})")}</Button>
                    <Button kind=Kind::Danger on_press=move || here.parting.set(true)>
                        {format!("Больше не работают ({count})")}
                    </Button>
                }
                .into_any()
            })}
        </div>
        <p class="muted">
            "Отметьте людей, чтобы ответить только о них: подтвердить или сказать, что они больше не работают."
        </p>
        <div class="table-wrap" id="answer-people" tabindex="-1">
            <table class="table">
                <caption class="visually-hidden">"Сотрудники, о которых нужно ответить"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="col-choice">
                            {all_box(here.chosen, ids)}
                        </th>
                        <th scope="col">"Сотрудник"</th>
                        <th scope="col">"Действующие роли"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <div class="row">{first} {next}</div>
        </div>
    }
    .into_any()
}

fn row(person: &RecertificationPerson, chosen: Chosen) -> AnyView {
    let name = person.name.to_string();
    let roles = person
        .roles
        .iter()
        .map(|role| {
            let end = role.period.end().map(|end| format!(", до {}", format_date(end))).unwrap_or_default();
            view! { <span class="role-line">{format!("{}{end}", role.role.title())}</span> }
        })
        .collect_view();
    view! {
        <tr>
            <td class="col-choice">{row_box(chosen, person.id, name.clone())}</td>
            <th scope="row">
                <span class="row-title">
                    <a href=card_address(person.id)>{name}</a>
                </span>
            </th>
            <td data-label="Роли">
                <div>{roles}</div>
            </td>
        </tr>
    }
    .into_any()
}

/// Asks since when those chosen do not work there any more, and ends their roles.
#[component]
fn Parting(here: Shared) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let last_day = RwSignal::new(String::new());
    let draft = move || RecertificationAnswerDraft {
        answer: RecertificationAnswer::Gone,
        ids: here.chosen.ids(),
        everybody: None,
        last_day: last_day.get(),
    };
    let errors = FormErrors::new(move || {
        let errors: Vec<FieldError> = draft().parse().err().unwrap_or_default();
        errors.into_iter().filter(|error| error.field == "last_day").collect()
    });
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<ApiError>);
    Effect::new(move |_| {
        if here.parting.get() {
            last_day.set(String::new());
            errors.clear();
            failure.set(None);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        busy.set(true);
        let draft = untrack(draft);
        spawn_local(async move {
            let answer = session.call(api::recertification::answer(here.id, &draft)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(answered) => {
                    let done =
                        answered.results.iter().filter(|result| result.outcome == BulkOutcome::Done).count();
                    if done > 0 {
                        toasts.say(format!("Роли завершены: {done}."));
                    }
                    let refused = answered.results.into_iter();
                    let refused = refused.filter(|result| result.outcome == BulkOutcome::Refused).collect();
                    let _ = here.refused.try_set(refused);
                    if here.parting.try_set(false).is_none() {
                        dom::focus_later("heading".to_owned());
                        here.again.notify();
                    }
                }
                Err(error) => {
                    let _ = failure.try_set(Some(error));
                }
            }
        });
    };
    let close = move || here.parting.set(false);
    let people = move || u32::try_from(here.chosen.ids().len()).unwrap_or(u32::MAX);
    view! {
        <Dialog
            open=here.parting
            title=Signal::derive(move || "Больше не работают".to_owned())
            on_close=close
            actions=move || {
                view! {
                    <Button on_press=close>"Отмена"</Button>
                    <Button kind=Kind::DangerFill submit=true form=FORM busy=busy>
                        "Завершить роли"
                    </Button>
                }
                    .into_any()
            }
        >
            <p>
                {untrack(move || {
                    format!(
                        "Все роли отмеченных людей ({}) закончатся в последний рабочий день. Сами карточки останутся.",
                        several(people(), PEOPLE),
                    )
                })}
            </p>
            {move || failure.get().map(|error| view! { <ProblemAlert error=error/> })}
            <form id=FORM on:submit=submit novalidate=true>
                <DateField
                    path="last_day"
                    label="Последний рабочий день"
                    value=last_day
                    errors=errors
                    required=true
                />
            </form>
        </Dialog>
    }
    .into_any()
}
