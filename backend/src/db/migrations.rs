//! Migrations, embedded: a set for each database, the same numbers, the same meaning.

use diesel::connection::SimpleConnection as _;
use diesel::migration::MigrationSource as _;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, DbError};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");

/// The key of the advisory lock that keeps two processes from migrating at once.
const LOCK: i64 = 0x4550_4f53;

/// Applies what is missing and names it.
///
/// # Errors
/// A migration failed; nothing of it stays.
pub fn run(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| DbError::Migration(error.to_string());
    match conn {
        Conn::Pg(conn) => {
            // A migration of a million cards takes minutes, and whoever waits for it as long.
            conn.batch_execute(&format!(
                "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
                 SELECT pg_advisory_lock({LOCK})"
            ))?;
            let done = conn
                .run_pending_migrations(POSTGRES)
                .map(|done| done.iter().map(ToString::to_string).collect())
                .map_err(failed);
            conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
            done
        }
        Conn::Lite(conn) => conn
            .run_pending_migrations(SQLITE)
            .map(|done| done.iter().map(ToString::to_string).collect())
            .map_err(failed),
    }
}

mod applied {
    #![allow(missing_docs, reason = "diesel's own table")]

    diesel::table! {
        __diesel_schema_migrations (version) {
            version -> Text,
        }
    }
}

/// Whether every migration this program knows has been applied. Reads only (diesel's own question would first
/// create its table).
///
/// # Errors
/// The database does not answer.
pub fn is_current(conn: &mut Conn) -> Result<bool, DbError> {
    let known = match conn {
        Conn::Pg(_) => names::<Pg>(&POSTGRES)?,
        Conn::Lite(_) => names::<Sqlite>(&SQLITE)?,
    };
    use applied::__diesel_schema_migrations;
    let applied = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(conn);
    let applied: Vec<String> = match applied.map_err(DbError::from) {
        Ok(applied) => applied,
        Err(error) if error.is_unavailable() => return Err(error),
        // Without its table no migration was ever applied.
        Err(_) => return Ok(false),
    };
    Ok(known.iter().all(|version| applied.contains(version)))
}

fn names<DB: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    let migrations = source.migrations().map_err(|error| DbError::Migration(error.to_string()))?;
    let migrations: Vec<Box<dyn diesel::migration::Migration<DB>>> = migrations;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// The versions of each set: PostgreSQL's and SQLite's.
///
/// # Errors
/// An embedded file cannot be read.
pub fn versions() -> Result<(Vec<String>, Vec<String>), DbError> {
    Ok((names::<Pg>(&POSTGRES)?, names::<Sqlite>(&SQLITE)?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_migration_exists_for_both_databases_under_the_same_number() {
        let (postgres, sqlite) = super::versions().unwrap();
        assert!(!postgres.is_empty());
        assert_eq!(postgres, sqlite);
    }
}
