//! `audit verify` and `audit checkpoint`: the proof that nobody has changed the journal.

use std::path::{Path, PathBuf};

use super::{CommandError, master_key, serve, tell};
use crate::audit::{self, Checkpoint};
use crate::config::Config;
use crate::context::Secrets;
use crate::db::DbError;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check the sealed chain of the journal from its beginning; the first broken place is named.
    Verify {
        /// Lines that `audit checkpoint` printed: the chain must still contain each of them.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print the head of the chain: keep the line where nobody who can change the database can change it.
    Checkpoint,
}

pub(super) fn run(config: &Config, command: Command) -> Result<(), CommandError> {
    let database = serve::database(config)?;
    match command {
        Command::Checkpoint => {
            let Some(head) = database.read_blocking::<_, DbError, _>(audit::checkpoint)? else {
                return Err(CommandError::Failed("nothing of the journal is sealed yet".to_owned()));
            };
            tell(&head.to_string());
            Ok(())
        }
        Command::Verify { checkpoint } => {
            let checkpoints = checkpoint.as_deref().map(read).transpose()?.unwrap_or_default();
            let secrets = Secrets::new(&master_key(config)?);
            let found = database
                .read_blocking::<_, DbError, _>(|conn| audit::verify(conn, &secrets, &checkpoints))?;
            tell(&format!("sealed: {}, not sealed yet: {}", found.sealed, found.unsealed));
            if !checkpoints.is_empty() {
                tell(&format!("checkpoints: {} of {} in the chain", found.checkpoints, checkpoints.len()));
            }
            match found.broken {
                None => Ok(()),
                Some(broken) => {
                    Err(CommandError::Failed(format!("the journal does not hold from here on: {broken}")))
                }
            }
        }
    }
}

/// The checkpoints of a file, a line each.
fn read(file: &Path) -> Result<Vec<Checkpoint>, CommandError> {
    let wrong = |words: String| CommandError::Failed(format!("{}: {words}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let checkpoints = lines
        .map(|(number, line)| line.parse().map_err(|error| wrong(format!("line {}: {error}", number + 1))))
        .collect::<Result<Vec<Checkpoint>, _>>()?;
    if checkpoints.is_empty() {
        return Err(wrong("there is no checkpoint in it".to_owned()));
    }
    Ok(checkpoints)
}
