//! A running stand-in, a client that signs with `openssl`, and a browser.

mod keys;
mod requests;

use std::path::PathBuf;

use actix_web::rt;
use esia_standin::config::{ClientConfig, Config, KeyFile, KeyFiles};
use esia_standin::context::Clock;
use esia_standin::jwt::Algorithm;
use esia_standin::server;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

pub use keys::{Key, streebog};
pub use requests::{Form, REDIRECT_URI, V1, V2_AC, V3_CODE, V3_REFRESH, now};

/// Somebody of the invented cast who is a quite usual case.
pub const LOGIN: &str = "EsiaTest001@example.test";
/// The password of the whole cast.
pub const PASSWORD: &str = "11111111";
/// The person of [`LOGIN`].
pub const OID: u64 = 1_000_299_901;

/// A stand-in of one test.
pub struct Provider {
    pub url: String,
    pub http: Client,
    _data: tempfile::TempDir,
}

/// A client as the tests register it.
pub fn client(mnemonic: &str, keys: &[&Key]) -> ClientConfig {
    ClientConfig {
        mnemonic: mnemonic.to_owned(),
        redirect_uris: vec![REDIRECT_URI.to_owned(), "http://client.test/other?fixed=1".to_owned()],
        logout_urls: vec!["http://client.test/".to_owned()],
        certificates: keys.iter().map(|key| key.certificate.clone()).collect(),
        scopes: None,
        pkce_required: false,
        refresh: true,
        alg: Algorithm::Rs256,
    }
}

impl Provider {
    /// With the client `EPOS`, which has an RSA and a ГОСТ key.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with another configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let key = |key: Key| Some(KeyFile { key: key.private, certificate: key.certificate });
        let mut config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data: PathBuf::from(data.path()),
            keys: KeyFiles {
                rsa: key(Key::rsa("provider")),
                rsa_next: key(Key::rsa("provider-next")),
                gost: key(Key::gost("provider")),
                gost_next: key(Key::gost("provider-next")),
            },
            clients: vec![client("EPOS", &[&Key::rsa("client"), &Key::gost("client")])],
            ..Config::default()
        };
        change(&mut config);
        let running = server::start(config, Clock::system()).expect("it starts");
        rt::spawn(running.server);
        Self { url: format!("http://{}", running.address), http: http(), _data: data }
    }

    /// Asks for authorization.
    pub async fn ac(&self, form: &Form) -> Response {
        let path = if form.v1 { "/aas/oauth2/ac" } else { "/aas/oauth2/v2/ac" };
        let url = format!("{}{path}?{}", self.url, form.encoded());
        self.http.get(url).send().await.expect("an answer")
    }

    /// The refusal by which it ends: code and address; a `state` must come back.
    pub async fn refused_at_ac(&self, form: &Form) -> (String, String) {
        let answer = Callback::of(self.ac(form).await).await;
        assert_eq!(answer.get("state"), form.get("state"), "the state comes back");
        (answer.refusal(), answer.address)
    }

    /// Asks for authorization and signs in: the code.
    pub async fn code(&self, form: &Form) -> String {
        self.code_of(form, LOGIN).await
    }

    /// The same for another person.
    pub async fn code_of(&self, form: &Form, login: &str) -> String {
        let answer = self.sign_in(form, login).await;
        assert_eq!(answer.get("state"), form.get("state"));
        answer.get("code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    /// Asks for authorization and signs in: where it leads.
    pub async fn sign_in(&self, form: &Form, login: &str) -> Callback {
        let transaction = self.transaction(form).await;
        Callback::of(self.submit(&transaction, &[("login", login), ("password", PASSWORD)]).await).await
    }

    /// Asks for authorization: the mark of the login page.
    pub async fn transaction(&self, form: &Form) -> String {
        let response = self.ac(form).await;
        assert_eq!(response.status(), StatusCode::OK, "{:?}", response.headers().get("location"));
        transaction(&response.text().await.expect("a page"))
    }

    /// Sends the login form.
    pub async fn submit(&self, transaction: &str, fields: &[(&str, &str)]) -> Response {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("transaction", transaction).extend_pairs(fields);
        self.post("/login", form.finish()).await
    }

    /// Asks for tokens.
    pub async fn te(&self, form: &Form) -> Response {
        let path = if form.v1 { "/aas/oauth2/te" } else { "/aas/oauth2/v3/te" };
        self.post(path, form.encoded()).await
    }

    /// The tokens.
    pub async fn tokens(&self, form: &Form) -> Value {
        let response = self.te(form).await;
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// The code of the refusal: 400, JSON, the state of the request.
    pub async fn refused_at_te(&self, form: &Form) -> String {
        let response = self.te(form).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["content-type"], "application/json");
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer["state"].as_str(), form.get("state").as_deref());
        assert!(answer["error"].is_string());
        six_digits(answer["error_description"].as_str().expect("a description"))
    }

    /// Signs in and takes the tokens.
    pub async fn enter(&self, login: &str) -> Value {
        self.enter_with(login, "openid fullname email").await
    }

    /// The same with a scope.
    pub async fn enter_with(&self, login: &str, scope: &str) -> Value {
        let code = self.code_of(&Form::ac().with("scope", scope).signed(V2_AC), login).await;
        self.tokens(&Form::code(&code).with("scope", scope).signed(V3_CODE)).await
    }

    /// Reads a resource.
    pub async fn read(&self, token: &str, path: &str) -> (StatusCode, Value) {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let response = self.http.get(url).bearer_auth(token).send().await.expect("an answer");
        (response.status(), response.json().await.expect("JSON"))
    }

    /// Turns switches for the next sign-in.
    pub async fn next(&self, switches: Value) {
        let url = format!("{}/standin/switches/next", self.url);
        let response = self.http.post(url).json(&switches).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{}", response.text().await.expect("text"));
    }

    /// Sets something below `/standin`.
    pub async fn put(&self, path: &str, body: &Value) -> StatusCode {
        let url = format!("{}/standin/{path}", self.url);
        self.http.put(url).json(body).send().await.expect("an answer").status()
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, body: String) -> Response {
        self.http
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .expect("an answer")
    }
}

/// A client that follows nothing by itself.
pub fn http() -> Client {
    // Built together with the backend this client asks for keys for TLS, which it never uses.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // No connection is kept: while a command runs the test's thread stands still, and the server closes it.
    Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).build().expect("a client")
}

/// The hidden mark of a login page.
pub fn transaction(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"transaction\" value=\"").expect("a login page");
    rest.split_once('"').expect("its end").0.to_owned()
}

/// A redirect, taken apart.
#[derive(Debug)]
pub struct Callback {
    pub address: String,
    pub pairs: Vec<(String, String)>,
}

impl Callback {
    pub async fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::FOUND, "{}", response.text().await.expect("text"));
        let location = response.headers()["location"].to_str().expect("ASCII");
        let (address, query) = location.split_once('?').expect("a query");
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { address: address.to_owned(), pairs }
    }

    pub fn get(&self, name: &str) -> Option<String> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    /// The six digits of the refusal.
    pub fn refusal(&self) -> String {
        assert!(self.get("error").is_some() && self.get("code").is_none(), "{self:?}");
        six_digits(&self.get("error_description").expect("a description"))
    }
}

/// The digits of `ESIA-007004: text`.
fn six_digits(description: &str) -> String {
    let (code, text) = description.split_once(": ").expect("a text behind the code");
    assert!(!text.is_empty());
    let digits = code.strip_prefix("ESIA-").expect("ESIA-");
    assert!(digits.len() == 6 && digits.chars().all(|digit| digit.is_ascii_digit()), "{digits}");
    digits.to_owned()
}

/// A part of a token: 0 is the header, 1 the claims.
pub fn part(token: &Value, number: usize) -> Value {
    let token = token.as_str().expect("a token");
    let part = token.split('.').nth(number).expect("three parts");
    serde_json::from_slice(&keys::from_base64(part)).expect("JSON")
}

/// Whether `openssl` finds that a token was signed with a key.
pub fn is_signed_by(token: &Value, key: &Key) -> bool {
    let (signed, signature) = token.as_str().and_then(|token| token.rsplit_once('.')).expect("a token");
    key.verifies(signed.as_bytes(), &keys::from_base64(signature))
}
