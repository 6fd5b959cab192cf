//! Who works where: the roles of an organization's staff.

use chrono::{Datelike as _, NaiveDate};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{FullName, PersonName, transliterate};

use super::dice::Dice;

/// Who stands at a place of the staff: the head first, then the specialists, then those who teach.
pub(crate) fn roles_at(kind: OrganizationKind, place: u32, dice: &mut Dice) -> Vec<Role> {
    match (kind, place) {
        (OrganizationKind::Operator, _) => vec![Role::Support],
        (OrganizationKind::EducationDepartment, 0 | 2) => vec![Role::EducationDepartment],
        (OrganizationKind::EducationDepartment, 1) => vec![Role::PreschoolDepartment],
        (OrganizationKind::EducationDepartment, _) => {
            vec![Role::EducationDepartment, Role::PreschoolDepartment]
        }
        (OrganizationKind::School, 0) => vec![Role::SchoolDirector],
        (OrganizationKind::School, 1) => vec![Role::SchoolDeputy],
        (OrganizationKind::School, 2) => vec![Role::SchoolOfficer],
        (OrganizationKind::School, 3) if dice.chance(50) => vec![Role::SchoolDeputy, Role::Teacher],
        (OrganizationKind::School, 4) => vec![Role::SocialPedagogue],
        (OrganizationKind::School, _) if dice.chance(38) => vec![Role::Teacher, Role::ClassTeacher],
        (OrganizationKind::School, _) => vec![Role::Teacher],
        (OrganizationKind::College, 0) => vec![Role::CollegeDirector],
        (OrganizationKind::College, 1 | 3) => vec![Role::CollegeDeputy],
        (OrganizationKind::College, 2) => vec![Role::CollegeOfficer],
        (OrganizationKind::College, 4) => vec![Role::SocialPedagogue],
        (OrganizationKind::College, 5) => vec![Role::CollegeOfficer, Role::Lecturer],
        (OrganizationKind::College, _) => vec![Role::Lecturer],
        (OrganizationKind::Kindergarten, 0) => vec![Role::KindergartenHead],
        (OrganizationKind::Kindergarten, _) => vec![Role::KindergartenTeacher],
    }
}

/// `ivanova.ea`.
pub(crate) fn mailbox(name: &FullName) -> String {
    let initial = |part: &PersonName| -> String { part.as_str().chars().take(1).collect() };
    let family: String = transliterate(name.family_name.as_str()).chars().take(30).collect();
    let given = transliterate(&initial(&name.given_name));
    let patronymic = name.patronymic.as_ref().map(|part| transliterate(&initial(part))).unwrap_or_default();
    format!("{family}.{given}{patronymic}")
}

/// The first of September that began the school year of `today`, `years` before.
pub(crate) fn school_year(today: NaiveDate, years: u32) -> NaiveDate {
    let year = if today.month() >= 9 { today.year() } else { today.year() - 1 };
    let year = year - i32::try_from(years).unwrap_or_default();
    NaiveDate::from_ymd_opt(year, 9, 1).unwrap_or(today)
}
