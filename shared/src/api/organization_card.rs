//! Organizations as they are kept: the tree, one organization's page, creating, changing, closing, moving,
//! merging.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::organizations::OrganizationSummary;
use super::registration::{MAX_ORGANIZATION_NAME_LENGTH, RegistrationError, line};
use crate::ids::{EmployeeId, OrganizationId};
use crate::problem::FieldError;
use crate::roles::{OrganizationKind, Role};
use crate::values::{FullName, Inn, InvalidValue, Kpp, parse_date, value_error};

/// The furthest last day of an organization, from today.
const FURTHEST_CLOSING: Days = Days::new(366);

value_error! {
    /// What is wrong with an organization or with what is to become of it.
    OrganizationError {
        /// No kind.
        KindMissing = "kind-missing", "Выберите вид организации";
        /// The kind does not fit the organization above.
        KindUnfit = "kind-unfit", "Организация этого вида не может подчиняться выбранной";
        /// The actor does not keep organizations of this kind.
        KindForbidden = "kind-forbidden", "Организациями этого вида занимается служба технической поддержки";
        /// There are cards or organizations below.
        KindFixed = "kind-fixed", "Вид можно изменить, только пока нет карточек и подчинённых организаций";
        /// No organization above.
        ParentMissing = "parent-missing", "Выберите, кому организация подчиняется";
        /// The organization above is not there, closed, or not in view.
        ParentUnknown = "parent-unknown", "Такой открытой организации нет среди доступных вам";
        /// The kind does not fit below that organization.
        ParentUnfit = "parent-unfit", "Ей организация этого вида подчиняться не может";
        /// It would stand below itself.
        ParentBelowItself = "parent-below-itself", "Организация не может подчиняться самой себе";
        /// It stands there already.
        ParentSame = "parent-same", "Организация уже подчиняется ей";
        /// Another organization has this ИНН and КПП.
        InnKppTaken = "inn-kpp-taken", "Организация с такими ИНН и КПП уже есть";
        /// The last day is before yesterday.
        LastDayPast = "last-day-past", "Последний день не может быть раньше вчерашнего";
        /// The last day is more than a year ahead.
        LastDayFar = "last-day-far", "Последний день — не позже чем через год";
        /// Organizations below are open.
        OpenBelow = "open-below", "Сначала закройте или переподчините организации, которые ей подчиняются";
        /// No organization to merge into.
        IntoMissing = "into-missing", "Выберите, к какой организации присоединить";
        /// The organization to merge into is not there, closed, or not in view.
        IntoUnknown = "into-unknown", "Такой открытой организации нет среди доступных вам";
        /// The organization itself, or one below it.
        IntoItself = "into-itself", "Организацию нельзя присоединить к себе самой или к подчинённой ей";
        /// Kinds that do not go together.
        IntoUnfit = "into-unfit", "Организацию этого вида к ней присоединить нельзя";
        /// The actor does not keep that organization.
        IntoForbidden = "into-forbidden", "Этой организацией занимаетесь не вы";
    }
}

/// What is kept of an organization, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OrganizationFields {
    /// «Вид организации».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrganizationKind>,
    /// «Полное наименование».
    pub full_name: String,
    /// «Краткое наименование».
    pub short_name: String,
    /// «Населённый пункт».
    #[serde(default)]
    pub town: String,
    /// ИНН.
    #[serde(default)]
    pub inn: String,
    /// КПП.
    #[serde(default)]
    pub kpp: String,
    /// Its staff sign in through Госуслуги only.
    #[serde(default)]
    pub esia_only: bool,
}

/// What is kept of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationData {
    /// Its kind.
    pub kind: OrganizationKind,
    /// Полное наименование.
    pub full_name: String,
    /// Краткое наименование.
    pub short_name: String,
    /// Town or district.
    pub town: String,
    /// ИНН and КПП; organizations that never had them may stay without.
    pub numbers: Option<(Inn, Kpp)>,
    /// Its staff sign in through Госуслуги only.
    pub esia_only: bool,
}

/// Whether an organization may stay without ИНН and КПП.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumbersRule {
    /// New organizations, and those that have them.
    Required,
    /// Organizations that never had them.
    MayStayEmpty,
}

impl OrganizationFields {
    /// The organization, or every wrong field; `at` is the path before the fields' names (`fields/`).
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self, at: &str, rule: NumbersRule) -> Result<OrganizationData, Vec<FieldError>> {
        use RegistrationError::{OrganizationNameEmpty, OrganizationNameMalformed};
        let mut errors = Vec::new();
        if self.kind.is_none() {
            errors.push(OrganizationError::KindMissing.at(format!("{at}kind")));
        }
        let mut text = |text: &str, may_be_empty: bool, field: &str| {
            let wrong = match line(text, MAX_ORGANIZATION_NAME_LENGTH) {
                None => OrganizationNameMalformed,
                Some(line) if line.is_empty() && !may_be_empty => OrganizationNameEmpty,
                Some(line) => return Some(line),
            };
            errors.push(wrong.at(format!("{at}{field}")));
            None
        };
        let full_name = text(&self.full_name, false, "full_name");
        let short_name = text(&self.short_name, false, "short_name");
        let town = text(&self.town, true, "town");
        let without = self.inn.trim().is_empty() && self.kpp.trim().is_empty();
        let numbers = if without && rule == NumbersRule::MayStayEmpty {
            Some(None)
        } else {
            let inn = self.inn.parse::<Inn>().map_err(|error| errors.push(error.at(format!("{at}inn")))).ok();
            let kpp = self.kpp.parse::<Kpp>().map_err(|error| errors.push(error.at(format!("{at}kpp")))).ok();
            inn.zip(kpp).map(Some)
        };
        match (self.kind, full_name, short_name, town, numbers) {
            (Some(kind), Some(full_name), Some(short_name), Some(town), Some(numbers)) => {
                let esia_only = self.esia_only;
                Ok(OrganizationData { kind, full_name, short_name, town, numbers, esia_only })
            }
            _ => Err(errors),
        }
    }
}

impl From<&OrganizationData> for OrganizationFields {
    fn from(data: &OrganizationData) -> Self {
        let number = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            kind: Some(data.kind),
            full_name: data.full_name.clone(),
            short_name: data.short_name.clone(),
            town: data.town.clone(),
            inn: number(data.numbers.as_ref().map(|(inn, _)| inn.as_str())),
            kpp: number(data.numbers.as_ref().map(|(_, kpp)| kpp.as_str())),
            esia_only: data.esia_only,
        }
    }
}

/// A new organization, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewOrganizationDraft {
    /// «Кому подчиняется».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<OrganizationId>,
    /// Everything else.
    pub fields: OrganizationFields,
}

impl NewOrganizationDraft {
    /// The organization with the one above, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<(OrganizationId, OrganizationData), Vec<FieldError>> {
        let parsed = self.fields.parse("fields/", NumbersRule::Required);
        match (self.parent_id, parsed) {
            (Some(parent), Ok(data)) => Ok((parent, data)),
            (parent, parsed) => {
                let missing = parent.is_none().then(|| OrganizationError::ParentMissing.at("parent_id"));
                Err(missing.into_iter().chain(parsed.err().unwrap_or_default()).collect())
            }
        }
    }
}

/// A changed organization, as typed: the whole of it, with the version it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OrganizationDraft {
    /// The version that was changed.
    pub version: i64,
    /// What is kept of it.
    pub fields: OrganizationFields,
}

/// «Закрыть», as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CloseDraft {
    /// The version that was looked at.
    pub version: i64,
    /// «Последний день»: every role in force ends with it. ГГГГ-ММ-ДД, or ДД.ММ.ГГГГ.
    pub last_day: String,
}

impl CloseDraft {
    /// The last day: from yesterday (closed at once) to a year ahead.
    ///
    /// # Errors
    /// The wrong field.
    pub fn parse(&self, today: NaiveDate) -> Result<NaiveDate, Vec<FieldError>> {
        last_day(&self.last_day, today)
    }
}

/// Parameters of the preview of closing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct ClosingQuery {
    /// «Последний день».
    pub last_day: String,
}

fn last_day(text: &str, today: NaiveDate) -> Result<NaiveDate, Vec<FieldError>> {
    let day = parse_date(text).map_err(|error| vec![error.at("last_day")])?;
    if today.pred_opt().is_some_and(|yesterday| day < yesterday) {
        return Err(vec![OrganizationError::LastDayPast.at("last_day")]);
    }
    if today.checked_add_days(FURTHEST_CLOSING).is_some_and(|furthest| furthest < day) {
        return Err(vec![OrganizationError::LastDayFar.at("last_day")]);
    }
    Ok(day)
}

impl ClosingQuery {
    /// The last day.
    ///
    /// # Errors
    /// The wrong field.
    pub fn parse(&self, today: NaiveDate) -> Result<NaiveDate, Vec<FieldError>> {
        last_day(&self.last_day, today)
    }
}

/// «Открыть снова».
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReopenDraft {
    /// The version that was looked at.
    pub version: i64,
}

/// «Переподчинить», as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MoveDraft {
    /// The version that was looked at.
    pub version: i64,
    /// «Кому подчиняется».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<OrganizationId>,
}

/// «Присоединить», as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MergeDraft {
    /// The version that was looked at.
    pub version: i64,
    /// «К какой организации».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into_id: Option<OrganizationId>,
}

/// Parameters of the preview of a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct MergeQuery {
    /// The organization that would stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into_id: Option<OrganizationId>,
}

/// Parameters of a level of the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct TreeQuery {
    /// The organization whose children are asked for; without it the top of what is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<OrganizationId>,
    /// Whether closed ones are shown too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Cursor of the page after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// An organization of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationNode {
    /// The organization.
    pub organization: OrganizationSummary,
    /// Town or district.
    pub town: String,
    /// Whether it is closed today.
    pub closed: bool,
    /// Whether the level below it has anything to show.
    pub expandable: bool,
    /// Open organizations below it, at any depth.
    pub below: u32,
    /// Cards of its own whose roles have not ended.
    pub cards: u32,
}

/// A level of the tree, in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationLevel {
    /// The organizations.
    pub items: Vec<OrganizationNode>,
    /// Cursor of the next page (sent as `after`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The kinds that the actor may create somewhere in view.
    pub creatable: Vec<OrganizationKind>,
    /// Whether the actor may import organizations.
    pub can_import: bool,
}

/// A step of the way to an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationStep {
    /// The organization.
    pub organization: OrganizationSummary,
    /// Whether the actor may open it.
    pub in_view: bool,
}

/// A head of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationHead {
    /// The card.
    pub id: EmployeeId,
    /// ФИО.
    pub name: FullName,
    /// The role.
    pub role: Role,
}

/// How many cards have a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleCount {
    /// The role.
    pub role: Role,
    /// Cards on which it is in force today.
    pub cards: u32,
}

/// A card, as short as a list of a few needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardSummary {
    /// The card.
    pub id: EmployeeId,
    /// ФИО.
    pub name: FullName,
    /// Its login.
    pub login: String,
}

/// Two cards that may be one person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PossibleDuplicate {
    /// The card that came from the organization that was joined.
    pub card: CardSummary,
    /// The card that was there.
    pub other: CardSummary,
}

/// What the actor may do to an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a button")]
pub struct OrganizationPermissions {
    /// Change it.
    pub edit: bool,
    /// Close it.
    pub close: bool,
    /// Open it again.
    pub reopen: bool,
    /// Put it under another one.
    pub r#move: bool,
    /// Join it to another one.
    pub merge: bool,
}

/// An organization, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationCard {
    /// Its identifier.
    pub id: OrganizationId,
    /// Changes with every change.
    pub version: i64,
    /// What is kept of it.
    pub fields: OrganizationFields,
    /// The organizations above, from the top down.
    pub above: Vec<OrganizationStep>,
    /// The first day it is closed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
    /// Whether it is closed today.
    pub closed: bool,
    /// The organization it was joined to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<OrganizationStep>,
    /// Those whose role of a head is in force today.
    pub heads: Vec<OrganizationHead>,
    /// Cards by role in force today.
    pub roles: Vec<RoleCount>,
    /// Cards whose roles have not ended.
    pub cards: u32,
    /// Open organizations below it, at any depth.
    pub below: u32,
    /// Cards that may be one person's since a merge.
    pub duplicates: Vec<PossibleDuplicate>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// What the actor may do.
    pub permissions: OrganizationPermissions,
    /// The kinds the actor may create right below it.
    pub creatable: Vec<OrganizationKind>,
}

/// What closing would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClosingPreview {
    /// Cards with a role that would end.
    pub cards: u32,
    /// Roles that would end with the last day.
    pub ending: u32,
    /// Roles that begin after it and would be taken back.
    pub taken_back: u32,
    /// Open organizations below: they are in the way.
    pub open_below: u32,
}

/// A role that has no place in the organization the card comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnfitRole {
    /// The card.
    pub card: CardSummary,
    /// The role, which ends.
    pub role: Role,
}

/// What a merge would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergePreview {
    /// Cards that would follow, archived ones included.
    pub cards: u32,
    /// Organizations below that would follow.
    pub below: u32,
    /// Roles that would end, since they have no place there: the first hundred.
    pub unfit: Vec<UnfitRole>,
    /// How many there are.
    pub unfit_total: u32,
    /// People who have a card in both: the first hundred.
    pub duplicates: Vec<PossibleDuplicate>,
    /// How many there are.
    pub duplicates_total: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> OrganizationFields {
        OrganizationFields {
            kind: Some(OrganizationKind::School),
            full_name: "  Муниципальное  учреждение ".into(),
            short_name: "Школа № 1".into(),
            inn: "7707083893".into(),
            kpp: "590201001".into(),
            ..OrganizationFields::default()
        }
    }

    fn told(errors: Vec<FieldError>) -> Vec<String> {
        errors.into_iter().map(|error| format!("{}: {}", error.field, error.code)).collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let parsed = fields().parse("", NumbersRule::Required).unwrap();
        assert_eq!(parsed.full_name, "Муниципальное учреждение");
        assert_eq!(OrganizationFields::from(&parsed).inn, "7707083893");
        let draft = NewOrganizationDraft {
            parent_id: None,
            fields: OrganizationFields {
                kind: None,
                full_name: " ".into(),
                short_name: "я".repeat(301),
                town: "а\u{0}б".into(),
                inn: "500100732259".into(),
                kpp: String::new(),
                esia_only: false,
            },
        };
        assert_eq!(
            told(draft.parse().unwrap_err()),
            [
                "parent_id: parent-missing",
                "fields/kind: kind-missing",
                "fields/full_name: organization-name-empty",
                "fields/short_name: organization-name-malformed",
                "fields/town: organization-name-malformed",
                "fields/inn: inn-personal",
                "fields/kpp: kpp-empty",
            ]
        );
    }

    #[test]
    fn numbers_may_stay_empty_only_together_and_where_they_were() {
        let without = OrganizationFields { inn: String::new(), kpp: " ".into(), ..fields() };
        assert_eq!(without.parse("", NumbersRule::MayStayEmpty).unwrap().numbers, None);
        assert!(without.parse("", NumbersRule::Required).is_err());
        let half = OrganizationFields { kpp: String::new(), ..fields() };
        assert_eq!(told(half.parse("", NumbersRule::MayStayEmpty).unwrap_err()), ["kpp: kpp-empty"]);
    }

    #[test]
    fn a_last_day_is_from_yesterday_to_a_year_ahead() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let judge = |text: &str| {
            CloseDraft { version: 1, last_day: text.into() }
                .parse(today)
                .map_err(|wrong| told(wrong)[0].clone())
        };
        assert!(judge("23.11.2026").is_ok() && judge("2027-11-25").is_ok());
        assert_eq!(judge("22.11.2026").unwrap_err(), "last_day: last-day-past");
        assert_eq!(judge("26.11.2027").unwrap_err(), "last_day: last-day-far");
        assert_eq!(judge("").unwrap_err(), "last_day: date-empty");
    }
}
