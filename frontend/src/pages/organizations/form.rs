//! The form of an organization: a new one, and the change of one that is there. What is typed stays, whatever
//! happens: in the tab, through errors, through somebody else's save.

use epos_shared::api::organization_card::{
    NewOrganizationDraft, NumbersRule, OrganizationCard, OrganizationDraft, OrganizationFields,
};
use epos_shared::ids::OrganizationId;
use epos_shared::organization_rights::{OrganizationAction, any_may};
use epos_shared::problem::{FieldError, ProblemCode};
use epos_shared::rights::Relation;
use epos_shared::roles::OrganizationKind;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use serde::{Deserialize, Serialize};

use super::{NEW, ORGANIZATIONS, address_of, chosen_id, found, way};
use crate::api::{Answer, ApiError, organization};
use crate::components::{
    Alert, Button, Checkbox, ComboOption, Combobox, Found, Heading, Kind, ProblemAlert, Select, TextField,
    Tone, live, use_toasts,
};
use crate::form::FormErrors;
use crate::leave::{Loss, use_leave_guard};
use crate::session::{SessionContext, use_session};
use crate::{dom, drafts};

const FORM: &str = "organization-form";

/// What stands on the form.
#[derive(Clone, Copy)]
struct Form {
    kind: RwSignal<String>,
    full_name: RwSignal<String>,
    short_name: RwSignal<String>,
    town: RwSignal<String>,
    inn: RwSignal<String>,
    kpp: RwSignal<String>,
    esia_only: RwSignal<bool>,
    /// Of a new organization only.
    parent: RwSignal<Option<ComboOption>>,
}

impl Form {
    fn new(fields: &OrganizationFields) -> Self {
        let form = Self {
            kind: RwSignal::default(),
            full_name: RwSignal::default(),
            short_name: RwSignal::default(),
            town: RwSignal::default(),
            inn: RwSignal::default(),
            kpp: RwSignal::default(),
            esia_only: RwSignal::new(false),
            parent: RwSignal::new(None),
        };
        form.set(fields);
        form
    }

    fn set(self, fields: &OrganizationFields) {
        self.kind.set(fields.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default());
        self.full_name.set(fields.full_name.clone());
        self.short_name.set(fields.short_name.clone());
        self.town.set(fields.town.clone());
        self.inn.set(fields.inn.clone());
        self.kpp.set(fields.kpp.clone());
        self.esia_only.set(fields.esia_only);
    }

    /// Reactive.
    fn fields(self) -> OrganizationFields {
        OrganizationFields {
            kind: OrganizationKind::from_wire(&self.kind.get()),
            full_name: self.full_name.get(),
            short_name: self.short_name.get(),
            town: self.town.get(),
            inn: self.inn.get(),
            kpp: self.kpp.get(),
            esia_only: self.esia_only.get(),
        }
    }
}

/// What of an unsaved organization is kept in the tab.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    version: i64,
    fields: OrganizationFields,
    /// Value and name of the organization above.
    parent: Option<(String, String)>,
}

/// Whether something of that organization is kept in the tab.
pub fn is_kept(session: SessionContext, id: OrganizationId) -> bool {
    let account = session.person_now().map(|person| person.account.id.to_string()).unwrap_or_default();
    drafts::find::<Kept>(&account, &address_of(id)).is_some()
}

/// The kinds that the person may give; the server decides.
fn kinds(session: SessionContext, action: OrganizationAction) -> Vec<OrganizationKind> {
    let person = session.person_now();
    let card = person.as_ref().and_then(|person| person.card());
    let roles: Vec<_> = card.map(|card| card.roles_in_force().collect()).unwrap_or_default();
    OrganizationKind::ALL
        .into_iter()
        .filter(|kind| *kind != OrganizationKind::Operator && any_may(&roles, action, *kind, Relation::Below))
        .collect()
}

fn fields_view(form: Form, errors: FormErrors, kinds: Vec<OrganizationKind>, numbers: bool) -> AnyView {
    let kinds: Vec<_> =
        kinds.iter().map(|kind| (kind.as_str().to_owned(), kind.title().to_owned())).collect();
    view! {
        <Select
            path="fields/kind"
            label="Вид организации"
            value=form.kind
            on_change=move |wire: String| form.kind.set(wire)
            options=kinds
            empty="Выберите вид"
            errors=errors
            required=true
        />
        <TextField
            path="fields/full_name"
            label="Полное наименование"
            value=form.full_name
            errors=errors
            required=true
            hint="Как в уставе"
        />
        <TextField
            path="fields/short_name"
            label="Краткое наименование"
            value=form.short_name
            errors=errors
            required=true
            hint="По нему организацию находят в списках"
        />
        <TextField path="fields/town" label="Населённый пункт" value=form.town errors=errors/>
        <TextField
            path="fields/inn"
            label="ИНН"
            value=form.inn
            errors=errors
            required=numbers
            hint="10 цифр"
            inputmode="numeric"
            plain=true
        />
        <TextField
            path="fields/kpp"
            label="КПП"
            value=form.kpp
            errors=errors
            required=numbers
            hint="9 знаков; у филиалов с одним ИНН он разный"
            plain=true
        />
        <div class="field">
            <Checkbox
                id="esia_only"
                label="Сотрудники входят только через Госуслуги"
                checked=form.esia_only
                on_change=|()| ()
            />
            <p class="field-hint">
                "Вход по паролю закроется тем, у кого все действующие карточки — в таких организациях."
            </p>
        </div>
    }
    .into_any()
}

/// Messages that have no place on the form, with the error they came with.
fn failure_view(error: ApiError) -> AnyView {
    let errors = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
    let messages = errors.into_iter().map(|error| view! { <p>{error.message}</p> }).collect_view();
    view! { <ProblemAlert error=error>{messages}</ProblemAlert> }.into_any()
}

/// What the server found wrong, at the fields; the rest is told above the form.
fn refuse(error: ApiError, errors: FormErrors, failure: RwSignal<Option<ApiError>>) {
    let wrong: Vec<FieldError> = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
    if wrong.is_empty() || !errors.refuse(&wrong).is_empty() {
        let _ = failure.try_set(Some(error));
        dom::show_later("failure".to_owned());
    }
}

/// `/kontingent/organizations/new`.
pub fn new_page() -> AnyView {
    let session = use_session();
    let navigate = use_navigate();
    let (guard, toasts) = (use_leave_guard(), use_toasts());
    let account = session.person_now().map(|person| person.account.id.to_string()).unwrap_or_default();
    let account = StoredValue::new(account);
    let form = Form::new(&OrganizationFields::default());
    if let Some(kept) = drafts::find::<Kept>(&account.get_value(), NEW) {
        form.set(&kept.fields);
        form.parent.set(kept.parent.map(|(value, label)| ComboOption { value, label, note: String::new() }));
    }
    // «Добавить подчинённую» names the organization above.
    let asked = use_query_map().with_untracked(|map| map.get("parent").and_then(|id| id.parse().ok()));
    if let Some(id) = asked.filter(|_| form.parent.with_untracked(Option::is_none)) {
        spawn_local(async move {
            if let Ok(above) = session.call(organization::one(id)).await {
                let label = above.fields.short_name;
                let option = ComboOption { value: id.to_string(), label, note: String::new() };
                let _ = form.parent.try_set(Some(option));
            }
        });
    }
    let draft = move || NewOrganizationDraft { parent_id: chosen_id(form.parent), fields: form.fields() };
    let errors = FormErrors::new(move || draft().parse().err().unwrap_or_default());
    let dirty = Memo::new(move |_| form.fields() != OrganizationFields::default());
    guard.keeps(NEW);
    Effect::new(move |_| {
        let is_dirty = dirty.get();
        guard.set(is_dirty.then_some(Loss::Typed));
        if is_dirty {
            let parent = form.parent.get().map(|option| (option.value, option.label));
            let kept = Kept { version: 0, fields: form.fields(), parent };
            drafts::keep(&account.get_value(), NEW, &kept);
        } else {
            drafts::forget(NEW);
        }
    });
    on_cleanup(move || guard.set(None));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let go = Callback::new(move |address: String| navigate(&address, NavigateOptions::default()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        failure.set(None);
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        busy.set(true);
        let draft = untrack(draft);
        spawn_local(async move {
            let answer = session.call(organization::create(&draft)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(card) => {
                    toasts.say("Организация создана");
                    guard.set(None);
                    drafts::forget(NEW);
                    go.run(address_of(card.id));
                }
                Err(error) => refuse(error, errors, failure),
            }
        });
    };
    let cancel = move || {
        guard.ask(move || {
            drafts::forget(NEW);
            go.run(ORGANIZATIONS.to_owned());
        });
    };
    let search = move |text: String| -> std::pin::Pin<Box<dyn Future<Output = Answer<Found>>>> {
        Box::pin(found(session, text))
    };
    view! {
        {way(Signal::stored("Новая организация".to_owned()))}
        <div class="page-head">
            <Heading text="Новая организация"/>
        </div>
        <form id=FORM class="main-form panel stack" on:submit=submit novalidate=true>
            <div id="failure">{move || failure.get().map(failure_view)}</div>
            <Combobox
                path="parent_id"
                label="Кому подчиняется"
                chosen=form.parent
                on_change=|_| ()
                search=search
                errors=errors
                placeholder="Начните вводить название"
                required=true
            />
            {fields_view(form, errors, kinds(session, OrganizationAction::Create), true)}
            <div class="row gap-above">
                <Button kind=Kind::Primary submit=true busy=busy>
                    "Создать"
                </Button>
                <Button on_press=cancel>"Отмена"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// The names of the fields, for whoever compares.
fn differences(
    mine: &OrganizationFields,
    theirs: &OrganizationFields,
) -> Vec<(&'static str, String, String)> {
    let kind = |fields: &OrganizationFields| fields.kind.map_or("", OrganizationKind::title).to_owned();
    let only = |fields: &OrganizationFields| if fields.esia_only { "да" } else { "нет" }.to_owned();
    [
        ("Вид организации", kind(mine), kind(theirs)),
        ("Полное наименование", mine.full_name.clone(), theirs.full_name.clone()),
        ("Краткое наименование", mine.short_name.clone(), theirs.short_name.clone()),
        ("Населённый пункт", mine.town.clone(), theirs.town.clone()),
        ("ИНН", mine.inn.clone(), theirs.inn.clone()),
        ("КПП", mine.kpp.clone(), theirs.kpp.clone()),
        ("Только через Госуслуги", only(mine), only(theirs)),
    ]
    .into_iter()
    .filter(|(_, mine, theirs)| mine != theirs)
    .collect()
}

/// The change of an organization. `done` is told when it is over.
pub fn editor(card: OrganizationCard, done: Callback<()>) -> AnyView {
    let session = use_session();
    let (guard, toasts) = (use_leave_guard(), use_toasts());
    let account = session.person_now().map(|person| person.account.id.to_string()).unwrap_or_default();
    let account = StoredValue::new(account);
    let (id, page) = (card.id, StoredValue::new(address_of(card.id)));
    let had_numbers = !card.fields.inn.is_empty();
    let rule = if had_numbers { NumbersRule::Required } else { NumbersRule::MayStayEmpty };
    let form = Form::new(&card.fields);
    let version = RwSignal::new(card.version);
    let base = RwSignal::new(card.fields.clone());
    let theirs = RwSignal::new(None::<OrganizationCard>);
    let restored = drafts::find::<Kept>(&account.get_value(), &page.get_value())
        .filter(|kept| kept.fields != card.fields);
    if let Some(kept) = &restored {
        form.set(&kept.fields);
        // Changed meanwhile: told like any other change by somebody else.
        if kept.version != card.version {
            theirs.set(Some(card.clone()));
        }
    }
    let is_restored = restored.is_some();
    let errors = FormErrors::new(move || form.fields().parse("fields/", rule).err().unwrap_or_default());
    let dirty = Memo::new(move |_| base.with(|base| form.fields() != *base));
    guard.keeps(&page.get_value());
    Effect::new(move |_| {
        let is_dirty = dirty.get();
        guard.set(is_dirty.then_some(Loss::Typed));
        if is_dirty {
            let kept = Kept { version: version.get(), fields: form.fields(), parent: None };
            drafts::keep(&account.get_value(), &page.get_value(), &kept);
        } else {
            drafts::forget(&page.get_value());
        }
    });
    on_cleanup(move || guard.set(None));
    let leave = move || {
        guard.set(None);
        drafts::forget(&page.get_value());
        done.run(());
    };
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        failure.set(None);
        if theirs.with_untracked(Option::is_some) {
            dom::show_later("theirs".to_owned());
            return;
        }
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        busy.set(true);
        let draft = OrganizationDraft { version: version.get_untracked(), fields: untrack(|| form.fields()) };
        spawn_local(async move {
            let answer = session.call(organization::save(id, &draft)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(_) => {
                    toasts.say("Организация сохранена");
                    leave();
                }
                Err(error) if error.code() == Some(ProblemCode::VersionConflict) => {
                    let current = error.problem().and_then(|problem| problem.current.clone());
                    theirs.set(current.and_then(|card| serde_json::from_value(card).ok()));
                    if theirs.with_untracked(Option::is_none) {
                        failure.set(Some(error));
                    }
                    dom::show_later("theirs".to_owned());
                }
                Err(error) => refuse(error, errors, failure),
            }
        });
    };
    let cancel = move || guard.ask(leave);
    let mut offered = kinds(session, OrganizationAction::Edit);
    if let Some(kind) = card.fields.kind.filter(|kind| !offered.contains(kind)) {
        offered.push(kind);
    }
    let changed =
        live(move || theirs.get().map(|card| conflict_view(&card, form, base, version, theirs)).into_any());
    view! {
        <form id=FORM class="main-form panel stack" on:submit=submit novalidate=true>
            {is_restored
                .then(|| {
                    view! {
                        <Alert>
                            <p>"Восстановлено то, что вы не успели сохранить."</p>
                        </Alert>
                    }
                })}
            <div id="failure">{move || failure.get().map(failure_view)}</div>
            <div id="theirs">{changed}</div>
            {fields_view(form, errors, offered, had_numbers)}
            <div class="row gap-above">
                <Button kind=Kind::Primary submit=true busy=busy>
                    "Сохранить"
                </Button>
                <Button on_press=cancel>"Отмена"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// What somebody else has saved meanwhile, beside what was typed.
fn conflict_view(
    card: &OrganizationCard,
    form: Form,
    base: RwSignal<OrganizationFields>,
    version: RwSignal<i64>,
    theirs: RwSignal<Option<OrganizationCard>>,
) -> AnyView {
    let fields = card.fields.clone();
    let rows = differences(&untrack(|| form.fields()), &fields)
        .into_iter()
        .map(|(name, mine, theirs)| {
            view! { <li>{format!("{name}: у вас «{mine}», сохранено «{theirs}»")}</li> }
        })
        .collect_view();
    let new_version = card.version;
    let settle = move |fields: OrganizationFields, take: bool| {
        if take {
            form.set(&fields);
        }
        base.set(fields);
        version.set(new_version);
        theirs.set(None);
    };
    let (mine, taken) = (fields.clone(), fields);
    view! {
        <Alert tone=Tone::Warning title="Организацию изменил другой человек" live=true>
            <ul class="plain">{rows}</ul>
            <div class="row">
                <Button on_press=move || settle(mine.clone(), false)>"Оставить моё"</Button>
                <Button on_press=move || settle(taken.clone(), true)>"Взять сохранённое"</Button>
            </div>
        </Alert>
    }
    .into_any()
}
