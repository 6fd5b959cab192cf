//! Writing the plan into the database, through the features' own functions.

use std::collections::HashMap;

use epos_shared::ids::OrganizationId;

use super::{DemoError, Plan, SEED, Table};
use crate::app::Services;
use crate::context::Context;
use crate::db::Conn;
use crate::error::ApiError;
use crate::organizations::{self, NewOrganization, Scope, Search};

/// Fills an empty database with the demo, in one transaction, and answers the table of its accounts; one
/// that holds organizations already stays as it is. Blocks.
///
/// # Errors
/// The database fails; the demo's data break a rule (never, as its tests prove).
pub fn load(services: &Services) -> Result<Table, ApiError> {
    let plan = Plan::new(SEED, services.context.today())?;
    services.db.write_tx_blocking(|conn| {
        if !is_empty(conn)? {
            return Ok(Table::new(&plan, None));
        }
        create_organizations(conn, &services.context, &plan)?;
        Ok(Table::new(&plan, None))
    })
}

fn is_empty(conn: &mut Conn) -> Result<bool, ApiError> {
    let search = Search { scope: Scope::All, words: Vec::new(), kinds: None, limit: 1 };
    Ok(organizations::search(conn, &search)?.is_empty())
}

type Organizations = HashMap<&'static str, OrganizationId>;

fn create_organizations(conn: &mut Conn, context: &Context, plan: &Plan) -> Result<Organizations, ApiError> {
    let mut created = Organizations::new();
    for planned in &plan.organizations {
        let new = NewOrganization {
            parent: planned.parent.and_then(|key| created.get(key)).copied(),
            kind: planned.kind,
            full_name: planned.full_name.clone(),
            short_name: planned.short_name.clone(),
            town: planned.town.to_owned(),
            inn: Some(planned.inn.clone()),
            kpp: Some(planned.kpp.clone()),
        };
        created.insert(planned.key, organizations::create(conn, context, &new)?);
    }
    Ok(created)
}

impl From<DemoError> for ApiError {
    fn from(error: DemoError) -> Self {
        Self::internal(error)
    }
}
