//! The reusable parts of pages.

mod alert;
mod badge;
mod breadcrumbs;
mod button;
mod combobox;
mod dialog;
mod fetched;
mod field;
mod heading;
mod icon;
mod low_vision;
mod pager;
mod secret;
mod states;
mod strength;
mod toast;

pub use alert::{Alert, ProblemAlert, Tone};
pub use badge::{Badge, RoleStateBadge, bound_badge};
pub use breadcrumbs::Breadcrumbs;
pub use button::{Button, Kind, LinkButton};
pub use combobox::{ComboOption, Combobox, Found};
pub use dialog::Dialog;
pub use fetched::{Fetched, Fetching, live, shown};
pub use field::{Checkbox, DateField, PasswordField, ReadOnlyField, Select, TextArea, TextField};
pub use heading::{Heading, provide_visits};
pub use icon::{Icon, Picture};
pub use low_vision::{LowVisionButton, LowVisionPanel, provide_low_vision};
pub use pager::Pager;
pub use secret::{Secret, SecretBox, SecretContext, Slip, provide_secret, use_secret};
pub use states::{EmptyState, ErrorPage, ErrorState, Loading};
pub use strength::StrengthMeter;
pub use toast::{Toasts, provide_toasts, use_toasts};
