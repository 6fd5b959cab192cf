//! Steps: numbered, timed, each with its outcome; a table and true totals at the end.

use crate::postgres::Cluster;
use crate::process;
use crate::project::Project;
use crate::ui;
use crate::wasm::Wasm;
use anyhow::{Context as _, Result, bail};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What the steps of one command share.
pub struct Context {
    /// Where things are.
    pub project: Project,
    /// How the client is compiled, once set-up has settled it.
    pub wasm: Option<Wasm>,
    /// The private PostgreSQL of the tests while it runs.
    pub postgres: Option<Cluster>,
    /// Tests counted by the current step.
    pub tally: Tally,
}

impl Context {
    /// A context in which nothing has been done yet.
    pub fn new(project: Project) -> Self {
        Self { project, wasm: None, postgres: None, tally: Tally::default() }
    }

    /// How the client is compiled.
    pub fn wasm(&self) -> Result<&Wasm> {
        self.wasm.as_ref().context("set-up did not settle how to compile for wasm32")
    }
}

/// Tests that ran.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were there and were not run.
    pub skipped: u64,
}

impl Tally {
    /// How many tests were run.
    pub fn executed(self) -> u64 {
        self.passed + self.failed
    }

    /// Adds another count to this one.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// One step of a command.
pub struct Step {
    /// Its name on the command line.
    pub id: &'static str,
    /// What it does, for people.
    pub title: &'static str,
    /// Steps without which it cannot be done.
    pub needs: &'static [&'static str],
    /// Does it; answers a short remark for the table.
    pub run: fn(&mut Context) -> Result<String>,
}

/// How a step ended.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Outcome {
    Ok,
    Failed,
    /// A step it needs failed. Counts as a failure.
    NotRun,
}

struct Record {
    step: Step,
    outcome: Outcome,
    took: Duration,
    remark: String,
    tally: Tally,
}

/// Runs all steps; the exit code tells whether every one went well.
pub fn run_all(steps: Vec<Step>, project: Project) -> Result<ExitCode> {
    let mut context = Context::new(project);
    let records = perform(steps, &mut context);
    Ok(if succeeded(&records) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all steps and stops at the first failure, for commands that go on to something else.
pub fn prepare(steps: Vec<Step>, context: &mut Context) -> Result<()> {
    let records = perform(steps, context);
    match records.iter().find(|record| record.outcome != Outcome::Ok) {
        Some(record) => bail!("{}: {}", record.step.id, record.remark),
        None => Ok(()),
    }
}

/// Runs all steps, then prints the table and, alone on a line, how many tests passed and failed.
pub fn run_tests(steps: Vec<Step>, project: Project) -> Result<ExitCode> {
    let started = Instant::now();
    let mut context = Context::new(project);
    let records = perform(steps, &mut context);
    // Stops PostgreSQL before anything is said about the end.
    drop(context);
    print_table(&records, started.elapsed());
    let mut total = Tally::default();
    for record in &records {
        total.add(record.tally);
        // A step that failed without a failed test of its own is one failure, so that the total stays true.
        if record.outcome != Outcome::Ok && record.tally.failed == 0 {
            total.failed += 1;
        }
    }
    if total.skipped > 0 {
        ui::line(&format!("skipped tests: {}", total.skipped));
    }
    ui::line(&format!("{} passed, {} failed", total.passed, total.failed));
    Ok(if succeeded(&records) && total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn succeeded(records: &[Record]) -> bool {
    !process::interrupted() && records.iter().all(|record| record.outcome == Outcome::Ok)
}

fn perform(steps: Vec<Step>, context: &mut Context) -> Vec<Record> {
    let count = steps.len();
    let mut records: Vec<Record> = Vec::with_capacity(count);
    for (index, step) in steps.into_iter().enumerate() {
        ui::line(&format!("{} {}", ui::dim(&format!("[{:>2}/{count}]", index + 1)), ui::bold(step.title)));
        let started = Instant::now();
        context.tally = Tally::default();
        let missing = step.needs.iter().find(|need| {
            records.iter().any(|record| record.step.id == **need && record.outcome != Outcome::Ok)
        });
        let (outcome, remark) = if process::interrupted() {
            (Outcome::NotRun, "interrupted".to_owned())
        } else if let Some(missing) = missing {
            (Outcome::NotRun, format!("needs the step `{missing}`, which failed"))
        } else {
            match (step.run)(context) {
                Ok(remark) => (Outcome::Ok, remark),
                Err(error) => (Outcome::Failed, format!("{error:#}")),
            }
        };
        let took = started.elapsed();
        ui::line(&format!("        {}  {}  {remark}", word(outcome), ui::elapsed(took)));
        records.push(Record { step, outcome, took, remark, tally: context.tally });
    }
    records
}

fn word(outcome: Outcome) -> String {
    match outcome {
        Outcome::Ok => ui::good("ok"),
        Outcome::Failed => ui::bad("FAILED"),
        Outcome::NotRun => ui::bad("NOT RUN"),
    }
}

fn print_table(records: &[Record], took: Duration) {
    ui::line("");
    let width = records.iter().map(|record| record.step.id.len()).max().unwrap_or(0);
    for record in records {
        let first = record.remark.lines().next().unwrap_or_default();
        // The colour's escapes would count as width, so the word is padded by hand.
        let pad = match record.outcome {
            Outcome::Ok => "     ",
            Outcome::Failed => " ",
            Outcome::NotRun => "",
        };
        ui::line(&format!(
            "  {:width$}  {:>12}  {}{pad}  {first}",
            record.step.id,
            ui::elapsed(record.took),
            word(record.outcome),
        ));
    }
    let well = records.iter().filter(|record| record.outcome == Outcome::Ok).count();
    ui::line(&format!("  {well} of {} steps ok in {}", records.len(), ui::elapsed(took)));
    ui::line("");
}
