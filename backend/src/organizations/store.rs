//! The tables of organizations.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::roles::OrganizationKind;
use epos_shared::search::prefix_end;

use super::{NewOrganization, Scope};
use crate::db::schema::{organization_ancestors, organization_tokens, organizations};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};
use crate::on;

/// An organization.
#[derive(Debug, Clone)]
pub struct OrganizationRow {
    /// Its identifier.
    pub id: Id,
    /// Its kind.
    pub kind: OrganizationKind,
    /// Краткое наименование.
    pub short_name: String,
    /// Полное наименование.
    pub full_name: String,
    /// Town or district.
    pub town: String,
    /// The first day it is closed on.
    pub closed_on: Option<NaiveDate>,
    /// ИНН, where it is known.
    pub inn: Option<String>,
}

pub(super) type Columns = (
    organizations::id,
    organizations::kind,
    organizations::short_name,
    organizations::full_name,
    organizations::town,
    organizations::closed_on,
    organizations::inn,
);
pub(super) type Line = (Id, String, String, String, String, Option<NaiveDate>, Option<String>);

pub(super) const COLUMNS: Columns = (
    organizations::id,
    organizations::kind,
    organizations::short_name,
    organizations::full_name,
    organizations::town,
    organizations::closed_on,
    organizations::inn,
);

pub(super) fn row(
    (id, kind, short_name, full_name, town, closed_on, inn): Line,
) -> QueryResult<OrganizationRow> {
    let kind = OrganizationKind::from_wire(&kind)
        .ok_or_else(|| diesel::result::Error::DeserializationError(format!("a kind: {kind}").into()))?;
    Ok(OrganizationRow { id, kind, short_name, full_name, town, closed_on, inn })
}

pub(super) fn insert(
    conn: &mut Conn,
    id: Id,
    new: &NewOrganization,
    search_key: &str,
    words: &[String],
    now: NaiveDateTime,
) -> QueryResult<()> {
    use organization_ancestors as tree;
    let parent = new.parent.map(Id::from);
    diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(id),
            organizations::parent_id.eq(parent),
            organizations::kind.eq(new.kind.as_str()),
            organizations::full_name.eq(&new.full_name),
            organizations::short_name.eq(&new.short_name),
            organizations::town.eq(&new.town),
            organizations::inn.eq(new.inn.as_ref().map(ToString::to_string)),
            organizations::kpp.eq(new.kpp.as_ref().map(ToString::to_string)),
            organizations::search_key.eq(search_key),
            organizations::created_at.eq(now),
        ))
        .execute(conn)?;
    let mut above: Vec<(Id, i32)> = vec![(id, 0)];
    if let Some(parent) = parent {
        let line: Vec<(Id, i32)> = tree::table
            .filter(tree::descendant_id.eq(parent))
            .select((tree::ancestor_id, tree::depth))
            .load(conn)?;
        above.extend(line.into_iter().map(|(ancestor, depth)| (ancestor, depth + 1)));
    }
    let places: Vec<_> = above
        .into_iter()
        .map(|(ancestor, depth)| {
            (tree::descendant_id.eq(id), tree::ancestor_id.eq(ancestor), tree::depth.eq(depth))
        })
        .collect();
    on!(conn, |c| diesel::insert_into(tree::table).values(&places).execute(c))?;
    insert_words(conn, id, words)
}

/// The words an organization is searched by.
pub(super) fn insert_words(conn: &mut Conn, id: Id, words: &[String]) -> QueryResult<()> {
    let tokens: Vec<_> = words
        .iter()
        .map(|word| (organization_tokens::token.eq(word), organization_tokens::organization_id.eq(id)))
        .collect();
    if !tokens.is_empty() {
        on!(conn, |c| diesel::insert_into(organization_tokens::table).values(&tokens).execute(c))?;
    }
    Ok(())
}

/// The organization with that identifier.
///
/// # Errors
/// The database fails.
pub fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<OrganizationRow>> {
    organizations::table.find(id).select(COLUMNS).first::<Line>(conn).optional()?.map(row).transpose()
}

/// The organizations with those identifiers, in no order.
///
/// # Errors
/// The database fails.
pub fn find_all(conn: &mut Conn, ids: &[Id]) -> QueryResult<Vec<OrganizationRow>> {
    let found: Vec<Line> =
        organizations::table.filter(organizations::id.eq_any(ids)).select(COLUMNS).load(conn)?;
    found.into_iter().map(row).collect()
}

/// The organizations with one of these keys of their short names, each with its key.
///
/// # Errors
/// The database fails.
pub fn with_keys(conn: &mut Conn, keys: &[String]) -> QueryResult<Vec<(String, OrganizationRow)>> {
    let rows: Vec<(String, Line)> = organizations::table
        .filter(organizations::search_key.eq_any(keys))
        .select((organizations::search_key, COLUMNS))
        .load(conn)?;
    rows.into_iter().map(|(key, line)| Ok((key, row(line)?))).collect()
}

/// The keys that some organizations are sorted by.
///
/// # Errors
/// The database fails.
pub fn keys(conn: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(Id, String)>> {
    organizations::table
        .filter(organizations::id.eq_any(ids))
        .select((organizations::id, organizations::search_key))
        .load(conn)
}

/// Organizations in the order of their names, from one on (that one included), with their keys.
///
/// # Errors
/// The database fails.
pub fn in_order(
    conn: &mut Conn,
    scope: Scope,
    from: Option<(&str, Id)>,
    rises: bool,
    limit: i64,
) -> QueryResult<Vec<(Id, String)>> {
    use organizations as o;
    let mut query = o::table.select((o::id, o::search_key)).limit(limit).into_boxed::<MultiBackend>();
    match scope {
        Scope::All => {}
        Scope::Below(top) => query = query.filter(o::id.eq_any(descendants_of(top))),
        Scope::Only(id) => query = query.filter(o::id.eq(id)),
    }
    match (from, rises) {
        (None, _) => {}
        (Some((key, id)), true) => {
            query = query.filter(o::search_key.ge(key)).filter(o::search_key.gt(key).or(o::id.ge(id)));
        }
        (Some((key, id)), false) => {
            query = query.filter(o::search_key.le(key)).filter(o::search_key.lt(key).or(o::id.le(id)));
        }
    }
    if rises {
        query.order((o::search_key.asc(), o::id.asc())).load(conn)
    } else {
        query.order((o::search_key.desc(), o::id.desc())).load(conn)
    }
}

/// The first organization of a kind, by name.
///
/// # Errors
/// The database fails.
pub fn first_of(conn: &mut Conn, kind: OrganizationKind) -> QueryResult<Option<OrganizationRow>> {
    organizations::table
        .filter(organizations::kind.eq(kind.as_str()))
        .order((organizations::search_key.asc(), organizations::id.asc()))
        .select(COLUMNS)
        .first::<Line>(conn)
        .optional()?
        .map(row)
        .transpose()
}

/// Whether others stand below an organization.
///
/// # Errors
/// The database fails.
pub fn has_below(conn: &mut Conn, id: Id) -> QueryResult<bool> {
    diesel::select(exists(organizations::table.filter(organizations::parent_id.eq(id)))).get_result(conn)
}

/// How many organizations there are.
///
/// # Errors
/// The database fails.
pub fn count(conn: &mut Conn) -> QueryResult<u32> {
    let counted: i64 = organizations::table.count().get_result(conn)?;
    Ok(u32::try_from(counted).unwrap_or(u32::MAX))
}

/// How far `id` stands below `top`: 0 for itself, nothing where it does not.
///
/// # Errors
/// The database fails.
pub fn place(conn: &mut Conn, id: Id, top: Id) -> QueryResult<Option<i32>> {
    organization_ancestors::table.find((id, top)).select(organization_ancestors::depth).first(conn).optional()
}

/// Everything at and below an organization, for subqueries.
#[diesel::dsl::auto_type(no_type_alias)]
#[must_use]
pub fn descendants_of(top: Id) -> _ {
    organization_ancestors::table
        .filter(organization_ancestors::ancestor_id.eq(top))
        .select(organization_ancestors::descendant_id)
}

/// An organization and its place in the tree.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The organization.
    pub row: OrganizationRow,
    /// The one it stands right below.
    pub parent: Option<Id>,
    /// What it is sorted by.
    pub key: String,
}

/// Every organization of a scope, closed ones too, in the order of the names.
///
/// # Errors
/// The database fails.
pub fn within(conn: &mut Conn, scope: Scope) -> QueryResult<Vec<Placed>> {
    use organizations as t;
    let query = t::table.select((COLUMNS, t::parent_id, t::search_key)).into_boxed::<MultiBackend>();
    let query = match scope {
        Scope::All => query,
        Scope::Below(top) => query.filter(t::id.eq_any(descendants_of(top))),
        Scope::Only(id) => query.filter(t::id.eq(id)),
    };
    let found: Vec<(Line, Option<Id>, String)> =
        query.order((t::search_key.asc(), t::id.asc())).load(conn)?;
    found.into_iter().map(|(line, parent, key)| Ok(Placed { row: row(line)?, parent, key })).collect()
}

/// Kinds of organizations by where they stand from an own one.
#[derive(Debug, Clone, Default)]
pub struct KindsByPlace {
    /// The own organization.
    pub own: Option<Id>,
    /// Kinds that count at the own organization.
    pub same: Vec<OrganizationKind>,
    /// Kinds that count below it.
    pub below: Vec<OrganizationKind>,
    /// Kinds that count anywhere else.
    pub elsewhere: Vec<OrganizationKind>,
}

/// What is searched for.
#[derive(Debug)]
pub struct Search {
    /// Where.
    pub scope: Scope,
    /// This one alone.
    pub id: Option<Id>,
    /// Beginnings of words, all of which must be there.
    pub words: Vec<String>,
    /// Only open ones of these kinds.
    pub kinds: Option<(KindsByPlace, NaiveDate)>,
    /// Rows at most.
    pub limit: i64,
}

/// An organization that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The organization.
    pub organization: OrganizationRow,
    /// Short names of the organizations above, the nearest first, each with its identifier.
    pub above: Vec<(Id, String)>,
    /// Whether others stand below it.
    pub has_below: bool,
}

fn names(kinds: &[OrganizationKind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.as_str()).collect()
}

/// Searches organizations, in the order of their names.
///
/// # Errors
/// The database fails.
pub fn search(conn: &mut Conn, search: &Search) -> QueryResult<Vec<Found>> {
    let mut query = organizations::table.select(COLUMNS).into_boxed::<MultiBackend>();
    match search.scope {
        Scope::All => {}
        Scope::Below(top) => query = query.filter(organizations::id.eq_any(descendants_of(top))),
        Scope::Only(id) => query = query.filter(organizations::id.eq(id)),
    }
    if let Some(id) = search.id {
        query = query.filter(organizations::id.eq(id));
    }
    for word in &search.words {
        let begins = organization_tokens::table
            .select(organization_tokens::organization_id)
            .filter(organization_tokens::token.ge(word));
        query = match prefix_end(word) {
            Some(end) => {
                query.filter(organizations::id.eq_any(begins.filter(organization_tokens::token.lt(end))))
            }
            None => query.filter(organizations::id.eq_any(begins)),
        };
    }
    if let Some((kinds, today)) = &search.kinds {
        query = query.filter(organizations::closed_on.is_null().or(organizations::closed_on.gt(*today)));
        query = match kinds.own {
            None => query.filter(organizations::kind.eq_any(names(&kinds.elsewhere))),
            Some(own) => {
                let at_or_below = organization_ancestors::table
                    .filter(organization_ancestors::descendant_id.eq(organizations::id))
                    .filter(organization_ancestors::ancestor_id.eq(own));
                query.filter(
                    organizations::id
                        .eq(own)
                        .and(organizations::kind.eq_any(names(&kinds.same)))
                        .or(organizations::id
                            .ne(own)
                            .and(organizations::kind.eq_any(names(&kinds.below)))
                            .and(exists(at_or_below)))
                        .or(organizations::kind
                            .eq_any(names(&kinds.elsewhere))
                            .and(diesel::dsl::not(exists(at_or_below)))),
                )
            }
        };
    }
    let found: Vec<Line> = query
        .order((organizations::search_key.asc(), organizations::id.asc()))
        .limit(search.limit)
        .load(conn)?;
    let found: Vec<OrganizationRow> = found.into_iter().map(row).collect::<QueryResult<_>>()?;
    surroundings(conn, found)
}

/// Adds what stands above and below, in one query each.
fn surroundings(conn: &mut Conn, found: Vec<OrganizationRow>) -> QueryResult<Vec<Found>> {
    use organization_ancestors as tree;
    let ids: Vec<Id> = found.iter().map(|organization| organization.id).collect();
    let lines: Vec<(Id, Id, String)> = tree::table
        .inner_join(organizations::table.on(organizations::id.eq(tree::ancestor_id)))
        .filter(tree::descendant_id.eq_any(&ids))
        .filter(tree::depth.gt(0))
        .order((tree::descendant_id.asc(), tree::depth.asc()))
        .select((tree::descendant_id, organizations::id, organizations::short_name))
        .load(conn)?;
    let mut above: HashMap<Id, Vec<(Id, String)>> = HashMap::new();
    for (id, ancestor, name) in lines {
        above.entry(id).or_default().push((ancestor, name));
    }
    let parents: Vec<Option<Id>> = organizations::table
        .filter(organizations::parent_id.eq_any(&ids))
        .select(organizations::parent_id)
        .distinct()
        .load(conn)?;
    Ok(found
        .into_iter()
        .map(|organization| Found {
            above: above.remove(&organization.id).unwrap_or_default(),
            has_below: parents.contains(&Some(organization.id)),
            organization,
        })
        .collect())
}
