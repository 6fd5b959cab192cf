//! A faithful stand-in for ЕСИА (Госуслуги): for the demo, for tests of clients, never for production.
//!
//! It shares no code with the client of ЭПОС, so that a mistake of one does not hide behind the same mistake of
//! the other. What it promises is in `README.md`.

pub mod authenticate;
pub mod authorize;
pub mod cli;
pub mod cms;
pub mod config;
pub mod context;
pub mod control;
pub mod jwt;
pub mod keys;
pub mod login;
pub mod logout;
pub mod openssl;
pub mod page;
pub mod params;
pub mod people;
pub mod refusal;
pub mod resources;
pub mod server;
pub mod standin;
pub mod switches;
pub mod token;
