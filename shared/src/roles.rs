//! Roles, categories of roles and kinds of organizations (screens.md, "People, accounts, cards").

use serde::{Deserialize, Serialize};

/// Kind of an organization; it decides which roles fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrganizationKind {
    /// The operator of ЭПОС, where support works.
    Operator,
    /// Education department (управление образованием), municipal or regional.
    EducationDepartment,
    /// School.
    School,
    /// College (СПО).
    College,
    /// Kindergarten (ДОУ).
    Kindergarten,
}

impl OrganizationKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Operator, Self::EducationDepartment, Self::School, Self::College, Self::Kindergarten];

    /// The name as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::EducationDepartment => "education_department",
            Self::School => "school",
            Self::College => "college",
            Self::Kindergarten => "kindergarten",
        }
    }

    /// The kind in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Operator => "Оператор ЭПОС",
            Self::EducationDepartment => "Управление образованием",
            Self::School => "Школа",
            Self::College => "СПО",
            Self::Kindergarten => "Детский сад",
        }
    }

    /// The kind written `text` in the database or on the wire.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether an organization of this kind may stand right below one of the kind `above`: schools, colleges and
    /// kindergartens below a department, a department below the operator or a (regional) department, the operator
    /// below nobody.
    #[must_use]
    pub const fn stands_below(self, above: Self) -> bool {
        match self {
            Self::Operator => false,
            Self::EducationDepartment => matches!(above, Self::Operator | Self::EducationDepartment),
            Self::School | Self::College | Self::Kindergarten => matches!(above, Self::EducationDepartment),
        }
    }

    /// Whether an organization of this kind may be joined to one of the kind `into`: what teaches to what
    /// teaches, a department to a department.
    #[must_use]
    pub const fn merges_into(self, into: Self) -> bool {
        match self {
            Self::Operator => false,
            Self::EducationDepartment => matches!(into, Self::EducationDepartment),
            Self::School | Self::College | Self::Kindergarten => {
                matches!(into, Self::School | Self::College | Self::Kindergarten)
            }
        }
    }
}

/// A role of a card in its organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Техническая поддержка.
    Support,
    /// Управление образованием.
    EducationDepartment,
    /// Дошкольное образование.
    PreschoolDepartment,
    /// Директор школы.
    SchoolDirector,
    /// Завуч школы.
    SchoolDeputy,
    /// Ответственный школы.
    SchoolOfficer,
    /// Директор СПО.
    CollegeDirector,
    /// Завуч СПО.
    CollegeDeputy,
    /// Ответственный СПО.
    CollegeOfficer,
    /// Заведующая ДОУ.
    KindergartenHead,
    /// Социальный педагог.
    SocialPedagogue,
    /// Учитель.
    Teacher,
    /// Классный руководитель.
    ClassTeacher,
    /// Преподаватель.
    Lecturer,
    /// Воспитатель.
    KindergartenTeacher,
}

impl Role {
    /// Every role, in the order of lists.
    pub const ALL: [Self; 15] = [
        Self::Support,
        Self::EducationDepartment,
        Self::PreschoolDepartment,
        Self::SchoolDirector,
        Self::SchoolDeputy,
        Self::SchoolOfficer,
        Self::CollegeDirector,
        Self::CollegeDeputy,
        Self::CollegeOfficer,
        Self::KindergartenHead,
        Self::SocialPedagogue,
        Self::Teacher,
        Self::ClassTeacher,
        Self::Lecturer,
        Self::KindergartenTeacher,
    ];

    /// The name as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::EducationDepartment => "education_department",
            Self::PreschoolDepartment => "preschool_department",
            Self::SchoolDirector => "school_director",
            Self::SchoolDeputy => "school_deputy",
            Self::SchoolOfficer => "school_officer",
            Self::CollegeDirector => "college_director",
            Self::CollegeDeputy => "college_deputy",
            Self::CollegeOfficer => "college_officer",
            Self::KindergartenHead => "kindergarten_head",
            Self::SocialPedagogue => "social_pedagogue",
            Self::Teacher => "teacher",
            Self::ClassTeacher => "class_teacher",
            Self::Lecturer => "lecturer",
            Self::KindergartenTeacher => "kindergarten_teacher",
        }
    }

    /// The role in the users' own words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Support => "Техническая поддержка",
            Self::EducationDepartment => "Управление образованием",
            Self::PreschoolDepartment => "Дошкольное образование",
            Self::SchoolDirector => "Директор школы",
            Self::SchoolDeputy => "Завуч школы",
            Self::SchoolOfficer => "Ответственный школы",
            Self::CollegeDirector => "Директор СПО",
            Self::CollegeDeputy => "Завуч СПО",
            Self::CollegeOfficer => "Ответственный СПО",
            Self::KindergartenHead => "Заведующая ДОУ",
            Self::SocialPedagogue => "Социальный педагог",
            Self::Teacher => "Учитель",
            Self::ClassTeacher => "Классный руководитель",
            Self::Lecturer => "Преподаватель",
            Self::KindergartenTeacher => "Воспитатель",
        }
    }

    /// Whether the role fits an organization of that kind.
    #[must_use]
    pub const fn fits(self, kind: OrganizationKind) -> bool {
        use OrganizationKind as Kind;
        match self {
            Self::Support => matches!(kind, Kind::Operator),
            Self::EducationDepartment | Self::PreschoolDepartment => {
                matches!(kind, Kind::EducationDepartment)
            }
            Self::SchoolDirector
            | Self::SchoolDeputy
            | Self::SchoolOfficer
            | Self::Teacher
            | Self::ClassTeacher => matches!(kind, Kind::School),
            Self::CollegeDirector | Self::CollegeDeputy | Self::CollegeOfficer | Self::Lecturer => {
                matches!(kind, Kind::College)
            }
            Self::SocialPedagogue => matches!(kind, Kind::School | Kind::College),
            Self::KindergartenHead | Self::KindergartenTeacher => matches!(kind, Kind::Kindergarten),
        }
    }

    /// The roles that fit an organization of that kind, in the order of lists.
    pub fn fitting(kind: OrganizationKind) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |role| role.fits(kind))
    }

    /// The role written `text` in the database or on the wire.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title())
    }
}

/// Category of roles a session works in (screens.md 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleCategory {
    /// «Сотрудник».
    Employee,
    /// «Родитель».
    Parent,
    /// «Обучающийся».
    Student,
}

impl RoleCategory {
    /// Every category, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Employee, Self::Parent, Self::Student];

    /// The category as it stands in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Parent => "parent",
            Self::Student => "student",
        }
    }

    /// The category of a word of the database.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }

    /// The category in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Employee => "Сотрудник",
            Self::Parent => "Родитель",
            Self::Student => "Обучающийся",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_the_names_in_the_database() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.as_str()));
            assert_eq!(Role::from_wire(role.as_str()), Some(role));
        }
        for kind in OrganizationKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.as_str()));
            assert_eq!(OrganizationKind::from_wire(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn the_tree_has_teaching_organizations_below_departments_only() {
        use OrganizationKind as Kind;
        let below: Vec<(Kind, Kind)> = Kind::ALL
            .into_iter()
            .flat_map(|kind| Kind::ALL.map(|above| (kind, above)))
            .filter(|(kind, above)| kind.stands_below(*above))
            .collect();
        let department = Kind::EducationDepartment;
        assert_eq!(
            below,
            [
                (department, Kind::Operator),
                (department, department),
                (Kind::School, department),
                (Kind::College, department),
                (Kind::Kindergarten, department),
            ]
        );
        assert!(Kind::School.merges_into(Kind::Kindergarten) && department.merges_into(department));
        assert!(!Kind::School.merges_into(department) && !department.merges_into(Kind::School));
        assert!(Kind::ALL.into_iter().all(|kind| !Kind::Operator.merges_into(kind)));
    }

    #[test]
    fn roles_fit_the_kinds_of_the_table() {
        let table: [(OrganizationKind, &[Role]); 5] = [
            (OrganizationKind::Operator, &[Role::Support]),
            (OrganizationKind::EducationDepartment, &[Role::EducationDepartment, Role::PreschoolDepartment]),
            (
                OrganizationKind::School,
                &[
                    Role::SchoolDirector,
                    Role::SchoolDeputy,
                    Role::SchoolOfficer,
                    Role::SocialPedagogue,
                    Role::Teacher,
                    Role::ClassTeacher,
                ],
            ),
            (
                OrganizationKind::College,
                &[
                    Role::CollegeDirector,
                    Role::CollegeDeputy,
                    Role::CollegeOfficer,
                    Role::SocialPedagogue,
                    Role::Lecturer,
                ],
            ),
            (OrganizationKind::Kindergarten, &[Role::KindergartenHead, Role::KindergartenTeacher]),
        ];
        for (kind, roles) in table {
            assert_eq!(Role::fitting(kind).collect::<Vec<_>>(), roles, "{kind:?}");
        }
    }
}
