//! Who asks, and what he sees: a request becomes an [`Actor`], an actor opens [`StaffOf`] or nothing, and
//! only that view has the queries.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::organization_rights::{OrganizationAction, any_may};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::recertification::{RecertificationAction, asks, may_recertify};
use epos_shared::rights::{Action, Relation, Standing, Verdict, card_verdict, sees, standing};
use epos_shared::roles::{OrganizationKind, Role, RoleCategory};
use epos_shared::values::RoleState;

use super::card_store::{self, AssignmentRow};
use crate::accounts;
use crate::audit;
use crate::context::Context;
use crate::db::schema::{
    accounts as accounts_table, bindings, employees, organizations as organizations_table,
};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::identification;
use crate::organizations::{self, OrganizationRow, Scope};

/// A signed-in person, as the session knows him. It says nothing of rights: these are read when they are
/// needed, and again inside the transaction of a write.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The account.
    pub account: Id,
    /// The card the session works as.
    pub card: Option<Id>,
    /// The category that was chosen.
    pub category: Option<RoleCategory>,
    /// The same for the journal.
    pub journal: audit::Actor,
}

/// Why somebody has no view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The session works as no card, or as one that is bound to him no more.
    NoCard,
    /// The account is blocked: its sessions have ended, work that takes long stops with the next thing it does.
    Blocked,
    /// The card is in the archive.
    Archived,
    /// A role that worked in «Контингент» has ended.
    RoleEnded,
    /// A role that will work in «Контингент» has not begun.
    RoleNotBegun,
    /// No role of the card works in «Контингент».
    NoRole,
    /// The session works as «Родитель» or «Обучающийся», or one of several categories is to be chosen.
    OtherCategory,
    /// The organization is closed.
    OrganizationClosed,
}

impl Refusal {
    /// The reason as the journal has it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoCard => "no-card",
            Self::Blocked => "account-blocked",
            Self::Archived => "card-archived",
            Self::RoleEnded => "role-ended",
            Self::RoleNotBegun => "role-not-begun",
            Self::NoRole => "no-role",
            Self::OtherCategory => "other-category",
            Self::OrganizationClosed => "organization-closed",
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::OtherCategory => ProblemCode::CategoryNotHeld,
            _ => ProblemCode::NoRights,
        };
        Self::new(code).with_detail(match refusal {
            Refusal::NoCard => {
                "Привяжите карточку сотрудника или выберите ту, с которой работаете: логин и пароль карточки \
                 выдаёт администратор «Контингента» вашей организации."
            }
            Refusal::Blocked => "Ваша учётная запись заблокирована. Обратитесь в техподдержку.",
            Refusal::Archived => "Ваша карточка в архиве. Обратитесь к руководителю организации.",
            Refusal::RoleEnded => {
                "Срок вашей роли закончился. Попросите руководителя или управление образованием добавить её \
                 заново."
            }
            Refusal::RoleNotBegun => "Ваша роль ещё не началась: начальная дата стоит на вашей карточке.",
            Refusal::NoRole => "Ваша роль не работает с карточками сотрудников.",
            Refusal::OtherCategory => "Выберите категорию «Сотрудник»: «Контингент» открыт только ей.",
            Refusal::OrganizationClosed => "Ваша организация закрыта. Обратитесь в управление образованием.",
        })
    }
}

/// A person working as a card, with the roles in force today.
#[derive(Debug, Clone)]
pub struct Actor {
    account: Id,
    card: Id,
    organization: Id,
    roles: Vec<Role>,
}

impl Actor {
    /// Reads who acts, afresh: the binding, the archive, the roles in force on the day.
    ///
    /// # Errors
    /// The database fails.
    pub fn load(conn: &mut Conn, asker: &Asker, context: &Context) -> Result<Result<Self, Refusal>, DbError> {
        let today = context.today();
        let Some(card) = asker.card else { return Ok(Err(Refusal::NoCard)) };
        type Found = (Id, Option<NaiveDateTime>, Option<NaiveDate>, String);
        let found: Option<Found> = bindings::table
            .inner_join(employees::table.inner_join(organizations_table::table))
            .inner_join(accounts_table::table)
            .filter(bindings::employee_id.eq(card))
            .filter(bindings::account_id.eq(asker.account))
            .filter(bindings::ended_at.is_null())
            .select((
                employees::organization_id,
                employees::archived_at,
                organizations_table::closed_on,
                accounts_table::status,
            ))
            .first(conn)
            .optional()?;
        let organization = match found {
            None => return Ok(Err(Refusal::NoCard)),
            Some((_, _, _, status)) if !accounts::is_active(&status) => return Ok(Err(Refusal::Blocked)),
            Some((_, Some(_), _, _)) => return Ok(Err(Refusal::Archived)),
            Some((_, None, Some(closed), _)) if closed <= today => {
                return Ok(Err(Refusal::OrganizationClosed));
            }
            Some((organization, None, _, _)) => organization,
        };
        let rows = card_store::roles_of(conn, card)?;
        let mut roles = Vec::new();
        let mut refusal = Refusal::NoRole;
        for (role, state) in states(&rows, today)? {
            match (standing(role), state) {
                (Standing::Other, _) => {}
                (_, RoleState::InForce) => roles.push(role),
                (_, RoleState::Ended) => refusal = Refusal::RoleEnded,
                (_, RoleState::Upcoming) if refusal == Refusal::NoRole => refusal = Refusal::RoleNotBegun,
                (_, RoleState::Upcoming) => {}
            }
        }
        if roles.is_empty() {
            return Ok(Err(refusal));
        }
        // Whoever has chosen «Сотрудник» holds it by this very card; of others it is to be found out.
        if asker.category != Some(RoleCategory::Employee)
            && !identification::works_as_employee(conn, context, asker.account, asker.category)?
        {
            return Ok(Err(Refusal::OtherCategory));
        }
        Ok(Ok(Self { account: asker.account, card, organization, roles }))
    }

    /// Whether one of the roles in force is support's.
    #[must_use]
    pub fn is_support(&self) -> bool {
        self.roles.iter().any(|role| standing(*role) == Standing::Support)
    }

    /// The view of the cards the actor may see; nothing where no role opens one.
    #[must_use]
    pub fn staff(&self) -> Option<StaffOf<'_>> {
        let of = |wanted: Standing| self.roles.iter().any(|role| standing(*role) == wanted);
        let scope = if of(Standing::Support) {
            Scope::All
        } else if of(Standing::Department) {
            Scope::Below(self.organization)
        } else if of(Standing::Head) || of(Standing::Specialist) {
            Scope::Only(self.organization)
        } else {
            return None;
        };
        Some(StaffOf { actor: self, scope })
    }
}

fn states(rows: &[AssignmentRow], today: NaiveDate) -> QueryResult<Vec<(Role, RoleState)>> {
    rows.iter().map(|row| Ok((row.role()?, row.period()?.state(today)))).collect()
}

/// The cards an actor may see, and what he may do to them.
#[derive(Debug, Clone, Copy)]
pub struct StaffOf<'a> {
    actor: &'a Actor,
    scope: Scope,
}

impl StaffOf<'_> {
    /// The organizations in view.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The account that acts.
    #[must_use]
    pub const fn account(&self) -> Id {
        self.actor.account
    }

    /// The card the actor works as.
    #[must_use]
    pub const fn card_id(&self) -> Id {
        self.actor.card
    }

    /// The organization of the actor's card.
    #[must_use]
    pub const fn own_organization(&self) -> Id {
        self.actor.organization
    }

    /// The verdict on an action over roles of a card in `relation`.
    #[must_use]
    pub fn verdict(&self, action: Action, targets: &[Role], relation: Relation) -> Verdict {
        card_verdict(&self.actor.roles, action, targets, relation)
    }

    /// Whether an action over an organization of a kind in `relation` is allowed.
    #[must_use]
    pub fn may_organization(
        &self,
        action: OrganizationAction,
        kind: OrganizationKind,
        relation: Relation,
    ) -> bool {
        any_may(&self.actor.roles, action, kind, relation)
    }

    /// Whether something of a recertification is allowed; `relation` is that of the organization that asks, or is
    /// asked.
    #[must_use]
    pub fn may_recertify(&self, action: RecertificationAction, relation: Relation) -> bool {
        self.actor.roles.iter().any(|role| may_recertify(*role, action, relation))
    }

    /// Whether a recertification of the actor's asks organizations of a kind.
    #[must_use]
    pub fn asks(&self, kind: OrganizationKind) -> bool {
        self.actor.roles.iter().any(|role| asks(*role, kind))
    }

    /// The roles that may be given on a new card.
    #[must_use]
    pub fn creatable_roles(&self, kind: OrganizationKind, relation: Relation) -> Vec<Role> {
        self.roles_on_new(kind, relation, Verdict::Allowed)
    }

    /// The roles that may be proposed on a new card.
    #[must_use]
    pub fn proposable_roles(&self, kind: OrganizationKind, relation: Relation) -> Vec<Role> {
        self.roles_on_new(kind, relation, Verdict::NeedsConfirmation)
    }

    fn roles_on_new(&self, kind: OrganizationKind, relation: Relation, verdict: Verdict) -> Vec<Role> {
        Role::fitting(kind)
            .filter(|role| self.verdict(Action::Create, &[*role], relation) == verdict)
            .collect()
    }

    /// Where an organization stands, seen from the actor's.
    ///
    /// # Errors
    /// The database fails.
    pub fn relation(&self, conn: &mut Conn, organization: Id) -> QueryResult<Relation> {
        Ok(match organizations::place(conn, organization, self.actor.organization)? {
            Some(0) => Relation::Same,
            Some(_) => Relation::Below,
            None => Relation::Elsewhere,
        })
    }

    /// An organization in view.
    ///
    /// # Errors
    /// The database fails.
    pub fn organization(&self, conn: &mut Conn, id: Id) -> QueryResult<Option<(OrganizationRow, Relation)>> {
        let relation = self.relation(conn, id)?;
        if !self.actor.roles.iter().any(|role| sees(*role, relation)) {
            return Ok(None);
        }
        Ok(organizations::find(conn, id)?.map(|organization| (organization, relation)))
    }
}
