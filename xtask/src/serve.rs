//! `cargo xtask run`: everything from set-up to a running demo.

use crate::process::{self, Show};
use crate::project::Project;
use crate::steps::{self, Context};
use crate::{suite, ui};
use anyhow::{Context as _, Result, anyhow};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

/// Builds the server as it ships, with the client embedded.
pub fn build(context: &mut Context) -> Result<String> {
    let mut command = context.project.cargo("build");
    command.args(["--release", "-p", "epos-backend"]);
    process::expect(&mut command, Show::Always)?;
    let size = std::fs::metadata(context.project.release_binary()).context("the server's binary")?.len();
    Ok(format!("one file, {}", ui::kilobytes(size)))
}

/// Builds all, then becomes the demo server, so that Ctrl-C reaches it and nothing stands between.
pub fn run(project: Project, args: &[String]) -> Result<ExitCode> {
    let mut context = Context::new(project);
    steps::prepare(suite::run(), &mut context)?;
    let project = &context.project;
    let mut command = project.command(project.release_binary());
    command.arg("demo").args(data_folder(project, args)).args(args);
    ui::line("");
    Err(anyhow!(command.exec()).context("the server could not be started"))
}

/// `--data ./data` unless the person named another folder.
pub fn data_folder(project: &Project, args: &[String]) -> Vec<String> {
    if args.iter().any(|arg| arg == "--data" || arg.starts_with("--data=")) {
        return Vec::new();
    }
    vec!["--data".to_owned(), project.root.join("data").display().to_string()]
}
