//! Something done to many cards at once (screens.md 15): one part after the other, with a result for every card.

use epos_shared::api::bulk::{BulkAction, BulkOutcome, BulkRequest, BulkResult, MAX_GO};
use epos_shared::api::employees::EmployeeQuery;
use epos_shared::api::page::MAX_LIMIT;
use epos_shared::ids::EmployeeId;
use epos_shared::problem::FieldError;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::selection::Selection;
use super::{LIST, ListPlace, Working};
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Badge, Breadcrumbs, Button, DateField, EmptyState, ErrorState, Heading, Kind, LinkButton, Loading,
    Picture, ProblemAlert, Secret, SecretRow, Tone, lines, live, table, use_secret,
};
use crate::dom;
use crate::form::FormErrors;
use crate::leave::{Loss, use_leave_guard};
use crate::russian;
use crate::session::{SessionContext, use_session};

/// Cards of one request: often enough for the bar to move.
const PART: usize = 20;

/// `/kontingent/bulk`.
pub fn bulk() -> AnyView {
    view! {
        <Working>
            <Bulk/>
        </Working>
    }
    .into_any()
}

/// What is to be seen.
#[derive(Clone)]
enum Found {
    Asking,
    Nothing,
    /// The portion of a list, behind so many cards, could not be read.
    Failed(ApiError, Box<EmployeeQuery>, usize),
    Cards(Portion),
}

#[component]
fn Bulk() -> impl IntoView {
    let session = use_session();
    let place = expect_context::<ListPlace>();
    let found = RwSignal::new(Found::Asking);
    match Selection::taken() {
        None => found.set(Found::Nothing),
        Some(Selection::Cards(ids)) => found.set(Found::Cards(Portion::of(ids, 0))),
        Some(Selection::All(query)) => spawn_local(ask(session, *query, 0, found)),
    }
    let next = Callback::new(move |()| {
        let Found::Cards(portion) = found.get_untracked() else { return };
        let before = portion.before + portion.ids.len();
        match portion.rest {
            Rest::Nothing => {}
            Rest::Cards(ids) => found.set(Found::Cards(Portion::of(ids, before))),
            Rest::Page(query) => {
                found.set(Found::Asking);
                spawn_local(ask(session, *query, before, found));
            }
        }
        dom::focus_later("heading".to_owned());
    });
    let back = place.address.get_value();
    let above = vec![("Контингент", "/kontingent".to_owned()), ("Сотрудники", back.clone())];
    view! {
        <Breadcrumbs above=above here="Действия с карточками"/>
        <div class="page-head">
            <Heading text="Действия с карточками"/>
        </div>
        {live(move || match found.get() {
            Found::Asking => view! { <Loading/> }.into_any(),
            Found::Failed(error, query, before) => {
                let retry = move || {
                    found.set(Found::Asking);
                    spawn_local(ask(session, (*query).clone(), before, found));
                };
                view! { <ErrorState error=error on_retry=retry/> }.into_any()
            }
            Found::Cards(portion) if !portion.ids.is_empty() => deeds(portion, next),
            _ => {
                view! {
                    <EmptyState title="Карточки не выбраны">
                        <p>"Отметьте сотрудников в списке и нажмите «Действия с отмеченными»."</p>
                        <div class="row">
                            <LinkButton href=LIST kind=Kind::Primary>
                                "К списку сотрудников"
                            </LinkButton>
                        </div>
                    </EmptyState>
                }
                .into_any()
            }
        })}
    }
}

/// The cards that are dealt with at once.
#[derive(Clone)]
struct Portion {
    ids: Vec<EmployeeId>,
    /// How many were in the portions before.
    before: usize,
    rest: Rest,
}

/// What is dealt with after that.
#[derive(Clone)]
enum Rest {
    Nothing,
    Cards(Vec<EmployeeId>),
    /// The list behind a place.
    Page(Box<EmployeeQuery>),
}

impl Portion {
    fn of(mut ids: Vec<EmployeeId>, before: usize) -> Self {
        let rest = ids.split_off(ids.len().min(MAX_GO));
        let rest = if rest.is_empty() { Rest::Nothing } else { Rest::Cards(rest) };
        Self { ids, before, rest }
    }
}

async fn ask(session: SessionContext, query: EmployeeQuery, before: usize, found: RwSignal<Found>) {
    let _ = found.try_set(match portion(session, query.clone(), before).await {
        Ok(portion) => Found::Cards(portion),
        Err(error) => Found::Failed(error, Box::new(query), before),
    });
}

/// The cards of a list up to the limit.
async fn portion(session: SessionContext, query: EmployeeQuery, before: usize) -> Result<Portion, ApiError> {
    let mut ids = Vec::new();
    let mut asked = EmployeeQuery { before: None, limit: Some(MAX_LIMIT), ..query };
    loop {
        let page = session.call(api::employees(&asked)).await?;
        ids.extend(page.items.into_iter().map(|row| row.id));
        asked.after = page.next;
        if asked.after.is_none() || ids.len() >= MAX_GO {
            let rest = if asked.after.is_some() { Rest::Page(Box::new(asked)) } else { Rest::Nothing };
            return Ok(Portion { ids, before, rest });
        }
    }
}

/// How far it is.
#[derive(Clone, Copy)]
struct Going {
    busy: RwSignal<bool>,
    all: RwSignal<usize>,
    results: RwSignal<Vec<BulkResult>>,
    failure: RwSignal<Option<ApiError>>,
}

fn deeds(portion: Portion, next: Callback<()>) -> AnyView {
    let Portion { ids, before, rest } = portion;
    let more = !matches!(rest, Rest::Nothing);
    let session = use_session();
    let secret = use_secret();
    let guard = use_leave_guard();
    let count = ids.len();
    let ids = StoredValue::new(ids);
    let going = Going {
        busy: RwSignal::new(false),
        all: RwSignal::new(0),
        results: RwSignal::default(),
        failure: RwSignal::new(None),
    };
    let day = RwSignal::new(String::new());
    let sure = RwSignal::new(None::<BulkAction>);
    let request = move |action: BulkAction, ids: Vec<EmployeeId>| BulkRequest {
        action,
        last_day: day.get_untracked(),
        ids,
    };
    let errors = FormErrors::new(move || {
        day.track();
        let errors: Vec<FieldError> =
            request(BulkAction::EndRoles, Vec::new()).parse().err().unwrap_or_default();
        errors.into_iter().filter(|error| error.field == "last_day").collect()
    });
    Effect::new(move |_| guard.set(secret.at_risk().then_some(Loss::Secret)));
    on_cleanup(move || {
        guard.set(None);
        secret.forget();
    });
    let go = move |action: BulkAction| {
        sure.set(None);
        if going.busy.get_untracked() {
            return;
        }
        going.busy.set(true);
        going.all.set(count);
        going.results.set(Vec::new());
        going.failure.set(None);
        secret.forget();
        spawn_local(async move {
            for part in ids.get_value().chunks(PART) {
                match session.call(api::many::bulk(&request(action, part.to_vec()))).await {
                    Ok(answer) => {
                        for result in &answer.results {
                            show_secret(secret, result);
                        }
                        if going.results.try_update(|all| all.extend(answer.results)).is_none() {
                            return;
                        }
                    }
                    Err(error) => {
                        let _ = going.failure.try_set(Some(error));
                        break;
                    }
                }
            }
            let _ = going.busy.try_set(false);
            dom::focus_later("bulk-done".to_owned());
        });
    };
    let end = move |event: SubmitEvent| {
        event.prevent_default();
        if errors.submit() {
            sure.set(Some(BulkAction::EndRoles));
        }
    };
    let people = if before == 0 && !more {
        format!("Карточек: {count}")
    } else {
        format!("Карточки с {} по {}", before + 1, before + count)
    };
    view! {
        <div class="stack">
        <p class="page-lead">{people}</p>
        {more
            .then(|| {
                let words = format!("За один раз — {MAX_GO} карточек. Закончите с этими и откройте следующие.");
                view! {
                    <Alert tone=Tone::Warning>
                        <p>{words}</p>
                        // Once these are done: pressed twice, it would pass over a thousand.
                        {live(move || {
                            (!going.busy.get() && going.results.with(|results| !results.is_empty()))
                                .then(|| view! {
                                    <Button on_press=move || guard.ask(move || next.run(()))>
                                        "Следующие карточки"
                                    </Button>
                                })
                                .into_any()
                        })}
                    </Alert>
                }
            })}
        {live(move || secret.shown().then(|| view! { <SecretRow focus=false/> }).into_any())}
        {live(move || progress(going))}
        <div class="no-print">
            <section class="panel stack" aria-labelledby="bulk-end">
                <h2 id="bulk-end" class="side-title">"Завершить роли"</h2>
                <p>"Все роли карточек закончатся в этот день. Роли, которые кончаются раньше, не изменятся."</p>
                <form on:submit=end novalidate=true class="stack main-form">
                    <DateField path="last_day" label="Конечная дата" value=day errors=errors required=true/>
                    <Button submit=true kind=Kind::Danger busy=going.busy>
                        "Завершить роли"
                    </Button>
                </form>
                {live(move || {
                    (sure.get() == Some(BulkAction::EndRoles))
                        .then(|| question(
                            format!("Завершить роли на карточках: {count}? Вернуть прежние даты разом нельзя."),
                            "Завершить",
                            sure,
                            Callback::new(move |()| go(BulkAction::EndRoles)),
                        ))
                        .into_any()
                })}
            </section>
            <section class="panel stack" aria-labelledby="bulk-issue">
                <h2 id="bulk-issue" class="side-title">"Выдать одноразовые пароли"</h2>
                <p>
                    "Прежние пароли этих карточек перестанут действовать. Новые будут показаны один раз: распечатайте листы, пока они на экране."
                </p>
                <Button busy=going.busy on_press=move || sure.set(Some(BulkAction::IssueCredentials))>
                    "Выдать пароли"
                </Button>
                {live(move || {
                    (sure.get() == Some(BulkAction::IssueCredentials))
                        .then(|| question(
                            format!("Выдать новые пароли, карточек: {count}?"),
                            "Выдать",
                            sure,
                            Callback::new(move |()| go(BulkAction::IssueCredentials)),
                        ))
                        .into_any()
                })}
            </section>
        </div>
        </div>
    }
    .into_any()
}

/// A question before the deed.
fn question(
    words: String,
    yes: &'static str,
    sure: RwSignal<Option<BulkAction>>,
    go: Callback<()>,
) -> AnyView {
    Effect::new(|_| dom::focus_later("bulk-yes".to_owned()));
    view! {
        <Alert tone=Tone::Warning title=words live=true>
            <div class="row">
                <Button id="bulk-yes" kind=Kind::DangerFill on_press=go>
                    {yes}
                </Button>
                <Button on_press=move || sure.set(None)>"Не надо"</Button>
            </div>
        </Alert>
    }
    .into_any()
}

fn show_secret(secret: crate::components::SecretContext, result: &BulkResult) {
    if let Some(credentials) = result.credentials.clone() {
        secret.show(Secret {
            employee: result.id,
            name: result.name.clone(),
            organization: result.organization.clone(),
            credentials,
            reset: false,
            closes: false,
        });
    }
}

/// The bar, and what became of every card.
fn progress(going: Going) -> AnyView {
    let all = going.all.get();
    if all == 0 {
        return ().into_any();
    }
    let results = going.results.get();
    let done = results.len();
    let of = |outcome: BulkOutcome| results.iter().filter(|result| result.outcome == outcome).count();
    let words = if going.busy.get() {
        format!("Готово {done} из {all}")
    } else {
        let (changed, unchanged, refused) =
            (of(BulkOutcome::Done), of(BulkOutcome::Unchanged), of(BulkOutcome::Refused));
        format!("Выполнено: {changed}. Без изменений: {unchanged}. Отказано: {refused}.")
    };
    let rows = results.into_iter().map(result_row).collect();
    view! {
        <section class="panel stack no-print" aria-labelledby="bulk-done">
            <h2 id="bulk-done" tabindex="-1" class="side-title">"Что сделано"</h2>
            <p role="status">{words.clone()}</p>
            <progress max=all.to_string() value=done.to_string() aria-label=words></progress>
            {going.failure.get().map(|error| view! { <ProblemAlert error=error/> })}
            {table("Что сделано", &["Сотрудник", "Итог"], rows)}
        </section>
    }
    .into_any()
}

fn result_row(result: BulkResult) -> Vec<AnyView> {
    let (tone, picture, text) = match result.outcome {
        BulkOutcome::Done => (Tone::Done, Picture::Done, "выполнено".to_owned()),
        BulkOutcome::Unchanged => (Tone::Info, Picture::Info, "без изменений".to_owned()),
        BulkOutcome::Refused => (Tone::Warning, Picture::Warning, result.message),
    };
    let name = if result.name.is_empty() { "Нет доступа".to_owned() } else { result.name };
    vec![lines(name, result.organization), view! { <Badge tone=tone picture=picture text=text/> }.into_any()]
}

/// A number of cards, in words.
#[must_use]
pub fn cards(count: u32) -> String {
    format!("{count} {}", russian::plural(count, "карточка", "карточки", "карточек"))
}
