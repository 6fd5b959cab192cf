//! The server as its clients meet it: a real server on a real database, SQLite and PostgreSQL both.

#![allow(missing_docs, reason = "a test says in its name what the system promises")]

mod common;

mod audit;
mod demo;
mod http;
mod matrix;
mod matrix_world;
mod openapi;
mod schema;
mod session;
mod sign_in;
