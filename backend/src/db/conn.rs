//! The connection that is one of two databases, and the manager that opens it.

#![allow(missing_docs, reason = "diesel's derive writes public types without a word; ours have theirs")]

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection as _;

/// A connection to either database.
///
/// Never call its derived `establish`: it tries the variants in turn, and with PostgreSQL down it would open
/// an empty SQLite file named like the address. Connections come from the pools of [`super::Database`].
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Lite(SqliteConnection),
}

/// Runs one text against the inner connection, checked by the compiler for both databases: for what does not
/// go through [`Conn`] itself (batch insert, `ON CONFLICT`, …).
///
/// ```text
/// on!(conn, |c| diesel::insert_into(t::table).values(&rows).on_conflict_do_nothing().execute(c))?;
/// ```
#[macro_export]
macro_rules! on {
    ($conn:expr, |$inner:ident| $body:expr) => {
        match $conn {
            $crate::db::Conn::Pg($inner) => $body,
            $crate::db::Conn::Lite($inner) => $body,
        }
    };
}

/// The address of a database, by whose scheme the driver is chosen.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `postgres://…` or `postgresql://…`.
    Postgres(String),
    /// `sqlite:path` or `sqlite://path`.
    Sqlite(String),
}

/// The address has a scheme that is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of a database begins with postgres:// or sqlite:")]
pub struct DatabaseUrlError;

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
        match path {
            // A database in memory would be another one for every connection of a pool.
            Some(path) if !path.is_empty() && !path.contains(":memory:") => Ok(Self::Sqlite(path.to_owned())),
            _ => Err(DatabaseUrlError),
        }
    }
}

/// The address without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{path}"),
            Self::Postgres(address) => {
                let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
                // Parameters may hold a password too (`?password=…`).
                let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
                match rest.rsplit_once('@') {
                    Some((user, place)) => {
                        let user = user.split_once(':').map_or(user, |(name, _)| name);
                        write!(f, "{scheme}://{user}:***@{place}")
                    }
                    None => write!(f, "{scheme}://{rest}"),
                }
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a pool's connections may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Opens connections of the one kind that the address names.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) url: DatabaseUrl,
    pub(super) access: Access,
    pub(super) busy_timeout: Duration,
    pub(super) statement_timeout: Duration,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        let failed = diesel::r2d2::Error::ConnectionError;
        let conn = match &self.url {
            DatabaseUrl::Postgres(address) => {
                let mut conn = PgConnection::establish(address).map_err(failed)?;
                conn.batch_execute(&format!(
                    "SET TIME ZONE 'UTC'; SET application_name = 'epos'; SET statement_timeout = {}; \
                     SET idle_in_transaction_session_timeout = {}; SET default_transaction_read_only = {}",
                    self.statement_timeout.as_millis(),
                    self.statement_timeout.as_millis() * 2,
                    if self.access == Access::Read { "on" } else { "off" },
                ))
                .map_err(diesel::r2d2::Error::QueryError)?;
                Conn::Pg(conn)
            }
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(failed)?;
                // The journal's mode is kept by the file; setting it needs the right to write, so readers
                // wait for the writer to have set it (`Database::open` opens the writer first).
                let mode = if self.access == Access::Read {
                    "PRAGMA query_only = ON;"
                } else {
                    "PRAGMA journal_mode = WAL;"
                };
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = {}; {mode} PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;",
                    self.busy_timeout.as_millis(),
                ))
                .map_err(diesel::r2d2::Error::QueryError)?;
                Conn::Lite(conn)
            }
        };
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_alone_chooses_the_database() {
        assert_eq!("sqlite:data/epos.db".parse(), Ok(DatabaseUrl::Sqlite("data/epos.db".into())));
        assert_eq!("sqlite:///var/epos.db".parse(), Ok(DatabaseUrl::Sqlite("/var/epos.db".into())));
        for wrong in ["epos.db", "host=db dbname=epos", "mysql://db", "sqlite:", "sqlite::memory:", ""] {
            assert_eq!(wrong.parse::<DatabaseUrl>(), Err(DatabaseUrlError), "{wrong}");
        }
    }

    #[test]
    fn a_printed_address_hides_the_password() {
        let shown = |text: &str| text.parse::<DatabaseUrl>().unwrap().to_string();
        assert_eq!(shown("postgres://epos:p@ss@db:5432/epos?password=x"), "postgres://epos:***@db:5432/epos");
        assert_eq!(shown("postgres:///epos?host=/run"), "postgres:///epos");
    }
}
