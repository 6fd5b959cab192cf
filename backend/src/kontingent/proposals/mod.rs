//! «На подтверждение» (screens.md 18): what a specialist changes on a head's card waits here until whoever may do it
//! himself approves it, and so does it by his own rights, or declines it.

mod letters;
mod queue;
mod routes;
mod store;

use chrono::TimeDelta;
use diesel::result::QueryResult;
use epos_shared::api::employees::{
    EmployeeDraft, NewEmployeeDraft, Person, PersonDraft, RoleDraft, RoleInput,
};
use epos_shared::api::proposals::{Proposal, ProposalDraft, ProposalState, WaitingProposal, onto};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::rights::{Action, Verdict};
use epos_shared::values::parse_date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::actor::{Asker, StaffOf};
use super::moves;
use super::view::{CardInView, refuse};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::cursor::ByMoment;
use crate::db::types::Id;
use crate::db::{Conn, DbError, corrupt};
use crate::error::ApiError;
use crate::organizations::{OrganizationRow, Scope};

pub(super) use routes::routes;
use store::{Filter, New, Row};

/// No other list's cursors begin so.
const CURSORS: ByMoment<2> = ByMoment([1, 140]);
/// Proposals that are over go after so many days; the journal keeps what became of them.
const KEPT_DAYS: i64 = 90;
/// Rows removed in one transaction at most.
const SWEPT: i64 = 500;
/// So many proposals of one organization wait at most.
const WAITING_MOST: u32 = 100;
/// The reason, in the journal, of a proposal that a newer one has replaced, and of one whose card is gone.
const REPLACED: &str = "replaced";
const ARCHIVED: &str = "card-archived";

/// What a proposal holds: the request with every value in its one form, and the card as its author saw it.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    draft: ProposalDraft,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<EmployeeDraft>,
}

impl Payload {
    fn of(services: &Services, row: &Row) -> Result<Self, ApiError> {
        let sealed = row.payload.as_deref().ok_or(ProblemCode::AlreadyDecided)?;
        let text = services.context.secrets().open_proposal(row.id, sealed);
        let payload = text.and_then(|text| serde_json::from_slice(&text).ok());
        Ok(payload.ok_or_else(|| corrupt("a proposal"))?)
    }
}

/// What waits at a card.
pub(super) fn waiting_of(conn: &mut Conn, card: Id) -> QueryResult<Vec<WaitingProposal>> {
    let shown = |row: Row| {
        Ok(WaitingProposal { id: row.id.into(), kind: row.kind()?, created_at: row.created_at.and_utc() })
    };
    store::waiting_of(conn, card)?.into_iter().map(shown).collect()
}

/// Ends whatever waits at a card that goes into the archive.
pub(super) fn end_of_card(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    (card, organization): (Id, Id),
) -> Result<(), DbError> {
    let now = services.context.db_now();
    for row in store::waiting_of(conn, card)? {
        store::end(conn, row.id, ProposalState::Withdrawn, None, (asker.account, now))?;
        let event = Event::done("proposal.withdrawn", "employee", card)
            .in_organization(organization)
            .with(json!({ "kind": row.kind()?, "reason": ARCHIVED }));
        audit::record(conn, &services.context, &asker.journal, event)?;
    }
    Ok(())
}

/// Removes proposals that ended long ago; answers how many.
///
/// # Errors
/// The database fails.
pub fn sweep_proposals(conn: &mut Conn, services: &Services) -> Result<usize, DbError> {
    let before = services.context.db_now() - TimeDelta::days(KEPT_DAYS);
    Ok(store::remove_ended(conn, before, SWEPT)?)
}

/// A card as the form would send it.
fn draft_of(card: &CardInView, person: &Person) -> EmployeeDraft {
    let roles: Vec<RoleInput> = card
        .roles
        .iter()
        .map(|role| RoleInput { id: Some(role.id), role: role.role, period: role.period })
        .collect();
    EmployeeDraft::of(i64::from(card.row.version), person, &roles, &card.row.note)
}

fn pointless(detail: &str) -> ApiError {
    Problem::new(ProblemCode::ValidationFailed).with_detail(detail).into()
}

/// A request that was judged as one to be proposed.
struct Judged {
    organization: OrganizationRow,
    card: Option<Id>,
    verdict: Verdict,
    payload: Payload,
}

impl StaffOf<'_> {
    /// Puts a change of a head's card into the queue; one of the same kind that waits at the card is replaced.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `version-conflict`, `forbidden`, `validation-failed` (also where it could
    /// be done at once); the database fails.
    fn propose(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        draft: &ProposalDraft,
    ) -> Result<Proposal, ApiError> {
        let Judged { organization, card, verdict, payload } = self.judge_proposal(conn, services, draft)?;
        match verdict {
            Verdict::NeedsConfirmation => {}
            Verdict::Allowed => return Err(pointless("Подтверждение не нужно: это можно сделать сразу.")),
            Verdict::Denied => refuse(verdict)?,
        }
        let (context, kind) = (&services.context, draft.kind());
        let now = context.db_now();
        if let Some(card) = card
            && let Some(older) = store::waiting_of_kind(conn, card, kind)?
        {
            store::end(conn, older, ProposalState::Withdrawn, None, (asker.account, now))?;
            let event = Event::done("proposal.withdrawn", "employee", card)
                .in_organization(organization.id)
                .with(json!({ "kind": kind, "reason": REPLACED }));
            audit::record(conn, context, &asker.journal, event)?;
        }
        // A card has one proposal of a kind; new cards could be proposed without end.
        let waiting = Filter {
            scope: Scope::Only(organization.id),
            state: ProposalState::Waiting,
            organization: None,
            kind: None,
        };
        if card.is_none() && store::count(conn, &waiting, i64::from(WAITING_MOST))? >= WAITING_MOST {
            return Err(Problem::new(ProblemCode::TooManyRequests)
                .with_detail("Управление ещё не ответило на сто предложений вашей организации. Дождитесь ответа или отзовите лишние.")
                .into());
        }
        let id = context.id();
        let text = serde_json::to_vec(&payload).map_err(ApiError::internal)?;
        let new = New {
            id,
            kind,
            organization: organization.id,
            card,
            author: (self.account(), self.card_id()),
            payload: context.secrets().seal_proposal(id, &text, &context.bytes::<24>()),
            now,
        };
        store::insert(conn, &new)?;
        let event = about("proposal.sent", card, organization.id).with(json!({
            "kind": kind, "before": {}, "after": { "proposal": kind.title() },
        }));
        audit::record(conn, context, &asker.journal, event)?;
        letters::tell_departments(conn, services, &organization, kind)?;
        self.proposal(conn, services, id)
    }

    /// A request as if it were done, but for what needs a confirmation.
    fn judge_proposal(
        &self,
        conn: &mut Conn,
        services: &Services,
        draft: &ProposalDraft,
    ) -> Result<Judged, ApiError> {
        let today = services.context.today();
        let Some(id) = draft.employee() else {
            return self.judge_created(conn, services, draft);
        };
        let card = self.card(conn, id, today)?;
        card.changeable()?;
        let person = card.row.person(services.context.secrets())?;
        let (verdict, draft) = match draft {
            ProposalDraft::Save { draft, .. } => {
                self.demand_version(conn, services, &card, draft.version)?;
                let least = Verdict::NeedsConfirmation;
                let (input, changes, verdict) =
                    self.judge_change_from(&card, &person, draft, today, least)?;
                if changes.is_empty() {
                    return Err(pointless("В карточке ничего не изменено."));
                }
                let draft = EmployeeDraft::of(input.version, &input.person, &input.roles, &input.note);
                (verdict, ProposalDraft::Save { employee_id: id, draft })
            }
            ProposalDraft::Unbind { .. } => {
                if card.binding.is_none() {
                    return Err(pointless("Карточка не привязана к учётной записи."));
                }
                (self.may(&card, Action::Unbind), draft.clone())
            }
            ProposalDraft::Dismiss { draft: dismissal, .. } => {
                self.demand_version(conn, services, &card, dismissal.version)?;
                let last_day = dismissal.parse(today).map_err(ApiError::validation)?;
                moves::lasting(conn, &card, last_day)?;
                (self.may(&card, Action::EndRole), draft.clone())
            }
            ProposalDraft::Archive { .. } | ProposalDraft::Create { .. } => {
                (self.may(&card, Action::Archive), draft.clone())
            }
        };
        let before = Some(draft_of(&card, &person));
        Ok(Judged {
            card: Some(card.row.id),
            organization: card.organization,
            verdict,
            payload: Payload { draft, before },
        })
    }

    fn judge_created(
        &self,
        conn: &mut Conn,
        services: &Services,
        draft: &ProposalDraft,
    ) -> Result<Judged, ApiError> {
        let ProposalDraft::Create { draft } = draft else { return Err(ProblemCode::NotFound.into()) };
        let today = services.context.today();
        let place = self.open_place(conn, draft.organization_id, today)?;
        let known = place.as_ref().map(|(organization, relation)| (organization, *relation));
        let new =
            self.judge_from(draft, known, today, Verdict::NeedsConfirmation).map_err(ApiError::validation)?;
        let Some((organization, relation)) = place else { return Err(ProblemCode::NotFound.into()) };
        let verdicts = new.roles.iter().map(|role| self.verdict(Action::Create, &[role.role], relation));
        let draft = NewEmployeeDraft {
            despite_duplicates: false,
            organization_id: Some(new.organization_id),
            person: PersonDraft::of(&new.person),
            roles: new.roles.iter().map(RoleDraft::of).collect(),
            note: new.note.clone(),
        };
        Ok(Judged {
            verdict: verdicts.min().unwrap_or(Verdict::Denied),
            organization,
            card: None,
            payload: Payload { draft: ProposalDraft::Create { draft }, before: None },
        })
    }

    /// What the matrix says of a proposal to this viewer, whoever has made it.
    fn verdict_on(
        &self,
        conn: &mut Conn,
        services: &Services,
        (row, payload): (&Row, &Payload),
        card: Option<&CardInView>,
    ) -> Result<Verdict, ApiError> {
        let today = services.context.today();
        let Some(card) = card else {
            let ProposalDraft::Create { draft } = &payload.draft else { return Ok(Verdict::Denied) };
            // Where it is now: the organization it was made for may be closed, or joined to another.
            let place = self.organization(conn, row.organization_id)?;
            let Some((_, relation)) = place else { return Ok(Verdict::Denied) };
            let roles = draft.roles.iter().filter_map(|role| role.role);
            let verdicts = roles.map(|role| self.verdict(Action::Create, &[role], relation));
            return Ok(verdicts.min().unwrap_or(Verdict::Denied));
        };
        if card.own {
            return Ok(Verdict::Denied);
        }
        Ok(match &payload.draft {
            ProposalDraft::Save { draft, .. } => {
                let person = card.row.person(services.context.secrets())?;
                let draft = rebased(payload, draft, card, &person);
                match self.judge_change_from(card, &person, &draft, today, Verdict::Denied) {
                    // Somebody has done the same meanwhile: whoever may change the card says so.
                    Ok((_, changes, _)) if changes.is_empty() => self.may(card, Action::EditPerson),
                    Ok((_, _, verdict)) => verdict,
                    // Its values are out of date: rights alone are asked for.
                    Err(_) => self.may(card, Action::EditPerson),
                }
            }
            ProposalDraft::Unbind { .. } => self.may(card, Action::Unbind),
            ProposalDraft::Dismiss { .. } => self.may(card, Action::EndRole),
            ProposalDraft::Archive { .. } | ProposalDraft::Create { .. } => self.may(card, Action::Archive),
        })
    }

    /// Does what is proposed, by the viewer's own rights, to the card as he has looked at it.
    ///
    /// # Errors
    /// `not-found`, `already-decided`, `version-conflict` with what is changed as it is now, `forbidden` (also the own
    /// proposal), and those of the change itself; the database fails.
    fn approve(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: Id,
        card_version: Option<i64>,
    ) -> Result<Proposal, ApiError> {
        let (row, payload) = self.waiting(conn, services, id)?;
        if row.author_account_id == self.account() {
            return Err(Problem::new(ProblemCode::Forbidden)
                .with_detail("Своё предложение подтверждает другой человек.")
                .into());
        }
        let card = match row.employee_id {
            None => None,
            Some(card) => Some(self.card(conn, card.into(), services.context.today())?),
        };
        if card.as_ref().map(|card| i64::from(card.row.version)) != card_version {
            let present = self.proposal_details(conn, services, id)?;
            return Err(Problem {
                current: serde_json::to_value(&present).ok(),
                ..Problem::new(ProblemCode::VersionConflict)
                    .with_detail("Карточка изменилась, пока вы читали: посмотрите, что в ней теперь.")
            }
            .into());
        }
        // Asked for itself: what changes nothing any more would be refused to nobody.
        refuse(self.verdict_on(conn, services, (&row, &payload), card.as_ref())?)?;
        // Ended first: what is done to the card may end whatever waits at it.
        let done = (asker.account, services.context.db_now());
        if !store::end(conn, id, ProposalState::Approved, None, done)? {
            return Err(ProblemCode::AlreadyDecided.into());
        }
        let made = self.carry_out(conn, services, asker, (&row, &payload), card.as_ref())?;
        if row.employee_id.is_none() {
            store::note_card(conn, id, made)?;
        }
        let author = self.names_of_cards(conn, &[row.author_employee_id])?;
        let author = author.get(&row.author_employee_id).map(|card| card.name.clone());
        let event = about("proposal.approved", Some(made), row.organization_id).with(json!({
            "kind": row.kind()?,
            "proposed_by": author,
            "proposed_by_account": row.author_account_id.to_string(),
        }));
        audit::record(conn, &services.context, &asker.journal, event)?;
        letters::tell_author(conn, services, &row, (ProposalState::Approved, None, Some(made)))?;
        self.proposal(conn, services, id)
    }

    /// The change itself, by its ordinary way. Answers the card.
    fn carry_out(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        (row, payload): (&Row, &Payload),
        card: Option<&CardInView>,
    ) -> Result<Id, ApiError> {
        let Some(card) = card else {
            let ProposalDraft::Create { draft } = &payload.draft else {
                return Err(ProblemCode::NotFound.into());
            };
            let draft =
                NewEmployeeDraft { organization_id: Some(row.organization_id.into()), ..draft.clone() };
            // Who hands the password over issues it.
            return Ok(self.create_quietly(conn, services, asker, &draft, None)?.into());
        };
        let id: EmployeeId = card.row.id.into();
        match &payload.draft {
            ProposalDraft::Save { draft, .. } => {
                let person = card.row.person(services.context.secrets())?;
                let draft = rebased(payload, draft, card, &person);
                self.save_quietly(conn, services, asker, id, &draft)?;
            }
            ProposalDraft::Unbind { .. } => {
                self.unbind(conn, services, asker, id)?;
            }
            ProposalDraft::Dismiss { draft, .. } => {
                self.demand(card, Action::EndRole)?;
                // It was early enough when it was sent.
                let last_day = parse_date(&draft.last_day).map_err(ApiError::internal)?;
                self.dismiss_on(conn, services, asker, card, last_day)?;
            }
            ProposalDraft::Archive { .. } | ProposalDraft::Create { .. } => {
                self.archive(conn, services, asker, id)?;
            }
        }
        Ok(card.row.id)
    }

    /// Declines a proposal, with a reason that its author is told.
    ///
    /// # Errors
    /// `not-found`, `already-decided`, `forbidden`, `needs-confirmation`, `own-card`; the database fails.
    fn decline(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: Id,
        reason: &str,
    ) -> Result<Proposal, ApiError> {
        let (row, payload) = self.waiting(conn, services, id)?;
        if row.author_account_id == self.account() {
            return Err(Problem::new(ProblemCode::Forbidden)
                .with_detail("Своё предложение не отклоняют, а отзывают.")
                .into());
        }
        let card = self.card_of(conn, services, &row)?;
        refuse(self.verdict_on(conn, services, (&row, &payload), card.as_ref())?)?;
        self.finish(conn, services, asker, &row, (ProposalState::Declined, Some(reason)))?;
        letters::tell_author(conn, services, &row, (ProposalState::Declined, Some(reason), None))?;
        self.proposal(conn, services, id)
    }

    /// Takes a proposal back: its author, or whoever could have made it.
    ///
    /// # Errors
    /// `not-found`, `already-decided`, `forbidden`; the database fails.
    fn withdraw(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: Id,
    ) -> Result<Proposal, ApiError> {
        let (row, payload) = self.waiting(conn, services, id)?;
        let card = self.card_of(conn, services, &row)?;
        let verdict = self.verdict_on(conn, services, (&row, &payload), card.as_ref())?;
        if !self.may_withdraw(&row, verdict) {
            return Err(Problem::new(ProblemCode::Forbidden)
                .with_detail("Отзывает тот, кто предложил, или другой специалист этой организации.")
                .into());
        }
        self.finish(conn, services, asker, &row, (ProposalState::Withdrawn, None))?;
        self.proposal(conn, services, id)
    }

    fn may_withdraw(&self, row: &Row, verdict: Verdict) -> bool {
        row.author_account_id == self.account()
            || (row.organization_id == self.own_organization() && verdict == Verdict::NeedsConfirmation)
    }

    fn finish(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        row: &Row,
        (state, reason): (ProposalState, Option<&str>),
    ) -> Result<(), ApiError> {
        let context = &services.context;
        if !store::end(conn, row.id, state, reason, (asker.account, context.db_now()))? {
            return Err(ProblemCode::AlreadyDecided.into());
        }
        let action =
            if state == ProposalState::Declined { "proposal.declined" } else { "proposal.withdrawn" };
        let event = about(action, row.employee_id, row.organization_id)
            .with(json!({ "kind": row.kind()?, "reason": reason }));
        Ok(audit::record(conn, context, &asker.journal, event)?)
    }

    /// A proposal in view that waits, with what it holds.
    fn waiting(&self, conn: &mut Conn, services: &Services, id: Id) -> Result<(Row, Payload), ApiError> {
        let row = store::find(conn, self.scope(), id)?.ok_or(ProblemCode::NotFound)?;
        if row.state()? != ProposalState::Waiting {
            return Err(ProblemCode::AlreadyDecided.into());
        }
        let payload = Payload::of(services, &row)?;
        Ok((row, payload))
    }

    /// The card of a proposal, where it has one that is in view.
    fn card_of(
        &self,
        conn: &mut Conn,
        services: &Services,
        row: &Row,
    ) -> Result<Option<CardInView>, ApiError> {
        let Some(id) = row.employee_id else { return Ok(None) };
        self.card(conn, id.into(), services.context.today()).map(Some)
    }
}

/// A proposed card, put onto the card as it is now.
fn rebased(payload: &Payload, draft: &EmployeeDraft, card: &CardInView, person: &Person) -> EmployeeDraft {
    let now = draft_of(card, person);
    match &payload.before {
        Some(before) => onto(before, draft, &now),
        None => EmployeeDraft { version: now.version, ..draft.clone() },
    }
}

/// An entry of the journal about a card, or about the organization where there is none yet.
fn about(action: &'static str, card: Option<Id>, organization: Id) -> Event {
    match card {
        Some(card) => Event::done(action, "employee", card),
        None => Event::done(action, "organization", organization),
    }
    .in_organization(organization)
}
