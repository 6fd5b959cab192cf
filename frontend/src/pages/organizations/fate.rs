//! Closing, opening again, putting under another one, joining to another: what is to be said of it first, what
//! would happen, and the question.

use epos_shared::api::organization_card::{
    CloseDraft, ClosingPreview, MergeDraft, MergePreview, MoveDraft, OrganizationCard, OrganizationError,
    ReopenDraft,
};
use epos_shared::values::{InvalidValue as _, format_date, parse_date};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::one::duplicates;
use super::{chosen_id, found};
use crate::api::organization::{self, Fate, on_organization};
use crate::api::{self, Answer, ApiError};
use crate::components::{
    Alert, Body, Button, ComboOption, Combobox, DateField, Found, Kind, ProblemAlert, Question, Tone, asking,
    live, panel, table,
};
use crate::form::FormErrors;
use crate::russian::several;
use crate::session::use_session;

type Asked = RwSignal<Option<Question>>;

/// What somebody is about to do, and must say more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// The last day.
    Close,
    /// The organization above.
    Move,
    /// The organization that stays.
    Merge,
}

/// What may become of an organization; nothing where the person decides nothing of it.
pub fn view(card: &OrganizationCard, asked: Asked, plan: RwSignal<Option<Plan>>) -> Option<AnyView> {
    let may = card.permissions;
    let mut buttons = Vec::new();
    let mut offer = |allowed: bool, of: Plan, words: &'static str, kind: Kind| {
        if allowed {
            let press = move || plan.update(|plan| *plan = if *plan == Some(of) { None } else { Some(of) });
            buttons.push(view! { <Button kind=kind on_press=press>{words}</Button> }.into_any());
        }
    };
    offer(may.r#move, Plan::Move, "Переподчинить", Kind::Plain);
    offer(may.merge, Plan::Merge, "Присоединить к другой", Kind::Danger);
    offer(may.close, Plan::Close, "Закрыть организацию", Kind::Danger);
    if may.reopen {
        let question = Question {
            title: "Открыть организацию снова?",
            words: "Она вернётся в списки. Роли, которые закончились при закрытии, не вернутся: их добавляют заново."
                .to_owned(),
            confirm: "Открыть",
            danger: false,
            deed: on_organization(card.id, Fate::Reopen),
            body: Body::Known(api::body(&ReopenDraft { version: card.version })),
            done: "Организация открыта",
        };
        buttons.push(asking(asked, "Открыть снова".into_any(), question));
    }
    if buttons.is_empty() {
        return None;
    }
    let card = card.clone();
    let form = live(move || match plan.get() {
        None => ().into_any(),
        Some(Plan::Close) => close(&card, asked),
        Some(Plan::Move) => relocate(&card, asked),
        Some(Plan::Merge) => merge(&card, asked),
    });
    Some(panel(
        "fate-title",
        "Что сделать с организацией",
        vec![view! { <div class="row">{buttons}</div> }.into_any(), form],
    ))
}

fn failed(failure: RwSignal<Option<ApiError>>) -> AnyView {
    live(move || {
        let error = failure.get();
        error
            .map(|error| {
                let errors = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
                let messages =
                    errors.into_iter().map(|error| view! { <p>{error.message}</p> }).collect_view();
                view! { <ProblemAlert error=error>{messages}</ProblemAlert> }
            })
            .into_any()
    })
}

/// What the server found wrong: at the field, or above it.
fn refuse(error: ApiError, errors: FormErrors, failure: RwSignal<Option<ApiError>>) {
    let wrong = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
    if wrong.is_empty() || !errors.refuse(&wrong).is_empty() {
        let _ = failure.try_set(Some(error));
    }
}

fn close(card: &OrganizationCard, asked: Asked) -> AnyView {
    let session = use_session();
    let today = session.person_now().map(|person| person.today);
    let last_day = RwSignal::new(today.map(format_date).unwrap_or_default());
    let (id, version, name) = (card.id, card.version, card.fields.short_name.clone());
    let errors = FormErrors::new(move || {
        let draft = CloseDraft { version, last_day: last_day.get() };
        today.and_then(|today| draft.parse(today).err()).unwrap_or_default()
    });
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let below = RwSignal::new(0);
    let look = move || {
        failure.set(None);
        below.set(0);
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        busy.set(true);
        let (day, name) = (last_day.get_untracked(), name.clone());
        spawn_local(async move {
            let answer = session.call(organization::closing(id, day.clone())).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(preview) if preview.open_below > 0 => below.set(preview.open_below),
                Ok(preview) => asked.set(Some(Question {
                    title: "Закрыть организацию?",
                    words: closing_words(&name, &day, preview),
                    confirm: "Закрыть",
                    danger: true,
                    deed: on_organization(id, Fate::Close),
                    body: Body::Known(api::body(&CloseDraft { version, last_day: day })),
                    done: "Организация закрыта",
                })),
                Err(error) => refuse(error, errors, failure),
            }
        });
    };
    view! {
        <div class="main-form stack gap-above">
            {failed(failure)}
            {live(move || {
                (below.get() > 0)
                    .then(|| {
                        let below = several(below.get(), ["организация", "организации", "организаций"]);
                        let words = format!("Подчинены ещё {below}. Пока они открыты и не переподчинены, закрыть её нельзя.");
                        view! {
                            <Alert tone=Tone::Warning live=true>
                                <p>{words}</p>
                            </Alert>
                        }
                    })
                    .into_any()
            })}
            <DateField
                path="last_day"
                label="Последний день работы"
                value=last_day
                errors=errors
                required=true
                hint="С ним закончатся все роли. Вчерашний день закроет организацию сразу."
            />
            <div class="row">
                <Button kind=Kind::Danger busy=busy on_press=look>
                    "Посмотреть, что закончится, и закрыть"
                </Button>
            </div>
        </div>
    }
    .into_any()
}

fn closing_words(name: &str, day: &str, preview: ClosingPreview) -> String {
    let day = parse_date(day).map(format_date).unwrap_or_default();
    let mut words = format!("{name}: последний день — {day}. ");
    if preview.cards == 0 {
        words.push_str("Действующих ролей в ней нет.");
        return words;
    }
    let cards = several(preview.cards, ["карточке", "карточках", "карточках"]);
    words.push_str(&format!("На {cards} "));
    if preview.ending > 0 {
        let ending = several(preview.ending, ["роль закончится", "роли закончатся", "ролей закончатся"]);
        words.push_str(&format!("{ending} этим днём"));
    }
    if preview.taken_back > 0 {
        if preview.ending > 0 {
            words.push_str(", ");
        }
        let taken =
            several(preview.taken_back, ["роль не начнётся", "роли не начнутся", "ролей не начнутся"]);
        words.push_str(&taken);
    }
    words.push_str(". Карточки и история останутся.");
    words
}

fn box_of(
    path: &'static str,
    label: &'static str,
    chosen: RwSignal<Option<ComboOption>>,
    errors: FormErrors,
    on_change: Callback<Option<ComboOption>>,
) -> AnyView {
    let session = use_session();
    let search = move |text: String| -> std::pin::Pin<Box<dyn Future<Output = Answer<Found>>>> {
        Box::pin(found(session, text))
    };
    view! {
        <Combobox
            path=path
            label=label
            chosen=chosen
            on_change=on_change
            search=search
            errors=errors
            placeholder="Начните вводить название"
            required=true
        />
    }
    .into_any()
}

fn relocate(card: &OrganizationCard, asked: Asked) -> AnyView {
    let parent = RwSignal::new(None::<ComboOption>);
    let (id, version, name) = (card.id, card.version, card.fields.short_name.clone());
    let below = card.below;
    let errors = FormErrors::new(move || {
        let missing = parent.with(Option::is_none);
        missing.then(|| OrganizationError::ParentMissing.at("parent_id")).into_iter().collect()
    });
    let ask = move || {
        if !errors.submit() {
            return;
        }
        let to = parent.get_untracked().map(|option| option.label).unwrap_or_default();
        let along = if below > 0 {
            " Подчинённые ей организации перейдут вместе с ней."
        } else {
            ""
        };
        let parent_id = untrack(|| chosen_id(parent));
        asked.set(Some(Question {
            title: "Переподчинить организацию?",
            words: format!("{name} будет подчиняться: {to}.{along} Прежнее управление перестанет её видеть."),
            confirm: "Переподчинить",
            danger: false,
            deed: on_organization(id, Fate::Move),
            body: Body::Known(api::body(&MoveDraft { version, parent_id })),
            done: "Организация переподчинена",
        }));
    };
    view! {
        <div class="main-form stack gap-above">
            {box_of("parent_id", "Кому будет подчиняться", parent, errors, Callback::new(|_| ()))}
            <div class="row">
                <Button kind=Kind::Primary on_press=ask>
                    "Переподчинить…"
                </Button>
            </div>
        </div>
    }
    .into_any()
}

fn merge(card: &OrganizationCard, asked: Asked) -> AnyView {
    let session = use_session();
    let into = RwSignal::new(None::<ComboOption>);
    let preview = RwSignal::new_local(None::<MergePreview>);
    let (id, version, name) = (card.id, card.version, card.fields.short_name.clone());
    let errors = FormErrors::new(move || {
        let missing = into.with(Option::is_none);
        missing.then(|| OrganizationError::IntoMissing.at("into_id")).into_iter().collect()
    });
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let look = move || {
        failure.set(None);
        preview.set(None);
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        let Some(stays) = untrack(|| chosen_id(into)) else { return };
        busy.set(true);
        spawn_local(async move {
            let answer = session.call(organization::merging(id, stays)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(found) => preview.set(Some(found)),
                Err(error) => refuse(error, errors, failure),
            }
        });
    };
    let ask = move || {
        let to = into.get_untracked().map(|option| option.label).unwrap_or_default();
        let into_id = untrack(|| chosen_id(into));
        asked.set(Some(Question {
            title: "Присоединить организацию?",
            words: format!(
                "{name} закроется, все её карточки с ролями и историей перейдут в организацию: {to}. Разъединить их будет нельзя."
            ),
            confirm: "Присоединить",
            danger: true,
            deed: on_organization(id, Fate::Merge),
            body: Body::Known(api::body(&MergeDraft { version, into_id })),
            done: "Организация присоединена",
        }));
    };
    let ask = Callback::new(move |()| ask());
    let shown = live(move || preview.get().map(|preview| merging_view(&preview, ask)).into_any());
    let forget = Callback::new(move |_| preview.set(None));
    view! {
        <div class="stack gap-above">
            <div class="main-form stack">
                {failed(failure)}
                {box_of("into_id", "К какой организации", into, errors, forget)}
                <div class="row">
                    <Button busy=busy on_press=look>
                        "Посмотреть, что произойдёт"
                    </Button>
                </div>
            </div>
            <div aria-live="polite">{shown}</div>
        </div>
    }
    .into_any()
}

fn merging_view(preview: &MergePreview, ask: Callback<()>) -> AnyView {
    let mut facts =
        vec![format!("Перейдут: {}.", several(preview.cards, ["карточка", "карточки", "карточек"]))];
    if preview.below > 0 {
        facts.push(format!(
            "Подчинённые: {}.",
            several(preview.below, ["организация", "организации", "организаций"])
        ));
    }
    let unfit = (preview.unfit_total > 0).then(|| {
        let rows = preview
            .unfit
            .iter()
            .map(|unfit| vec![unfit.card.name.to_string().into_any(), unfit.role.title().into_any()])
            .collect();
        view! {
            <h3>{format!("Роли, которых там не бывает, закончатся: {}", preview.unfit_total)}</h3>
            {table("Роли, которые закончатся", &["Сотрудник", "Роль"], rows)}
        }
        .into_any()
    });
    let pairs = (preview.duplicates_total > 0).then(|| {
        view! {
            <h3>{format!("Люди с карточкой в обеих: {}", preview.duplicates_total)}</h3>
            <p class="muted">"У них останется по две карточки, отмеченные как возможные дубли."</p>
            {duplicates(&preview.duplicates)}
        }
        .into_any()
    });
    view! {
        <div class="stack">
            <p>{facts.join(" ")}</p>
            {unfit}
            {pairs}
            <div class="row">
                <Button kind=Kind::Danger on_press=ask>
                    "Присоединить…"
                </Button>
            </div>
        </div>
    }
    .into_any()
}
