//! The tree, opened level by level, and the search in its place.

use std::cell::RefCell;
use std::collections::BTreeSet;

use epos_shared::api::organization_card::{OrganizationLevel, OrganizationNode, TreeQuery};
use epos_shared::api::organizations::{OrganizationInView, OrganizationQuery};
use epos_shared::ids::OrganizationId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::{IMPORT, NEW, ORGANIZATIONS, address_of, closed_badge};
use crate::address::with_query;
use crate::api::{self, ApiError, organization};
use crate::components::{
    Breadcrumbs, Button, Checkbox, EmptyState, ErrorState, Fetched, Fetching, Heading, Icon, Kind,
    LinkButton, Loading, Picture, Search, lines, live, shown, table,
};
use crate::dom;
use crate::russian::several;
use crate::session::use_session;

thread_local! {
    /// The organizations that stand open, for whoever comes back from a page.
    static OPENED: RefCell<BTreeSet<OrganizationId>> = const { RefCell::new(BTreeSet::new()) };
}

fn is_opened(id: OrganizationId) -> bool {
    OPENED.with_borrow(|opened| opened.contains(&id))
}

fn note_opened(id: OrganizationId, open: bool) {
    OPENED.with_borrow_mut(|opened| if open { opened.insert(id) } else { opened.remove(&id) });
}

/// What may be done from here, as the first level tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Offered {
    create: bool,
    import: bool,
}

/// The page.
pub fn page() -> AnyView {
    let navigate = use_navigate();
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(|map| map.get("query").unwrap_or_default()));
    let with_closed = Memo::new(move |_| parameters.with(|map| map.get("closed").is_some()));
    let go = move |query: String, closed: bool| {
        let closed = closed.then(|| "true".to_owned());
        let address = with_query(ORGANIZATIONS, [("query", Some(query)), ("closed", closed)]);
        navigate(&address, NavigateOptions { replace: true, scroll: false, ..Default::default() });
    };
    let search = {
        let go = go.clone();
        move |text: String| go(text, with_closed.get_untracked())
    };
    let closed = RwSignal::new(with_closed.get_untracked());
    let switch = move |()| go(query.get_untracked(), closed.get_untracked());
    let offered = RwSignal::new(Offered::default());
    let content = live(move || {
        if query.with(String::is_empty) {
            branch(None, with_closed.get(), offered)
        } else {
            found(query, with_closed.get())
        }
    });
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Контингент", "/kontingent".to_owned()),
            ]
            here="Организации"
        />
        <div class="page-head">
            <Heading text="Организации"/>
            <div class="row">
                {move || offered.get().import.then(|| view! { <LinkButton href=IMPORT>"Загрузить из файла"</LinkButton> })}
                {move || {
                    offered.get().create.then(|| {
                        view! {
                            <LinkButton href=NEW kind=Kind::Primary>
                                "Новая организация"
                            </LinkButton>
                        }
                    })
                }}
            </div>
        </div>
        <div class="filters" role="search">
            <Search told=query on_search=search placeholder="Название, населённый пункт или ИНН"/>
            <Checkbox id="closed" label="Показывать закрытые" checked=closed on_change=switch/>
        </div>
        {content}
    }
    .into_any()
}

/// What search finds.
fn found(query: Memo<String>, with_closed: bool) -> AnyView {
    let session = use_session();
    let ask = move || -> Fetching {
        let text = query.get();
        Box::pin(async move {
            let query = OrganizationQuery { query: Some(text), limit: Some(100), ..Default::default() };
            let found = session.call(api::organizations(&query)).await?;
            let all = found.items.len();
            let rows: Vec<_> =
                found.items.into_iter().filter(|organization| with_closed || !organization.closed).collect();
            let (more, closed) = (found.more, all > rows.len());
            Ok(shown(move || results(&rows, more, closed)))
        })
    };
    view! { <Fetched ask=Box::new(ask) again=RwSignal::new(())/> }.into_any()
}

fn results(rows: &[OrganizationInView], more: bool, closed: bool) -> AnyView {
    if rows.is_empty() {
        let words = if closed {
            "Подходят только закрытые организации: отметьте «Показывать закрытые»."
        } else {
            "Проверьте, как написаны слова. Ищут по началу слов названия и населённого пункта и по началу ИНН."
        };
        return view! {
            <EmptyState title="Ничего не нашлось">
                <p>{words}</p>
                <div class="row">
                    <LinkButton href=ORGANIZATIONS>"Показать дерево"</LinkButton>
                </div>
            </EmptyState>
        }
        .into_any();
    }
    let number = if more { "первые 100".to_owned() } else { rows.len().to_string() };
    let cells = rows
        .iter()
        .map(|row| {
            let organization = &row.organization;
            let name = organization.short_name.clone();
            let below = [organization.kind.title(), row.town.as_str()];
            let below: Vec<&str> = below.into_iter().filter(|text| !text.is_empty()).collect();
            vec![
                view! {
                    <span class="row-title">
                        <a href=address_of(organization.id)>{name}</a>
                    </span>
                    " "
                    {closed_badge(row.closed)}
                    <span class="cell-sub">{below.join(" · ")}</span>
                }
                .into_any(),
                row.inn.clone().unwrap_or_default().into_any(),
                lines(row.above.first().cloned().unwrap_or_default(), String::new()),
            ]
        })
        .collect();
    view! {
        <div class="list-bar">
            <p role="status">{format!("Найдено: {number}")}</p>
        </div>
        {table("Найденные организации", &["Организация", "ИНН", "Кому подчиняется"], cells)}
    }
    .into_any()
}

/// A level of the tree with what is opened below it; pages are added as they are asked for.
fn branch(parent: Option<OrganizationId>, with_closed: bool, offered: RwSignal<Offered>) -> AnyView {
    let session = use_session();
    let nodes = RwSignal::new(Vec::<OrganizationNode>::new());
    let next = RwSignal::new(None::<String>);
    let asked = RwSignal::new(false);
    let failure = RwSignal::new_local(None::<ApiError>);
    let busy = RwSignal::new(false);
    let load = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let after = next.get_untracked();
        let first_new = nodes.with_untracked(Vec::len);
        spawn_local(async move {
            let closed = with_closed.then_some(true);
            let answer = session
                .call(organization::level(TreeQuery { parent, closed, after, limit: Some(100) }))
                .await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(OrganizationLevel { items, next: cursor, creatable, can_import }) => {
                    failure.set(None);
                    if parent.is_none() {
                        offered.set(Offered { create: !creatable.is_empty(), import: can_import });
                        // One alone stands open from the start: there is nothing to choose.
                        if let [only] = items.as_slice()
                            && !asked.get_untracked()
                        {
                            note_opened(only.organization.id, true);
                        }
                    } else if first_new > 0
                        && let Some(node) = items.first()
                    {
                        // The button is gone or has moved: the focus goes to the first that came.
                        dom::focus_later(link_id(node.organization.id));
                    }
                    nodes.update(|nodes| nodes.extend(items));
                    next.set(cursor);
                }
                Err(error) => failure.set(Some(error)),
            }
            asked.set(true);
        });
    };
    load();
    let rows = move || {
        let list = nodes.get().into_iter().map(|node| row(node, with_closed, offered)).collect_view();
        view! { <ul class="tree plain">{list}</ul> }.into_any()
    };
    live(move || {
        if !asked.get() {
            return view! { <Loading/> }.into_any();
        }
        if let Some(error) = failure.get() {
            return view! { <ErrorState error=error on_retry=load/> }.into_any();
        }
        if nodes.with(Vec::is_empty) {
            return view! { <p class="muted">"Подчинённых организаций нет."</p> }.into_any();
        }
        let more = next.with(Option::is_some).then(|| {
            view! {
                <div class="row gap-above">
                    <Button busy=busy on_press=load>
                        "Показать ещё"
                    </Button>
                </div>
            }
        });
        view! {
            {rows()}
            {more}
        }
        .into_any()
    })
}

fn link_id(id: OrganizationId) -> String {
    format!("organization-{id}")
}

fn row(node: OrganizationNode, with_closed: bool, offered: RwSignal<Offered>) -> AnyView {
    let id = node.organization.id;
    let name = node.organization.short_name.clone();
    let open = RwSignal::new(node.expandable && is_opened(id));
    let below_id = format!("below-{id}");
    let mut notes = vec![node.organization.kind.title().to_owned()];
    if !node.town.is_empty() {
        notes.push(node.town.clone());
    }
    notes.push(several(node.cards, ["карточка", "карточки", "карточек"]));
    if node.below > 0 {
        notes.push(several(node.below, ["организация", "организации", "организаций"]));
    }
    let switch = move |_| {
        open.update(|open| *open = !*open);
        note_opened(id, open.get_untracked());
    };
    let button = node.expandable.then(|| {
        let (label, controls) = (format!("Подчинённые: {name}"), below_id.clone());
        view! {
            <button
                type="button"
                class="icon-button tree-switch"
                aria-label=label
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-controls=move || open.get().then(|| controls.clone())
                on:click=switch
            >
                <Icon picture=Picture::Down/>
            </button>
        }
    });
    let below = live(move || {
        if open.get() {
            view! {
                <div class="tree-below" id=below_id.clone()>
                    {branch(Some(id), with_closed, offered)}
                </div>
            }
            .into_any()
        } else {
            ().into_any()
        }
    });
    view! {
        <li>
            <div class="tree-row" class:tree-leaf=!node.expandable>
                {button}
                <div class="tree-text">
                    <span class="row-title">
                        <a id=link_id(id) href=address_of(id)>
                            {name}
                        </a>
                    </span>
                    " "
                    {closed_badge(node.closed)}
                    <span class="cell-sub">{notes.join(" · ")}</span>
                </div>
            </div>
            {below}
        </li>
    }
    .into_any()
}
