//! Import of staff out of a table (screens.md 21). A file is read into tables of its own and judged there: what
//! every row comes to is shown before anything changes. Applying it makes the new cards where nobody sees them,
//! some at a time, so that nobody waits for long; then one short transaction judges the rights once more, changes
//! the cards that are there already and decides; and what was made becomes visible. Until that transaction there
//! is nothing, behind it there is all of it, whoever is killed when (decision 0111).

mod judge;
mod places;
mod preview;
mod routes;
mod sample;
mod store;
pub mod table;
mod work;

pub use routes::routes;
pub use work::{run_importer, sweep};
