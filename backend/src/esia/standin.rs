//! Whom we must not believe by accident: the stand-in lets everybody in as anybody.
//!
//! Outside of the demo every address of ЕСИА is under TLS and on no machine of one's own, and the server that
//! answers there must not be a stand-in: it is asked at the start, and where nobody answers, before every sign-in
//! until somebody does.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};

use epos_shared::esia::Failure;
use url::{Host, Url};

use super::failure::Failed;
use super::{Endpoints, Esia};

const UNKNOWN: u8 = 0;
const REAL: u8 = 1;
const STANDIN: u8 = 2;

/// What is known of whoever answers.
#[derive(Debug, Default)]
pub(super) struct FoundOut(AtomicU8);

/// What is wrong with the addresses, outside of the demo.
pub(super) fn refused(endpoints: &Endpoints) -> Vec<String> {
    let is_wrong = |url: &&Url| url.scheme() != "https" || is_own_machine(url);
    let mut wrong: Vec<String> = endpoints
        .all()
        .into_iter()
        .filter(is_wrong)
        .map(|url| {
            format!(
                "esia: {url}: REFUSED: outside of the demo ЕСИА is reached by https, and never on this machine or in \
                 its own network; a stand-in lets everybody in as anybody (`epos demo` may use one)"
            )
        })
        .collect();
    wrong.dedup();
    wrong
}

fn is_own_machine(url: &Url) -> bool {
    let is_own = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(short) => {
            short.is_loopback() || short.is_unspecified() || short.is_private() || short.is_link_local()
        }
        IpAddr::V6(long) => {
            long.is_loopback()
                || long.is_unspecified()
                || long.is_unique_local()
                || long.is_unicast_link_local()
        }
    };
    match url.host() {
        None => true,
        Some(Host::Ipv4(address)) => is_own(address.into()),
        Some(Host::Ipv6(address)) => is_own(address.into()),
        // A name without a dot is one of the own network.
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.') || name.ends_with(".localhost") || name.ends_with(".local")
        }
    }
}

impl Esia {
    /// Whether the stand-in answers; nothing where nobody does.
    pub(super) async fn is_standin(&self) -> Option<bool> {
        match self.found_out.0.load(Ordering::Relaxed) {
            REAL => return Some(false),
            STANDIN => return Some(true),
            _ => {}
        }
        let mut found = Some(false);
        let mut asked: Vec<Url> = Vec::new();
        for url in [&self.endpoints.authorize, &self.endpoints.token, &self.endpoints.persons] {
            let Ok(question) = url.join("/standin") else { continue };
            if asked.contains(&question) {
                continue;
            }
            match self.http.ask(&question).await {
                Ok(answer) if answer.status() == 200 && speaks_of_clients(answer.body()) => {
                    found = Some(true);
                    break;
                }
                Ok(_) => {}
                Err(_) => found = None,
            }
            asked.push(question);
        }
        let known = match found {
            None => UNKNOWN,
            Some(false) => REAL,
            Some(true) => STANDIN,
        };
        self.found_out.0.store(known, Ordering::Relaxed);
        found
    }

    /// From now on nobody is signed in by a stand-in. To be called at the start, outside of the demo.
    ///
    /// # Errors
    /// A stand-in answers: the server must not start.
    pub async fn guard(&self) -> Result<(), String> {
        self.is_guarded.store(true, Ordering::Relaxed);
        match self.is_standin().await {
            Some(true) => Err(format!(
                "esia.base_url: REFUSED: a stand-in for ЕСИА answers at {}: it lets everybody in as anybody. Give \
                 the address of the real one (`epos demo` may use a stand-in)",
                self.config.base_url
            )),
            Some(false) => Ok(()),
            None => {
                tracing::warn!(
                    "ЕСИА does not answer yet: whether it is the real one is asked before each sign-in"
                );
                Ok(())
            }
        }
    }

    /// Whether this sign-in may go on.
    pub(super) async fn guarded(&self) -> Result<(), Failed> {
        if !self.is_guarded.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.is_standin().await {
            Some(false) => Ok(()),
            Some(true) => Err(Failed::untrusted("a stand-in answers at esia.base_url")),
            None => Err(Failed::of(Failure::Unreachable, "nobody answers")),
        }
    }
}

fn speaks_of_clients(body: &[u8]) -> bool {
    let answer: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    answer.is_some_and(|answer| answer.get("gost").is_some() && answer.get("clients").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Esia as Config;

    fn wrong(base_url: &str, token_path: &str) -> usize {
        let config =
            Config { base_url: base_url.to_owned(), token_path: token_path.to_owned(), ..Config::default() };
        refused(&Endpoints::new(&config).unwrap()).len()
    }

    #[test]
    fn outside_of_the_demo_esia_is_elsewhere_and_under_tls() {
        assert_eq!(wrong("https://esia.gosuslugi.ru", ""), 0);
        assert_eq!(wrong("https://esia-portal1.test.gosuslugi.ru", ""), 0);
        for own in [
            "http://esia.gosuslugi.ru",
            "http://127.0.0.1:8090",
            "https://127.0.0.1:8090",
            "https://127.1",
            "https://[::1]",
            "https://[::ffff:127.0.0.1]",
            "https://0.0.0.0",
            "https://10.0.0.7",
            "https://192.168.1.1",
            "https://localhost",
            "https://LOCALHOST.",
            "https://x.localhost",
            "https://esia",
            "https://esia.local",
        ] {
            assert_eq!(wrong(own, ""), 4, "{own}");
        }
        assert_eq!(wrong("https://esia.gosuslugi.ru", "http://127.0.0.1/te"), 1);
    }
}
