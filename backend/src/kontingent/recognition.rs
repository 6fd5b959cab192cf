//! Cards as the sign-in through Госуслуги needs them: those that may be a person's, before anything is bound.

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use epos_shared::roles::Role;
use epos_shared::values::{FullName, Snils};

use super::actor::StaffOf;
use super::card_store::CardRow;
use crate::app::Services;
use crate::context::Secrets;
use crate::db::schema::{bindings, employees, organizations, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;

/// Cards of one address at most: a mailbox is one person's, or a whole school's.
const OF_ADDRESS: i64 = 200;
/// Cards of one organization at most that are looked through for likely ones.
const OF_ORGANIZATION: i64 = 5_000;

/// A card that is bound to nobody.
#[derive(Debug, Clone)]
pub struct UnboundCard {
    /// Its identifier.
    pub id: Id,
    /// Its organization.
    pub organization: Id,
    /// ФИО.
    pub name: FullName,
    /// СНИЛС.
    pub snils: Option<Snils>,
    /// Whether one of its roles is in force.
    pub is_in_force: bool,
}

/// The cards of an address ([`epos_shared::values::Email::key`]) that are bound to nobody and not in the archive.
///
/// # Errors
/// The database fails.
pub fn unbound_of_address(
    conn: &mut Conn,
    secrets: &Secrets,
    email_key: &str,
    today: NaiveDate,
) -> Result<Vec<UnboundCard>, DbError> {
    let bound =
        bindings::table.filter(bindings::employee_id.eq(employees::id)).filter(bindings::ended_at.is_null());
    let works = role_assignments::table
        .filter(role_assignments::employee_id.eq(employees::id))
        .filter(role_assignments::starts_on.le(today))
        .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(today)));
    let rows: Vec<(CardRow, bool)> = employees::table
        .filter(employees::email_key.eq(email_key))
        .filter(employees::archived_at.is_null())
        .filter(not(exists(bound)))
        .limit(OF_ADDRESS)
        .select((CardRow::as_select(), exists(works)))
        .load(conn)?;
    let card = |(row, is_in_force): (CardRow, bool)| {
        Ok(UnboundCard {
            id: row.id,
            organization: row.organization_id,
            name: row.name()?,
            snils: row.snils(secrets)?,
            is_in_force,
        })
    };
    rows.into_iter().map(card).collect()
}

/// Whether every card in force of an account stands in an organization whose staff sign in through Госуслуги only,
/// and there is one; never of support.
///
/// # Errors
/// The database fails.
pub fn is_esia_only(conn: &mut Conn, account: Id, today: NaiveDate) -> QueryResult<bool> {
    let in_force: Vec<(String, bool)> = bindings::table
        .inner_join(employees::table.inner_join(organizations::table))
        .inner_join(role_assignments::table.on(role_assignments::employee_id.eq(bindings::employee_id)))
        .filter(bindings::account_id.eq(account))
        .filter(bindings::ended_at.is_null())
        .filter(employees::archived_at.is_null())
        .filter(role_assignments::starts_on.le(today))
        .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(today)))
        .select((role_assignments::role, organizations::esia_only))
        .load(conn)?;
    let supports = |role: &str| role == Role::Support.as_str();
    Ok(!in_force.is_empty() && in_force.iter().all(|(role, only)| *only && !supports(role)))
}

/// A card as a person's, beside what Госуслуги say of him.
#[derive(Debug, Clone)]
pub struct PersonOfCard {
    /// The card.
    pub id: Id,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: Option<String>,
    /// СНИЛС.
    pub snils: Option<Snils>,
    /// Whether it is bound to an account.
    pub is_bound: bool,
}

impl StaffOf<'_> {
    /// The people of an organization in view, archived cards left out; nobody where it is not in view.
    ///
    /// # Errors
    /// The database fails.
    pub fn people_of(
        &self,
        conn: &mut Conn,
        services: &Services,
        organization: Id,
    ) -> Result<Vec<PersonOfCard>, ApiError> {
        if self.organization(conn, organization)?.is_none() {
            return Ok(Vec::new());
        }
        let bound = bindings::table
            .filter(bindings::employee_id.eq(employees::id))
            .filter(bindings::ended_at.is_null());
        let rows: Vec<(CardRow, bool)> = employees::table
            .filter(employees::organization_id.eq(organization))
            .filter(employees::archived_at.is_null())
            .limit(OF_ORGANIZATION)
            .select((CardRow::as_select(), exists(bound)))
            .load(conn)?;
        let secrets = services.context.secrets();
        let person = |(row, is_bound): (CardRow, bool)| {
            Ok(PersonOfCard {
                id: row.id,
                name: row.name()?,
                snils: row.snils(secrets)?,
                email: row.email,
                is_bound,
            })
        };
        rows.into_iter().map(person).collect()
    }
}
