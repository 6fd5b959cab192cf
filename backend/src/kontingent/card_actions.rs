//! What is done to a card besides saving it: reset, unlock, unbind, archive.

use epos_shared::api::employees::{EmployeeCard, OneTimeCredentials};
use epos_shared::ids::EmployeeId;
use epos_shared::rights::Action;
use epos_shared::values::{Period, RoleState};
use serde_json::json;

use super::actor::{Asker, StaffOf};
use super::letters::{self, Deed};
use super::view::CardInView;
use super::{binding_store, card_store, credentials, listed, proposals};
use crate::accounts;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::error::ApiError;

impl StaffOf<'_> {
    /// «Сбросить пароль»: voids older credentials, answers new ones, and never unbinds.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `forbidden`; the database fails.
    pub fn reset(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
    ) -> Result<OneTimeCredentials, ApiError> {
        let card = self.card(conn, id, services.context.today())?;
        self.demand(&card, Action::IssueCredentials)?;
        let issued = self.issue_credentials(conn, services, asker, &card)?;
        letters::tell_of_head(conn, services, asker, &card, &Deed::Issued)?;
        Ok(issued)
    }

    /// Lifts the lock on the sign-in of the account a card is bound to.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `forbidden`; the database fails.
    pub fn unlock(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
    ) -> Result<EmployeeCard, ApiError> {
        let card = self.card(conn, id, services.context.today())?;
        self.demand(&card, Action::Unlock)?;
        if let Some(bound) = card.binding {
            accounts::unlock(conn, services.context.secrets(), bound.account)?;
            let event = Event::done("account.unlocked", "account", bound.account)
                .in_organization(card.row.organization_id)
                .with(json!({ "employee": card.row.id.to_string() }));
            audit::record(conn, &services.context, &asker.journal, event)?;
        }
        self.show_again(conn, services, card.row.id)
    }

    /// Takes card and account apart. Sessions that work as the card lose it with this transaction.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `forbidden`, `needs-confirmation`; the database fails.
    pub fn unbind(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
    ) -> Result<EmployeeCard, ApiError> {
        let card = self.card(conn, id, services.context.today())?;
        self.demand(&card, Action::Unbind)?;
        if let Some(bound) = card.binding {
            binding_store::end(conn, card.row.id, bound.id, services.context.db_now())?;
            accounts::forget_card(conn, card.row.id)?;
            let event = Event::done("binding.ended", "employee", card.row.id)
                .in_organization(card.row.organization_id)
                .with(json!({ "account": bound.account.to_string() }));
            audit::record(conn, &services.context, &asker.journal, event)?;
            letters::tell_of_head(conn, services, asker, &card, &Deed::Unbound)?;
        }
        self.show_again(conn, services, card.row.id)
    }

    /// Puts a card into the archive: roles in force end today, those to come are taken back, credentials are
    /// void. The binding stays as history.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `forbidden`, `needs-confirmation`; the database fails.
    pub fn archive(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
    ) -> Result<EmployeeCard, ApiError> {
        let card = self.card(conn, id, services.context.today())?;
        self.demand(&card, Action::Archive)?;
        self.put_away(conn, services, asker, &card)?;
        letters::tell_of_head(conn, services, asker, &card, &Deed::Archived)?;
        self.show_again(conn, services, card.row.id)
    }

    /// What [`Self::archive`] does to a card, once it may; answers whether the card was still at its version.
    pub(super) fn put_away(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        card: &CardInView,
    ) -> Result<bool, ApiError> {
        let context = &services.context;
        let today = context.today();
        let mut ended = Vec::new();
        for role in card.roles.iter().filter(|role| role.state != RoleState::Ended) {
            // A role that has never been in force has no last day: it is taken back, the journal keeps it.
            match Period::new(role.period.start(), Some(today)) {
                Ok(period) => card_store::update_role(conn, role.id.into(), period)?,
                Err(_) => card_store::delete_role(conn, role.id.into())?,
            }
            ended.push(json!({
                "role": role.role,
                "start": role.period.start(),
                "end": role.period.end(),
                "taken_back": role.state == RoleState::Upcoming,
            }));
        }
        credentials::void(conn, card.row.id, context.db_now())?;
        accounts::forget_card(conn, card.row.id)?;
        let moved_on = card_store::bump(conn, card.row.id, card.row.version, context.db_now())?;
        card_store::set_archived(conn, card.row.id, context.db_now())?;
        listed::note(conn, card.row.id)?;
        proposals::end_of_card(conn, services, asker, (card.row.id, card.row.organization_id))?;
        let event = Event::done("employee.archived", "employee", card.row.id)
            .in_organization(card.row.organization_id)
            .with(json!({ "roles_before": ended }));
        audit::record(conn, context, &asker.journal, event)?;
        Ok(moved_on)
    }
}
