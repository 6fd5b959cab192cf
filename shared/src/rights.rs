//! Who may do what to whom in «Контингент» (screens.md 18): pure functions of roles and of where the card's
//! organization stands, seen from the actor's. The client hides what the server would refuse; the server
//! decides, and decides again inside the transaction of the write.

use serde::{Deserialize, Serialize};

use crate::roles::Role;

/// What can be done to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See the card.
    View,
    /// Create a card.
    Create,
    /// Change ФИО, e-mail, СНИЛС, telephone, note.
    EditPerson,
    /// Add a role.
    AssignRole,
    /// Change the first or last day of a role.
    ChangeDates,
    /// End a role.
    EndRole,
    /// Issue or reset one-time credentials.
    IssueCredentials,
    /// Lift the lock after too many failed sign-ins.
    Unlock,
    /// Take the card and its account apart.
    Unbind,
    /// Put the card into the archive.
    Archive,
    /// Merge two cards of one person; the right is needed over both.
    Merge,
    /// Transfer to another organization; the right is needed on both sides.
    Transfer,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::View,
        Self::Create,
        Self::EditPerson,
        Self::AssignRole,
        Self::ChangeDates,
        Self::EndRole,
        Self::IssueCredentials,
        Self::Unlock,
        Self::Unbind,
        Self::Archive,
        Self::Merge,
        Self::Transfer,
    ];
}

/// Where the card's organization stands, seen from the organization of the actor's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It is the very same organization.
    Same,
    /// It is somewhere below in the tree.
    Below,
    /// It is above, beside, or in another branch.
    Elsewhere,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 3] = [Self::Same, Self::Below, Self::Elsewhere];
}

/// What the matrix answers. A greater verdict allows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No.
    Denied,
    /// A specialist's change of a head's card: it waits for the department.
    NeedsConfirmation,
    /// Yes.
    Allowed,
}

impl Verdict {
    /// Whether the action may be done at once.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }

    /// Whether the action may be done, if only once somebody else has confirmed it.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        !matches!(self, Self::Denied)
    }
}

/// What a role makes of a person in «Контингент».
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Служба технической поддержки.
    Support,
    /// Управление образованием, Дошкольное образование.
    Department,
    /// Директор, Заведующая.
    Head,
    /// Завуч, Ответственный: «специалисты организации, которые работают в ИС Контингент».
    Specialist,
    /// Everybody else: no rights in «Контингент».
    Other,
}

/// The standing of a role.
#[must_use]
pub const fn standing(role: Role) -> Standing {
    match role {
        Role::Support => Standing::Support,
        Role::EducationDepartment | Role::PreschoolDepartment => Standing::Department,
        Role::SchoolDirector | Role::CollegeDirector | Role::KindergartenHead => Standing::Head,
        Role::SchoolDeputy | Role::SchoolOfficer | Role::CollegeDeputy | Role::CollegeOfficer => {
            Standing::Specialist
        }
        Role::SocialPedagogue
        | Role::Teacher
        | Role::ClassTeacher
        | Role::Lecturer
        | Role::KindergartenTeacher => Standing::Other,
    }
}

/// Whether the role opens «Контингент» at all.
#[must_use]
pub const fn works_in_kontingent(role: Role) -> bool {
    !matches!(standing(role), Standing::Other)
}

/// One cell of the matrix: may a person with the role `actor` do `action` to a card (or to a role of a card)
/// with the role `target`, in an organization that stands in `relation` to the actor's?
#[must_use]
pub const fn verdict(actor: Role, action: Action, target: Role, relation: Relation) -> Verdict {
    if matches!(action, Action::View) {
        return if sees(actor, relation) { Verdict::Allowed } else { Verdict::Denied };
    }
    match (standing(actor), standing(target), relation) {
        (Standing::Support, _, _) => Verdict::Allowed,
        (Standing::Department, Standing::Head, Relation::Below) => {
            // «Дошкольное образование» keeps kindergartens only.
            let kept = matches!(actor, Role::EducationDepartment) || matches!(target, Role::KindergartenHead);
            if kept { Verdict::Allowed } else { Verdict::Denied }
        }
        (Standing::Specialist, Standing::Head, Relation::Same) => match action {
            // The seeds' rule: specialists issue a head's credentials themselves; who issues, unlocks.
            Action::IssueCredentials | Action::Unlock => Verdict::Allowed,
            _ => Verdict::NeedsConfirmation,
        },
        (Standing::Head | Standing::Specialist, Standing::Specialist | Standing::Other, Relation::Same) => {
            Verdict::Allowed
        }
        _ => Verdict::Denied,
    }
}

/// Whether the role sees the cards of an organization in `relation`, whatever roles they have.
#[must_use]
pub const fn sees(actor: Role, relation: Relation) -> bool {
    match standing(actor) {
        Standing::Support => true,
        Standing::Department => matches!(relation, Relation::Same | Relation::Below),
        Standing::Head | Standing::Specialist => matches!(relation, Relation::Same),
        Standing::Other => false,
    }
}

/// The verdict for a whole card: the best that one of the actor's roles gives, for the worst of the card's
/// roles, since an action needs the right over every role of the card.
///
/// `targets` are the card's roles that have not ended (all of them where every one has). A card without any
/// role is support's alone.
///
/// ```
/// use epos_shared::rights::{Action, Relation, Verdict, card_verdict};
/// use epos_shared::roles::Role;
///
/// let card = [Role::SchoolDirector, Role::Teacher];
/// let deputy = [Role::SchoolDeputy];
/// assert_eq!(card_verdict(&deputy, Action::IssueCredentials, &card, Relation::Same), Verdict::Allowed);
/// assert_eq!(card_verdict(&deputy, Action::EditPerson, &card, Relation::Same), Verdict::NeedsConfirmation);
/// assert_eq!(card_verdict(&deputy, Action::View, &card, Relation::Elsewhere), Verdict::Denied);
/// ```
#[must_use]
pub fn card_verdict(actors: &[Role], action: Action, targets: &[Role], relation: Relation) -> Verdict {
    let best = |target: Role| {
        actors.iter().map(|actor| verdict(*actor, action, target, relation)).max().unwrap_or(Verdict::Denied)
    };
    targets.iter().map(|target| best(*target)).min().unwrap_or_else(|| {
        let support = actors.iter().any(|actor| matches!(standing(*actor), Standing::Support));
        let sees = matches!(action, Action::View) && actors.iter().any(|actor| sees(*actor, relation));
        if support || sees { Verdict::Allowed } else { Verdict::Denied }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Allowed, Denied, NeedsConfirmation};

    /// The table of screens.md 18, written out by hand: for each actor and relation, who issues and unlocks,
    /// and who does everything else. What is not listed is denied.
    struct Row {
        actors: &'static [Role],
        relation: Relation,
        targets: &'static [Role],
        issue: Verdict,
        other: Verdict,
    }

    const SCHOOL_STAFF: &[Role] = &[
        Role::SchoolDeputy,
        Role::SchoolOfficer,
        Role::CollegeDeputy,
        Role::CollegeOfficer,
        Role::SocialPedagogue,
        Role::Teacher,
        Role::ClassTeacher,
        Role::Lecturer,
        Role::KindergartenTeacher,
    ];
    const HEADS: &[Role] = &[Role::SchoolDirector, Role::CollegeDirector, Role::KindergartenHead];
    const SPECIALISTS: &[Role] =
        &[Role::SchoolDeputy, Role::SchoolOfficer, Role::CollegeDeputy, Role::CollegeOfficer];

    const TABLE: &[Row] = &[
        Row {
            actors: &[Role::Support],
            relation: Relation::Same,
            targets: &Role::ALL,
            issue: Allowed,
            other: Allowed,
        },
        Row {
            actors: &[Role::Support],
            relation: Relation::Below,
            targets: &Role::ALL,
            issue: Allowed,
            other: Allowed,
        },
        Row {
            actors: &[Role::Support],
            relation: Relation::Elsewhere,
            targets: &Role::ALL,
            issue: Allowed,
            other: Allowed,
        },
        Row {
            actors: &[Role::EducationDepartment],
            relation: Relation::Below,
            targets: HEADS,
            issue: Allowed,
            other: Allowed,
        },
        Row {
            actors: &[Role::PreschoolDepartment],
            relation: Relation::Below,
            targets: &[Role::KindergartenHead],
            issue: Allowed,
            other: Allowed,
        },
        Row {
            actors: HEADS,
            relation: Relation::Same,
            targets: SCHOOL_STAFF,
            issue: Allowed,
            other: Allowed,
        },
        Row {
            actors: SPECIALISTS,
            relation: Relation::Same,
            targets: SCHOOL_STAFF,
            issue: Allowed,
            other: Allowed,
        },
        Row {
            actors: SPECIALISTS,
            relation: Relation::Same,
            targets: HEADS,
            issue: Allowed,
            other: NeedsConfirmation,
        },
    ];

    fn by_the_table(actor: Role, action: Action, target: Role, relation: Relation) -> Verdict {
        if action == Action::View {
            let seen = match relation {
                Relation::Same => works_in_kontingent(actor),
                Relation::Below => {
                    [Role::Support, Role::EducationDepartment, Role::PreschoolDepartment].contains(&actor)
                }
                Relation::Elsewhere => actor == Role::Support,
            };
            return if seen { Allowed } else { Denied };
        }
        TABLE
            .iter()
            .find(|row| {
                row.actors.contains(&actor) && row.relation == relation && row.targets.contains(&target)
            })
            .map_or(Denied, |row| {
                if matches!(action, Action::IssueCredentials | Action::Unlock) {
                    row.issue
                } else {
                    row.other
                }
            })
    }

    #[test]
    fn every_cell_is_what_the_table_says() {
        let mut cells = 0;
        for actor in Role::ALL {
            for action in Action::ALL {
                for target in Role::ALL {
                    for relation in Relation::ALL {
                        let expected = by_the_table(actor, action, target, relation);
                        let got = verdict(actor, action, target, relation);
                        assert_eq!(got, expected, "{actor:?} {action:?} {target:?} {relation:?}");
                        cells += 1;
                    }
                }
            }
        }
        assert_eq!(cells, 15 * 12 * 15 * 3);
    }

    #[test]
    fn an_action_needs_the_right_over_every_role_of_the_card() {
        let both = [Role::SchoolDirector, Role::Teacher];
        let director = [Role::SchoolDirector];
        assert_eq!(card_verdict(&director, Action::EditPerson, &[Role::Teacher], Relation::Same), Allowed);
        assert_eq!(card_verdict(&director, Action::EditPerson, &both, Relation::Same), Denied);
        let deputy = [Role::SchoolDeputy];
        assert_eq!(card_verdict(&deputy, Action::EditPerson, &both, Relation::Same), NeedsConfirmation);
        assert_eq!(card_verdict(&deputy, Action::IssueCredentials, &both, Relation::Same), Allowed);
    }

    #[test]
    fn several_roles_of_the_actor_add_up() {
        let actor = [Role::SchoolDirector, Role::SchoolDeputy];
        assert_eq!(
            card_verdict(&actor, Action::IssueCredentials, &[Role::SchoolDirector], Relation::Same),
            Allowed
        );
        assert_eq!(card_verdict(&[], Action::View, &[Role::Teacher], Relation::Same), Denied);
    }

    #[test]
    fn a_card_without_roles_is_nobodys_but_supports() {
        for action in Action::ALL {
            let by_director = card_verdict(&[Role::SchoolDirector], action, &[], Relation::Same);
            assert_eq!(by_director, if action == Action::View { Allowed } else { Denied });
            assert_eq!(card_verdict(&[Role::Support], action, &[], Relation::Elsewhere), Allowed);
        }
    }
}
