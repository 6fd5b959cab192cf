//! Import of what people keep in tables of their own.

pub mod table;
