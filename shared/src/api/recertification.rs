//! «Подтвердите, что эти люди работают у вас»: support or a department asks, heads answer for each card, and who has
//! not answered is seen.

use std::collections::HashSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::bulk::{BulkError, BulkResult, MAX_BULK};
use super::employees::RoleAssignment;
use super::organizations::OrganizationSummary;
use crate::ids::{EmployeeId, RecertificationId};
use crate::problem::FieldError;
use crate::values::{FullName, InvalidValue as _, parse_date, value_error};

/// The farthest day by which an answer may be asked for, in days from today.
const FARTHEST: u64 = 366;

value_error! {
    /// What is wrong with a recertification.
    RecertificationError {
        /// Not after today.
        DuePast = "due-past", "Срок должен быть позже сегодняшнего дня";
        /// More than a year from now.
        DueFar = "due-far", "Срок не может быть дальше года";
    }
}

/// A new recertification, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRecertificationDraft {
    /// The last day to answer on: ГГГГ-ММ-ДД or ДД.ММ.ГГГГ.
    pub due_on: String,
}

impl NewRecertificationDraft {
    /// The last day, or what is wrong with it.
    ///
    /// # Errors
    /// The wrong field.
    pub fn parse(&self, today: NaiveDate) -> Result<NaiveDate, Vec<FieldError>> {
        let due = parse_date(&self.due_on).map_err(|error| vec![error.at("due_on")])?;
        let farthest = today.checked_add_days(Days::new(FARTHEST)).unwrap_or(today);
        if due <= today {
            Err(vec![RecertificationError::DuePast.at("due_on")])
        } else if due > farthest {
            Err(vec![RecertificationError::DueFar.at("due_on")])
        } else {
            Ok(due)
        }
    }
}

/// What is answered of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecertificationAnswer {
    /// «Работает».
    Works,
    /// «Больше не работает»: its roles end.
    Gone,
}

impl RecertificationAnswer {
    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Gone => "gone",
        }
    }
}

/// An answer for some cards, or for all that are left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecertificationAnswerDraft {
    /// What is answered.
    pub answer: RecertificationAnswer,
    /// The cards, 1–50, each once; none with `everybody`.
    #[serde(default)]
    pub ids: Vec<EmployeeId>,
    /// Everybody who is left works there: so many were shown to be left.
    #[serde(default)]
    pub everybody: Option<u32>,
    /// The last day, for `gone`: ГГГГ-ММ-ДД or ДД.ММ.ГГГГ.
    #[serde(default)]
    pub last_day: String,
}

/// An answer, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// These work there.
    Works(Vec<EmployeeId>),
    /// All that are left do, so many.
    Everybody(u32),
    /// These do not work there after the day.
    Gone(Vec<EmployeeId>, NaiveDate),
}

impl RecertificationAnswerDraft {
    /// The answer, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields.
    pub fn parse(&self) -> Result<Answered, Vec<FieldError>> {
        if let (RecertificationAnswer::Works, Some(left)) = (self.answer, self.everybody) {
            return if self.ids.is_empty() {
                Ok(Answered::Everybody(left))
            } else {
                Err(vec![BulkError::TooManyCards.at("ids")])
            };
        }
        let mut errors = Vec::new();
        let mut known = HashSet::new();
        if self.ids.is_empty() {
            errors.push(BulkError::NoCards.at("ids"));
        } else if self.ids.len() > MAX_BULK {
            errors.push(BulkError::TooManyCards.at("ids"));
        } else if let Some(twice) = self.ids.iter().position(|id| !known.insert(*id)) {
            errors.push(BulkError::CardTwice.at(format!("ids/{twice}")));
        }
        let answered = match self.answer {
            RecertificationAnswer::Works => Ok(Answered::Works(self.ids.clone())),
            RecertificationAnswer::Gone => {
                parse_date(&self.last_day).map(|day| Answered::Gone(self.ids.clone(), day))
            }
        };
        match answered {
            Ok(answered) if errors.is_empty() => Ok(answered),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error.at("last_day"));
                Err(errors)
            }
        }
    }
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecertificationAnswered {
    /// What became of each card that does not work there any more; nothing else is told one by one.
    pub results: Vec<BulkResult>,
    /// Cards that are still to be answered.
    pub left: u32,
}

/// A recertification, as far as it is in view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recertification {
    /// Its identifier.
    pub id: RecertificationId,
    /// The department that asks; nothing: support does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<OrganizationSummary>,
    /// The last day to answer on.
    pub due_on: NaiveDate,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// When it was ended, if it was: nothing is answered any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether the last day is over and something is left.
    pub overdue: bool,
    /// Organizations in view that are asked.
    pub organizations: u32,
    /// Of them, those that have answered.
    pub answered: u32,
    /// Whether the actor may end it.
    pub may_end: bool,
    /// Whether the actor answers for his organization.
    pub may_answer: bool,
}

/// Recertifications in view, the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recertifications {
    /// Today where the schools are: the last day is judged by it.
    pub today: NaiveDate,
    /// Whether the actor may start one.
    pub may_start: bool,
    /// The latest twenty.
    pub items: Vec<Recertification>,
}

/// What starting one has come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecertificationStarted {
    /// Its identifier.
    pub id: RecertificationId,
    /// Organizations that are asked.
    pub organizations: u32,
    /// Organizations left out, since another one asks them already.
    pub asked_already: u32,
}

/// Parameters of the list of organizations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct RecertificationQuery {
    /// Only those that have not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<bool>,
    /// Cursor of the page after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How many cards of an organization are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecertificationNumbers {
    /// To be answered still.
    pub left: u32,
    /// «Работает».
    pub works: u32,
    /// «Больше не работает».
    pub gone: u32,
}

/// How far an organization is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecertificationRow {
    /// The organization.
    pub organization: OrganizationSummary,
    /// Town or district.
    pub town: String,
    /// Its cards.
    pub numbers: RecertificationNumbers,
    /// When nothing was left, as far as that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime<Utc>>,
    /// Whether somebody heads it today, who gets the letters.
    pub has_head: bool,
}

/// The organizations that are asked, in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecertificationRows {
    /// What asks them.
    pub recertification: Recertification,
    /// The organizations.
    pub items: Vec<RecertificationRow>,
    /// Cursor of the next page (sent as `after`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Somebody to be answered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecertificationPerson {
    /// The card.
    pub id: EmployeeId,
    /// ФИО.
    pub name: FullName,
    /// Its roles in force.
    pub roles: Vec<RoleAssignment>,
}

/// Whom the own organization has to answer for, in the order of the names: those left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecertificationPeople {
    /// What asks.
    pub recertification: Recertification,
    /// The organization.
    pub organization: OrganizationSummary,
    /// How far it is.
    pub numbers: RecertificationNumbers,
    /// The people.
    pub items: Vec<RecertificationPerson>,
    /// Cursor of the next page (sent as `after`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn told(errors: Vec<FieldError>) -> Vec<(String, String)> {
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    fn one(field: &str, code: &str) -> Vec<(String, String)> {
        vec![(field.to_owned(), code.to_owned())]
    }

    #[test]
    fn the_last_day_is_within_a_year_from_tomorrow() {
        let today: NaiveDate = "2026-11-22".parse().unwrap();
        let parse = |text: &str| NewRecertificationDraft { due_on: text.to_owned() }.parse(today);
        assert_eq!(parse("23.11.2026"), Ok("2026-11-23".parse().unwrap()));
        assert_eq!(parse("2027-11-23"), Ok("2027-11-23".parse().unwrap()));
        assert_eq!(told(parse("22.11.2026").unwrap_err()), one("due_on", "due-past"));
        assert_eq!(told(parse("24.11.2027").unwrap_err()), one("due_on", "due-far"));
        assert_eq!(told(parse("").unwrap_err()), one("due_on", "date-empty"));
    }

    #[test]
    fn an_answer_is_judged_before_any_card_is_touched() {
        let ids = |count: u128| -> Vec<EmployeeId> {
            (1..=count).map(|number| EmployeeId(Uuid::from_u128(number))).collect()
        };
        let draft = |answer, ids: Vec<EmployeeId>, everybody, last_day: &str| RecertificationAnswerDraft {
            answer,
            ids,
            everybody,
            last_day: last_day.to_owned(),
        };
        let (works, gone) = (RecertificationAnswer::Works, RecertificationAnswer::Gone);
        assert_eq!(draft(works, ids(50), None, "").parse(), Ok(Answered::Works(ids(50))));
        assert_eq!(draft(works, ids(0), Some(7), "").parse(), Ok(Answered::Everybody(7)));
        let day = "2026-11-20".parse().unwrap();
        assert_eq!(draft(gone, ids(2), None, "20.11.2026").parse(), Ok(Answered::Gone(ids(2), day)));
        assert_eq!(told(draft(works, ids(0), None, "").parse().unwrap_err()), one("ids", "no-cards"));
        assert_eq!(told(draft(works, ids(51), None, "").parse().unwrap_err()), one("ids", "too-many-cards"));
        assert_eq!(
            told(draft(works, ids(1), Some(1), "").parse().unwrap_err()),
            one("ids", "too-many-cards")
        );
        let twice = [ids(1), ids(1)].concat();
        assert_eq!(told(draft(works, twice, None, "").parse().unwrap_err()), one("ids/1", "card-twice"));
        assert_eq!(told(draft(gone, ids(1), None, "").parse().unwrap_err()), one("last_day", "date-empty"));
        // Nobody ends the roles of everybody who is left.
        let everybody_gone = draft(gone, ids(0), Some(3), "20.11.2026").parse().unwrap_err();
        assert_eq!(told(everybody_gone), one("ids", "no-cards"));
    }
}
