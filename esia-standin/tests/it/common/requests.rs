//! Requests as a client makes them, to be spoiled by tests.

use std::sync::OnceLock;

use chrono::{FixedOffset, TimeDelta};
use esia_standin::context::{Clock, uuid};

use super::keys::{self, Key};

/// Where the client `EPOS` wants its answers.
pub const REDIRECT_URI: &str = "http://client.test/callback";
/// What v1 signs.
pub const V1: &[&str] = &["scope", "timestamp", "client_id", "state"];
/// What v2/ac signs.
pub const V2_AC: &[&str] = &["client_id", "scope", "timestamp", "state", "redirect_uri"];
/// What v3/te signs for a code.
pub const V3_CODE: &[&str] = &["client_id", "scope", "timestamp", "state", "redirect_uri", "code"];
/// What v3/te signs for a refresh token.
pub const V3_REFRESH: &[&str] = &["client_id", "scope", "timestamp", "state", "refresh_token"];

/// `yyyy.MM.dd HH:mm:ss Z`, so many seconds from now.
pub fn now(seconds: i64) -> String {
    let moscow = FixedOffset::east_opt(3 * 3600).expect("an offset");
    let moment = Clock::system().now() + TimeDelta::seconds(seconds);
    moment.with_timezone(&moscow).format("%Y.%m.%d %H:%M:%S %z").to_string()
}

/// A request.
#[derive(Debug, Clone)]
pub struct Form {
    pub v1: bool,
    pairs: Vec<(String, String)>,
    key: Key,
}

impl Form {
    fn new(pairs: &[(&str, &str)]) -> Self {
        // Once, since it takes a command to hash the certificate.
        static KEY: OnceLock<Key> = OnceLock::new();
        let key = KEY
            .get_or_init(|| {
                let key = Key::rsa("client");
                key.hash();
                key
            })
            .clone();
        let form = Self { v1: false, pairs: Vec::new(), key };
        let common = [
            ("client_id", "EPOS"),
            ("scope", "openid fullname email"),
            ("timestamp", &now(0)),
            ("state", &uuid().to_string()),
            ("redirect_uri", REDIRECT_URI),
            ("client_certificate_hash", &form.key.hash()),
        ];
        common.iter().chain(pairs).fold(form, |form, (name, value)| form.with(name, value))
    }

    /// For authorization.
    pub fn ac() -> Self {
        Self::new(&[("response_type", "code"), ("access_type", "offline")])
    }

    /// For a code.
    pub fn code(code: &str) -> Self {
        Self::new(&[("grant_type", "authorization_code"), ("token_type", "Bearer"), ("code", code)])
    }

    /// For a refresh token.
    pub fn refresh(token: &str) -> Self {
        Self::new(&[("grant_type", "refresh_token"), ("token_type", "Bearer"), ("refresh_token", token)])
    }

    /// By v1.
    pub fn v1(mut self) -> Self {
        self.v1 = true;
        self.without("client_certificate_hash")
    }

    /// With another key, and the hash of its certificate.
    pub fn by(mut self, key: &Key) -> Self {
        self.key = key.clone();
        if self.v1 { self } else { self.with("client_certificate_hash", &key.hash()) }
    }

    /// With a parameter, in place of one of the same name.
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With one more parameter.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a parameter.
    pub fn without(mut self, name: &str) -> Self {
        self.pairs.retain(|(key, _)| key != name);
        self
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<String> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    /// What stands in these parameters, one behind the other.
    pub fn message(&self, order: &[&str]) -> String {
        order.iter().filter_map(|name| self.get(name)).collect()
    }

    /// With `client_secret`: a raw signature by the key, or for v1 a detached CMS.
    pub fn signed(self, order: &[&str]) -> Self {
        let message = self.message(order);
        let signature =
            if self.v1 { self.key.cms(message.as_bytes(), &[]) } else { self.key.sign(message.as_bytes()) };
        self.with("client_secret", &keys::base64(&signature))
    }

    /// With `client_secret` from any bytes.
    pub fn secret(self, signature: &[u8]) -> Self {
        self.with("client_secret", &keys::base64(signature))
    }

    /// With `client_secret` from any bytes, padded.
    pub fn padded_secret(self, signature: &[u8]) -> Self {
        self.with("client_secret", &keys::padded(signature))
    }

    /// As a query or a form.
    pub fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish()
    }
}
