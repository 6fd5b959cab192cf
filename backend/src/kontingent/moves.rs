//! «Увольнение» and «Перевод»: every role of a card ends with one day; a transfer goes on with a card where the person
//! goes. A card is one person in one organization, so the old one stays as history.

use chrono::NaiveDate;
use epos_shared::api::employees::{
    CardError, EmployeeCard, MAX_ROLES, NewEmployee, Person, RoleInput, SavedEmployee,
};
use epos_shared::api::moves::{DismissalDraft, MoveError, Transfer, TransferDraft};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::FieldError;
use epos_shared::rights::{Action, Relation, Standing, Verdict, standing};
use epos_shared::values::InvalidValue as _;
use serde_json::json;

use super::actor::{Asker, StaffOf};
use super::card_store::AssignmentRow;
use super::letters::{self, Left};
use super::view::CardInView;
use super::{binding_store, card_store, cards, listed, of_organization};
use crate::accounts;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::identification::agree;
use crate::organizations::OrganizationRow;

impl StaffOf<'_> {
    /// Ends every role of a card with a day, and takes those back that would begin later.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `forbidden`, `needs-confirmation`, `version-conflict`,
    /// `validation-failed`; the database fails.
    pub fn dismiss(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
        draft: &DismissalDraft,
    ) -> Result<EmployeeCard, ApiError> {
        let today = services.context.today();
        let card = self.card(conn, id, today)?;
        self.demand(&card, Action::EndRole)?;
        self.demand_version(conn, services, &card, draft.version)?;
        let last_day = draft.parse(today).map_err(ApiError::validation)?;
        self.dismiss_on(conn, services, asker, &card, last_day)?;
        self.show_again(conn, services, card.row.id)
    }

    /// [`Self::dismiss`] once the right and the day were judged.
    pub(super) fn dismiss_on(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        card: &CardInView,
        last_day: NaiveDate,
    ) -> Result<(), ApiError> {
        self.leave(conn, services, asker, card, last_day)?;
        let event = Event::done("employee.dismissed", "employee", card.row.id)
            .in_organization(card.row.organization_id)
            .with(json!({ "before": {}, "after": { "last_day": last_day } }));
        audit::record(conn, &services.context, &asker.journal, event)?;
        letters::tell_of_leaving(conn, services, asker, card, (Left::Dismissed, last_day))?;
        Ok(())
    }

    /// The card as it was looked at, or a conflict with the present one.
    pub(super) fn demand_version(
        &self,
        conn: &mut Conn,
        services: &Services,
        card: &CardInView,
        version: i64,
    ) -> Result<(), ApiError> {
        if version == i64::from(card.row.version) {
            return Ok(());
        }
        Err(cards::conflict(&self.show(conn, services, card)?))
    }

    fn leave(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        card: &CardInView,
        last_day: NaiveDate,
    ) -> Result<(), ApiError> {
        let context = &services.context;
        let lasting = lasting(conn, card, last_day)?;
        if !card_store::bump(conn, card.row.id, card.row.version, context.db_now())? {
            return Err(cards::conflict(&self.show_again(conn, services, card.row.id)?));
        }
        let organization = card.row.organization_id;
        of_organization::end_each(conn, context, &asker.journal, (organization, last_day), &lasting)?;
        listed::note(conn, card.row.id)?;
        Ok(())
    }

    /// Ends every role of a card, and goes on with a card in another organization: the one the same account has
    /// there, or a new one. A new card is bound to that account where ФИО and СНИЛС are the person's still; else
    /// one-time credentials are issued.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `forbidden`, `needs-confirmation`, `version-conflict`,
    /// `validation-failed` with every wrong field; the database fails.
    pub fn transfer(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
        draft: &TransferDraft,
    ) -> Result<SavedEmployee, ApiError> {
        let today = services.context.today();
        let card = self.card(conn, id, today)?;
        self.demand(&card, Action::Transfer)?;
        self.demand_version(conn, services, &card, draft.version)?;
        let place = self.open_place(conn, draft.organization_id, today)?;
        let there = match (&place, card.binding) {
            (Some((organization, _)), Some(bound)) => {
                binding_store::card_in(conn, bound.account, organization.id)?
                    .map(|id| self.card(conn, id.into(), today))
                    .transpose()?
            }
            _ => None,
        };
        let transfer = self
            .judge_transfer(&card, place.as_ref(), there.as_ref(), draft, today)
            .map_err(ApiError::validation)?;
        self.leave(conn, services, asker, &card, transfer.last_day)?;
        let (to, needs_credentials) = match &there {
            Some(there) => (self.go_on(conn, services, asker, there, &transfer.roles)?, false),
            None => self.begin(conn, services, asker, &card, &transfer)?,
        };
        let to = self.card(conn, to.into(), today)?;
        note_transfer(conn, services, asker, (&card, &to), transfer.last_day)?;
        let left = (Left::Transferred(&to.organization), transfer.last_day);
        letters::tell_of_leaving(conn, services, asker, &card, left)?;
        let credentials =
            if needs_credentials { Some(self.issue_credentials(conn, services, asker, &to)?) } else { None };
        Ok(SavedEmployee { card: self.show(conn, services, &to)?, credentials })
    }

    /// Every wrong field of a transfer at once: those that any client sees, and those that rights and the card in the
    /// other organization decide.
    fn judge_transfer(
        &self,
        card: &CardInView,
        place: Option<&(OrganizationRow, Relation)>,
        there: Option<&CardInView>,
        draft: &TransferDraft,
        today: NaiveDate,
    ) -> Result<Transfer, Vec<FieldError>> {
        let parsed = draft.parse(place.map(|(organization, _)| organization.kind), today);
        let mut wrong = Vec::new();
        match place {
            None if draft.organization_id.is_some() => {
                wrong.push(MoveError::OrganizationUnknown.at("organization_id"));
            }
            None => {}
            Some((organization, _)) if organization.id == card.row.organization_id => {
                wrong.push(MoveError::SameOrganization.at("organization_id"));
            }
            Some((organization, relation)) => {
                let known = there.map(CardInView::targets).unwrap_or_default();
                for (number, role) in draft.roles.iter().enumerate() {
                    if let Some(role) = role.role.filter(|role| role.fits(organization.kind)) {
                        let targets = [known.as_slice(), &[role]].concat();
                        let verdict = self.verdict(Action::Transfer, &targets, *relation);
                        wrong.extend(cards::role_error(verdict, Verdict::Allowed, number));
                    }
                }
                if let Ok(transfer) = &parsed {
                    let days = transfer.roles.iter().enumerate().map(|(number, role)| (number, role.period));
                    wrong.extend(cards::beyond_closing(organization, days));
                    wrong.extend(there.into_iter().flat_map(|there| on_card_already(there, &transfer.roles)));
                }
            }
        }
        match parsed {
            Ok(transfer) if wrong.is_empty() => Ok(transfer),
            Ok(_) => Err(wrong),
            Err(mut errors) => {
                errors.extend(wrong);
                errors.sort_by_key(|error| cards::place_in_form(&error.field));
                Err(errors)
            }
        }
    }

    /// Adds the roles to the card that the person has there.
    fn go_on(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        there: &CardInView,
        roles: &[RoleInput],
    ) -> Result<Id, ApiError> {
        let context = &services.context;
        if !card_store::bump(conn, there.row.id, there.row.version, context.db_now())? {
            return Err(cards::conflict(&self.show_again(conn, services, there.row.id)?));
        }
        cards::add_roles(conn, services, asker, there, roles.iter())?;
        listed::note(conn, there.row.id)?;
        Ok(there.row.id)
    }

    /// Creates the card there. Answers whether it needs one-time credentials: it is not bound.
    fn begin(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        card: &CardInView,
        transfer: &Transfer,
    ) -> Result<(Id, bool), ApiError> {
        let new = NewEmployee {
            organization_id: transfer.organization_id,
            person: card.row.person(services.context.secrets())?,
            roles: transfer.roles.clone(),
            // What one organization noted of a person is not the other's.
            note: String::new(),
        };
        let (id, login) = cards::create(conn, &services.context, &new, None)?;
        let to = (Id::from(id), Id::from(new.organization_id));
        cards::note_created(conn, services, asker, (to.0, &login), &new, false)?;
        let is_bound = follow(conn, services, asker, card, to, &new.person)?;
        cards::note_saved(conn, services, &asker.journal, to, &new.person, is_bound)?;
        Ok((to.0, !is_bound))
    }
}

/// The roles of a card that a last day would end or take back.
pub(super) fn lasting(
    conn: &mut Conn,
    card: &CardInView,
    last_day: NaiveDate,
) -> Result<Vec<AssignmentRow>, ApiError> {
    let (lasting, kept): (Vec<_>, Vec<_>) = card_store::roles_of(conn, card.row.id)?
        .into_iter()
        .partition(|role| role.ends_on.is_none_or(|end| last_day < end));
    let wrong = |error: MoveError| Err(ApiError::validation(vec![error.at("last_day")]));
    if lasting.is_empty() {
        return wrong(MoveError::NothingEnds);
    }
    // A card without any role would be nobody's but support's.
    if kept.is_empty() && lasting.iter().all(|role| last_day < role.starts_on) {
        return wrong(MoveError::NothingLeft);
    }
    Ok(lasting)
}

/// Roles that the card in the other organization has on the same days.
fn on_card_already(there: &CardInView, roles: &[RoleInput]) -> Vec<FieldError> {
    let twice = |role: &RoleInput| {
        there.roles.iter().any(|known| known.role == role.role && known.period.overlaps(&role.period))
    };
    let mut wrong: Vec<FieldError> = roles
        .iter()
        .enumerate()
        .filter(|(_, role)| twice(role))
        .map(|(number, _)| CardError::RoleTwice.at(format!("roles/{number}/role")))
        .collect();
    if there.roles.len() + roles.len() > MAX_ROLES {
        wrong.push(CardError::TooManyRoles.at("roles"));
    }
    wrong
}

/// Binds the new card to the account of the old one, where it is the same person's still: by what anybody's claim to
/// the card would be judged, ФИО and СНИЛС.
fn follow(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: &CardInView,
    (to, organization): (Id, Id),
    person: &Person,
) -> Result<bool, ApiError> {
    let Some(bound) = card.binding else { return Ok(false) };
    let Some(holder) = accounts::holder(conn, &services.context, bound.account)? else { return Ok(false) };
    if !holder.name.matches(&person.name) || !agree(holder.snils.as_ref(), person.snils.as_ref()) {
        return Ok(false);
    }
    binding_store::bind(conn, &services.context, bound.account, to)?;
    let event = Event::done("binding.created", "employee", to)
        .in_organization(organization)
        .with(json!({ "account": bound.account.to_string(), "followed": card.row.id.to_string() }));
    audit::record(conn, &services.context, &asker.journal, event)?;
    Ok(true)
}

/// Both cards know of each other in the journal.
fn note_transfer(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    (from, to): (&CardInView, &CardInView),
    last_day: NaiveDate,
) -> Result<(), ApiError> {
    let sides = [("employee.transferred", from, to), ("employee.received", to, from)];
    for (action, own, other) in sides {
        let event = Event::done(action, "employee", own.row.id)
            .in_organization(own.row.organization_id)
            .with(json!({
                "before": { "organization": from.organization.short_name },
                "after": { "organization": to.organization.short_name, "last_day": last_day },
                "other": other.row.id.to_string(),
            }));
        audit::record(conn, &services.context, &asker.journal, event)?;
    }
    Ok(())
}

impl CardInView {
    /// Whether it is a head's: the department is told of what becomes of it.
    pub(super) fn is_heads(&self) -> bool {
        self.targets().into_iter().any(|role| standing(role) == Standing::Head)
    }
}
