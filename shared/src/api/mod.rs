//! Requests and responses, a module per feature.
//!
//! Requests that a person fills in come in two types: a `…Draft` holds what was typed, and its `parse` gives
//! the checked value or every wrong field at once. The browser calls it to show the messages, the server
//! calls it to decide: there is one rule.

pub mod account_applications;
pub mod accounts;
pub mod bulk;
pub mod categories;
pub mod employees;
pub mod esia;
pub mod import;
pub mod journal;
pub mod letters;
pub mod mismatches;
pub mod organization_card;
pub mod organization_import;
pub mod organizations;
pub mod page;
pub mod profile;
pub mod queues;
pub mod registration;
pub mod session;
pub mod subsystems;
