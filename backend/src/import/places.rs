//! Which organization a row means: by ИНН and КПП, by its short name, or the only one there is.

use std::collections::HashMap;

use diesel::result::QueryResult;
use epos_shared::api::import::{ImportError, ImportField};
use epos_shared::rights::Relation;
use epos_shared::search::search_key;

use crate::db::Conn;
use crate::db::types::Id;
use crate::kontingent::StaffOf;
use crate::kontingent::intake::Surroundings;
use crate::organizations::{self, OrganizationRow, Scope};

pub(super) type Place = (OrganizationRow, Relation);
pub(super) type Found = Result<Place, (ImportField, ImportError)>;

/// What a row says of its organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Named {
    pub inn: String,
    pub kpp: String,
    pub name: String,
}

/// The organizations of a file, each looked up once.
#[derive(Default)]
pub(super) struct Places {
    known: HashMap<Named, Found>,
}

impl Places {
    pub(super) fn of(
        &mut self,
        conn: &mut Conn,
        staff: &StaffOf<'_>,
        around: &mut Surroundings,
        named: Named,
    ) -> QueryResult<Found> {
        if let Some(found) = self.known.get(&named) {
            return Ok(found.clone());
        }
        let found = look_up(conn, staff, around, &named)?;
        self.known.insert(named, found.clone());
        Ok(found)
    }
}

fn look_up(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    around: &mut Surroundings,
    named: &Named,
) -> QueryResult<Found> {
    let (at, candidates): (ImportField, Vec<Id>) = if !named.inn.is_empty() {
        let mut found = Vec::new();
        if named.kpp.is_empty() {
            let all = organizations::with_inn(conn, std::slice::from_ref(&named.inn))?;
            found.extend(all.into_iter().map(|(_, row)| row.id));
        } else {
            found.extend(organizations::with_numbers(conn, &named.inn, &named.kpp)?.map(|row| row.id));
        }
        (ImportField::Inn, found)
    } else if !named.name.is_empty() {
        let key = search_key(&named.name);
        let found = organizations::with_keys(conn, &[key])?;
        (ImportField::Organization, found.into_iter().map(|(_, row)| row.id).collect())
    } else if matches!(staff.scope(), Scope::Only(_)) {
        (ImportField::Organization, vec![staff.own_organization()])
    } else {
        return Ok(Err((ImportField::Organization, ImportError::NoOrganization)));
    };
    // What is out of view is not there: nobody learns from a file what organizations others have.
    let mut seen = Vec::new();
    for id in candidates {
        seen.extend(around.of(conn, staff, id)?);
    }
    if seen.len() > 1 {
        let error = if at == ImportField::Inn {
            (ImportField::Kpp, ImportError::KppMissing)
        } else {
            (at, ImportError::OrganizationAmbiguous)
        };
        return Ok(Err(error));
    }
    Ok(seen.pop().ok_or((at, ImportError::OrganizationUnknown)))
}
