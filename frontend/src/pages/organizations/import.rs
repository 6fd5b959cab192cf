//! Import of organizations: a file, what it would do, and the doing.

use epos_shared::api::organization_import::{Column, ImportPlan, PlannedRow, RowFate, WrongCell};
use epos_shared::problem::ProblemCode;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement};

use super::{ORGANIZATIONS, way};
use crate::api::{ApiError, organization};
use crate::components::{
    Alert, Badge, Button, Heading, Kind, LinkButton, Picture, ProblemAlert, Tone, live, table, use_toasts,
};
use crate::dom;
use crate::russian::several;
use crate::session::use_session;

const FILE: &str = "import-file";

/// The page.
pub fn page() -> AnyView {
    let session = use_session();
    let toasts = use_toasts();
    // The file stays in the browser between the two requests.
    let file = StoredValue::new_local(None::<File>);
    let plan = RwSignal::new(None::<ImportPlan>);
    let failure = RwSignal::new(None::<ApiError>);
    let busy = RwSignal::new(false);
    let done = RwSignal::new(None::<String>);
    let look = move || {
        let Some(chosen) = file.get_value() else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = session.call(organization::import_plan(chosen)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(found) => plan.set(Some(found)),
                Err(error) => failure.set(Some(error)),
            }
            dom::focus_later("result".to_owned());
        });
    };
    let name = RwSignal::new(String::new());
    let choose = move |event: ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        let Some(chosen) = input.files().and_then(|files| files.get(0)) else { return };
        name.set(chosen.name());
        file.set_value(Some(chosen));
        // The same file may be chosen again, once it was corrected.
        input.set_value("");
        plan.set(None);
        failure.set(None);
        done.set(None);
        look();
    };
    let apply = Callback::new(move |mark: String| {
        let Some(chosen) = file.get_value() else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = session.call(organization::import(chosen, mark)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(imported) => {
                    toasts.say("Организации загружены");
                    plan.set(None);
                    done.set(Some(format!("Создано: {}. Изменено: {}.", imported.created, imported.changed)));
                }
                Err(error) => {
                    // Somebody has changed something meanwhile: the plan is to be looked at again.
                    if error.code() == Some(ProblemCode::VersionConflict) {
                        plan.set(None);
                    }
                    failure.set(Some(error));
                }
            }
            dom::focus_later("result".to_owned());
        });
    });
    let failed = move |error: ApiError| {
        let errors = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
        let messages = errors.into_iter().map(|error| view! { <p>{error.message}</p> }).collect_view();
        view! {
            <ProblemAlert error=error>{messages}</ProblemAlert>
            <div class="row gap-above">
                <Button busy=busy on_press=look>
                    "Посмотреть план ещё раз"
                </Button>
            </div>
        }
        .into_any()
    };
    let result = live(move || {
        if let Some(error) = failure.get() {
            return failed(error);
        }
        if let Some(words) = done.get() {
            return view! {
                <Alert tone=Tone::Done title="Файл загружен">
                    <p>{words}</p>
                    <div class="row">
                        <LinkButton href=ORGANIZATIONS>"К организациям"</LinkButton>
                    </div>
                </Alert>
            }
            .into_any();
        }
        plan.get().map(|plan| plan_view(&plan, busy, apply)).into_any()
    });
    let columns: Vec<_> = Column::ALL
        .into_iter()
        .map(|column| {
            let note = match column {
                Column::Kind => "школа, СПО, детский сад или управление образованием",
                Column::Parent => "краткое наименование или ИНН/КПП; для новых организаций",
                Column::EsiaOnly => "да или нет; можно не заполнять",
                Column::Town => "можно не заполнять",
                Column::Inn | Column::Kpp => "по ним организация узнаётся",
                Column::FullName | Column::ShortName => "",
            };
            vec![column.heading().into_any(), note.into_any()]
        })
        .collect();
    view! {
        {way(Signal::stored("Загрузка из файла".to_owned()))}
        <div class="page-head">
            <Heading text="Загрузка организаций из файла"/>
        </div>
        <div class="panel stack">
            <p>
                "CSV (UTF-8 или Windows-1251) или XLSX до 10 МиБ. Сначала вы увидите, что будет создано и изменено; с ошибкой хотя бы в одной строке не загрузится ничего."
            </p>
            <details class="consent">
                <summary>"Какие нужны столбцы"</summary>
                {table("Столбцы файла", &["Столбец", "Что в нём"], columns)}
            </details>
            <div class="field">
                <label class="field-label" for=FILE>
                    "Файл"
                </label>
                <input
                    class="input"
                    type="file"
                    id=FILE
                    accept=".csv,.xlsx,.txt,text/csv"
                    aria-busy=move || busy.get().then_some("true")
                    on:change=choose
                />
            </div>
        </div>
        <p role="status" class="muted">
            {move || if busy.get() { "Файл проверяется…".to_owned() } else { name.get() }}
        </p>
        <section class="gap-above" id="result" tabindex="-1" aria-label="Что будет сделано">
            {result}
        </section>
    }
    .into_any()
}

fn plan_view(plan: &ImportPlan, busy: RwSignal<bool>, apply: Callback<String>) -> AnyView {
    let sums = format!(
        "Будет создано: {}, изменено: {}, без изменений: {}.",
        plan.created, plan.changed, plan.unchanged
    );
    let wrong = (plan.wrong_total > 0).then(|| wrong_view(&plan.wrong, plan.wrong_total));
    let act = match (&plan.plan, plan.wrong_total) {
        (Some(mark), _) => {
            let mark = mark.clone();
            view! {
                <div class="row">
                    <Button kind=Kind::Primary busy=busy on_press=move || apply.run(mark.clone())>
                        "Загрузить"
                    </Button>
                </div>
            }
            .into_any()
        }
        (None, 0) => view! {
            <Alert>
                <p>"Всё, что в файле, уже так и есть: загружать нечего."</p>
            </Alert>
        }
        .into_any(),
        (None, _) => ().into_any(),
    };
    let rows = (!plan.rows.is_empty() && plan.wrong_total == 0).then(|| rows_view(&plan.rows));
    view! {
        <div class="stack">
            <p>{sums}</p>
            {wrong}
            {act}
            {rows}
        </div>
    }
    .into_any()
}

fn wrong_view(wrong: &[WrongCell], total: u32) -> AnyView {
    let rows = wrong
        .iter()
        .map(|cell| {
            vec![
                cell.line.to_string().into_any(),
                cell.column.clone().into_any(),
                cell.message.clone().into_any(),
            ]
        })
        .collect();
    let title =
        format!("{} — исправьте файл и выберите его снова", several(total, ["ошибка", "ошибки", "ошибок"]));
    view! {
        <Alert tone=Tone::Error title=title/>
        {table("Ошибки в файле", &["Строка файла", "Столбец", "Что исправить"], rows)}
    }
    .into_any()
}

fn rows_view(rows: &[PlannedRow]) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let fate = match row.fate {
                RowFate::Created => {
                    view! { <Badge tone=Tone::Done picture=Picture::Done text="новая"/> }.into_any()
                }
                RowFate::Changed => {
                    view! { <Badge tone=Tone::Warning picture=Picture::Info text="изменится"/> }.into_any()
                }
            };
            let columns = row.columns.join(", ");
            vec![
                row.short_name.clone().into_any(),
                row.line.to_string().into_any(),
                view! { {fate} <span class="cell-sub">{columns}</span> }.into_any(),
            ]
        })
        .collect();
    table("Что будет сделано", &["Организация", "Строка файла", "Что будет"], rows)
}
