//! A file from its upload to its preview: read, mapped, judged, decided.

use epos_shared::api::import::{
    CreatedCards, Import, ImportDecisions, ImportError, ImportField, ImportMapping, ImportRow, ImportRows,
    ImportRowsQuery, ImportState, KEPT_HOURS, MAX_CELL, MAX_CHANGED, MAX_COLUMNS, MAX_ROWS, guess_mapping,
};
use epos_shared::api::page::Total;
use epos_shared::ids::ImportId;
use epos_shared::problem::{FieldError, ProblemCode};
use epos_shared::values::InvalidValue as _;
use serde_json::json;

use super::judge::{self, Judged};
use super::store::{self, Row};
use super::table::{Limits, Table};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::http::Upload;
use crate::kontingent::{Asker, gate, page_limit};
use crate::organizations::Scope;

/// Rows that one transaction writes: other changes do not wait for long.
const BATCH: usize = 500;
/// Rows that are shown before the columns are mapped.
const SAMPLE: i64 = 3;
/// The largest table.
const LIMITS: Limits = Limits { rows: MAX_ROWS, columns: MAX_COLUMNS, cell: MAX_CELL };

pub(super) fn wrong(error: ImportError, at: &str) -> ApiError {
    ApiError::validation(vec![error.at(at)])
}

/// Reads a file into the tables of imports. Files of the same person that were never applied are gone then.
pub(super) async fn upload(services: &Services, asker: Asker, file: Upload) -> Result<Import, ApiError> {
    // Nobody's file is read who has no rights.
    let card = gate::read(services, asker.clone(), |_, _, staff| Ok(staff.card_id())).await?;
    let table = services.tables.read(file.whole().await?, LIMITS).await?;
    let account = asker.account;
    let template = services.db.read(move |conn| store::template(conn, account)).await?;
    let columns = mapping_of(&table.headings, &template);
    let id = services.context.id();
    let Table { headings, rows } = table;
    let (services_, asker_, count) = (services.clone(), asker.clone(), rows.len());
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            for old in store::open_of(conn, account)? {
                store::remove(conn, old)?;
            }
            let new = store::New {
                id,
                account,
                card,
                headings: &headings,
                columns: &columns,
                rows: count,
                address: asker_.journal.address.map(|address| address.to_string()),
                now: services_.context.db_now(),
            };
            store::insert(conn, &new)?;
            let event = Event::done("import.uploaded", "import", id).with(json!({ "rows": count }));
            audit::record(conn, &services_.context, &asker_.journal, event)
        })
        .await?;
    let mut rows = rows;
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(BATCH));
        let some = std::mem::replace(&mut rows, rest);
        services
            .db
            .write_by_condition::<_, ApiError, _>(move |conn| {
                // Another upload of the same person takes its place.
                if store::is_judged(conn, id, 0)? {
                    Ok(store::insert_rows(conn, id, &some)?)
                } else {
                    Err(wrong(ImportError::WrongState, "state"))
                }
            })
            .await?;
    }
    show(services, asker, id.into()).await
}

/// What the columns hold: as it was said of a column of this heading the last time, else as the heading sounds.
fn mapping_of(headings: &[String], template: &[(String, ImportField)]) -> Vec<Option<ImportField>> {
    let mut columns = guess_mapping(headings);
    for (place, heading) in headings.iter().enumerate() {
        let Some((_, field)) = template.iter().find(|(known, _)| known == heading && !known.is_empty())
        else {
            continue;
        };
        for (other, column) in columns.iter_mut().enumerate() {
            if other == place {
                *column = Some(*field);
            } else if *column == Some(*field) {
                *column = None;
            }
        }
    }
    columns
}

/// One's own import; another's answers like one that does not exist.
fn own(conn: &mut Conn, asker: &Asker, id: ImportId) -> Result<Row, ApiError> {
    store::of_account(conn, id.into(), asker.account)?.ok_or_else(|| ProblemCode::NotFound.into())
}

/// An import as it is now.
pub(super) async fn show(services: &Services, asker: Asker, id: ImportId) -> Result<Import, ApiError> {
    let who = asker.clone();
    gate::read(services, asker, move |conn, _, _| {
        let row = own(conn, &who, id)?;
        shown(conn, &row)
    })
    .await
}

fn shown(conn: &mut Conn, row: &Row) -> Result<Import, ApiError> {
    let kept = chrono::TimeDelta::hours(KEPT_HOURS.into());
    Ok(Import {
        id: row.id.into(),
        state: row.state()?,
        kept_until: (row.created_at + kept).and_utc(),
        headings: row.headings()?,
        sample: store::first_rows(conn, row.id, SAMPLE)?,
        rows: u32::try_from(row.row_count).unwrap_or_default(),
        columns: row.columns()?,
        counts: row.counts(),
        done: u32::try_from(row.done).unwrap_or_default(),
        failure: row.failure.clone(),
    })
}

/// Says what the columns hold, and judges every row by it.
pub(super) async fn map(
    services: &Services,
    asker: Asker,
    id: ImportId,
    mapping: ImportMapping,
) -> Result<Import, ApiError> {
    let who = asker.clone();
    let (headings, mapping) = gate::read(services, asker.clone(), move |conn, _, staff| {
        let headings = own(conn, &who, id)?.headings()?;
        let one_place = matches!(staff.scope(), Scope::Only(_));
        mapping.check(headings.len(), one_place).map_err(ApiError::validation)?;
        Ok((headings, mapping))
    })
    .await?;
    judge_all(services, asker.clone(), id, mapping.columns.clone()).await?;
    let pairs: Vec<_> = headings
        .into_iter()
        .zip(mapping.columns)
        .filter_map(|(heading, field)| Some((heading, field?)))
        .collect();
    let (account, context) = (asker.account, services.context.clone());
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            store::remember(conn, account, &pairs, context.db_now())
        })
        .await?;
    show(services, asker, id).await
}

/// Judges every row anew, and writes what came of it, some rows at a time: it is a preview once all are written.
async fn judge_all(
    services: &Services,
    asker: Asker,
    id: ImportId,
    columns: Vec<Option<ImportField>>,
) -> Result<(), ApiError> {
    let import = Id::from(id);
    let judgement = reopen(services, &asker, id, |_| Ok(())).await?;
    let (who, wanted) = (asker.clone(), columns.clone());
    let judged: Vec<Judged> = gate::read(services, asker, move |conn, services, staff| {
        let row = own(conn, &who, id)?;
        let lines = store::lines(conn, row.id)?;
        if i32::try_from(lines.len()).ok() != Some(row.row_count) {
            // The upload was cut short.
            return Err(ProblemCode::NotFound.into());
        }
        judge::judge(conn, &services.context, staff, &wanted, lines)
    })
    .await?;
    let counts = judge::counts(&judged);
    for some in judged.chunks(BATCH) {
        let some = some.to_vec();
        services
            .db
            .write_by_condition::<_, ApiError, _>(move |conn| {
                if !store::is_judged(conn, import, judgement)? {
                    return Err(wrong(ImportError::WrongState, "state"));
                }
                store::write_judged(conn, import, &some).map_err(ApiError::from)
            })
            .await?;
    }
    services
        .db
        .write_by_condition::<_, ApiError, _>(move |conn| {
            if store::set_previewed(conn, (import, judgement), &columns, counts)? {
                Ok(())
            } else {
                Err(wrong(ImportError::WrongState, "state"))
            }
        })
        .await
}

/// Opens one's own import for another judgement, with what else belongs to the same moment; answers the number of the
/// judgement. One that was under way comes to nothing.
async fn reopen(
    services: &Services,
    asker: &Asker,
    id: ImportId,
    work: impl Fn(&mut Conn) -> Result<(), ApiError> + Send + 'static,
) -> Result<i64, ApiError> {
    let who = asker.clone();
    services
        .db
        .write_by_condition::<_, ApiError, _>(move |conn| {
            own(conn, &who, id)?;
            let judgement = store::reopen(conn, id.into())?;
            let judgement = judgement.ok_or_else(|| wrong(ImportError::WrongState, "state"))?;
            work(conn)?;
            Ok(judgement)
        })
        .await
}

/// Rows of the preview.
pub(super) async fn rows(
    services: &Services,
    asker: Asker,
    id: ImportId,
    query: ImportRowsQuery,
) -> Result<ImportRows, ApiError> {
    let who = asker.clone();
    gate::read(services, asker, move |conn, _, _| {
        let limit = page_limit(query.limit)?;
        let import = own(conn, &who, id)?;
        if import.state()? == ImportState::Uploaded {
            return Ok(ImportRows { items: Vec::new(), total: Total::Exact(0), next: None });
        }
        let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let mut found = store::shown(conn, import.id, query.outcome, query.after, most)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|row| row.line);
        let is_done = import.state()? == ImportState::Applied;
        let items = found
            .into_iter()
            .map(|row| ImportRow {
                line: row.line,
                outcome: row.outcome,
                name: row.report.name,
                organization: row.report.organization,
                role: row.report.role,
                notes: row.report.notes,
                errors: row.report.errors,
                choices: row.report.choices,
                decision: row.decision,
                // A card that is to be made is nobody's to open yet.
                employee_id: row
                    .employee
                    .filter(|_| {
                        row.outcome != epos_shared::api::import::RowOutcome::Created
                            || (is_done && row.step == 2)
                    })
                    .map(Into::into),
            })
            .collect();
        Ok(ImportRows {
            items,
            total: Total::Exact(store::count_rows(conn, import.id, query.outcome)?),
            next,
        })
    })
    .await
}

/// Decides about rows that may be duplicates, and judges every row by it.
pub(super) async fn decide(
    services: &Services,
    asker: Asker,
    id: ImportId,
    decisions: ImportDecisions,
) -> Result<Import, ApiError> {
    decisions.check().map_err(ApiError::validation)?;
    let who = asker.clone();
    let columns =
        gate::read(services, asker.clone(), move |conn, _, _| Ok(own(conn, &who, id)?.columns()?)).await?;
    reopen(services, &asker, id, move |conn| {
        let mut errors: Vec<FieldError> = Vec::new();
        for (place, row) in decisions.rows.iter().enumerate() {
            let report = store::report(conn, id.into(), row.line)?;
            let may = report.is_some_and(|report| report.choices.contains(&row.decision));
            if !may || !store::set_decision(conn, id.into(), row.line, row.decision)? {
                errors.push(ImportError::NothingToDecide.at(format!("rows/{place}/decision")));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(ApiError::validation(errors)) }
    })
    .await?;
    judge_all(services, asker.clone(), id, columns).await?;
    show(services, asker, id).await
}

/// Sets an import going that has neither mistakes nor questions.
pub(super) async fn apply(services: &Services, asker: Asker, id: ImportId) -> Result<Import, ApiError> {
    gate::write(services, asker.clone(), "import.applied", None, move |conn, _, who, _| {
        let row = own(conn, who, id)?;
        let counts = row.counts();
        let most = u32::try_from(MAX_CHANGED).unwrap_or(u32::MAX);
        let error = match row.state()? {
            ImportState::Previewed if counts.wrong > 0 => Some(ImportError::WrongRows),
            ImportState::Previewed if counts.undecided > 0 => Some(ImportError::Undecided),
            ImportState::Previewed if counts.changed > most => Some(ImportError::TooManyChanged),
            ImportState::Previewed if counts.created + counts.changed == 0 => Some(ImportError::NothingToDo),
            ImportState::Previewed if store::start(conn, row.id)? => None,
            _ => Some(ImportError::WrongState),
        };
        match error {
            Some(error) => Err(wrong(error, "rows")),
            None => Ok(()),
        }
    })
    .await?;
    show(services, asker, id).await
}

/// Removes one's own import, unless it is being applied.
pub(super) async fn discard(services: &Services, asker: Asker, id: ImportId) -> Result<(), ApiError> {
    let (who, context) = (asker, services.context.clone());
    services
        .db
        .write_by_condition::<_, ApiError, _>(move |conn| {
            let row = own(conn, &who, id)?;
            if !store::remove(conn, row.id)? {
                return Err(wrong(ImportError::WrongState, "state"));
            }
            let event = Event::done("import.discarded", "import", row.id);
            audit::record(conn, &context, &who.journal, event).map_err(ApiError::from)
        })
        .await
}

/// The cards that an import has made.
pub(super) async fn created(
    services: &Services,
    asker: Asker,
    id: ImportId,
) -> Result<CreatedCards, ApiError> {
    let who = asker.clone();
    gate::read(services, asker, move |conn, _, _| {
        let row = own(conn, &who, id)?;
        let ids = store::created_cards(conn, row.id)?;
        Ok(CreatedCards { ids: ids.into_iter().map(Into::into).collect() })
    })
    .await
}
