//! The tables of organizations, as those who keep them change them.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::organization_card::{OrganizationData, OrganizationFields};
use epos_shared::roles::OrganizationKind;

use crate::db::schema::{organization_ancestors as tree, organization_tokens, organizations as t};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};
use crate::on;
use crate::organizations::OrganizationRow;
use crate::organizations::store::{COLUMNS, Line, insert_words, row};

/// Rows in one statement: SQLite takes a bounded number of values.
const AT_ONCE: usize = 5_000;

/// An organization, whole.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct Full {
    pub(super) id: Id,
    pub(super) parent_id: Option<Id>,
    kind: String,
    pub(super) full_name: String,
    pub(super) short_name: String,
    pub(super) town: String,
    pub(super) inn: Option<String>,
    pub(super) kpp: Option<String>,
    pub(super) closed_on: Option<NaiveDate>,
    pub(super) version: i32,
    pub(super) created_at: NaiveDateTime,
    pub(super) esia_only: bool,
    pub(super) merged_into_id: Option<Id>,
}

impl Full {
    pub(super) fn kind(&self) -> QueryResult<OrganizationKind> {
        OrganizationKind::from_wire(&self.kind).ok_or_else(|| {
            diesel::result::Error::DeserializationError(format!("a kind: {}", self.kind).into())
        })
    }

    /// What is kept of it, as the form has it.
    pub(super) fn fields(&self) -> QueryResult<OrganizationFields> {
        Ok(OrganizationFields {
            kind: Some(self.kind()?),
            full_name: self.full_name.clone(),
            short_name: self.short_name.clone(),
            town: self.town.clone(),
            inn: self.inn.clone().unwrap_or_default(),
            kpp: self.kpp.clone().unwrap_or_default(),
            esia_only: self.esia_only,
        })
    }
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<Full>> {
    t::table.find(id).select(Full::as_select()).first(conn).optional()
}

/// The organizations that others may stand below, as long as they are open.
pub(super) fn open_tops(conn: &mut Conn) -> QueryResult<Vec<Full>> {
    let kinds =
        [OrganizationKind::Operator, OrganizationKind::EducationDepartment].map(OrganizationKind::as_str);
    t::table
        .filter(t::kind.eq_any(kinds))
        .filter(t::closed_on.is_null())
        .order(t::id.asc())
        .select(Full::as_select())
        .load(conn)
}

/// The organizations with these ИНН.
pub(super) fn with_inns(conn: &mut Conn, inns: &[String]) -> QueryResult<Vec<Full>> {
    let mut found = Vec::new();
    for inns in inns.chunks(AT_ONCE) {
        found.extend(t::table.filter(t::inn.eq_any(inns)).select(Full::as_select()).load::<Full>(conn)?);
    }
    Ok(found)
}

/// The organizations above one, from the top down.
pub(super) fn above(conn: &mut Conn, id: Id) -> QueryResult<Vec<OrganizationRow>> {
    let found: Vec<Line> = tree::table
        .inner_join(t::table.on(t::id.eq(tree::ancestor_id)))
        .filter(tree::descendant_id.eq(id))
        .filter(tree::depth.gt(0))
        .order(tree::depth.desc())
        .select(COLUMNS)
        .load(conn)?;
    found.into_iter().map(row).collect()
}

/// How many organizations stand open below some, at any depth; nothing where there is none.
pub(super) fn open_below(conn: &mut Conn, ids: &[Id], today: NaiveDate) -> QueryResult<HashMap<Id, u32>> {
    let rows: Vec<(Id, i64)> = tree::table
        .inner_join(t::table.on(t::id.eq(tree::descendant_id)))
        .filter(tree::ancestor_id.eq_any(ids))
        .filter(tree::depth.gt(0))
        .filter(t::closed_on.is_null().or(t::closed_on.gt(today)))
        .group_by(tree::ancestor_id)
        .select((tree::ancestor_id, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, count)| (id, u32::try_from(count).unwrap_or(u32::MAX))).collect())
}

/// Those of some organizations that have children to show.
pub(super) fn with_children(
    conn: &mut Conn,
    ids: &[Id],
    open_on: Option<NaiveDate>,
) -> QueryResult<HashSet<Id>> {
    let ids: Vec<Option<Id>> = ids.iter().copied().map(Some).collect();
    let mut query = t::table
        .filter(t::parent_id.eq_any(ids))
        .select(t::parent_id)
        .distinct()
        .into_boxed::<MultiBackend>();
    if let Some(today) = open_on {
        query = query.filter(t::closed_on.is_null().or(t::closed_on.gt(today)));
    }
    let parents: Vec<Option<Id>> = query.load(conn)?;
    Ok(parents.into_iter().flatten().collect())
}

/// The children of an organization in the order of their names, behind a place; the tops of the tree where
/// `parent` is nothing.
pub(super) fn children(
    conn: &mut Conn,
    parent: Option<Id>,
    open_on: Option<NaiveDate>,
    after: Option<&(String, Id)>,
    limit: i64,
) -> QueryResult<Vec<(OrganizationRow, String)>> {
    let mut query = t::table.select((COLUMNS, t::search_key)).limit(limit).into_boxed::<MultiBackend>();
    query = match parent {
        Some(parent) => query.filter(t::parent_id.eq(parent)),
        None => query.filter(t::parent_id.is_null()),
    };
    if let Some(today) = open_on {
        query = query.filter(t::closed_on.is_null().or(t::closed_on.gt(today)));
    }
    if let Some((key, id)) = after {
        query = query.filter(t::search_key.ge(key)).filter(t::search_key.gt(key).or(t::id.gt(id)));
    }
    let found: Vec<(Line, String)> = query.order((t::search_key.asc(), t::id.asc())).load(conn)?;
    found.into_iter().map(|(line, key)| Ok((row(line)?, key))).collect()
}

/// Every child of an organization.
pub(super) fn child_ids(conn: &mut Conn, id: Id) -> QueryResult<Vec<Id>> {
    t::table.filter(t::parent_id.eq(id)).order(t::id.asc()).select(t::id).load(conn)
}

/// Writes what is kept of an organization, if it still is at `version`; its row count decides.
pub(super) fn update(
    conn: &mut Conn,
    (id, version): (Id, i32),
    data: &OrganizationData,
    search_key: &str,
    words: &[String],
) -> QueryResult<bool> {
    let (inn, kpp) = data.numbers.as_ref().map(|(inn, kpp)| (inn.as_str(), kpp.as_str())).unzip();
    let changed = diesel::update(t::table.find(id).filter(t::version.eq(version)))
        .set((
            t::kind.eq(data.kind.as_str()),
            t::full_name.eq(&data.full_name),
            t::short_name.eq(&data.short_name),
            t::town.eq(&data.town),
            t::inn.eq(inn),
            t::kpp.eq(kpp),
            t::esia_only.eq(data.esia_only),
            t::search_key.eq(search_key),
            t::version.eq(version + 1),
        ))
        .execute(conn)?;
    if changed != 1 {
        return Ok(false);
    }
    diesel::delete(organization_tokens::table.filter(organization_tokens::organization_id.eq(id)))
        .execute(conn)?;
    insert_words(conn, id, words)?;
    Ok(true)
}

/// Notes on a new organization that its staff sign in through Госуслуги only.
pub(super) fn set_esia_only(conn: &mut Conn, id: Id) -> QueryResult<()> {
    diesel::update(t::table.find(id)).set(t::esia_only.eq(true)).execute(conn)?;
    Ok(())
}

/// Closes an organization from a day on, or opens it again, if it still is at `version`.
pub(super) fn set_closed(
    conn: &mut Conn,
    (id, version): (Id, i32),
    closed_on: Option<NaiveDate>,
    merged_into: Option<Id>,
) -> QueryResult<bool> {
    let changed = diesel::update(t::table.find(id).filter(t::version.eq(version)))
        .set((t::closed_on.eq(closed_on), t::merged_into_id.eq(merged_into), t::version.eq(version + 1)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Puts an organization with everything below it under another one, if it still is at `version`.
pub(super) fn set_parent(conn: &mut Conn, (id, version): (Id, i32), parent: Id) -> QueryResult<bool> {
    let changed = diesel::update(t::table.find(id).filter(t::version.eq(version)))
        .set((t::parent_id.eq(parent), t::version.eq(version + 1)))
        .execute(conn)?;
    if changed != 1 {
        return Ok(false);
    }
    let moving: Vec<(Id, i32)> =
        tree::table.filter(tree::ancestor_id.eq(id)).select((tree::descendant_id, tree::depth)).load(conn)?;
    let left: Vec<Id> = tree::table
        .filter(tree::descendant_id.eq(id))
        .filter(tree::depth.gt(0))
        .select(tree::ancestor_id)
        .load(conn)?;
    let above: Vec<(Id, i32)> = tree::table
        .filter(tree::descendant_id.eq(parent))
        .select((tree::ancestor_id, tree::depth))
        .load(conn)?;
    for moving in moving.chunks(AT_ONCE) {
        let ids: Vec<Id> = moving.iter().map(|(id, _)| *id).collect();
        diesel::delete(
            tree::table.filter(tree::descendant_id.eq_any(ids)).filter(tree::ancestor_id.eq_any(&left)),
        )
        .execute(conn)?;
        let places: Vec<_> = moving
            .iter()
            .flat_map(|(id, depth)| {
                above.iter().map(move |(ancestor, height)| {
                    (
                        tree::descendant_id.eq(*id),
                        tree::ancestor_id.eq(*ancestor),
                        tree::depth.eq(depth + height + 1),
                    )
                })
            })
            .collect();
        for places in places.chunks(AT_ONCE) {
            on!(conn, |c| diesel::insert_into(tree::table).values(places).execute(c))?;
        }
    }
    Ok(true)
}
