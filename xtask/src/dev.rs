//! `cargo xtask dev`: Trunk, once for each program, rebuilds the client into dist/, and the server is built anew and
//! restarted when its sources change; the stand-in for ЕСИА stays as it was at the start. Debug builds of the server read dist/ from disk, so a reload of the page shows the client.

use crate::process::{Guard, Show};
use crate::project::Project;
use crate::standin::Beside;
use crate::steps::{self, Context};
use crate::{client, files, process, serve, suite, ui};
use anyhow::{Context as _, Result, bail};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

const POLL: Duration = Duration::from_millis(500);

/// Serves until Ctrl-C.
pub fn run(project: Project, standin: SocketAddr, args: &[String]) -> Result<ExitCode> {
    let beside = Beside::plan(&project, standin, args)?;
    let mut context = Context::new(project);
    steps::prepare(suite::setup(), &mut context)?;
    let project = &context.project;
    client::ensure_dist(project)?;

    let wasm = context.wasm()?;
    let mut watching = Vec::new();
    for mut trunk in client::trunks(project, "watch")? {
        wasm.apply(project, &mut trunk);
        trunk.stdin(Stdio::null());
        watching.push(Guard(trunk.spawn().context("trunk")?));
    }
    let mut build = project.cargo("build");
    process::expect(build.args(["-p", "esia-standin"]), Show::Always)?;
    let _standin = beside.start(&project.target.join("debug/esia-standin"))?;
    let mut server = Guard(server(project, &beside, args)?);

    let sources: Vec<PathBuf> = ["backend", "shared", "migrations", "Cargo.toml", "Cargo.lock"]
        .iter()
        .map(|name| project.root.join(name))
        .collect();
    let mut seen = files::newest(&sources)?;
    let mut told = false;
    while !process::interrupted() {
        thread::sleep(POLL);
        for trunk in &mut watching {
            if let Some(status) = trunk.0.try_wait()? {
                bail!("trunk ended ({status})");
            }
        }
        let now = files::newest(&sources).unwrap_or(seen);
        if now != seen {
            seen = now;
            told = false;
            ui::line(&ui::bold("the sources changed: building and restarting the server"));
            process::end(&mut server.0)?;
            server = Guard(self::server(project, &beside, args)?);
        } else if !told && let Some(status) = server.0.try_wait()? {
            told = true;
            ui::line(&format!("{} the server ended ({status}); waiting for a change", ui::bad("·")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn server(project: &Project, beside: &Beside, args: &[String]) -> Result<Child> {
    let mut command: Command = project.cargo("run");
    command.args(["-p", "epos-backend", "--", "demo"]).args(serve::data_folder(project, args)).args(args);
    command.envs(beside.environment()).stdin(Stdio::null()).spawn().context("cargo run")
}
