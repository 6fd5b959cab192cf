//! An application for an account, and the decision on it.

use epos_shared::api::accounts::{Application, ApplicationState, ApproveDraft, ModerationError};
use epos_shared::api::organizations::OrganizationQuery;
use epos_shared::ids::ApplicationId;
use epos_shared::problem::ProblemCode;
use epos_shared::roles::OrganizationKind;
use epos_shared::values::InvalidValue as _;
use leptos::prelude::*;

use super::list::application_badge;
use super::{APPLICATIONS, REASON, missing};
use crate::api::support::{self, ApplicationAction, on_application};
use crate::api::{self, Answer};
use crate::components::{
    Body, Breadcrumbs, Button, ComboOption, Combobox, Fetched, Fetching, Found, Heading, Kind, Question,
    Questions, Select, asking, facts, live, panel, shown,
};
use crate::form::FormErrors;
use crate::pages::kontingent::option_of;
use crate::russian::moment;
use crate::session::use_session;

type Asked = RwSignal<Option<Question>>;

/// The page.
pub fn page(id: ApplicationId) -> AnyView {
    let session = use_session();
    let (asked, again) = (RwSignal::new(None), RwSignal::new(()));
    let name = RwSignal::new("Заявка".to_owned());
    let application = move || -> Fetching {
        Box::pin(async move {
            match session.call(support::application(id)).await {
                Ok(application) => {
                    let _ = name.try_set(application.name.to_string());
                    Ok(shown(move || application_view(&application, asked)))
                }
                Err(error) if error.code() == Some(ProblemCode::NotFound) => {
                    let _ = name.try_set("Заявка не найдена".to_owned());
                    Ok(shown(|| missing(APPLICATIONS)))
                }
                Err(error) => Err(error),
            }
        })
    };
    view! {
        <Breadcrumbs
            above=vec![("Подсистемы", "/subsystems".to_owned()), ("Заявки", APPLICATIONS.to_owned())]
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

fn application_view(application: &Application, asked: Asked) -> AnyView {
    let listed = application.organization.as_ref().map(|organization| organization.short_name.clone());
    let about = facts(vec![
        ("E-mail", application.email.clone()),
        ("Должность", application.position.clone()),
        ("Организация", listed.unwrap_or_else(|| application.full_name.clone())),
        ("Краткое наименование", application.short_name.clone()),
        ("Населённый пункт", application.town.clone()),
        ("ИНН", application.inn.clone()),
        ("КПП", application.kpp.clone()),
        ("Отправлена", moment(application.created_at)),
        ("Адрес подтверждён", application.proven_at.map_or_else(|| "ещё нет".to_owned(), moment)),
        ("Причина отказа", application.reason.clone().unwrap_or_default()),
    ]);
    let mut about = vec![view! { <p>{application_badge(application.state)}</p> }.into_any(), about];
    let waits_for_letter =
        matches!(application.state, ApplicationState::AwaitingProof | ApplicationState::AwaitingPassword);
    if waits_for_letter {
        let question = Question {
            title: "Отправить письмо ещё раз?",
            words: format!(
                "На {} уйдёт письмо с новой ссылкой, прежняя перестанет действовать.",
                application.email
            ),
            confirm: "Отправить",
            danger: false,
            deed: on_application(application.id, ApplicationAction::SendLetter),
            body: Body::Nothing,
            done: "Письмо отправлено",
        };
        about.push(asking(asked, "Отправить письмо ещё раз".into_any(), question));
    }
    let decision = (application.state == ApplicationState::AwaitingModeration)
        .then(|| panel("decision-title", "Решение", vec![decision_view(application, asked)]));
    vec![panel("about-title", "Что в заявке", about), decision.into_any()].into_any()
}

fn decision_view(application: &Application, asked: Asked) -> AnyView {
    let session = use_session();
    let organization = RwSignal::new(None::<ComboOption>);
    let parent = RwSignal::new(None::<ComboOption>);
    let kind = RwSignal::new(String::new());
    let create = RwSignal::new(false);
    let draft = move || {
        let id = |chosen: RwSignal<Option<ComboOption>>| {
            chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.value.parse().ok()))
        };
        if create.get() {
            let kind = OrganizationKind::from_wire(&kind.get());
            ApproveDraft { organization_id: None, kind, parent_id: id(parent) }
        } else {
            ApproveDraft { organization_id: id(organization), ..ApproveDraft::default() }
        }
    };
    let errors = FormErrors::new(move || {
        let draft = draft();
        // Of a new organization with nothing chosen both fields are wrong.
        if create.get() && draft == ApproveDraft::default() {
            vec![ModerationError::KindMissing.at("kind"), ModerationError::ParentMissing.at("parent_id")]
        } else {
            draft.parse().err().unwrap_or_default()
        }
    });
    let (id, name, email) = (application.id, application.name.to_string(), application.email.clone());
    let new_name = application.short_name.clone();
    let approve = move || {
        if !errors.submit() {
            return;
        }
        let label = |chosen: RwSignal<Option<ComboOption>>| {
            chosen.with_untracked(|chosen| {
                chosen.as_ref().map(|chosen| chosen.label.clone()).unwrap_or_default()
            })
        };
        let where_to = if create.get_untracked() {
            format!("Будет создана организация «{new_name}», подчинённая «{}».", label(parent))
        } else {
            format!("Организация: {}.", label(organization))
        };
        asked.set(Some(Question {
            title: "Одобрить заявку?",
            words: format!(
                "{where_to} {name} получит на {email} письмо со ссылкой, по которой задают пароль."
            ),
            confirm: "Одобрить",
            danger: false,
            deed: on_application(id, ApplicationAction::Approve),
            body: Body::Known(api::body(&untrack(draft))),
            done: "Заявка одобрена",
        }));
    };
    let decline = Question {
        title: "Отклонить заявку?",
        words: format!("Причину человек прочтёт в письме на {}.", application.email),
        confirm: "Отклонить",
        danger: true,
        deed: on_application(application.id, ApplicationAction::Decline),
        body: REASON,
        done: "Заявка отклонена",
    };
    let alike = application
        .alike
        .iter()
        .map(|alike| {
            let name = alike.short_name.clone();
            let option =
                ComboOption { value: alike.id.to_string(), label: name.clone(), note: String::new() };
            let choose = move || {
                create.set(false);
                organization.set(Some(option.clone()));
                errors.changed("organization_id");
            };
            view! {
                <li class="row">
                    {name.clone()}
                    <Button class="button-small" on_press=choose>
                        "Выбрать"
                        <span class="visually-hidden">{format!(" {name}")}</span>
                    </Button>
                </li>
            }
        })
        .collect_view();
    let alike = (!application.alike.is_empty()).then(|| {
        view! {
            <h3>"Есть организации с таким же ИНН"</h3>
            <ul class="plain">{alike}</ul>
        }
    });
    let search = move |text: String| -> std::pin::Pin<Box<dyn Future<Output = Answer<Found>>>> {
        Box::pin(async move {
            let query = OrganizationQuery { query: Some(text), limit: Some(30), ..Default::default() };
            let found = session.call(api::organizations(&query)).await?;
            Ok(Found { options: found.items.iter().map(option_of).collect(), more: found.more })
        })
    };
    let box_of = move |path: &'static str, label: &'static str, chosen: RwSignal<Option<ComboOption>>| {
        view! {
            <Combobox
                path=path
                label=label
                chosen=chosen
                on_change=|_| ()
                search=search
                errors=errors
                placeholder="Начните вводить название"
                required=true
            />
        }
        .into_any()
    };
    // There is one operator, and it is there.
    let kinds: Vec<_> = OrganizationKind::ALL
        .into_iter()
        .filter(|kind| *kind != OrganizationKind::Operator)
        .map(|kind| (kind.as_str().to_owned(), kind.title().to_owned()))
        .collect();
    let ways = vec![("new".to_owned(), "Создать новую".to_owned())];
    view! {
        {alike}
        <div class="main-form stack">
            <Select
                path="way"
                label="Организация заявителя"
                value=Signal::derive(move || if create.get() { "new".to_owned() } else { String::new() })
                on_change=move |way: String| create.set(!way.is_empty())
                options=ways
                empty="Есть в списке"
                errors=errors
            />
            {live(move || {
                if create.get() {
                    view! {
                        <Select
                            path="kind"
                            label="Вид организации"
                            value=kind
                            on_change=move |wire: String| kind.set(wire)
                            options=kinds.clone()
                            empty="Выберите вид"
                            errors=errors
                            required=true
                        />
                        {box_of("parent_id", "Кому подчиняется", parent)}
                    }
                        .into_any()
                } else {
                    box_of("organization_id", "Организация", organization)
                }
            })}
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
