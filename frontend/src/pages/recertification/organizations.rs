//! One recertification for whoever asks: which organizations have answered.

use epos_shared::api::recertification::{
    Recertification, RecertificationQuery, RecertificationRow, RecertificationRows,
};
use epos_shared::ids::RecertificationId;
use epos_shared::problem::ProblemCode;
use epos_shared::values::format_date;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::{RECERTIFICATION, above, address, state, who};
use crate::address::with_query;
use crate::api::recertification as api;
use crate::components::{
    Badge, Body, Breadcrumbs, Checkbox, EmptyState, Fetched, Fetching, Heading, LinkButton, Pager, Picture,
    Question, Questions, Tone, asking, facts, shown, table,
};
use crate::russian::{day, moment, number};
use crate::session::{Forward, use_session};

/// The page.
pub fn page(id: RecertificationId) -> AnyView {
    let session = use_session();
    let navigate = use_navigate();
    let parameters = use_query_map();
    let waiting = Memo::new(move |_| parameters.with(|map| map.get("waiting").is_some()));
    let after = Memo::new(move |_| parameters.with(|map| map.get("after")));
    let only_waiting = RwSignal::new(waiting.get_untracked());
    let turn = move |()| {
        let options = NavigateOptions { scroll: false, ..Default::default() };
        navigate(&turned(id, only_waiting.get_untracked(), None), options);
    };
    // «Назад» brings an earlier choice back.
    Effect::new(move |_| only_waiting.set(waiting.get()));
    let again = RwSignal::new(());
    let asked = RwSignal::new(None::<Question>);
    let ask = move || -> Fetching {
        let waiting = waiting.get();
        let query =
            RecertificationQuery { waiting: waiting.then_some(true), after: after.get(), limit: None };
        Box::pin(async move {
            match session.call(api::organizations(id, &query)).await {
                Ok(rows) => Ok(shown(move || found(&rows, waiting, asked))),
                Err(error) if error.code() == Some(ProblemCode::InvalidCursor) => {
                    Ok(shown(move || view! { <Forward to=turned(id, waiting, None)/> }.into_any()))
                }
                Err(error) if error.code() == Some(ProblemCode::NotFound) => Ok(shown(missing)),
                Err(error) => Err(error),
            }
        })
    };
    let mut above = above();
    above.push(("Подтверждение сотрудников", RECERTIFICATION.to_owned()));
    view! {
        <Breadcrumbs above=above here="Кто ответил"/>
        <div class="page-head">
            <Heading text="Кто ответил на подтверждение"/>
            <a class="button" href=api::file(id) download="">
                "Скачать CSV"
            </a>
        </div>
        <div class="filters">
            <Checkbox id="waiting" label="Только те, кто не ответил" checked=only_waiting on_change=turn/>
        </div>
        <Fetched ask=Box::new(ask) again=again/>
        <Questions asked=asked again=again/>
    }
    .into_any()
}

fn turned(id: RecertificationId, waiting: bool, after: Option<String>) -> String {
    with_query(
        RECERTIFICATION,
        [("id", Some(id.to_string())), ("waiting", waiting.then(|| "true".to_owned())), ("after", after)],
    )
}

fn missing() -> AnyView {
    view! {
        <EmptyState title="Такого подтверждения нет">
            <p>"Возможно, оно не касается ваших организаций."</p>
            <div class="row">
                <LinkButton href=RECERTIFICATION>"Все подтверждения"</LinkButton>
            </div>
        </EmptyState>
    }
    .into_any()
}

fn found(rows: &RecertificationRows, waiting: bool, asked: RwSignal<Option<Question>>) -> AnyView {
    let one = &rows.recertification;
    let next = rows.next.clone().map(|after| turned(one.id, waiting, Some(after)));
    let list = if rows.items.is_empty() {
        let all = address(one.id);
        view! {
            <EmptyState title="Ответили все">
                <p>"Не осталось ни одной организации, которая не ответила."</p>
                <div class="row">
                    <LinkButton href=all>"Показать все организации"</LinkButton>
                </div>
            </EmptyState>
        }
        .into_any()
    } else {
        let columns: &'static [&'static str] =
            &["Организация", "Состояние", "Осталось", "Работают", "Больше не работают"];
        let rows = table("Кто ответил", columns, rows.items.iter().map(|row| cells(row, one)).collect());
        view! { <div class="wide-first">{rows}</div> }.into_any()
    };
    view! {
        <div class="gap-below">
            {facts(vec![
                ("Кто спрашивает", who(one)),
                ("Начато", day(one.started_at)),
                ("Ответить до", format_date(one.due_on)),
                ("Ответили", format!("{} из {}", number(one.answered), number(one.organizations))),
            ])}
        </div>
        <div class="list-bar">
            <p>{state(one)}</p>
            {one.may_end.then(|| asking(asked, "Завершить".into_any(), end(one)))}
        </div>
        {list}
        <Pager previous=None next=next/>
    }
    .into_any()
}

fn end(one: &Recertification) -> Question {
    let left = one.organizations.saturating_sub(one.answered);
    let words = if left == 0 {
        "Ответили все. Подтверждение останется в списке.".to_owned()
    } else {
        format!("Не ответили: {}. Ответить они больше не смогут, напоминаний не будет.", number(left))
    };
    Question {
        title: "Завершить подтверждение?",
        words,
        confirm: "Завершить",
        danger: true,
        deed: api::end(one.id),
        body: Body::Nothing,
        done: "Подтверждение завершено.",
    }
}

fn cells(row: &RecertificationRow, one: &Recertification) -> Vec<AnyView> {
    let numbers = row.numbers;
    let mut notes = vec![row.organization.kind.title().to_owned()];
    if !row.town.is_empty() {
        notes.push(row.town.clone());
    }
    let title = view! {
        <span class="row-title">{row.organization.short_name.clone()}</span>
        <span class="cell-sub">{notes.join(" · ")}</span>
    };
    let badge = |tone, picture, text: &str| {
        let text = text.to_owned();
        view! { <Badge tone=tone picture=picture text=text/> }.into_any()
    };
    let note = |text: String| view! { <span class="cell-sub">{text}</span> }.into_any();
    let answered = row.answered_at.is_some() || numbers.left == 0;
    let badge = if answered {
        badge(Tone::Done, Picture::Done, "ответили")
    } else if one.overdue {
        badge(Tone::Error, Picture::Warning, "срок прошёл")
    } else if one.ended_at.is_some() {
        badge(Tone::Info, Picture::Stop, "не ответили")
    } else {
        badge(Tone::Warning, Picture::Clock, "не ответили")
    };
    let state = match row.answered_at {
        Some(at) => vec![badge, note(moment(at))],
        None if !answered && !row.has_head => {
            vec![badge, note("руководителя нет: писем не будет".to_owned())]
        }
        None => vec![badge],
    };
    vec![
        title.into_any(),
        state.into_any(),
        number(numbers.left).into_any(),
        number(numbers.works).into_any(),
        number(numbers.gone).into_any(),
    ]
}
