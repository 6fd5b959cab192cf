//! The demo: an operator, three invented districts and a regional department with some thirty organizations
//! and five hundred people, the same at every loading.

mod cast;
mod load;
mod organizations;
mod people;
mod plan;
mod table;

pub use cast::PASSWORD;
pub use load::load;
pub use organizations::PlannedOrganization;
pub use people::{Line, PlannedAccount, PlannedCard};
pub use plan::Plan;
pub use table::Table;

/// The seed of the demo's people.
pub const SEED: u64 = 59;

/// The demo could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A rule refuses what was made up.
    #[error("the demo's data break a rule: {0}")]
    Invalid(String),
}
