//! Entries: a table on wide screens, cards on a telephone; what is seldom needed opens below its entry.

use epos_shared::api::journal::{
    ActorKind, JournalActor, JournalChange, JournalEntry, JournalObject, JournalResult, JournalSearch,
};
use epos_shared::ids::EmployeeId;
use leptos::prelude::*;

use super::query;
use crate::components::{Badge, Picture, Tone, facts, table};
use crate::pages::kontingent::card_address;
use crate::russian::moment;

const MANY: [&str; 5] = ["Когда", "Что", "Кто", "Кого касается", "Организация"];
const ONE: [&str; 4] = ["Когда", "Что", "Кто", "Кого касается"];

/// The table.
pub fn table_of(entries: &[JournalEntry], start: &JournalSearch, several: bool) -> AnyView {
    let columns: &'static [&'static str] = if several { &MANY } else { &ONE };
    let rows = entries.iter().map(|entry| cells(entry, start)).collect();
    let table = table("Записи журнала", columns, rows);
    view! { <div class="journal" class:journal-many=several>{table}</div> }.into_any()
}

fn cells(entry: &JournalEntry, start: &JournalSearch) -> Vec<AnyView> {
    let refused = entry.result == JournalResult::Refused;
    let what = view! {
        <span class="row-title">{entry.title.clone()}</span>
        {refused
            .then(|| {
                view! {
                    " "
                    <Badge tone=Tone::Error picture=Picture::Stop text="отказано"/>
                }
            })}
        {(!entry.details.is_empty()).then(|| view! { <span class="cell-sub">{entry.details.clone()}</span> })}
        {more(entry, start)}
    };
    let place = entry.organization.as_ref().map(|place| place.short_name.clone());
    vec![
        view! { <span class="journal-when">{moment(entry.at)}</span> }.into_any(),
        what.into_any(),
        actor(&entry.actor),
        object(&entry.object),
        place.unwrap_or_else(|| "—".to_owned()).into_any(),
    ]
}

/// Who acted, as far as it may be known.
pub fn actor(actor: &JournalActor) -> AnyView {
    let place = actor.organization.as_ref().map(|place| place.short_name.clone());
    let (name, below) = match (actor.kind, &actor.name) {
        (_, Some(name)) => (name.clone(), place),
        // Who it was is not in view: the organization is all there is to tell.
        (ActorKind::Person, None) => (place.unwrap_or_else(|| "Другая организация".to_owned()), None),
        (ActorKind::Stranger, None) => ("Без входа".to_owned(), None),
        (ActorKind::Program, None) => ("ЭПОС".to_owned(), Some("автоматически".to_owned())),
    };
    view! {
        {name}
        {below.map(|below| view! { <span class="cell-sub">{below}</span> })}
    }
    .into_any()
}

fn object(object: &JournalObject) -> AnyView {
    let title = object.title.clone();
    let Some(name) = object.name.clone() else { return title.into_any() };
    let card = object.id.filter(|_| object.kind == "employee").map(|id| card_address(EmployeeId(id)));
    let name = match card {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    view! {
        {name}
        <span class="cell-sub">{title}</span>
    }
    .into_any()
}

fn more(entry: &JournalEntry, start: &JournalSearch) -> AnyView {
    let changes = entry.changes.iter().map(change).collect_view();
    let changes = (!entry.changes.is_empty()).then(|| view! { <dl class="changes">{changes}</dl> });
    let known = facts(vec![
        ("Адрес", entry.address.clone().unwrap_or_default()),
        ("Номер запроса", entry.request_id.clone().unwrap_or_default()),
        ("Код действия", entry.action.clone()),
    ]);
    let link = |search: JournalSearch, words: &'static str| {
        view! {
            <li>
                <a href=query::address(&search)>{words}</a>
            </li>
        }
    };
    let of_object = entry.object.id.filter(|id| start.object != Some(*id)).map(|id| {
        link(JournalSearch { object: Some(id), ..Default::default() }, "Все записи об этом объекте")
    });
    let of_actor = entry.actor.account.filter(|id| start.actor != Some(*id)).map(|id| {
        link(JournalSearch { actor: Some(id), ..Default::default() }, "Все действия этого человека")
    });
    view! {
        <details class="journal-more">
            <summary>"Подробности"</summary>
            {changes}
            {known}
            <ul class="plain">{of_object} {of_actor}</ul>
        </details>
    }
    .into_any()
}

/// «Было → стало», in words for those who do not see the arrow.
pub fn change(change: &JournalChange) -> AnyView {
    let of = |text: &str| if text.is_empty() { "пусто".to_owned() } else { text.to_owned() };
    let (old, new) = (of(&change.old), of(&change.new));
    let was_nothing = change.old.is_empty();
    let is_nothing = change.new.is_empty();
    view! {
        <dt>{change.field.clone()}</dt>
        <dd>
            <span class="visually-hidden">"было "</span>
            <span class:change-nothing=was_nothing>{old}</span>
            <span aria-hidden="true">" → "</span>
            <span class="visually-hidden">", стало "</span>
            <span class:change-nothing=is_nothing>{new}</span>
        </dd>
    }
    .into_any()
}
