//! The one place that knows two databases exist: pools, transactions, schema.

mod asked;
pub mod bulk;
mod conn;
mod error;
pub mod migrations;
#[allow(missing_docs, reason = "the migrations describe the tables")]
pub mod schema;
pub mod statement;
mod stored;
pub mod types;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::prelude::*;

pub(crate) use asked::Asked;
pub use conn::{Conn, DatabaseUrl, DatabaseUrlError, MultiBackend};
pub use error::{DbError, TransactionError, Unique, broken_unique};
pub(crate) use stored::{corrupt, full_name};

use crate::workers::Workers;
use conn::{Access, Manager};

type Pool = r2d2::Pool<Manager>;

/// How many times a transaction is tried before its caller is told that the database is busy.
const ATTEMPTS: u32 = 10;

/// What PostgreSQL guards in a transaction; SQLite has one writer anyway.
#[derive(Debug, Clone, Copy)]
enum Isolation {
    Serializable,
    ReadCommitted,
}

/// How the pools are made.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// The address.
    pub url: DatabaseUrl,
    /// Connections for reading (and on PostgreSQL as many again for writing).
    pub pool_size: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long SQLite waits for another process's lock.
    pub busy_timeout: Duration,
    /// The longest statement (PostgreSQL).
    pub statement_timeout: Duration,
}

/// The pools of one database, and the threads that work with them. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    readers: Pool,
    writer: Pool,
    reading: Workers,
    writing: Workers,
    options: Arc<DatabaseOptions>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database({})", self.options.url)
    }
}

impl Database {
    /// Opens the pools. Blocks for as long as the first connections take; migrates nothing.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn open(options: DatabaseOptions) -> Result<Self, DbError> {
        let lite = matches!(options.url, DatabaseUrl::Sqlite(_));
        let pool = |access, size| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(options.acquire_timeout)
                // A file does not go away; a server does.
                .test_on_check_out(!lite)
                .error_handler(Box::new(PoolLog))
                .build(Manager {
                    url: options.url.clone(),
                    access,
                    busy_timeout: options.busy_timeout,
                    statement_timeout: options.statement_timeout,
                })
                .map_err(|error| DbError::Unavailable(error.to_string()))
        };
        // SQLite has one writer at a time; queueing in the pool is fairer than polling its lock.
        let writers = if lite { 1 } else { options.pool_size };
        let writer = pool(Access::Write, writers)?;
        let readers = pool(Access::Read, options.pool_size)?;
        // As many threads as connections: nobody stands in line for a connection but commands.
        let threads = |name, count| {
            Workers::start(name, count).map_err(|error| DbError::Unavailable(error.to_string()))
        };
        let reading = threads("epos-read", options.pool_size)?;
        let writing = threads("epos-write", writers)?;
        Ok(Self { readers, writer, reading, writing, options: Arc::new(options) })
    }

    /// The address, printable.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.options.url
    }

    /// Reads, on a thread of the database. Statements see the moment each of them runs at; the connection
    /// refuses to write.
    ///
    /// # Errors
    /// What `work` answers, or the database's failure.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let pool = self.readers.clone();
        on_thread(&self.reading, move || work(&mut *checkout(&pool)?)).await
    }

    /// Writes in one transaction, on a thread of the database: `BEGIN IMMEDIATE` on SQLite, `SERIALIZABLE` on
    /// PostgreSQL, tried again (with what `work` did undone) when another one was in the way.
    ///
    /// `Err` rolls back. To refuse a request and still keep what was written (a counted failure), answer
    /// `Ok` with a value that says so.
    ///
    /// # Errors
    /// What `work` answers, or the database's failure.
    pub async fn write_tx<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError,
        F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let pool = self.writer.clone();
        on_thread(&self.writing, move || write_on(&pool, Isolation::Serializable, work)).await
    }

    /// [`Self::write_tx`], but `READ COMMITTED` on PostgreSQL: for rows that many write at once (counters,
    /// sessions, the journal's seals). Every decision in it must be made by the condition and the row count
    /// of one statement, never by an earlier read.
    ///
    /// # Errors
    /// What `work` answers, or the database's failure.
    pub async fn write_by_condition<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError,
        F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let pool = self.writer.clone();
        on_thread(&self.writing, move || write_on(&pool, Isolation::ReadCommitted, work)).await
    }

    /// [`Self::read`] for callers that are on a blocking thread already (commands).
    ///
    /// # Errors
    /// What `work` answers, or the database's failure.
    pub fn read_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: FnOnce(&mut Conn) -> Result<T, E>,
    {
        work(&mut *checkout(&self.readers)?)
    }

    /// [`Self::write_tx`] for callers that are on a blocking thread already (commands, demo data).
    ///
    /// # Errors
    /// What `work` answers, or the database's failure.
    pub fn write_tx_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: TransactionError,
        F: Fn(&mut Conn) -> Result<T, E>,
    {
        write_on(&self.writer, Isolation::Serializable, work)
    }

    /// Applies the missing migrations and names them. Blocks.
    ///
    /// # Errors
    /// A migration failed.
    pub fn migrate(&self) -> Result<Vec<String>, DbError> {
        migrations::run(&mut *checkout(&self.writer)?)
    }

    /// Whether the database answers and is migrated.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn is_ready(&self) -> Result<bool, DbError> {
        self.read(migrations::is_current).await
    }

    /// [`Self::is_ready`] for commands.
    ///
    /// # Errors
    /// It does not answer.
    pub fn is_ready_blocking(&self) -> Result<bool, DbError> {
        migrations::is_current(&mut *checkout(&self.readers)?)
    }
}

async fn on_thread<T, E, F>(workers: &Workers, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    let span = tracing::Span::current();
    let done = workers.run(move || span.in_scope(work)).await;
    done.unwrap_or_else(|| Err(DbError::Cancelled("the work panicked".to_owned()).into()))
}

fn checkout(pool: &Pool) -> Result<r2d2::PooledConnection<Manager>, DbError> {
    pool.get().map_err(|error| DbError::Unavailable(error.to_string()))
}

fn write_on<T, E, F>(pool: &Pool, isolation: Isolation, work: F) -> Result<T, E>
where
    E: TransactionError,
    F: Fn(&mut Conn) -> Result<T, E>,
{
    let mut conn = checkout(pool)?;
    let mut attempt = 1;
    loop {
        let result = transaction(&mut conn, isolation, &work);
        let Err(error) = &result else { return result };
        if attempt >= ATTEMPTS || !error.database().is_some_and(DbError::is_transient) {
            return result;
        }
        tracing::debug!(attempt, "a transaction is tried again");
        std::thread::sleep(backoff(attempt));
        attempt += 1;
    }
}

/// Doubling, from 2 to 256 ms, of which half is drawn: those who met once shall not meet again.
fn backoff(attempt: u32) -> Duration {
    let whole = 2_000_u64 << attempt.min(8).saturating_sub(1);
    Duration::from_micros(whole / 2 + rand::random_range(0..=whole / 2))
}

fn transaction<T, E>(
    conn: &mut Conn,
    isolation: Isolation,
    work: impl Fn(&mut Conn) -> Result<T, E>,
) -> Result<T, E>
where
    E: TransactionError,
{
    // `conn.transaction` would be DEFERRED on SQLite: a read and then a write answers "busy" at once.
    match conn {
        Conn::Pg(inner) => {
            let begin = match isolation {
                Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
                Isolation::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
            };
            AnsiTransactionManager::begin_transaction_sql(inner, begin)?;
        }
        Conn::Lite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")?,
    }
    match work(conn) {
        Ok(value) => {
            if let Err(error) = <Conn as Connection>::TransactionManager::commit_transaction(conn) {
                return Err(error.into());
            }
            Ok(value)
        }
        Err(error) => {
            // The first failure is the one to tell; a connection that cannot roll back is thrown away by
            // the pool (`has_broken`).
            if let Err(rollback) = <Conn as Connection>::TransactionManager::rollback_transaction(conn) {
                tracing::warn!(error = %rollback, "a transaction could not be rolled back");
            }
            Err(error)
        }
    }
}

/// Tells the log of connections that could not be opened.
#[derive(Debug)]
struct PoolLog;

impl<E: std::error::Error> r2d2::HandleError<E> for PoolLog {
    fn handle_error(&self, error: E) {
        tracing::error!(%error, "no connection to the database");
    }
}
