//! The tree, a level at a time.

use chrono::NaiveDate;
use epos_shared::api::organization_card::{OrganizationLevel, OrganizationNode, TreeQuery};
use epos_shared::organization_rights::OrganizationAction;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::rights::Relation;
use epos_shared::roles::OrganizationKind;
use uuid::Uuid;

use super::store;
use crate::cursor::{open, seal};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::{self, StaffOf, of_organization};
use crate::organizations::{self, OrganizationRow, Scope};

/// What a cursor of the tree begins with.
const FORM: u8 = 96;

fn cursor(key: &str, id: Id) -> String {
    let mut bytes = vec![FORM];
    bytes.extend_from_slice(id.0.as_bytes());
    bytes.extend_from_slice(key.as_bytes());
    seal(bytes)
}

fn place(cursor: &str) -> Option<(String, Id)> {
    let bytes = open(cursor)?;
    let (id, key) = bytes.strip_prefix(&[FORM])?.split_at_checked(16)?;
    Some((String::from_utf8(key.to_vec()).ok()?, Id(Uuid::from_slice(id).ok()?)))
}

/// A level of the tree: the top of what is in view, or the children of one organization.
///
/// # Errors
/// `not-found`, `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn level(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    query: &TreeQuery,
    today: NaiveDate,
) -> Result<OrganizationLevel, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let after = match &query.after {
        None => None,
        Some(cursor) => Some(place(cursor).ok_or_else(|| {
            Problem::new(ProblemCode::InvalidCursor).with_detail("Откройте список с начала.")
        })?),
    };
    let open_on = (!query.closed.unwrap_or(false)).then_some(today);
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = match (query.parent, staff.scope()) {
        (None, Scope::All) => store::children(conn, None, open_on, after.as_ref(), wanted)?,
        (None, Scope::Below(own) | Scope::Only(own)) => {
            let own = if after.is_none() { organizations::find(conn, own)? } else { None };
            own.map(|own| (own, String::new())).into_iter().collect()
        }
        (Some(parent), scope) => {
            staff.organization(conn, parent.into())?.ok_or(ProblemCode::NotFound)?;
            // Who sees one organization alone sees nothing below it.
            if matches!(scope, Scope::Only(_)) {
                Vec::new()
            } else {
                store::children(conn, Some(parent.into()), open_on, after.as_ref(), wanted)?
            }
        }
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(row, key)| cursor(key, row.id));
    let rows: Vec<OrganizationRow> = found.into_iter().map(|(row, _)| row).collect();
    let may = |action, kind| {
        [Relation::Below, Relation::Elsewhere]
            .into_iter()
            .any(|relation| staff.may_organization(action, kind, relation))
    };
    Ok(OrganizationLevel {
        items: nodes(conn, staff, rows, (today, open_on))?,
        next,
        creatable: OrganizationKind::ALL
            .into_iter()
            .filter(|kind| may(OrganizationAction::Create, *kind))
            .collect(),
        can_import: may(OrganizationAction::Import, OrganizationKind::School),
    })
}

fn nodes(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    rows: Vec<OrganizationRow>,
    (today, open_on): (NaiveDate, Option<NaiveDate>),
) -> Result<Vec<OrganizationNode>, ApiError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let cards = of_organization::count(conn, &ids, today)?;
    let sees_below = !matches!(staff.scope(), Scope::Only(_));
    let (below, expandable) = if sees_below {
        (store::open_below(conn, &ids, today)?, store::with_children(conn, &ids, open_on)?)
    } else {
        Default::default()
    };
    Ok(rows
        .into_iter()
        .map(|row| OrganizationNode {
            organization: row.summary(),
            town: row.town.clone(),
            closed: !row.is_open(today),
            expandable: expandable.contains(&row.id),
            below: below.get(&row.id).copied().unwrap_or_default(),
            cards: cards.get(&row.id).copied().unwrap_or_default(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_refused_where_damaged() {
        let id = Id(Uuid::from_u128(7));
        let written = cursor("школа 1", id);
        assert_eq!(place(&written), Some(("школа 1".to_owned(), id)));
        for nonsense in ["", "AAAA", &written[1..], &seal(vec![1; 40])] {
            assert_eq!(place(nonsense), None);
        }
    }
}
