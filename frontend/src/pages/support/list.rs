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
    Badge, Breadcrumbs, EmptyState, Fetched, Fetching, Heading, Kind, LinkButton, Pager, Picture, Question,
    Questions, Search, Select, Shown, Tone, lines, shown, table,
};
use crate::form::FormErrors;
use crate::russian::{day, moment, total};
use crate::session::{Forward, SessionContext, use_session};

/// The question for a page.
pub type Rows = Pin<Box<dyn Future<Output = Answer<Listed>>>>;

/// A page of a list, whatever is in it.
pub struct Listed {
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
    /// Its address.
    pub path: &'static str,
    /// The pages above it.
    pub above: &'static [(&'static str, &'static str)],
    /// Its heading.
    pub title: &'static str,
    /// What can be searched for; nothing where there is no search.
    pub placeholder: Option<&'static str>,
    /// The name of the filter.
    pub filter: &'static str,
    /// What stands for no choice.
    pub any: &'static str,
    /// What can be chosen.
    pub states: &'static [(&'static str, &'static str)],
    /// What is not there, where nothing was asked for.
    pub empty: (&'static str, &'static str),
    /// Where the same is a file; nothing where it is none.
    pub file: Option<&'static str>,
    /// The main action: its address and its words.
    pub action: Option<(&'static str, &'static str)>,
    /// Asks for a page.
    pub ask: fn(ListQuery, Asked) -> Rows,
}

/// What is asked before something is done to a row.
pub type Asked = RwSignal<Option<Question>>;

/// The page above every list.
pub const SUBSYSTEMS: (&str, &str) = ("Подсистемы", "/subsystems");

/// Accounts.
pub const OF_ACCOUNTS: List = List {
    path: ACCOUNTS,
    above: &[SUBSYSTEMS],
    title: "Учётные записи",
    placeholder: Some("ФИО, имя пользователя или e-mail"),
    filter: "Состояние",
    any: "Любое",
    states: &[
        (AccountState::Active.as_str(), "Действуют"),
        (AccountState::Blocked.as_str(), "Заблокированы"),
    ],
    empty: ("Учётных записей нет", "Новые появятся здесь сами."),
    file: None,
    action: None,
    ask: |query, _| {
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
    above: &[SUBSYSTEMS],
    title: "Заявки",
    placeholder: Some("ФИО или e-mail"),
    filter: "Состояние",
    any: "Ждут решения",
    states: &[
        (ApplicationState::AwaitingProof.as_str(), "Адрес не подтверждён"),
        (ApplicationState::AwaitingPassword.as_str(), "Одобрены, пароль не задан"),
        (ApplicationState::Completed.as_str(), "Завершены"),
        (ApplicationState::Declined.as_str(), "Отклонены"),
    ],
    empty: ("Заявок нет", "Новые появятся здесь сами."),
    file: Some("/api/v1/applications/export"),
    action: None,
    ask: |query, _| {
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

/// A page of a list, to be shown as a table.
pub fn listed<T: 'static>(
    mut page: Page<T>,
    row: impl Fn(&T) -> Vec<AnyView> + 'static,
    caption: &'static str,
    columns: &'static [&'static str],
) -> Listed {
    let pages = Pages::of(&mut page);
    let total = total(page.total);
    let empty = page.items.is_empty();
    let rows = shown(move || {
        if empty { ().into_any() } else { table(caption, columns, page.items.iter().map(&row).collect()) }
    });
    Listed { total, pages, rows, empty }
}

/// What a row is called, as the link to it.
pub fn link(path: &str, id: String, name: String, below: String) -> AnyView {
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
    let (asking, again) = (Asked::new(None), RwSignal::new(()));
    let ask = move || asked(list, session, query.get(), count, asking);
    let states: Vec<_> =
        list.states.iter().map(|(state, name)| ((*state).to_owned(), (*name).to_owned())).collect();
    let above = list.above.iter().map(|(name, href)| (*name, (*href).to_owned())).collect();
    let action = list.action.map(|(href, words)| {
        view! {
            <LinkButton href=href kind=Kind::Primary>
                {words}
            </LinkButton>
        }
    });
    let searched = list.placeholder.map(|placeholder| {
        view! {
            <Search
                told=Signal::derive(move || query.with(|query| query.query.clone().unwrap_or_default()))
                on_search=search
                placeholder=placeholder
            />
        }
    });
    view! {
        <Breadcrumbs above=above here=list.title/>
        <div class="page-head">
            <Heading text=list.title/>
            {action}
        </div>
        <div class="filters" role="search">
            {searched}
            <Select
                path="state"
                label=list.filter
                value=Signal::derive(move || query.with(|query| query.state.clone().unwrap_or_default()))
                on_change=filter
                options=states
                empty=list.any
                errors=FormErrors::new(Vec::new)
            />
        </div>
        <div class="list-bar">
            <p role="status">{move || count.get()}</p>
            {list
                .file
                .map(|file| {
                    let address = move || ListQuery { after: None, before: None, ..query.get() }.of(file);
                    view! { <a class="button button-small" href=address download="">"Скачать CSV"</a> }
                })}
        </div>
        <Fetched ask=Box::new(ask) again=again/>
        <Questions asked=asking again=again/>
    }
    .into_any()
}

fn asked(
    list: &'static List,
    session: SessionContext,
    query: ListQuery,
    count: RwSignal<String>,
    asking: Asked,
) -> Fetching {
    Box::pin(async move {
        let found = match session.call((list.ask)(query.clone(), asking)).await {
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
            <EmptyState title=list.empty.0>
                <p>{list.empty.1}</p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState title="Ничего не нашлось">
                <p>
                    {if list.placeholder.is_some() {
                        "Проверьте, как написаны слова, или выберите в списке другое."
                    } else {
                        "Выберите в списке другое."
                    }}
                </p>
                <div class="row">
                    <LinkButton href=list.path>"Сбросить"</LinkButton>
                </div>
            </EmptyState>
        }
        .into_any()
    }
}
