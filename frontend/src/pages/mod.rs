//! A module per screen.

mod esia;
mod home;
pub mod kontingent;
mod login;
mod not_found;
mod registration;
mod rsaa;
mod soon;
mod staff_instruction;
mod subsystems;

pub use esia::Esia;
pub use home::Home;
pub use login::SignInChoice;
pub use not_found::NotFound;
pub use registration::{consent_address, page};
pub use rsaa::Rsaa;
pub use soon::instruction;
pub use staff_instruction::StaffInstruction;
pub use subsystems::Subsystems;
