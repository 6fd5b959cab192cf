//! The cards of an organization as a whole: how many there are, who heads it, and what becomes of them when it
//! closes or is joined to another. Rights are the caller's.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::{count_star, exists, select};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::organization_card::{
    CardSummary, OrganizationHead, PossibleDuplicate, RoleCount, UnfitRole,
};
use epos_shared::api::reports::StaffNumbers;
use epos_shared::rights::{Standing, standing};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::Period;
use serde_json::json;

use super::card_store::{self, AssignmentRow};
use super::list_filter::soon;
use super::{listed, recertification};
use crate::audit::{self, Actor as Journal, Event};
use crate::context::Context;
use crate::db::schema::{
    bindings, employees, listed_roles, possible_duplicates, proposals, role_assignments,
};
use crate::db::types::Id;
use crate::db::{Conn, DbError, MultiBackend};
use crate::on;
use crate::organizations::OrganizationRow;

/// Heads shown of one organization.
const HEADS: i64 = 20;
/// Identifiers in one statement: SQLite takes a bounded number of values.
const AT_ONCE: usize = 5_000;

fn counted(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How many cards each of some organizations has whose roles have not ended; nothing where there is none.
///
/// # Errors
/// The database fails.
pub fn count(conn: &mut Conn, organizations: &[Id], today: NaiveDate) -> QueryResult<HashMap<Id, u32>> {
    let rows: Vec<(Id, i64)> = employees::table
        .filter(employees::organization_id.eq_any(organizations))
        .filter(employees::archived_at.is_null())
        .filter(employees::roles_end_on.ge(today))
        .group_by(employees::organization_id)
        .select((employees::organization_id, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, count)| (id, counted(count))).collect())
}

/// What reports count, of each of some organizations; nothing where there is no card. Whoever is counted here is found
/// by the filter of the staff list that bears the name.
///
/// # Errors
/// The database fails.
pub fn numbers(
    conn: &mut Conn,
    organizations: &[Id],
    today: NaiveDate,
) -> QueryResult<HashMap<Id, StaffNumbers>> {
    let mut numbers: HashMap<Id, StaffNumbers> = HashMap::new();
    let cards: Vec<(Id, i16, i64)> = employees::table
        .filter(employees::organization_id.eq_any(organizations))
        .filter(employees::archived_at.is_null())
        .group_by((employees::organization_id, employees::account_state))
        .select((employees::organization_id, employees::account_state, count_star()))
        .load(conn)?;
    for (organization, state, count) in cards {
        let of = numbers.entry(organization).or_default();
        let count = counted(count);
        of.cards += count;
        if state <= listed::NOT_BOUND {
            of.not_bound += count;
        }
        if state <= listed::NEVER_SIGNED_IN {
            of.never_signed_in += count;
        }
    }
    let ending: Vec<(Id, Id)> = role_assignments::table
        .inner_join(employees::table)
        .filter(role_assignments::organization_id.eq_any(organizations))
        .filter(role_assignments::ends_on.between(today, soon(today)))
        .filter(role_assignments::starts_on.le(today))
        .filter(employees::archived_at.is_null())
        .select((role_assignments::organization_id, role_assignments::employee_id))
        .distinct()
        .load(conn)?;
    for (organization, _) in ending {
        numbers.entry(organization).or_default().ends_soon += 1;
    }
    let roles: Vec<(Id, String, i64)> = role_assignments::table
        .inner_join(employees::table)
        .filter(role_assignments::organization_id.eq_any(organizations))
        .filter(role_assignments::starts_on.le(today))
        .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(today)))
        .filter(employees::archived_at.is_null())
        .group_by((role_assignments::organization_id, role_assignments::role))
        .select((role_assignments::organization_id, role_assignments::role, count_star()))
        .load(conn)?;
    for (organization, role, count) in roles {
        let role = Role::from_wire(&role).ok_or_else(|| card_store::corrupt("a role"))?;
        let one =
            StaffNumbers { by_role: vec![RoleCount { role, cards: counted(count) }], ..Default::default() };
        numbers.entry(organization).or_default().add(&one);
    }
    Ok(numbers)
}

/// Whether an organization has any card, archived ones included.
///
/// # Errors
/// The database fails.
pub fn has_cards(conn: &mut Conn, organization: Id) -> QueryResult<bool> {
    select(exists(employees::table.filter(employees::organization_id.eq(organization)))).get_result(conn)
}

/// Whether a card of an organization is bound to an account.
///
/// # Errors
/// The database fails.
pub fn has_card_of(conn: &mut Conn, organization: Id, account: Id) -> QueryResult<bool> {
    let own = bindings::table
        .inner_join(employees::table)
        .filter(bindings::account_id.eq(account))
        .filter(bindings::ended_at.is_null())
        .filter(employees::organization_id.eq(organization))
        .filter(employees::archived_at.is_null());
    select(exists(own)).get_result(conn)
}

/// The roles of an organization that are in force on a day, with their cards.
#[diesel::dsl::auto_type(no_type_alias)]
fn in_force(organization: Id, today: NaiveDate) -> _ {
    role_assignments::table
        .inner_join(employees::table)
        .filter(role_assignments::organization_id.eq(organization))
        .filter(role_assignments::starts_on.le(today))
        .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(today)))
        .filter(employees::archived_at.is_null())
}

/// Cards by role in force today, in the order of the roles.
///
/// # Errors
/// The database fails.
pub fn by_role(conn: &mut Conn, organization: Id, today: NaiveDate) -> QueryResult<Vec<RoleCount>> {
    let rows: Vec<(String, i64)> = in_force(organization, today)
        .group_by(role_assignments::role)
        .select((role_assignments::role, count_star()))
        .load(conn)?;
    let mut counts = Vec::with_capacity(rows.len());
    for (role, count) in rows {
        let role = Role::from_wire(&role).ok_or_else(|| card_store::corrupt("a role"))?;
        counts.push(RoleCount { role, cards: counted(count) });
    }
    counts.sort_by_key(|count| count.role);
    Ok(counts)
}

/// Those who head an organization today: heads of schools, and of a department whoever works there.
///
/// # Errors
/// The database fails.
pub fn heads(conn: &mut Conn, organization: Id, today: NaiveDate) -> QueryResult<Vec<OrganizationHead>> {
    let heading: Vec<&str> = Role::ALL
        .into_iter()
        .filter(|role| matches!(standing(*role), Standing::Head | Standing::Department))
        .map(Role::as_str)
        .collect();
    let rows: Vec<(Id, String, String, Option<String>, String)> = in_force(organization, today)
        .filter(role_assignments::role.eq_any(heading))
        .order((employees::name_key.asc(), employees::id.asc()))
        .limit(HEADS)
        .select((
            employees::id,
            employees::family_name,
            employees::given_name,
            employees::patronymic,
            role_assignments::role,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, family, given, patronymic, role)| {
            Ok(OrganizationHead {
                id: id.into(),
                name: card_store::full_name(&family, &given, patronymic.as_deref())?,
                role: Role::from_wire(&role).ok_or_else(|| card_store::corrupt("a role"))?,
            })
        })
        .collect()
}

/// The roles of an organization that last beyond a day, of cards that are not archived.
fn lasting(conn: &mut Conn, organization: Id, last_day: NaiveDate) -> QueryResult<Vec<AssignmentRow>> {
    role_assignments::table
        .inner_join(employees::table)
        .filter(role_assignments::organization_id.eq(organization))
        .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.gt(last_day)))
        .filter(employees::archived_at.is_null())
        .order((role_assignments::employee_id.asc(), role_assignments::id.asc()))
        .select(AssignmentRow::as_select())
        .load(conn)
}

/// What the end of every role would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ending {
    /// Cards with such a role.
    pub cards: u32,
    /// Roles that end with the last day.
    pub ending: u32,
    /// Roles that would begin after it.
    pub taken_back: u32,
}

impl Ending {
    fn of(roles: &[AssignmentRow], last_day: NaiveDate) -> Self {
        let mut cards: Vec<Id> = roles.iter().map(|role| role.employee_id).collect();
        cards.dedup();
        let later = roles.iter().filter(|role| role.starts_on > last_day).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self { cards: number(cards.len()), ending: number(roles.len() - later), taken_back: number(later) }
    }
}

/// What [`end_roles`] would do.
///
/// # Errors
/// The database fails.
pub fn would_end(conn: &mut Conn, organization: Id, last_day: NaiveDate) -> QueryResult<Ending> {
    Ok(Ending::of(&lasting(conn, organization, last_day)?, last_day))
}

/// Ends every role of an organization with a day; roles that would begin later are taken back. Cards, and what
/// has ended before, stay as they are.
///
/// # Errors
/// The database fails.
pub fn end_roles(
    conn: &mut Conn,
    context: &Context,
    journal: &Journal,
    organization: Id,
    last_day: NaiveDate,
) -> Result<Ending, DbError> {
    let roles = lasting(conn, organization, last_day)?;
    let ending = Ending::of(&roles, last_day);
    end(conn, context, journal, (organization, last_day), &roles)?;
    Ok(ending)
}

fn end(
    conn: &mut Conn,
    context: &Context,
    journal: &Journal,
    (organization, last_day): (Id, NaiveDate),
    roles: &[AssignmentRow],
) -> Result<(), DbError> {
    end_each(conn, context, journal, (organization, last_day), roles)?;
    let mut cards: Vec<Id> = roles.iter().map(|role| role.employee_id).collect();
    cards.sort_unstable();
    cards.dedup();
    for card in &cards {
        listed::note(conn, *card)?;
        // A card whose every role was taken back has nothing to come either.
        diesel::update(employees::table.find(*card).filter(diesel::dsl::not(exists(
            role_assignments::table.filter(role_assignments::employee_id.eq(*card)),
        ))))
        .set(employees::roles_end_on.eq(last_day))
        .execute(conn)?;
    }
    touch(conn, context, &cards)
}

/// Ends some roles with a day, and takes those back that would begin later; the journal has each. Versions and what
/// the staff list keeps are the caller's.
pub(super) fn end_each(
    conn: &mut Conn,
    context: &Context,
    journal: &Journal,
    (organization, last_day): (Id, NaiveDate),
    roles: &[AssignmentRow],
) -> Result<(), DbError> {
    for role in roles {
        let after = Period::new(role.starts_on, Some(last_day));
        match after {
            Ok(period) => card_store::update_role(conn, role.id, period)?,
            // It has never been in force in what is left: it has no last day, and the journal keeps it.
            Err(_) => card_store::delete_role(conn, role.id)?,
        }
        let details = json!({
            "role": role.role,
            "before": { "start": role.starts_on, "end": role.ends_on },
            "after": after.ok().map(|days| json!({ "start": days.start(), "end": days.end() })),
            "taken_back": after.is_err(),
        });
        let event = Event::done("employee.role_ended", "employee", role.employee_id)
            .in_organization(organization)
            .with(details);
        audit::record(conn, context, journal, event)?;
    }
    Ok(())
}

/// Whoever is about to save one of these cards is told that it has changed.
fn touch(conn: &mut Conn, context: &Context, cards: &[Id]) -> Result<(), DbError> {
    for cards in cards.chunks(AT_ONCE) {
        diesel::update(employees::table.filter(employees::id.eq_any(cards)))
            .set((employees::version.eq(employees::version + 1), employees::updated_at.eq(context.db_now())))
            .execute(conn)?;
    }
    Ok(())
}

type Named = (Id, String, Option<String>, String, String, Option<String>);

/// Every card of an organization, archived ones too: what is needed to know a person again, and to show him.
fn people(conn: &mut Conn, organization: Id, archived: bool) -> QueryResult<Vec<Named>> {
    let mut query = employees::table
        .filter(employees::organization_id.eq(organization))
        .order((employees::name_key.asc(), employees::id.asc()))
        .select((
            employees::id,
            employees::login,
            employees::patronymic,
            employees::family_name,
            employees::given_name,
            employees::name_key.nullable(),
        ))
        .into_boxed::<MultiBackend>();
    if !archived {
        query = query.filter(employees::archived_at.is_null());
    }
    query.load(conn)
}

fn summary((id, login, patronymic, family, given, _): &Named) -> QueryResult<CardSummary> {
    Ok(CardSummary {
        id: (*id).into(),
        name: card_store::full_name(family, given, patronymic.as_deref())?,
        login: login.clone(),
    })
}

/// The accounts that cards of an organization are bound to.
fn accounts_of(conn: &mut Conn, organization: Id) -> QueryResult<Vec<(Id, Id)>> {
    bindings::table
        .inner_join(employees::table)
        .filter(employees::organization_id.eq(organization))
        .filter(bindings::ended_at.is_null())
        .select((bindings::account_id, bindings::employee_id))
        .load(conn)
}

/// What becomes of the cards of one organization that is joined to another.
#[derive(Debug, Clone)]
pub struct Following {
    /// Cards that follow, archived ones included.
    pub cards: u32,
    /// Roles that end, since they have no place there.
    pub unfit: Vec<UnfitRole>,
    /// People with a card in both: bound to one account, or of equal ФИО.
    pub duplicates: Vec<PossibleDuplicate>,
    ids: Vec<Id>,
    unfit_rows: Vec<AssignmentRow>,
}

/// What [`follow`] would do with the day before `today` as the last of roles that have no place there.
///
/// # Errors
/// The database fails.
pub fn following(
    conn: &mut Conn,
    from: Id,
    (into, kind): (Id, OrganizationKind),
    today: NaiveDate,
) -> QueryResult<Following> {
    let coming = people(conn, from, true)?;
    let there = people(conn, into, false)?;
    let last_day = today.pred_opt().unwrap_or(today);
    let by_id: HashMap<Id, &Named> = coming.iter().chain(&there).map(|row| (row.0, row)).collect();
    let mut unfit = Vec::new();
    let mut unfit_rows = Vec::new();
    for row in lasting(conn, from, last_day)? {
        let role = row.role()?;
        if !role.fits(kind) {
            if let Some(card) = by_id.get(&row.employee_id) {
                unfit.push(UnfitRole { card: summary(card)?, role });
            }
            unfit_rows.push(row);
        }
    }
    let mut by_name: HashMap<&str, Vec<&Named>> = HashMap::new();
    for row in &there {
        by_name.entry(row.5.as_deref().unwrap_or_default()).or_default().push(row);
    }
    let mut by_account: HashMap<Id, Vec<Id>> = HashMap::new();
    for (account, card) in accounts_of(conn, into)? {
        by_account.entry(account).or_default().push(card);
    }
    let account_of: HashMap<Id, Id> =
        accounts_of(conn, from)?.into_iter().map(|(account, card)| (card, account)).collect();
    let archived: Vec<Id> = employees::table
        .filter(employees::organization_id.eq(from))
        .filter(employees::archived_at.is_not_null())
        .select(employees::id)
        .load(conn)?;
    let mut duplicates = Vec::new();
    for row in coming.iter().filter(|row| !archived.contains(&row.0)) {
        let mut others: Vec<&Named> =
            by_name.get(row.5.as_deref().unwrap_or_default()).cloned().unwrap_or_default();
        let of_account = account_of.get(&row.0).and_then(|account| by_account.get(account));
        for other in of_account.into_iter().flatten().filter_map(|id| by_id.get(id)) {
            if !others.iter().any(|known| known.0 == other.0) {
                others.push(other);
            }
        }
        for other in others {
            duplicates.push(PossibleDuplicate { card: summary(row)?, other: summary(other)? });
        }
    }
    let ids: Vec<Id> = coming.iter().map(|row| row.0).collect();
    let cards = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    Ok(Following { cards, unfit, duplicates, ids, unfit_rows })
}

/// Every card of an organization follows into the one that stays, with its roles and its history. Roles that have no
/// place there end with the day before; who has a card in both keeps two, noted as possible duplicates.
///
/// # Errors
/// The database fails.
pub fn follow(
    conn: &mut Conn,
    context: &Context,
    journal: &Journal,
    gone: &OrganizationRow,
    stays: &OrganizationRow,
) -> Result<Following, DbError> {
    let today = context.today();
    let (from, into) = (gone.id, stays.id);
    let following = following(conn, from, (into, stays.kind), today)?;
    let last_day = today.pred_opt().unwrap_or(today);
    end(conn, context, journal, (from, last_day), &following.unfit_rows)?;
    diesel::update(role_assignments::table.filter(role_assignments::organization_id.eq(from)))
        .set(role_assignments::organization_id.eq(into))
        .execute(conn)?;
    diesel::update(employees::table.filter(employees::organization_id.eq(from)))
        .set(employees::organization_id.eq(into))
        .execute(conn)?;
    // What waits of them is decided above the organization that stays.
    diesel::update(proposals::table.filter(proposals::organization_id.eq(from)))
        .set(proposals::organization_id.eq(into))
        .execute(conn)?;
    recertification::follow(conn, from, into)?;
    for cards in following.ids.chunks(AT_ONCE) {
        diesel::update(listed_roles::table.filter(listed_roles::employee_id.eq_any(cards)))
            .set(listed_roles::organization_id.eq(into))
            .execute(conn)?;
    }
    touch(conn, context, &following.ids)?;
    for card in &following.ids {
        let event = Event::done("employee.moved", "employee", *card).in_organization(into).with(json!({
            "before": { "organization": gone.short_name }, "after": { "organization": stays.short_name },
            "organization_ids": { "before": from.to_string(), "after": into.to_string() },
        }));
        audit::record(conn, context, journal, event)?;
    }
    let now = context.db_now();
    for pair in &following.duplicates {
        let (card, other) = (Id::from(pair.card.id), Id::from(pair.other.id));
        on!(conn, |c| diesel::insert_into(possible_duplicates::table)
            .values((
                possible_duplicates::employee_id.eq(card),
                possible_duplicates::other_id.eq(other),
                possible_duplicates::noted_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(c))?;
        let event = Event::done("employee.duplicate_noted", "employee", card)
            .in_organization(into)
            .with(json!({ "other": other.to_string() }));
        audit::record(conn, context, journal, event)?;
    }
    Ok(following)
}

/// The cards of an organization that may be one person's since a merge, as long as neither is archived: the
/// first of them.
///
/// # Errors
/// The database fails.
pub fn duplicates(conn: &mut Conn, organization: Id, limit: i64) -> QueryResult<Vec<PossibleDuplicate>> {
    let pairs: Vec<(Id, Id)> = possible_duplicates::table
        .inner_join(employees::table.on(employees::id.eq(possible_duplicates::employee_id)))
        .filter(employees::organization_id.eq(organization))
        .filter(employees::archived_at.is_null())
        .order((employees::name_key.asc(), employees::id.asc()))
        .limit(limit)
        .select((possible_duplicates::employee_id, possible_duplicates::other_id))
        .load(conn)?;
    let ids: Vec<Id> = pairs.iter().flat_map(|(card, other)| [*card, *other]).collect();
    let rows: Vec<Named> = employees::table
        .filter(employees::id.eq_any(&ids))
        .filter(employees::organization_id.eq(organization))
        .filter(employees::archived_at.is_null())
        .select((
            employees::id,
            employees::login,
            employees::patronymic,
            employees::family_name,
            employees::given_name,
            employees::name_key.nullable(),
        ))
        .load(conn)?;
    let known: HashMap<Id, &Named> = rows.iter().map(|row| (row.0, row)).collect();
    pairs
        .iter()
        .filter_map(|(card, other)| Some((known.get(card)?, known.get(other)?)))
        .map(|(card, other)| Ok(PossibleDuplicate { card: summary(card)?, other: summary(other)? }))
        .collect()
}
