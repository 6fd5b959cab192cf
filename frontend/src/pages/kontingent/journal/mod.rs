//! «Журнал» (screens.md 20). Its state is the address, so that «Назад» and links restore it.

mod filters;
mod query;
mod rows;

use epos_shared::api::journal::{JournalPage, JournalSearch};
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::{LIST, Working, sees_several, unclear};
use crate::api::journal;
use crate::components::{
    Breadcrumbs, EmptyState, Fetched, Fetching, Heading, LinkButton, Pager, live, shown,
};
use crate::russian::moment;
use crate::session::{Forward, SessionContext, use_session};
use filters::Filters;
pub use rows::{actor, change};

/// The page.
#[component]
pub fn Journal() -> impl IntoView {
    view! {
        <Working>
            <Page/>
        </Working>
    }
    .into_any()
}

/// Leads to the journal with another search.
type Turn = Callback<JournalSearch>;

#[component]
fn Page() -> impl IntoView {
    let session = use_session();
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(|map| query::read(|name| map.get(name))));
    let navigate = use_navigate();
    let turn: Turn = Callback::new(move |next: JournalSearch| {
        let now = query.get_untracked();
        if now != next {
            // Every letter of a search is not a step of its own in the browser's history.
            let typing = now.person.is_some()
                && JournalSearch { person: None, ..now.clone() }
                    == JournalSearch { person: None, ..next.clone() };
            let options = NavigateOptions { replace: typing, scroll: false, ..Default::default() };
            navigate(&query::address(&next), options);
        }
    });
    let several = sees_several(session);
    let ask = move || asked(session, query.get(), several);
    view! {
        <Breadcrumbs
            above=vec![("Подсистемы", "/subsystems".to_owned()), ("Контингент", LIST.to_owned())]
            here="Журнал"
        />
        <div class="page-head">
            <Heading text="Журнал"/>
            {live(move || {
                let file = journal::export(&query.get());
                view! {
                    <a class="button" href=file download="">
                        "Скачать CSV"
                    </a>
                }
                .into_any()
            })}
        </div>
        <Filters query=query turn=turn several=several/>
        <Fetched ask=Box::new(ask) again=RwSignal::new(())/>
    }
    .into_any()
}

fn asked(session: SessionContext, search: JournalSearch, several: bool) -> Fetching {
    Box::pin(async move {
        let page = match session.call(journal::page(&search)).await {
            Ok(page) => page,
            Err(error) if error.code() == Some(ProblemCode::InvalidCursor) => {
                let start = query::address(&query::from_the_start(search));
                return Ok(shown(move || view! { <Forward to=start.clone()/> }.into_any()));
            }
            Err(error) => return unclear(error),
        };
        Ok(shown(move || found(&search, &page, several)))
    })
}

fn found(search: &JournalSearch, page: &JournalPage, several: bool) -> AnyView {
    let start = query::from_the_start(search.clone());
    let previous = page
        .previous
        .clone()
        .map(|before| query::address(&JournalSearch { before: Some(before), ..start.clone() }));
    let next =
        page.next.clone().map(|after| query::address(&JournalSearch { after: Some(after), ..start.clone() }));
    if page.items.is_empty() && page.searched_to.is_none() {
        return nothing(search, previous);
    }
    // What is rare is looked for a part at a time.
    let searched = page.searched_to.map(|at| {
        let words = format!("Просмотрены записи до {}. Дальше могут быть ещё.", moment(at));
        view! {
            <p class="gap-above" role="status">
                {words}
            </p>
        }
    });
    let rows = (!page.items.is_empty()).then(|| rows::table_of(&page.items, &start, several));
    view! {
        {rows}
        {searched}
        <Pager previous=previous next=next/>
    }
    .into_any()
}

fn nothing(search: &JournalSearch, previous: Option<String>) -> AnyView {
    let words = if query::narrowed(search) {
        view! {
            <EmptyState title="Записей не нашлось">
                <p>"Проверьте, как написаны слова, или уберите часть условий. Искать человека можно по началу фамилии, имени, отчества, логина или e-mail."</p>
                <div class="row">
                    <LinkButton href=super::JOURNAL>"Показать все"</LinkButton>
                </div>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState title="Записей нет">
                <p>"Здесь видно, кто, что и с чьими карточками делал в вашей организации."</p>
            </EmptyState>
        }
        .into_any()
    };
    view! {
        {words}
        <Pager previous=previous next=None/>
    }
    .into_any()
}
