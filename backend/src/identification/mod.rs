//! Who is this? A person whom Госуслуги have told us of becomes somebody here (screens.md 8–11): the account he is
//! joined with, the one his verified e-mail and ФИО lead to, or nobody, with two ways on.

mod arrive;
mod links;
mod visit;

use epos_shared::esia::Failure;

use crate::accounts::SessionToken;
use crate::db::types::Id;

pub use arrive::arrive;
pub use visit::VisitToken;

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
