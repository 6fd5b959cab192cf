//! Organizations in view.

use serde::{Deserialize, Serialize};

use crate::ids::OrganizationId;
use crate::roles::{OrganizationKind, Role};

/// The longest text that is searched for, in characters.
pub const MAX_QUERY_LENGTH: usize = 200;

/// An organization, as short as a row of a list needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationSummary {
    /// Its identifier.
    pub id: OrganizationId,
    /// Its kind.
    pub kind: OrganizationKind,
    /// Краткое наименование.
    pub short_name: String,
}

/// An organization in view, with what the actor may do there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationInView {
    /// The organization.
    pub organization: OrganizationSummary,
    /// Полное наименование.
    pub full_name: String,
    /// Town or district.
    pub town: String,
    /// ИНН, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
    /// Whether it is closed today.
    #[serde(default)]
    pub closed: bool,
    /// Short names of the organizations above, the nearest first.
    pub above: Vec<String>,
    /// Whether other organizations stand below it.
    pub has_below: bool,
    /// The roles the actor may give on a new card there; empty where none.
    pub assignable_roles: Vec<Role>,
    /// The roles the actor may propose on a new card there: the department confirms them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposable_roles: Vec<Role>,
}

/// Parameters of the search among organizations in view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct OrganizationQuery {
    /// Beginnings of words of the name or the town, or of the ИНН; everything where empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// This one alone, where it is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OrganizationId>,
    /// Only those where the actor may create a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creatable: Option<bool>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The organizations found, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationsFound {
    /// The organizations.
    pub items: Vec<OrganizationInView>,
    /// Whether there are more than `limit`.
    pub more: bool,
}
