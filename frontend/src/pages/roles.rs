//! Categories (screens.md 9): shown to a person who holds several; one alone is entered straight away.

use epos_shared::api::categories::ChooseCategory;
use epos_shared::roles::RoleCategory;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::address::{next_of_page, safe_next};
use crate::api::{self, ApiError};
use crate::components::{Alert, Badge, Heading, Picture, ProblemAlert, Tone, live};
use crate::session::{Forward, use_session};

const fn note(category: RoleCategory) -> &'static str {
    match category {
        RoleCategory::Employee => "Работа в организации: «Контингент» и рабочие подсистемы",
        RoleCategory::Parent => "Учёба ваших детей",
        RoleCategory::Student => "Ваша учёба",
    }
}

/// The choice; a press works in that category from now on.
#[component]
pub fn Roles() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let next = next_of_page();
    let next = safe_next(&next).unwrap_or("/subsystems").to_owned();
    let held = Memo::new(move |_| {
        session.person().map(|person| (person.categories.clone(), person.category)).unwrap_or_default()
    });
    let busy = RwSignal::new(None::<RoleCategory>);
    let failure = RwSignal::new(None::<ApiError>);
    // Of one alone there is nothing to choose; but nobody is led away from under his own press.
    let forward = next.clone();
    let alone = move || held.with(|(held, _)| held.len() < 2) && busy.with(Option::is_none);
    let choose = Callback::new(move |category: RoleCategory| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some(category));
        let (navigate, next) = (navigate.clone(), next.clone());
        spawn_local(async move {
            let request = ChooseCategory { category };
            match session.call(api::choose_category(&request)).await {
                Ok(state) => {
                    session.know(state);
                    navigate(&next, NavigateOptions::default());
                }
                // A category that has ended meanwhile is gone from the page by now.
                Err(error) => {
                    let _ = failure.try_set(Some(error));
                    let _ = busy.try_set(None);
                }
            }
        });
    });
    let tile = move |category: RoleCategory, chosen: bool| {
        let mine = move || busy.get() == Some(category);
        view! {
            <li>
                <button
                    type="button"
                    class="tile"
                    aria-busy=move || mine().then_some("true")
                    on:click=move |_| choose.run(category)
                >
                    <span class="tile-name">{category.title()}</span>
                    <span class="tile-note">{note(category)}</span>
                    <span class="tile-foot row small">
                        {chosen.then(|| view! { <Badge tone=Tone::Done picture=Picture::Done text="выбрана"/> })}
                        {move || mine().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
                    </span>
                </button>
            </li>
        }
        .into_any()
    };
    let none = Memo::new(move |_| held.with(|(held, _)| held.is_empty()));
    live(move || {
        if alone() {
            if none.get() && failure.with(Option::is_some) {
                return nothing();
            }
            return view! { <Forward to=forward.clone()/> }.into_any();
        }
        let tiles = move || {
            held.with(|(held, chosen)| {
                held.iter().map(|category| tile(*category, Some(*category) == *chosen)).collect::<Vec<_>>()
            })
        };
        view! {
            <div class="page-head">
                <Heading text="Выберите категорию"/>
            </div>
            <p class="page-lead">
                "От неё зависит, какие подсистемы открыты. Сменить категорию можно в любой момент, входить снова не нужно."
            </p>
            {move || failure.get().map(|error| view! { <div class="page-lead"><ProblemAlert error=error/></div> })}
            <ul class="tiles plain">{tiles}</ul>
        }
        .into_any()
    })
}

fn nothing() -> AnyView {
    view! {
        <div class="main-form stack">
            <Heading text="Сейчас вам ничего не открыто"/>
            <Alert tone=Tone::Warning>
                <p>"Срок ваших категорий закончился. Обратитесь в организацию, где вы работаете или учитесь."</p>
            </Alert>
        </div>
    }
    .into_any()
}
