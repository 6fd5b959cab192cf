//! The project's own commands: `cargo xtask setup | client | run | test | dev | bench | screenshots`.
//!
//! Each command is a list of numbered steps ([`steps`]); a step says what it does, how long it took and how
//! it ended. Whatever a step needs from the machine it installs itself, or tells the exact command that a
//! person has to run.
#![expect(clippy::print_stdout, reason = "these commands talk to the person at the terminal")]

mod bench;
mod browser;
mod checks;
mod client;
mod dev;
mod files;
mod postgres;
mod process;
mod project;
mod rust_tests;
mod serve;
mod standin;
mod steps;
mod suite;
mod system;
mod tools;
mod ui;
mod wasm;

use clap::{Parser, Subcommand};
use project::Project;
use std::net::SocketAddr;
use std::process::ExitCode;

/// The commands of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Gets everything needed to build: the wasm target, system packages, Trunk and its tools.
    Setup,
    /// Builds the client for release into dist/, with brotli and gzip variants; skips when nothing changed.
    Client,
    /// Builds all and starts the demo on http://127.0.0.1:8080 with its data in ./data, and beside it the stand-in
    /// for ЕСИА, through which one signs in.
    Run {
        /// Where the stand-in listens.
        #[arg(long, value_name = "ADDRESS", default_value = standin::ADDRESS)]
        standin: SocketAddr,
        /// Passed on to `epos demo`, for example `-- --listen 0.0.0.0:8080`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Runs every check and test there is: what CI runs.
    Test {
        /// Runs only this step and those it cannot do without; may be repeated.
        #[arg(long, value_name = "STEP")]
        only: Vec<String>,
        /// Lists the steps and ends.
        #[arg(long)]
        list: bool,
    },
    /// Serves the demo from debug builds and rebuilds client and server when their sources change.
    Dev {
        /// Where the stand-in for ЕСИА listens.
        #[arg(long, value_name = "ADDRESS", default_value = standin::ADDRESS)]
        standin: SocketAddr,
        /// Passed on to `epos demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measures the release build on data of its own and writes docs/benchmarks.md.
    Bench(bench::Options),
    /// Takes the pictures for the documentation from a demo that is already running.
    Screenshots {
        /// Where the demo runs.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match Project::locate().and_then(|project| execute(cli.command, project)) {
        Ok(code) => code,
        Err(error) => {
            ui::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(task: Task, project: Project) -> anyhow::Result<ExitCode> {
    process::catch_signals()?;
    match task {
        Task::Setup => steps::run_all(suite::setup(), project),
        Task::Client => steps::run_all(suite::client(), project),
        Task::Run { standin, args } => serve::run(project, standin, &args),
        Task::Test { list: true, .. } => {
            suite::list();
            Ok(ExitCode::SUCCESS)
        }
        Task::Test { only, list: false } => suite::test(project, &only),
        Task::Dev { standin, args } => dev::run(project, standin, &args),
        Task::Bench(options) => bench::run(project, &options),
        Task::Screenshots { url } => browser::screenshots(&project, &url),
    }
}
