//! The lists of support: search, one filter, a table, pages. Their state is the address.

use std::pin::Pin;

use epos_shared::api::accounts::{AccountRow, AccountState, Application, ApplicationState};
use epos_shared::api::page::Page;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::{ACCOUNTS, APPLICATIONS};
use crate::api::support::{self, ListQuery};
use crate::api::{Answer, ApiError};
use crate::components::{
    Badge, Breadcrumbs, EmptyState, Fetched, Fetching, Heading, LinkButton, Pager, Picture, Search, Select,
    Shown, Tone, lines, shown, table,
};
use crate::form::FormErrors;
use crate::russian::{day, moment, total};
use crate::session::{Forward, SessionContext, use_session};

type Rows = Pin<Box<dyn Future<Output = Answer<Listed>>>>;

/// A page of a list, whatever is in it.
struct Listed {
    total: String,
    pages: Pages,
    rows: Shown,
    empty: bool,
}

/// Cursors of the pages before and after.
#[derive(Clone)]
pub struct Pages {
    previous: Option<String>,
    next: Option<String>,
}

impl Pages {
    /// Those of a page.
    pub fn of<T>(page: &mut Page<T>) -> Self {
        Self { previous: page.previous.take(), next: page.next.take() }
    }

    /// The links, for the list at that address.
    pub fn links(&self, path: &str, query: &ListQuery) -> AnyView {
        let start = ListQuery { after: None, before: None, ..query.clone() };
        let previous =
            self.previous.clone().map(|before| ListQuery { before: Some(before), ..start.clone() }.of(path));
        let next = self.next.clone().map(|after| ListQuery { after: Some(after), ..start.clone() }.of(path));
        view! { <Pager previous=previous next=next/> }.into_any()
    }
}

/// A list.
pub struct List {
    path: &'static str,
    title: &'static str,
    placeholder: &'static str,
    any: &'static str,
    states: &'static [(&'static str, &'static str)],
    empty: &'static str,
    ask: fn(ListQuery) -> Rows,
}

/// Accounts.
pub const OF_ACCOUNTS: List = List {
    path: ACCOUNTS,
    title: "Учётные записи",
    placeholder: "ФИО, имя пользователя или e-mail",
    any: "Любое",
    states: &[
        (AccountState::Active.as_str(), "Действуют"),
        (AccountState::Blocked.as_str(), "Заблокированы"),
    ],
    empty: "Учётных записей нет",
    ask: |query| {
        Box::pin(async move {
            let page = support::accounts(query).await?;
            Ok(listed(
                page,
                account_row,
                "Учётные записи",
                &["ФИО, e-mail", "Имя пользователя", "Вход", "Состояние"],
            ))
        })
    },
};

/// Applications.
pub const OF_APPLICATIONS: List = List {
    path: APPLICATIONS,
    title: "Заявки",
    placeholder: "ФИО или e-mail",
    any: "Ждут решения",
    states: &[
        (ApplicationState::AwaitingProof.as_str(), "Адрес не подтверждён"),
        (ApplicationState::AwaitingPassword.as_str(), "Одобрены, пароль не задан"),
        (ApplicationState::Completed.as_str(), "Завершены"),
        (ApplicationState::Declined.as_str(), "Отклонены"),
    ],
    empty: "Заявок нет",
    ask: |query| {
        Box::pin(async move {
            let page = support::applications(query).await?;
            Ok(listed(
                page,
                application_row,
                "Заявки",
                &["ФИО, e-mail", "Организация, должность", "Отправлена", "Состояние"],
            ))
        })
    },
};

fn listed<T: 'static>(
    mut page: Page<T>,
    row: fn(&T) -> Vec<AnyView>,
    caption: &'static str,
    columns: &'static [&'static str],
) -> Listed {
    let pages = Pages::of(&mut page);
    let total = total(page.total);
    let empty = page.items.is_empty();
    let rows = shown(move || {
        if empty { ().into_any() } else { table(caption, columns, page.items.iter().map(row).collect()) }
    });
    Listed { total, pages, rows, empty }
}

fn link(path: &str, id: String, name: String, below: String) -> AnyView {
    view! {
        <span class="row-title">
            <a href=format!("{path}/{id}")>{name}</a>
        </span>
        <span class="cell-sub">{below}</span>
    }
    .into_any()
}

fn account_row(row: &AccountRow) -> Vec<AnyView> {
    vec![
        link(ACCOUNTS, row.id.to_string(), row.name.to_string(), row.email.clone()),
        view! { <span class="mono cell-login">{row.user_name.clone()}</span> }.into_any(),
        row.last_sign_in_at.map_or_else(|| "ещё не входили".to_owned(), day).into_any(),
        account_badge(row.state),
    ]
}

/// Whether an account may sign in.
pub fn account_badge(state: AccountState) -> AnyView {
    let (tone, picture, text) = match state {
        AccountState::Active => (Tone::Done, Picture::Done, "действует"),
        AccountState::Blocked => (Tone::Error, Picture::Stop, "заблокирована"),
    };
    view! { <Badge tone=tone picture=picture text=text/> }.into_any()
}

fn application_row(row: &Application) -> Vec<AnyView> {
    let organization =
        row.organization.as_ref().map_or_else(|| row.short_name.clone(), |listed| listed.short_name.clone());
    vec![
        link(APPLICATIONS, row.id.to_string(), row.name.to_string(), row.email.clone()),
        lines(organization, row.position.clone()),
        moment(row.created_at).into_any(),
        application_badge(row.state),
    ]
}

/// Where an application stands.
pub fn application_badge(state: ApplicationState) -> AnyView {
    let (tone, picture, text) = match state {
        ApplicationState::AwaitingProof => (Tone::Info, Picture::Ring, "адрес не подтверждён"),
        ApplicationState::AwaitingModeration => (Tone::Warning, Picture::Clock, "ждёт решения"),
        ApplicationState::AwaitingPassword => (Tone::Info, Picture::Clock, "пароль не задан"),
        ApplicationState::Completed => (Tone::Done, Picture::Done, "завершена"),
        ApplicationState::Declined => (Tone::Error, Picture::Stop, "отклонена"),
    };
    view! { <Badge tone=tone picture=picture text=text/> }.into_any()
}

/// What stands in the address of this page.
pub fn query_of_address() -> Memo<ListQuery> {
    let parameters = use_query_map();
    Memo::new(move |_| {
        parameters.with(|map| ListQuery {
            query: map.get("query"),
            state: map.get("state"),
            after: map.get("after"),
            before: map.get("before"),
        })
    })
}

/// What is shown instead of an error that is no error: the cursor of an old address leads to the start.
pub fn from_the_start(error: ApiError, path: &str, query: &ListQuery) -> Answer<Shown> {
    if error.code() != Some(ProblemCode::InvalidCursor) {
        return Err(error);
    }
    let start = ListQuery { after: None, before: None, ..query.clone() }.of(path);
    Ok(shown(move || view! { <Forward to=start.clone()/> }.into_any()))
}

/// The page of a list.
pub fn page(list: &'static List) -> AnyView {
    let session = use_session();
    let navigate = use_navigate();
    let address = query_of_address();
    // A state that there is not is none.
    let query = Memo::new(move |_| {
        let query = address.get();
        let state = query.state.filter(|state| list.states.iter().any(|(known, _)| known == state));
        ListQuery { state, ..query }
    });
    let turn = Callback::new(move |next: ListQuery| {
        let now = query.get_untracked();
        if now != next {
            // Every letter of a search is not a step of its own in the browser's history.
            let replace = now.query.is_some() && now.state == next.state;
            navigate(&next.of(list.path), NavigateOptions { replace, scroll: false, ..Default::default() });
        }
    });
    let search = move |text: String| {
        let state = query.get_untracked().state;
        turn.run(ListQuery {
            query: Some(text).filter(|text| !text.is_empty()),
            state,
            ..Default::default()
        });
    };
    let filter = move |state: String| {
        let query = query.get_untracked().query;
        turn.run(ListQuery {
            query,
            state: Some(state).filter(|state| !state.is_empty()),
            ..Default::default()
        });
    };
    let count = RwSignal::new(String::new());
    let ask = move || asked(list, session, query.get(), count);
    let states: Vec<_> =
        list.states.iter().map(|(state, name)| ((*state).to_owned(), (*name).to_owned())).collect();
    view! {
        <Breadcrumbs above=vec![("Подсистемы", "/subsystems".to_owned())] here=list.title/>
        <div class="page-head">
            <Heading text=list.title/>
        </div>
        <div class="filters" role="search">
            <Search
                told=Signal::derive(move || query.with(|query| query.query.clone().unwrap_or_default()))
                on_search=search
                placeholder=list.placeholder
            />
            <Select
                path="state"
                label="Состояние"
                value=Signal::derive(move || query.with(|query| query.state.clone().unwrap_or_default()))
                on_change=filter
                options=states
                empty=list.any
                errors=FormErrors::new(Vec::new)
            />
        </div>
        <div class="list-bar">
            <p role="status">{move || count.get()}</p>
        </div>
        <Fetched ask=Box::new(ask) again=RwSignal::new(())/>
    }
    .into_any()
}

fn asked(
    list: &'static List,
    session: SessionContext,
    query: ListQuery,
    count: RwSignal<String>,
) -> Fetching {
    Box::pin(async move {
        let found = match session.call((list.ask)(query.clone())).await {
            Ok(found) => found,
            Err(error) => {
                let _ = count.try_set(String::new());
                return from_the_start(error, list.path, &query);
            }
        };
        let _ = count.try_set(found.total);
        Ok(shown(move || {
            if found.empty {
                return empty(list, &query);
            }
            view! {
                {(found.rows)()}
                {found.pages.links(list.path, &query)}
            }
            .into_any()
        }))
    })
}

fn empty(list: &'static List, query: &ListQuery) -> AnyView {
    if *query == ListQuery::default() {
        view! {
            <EmptyState title=list.empty>
                <p>"Новые появятся здесь сами."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState title="Ничего не нашлось">
                <p>"Проверьте, как написаны слова, или выберите другое состояние."</p>
                <div class="row">
                    <LinkButton href=list.path>"Сбросить"</LinkButton>
                </div>
            </EmptyState>
        }
        .into_any()
    }
}
