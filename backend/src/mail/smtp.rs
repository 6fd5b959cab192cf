//! The conversation with the mail server. Where it broke off decides what becomes of the letter: a refusal of
//! the recipient or of the letter itself is about this letter, everything before that is about the server.

use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;

use super::render::Composed;
use crate::config::{self, Origin, SmtpTls};

/// How long the farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it; its words.
    Accepted(String),
    /// It will never be taken (5xx to the recipient or to the letter); the server's words.
    Refused(String),
    /// Not now (4xx to the recipient or to the letter); the server's words.
    Deferred(String),
    /// It did not come to this letter: the server is to be asked again later.
    Unavailable(Trouble),
}

/// What stands between us and the mail server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No answer, or the connection broke.
    #[error("the mail server was not reached: {0}")]
    NotReached(String),
    /// No protected connection came about.
    #[error("no protected connection to the mail server: {0}")]
    Tls(String),
    /// Name or password.
    #[error("the mail server does not let us in: {0}")]
    Auth(String),
    /// It refuses to talk to us, or the sender.
    #[error("the mail server does not work for us: {0}")]
    Server(String),
}

/// The mail server as configured, and the connection to it while there is one.
pub(super) struct Smtp {
    host: String,
    port: u16,
    tls: SmtpTls,
    parameters: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    limit: Duration,
    connection: Option<AsyncSmtpConnection>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{})", self.host, self.port)
    }
}

impl Smtp {
    /// Reads the trusted certificates. Blocks.
    pub(super) fn new(mail: &config::Mail, origin: &Origin) -> Result<Self, String> {
        let parameters = if mail.smtp_tls == SmtpTls::None {
            None
        } else {
            let mut builder = TlsParameters::builder(mail.smtp_host.clone());
            if let Some(certificate) = mail.certificate()? {
                builder = builder.add_root_certificate(certificate);
            }
            Some(builder.build_rustls().map_err(|error| error.to_string())?)
        };
        let password = mail.password()?;
        let is_named = !mail.smtp_user.is_empty();
        Ok(Self {
            host: mail.smtp_host.clone(),
            port: mail.smtp_port,
            tls: mail.smtp_tls,
            parameters,
            credentials: is_named.then(|| Credentials::new(mail.smtp_user.clone(), password)),
            hello: hello(origin.host()),
            limit: mail.timeout(),
            connection: None,
        })
    }

    /// Hands a letter over, within the time limit.
    pub(super) async fn deliver(&mut self, letter: &Composed) -> Outcome {
        let limit = self.limit;
        let exchange = tokio::time::timeout(limit, Box::pin(self.exchange(letter)));
        // Past the limit the connection is gone with the exchange that had taken it.
        exchange.await.unwrap_or_else(|_| {
            let words = format!("no answer within {} ms", limit.as_millis());
            Outcome::Unavailable(Trouble::NotReached(words))
        })
    }

    /// Ends the connection, if there is one.
    pub(super) async fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // The letters are through; how the server takes the farewell changes nothing.
            let _ = tokio::time::timeout(FAREWELL, connection.quit()).await;
        }
    }

    async fn exchange(&mut self, letter: &Composed) -> Outcome {
        let mail = || Mail::new(Some(letter.from.clone()), Vec::new());
        // A kept connection may have been closed meanwhile, or used up: then once more with a new one.
        let kept = match self.connection.take() {
            Some(mut connection) => connection.command(mail()).await.is_ok().then_some(connection),
            None => None,
        };
        let mut connection = match kept {
            Some(connection) => connection,
            None => match self.greeted(mail()).await {
                Ok(connection) => connection,
                Err(trouble) => return Outcome::Unavailable(trouble),
            },
        };
        let outcome = match hand_over(&mut connection, letter).await {
            Ok(words) => Outcome::Accepted(words),
            Err(error) if error.is_permanent() => Outcome::Refused(words(&error)),
            Err(error) if error.is_transient() => Outcome::Deferred(words(&error)),
            Err(error) => return Outcome::Unavailable(Trouble::NotReached(words(&error))),
        };
        // After a refusal the server still has the sender; one that does not even forget it is left.
        if matches!(outcome, Outcome::Accepted(_)) || connection.command(Rset).await.is_ok() {
            self.connection = Some(connection);
        }
        outcome
    }

    /// A connection that was let in and took the sender.
    async fn greeted(&self, mail: Mail) -> Result<AsyncSmtpConnection, Trouble> {
        let wrapper = if self.tls == SmtpTls::Tls { self.parameters.clone() } else { None };
        let place = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, Some(self.limit), &self.hello, wrapper, None)
                .await
                .map_err(|error| trouble(&error))?;
        if self.tls == SmtpTls::Starttls {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(Trouble::Tls("it offers no STARTTLS".to_owned()));
            }
            let parameters = self.parameters.clone().ok_or(Trouble::Tls("no parameters".to_owned()))?;
            let secured = connection.starttls(parameters, &self.hello).await;
            secured.map_err(|error| Trouble::Tls(words(&error)))?;
        }
        if let Some(credentials) = &self.credentials {
            let let_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await;
            if let Err(error) = let_in {
                let words = words(&error);
                connection.abort().await;
                return Err(match trouble(&error) {
                    Trouble::NotReached(_) => Trouble::NotReached(words),
                    _ => Trouble::Auth(words),
                });
            }
        }
        if let Err(error) = connection.command(mail).await {
            connection.abort().await;
            return Err(trouble(&error));
        }
        Ok(connection)
    }
}

/// Recipient and letter, to a server that has the sender.
async fn hand_over(connection: &mut AsyncSmtpConnection, letter: &Composed) -> Result<String, Error> {
    connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await?;
    connection.command(Data).await?;
    let answer = connection.message(&letter.bytes).await?;
    Ok(format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
}

/// By what name we greet (RFC 5321, 4.1.1.1).
fn hello(host: &str) -> ClientId {
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(host.to_owned()),
    }
}

fn trouble(error: &Error) -> Trouble {
    let words = words(error);
    if error.is_permanent() || error.is_transient() || error.is_client() {
        Trouble::Server(words)
    } else if error.is_tls() || is_of_tls(error) {
        Trouble::Tls(words)
    } else {
        Trouble::NotReached(words)
    }
}

/// rustls speaks through errors of input and output.
fn is_of_tls(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::InvalidData;
        }
        source = inner.source();
    }
    false
}

/// The server's code and words, or what came between.
fn words(error: &Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    match error.status() {
        Some(code) if std::ptr::addr_eq(inner, error) => code.to_string(),
        Some(code) => format!("{code} {inner}"),
        None => inner.to_string(),
    }
}
