//! `epos seed`.
