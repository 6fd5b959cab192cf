//! The tables of recertifications, and which roles they ask about.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use epos_shared::api::recertification::{RecertificationAnswer, RecertificationNumbers};
use epos_shared::rights::{Standing, standing};
use epos_shared::roles::Role;

use crate::context::Context;
use crate::db::schema::{
    employees, organizations, recertification_organizations as asked, recertifications as t, role_assignments,
};
use crate::db::statement::Sql;
use crate::db::types::{DbUuid, Id};
use crate::db::{Conn, MultiBackend};
use crate::insert_all;
use crate::organizations::{Scope, descendants_of};

/// A recertification.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct Campaign {
    pub(super) id: Id,
    pub(super) department_id: Option<Id>,
    pub(super) due_on: NaiveDate,
    pub(super) started_at: NaiveDateTime,
    pub(super) ended_at: Option<NaiveDateTime>,
}

/// A new one.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = t)]
pub(super) struct NewCampaign {
    pub(super) id: Id,
    pub(super) department_id: Option<Id>,
    pub(super) due_on: NaiveDate,
    pub(super) started_at: NaiveDateTime,
    pub(super) started_by_account_id: Id,
    pub(super) started_by_employee_id: Id,
}

#[derive(Insertable)]
#[diesel(table_name = asked, treat_none_as_default_value = false)]
struct NewAsked {
    recertification_id: Id,
    organization_id: Id,
}

/// Which roles are asked about: those that were in force when it started, and still are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    campaign: Id,
    started_at: NaiveDateTime,
    started_on: NaiveDate,
    today: NaiveDate,
}

impl Asked {
    pub(super) fn by(campaign: &Campaign, context: &Context) -> Self {
        Self {
            campaign: campaign.id,
            started_at: campaign.started_at,
            started_on: context.day_of(campaign.started_at),
            today: context.today(),
        }
    }

    /// The rest of a statement: the roles of some organizations that are asked about and not answered.
    fn unanswered(self, sql: &mut Sql, organizations: &[Id]) {
        sql.push(
            " FROM role_assignments INNER JOIN employees ON employees.id = role_assignments.employee_id",
        );
        sql.push(" WHERE role_assignments.organization_id IN (");
        list(sql, organizations);
        sql.push(") AND role_assignments.created_at <= ").moment(self.started_at);
        sql.push(" AND role_assignments.starts_on <= ").day(self.started_on);
        sql.push(" AND (role_assignments.ends_on IS NULL OR role_assignments.ends_on >= ").day(self.today);
        sql.push(") AND employees.archived_at IS NULL AND NOT EXISTS (SELECT 1 FROM recertification_answers");
        sql.push(" WHERE recertification_answers.role_assignment_id = role_assignments.id");
        sql.push(" AND recertification_answers.recertification_id = ").id(self.campaign).push(")");
    }
}

fn list(sql: &mut Sql, ids: &[Id]) {
    for (number, id) in ids.iter().enumerate() {
        if number > 0 {
            sql.push(", ");
        }
        sql.id(*id);
    }
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<Campaign>> {
    t::table.find(id).select(Campaign::as_select()).first(conn).optional()
}

/// The latest that ask an organization of a scope, those that are not ended first.
pub(super) fn latest(conn: &mut Conn, scope: Scope, limit: i64) -> QueryResult<Vec<Campaign>> {
    let query = t::table
        .order((t::ended_at.is_null().desc(), t::started_at.desc(), t::id.desc()))
        .limit(limit)
        .select(Campaign::as_select())
        .into_boxed::<MultiBackend>();
    let of = || asked::table.filter(asked::recertification_id.eq(t::id));
    match scope {
        Scope::All => query.load(conn),
        Scope::Below(top) => {
            query.filter(exists(of().filter(asked::organization_id.eq_any(descendants_of(top))))).load(conn)
        }
        Scope::Only(id) => query.filter(exists(of().filter(asked::organization_id.eq(id)))).load(conn),
    }
}

/// How many organizations of a scope each of some recertifications asks, and how many have answered.
pub(super) fn progress(
    conn: &mut Conn,
    campaigns: &[Id],
    scope: Scope,
) -> QueryResult<HashMap<Id, (u32, u32)>> {
    if campaigns.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::default();
    sql.push("SELECT recertification_id, count(*), count(answered_at) FROM recertification_organizations");
    sql.push(" WHERE recertification_id IN (");
    list(&mut sql, campaigns);
    sql.push(")");
    match scope {
        Scope::All => {}
        Scope::Below(top) => {
            sql.push(" AND organization_id IN (SELECT descendant_id FROM organization_ancestors");
            sql.push(" WHERE ancestor_id = ").id(top).push(")");
        }
        Scope::Only(id) => {
            sql.push(" AND organization_id = ").id(id);
        }
    }
    sql.push(" GROUP BY recertification_id");
    let rows: Vec<(Id, i64, i64)> = sql.answering::<(DbUuid, BigInt, BigInt)>().load(conn)?;
    Ok(rows.into_iter().map(|(id, all, answered)| (id, (counted(all), counted(answered)))).collect())
}

fn counted(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Those of a scope in which somebody has a role in force.
pub(super) fn with_staff(conn: &mut Conn, scope: Scope, today: NaiveDate) -> QueryResult<Vec<Id>> {
    let mut sql = Sql::default();
    sql.push("SELECT organizations.id FROM organizations WHERE ");
    match scope {
        Scope::All => sql.push("1 = 1"),
        Scope::Below(top) => sql
            .push(
                "organizations.id IN (SELECT descendant_id FROM organization_ancestors WHERE ancestor_id = ",
            )
            .id(top)
            .push(")"),
        Scope::Only(id) => sql.push("organizations.id = ").id(id),
    };
    sql.push(" AND EXISTS (SELECT 1 FROM role_assignments");
    sql.push(" INNER JOIN employees ON employees.id = role_assignments.employee_id");
    sql.push(" WHERE role_assignments.organization_id = organizations.id");
    sql.push(" AND role_assignments.starts_on <= ").day(today);
    sql.push(" AND (role_assignments.ends_on IS NULL OR role_assignments.ends_on >= ").day(today);
    sql.push(") AND employees.archived_at IS NULL)");
    sql.answering::<DbUuid>().load(conn)
}

/// The organizations that have not answered a recertification that was not ended.
pub(super) fn asked_already(conn: &mut Conn) -> QueryResult<Vec<Id>> {
    asked::table
        .inner_join(t::table)
        .filter(t::ended_at.is_null())
        .filter(asked::answered_at.is_null())
        .select(asked::organization_id)
        .distinct()
        .load(conn)
}

pub(super) fn insert(conn: &mut Conn, new: &NewCampaign, organizations: &[Id]) -> QueryResult<()> {
    diesel::insert_into(t::table).values(new).execute(conn)?;
    let rows: Vec<NewAsked> = organizations
        .iter()
        .map(|organization| NewAsked { recertification_id: new.id, organization_id: *organization })
        .collect();
    insert_all!(conn, asked::table, &rows)?;
    Ok(())
}

/// Ends one, if nobody has.
pub(super) fn end(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let ended = diesel::update(t::table.find(id).filter(t::ended_at.is_null()))
        .set(t::ended_at.eq(now))
        .execute(conn)?;
    Ok(ended == 1)
}

/// What an organization that is joined to another has not answered yet is asked of the one that stays.
pub(in crate::kontingent) fn follow(conn: &mut Conn, from: Id, into: Id) -> QueryResult<()> {
    let running: Vec<Id> = asked::table
        .inner_join(t::table)
        .filter(asked::organization_id.eq(from))
        .filter(asked::answered_at.is_null())
        .filter(t::ended_at.is_null())
        .select(t::id)
        .load(conn)?;
    for campaign in running {
        let (gone, stays) = (asked::table.find((campaign, from)), asked::table.find((campaign, into)));
        // Whoever heads the one that stays has not been told of it.
        let untold = (
            asked::answered_at.eq(None::<NaiveDateTime>),
            asked::told_at.eq(None::<NaiveDateTime>),
            asked::reminded_before_at.eq(None::<NaiveDateTime>),
            asked::reminded_after_at.eq(None::<NaiveDateTime>),
        );
        if is_asked(conn, campaign, into)? {
            let answered = stays.filter(asked::answered_at.is_not_null());
            diesel::update(answered).set(untold).execute(conn)?;
            diesel::delete(gone).execute(conn)?;
        } else {
            diesel::update(gone).set((asked::organization_id.eq(into), untold)).execute(conn)?;
        }
    }
    Ok(())
}

pub(super) fn is_asked(conn: &mut Conn, campaign: Id, organization: Id) -> QueryResult<bool> {
    diesel::select(exists(asked::table.find((campaign, organization)))).get_result(conn)
}

/// The organizations of a scope that are asked, behind a place in the order of the names.
pub(super) fn organizations_of(
    conn: &mut Conn,
    campaign: Id,
    scope: Scope,
    waiting: bool,
    after: Option<&(String, Id)>,
    limit: i64,
) -> QueryResult<Vec<(Id, String, Option<NaiveDateTime>)>> {
    let mut query = asked::table
        .inner_join(organizations::table)
        .filter(asked::recertification_id.eq(campaign))
        .order((organizations::search_key.asc(), organizations::id.asc()))
        .limit(limit)
        .select((organizations::id, organizations::search_key, asked::answered_at))
        .into_boxed::<MultiBackend>();
    query = match scope {
        Scope::All => query,
        Scope::Below(top) => query.filter(asked::organization_id.eq_any(descendants_of(top))),
        Scope::Only(id) => query.filter(asked::organization_id.eq(id)),
    };
    if waiting {
        query = query.filter(asked::answered_at.is_null());
    }
    if let Some((key, id)) = after {
        query = query
            .filter(organizations::search_key.ge(key))
            .filter(organizations::search_key.gt(key).or(organizations::id.gt(*id)));
    }
    query.load(conn)
}

/// How far some organizations are; nothing where nothing is asked nor answered.
pub(super) fn numbers(
    conn: &mut Conn,
    which: Asked,
    organizations: &[Id],
) -> QueryResult<HashMap<Id, RecertificationNumbers>> {
    let mut numbers: HashMap<Id, RecertificationNumbers> = HashMap::new();
    if organizations.is_empty() {
        return Ok(numbers);
    }
    let mut sql = Sql::default();
    sql.push("SELECT role_assignments.organization_id, count(DISTINCT role_assignments.employee_id)");
    which.unanswered(&mut sql, organizations);
    sql.push(" GROUP BY role_assignments.organization_id");
    let left: Vec<(Id, i64)> = sql.answering::<(DbUuid, BigInt)>().load(conn)?;
    for (organization, count) in left {
        numbers.entry(organization).or_default().left = counted(count);
    }
    let mut sql = Sql::default();
    sql.push("SELECT role_assignments.organization_id, recertification_answers.answer,");
    sql.push(" count(DISTINCT role_assignments.employee_id) FROM role_assignments");
    sql.push(" INNER JOIN recertification_answers");
    sql.push(" ON recertification_answers.role_assignment_id = role_assignments.id");
    sql.push(" AND recertification_answers.recertification_id = ").id(which.campaign);
    sql.push(" WHERE role_assignments.organization_id IN (");
    list(&mut sql, organizations);
    sql.push(") GROUP BY role_assignments.organization_id, recertification_answers.answer");
    let answers: Vec<(Id, String, i64)> = sql.answering::<(DbUuid, Text, BigInt)>().load(conn)?;
    for (organization, answer, count) in answers {
        let of = numbers.entry(organization).or_default();
        if answer == RecertificationAnswer::Gone.as_str() {
            of.gone = counted(count);
        } else {
            of.works = counted(count);
        }
    }
    Ok(numbers)
}

/// Those of some organizations that somebody heads today.
pub(super) fn headed(conn: &mut Conn, organizations: &[Id], today: NaiveDate) -> QueryResult<Vec<Id>> {
    let heads: Vec<&str> =
        Role::ALL.into_iter().filter(|role| standing(*role) == Standing::Head).map(Role::as_str).collect();
    role_assignments::table
        .inner_join(employees::table)
        .filter(role_assignments::organization_id.eq_any(organizations))
        .filter(role_assignments::role.eq_any(heads))
        .filter(role_assignments::starts_on.le(today))
        .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(today)))
        .filter(employees::archived_at.is_null())
        .select(role_assignments::organization_id)
        .distinct()
        .load(conn)
}

/// A person to be answered for: card, ФИО in its three columns, what it is sorted by.
pub(super) type PersonRow = (Id, String, String, Option<String>, String);

/// Who is left in an organization, behind a place in the order of the names.
pub(super) fn people(
    conn: &mut Conn,
    which: Asked,
    organization: Id,
    after: Option<&(String, Id)>,
    limit: usize,
) -> QueryResult<Vec<PersonRow>> {
    let mut sql = Sql::default();
    sql.push("SELECT DISTINCT employees.id, employees.family_name, employees.given_name,");
    sql.push(" employees.patronymic, employees.name_key");
    which.unanswered(&mut sql, &[organization]);
    if let Some((key, id)) = after {
        sql.push(" AND (employees.name_key > ").text(key.as_str());
        sql.push(" OR (employees.name_key = ").text(key.as_str());
        sql.push(" AND employees.id > ").id(*id).push("))");
    }
    sql.push(format!(" ORDER BY employees.name_key, employees.id LIMIT {limit}"));
    sql.answering::<(DbUuid, Text, Text, Nullable<Text>, Text)>().load(conn)
}

/// Who answers, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    pub(super) account: Id,
    pub(super) card: Id,
    pub(super) at: NaiveDateTime,
}

/// Answers for the cards of an organization that are left, or for some of them; answers how many roles that were.
pub(super) fn answer(
    conn: &mut Conn,
    which: Asked,
    organization: Id,
    cards: Option<&[Id]>,
    answer: RecertificationAnswer,
    by: By,
) -> QueryResult<usize> {
    let mut sql = Sql::default();
    sql.push("INSERT INTO recertification_answers (role_assignment_id, recertification_id, answer,");
    sql.push(" answered_at, answered_by_account_id, answered_by_employee_id) SELECT role_assignments.id, ");
    sql.id(which.campaign).push(", ").text(answer.as_str()).push(", ").moment(by.at).push(", ");
    sql.id(by.account).push(", ").id(by.card);
    which.unanswered(&mut sql, &[organization]);
    if let Some(cards) = cards {
        sql.push(" AND role_assignments.employee_id IN (");
        list(&mut sql, cards);
        sql.push(")");
    }
    sql.answering::<()>().execute(conn)
}

/// Notes that an organization has nothing left, if it was not noted before.
pub(super) fn note_answered(
    conn: &mut Conn,
    campaign: Id,
    organization: Id,
    now: NaiveDateTime,
) -> QueryResult<()> {
    diesel::update(asked::table.find((campaign, organization)).filter(asked::answered_at.is_null()))
        .set(asked::answered_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Organizations that have not answered a recertification that was not ended, behind a place in no order of note;
/// all of them, or those that nobody could be told of it yet.
pub(super) fn waiting(
    conn: &mut Conn,
    after: Option<(Id, Id)>,
    untold: bool,
    limit: i64,
) -> QueryResult<Vec<(Id, Id)>> {
    let mut query = asked::table
        .inner_join(t::table)
        .filter(t::ended_at.is_null())
        .filter(asked::answered_at.is_null())
        .order((asked::recertification_id.asc(), asked::organization_id.asc()))
        .limit(limit)
        .select((asked::recertification_id, asked::organization_id))
        .into_boxed::<MultiBackend>();
    if untold {
        query = query.filter(asked::told_at.is_null());
    }
    if let Some((campaign, organization)) = after {
        query = query
            .filter(asked::recertification_id.ge(campaign))
            .filter(not(asked::recertification_id.eq(campaign).and(asked::organization_id.le(organization))));
    }
    query.load(conn)
}

/// Which letter tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reminder {
    /// As soon as somebody heads the organization.
    First,
    /// Some days before the last day.
    Before,
    /// After it.
    After,
}

/// Notes that an organization was told or reminded; whether it is the first to note it.
pub(super) fn note_reminder(
    conn: &mut Conn,
    (campaign, organization): (Id, Id),
    reminder: Reminder,
    now: NaiveDateTime,
) -> QueryResult<bool> {
    let row = asked::table.find((campaign, organization));
    let noted = match reminder {
        Reminder::First => {
            diesel::update(row.filter(asked::told_at.is_null())).set(asked::told_at.eq(now)).execute(conn)?
        }
        Reminder::Before => diesel::update(row.filter(asked::reminded_before_at.is_null()))
            .set(asked::reminded_before_at.eq(now))
            .execute(conn)?,
        Reminder::After => diesel::update(row.filter(asked::reminded_after_at.is_null()))
            .set(asked::reminded_after_at.eq(now))
            .execute(conn)?,
    };
    Ok(noted == 1)
}
