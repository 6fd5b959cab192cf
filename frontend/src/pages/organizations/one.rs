//! One organization.

use epos_shared::api::organization_card::{CardSummary, OrganizationCard, PossibleDuplicate};
use epos_shared::ids::OrganizationId;
use epos_shared::problem::ProblemCode;
use epos_shared::roles::OrganizationKind;
use epos_shared::values::format_date;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::fate::{self, Plan};
use super::{NEW, closed_badge, form, missing, named, way};
use crate::address::with_query;
use crate::api::organization;
use crate::components::{
    Alert, Button, Fetched, Fetching, Heading, LinkButton, Question, Questions, Tone, facts, live, panel,
    shown, table,
};
use crate::pages::kontingent::{LIST, card_address};
use crate::russian::day;
use crate::session::use_session;

/// The page.
pub fn page() -> AnyView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|map| map.get("id").and_then(|id| id.parse().ok())));
    live(move || match id.get() {
        Some(id) => of(id),
        None => missing(),
    })
}

/// What the page shows besides the organization.
#[derive(Clone, Copy)]
struct Page {
    again: RwSignal<()>,
    asked: RwSignal<Option<Question>>,
    editing: RwSignal<bool>,
    plan: RwSignal<Option<Plan>>,
}

fn of(id: OrganizationId) -> AnyView {
    let session = use_session();
    let page = Page {
        again: RwSignal::new(()),
        asked: RwSignal::new(None),
        editing: RwSignal::new(form::is_kept(session, id)),
        plan: RwSignal::new(None),
    };
    let name = RwSignal::new("Организация".to_owned());
    let ask = move || -> Fetching {
        Box::pin(async move {
            match session.call(organization::one(id)).await {
                Ok(card) => {
                    let _ = name.try_set(card.fields.short_name.clone());
                    // What was planned was planned for what stood here before.
                    let _ = page.plan.try_set(None);
                    Ok(shown(move || {
                        let card = card.clone();
                        live(
                            move || {
                                if page.editing.get() {
                                    editing(&card, page)
                                } else {
                                    shown_card(&card, page)
                                }
                            },
                        )
                    }))
                }
                Err(error) if error.code() == Some(ProblemCode::NotFound) => {
                    let _ = name.try_set("Организация не найдена".to_owned());
                    Ok(shown(|| view! { <p>"Такой организации нет, или она вам не видна."</p> }.into_any()))
                }
                Err(error) => Err(error),
            }
        })
    };
    view! {
        {way(name.into())}
        <div class="page-head">
            <Heading text=name/>
        </div>
        <Fetched ask=Box::new(ask) again=page.again/>
        <Questions asked=page.asked again=page.again/>
    }
    .into_any()
}

fn editing(card: &OrganizationCard, page: Page) -> AnyView {
    let done = Callback::new(move |()| {
        page.editing.set(false);
        page.again.notify();
        crate::dom::focus_later("heading".to_owned());
    });
    form::editor(card.clone(), done)
}

fn shown_card(card: &OrganizationCard, page: Page) -> AnyView {
    let fields = &card.fields;
    let above: Vec<AnyView> = card
        .above
        .iter()
        .enumerate()
        .map(|(place, step)| {
            let mark = if place > 0 { " → " } else { "" };
            view! { {mark} {named(&step.organization, step.in_view)} }.into_any()
        })
        .collect();
    let above = (!above.is_empty()).then(|| view! { <p class="muted">{above}</p> });
    let closing = match (card.closed_on, card.closed, &card.merged_into) {
        (_, _, Some(into)) => {
            let into = named(&into.organization, into.in_view);
            Some(
                view! {
                    <Alert title="Организация присоединена к другой">
                        <p>"Карточки и их история теперь здесь: " {into}</p>
                    </Alert>
                }
                .into_any(),
            )
        }
        (Some(closed_on), closed, None) => {
            let last = closed_on.pred_opt().map(format_date).unwrap_or_default();
            let title = if closed {
                "Организация закрыта"
            } else {
                "Организация закрывается"
            };
            Some(
                view! {
                    <Alert tone=Tone::Warning title=title>
                        <p>{format!("Последний день работы — {last}.")}</p>
                    </Alert>
                }
                .into_any(),
            )
        }
        (None, ..) => None,
    };
    let numbers = if fields.inn.is_empty() { "не указаны".to_owned() } else { String::new() };
    let about = facts(vec![
        ("Вид", fields.kind.map_or("", OrganizationKind::title).to_owned()),
        ("Полное наименование", fields.full_name.clone()),
        ("Населённый пункт", fields.town.clone()),
        ("ИНН", fields.inn.clone()),
        ("КПП", fields.kpp.clone()),
        ("ИНН и КПП", numbers),
        (
            "Вход сотрудников",
            if fields.esia_only {
                "только через Госуслуги".to_owned()
            } else {
                String::new()
            },
        ),
        ("Подчинённых организаций", if card.below > 0 { card.below.to_string() } else { String::new() }),
        ("Создана", day(card.created_at)),
    ]);
    let edit = card.permissions.edit.then(|| {
        view! { <Button on_press=move || page.editing.set(true)>"Изменить"</Button> }
    });
    let add = (!card.creatable.is_empty()).then(|| {
        let address = with_query(NEW, [("parent", Some(card.id.to_string()))]);
        view! { <LinkButton href=address>"Добавить подчинённую"</LinkButton> }
    });
    let state = view! { <p class="row">{closed_badge(card.closed)}</p> }.into_any();
    let about = panel(
        "about-title",
        "Организация",
        vec![above.into_any(), state, about, view! { <div class="row">{edit} {add}</div> }.into_any()],
    );
    let mut panels = vec![closing.into_any(), about, panel("people-title", "Сотрудники", people(card))];
    if !card.duplicates.is_empty() {
        panels.push(panel("duplicates-title", "Возможные дубли", vec![duplicates(&card.duplicates)]));
    }
    if let Some(fate) = fate::view(card, page.asked, page.plan) {
        panels.push(fate);
    }
    panels.into_any()
}

fn people(card: &OrganizationCard) -> Vec<AnyView> {
    let address = with_query(LIST, [("organization", Some(card.id.to_string()))]);
    let mut parts = Vec::new();
    if card.roles.is_empty() {
        parts.push(view! { <p class="muted">"Действующих ролей нет."</p> }.into_any());
    }
    let heads: Vec<AnyView> = card
        .heads
        .iter()
        .map(|head| {
            let name = head.name.to_string();
            view! {
                <li>
                    <a href=card_address(head.id)>{name}</a>
                    {format!(" — {}", head.role.title())}
                </li>
            }
            .into_any()
        })
        .collect();
    if !heads.is_empty() {
        parts.push(view! { <ul class="plain">{heads}</ul> }.into_any());
    }
    let counts: Vec<_> =
        card.roles.iter().map(|count| (count.role.title(), count.cards.to_string())).collect();
    parts.push(facts(counts));
    parts.push(
        view! { <div class="row"><LinkButton href=address>"Открыть в списке сотрудников"</LinkButton></div> }
            .into_any(),
    );
    parts
}

fn card_link(card: &CardSummary) -> AnyView {
    let (name, login) = (card.name.to_string(), card.login.clone());
    view! {
        <a href=card_address(card.id)>{name}</a>
        <span class="cell-sub mono">{login}</span>
    }
    .into_any()
}

/// Pairs of cards that may be one person's.
pub fn duplicates(pairs: &[PossibleDuplicate]) -> AnyView {
    let rows = pairs.iter().map(|pair| vec![card_link(&pair.other), card_link(&pair.card)]).collect();
    table("Возможные дубли", &["Карточка, которая была здесь", "Карточка, которая пришла"], rows)
}
