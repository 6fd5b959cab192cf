//! Proposals in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::proposals::{ProposalKind, ProposalState};
use epos_shared::roles::OrganizationKind;

use crate::cursor::{From, MomentPlace, oldest_first};
use crate::db::schema::{organizations, proposals as t};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend, corrupt};
use crate::organizations::{Scope, descendants_of};

const WAITING: &str = ProposalState::Waiting.as_str();
/// The states of a proposal that is over.
const OVER: [&str; 3] =
    [ProposalState::Approved.as_str(), ProposalState::Declined.as_str(), ProposalState::Withdrawn.as_str()];

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct Row {
    pub(super) id: Id,
    kind: String,
    state: String,
    pub(super) organization_id: Id,
    pub(super) employee_id: Option<Id>,
    pub(super) author_account_id: Id,
    pub(super) author_employee_id: Id,
    pub(super) payload: Option<String>,
    pub(super) created_at: NaiveDateTime,
    pub(super) decided_at: Option<NaiveDateTime>,
    pub(super) reason: Option<String>,
}

impl Row {
    pub(super) fn kind(&self) -> QueryResult<ProposalKind> {
        ProposalKind::from_wire(&self.kind).ok_or_else(|| corrupt("a kind of proposal"))
    }

    pub(super) fn state(&self) -> QueryResult<ProposalState> {
        ProposalState::from_wire(&self.state).ok_or_else(|| corrupt("a state of a proposal"))
    }
}

/// A proposal to be made.
#[derive(Debug)]
pub(super) struct New {
    pub(super) id: Id,
    pub(super) kind: ProposalKind,
    pub(super) organization: Id,
    pub(super) card: Option<Id>,
    /// The account, and the card it works as.
    pub(super) author: (Id, Id),
    /// Sealed.
    pub(super) payload: String,
    pub(super) now: NaiveDateTime,
}

pub(super) fn insert(conn: &mut Conn, new: &New) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values((
            t::id.eq(new.id),
            t::kind.eq(new.kind.as_str()),
            t::state.eq(WAITING),
            t::organization_id.eq(new.organization),
            t::employee_id.eq(new.card),
            t::author_account_id.eq(new.author.0),
            t::author_employee_id.eq(new.author.1),
            t::payload.eq(&new.payload),
            t::created_at.eq(new.now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The proposal of a kind that waits at a card.
pub(super) fn waiting_of_kind(conn: &mut Conn, card: Id, kind: ProposalKind) -> QueryResult<Option<Id>> {
    t::table
        .filter(t::employee_id.eq(card))
        .filter(t::kind.eq(kind.as_str()))
        .filter(t::state.eq(WAITING))
        .select(t::id)
        .first(conn)
        .optional()
}

/// Whatever waits at a card.
pub(super) fn waiting_of(conn: &mut Conn, card: Id) -> QueryResult<Vec<Row>> {
    t::table
        .filter(t::employee_id.eq(card))
        .filter(t::state.eq(WAITING))
        .order((t::created_at, t::id))
        .select(Row::as_select())
        .load(conn)
}

/// Ends a proposal that waits, and wipes what it holds; false where it waits no more.
pub(super) fn end(
    conn: &mut Conn,
    id: Id,
    state: ProposalState,
    reason: Option<&str>,
    (by, now): (Id, NaiveDateTime),
) -> QueryResult<bool> {
    let ended = diesel::update(t::table.find(id).filter(t::state.eq(WAITING)))
        .set((
            t::state.eq(state.as_str()),
            t::payload.eq(None::<String>),
            t::reason.eq(reason),
            t::decided_at.eq(now),
            t::decided_by_account_id.eq(by),
        ))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Notes the card that an approved proposal has made.
pub(super) fn note_card(conn: &mut Conn, id: Id, card: Id) -> QueryResult<()> {
    diesel::update(t::table.find(id)).set(t::employee_id.eq(card)).execute(conn)?;
    Ok(())
}

/// Which proposals are listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    pub(super) scope: Scope,
    pub(super) state: ProposalState,
    pub(super) organization: Option<Id>,
    /// Organizations of this kind alone, where the viewer keeps no others.
    pub(super) kind: Option<OrganizationKind>,
}

fn in_scope(scope: Scope) -> t::BoxedQuery<'static, MultiBackend> {
    let query = t::table.into_boxed();
    match scope {
        Scope::All => query,
        Scope::Below(top) => query.filter(t::organization_id.eq_any(descendants_of(top))),
        Scope::Only(id) => query.filter(t::organization_id.eq(id)),
    }
}

impl Filter {
    fn query(&self) -> t::BoxedQuery<'static, MultiBackend> {
        let mut query = in_scope(self.scope).filter(t::state.eq(self.state.as_str()));
        if let Some(organization) = self.organization {
            query = query.filter(t::organization_id.eq(organization));
        }
        if let Some(kind) = self.kind {
            let of_kind =
                organizations::table.filter(organizations::kind.eq(kind.as_str())).select(organizations::id);
            query = query.filter(t::organization_id.eq_any(of_kind));
        }
        query
    }
}

/// A proposal in scope.
pub(super) fn find(conn: &mut Conn, scope: Scope, id: Id) -> QueryResult<Option<Row>> {
    in_scope(scope).filter(t::id.eq(id)).select(Row::as_select()).first(conn).optional()
}

/// Proposals from a place on (that one left out), the oldest first, or backwards from it.
pub(super) fn list(
    conn: &mut Conn,
    filter: &Filter,
    from: &From<MomentPlace>,
    limit: usize,
) -> QueryResult<Vec<Row>> {
    oldest_first!(t, filter.query(), from, limit).select(Row::as_select()).load(conn)
}

/// How many there are, counted up to a limit.
pub(super) fn count(conn: &mut Conn, filter: &Filter, limit: i64) -> QueryResult<u32> {
    let ids: Vec<Id> = filter.query().select(t::id).limit(limit).load(conn)?;
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

/// Removes proposals that ended before a moment.
pub(super) fn remove_ended(conn: &mut Conn, before: NaiveDateTime, limit: i64) -> QueryResult<usize> {
    let ids: Vec<Id> = t::table
        .filter(t::state.eq_any(OVER))
        .filter(t::decided_at.lt(before))
        .limit(limit)
        .select(t::id)
        .load(conn)?;
    diesel::delete(t::table.filter(t::id.eq_any(ids)).filter(t::state.eq_any(OVER))).execute(conn)
}
