//! The page of subsystems (screens.md 10).

use serde::{Deserialize, Serialize};

/// A subsystem the person may enter today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subsystem {
    /// Stable code, for instance `kontingent`.
    pub code: String,
    /// Its name on the button.
    pub name: String,
    /// One sentence on what it is for.
    pub description: String,
    /// Where the button leads: a path of our own.
    pub href: String,
}

/// What to tell a person above the buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubsystemsAdvice {
    /// No card is bound: how to get the login and password of one.
    BindCard,
    /// Cards are bound, but no role of them is in force today.
    NoRoleInForce,
    /// A card with the person's ФИО and e-mail was found; what its roles give needs the binding.
    BindMatchedCard,
    /// The category opens nothing here yet.
    NothingForCategory,
}

/// The subsystems allowed for the category and the roles in force today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubsystemsAllowed {
    /// The subsystems, in the order of the page.
    pub items: Vec<Subsystem>,
    /// What to tell the person, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<SubsystemsAdvice>,
}
