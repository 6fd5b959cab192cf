//! People of a view as the journal needs them: found by words, and named where they are in view.

use std::collections::HashMap;

use diesel::prelude::*;
use epos_shared::api::employees::{EmployeeQuery, EmployeeState};

use super::actor::StaffOf;
use super::card_store;
use super::list_filter::Places;
use crate::accounts;
use crate::app::Services;
use crate::db::schema::{bindings, employees, organization_ancestors};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::organizations::Scope;

/// People found by words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Their cards.
    pub cards: Vec<Id>,
    /// Their accounts.
    pub accounts: Vec<Id>,
}

/// A card that something refers to.
#[derive(Debug, Clone)]
pub struct CardName {
    /// ФИО.
    pub name: String,
    /// Its organization.
    pub organization: Id,
    /// Whether the card is in view.
    pub in_view: bool,
}

type NameColumns = (Id, Id, String, String, Option<String>);

/// The organization of a card, for the journal.
///
/// # Errors
/// The database fails.
pub fn organization_of(conn: &mut Conn, card: Id) -> QueryResult<Option<Id>> {
    employees::table.find(card).select(employees::organization_id).first(conn).optional()
}

impl StaffOf<'_> {
    /// The organizations in view, narrowed to one with everything below it; nothing where it is out of view.
    ///
    /// # Errors
    /// The database fails.
    pub fn narrowed(&self, conn: &mut Conn, chosen: Option<Id>) -> QueryResult<Option<Scope>> {
        Ok(match Places::within(conn, self.scope(), chosen)? {
            Places::All => Some(Scope::All),
            Places::Below(top) => Some(Scope::Below(top)),
            Places::One(id) => Some(Scope::Only(id)),
            Places::Nowhere => None,
        })
    }

    /// Who in view is called so, archived people too; nothing where they are more than `most`.
    ///
    /// # Errors
    /// `malformed-parameter`; the database fails.
    pub fn named(
        &self,
        conn: &mut Conn,
        services: &Services,
        words: &str,
        most: u32,
    ) -> Result<Option<Named>, ApiError> {
        let mut found = Named::default();
        for state in [None, Some(EmployeeState::Archived)] {
            let query = EmployeeQuery {
                query: Some(words.to_owned()),
                state,
                limit: Some(most + 1),
                ..EmployeeQuery::default()
            };
            let page = self.list(conn, &query, services.context.today())?;
            found.cards.extend(page.items.into_iter().map(|row| Id::from(row.id)));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if found.cards.len() > most {
            return Ok(None);
        }
        found.accounts = bindings::table
            .filter(bindings::employee_id.eq_any(&found.cards))
            .filter(bindings::ended_at.is_null())
            .select(bindings::account_id)
            .load(conn)?;
        if self.scope() == Scope::All {
            // Accounts without a card are in nobody else's view.
            match accounts::named(conn, words, most)? {
                None => return Ok(None),
                Some(ids) => found.accounts.extend(ids),
            }
        }
        found.accounts.sort_unstable();
        found.accounts.dedup();
        Ok(Some(found))
    }

    /// Of some organizations those that are in view.
    ///
    /// # Errors
    /// The database fails.
    fn in_view(&self, conn: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Id>> {
        match self.scope() {
            Scope::All => Ok(ids.to_vec()),
            Scope::Only(own) => Ok(ids.iter().copied().filter(|id| *id == own).collect()),
            Scope::Below(top) => organization_ancestors::table
                .filter(organization_ancestors::descendant_id.eq_any(ids))
                .filter(organization_ancestors::ancestor_id.eq(top))
                .select(organization_ancestors::descendant_id)
                .load(conn),
        }
    }

    /// What some cards are called, and whether each is in view.
    ///
    /// # Errors
    /// The database fails.
    pub fn names_of_cards(&self, conn: &mut Conn, ids: &[Id]) -> QueryResult<HashMap<Id, CardName>> {
        use employees as e;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<NameColumns> = e::table
            .filter(e::id.eq_any(ids))
            .select((e::id, e::organization_id, e::family_name, e::given_name, e::patronymic))
            .load(conn)?;
        let mut places: Vec<Id> = rows.iter().map(|row| row.1).collect();
        places.sort_unstable();
        places.dedup();
        let in_view = self.in_view(conn, &places)?;
        rows.into_iter()
            .map(|(id, organization, family, given, patronymic)| {
                let name = card_store::full_name(&family, &given, patronymic.as_deref())?.to_string();
                Ok((id, CardName { name, organization, in_view: in_view.contains(&organization) }))
            })
            .collect()
    }

    /// What those of some accounts are called that are in view: the own one, and whose card is.
    ///
    /// # Errors
    /// The database fails.
    pub fn names_of_accounts(&self, conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, String>, DbError> {
        if self.scope() == Scope::All || ids.is_empty() {
            return accounts::names(conn, ids);
        }
        let bound: Vec<(Id, Id)> = bindings::table
            .inner_join(employees::table)
            .filter(bindings::account_id.eq_any(ids))
            .filter(bindings::ended_at.is_null())
            .select((bindings::account_id, employees::organization_id))
            .load(conn)?;
        let mut places: Vec<Id> = bound.iter().map(|(_, place)| *place).collect();
        places.sort_unstable();
        places.dedup();
        let in_view = self.in_view(conn, &places)?;
        let mut seen: Vec<Id> =
            bound.iter().filter(|(_, place)| in_view.contains(place)).map(|(account, _)| *account).collect();
        seen.extend(ids.iter().copied().filter(|id| *id == self.account()));
        seen.sort_unstable();
        seen.dedup();
        accounts::names(conn, &seen)
    }
}
