//! Import of organizations from a table (CSV, XLSX): what would happen, then all of it or nothing.

use serde::{Deserialize, Serialize};

use crate::roles::OrganizationKind;
use crate::search::search_key;
use crate::values::value_error;

/// Rows of a file at most, besides the headings.
pub const MAX_ROWS: usize = 10_000;
/// Rows and mistakes named in a plan at most; the rest is counted.
pub const MAX_NAMED: usize = 200;

value_error! {
    /// What is wrong with a row of a table of organizations.
    OrganizationRowError {
        /// A kind that there is not.
        KindUnknown = "kind-unknown", "Вид — школа, СПО, детский сад или управление образованием";
        /// The same ИНН and КПП in an earlier row.
        RowTwice = "row-twice", "Строка с такими ИНН и КПП в файле уже была";
        /// No organization above a new one.
        ParentMissing = "parent-missing", "Для новой организации укажите, кому она подчиняется";
        /// Nothing that is called so.
        ParentUnknown = "parent-unknown", "Такого управления нет: укажите краткое наименование или ИНН/КПП";
        /// Several are called so.
        ParentAmbiguous = "parent-ambiguous", "Управлений с таким наименованием несколько: укажите ИНН/КПП";
        /// The organization is there, and stands elsewhere.
        ParentOther = "parent-other", "Организация подчинена другой: переподчините её на её странице";
        /// The organization is closed.
        Closed = "organization-closed", "Организация с такими ИНН и КПП закрыта";
        /// Neither yes nor no.
        NotYesNo = "not-yes-no", "Напишите «да» или «нет»";
    }
}

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// «Вид».
    Kind,
    /// «Полное наименование».
    FullName,
    /// «Краткое наименование».
    ShortName,
    /// «Населённый пункт».
    Town,
    /// «ИНН».
    Inn,
    /// «КПП».
    Kpp,
    /// «Кому подчиняется».
    Parent,
    /// «Только Госуслуги».
    EsiaOnly,
}

impl Column {
    /// Every column, in the order of the sample.
    pub const ALL: [Self; 8] = [
        Self::Kind,
        Self::FullName,
        Self::ShortName,
        Self::Town,
        Self::Inn,
        Self::Kpp,
        Self::Parent,
        Self::EsiaOnly,
    ];

    /// The heading.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Kind => "Вид",
            Self::FullName => "Полное наименование",
            Self::ShortName => "Краткое наименование",
            Self::Town => "Населённый пункт",
            Self::Inn => "ИНН",
            Self::Kpp => "КПП",
            Self::Parent => "Кому подчиняется",
            Self::EsiaOnly => "Только Госуслуги",
        }
    }

    /// Whether a table may come without it: what is there stays then.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::Town | Self::Parent | Self::EsiaOnly)
    }

    /// The column under a heading, whatever its case and spaces.
    #[must_use]
    pub fn of(heading: &str) -> Option<Self> {
        let key = search_key(heading);
        Self::ALL.into_iter().find(|column| search_key(column.heading()) == key)
    }

    /// The column of a field of the form.
    #[must_use]
    pub fn of_field(field: &str) -> Option<Self> {
        Some(match field {
            "kind" => Self::Kind,
            "full_name" => Self::FullName,
            "short_name" => Self::ShortName,
            "town" => Self::Town,
            "inn" => Self::Inn,
            "kpp" => Self::Kpp,
            "parent_id" => Self::Parent,
            "esia_only" => Self::EsiaOnly,
            _ => return None,
        })
    }
}

/// A kind as tables name it.
///
/// # Errors
/// There is no such kind, or it is none to import.
pub fn kind_of(text: &str) -> Result<OrganizationKind, OrganizationRowError> {
    match search_key(text).as_str() {
        "школа" | "school" => Ok(OrganizationKind::School),
        "спо" | "колледж" | "college" => Ok(OrganizationKind::College),
        "детский сад" | "доу" | "kindergarten" => Ok(OrganizationKind::Kindergarten),
        "управление образованием" | "education_department" => {
            Ok(OrganizationKind::EducationDepartment)
        }
        _ => Err(OrganizationRowError::KindUnknown),
    }
}

/// «да», «нет», or nothing said.
///
/// # Errors
/// Something else.
pub fn yes_or_no(text: &str) -> Result<Option<bool>, OrganizationRowError> {
    match search_key(text).as_str() {
        "" => Ok(None),
        "да" | "1" | "+" => Ok(Some(true)),
        "нет" | "0" | "-" => Ok(Some(false)),
        _ => Err(OrganizationRowError::NotYesNo),
    }
}

/// A mistake in a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WrongCell {
    /// The line of the file.
    pub line: u32,
    /// The heading of the column; empty where the row as a whole is wrong.
    pub column: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowFate {
    /// A new organization.
    Created,
    /// One that is there is changed.
    Changed,
}

/// A row that does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedRow {
    /// The line of the file.
    pub line: u32,
    /// Краткое наименование.
    pub short_name: String,
    /// What becomes of it.
    pub fate: RowFate,
    /// The headings of the columns that change.
    pub columns: Vec<String>,
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportPlan {
    /// Organizations that would be created.
    pub created: u32,
    /// Organizations that would change.
    pub changed: u32,
    /// Rows that say what is there already.
    pub unchanged: u32,
    /// Mistakes: the first of them. With one, nothing is imported.
    pub wrong: Vec<WrongCell>,
    /// How many there are.
    pub wrong_total: u32,
    /// The first rows that do something.
    pub rows: Vec<PlannedRow>,
    /// The plan's mark, to be sent with the file once more; absent where there is nothing to do or something is
    /// wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// Parameters of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// The mark of the plan that was looked at.
    pub plan: String,
}

/// What an import has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Imported {
    /// Organizations that were created.
    pub created: u32,
    /// Organizations that were changed.
    pub changed: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_words_are_known_whatever_their_case() {
        for column in Column::ALL {
            assert_eq!(Column::of(&format!("  {} ", column.heading().to_uppercase())), Some(column));
        }
        assert_eq!(Column::of("населенный  пункт"), Some(Column::Town));
        assert_eq!(Column::of("Адрес"), None);
        assert_eq!(kind_of(" ДОУ "), Ok(OrganizationKind::Kindergarten));
        assert!(kind_of("Оператор ЭПОС").is_err() && kind_of("").is_err());
        assert_eq!(
            (yes_or_no("ДА"), yes_or_no(" "), yes_or_no("нет")),
            (Ok(Some(true)), Ok(None), Ok(Some(false)))
        );
        assert!(yes_or_no("может быть").is_err());
    }
}
