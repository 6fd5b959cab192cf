//! A private PostgreSQL for the tests: made in a temporary folder, gone at the end however that comes.

use crate::process::{self, Show};
use crate::steps::Context;
use crate::{system, ui};
use anyhow::{Context as _, Result, bail};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const PREFIX: &str = "epos-test-postgres-";
/// The tests open a database each and a pool in each.
const CONFIGURATION: &str = "
listen_addresses = '127.0.0.1'
max_connections = 400
shared_buffers = 128MB
# The data is thrown away at the end: nothing has to survive a crash.
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
";

/// A running cluster; dropping it stops it and removes its files.
pub struct Cluster {
    owner: Owner,
    folder: PathBuf,
    port: u16,
}

/// Whose processes the cluster's are: PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
enum Owner {
    Myself,
    User { uid: u32, gid: u32 },
}

/// Starts the cluster for the steps that follow.
pub fn start(context: &mut Context) -> Result<String> {
    // Not two at a time: the old one is stopped first.
    context.postgres = None;
    sweep();
    let cluster = Cluster::start()?;
    let said = format!("on 127.0.0.1:{}", cluster.port);
    context.postgres = Some(cluster);
    Ok(said)
}

impl Cluster {
    fn start() -> Result<Self> {
        let bin = system::postgres_bin().context("PostgreSQL is not installed")?;
        let owner = Owner::find()?;
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        if let Owner::User { uid, gid } = owner {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid))?;
        }
        // From here on dropping the value cleans up.
        let cluster = Self { owner, folder, port: free_port()? };
        let data = cluster.folder.join("data");
        let mut initdb = cluster.command(&bin.join("initdb"));
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        process::expect(initdb.arg("-D").arg(&data), Show::OnFailure)?;

        let configuration = data.join("postgresql.conf");
        let mut text = std::fs::read_to_string(&configuration)?;
        text.push_str(CONFIGURATION);
        text.push_str(&format!("port = {}\n", cluster.port));
        text.push_str(&format!("unix_socket_directories = '{}'\n", cluster.folder.display()));
        std::fs::write(&configuration, text)?;

        let log = cluster.folder.join("log");
        let mut start = cluster.command(&bin.join("pg_ctl"));
        start.args(["start", "--wait", "--timeout=60", "-D"]).arg(&data).arg("-l").arg(&log);
        if let Err(error) = process::expect(&mut start, Show::OnFailure) {
            for line in std::fs::read_to_string(&log).unwrap_or_default().lines() {
                ui::child(line);
            }
            return Err(error);
        }
        Ok(cluster)
    }

    /// The address of the maintenance database, from which a test makes its own.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // The caller's own folder may be closed to the owner.
        command.current_dir(&self.folder);
        self.owner.apply(&mut command);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop_and_remove(&self.folder, self.owner);
    }
}

impl Owner {
    fn find() -> Result<Self> {
        if !system::is_root() {
            return Ok(Self::Myself);
        }
        let number = |option| {
            process::first_line(Command::new("id").args([option, "postgres"]))
                .and_then(|line| line.parse().ok())
                .context("there is no user `postgres` to run PostgreSQL as")
        };
        Ok(Self::User { uid: number("-u")?, gid: number("-g")? })
    }

    fn apply(self, command: &mut Command) {
        if let Self::User { uid, gid } = self {
            command.uid(uid).gid(gid).env("HOME", "/nonexistent");
        }
    }
}

fn stop_and_remove(folder: &Path, owner: Owner) {
    let data = folder.join("data");
    if data.join("postmaster.pid").exists()
        && let Some(bin) = system::postgres_bin()
    {
        let mut stop = Command::new(bin.join("pg_ctl"));
        stop.current_dir(folder).args(["stop", "--mode=immediate", "--wait", "-D"]).arg(&data);
        owner.apply(&mut stop);
        // Not through `process`: this runs after an interruption too.
        if !stop.output().is_ok_and(|output| output.status.success()) {
            ui::note(&format!("the test database in {} could not be stopped", folder.display()));
            return;
        }
    }
    if let Err(error) = std::fs::remove_dir_all(folder) {
        ui::note(&format!("{} could not be removed: {error}", folder.display()));
    }
}

/// Removes clusters whose command was killed before it could clean up.
fn sweep() {
    let (Ok(entries), Ok(owner)) = (std::fs::read_dir(std::env::temp_dir()), Owner::find()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix(PREFIX) else { continue };
        if pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists() {
            stop_and_remove(&entry.path(), owner);
        }
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    match listener.local_addr()?.port() {
        0 => bail!("no free port"),
        port => Ok(port),
    }
}
