//! Recertification («Подтвердите, что эти люди работают у вас»): who asks, who answers, who looks.

use serde::{Deserialize, Serialize};

use crate::rights::{Relation, Standing, sees, standing};
use crate::roles::{OrganizationKind, Role};

/// What can be done about a recertification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecertificationAction {
    /// Start one, end one; the relation is that of the organization that asks.
    Ask,
    /// Answer for an organization.
    Answer,
    /// See how far an organization is.
    Watch,
}

impl RecertificationAction {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Ask, Self::Answer, Self::Watch];
}

/// Whether a person with the role `actor` may do it, for an organization in `relation` to his own. Support asks
/// everybody, a department what is below it; those who keep the cards of an organization answer for it.
#[must_use]
pub const fn may_recertify(actor: Role, action: RecertificationAction, relation: Relation) -> bool {
    match action {
        RecertificationAction::Ask => match standing(actor) {
            Standing::Support => true,
            Standing::Department => matches!(relation, Relation::Same),
            _ => false,
        },
        RecertificationAction::Answer => {
            matches!(standing(actor), Standing::Head | Standing::Specialist)
                && matches!(relation, Relation::Same)
        }
        RecertificationAction::Watch => sees(actor, relation),
    }
}

/// Whether a recertification of that role's asks organizations of a kind: those that have a head of their own;
/// «Дошкольное образование» asks kindergartens only.
#[must_use]
pub const fn asks(actor: Role, kind: OrganizationKind) -> bool {
    match kind {
        OrganizationKind::School | OrganizationKind::College => {
            matches!(actor, Role::Support | Role::EducationDepartment)
        }
        OrganizationKind::Kindergarten => {
            matches!(actor, Role::Support | Role::EducationDepartment | Role::PreschoolDepartment)
        }
        OrganizationKind::Operator | OrganizationKind::EducationDepartment => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written out by hand: who may, and where. What is not listed is denied.
    const TABLE: &[(RecertificationAction, &[Role], &[Relation])] = &[
        (RecertificationAction::Ask, &[Role::Support], &Relation::ALL),
        (
            RecertificationAction::Ask,
            &[Role::EducationDepartment, Role::PreschoolDepartment],
            &[Relation::Same],
        ),
        (
            RecertificationAction::Answer,
            &[
                Role::SchoolDirector,
                Role::CollegeDirector,
                Role::KindergartenHead,
                Role::SchoolDeputy,
                Role::SchoolOfficer,
                Role::CollegeDeputy,
                Role::CollegeOfficer,
            ],
            &[Relation::Same],
        ),
        (RecertificationAction::Watch, &[Role::Support], &Relation::ALL),
        (
            RecertificationAction::Watch,
            &[Role::EducationDepartment, Role::PreschoolDepartment],
            &[Relation::Same, Relation::Below],
        ),
        (
            RecertificationAction::Watch,
            &[
                Role::SchoolDirector,
                Role::CollegeDirector,
                Role::KindergartenHead,
                Role::SchoolDeputy,
                Role::SchoolOfficer,
                Role::CollegeDeputy,
                Role::CollegeOfficer,
            ],
            &[Relation::Same],
        ),
    ];

    #[test]
    fn every_cell_is_what_the_table_says() {
        for actor in Role::ALL {
            for action in RecertificationAction::ALL {
                for relation in Relation::ALL {
                    let expected = TABLE.iter().any(|(listed, actors, relations)| {
                        *listed == action && actors.contains(&actor) && relations.contains(&relation)
                    });
                    assert_eq!(
                        may_recertify(actor, action, relation),
                        expected,
                        "{actor:?} {action:?} {relation:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn only_organizations_with_heads_are_asked() {
        use OrganizationKind as Kind;
        let asked =
            |actor| -> Vec<Kind> { Kind::ALL.into_iter().filter(|kind| asks(actor, *kind)).collect() };
        let all = [Kind::School, Kind::College, Kind::Kindergarten];
        assert_eq!(asked(Role::Support), all);
        assert_eq!(asked(Role::EducationDepartment), all);
        assert_eq!(asked(Role::PreschoolDepartment), [Kind::Kindergarten]);
        assert!(asked(Role::SchoolDirector).is_empty());
    }
}
