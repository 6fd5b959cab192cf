//! `seed`: invented data, as many as are asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use super::{CommandError, serve, tell};
use crate::config::Config;
use crate::context::{Context, MasterKey, Secrets, SystemClock, SystemRandom};
use crate::seed::{self, Plan, Progress, SeedError};

#[derive(Debug, Args)]
pub(super) struct Seed {
    /// Organizations: an operator, departments, schools, colleges, kindergartens.
    #[arg(long)]
    organizations: u32,
    /// Cards in all of them.
    #[arg(long)]
    staff: u32,
    /// Another number gives other people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The database, instead of the configured one: sqlite:path or postgres://…
    #[arg(long)]
    database: Option<String>,
    /// Add to what the database holds.
    #[arg(long)]
    into_existing: bool,
}

/// The least time between two lines of progress.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) fn run(mut config: Config, wanted: Seed) -> Result<(), CommandError> {
    if let Some(url) = wanted.database {
        config.database.url = url;
    }
    // No request waits for these statements.
    config.database.statement_timeout_ms = config.database.statement_timeout_ms.max(600_000);
    let db = serve::database(&config)?;
    db.migrate()?;
    if !wanted.into_existing {
        seed::refuse_unless_empty(&db)?;
    }
    let zone = config.time_zone().unwrap_or(chrono_tz::Asia::Yekaterinburg);
    // No secret is made: the accounts have no passwords, the cards no one-time ones.
    let secrets = Secrets::new(&MasterKey::from_bytes([0; 32]));
    let context = Context::new(Arc::new(SystemClock), Arc::new(SystemRandom), secrets, zone);
    let plan = Plan { organizations: wanted.organizations, staff: wanted.staff, seed: wanted.seed };
    let stop = stop_on_signal();
    let (begun, mut told) = (Instant::now(), Instant::now());
    let done = seed::load(&db, &context, &plan, |progress| {
        if told.elapsed() >= PAUSE {
            told = Instant::now();
            tell(&line(progress, begun.elapsed()));
        }
        !stop.load(Ordering::Relaxed)
    })?;
    tell(&format!("{} Done.", line(done, begun.elapsed())));
    Ok(())
}

/// «120000 of 1000000 cards, 2150400 rows, 150000 rows/s, 0:54 left».
fn line(progress: Progress, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let speed = progress.rows as f64 / seconds;
    let left = seconds * f64::from(progress.of - progress.cards) / f64::from(progress.cards.max(1));
    format!(
        "{} of {} cards, {} rows, {speed:.0} rows/s, {}:{:02} passed, {}:{:02} left.",
        progress.cards,
        progress.of,
        progress.rows,
        seconds as u64 / 60,
        seconds as u64 % 60,
        left as u64 / 60,
        left as u64 % 60,
    )
}

/// Ctrl-C is obeyed between two transactions, so that the last words can say what is there.
fn stop_on_signal() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime
            && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
        {
            told.store(true, Ordering::Relaxed);
        }
    });
    stop
}

impl From<SeedError> for CommandError {
    fn from(error: SeedError) -> Self {
        Self::Failed(error.to_string())
    }
}
