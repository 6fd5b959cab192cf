//! `admin create`: the first account of support.

use clap::Args;

use super::CommandError;
use crate::config::Config;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Create an account of support with its card.
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The user name.
    #[arg(long)]
    user_name: String,
    /// The e-mail.
    #[arg(long)]
    email: String,
    /// Фамилия.
    #[arg(long)]
    family_name: String,
    /// Имя.
    #[arg(long)]
    given_name: String,
    /// Отчество, if there is one.
    #[arg(long)]
    patronymic: Option<String>,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

pub(super) fn run(config: Config, command: Command) -> Result<(), CommandError> {
    let _ = (config, command);
    Err(CommandError::Failed("not yet".to_owned()))
}
