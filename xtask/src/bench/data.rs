//! The data: seeded once for each state of the first migration, kept, and migrated further. Where the seed itself
//! was changed, remove them by hand.

use super::Bench;
use super::server;
use crate::postgres::Cluster;
use crate::process::{self, Show};
use crate::{files, ui};
use anyhow::{Context as _, Result, bail};
use std::io::Write as _;
use std::process::Stdio;

/// Cards of the database that the large one is compared with.
pub const SMALL: u32 = 10_000;
/// As dense in both, so that only the number of organizations differs.
const CARDS_OF_AN_ORGANIZATION: u32 = 500;
/// Organizations of the database whose directory is searched.
const MANY_ORGANIZATIONS: u32 = 5_000;
/// People of support who sign in, as many as connections: each sign-in draws one of them.
pub const PEOPLE: u32 = 8;
/// Their password.
pub const PASSWORD: &str = "Bench-Kama-Sylva-2026";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one.
    Sqlite,
    /// A private cluster with its default durability.
    Postgres,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// The user name of one of the people.
pub fn user_name(number: u32) -> String {
    format!("bench{number}")
}

impl Bench {
    /// The address of a database with so many cards, seeded if it is not there yet.
    pub fn database(&mut self, kind: Kind, cards: u32) -> Result<String> {
        self.prepared(kind, &cards.to_string(), (cards / CARDS_OF_AN_ORGANIZATION).max(5), cards)
    }

    /// Reads the file of a database once, so that the operating system holds it: what is measured is a server at
    /// work, not the disk on the morning after a restart. PostgreSQL's is held since it was filled, or asked last.
    pub fn hold(url: &str) -> Result<()> {
        if let Some(file) = url.strip_prefix("sqlite:") {
            std::io::copy(&mut std::fs::File::open(file)?, &mut std::io::sink())?;
        }
        Ok(())
    }

    /// The address of a database with more organizations than a region has, and a card or so in each.
    pub fn many_organizations(&mut self, kind: Kind) -> Result<String> {
        self.prepared(kind, "organizations", MANY_ORGANIZATIONS, MANY_ORGANIZATIONS)
    }

    /// The address of a database of a name of its own.
    pub fn with_organizations(
        &mut self,
        kind: Kind,
        name: &str,
        organizations: u32,
        cards: u32,
    ) -> Result<String> {
        self.prepared(kind, name, organizations, cards)
    }

    fn prepared(&mut self, kind: Kind, name: &str, organizations: u32, cards: u32) -> Result<String> {
        let key = self.key()?;
        match kind {
            Kind::Sqlite => {
                let file = self.folder.join(format!("{name}-{key}.db"));
                let url = format!("sqlite:{}", file.display());
                if !file.is_file() {
                    self.forget_old(&key)?;
                    let unfinished = self.folder.join("unfinished.db");
                    for end in ["", "-wal", "-shm"] {
                        let _ = std::fs::remove_file(format!("{}{end}", unfinished.display()));
                    }
                    self.fill(&format!("sqlite:{}", unfinished.display()), organizations, cards)?;
                    std::fs::rename(&unfinished, &file)?;
                }
                self.migrate(&url)?;
                Ok(url)
            }
            Kind::Postgres => {
                let cluster = self.cluster(&key)?;
                let name = format!("epos_{name}");
                let url = cluster.url_of(&name);
                let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
                if cluster.sql(&sql)?.is_empty() {
                    cluster.sql("DROP DATABASE IF EXISTS unfinished")?;
                    cluster.sql("CREATE DATABASE unfinished")?;
                    let unfinished = cluster.url_of("unfinished");
                    self.fill(&unfinished, organizations, cards)?;
                    let cluster = self.cluster(&key)?;
                    cluster.sql(&format!("ALTER DATABASE unfinished RENAME TO {name}"))?;
                }
                self.migrate(&url)?;
                // What autovacuum does a minute later: what was just seeded or migrated is measured as it stays.
                self.cluster(&key)?.sql_in(&name, "VACUUM (ANALYZE)")?;
                Ok(url)
            }
        }
    }

    /// An empty database, migrated.
    pub fn empty_database(&mut self, kind: Kind) -> Result<String> {
        let url = match kind {
            Kind::Sqlite => {
                let file = self.folder.join("empty.db");
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{end}", file.display()));
                }
                format!("sqlite:{}", file.display())
            }
            Kind::Postgres => {
                let key = self.key()?;
                let cluster = self.cluster(&key)?;
                cluster.sql("DROP DATABASE IF EXISTS empty")?;
                cluster.sql("CREATE DATABASE empty")?;
                cluster.url_of("empty")
            }
        };
        self.migrate(&url)?;
        Ok(url)
    }

    /// A database of so many cards that nobody has used: what is measured changes it.
    pub fn fresh_database(&mut self, kind: Kind, organizations: u32, cards: u32) -> Result<String> {
        let url = self.empty_database(kind)?;
        self.fill(&url, organizations, cards)?;
        Ok(url)
    }

    fn migrate(&self, url: &str) -> Result<()> {
        process::expect(server::epos(&self.project, url, 1).arg("migrate"), Show::OnFailure).map(drop)
    }

    fn cluster(&mut self, key: &str) -> Result<&Cluster> {
        if self.postgres.is_none() {
            let folder = Cluster::folder_in_earnest(&self.folder, &format!("postgres-{key}"))?;
            self.postgres = Some(Cluster::in_earnest(folder)?);
        }
        self.postgres.as_ref().context("PostgreSQL")
    }

    /// Changes with the tables of the cards: what later migrations add is added to the data that are there.
    fn key(&self) -> Result<String> {
        let core = |kind| self.project.root.join(format!("migrations/{kind}/0001_core"));
        files::fingerprint(&self.project.root, &[core("sqlite"), core("postgres")])
    }

    /// Databases of an earlier state are of no use.
    fn forget_old(&self, key: &str) -> Result<()> {
        for file in files::all(std::slice::from_ref(&self.folder))? {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.contains(".db") && !name.contains(key) {
                std::fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    fn fill(&self, url: &str, organizations: u32, cards: u32) -> Result<()> {
        ui::note(&format!("seeding {cards} cards, once for these tables"));
        let mut seed = server::epos(&self.project, url, 1);
        seed.args(["seed", "--organizations", &organizations.to_string(), "--staff", &cards.to_string()]);
        process::expect(&mut seed, Show::Always)?;
        for number in 0..PEOPLE {
            self.create_support(url, number)?;
        }
        Ok(())
    }

    fn create_support(&self, url: &str, number: u32) -> Result<()> {
        let name = user_name(number);
        let mut command = server::epos(&self.project, url, 1);
        command
            .args(["admin", "create", "--user-name", &name, "--email", &format!("{name}@example.org")])
            .args(["--family-name", "Измерова", "--given-name", "Вера", "--patronymic", "Ильинична"])
            .arg("--password-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = command.spawn().with_context(|| process::describe(&command))?;
        child.stdin.take().context("standard input")?.write_all(PASSWORD.as_bytes())?;
        let status = child.wait()?;
        if !status.success() {
            bail!("`{}` failed ({status})", process::describe(&command));
        }
        Ok(())
    }
}
