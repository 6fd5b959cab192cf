//! The queue as it is read: each sees the proposals of the organizations in his view.

use std::collections::HashMap;

use epos_shared::api::organizations::OrganizationSummary;
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};
use epos_shared::api::proposals::{
    Proposal, ProposalCount, ProposalDetails, ProposalDraft, ProposalQuery, ProposalState, ProposedField,
    changed_fields, new_fields,
};
use epos_shared::problem::ProblemCode;
use epos_shared::rights::{Action, Relation, Verdict, works_in_kontingent};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{FullName, RoleState, format_date, parse_date};

use super::store::{self, Filter, Row};
use super::{CURSORS, Payload, draft_of};
use crate::app::Services;
use crate::cursor::{cut, start};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::kontingent::actor::StaffOf;
use crate::kontingent::view::CardInView;
use crate::kontingent::{binding_store, card_store, list};
use crate::organizations::{self, Scope};

/// Rows counted for the menu at most.
const COUNTED: i64 = 101;

impl StaffOf<'_> {
    /// A page of the queue, the oldest first.
    ///
    /// # Errors
    /// `malformed-parameter`, `invalid-cursor`; the database fails.
    pub(super) fn proposals(
        &self,
        conn: &mut Conn,
        services: &Services,
        query: &ProposalQuery,
    ) -> Result<Page<Proposal>, ApiError> {
        let limit = list::limit(query.limit)?;
        let filter = Filter {
            organization: query.organization.map(Id::from),
            ..self.in_queue(query.state.unwrap_or(ProposalState::Waiting))
        };
        let from = start(query.after.as_ref(), query.before.as_ref(), |cursor| CURSORS.read(cursor))?;
        let page = cut(&from, store::list(conn, &filter, &from, limit + 1)?, limit);
        let at = |row: &Row| CURSORS.write((row.created_at, row.id));
        let (next, previous) = (page.next(at), page.previous(at));
        let total = Total::of(store::count(conn, &filter, i64::from(EXACT_COUNT_LIMIT) + 1)?);
        Ok(Page { items: self.shown_proposals(conn, services, page.rows)?, total, next, previous })
    }

    /// How many wait.
    ///
    /// # Errors
    /// The database fails.
    pub(super) fn count_proposals(&self, conn: &mut Conn) -> Result<ProposalCount, ApiError> {
        Ok(ProposalCount { waiting: self.count_confirmations(conn, COUNTED)? })
    }

    /// How many proposals in view wait, counted up to a limit.
    ///
    /// # Errors
    /// The database fails.
    pub fn count_confirmations(&self, conn: &mut Conn, limit: i64) -> Result<u32, DbError> {
        Ok(store::count(conn, &self.in_queue(ProposalState::Waiting), limit)?)
    }

    fn in_queue(&self, state: ProposalState) -> Filter {
        Filter { scope: self.scope(), state, organization: None, kind: self.only_kind() }
    }

    /// The only kind of organizations whose heads the viewer keeps below himself, where there is one alone.
    fn only_kind(&self) -> Option<OrganizationKind> {
        if !matches!(self.scope(), Scope::Below(_)) {
            return None;
        }
        let keeps = |role: Role| self.verdict(Action::EditPerson, &[role], Relation::Below).is_allowed();
        let mut kinds = OrganizationKind::ALL.into_iter().filter(|kind| Role::fitting(*kind).any(keeps));
        let first = kinds.next();
        first.filter(|_| kinds.next().is_none())
    }

    fn shown_proposals(
        &self,
        conn: &mut Conn,
        services: &Services,
        rows: Vec<Row>,
    ) -> Result<Vec<Proposal>, ApiError> {
        let mut places: Vec<Id> = rows.iter().map(|row| row.organization_id).collect();
        places.sort_unstable();
        places.dedup();
        let found = organizations::find_all(conn, &places)?;
        let organizations: HashMap<Id, OrganizationSummary> =
            found.into_iter().map(|organization| (organization.id, organization.summary())).collect();
        let mut cards: Vec<Id> =
            rows.iter().flat_map(|row| [row.employee_id, Some(row.author_employee_id)]).flatten().collect();
        cards.sort_unstable();
        cards.dedup();
        let names = self.names_of_cards(conn, &cards)?;
        let name = |card: Id| names.get(&card).filter(|card| card.in_view).map(|card| card.name.clone());
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(organization) = organizations.get(&row.organization_id) else { continue };
            let state = row.state()?;
            items.push(Proposal {
                id: row.id.into(),
                kind: row.kind()?,
                state,
                organization: organization.clone(),
                employee_id: row.employee_id.map(Into::into),
                name: match row.employee_id {
                    Some(card) => name(card),
                    None if state == ProposalState::Waiting => name_of_new(&Payload::of(services, &row)?),
                    None => None,
                },
                author: name(row.author_employee_id).unwrap_or_else(|| "сотрудник организации".to_owned()),
                created_at: row.created_at.and_utc(),
                decided_at: row.decided_at.map(|at| at.and_utc()),
                reason: row.reason,
            });
        }
        Ok(items)
    }

    /// A proposal in view.
    pub(super) fn proposal(
        &self,
        conn: &mut Conn,
        services: &Services,
        id: Id,
    ) -> Result<Proposal, ApiError> {
        let row = store::find(conn, self.scope(), id)?.ok_or(ProblemCode::NotFound)?;
        self.shown_proposals(conn, services, vec![row])?.pop().ok_or_else(|| ProblemCode::NotFound.into())
    }

    /// A proposal with what it changes, as it is on the card now.
    ///
    /// # Errors
    /// `not-found`; the database fails.
    pub(super) fn proposal_details(
        &self,
        conn: &mut Conn,
        services: &Services,
        id: Id,
    ) -> Result<ProposalDetails, ApiError> {
        let row = store::find(conn, self.scope(), id)?.ok_or(ProblemCode::NotFound)?;
        let mut details = ProposalDetails {
            proposal: self.proposal(conn, services, id)?,
            fields: Vec::new(),
            card_version: None,
            changed_since: false,
            author_works: author_works(conn, services, &row)?,
            may_approve: false,
            may_decline: false,
            may_withdraw: false,
        };
        if row.state()? != ProposalState::Waiting {
            return Ok(details);
        }
        let payload = Payload::of(services, &row)?;
        let card = self.card_of(conn, services, &row)?;
        let verdict = self.verdict_on(conn, services, (&row, &payload), card.as_ref())?;
        let decides = verdict == Verdict::Allowed && row.author_account_id != self.account();
        details.may_decline = decides;
        details.may_approve = decides
            && match &card {
                Some(card) => card.row.archived_at.is_none(),
                None => {
                    let place = Some(row.organization_id.into());
                    self.open_place(conn, place, services.context.today())?.is_some()
                }
            };
        details.may_withdraw = self.may_withdraw(&row, verdict);
        match card {
            None => {
                if let ProposalDraft::Create { draft } = &payload.draft {
                    details.fields = new_fields(draft);
                }
            }
            Some(card) => {
                let now = draft_of(&card, &card.row.person(services.context.secrets())?);
                details.card_version = Some(now.version);
                let before = payload.before.as_ref().unwrap_or(&now);
                details.changed_since = before.version != now.version;
                details.fields = match &payload.draft {
                    ProposalDraft::Save { draft, .. } => changed_fields(before, draft, &now),
                    other => fate(other, &card),
                };
            }
        }
        Ok(details)
    }
}

/// ФИО on a card that is to be made.
fn name_of_new(payload: &Payload) -> Option<String> {
    let ProposalDraft::Create { draft } = &payload.draft else { return None };
    let person = &draft.person;
    let patronymic = if person.no_patronymic { None } else { Some(person.patronymic.parse().ok()?) };
    let name = FullName {
        family_name: person.family_name.parse().ok()?,
        given_name: person.given_name.parse().ok()?,
        patronymic,
    };
    Some(name.to_string())
}

/// What becomes of a card by a proposal that changes it as a whole.
fn fate(draft: &ProposalDraft, card: &CardInView) -> Vec<ProposedField> {
    let field = |label: &str, now: &str, proposed: &str| ProposedField {
        label: label.to_owned(),
        was: now.to_owned(),
        now: now.to_owned(),
        proposed: proposed.to_owned(),
    };
    match draft {
        ProposalDraft::Unbind { .. } => {
            let now = if card.binding.is_some() { "привязана" } else { "не привязана" };
            vec![field("Учётная запись", now, "не привязана")]
        }
        ProposalDraft::Dismiss { draft, .. } => {
            let Ok(day) = parse_date(&draft.last_day) else { return Vec::new() };
            let roles = card.roles.iter().filter(|role| role.state != RoleState::Ended);
            let ends = roles.filter(|role| role.period.end().is_none_or(|end| day < end)).map(|role| {
                let now = match role.period.end() {
                    Some(end) => format!("по {}", format_date(end)),
                    None => "бессрочно".to_owned(),
                };
                let proposed = if day < role.period.start() {
                    "не начнётся".to_owned()
                } else {
                    format!("по {}", format_date(day))
                };
                field(role.role.title(), &now, &proposed)
            });
            let mut fields = vec![field("Последний рабочий день", "", &format_date(day))];
            fields.extend(ends);
            fields
        }
        _ => {
            let now = if card.row.archived_at.is_some() { "в архиве" } else { "в списке" };
            vec![field("Карточка", now, "в архиве")]
        }
    }
}

/// Whether the author still works in «Контингент» of the organization by the card he has proposed as.
fn author_works(conn: &mut Conn, services: &Services, row: &Row) -> Result<bool, ApiError> {
    let Some(card) = card_store::find(conn, row.author_employee_id)? else { return Ok(false) };
    let bound = binding_store::of_card(conn, card.id)?;
    let is_his = bound.is_some_and(|bound| bound.account == row.author_account_id);
    if card.archived_at.is_some() || card.organization_id != row.organization_id || !is_his {
        return Ok(false);
    }
    let roles = list::assignments(&card_store::roles_of(conn, card.id)?, services.context.today())?;
    Ok(roles.iter().any(|role| role.state == RoleState::InForce && works_in_kontingent(role.role)))
}
