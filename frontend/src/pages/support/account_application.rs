//! An application of an education department: its scans, and the decision on it.

use std::future::Future;
use std::pin::Pin;

use epos_shared::api::account_applications::{
    AccountApplication, AccountApplicationState as State, ApplicationFile, ApproveAccountDraft, ROLES,
};
use epos_shared::ids::{AccountApplicationId, OrganizationId};
use epos_shared::problem::ProblemCode;
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::FullName;
use leptos::prelude::*;

use super::account_applications::{state_badge, territory};
use super::{ACCOUNT_APPLICATIONS, REASON, missing};
use crate::address::{LIST, card_address, with_query};
use crate::api::support::{self, ApplicationAction, file_address, on_account_application};
use crate::api::{self, Answer, registration};
use crate::components::{
    Body, Breadcrumbs, Button, ComboOption, Combobox, DateField, Fetched, Fetching, Found, Heading, Kind,
    LinkButton, Question, Questions, Select, asking, facts, panel, shown, table,
};
use crate::form::FormErrors;
use crate::pages::registration::organization::option_of;
use crate::russian::{moment, size};
use crate::session::use_session;

type Asked = RwSignal<Option<Question>>;

/// The page.
pub fn page(id: AccountApplicationId) -> AnyView {
    let session = use_session();
    let (asked, again) = (RwSignal::new(None), RwSignal::new(()));
    let name = RwSignal::new("Заявка".to_owned());
    let application = move || -> Fetching {
        Box::pin(async move {
            match session.call(support::account_application(id)).await {
                Ok(application) => {
                    let _ = name.try_set(application.name.to_string());
                    Ok(shown(move || application_view(&application, asked)))
                }
                Err(error) if error.code() == Some(ProblemCode::NotFound) => {
                    let _ = name.try_set("Заявка не найдена".to_owned());
                    Ok(shown(|| missing(ACCOUNT_APPLICATIONS)))
                }
                Err(error) => Err(error),
            }
        })
    };
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Назначения в управления", ACCOUNT_APPLICATIONS.to_owned()),
            ]
            here=name
        />
        <div class="page-head">
            <Heading text=name/>
        </div>
        <Fetched ask=Box::new(application) again=again/>
        <Questions asked=asked again=again/>
    }
    .into_any()
}

fn application_view(application: &AccountApplication, asked: Asked) -> AnyView {
    let about = facts(vec![
        ("Номер", application.number.clone()),
        ("E-mail", application.email.clone()),
        ("Телефон", application.phone.clone().unwrap_or_default()),
        ("Должность", application.position.clone()),
        ("Роль", application.role.title().to_owned()),
        ("Управление", territory(application)),
        ("Отправлена", moment(application.created_at)),
        ("Адрес подтверждён", application.proven_at.map_or_else(|| "ещё нет".to_owned(), moment)),
        ("Решение принято", application.decided_at.map(moment).unwrap_or_default()),
        ("Причина отказа", application.reason.clone().unwrap_or_default()),
    ]);
    let mut about = vec![view! { <p>{state_badge(application.state)}</p> }.into_any(), about];
    if let Some(card) = application.employee_id {
        about.push(view! { <LinkButton href=card_address(card)>"Открыть карточку"</LinkButton> }.into_any());
    }
    if matches!(application.state, State::AwaitingProof | State::Approved) {
        let question = Question {
            title: "Отправить письмо ещё раз?",
            words: format!(
                "На {} уйдёт письмо с новой ссылкой, прежняя перестанет действовать.",
                application.email
            ),
            confirm: "Отправить",
            danger: false,
            deed: on_account_application(application.id, ApplicationAction::SendLetter),
            body: Body::Nothing,
            done: "Письмо отправлено",
        };
        about.push(asking(asked, "Отправить письмо ещё раз".into_any(), question));
    }
    let files = panel("files-title", "Документы", vec![files_view(application)]);
    let decision = (application.state == State::AwaitingDecision)
        .then(|| panel("decision-title", "Решение", vec![decision_view(application, asked)]));
    vec![panel("about-title", "Что в заявке", about), files, decision.into_any()].into_any()
}

fn files_view(application: &AccountApplication) -> AnyView {
    let id = application.id;
    let row = |file: &ApplicationFile| {
        vec![
            view! {
                <a class="row-title" href=file_address(id, file.id) download="" rel="external">
                    {file.name.clone()}
                </a>
            }
            .into_any(),
            format!("{}, {}", file.kind.title(), size(file.size as f64)).into_any(),
            view! { <span class="mono checksum">{file.sha256.clone()}</span> }.into_any(),
        ]
    };
    view! {
        <p>
            "Файлы скачиваются на ваш компьютер: их прислал незнакомый человек, открывайте их с осторожностью. Вид файла определён по содержимому."
        </p>
        {table("Документы", &["Файл", "Вид, размер", "Контрольная сумма SHA-256"], application.files.iter().map(row).collect())}
    }
    .into_any()
}

fn decision_view(application: &AccountApplication, asked: Asked) -> AnyView {
    let listed = application.organization.as_ref().map(|listed| ComboOption {
        value: listed.id.to_string(),
        label: listed.short_name.clone(),
        note: String::new(),
    });
    let is_listed = listed.is_some();
    let organization = RwSignal::new(listed);
    let role = RwSignal::new(application.role.as_str().to_owned());
    let start = RwSignal::new(String::new());
    let draft = move || ApproveAccountDraft {
        organization_id: organization
            .with(|chosen| chosen.as_ref().and_then(|chosen| chosen.value.parse().ok()))
            .map(OrganizationId),
        role: role.with(|role| Role::from_wire(role)),
        start: start.get(),
    };
    let errors = FormErrors::new(move || draft().parse().err().unwrap_or_default());
    let (id, name, email) = (application.id, application.name.to_string(), application.email.clone());
    let approve = move || {
        if !errors.submit() {
            return;
        }
        let (role, department) = untrack(|| {
            let role = Role::from_wire(&role.get()).map(Role::title).unwrap_or_default();
            (role, organization.get().map(|chosen| chosen.label).unwrap_or_default())
        });
        asked.set(Some(Question {
            title: "Одобрить заявку?",
            words: format!(
                "Будет создана карточка: {name}, {role}, {department}. На {email} уйдёт письмо со ссылкой, по которой человек один раз увидит логин и пароль."
            ),
            confirm: "Одобрить",
            danger: false,
            deed: on_account_application(id, ApplicationAction::Approve),
            body: Body::Known(api::body(&untrack(draft))),
            done: "Заявка одобрена",
        }));
    };
    let decline = Question {
        title: "Отклонить заявку?",
        words: format!("Причину человек прочтёт в письме на {}.", application.email),
        confirm: "Отклонить",
        danger: true,
        deed: on_account_application(application.id, ApplicationAction::Decline),
        body: REASON,
        done: "Заявка отклонена",
    };
    let search = |text: String| -> Pin<Box<dyn Future<Output = Answer<Found>>>> {
        Box::pin(async move {
            let found = registration::directory(text, Some(OrganizationKind::EducationDepartment)).await?;
            Ok(Found { options: found.items.iter().map(option_of).collect(), more: found.more })
        })
    };
    let roles: Vec<_> =
        ROLES.iter().map(|role| (role.as_str().to_owned(), role.title().to_owned())).collect();
    let unlisted = (!is_listed).then(|| {
        view! {
            <p>
                {format!("Управления нет в списке, в заявке сказано: «{}». Если его ещё нет, сначала создайте его в ", application.territory)}
                <a href="/kontingent/organizations">"«Организациях»"</a> "."
            </p>
        }
    });
    let FullName { family_name, given_name, .. } = &application.name;
    let query = format!("{family_name} {given_name}");
    let known = with_query(LIST, [("query", Some(query.clone()))]);
    view! {
        <div class="main-form stack">
            <p>
                "Посмотрите сначала, нет ли у человека карточки: "
                <a href=known target="_blank" rel="noopener">
                    {query} <span class="visually-hidden">" среди сотрудников (в новой вкладке)"</span>
                </a>
            </p>
            {unlisted}
            <Combobox
                path="organization_id"
                label="Управление образованием"
                chosen=organization
                on_change=|_| ()
                search=search
                errors=errors
                placeholder="Начните вводить название"
                required=true
            />
            <Select
                path="role"
                label="Роль"
                value=role
                on_change=move |wire: String| role.set(wire)
                options=roles
                errors=errors
                required=true
            />
            <DateField
                path="start"
                label="Начальная дата"
                value=start
                errors=errors
                hint="Пустая — с сегодняшнего дня"
            />
            <div class="row gap-above">
                <Button kind=Kind::Primary on_press=approve>
                    "Одобрить"
                </Button>
                {asking(asked, "Отклонить".into_any(), decline)}
            </div>
        </div>
    }
    .into_any()
}
