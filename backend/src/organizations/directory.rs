//! The public directory: open organizations, found by any part of their names, town or ИНН.
//!
//! Five thousand organizations are some two megabytes: each process keeps them in memory, already folded and in
//! the order of their names, and asks the database with each search only whether they are still the same. A
//! search by any part of a word has no index on either database; in memory it takes less than a millisecond.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use epos_shared::api::registration::{DirectoryFound, DirectoryOrganization};
use epos_shared::roles::OrganizationKind;
use epos_shared::search::search_key;
use epos_shared::values::{Inn, Kpp};

use super::OrganizationRow;
use super::store::{self, COLUMNS};
use crate::db::Conn;
use crate::db::schema::organizations as t;
use crate::db::types::Id;

/// After that the directory is read anew in any case.
const LONGEST: TimeDelta = TimeDelta::minutes(1);

/// The directory as this process knows it. Cheap to clone.
#[derive(Clone, Default)]
pub struct Directory(Arc<Mutex<Option<Known>>>);

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Directory(…)")
    }
}

#[derive(Clone)]
struct Known {
    mark: Mark,
    read_at: NaiveDateTime,
    lines: Arc<Vec<Line>>,
}

/// Changes with every organization that is created or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
struct Mark {
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = BigInt)]
    versions: i64,
}

struct Line {
    /// What is searched: names, town, ИНН, folded.
    text: String,
    closed_on: Option<NaiveDate>,
    organization: DirectoryOrganization,
}

impl Directory {
    /// The open organizations, of a kind where one is told, that hold every one of `words` (folded), in the order
    /// of their names.
    ///
    /// # Errors
    /// The database fails.
    pub fn search(
        &self,
        conn: &mut Conn,
        words: &[String],
        kind: Option<OrganizationKind>,
        limit: usize,
        (now, today): (NaiveDateTime, NaiveDate),
    ) -> QueryResult<DirectoryFound> {
        let lines = self.lines(conn, now)?;
        let mut found = lines
            .iter()
            .filter(|line| line.closed_on.is_none_or(|closed| today < closed))
            .filter(|line| kind.is_none_or(|kind| line.organization.kind == kind))
            .filter(|line| words.iter().all(|word| line.text.contains(word.as_str())))
            .map(|line| line.organization.clone());
        let items: Vec<_> = found.by_ref().take(limit).collect();
        Ok(DirectoryFound { more: found.next().is_some(), items })
    }

    fn lines(&self, conn: &mut Conn, now: NaiveDateTime) -> QueryResult<Arc<Vec<Line>>> {
        // Before the rows: what changes in between is noticed by the next search.
        let mark: Mark = sql_query(
            "SELECT count(*) AS counted, CAST(coalesce(sum(version), 0) AS BIGINT) AS versions \
             FROM organizations",
        )
        .get_result(conn)?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known
            && known.mark == mark
            && (now - known.read_at).abs() < LONGEST
        {
            return Ok(known.lines);
        }
        let lines = Arc::new(read(conn)?);
        let known = Known { mark, read_at: now, lines: Arc::clone(&lines) };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(lines)
    }
}

type Row = (Id, String, String, String, String, Option<String>, Option<String>, Option<NaiveDate>);

fn read(conn: &mut Conn) -> QueryResult<Vec<Line>> {
    let rows: Vec<Row> = t::table
        .order((t::search_key.asc(), t::id.asc()))
        .select((t::id, t::kind, t::full_name, t::short_name, t::town, t::inn, t::kpp, t::closed_on))
        .load(conn)?;
    rows.into_iter().map(line).collect()
}

fn line((id, kind, full_name, short_name, town, inn, kpp, closed_on): Row) -> QueryResult<Line> {
    let kind = OrganizationKind::from_wire(&kind).ok_or_else(|| corrupt(id, "kind"))?;
    let inn_text = inn.as_deref().unwrap_or_default();
    let text = search_key(&format!("{short_name} {full_name} {town} {inn_text}"));
    let inn = inn.map(|inn| inn.parse::<Inn>().map_err(|_| corrupt(id, "ИНН"))).transpose()?;
    let kpp = kpp.map(|kpp| kpp.parse::<Kpp>().map_err(|_| corrupt(id, "КПП"))).transpose()?;
    let organization = DirectoryOrganization { id: id.into(), kind, full_name, short_name, town, inn, kpp };
    Ok(Line { text, closed_on, organization })
}

fn corrupt(id: Id, what: &str) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(format!("{what} of organization {id}").into())
}

/// ИНН and КПП of an organization, where they are known.
///
/// # Errors
/// The database fails.
pub fn numbers_of(conn: &mut Conn, id: Id) -> QueryResult<(Option<String>, Option<String>)> {
    t::table.find(id).select((t::inn, t::kpp)).first(conn)
}

/// An organization with its ИНН and КПП, where they are known.
type Numbers = (Id, Option<String>, Option<String>);

/// ИНН and КПП of some organizations, in no order.
///
/// # Errors
/// The database fails.
pub fn numbers_of_all(conn: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Numbers>> {
    t::table.filter(t::id.eq_any(ids)).select((t::id, t::inn, t::kpp)).load(conn)
}

/// The organization with this ИНН and КПП.
///
/// # Errors
/// The database fails.
pub fn with_numbers(conn: &mut Conn, inn: &str, kpp: &str) -> QueryResult<Option<OrganizationRow>> {
    let id: Option<Id> =
        t::table.filter(t::inn.eq(inn)).filter(t::kpp.eq(kpp)).select(t::id).first(conn).optional()?;
    id.map_or(Ok(None), |id| store::find(conn, id))
}

/// The organizations with these ИНН, each with its own, in the order of their names.
///
/// # Errors
/// The database fails.
pub fn with_inn(conn: &mut Conn, inns: &[String]) -> QueryResult<Vec<(String, OrganizationRow)>> {
    let rows: Vec<(Option<String>, store::Line)> = t::table
        .filter(t::inn.eq_any(inns))
        .order((t::search_key.asc(), t::id.asc()))
        .select((t::inn, COLUMNS))
        .load(conn)?;
    rows.into_iter().map(|(inn, line)| Ok((inn.unwrap_or_default(), store::row(line)?))).collect()
}
