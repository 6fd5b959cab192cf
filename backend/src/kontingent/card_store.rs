//! Cards and their roles in the database.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::employees::Person;
use epos_shared::roles::Role;
use epos_shared::values::{Email, FullName, Login, Period, Snils};

use super::listed;
use crate::context::Secrets;
use crate::db::schema::{employee_tokens, employees, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};
pub(super) use crate::db::{corrupt, full_name};
use crate::on;

/// A card.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = employees)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct CardRow {
    pub(super) id: Id,
    pub(super) organization_id: Id,
    pub(super) login: String,
    pub(super) family_name: String,
    pub(super) given_name: String,
    pub(super) patronymic: Option<String>,
    pub(super) email: Option<String>,
    pub(super) snils: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) note: String,
    pub(super) version: i32,
    pub(super) created_at: NaiveDateTime,
    pub(super) updated_at: NaiveDateTime,
    pub(super) archived_at: Option<NaiveDateTime>,
    pub(super) merged_into_id: Option<Id>,
}

/// A role of a card.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = role_assignments)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct AssignmentRow {
    pub(super) id: Id,
    pub(super) employee_id: Id,
    pub(super) role: String,
    pub(super) starts_on: NaiveDate,
    pub(super) ends_on: Option<NaiveDate>,
}

/// What a card is searched by and shown as.
#[derive(Debug)]
pub(super) struct PersonColumns<'a> {
    pub(super) family_name: &'a str,
    pub(super) given_name: &'a str,
    pub(super) patronymic: Option<&'a str>,
    pub(super) name_key: String,
    pub(super) email: Option<&'a str>,
    pub(super) email_key: Option<String>,
    /// Sealed.
    pub(super) snils: Option<String>,
    pub(super) snils_key: Option<Vec<u8>>,
    pub(super) phone: Option<&'a str>,
    pub(super) note: &'a str,
    pub(super) tokens: Vec<String>,
}

/// The login of its column.
pub(super) fn login(text: &str) -> QueryResult<Login> {
    text.parse().map_err(|_| corrupt("a login"))
}

/// The e-mail of its column.
pub(super) fn email(text: Option<&str>) -> QueryResult<Option<Email>> {
    text.map(|text| text.parse().map_err(|_| corrupt("an e-mail"))).transpose()
}

impl CardRow {
    pub(super) fn name(&self) -> QueryResult<FullName> {
        full_name(&self.family_name, &self.given_name, self.patronymic.as_deref())
    }

    pub(super) fn snils(&self, secrets: &Secrets) -> QueryResult<Option<Snils>> {
        let open = |sealed: &str| secrets.open_snils(self.id, sealed).ok_or_else(|| corrupt("СНИЛС"));
        self.snils.as_deref().map(open).transpose()
    }

    pub(super) fn person(&self, secrets: &Secrets) -> QueryResult<Person> {
        let phone = |text: &str| text.parse().map_err(|_| corrupt("a telephone"));
        Ok(Person {
            name: self.name()?,
            email: email(self.email.as_deref())?,
            snils: self.snils(secrets)?,
            phone: self.phone.as_deref().map(phone).transpose()?,
        })
    }
}

impl AssignmentRow {
    pub(super) fn role(&self) -> QueryResult<Role> {
        Role::from_wire(&self.role).ok_or_else(|| corrupt("a role"))
    }

    pub(super) fn period(&self) -> QueryResult<Period> {
        Period::new(self.starts_on, self.ends_on).map_err(|_| corrupt("days of a role"))
    }
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<CardRow>> {
    employees::table.find(id).select(CardRow::as_select()).first(conn).optional()
}

pub(super) fn find_by_login(conn: &mut Conn, login: &Login) -> QueryResult<Option<CardRow>> {
    employees::table
        .filter(employees::login.eq(login.as_str()))
        .select(CardRow::as_select())
        .first(conn)
        .optional()
}

/// The roles of a card, in the order they were given.
pub(super) fn roles_of(conn: &mut Conn, card: Id) -> QueryResult<Vec<AssignmentRow>> {
    role_assignments::table
        .filter(role_assignments::employee_id.eq(card))
        .order((role_assignments::starts_on.asc(), role_assignments::id.asc()))
        .select(AssignmentRow::as_select())
        .load(conn)
}

pub(super) fn insert(
    conn: &mut Conn,
    id: Id,
    organization: Id,
    login: &Login,
    person: &PersonColumns<'_>,
    now: NaiveDateTime,
) -> QueryResult<()> {
    diesel::insert_into(employees::table)
        .values((
            employees::id.eq(id),
            employees::organization_id.eq(organization),
            employees::login.eq(login.as_str()),
            employees::family_name.eq(person.family_name),
            employees::given_name.eq(person.given_name),
            employees::patronymic.eq(person.patronymic),
            employees::no_patronymic.eq(person.patronymic.is_none()),
            employees::name_key.eq(&person.name_key),
            employees::email.eq(person.email),
            employees::email_key.eq(&person.email_key),
            employees::snils.eq(&person.snils),
            employees::snils_key.eq(&person.snils_key),
            employees::phone.eq(person.phone),
            employees::note.eq(person.note),
            employees::created_at.eq(now),
            employees::updated_at.eq(now),
        ))
        .execute(conn)?;
    insert_tokens(conn, id, person)
}

fn insert_tokens(conn: &mut Conn, id: Id, person: &PersonColumns<'_>) -> QueryResult<()> {
    let rows: Vec<_> = person
        .tokens
        .iter()
        .map(|token| {
            (
                employee_tokens::token.eq(token),
                employee_tokens::name_key.eq(&person.name_key),
                employee_tokens::employee_id.eq(id),
                // Nobody changes a card in the archive.
                employee_tokens::archived.eq(false),
                employee_tokens::initials.eq(listed::initials(&person.name_key)),
            )
        })
        .collect();
    on!(conn, |c| diesel::insert_into(employee_tokens::table).values(&rows).execute(c))?;
    Ok(())
}

/// Moves a card on by one version, if it still is at `version`; its row count decides.
pub(super) fn bump(conn: &mut Conn, id: Id, version: i32, now: NaiveDateTime) -> QueryResult<bool> {
    let changed = diesel::update(employees::table.find(id).filter(employees::version.eq(version)))
        .set((employees::version.eq(version + 1), employees::updated_at.eq(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Writes the person of a card and the words it is searched by. [`super::listed::note`] is to be called after it.
pub(super) fn update_person(conn: &mut Conn, id: Id, person: &PersonColumns<'_>) -> QueryResult<()> {
    diesel::update(employees::table.find(id))
        .set((
            employees::family_name.eq(person.family_name),
            employees::given_name.eq(person.given_name),
            employees::patronymic.eq(person.patronymic),
            employees::no_patronymic.eq(person.patronymic.is_none()),
            employees::name_key.eq(&person.name_key),
            employees::email.eq(person.email),
            employees::email_key.eq(&person.email_key),
            employees::snils.eq(&person.snils),
            employees::snils_key.eq(&person.snils_key),
            employees::phone.eq(person.phone),
            employees::note.eq(person.note),
        ))
        .execute(conn)?;
    diesel::delete(employee_tokens::table.filter(employee_tokens::employee_id.eq(id))).execute(conn)?;
    insert_tokens(conn, id, person)
}

/// Puts a card into the archive. [`super::listed::note`] is to be called after it.
pub(super) fn set_archived(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<()> {
    diesel::update(employees::table.find(id)).set(employees::archived_at.eq(now)).execute(conn)?;
    diesel::update(employee_tokens::table.filter(employee_tokens::employee_id.eq(id)))
        .set(employee_tokens::archived.eq(true))
        .execute(conn)?;
    Ok(())
}

/// Remembers which card an archived one was joined to.
pub(super) fn set_merged(conn: &mut Conn, id: Id, into: Id) -> QueryResult<()> {
    diesel::update(employees::table.find(id)).set(employees::merged_into_id.eq(into)).execute(conn)?;
    Ok(())
}

pub(super) fn insert_role(
    conn: &mut Conn,
    id: Id,
    (card, organization): (Id, Id),
    role: Role,
    period: Period,
    now: NaiveDateTime,
) -> QueryResult<()> {
    diesel::insert_into(role_assignments::table)
        .values((
            role_assignments::id.eq(id),
            role_assignments::employee_id.eq(card),
            role_assignments::organization_id.eq(organization),
            role_assignments::role.eq(role.as_str()),
            role_assignments::starts_on.eq(period.start()),
            role_assignments::ends_on.eq(period.end()),
            role_assignments::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn update_role(conn: &mut Conn, id: Id, period: Period) -> QueryResult<()> {
    diesel::update(role_assignments::table.find(id))
        .set((role_assignments::starts_on.eq(period.start()), role_assignments::ends_on.eq(period.end())))
        .execute(conn)?;
    Ok(())
}

/// Takes away a role that has never been in force; the journal keeps what it was.
pub(super) fn delete_role(conn: &mut Conn, id: Id) -> QueryResult<()> {
    diesel::delete(role_assignments::table.find(id)).execute(conn)?;
    Ok(())
}
