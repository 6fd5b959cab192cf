//! «На подтверждение» (screens.md 18): the queue.

use epos_shared::api::proposals::{Proposal, ProposalState};
use leptos::prelude::*;

use super::CONFIRMATIONS;
use crate::api::proposals;
use crate::components::{Badge, Picture, Tone, lines};
use crate::pages::support::list::{List, SUBSYSTEMS, link, listed};
use crate::russian::moment;

/// The list.
pub const LIST: List = List {
    path: CONFIRMATIONS,
    above: &[SUBSYSTEMS, ("Контингент", "/kontingent")],
    title: "На подтверждение",
    placeholder: None,
    filter: "Состояние",
    any: "Ждут подтверждения",
    states: &[
        (ProposalState::Approved.as_str(), ProposalState::Approved.title()),
        (ProposalState::Declined.as_str(), ProposalState::Declined.title()),
        (ProposalState::Withdrawn.as_str(), ProposalState::Withdrawn.title()),
    ],
    empty: (
        "Ничего не ждёт подтверждения",
        "Сюда попадают изменения карточек руководителей, которые предложили завучи и ответственные.",
    ),
    file: Some("/api/v1/kontingent/proposals/export"),
    action: None,
    ask: |query, _| {
        Box::pin(async move {
            let page = proposals::proposals(query).await?;
            Ok(listed(
                page,
                row,
                "На подтверждение",
                &["Сотрудник, что предложено", "Организация, кто предложил", "Отправлено", "Состояние"],
            ))
        })
    },
};

fn row(row: &Proposal) -> Vec<AnyView> {
    let name = row.name.clone().unwrap_or_else(|| "Новая карточка".to_owned());
    vec![
        link(CONFIRMATIONS, row.id.to_string(), name, row.kind.title().to_owned()),
        lines(row.organization.short_name.clone(), row.author.clone()),
        moment(row.created_at).into_any(),
        state_badge(row.state),
    ]
}

/// Where a proposal stands.
pub fn state_badge(state: ProposalState) -> AnyView {
    let (tone, picture) = match state {
        ProposalState::Waiting => (Tone::Warning, Picture::Clock),
        ProposalState::Approved => (Tone::Done, Picture::Done),
        ProposalState::Declined => (Tone::Error, Picture::Stop),
        ProposalState::Withdrawn => (Tone::Info, Picture::Ring),
    };
    view! { <Badge tone=tone picture=picture text=state.title().to_lowercase()/> }.into_any()
}
