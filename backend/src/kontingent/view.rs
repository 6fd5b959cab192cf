//! A card in view: what is read of it, what the actor may do to it, how it is shown.

use chrono::NaiveDate;
use epos_shared::api::employees::{
    BindingSummary, CardPermissions, CredentialsSummary, EmployeeCard, RoleAssignment, RoleOnCard,
};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::rights::{Action, Relation, Verdict};
use epos_shared::roles::Role;
use epos_shared::values::RoleState;

use super::actor::StaffOf;
use super::binding_store::{self, Bound};
use super::card_store::{self, CardRow};
use super::credentials::{self, CredentialRow};
use super::list_filter::HIDDEN;
use super::{list, outside, proposals};
use crate::accounts;
use crate::app::Services;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::organizations::{self, OrganizationRow};

/// A card that the actor sees.
#[derive(Debug, Clone)]
pub(super) struct CardInView {
    pub(super) row: CardRow,
    pub(super) organization: OrganizationRow,
    pub(super) relation: Relation,
    pub(super) roles: Vec<RoleAssignment>,
    pub(super) binding: Option<Bound>,
    /// Whether it is bound to the actor's own account.
    pub(super) own: bool,
}

impl StaffOf<'_> {
    /// A card in view; one that is not answers like one that does not exist.
    pub(super) fn card(
        &self,
        conn: &mut Conn,
        id: EmployeeId,
        today: NaiveDate,
    ) -> Result<CardInView, ApiError> {
        let Some(row) = card_store::find(conn, id.into())?.filter(|row| row.archived_at != Some(HIDDEN))
        else {
            return Err(ProblemCode::NotFound.into());
        };
        let Some((organization, relation)) = self.organization(conn, row.organization_id)? else {
            return Err(ProblemCode::NotFound.into());
        };
        let roles = list::assignments(&card_store::roles_of(conn, row.id)?, today)?;
        let binding = binding_store::of_card(conn, row.id)?;
        let own = binding.is_some_and(|binding| binding.account == self.account());
        Ok(CardInView { row, organization, relation, roles, binding, own })
    }

    /// Who issued credentials: ФИО of the card he worked as, where it is in view, else its organization, as the journal
    /// tells it (decision 0101).
    fn issued_by(&self, conn: &mut Conn, newest: &CredentialRow) -> Result<Option<String>, DbError> {
        if let Some(card) = newest.issued_by_employee_id
            && let Some(named) = self.names_of_cards(conn, &[card])?.remove(&card)
        {
            if named.in_view {
                return Ok(Some(named.name));
            }
            return Ok(
                organizations::find(conn, named.organization)?.map(|organization| organization.short_name)
            );
        }
        match newest.issued_by_account_id {
            None => Ok(None),
            Some(account) => Ok(accounts::find(conn, account)?.map(|account| account.name.to_string())),
        }
    }

    /// What the actor may do to a card.
    fn permissions(&self, card: &CardInView) -> CardPermissions {
        if card.own || card.row.archived_at.is_some() {
            return CardPermissions::from_verdicts(|_| Verdict::Denied, std::iter::empty());
        }
        let roles = Role::fitting(card.organization.kind).map(|role| (role, self.may_assign(card, role)));
        CardPermissions::from_verdicts(|action| self.may(card, action), roles)
    }

    /// The verdict on an action over a card.
    pub(super) fn may(&self, card: &CardInView, action: Action) -> Verdict {
        self.verdict(action, &card.targets(), card.relation)
    }

    /// The verdict on giving a card one more role.
    pub(super) fn may_assign(&self, card: &CardInView, role: Role) -> Verdict {
        let mut targets = card.targets();
        targets.push(role);
        self.verdict(Action::AssignRole, &targets, card.relation)
    }

    /// Refuses unless the card can be changed at all, and the action done to it.
    pub(super) fn demand(&self, card: &CardInView, action: Action) -> Result<(), ApiError> {
        card.changeable()?;
        refuse(self.may(card, action))
    }

    /// A card as it is shown.
    pub(super) fn show(
        &self,
        conn: &mut Conn,
        services: &Services,
        card: &CardInView,
    ) -> Result<EmployeeCard, ApiError> {
        let row = &card.row;
        let binding = match card.binding {
            None => None,
            Some(bound) => {
                let account = outside::account(conn, bound.account)?;
                let context = &services.context;
                let locked_until =
                    accounts::locked_until(conn, context.secrets(), bound.account, context.db_now())?;
                Some(BindingSummary {
                    bound_at: bound.at.and_utc(),
                    user_name: account.user_name,
                    last_sign_in_at: account.last_sign_in_at.map(|moment| moment.and_utc()),
                    locked_until: locked_until.map(|moment| moment.and_utc()),
                })
            }
        };
        let credentials = match credentials::newest(conn, row.id)? {
            None => None,
            Some(newest) => Some(CredentialsSummary {
                issued_at: newest.issued_at.and_utc(),
                issued_by: self.issued_by(conn, &newest)?,
                expires_at: newest.expires_at.and_utc(),
                state: newest.state(services.context.db_now()),
            }),
        };
        let person = row.person(services.context.secrets())?;
        Ok(EmployeeCard {
            id: row.id.into(),
            version: i64::from(row.version),
            organization: card.organization.summary(),
            name: person.name,
            email: person.email,
            snils: person.snils,
            phone: person.phone,
            login: card_store::login(&row.login)?,
            note: row.note.clone(),
            roles: card.roles.clone(),
            binding,
            credentials,
            archived_at: row.archived_at.map(|moment| moment.and_utc()),
            merged_into: row.merged_into_id.map(Into::into),
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
            own: card.own,
            permissions: self.permissions(card),
            proposals: proposals::waiting_of(conn, row.id)?,
        })
    }

    /// The card as it is now.
    pub(super) fn show_again(
        &self,
        conn: &mut Conn,
        services: &Services,
        id: Id,
    ) -> Result<EmployeeCard, ApiError> {
        let card = self.card(conn, id.into(), services.context.today())?;
        self.show(conn, services, &card)
    }
}

impl CardInView {
    /// What is on the card already, for the rules of changed roles.
    pub(super) fn roles_on_card(&self) -> Vec<RoleOnCard> {
        let known = |role: &RoleAssignment| RoleOnCard { id: role.id, role: role.role, period: role.period };
        self.roles.iter().map(known).collect()
    }

    /// The roles that rights are judged by: those not ended, all of them where every one has.
    pub(super) fn targets(&self) -> Vec<Role> {
        let of = |ended: bool| {
            self.roles
                .iter()
                .filter(|role| ended || role.state != RoleState::Ended)
                .map(|role| role.role)
                .collect::<Vec<_>>()
        };
        let current = of(false);
        if current.is_empty() { of(true) } else { current }
    }

    /// Refuses where nobody may change the card, or not this actor because it is his own.
    pub(super) fn changeable(&self) -> Result<(), ApiError> {
        if self.own {
            return Err(Problem::new(ProblemCode::OwnCard)
                .with_detail("Попросите об этом другого сотрудника с правами в «Контингенте».")
                .into());
        }
        if self.row.archived_at.is_some() {
            return Err(Problem::new(ProblemCode::Archived)
                .with_detail("Если сотрудник вернулся, создайте новую карточку.")
                .into());
        }
        Ok(())
    }
}

/// A verdict other than "allowed" as the problem it is.
pub(super) fn refuse(verdict: Verdict) -> Result<(), ApiError> {
    match verdict {
        Verdict::Allowed => Ok(()),
        Verdict::NeedsConfirmation => Err(Problem::new(ProblemCode::NeedsConfirmation)
            .with_detail(
                "Карточку руководителя изменяет управление образованием, которому подчинена организация. \
                 Отправьте изменение на подтверждение: это можно сделать на карточке.",
            )
            .into()),
        Verdict::Denied => Err(Problem::new(ProblemCode::Forbidden)
            .with_detail("На карточке есть роль, которой занимаетесь не вы.")
            .into()),
    }
}
