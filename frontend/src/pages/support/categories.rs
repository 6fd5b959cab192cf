//! «Родитель» and «Обучающийся» (screens.md 9), given by support to people who may not have been here yet.

use epos_shared::api::categories::{CategoryGrant, CategoryGrantDraft};
use epos_shared::roles::RoleCategory;
use epos_shared::values::RoleState;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::CATEGORIES;
use super::list::{Asked, List, SUBSYSTEMS, listed};
use crate::api::support;
use crate::components::{
    Body, Breadcrumbs, Button, Checkbox, DateField, Heading, Kind, LinkButton, Question, RoleStateBadge,
    Select, TextField, asking, lines, use_toasts,
};
use crate::drafts;
use crate::form::FormErrors;
use crate::pages::own_cards::days;
use crate::pages::registration::sending::Sending;
use crate::session::use_session;

const NEW: &str = "/support/categories/new";

/// The list.
pub const LIST: List = List {
    path: CATEGORIES,
    above: &[SUBSYSTEMS],
    title: "Категории людей",
    placeholder: Some("Начало ФИО или e-mail целиком"),
    filter: "Категория",
    any: "Любая",
    states: &[
        (RoleCategory::Parent.as_str(), RoleCategory::Parent.title()),
        (RoleCategory::Student.as_str(), RoleCategory::Student.title()),
    ],
    empty: (
        "Категорий пока никому не дали",
        "Здесь будут родители и обучающиеся. Категорию «Сотрудник» дают роли карточки.",
    ),
    file: None,
    action: Some((NEW, "Дать категорию")),
    ask: |query, asked| {
        Box::pin(async move {
            let page = support::categories(query).await?;
            Ok(listed(
                page,
                move |grant| row(grant, asked),
                "Категории людей",
                &["ФИО, e-mail", "Категория, СНИЛС", "Дни", "Состояние"],
            ))
        })
    },
};

fn row(grant: &CategoryGrant, asked: Asked) -> Vec<AnyView> {
    let open = grant.ended_on.is_none() && grant.state != RoleState::Ended;
    let action = open.then(|| {
        let question = Question {
            title: "Забрать категорию?",
            words: format!(
                "{}, «{}»: войти в этой категории больше не получится, открытый сеанс потеряет её сразу.",
                grant.name,
                grant.category.title()
            ),
            confirm: "Забрать",
            danger: true,
            deed: support::take_category(grant.id),
            body: Body::Nothing,
            done: "Категория забрана",
        };
        let of = format!(" категорию: {}", grant.name);
        let words = view! {
            "Забрать"
            <span class="visually-hidden">{of}</span>
        };
        view! { <div class="gap-above">{asking(asked, words.into_any(), question)}</div> }
    });
    let ended = grant.ended_on.map(|day| format!("забрана {}", epos_shared::values::format_date(day)));
    vec![
        view! {
            <span class="row-title">{grant.name.to_string()}</span>
            <span class="cell-sub">{grant.email.clone()}</span>
        }
        .into_any(),
        lines(grant.category.title().to_owned(), grant.snils.clone().unwrap_or_default()),
        lines(days(grant.period), ended.unwrap_or_default()),
        view! {
            <RoleStateBadge state=grant.state/>
            {action}
        }
        .into_any(),
    ]
}

/// `/support/categories/new`.
pub fn new() -> AnyView {
    let session = use_session();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let Some(person) = session.person_now() else { return ().into_any() };
    let (today, account) = (person.today, person.account.id.to_string());
    let kept = drafts::find::<CategoryGrantDraft>(&account, NEW).unwrap_or_else(|| CategoryGrantDraft {
        start: epos_shared::values::format_date(today),
        ..CategoryGrantDraft::default()
    });
    let category = RwSignal::new(kept.category);
    let no_patronymic = RwSignal::new(kept.no_patronymic);
    let [family_name, given_name, patronymic, email, snils, start, end] =
        [kept.family_name, kept.given_name, kept.patronymic, kept.email, kept.snils, kept.start, kept.end]
            .map(RwSignal::new);
    let typed = move || {
        let no_patronymic = no_patronymic.get();
        let patronymic = patronymic.get();
        CategoryGrantDraft {
            category: category.get(),
            family_name: family_name.get(),
            given_name: given_name.get(),
            patronymic: if no_patronymic { String::new() } else { patronymic },
            no_patronymic,
            email: email.get(),
            snils: snils.get(),
            start: start.get(),
            end: end.get(),
        }
    };
    let errors = FormErrors::new(move || typed().parse(today).err().unwrap_or_default());
    let sending = Sending::new(errors);
    let untouched = StoredValue::new(untrack(typed));
    let done = StoredValue::new(false);
    Effect::new(move |_| {
        let typed = typed();
        if !done.get_value() && untouched.with_value(|untouched| !same(untouched, &typed)) {
            drafts::keep(&account, NEW, &typed);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if sending.ready() {
            let navigate = navigate.clone();
            sending.send(Box::pin(async move {
                let given = session.call(support::give_category(&untrack(typed))).await?;
                let _ = done.try_set_value(true);
                drafts::forget(NEW);
                toasts.say(format!("Категория дана: {}", given.name));
                navigate(CATEGORIES, NavigateOptions::default());
                Ok(())
            }));
        }
    };
    let options = vec![
        (RoleCategory::Parent.as_str().to_owned(), RoleCategory::Parent.title().to_owned()),
        (RoleCategory::Student.as_str().to_owned(), RoleCategory::Student.title().to_owned()),
    ];
    let ticked = move || {
        errors.changed("patronymic");
        errors.left("patronymic");
    };
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Категории людей", CATEGORIES.to_owned()),
            ]
            here="Новая категория"
        />
        <div class="page-head">
            <Heading text="Дать категорию"/>
        </div>
        <form on:submit=submit novalidate=true class="main-form panel">
            <p class="small muted gap-below">
                <span class="star" aria-hidden="true">"*"</span>
                " — обязательные поля"
            </p>
            <Select
                path="category"
                label="Категория"
                value=Signal::derive(move || category.get().map(|it| it.as_str().to_owned()).unwrap_or_default())
                on_change=move |wire: String| category.set(RoleCategory::from_wire(&wire))
                options=options
                empty="Выберите категорию"
                errors=errors
                required=true
            />
            <TextField path="family_name" label="Фамилия" value=family_name errors=errors required=true/>
            <TextField path="given_name" label="Имя" value=given_name errors=errors required=true/>
            <TextField
                path="patronymic"
                label="Отчество"
                value=patronymic
                errors=errors
                required=true
                disabled=no_patronymic
            />
            <Checkbox id="no-patronymic" label="Без отчества" checked=no_patronymic on_change=ticked/>
            <TextField
                path="email"
                label="E-mail"
                value=email
                errors=errors
                required=true
                hint="По нему и по ФИО человека узнают при входе через Госуслуги: адрес должен быть тем же, что подтверждён там."
                kind="email"
                inputmode="email"
                plain=true
            />
            <TextField
                path="snils"
                label="СНИЛС"
                value=snils
                errors=errors
                hint="Необязательно. Если указан, должен совпасть с тем, что на Госуслугах."
                inputmode="numeric"
                placeholder="000-000-000 00"
                plain=true
            />
            <DateField path="start" label="Начальная дата" value=start errors=errors required=true/>
            <DateField
                path="end"
                label="Конечная дата"
                value=end
                errors=errors
                hint="Пусто — бессрочно. Этот день — последний, когда категория действует."
            />
            <div class="stack gap-above">
                {sending.refusal()}
                <div class="row">
                    <Button kind=Kind::Primary submit=true busy=sending.busy>
                        "Дать категорию"
                    </Button>
                    <LinkButton href=CATEGORIES>"Отмена"</LinkButton>
                </div>
            </div>
        </form>
    }
    .into_any()
}

fn same(one: &CategoryGrantDraft, other: &CategoryGrantDraft) -> bool {
    crate::api::body(one) == crate::api::body(other)
}
