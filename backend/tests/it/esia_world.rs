//! A server with a link to a stand-in of its own, and browsers that go between the two.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use actix_web::rt;
use epos_backend::app::{self, Running, Services};
use epos_backend::config::{Config, Esia as EsiaConfig};
use epos_backend::context::Clock as _;
use epos_backend::db::types::Id;
use epos_backend::esia::Esia;
use esia_standin::config::{ClientConfig, Config as StandinConfig, KeyFile, KeyFiles};
use esia_standin::context::Clock;
use esia_standin::jwt::Algorithm;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::Value;

use crate::common::{Client, ORIGIN, TestApp, http};

/// Somebody quite usual of the invented cast.
pub const LOGIN: &str = "EsiaTest001@example.test";
/// The person of [`LOGIN`].
pub const OID: &str = "1000299901";
/// Where browsers come back to.
pub const CALLBACK: &str = "http://epos.test/esia/callback";
const PASSWORD: &str = "11111111";

/// A key with its certificate, made by `openssl` once for all tests.
#[derive(Debug, Clone)]
pub struct Key {
    pub private: PathBuf,
    pub certificate: PathBuf,
}

impl Key {
    pub fn rsa(name: &str) -> Self {
        Self::made(&format!("rsa-{name}"), &["-newkey", "rsa:2048", "-sha256"])
    }

    pub fn gost(name: &str) -> Self {
        let options =
            ["-engine", "gost", "-newkey", "gost2012_256", "-pkeyopt", "paramset:A", "-md_gost12_256"];
        Self::made(&format!("gost-{name}"), &options)
    }

    fn made(name: &str, options: &[&str]) -> Self {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("esia-keys");
        let folder = all.join(name);
        if !folder.is_dir() {
            std::fs::create_dir_all(&all).unwrap();
            let own = tempfile::tempdir_in(&all).unwrap();
            let mut command = Command::new("openssl");
            command.arg("req").args(options).args(["-x509", "-nodes", "-days", "3650", "-subj"]);
            command.arg(format!("/CN={name}"));
            command.arg("-keyout").arg(own.path().join("key.pem"));
            command.arg("-out").arg(own.path().join("certificate.pem"));
            let output = command.output().expect("openssl, with Debian's libengine-gost-openssl");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            // Tests run at the same time; whoever is first gives the key to all.
            if std::fs::rename(own.path(), &folder).is_ok() {
                let _ = own.keep();
            }
        }
        Self { private: folder.join("key.pem"), certificate: folder.join("certificate.pem") }
    }

    fn file(self) -> Option<KeyFile> {
        Some(KeyFile { key: self.private, certificate: self.certificate })
    }
}

/// The command that signs by a ГОСТ key.
pub fn gost_command(key: &Key) -> Vec<String> {
    let words = ["openssl", "dgst", "-engine", "gost", "-md_gost12_256", "-sign"];
    words.into_iter().map(str::to_owned).chain([key.private.display().to_string()]).collect()
}

/// The two servers.
pub struct World {
    pub services: Services,
    /// Where the stand-in is.
    pub provider: String,
    pub http: reqwest::Client,
    /// The folder of trusted certificates.
    pub trusted: tempfile::TempDir,
    address: String,
    running: Running,
    standin: actix_web::dev::ServerHandle,
    _data: tempfile::TempDir,
}

impl World {
    /// By v2 and v3, with RSA.
    pub async fn start(app: &TestApp) -> Self {
        Self::with(app, |_| {}, |_| {}).await
    }

    /// The same with other configurations of the link and of the stand-in.
    pub async fn with(
        app: &TestApp,
        change: impl FnOnce(&mut EsiaConfig),
        change_standin: impl FnOnce(&mut StandinConfig),
    ) -> Self {
        let data = tempfile::tempdir().unwrap();
        let client = ClientConfig {
            mnemonic: "EPOS".to_owned(),
            redirect_uris: vec![CALLBACK.to_owned()],
            logout_urls: vec![format!("{ORIGIN}/")],
            certificates: vec![Key::rsa("client").certificate, Key::gost("client").certificate],
            scopes: None,
            pkce_required: false,
            refresh: true,
            alg: Algorithm::Rs256,
        };
        let mut config = StandinConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            data: data.path().to_owned(),
            keys: KeyFiles {
                rsa: Key::rsa("provider").file(),
                rsa_next: Key::rsa("provider-next").file(),
                gost: Key::gost("provider").file(),
                gost_next: Key::gost("provider-next").file(),
            },
            clients: vec![client],
            ..StandinConfig::default()
        };
        change_standin(&mut config);
        let clock = Arc::clone(&app.clock);
        let started = esia_standin::server::start(config, Clock::new(move || clock.now())).unwrap();
        let provider = format!("http://{}", started.address);
        let standin = started.server.handle();
        rt::spawn(started.server);

        let trusted = tempfile::tempdir().unwrap();
        std::fs::copy(Key::rsa("provider").certificate, trusted.path().join("esia.pem")).unwrap();
        let key = Key::rsa("client");
        let mut esia = EsiaConfig {
            client_id: "EPOS".to_owned(),
            base_url: provider.clone(),
            key_file: Some(key.private),
            certificate_file: Some(key.certificate),
            trusted: vec![trusted.path().to_owned()],
            trusted_reload_seconds: 0,
            ..EsiaConfig::default()
        };
        change(&mut esia);
        let config = Config { esia, ..(*app.services.config).clone() };
        let esia = Esia::open(&config).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let services =
            Services { config: Arc::new(config), esia: esia.map(Arc::new), ..app.services.clone() };
        let running = app::start(services.clone(), TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        let address = format!("http://{}", running.address);
        let http = http();
        Self { services, provider, http, trusted, address, running, standin, _data: data }
    }

    pub async fn stop(self) {
        self.stop_provider().await;
        self.running.stop().await;
    }

    /// ЕСИА is gone.
    pub async fn stop_provider(&self) {
        self.standin.stop(false).await;
    }

    pub fn browser(&self) -> Browser {
        Browser {
            http: self.http.clone(),
            address: self.address.clone(),
            provider: self.provider.clone(),
            cookies: RefCell::default(),
        }
    }

    /// A client of the API on the server with the link.
    pub fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// Turns switches for the next sign-in.
    pub async fn next(&self, switches: Value) {
        self.tell(reqwest::Method::POST, "switches/next", &switches).await;
    }

    /// Sets something below `/standin`.
    pub async fn put(&self, path: &str, body: &Value) {
        self.tell(reqwest::Method::PUT, path, body).await;
    }

    async fn tell(&self, method: reqwest::Method, path: &str, body: &Value) {
        let request = self.http.request(method, format!("{}/standin/{path}", self.provider)).json(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    }

    /// Joins an account with a person of the stand-in, past the API.
    pub async fn link(&self, app: &TestApp, account: Id, oid: &str) {
        use diesel::prelude::*;
        use epos_backend::db::schema::esia_links as t;
        let (context, oid) = (self.services.context.clone(), oid.to_owned());
        app.write(move |conn| {
            diesel::insert_into(t::table)
                .values((
                    t::id.eq(context.id()),
                    t::account_id.eq(account),
                    t::oid.eq(&oid),
                    t::linked_at.eq(context.db_now()),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await;
    }

    /// An account joined with [`LOGIN`].
    pub async fn linked(&self, app: &TestApp) -> Id {
        let account = app.account("ivanova").await;
        self.link(app, account, OID).await;
        account
    }

    /// The alarms that are open, by code.
    pub async fn alarms(&self, app: &TestApp) -> Vec<String> {
        use diesel::prelude::*;
        use epos_backend::db::schema::alarms as t;
        app.read(|conn| {
            Ok(t::table.filter(t::resolved_at.is_null()).order(t::code.asc()).select(t::code).load(conn)?)
        })
        .await
    }
}

/// A browser with its cookies for our server; at the stand-in it is new each time.
pub struct Browser {
    http: reqwest::Client,
    address: String,
    provider: String,
    pub cookies: RefCell<BTreeMap<String, String>>,
}

/// What our server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    /// The code of the page that explains a failure.
    #[track_caller]
    pub fn failure(&self) -> String {
        assert_eq!(self.status, 303, "{self:?}");
        let (page, query) = self.location.split_once('?').unwrap_or_else(|| panic!("no failure: {self:?}"));
        assert_eq!(page, "/login/esia", "{self:?}");
        let pairs: BTreeMap<String, String> = pairs(query);
        assert_eq!(pairs["request"], self.headers["x-request-id"].to_str().unwrap());
        pairs["failure"].clone()
    }
}

/// The parameters of a query.
pub fn pairs(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

impl Browser {
    /// Opens an address of our server.
    pub async fn open(&self, path: &str) -> Answer {
        let jar: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.get(format!("{}{path}", self.address)).header(COOKIE, jar.join("; "));
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        let location = headers.get(LOCATION).map(|location| location.to_str().unwrap().to_owned());
        Answer {
            status: response.status().as_u16(),
            location: location.unwrap_or_default(),
            headers,
            text: response.text().await.unwrap(),
        }
    }

    /// Goes off to ЕСИА: the address there.
    pub async fn depart(&self, path: &str) -> String {
        let answer = self.open(path).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        assert!(answer.location.starts_with(&self.provider), "{answer:?}");
        answer.location
    }

    /// Signs in there: the address it sends back to.
    pub async fn at_provider(&self, address: &str, login: &str) -> String {
        let response = self.http.get(address).send().await.unwrap();
        if response.status() == 302 {
            return response.headers()[LOCATION].to_str().unwrap().to_owned();
        }
        let page = response.text().await.unwrap();
        let (_, rest) = page.split_once("name=\"transaction\" value=\"").unwrap_or_else(|| panic!("{page}"));
        let transaction = rest.split('"').next().unwrap();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("transaction", transaction), ("login", login), ("password", PASSWORD)])
            .finish();
        let request = self.http.post(format!("{}/login", self.provider));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    /// Comes back.
    pub async fn come_back(&self, address: &str) -> Answer {
        let path = address.strip_prefix(ORIGIN).unwrap_or_else(|| panic!("not ours: {address}"));
        self.open(path).await
    }

    /// The whole way.
    pub async fn sign_in(&self, login: &str) -> Answer {
        self.sign_in_from("/esia/login", login).await
    }

    /// The whole way, from an address of ours.
    pub async fn sign_in_from(&self, path: &str, login: &str) -> Answer {
        let address = self.depart(path).await;
        let back = self.at_provider(&address, login).await;
        self.come_back(&back).await
    }

    /// The user name of the session, if there is one.
    pub async fn user_name(&self) -> Option<String> {
        let state = self.open("/api/v1/session").await;
        let state: Value = serde_json::from_str(&state.text).unwrap();
        state["session"]["account"]["user_name"].as_str().map(str::to_owned)
    }

    /// The names of the cookies of attempts.
    pub fn attempts(&self) -> Vec<String> {
        let cookies = self.cookies.borrow();
        cookies.keys().filter(|name| name.starts_with("epos_esia_")).cloned().collect()
    }
}
