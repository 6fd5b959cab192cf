//! `cargo xtask bench`: measures the release build on data of its own, prints a table and writes
//! `docs/benchmarks.md`.
//!
//! Every figure is a [`Figure`]; it pushes [`report::Line`]s, each a number beside its limit. Load comes from
//! oha at a constant rate, with latency counted from the moment a request was due ([`load`]); requests whose
//! bodies must differ are sent by [`load::at_rate`], which counts alike.

mod cards;
mod data;
mod esia;
mod export;
mod figures;
mod http;
mod import;
mod journal;
mod list;
mod load;
mod report;
mod server;
mod strangers;

use crate::project::Project;
use crate::steps::{self, Context};
use crate::{process, suite, system, tools, ui};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// What is measured, and on how much.
#[derive(Args)]
pub struct Options {
    /// Measures only this figure and writes no document; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Cards of the large database.
    #[arg(long, default_value_t = 1_000_000)]
    cards: u32,
    /// Entries of the journal.
    #[arg(long, default_value_t = 10_000_000)]
    entries: u32,
    /// Seconds of each load.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Takes client and server as they were built last.
    #[arg(long)]
    no_build: bool,
    /// Lists the figures and ends.
    #[arg(long)]
    list: bool,
}

/// Something that is measured.
struct Figure {
    name: &'static str,
    title: &'static str,
    method: &'static str,
    measure: fn(&mut Bench) -> Result<()>,
}

const FIGURES: &[Figure] = &[
    figures::SIGN_IN,
    figures::SESSION_UNDER_LOAD,
    figures::SESSION,
    list::LIST,
    journal::JOURNAL,
    cards::SAVE,
    export::EXPORT,
    import::IMPORT,
    strangers::TIMING,
    strangers::DIRECTORY,
    esia::ESIA,
    figures::SIZE,
    figures::MEMORY,
    figures::START,
];

/// What the figures share.
struct Bench {
    project: Project,
    /// Where the data are.
    folder: PathBuf,
    oha: PathBuf,
    baseline: PathBuf,
    seconds: u32,
    cards: u32,
    entries: u32,
    postgres: Option<crate::postgres::Cluster>,
    report: report::Report,
}

/// Measures what was asked for; a missed limit is told, and is no failure of the command.
pub fn run(project: Project, options: &Options) -> Result<ExitCode> {
    if options.list {
        for figure in FIGURES {
            ui::line(&format!("{:<20} {}", figure.name, figure.title));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(unknown) = options.only.iter().find(|name| FIGURES.iter().all(|it| it.name != name.as_str()))
    {
        bail!("there is no figure `{unknown}`; `cargo xtask bench --list` names them");
    }
    let project = build(project, options.no_build)?;
    let folder = project.target.join("bench");
    std::fs::create_dir_all(&folder)?;
    let mut bench = Bench {
        oha: tools::oha(&project)?,
        baseline: project.target.join("release/examples/baseline"),
        report: report::Report::begin(&project),
        project,
        folder,
        seconds: options.seconds,
        cards: options.cards,
        entries: options.entries,
        postgres: None,
    };
    let mut failed = Vec::new();
    for figure in FIGURES {
        if !options.only.is_empty() && !options.only.iter().any(|name| name == figure.name) {
            continue;
        }
        ui::line(&ui::bold(figure.title));
        let begun = Instant::now();
        bench.report.enter(figure);
        let measured = (figure.measure)(&mut bench).with_context(|| figure.name);
        ui::note(&ui::elapsed(begun.elapsed()));
        if process::interrupted() {
            bail!("interrupted");
        }
        // What was measured before is worth telling.
        if let Err(error) = measured {
            ui::line(&format!("{error:#}"));
            failed.push(figure.name);
        }
    }
    bench.report.print();
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    if options.only.is_empty() {
        let file = bench.project.root.join("docs/benchmarks.md");
        bench.report.write(&file)?;
        ui::line("Written: docs/benchmarks.md");
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that is measured, as it ships, and the baselines it is measured against.
fn build(project: Project, as_it_is: bool) -> Result<Project> {
    if as_it_is {
        return Ok(project);
    }
    let mut context = Context::new(project);
    steps::prepare(suite::run(), &mut context)?;
    system::for_testing(&context.project)?;
    let mut command = context.project.cargo("build");
    command.args(["--release", "-p", "epos-backend", "--example", "baseline"]);
    process::expect(&mut command, process::Show::Always)?;
    Ok(context.project)
}
