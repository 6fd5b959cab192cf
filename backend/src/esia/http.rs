//! HTTP towards ЕСИА: bounded in time and size, no redirects, and a circuit that spares people the wait where ЕСИА
//! does not answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use oauth2::http::{Request, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use crate::config::Esia as Config;
use crate::context::Context;

/// For so long after an answer nobody asks whether there is somebody to answer.
const FRESH: TimeDelta = TimeDelta::seconds(10);

/// No answer that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The circuit is open.
    #[error("ЕСИА is not asked for a while, since it did not answer")]
    Paused,
    /// No connection, or it broke.
    #[error("no answer: {0}")]
    NoAnswer(&'static str),
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// A failure of the server, without a code of ЕСИА's.
    #[error("status {0}")]
    Status(u16),
    /// The answer is larger than anything expected.
    #[error("the answer is too large")]
    TooLarge,
    /// The request could not be made.
    #[error("the request could not be made")]
    Request,
}

impl HttpError {
    /// Whether asking once more may help, and costs no second wait.
    const fn is_worth_another(&self) -> bool {
        matches!(self, Self::NoAnswer(_) | Self::Status(_))
    }
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    until: Option<DateTime<Utc>>,
    answered_at: Option<DateTime<Utc>>,
}

/// The client.
pub(super) struct Http {
    client: reqwest::Client,
    limit: usize,
    connect_timeout: Duration,
    most_failures: u32,
    pause: TimeDelta,
    state: Mutex<State>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Http")
    }
}

impl Http {
    /// Makes the client; certificates of the system are read where there is TLS.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn new(config: &Config, is_tls: bool) -> Result<Self, String> {
        let tls = tls(config, is_tls)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("epos/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.connect_timeout())
            .timeout(config.timeout())
            // Below what servers and balancers keep, so that no request meets a connection just closed.
            .pool_idle_timeout(Duration::from_secs(4))
            .build()
            .map_err(|error| format!("esia: {error}"))?;
        Ok(Self {
            client,
            limit: config.answer_limit_kib.saturating_mul(1024),
            connect_timeout: config.connect_timeout(),
            most_failures: config.circuit_failures,
            pause: config.pause(),
            state: Mutex::default(),
        })
    }

    /// Until when ЕСИА is not asked.
    pub fn paused_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).until.filter(|until| *until > now)
    }

    fn enter(&self, now: DateTime<Utc>) -> Result<(), HttpError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.until {
            Some(until) if now < until => Err(HttpError::Paused),
            Some(_) => {
                // One request finds out whether it answers again; the others wait for what it finds.
                state.until = Some(now + self.pause);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn note(&self, now: DateTime<Utc>, is_failure: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if is_failure {
            state.failures = state.failures.saturating_add(1);
            state.answered_at = None;
            if state.failures >= self.most_failures {
                state.until = Some(now + self.pause);
            }
        } else {
            *state = State { answered_at: Some(now), ..State::default() };
        }
    }

    /// Whether there is somebody to answer, before a person is sent there: a connection is tried, unless there was
    /// an answer a moment ago.
    ///
    /// # Errors
    /// There is nobody.
    pub async fn reach(&self, context: &Context, url: &Url) -> Result<(), HttpError> {
        let now = context.now();
        let answered = self.state.lock().unwrap_or_else(PoisonError::into_inner).answered_at;
        if answered.is_some_and(|at| (now - at).abs() < FRESH) {
            return Ok(());
        }
        self.enter(now)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or(443);
        let connected =
            tokio::time::timeout(self.connect_timeout, tokio::net::TcpStream::connect((host, port))).await;
        let outcome = match connected {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(HttpError::NoAnswer("connect")),
            Err(_) => Err(HttpError::Timeout),
        };
        self.note(context.now(), outcome.is_err());
        outcome
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// No answer; a status of 500 and above without a code of ЕСИА's counts as none.
    pub async fn send(
        &self,
        context: &Context,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, HttpError> {
        self.enter(context.now())?;
        let outcome = self.exchange(request).await;
        let is_failure = match &outcome {
            Ok(response) => response.status().is_server_error(),
            Err(error) => !matches!(error, HttpError::TooLarge | HttpError::Request),
        };
        self.note(context.now(), is_failure);
        let response = outcome?;
        if response.status().is_server_error() && super::failure::esia_code(response.body()).is_none() {
            return Err(HttpError::Status(response.status().as_u16()));
        }
        Ok(response)
    }

    /// Reads, and once more where that failed at once.
    ///
    /// # Errors
    /// No answer.
    pub async fn get(
        &self,
        context: &Context,
        url: &Url,
        bearer: &str,
    ) -> Result<Response<Vec<u8>>, HttpError> {
        let request = || {
            Request::get(url.as_str())
                .header("accept", "application/json")
                .header("authorization", format!("Bearer {bearer}"))
                .body(Vec::new())
                .map_err(|_| HttpError::Request)
        };
        match self.send(context, request()?).await {
            Err(error) if error.is_worth_another() => self.send(context, request()?).await,
            outcome => outcome,
        }
    }

    /// Asks a question outside of the circuit: it says nothing of ЕСИА's services.
    ///
    /// # Errors
    /// No answer.
    pub async fn ask(&self, url: &Url) -> Result<Response<Vec<u8>>, HttpError> {
        let request = Request::get(url.as_str()).body(Vec::new()).map_err(|_| HttpError::Request)?;
        self.exchange(request).await
    }

    async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let request = reqwest::Request::try_from(request).map_err(|_| HttpError::Request)?;
        let mut response = self.client.execute(request).await.map_err(|error| failed(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > self.limit {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

/// The words of the library may hold addresses; only the kind is kept.
fn failed(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        HttpError::Timeout
    } else if error.is_connect() {
        HttpError::NoAnswer("connect")
    } else {
        HttpError::NoAnswer("broken off")
    }
}

fn tls(config: &Config, is_tls: bool) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    if is_tls {
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
    }
    if let Some(file) = &config.ca_file {
        let wrong = |error: &dyn std::fmt::Display| format!("esia.ca_file: {}: {error}", file.display());
        let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| wrong(&error))?;
            roots.add(certificate).map_err(|error| wrong(&error))?;
            count += 1;
        }
        if count == 0 {
            return Err(wrong(&"there is no certificate in it (PEM)"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("esia: TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// What the `Date` of an answer says.
pub(super) fn date(response: &Response<Vec<u8>>) -> Option<DateTime<Utc>> {
    let date = response.headers().get("date")?.to_str().ok()?;
    DateTime::parse_from_rfc2822(date).ok().map(|date| date.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http() -> Http {
        Http::new(&Config { circuit_failures: 2, circuit_seconds: 15, ..Config::default() }, false).unwrap()
    }

    #[test]
    fn the_circuit_opens_after_failures_in_a_row_and_lets_one_through_after_the_pause() {
        let http = http();
        let now: DateTime<Utc> = "2026-11-22T07:00:00Z".parse().unwrap();
        let later = |seconds| now + TimeDelta::seconds(seconds);
        http.note(now, true);
        http.note(now, false);
        http.note(now, true);
        assert_eq!(http.enter(now), Ok(()));
        http.note(now, true);
        assert_eq!(http.enter(later(14)), Err(HttpError::Paused));
        assert_eq!(http.paused_until(now), Some(later(15)));
        assert_eq!(http.enter(later(15)), Ok(()));
        assert_eq!(http.enter(later(15)), Err(HttpError::Paused), "the others wait for the one");
        http.note(later(16), true);
        assert_eq!(http.enter(later(30)), Err(HttpError::Paused));
        assert_eq!(http.enter(later(31)), Ok(()));
        http.note(later(31), false);
        assert_eq!(http.enter(later(31)), Ok(()));
        assert_eq!(http.paused_until(later(31)), None);
    }
}
