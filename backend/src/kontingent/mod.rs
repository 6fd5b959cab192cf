//! «Контингент»: cards of employees, their roles, one-time credentials and bindings.

mod actor;
mod binding;
mod binding_store;
pub mod bulk;
mod card_actions;
mod card_store;
mod cards;
mod credentials;
mod cursor;
mod ending;
pub mod gate;
mod list;
mod list_filter;
mod list_store;
mod logins;
pub mod of_organization;
mod outside;
mod people;
mod places;
mod routes;
pub mod support;
mod view;
mod words;

pub use actor::{Actor, Asker, Refusal, StaffOf};
pub use binding_store::{bind, is_own_card, note_sign_in, own_cards};
pub use cards::{create, first_login};
pub use credentials::{Issuer, issue};
pub use ending::tell_of_ending_roles;
pub use list::{limit as page_limit, query_words};
pub(crate) use list_filter::Asked;
pub use logins::issue as issue_login;
pub use people::{CardName, Named, organization_of};
pub use routes::routes;
pub use words::of_account as words_of_account;
