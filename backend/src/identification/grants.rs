//! «Родитель» and «Обучающийся» in the database: given to somebody who may not have been here yet.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::categories::{CategoryGrant, CategoryGrantInput};
use epos_shared::roles::RoleCategory;
use epos_shared::search::{prefix_end, search_key};
use epos_shared::values::{Email, FullName, Period, RoleState, Snils};
use serde_json::json;

use super::matching::agree;
use crate::audit::{self, Event};
use crate::context::{Context, Secrets};
use crate::cursor::From;
use crate::db::schema::category_grants as t;
use crate::db::types::Id;
use crate::db::{Conn, DbError, MultiBackend, corrupt, full_name};

/// What is given to one address at most that is looked at.
const OF_ADDRESS: i64 = 200;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct Row {
    id: Id,
    category: String,
    family_name: String,
    given_name: String,
    patronymic: Option<String>,
    pub(super) name_key: String,
    email: String,
    snils: Option<String>,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    created_at: NaiveDateTime,
    ended_at: Option<NaiveDateTime>,
}

/// A category that was given.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) id: Id,
    pub(super) category: RoleCategory,
    pub(super) name: FullName,
    pub(super) email: String,
    pub(super) snils: Option<Snils>,
    pub(super) period: Period,
    pub(super) created_at: NaiveDateTime,
    pub(super) ended_at: Option<NaiveDateTime>,
}

impl Row {
    pub(super) fn id(&self) -> Id {
        self.id
    }

    pub(super) fn grant(self, secrets: &Secrets) -> QueryResult<Grant> {
        let open = |sealed: &str| secrets.open_snils(self.id, sealed).ok_or_else(|| corrupt("СНИЛС"));
        Ok(Grant {
            id: self.id,
            category: RoleCategory::from_wire(&self.category).ok_or_else(|| corrupt("a category"))?,
            name: full_name(&self.family_name, &self.given_name, self.patronymic.as_deref())?,
            snils: self.snils.as_deref().map(open).transpose()?,
            period: Period::new(self.starts_on, self.ends_on).map_err(|_| corrupt("days of a category"))?,
            email: self.email,
            created_at: self.created_at,
            ended_at: self.ended_at,
        })
    }
}

impl Grant {
    pub(super) fn is_in_force(&self, today: NaiveDate) -> bool {
        self.ended_at.is_none() && self.period.state(today) == RoleState::InForce
    }

    /// Whether it was given to this person; its address is compared by the query.
    pub(super) fn fits(&self, name: &FullName, snils: Option<&Snils>) -> bool {
        self.name.matches(name) && agree(self.snils.as_ref(), snils)
    }

    pub(super) fn shown(self, context: &Context) -> CategoryGrant {
        let today = context.today();
        let state = if self.ended_at.is_some() { RoleState::Ended } else { self.period.state(today) };
        CategoryGrant {
            id: self.id.into(),
            category: self.category,
            name: self.name,
            email: self.email,
            snils: self.snils.map(|snils| snils.formatted()),
            period: self.period,
            state,
            created_at: self.created_at.and_utc(),
            ended_on: self.ended_at.map(|at| context.day_of(at)),
        }
    }
}

/// What was given to an address ([`Email::key`]), also what has ended.
pub(super) fn of_address(conn: &mut Conn, secrets: &Secrets, email_key: &str) -> QueryResult<Vec<Grant>> {
    let rows: Vec<Row> = t::table
        .filter(t::email_key.eq(email_key))
        .order(t::id.desc())
        .limit(OF_ADDRESS)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(|row| row.grant(secrets)).collect()
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<Row>> {
    t::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// Gives a category, with what the journal says of it, inside the caller's write transaction.
///
/// # Errors
/// The database fails.
pub fn give(
    conn: &mut Conn,
    context: &Context,
    journal: &audit::Actor,
    given: &CategoryGrantInput,
    by: Option<Id>,
) -> Result<Id, DbError> {
    let id = insert(conn, context, given, by)?;
    let details = json!({
        "category": given.category, "start": given.period.start(), "end": given.period.end(),
    });
    let event = Event::done("category.given", "category", id).with(details);
    audit::record(conn, context, journal, event)?;
    Ok(id)
}

fn insert(
    conn: &mut Conn,
    context: &Context,
    given: &CategoryGrantInput,
    by: Option<Id>,
) -> Result<Id, DbError> {
    let id = context.id();
    let seal = |snils: &Snils| context.secrets().seal_snils(id, snils, &context.bytes::<24>());
    diesel::insert_into(t::table)
        .values((
            t::id.eq(id),
            t::category.eq(given.category.as_str()),
            t::family_name.eq(given.name.family_name.as_str()),
            t::given_name.eq(given.name.given_name.as_str()),
            t::patronymic.eq(given.name.patronymic.as_ref().map(|part| part.as_str())),
            t::name_key.eq(search_key(&given.name.to_string())),
            t::email.eq(given.email.as_str()),
            t::email_key.eq(given.email.key()),
            t::snils.eq(given.snils.as_ref().map(seal)),
            t::starts_on.eq(given.period.start()),
            t::ends_on.eq(given.period.end()),
            t::created_at.eq(context.db_now()),
            t::granted_by_account_id.eq(by),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Takes a category back; false where it was taken back before.
pub(super) fn end(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let given = t::table.find(id).filter(t::ended_at.is_null());
    Ok(diesel::update(given).set(t::ended_at.eq(now)).execute(conn)? == 1)
}

/// Which are listed.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) category: Option<RoleCategory>,
    /// What was typed: a whole address, or the beginning of a name.
    pub(super) typed: Option<String>,
}

impl Filter {
    fn query(&self) -> t::BoxedQuery<'static, MultiBackend> {
        let mut query = t::table.into_boxed();
        if let Some(category) = self.category {
            query = query.filter(t::category.eq(category.as_str()));
        }
        let Some(typed) = &self.typed else { return query };
        if let Ok(email) = typed.parse::<Email>() {
            return query.filter(t::email_key.eq(email.key()));
        }
        let key = search_key(typed);
        if let Some(end) = prefix_end(&key) {
            query = query.filter(t::name_key.ge(key)).filter(t::name_key.lt(end));
        }
        query
    }
}

/// A place in the list.
pub(super) type Place = (String, Id);

/// Rows from a place on (that one left out) in the order of the names, or backwards from it.
pub(super) fn list(
    conn: &mut Conn,
    filter: &Filter,
    from: &From<Place>,
    limit: usize,
) -> QueryResult<Vec<Row>> {
    let mut query = filter.query();
    if let Some((key, id)) = from.place().cloned() {
        query = if from.is_backwards() {
            query.filter(t::name_key.le(key.clone())).filter(t::name_key.lt(key).or(t::id.lt(id)))
        } else {
            query.filter(t::name_key.ge(key.clone())).filter(t::name_key.gt(key).or(t::id.gt(id)))
        };
    }
    let query = query.limit(i64::try_from(limit).unwrap_or(i64::MAX)).select(Row::as_select());
    if from.is_backwards() {
        query.order((t::name_key.desc(), t::id.desc())).load(conn)
    } else {
        query.order((t::name_key.asc(), t::id.asc())).load(conn)
    }
}

/// How many there are, counted up to a limit.
pub(super) fn count(conn: &mut Conn, filter: &Filter, limit: i64) -> QueryResult<u32> {
    let ids: Vec<Id> =
        filter.query().order((t::name_key.asc(), t::id.asc())).select(t::id).limit(limit).load(conn)?;
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}
