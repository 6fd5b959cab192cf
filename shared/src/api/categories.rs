//! «Родитель» and «Обучающийся» (screens.md 9): given by support, by an import or through the API.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::CategoryGrantId;
use crate::roles::RoleCategory;
use crate::values::{FullName, Period, RoleState};

/// Choice of one of the categories the person holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChooseCategory {
    /// The category to work in.
    pub category: RoleCategory,
}

/// A category somebody was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryGrant {
    /// Its identifier.
    pub id: CategoryGrantId,
    /// «Родитель» or «Обучающийся».
    pub category: RoleCategory,
    /// ФИО.
    pub name: FullName,
    /// E-mail, as verified at Госуслуги.
    pub email: String,
    /// СНИЛС, formatted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snils: Option<String>,
    /// Its days.
    pub period: Period,
    /// Where it lies, seen from today.
    pub state: RoleState,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// The last day, where it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<NaiveDate>,
}

/// «Дать категорию», as typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CategoryGrantDraft {
    /// «Родитель» or «Обучающийся».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<RoleCategory>,
    /// «Фамилия».
    pub family_name: String,
    /// «Имя».
    pub given_name: String,
    /// «Отчество»; empty with «Без отчества».
    #[serde(default)]
    pub patronymic: String,
    /// «Без отчества».
    #[serde(default)]
    pub no_patronymic: bool,
    /// E-mail.
    pub email: String,
    /// СНИЛС; may be empty.
    #[serde(default)]
    pub snils: String,
    /// «Начальная дата»: ГГГГ-ММ-ДД, or ДД.ММ.ГГГГ as people type it.
    pub start: String,
    /// «Конечная дата», likewise; empty means open-ended.
    #[serde(default)]
    pub end: String,
}
