//! The journal as it is searched: the newest first (or, going back, the oldest first), a page at a time.
//!
//! What is asked for is come by through *sources*, each a walk along one index in the order of time: the entries
//! of an object, of an actor, of an organization, of an action, the refused ones, all. Conditions that the index
//! does not hold are asked of every entry met, and only of so many of them ([`MOST`]): where a page is not full
//! by then, it is answered as it is, with the place to go on from. So every request is bounded, whatever is asked
//! together.
//!
//! A department sees hundreds of organizations. Where going through the newest entries does not fill its page,
//! the newest entry of each organization is looked up in the index of the organizations; only those whose newest
//! are the newest of all can have a part in the page, and they are merged.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text, Timestamp};
use uuid::Uuid;

use super::store::{Moment, Row};
use crate::db::schema::audit_events;
use crate::db::types::{DbUuid, Id};
use crate::db::{Asked, Conn, MultiBackend};
use crate::organizations::Scope;

/// Entries that are asked for what no index holds, in one request.
const MOST: i64 = 5_000;
/// The same of entries that lie far from each other: each is read from a page of its own.
const SCATTERED: i64 = 2_000;
/// The same before another way is tried.
const AT_FIRST: i64 = 2_000;
/// Of one source at least.
const AT_LEAST: i64 = 200;

/// What is asked for. Lists that are empty ask for nobody; actions that are none ask for every one.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    /// The organizations; every entry, those of none too, where it is [`Scope::All`].
    pub scope: Scope,
    pub objects: Option<Vec<Id>>,
    pub actors: Option<Vec<Id>>,
    pub actions: Vec<&'static str>,
    /// Only what was refused, or only what was not.
    pub refused: Option<bool>,
}

/// Places strictly between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub after: Moment,
    pub before: Moment,
}

impl Range {
    /// Everything.
    pub(super) const fn all() -> Self {
        Self {
            after: Moment { at: first_of(1), id: Id(Uuid::nil()) },
            before: Moment { at: first_of(9999), id: Id(Uuid::max()) },
        }
    }

    /// What is within both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { after: self.after.max(other.after), before: self.before.min(other.before) }
    }

    /// Not further than a place, that one included.
    fn until(self, place: Moment, newer: bool) -> Self {
        if newer {
            Self { before: self.before.min(place.following()), ..self }
        } else {
            Self { after: self.after.max(place.preceding()), ..self }
        }
    }

    fn contains(&self, place: Moment) -> bool {
        self.after < place && place < self.before
    }
}

/// The first moment of a year.
const fn first_of(year: i32) -> NaiveDateTime {
    match NaiveDate::from_ymd_opt(year, 1, 1) {
        Some(day) => day.and_time(NaiveTime::MIN),
        None => NaiveDateTime::MIN,
    }
}

impl Moment {
    /// The first place behind this one.
    pub(super) fn following(self) -> Self {
        Self { id: Id(Uuid::from_u128(self.id.0.as_u128().saturating_add(1))), ..self }
    }

    /// The last place before this one.
    pub(super) fn preceding(self) -> Self {
        Self { id: Id(Uuid::from_u128(self.id.0.as_u128().saturating_sub(1))), ..self }
    }
}

/// Where to look, and how far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub range: Range,
    /// From the older end of the range to newer entries.
    pub newer: bool,
    pub limit: usize,
}

/// What was found, in the direction of looking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub places: Vec<Moment>,
    /// Whether there are more.
    pub more: bool,
    /// Where looking stopped before the page was full.
    pub stopped: Option<Moment>,
}

/// A walk along one index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    All,
    Object(Id),
    Actor(Id),
    Action(&'static str),
    Refused,
    Organization(Id),
    OrganizationAction(Id, &'static str),
    OrganizationRefused(Id),
}

/// What the sources do not hold and is asked of every entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rest {
    scope: bool,
    actors: bool,
    actions: bool,
    result: bool,
}

type Events<'a> = audit_events::BoxedQuery<'a, MultiBackend>;

impl Source {
    fn entries(self) -> Events<'static> {
        use audit_events as t;
        let all = t::table.into_boxed::<MultiBackend>();
        // Said in the words of the partial index: a bound value would not be known to be this one.
        let refused = || sql::<Bool>("audit_events.result = 'refused'");
        match self {
            Self::All => all,
            Self::Object(id) => all.filter(t::object_id.eq(id)),
            Self::Actor(id) => all.filter(t::actor_account_id.eq(id)),
            Self::Action(action) => all.filter(t::action.eq(action)),
            Self::Refused => all.filter(refused()),
            Self::Organization(id) => all.filter(t::organization_id.eq(id)),
            Self::OrganizationAction(id, action) => {
                all.filter(t::organization_id.eq(id)).filter(t::action.eq(action))
            }
            Self::OrganizationRefused(id) => all.filter(t::organization_id.eq(id)).filter(refused()),
        }
    }
}

impl Source {
    /// Whether its entries were written one after the other, more or less.
    const fn is_in_time(self) -> bool {
        matches!(self, Self::All | Self::Action(_))
    }
}

impl Rest {
    fn is_nothing(self) -> bool {
        !(self.scope || self.actors || self.actions || self.result)
    }

    /// The entries that answer to what is asked. The columns are [`Asked`], so that no database takes their
    /// index: how far a request goes was measured along the source's.
    fn of<'a>(self, mut entries: Events<'a>, filter: &'a Filter) -> Events<'a> {
        use audit_events as t;
        if self.scope {
            match filter.scope {
                Scope::All => {}
                Scope::Only(id) => entries = entries.filter(Asked(t::organization_id).eq(id)),
                Scope::Below(top) => {
                    // `IS TRUE` keeps PostgreSQL from making a join of it, which would go through all of them
                    // for each entry: their set is looked into.
                    let within = "(coalesce(audit_events.organization_id, audit_events.organization_id) IN \
                                  (SELECT descendant_id FROM organization_ancestors WHERE ancestor_id = ";
                    entries = entries.filter(sql::<Bool>(within).bind::<DbUuid, _>(top).sql(")) IS TRUE"));
                }
            }
        }
        if let Some(actors) = filter.actors.as_ref().filter(|_| self.actors) {
            entries = entries.filter(Asked(t::actor_account_id).eq_any(actors));
        }
        if self.actions && !filter.actions.is_empty() {
            entries = entries.filter(Asked(t::action).eq_any(&filter.actions));
        }
        match filter.refused.filter(|_| self.result) {
            None => entries,
            Some(refused) => entries.filter(Asked(t::result).eq(if refused { "refused" } else { "done" })),
        }
    }
}

/// The entries of a range, the nearest first.
fn within(entries: Events<'_>, range: Range, newer: bool) -> Events<'_> {
    use audit_events as t;
    // Rows are compared whole, so that an index begins right there.
    let entries = entries.filter(
        sql::<Bool>("(audit_events.at, audit_events.id) > (")
            .bind::<Timestamp, _>(range.after.at)
            .sql(", ")
            .bind::<DbUuid, _>(range.after.id)
            .sql(") AND (audit_events.at, audit_events.id) < (")
            .bind::<Timestamp, _>(range.before.at)
            .sql(", ")
            .bind::<DbUuid, _>(range.before.id)
            .sql(")"),
    );
    if newer {
        entries.order((t::at.asc(), t::id.asc()))
    } else {
        entries.order((t::at.desc(), t::id.desc()))
    }
}

fn places(conn: &mut Conn, entries: Events<'_>) -> QueryResult<Vec<Moment>> {
    use audit_events as t;
    let rows: Vec<(NaiveDateTime, Id)> = entries.select((t::at, t::id)).load(conn)?;
    Ok(rows.into_iter().map(|(at, id)| Moment { at, id }).collect())
}

/// A page of what is asked for.
///
/// # Errors
/// The database fails.
pub(super) fn find(conn: &mut Conn, filter: &Filter, wanted: Wanted) -> QueryResult<Found> {
    let nothing = Rest { scope: false, actors: false, actions: false, result: false };
    let by_words = !filter.actions.is_empty();
    let refused = filter.refused == Some(true);
    let each = |source: &dyn Fn(&'static str) -> Source| -> Vec<Source> {
        filter.actions.iter().map(|action| source(action)).collect()
    };
    let (sources, rest) = match (&filter.objects, &filter.actors, filter.scope) {
        (Some(objects), _, scope) => (
            objects.iter().map(|id| Source::Object(*id)).collect(),
            Rest {
                scope: scope != Scope::All,
                actors: filter.actors.is_some(),
                actions: by_words,
                result: filter.refused.is_some(),
            },
        ),
        (None, Some(actors), scope) => (
            actors.iter().map(|id| Source::Actor(*id)).collect(),
            Rest {
                scope: scope != Scope::All,
                actions: by_words,
                result: filter.refused.is_some(),
                ..nothing
            },
        ),
        (None, None, Scope::Only(id)) if refused => {
            (vec![Source::OrganizationRefused(id)], Rest { actions: by_words, ..nothing })
        }
        (None, None, Scope::Only(id)) => {
            let result = filter.refused.is_some();
            let sources = if by_words {
                each(&|action| Source::OrganizationAction(id, action))
            } else {
                vec![Source::Organization(id)]
            };
            (sources, Rest { result, ..nothing })
        }
        (None, None, scope) => {
            let rest = Rest { scope: scope != Scope::All, ..nothing };
            if refused {
                (vec![Source::Refused], Rest { actions: by_words, ..rest })
            } else {
                let result = filter.refused.is_some();
                let sources = if by_words { each(&Source::Action) } else { vec![Source::All] };
                (sources, Rest { result, ..rest })
            }
        }
    };
    let known = filter.objects.is_some() || filter.actors.is_some();
    let Scope::Below(top) = filter.scope else { return walk(conn, filter, &sources, rest, wanted, MOST) };
    // The index of the organizations holds one more thing at most.
    if known || (refused && by_words) || filter.refused == Some(false) {
        return walk(conn, filter, &sources, rest, wanted, MOST);
    }
    let at_first = AT_FIRST.max(20 * i64::try_from(wanted.limit).unwrap_or(0));
    let found = walk(conn, filter, &sources, rest, wanted, at_first)?;
    if found.stopped.is_none() {
        return Ok(found);
    }
    merge(conn, filter, top, refused, wanted)
}

/// Walks along some sources and puts together what they have.
fn walk(
    conn: &mut Conn,
    filter: &Filter,
    sources: &[Source],
    rest: Rest,
    wanted: Wanted,
    most: i64,
) -> QueryResult<Found> {
    let each = i64::try_from(sources.len().max(1)).unwrap_or(1);
    let mut merged = Merged::new(wanted);
    for source in sources {
        let mut range = merged.range();
        if !rest.is_nothing() {
            let most = if source.is_in_time() { most } else { most.min(SCATTERED) };
            let most = (most / each).max(AT_LEAST);
            let ahead = within(source.entries(), range, wanted.newer).offset(most - 1).limit(1);
            if let Some(place) = places(conn, ahead)?.pop() {
                merged.stop(place);
                range = merged.range();
            }
        }
        let entries = within(rest.of(source.entries(), filter), range, wanted.newer);
        merged.add(places(conn, entries.limit(merged.wanted()))?);
    }
    Ok(merged.finish())
}

/// What several walks have found, in the direction of looking, one more than the page holds.
struct Merged {
    wanted: Wanted,
    places: Vec<Moment>,
    stopped: Option<Moment>,
}

impl Merged {
    fn new(wanted: Wanted) -> Self {
        Self { wanted, places: Vec::new(), stopped: None }
    }

    fn wanted(&self) -> i64 {
        i64::try_from(self.wanted.limit + 1).unwrap_or(i64::MAX)
    }

    fn nearer(&self, one: Moment, other: Moment) -> Moment {
        if self.wanted.newer { one.min(other) } else { one.max(other) }
    }

    /// Where anything that is found would still have a part in the page.
    fn range(&self) -> Range {
        let mut range = self.wanted.range;
        if let Some(stopped) = self.stopped {
            range = range.until(stopped, self.wanted.newer);
        }
        if let Some(last) = self.places.get(self.wanted.limit) {
            range = range.until(*last, self.wanted.newer);
        }
        range
    }

    /// Nothing further than a place is known of.
    fn stop(&mut self, place: Moment) {
        self.stopped = Some(self.stopped.map_or(place, |stopped| self.nearer(stopped, place)));
    }

    fn add(&mut self, places: Vec<Moment>) {
        self.places.extend(places);
        self.places.sort_unstable();
        self.places.dedup();
        if !self.wanted.newer {
            self.places.reverse();
        }
        self.places.truncate(self.wanted.limit + 1);
    }

    fn finish(mut self) -> Found {
        let range = self.stopped.map(|place| self.wanted.range.until(place, self.wanted.newer));
        self.places.retain(|place| range.is_none_or(|range| range.contains(*place)));
        let more = self.places.len() > self.wanted.limit;
        self.places.truncate(self.wanted.limit);
        Found { more, stopped: self.stopped.filter(|_| !more), places: self.places }
    }
}

/// The newest entry of an organization.
#[derive(Debug, QueryableByName)]
struct Top {
    #[diesel(sql_type = DbUuid)]
    id: Id,
    #[diesel(sql_type = Timestamp)]
    at: NaiveDateTime,
    #[diesel(sql_type = DbUuid)]
    organization_id: Id,
}

/// Looks up the nearest entry of each organization, and goes through the organizations in the order of these:
/// from the one on whose nearest is further than the end of the page, no other has a part in it.
fn merge(conn: &mut Conn, filter: &Filter, top: Id, refused: bool, wanted: Wanted) -> QueryResult<Found> {
    let mut merged = Merged::new(wanted);
    let mut tops: Vec<(Moment, Source)> = Vec::new();
    if filter.actions.is_empty() || refused {
        for row in nearest(conn, top, if refused { Kind::Refused } else { Kind::Any }, wanted)? {
            let id = row.organization_id;
            let source = if refused { Source::OrganizationRefused(id) } else { Source::Organization(id) };
            tops.push((Moment { at: row.at, id: row.id }, source));
        }
    } else {
        for action in &filter.actions {
            for row in nearest(conn, top, Kind::Action(action), wanted)? {
                let source = Source::OrganizationAction(row.organization_id, action);
                tops.push((Moment { at: row.at, id: row.id }, source));
            }
        }
    }
    tops.sort_unstable_by_key(|(place, _)| *place);
    if !wanted.newer {
        tops.reverse();
    }
    for (place, source) in tops {
        let range = merged.range();
        if !range.contains(place) {
            break;
        }
        let entries = within(source.entries(), range, wanted.newer).limit(merged.wanted());
        merged.add(places(conn, entries)?);
    }
    Ok(merged.finish())
}

/// Which entries of an organization.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Any,
    Action(&'static str),
    Refused,
}

/// The nearest entry of each organization at and below one, the nearest of them first, one more than the page
/// holds: others have no part in it.
fn nearest(conn: &mut Conn, top: Id, kind: Kind, wanted: Wanted) -> QueryResult<Vec<Top>> {
    let direction = if wanted.newer { "ASC" } else { "DESC" };
    // SQLite numbers parameters as they are met.
    let (asked, last) = match kind {
        Kind::Any => ("", ("$5", "$6")),
        Kind::Action(_) => (" AND x.action = $5", ("$6", "$7")),
        Kind::Refused => (" AND x.result = 'refused'", ("$5", "$6")),
    };
    let (place, limit) = last;
    let query = diesel::sql_query(format!(
        "SELECT e.id, e.at, e.organization_id FROM audit_events AS e WHERE e.id IN \
         (SELECT (SELECT x.id FROM audit_events AS x WHERE x.organization_id = tree.descendant_id \
         AND (x.at, x.id) > ($1, $2) AND (x.at, x.id) < ($3, $4){asked} \
         ORDER BY x.at {direction}, x.id {direction} LIMIT 1) \
         FROM organization_ancestors AS tree WHERE tree.ancestor_id = {place}) \
         ORDER BY e.at {direction}, e.id {direction} LIMIT {limit}"
    ))
    .into_boxed::<MultiBackend>()
    .bind::<Timestamp, _>(wanted.range.after.at)
    .bind::<DbUuid, _>(wanted.range.after.id)
    .bind::<Timestamp, _>(wanted.range.before.at)
    .bind::<DbUuid, _>(wanted.range.before.id);
    let query = match kind {
        Kind::Action(action) => query.bind::<Text, _>(action),
        Kind::Any | Kind::Refused => query,
    };
    let most = i64::try_from(wanted.limit + 1).unwrap_or(i64::MAX);
    query.bind::<DbUuid, _>(top).bind::<BigInt, _>(most).load(conn)
}

/// The entries at some places, in their order.
///
/// # Errors
/// The database fails.
pub(super) fn rows(conn: &mut Conn, places: &[Moment]) -> QueryResult<Vec<Row>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = places.iter().map(|place| place.id).collect();
    let mut found: Vec<Row> =
        audit_events::table.filter(audit_events::id.eq_any(&ids)).select(Row::as_select()).load(conn)?;
    // Nothing is ever removed from the journal but by retention, between two statements.
    let order: HashMap<Id, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    found.sort_unstable_by_key(|row| order.get(&row.id).copied());
    Ok(found)
}
