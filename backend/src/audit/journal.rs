//! «Журнал» through the view of whoever reads it: what was asked, which entries, what of them may be shown.

use std::collections::HashMap;

use epos_shared::api::journal::{
    ActorKind, JournalActor, JournalChange, JournalEntry, JournalObject, JournalPage, JournalResult,
    JournalSearch,
};
use epos_shared::api::organizations::OrganizationSummary;
use uuid::Uuid;

use super::journal_store::{self as store, Filter, Found, Range, Wanted};
use super::store::{Moment, Row};
use super::words;
use crate::app::Services;
use crate::cursor::{self, ByMoment, From};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::{self, CardName, Named, StaffOf};
use crate::organizations::{self, Scope};

/// No other list's cursors begin so.
const CURSORS: ByMoment<1> = ByMoment([73]);
/// So many people may be called by the words that are asked for.
const PEOPLE: u32 = 20;

/// What is asked for, judged: nothing where it is out of view or nobody is called so.
#[derive(Debug)]
pub(super) struct Question {
    filter: Option<Filter>,
    days: Range,
}

/// Judges what is asked for.
///
/// # Errors
/// `malformed-parameter`; the database fails.
pub(super) fn question(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    search: &JournalSearch,
) -> Result<Question, ApiError> {
    let mut days = Range::all();
    let context = &services.context;
    let beginning = |day| Moment { at: context.beginning_of(day), id: Id(Uuid::nil()) };
    if let Some(day) = search.from {
        days = days.and(Range { after: beginning(day), ..Range::all() });
    }
    if let Some(next) = search.to.and_then(|day| day.succ_opt()) {
        days = days.and(Range { before: beginning(next), ..Range::all() });
    }
    if let (Some(from), Some(to)) = (search.from, search.to)
        && to < from
    {
        return Err(ApiError::wrong_parameter("to", "Последний день раньше первого"));
    }
    let actions = match search.action.as_deref() {
        None => Vec::new(),
        Some(word) => {
            words::actions(word).ok_or_else(|| ApiError::wrong_parameter("action", "Такого действия нет"))?
        }
    };
    let objects = called(conn, services, staff, "person", search.person.as_deref(), |named| {
        named.cards.into_iter().chain(named.accounts).collect()
    })?;
    let actors = called(conn, services, staff, "who", search.who.as_deref(), |named| named.accounts)?;
    let objects = both(objects, search.object.map(Id));
    let actors = both(actors, search.actor.map(Id::from));
    let scope = staff.narrowed(conn, search.organization.map(Id::from))?;
    let nobody = |ids: &Option<Vec<Id>>| ids.as_ref().is_some_and(Vec::is_empty);
    let filter = scope.filter(|_| !nobody(&objects) && !nobody(&actors)).map(|scope| Filter {
        scope,
        objects,
        actors,
        actions,
        refused: search.result.map(|result| result == JournalResult::Refused),
    });
    Ok(Question { filter, days })
}

/// Who is called by some words, if any are given.
fn called(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    parameter: &str,
    text: Option<&str>,
    of: impl FnOnce(Named) -> Vec<Id>,
) -> Result<Option<Vec<Id>>, ApiError> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    if kontingent::query_words(Some(text))
        .map_err(|_| ApiError::wrong_parameter(parameter, "Слишком длинный запрос: не больше 10 слов"))?
        .is_empty()
    {
        return Ok(None);
    }
    match staff.named(conn, services, text, PEOPLE)? {
        Some(named) => Ok(Some(of(named))),
        None => Err(ApiError::wrong_parameter(
            parameter,
            "Подходит больше 20 человек. Допишите имя и отчество или логин",
        )),
    }
}

/// Those that are found by words and by the identifier, where both are given.
fn both(found: Option<Vec<Id>>, id: Option<Id>) -> Option<Vec<Id>> {
    match (found, id) {
        (found, None) => found,
        (None, Some(id)) => Some(vec![id]),
        (Some(found), Some(id)) => Some(found.into_iter().filter(|other| *other == id).collect()),
    }
}

/// A page of the journal.
///
/// # Errors
/// `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn page(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    search: &JournalSearch,
) -> Result<JournalPage, ApiError> {
    let limit = kontingent::page_limit(search.limit)?;
    let from = cursor::start(search.after.as_ref(), search.before.as_ref(), read_cursor)?;
    let question = question(conn, services, staff, search)?;
    let (range, newer) = match from {
        From::Start => (Range::all(), false),
        From::After(place) => (Range { before: place, ..Range::all() }, false),
        From::Before(place) => (Range { after: place, ..Range::all() }, true),
    };
    let mut found = look(conn, &question, Wanted { range, newer, limit })?;
    if newer {
        found.places.reverse();
    }
    let (first, last) = (found.places.first().copied(), found.places.last().copied());
    // Where the page was not full, it is gone on from where looking stopped.
    let further = |end: Option<Moment>| if found.more { end } else { found.stopped };
    let (next, previous) = match from {
        From::Start => (further(last), None),
        From::After(place) => (further(last), first.or_else(|| Some(place.preceding()))),
        From::Before(place) => (last.or_else(|| Some(place.following())), further(first)),
    };
    let rows = store::rows(conn, &found.places)?;
    Ok(JournalPage {
        items: show(conn, staff, rows)?,
        next: next.map(write_cursor),
        previous: previous.map(write_cursor),
        searched_to: found.stopped.map(|place| place.at.and_utc()),
    })
}

/// Looks for what is asked within a range.
///
/// # Errors
/// The database fails.
pub(super) fn look(conn: &mut Conn, question: &Question, wanted: Wanted) -> Result<Found, ApiError> {
    let Some(filter) = &question.filter else { return Ok(Found::default()) };
    let range = wanted.range.and(question.days);
    Ok(store::find(conn, filter, Wanted { range, ..wanted })?)
}

fn write_cursor(place: Moment) -> String {
    CURSORS.write((place.at, place.id))
}

fn read_cursor(cursor: &str) -> Option<Moment> {
    CURSORS.read(cursor).map(|(at, id)| Moment { at, id })
}

/// What is known of those whom some entries name, as far as it is in view.
struct Names {
    all: bool,
    cards: HashMap<Id, CardName>,
    accounts: HashMap<Id, String>,
    organizations: HashMap<Id, OrganizationSummary>,
}

impl Names {
    fn of(conn: &mut Conn, staff: &StaffOf<'_>, rows: &[Row]) -> Result<Self, ApiError> {
        let of_kind = |kind: &'static str| {
            rows.iter().filter(move |row| row.object_kind == kind).filter_map(|row| row.object_id)
        };
        let once = |ids: &mut Vec<Id>| {
            ids.sort_unstable();
            ids.dedup();
        };
        let mut cards: Vec<Id> = rows.iter().filter_map(|row| row.actor_employee_id).collect();
        cards.extend(of_kind("employee"));
        once(&mut cards);
        let cards = staff.names_of_cards(conn, &cards)?;
        let mut accounts: Vec<Id> = rows.iter().filter_map(|row| row.actor_account_id).collect();
        accounts.extend(of_kind("account"));
        once(&mut accounts);
        let accounts = staff.names_of_accounts(conn, &accounts)?;
        let mut places: Vec<Id> = rows.iter().filter_map(|row| row.organization_id).collect();
        places.extend(of_kind("organization"));
        places.extend(cards.values().map(|card| card.organization));
        once(&mut places);
        let organizations = organizations::find_all(conn, &places)?;
        let organizations = organizations.into_iter().map(|row| (row.id, row.summary())).collect();
        Ok(Self { all: staff.scope() == Scope::All, cards, accounts, organizations })
    }

    /// Who acted, and whether the reader may know who it was.
    fn actor(&self, row: &Row) -> (JournalActor, bool) {
        let card = row.actor_employee_id.and_then(|id| self.cards.get(&id));
        let organization = card.and_then(|card| self.organizations.get(&card.organization)).cloned();
        let Some(account) = row.actor_account_id else {
            let kind = if row.address.is_some() { ActorKind::Stranger } else { ActorKind::Program };
            return (JournalActor { kind, account: None, name: None, organization: None }, true);
        };
        let name = card.filter(|card| card.in_view).map(|card| card.name.clone());
        let name = name.or_else(|| self.accounts.get(&account).cloned());
        let in_view = self.all || name.is_some();
        let actor = JournalActor {
            kind: ActorKind::Person,
            account: in_view.then(|| account.into()),
            name,
            organization,
        };
        (actor, in_view)
    }

    fn object(&self, row: &Row) -> JournalObject {
        let kind = row.object_kind.as_str();
        let title = words::object(kind).to_owned();
        let name = row.object_id.and_then(|id| match kind {
            "employee" => self.cards.get(&id).filter(|card| card.in_view).map(|card| card.name.clone()),
            "account" => self.accounts.get(&id).cloned(),
            "organization" => self.organizations.get(&id).map(|place| place.short_name.clone()),
            _ => None,
        });
        let id = row.object_id.filter(|_| self.all || name.is_some()).map(Uuid::from);
        JournalObject { kind: kind.to_owned(), title, id, name }
    }
}

/// Entries as they are shown.
///
/// # Errors
/// The database fails.
pub(super) fn show(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    rows: Vec<Row>,
) -> Result<Vec<JournalEntry>, ApiError> {
    let names = Names::of(conn, staff, &rows)?;
    let entries = rows.into_iter().map(|row| {
        let (actor, known) = names.actor(&row);
        JournalEntry {
            id: row.id.into(),
            at: row.at.and_utc(),
            title: words::title(&row.action).to_owned(),
            result: if row.result == "done" { JournalResult::Done } else { JournalResult::Refused },
            object: names.object(&row),
            organization: row.organization_id.and_then(|id| names.organizations.get(&id).cloned()),
            details: words::details(&row.details),
            changes: words::changes(&row.details)
                .into_iter()
                .map(|(field, old, new)| JournalChange { field, old, new })
                .collect(),
            actor,
            address: row.address.filter(|_| known),
            request_id: row.request_id,
            action: row.action,
        }
    });
    Ok(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_others_are_refused() {
        let at = chrono::DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap().naive_utc();
        let place = Moment { at, id: Id(Uuid::from_u128(7)) };
        let cursor = write_cursor(place);
        assert_eq!(read_cursor(&cursor), Some(place));
        for wrong in ["", "x", "AAAA", &cursor[1..]] {
            assert_eq!(read_cursor(wrong), None);
        }
        assert!(place.preceding() < place && place < place.following());
    }
}
