//! The tables of imports.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::import::{Decision, ImportCounts, ImportField, ImportState, RowOutcome};

use super::judge::{Judged, Report, Task};
use super::table;
use crate::db::schema::{import_rows as r, import_templates as templates, imports as t};
use crate::db::types::Id;
use crate::db::{Conn, DbError, MultiBackend};
use crate::insert_all;

const UPLOADED: &str = ImportState::Uploaded.as_str();

/// An import.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct Row {
    pub id: Id,
    pub account_id: Id,
    pub employee_id: Id,
    state: String,
    headings: String,
    mapping: String,
    pub row_count: i32,
    created: i32,
    changed: i32,
    unchanged: i32,
    skipped: i32,
    wrong: i32,
    undecided: i32,
    pub done: i32,
    pub failure: Option<String>,
    pub tries: i32,
    pub address: Option<String>,
    pub created_at: NaiveDateTime,
    pub lease_token: i64,
}

fn corrupt(what: &str) -> DbError {
    diesel::result::Error::DeserializationError(format!("{what} of an import").into()).into()
}

fn json<T: serde::de::DeserializeOwned>(text: &str, what: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|_| corrupt(what))
}

/// JSON of what is stored; none of it can fail.
pub(super) fn text<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| corrupt("a value"))
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

pub(super) fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Row {
    pub(super) fn state(&self) -> Result<ImportState, DbError> {
        ImportState::from_wire(&self.state).ok_or_else(|| corrupt("the state"))
    }

    pub(super) fn headings(&self) -> Result<Vec<String>, DbError> {
        json(&self.headings, "the headings")
    }

    pub(super) fn columns(&self) -> Result<Vec<Option<ImportField>>, DbError> {
        json(&self.mapping, "the mapping")
    }

    pub(super) fn counts(&self) -> ImportCounts {
        ImportCounts {
            created: count(self.created),
            changed: count(self.changed),
            unchanged: count(self.unchanged),
            skipped: count(self.skipped),
            wrong: count(self.wrong),
            undecided: count(self.undecided),
        }
    }
}

pub(super) struct New<'a> {
    pub id: Id,
    pub account: Id,
    pub card: Id,
    pub headings: &'a [String],
    pub columns: &'a [Option<ImportField>],
    pub rows: usize,
    pub address: Option<String>,
    pub now: NaiveDateTime,
}

pub(super) fn insert(conn: &mut Conn, new: &New<'_>) -> Result<(), DbError> {
    diesel::insert_into(t::table)
        .values((
            t::id.eq(new.id),
            t::account_id.eq(new.account),
            t::employee_id.eq(new.card),
            t::state.eq(ImportState::Uploaded.as_str()),
            t::headings.eq(text(&new.headings)?),
            t::mapping.eq(text(&new.columns)?),
            t::row_count.eq(i32::try_from(new.rows).unwrap_or(i32::MAX)),
            t::address.eq(&new.address),
            t::created_at.eq(new.now),
        ))
        .execute(conn)?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = r, treat_none_as_default_value = false)]
struct NewLine {
    import_id: Id,
    line: i32,
    cells: String,
}

pub(super) fn insert_rows(conn: &mut Conn, import: Id, rows: &[table::Row]) -> Result<(), DbError> {
    let rows = rows
        .iter()
        .map(|row| Ok(NewLine { import_id: import, line: signed(row.line), cells: text(&row.cells)? }))
        .collect::<Result<Vec<_>, DbError>>()?;
    insert_all!(conn, r::table, &rows)?;
    Ok(())
}

/// Somebody's own import.
pub(super) fn of_account(conn: &mut Conn, id: Id, account: Id) -> QueryResult<Option<Row>> {
    t::table.find(id).filter(t::account_id.eq(account)).select(Row::as_select()).first(conn).optional()
}

/// The cells of the first rows.
pub(super) fn first_rows(conn: &mut Conn, import: Id, limit: i64) -> Result<Vec<Vec<String>>, DbError> {
    let rows: Vec<String> = r::table
        .filter(r::import_id.eq(import))
        .order(r::line.asc())
        .limit(limit)
        .select(r::cells)
        .load(conn)?;
    rows.iter().map(|cells| json(cells, "the cells")).collect()
}

/// A row as it was uploaded, with what was decided of it.
pub(super) struct Line {
    pub line: u32,
    pub cells: Vec<String>,
    pub decision: Option<Decision>,
}

pub(super) fn lines(conn: &mut Conn, import: Id) -> Result<Vec<Line>, DbError> {
    let rows: Vec<(i32, String, Option<String>)> = r::table
        .filter(r::import_id.eq(import))
        .order(r::line.asc())
        .select((r::line, r::cells, r::decision))
        .load(conn)?;
    rows.into_iter()
        .map(|(line, cells, decision)| {
            Ok(Line {
                line: count(line),
                cells: json(&cells, "the cells")?,
                decision: decision.as_deref().and_then(Decision::from_wire),
            })
        })
        .collect()
}

/// Takes an import that is not applied yet into work: it has to be judged anew. Answers the number of the judgement;
/// nothing where it is not open.
pub(super) fn reopen(conn: &mut Conn, import: Id) -> QueryResult<Option<i64>> {
    let open = [ImportState::Uploaded.as_str(), ImportState::Previewed.as_str()];
    let taken = diesel::update(t::table.find(import).filter(t::state.eq_any(open)))
        .set((t::state.eq(ImportState::Uploaded.as_str()), t::lease_token.eq(t::lease_token + 1)))
        .execute(conn)?;
    if taken == 0 {
        return Ok(None);
    }
    t::table.find(import).select(t::lease_token).first(conn).map(Some)
}

/// Whether a judgement (0: the upload) is still the newest, and holds the import until the end of the transaction.
pub(super) fn is_judged(conn: &mut Conn, import: Id, judgement: i64) -> QueryResult<bool> {
    let held =
        diesel::update(judged_by(import, judgement)).set(t::lease_token.eq(judgement)).execute(conn)?;
    Ok(held == 1)
}

/// An import while a judgement of it is under way.
#[diesel::dsl::auto_type(no_type_alias)]
fn judged_by(import: Id, judgement: i64) -> _ {
    let state: &'static str = UPLOADED;
    t::table.find(import).filter(t::lease_token.eq(judgement)).filter(t::state.eq(state))
}

pub(super) fn set_decision(conn: &mut Conn, import: Id, line: u32, decision: Decision) -> QueryResult<bool> {
    let row = r::table.find((import, signed(line)));
    Ok(diesel::update(row).set(r::decision.eq(decision.as_str())).execute(conn)? == 1)
}

pub(super) fn write_judged(conn: &mut Conn, import: Id, rows: &[Judged]) -> Result<(), DbError> {
    for row in rows {
        let task = row.task.as_ref().map(text).transpose()?;
        diesel::update(r::table.find((import, signed(row.line))))
            .set((
                r::outcome.eq(row.outcome.as_str()),
                r::report.eq(text(&row.report)?),
                r::task.eq(task),
                r::employee_id.eq(row.employee),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn set_previewed(
    conn: &mut Conn,
    (import, judgement): (Id, i64),
    columns: &[Option<ImportField>],
    counts: ImportCounts,
) -> Result<bool, DbError> {
    let done = diesel::update(judged_by(import, judgement))
        .set((
            t::state.eq(ImportState::Previewed.as_str()),
            t::mapping.eq(text(&columns)?),
            t::created.eq(signed(counts.created)),
            t::changed.eq(signed(counts.changed)),
            t::unchanged.eq(signed(counts.unchanged)),
            t::skipped.eq(signed(counts.skipped)),
            t::wrong.eq(signed(counts.wrong)),
            t::undecided.eq(signed(counts.undecided)),
            t::done.eq(0),
            t::failure.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(done == 1)
}

/// A row of the preview.
pub(super) struct Shown {
    pub line: u32,
    pub outcome: RowOutcome,
    pub report: Report,
    pub decision: Option<Decision>,
    pub employee: Option<Id>,
    pub step: i32,
}

pub(super) fn shown(
    conn: &mut Conn,
    import: Id,
    outcome: Option<RowOutcome>,
    after: Option<u32>,
    limit: i64,
) -> Result<Vec<Shown>, DbError> {
    let mut query = r::table
        .filter(r::import_id.eq(import))
        .filter(r::line.gt(signed(after.unwrap_or_default())))
        .order(r::line.asc())
        .limit(limit)
        .select((r::line, r::outcome, r::report, r::decision, r::employee_id, r::step))
        .into_boxed::<MultiBackend>();
    if let Some(outcome) = outcome {
        query = query.filter(r::outcome.eq(outcome.as_str()));
    }
    type Columns = (i32, Option<String>, Option<String>, Option<String>, Option<Id>, i32);
    let rows: Vec<Columns> = query.load(conn)?;
    rows.into_iter()
        .map(|(line, outcome, report, decision, employee, step)| {
            let outcome = outcome.as_deref().and_then(RowOutcome::from_wire);
            Ok(Shown {
                line: count(line),
                outcome: outcome.ok_or_else(|| corrupt("an outcome"))?,
                report: json(report.as_deref().unwrap_or_default(), "a report")?,
                decision: decision.as_deref().and_then(Decision::from_wire),
                employee,
                step,
            })
        })
        .collect()
}

pub(super) fn count_rows(conn: &mut Conn, import: Id, outcome: Option<RowOutcome>) -> QueryResult<u32> {
    let mut query = r::table.filter(r::import_id.eq(import)).into_boxed::<MultiBackend>();
    if let Some(outcome) = outcome {
        query = query.filter(r::outcome.eq(outcome.as_str()));
    }
    let counted: i64 = query.count().get_result(conn)?;
    Ok(u32::try_from(counted).unwrap_or(u32::MAX))
}

/// What may be decided of a row.
pub(super) fn report(conn: &mut Conn, import: Id, line: u32) -> Result<Option<Report>, DbError> {
    let found: Option<Option<String>> =
        r::table.find((import, signed(line))).select(r::report).first(conn).optional()?;
    found.flatten().map(|report| json(&report, "a report")).transpose()
}

// ---- applying ----------------------------------------------------------------------------------------------

/// Sets an import going, if it is judged; the row count decides.
pub(super) fn start(conn: &mut Conn, import: Id) -> QueryResult<bool> {
    let ready = t::table.find(import).filter(t::state.eq(ImportState::Previewed.as_str()));
    let started = diesel::update(ready)
        .set((
            t::state.eq(ImportState::Applying.as_str()),
            t::failure.eq(None::<String>),
            t::done.eq(0),
            t::tries.eq(0),
            t::leased_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(started == 1)
}

fn at_work() -> [&'static str; 2] {
    [ImportState::Applying.as_str(), ImportState::Finishing.as_str()]
}

/// Imports that somebody should work on: nobody does, or whoever did has fallen over.
pub(super) fn waiting(conn: &mut Conn, now: NaiveDateTime) -> QueryResult<Vec<Row>> {
    t::table
        .filter(t::state.eq_any(at_work()))
        .filter(t::leased_until.is_null().or(t::leased_until.le(now)))
        .order(t::created_at.asc())
        .limit(10)
        .select(Row::as_select())
        .load(conn)
}

/// Takes an import for oneself; the token grows with every holder, as it has with every judgement.
pub(super) fn claim(
    conn: &mut Conn,
    row: &Row,
    now: NaiveDateTime,
    until: NaiveDateTime,
) -> QueryResult<Option<i64>> {
    let free = t::table
        .find(row.id)
        .filter(t::state.eq_any(at_work()))
        .filter(t::lease_token.eq(row.lease_token))
        .filter(t::leased_until.is_null().or(t::leased_until.le(now)));
    let taken = diesel::update(free)
        .set((t::lease_token.eq(row.lease_token + 1), t::tries.eq(t::tries + 1), t::leased_until.eq(until)))
        .execute(conn)?;
    Ok((taken == 1).then_some(row.lease_token + 1))
}

/// Prolongs a lease, if it is still held: the first statement of every transaction under it.
pub(super) fn renew(conn: &mut Conn, import: Id, token: i64, until: NaiveDateTime) -> QueryResult<bool> {
    let mine = t::table.find(import).filter(t::lease_token.eq(token));
    Ok(diesel::update(mine).set(t::leased_until.eq(until)).execute(conn)? == 1)
}

/// Something to be done to a card, with the line that has it.
#[derive(Debug, Clone)]
pub(super) struct Todo {
    pub line: u32,
    pub card: Id,
    pub task: Task,
}

/// What is to be done in the order of the file, of one outcome and at one step.
pub(super) fn todo(
    conn: &mut Conn,
    import: Id,
    outcome: RowOutcome,
    step: i32,
    limit: i64,
) -> Result<Vec<Todo>, DbError> {
    let rows: Vec<(i32, Option<Id>, Option<String>)> = r::table
        .filter(r::import_id.eq(import))
        .filter(r::outcome.eq(outcome.as_str()))
        .filter(r::task.is_not_null())
        .filter(r::step.eq(step))
        .order(r::line.asc())
        .limit(limit)
        .select((r::line, r::employee_id, r::task))
        .load(conn)?;
    rows.into_iter()
        .map(|(line, card, task)| {
            Ok(Todo {
                line: count(line),
                card: card.ok_or_else(|| corrupt("the card"))?,
                task: json(task.as_deref().unwrap_or_default(), "a task")?,
            })
        })
        .collect()
}

pub(super) fn set_step(conn: &mut Conn, import: Id, lines: &[u32], step: i32) -> QueryResult<()> {
    let lines: Vec<i32> = lines.iter().copied().map(signed).collect();
    diesel::update(r::table.filter(r::import_id.eq(import)).filter(r::line.eq_any(lines)))
        .set(r::step.eq(step))
        .execute(conn)?;
    Ok(())
}

pub(super) fn add_done(conn: &mut Conn, import: Id, more: usize) -> QueryResult<()> {
    let more = i32::try_from(more).unwrap_or(i32::MAX);
    diesel::update(t::table.find(import)).set(t::done.eq(t::done + more)).execute(conn)?;
    Ok(())
}

/// Moves an import on, if the lease is still held and it is where it is thought to be.
pub(super) fn advance(
    conn: &mut Conn,
    import: Id,
    token: i64,
    from: ImportState,
    to: ImportState,
    now: NaiveDateTime,
) -> QueryResult<bool> {
    let mine = t::table.find(import).filter(t::lease_token.eq(token)).filter(t::state.eq(from.as_str()));
    let done = diesel::update(mine)
        .set((t::state.eq(to.as_str()), t::decided_at.eq(now), t::done.eq(0)))
        .execute(conn)?;
    Ok(done == 1)
}

/// An import that came to nothing: it can be judged and applied anew.
pub(super) fn fail(conn: &mut Conn, import: Id, token: i64, failure: &str) -> QueryResult<bool> {
    let mine = t::table
        .find(import)
        .filter(t::lease_token.eq(token))
        .filter(t::state.eq(ImportState::Applying.as_str()));
    let done = diesel::update(mine)
        .set((
            t::state.eq(ImportState::Previewed.as_str()),
            t::failure.eq(failure),
            t::done.eq(0),
            t::leased_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(done == 1)
}

/// Gives the lease of a finished import back.
pub(super) fn release(conn: &mut Conn, import: Id, token: i64) -> QueryResult<()> {
    let mine = t::table.find(import).filter(t::lease_token.eq(token));
    diesel::update(mine).set(t::leased_until.eq(None::<NaiveDateTime>)).execute(conn)?;
    Ok(())
}

/// The cards that an import has made, in the order of the file.
pub(super) fn created_cards(conn: &mut Conn, import: Id) -> QueryResult<Vec<Id>> {
    let cards: Vec<Option<Id>> = r::table
        .filter(r::import_id.eq(import))
        .filter(r::outcome.eq(RowOutcome::Created.as_str()))
        .filter(r::task.is_not_null())
        .filter(r::step.eq(2))
        .order(r::line.asc())
        .select(r::employee_id)
        .load(conn)?;
    Ok(cards.into_iter().flatten().collect())
}

// ---- removal and templates -----------------------------------------------------------------------------------

/// Somebody's imports that were never applied.
pub(super) fn open_of(conn: &mut Conn, account: Id) -> QueryResult<Vec<Id>> {
    let open = [ImportState::Uploaded.as_str(), ImportState::Previewed.as_str()];
    t::table.filter(t::account_id.eq(account)).filter(t::state.eq_any(open)).select(t::id).load(conn)
}

/// Old imports that nobody works on.
pub(super) fn outdated(conn: &mut Conn, before: NaiveDateTime) -> QueryResult<Vec<Id>> {
    t::table
        .filter(t::created_at.lt(before))
        .filter(t::state.ne_all(at_work()))
        .order(t::created_at.asc())
        .limit(1)
        .select(t::id)
        .load(conn)
}

/// Removes an import that nobody works on, with its rows; the row count decides.
pub(super) fn remove(conn: &mut Conn, import: Id) -> QueryResult<bool> {
    let held = t::table.find(import).filter(t::state.ne_all(at_work()));
    // First a change that meets whoever would set it going at this moment.
    let mine = diesel::update(held).set(t::state.eq(ImportState::Uploaded.as_str())).execute(conn)?;
    if mine != 1 {
        return Ok(false);
    }
    diesel::delete(r::table.filter(r::import_id.eq(import))).execute(conn)?;
    diesel::delete(t::table.find(import)).execute(conn)?;
    Ok(true)
}

/// What the columns of somebody's last file held, by their headings.
pub(super) fn template(conn: &mut Conn, account: Id) -> Result<Vec<(String, ImportField)>, DbError> {
    let found: Option<String> =
        templates::table.find(account).select(templates::mapping).first(conn).optional()?;
    found.map_or(Ok(Vec::new()), |mapping| json(&mapping, "a template"))
}

pub(super) fn remember(
    conn: &mut Conn,
    account: Id,
    mapping: &[(String, ImportField)],
    now: NaiveDateTime,
) -> Result<(), DbError> {
    let mapping = text(&mapping)?;
    let known = diesel::update(templates::table.find(account))
        .set((templates::mapping.eq(&mapping), templates::updated_at.eq(now)))
        .execute(conn)?;
    if known == 0 {
        let row = (
            templates::account_id.eq(account),
            templates::mapping.eq(&mapping),
            templates::updated_at.eq(now),
        );
        crate::on!(conn, |c| diesel::insert_into(templates::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}
