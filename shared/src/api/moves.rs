//! «Увольнение» and «Перевод»: what ends a person's work in an organization in one action.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::employees::{RoleDraft, RoleInput, parse_roles};
use crate::ids::OrganizationId;
use crate::problem::FieldError;
use crate::roles::OrganizationKind;
use crate::values::{InvalidValue as _, parse_date, value_error};

value_error! {
    /// What is wrong with a dismissal or a transfer.
    MoveError {
        /// The last day is earlier than yesterday.
        LastDayPast = "last-day-past", "Последний день — не раньше вчерашнего";
        /// Every role of the card would begin later: none would be left.
        NothingLeft = "nothing-left", "К этому дню ни одна роль не начнётся: отправьте карточку в архив";
        /// The card has no role that would end.
        NothingEnds = "nothing-ends", "К этому дню все роли карточки уже закончатся";
        /// No organization was chosen.
        OrganizationMissing = "organization-missing", "Выберите организацию, в которую переводите";
        /// The organization is not there, closed, or not in view.
        OrganizationUnknown = "organization-unknown", "Такой организации нет среди доступных вам";
        /// The person works there already.
        SameOrganization = "same-organization", "Сотрудник работает в этой организации: добавьте ему роль на карточке";
        /// A new role begins before the person has left.
        StartsEarly = "starts-early", "Новая роль начинается после последнего дня в прежней организации";
    }
}

/// The last day as typed: yesterday at the earliest, for what is written down a day late.
fn last_day(text: &str, today: NaiveDate) -> Result<NaiveDate, Vec<FieldError>> {
    let day = parse_date(text).map_err(|error| vec![error.at("last_day")])?;
    if today.pred_opt().is_some_and(|yesterday| day < yesterday) {
        return Err(vec![MoveError::LastDayPast.at("last_day")]);
    }
    Ok(day)
}

/// «Уволить», as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DismissalDraft {
    /// The version of the card that was looked at.
    pub version: i64,
    /// «Последний рабочий день»: yesterday at the earliest. ГГГГ-ММ-ДД, or ДД.ММ.ГГГГ.
    pub last_day: String,
}

impl DismissalDraft {
    /// The last day.
    ///
    /// # Errors
    /// The wrong field.
    pub fn parse(&self, today: NaiveDate) -> Result<NaiveDate, Vec<FieldError>> {
        last_day(&self.last_day, today)
    }
}

/// «Перевести», as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TransferDraft {
    /// The version of the card that was looked at.
    pub version: i64,
    /// «Последний рабочий день» where the person leaves: yesterday at the earliest. ГГГГ-ММ-ДД, or ДД.ММ.ГГГГ.
    pub last_day: String,
    /// «Новая организация».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// The roles there, at least one, each from the day after the last one on.
    pub roles: Vec<RoleDraft>,
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The last day where the person leaves.
    pub last_day: NaiveDate,
    /// Where he goes.
    pub organization_id: OrganizationId,
    /// The roles there.
    pub roles: Vec<RoleInput>,
}

impl TransferDraft {
    /// The transfer, or every wrong field. `kind` is that of the chosen organization, where it is known.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(
        &self,
        kind: Option<OrganizationKind>,
        today: NaiveDate,
    ) -> Result<Transfer, Vec<FieldError>> {
        let mut errors = Vec::new();
        let day = last_day(&self.last_day, today).map_err(|wrong| errors.extend(wrong)).ok();
        if self.organization_id.is_none() {
            errors.push(MoveError::OrganizationMissing.at("organization_id"));
        }
        let roles = parse_roles(&self.roles, kind, &[], today).map_err(|wrong| errors.extend(wrong)).ok();
        if let (Some(day), Some(roles)) = (day, &roles) {
            let early = roles.iter().enumerate().filter(|(_, role)| role.period.start() <= day);
            errors.extend(early.map(|(place, _)| MoveError::StartsEarly.at(format!("roles/{place}/start"))));
        }
        match (day, self.organization_id, roles) {
            (Some(last_day), Some(organization_id), Some(roles)) if errors.is_empty() => {
                Ok(Transfer { last_day, organization_id, roles })
            }
            _ => Err(errors),
        }
    }
}

/// The day a new role begins on, unless told otherwise: the one after the last.
#[must_use]
pub fn day_after(last_day: NaiveDate) -> NaiveDate {
    last_day.checked_add_days(Days::new(1)).unwrap_or(last_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::Role;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
    }

    fn told(errors: Vec<FieldError>) -> Vec<String> {
        errors.into_iter().map(|error| format!("{}: {}", error.field, error.code)).collect()
    }

    #[test]
    fn a_last_day_is_yesterday_at_the_earliest() {
        let judge = |text: &str| DismissalDraft { version: 1, last_day: text.into() }.parse(today());
        assert_eq!(judge("24.11.2026"), Ok(today().pred_opt().unwrap()));
        assert!(judge("2026-11-25").is_ok() && judge("31.08.2027").is_ok());
        assert_eq!(told(judge("23.11.2026").unwrap_err()), ["last_day: last-day-past"]);
        assert_eq!(told(judge("").unwrap_err()), ["last_day: date-empty"]);
    }

    #[test]
    fn every_wrong_field_of_a_transfer_is_told_at_once() {
        let role = |start: &str| RoleDraft {
            role: Some(Role::SchoolDirector),
            start: start.into(),
            ..RoleDraft::default()
        };
        let draft = TransferDraft {
            version: 1,
            last_day: "30.11.2026".into(),
            organization_id: Some(OrganizationId(uuid::Uuid::from_u128(1))),
            roles: vec![role("01.12.2026")],
        };
        let moved = draft.parse(Some(OrganizationKind::School), today()).unwrap();
        assert_eq!(moved.roles[0].period.start(), day_after(moved.last_day));
        let early = TransferDraft { roles: vec![role("30.11.2026")], ..draft.clone() };
        assert_eq!(told(early.parse(None, today()).unwrap_err()), ["roles/0/start: starts-early"]);
        let wrong =
            TransferDraft { last_day: "1.1.2026".into(), organization_id: None, roles: vec![], ..draft };
        assert_eq!(
            told(wrong.parse(None, today()).unwrap_err()),
            ["last_day: last-day-past", "organization_id: organization-missing", "roles: no-roles"]
        );
    }
}
