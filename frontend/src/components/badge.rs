//! Badges: a mark and a word, so that colour never speaks alone.

use epos_shared::values::RoleState;
use leptos::prelude::*;

use super::{Icon, Picture, Tone};

/// A badge.
#[component]
pub fn Badge(
    /// What it is about.
    tone: Tone,
    /// Its mark.
    picture: Picture,
    /// Its word.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let class = match tone {
        Tone::Info => "badge",
        Tone::Warning => "badge badge-warn",
        Tone::Error => "badge badge-danger",
        Tone::Done => "badge badge-done",
    };
    view! {
        <span class=class>
            <Icon picture=picture class="badge-mark"/>
            {text}
        </span>
    }
    .into_any()
}

/// Where a role lies, seen from today.
#[component]
pub fn RoleStateBadge(
    /// The state.
    state: RoleState,
) -> impl IntoView {
    let (tone, picture, text) = match state {
        RoleState::InForce => (Tone::Done, Picture::Done, "действует"),
        RoleState::Upcoming => (Tone::Warning, Picture::Clock, "ещё не началась"),
        RoleState::Ended => (Tone::Info, Picture::Stop, "закончилась"),
    };
    view! { <Badge tone=tone picture=picture text=text/> }
}

/// Whether a card is bound to an account.
#[must_use]
pub fn bound_badge(bound: bool) -> AnyView {
    if bound {
        view! { <Badge tone=Tone::Done picture=Picture::Done text="привязана"/> }.into_any()
    } else {
        view! { <Badge tone=Tone::Info picture=Picture::Ring text="не привязана"/> }.into_any()
    }
}
