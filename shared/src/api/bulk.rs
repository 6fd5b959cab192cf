//! Export of the staff list, and what is done to many cards at once (screens.md 15).

use serde::{Deserialize, Serialize};

use super::employees::{EmployeeQuery, EmployeeSort, EmployeeState, OneTimeCredentials};
use crate::ids::{EmployeeId, OrganizationId};
use crate::problem::FieldError;
use crate::roles::Role;
use crate::values::{InvalidValue as _, parse_date, value_error};

/// Cards of one request at most: a client that has more sends them one part after the other, and shows how far
/// it is.
pub const MAX_BULK: usize = 50;
/// Cards of one go at most, in all its requests.
pub const MAX_GO: usize = 1000;

/// What a file of many rows is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// CSV: UTF-8 with a mark, `;`.
    #[default]
    Csv,
    /// XLSX.
    Xlsx,
}

impl FileFormat {
    /// The name on the wire, and the ending of a file's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Parameters of the export: those of the staff list that narrow and sort it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `csv` or `xlsx`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub format: FileFormat,
    /// Beginnings of words of ФИО, login and e-mail, in any order; inside one organization any part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// An organization, with everything below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// A role, as in the staff list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub role: Option<Role>,
    /// A state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub state: Option<EmployeeState>,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<EmployeeSort>,
}

impl ExportQuery {
    /// The same as a query of the list.
    #[must_use]
    pub fn as_list(&self) -> EmployeeQuery {
        EmployeeQuery {
            query: self.query.clone(),
            organization: self.organization,
            role: self.role,
            state: self.state,
            sort: self.sort,
            ..EmployeeQuery::default()
        }
    }
}

/// What is done to every card of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Every role has its last day no later than the day given.
    EndRoles,
    /// New one-time credentials; older ones are void.
    IssueCredentials,
}

value_error! {
    /// What is wrong with a request for many cards.
    BulkError {
        /// No card.
        NoCards = "no-cards", "Отметьте хотя бы одну карточку";
        /// More than the limit.
        TooManyCards = "too-many-cards", "Не больше 50 карточек в одном запросе";
        /// The same card twice.
        CardTwice = "card-twice", "Карточка указана дважды";
    }
}

/// Something to be done to many cards, each as if it were done to it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// What.
    pub action: BulkAction,
    /// The last day, for `end_roles`: ГГГГ-ММ-ДД or ДД.ММ.ГГГГ.
    #[serde(default)]
    pub last_day: String,
    /// The cards, 1–50, each once.
    pub ids: Vec<EmployeeId>,
}

/// What is done, judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The roles end on the day.
    EndRoles(chrono::NaiveDate),
    /// New one-time credentials.
    IssueCredentials,
}

impl BulkRequest {
    /// What is done, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields.
    pub fn parse(&self) -> Result<Deed, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut known = std::collections::HashSet::new();
        if self.ids.is_empty() {
            errors.push(BulkError::NoCards.at("ids"));
        } else if self.ids.len() > MAX_BULK {
            errors.push(BulkError::TooManyCards.at("ids"));
        } else if let Some(twice) = self.ids.iter().position(|id| !known.insert(*id)) {
            errors.push(BulkError::CardTwice.at(format!("ids/{twice}")));
        }
        let deed = match self.action {
            BulkAction::IssueCredentials => Ok(Deed::IssueCredentials),
            BulkAction::EndRoles => parse_date(&self.last_day).map(Deed::EndRoles),
        };
        match deed {
            Ok(deed) if errors.is_empty() => Ok(deed),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error.at("last_day"));
                Err(errors)
            }
        }
    }
}

/// What became of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BulkOutcome {
    /// It was done.
    Done,
    /// There was nothing to do.
    Unchanged,
    /// It was refused; nothing of the card has changed.
    Refused,
}

/// What became of one card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkResult {
    /// The card.
    pub id: EmployeeId,
    /// What became of it.
    pub outcome: BulkOutcome,
    /// ФИО; empty where the card is not in view.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Краткое наименование of its organization.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub organization: String,
    /// Why it was refused, in Russian.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The code of the problem it was refused with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<crate::problem::ProblemCode>,
    /// The one-time credentials, for `issue_credentials`: in this answer and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<OneTimeCredentials>,
}

/// What became of every card, in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkResults {
    /// One result a card.
    pub results: Vec<BulkResult>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn request(count: u128, last_day: &str) -> BulkRequest {
        let ids = (1..=count).map(|number| EmployeeId(Uuid::from_u128(number))).collect();
        BulkRequest { action: BulkAction::EndRoles, last_day: last_day.to_owned(), ids }
    }

    fn wrong(request: &BulkRequest) -> Vec<(String, String)> {
        let errors = request.parse().unwrap_err();
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn many_cards_are_judged_before_any_is_touched() {
        assert!(matches!(request(50, "31.08.2027").parse(), Ok(Deed::EndRoles(_))));
        let told = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        assert_eq!(wrong(&request(0, "")), [told("ids", "no-cards"), told("last_day", "date-empty")]);
        assert_eq!(wrong(&request(51, "31.08.2027")), [told("ids", "too-many-cards")]);
        let mut twice = request(2, "31.08.2027");
        twice.ids.extend(twice.ids.clone());
        assert_eq!(wrong(&twice), [told("ids/2", "card-twice")]);
    }
}
