//! Cards that nobody has bound while their one-time credentials were good: «Сбросить пароль» stands on each card.

use epos_shared::api::page::Page;
use epos_shared::api::queues::ExpiredCard;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;

use super::{EXPIRED, LIST, QUEUES};
use crate::api::queues;
use crate::components::{Alert, Breadcrumbs, EmptyState, Fetched, Fetching, Heading, shown, table};
use crate::pages::support::list::{Pages, SUBSYSTEMS, from_the_start, link, query_of_address};
use crate::russian::{day, total};
use crate::session::use_session;

const TITLE: &str = "Пароли карточек с истёкшим сроком";

/// The page.
pub fn page() -> AnyView {
    let session = use_session();
    let query = query_of_address();
    let count = RwSignal::new(String::new());
    let ask = move || -> Fetching {
        let query = query.get();
        Box::pin(async move {
            match session.call(queues::expired(query.clone())).await {
                Ok(mut page) => {
                    let _ = count.try_set(total(page.total));
                    let pages = Pages::of(&mut page);
                    Ok(shown(move || {
                        view! {
                            {rows(&page)}
                            {pages.links(EXPIRED, &query)}
                        }
                        .into_any()
                    }))
                }
                Err(error) if error.code() == Some(ProblemCode::Forbidden) => {
                    let words = error.detail();
                    Ok(shown(move || refused(words.clone())))
                }
                Err(error) => from_the_start(error, EXPIRED, &query),
            }
        })
    };
    let above = [SUBSYSTEMS, ("Контингент", "/kontingent"), ("Очереди", QUEUES)];
    view! {
        <Breadcrumbs above=above.map(|(name, href)| (name, href.to_owned())).to_vec() here=TITLE/>
        <div class="page-head">
            <Heading text=TITLE/>
        </div>
        <p>
            "Одноразовый пароль действует ограниченный срок. Эти люди за него не привязали карточку: откройте карточку, нажмите «Сбросить пароль» и передайте человеку новый."
        </p>
        <div class="list-bar">
            <p role="status">{move || count.get()}</p>
        </div>
        <Fetched ask=Box::new(ask) again=RwSignal::new(())/>
    }
    .into_any()
}

fn refused(words: String) -> AnyView {
    view! {
        <Alert>
            <p>{words}</p>
        </Alert>
    }
    .into_any()
}

fn rows(page: &Page<ExpiredCard>) -> AnyView {
    if page.items.is_empty() {
        return view! {
            <EmptyState title="Таких карточек нет">
                <p>"Все, кому выданы логин и пароль, привязали карточки или ещё успеют."</p>
            </EmptyState>
        }
        .into_any();
    }
    let row = |card: &ExpiredCard| {
        vec![
            link(LIST, card.id.to_string(), card.name.to_string(), String::new()),
            view! { <span class="mono cell-login">{card.login.clone()}</span> }.into_any(),
            day(card.expired_at).into_any(),
        ]
    };
    table(TITLE, &["ФИО", "Логин", "Срок истёк"], page.items.iter().map(row).collect())
}
