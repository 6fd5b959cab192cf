//! The cards of an account: their roles with their days.

use epos_shared::api::session::OwnCard;
use epos_shared::values::{Period, format_date};
use leptos::prelude::*;

use crate::components::RoleStateBadge;

/// The days of a role or a category.
#[must_use]
pub fn days(period: Period) -> String {
    let start = format_date(period.start());
    match period.end() {
        Some(end) => format!("с {start} по {}", format_date(end)),
        None => format!("с {start}, бессрочно"),
    }
}

/// The cards.
pub fn own_cards(cards: &[OwnCard]) -> AnyView {
    if cards.is_empty() {
        return view! { <p class="muted">"Привязанных карточек нет."</p> }.into_any();
    }
    let card = |card: &OwnCard| {
        let roles = card
            .roles
            .iter()
            .map(|role| {
                view! {
                    <span class="role-line">
                        {role.role.title()} ", " {days(role.period)} " " <RoleStateBadge state=role.state/>
                    </span>
                }
            })
            .collect_view();
        view! {
            <li>
                <strong>{card.organization.short_name.clone()}</strong>
                <span class="cell-sub">"Логин: " <span class="mono">{card.login.to_string()}</span></span>
                {roles}
            </li>
        }
    };
    view! { <ul class="plain entries">{cards.iter().map(card).collect_view()}</ul> }.into_any()
}
