//! Invented people: names as they are spread in life, and chance that is the same on every machine. The demo
//! and `epos seed` draw from here.

pub(crate) mod dice;
pub(crate) mod names;
pub(crate) mod staff;
