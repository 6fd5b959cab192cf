//! The stand-in through real HTTP. What clients do (keys, signatures, hashes) is done by the `openssl` command,
//! so that the stand-in's own verification is not checked against itself.

#![allow(missing_docs, reason = "a test says in its name what the system promises")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the exception for tests in clippy.toml does not see helpers outside of #[test]"
)]

mod common;

mod authorization;
mod gost;
mod login;
mod logout;
mod program;
mod resources;
mod switches;
mod token;
mod v1;
