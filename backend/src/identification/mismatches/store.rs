//! The rows of the queue in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::mismatches::{MismatchKind, MismatchState};
use epos_shared::search::search_key;
use epos_shared::values::{Email, FullName, Snils};

use super::Claim;
use crate::context::{Context, Secrets};
use crate::cursor::{From, MomentPlace, oldest_first};
use crate::db::schema::{mismatches as t, organizations};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend, Unique, broken_unique, corrupt, full_name};
use crate::organizations::{Scope, descendants_of};

/// The states of a row that is not ended.
const OPEN: [&str; 2] = [MismatchState::Waiting.as_str(), MismatchState::Corrected.as_str()];
/// The states of one that is.
const ENDED: [&str; 2] = [MismatchState::Settled.as_str(), MismatchState::Declined.as_str()];
/// Rows of one address, card or person at most that are looked at.
const MOST: i64 = 200;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct Row {
    pub id: Id,
    kind: String,
    state: String,
    pub organization_id: Option<Id>,
    pub employee_id: Option<Id>,
    family_name: String,
    given_name: String,
    patronymic: Option<String>,
    pub email: Option<String>,
    pub email_key: Option<String>,
    snils: Option<String>,
    pub created_at: NaiveDateTime,
    pub corrected_at: Option<NaiveDateTime>,
    pub decided_at: Option<NaiveDateTime>,
    pub reason: Option<String>,
    pub version: i32,
}

impl Row {
    pub(super) fn name(&self) -> QueryResult<FullName> {
        full_name(&self.family_name, &self.given_name, self.patronymic.as_deref())
    }

    pub(super) fn kind(&self) -> QueryResult<MismatchKind> {
        MismatchKind::from_wire(&self.kind).ok_or_else(|| corrupt("a kind of mismatch"))
    }

    pub(super) fn state(&self) -> QueryResult<MismatchState> {
        MismatchState::from_wire(&self.state).ok_or_else(|| corrupt("a state of a mismatch"))
    }

    pub(super) fn snils(&self, secrets: &Secrets) -> QueryResult<Option<Snils>> {
        let open = |sealed: &str| secrets.open_snils(self.id, sealed).ok_or_else(|| corrupt("СНИЛС"));
        self.snils.as_deref().map(open).transpose()
    }
}

/// A row to be made.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub kind: MismatchKind,
    pub organization: Option<Id>,
    pub oid: Option<&'a str>,
    pub account: Option<Id>,
    pub card: Option<Id>,
    pub name: &'a FullName,
    pub email: Option<&'a Email>,
    pub snils: Option<&'a Snils>,
    pub has_consented: bool,
}

/// Makes a row; nothing where the person has an open one in that organization.
pub(super) fn insert(conn: &mut Conn, context: &Context, new: &New<'_>) -> QueryResult<Option<Id>> {
    let (id, now) = (context.id(), context.db_now());
    let seal = |snils: &Snils| context.secrets().seal_snils(id, snils, &context.bytes::<24>());
    // A savepoint: on PostgreSQL a refused statement kills what is around it.
    let inserted = conn.transaction(|conn| {
        diesel::insert_into(t::table)
            .values((
                (t::id.eq(id), t::kind.eq(new.kind.as_str()), t::state.eq(MismatchState::Waiting.as_str())),
                (t::organization_id.eq(new.organization), t::oid.eq(new.oid)),
                (t::account_id.eq(new.account), t::employee_id.eq(new.card)),
                t::family_name.eq(new.name.family_name.as_str()),
                t::given_name.eq(new.name.given_name.as_str()),
                t::patronymic.eq(new.name.patronymic.as_ref().map(|part| part.as_str())),
                t::name_key.eq(search_key(&new.name.to_string())),
                t::email.eq(new.email.map(|email| email.as_str())),
                t::email_key.eq(new.email.map(Email::key)),
                t::snils.eq(new.snils.map(seal)),
                t::created_at.eq(now),
                t::consented_at.eq(new.has_consented.then_some(now)),
            ))
            .execute(conn)
    });
    match inserted {
        Ok(_) => Ok(Some(id)),
        Err(error) if broken_unique(&error) == Some(Unique::OpenMismatch) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a claim of the same kind by the same claimant is open for its card.
pub(super) fn is_claim_open(conn: &mut Conn, claim: &Claim<'_>) -> QueryResult<bool> {
    let open: Vec<(Option<Id>, Option<String>)> = t::table
        .filter(t::employee_id.eq(claim.card))
        .filter(t::state.eq_any(OPEN))
        .filter(t::kind.eq(claim.kind.as_str()))
        .limit(MOST)
        .select((t::account_id, t::oid))
        .load(conn)?;
    Ok(open.iter().any(|(account, oid)| *account == claim.account && oid.as_deref() == claim.oid))
}

/// Whether a collision of a person and an account is open.
pub(super) fn is_collision_open(conn: &mut Conn, oid: &str, account: Id) -> QueryResult<bool> {
    let open: Vec<(String, Option<Id>)> = t::table
        .filter(t::oid.eq(oid))
        .filter(t::state.eq_any(OPEN))
        .limit(MOST)
        .select((t::kind, t::account_id))
        .load(conn)?;
    Ok(open.iter().any(|(kind, of)| kind == MismatchKind::Collision.as_str() && *of == Some(account)))
}

/// The organizations that have an open row of a person, by short name.
pub(in crate::identification) fn organizations_of(conn: &mut Conn, oid: &str) -> QueryResult<Vec<String>> {
    t::table
        .inner_join(organizations::table)
        .filter(t::oid.eq(oid))
        .filter(t::state.eq_any(OPEN))
        .filter(t::kind.eq(MismatchKind::SignIn.as_str()))
        .order(t::id)
        .limit(MOST)
        .select(organizations::short_name)
        .load(conn)
}

/// The rows of a state that stand at a card.
pub(super) fn by_card(conn: &mut Conn, card: Id, state: MismatchState) -> QueryResult<Vec<Row>> {
    t::table
        .filter(t::employee_id.eq(card))
        .filter(t::state.eq(state.as_str()))
        .limit(MOST)
        .select(Row::as_select())
        .load(conn)
}

/// The rows of sign-ins that wait in an organization under an address.
pub(super) fn waiting_of_email(conn: &mut Conn, organization: Id, email_key: &str) -> QueryResult<Vec<Row>> {
    t::table
        .filter(t::email_key.eq(email_key))
        .filter(t::state.eq(MismatchState::Waiting.as_str()))
        .filter(t::organization_id.eq(organization))
        .filter(t::kind.eq(MismatchKind::SignIn.as_str()))
        .limit(MOST)
        .select(Row::as_select())
        .load(conn)
}

/// A waiting row was corrected by a card; false where it waits no more.
pub(super) fn correct(conn: &mut Conn, id: Id, card: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(MismatchState::Waiting.as_str()));
    let moved = diesel::update(waiting)
        .set((
            t::state.eq(MismatchState::Corrected.as_str()),
            t::employee_id.eq(card),
            t::corrected_at.eq(now),
            t::version.eq(t::version + 1),
        ))
        .execute(conn)?;
    Ok(moved == 1)
}

/// A corrected row waits again.
pub(super) fn wait_again(conn: &mut Conn, id: Id, keeps_card: bool) -> QueryResult<()> {
    let corrected = t::table.find(id).filter(t::state.eq(MismatchState::Corrected.as_str()));
    let waits = (
        t::state.eq(MismatchState::Waiting.as_str()),
        t::corrected_at.eq(None::<NaiveDateTime>),
        t::version.eq(t::version + 1),
    );
    if keeps_card {
        diesel::update(corrected).set(waits).execute(conn)?;
    } else {
        diesel::update(corrected).set((waits, t::employee_id.eq(None::<Id>))).execute(conn)?;
    }
    Ok(())
}

pub(super) fn settle_of_card(conn: &mut Conn, card: Id, now: NaiveDateTime) -> QueryResult<()> {
    let open = t::table
        .filter(t::employee_id.eq(card))
        .filter(t::state.eq_any(OPEN))
        .filter(t::kind.eq(MismatchKind::Binding.as_str()));
    diesel::update(open)
        .set((
            t::state.eq(MismatchState::Settled.as_str()),
            t::decided_at.eq(now),
            t::version.eq(t::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Settles the rows of a person's sign-ins; answers which, and where.
pub(super) fn settle_of_person(
    conn: &mut Conn,
    oid: &str,
    now: NaiveDateTime,
) -> QueryResult<Vec<(Id, Option<Id>)>> {
    let open: Vec<(Id, Option<Id>)> = t::table
        .filter(t::oid.eq(oid))
        .filter(t::state.eq_any(OPEN))
        .filter(t::kind.eq(MismatchKind::SignIn.as_str()))
        .limit(MOST)
        .select((t::id, t::organization_id))
        .load(conn)?;
    let mut settled = Vec::new();
    for (id, organization) in open {
        let still = t::table.find(id).filter(t::state.eq_any(OPEN));
        let moved = diesel::update(still)
            .set((
                t::state.eq(MismatchState::Settled.as_str()),
                t::decided_at.eq(now),
                t::version.eq(t::version + 1),
            ))
            .execute(conn)?;
        if moved == 1 {
            settled.push((id, organization));
        }
    }
    Ok(settled)
}

/// Declines an open row as it was read; false where it is another one by now.
pub(super) fn decline(
    conn: &mut Conn,
    (id, version): (Id, i32),
    reason: &str,
    (by, now): (Id, NaiveDateTime),
) -> QueryResult<bool> {
    let open = t::table.find(id).filter(t::version.eq(version)).filter(t::state.eq_any(OPEN));
    let moved = diesel::update(open)
        .set((
            t::state.eq(MismatchState::Declined.as_str()),
            t::reason.eq(reason),
            t::decided_at.eq(now),
            t::decided_by_account_id.eq(by),
            t::version.eq(t::version + 1),
        ))
        .execute(conn)?;
    Ok(moved == 1)
}

/// Which rows are listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    pub scope: Scope,
    pub state: MismatchState,
    pub organization: Option<Id>,
}

fn in_scope(scope: Scope) -> t::BoxedQuery<'static, MultiBackend> {
    let query = t::table.into_boxed();
    match scope {
        // What two accounts claim is in no organization: support alone sees it.
        Scope::All => query,
        Scope::Below(top) => query.filter(t::organization_id.assume_not_null().eq_any(descendants_of(top))),
        Scope::Only(id) => query.filter(t::organization_id.eq(id)),
    }
}

impl Filter {
    fn query(&self) -> t::BoxedQuery<'static, MultiBackend> {
        let query = in_scope(self.scope).filter(t::state.eq(self.state.as_str()));
        match self.organization {
            None => query,
            Some(organization) => query.filter(t::organization_id.eq(organization)),
        }
    }
}

/// A row in scope.
pub(super) fn find(conn: &mut Conn, scope: Scope, id: Id) -> QueryResult<Option<Row>> {
    in_scope(scope).filter(t::id.eq(id)).select(Row::as_select()).first(conn).optional()
}

/// Rows from a place on (that one left out), the oldest first, or backwards from it.
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

/// Open rows of an organization become another one's; whoever waits there already does not wait twice.
pub(super) fn follow(conn: &mut Conn, from: Id, into: Id) -> QueryResult<()> {
    let open_of =
        |organization: Id| t::table.filter(t::organization_id.eq(organization)).filter(t::state.eq_any(OPEN));
    let known: Vec<Option<String>> = open_of(into).filter(t::oid.is_not_null()).select(t::oid).load(conn)?;
    diesel::delete(open_of(from).filter(t::oid.eq_any(known))).execute(conn)?;
    diesel::update(open_of(from))
        .set((t::organization_id.eq(into), t::version.eq(t::version + 1)))
        .execute(conn)?;
    Ok(())
}

/// Removes rows that ended before a moment.
pub(super) fn remove_ended(conn: &mut Conn, before: NaiveDateTime, limit: i64) -> QueryResult<usize> {
    let ids: Vec<Id> = t::table
        .filter(t::state.eq_any(ENDED))
        .filter(t::decided_at.lt(before))
        .limit(limit)
        .select(t::id)
        .load(conn)?;
    diesel::delete(t::table.filter(t::id.eq_any(ids)).filter(t::state.eq_any(ENDED))).execute(conn)
}
