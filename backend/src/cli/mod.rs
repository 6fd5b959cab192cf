//! The commands of `epos`.

mod admin;
mod audit;
mod mail;
mod seed;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError, Mode};
use crate::context::{Context, MasterKey, Secrets, SystemClock, SystemRandom};
use crate::error::ApiError;
use crate::openapi;

/// ЭПОС: портал, вход, «Контингент».
#[derive(Debug, Parser)]
#[command(name = "epos", version, about)]
struct Cli {
    /// The configuration (docs/epos.example.toml); without it the environment and the defaults.
    #[arg(long, env = "EPOS_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve as configured.
    Serve,
    /// Serve a demo with invented data on this machine.
    Demo {
        /// The folder of the demo's database and key.
        #[arg(long, default_value = "./data")]
        data: PathBuf,
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: std::net::SocketAddr,
    },
    /// Apply the missing migrations.
    Migrate,
    /// Print the configuration as it takes effect, secrets masked.
    CheckConfig,
    /// Accounts of administrators.
    Admin {
        #[command(subcommand)]
        command: admin::Command,
    },
    /// Letters.
    Mail {
        #[command(subcommand)]
        command: mail::Command,
    },
    /// Fill an empty database with invented organizations and people, to try ЭПОС at its full size.
    Seed(seed::Seed),
    /// Print the description of the API (OpenAPI 3.1).
    ExportOpenapi,
    /// The journal.
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
}

/// A command failed; the words are for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// What the command does failed.
    #[error("{0}")]
    Failed(String),
}

impl From<ApiError> for CommandError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Problem(problem) => Self::Failed(format!("{} {}", problem.title, problem.detail)),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<crate::db::DbError> for CommandError {
    fn from(error: crate::db::DbError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Runs the command that was asked for.
#[must_use]
pub fn run() -> ExitCode {
    match execute(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell_error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<(), CommandError> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Serve => serve::serve(configured(file)?),
        Command::Demo { data, listen } => serve::demo(Config::load(file)?, &data, listen),
        Command::Migrate => {
            let config = configured(file)?;
            let applied = serve::database(&config)?.migrate()?;
            tell(&match applied.len() {
                0 => "The database is current.".to_owned(),
                _ => format!("Applied: {}", applied.join(", ")),
            });
            Ok(())
        }
        Command::CheckConfig => {
            let config = Config::load(file)?;
            let shown = config.masked().map_err(|error| CommandError::Failed(error.to_string()))?;
            tell(&format!("{shown:#}"));
            config.check(Mode::Production)?;
            for warning in config.warnings() {
                tell_error(&format!("WARNING: {warning}"));
            }
            tell("The configuration can be used.");
            Ok(())
        }
        Command::Admin { command } => admin::run(configured(file)?, command),
        Command::Mail { command } => mail::run(&configured(file)?, command),
        Command::Seed(wanted) => seed::run(Config::load(file)?, wanted),
        Command::ExportOpenapi => {
            let text = openapi::export().map_err(|error| CommandError::Failed(error.to_string()))?;
            tell(text.trim_end());
            Ok(())
        }
        Command::Audit { command } => audit::run(&configured(file)?, command),
    }
}

/// The configuration, fit for production.
fn configured(file: Option<&std::path::Path>) -> Result<Config, CommandError> {
    let config = Config::load(file)?;
    config.check(Mode::Production)?;
    Ok(config)
}

/// The context of a real process.
fn context(config: &Config, key: &MasterKey) -> Context {
    let zone = config.time_zone().unwrap_or(chrono_tz::Asia::Yekaterinburg);
    Context::new(std::sync::Arc::new(SystemClock), std::sync::Arc::new(SystemRandom), Secrets::new(key), zone)
}

/// The configured master key; `Config::check` has seen that there is one.
fn master_key(config: &Config) -> Result<MasterKey, CommandError> {
    config
        .master_key()
        .map_err(CommandError::Failed)?
        .ok_or_else(|| CommandError::Failed("secrets.master_key: there is none".to_owned()))
}

#[expect(clippy::print_stdout, reason = "what a command has to say")]
fn tell(words: &str) {
    println!("{words}");
}

fn tell_error(words: &str) {
    eprintln!("epos: {words}");
}
