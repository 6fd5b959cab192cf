//! «Импорт» (screens.md 21): the file, its columns, the preview, what becomes of it.

use std::time::Duration;

use epos_shared::api::import::{
    Decision, Import, ImportDecisions, ImportField, ImportMapping, ImportRow, ImportRows, ImportState,
    RowDecision, RowOutcome,
};
use epos_shared::ids::ImportId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wasm_bindgen::JsCast;

use super::bulk::cards;
use super::selection::{BULK, Selection};
use super::{LIST, Working, card_address};
use crate::api::{Answer, ApiError, many};
use crate::components::{
    Alert, Breadcrumbs, Button, Heading, Kind, LinkButton, Loading, ProblemAlert, Select, Tone, lines, live,
    table,
};
use crate::dom;
use crate::form::FormErrors;
use crate::session::{SessionContext, use_session};

/// The address of the page.
pub const IMPORT: &str = "/kontingent/import";
/// How often an import that is applied is asked for.
const PAUSE: Duration = Duration::from_millis(700);

/// Rows that are decided with one request at most.
const DECIDED: usize = 100;

/// `/kontingent/import`.
pub fn import() -> AnyView {
    view! {
        <Working>
            <Page/>
        </Working>
    }
    .into_any()
}

/// The state of the page.
#[derive(Clone, Copy)]
struct State {
    session: SessionContext,
    import: RwSignal<Option<Import>>,
    failure: RwSignal<Option<ApiError>>,
    busy: RwSignal<bool>,
    outcome: RwSignal<Option<RowOutcome>>,
    rows: RwSignal<Option<ImportRows>>,
    columns: RwSignal<Vec<Option<ImportField>>>,
    /// Whether the import of the address is asked for.
    opening: RwSignal<bool>,
}

impl State {
    /// Takes an answer of the server for what is shown.
    fn take(self, answer: Answer<Import>) {
        let _ = self.busy.try_set(false);
        let _ = self.opening.try_set(false);
        match answer {
            Err(error) => {
                let _ = self.failure.try_set(Some(error));
                dom::focus_later("import-failure".to_owned());
                // Some of what was asked may have been done.
                if let Some(id) = self.shown() {
                    spawn_local(async move {
                        if let Ok(import) = self.session.call(many::import(id)).await {
                            let _ = self.import.try_set(Some(import));
                        }
                    });
                }
            }
            Ok(import) => {
                if self.failure.try_set(None).is_some() {
                    return;
                }
                self.columns.set(import.columns.clone());
                let decided = import.state == ImportState::Previewed
                    && self.import.with_untracked(|before| {
                        before.as_ref().is_some_and(|before| before.state == ImportState::Previewed)
                    });
                if import.state == ImportState::Previewed {
                    // Whoever decides stays at the same rows as long as there are some.
                    let now = self.outcome.get_untracked().filter(|_| decided);
                    let mut all = now.into_iter().chain(RowOutcome::ALL);
                    self.outcome.set(all.find(|outcome| count(&import, *outcome) > 0));
                    self.look(import.id, None);
                }
                if matches!(import.state, ImportState::Applying | ImportState::Finishing) {
                    self.wait(import.id);
                }
                self.import.set(Some(import));
                dom::focus_later(if decided { "import-rows" } else { "import-step" }.to_owned());
            }
        }
    }

    /// Asks the server for something that answers the import.
    fn ask(self, call: impl Future<Output = Answer<Import>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            let answer = self.session.call(call).await;
            self.take(answer);
        });
    }

    /// The import on the page.
    fn shown(self) -> Option<ImportId> {
        self.import.try_get_untracked().flatten().map(|import| import.id)
    }

    /// Reads rows of the preview.
    fn look(self, id: ImportId, after: Option<u32>) {
        let outcome = self.outcome.get_untracked();
        if after.is_none() {
            self.rows.set(None);
        }
        spawn_local(async move {
            match self.session.call(many::import_rows(id, outcome, after)).await {
                Err(error) => {
                    let _ = self.failure.try_set(Some(error));
                }
                // Other rows are wanted meanwhile.
                Ok(_) if self.shown() != Some(id) || self.outcome.try_get_untracked() != Some(outcome) => {}
                Ok(mut page) => {
                    let _ = self.rows.try_update(|rows| {
                        if let Some(before) = rows.take().filter(|_| after.is_some()) {
                            let mut items = before.items;
                            items.append(&mut page.items);
                            page.items = items;
                        }
                        *rows = Some(page);
                    });
                }
            }
        });
    }

    /// Looks again in a moment.
    fn wait(self, id: ImportId) {
        set_timeout(
            move || {
                spawn_local(async move {
                    match self.session.call(many::import(id)).await {
                        Ok(import)
                            if matches!(import.state, ImportState::Applying | ImportState::Finishing) =>
                        {
                            if self.import.try_set(Some(import)).is_none() {
                                self.wait(id);
                            }
                        }
                        // The work goes on without us.
                        Err(ApiError::Network) => self.wait(id),
                        answer => self.take(answer),
                    }
                });
            },
            PAUSE,
        );
    }
}

fn count(import: &Import, outcome: RowOutcome) -> u32 {
    match outcome {
        RowOutcome::Created => import.counts.created,
        RowOutcome::Changed => import.counts.changed,
        RowOutcome::Unchanged => import.counts.unchanged,
        RowOutcome::Skipped => import.counts.skipped,
        RowOutcome::Wrong => import.counts.wrong,
        RowOutcome::Undecided => import.counts.undecided,
    }
}

#[component]
fn Page() -> impl IntoView {
    let state = State {
        session: use_session(),
        import: RwSignal::new(None),
        failure: RwSignal::new(None),
        busy: RwSignal::new(false),
        outcome: RwSignal::new(None),
        rows: RwSignal::new(None),
        columns: RwSignal::default(),
        opening: RwSignal::new(false),
    };
    let parameters = use_query_map();
    let navigate = use_navigate();
    if let Some(id) =
        parameters.with_untracked(|map| map.get("id")).and_then(|id| id.parse::<ImportId>().ok())
    {
        state.opening.set(true);
        state.ask(many::import(id));
    }
    // The address names the import, so that another loading of the page finds it, and forgets it with the page.
    Effect::new(move |named: Option<bool>| {
        let id = state.import.with(|import| import.as_ref().map(|import| import.id));
        let wanted = id.map_or_else(|| IMPORT.to_owned(), |id| format!("{IMPORT}?id={id}"));
        if (id.is_some() || named == Some(true)) && dom::here() != wanted {
            navigate(&wanted, NavigateOptions { replace: true, scroll: false, ..Default::default() });
        }
        id.is_some()
    });
    // What a decision changes is the counts alone.
    let step = Memo::new(move |_| {
        state.import.with(|import| {
            import.as_ref().map(|import| (import.state, import.counts, import.failure.clone()))
        })
    });
    view! {
        <Breadcrumbs
            above=vec![("Контингент", "/kontingent".to_owned()), ("Сотрудники", LIST.to_owned())]
            here="Импорт"
        />
        <div class="page-head">
            <Heading text="Импорт сотрудников"/>
        </div>
        <div id="import-failure" tabindex="-1">
            {live(move || state.failure.get().map(failure_view).into_any())}
        </div>
        {live(move || match step.get().map(|(state, ..)| state) {
            None if state.opening.get() => view! { <Loading/> }.into_any(),
            None => choose(state),
            Some(ImportState::Uploaded) => map(state),
            Some(ImportState::Previewed) => preview(state),
            Some(ImportState::Applying | ImportState::Finishing) => applying(state),
            Some(ImportState::Applied) => applied(state),
        })}
    }
}

/// What the server said of the file or of the mapping.
fn failure_view(error: ApiError) -> AnyView {
    let errors = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
    if errors.is_empty() {
        return view! { <ProblemAlert error=error/> }.into_any();
    }
    let words = errors.into_iter().map(|error| view! { <p>{error.message}</p> }).collect_view();
    view! {
        <Alert tone=Tone::Error title="Не получилось" live=true>
            {words}
        </Alert>
    }
    .into_any()
}

fn step_title(text: &'static str) -> AnyView {
    view! {
        <h2 id="import-step" tabindex="-1" class="side-title">
            {text}
        </h2>
    }
    .into_any()
}

/// The file.
fn choose(state: State) -> AnyView {
    let send = move |event: leptos::ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            state.ask(many::upload(file));
        }
        // The same file may be chosen again, once it was corrected.
        input.set_value("");
    };
    view! {
        <section class="panel stack" aria-labelledby="import-step">
            {step_title("1. Выберите файл")}
            <p>
                "Таблица XLSX или CSV, до 10 000 строк и 10 МБ. В первой строке — заголовки. Каждая строка — человек и одна его роль в организации."
            </p>
            <p>
                "Образец: " <a href=many::sample("xlsx") download="">"XLSX"</a> ", "
                <a href=many::sample("csv") download="">"CSV"</a>
            </p>
            <div class="field main-form">
                <label class="field-label" for="import-file">
                    "Файл"
                </label>
                <input
                    class="input"
                    type="file"
                    id="import-file"
                    accept=".xlsx,.csv,.txt"
                    disabled=move || state.busy.get()
                    on:change=send
                />
            </div>
            <p role="status">{move || state.busy.get().then_some("Файл загружается и читается…")}</p>
        </section>
    }
    .into_any()
}

/// What the columns hold.
fn map(state: State) -> AnyView {
    let Some(import) = state.import.get_untracked() else { return ().into_any() };
    let id = import.id;
    let errors = FormErrors::new(Vec::new);
    let options: Vec<(String, String)> = ImportField::ALL
        .into_iter()
        .map(|field| (field.as_str().to_owned(), field.title().to_owned()))
        .collect();
    let selects = import
        .headings
        .iter()
        .enumerate()
        .map(|(place, heading)| {
            let samples: Vec<String> = import
                .sample
                .iter()
                .filter_map(|row| row.get(place).filter(|cell| !cell.is_empty()).cloned())
                .collect();
            let label =
                if heading.is_empty() { format!("Столбец {}", place + 1) } else { heading.clone() };
            let value = Signal::derive(move || {
                let columns = state.columns.get();
                columns
                    .get(place)
                    .copied()
                    .flatten()
                    .map(|field| field.as_str().to_owned())
                    .unwrap_or_default()
            });
            let change = move |wire: String| {
                state.columns.update(|columns| {
                    let field = ImportField::from_wire(&wire);
                    for (other, column) in columns.iter_mut().enumerate() {
                        if other == place {
                            *column = field;
                        } else if *column == field {
                            *column = None;
                        }
                    }
                });
            };
            view! {
                <div>
                    <Select
                        path=format!("columns/{place}")
                        label=label
                        value=value
                        on_change=change
                        options=options.clone()
                        empty="Не загружать"
                        errors=errors
                    />
                    <p class="field-hint">{samples.join("; ")}</p>
                </div>
            }
        })
        .collect_view();
    let check = move || {
        let mapping = ImportMapping { columns: state.columns.get_untracked() };
        state.ask(async move { many::map_import(id, &mapping).await });
    };
    view! {
        <section class="panel stack" aria-labelledby="import-step">
            {step_title("2. Проверьте столбцы")}
            <p>"Что лежит в каждом столбце файла. Выбор запомнится для следующего файла с такими же заголовками."</p>
            <div class="columns">{selects}</div>
            <div class="row">
                <Button kind=Kind::Primary busy=state.busy on_press=check>
                    "Проверить строки"
                </Button>
                {again(state)}
            </div>
            <p role="status">{move || state.busy.get().then_some("Строки проверяются…")}</p>
        </section>
    }
    .into_any()
}

/// Another file instead.
fn again(state: State) -> AnyView {
    let press = move || {
        if let Some(import) = state.import.get_untracked() {
            let session = state.session;
            spawn_local(async move {
                let _ = session.call(many::remove_import(import.id)).await;
            });
        }
        state.failure.set(None);
        state.import.set(None);
    };
    view! {
        <Button busy=state.busy on_press=press>
            "Другой файл"
        </Button>
    }
    .into_any()
}

/// What every row comes to.
fn preview(state: State) -> AnyView {
    let Some(import) = state.import.get_untracked() else { return ().into_any() };
    let id = import.id;
    let counts = import.counts;
    let ready = counts.wrong == 0 && counts.undecided == 0 && counts.created + counts.changed > 0;
    let tabs = RowOutcome::ALL
        .into_iter()
        .filter(|outcome| count(&import, *outcome) > 0)
        .map(|outcome| {
            let text = format!("{}: {}", outcome.title(), count(&import, outcome));
            let press = move || {
                state.outcome.set(Some(outcome));
                state.look(id, None);
            };
            view! {
                <button
                    type="button"
                    class="button button-small"
                    aria-pressed=move || if state.outcome.get() == Some(outcome) { "true" } else { "false" }
                    on:click=move |_| press()
                >
                    {text}
                </button>
            }
        })
        .collect_view();
    let words = if counts.wrong > 0 {
        "Исправьте строки с ошибками в файле и загрузите его заново: пока они есть, не применяется ничего."
    } else if counts.undecided > 0 {
        "Решите, что делать с повторами, — каждый отдельно или все сразу."
    } else if !ready {
        "В файле нет ни новых, ни изменённых карточек: применять нечего."
    } else {
        "Применится всё сразу. Одноразовые пароли новым сотрудникам не выдаются: их можно выдать после."
    };
    let failure = import.failure.clone();
    let apply = move || state.ask(many::apply_import(id));
    view! {
        <section class="panel stack" aria-labelledby="import-step">
            {step_title("3. Предпросмотр")}
            {failure
                .map(|failure| {
                    view! {
                        <Alert tone=Tone::Error title="Файл не применён, ничего не изменилось">
                            <p>{failure}</p>
                        </Alert>
                    }
                })}
            <p>{words}</p>
            <div class="row" role="group" aria-label="Какие строки показать">
                {tabs}
            </div>
            {live(move || all_at_once(state, id))}
            <div id="import-rows" tabindex="-1">
                {live(move || match state.rows.get() {
                    None => view! { <Loading/> }.into_any(),
                    Some(page) => rows_view(state, id, page),
                })}
            </div>
            <div class="row">
                {ready
                    .then(|| {
                        let text = format!(
                            "Применить: новых {}, изменённых {}",
                            counts.created,
                            counts.changed,
                        );
                        view! {
                            <Button kind=Kind::Primary busy=state.busy on_press=apply>
                                {text}
                            </Button>
                        }
                    })}
                <Button
                    busy=state.busy
                    on_press=move || {
                        state.import.update(|import| {
                            if let Some(import) = import {
                                import.state = ImportState::Uploaded;
                            }
                        });
                    }
                >
                    "К столбцам"
                </Button>
                {again(state)}
            </div>
        </section>
    }
    .into_any()
}

const fn decision_title(decision: Decision) -> &'static str {
    match decision {
        Decision::Same => "Тот же человек",
        Decision::Create => "Создать карточку",
        Decision::Skip => "Пропустить",
    }
}

/// The same decision for all rows that wait for one and are shown.
fn all_at_once(state: State, id: ImportId) -> AnyView {
    if state.outcome.get() != Some(RowOutcome::Undecided) {
        return ().into_any();
    }
    let button = |decision: Decision| {
        let press = move || {
            let rows: Vec<RowDecision> = state.rows.with_untracked(|page| {
                let items = page.iter().flat_map(|page| &page.items);
                items
                    .filter(|row| row.outcome == RowOutcome::Undecided && row.choices.contains(&decision))
                    .map(|row| RowDecision { line: row.line, decision })
                    .collect()
            });
            decide(state, id, rows);
        };
        view! {
            <Button class="button-small" busy=state.busy on_press=press>
                {decision_title(decision)}
            </Button>
        }
    };
    view! {
        <div class="row" role="group" aria-label="Решить все показанные повторы">
            <span>"Все показанные:"</span>
            {Decision::ALL.map(button).collect_view()}
        </div>
    }
    .into_any()
}

fn decide(state: State, id: ImportId, rows: Vec<RowDecision>) {
    if rows.is_empty() {
        return;
    }
    state.ask(async move {
        let mut answer = Err(ApiError::Network);
        for part in rows.chunks(DECIDED) {
            answer = Ok(many::decide_import(id, &ImportDecisions { rows: part.to_vec() }).await?);
        }
        answer
    });
}

fn rows_view(state: State, id: ImportId, page: ImportRows) -> AnyView {
    let next = page.next;
    let rows = page.items.into_iter().map(|row| row_view(state, id, row)).collect();
    view! {
        {table("Строки файла", &["Сотрудник", "Строка", "Роль", "Что будет"], rows)}
        {next
            .map(|after| {
                view! { <Button on_press=move || state.look(id, Some(after))>"Показать ещё"</Button> }
            })}
    }
    .into_any()
}

fn row_view(state: State, id: ImportId, row: ImportRow) -> Vec<AnyView> {
    let mut words: Vec<String> = row
        .errors
        .iter()
        .map(|error| match error.field {
            Some(field) => format!("{}: {}", field.title(), error.message),
            None => error.message.clone(),
        })
        .collect();
    words.extend(row.notes.iter().cloned());
    let words = words.into_iter().map(|words| view! { <p>{words}</p> }).collect_view();
    let line = row.line;
    let choices = row
        .choices
        .iter()
        .map(|decision| {
            let decision = *decision;
            let chosen = row.decision == Some(decision);
            view! {
                <button
                    type="button"
                    class="button button-small"
                    aria-pressed=if chosen { "true" } else { "false" }
                    disabled=move || state.busy.get()
                    on:click=move |_| decide(state, id, vec![RowDecision { line, decision }])
                >
                    {decision_title(decision)}
                </button>
            }
        })
        .collect_view();
    let name = if row.name.is_empty() { "ФИО не указано".to_owned() } else { row.name };
    let name = match row.employee_id {
        Some(card) => view! { <a href=card_address(card)>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    let outcome = match row.outcome {
        RowOutcome::Created => "Новая карточка",
        RowOutcome::Unchanged => "Без изменений",
        RowOutcome::Skipped => "Пропускается",
        _ => "",
    };
    vec![
        view! {
            {name}
            <span class="cell-sub">{row.organization}</span>
        }
        .into_any(),
        row.line.to_string().into_any(),
        row.role.into_any(),
        view! {
            {outcome}
            {words}
            <div class="row">{choices}</div>
        }
        .into_any(),
    ]
}

/// The bar: what is made unseen is one half, what becomes visible the other.
fn applying(state: State) -> AnyView {
    live(move || {
        let Some(import) = state.import.get() else { return ().into_any() };
        let all = import.counts.created + import.counts.changed;
        let finishing = import.state == ImportState::Finishing;
        let done = if finishing { all + import.done } else { import.done };
        let words = if finishing {
            "Карточки появляются в списке…"
        } else {
            "Карточки готовятся…"
        };
        view! {
            <section class="panel stack" aria-labelledby="import-step">
                {step_title("4. Файл применяется")}
                <p role="status">{words}</p>
                <progress max=(2 * all).to_string() value=done.to_string() aria-label=words></progress>
                <p>"Страницу можно закрыть: работа закончится без неё."</p>
            </section>
        }
        .into_any()
    })
}

fn applied(state: State) -> AnyView {
    let Some(import) = state.import.get_untracked() else { return ().into_any() };
    let (id, counts) = (import.id, import.counts);
    let navigate = use_navigate();
    let issue = move || {
        let navigate = navigate.clone();
        let session = state.session;
        spawn_local(async move {
            match session.call(many::created_by_import(id)).await {
                Ok(created) => {
                    Selection::Cards(created.ids).hand_on();
                    navigate(BULK, NavigateOptions::default());
                }
                Err(error) => {
                    let _ = state.failure.try_set(Some(error));
                }
            }
        });
    };
    let summary =
        lines(format!("Создано: {}", cards(counts.created)), format!("Изменено: {}", cards(counts.changed)));
    view! {
        <section class="panel stack" aria-labelledby="import-step">
            {step_title("Готово")}
            <Alert tone=Tone::Done>
                <p>{summary}</p>
            </Alert>
            <div class="row">
                {(counts.created > 0)
                    .then(|| {
                        view! {
                            <Button kind=Kind::Primary on_press=issue>
                                "Выдать пароли новым сотрудникам"
                            </Button>
                        }
                    })}
                <LinkButton href=LIST>"К списку сотрудников"</LinkButton>
                <Button on_press=move || state.import.set(None)>"Загрузить ещё файл"</Button>
            </div>
        </section>
    }
    .into_any()
}
