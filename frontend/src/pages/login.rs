//! «Вход» (screens.md 5).

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::address::{esia_address, safe_next, sign_in_address};
use crate::components::{Heading, Kind, LinkButton};
use crate::session::{Forward, use_session};

/// The ways in.
#[component]
pub fn SignInChoice() -> impl IntoView {
    let session = use_session();
    // Also a person who signed in meanwhile, in another tab.
    let signed = Memo::new(move |_| session.person().is_some());
    let next = use_query_map().with_untracked(|query| query.get("next").unwrap_or_default());
    let on = safe_next(&next).unwrap_or("/subsystems").to_owned();
    view! {
        {move || signed.get().then(|| view! { <Forward to=on.clone()/> })}
        <div class="main-narrow centred">
            <div class="sign-in">
                <Heading text="Вход"/>
                <div class="links">
                    <LinkButton href=sign_in_address(&next) kind=Kind::Primary class="button-wide">
                        "Вход для сотрудников"
                    </LinkButton>
                    <LinkButton href=esia_address(&next) class="button-wide" external=true>
                        "Вход через ЕСИА"
                    </LinkButton>
                </div>
                <p class="small muted">
                    "ЕСИА — это вход через Госуслуги. Сотрудники входят под учётной записью РСАА."
                </p>
            </div>
            <div class="beneath">
                <p class="links-inline">
                    <a href="/portal">"Портал ЭПОС"</a>
                    <a href="/support">"Написать в техподдержку"</a>
                    <a href="/account-application">"Заявка управления образованием"</a>
                </p>
                <p class="links-inline">
                    <span class="whole-line">"Инструкции по входу:"</span>
                    <a href="/instructions/staff">"для сотрудников"</a>
                    <a href="/instructions/parents">"для родителя"</a>
                    <a href="/instructions/students">"для обучающихся"</a>
                </p>
            </div>
        </div>
    }
}
