//! «Отчёты»: numbers of the organizations in view. What a job counts from time to time, and what is counted of each
//! day as it happens; few organizations are counted at the moment they are asked for.

mod days;
mod kept;
mod routes;
mod staff;

pub use days::{note_binding, note_sign_in};
pub use kept::recount;
pub use routes::routes;
