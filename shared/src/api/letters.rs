//! «Письма»: what the demo would have sent. Outside of the demo there is no such page.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::LetterId;

/// A letter of the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Letter {
    /// Its identifier.
    pub id: LetterId,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
}

/// The letters of the demo, the newest first, at most 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Letters {
    /// The letters.
    pub items: Vec<Letter>,
}
