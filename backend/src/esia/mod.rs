//! Sign-in through Госуслуги (ЕСИА): the client of the protocol. Who the person is here is judged elsewhere.

mod attempt;
mod cms;
mod command;
mod exchange;
mod failure;
mod health;
mod http;
mod identity;
mod keys;
mod person;
mod routes;
mod sign_in;
mod signer;
mod standin;
mod token;
mod trusted;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use url::Url;

pub use health::tell_of_certificates;
pub use identity::Identity;
pub use routes::{browser_routes, routes};
pub use signer::Signer;

use crate::config::{Config, Esia as EsiaConfig, EsiaSigner, EsiaVersion, Mode};
use exchange::OAuth;
use failure::Failed;
use http::Http;
use keys::{GostVerifier, PublicKey};
use trusted::Trusted;

/// Where ЕСИА answers.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    authorize: Url,
    token: Url,
    persons: Url,
    contacts_suffix: String,
    logout: Url,
    /// Whether people may be those of a test portal or a stand-in: anywhere but in production.
    has_test_people: bool,
}

/// Where the people of production are.
const PRODUCTION: &str = "esia.gosuslugi.ru";

impl Endpoints {
    fn new(config: &EsiaConfig) -> Result<Self, Vec<String>> {
        let base = Url::parse(&config.base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .filter(|url| url.path() == "/" && url.query().is_none() && url.username().is_empty())
            .ok_or_else(|| vec!["esia.base_url: scheme and host, as https://esia.gosuslugi.ru".to_owned()])?;
        let mut wrong = Vec::new();
        let mut place = |key: &str, configured: &str, usual: &str| {
            let text = if configured.is_empty() { usual } else { configured };
            let url = if text.starts_with('/') { base.join(text).ok() } else { Url::parse(text).ok() };
            let url = url.filter(|url| {
                matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
            });
            url.unwrap_or_else(|| {
                wrong.push(format!("esia.{key}: a path with its first slash, or an address"));
                base.clone()
            })
        };
        let (authorize, token) = match config.version {
            EsiaVersion::V1 => ("/aas/oauth2/ac", "/aas/oauth2/te"),
            EsiaVersion::V2 => ("/aas/oauth2/v2/ac", "/aas/oauth2/v3/te"),
        };
        let mut endpoints = Self {
            has_test_people: false,
            authorize: place("authorize_path", &config.authorize_path, authorize),
            token: place("token_path", &config.token_path, token),
            persons: place("persons_path", &config.persons_path, "/rs/prns"),
            logout: place("logout_path", &config.logout_path, "/idp/ext/Logout"),
            contacts_suffix: format!(
                "{}{}",
                config.contacts_suffix,
                if config.embed_contacts { "?embed=(elements)" } else { "" }
            ),
        };
        endpoints.has_test_people = endpoints.persons.host_str() != Some(PRODUCTION);
        if wrong.is_empty() { Ok(endpoints) } else { Err(wrong) }
    }

    fn all(&self) -> [&Url; 4] {
        [&self.authorize, &self.token, &self.persons, &self.logout]
    }

    /// The address of a person; `oid` is one that can stand in a path.
    fn person(&self, oid: &str) -> Result<Url, Failed> {
        let address = format!("{}/{oid}", self.persons.as_str().trim_end_matches('/'));
        Url::parse(&address).map_err(|_| Failed::untrusted("an address that cannot be"))
    }

    fn contacts(&self, oid: &str) -> Result<Url, Failed> {
        let address = format!("{}{}", self.person(oid)?, self.contacts_suffix);
        Url::parse(&address).map_err(|_| Failed::untrusted("an address that cannot be"))
    }

    /// A link out of an answer: followed only where it stays with the people it belongs to.
    fn own_link(&self, link: &str) -> Result<Url, Failed> {
        Url::parse(link)
            .ok()
            .filter(|link| {
                link.origin() == self.persons.origin() && link.path().starts_with(self.persons.path())
            })
            .ok_or_else(|| Failed::untrusted("a contact with an address elsewhere"))
    }
}

/// The link to Госуслуги, ready for use.
#[derive(Debug)]
pub struct Esia {
    config: EsiaConfig,
    endpoints: Endpoints,
    redirect_uri: String,
    home: String,
    own: PublicKey,
    own_hash: String,
    signer: Arc<dyn Signer>,
    trusted: Arc<Trusted>,
    gost: GostVerifier,
    http: Http,
    oauth: OAuth,
    told: health::Told,
    found_out: standin::FoundOut,
    is_guarded: AtomicBool,
}

impl Esia {
    /// Reads keys and certificates, and tries them on each other. Blocks.
    ///
    /// # Errors
    /// Every key that is wrong, and how.
    pub fn open(config: &Config) -> Result<Option<Self>, Vec<String>> {
        let origin = config.public_origin().map_err(|error| vec![error])?;
        let config = &config.esia;
        if !config.is_configured() {
            return Ok(None);
        }
        let endpoints = Endpoints::new(config)?;
        let own = own_certificate(config).map_err(|error| vec![error])?;
        let signer = own
            .certificate()
            .ok_or_else(|| "esia.certificate_file: a bare key is no certificate".to_owned())
            .and_then(|der| signer::of(config, der))
            .and_then(|signer| tried(config, signer, &own));
        let trusted = Trusted::open(config);
        let is_tls = endpoints.all().iter().any(|url| url.scheme() == "https");
        let http = Http::new(config, is_tls);
        let redirect_uri = format!("{}/esia/callback", origin.text);
        let oauth = exchange::client(config, &endpoints, &redirect_uri);
        let mut wrong = Vec::new();
        if config.leeway_seconds > 60 {
            wrong.push("esia.leeway_seconds: 60 at most".to_owned());
        }
        if config.algorithms.is_empty() {
            wrong.push("esia.algorithms: give at least one".to_owned());
        }
        if config.scope.split(' ').any(str::is_empty) || !config.scope.is_ascii() {
            wrong.push("esia.scope: names with one space between any two".to_owned());
        }
        match (signer, trusted, http, oauth) {
            (Ok(signer), Ok(trusted), Ok(http), Ok(oauth)) if wrong.is_empty() => Ok(Some(Self {
                redirect_uri,
                home: format!("{}/", origin.text),
                own_hash: own.fingerprint().unwrap_or_default(),
                own,
                signer: Arc::from(signer),
                trusted: Arc::new(trusted),
                gost: GostVerifier::new(config),
                http,
                oauth,
                told: health::Told::default(),
                found_out: standin::FoundOut::default(),
                is_guarded: AtomicBool::new(false),
                endpoints,
                config: config.clone(),
            })),
            (signer, trusted, http, oauth) => {
                wrong.extend(signer.err());
                wrong.extend(trusted.err());
                wrong.extend(http.err());
                wrong.extend(oauth.err());
                Err(wrong)
            }
        }
    }
}

fn own_certificate(config: &EsiaConfig) -> Result<PublicKey, String> {
    let Some(file) = &config.certificate_file else {
        return Err("esia.certificate_file: give our certificate".to_owned());
    };
    let wrong = |error: &dyn std::fmt::Display| format!("esia.certificate_file: {}: {error}", file.display());
    let bytes = std::fs::read(file).map_err(|error| wrong(&error))?;
    let keys = PublicKey::read_all(&bytes).map_err(|error| wrong(&error))?;
    // Behind it may stand those that issued it.
    keys.into_iter().next().ok_or_else(|| wrong(&"there is no certificate in it"))
}

/// Signs something: a key beside another's certificate would show only at the first sign-in.
fn tried(config: &EsiaConfig, signer: Box<dyn Signer>, own: &PublicKey) -> Result<Box<dyn Signer>, String> {
    let key = match config.signer {
        EsiaSigner::Rsa => "key_file",
        EsiaSigner::Command => "signer_command",
    };
    const BYTES: &[u8] = "ЭПОС".as_bytes();
    let signature = signer.sign(BYTES).map_err(|error| format!("esia.{key}: {error}"))?;
    if config.version == EsiaVersion::V1 {
        // A sequence in DER; who signed it shows at ЕСИА.
        return match signature.first() {
            Some(0x30) => Ok(signer),
            _ => Err(format!("esia.{key}: not a detached CMS signature in DER")),
        };
    }
    match own.verify(BYTES, &signature, &GostVerifier::of_own(config)) {
        Ok(true) => Ok(signer),
        Ok(false) => Err(format!("esia.{key}: the key does not belong to certificate_file")),
        // Where CryptoPro signs there may be nothing that verifies.
        Err(error) => {
            tracing::warn!(error, "whether our key belongs to our certificate could not be tried");
            Ok(signer)
        }
    }
}

/// What is wrong with the configuration of the link. Outside of the demo ЕСИА is elsewhere, and under TLS
/// ([`standin`]).
pub(crate) fn wrong(config: &Config, mode: Mode) -> Vec<String> {
    if !config.esia.is_configured() || config.public_origin().is_err() {
        return Vec::new();
    }
    match Esia::open(config) {
        Err(wrong) => wrong,
        Ok(Some(esia)) if mode == Mode::Production => standin::refused(&esia.endpoints),
        Ok(_) => Vec::new(),
    }
}
