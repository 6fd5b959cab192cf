//! Choice among several own cards (screens.md 14).

use epos_shared::api::session::{ChooseCard, OwnCard};
use epos_shared::ids::EmployeeId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::{self, ApiError};
use crate::components::{
    Badge, EmptyState, Heading, Kind, LinkButton, Picture, ProblemAlert, RoleStateBadge, Tone,
};
use crate::session::use_session;

/// The cards; a press works as that card from now on.
#[component]
pub fn Cards() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let busy = RwSignal::new(None::<EmployeeId>);
    let failure = RwSignal::new(None::<ApiError>);
    let choose = Callback::new(move |id: EmployeeId| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some(id));
        let navigate = navigate.clone();
        spawn_local(async move {
            let answer = session
                .call(api::choose_card(&ChooseCard { employee_id: id }))
                .await
                .map(|state| session.know(state));
            match answer {
                Ok(()) => navigate("/kontingent", NavigateOptions::default()),
                Err(error) => {
                    let _ = failure.try_set(Some(error));
                }
            }
            let _ = busy.try_set(None);
        });
    });
    let cards = move || session.person().map(|person| (person.cards.clone(), person.chosen_card));
    view! {
        <div class="page-head">
            <Heading text="Выберите карточку"/>
        </div>
        <p class="page-lead">"Права в «Контингенте» зависят от карточки. Сменить её можно в любой момент."</p>
        {move || failure.get().map(|error| view! { <div class="page-lead"><ProblemAlert error=error/></div> })}
        {move || {
            cards()
                .map(|(cards, chosen)| {
                    if cards.is_empty() {
                        return view! {
                            <EmptyState title="Привязанных карточек пока нет">
                                <div class="row">
                                    <LinkButton href="/kontingent/bind" kind=Kind::Primary>
                                        "Привязать карточку"
                                    </LinkButton>
                                </div>
                            </EmptyState>
                        }
                            .into_any();
                    }
                    let tiles = cards
                        .into_iter()
                        .map(|card| {
                            let now = chosen == Some(card.id);
                            view! { <li><Tile card=card now=now busy=busy choose=choose/></li> }
                        })
                        .collect_view();
                    view! {
                        <ul class="tiles plain">{tiles}</ul>
                        <p class="after-tiles">
                            <a href="/kontingent/bind">"Привязать ещё одну карточку"</a>
                        </p>
                    }
                        .into_any()
                })
        }}
    }
}

#[component]
fn Tile(
    card: OwnCard,
    now: bool,
    busy: RwSignal<Option<EmployeeId>>,
    choose: Callback<EmployeeId>,
) -> impl IntoView {
    let id = card.id;
    let roles = card
        .roles
        .into_iter()
        .map(|role| {
            view! {
                <span class="role-line">
                    {role.role.title()} " " <RoleStateBadge state=role.state/>
                </span>
            }
        })
        .collect_view();
    let mine = move || busy.get() == Some(id);
    view! {
        <button type="button" class="tile" aria-busy=move || mine().then_some("true") on:click=move |_| choose.run(id)>
            <span class="tile-name">{card.organization.short_name}</span>
            <span class="tile-note">{roles}</span>
            <span class="tile-foot row small muted">
                <span>"Логин: " <span class="mono">{card.login.to_string()}</span></span>
                {now.then(|| view! { <Badge tone=Tone::Done picture=Picture::Done text="выбрана"/> })}
                {move || mine().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
            </span>
        </button>
    }
}
