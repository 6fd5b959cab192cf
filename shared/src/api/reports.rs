//! «Отчёты»: how many people of which roles there are in the organizations in view, who of them has never signed in,
//! is not bound, has a role that ends soon; sign-ins and bindings by day.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::employees::EmployeeState;
use super::organization_card::RoleCount;
use super::organizations::OrganizationSummary;
use crate::ids::OrganizationId;

/// Days of one report at most: a quarter of a year.
pub const MAX_DAYS: u64 = 92;
/// Days of a report, unless told.
pub const DEFAULT_DAYS: u64 = 30;

/// A report by organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// «Роли»: roles in force.
    Roles,
    /// «Ни разу не входили».
    NeverSignedIn,
    /// «Заканчивается в ближайшие 30 дней».
    EndsSoon,
    /// «Не привязаны к учётной записи».
    NotBound,
}

impl ReportKind {
    /// Every report, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Roles, Self::NotBound, Self::NeverSignedIn, Self::EndsSoon];

    /// The name on the wire, and in the address of the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Roles => "roles",
            Self::NeverSignedIn => "never_signed_in",
            Self::EndsSoon => "ends_soon",
            Self::NotBound => "not_bound",
        }
    }

    /// The report with that name.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Roles => "Роли по организациям",
            Self::NeverSignedIn => "Ни разу не входили",
            Self::EndsSoon => "Роли заканчиваются в ближайшие 30 дней",
            Self::NotBound => "Карточки не привязаны",
        }
    }

    /// The filter of the staff list that shows the people counted; nothing where roles are.
    #[must_use]
    pub const fn state(self) -> Option<EmployeeState> {
        match self {
            Self::Roles => None,
            Self::NeverSignedIn => Some(EmployeeState::NeverSignedIn),
            Self::EndsSoon => Some(EmployeeState::EndsSoon),
            Self::NotBound => Some(EmployeeState::NotBound),
        }
    }
}

/// How many there are, in an organization or in many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StaffNumbers {
    /// Cards that are not in the archive.
    pub cards: u32,
    /// Of them, those that are bound to no account.
    pub not_bound: u32,
    /// Of them, those whose account has never signed in, or that have none.
    pub never_signed_in: u32,
    /// Of them, those of which a role in force ends within 30 days.
    pub ends_soon: u32,
    /// Roles in force today, in the order of the roles; those that nobody has are left out.
    pub by_role: Vec<RoleCount>,
}

impl StaffNumbers {
    /// All roles in force.
    #[must_use]
    pub fn roles(&self) -> u32 {
        self.by_role.iter().fold(0, |all, count| all.saturating_add(count.cards))
    }

    /// What a report counts.
    #[must_use]
    pub fn of(&self, kind: ReportKind) -> u32 {
        match kind {
            ReportKind::Roles => self.roles(),
            ReportKind::NeverSignedIn => self.never_signed_in,
            ReportKind::EndsSoon => self.ends_soon,
            ReportKind::NotBound => self.not_bound,
        }
    }

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cards == 0 && self.by_role.is_empty()
    }

    /// Adds the numbers of another organization.
    pub fn add(&mut self, other: &Self) {
        self.cards = self.cards.saturating_add(other.cards);
        self.not_bound = self.not_bound.saturating_add(other.not_bound);
        self.never_signed_in = self.never_signed_in.saturating_add(other.never_signed_in);
        self.ends_soon = self.ends_soon.saturating_add(other.ends_soon);
        for count in &other.by_role {
            match self.by_role.binary_search_by_key(&count.role, |known| known.role) {
                Ok(place) => {
                    if let Some(known) = self.by_role.get_mut(place) {
                        known.cards = known.cards.saturating_add(count.cards);
                    }
                }
                Err(place) => self.by_role.insert(place, *count),
            }
        }
    }
}

/// Parameters of the report by organizations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct StaffReportQuery {
    /// The organization below which is looked; without it the top of what is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// Cursor of the page after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Parameters of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct StaffReportFile {
    /// What is counted.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub kind: ReportKind,
    /// The organization below which is looked; without it everything in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
}

/// An organization, with everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StaffReportRow {
    /// The organization.
    pub organization: OrganizationSummary,
    /// Town or district.
    pub town: String,
    /// Whether it is closed today.
    pub closed: bool,
    /// Organizations below it, at any depth.
    pub below: u32,
    /// Its numbers and those of what is below it, together.
    pub numbers: StaffNumbers,
}

/// The numbers of an organization and of what stands below it, a level at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StaffReport {
    /// The organization below which is looked; nothing where the tree has several tops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// The one above it, where that is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<OrganizationSummary>,
    /// When it was counted; nothing: just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<DateTime<Utc>>,
    /// Whether nothing was counted yet: every number is 0 and says nothing.
    pub counting: bool,
    /// Organizations in all.
    pub organizations: u32,
    /// All together.
    pub total: StaffNumbers,
    /// The organization's own, where something stands below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<StaffNumbers>,
    /// What stands right below, in the order of the names.
    pub items: Vec<StaffReportRow>,
    /// Cursor of the next page (sent as `after`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Parameters of the report by day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct DaysReportQuery {
    /// The first day, where the schools are; without it 29 days before the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day, that one included; without it today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// An organization with everything below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
}

/// Why days cannot be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongDays {
    /// The last is before the first.
    Reversed,
    /// More than [`MAX_DAYS`].
    TooMany,
    /// Centuries away.
    Outside,
}

impl WrongDays {
    /// What is wrong, in Russian.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Reversed => "Последний день раньше первого",
            Self::TooMany => "Не больше 92 дней в одном отчёте",
            Self::Outside => "Так далеко отчётов нет",
        }
    }
}

impl DaysReportQuery {
    /// The first and the last day.
    ///
    /// # Errors
    /// They are in the wrong order, or too many.
    pub fn days(&self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), WrongDays> {
        let to = self.to.unwrap_or(today);
        let back = Days::new(DEFAULT_DAYS - 1);
        let from = self.from.unwrap_or_else(|| to.checked_sub_days(back).unwrap_or(to));
        // Databases know fewer years than dates on the wire do.
        if [from, to].iter().any(|day| !(1900..3000).contains(&day.year())) {
            return Err(WrongDays::Outside);
        }
        if to < from {
            return Err(WrongDays::Reversed);
        }
        let asked = (to - from).num_days() + 1;
        if u64::try_from(asked).is_ok_and(|asked| asked <= MAX_DAYS) {
            Ok((from, to))
        } else {
            Err(WrongDays::TooMany)
        }
    }
}

/// What happened on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayNumbers {
    /// The day.
    pub day: NaiveDate,
    /// Sign-ins of people with a card in the organizations in view.
    pub sign_ins: u32,
    /// Cards that were bound.
    pub bindings: u32,
}

/// Sign-ins and bindings by day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DaysReport {
    /// The organization it is about, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSummary>,
    /// All sign-ins.
    pub sign_ins: u32,
    /// All bindings.
    pub bindings: u32,
    /// Every day from the first to the last, those without anything too.
    pub items: Vec<DayNumbers>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::Role;

    fn numbers(cards: u32, by_role: &[(Role, u32)]) -> StaffNumbers {
        let by_role = by_role.iter().map(|(role, cards)| RoleCount { role: *role, cards: *cards }).collect();
        StaffNumbers { cards, not_bound: 1, never_signed_in: 2, ends_soon: 3, by_role }
    }

    #[test]
    fn numbers_of_organizations_add_up_in_the_order_of_the_roles() {
        let mut all = StaffNumbers::default();
        assert!(all.is_empty());
        all.add(&numbers(5, &[(Role::Teacher, 4)]));
        all.add(&numbers(7, &[(Role::SchoolDirector, 1), (Role::Teacher, 6), (Role::Lecturer, 2)]));
        let expected =
            numbers(12, &[(Role::SchoolDirector, 1), (Role::Teacher, 10), (Role::Lecturer, 2)]).by_role;
        assert_eq!((all.cards, &all.by_role, all.roles()), (12, &expected, 13));
        let of = ReportKind::ALL.map(|kind| all.of(kind));
        assert_eq!(of, [13, 2, 4, 6]);
        let mut most = numbers(u32::MAX, &[(Role::Teacher, u32::MAX)]);
        most.add(&numbers(1, &[(Role::Teacher, 1)]));
        assert_eq!((most.cards, most.roles()), (u32::MAX, u32::MAX), "never an overflow");
    }

    #[test]
    fn a_report_is_known_by_its_name() {
        for kind in ReportKind::ALL {
            assert_eq!(ReportKind::from_wire(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.as_str()));
        }
        assert_eq!(ReportKind::from_wire("days"), None);
    }

    #[test]
    fn days_are_at_most_a_quarter() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-22");
        let asked = |from: Option<&str>, to: Option<&str>| {
            DaysReportQuery { from: from.map(day), to: to.map(day), organization: None }.days(today)
        };
        assert_eq!(asked(None, None), Ok((day("2026-10-24"), today)));
        assert_eq!(asked(None, Some("2026-01-30")), Ok((day("2026-01-01"), day("2026-01-30"))));
        assert_eq!(asked(Some("2026-11-22"), None), Ok((today, today)));
        assert_eq!(asked(Some("2026-01-01"), Some("2026-04-02")), Ok((day("2026-01-01"), day("2026-04-02"))));
        assert_eq!(asked(Some("2026-01-01"), Some("2026-04-03")), Err(WrongDays::TooMany));
        assert_eq!(asked(Some("2026-11-23"), None), Err(WrongDays::Reversed));
        for far in ["-262143-01-01", "1899-12-31", "3000-01-01", "+262142-12-31"] {
            assert_eq!(asked(Some(far), Some(far)), Err(WrongDays::Outside), "{far}");
        }
    }
}
