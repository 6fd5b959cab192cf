//! A bound card whose roles have no rights in «Контингент».

use epos_shared::roles::RoleCategory;
use leptos::prelude::*;

use crate::components::{Alert, Heading, Kind, LinkButton, Tone};
use crate::session::use_session;

/// Says why there is nothing to see, and what to do.
#[component]
pub fn NoRights() -> impl IntoView {
    let session = use_session();
    let person = session.person_now();
    let card = person.as_ref().and_then(|person| person.card()).cloned();
    let roles: Vec<&str> =
        card.iter().flat_map(|card| card.roles_in_force()).map(epos_shared::roles::Role::title).collect();
    let several = person.is_some_and(|person| person.cards.len() > 1);
    let organization = card.map(|card| card.organization.short_name).unwrap_or_default();
    let words = if roles.is_empty() {
        view! {
            <Alert tone=Tone::Warning title="Сегодня роль в вашей карточке не действует">
                <p>
                    "Карточка привязана, но срок роли закончился или ещё не начался. Попросите администратора «Контингента» в своей организации проверить даты."
                </p>
            </Alert>
        }
        .into_any()
    } else {
        view! {
            <Alert title="Ваша карточка привязана">
                <p>{format!("{organization}: {}.", roles.join(", "))}</p>
            </Alert>
            <p>
                "Для этой роли в «Контингенте» разделов нет: карточки сотрудников ведут руководители, завучи и ответственные. Подсистемы, которые открывает ваша роль, собраны на странице подсистем."
            </p>
        }
        .into_any()
    };
    view! {
        <div class="main-form stack">
            <Heading text="Нет прав в «Контингенте»"/>
            {words}
            <div class="row">
                <LinkButton href="/subsystems" kind=Kind::Primary>
                    "К подсистемам"
                </LinkButton>
                {several.then(|| view! { <LinkButton href="/kontingent/cards">"Сменить карточку"</LinkButton> })}
            </div>
        </div>
    }
}

/// «Контингент» is for staff: a parent or a student is told so, and the way where there is one.
#[component]
pub fn OtherCategory() -> impl IntoView {
    let person = use_session().person_now();
    let category = person.as_ref().and_then(|person| person.category).map(RoleCategory::title);
    let staff = person.is_some_and(|person| person.categories.contains(&RoleCategory::Employee));
    let words = if staff {
        "«Контингент» открыт сотрудникам. Чтобы работать в нём, смените категорию: входить снова не нужно."
    } else {
        "«Контингент» открыт сотрудникам организаций."
    };
    view! {
        <div class="main-form stack">
            <Heading text="Раздел открыт сотрудникам"/>
            <Alert title=format!("Сейчас вы работаете как «{}»", category.unwrap_or_default())>
                <p>{words}</p>
            </Alert>
            <div class="row">
                {staff
                    .then(|| {
                        view! {
                            <LinkButton href="/roles?next=/kontingent" kind=Kind::Primary>
                                "Сменить категорию"
                            </LinkButton>
                        }
                    })}
                <LinkButton href="/subsystems">"К подсистемам"</LinkButton>
            </div>
        </div>
    }
}
