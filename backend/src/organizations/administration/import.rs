//! Import of organizations from a table: a plan first, then all of it or nothing, in one transaction that makes
//! the plan anew. Nothing is kept between the two but the plan's mark, which the second request brings along.

use std::collections::{HashMap, HashSet};

use epos_shared::api::organization_card::{NumbersRule, OrganizationData, OrganizationFields};
use epos_shared::api::organization_import::{
    Column, ImportPlan, Imported, MAX_NAMED, MAX_ROWS, OrganizationRowError, PlannedRow, RowFate, WrongCell,
    kind_of, yes_or_no,
};
use epos_shared::organization_rights::OrganizationAction;
use epos_shared::problem::{FieldError, Problem, ProblemCode};
use epos_shared::rights::Relation;
use epos_shared::roles::OrganizationKind;
use epos_shared::search::search_key;
use epos_shared::values::InvalidValue as _;
use sha2::{Digest as _, Sha256};

use super::changes::{self, Change};
use super::page::forbidden;
use super::store::{self, Full};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::import::table::{self, Limits, Row, Table};
use crate::kontingent::{Asker, StaffOf};

/// What a table of organizations may have.
const LIMITS: Limits = Limits { rows: MAX_ROWS, columns: 30, cell: 400 };

/// Where an organization of the file is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Above {
    /// Below one that is there.
    There(Id),
    /// Below the one of an earlier row, by the place of its step.
    Earlier(usize),
}

/// What a row does.
#[derive(Debug)]
enum Step {
    Create { line: u32, above: Above, data: OrganizationData },
    Change { line: u32, change: Box<Change> },
}

/// A plan before it is shown or carried out.
#[derive(Debug, Default)]
struct Plan {
    steps: Vec<Step>,
    unchanged: u32,
    wrong: Vec<WrongCell>,
}

/// Reads a file. For a thread that may wait.
///
/// # Errors
/// `validation-failed`: it is no table, or above the limits.
pub(super) fn read(bytes: &[u8]) -> Result<Table, ApiError> {
    Ok(table::read(bytes, LIMITS)?)
}

/// Refuses unless the actor imports organizations.
///
/// # Errors
/// `forbidden`.
pub(super) fn may(staff: &StaffOf<'_>) -> Result<(), ApiError> {
    let may =
        staff.may_organization(OrganizationAction::Import, OrganizationKind::School, Relation::Elsewhere);
    if may { Ok(()) } else { Err(forbidden()) }
}

/// What importing a table would do.
///
/// # Errors
/// `validation-failed` where columns are missing; the database fails.
pub(super) fn preview(conn: &mut Conn, table: &Table) -> Result<ImportPlan, ApiError> {
    Ok(make(conn, table)?.shown())
}

/// Imports a table, all of it or nothing.
///
/// # Errors
/// `validation-failed`, `version-conflict` where it would do something else than what was looked
/// at; the database fails.
pub(super) fn apply(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    table: &Table,
    mark: &str,
) -> Result<Imported, ApiError> {
    let plan = make(conn, table)?;
    if !plan.wrong.is_empty() || plan.mark() != mark {
        return Err(Problem::new(ProblemCode::VersionConflict)
            .with_detail("План изменился: посмотрите его ещё раз. Ничего не загружено.")
            .into());
    }
    let mut ids: Vec<Option<Id>> = Vec::with_capacity(plan.steps.len());
    let mut done = Imported { created: 0, changed: 0 };
    for step in &plan.steps {
        match step {
            Step::Create { above, data, line } => {
                let above = match above {
                    Above::There(id) => Some(*id),
                    Above::Earlier(place) => ids.get(*place).copied().flatten(),
                };
                let above = above.ok_or_else(|| ApiError::internal("an organization above is missing"))?;
                let id = changes::insert(conn, services, asker, above, data)
                    .map_err(|error| at_line(error, *line))?;
                ids.push(Some(id));
                done.created += 1;
            }
            Step::Change { change, line } => {
                let saved =
                    changes::write(conn, services, asker, change).map_err(|error| at_line(error, *line))?;
                if !saved {
                    return Err(ProblemCode::VersionConflict.into());
                }
                ids.push(None);
                done.changed += 1;
            }
        }
    }
    let details = serde_json::json!({
        "created": done.created, "changed": done.changed, "unchanged": plan.unchanged,
    });
    let event = Event {
        object: None,
        ..Event::done("organizations.imported", "organization", Id(uuid::Uuid::nil()))
    };
    audit::record(conn, &services.context, &asker.journal, event.with(details))?;
    Ok(done)
}

/// A mistake that only the database finds, with its line.
fn at_line(error: ApiError, line: u32) -> ApiError {
    match error {
        ApiError::Problem(mut problem) => {
            for error in &mut problem.errors {
                error.message = format!("Строка {line}: {}", error.message);
            }
            ApiError::Problem(problem)
        }
        error => error,
    }
}

impl Plan {
    /// What the plan does, as a mark: another plan has another.
    fn mark(&self) -> String {
        let mut sum = Sha256::new();
        for step in &self.steps {
            sum.update(format!("{step:?}\n").as_bytes());
        }
        let sum = sum.finalize();
        sum.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    fn shown(self) -> ImportPlan {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let created = self.steps.iter().filter(|step| matches!(step, Step::Create { .. })).count();
        let plan = (self.wrong.is_empty() && !self.steps.is_empty()).then(|| self.mark());
        let rows = self.steps.iter().take(MAX_NAMED).map(Step::shown).collect();
        let wrong_total = number(self.wrong.len());
        ImportPlan {
            created: number(created),
            changed: number(self.steps.len() - created),
            unchanged: self.unchanged,
            wrong: self.wrong.into_iter().take(MAX_NAMED).collect(),
            wrong_total,
            rows,
            plan,
        }
    }
}

impl Step {
    fn shown(&self) -> PlannedRow {
        match self {
            Self::Create { line, data, .. } => PlannedRow {
                line: *line,
                short_name: data.short_name.clone(),
                fate: RowFate::Created,
                columns: Vec::new(),
            },
            Self::Change { line, change } => PlannedRow {
                line: *line,
                short_name: change.data.short_name.clone(),
                fate: RowFate::Changed,
                columns: columns_that_differ(&change.before, &OrganizationFields::from(&change.data)),
            },
        }
    }
}

fn columns_that_differ(before: &OrganizationFields, after: &OrganizationFields) -> Vec<String> {
    [
        (Column::Kind, before.kind != after.kind),
        (Column::FullName, before.full_name != after.full_name),
        (Column::ShortName, before.short_name != after.short_name),
        (Column::Town, before.town != after.town),
        (Column::EsiaOnly, before.esia_only != after.esia_only),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(column, _)| column.heading().to_owned())
    .collect()
}

/// The places of the columns.
struct Columns(HashMap<Column, usize>);

impl Columns {
    fn of(headings: &[String]) -> Result<Self, ApiError> {
        let known: HashMap<Column, usize> = headings
            .iter()
            .enumerate()
            .filter_map(|(place, heading)| Some((Column::of(heading)?, place)))
            .collect();
        let missing: Vec<&str> = Column::ALL
            .into_iter()
            .filter(|column| !column.is_optional() && !known.contains_key(column))
            .map(Column::heading)
            .collect();
        if missing.is_empty() {
            return Ok(Self(known));
        }
        Err(ApiError::validation(vec![FieldError {
            field: "file".to_owned(),
            code: "columns-missing".to_owned(),
            message: format!("Нет столбцов: {}", missing.join(", ")),
        }]))
    }

    fn cell<'a>(&self, row: &'a Row, column: Column) -> Option<&'a str> {
        row.cells.get(*self.0.get(&column)?).map(String::as_str)
    }
}

/// What may stand above others: those that are there, and those of earlier rows.
struct Tops {
    by_numbers: HashMap<(String, String), (Above, OrganizationKind)>,
    by_name: HashMap<String, Vec<(Above, OrganizationKind)>>,
}

impl Tops {
    fn read(conn: &mut Conn) -> Result<Self, ApiError> {
        let mut tops = Self { by_numbers: HashMap::new(), by_name: HashMap::new() };
        for row in store::open_tops(conn)? {
            let kind = row.kind()?;
            let numbers = row.inn.clone().zip(row.kpp.clone());
            tops.add(Above::There(row.id), kind, &row.short_name, numbers);
        }
        Ok(tops)
    }

    fn add(&mut self, above: Above, kind: OrganizationKind, name: &str, numbers: Option<(String, String)>) {
        self.by_name.entry(search_key(name)).or_default().push((above, kind));
        if let Some(numbers) = numbers {
            self.by_numbers.insert(numbers, (above, kind));
        }
    }

    /// The organization named in a cell: «ИНН/КПП», or the short name.
    fn find(&self, text: &str) -> Result<(Above, OrganizationKind), OrganizationRowError> {
        if let Some((inn, kpp)) = text.split_once('/')
            && let Some(found) = self.by_numbers.get(&(inn.trim().to_owned(), kpp.trim().to_owned()))
        {
            return Ok(*found);
        }
        match self.by_name.get(&search_key(text)).map(Vec::as_slice) {
            None | Some([]) => Err(OrganizationRowError::ParentUnknown),
            Some([one]) => Ok(*one),
            Some(_) => Err(OrganizationRowError::ParentAmbiguous),
        }
    }
}

/// Makes the plan.
fn make(conn: &mut Conn, table: &Table) -> Result<Plan, ApiError> {
    let columns = Columns::of(&table.headings)?;
    let mut tops = Tops::read(conn)?;
    let inns: Vec<String> = table
        .rows
        .iter()
        .filter_map(|row| columns.cell(row, Column::Inn))
        .map(str::to_owned)
        .collect::<HashSet<_>>()
        .into_iter()
        .collect();
    let known: HashMap<(String, String), Full> = store::with_inns(conn, &inns)?
        .into_iter()
        .filter_map(|row| Some(((row.inn.clone()?, row.kpp.clone()?), row)))
        .collect();
    let mut plan = Plan::default();
    let mut seen = HashSet::new();
    for row in &table.rows {
        let mut wrong: Vec<(Column, String)> = Vec::new();
        let step = judge(conn, &columns, row, &known, &tops, &mut seen, &mut wrong)?;
        plan.wrong.extend(wrong.into_iter().map(|(column, message)| WrongCell {
            line: row.line,
            column: column.heading().to_owned(),
            message,
        }));
        match step {
            None => {}
            Some(None) => plan.unchanged += 1,
            Some(Some(step)) => {
                if let Step::Create { data, .. } = &step
                    && data.kind == OrganizationKind::EducationDepartment
                {
                    let numbers = data.numbers.as_ref().map(|(inn, kpp)| (inn.to_string(), kpp.to_string()));
                    tops.add(Above::Earlier(plan.steps.len()), data.kind, &data.short_name, numbers);
                }
                plan.steps.push(step);
            }
        }
    }
    Ok(plan)
}

/// What a row does: nothing where it is wrong, `Some(None)` where it says what is there.
fn judge(
    conn: &mut Conn,
    columns: &Columns,
    row: &Row,
    known: &HashMap<(String, String), Full>,
    tops: &Tops,
    seen: &mut HashSet<(String, String)>,
    wrong: &mut Vec<(Column, String)>,
) -> Result<Option<Option<Step>>, ApiError> {
    let cell = |column| columns.cell(row, column).unwrap_or_default().to_owned();
    let numbers = (cell(Column::Inn), cell(Column::Kpp));
    let present = known.get(&numbers);
    let kind = kind_of(&cell(Column::Kind)).map_err(|error| wrong.push((Column::Kind, error.to_string())));
    let esia_only = yes_or_no(&cell(Column::EsiaOnly))
        .map_err(|error| wrong.push((Column::EsiaOnly, error.to_string())))
        .unwrap_or_default();
    let town = cell(Column::Town);
    let fields = OrganizationFields {
        // What is wrong with the kind was said already.
        kind: Some(kind.unwrap_or(OrganizationKind::School)),
        full_name: cell(Column::FullName),
        short_name: cell(Column::ShortName),
        // An empty cell says nothing of what is there.
        town: if town.is_empty() { present.map(|row| row.town.clone()).unwrap_or_default() } else { town },
        inn: numbers.0.clone(),
        kpp: numbers.1.clone(),
        esia_only: esia_only.unwrap_or_else(|| present.is_some_and(|row| row.esia_only)),
    };
    let data =
        match fields.parse("", NumbersRule::Required) {
            Ok(data) => data,
            Err(errors) => {
                wrong.extend(errors.into_iter().map(|error| {
                    (Column::of_field(&error.field).unwrap_or(Column::ShortName), error.message)
                }));
                return Ok(None);
            }
        };
    if !seen.insert(numbers) {
        wrong.push((Column::Inn, OrganizationRowError::RowTwice.to_string()));
    }
    let above_text = cell(Column::Parent);
    let above = if above_text.is_empty() { None } else { Some(tops.find(&above_text)) };
    match (present, above) {
        (Some(present), above) => {
            if present.closed_on.is_some() {
                wrong.push((Column::Inn, OrganizationRowError::Closed.to_string()));
            }
            match above {
                None => {}
                Some(Err(error)) => wrong.push((Column::Parent, error.to_string())),
                Some(Ok((above, _))) if present.parent_id.map(Above::There) != Some(above) => {
                    wrong.push((Column::Parent, OrganizationRowError::ParentOther.to_string()));
                }
                Some(Ok(_)) => {}
            }
            if data.kind != present.kind()?
                && kind.is_ok()
                && let Some(error) = changes::kind_in_the_way(conn, present, data.kind)?
            {
                wrong.push((Column::Kind, error.to_string()));
            }
            if !wrong.is_empty() {
                return Ok(None);
            }
            let change = Change::of(present, data)?;
            let step = |change| Step::Change { line: row.line, change: Box::new(change) };
            Ok(Some(change.map(step)))
        }
        (None, None) => {
            wrong.push((Column::Parent, OrganizationRowError::ParentMissing.to_string()));
            Ok(None)
        }
        (None, Some(Err(error))) => {
            wrong.push((Column::Parent, error.to_string()));
            Ok(None)
        }
        (None, Some(Ok((above, kind_above)))) => {
            if !data.kind.stands_below(kind_above) {
                let error = epos_shared::api::organization_card::OrganizationError::ParentUnfit;
                wrong.push((Column::Parent, error.at("").message));
            }
            Ok(wrong.is_empty().then_some(Some(Step::Create { line: row.line, above, data })))
        }
    }
}
