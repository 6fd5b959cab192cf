//! The report by organizations: what is below one of them, each row with everything below it in turn.

use std::collections::HashMap;

use chrono::NaiveDate;
use epos_shared::api::reports::{ReportKind, StaffNumbers, StaffReport, StaffReportQuery, StaffReportRow};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::roles::Role;
use uuid::Uuid;

use super::kept::{Counted, counted};
use crate::app::Services;
use crate::cursor::{open, seal};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::{self, StaffOf};
use crate::organizations::{self, OrganizationRow, Placed, Scope};
use crate::tables::Line;

/// What a cursor of the report begins with.
const FORM: u8 = 128;

fn cursor(id: Id) -> String {
    let mut bytes = vec![FORM];
    bytes.extend_from_slice(id.0.as_bytes());
    seal(bytes)
}

fn place(cursor: &str) -> Option<Id> {
    let bytes = open(cursor)?;
    Some(Id(Uuid::from_slice(bytes.strip_prefix(&[FORM])?).ok()?))
}

/// The organization below which is looked, where there is one, and what that shows.
///
/// # Errors
/// `not-found`; the database fails.
pub(super) fn looked_at(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    asked: Option<Id>,
) -> Result<(Option<OrganizationRow>, Scope), ApiError> {
    let scope = staff.scope();
    let (top, scope) = match (asked, scope) {
        (Some(asked), _) => {
            let (row, _) = staff.organization(conn, asked)?.ok_or(ProblemCode::NotFound)?;
            let scope = if matches!(scope, Scope::Only(_)) { scope } else { Scope::Below(asked) };
            (Some(row), scope)
        }
        (None, Scope::All) => (None, scope),
        (None, Scope::Below(own) | Scope::Only(own)) => (organizations::find(conn, own)?, scope),
    };
    Ok((top, scope))
}

/// The organizations of a report with their numbers.
struct Looked {
    top: Option<OrganizationRow>,
    places: Vec<Placed>,
    counted: Counted,
}

fn look(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    asked: Option<Id>,
) -> Result<Looked, ApiError> {
    let (mut top, scope) = looked_at(conn, staff, asked)?;
    let places = organizations::within(conn, scope)?;
    let counted = counted(conn, services, scope, &places)?;
    if top.is_none() {
        // One alone is nothing to choose from: what is below it is shown.
        let mut tops = places.iter().filter(|place| place.parent.is_none());
        if let (Some(only), None) = (tops.next(), tops.next()) {
            top = Some(only.row.clone());
        }
    }
    Ok(Looked { top, places, counted })
}

/// Which row of a report each organization belongs to: itself where it stands right below the top, else the one there
/// that it stands below; nothing for the top itself.
fn rows_of(places: &[Placed], top: Option<Id>) -> HashMap<Id, Option<Id>> {
    let parents: HashMap<Id, Option<Id>> = places.iter().map(|place| (place.row.id, place.parent)).collect();
    let row_of = |id: Id| {
        if Some(id) == top {
            return None;
        }
        let mut row = id;
        // No longer than the tree is deep; were it a circle, this ends all the same.
        for _ in 0..parents.len() {
            match parents.get(&row).copied().flatten() {
                above if above == top => break,
                Some(above) if parents.contains_key(&above) => row = above,
                _ => break,
            }
        }
        Some(row)
    };
    places.iter().map(|place| (place.row.id, row_of(place.row.id))).collect()
}

/// The report.
///
/// # Errors
/// `not-found`, `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn report(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    query: &StaffReportQuery,
) -> Result<StaffReport, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let after = match &query.after {
        None => None,
        Some(cursor) => Some(place(cursor).ok_or_else(|| {
            Problem::new(ProblemCode::InvalidCursor).with_detail("Откройте отчёт с начала.")
        })?),
    };
    let Looked { top, places, counted } = look(conn, services, staff, query.organization.map(Id::from))?;
    let top_id = top.as_ref().map(|row| row.id);
    let above = match places.iter().find(|place| Some(place.row.id) == top_id).and_then(|place| place.parent)
    {
        // Who sees one organization alone has nothing above it, nor a department above its own.
        Some(above) => staff.organization(conn, above)?.map(|(row, _)| row.summary()),
        None => None,
    };
    let rows = rows_of(&places, top_id);
    let mut total = StaffNumbers::default();
    let mut sums: HashMap<Id, (u32, StaffNumbers)> = HashMap::new();
    let mut own = None;
    for placed in &places {
        let id = placed.row.id;
        let numbers = counted.numbers.get(&id).cloned().unwrap_or_default();
        total.add(&numbers);
        match rows.get(&id).copied().flatten() {
            None => own = Some(numbers),
            Some(row) => {
                let (below, sum) = sums.entry(row).or_default();
                *below += u32::from(row != id);
                sum.add(&numbers);
            }
        }
    }
    let today = services.context.today();
    let mut items = items(&places, sums, today);
    if let Some(after) = after {
        // Behind the row itself where it is there still; else from the start.
        let behind = items.iter().position(|item| Id::from(item.organization.id) == after);
        items.drain(..behind.map_or(0, |place| place + 1));
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| cursor(item.organization.id.into()));
    Ok(StaffReport {
        organization: top.map(|row| row.summary()),
        above,
        counted_at: counted.at,
        counting: counted.waits,
        organizations: u32::try_from(places.len()).unwrap_or(u32::MAX),
        total,
        own: own.filter(|_| places.len() > 1),
        items,
        next,
    })
}

/// The rows, in the order of the names; of closed organizations those that still have cards.
fn items(
    places: &[Placed],
    mut sums: HashMap<Id, (u32, StaffNumbers)>,
    today: NaiveDate,
) -> Vec<StaffReportRow> {
    places
        .iter()
        .filter_map(|placed| {
            let (below, numbers) = sums.remove(&placed.row.id)?;
            let closed = !placed.row.is_open(today);
            (!closed || !numbers.is_empty()).then(|| StaffReportRow {
                organization: placed.row.summary(),
                town: placed.row.town.clone(),
                closed,
                below,
                numbers,
            })
        })
        .collect()
}

/// The headings of the file of a report.
pub(super) fn headings(kind: ReportKind) -> Vec<&'static str> {
    let mut headings = vec!["Организация", "Вид", "Кому подчиняется", "Населённый пункт", "Карточек"];
    match kind {
        ReportKind::Roles => {
            headings.push("Ролей действует");
            headings.extend(Role::ALL.map(Role::title));
        }
        kind => headings.push(kind.title()),
    }
    headings
}

/// The file of a report: an organization a row, at whatever depth, each with its own numbers alone.
///
/// # Errors
/// `not-found`; the database fails.
pub(super) fn lines(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    kind: ReportKind,
    asked: Option<Id>,
) -> Result<Vec<Line>, ApiError> {
    let Looked { places, counted, .. } = look(conn, services, staff, asked)?;
    let today = services.context.today();
    let names: HashMap<Id, &str> =
        places.iter().map(|place| (place.row.id, place.row.short_name.as_str())).collect();
    let nothing = StaffNumbers::default();
    let shown = places.iter().filter_map(|place| {
        let numbers = counted.numbers.get(&place.row.id).unwrap_or(&nothing);
        (place.row.is_open(today) || !numbers.is_empty()).then_some((place, numbers))
    });
    let lines = shown.map(|(place, numbers)| {
        let above = place.parent.and_then(|parent| names.get(&parent)).copied().unwrap_or_default();
        let mut line = vec![
            place.row.short_name.clone(),
            place.row.kind.title().to_owned(),
            above.to_owned(),
            place.row.town.clone(),
            numbers.cards.to_string(),
            numbers.of(kind).to_string(),
        ];
        if kind == ReportKind::Roles {
            line.extend(Role::ALL.map(|role| {
                let count = numbers.by_role.iter().find(|count| count.role == role);
                count.map_or(0, |count| count.cards).to_string()
            }));
        }
        line
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use epos_shared::roles::OrganizationKind;

    use super::*;

    fn id(number: u128) -> Id {
        Id(Uuid::from_u128(number))
    }

    fn placed(number: u128, parent: Option<u128>) -> Placed {
        let row = OrganizationRow {
            id: id(number),
            kind: OrganizationKind::School,
            short_name: number.to_string(),
            full_name: String::new(),
            town: String::new(),
            closed_on: None,
            inn: None,
        };
        Placed { row, parent: parent.map(id), key: number.to_string() }
    }

    #[test]
    fn an_organization_belongs_to_the_row_it_stands_below() {
        // 1 ─ 2 ─ 3 ─ 4, 1 ─ 5
        let places = [
            placed(1, Some(9)),
            placed(2, Some(1)),
            placed(3, Some(2)),
            placed(4, Some(3)),
            placed(5, Some(1)),
        ];
        let rows = rows_of(&places, Some(id(1)));
        let of = |number: u128| rows.get(&id(number)).copied().unwrap();
        assert_eq!([1, 2, 3, 4, 5].map(of), [None, Some(id(2)), Some(id(2)), Some(id(2)), Some(id(5))]);
        // Several tops, none of them looked at.
        let places = [placed(1, None), placed(2, Some(1)), placed(3, None)];
        let rows = rows_of(&places, None);
        let of = |number: u128| rows.get(&id(number)).copied().unwrap();
        assert_eq!([1, 2, 3].map(of), [Some(id(1)), Some(id(1)), Some(id(3))]);
        // What the database would never hold ends as well.
        let circle = [placed(1, Some(2)), placed(2, Some(1))];
        assert_eq!(rows_of(&circle, Some(id(7))).len(), 2);
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_refused_where_damaged() {
        let written = cursor(id(7));
        assert_eq!(place(&written), Some(id(7)));
        for nonsense in ["", "AAAA", &written[1..], &seal(vec![FORM; 5])] {
            assert_eq!(place(nonsense), None);
        }
    }
}
