//! Who is this? A person whom Госуслуги have told us of becomes somebody here (screens.md 8–11): the account he is
//! joined with, the one his verified e-mail and ФИО lead to, or nobody, with two ways on. And what somebody who is
//! known may be here today: his categories.

mod arrive;
mod categories;
mod grants;
mod grants_routes;
mod links;
mod matching;
mod mismatches;
mod own;
mod routes;
mod visit;

use epos_shared::esia::Failure;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::SessionToken;
use crate::db::types::Id;

pub use arrive::arrive;
pub use categories::{Holder, effective, has_matched_card, held, held_by, works_as_employee};
pub use grants::give;
pub use matching::agree;
pub use mismatches::{
    Claim, SavedCard, count_waiting, note_bound_card, note_refused_claim, note_saved_card, send, sweep,
};
pub use own::{link_of, own_data};
pub use visit::VisitToken;

/// The calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(routes::routes).configure(mismatches::routes).configure(grants_routes::routes);
}

/// What somebody went to Госуслуги for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To join his own account with his person there.
    Join {
        /// The account, which was signed in before he went and is still.
        account: Id,
    },
}

/// What came of it.
#[derive(Debug)]
pub enum Arrival {
    /// He is signed in: the cookie of the new session.
    SignedIn(SessionToken),
    /// The account is joined with his person at Госуслуги.
    Joined,
    /// Nothing here fits him: the cookie of the page that says so.
    Visit(VisitToken),
    /// Why he does not come in.
    Refused(Failure),
}
