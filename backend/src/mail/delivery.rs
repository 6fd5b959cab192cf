//! From the outbox to the mail server: claimed under a lease, sent, and noted under the token of that lease.

use std::path::PathBuf;

use chrono::{NaiveDateTime, TimeDelta};
use tokio::sync::watch;

use super::letter::{Block, Letter};
use super::render::{Composed, Parts, Sender};
use super::smtp::{Outcome, Smtp};
use super::{folder, store};
use crate::app::Services;
use crate::config::{self, Config, Mode, Origin};
use crate::context::Context;
use crate::db::DbError;
use crate::db::types::Id;
use crate::monitoring;

/// The longest words of a server that are kept.
const MAX_WORDS: usize = 500;
/// How long a server that does not work for us is left alone at most.
const LONGEST_QUIET: TimeDelta = TimeDelta::seconds(60);

/// Sends what waits in the outbox. Any number may work on one database.
#[derive(Debug)]
pub struct Postman {
    services: Services,
    sender: Sender,
    route: Route,
    /// Letters in a row that did not come to be tried.
    failures: u32,
    /// The server is left alone until then.
    quiet_until: Option<NaiveDateTime>,
}

#[derive(Debug)]
enum Route {
    Smtp(Box<Smtp>),
    Folder(PathBuf),
}

impl Route {
    fn new(mail: &config::Mail, origin: &Origin) -> Result<Option<Self>, String> {
        if !mail.smtp_host.is_empty() {
            return Ok(Some(Self::Smtp(Box::new(Smtp::new(mail, origin)?))));
        }
        let Some(directory) = &mail.directory else { return Ok(None) };
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("mail.directory: {}: {error}", directory.display()))?;
        Ok(Some(Self::Folder(directory.clone())))
    }

    async fn hand_over(&mut self, composed: &Composed, id: Id, written_at: NaiveDateTime) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.deliver(composed).await,
            Self::Folder(folder) => folder::put(folder, id, written_at, composed.bytes.clone()).await,
        }
    }

    async fn close(&mut self) {
        if let Self::Smtp(smtp) = self {
            smtp.close().await;
        }
    }
}

/// A letter that is ours to send for as long as the lease holds.
#[derive(Debug)]
pub struct Claimed {
    row: store::Row,
    /// Nothing where the body was sealed under another key.
    blocks: Option<Vec<Block>>,
}

impl Claimed {
    /// Which letter it is.
    #[must_use]
    pub fn id(&self) -> Id {
        self.row.id
    }
}

impl Postman {
    /// Somebody who delivers as configured; nobody where letters are to wait. Blocks.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn new(services: &Services) -> Result<Option<Self>, String> {
        let Some(route) = Route::new(&services.config.mail, &services.origin)? else { return Ok(None) };
        let sender = Sender::new(&services.config, &services.origin)?;
        Ok(Some(Self { services: services.clone(), sender, route, failures: 0, quiet_until: None }))
    }

    /// Delivers what is due, letter by letter, until told to stop; answers how many were accepted.
    ///
    /// # Errors
    /// The database fails; what was claimed is sent again when the lease has run out.
    pub async fn round(&mut self, stop: &watch::Receiver<bool>) -> Result<usize, DbError> {
        if self.quiet_until.is_some_and(|until| self.services.context.db_now() < until) {
            return Ok(0);
        }
        let mut accepted = 0;
        while !*stop.borrow()
            && let Some(claimed) = self.claim().await?
        {
            let outcome = self.send(&claimed).await;
            accepted += usize::from(matches!(outcome, Outcome::Accepted(_)));
            let is_unavailable = matches!(outcome, Outcome::Unavailable(_));
            self.note(claimed, outcome).await?;
            if is_unavailable {
                self.failures = self.failures.saturating_add(1);
                let pause =
                    backoff(&self.services.context, self.failures, TimeDelta::seconds(1), LONGEST_QUIET);
                self.quiet_until = Some(self.services.context.db_now() + pause);
                break;
            }
            (self.failures, self.quiet_until) = (0, None);
        }
        self.route.close().await;
        Ok(accepted)
    }

    /// Claims a letter that is due.
    ///
    /// # Errors
    /// The database fails.
    pub async fn claim(&self) -> Result<Option<Claimed>, DbError> {
        let context = &self.services.context;
        let now = context.db_now();
        let mut due = self.services.db.read(move |conn| store::due(conn, now)).await?;
        // Several processes that look at once begin at different letters.
        let start = usize::from(u16::from_be_bytes(context.bytes())) % due.len().max(1);
        due.rotate_left(start);
        for candidate in due {
            let until = now + self.services.config.mail.lease();
            let claimed: Result<_, DbError> = self
                .services
                .db
                .write_by_condition(move |conn| store::claim(conn, candidate, now, until))
                .await;
            if let Some(row) = claimed? {
                let body = context.secrets().open_letter(row.id, &row.body);
                let blocks = body.and_then(|body| Letter::blocks(&body));
                return Ok(Some(Claimed { row, blocks }));
            }
        }
        Ok(None)
    }

    /// Sends a claimed letter; nothing is written.
    pub async fn send(&mut self, claimed: &Claimed) -> Outcome {
        let Some(blocks) = &claimed.blocks else {
            return Outcome::Refused("its body was sealed under another master key".to_owned());
        };
        let row = &claimed.row;
        let parts = Parts {
            id: row.id,
            to: &row.recipient,
            subject: &row.subject,
            blocks,
            written_at: row.created_at.and_utc(),
        };
        let composed = match self.sender.compose(parts) {
            Ok(composed) => composed,
            Err(error) => return Outcome::Refused(error),
        };
        self.route.hand_over(&composed, row.id, row.created_at).await
    }

    /// Writes what became of a letter, under the token it was claimed with.
    ///
    /// # Errors
    /// The database fails.
    pub async fn note(&self, claimed: Claimed, outcome: Outcome) -> Result<(), DbError> {
        let (id, token) = (claimed.row.id, claimed.row.lease_token);
        let change = self.change(&claimed.row, &outcome);
        let is_last = change.failed_at.is_some();
        log(&claimed.row, &outcome, is_last);
        monitoring::letter(match outcome {
            Outcome::Accepted(_) => "accepted",
            Outcome::Refused(_) => "refused",
            Outcome::Deferred(_) => "deferred",
            Outcome::Unavailable(_) => "unavailable",
        });
        let noted: Result<bool, DbError> =
            self.services.db.write_by_condition(move |conn| store::note(conn, id, token, &change)).await;
        if !noted? {
            tracing::warn!(letter = %id, "somebody else holds this letter by now: nothing was noted");
        }
        Ok(())
    }

    fn change(&self, row: &store::Row, outcome: &Outcome) -> store::Change {
        let now = self.services.context.db_now();
        let mail = &self.services.config.mail;
        // The demo shows its letters: there the body stays, sealed.
        let wiped = (self.services.mode != Mode::Demo).then(Vec::new);
        let released = store::Change { leased_until: Some(None), ..store::Change::default() };
        let words = match outcome {
            Outcome::Accepted(_) => {
                return store::Change { sent_at: Some(now), failure: Some(None), body: wiped, ..released };
            }
            Outcome::Refused(words) => {
                let failure = Some(Some(kept(words)));
                return store::Change { failed_at: Some(now), failure, body: wiped, ..released };
            }
            Outcome::Deferred(words) => kept(words),
            Outcome::Unavailable(trouble) => kept(&trouble.to_string()),
        };
        if now - row.created_at >= TimeDelta::hours(mail.give_up_hours.into()) {
            let failure = Some(Some(format!("given up after {} attempts: {words}", row.attempts)));
            return store::Change { failed_at: Some(now), failure, body: wiped, ..released };
        }
        let first = TimeDelta::seconds(mail.retry_first_seconds.into());
        let longest = TimeDelta::minutes(mail.retry_longest_minutes.into());
        let attempts = u32::try_from(row.attempts).unwrap_or(1);
        let pause = backoff(&self.services.context, attempts, first, longest);
        store::Change { next_attempt_at: Some(now + pause), failure: Some(Some(words)), ..released }
    }
}

/// Sends one letter at once, past the outbox and without a database: `epos mail test`.
///
/// # Errors
/// No mail server is configured, or the configuration does not hold.
pub async fn send_now(config: &Config, context: &Context, letter: &Letter) -> Result<Outcome, String> {
    let origin = config.public_origin()?;
    let mut route = Route::new(&config.mail, &origin)?
        .ok_or("there is no mail server to send it with: mail.smtp_host")?;
    let (id, now) = (context.id(), context.now());
    let (to, subject, blocks) = (letter.to.as_str(), letter.subject.as_str(), letter.blocks.as_slice());
    let composed =
        Sender::new(config, &origin)?.compose(Parts { id, to, subject, blocks, written_at: now })?;
    let outcome = route.hand_over(&composed, id, now.naive_utc()).await;
    route.close().await;
    Ok(outcome)
}

/// Doubling from the first pause up to the longest, of which half is drawn: those who failed together shall not
/// come again together.
fn backoff(context: &Context, attempt: u32, first: TimeDelta, longest: TimeDelta) -> TimeDelta {
    let doubled = first.num_milliseconds().saturating_mul(1 << attempt.saturating_sub(1).min(20));
    let half = doubled.min(longest.num_milliseconds()) / 2;
    let drawn = i64::from(u32::from_be_bytes(context.bytes())).saturating_mul(half) / i64::from(u32::MAX);
    TimeDelta::milliseconds(half + drawn)
}

/// The words of a server as they are kept: one line of bounded length.
fn kept(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_WORDS).collect()
}

/// Tells the log what became of a letter, and nobody's address.
fn log(row: &store::Row, outcome: &Outcome, is_last: bool) {
    let (letter, kind, attempt) = (row.id, &row.kind, row.attempts);
    match outcome {
        Outcome::Accepted(_) => tracing::info!(%letter, %kind, attempt, "a letter was accepted"),
        Outcome::Refused(words) => {
            let words = without_addresses(&kept(words));
            tracing::warn!(%letter, %kind, attempt, %words, "a letter was refused and is not sent again");
        }
        Outcome::Deferred(words) => {
            let words = without_addresses(&kept(words));
            tracing::info!(%letter, %kind, attempt, %words, is_last, "a letter was not taken yet");
        }
        Outcome::Unavailable(trouble) => {
            let words = without_addresses(&kept(&trouble.to_string()));
            tracing::warn!(%letter, %kind, attempt, %words, is_last, "a letter could not be sent");
        }
    }
}

/// Servers repeat the recipient in their answers.
fn without_addresses(words: &str) -> String {
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.\"".contains(c);
    let mut parts = words.split('@');
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let whole = masked.len();
        masked.truncate(masked.trim_end_matches(is_local).len());
        if masked.len() < whole {
            masked.push_str("***");
        }
        masked.push('@');
        masked.push_str(part);
    }
    masked
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::context::{MasterKey, Secrets, SeededRandom, SystemClock};

    #[test]
    fn the_log_names_nobody() {
        assert_eq!(
            without_addresses("550 5.1.1 <anna.p+x@epos.test>: нет такого; to=анна@почта.рф @ x"),
            "550 5.1.1 <***@epos.test>: нет такого; ***@почта.рф @ x"
        );
        assert_eq!(without_addresses("451 later"), "451 later");
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let secrets = Secrets::new(&MasterKey::from_bytes([7; 32]));
        let zone = chrono_tz::Asia::Yekaterinburg;
        let context = Context::new(Arc::new(SystemClock), Arc::new(SeededRandom::new(1)), secrets, zone);
        let (first, longest) = (TimeDelta::seconds(60), TimeDelta::minutes(60));
        for (attempt, whole) in [(1, 60), (2, 120), (4, 480), (7, 3600), (4_000_000_000, 3600)] {
            let pauses: Vec<TimeDelta> =
                (0..50).map(|_| backoff(&context, attempt, first, longest)).collect();
            let (half, whole) = (TimeDelta::seconds(whole / 2), TimeDelta::seconds(whole));
            assert!(pauses.iter().all(|pause| (half..=whole).contains(pause)), "{attempt}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{attempt}: {pauses:?}");
        }
    }

    #[test]
    fn the_words_of_a_server_are_bounded() {
        assert_eq!(kept("550 no\r\nsuch user"), "550 no  such user");
        assert_eq!(kept(&"ж".repeat(10_000)).chars().count(), MAX_WORDS);
    }
}
