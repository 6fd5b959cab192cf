//! A server (or a baseline) that runs while it is measured.

use super::http::Client;
use crate::process;
use crate::project::Project;
use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Nothing real is under it.
const MASTER_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// No figure measures how failures are counted: one machine with one address sends everything.
const LIFTED: &str = "1000000000";
const START_LIMIT: Duration = Duration::from_secs(60);

/// A child that answers on a port; dropping it ends it in order.
pub struct Server {
    child: Child,
    port: u16,
    /// From its start to the first yes of `/readyz`.
    pub ready_after: Duration,
}

/// A program of ours without our variables.
pub fn bare(project: &Project, program: &Path) -> Command {
    let mut command = project.command(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EPOS_") {
            command.env_remove(name);
        }
    }
    command
}

/// `epos` with the configuration of the measurements: the defaults, with the counters of failures lifted.
pub fn epos(project: &Project, database: &str, port: u16) -> Command {
    let mut command = bare(project, &project.release_binary());
    command
        .env("EPOS_SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .env("EPOS_SERVER__PUBLIC_URL", format!("http://127.0.0.1:{port}"))
        .env("EPOS_SERVER__TRUSTED_PROXIES", "[]")
        .env("EPOS_SECRETS__MASTER_KEY", MASTER_KEY)
        .env("EPOS_DATABASE__URL", database)
        .env("EPOS_SIGN_IN__PAIR_FAILURES", LIFTED)
        .env("EPOS_SIGN_IN__NAME_FAILURES", LIFTED)
        .env("EPOS_SIGN_IN__ADDRESS_FAILURES", LIFTED)
        .env("EPOS_RECOVERY__MAILBOX_DAILY", LIFTED)
        .env("EPOS_RECOVERY__ADDRESS_HOURLY", LIFTED)
        .env("EPOS_REGISTRATION__MAILBOX_DAILY", LIFTED)
        .env("EPOS_REGISTRATION__ADDRESS_HOURLY", LIFTED)
        .env("EPOS_REGISTRATION__DIRECTORY_PER_MINUTE", LIFTED);
    command
}

impl Server {
    /// Starts `epos serve`, its log in a file, and waits until it is ready.
    pub fn start(project: &Project, folder: &Path, database: &str) -> Result<Self> {
        let port = crate::postgres::free_port()?;
        let mut command = epos(project, database, port);
        command.arg("serve");
        Self::run(command, folder, port, "/readyz")
    }

    /// Starts the handler that does nothing.
    pub fn empty(project: &Project, folder: &Path, baseline: &Path) -> Result<Self> {
        let port = crate::postgres::free_port()?;
        let mut command = project.command(baseline);
        command.args(["empty", "--listen", &format!("127.0.0.1:{port}")]);
        Self::run(command, folder, port, "/")
    }

    /// Starts a program that answers on a port, its log in a file, and waits until it says yes.
    pub fn run(mut command: Command, folder: &Path, port: u16, ready: &str) -> Result<Self> {
        let log = folder.join("server.log");
        let begun = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| process::describe(&command))?;
        let mut server = Self { child, port, ready_after: Duration::ZERO };
        let client = Client::new(&server.url());
        while !client.is_ok(ready) {
            if let Some(status) = server.child.try_wait()? {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("the server ended ({status}): {said}");
            }
            if begun.elapsed() > START_LIMIT || process::interrupted() {
                bail!("the server does not get ready: {}", log.display());
            }
            thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = begun.elapsed();
        Ok(server)
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The processor time it has taken so far.
    pub fn processor_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in brackets, may hold spaces; utime and stime are the 12th and 13th behind it.
        let (_, rest) = stat.rsplit_once(')').context("stat")?;
        let ticks =
            rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        // USER_HZ, which Linux keeps at 100 for whoever reads these files.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kib: u64 = line.split_whitespace().next().context("VmRSS")?.parse()?;
        Ok(kib * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = process::end(&mut self.child);
    }
}
