//! Who may do what to an organization: pure functions, as [`crate::rights`] has them for cards. Support may
//! everywhere; a department keeps what stands below it, «Дошкольное образование» the kindergartens of that alone;
//! everybody else only looks.

use serde::{Deserialize, Serialize};

use crate::rights::{Relation, Standing, sees, standing};
use crate::roles::{OrganizationKind, Role};

/// What can be done to an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrganizationAction {
    /// See it.
    View,
    /// Create it; the relation is that of the place where it will stand.
    Create,
    /// Change its names, numbers and the rest.
    Edit,
    /// Close it: every role in it ends.
    Close,
    /// Open it again.
    Reopen,
    /// Put it under another organization; the right is needed on both sides.
    Move,
    /// Join it to another; the right is needed over both.
    Merge,
    /// Create and change many from a file.
    Import,
}

impl OrganizationAction {
    /// Every action.
    pub const ALL: [Self; 8] = [
        Self::View,
        Self::Create,
        Self::Edit,
        Self::Close,
        Self::Reopen,
        Self::Move,
        Self::Merge,
        Self::Import,
    ];
}

/// One cell: may a person with the role `actor` do `action` to an organization of this `kind` that stands in
/// `relation` to the actor's?
///
/// The operator's own organization is only looked at and edited: without it nobody could support the others.
#[must_use]
pub const fn may(
    actor: Role,
    action: OrganizationAction,
    kind: OrganizationKind,
    relation: Relation,
) -> bool {
    if matches!(action, OrganizationAction::View) {
        return sees(actor, relation);
    }
    match (standing(actor), kind) {
        (Standing::Support, OrganizationKind::Operator) => matches!(action, OrganizationAction::Edit),
        (Standing::Support, _) => true,
        (Standing::Department, _) => {
            matches!(relation, Relation::Below)
                && !matches!(action, OrganizationAction::Import)
                && keeps(actor, kind)
        }
        _ => false,
    }
}

/// The kinds of organizations a department keeps.
const fn keeps(department: Role, kind: OrganizationKind) -> bool {
    match kind {
        OrganizationKind::Operator | OrganizationKind::EducationDepartment => false,
        OrganizationKind::School | OrganizationKind::College => {
            matches!(department, Role::EducationDepartment)
        }
        OrganizationKind::Kindergarten => true,
    }
}

/// [`may`] for somebody with several roles: one that allows it is enough.
#[must_use]
pub fn any_may(
    actors: &[Role],
    action: OrganizationAction,
    kind: OrganizationKind,
    relation: Relation,
) -> bool {
    actors.iter().any(|actor| may(*actor, action, kind, relation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrganizationAction as Action;
    use OrganizationKind as Kind;

    /// The table, written out by hand: everything but looking. What is not listed is denied.
    struct Row {
        actor: Role,
        relations: &'static [Relation],
        kinds: &'static [Kind],
        actions: &'static [Action],
    }

    const KEPT: &[Kind] = &[Kind::School, Kind::College, Kind::Kindergarten];
    const EVERYTHING: &[Action] = &[
        Action::Create,
        Action::Edit,
        Action::Close,
        Action::Reopen,
        Action::Move,
        Action::Merge,
        Action::Import,
    ];
    const ONE_BY_ONE: &[Action] =
        &[Action::Create, Action::Edit, Action::Close, Action::Reopen, Action::Move, Action::Merge];

    const TABLE: &[Row] = &[
        Row { actor: Role::Support, relations: &Relation::ALL, kinds: KEPT, actions: EVERYTHING },
        Row {
            actor: Role::Support,
            relations: &Relation::ALL,
            kinds: &[Kind::EducationDepartment],
            actions: EVERYTHING,
        },
        Row {
            actor: Role::Support,
            relations: &Relation::ALL,
            kinds: &[Kind::Operator],
            actions: &[Action::Edit],
        },
        Row {
            actor: Role::EducationDepartment,
            relations: &[Relation::Below],
            kinds: KEPT,
            actions: ONE_BY_ONE,
        },
        Row {
            actor: Role::PreschoolDepartment,
            relations: &[Relation::Below],
            kinds: &[Kind::Kindergarten],
            actions: ONE_BY_ONE,
        },
    ];

    #[test]
    fn every_cell_is_what_the_table_says() {
        let mut cells = 0;
        for actor in Role::ALL {
            for action in Action::ALL {
                for kind in Kind::ALL {
                    for relation in Relation::ALL {
                        let expected = if action == Action::View {
                            sees(actor, relation)
                        } else {
                            TABLE.iter().any(|row| {
                                row.actor == actor
                                    && row.relations.contains(&relation)
                                    && row.kinds.contains(&kind)
                                    && row.actions.contains(&action)
                            })
                        };
                        let got = may(actor, action, kind, relation);
                        assert_eq!(got, expected, "{actor:?} {action:?} {kind:?} {relation:?}");
                        cells += 1;
                    }
                }
            }
        }
        assert_eq!(cells, 15 * 8 * 5 * 3);
    }

    #[test]
    fn several_roles_add_up() {
        let both = [Role::PreschoolDepartment, Role::EducationDepartment];
        assert!(any_may(&both, Action::Close, Kind::School, Relation::Below));
        assert!(!any_may(&both[..1], Action::Close, Kind::School, Relation::Below));
        assert!(!any_may(&[], Action::View, Kind::School, Relation::Same));
    }
}
