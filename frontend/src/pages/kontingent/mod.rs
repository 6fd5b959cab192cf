//! ИС «Контингент» (screens.md 14–18).

mod bind;
mod bulk;
mod card;
mod cards;
mod confirmation;
mod confirmations;
mod expired;
mod import;
mod journal;
mod list;
mod mismatch;
mod mismatches;
mod no_rights;
mod organization_filter;
mod queues;
mod selection;

use epos_shared::ids::EmployeeId;
use epos_shared::problem::ProblemCode;
use epos_shared::rights::{Standing, standing, works_in_kontingent};
use leptos::prelude::*;

pub use bind::{Bind, Binding, CredentialsForm};
pub use bulk::bulk;
pub use card::{NewCard, SavedCard, merging};
pub use cards::Cards;
pub use import::{IMPORT, import};
pub use journal::Journal;
pub use list::{Chosen, EmployeeList, all_box, option_of, row_box};
use no_rights::{NoRights, OtherCategory};
pub use organization_filter::OrganizationFilter;

use super::support::list::page as list_page;
use super::support::of_address;
pub use crate::address::{LIST, card_address};
use crate::api::{Answer, ApiError};
use crate::components::{EmptyState, Shown, shown};
use crate::dom;
use crate::session::{Forward, SessionContext, use_session, works_as_staff};

/// The address of the journal.
pub const JOURNAL: &str = "/kontingent/journal";
/// The address of a new card.
pub const NEW: &str = "/kontingent/employees/new";

/// The address of «Расхождения с Госуслугами».
pub const MISMATCHES: &str = "/kontingent/mismatches";

/// The address of «На подтверждение».
pub const CONFIRMATIONS: &str = "/kontingent/queues/confirmations";
/// The address of «Очереди».
pub const QUEUES: &str = "/kontingent/queues";
/// The address of the cards whose one-time credentials have expired.
pub const EXPIRED: &str = "/kontingent/queues/expired";

/// The place in the staff list from which a card was opened, so that closing it leads back there.
#[derive(Clone, Copy)]
pub struct ListPlace {
    address: StoredValue<String>,
    opened: StoredValue<Option<EmployeeId>>,
}

/// Under which name a program leaves the place for the next one.
const PLACE: &str = "epos-list";

/// Puts the place into the context.
pub fn provide_list_place() {
    let address = dom::handed_on(PLACE).unwrap_or_else(|| LIST.to_owned());
    provide_context(ListPlace { address: StoredValue::new(address), opened: StoredValue::new(None) });
}

/// Leaves the place for the next program, which leaves it for the one after in turn.
pub fn hand_on_list_place() {
    let place = expect_context::<ListPlace>();
    place.address.with_value(|address| dom::hand_on(PLACE, address));
}

/// Whether the person sees several organizations: departments and support do, the others their own.
pub fn sees_several(session: SessionContext) -> bool {
    session.person_now().is_some_and(|person| {
        person.card().is_some_and(|card| {
            card.roles_in_force()
                .any(|role| matches!(standing(role), Standing::Support | Standing::Department))
        })
    })
}

/// What cannot be searched for is told in the server's words: they say what to do.
pub fn unclear(error: ApiError) -> Answer<Shown> {
    let message = error
        .problem()
        .filter(|problem| problem.code == ProblemCode::MalformedParameter)
        .and_then(|problem| problem.errors.first())
        .map(|error| error.message.clone());
    match message {
        None => Err(error),
        Some(message) => Ok(shown(move || {
            let message = format!("{message}.");
            view! {
                <EmptyState title="Уточните запрос">
                    <p>{message}</p>
                </EmptyState>
            }
            .into_any()
        })),
    }
}

/// `/kontingent`: the staff list, after what stands before it.
#[component]
pub fn Entry() -> impl IntoView {
    view! {
        <Working>
            <Forward to=LIST/>
        </Working>
    }
}

/// `/kontingent/queues`.
pub fn queues() -> AnyView {
    view! { <Working>{queues::page()}</Working> }.into_any()
}

/// `/kontingent/queues/expired`.
pub fn expired() -> AnyView {
    view! { <Working>{expired::page()}</Working> }.into_any()
}

/// `/kontingent/mismatches`.
pub fn mismatches() -> AnyView {
    view! { <Working>{list_page(&mismatches::LIST)}</Working> }.into_any()
}

/// `/kontingent/mismatches/:id`.
pub fn mismatch() -> AnyView {
    view! { <Working>{of_address(mismatch::page, MISMATCHES)}</Working> }.into_any()
}

/// `/kontingent/queues/confirmations`.
pub fn confirmations() -> AnyView {
    view! { <Working>{list_page(&confirmations::LIST)}</Working> }.into_any()
}

/// `/kontingent/queues/confirmations/:id`.
pub fn confirmation() -> AnyView {
    view! { <Working>{of_address(confirmation::page, CONFIRMATIONS)}</Working> }.into_any()
}

/// Shows its children to a person whose chosen card has a right in «Контингент»; leads the others to the
/// binding, to the choice of a card, or says why there is nothing.
#[component]
pub fn Working(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    #[derive(Clone, Copy, PartialEq)]
    enum Place {
        OtherCategory,
        NoCard,
        NotChosen,
        NoRights,
        Works(EmployeeId),
    }
    let session = use_session();
    // Another chosen card builds the page anew; another change of the session does not.
    let standing = Memo::new(move |_| {
        let person = session.person()?;
        Some(match person.card() {
            _ if !works_as_staff(&person) => Place::OtherCategory,
            _ if person.cards.is_empty() => Place::NoCard,
            None => Place::NotChosen,
            Some(card) if card.roles_in_force().any(works_in_kontingent) => Place::Works(card.id),
            Some(_) => Place::NoRights,
        })
    });
    move || match standing.get() {
        None => ().into_any(),
        Some(Place::OtherCategory) => view! { <OtherCategory/> }.into_any(),
        Some(Place::NoCard) => view! { <Forward to="/kontingent/bind"/> }.into_any(),
        Some(Place::NotChosen) => view! { <Forward to="/kontingent/cards"/> }.into_any(),
        Some(Place::NoRights) => view! { <NoRights/> }.into_any(),
        Some(Place::Works(_)) => children().into_any(),
    }
}
