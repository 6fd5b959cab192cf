//! «Назначения в управления» (screens.md 4): the queue.

use epos_shared::api::account_applications::{AccountApplication, AccountApplicationState as State};

use leptos::prelude::*;

use super::ACCOUNT_APPLICATIONS;
use super::list::{List, SUBSYSTEMS, link, listed};
use crate::api::support;
use crate::components::{Badge, Picture, Tone, lines};
use crate::russian::moment;

/// The list.
pub const LIST: List = List {
    path: ACCOUNT_APPLICATIONS,
    above: &[SUBSYSTEMS],
    title: "Назначения в управления",
    placeholder: Some("ФИО, e-mail или номер"),
    filter: "Состояние",
    any: "Ждут решения",
    states: &[
        (State::AwaitingProof.as_str(), "Адрес не подтверждён"),
        (State::Approved.as_str(), "Одобрены, пароль не получен"),
        (State::Completed.as_str(), "Завершены"),
        (State::Declined.as_str(), "Отклонены"),
    ],
    empty: ("Заявок нет", "Новые появятся здесь сами."),
    file: Some("/api/v1/account-applications/export"),
    action: None,
    ask: |query, _| {
        Box::pin(async move {
            let page = support::account_applications(query).await?;
            Ok(listed(
                page,
                row,
                "Назначения в управления",
                &["ФИО, e-mail", "Управление, роль", "Заявка", "Состояние"],
            ))
        })
    },
};

fn row(row: &AccountApplication) -> Vec<AnyView> {
    vec![
        link(ACCOUNT_APPLICATIONS, row.id.to_string(), row.name.to_string(), row.email.clone()),
        lines(territory(row), row.role.title().to_owned()),
        lines(format!("№ {}", row.number), moment(row.created_at)),
        state_badge(row.state),
    ]
}

/// The department, or the territory in the applicant's words.
pub fn territory(row: &AccountApplication) -> String {
    row.organization.as_ref().map_or_else(|| row.territory.clone(), |listed| listed.short_name.clone())
}

/// Where an application stands.
pub fn state_badge(state: State) -> AnyView {
    let (tone, picture, text) = match state {
        State::Begun => (Tone::Info, Picture::Ring, "не отправлена"),
        State::AwaitingProof => (Tone::Info, Picture::Ring, "адрес не подтверждён"),
        State::AwaitingDecision => (Tone::Warning, Picture::Clock, "ждёт решения"),
        State::Approved => (Tone::Info, Picture::Clock, "пароль не получен"),
        State::Completed => (Tone::Done, Picture::Done, "завершена"),
        State::Declined => (Tone::Error, Picture::Stop, "отклонена"),
    };
    view! { <Badge tone=tone picture=picture text=text/> }.into_any()
}
