//! `mail test`: one letter at once, and plain words about what became of it.

use epos_shared::values::Email;

use super::{CommandError, context, master_key, tell};
use crate::config::Config;
use crate::mail::{self, Letter, Outcome, Trouble};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Send a test letter at once through the configured mail server, and tell what it answered.
    Test {
        /// To whom.
        address: Email,
    },
}

pub(super) fn run(config: &Config, command: Command) -> Result<(), CommandError> {
    let Command::Test { address } = command;
    let context = context(config, &master_key(config)?);
    let (host, port) = (config.mail.smtp_host.clone(), config.mail.smtp_port);
    let origin = config.public_origin().map_err(CommandError::Failed)?.text;
    let letter = Letter::new("mail.test", &address, "Проверочное письмо ЭПОС")
        .text("Здравствуйте.")
        .text("Это проверочное письмо: почта ЭПОС настроена и работает. Делать ничего не нужно.")
        .link("Открыть ЭПОС", origin);
    let system = actix_web::rt::System::new();
    let outcome = system.block_on(mail::send_now(config, &context, &letter)).map_err(CommandError::Failed)?;
    let failed = |words: String| Err(CommandError::Failed(words));
    match outcome {
        Outcome::Accepted(words) => {
            tell(&format!("Accepted. The server's words: {words}"));
            Ok(())
        }
        Outcome::Refused(words) => failed(format!("Refused for good. The server's words: {words}")),
        Outcome::Deferred(words) => failed(format!(
            "Not taken now; a letter of the outbox would be sent again later. The server's words: {words}"
        )),
        Outcome::Unavailable(Trouble::NotReached(words)) => {
            failed(format!("{host}:{port} was not reached: {words}"))
        }
        Outcome::Unavailable(Trouble::Tls(words)) => failed(format!(
            "No protected connection to {host}:{port}: {words}. See mail.smtp_tls and mail.ca_file"
        )),
        Outcome::Unavailable(Trouble::Auth(words)) => failed(format!(
            "{host}:{port} does not let us in; see mail.smtp_user and its password. The server's words: {words}"
        )),
        Outcome::Unavailable(Trouble::Server(words)) => {
            failed(format!("{host}:{port} does not work for us; see mail.from. The server's words: {words}"))
        }
    }
}
