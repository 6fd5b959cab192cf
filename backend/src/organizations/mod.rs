//! Organizations: a tree from the operator and the departments down to schools.

mod administration;
mod directory;
mod store;

use chrono::NaiveDate;
use diesel::result::QueryResult;
use epos_shared::api::organizations::OrganizationSummary;
use epos_shared::ids::OrganizationId;
use epos_shared::roles::OrganizationKind;
use epos_shared::search::{search_key, search_tokens};
use epos_shared::values::{Inn, Kpp};

use crate::context::Context;
use crate::db::Conn;
use crate::db::types::Id;

pub use administration::routes;
pub use directory::{Directory, numbers_of, numbers_of_all, with_inn, with_numbers};
pub use store::{
    Found, KindsByPlace, OrganizationRow, Placed, Search, count, descendants_of, find, find_all, first_of,
    has_below, in_order, keys, place, search, with_keys, within,
};

/// Which organizations somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every one.
    All,
    /// One and everything below it.
    Below(Id),
    /// One alone.
    Only(Id),
}

/// A new organization.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The organization it stands under.
    pub parent: Option<OrganizationId>,
    /// Its kind.
    pub kind: OrganizationKind,
    /// Полное наименование.
    pub full_name: String,
    /// Краткое наименование.
    pub short_name: String,
    /// Town or district.
    pub town: String,
    /// ИНН.
    pub inn: Option<Inn>,
    /// КПП.
    pub kpp: Option<Kpp>,
}

impl OrganizationRow {
    /// The organization, as short as a row of a list needs it.
    #[must_use]
    pub fn summary(&self) -> OrganizationSummary {
        OrganizationSummary { id: self.id.into(), kind: self.kind, short_name: self.short_name.clone() }
    }

    /// Whether it is open on a day.
    #[must_use]
    pub fn is_open(&self, today: NaiveDate) -> bool {
        self.closed_on.is_none_or(|closed| today < closed)
    }
}

/// Creates an organization with its place in the tree and the words it is searched by. To be called inside a
/// write transaction.
///
/// # Errors
/// The database refuses (a second organization with the same ИНН and КПП, a parent that is not there).
pub fn create(conn: &mut Conn, context: &Context, new: &NewOrganization) -> QueryResult<OrganizationId> {
    let id = context.id();
    let inn = new.inn.as_ref().map(Inn::as_str);
    let words = words_of(&new.short_name, &new.full_name, &new.town, inn);
    store::insert(conn, id, new, &search_key(&new.short_name), &words, context.db_now())?;
    Ok(id.into())
}

/// The words an organization is searched by: of its names, of its town, its ИНН.
fn words_of(short_name: &str, full_name: &str, town: &str, inn: Option<&str>) -> Vec<String> {
    search_tokens(&format!("{short_name} {full_name} {town} {}", inn.unwrap_or_default()))
}
