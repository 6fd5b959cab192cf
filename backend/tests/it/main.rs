//! The server as its clients meet it: a real server on a real database, SQLite and PostgreSQL both.

#![allow(missing_docs, reason = "a test says in its name what the system promises")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the exception for tests in clippy.toml does not see helpers outside of #[test]"
)]

mod common;

mod account_applications;
mod applicants;
mod audit;
mod binding;
mod cli;
mod consent;
mod database;
mod demo;
mod directory;
mod employees_card;
mod employees_list;
mod ending;
mod esia_link;
mod esia_sign_in;
mod esia_world;
mod http;
mod identification;
mod import;
mod journal;
mod letters;
mod mail;
mod many_cards;
mod matrix;
mod matrix_world;
mod moderation;
mod openapi;
mod organizations;
mod organizations_import;
mod organizations_kept;
mod own_account;
mod people;
mod plans;
mod queues;
mod registration;
mod roles_in_force;
mod schema;
mod seed;
mod session;
mod sign_in;
mod support;
