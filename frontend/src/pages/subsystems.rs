//! Subsystems (screens.md 10).

use epos_shared::api::subsystems::{Subsystem, SubsystemsAdvice, SubsystemsAllowed};
use epos_shared::roles::RoleCategory;
use leptos::prelude::*;

use crate::api;
use crate::components::{Alert, EmptyState, ErrorState, Heading, Kind, LinkButton, Loading, Tone};
use crate::pages::sections::SupportTiles;
use crate::russian;
use crate::session::use_session;

/// The buttons of the subsystems open today.
#[component]
pub fn Subsystems() -> impl IntoView {
    let session = use_session();
    // Another chosen card has other roles, another category has other subsystems.
    let asked_for = Memo::new(move |_| {
        session.person().map(|person| (person.chosen_card, person.category)).unwrap_or_default()
    });
    let subsystems = LocalResource::new(move || {
        asked_for.track();
        session.call(api::subsystems())
    });
    let content = move || match subsystems.get() {
        None => view! { <Loading/> }.into_any(),
        Some(Err(error)) => {
            view! { <ErrorState error=error on_retry=move || subsystems.refetch()/> }.into_any()
        }
        Some(Ok(allowed)) => allowed_view(allowed, untrack(|| asked_for.get()).1),
    };
    // A person of one category need not know the word.
    let several = move || {
        session.person().filter(|person| person.categories.len() > 1).and_then(|person| person.category)
    };
    let before = move || session.person().and_then(|person| person.previous_sign_in_at);
    view! {
        <div class="page-head">
            <Heading text="Подсистемы"/>
            {move || {
                several().map(|category| view! { <p class="muted">{format!("Категория: {}", category.title())}</p> })
            }}
        </div>
        {content}
        <SupportTiles/>
        {move || {
            before()
                .map(|moment| {
                    view! { <p class="small muted after-tiles">{format!("Прошлый вход: {}", russian::moment(moment))}</p> }
                })
        }}
    }
}

fn allowed_view(allowed: SubsystemsAllowed, category: Option<RoleCategory>) -> AnyView {
    let advice = allowed.advice.map(|advice| match advice {
        SubsystemsAdvice::BindCard => view! {
            <Alert title="К вашей учётной записи ещё не привязана карточка сотрудника">
                <p>
                    "Откройте «Контингент» и введите логин и одноразовый пароль карточки. Их выдаёт администратор «Контингента» в вашей организации: директор, завуч или ответственный."
                </p>
            </Alert>
        }
        .into_any(),
        SubsystemsAdvice::NoRoleInForce => view! {
            <Alert tone=Tone::Warning title="Сегодня у вас нет действующей роли">
                <p>
                    "Срок роли закончился или ещё не начался. Попросите администратора «Контингента» в своей организации проверить даты в вашей карточке."
                </p>
            </Alert>
        }
        .into_any(),
        SubsystemsAdvice::BindMatchedCard => view! {
            <Alert title="Ваша карточка сотрудника найдена, но ещё не привязана">
                <p>
                    "Вы вошли как сотрудник. «Контингент» и то, что дают роли карточки, откроются, когда вы её привяжете: для этого нужны логин и одноразовый пароль карточки. Их выдаёт администратор «Контингента» в вашей организации."
                </p>
                <div class="row">
                    <LinkButton href="/kontingent/bind" kind=Kind::Primary>
                        "Привязать карточку"
                    </LinkButton>
                </div>
            </Alert>
        }
        .into_any(),
        // Said below, where the subsystems would be.
        SubsystemsAdvice::NothingForCategory => ().into_any(),
    });
    let tiles = if allowed.advice == Some(SubsystemsAdvice::NothingForCategory) {
        let (title, words) = match category {
            Some(RoleCategory::Parent) => (
                "Для родителей подсистем пока нет",
                "Они появятся здесь, когда откроются. По вопросам об учёбе ребёнка обращайтесь в школу или к классному руководителю.",
            ),
            Some(RoleCategory::Student) => (
                "Для обучающихся подсистем пока нет",
                "Они появятся здесь, когда откроются. По вопросам об учёбе обращайтесь к классному руководителю или куратору группы.",
            ),
            _ => ("Для этой категории подсистем пока нет", "Они появятся здесь, когда откроются."),
        };
        view! {
            <EmptyState title=title>
                <p>{words}</p>
            </EmptyState>
        }
        .into_any()
    } else if allowed.items.is_empty() {
        view! {
            <EmptyState title="Доступных подсистем нет">
                <p>
                    "Подсистемы открываются по ролям в карточке сотрудника. Обратитесь к администратору «Контингента» в своей организации."
                </p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <ul class="tiles plain">{allowed.items.into_iter().map(tile).collect_view()}</ul> }.into_any()
    };
    view! { <div class="stack">{advice} {tiles}</div> }.into_any()
}

fn tile(subsystem: Subsystem) -> impl IntoView {
    view! {
        <li>
            <a class="tile" href=subsystem.href>
                <span class="tile-name">{subsystem.name}</span>
                <span class="tile-note">{subsystem.description}</span>
            </a>
        </li>
    }
}
