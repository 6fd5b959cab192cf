//! `cargo xtask run`: everything from set-up to a running demo with the stand-in for ЕСИА beside it.

use crate::process::{self, Guard, Show};
use crate::project::Project;
use crate::standin::Beside;
use crate::steps::{self, Context};
use crate::{suite, ui};
use anyhow::{Context as _, Result};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

const POLL: Duration = Duration::from_millis(100);

/// Builds the server as it ships, with the client embedded.
pub fn build(context: &mut Context) -> Result<String> {
    let mut command = context.project.cargo("build");
    command.args(["--release", "-p", "epos-backend"]);
    process::expect(&mut command, Show::Always)?;
    let size = std::fs::metadata(context.project.release_binary()).context("the server's binary")?.len();
    Ok(format!("one file, {}", ui::kilobytes(size)))
}

/// Builds all, starts the stand-in, then the demo, which announces itself; ends both at Ctrl-C, and the stand-in
/// with the demo.
pub fn run(project: Project, standin: SocketAddr, args: &[String]) -> Result<ExitCode> {
    let beside = Beside::plan(&project, standin, args)?;
    let mut context = Context::new(project);
    steps::prepare(suite::run(), &mut context)?;
    let project = &context.project;
    let mut standin = beside.start(&project.release_standin())?;
    let mut command = project.command(project.release_binary());
    command.arg("demo").args(data_folder(project, args)).args(args).envs(beside.environment());
    ui::line("");
    let mut server = Guard(command.spawn().context("the server could not be started")?);
    let mut told = false;
    while !process::interrupted() {
        if let Some(status) = server.0.try_wait()? {
            return Ok(code(status.code()));
        }
        if !told && let Some(status) = standin.0.try_wait()? {
            told = true;
            ui::line(&format!(
                "{} the stand-in for ЕСИА ended ({status}); the demo goes on without it",
                ui::bad("·")
            ));
        }
        thread::sleep(POLL);
    }
    Ok(code(process::end(&mut server.0)?.code()))
}

fn code(of_server: Option<i32>) -> ExitCode {
    // A signal that nobody caught has no code.
    ExitCode::from(of_server.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// `--data ./data` unless the person named another folder.
pub fn data_folder(project: &Project, args: &[String]) -> Vec<String> {
    if args.iter().any(|arg| arg == "--data" || arg.starts_with("--data=")) {
        return Vec::new();
    }
    vec!["--data".to_owned(), project.root.join("data").display().to_string()]
}
