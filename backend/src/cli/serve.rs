//! `serve` and `demo`.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use tracing_subscriber::EnvFilter;

use super::{CommandError, context, master_key, tell};
use crate::app::{self, Services};
use crate::config::{Config, Mode};
use crate::context::{MasterKey, Random as _, SystemRandom};
use crate::db::Database;
use crate::demo;

/// Serves as configured. Migrations are a step of their own: two versions may share a database, and the
/// administrator chooses the moment.
pub(super) fn serve(config: Config) -> Result<(), CommandError> {
    log(&config);
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let context = context(&config, &master_key(&config)?);
    let listen = config.server.listen;
    let listener = bind(listen)?;
    let services = Services::open(config, Mode::Production, context)?;
    if !services.db.is_ready_blocking()? {
        tracing::warn!("the database is not migrated: `epos migrate` (until then /readyz says no)");
    }
    run(services, listener, |_| ())
}

/// Serves a demo: SQLite and a key in a folder, migrated and filled at the first start.
pub(super) fn demo(mut config: Config, data: &Path, listen: SocketAddr) -> Result<(), CommandError> {
    std::fs::create_dir_all(data)?;
    let listener = bind(listen)?;
    let listen = listener.local_addr()?;
    config.server.listen = listen;
    if config.server.public_url.is_empty() {
        config.server.public_url = format!("http://{}", own_machine(listen));
    }
    if config.log.level == "info" {
        // A person looks at this terminal: only what went wrong.
        config.log.level = "warn".to_owned();
    }
    config.database.url = format!("sqlite:{}", data.join("epos.db").display());
    config.account_applications.folder = data.join("files");
    if !config.mail.is_configured() {
        config.mail.directory = Some(data.join("letters"));
    }
    log(&config);
    let key = match config.master_key().map_err(CommandError::Failed)? {
        Some(key) => key,
        None => demo_key(&data.join("master.key"))?,
    };
    config.check(Mode::Demo)?;
    let context = context(&config, &key);
    let services = Services::open(config, Mode::Demo, context)?;
    services.db.migrate()?;
    let accounts = demo::load(&services)?;
    let address = services.origin.text.clone();
    run(services, listener, move |_| tell(&format!("\nЭПОС: {address}\n\n{accounts}")))
}

/// Where a browser on this machine finds a server that listens on every address.
fn own_machine(listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], listen.port())) } else { listen }
}

fn bind(listen: SocketAddr) -> Result<TcpListener, CommandError> {
    TcpListener::bind(listen)
        .map_err(|error| CommandError::Failed(format!("{listen} cannot be listened on: {error}")))
}

/// The demo's key: made at the first start, readable by its owner alone.
fn demo_key(file: &Path) -> Result<MasterKey, CommandError> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            text.parse().map_err(|error| CommandError::Failed(format!("{}: {error}", file.display())))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut bytes = [0; 32];
            SystemRandom.fill(&mut bytes);
            let key = MasterKey::from_bytes(bytes);
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            std::io::Write::write_all(&mut options.open(file)?, key.to_hex().as_bytes())?;
            Ok(key)
        }
        Err(error) => Err(CommandError::Failed(format!("{}: {error}", file.display()))),
    }
}

fn run(
    services: Services,
    listener: TcpListener,
    ready: impl FnOnce(SocketAddr) + 'static,
) -> Result<(), CommandError> {
    actix_web::rt::System::new().block_on(async move {
        if services.mode == Mode::Production
            && let Some(esia) = &services.esia
        {
            esia.guard().await.map_err(CommandError::Failed)?;
        }
        let running = app::start(services, listener)?;
        tracing::info!(address = %running.address, "serving");
        ready(running.address);
        asked_to_stop().await?;
        tracing::info!("stopping");
        running.stop().await;
        Ok(())
    })
}

/// Ctrl-C, or SIGTERM from whoever runs services.
async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            done = tokio::signal::ctrl_c() => done,
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

pub(super) fn database(config: &Config) -> Result<Database, CommandError> {
    let options = config.database_options().map_err(|error| CommandError::Failed(error.to_string()))?;
    Ok(Database::open(options)?)
}

pub(super) fn log(config: &Config) {
    let filter = EnvFilter::try_new(&config.log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Only a second call in one process fails, and then a log is there.
    let _ = if config.log.json { builder.json().try_init() } else { builder.try_init() };
}
