//! Configuration: a TOML file, options on top, and defaults with which it starts alone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::jwt::Algorithm;
use crate::switches::Switches;

/// The client that exists where none is configured.
pub const DEMO_CLIENT: &str = "EPOS_DEMO";

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It could not be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {error}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// Where it goes wrong.
        error: Box<toml::de::Error>,
    },
    /// A value cannot be used.
    #[error("{0}")]
    Value(String),
}

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The address browsers and clients use; from `listen` unless given.
    pub public_url: Option<String>,
    /// `iss` of the tokens.
    pub issuer: String,
    /// The folder of keys that are made at the first start.
    pub data: PathBuf,
    /// Files of people, on top of the invented cast.
    pub people: Vec<PathBuf>,
    /// Whether the invented cast is there.
    pub cast: bool,
    /// Whether a second sign-in in the same browser goes without the password, as with ЕСИА.
    pub single_sign_on: bool,
    /// How far `timestamp` may be from the present.
    pub timestamp_tolerance_seconds: i64,
    /// Life of codes.
    pub code_seconds: i64,
    /// Life of access tokens and id_tokens.
    pub access_seconds: i64,
    /// Life of refresh tokens.
    pub refresh_seconds: i64,
    /// Life of a session in the browser, and of a login page.
    pub session_seconds: i64,
    /// The `openssl` command.
    pub openssl: PathBuf,
    /// Where things are served.
    pub paths: Paths,
    /// Own keys by files instead of made ones.
    pub keys: KeyFiles,
    /// Scopes, and what each gives.
    pub scopes: BTreeMap<String, Vec<Gives>>,
    /// Switches for everybody from the start.
    pub switches: Switches,
    /// Addresses that the answers for `EPOS_DEMO` may go to.
    pub demo_redirect_uris: Vec<String>,
    /// Addresses that logout of `EPOS_DEMO` may go to.
    pub demo_logout_urls: Vec<String>,
    /// Information systems; `EPOS_DEMO` where there are none.
    pub clients: Vec<ClientConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            public_url: None,
            issuer: "http://esia.gosuslugi.ru/".to_owned(),
            data: PathBuf::from("./data/esia-standin"),
            people: Vec::new(),
            cast: true,
            single_sign_on: true,
            timestamp_tolerance_seconds: 300,
            code_seconds: 240,
            access_seconds: 3600,
            refresh_seconds: 30 * 86_400,
            session_seconds: 3600,
            openssl: PathBuf::from("openssl"),
            paths: Paths::default(),
            keys: KeyFiles::default(),
            scopes: default_scopes(),
            switches: Switches::default(),
            demo_redirect_uris: vec![
                "http://127.0.0.1:8080/esia/callback".to_owned(),
                "http://localhost:8080/esia/callback".to_owned(),
            ],
            demo_logout_urls: vec!["http://127.0.0.1:8080/".to_owned(), "http://localhost:8080/".to_owned()],
            clients: Vec::new(),
        }
    }
}

/// Where things are served.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// Authorization, v1.
    pub authorize_v1: String,
    /// Token, v1.
    pub token_v1: String,
    /// Authorization, v2.
    pub authorize_v2: String,
    /// Token, v3.
    pub token_v3: String,
    /// People: what `/{oid}` is added to.
    pub persons: String,
    /// End of the session.
    pub logout: String,
    /// The login form.
    pub login: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            authorize_v1: "/aas/oauth2/ac".to_owned(),
            token_v1: "/aas/oauth2/te".to_owned(),
            authorize_v2: "/aas/oauth2/v2/ac".to_owned(),
            token_v3: "/aas/oauth2/v3/te".to_owned(),
            persons: "/rs/prns".to_owned(),
            logout: "/idp/ext/Logout".to_owned(),
            login: "/login".to_owned(),
        }
    }
}

/// Own keys by files: PKCS#8 in PEM, each with its certificate.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyFiles {
    /// RS256.
    pub rsa: Option<KeyFile>,
    /// RS256 after a change of the certificate.
    pub rsa_next: Option<KeyFile>,
    /// ГОСТ.
    pub gost: Option<KeyFile>,
    /// ГОСТ after a change of the certificate.
    pub gost_next: Option<KeyFile>,
}

/// A key and its certificate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The private key.
    pub key: PathBuf,
    /// The certificate.
    pub certificate: PathBuf,
}

/// What a scope gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// An id_token.
    IdToken,
    /// Фамилия, имя, отчество.
    Name,
    /// Date of birth.
    BirthDate,
    /// Пол.
    Gender,
    /// СНИЛС.
    Snils,
    /// ИНН.
    Inn,
    /// E-mail addresses.
    Email,
    /// Mobile telephones.
    Mobile,
    /// All contacts.
    Contacts,
    /// Places in organizations.
    Roles,
}

fn default_scopes() -> BTreeMap<String, Vec<Gives>> {
    [
        ("openid", Gives::IdToken),
        ("fullname", Gives::Name),
        ("birthdate", Gives::BirthDate),
        ("gender", Gives::Gender),
        ("snils", Gives::Snils),
        ("inn", Gives::Inn),
        ("email", Gives::Email),
        ("mobile", Gives::Mobile),
        ("contacts", Gives::Contacts),
        ("usr_org", Gives::Roles),
    ]
    .into_iter()
    .map(|(scope, gives)| (scope.to_owned(), vec![gives]))
    .collect()
}

/// An information system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Its mnemonic: `client_id`.
    pub mnemonic: String,
    /// Addresses the answer may go to, compared exactly.
    pub redirect_uris: Vec<String>,
    /// Further addresses that logout may go to.
    #[serde(default)]
    pub logout_urls: Vec<String>,
    /// Files of its certificates, PEM or DER, RSA or ГОСТ.
    pub certificates: Vec<PathBuf>,
    /// Scopes it may ask for; all that are known unless given.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// Whether it must use PKCE.
    #[serde(default)]
    pub pkce_required: bool,
    /// Whether it may use refresh tokens.
    #[serde(default = "yes")]
    pub refresh: bool,
    /// `alg` of the id_tokens for it.
    #[serde(default)]
    pub alg: Algorithm,
}

fn yes() -> bool {
    true
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Tells what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::File { path: path.to_owned(), error })?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Content { path: path.to_owned(), error: Box::new(error) })
    }

    /// Refuses what could not work.
    ///
    /// # Errors
    /// Tells which value is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |what: String| Err(ConfigError::Value(what));
        let paths = &self.paths;
        let all = [
            &paths.authorize_v1,
            &paths.token_v1,
            &paths.authorize_v2,
            &paths.token_v3,
            &paths.persons,
            &paths.logout,
            &paths.login,
        ];
        if let Some(path) = all.iter().find(|path| !path.starts_with('/') || path.ends_with('/')) {
            return wrong(format!("paths: «{path}» must begin with / and not end with it"));
        }
        for (position, client) in self.clients.iter().enumerate() {
            let name = &client.mnemonic;
            if self.clients.iter().skip(position + 1).any(|other| other.mnemonic == *name) {
                return wrong(format!("clients: {name} is there twice"));
            }
            if client.redirect_uris.is_empty() || client.certificates.is_empty() {
                return wrong(format!("clients: {name} needs redirect_uris and certificates"));
            }
            // A fragment would swallow the answer (RFC 6749, 3.1.2).
            let addresses = client.redirect_uris.iter().chain(&client.logout_urls);
            if let Some(address) = addresses.into_iter().find(|address| {
                !(address.starts_with("http://") || address.starts_with("https://")) || address.contains('#')
            }) {
                return wrong(format!(
                    "clients: {name}: «{address}» must be http or https, without a fragment"
                ));
            }
            if let Some(scope) =
                client.scopes.iter().flatten().find(|scope| !self.scopes.contains_key(*scope))
            {
                return wrong(format!("clients: {name}: the scope «{scope}» is not among `scopes`"));
            }
        }
        Ok(())
    }
}
