//! Keyset pages.

use serde::{Deserialize, Serialize};

/// The greatest number that is counted exactly; above it lists say «больше 1000».
pub const EXACT_COUNT_LIMIT: u32 = 1000;
/// Rows on a page, unless told.
pub const DEFAULT_LIMIT: u32 = 50;
/// Rows on a page at most.
pub const MAX_LIMIT: u32 = 100;

/// How many rows there are in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Total {
    /// Exactly so many.
    Exact(u32),
    /// More than that many.
    MoreThan(u32),
}

impl Total {
    /// The total for a count that was stopped one above [`EXACT_COUNT_LIMIT`].
    #[must_use]
    pub const fn of(counted: u32) -> Self {
        if counted > EXACT_COUNT_LIMIT { Self::MoreThan(EXACT_COUNT_LIMIT) } else { Self::Exact(counted) }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many rows there are in all.
    pub total: Total,
    /// Cursor of the next page (sent as `after`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Cursor of the page before (sent as `before`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}
