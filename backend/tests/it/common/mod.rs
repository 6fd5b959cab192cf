//! What tests are written with: a server of their own, a clock they set, people who ask.

mod client;
mod database;
mod letters;
pub mod smtp;

use std::net::TcpListener;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use epos_backend::accounts::{self, NewAccount};
use epos_backend::app::{self, Running, Services};
use epos_backend::config::{Config, Mode};
use epos_backend::consent::Consent;
use epos_backend::context::{Clock, Context, ManualClock, MasterKey, Secrets, SystemRandom};
use epos_backend::db::types::Id;
use epos_backend::db::{Conn, DbError};
use epos_shared::values::{FullName, PersonName};

pub use client::{Answer, Client, http};
pub use database::TestDatabase;
#[allow(unused_imports, reason = "what `letters_to` answers")]
pub use letters::Letter;

/// Where the tests' server says it is.
pub const ORIGIN: &str = "http://epos.test";

/// The password of every account of the tests.
pub const PASSWORD: &str = "верный пароль";

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Writes a test for both databases: `name::sqlite` and `name::postgres`. The test takes a [`TestApp`];
/// before the name may stand a function that changes the configuration.
///
/// ```ignore
/// both_databases! {
///     async fn what_the_system_promises(app: TestApp) {
///         app.anonymous().get("/api/v1/session").await.expect(200);
///     }
/// }
/// ```
#[macro_export]
macro_rules! both_databases {
    ($($(#[configure($configure:expr)])? async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn promised($app: &mut $crate::common::TestApp) $body

            fn start_and_check(kind: $crate::common::Kind) {
                #[allow(unused_mut, unused_assignments)]
                let mut configure: fn(&mut epos_backend::config::Config) = |_| {};
                $(configure = $configure;)?
                actix_web::rt::System::new().block_on(async move {
                    let mut app = $crate::common::TestApp::start(kind, configure).await;
                    promised(&mut app).await;
                    app.stop().await;
                });
            }

            #[test]
            fn sqlite() {
                start_and_check($crate::common::Kind::Sqlite);
            }

            #[test]
            fn postgres() {
                start_and_check($crate::common::Kind::Postgres);
            }
        }
    )+};
}

/// A server of one test, on a database of its own, with a clock that stands at noon of 22 November 2026.
pub struct TestApp {
    pub services: Services,
    pub clock: Arc<ManualClock>,
    pub kind: Kind,
    running: Option<Running>,
    address: String,
    // Dropped last: the database goes when nothing uses it.
    database: TestDatabase,
}

impl TestApp {
    pub async fn start(kind: Kind, configure: fn(&mut Config)) -> Self {
        let database = TestDatabase::create(kind);
        let mut config = Config::default();
        config.server.public_url = ORIGIN.to_owned();
        config.server.trusted_proxies = Some(vec!["127.0.0.1/32".parse().unwrap()]);
        config.server.workers = 1;
        config.server.shutdown_timeout_seconds = 1;
        config.database.url = database.url.clone();
        config.database.pool_size = 3;
        config.passwords.memory_kib = 8;
        config.passwords.iterations = 1;
        config.audit.seal_interval_ms = 50;
        config.account_applications.folder = database.folder.path().join("files");
        configure(&mut config);
        let noon: DateTime<Utc> = "2026-11-22T07:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(noon));
        let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let secrets = Secrets::new(&MasterKey::from_bytes([7; 32]));
        let zone = config.time_zone().unwrap();
        let context = Context::new(shared, Arc::new(SystemRandom), secrets, zone);
        config.check(Mode::Demo).unwrap();
        let services = Services::open(config, Mode::Production, context).unwrap();
        services.db.migrate().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let running = app::start(services.clone(), listener).unwrap();
        let address = format!("http://{}", running.address);
        Self { services, clock, kind, running: Some(running), address, database }
    }

    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
        let Self { services, database, .. } = self;
        drop(services);
        drop(database);
    }

    /// Ends the server in order; the database stays.
    pub async fn stop_server(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Starts the server anew on the same database, at another port.
    pub fn start_server(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let running = app::start(self.services.clone(), listener).unwrap();
        self.address = format!("http://{}", running.address);
        self.running = Some(running);
    }

    /// Somebody who is not signed in, on a page of our own.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.address)
    }

    /// Somebody with an account (made now, if there is none of this name) who has just signed in.
    pub async fn signed_in(&self, user_name: &str) -> Client {
        self.account(user_name).await;
        let client = self.anonymous();
        client.sign_in(user_name, PASSWORD).await.expect(200);
        client
    }

    /// The account of this user name, made now if there is none: Тестова Анна Ивановна, [`PASSWORD`],
    /// `{user_name}@epos.test`.
    pub async fn account(&self, user_name: &str) -> Id {
        let (services, user_name) = (self.services.clone(), user_name.to_owned());
        self.write(move |conn| {
            use epos_backend::db::schema::accounts as t;
            if let Some(id) =
                t::table.filter(t::user_name.eq(&user_name)).select(t::id).first(conn).optional()?
            {
                return Ok(id);
            }
            let hash = services.hasher.hash_blocking(&services.context, PASSWORD).unwrap();
            let part = |text: &str| text.parse::<PersonName>().unwrap();
            let name = FullName {
                family_name: part("Тестова"),
                given_name: part("Анна"),
                patronymic: Some(part("Ивановна")),
            };
            let new = NewAccount {
                user_name: &user_name,
                name: &name,
                email: &format!("{user_name}@epos.test").parse().unwrap(),
                email_is_verified: true,
                position: None,
                organization: None,
                password_hash: Some(&hash),
                consent: Some(Consent::of_command(&services.consent, services.context.db_now())),
                is_demo: false,
            };
            Ok(accounts::create(conn, &services.context, &new)?)
        })
        .await
    }

    /// Looks into the database, past the API.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    ) -> T {
        self.services.db.read(work).await.unwrap()
    }

    /// Changes the database, past the API.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T, DbError> + Send + 'static,
    ) -> T {
        self.services.db.write_tx(work).await.unwrap()
    }

    /// Waits for what happens in the background, for at most five seconds.
    pub async fn eventually(&self, what: &str, check: impl AsyncFn() -> bool) {
        for _ in 0..250 {
            if check().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("this did not come to pass: {what}");
    }
}
