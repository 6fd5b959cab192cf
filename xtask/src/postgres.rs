//! A private PostgreSQL: for the tests in a temporary folder, gone at the end however that comes; for measuring
//! one that writes to disk as in earnest, and keeps its data for the next time.

use crate::process::{self, Show};
use crate::steps::Context;
use crate::{system, ui};
use anyhow::{Context as _, Result, bail};
use std::fs::{File, TryLockError};
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

/// What is measured must survive a crash; otherwise as PostgreSQL comes.
const CONFIGURATION_IN_EARNEST: &str = "
listen_addresses = '127.0.0.1'
shared_buffers = 512MB
max_wal_size = 4GB
unix_socket_directories = ''
";

/// A running cluster; dropping it stops it and, unless it is to be kept, removes its files.
pub struct Cluster {
    owner: Owner,
    folder: PathBuf,
    port: u16,
    kept: bool,
    /// Held for as long as a kept cluster is used: whoever has it not may neither start nor stop its server.
    _lock: Option<File>,
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
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        // From here on dropping the value cleans up.
        let cluster = Self { owner: Owner::find()?, folder, port: free_port()?, kept: false, _lock: None };
        let sockets = format!("unix_socket_directories = '{}'\n", cluster.folder.display());
        cluster.create(&format!("{CONFIGURATION}{sockets}"))?;
        cluster.launch()?;
        Ok(cluster)
    }

    /// A cluster that writes to disk as in earnest, with the data it was left with. Its folder must be on a
    /// disk: in memory every write would be quick.
    pub fn in_earnest(folder: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let lock = lock(&folder)?;
        let owner = Owner::find()?;
        let is_new = !folder.join("data/PG_VERSION").is_file();
        let cluster = Self { owner, folder, port: free_port()?, kept: true, _lock: Some(lock) };
        if is_new {
            cluster.create(CONFIGURATION_IN_EARNEST)?;
        } else {
            // Nobody held the lock: what still runs there was left behind by a command that was killed.
            stop(&cluster.folder, owner, "fast");
        }
        cluster.launch()?;
        Ok(cluster)
    }

    /// A folder for [`Self::in_earnest`]: within `wanted`, or, where a user of its own runs PostgreSQL, where
    /// that user may go.
    pub fn folder_in_earnest(wanted: &Path, name: &str) -> Result<PathBuf> {
        Ok(match Owner::find()? {
            Owner::Myself => wanted.join(name),
            Owner::User { .. } => Path::new("/var/tmp").join(format!("epos-bench-{name}")),
        })
    }

    fn create(&self, configuration: &str) -> Result<()> {
        let bin = system::postgres_bin().context("PostgreSQL is not installed")?;
        if let Owner::User { uid, gid } = self.owner {
            std::os::unix::fs::chown(&self.folder, Some(uid), Some(gid))?;
        }
        let data = self.folder.join("data");
        let mut initdb = self.command(&bin.join("initdb"));
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        process::expect(initdb.arg("-D").arg(&data), Show::OnFailure)?;
        let file = data.join("postgresql.conf");
        let text = std::fs::read_to_string(&file)?;
        std::fs::write(&file, format!("{text}{configuration}"))?;
        Ok(())
    }

    fn launch(&self) -> Result<()> {
        let bin = system::postgres_bin().context("PostgreSQL is not installed")?;
        let log = self.folder.join("log");
        let mut start = self.command(&bin.join("pg_ctl"));
        start.args(["start", "--wait", "--timeout=60", "-o", &format!("-p {}", self.port), "-D"]);
        start.arg(self.folder.join("data")).arg("-l").arg(&log);
        if let Err(error) = process::expect(&mut start, Show::OnFailure) {
            for line in std::fs::read_to_string(&log).unwrap_or_default().lines() {
                ui::child(line);
            }
            return Err(error).with_context(|| {
                format!("PostgreSQL does not start in {}: its log is above", self.folder.display())
            });
        }
        Ok(())
    }

    /// The address of the maintenance database, from which a test makes its own.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The address of a database.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs a statement in the maintenance database; answers what it printed.
    pub fn sql(&self, statement: &str) -> Result<Vec<String>> {
        self.sql_in("postgres", statement)
    }

    /// Runs a statement in a database; answers what it printed.
    pub fn sql_in(&self, database: &str, statement: &str) -> Result<Vec<String>> {
        let psql = system::postgres_bin().context("PostgreSQL is not installed")?.join("psql");
        let mut command = self.command(&psql);
        command.args([
            "-v",
            "ON_ERROR_STOP=1",
            "-X",
            "-q",
            "-A",
            "-t",
            "-d",
            &self.url_of(database),
            "-c",
            statement,
        ]);
        process::expect(&mut command, Show::OnFailure)
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
        let stopped = stop(&self.folder, self.owner, if self.kept { "fast" } else { "immediate" });
        if stopped && !self.kept {
            remove(&self.folder);
        }
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

/// Takes the folder for this command alone.
fn lock(folder: &Path) -> Result<File> {
    let file = folder.join("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&file);
    let lock = lock.with_context(|| file.display().to_string())?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => bail!(
            "another command measures with the PostgreSQL in {}; two at a time would stop each other's server",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// Whether nothing of it runs any more.
fn stop(folder: &Path, owner: Owner, mode: &str) -> bool {
    let data = folder.join("data");
    if data.join("postmaster.pid").exists()
        && let Some(bin) = system::postgres_bin()
    {
        let mut stop = Command::new(bin.join("pg_ctl"));
        stop.current_dir(folder).args(["stop", "--mode", mode, "--wait", "-D"]).arg(&data);
        owner.apply(&mut stop);
        // Not through `process`: this runs after an interruption too.
        if !stop.output().is_ok_and(|output| output.status.success()) {
            ui::note(&format!("the database in {} could not be stopped", folder.display()));
            return false;
        }
    }
    true
}

fn remove(folder: &Path) {
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
        let orphan = pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists();
        if orphan && stop(&entry.path(), owner, "immediate") {
            remove(&entry.path());
        }
    }
}

/// A port of this machine that nobody listens on.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    match listener.local_addr()?.port() {
        0 => bail!("no free port"),
        port => Ok(port),
    }
}
