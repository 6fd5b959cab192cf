//! «Расхождения с Госуслугами» (screens.md 8, 19): the queue.

use epos_shared::api::mismatches::{Mismatch, MismatchKind, MismatchState};
use leptos::prelude::*;

use super::MISMATCHES;
use crate::api::mismatches;
use crate::components::{Badge, Picture, Tone, lines};
use crate::pages::support::list::{List, SUBSYSTEMS, link, listed};
use crate::russian::moment;

/// The list.
pub const LIST: List = List {
    path: MISMATCHES,
    above: &[SUBSYSTEMS, ("Контингент", "/kontingent")],
    title: "Расхождения с Госуслугами",
    placeholder: None,
    filter: "Состояние",
    any: "Ждут исправления",
    states: &[
        (MismatchState::Corrected.as_str(), MismatchState::Corrected.title()),
        (MismatchState::Settled.as_str(), MismatchState::Settled.title()),
        (MismatchState::Declined.as_str(), MismatchState::Declined.title()),
    ],
    empty: (
        "Расхождений нет",
        "Сюда попадают люди, которых не удалось узнать при входе через Госуслуги, если они сами отправили вам заявку.",
    ),
    file: Some("/api/v1/kontingent/mismatches/export"),
    action: None,
    ask: |query, _| {
        Box::pin(async move {
            let page = mismatches::mismatches(query).await?;
            Ok(listed(
                page,
                row,
                "Расхождения с Госуслугами",
                &["ФИО, e-mail на Госуслугах", "Организация", "Отправлено", "Состояние"],
            ))
        })
    },
};

fn row(row: &Mismatch) -> Vec<AnyView> {
    let email = row.email.clone().unwrap_or_else(|| "подтверждённого e-mail нет".to_owned());
    let organization = row.organization.as_ref().map(|organization| organization.short_name.clone());
    vec![
        link(MISMATCHES, row.id.to_string(), row.name.to_string(), email),
        lines(organization.unwrap_or_else(|| "техподдержка".to_owned()), kind(row.kind).to_owned()),
        moment(row.created_at).into_any(),
        state_badge(row.state),
    ]
}

/// What came up, in a few words.
pub const fn kind(kind: MismatchKind) -> &'static str {
    match kind {
        MismatchKind::SignIn => "не узнали при входе",
        MismatchKind::Binding => "ФИО или СНИЛС при привязке карточки",
        MismatchKind::Collision => "две учётные записи одного человека",
    }
}

/// Where a row stands.
pub fn state_badge(state: MismatchState) -> AnyView {
    let (tone, picture) = match state {
        MismatchState::Waiting => (Tone::Warning, Picture::Clock),
        MismatchState::Corrected => (Tone::Info, Picture::Ring),
        MismatchState::Settled => (Tone::Done, Picture::Done),
        MismatchState::Declined => (Tone::Error, Picture::Stop),
    };
    view! { <Badge tone=tone picture=picture text=state.title().to_lowercase()/> }.into_any()
}
