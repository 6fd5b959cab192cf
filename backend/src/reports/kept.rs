//! What is counted of organizations, kept for those who see many of them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::organization_card::RoleCount;
use epos_shared::api::reports::StaffNumbers;
use epos_shared::roles::Role;

use crate::app::Services;
use crate::db::schema::{organization_counts as t, organizations};
use crate::db::types::Id;
use crate::db::{Conn, DbError, MultiBackend, corrupt};
use crate::insert_all;
use crate::kontingent::of_organization;
use crate::organizations::{Placed, Scope, descendants_of};

/// So many organizations are counted when they are asked for: some twenty thousand cards, a few tenths of a second.
const FEW: usize = 40;
/// So many organizations in one transaction of the job.
const BATCH: i64 = 50;

const CARDS: &str = "cards";
const NOT_BOUND: &str = "not_bound";
const NEVER_SIGNED_IN: &str = "never_signed_in";
const ENDS_SOON: &str = "ends_soon";

/// Numbers of organizations, and how old they are.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Of each organization; one without a card may be missing.
    pub(super) numbers: HashMap<Id, StaffNumbers>,
    /// When the oldest of them was counted; nothing: just now.
    pub(super) at: Option<DateTime<Utc>>,
    /// Whether nothing was counted yet.
    pub(super) waits: bool,
}

/// Counts the organizations of a scope, or reads what was counted of them.
pub(super) fn counted(
    conn: &mut Conn,
    services: &Services,
    scope: Scope,
    places: &[Placed],
) -> QueryResult<Counted> {
    if places.len() <= FEW {
        let ids: Vec<Id> = places.iter().map(|place| place.row.id).collect();
        let numbers = of_organization::numbers(conn, &ids, services.context.today())?;
        return Ok(Counted { numbers, at: None, waits: false });
    }
    let query =
        t::table.select((t::organization_id, t::what, t::number, t::counted_at)).into_boxed::<MultiBackend>();
    let rows: Vec<(Id, String, i32, NaiveDateTime)> = match scope {
        Scope::All => query.load(conn)?,
        Scope::Below(top) => query.filter(t::organization_id.eq_any(descendants_of(top))).load(conn)?,
        Scope::Only(id) => query.filter(t::organization_id.eq(id)).load(conn)?,
    };
    let at = rows.iter().map(|row| row.3).min();
    let mut numbers: HashMap<Id, StaffNumbers> = HashMap::new();
    for (organization, what, number, _) in rows {
        let number = u32::try_from(number).map_err(|_| corrupt("a number"))?;
        let of = numbers.entry(organization).or_default();
        match what.as_str() {
            CARDS => of.cards = number,
            NOT_BOUND => of.not_bound = number,
            NEVER_SIGNED_IN => of.never_signed_in = number,
            ENDS_SOON => of.ends_soon = number,
            role => {
                let role = Role::from_wire(role).ok_or_else(|| corrupt("a role"))?;
                let by_role = vec![RoleCount { role, cards: number }];
                of.add(&StaffNumbers { by_role, ..StaffNumbers::default() });
            }
        }
    }
    Ok(Counted { numbers, at: at.map(|at| at.and_utc()), waits: at.is_none() })
}

#[derive(Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct NewCount {
    organization_id: Id,
    what: &'static str,
    number: i32,
    counted_at: NaiveDateTime,
}

/// Counts some organizations anew, behind the place where the last batch ended; answers that place, or nothing where
/// there are no more.
///
/// # Errors
/// The database fails.
pub async fn recount(services: &Services, after: Option<Id>) -> Result<Option<Id>, DbError> {
    let context = services.context.clone();
    let (at, today) = (context.db_now(), context.today());
    let (ids, numbers) = services
        .db
        .read::<_, DbError, _>(move |conn| {
            let mut query = organizations::table
                .order(organizations::id)
                .limit(BATCH)
                .select(organizations::id)
                .into_boxed::<MultiBackend>();
            if let Some(after) = after {
                query = query.filter(organizations::id.gt(after));
            }
            let ids: Vec<Id> = query.load(conn)?;
            let numbers = of_organization::numbers(conn, &ids, today)?;
            Ok((ids, numbers))
        })
        .await?;
    let last = ids.last().copied();
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            diesel::delete(t::table.filter(t::organization_id.eq_any(&ids))).execute(conn)?;
            let mut rows = Vec::new();
            for id in &ids {
                let numbers = numbers.get(id).cloned().unwrap_or_default();
                let roles = numbers.by_role.iter().map(|count| (count.role.as_str(), count.cards));
                let all = [
                    (CARDS, numbers.cards),
                    (NOT_BOUND, numbers.not_bound),
                    (NEVER_SIGNED_IN, numbers.never_signed_in),
                    (ENDS_SOON, numbers.ends_soon),
                ];
                rows.extend(all.into_iter().chain(roles).map(|(what, number)| NewCount {
                    organization_id: *id,
                    what,
                    number: i32::try_from(number).unwrap_or(i32::MAX),
                    counted_at: at,
                }));
            }
            insert_all!(conn, t::table, &rows)?;
            Ok(())
        })
        .await?;
    Ok(last)
}
