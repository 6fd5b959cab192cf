//! The link to Госуслуги: when it is down, what support sees of it, and what the server refuses to start with.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::config::{Config, EsiaSigner, EsiaVersion, Mode};
use epos_backend::db::schema::alarms;
use epos_backend::esia::Esia;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::{Client, TestApp};
use crate::esia_world::{Key, LOGIN, World, gost_command};
use crate::people::{self, District};

const HEALTH: &str = "/api/v1/esia/health";
const ALARMS: &str = "/api/v1/alarms";

/// Somebody of support, on the server with the link.
async fn support(app: &TestApp, world: &World) -> Client {
    let district = District::build(app).await;
    let (client, ..) = people::works_as(app, district.operator, Role::Support).await;
    let there = world.client();
    there.set_cookie(client.cookie());
    there
}

/// What is wrong with a configuration of the link.
fn wrong(app: &TestApp, mode: Mode, change: impl FnOnce(&mut epos_backend::config::Esia)) -> String {
    let key = Key::rsa("client");
    let mut config = Config { secrets: Default::default(), ..(*app.services.config).clone() };
    config.secrets.master_key = "07".repeat(32);
    config.server.trusted_proxies = Some(Vec::new());
    config.esia.client_id = "EPOS".to_owned();
    config.esia.key_file = Some(key.private);
    config.esia.certificate_file = Some(key.certificate);
    config.esia.trusted = vec![Key::rsa("provider").certificate];
    change(&mut config.esia);
    config.check(mode).map_or_else(|error| error.to_string(), |()| String::new())
}

crate::both_databases! {
    async fn without_a_link_everybody_is_told_so(app: TestApp) {
        let answer = app.anonymous().get("/esia/login").await;
        assert_eq!(answer.status, 303);
        assert!(answer.header("location").unwrap().starts_with("/login/esia?failure=esia-off&request="));
        for (next, kept) in [("/profile%3Fa%3D1", Some("&next=%2Fprofile%3Fa%3D1")), ("//evil.example", None)] {
            let answer = app.anonymous().get(&format!("/esia/login?next={next}")).await;
            let location = answer.header("location").unwrap();
            assert!(kept.map_or(!location.contains("next"), |kept| location.ends_with(kept)), "{location}");
        }
        assert_eq!(app.anonymous().get("/esia/logout").await.header("location"), Some("/"));
        let client = app.signed_in("ivanova").await;
        client.post("/api/v1/profile/esia", Value::Null).await.expect_problem(503, "unavailable");
    }

    async fn certificates_that_end_soon_tell_support(app: TestApp) {
        let world = World::start(app).await;
        let services = &world.services;
        epos_backend::esia::tell_of_certificates(services).await.unwrap();
        assert_eq!(world.alarms(app).await, Vec::<String>::new(), "they hold for years");
        app.clock.advance(TimeDelta::days(3640));
        epos_backend::esia::tell_of_certificates(services).await.unwrap();
        assert_eq!(world.alarms(app).await, ["esia-certificate-ends"]);
        world.stop().await;
    }

    async fn where_esia_is_down_the_answer_comes_within_a_second(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        let address = browser.depart("/esia/login").await;
        let back = browser.at_provider(&address, LOGIN).await;
        world.stop_provider().await;
        for attempt in 0..6 {
            // Past the time for which an answer counts as a sign of life.
            app.clock.advance(TimeDelta::seconds(11));
            let begun = Instant::now();
            let answer = if attempt == 0 { browser.come_back(&back).await } else { browser.open("/esia/login").await };
            assert_eq!(answer.failure(), "unreachable");
            assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        }
        let support = support(app, &world).await;
        let health = support.get(HEALTH).await.expect(200);
        assert_eq!(health["last_failure"]["code"], "unreachable", "{health}");
        assert!(health["paused_until"].is_string(), "{health}");
        assert_eq!(world.alarms(app).await, Vec::<String>::new(), "nobody here can help that");
        world.stop().await;
    }

    async fn where_esia_is_slow_the_circuit_opens_and_closes_again(app: TestApp) {
        let world = World::with(
            app,
            |esia| {
                esia.timeout_ms = 300;
                esia.circuit_failures = 1;
            },
            |_| {},
        )
        .await;
        world.linked(app).await;
        let browser = world.browser();
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let address = browser.depart("/esia/login").await;
            waiting.push(browser.at_provider(&address, LOGIN).await);
        }
        world.put("switches/all", &json!({ "slow_ms": 2000 })).await;
        for (number, back) in waiting.iter().enumerate() {
            let begun = Instant::now();
            assert_eq!(browser.come_back(back).await.failure(), "unreachable");
            assert!(begun.elapsed() < Duration::from_secs(1), "{number}: {:?}", begun.elapsed());
        }
        assert_eq!(browser.open("/esia/login").await.failure(), "unreachable", "nobody is sent there");
        world.put("switches/all", &json!({})).await;
        app.clock.advance(TimeDelta::seconds(15));
        assert_eq!(browser.sign_in(LOGIN).await.location, "/subsystems");
        world.put("switches/all", &json!({ "resource_status": 500 })).await;
        assert_eq!(browser.sign_in(LOGIN).await.failure(), "unreachable");
        world.stop().await;
    }

    async fn support_sees_the_state_of_the_link_and_nobody_else_does(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        world.client().get(HEALTH).await.expect_problem(401, "not-signed-in");
        world.client().get(ALARMS).await.expect_problem(401, "not-signed-in");
        let support = support(app, &world).await;
        let teacher = {
            let school = people::organization(app, None, epos_shared::roles::OrganizationKind::School, "Школа").await;
            let (client, ..) = people::works_as(app, school, Role::SchoolDirector).await;
            let there = world.client();
            there.set_cookie(client.cookie());
            there
        };
        for path in [HEALTH, ALARMS] {
            teacher.get(path).await.expect_problem(403, "forbidden");
        }
        let health = support.get(HEALTH).await.expect(200);
        assert_eq!((&health["enabled"], &health["is_standin"]), (&json!(true), &json!(true)), "{health}");
        assert_eq!((&*health["host"].to_string(), &health["client_id"]), (&*json!(world.provider).to_string(), &json!("EPOS")));
        assert_eq!(health["own_certificate"]["subject"], "CN=rsa-client");
        assert_eq!(health["own_certificate"]["fingerprint"].as_str().unwrap().len(), 64);
        assert_eq!(health["trusted_certificates"][0]["subject"], "CN=rsa-provider", "{health}");
        assert!(health["last_success_at"].is_null() && health["last_failure"].is_null(), "{health}");
        world.next(json!({ "clock_skew_seconds": 40 })).await;
        world.browser().sign_in(LOGIN).await;
        world.next(json!({ "error": "007053", "error_at": "te" })).await;
        world.browser().sign_in(LOGIN).await;
        let health = support.get(HEALTH).await.expect(200);
        assert_eq!(health["last_success_at"], "2026-11-22T07:00:00Z");
        assert_eq!(health["clock_difference_seconds"], 40);
        assert_eq!(health["last_failure"], json!({ "at": "2026-11-22T07:00:00Z", "code": "007053" }));

        let page = support.get(ALARMS).await.expect(200);
        assert_eq!(page["items"][0]["code"], "esia-007053", "{page}");
        let id = page["items"][0]["id"].as_str().unwrap().to_owned();
        teacher.post(&format!("{ALARMS}/{id}/resolve"), Value::Null).await.expect_problem(403, "forbidden");
        app.clock.advance(TimeDelta::minutes(1));
        world.next(json!({ "error": "007053", "error_at": "te" })).await;
        world.browser().sign_in(LOGIN).await;
        let page = support.get(ALARMS).await.expect(200);
        assert_eq!((&page["items"][0]["occurrences"], &page["total"]["value"]), (&json!(2), &json!(1)), "{page}");
        for _ in 0..2 {
            let alarm = support.post(&format!("{ALARMS}/{id}/resolve"), Value::Null).await.expect(200);
            assert_eq!(alarm["resolved_at"], "2026-11-22T07:01:00Z");
        }
        let nobody = format!("{ALARMS}/{}/resolve", uuid::Uuid::nil());
        support.post(&nobody, Value::Null).await.expect_problem(404, "not-found");
        assert_eq!(support.get(ALARMS).await.expect(200)["items"], json!([]));
        let done = support.get(&format!("{ALARMS}?state=resolved")).await.expect(200);
        assert_eq!(done["items"][0]["id"], json!(id));
        app.clock.advance(TimeDelta::minutes(1));
        world.next(json!({ "error": "007053" })).await;
        world.browser().sign_in(LOGIN).await;
        let page = support.get(ALARMS).await.expect(200);
        assert_eq!(page["items"][0]["occurrences"], 1, "a new row: {page}");
        world.stop().await;
    }

    async fn alarms_come_in_pages_the_latest_first(app: TestApp) {
        let world = World::start(app).await;
        let support = support(app, &world).await;
        let context = world.services.context.clone();
        let clock = std::sync::Arc::clone(&app.clock);
        app.write(move |conn| {
            for number in 0..7 {
                clock.advance(TimeDelta::seconds(1));
                epos_backend::alarms::raise(conn, &context, &format!("test-{number}"), "x")?;
            }
            Ok(())
        })
        .await;
        let codes = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| item["code"].as_str().unwrap().to_owned()).collect()
        };
        let first = support.get(&format!("{ALARMS}?limit=3")).await.expect(200);
        assert_eq!(codes(&first), ["test-6", "test-5", "test-4"]);
        assert!(first["previous"].is_null());
        let next = format!("{ALARMS}?limit=3&after={}", first["next"].as_str().unwrap());
        let second = support.get(&next).await.expect(200);
        assert_eq!(codes(&second), ["test-3", "test-2", "test-1"]);
        let back = format!("{ALARMS}?limit=3&before={}", second["previous"].as_str().unwrap());
        assert_eq!(codes(&support.get(&back).await.expect(200)), ["test-6", "test-5", "test-4"]);
        let last = format!("{ALARMS}?limit=3&after={}", second["next"].as_str().unwrap());
        let last = support.get(&last).await.expect(200);
        assert_eq!(codes(&last), ["test-0"]);
        assert!(last["next"].is_null());
        support.get(&format!("{ALARMS}?after=x")).await.expect_problem(400, "invalid-cursor");
        support.get(&format!("{ALARMS}?state=x")).await.expect_problem(400, "malformed-parameter");
        let open: i64 = app.read(|conn| Ok(alarms::table.count().get_result(conn)?)).await;
        assert_eq!(open, 7);
        world.stop().await;
    }

    async fn what_cannot_work_is_told_at_the_start(app: TestApp) {
        let demo = |change: &dyn Fn(&mut epos_backend::config::Esia)| wrong(app, Mode::Demo, |esia| change(esia));
        assert_eq!(demo(&|_| {}), "");
        let gost = Key::gost("client");
        let other = Key::rsa("provider");
        for (told, change) in [
            ("esia.key_file: the key does not belong to certificate_file", Box::new(|esia: &mut epos_backend::config::Esia| {
                esia.certificate_file = Some(other.certificate.clone());
            }) as Box<dyn Fn(&mut epos_backend::config::Esia)>),
            ("esia.key_file: give the RSA key", Box::new(|esia| esia.key_file = None)),
            ("esia.key_file: /nowhere", Box::new(|esia| esia.key_file = Some("/nowhere".into()))),
            ("not an RSA key", Box::new(|esia| esia.key_file = Some(gost.private.clone()))),
            ("esia.certificate_file: give", Box::new(|esia| esia.certificate_file = None)),
            ("esia.certificate_file: /etc/hostname", Box::new(|esia| esia.certificate_file = Some("/etc/hostname".into()))),
            ("esia.trusted: give the certificates", Box::new(|esia| esia.trusted = Vec::new())),
            ("esia.trusted: /nowhere", Box::new(|esia| esia.trusted = vec!["/nowhere".into()])),
            ("esia.trusted: there is no certificate for RS256", Box::new(|esia| esia.trusted = vec![gost.certificate.clone()])),
            ("esia.base_url", Box::new(|esia| esia.base_url = "esia.gosuslugi.ru".to_owned())),
            ("esia.base_url", Box::new(|esia| esia.base_url = "https://esia.gosuslugi.ru/x".to_owned())),
            ("esia.token_path", Box::new(|esia| esia.token_path = "te".to_owned())),
            ("esia.leeway_seconds", Box::new(|esia| esia.leeway_seconds = 61)),
            ("esia.algorithms", Box::new(|esia| esia.algorithms = Vec::new())),
            ("esia.signer_command: give", Box::new(|esia| esia.signer = EsiaSigner::Command)),
            ("esia.signer_command: /nowhere", Box::new(|esia| {
                esia.signer = EsiaSigner::Command;
                esia.signer_command = vec!["/nowhere".to_owned()];
            })),
            ("esia.signer_command: the key does not belong", Box::new(|esia| {
                esia.signer = EsiaSigner::Command;
                esia.signer_command = gost_command(&Key::gost("provider"));
                esia.certificate_file = Some(gost.certificate.clone());
            })),
            ("not a detached CMS", Box::new(|esia| {
                esia.version = EsiaVersion::V1;
                esia.signer = EsiaSigner::Command;
                esia.signer_command = vec!["echo".to_owned(), "x".to_owned()];
            })),
            ("esia.ca_file: /nowhere", Box::new(|esia| esia.ca_file = Some("/nowhere".into()))),
        ] {
            let said = demo(&*change);
            assert!(said.contains(told), "{told}: {said}");
        }
    }

    async fn production_cannot_be_led_to_a_stand_in(app: TestApp) {
        let world = World::start(app).await;
        for own in [&*world.provider, "http://esia.gosuslugi.ru", "https://localhost", "https://10.1.2.3"] {
            let said = wrong(app, Mode::Production, |esia| esia.base_url = own.to_owned());
            assert!(said.contains("REFUSED"), "{own}: {said}");
        }
        assert_eq!(wrong(app, Mode::Production, |_| {}), "");
        let key = Key::rsa("client");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_epos"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EPOS_")) {
            command.env_remove(name);
        }
        let trusted = format!("[{:?}]", Key::rsa("provider").certificate);
        let serve = command
            .env("EPOS_DATABASE__URL", &app.services.config.database.url)
            .env("EPOS_SERVER__PUBLIC_URL", "https://epos.test")
            .env("EPOS_SERVER__TRUSTED_PROXIES", "[]")
            .env("EPOS_SECRETS__MASTER_KEY", "07".repeat(32))
            .env("EPOS_ESIA__CLIENT_ID", "EPOS")
            .env("EPOS_ESIA__BASE_URL", &world.provider)
            .env("EPOS_ESIA__KEY_FILE", key.private)
            .env("EPOS_ESIA__CERTIFICATE_FILE", key.certificate)
            .env("EPOS_ESIA__TRUSTED", trusted)
            .arg("serve");
        let output = serve.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("REFUSED"), "{said}");
        // Where the address says nothing, whoever answers there is asked.
        world.linked(app).await;
        let esia = world.services.esia.clone().unwrap();
        let said = esia.guard().await.unwrap_err();
        assert!(said.contains("REFUSED: a stand-in"), "{said}");
        assert_eq!(world.browser().open("/esia/login").await.failure(), "untrusted");
        assert_eq!(world.alarms(app).await, ["esia-untrusted"]);
        // Nobody answers at the start, and then it is one.
        let later = Esia::open(&Config {
            esia: epos_backend::config::Esia { base_url: "http://127.0.0.1:9".to_owned(), ..world.services.config.esia.clone() },
            ..(*world.services.config).clone()
        });
        later.unwrap().unwrap().guard().await.unwrap();
        world.stop().await;
    }
}
