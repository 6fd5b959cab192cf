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
pub mod gate;
mod list;
mod list_filter;
mod list_store;
mod listed;
mod logins;
mod outside;
mod places;
mod routes;
pub mod support;
mod view;
mod words;

pub use actor::{Actor, Asker, Refusal, StaffOf};
pub use binding_store::{bind, is_own_card, note_sign_in, own_cards};
pub use cards::{create, first_login};
pub use credentials::{Issuer, issue};
pub use list::{limit as page_limit, query_words};
pub use logins::issue as issue_login;
pub use routes::routes;
pub use words::of_account as words_of_account;
