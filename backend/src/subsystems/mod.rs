//! The subsystems a person may enter (screens.md 10). For now the catalogue is short, and kept here.

mod routes;

use epos_shared::api::session::OwnCard;
use epos_shared::api::subsystems::{Subsystem, SubsystemsAdvice, SubsystemsAllowed};
use epos_shared::rights::works_in_kontingent;

pub use routes::routes;

/// «Контингент», as the page shows it.
fn kontingent(href: &str) -> Subsystem {
    Subsystem {
        code: "kontingent".to_owned(),
        name: "Контингент".to_owned(),
        description: "Карточки сотрудников организаций: роли, логины и одноразовые пароли".to_owned(),
        href: href.to_owned(),
    }
}

/// What is open to staff with these cards. A staff account is one even before any card: it is led to the binding of
/// one, and told whether there is one that fits.
#[must_use]
pub fn allowed(cards: &[OwnCard], has_matched_card: bool) -> SubsystemsAllowed {
    if cards.is_empty() {
        let items = vec![kontingent("/kontingent/bind")];
        let advice =
            if has_matched_card { SubsystemsAdvice::BindMatchedCard } else { SubsystemsAdvice::BindCard };
        return SubsystemsAllowed { items, advice: Some(advice) };
    }
    let mut in_force = cards.iter().flat_map(OwnCard::roles_in_force).peekable();
    if in_force.peek().is_none() {
        if has_matched_card {
            let items = vec![kontingent("/kontingent/bind")];
            return SubsystemsAllowed { items, advice: Some(SubsystemsAdvice::BindMatchedCard) };
        }
        return SubsystemsAllowed { items: Vec::new(), advice: Some(SubsystemsAdvice::NoRoleInForce) };
    }
    let items = if in_force.any(works_in_kontingent) { vec![kontingent("/kontingent")] } else { Vec::new() };
    SubsystemsAllowed { items, advice: None }
}

/// What is open to parents and students: nothing yet.
fn for_others() -> SubsystemsAllowed {
    SubsystemsAllowed { items: Vec::new(), advice: Some(SubsystemsAdvice::NothingForCategory) }
}
