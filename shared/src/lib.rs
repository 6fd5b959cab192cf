//! What the browser and the server of ЭПОС must agree on: values, rules, requests and responses.
//!
//! No I/O, no clock, no randomness. A value that exists has been checked: newtypes have private fields
//! and are built through `FromStr`/`TryFrom` only, also by serde.

pub mod api;
pub mod esia;
pub mod ids;
pub mod organization_rights;
pub mod problem;
pub mod programs;
pub mod recertification;
pub mod rights;
pub mod roles;
pub mod search;
pub mod values;
