//! Sign-in through Госуслуги: a browser's way there and back, whatever it brings.

use chrono::TimeDelta;
use epos_backend::config::{EsiaAlgorithm, EsiaEncoding, EsiaSigner, EsiaVersion};
use epos_shared::esia::{WhoActs, explain};
use esia_standin::jwt::Algorithm;
use esia_standin::refusal::Refusal;
use serde_json::{Value, json};

use crate::common::TestApp;
use crate::esia_world::{CALLBACK, Key, LOGIN, World, gost_command, pairs};

/// A sign-in as the account joined with the person.
async fn signs_in(app: &TestApp, world: &World, what: &str) {
    world.linked(app).await;
    let browser = world.browser();
    let answer = browser.sign_in(LOGIN).await;
    assert_eq!((answer.status, &*answer.location), (303, "/subsystems"), "{what}: {answer:?}");
    assert_eq!(browser.user_name().await.as_deref(), Some("ivanova"), "{what}");
}

crate::both_databases! {
    async fn a_joined_account_is_signed_in_and_goes_on_to_where_it_wanted(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        let answer = browser.sign_in_from("/esia/login?next=%2Fprofile%3Ftab%3D1", LOGIN).await;
        assert_eq!((answer.status, &*answer.location), (303, "/profile?tab=1"), "{answer:?}");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert_eq!(browser.user_name().await.as_deref(), Some("ivanova"));
        assert_eq!(browser.attempts(), Vec::<String>::new(), "the attempt is over");
        assert_eq!(world.alarms(app).await, Vec::<String>::new());
        world.stop().await;
    }

    async fn the_request_is_what_esia_wants(app: TestApp) {
        let world = World::start(app).await;
        let browser = world.browser();
        let answer = browser.open("/esia/login").await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let (address, query) = answer.location.split_once('?').unwrap();
        assert_eq!(address, format!("{}/aas/oauth2/v2/ac", world.provider));
        assert!(query.contains("timestamp=2026.11.22%2007%3A00%3A00%20%2B0000"), "{query}");
        let pairs = pairs(query);
        assert_eq!(pairs["client_id"], "EPOS");
        assert_eq!(pairs["scope"], "openid fullname email snils");
        assert_eq!(pairs["redirect_uri"], CALLBACK);
        assert_eq!(pairs["response_type"], "code");
        assert_eq!(pairs["access_type"], "online");
        assert_eq!(pairs["code_challenge_method"], "S256");
        assert_eq!(pairs["client_certificate_hash"].len(), 64);
        assert!(!pairs["client_secret"].contains('='));
        let state: uuid::Uuid = pairs["state"].parse().unwrap();
        assert_eq!(state.get_version_num(), 4);
        world.stop().await;
    }

    async fn somebody_unknown_is_led_to_the_page_of_the_mismatch(app: TestApp) {
        let world = World::start(app).await;
        let browser = world.browser();
        let answer = browser.sign_in(LOGIN).await;
        assert_eq!((answer.status, &*answer.location), (303, "/login/esia/mismatch"), "{answer:?}");
        assert_eq!(browser.user_name().await, None);
        let answer = browser.sign_in_from("/esia/login?next=/profile%3Ftab%3D1", LOGIN).await;
        assert_eq!(answer.location, "/login/esia/mismatch?next=%2Fprofile%3Ftab%3D1");
        world.stop().await;
    }

    async fn every_code_of_esia_leads_to_its_page_and_ours_tell_support(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        let mut expected = Vec::new();
        for refusal in Refusal::ALL {
            for place in ["ac", "te"] {
                world.next(json!({ "error": refusal.code, "error_at": place })).await;
                assert_eq!(browser.sign_in(LOGIN).await.failure(), refusal.code, "{place}");
            }
            if explain(refusal.code).who == WhoActs::OurAdministrator {
                expected.push(format!("esia-{}", refusal.code));
            }
        }
        expected.sort();
        assert_eq!(world.alarms(app).await, expected);
        assert_eq!(browser.user_name().await, None);
        // A refusal in plain text names its code as well.
        world.next(json!({ "error": "007008", "error_at": "te", "plain_error": true })).await;
        assert_eq!(browser.sign_in(LOGIN).await.failure(), "007008");
        assert_eq!(browser.sign_in(LOGIN).await.location, "/subsystems", "and after all that the next one works");
        world.stop().await;
    }

    async fn an_id_token_that_is_not_as_it_should_be_lets_nobody_in(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        let now = 1_795_330_800; // 2026-11-22T07:00:00Z
        for switches in [
            json!({ "alg": "none" }),
            json!({ "alg": "GOST3410_2012_256" }),
            json!({ "id_token_header": { "alg": "RS512" } }),
            json!({ "id_token_header": { "sbt": "access" } }),
            json!({ "id_token_header": { "sbt": null } }),
            json!({ "id_token_claims": { "iss": "https://esia.gosuslugi.ru/" } }),
            json!({ "id_token_claims": { "aud": "OTHER" } }),
            json!({ "id_token_claims": { "aud": null } }),
            json!({ "id_token_claims": { "sub": "../1000299901" } }),
            json!({ "id_token_claims": { "sub": null } }),
            json!({ "id_token_claims": { "exp": now - 60 } }),
            json!({ "id_token_claims": { "exp": null } }),
            json!({ "id_token_claims": { "nbf": now + 61 } }),
            json!({ "id_token_claims": { "iat": now + 61 } }),
            json!({ "clock_skew_seconds": 120 }),
            json!({ "access_seconds": -60 }),
            json!({ "spoil_signature": true }),
            json!({ "rotated": true }),
            json!({ "token_answer": { "id_token": null } }),
            json!({ "token_answer": { "id_token": "a.b.c" } }),
            json!({ "token_answer": { "state": "00000000-0000-4000-8000-000000000000" } }),
            json!({ "token_answer": { "token_type": "mac" } }),
            json!({ "token_answer": { "access_token": null } }),
        ] {
            world.next(switches.clone()).await;
            assert_eq!(browser.sign_in(LOGIN).await.failure(), "untrusted", "{switches}");
        }
        assert_eq!(browser.user_name().await, None);
        assert_eq!(world.alarms(app).await, ["esia-untrusted"], "one row, however often");
        for switches in [
            json!({ "clock_skew_seconds": 59 }),
            json!({ "clock_skew_seconds": -59 }),
            json!({ "expires_in_text": true }),
            json!({ "sub": "string" }),
            json!({ "kid": true }),
            json!({ "embed": false }),
            json!({ "token_answer": { "expires_in": null, "refresh_token": null, "state": null } }),
            json!({ "id_token_claims": { "aud": ["EPOS"] } }),
        ] {
            world.next(switches.clone()).await;
            assert_eq!(browser.sign_in(LOGIN).await.location, "/subsystems", "{switches}");
        }
        world.stop().await;
    }

    async fn people_who_may_not_come_in_are_told_why(app: TestApp) {
        let world = World::start(app).await;
        let browser = world.browser();
        for (login, failure) in [
            ("EsiaTest002@example.test", "unconfirmed"),
            ("EsiaTest005@example.test", "deleted"),
        ] {
            assert_eq!(browser.sign_in(login).await.failure(), failure, "{login}");
        }
        world.linked(app).await;
        for (switches, failure) in [
            (json!({ "cancel": true }), "007004"),
            (json!({ "unconfirmed": true }), "007055"),
            (json!({ "overload": true }), "007008"),
            (json!({ "person": { "trusted": false } }), "unconfirmed"),
            (json!({ "person": { "status": "DELETED" } }), "deleted"),
            (json!({ "person": { "status": "LOCKED" } }), "no-data"),
            (json!({ "person": { "lastName": "Ивановa" } }), "bad-name"),
            (json!({ "person": { "firstName": "<script>" } }), "bad-name"),
            (json!({ "person": { "middleName": "Ив4новна" } }), "bad-name"),
            (json!({ "person": { "lastName": null } }), "bad-name"),
            (json!({ "person": { "lastName": "я".repeat(100_000) } }), "bad-name"),
            (json!({ "person": { "lastName": "я".repeat(200_000) } }), "untrusted"),
            (json!({ "person": { "lastName": 7 } }), "no-data"),
            (json!({ "resource_status": 401 }), "no-data"),
            (json!({ "resource_status": 403 }), "no-data"),
        ] {
            world.next(switches.clone()).await;
            let short = switches.to_string().chars().take(60).collect::<String>();
            assert_eq!(browser.sign_in(LOGIN).await.failure(), failure, "{short}");
        }
        // Отчество may be missing, and СНИЛС is not always told.
        for switches in [json!({ "person": { "middleName": null } }), json!({ "person": { "snils": null } })] {
            world.next(switches.clone()).await;
            assert_eq!(browser.sign_in(LOGIN).await.location, "/subsystems", "{switches}");
        }
        world.stop().await;
    }

    async fn a_state_of_somebody_else_or_of_another_time_is_refused_before_anything_else(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let (mine, other) = (world.browser(), world.browser());
        let address = mine.depart("/esia/login").await;
        let back = mine.at_provider(&address, LOGIN).await;
        assert_eq!(other.come_back(&back).await.failure(), "wrong-browser", "another browser");
        // Another window of the same browser, and a cookie put under another name.
        let theirs = other.depart("/esia/login").await;
        let state = pairs(theirs.split_once('?').unwrap().1)["state"].clone();
        let own = pairs(address.split_once('?').unwrap().1)["state"].clone();
        assert_eq!(mine.come_back(&back.replace(&own, &state)).await.failure(), "wrong-browser", "swapped");
        let stolen = other.attempts();
        let value = other.cookies.borrow()[&stolen[0]].clone();
        let name = mine.attempts()[0].clone();
        let kept = mine.cookies.borrow_mut().insert(name.clone(), value).unwrap();
        assert_eq!(mine.come_back(&back).await.failure(), "wrong-browser", "a cookie of another state");
        mine.cookies.borrow_mut().insert(name, kept);
        for query in ["", "?code=x", "?state=", "?state=x&code=y", "?error=access_denied"] {
            assert_eq!(mine.open(&format!("/esia/callback{query}")).await.failure(), "wrong-browser", "{query}");
        }
        let twice = format!("{back}&state={own}");
        assert_eq!(mine.come_back(&twice).await.failure(), "wrong-browser", "state stands there twice");
        assert_eq!(mine.come_back(&back).await.location, "/subsystems", "and all that spoiled nothing");
        assert_eq!(mine.come_back(&back).await.failure(), "wrong-browser", "it works once");
        let late = mine.depart("/esia/login").await;
        let back = mine.at_provider(&late, LOGIN).await;
        app.clock.advance(TimeDelta::minutes(15));
        assert_eq!(mine.come_back(&back).await.failure(), "wrong-browser", "too late");
        assert_eq!(world.alarms(app).await, Vec::<String>::new());
        world.stop().await;
    }

    async fn a_code_works_once_and_only_with_its_verifier(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        let address = browser.depart("/esia/login").await;
        let back = browser.at_provider(&address, LOGIN).await;
        let cookies = browser.cookies.borrow().clone();
        assert_eq!(browser.come_back(&back).await.location, "/subsystems");
        *browser.cookies.borrow_mut() = cookies;
        assert_eq!(browser.come_back(&back).await.failure(), "007011", "replayed with its cookie");
        // A code of another sign-in, injected into this one.
        let (one, two) = (world.browser(), world.browser());
        let (first, second) = (one.depart("/esia/login").await, two.depart("/esia/login").await);
        let (first, second) = (one.at_provider(&first, LOGIN).await, two.at_provider(&second, LOGIN).await);
        let code = pairs(first.split_once('?').unwrap().1)["code"].clone();
        let own = pairs(second.split_once('?').unwrap().1)["code"].clone();
        assert_eq!(two.come_back(&second.replace(&own, &code)).await.failure(), "007040");
        world.next(json!({ "code_seconds": 0 })).await;
        assert_eq!(world.browser().sign_in(LOGIN).await.failure(), "007011", "out of date");
        // As long as a browser's line may be.
        let long = world.browser();
        let address = long.depart("/esia/login").await;
        let state = pairs(address.split_once('?').unwrap().1)["state"].clone();
        let path = format!("/esia/callback?state={state}&code={}", "a.b".repeat(15_000));
        assert_eq!(long.open(&path).await.failure(), "007011", "a code of 45,000 characters");
        world.stop().await;
    }

    async fn several_windows_at_once_end_each_in_its_own_way(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        let mut addresses = Vec::new();
        for number in 0..8 {
            addresses.push(browser.depart(&format!("/esia/login?next=/page{number}")).await);
            app.clock.advance(TimeDelta::seconds(1));
            assert!(browser.attempts().len() <= 5, "{:?}", browser.attempts());
        }
        for (number, address) in addresses.iter().enumerate().rev() {
            let back = browser.at_provider(address, LOGIN).await;
            let answer = browser.come_back(&back).await;
            if number < 3 {
                assert_eq!(answer.failure(), "wrong-browser", "the oldest gave way");
            } else {
                assert_eq!(answer.location, format!("/page{number}"));
            }
        }
        world.stop().await;
    }

    async fn addresses_elsewhere_are_never_gone_on_to(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        for next in [
            "//evil.example",
            "/%5Cevil.example",
            "%5C%5Cevil.example",
            "https://evil.example/",
            "/%09/evil.example",
            "%2F%2Fevil.example",
            "/..%2F/evil.example",
            "javascript:alert(1)",
            "/api/v1/session",
            "/a&next=/b",
        ] {
            let answer = browser.sign_in_from(&format!("/esia/login?next={next}"), LOGIN).await;
            assert_eq!((answer.status, &*answer.location), (303, "/subsystems"), "{next}");
        }
        world.stop().await;
    }

    async fn contacts_by_address_are_read_from_esia_alone(app: TestApp) {
        let world = World::with(app, |esia| esia.embed_contacts = false, |_| {}).await;
        signs_in(app, &world, "by address").await;
        world.stop().await;
        // The stand-in writes addresses of a host that is not the one we ask.
        let world = World::with(
            app,
            |esia| esia.embed_contacts = false,
            |standin| standin.public_url = Some("http://elsewhere.example".to_owned()),
        )
        .await;
        assert_eq!(world.browser().sign_in(LOGIN).await.failure(), "untrusted");
        world.stop().await;
    }

    async fn other_addresses_scopes_and_issuers_are_a_matter_of_configuration(app: TestApp) {
        let world = World::with(
            app,
            |esia| {
                esia.issuer = "https://op.example".to_owned();
                esia.authorize_path = "/o/authorize".to_owned();
                esia.token_path = format!("{}/o/token", esia.base_url);
                esia.persons_path = "/people".to_owned();
                esia.logout_path = "/o/logout".to_owned();
                esia.scope = "openid http://esia/name mail".to_owned();
                esia.pkce = false;
            },
            |standin| {
                standin.issuer = "https://op.example".to_owned();
                standin.paths.authorize_v2 = "/o/authorize".to_owned();
                standin.paths.token_v3 = "/o/token".to_owned();
                standin.paths.persons = "/people".to_owned();
                standin.paths.logout = "/o/logout".to_owned();
                let gives = |standin: &mut esia_standin::config::Config, name: &str, as_name: &str| {
                    let given = standin.scopes.remove(name).unwrap();
                    standin.scopes.insert(as_name.to_owned(), given);
                };
                gives(standin, "fullname", "http://esia/name");
                gives(standin, "email", "mail");
            },
        )
        .await;
        signs_in(app, &world, "elsewhere").await;
        let answer = world.browser().open("/esia/logout").await;
        assert_eq!(answer.status, 303);
        let (address, query) = answer.location.split_once('?').unwrap();
        assert_eq!(address, format!("{}/o/logout", world.provider));
        let pairs = pairs(query);
        assert_eq!((&*pairs["client_id"], &*pairs["redirect_url"]), ("EPOS", "http://epos.test/"));
        let there = world.http.get(&answer.location).send().await.unwrap();
        assert_eq!((there.status().as_u16(), &there.headers()["location"]), (302, &"http://epos.test/".parse().unwrap()));
        world.stop().await;
    }

    async fn v1_signs_by_detached_cms_in_the_process_and_by_a_command(app: TestApp) {
        let world = World::with(app, |esia| esia.version = EsiaVersion::V1, |_| {}).await;
        signs_in(app, &world, "CMS in the process").await;
        let address = world.browser().depart("/esia/login").await;
        let pairs = pairs(address.split_once('?').unwrap().1);
        assert!(!pairs.contains_key("client_certificate_hash") && !pairs.contains_key("code_challenge"));
        world.stop().await;
        for (key, engine, digest) in
            [(Key::rsa("client"), "", "sha256"), (Key::gost("client"), "-engine gost", "md_gost12_256")]
        {
            let line = format!(
                "openssl cms {engine} -sign -binary -outform DER -md {digest} -signer {} -inkey {}",
                key.certificate.display(),
                key.private.display()
            );
            let world = World::with(
                app,
                |esia| {
                    esia.version = EsiaVersion::V1;
                    esia.signer = EsiaSigner::Command;
                    esia.signer_command = line.split_whitespace().map(str::to_owned).collect();
                    esia.certificate_file = Some(key.certificate.clone());
                },
                |_| {},
            )
            .await;
            let answer = world.browser().sign_in(LOGIN).await;
            assert_eq!(answer.location, "/subsystems", "{line}: {answer:?}");
            world.stop().await;
        }
    }

    async fn gost_signs_and_is_verified_by_openssl(app: TestApp) {
        let key = Key::gost("client");
        let gost = |esia: &mut epos_backend::config::Esia| {
            esia.signer = EsiaSigner::Command;
            esia.signer_command = gost_command(&key);
            esia.certificate_file = Some(key.certificate.clone());
            esia.algorithms = vec![EsiaAlgorithm::Gost];
            esia.trusted = vec![Key::gost("provider").certificate];
        };
        let world = World::with(app, gost, |standin| standin.clients[0].alg = Algorithm::Gost).await;
        signs_in(app, &world, "ГОСТ").await;
        let browser = world.browser();
        for switches in [
            json!({ "spoil_signature": true }),
            json!({ "rotated": true }),
            json!({ "alg": "RS256" }),
            json!({ "alg": "none" }),
        ] {
            world.next(switches.clone()).await;
            assert_eq!(browser.sign_in(LOGIN).await.failure(), "untrusted", "{switches}");
        }
        world.stop().await;
        // What CryptoPro answers: base64, in the other order.
        let world = World::with(
            app,
            |esia| {
                gost(esia);
                esia.signer_command = vec!["sh".to_owned(), "-c".to_owned(), reversed(&key)];
                esia.signer_encoding = EsiaEncoding::Base64;
                esia.signer_reversed = true;
            },
            |standin| standin.clients[0].alg = Algorithm::Gost,
        )
        .await;
        assert_eq!(world.browser().sign_in(LOGIN).await.location, "/subsystems");
        world.stop().await;
    }

    async fn a_rotated_certificate_is_taken_as_soon_as_it_lies_in_the_folder(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let browser = world.browser();
        world.put("switches/all", &json!({ "rotated": true })).await;
        assert_eq!(browser.sign_in(LOGIN).await.failure(), "untrusted");
        assert_eq!(world.alarms(app).await, ["esia-untrusted"]);
        let new = world.trusted.path().join("new.crt");
        std::fs::write(&new, "half a certificate").unwrap();
        assert_eq!(browser.sign_in(LOGIN).await.failure(), "untrusted", "a damaged file takes nothing away");
        std::fs::copy(Key::rsa("provider-next").certificate, &new).unwrap();
        assert_eq!(browser.sign_in(LOGIN).await.location, "/subsystems");
        world.put("switches/all", &json!({})).await;
        assert_eq!(browser.sign_in(LOGIN).await.location, "/subsystems", "the old one is trusted as well");
        std::fs::remove_file(world.trusted.path().join("esia.pem")).unwrap();
        assert_eq!(browser.sign_in(LOGIN).await.failure(), "untrusted", "and not any more once it is gone");
        world.stop().await;
    }

    async fn joining_begins_with_a_session_and_ends_in_the_same(app: TestApp) {
        let world = World::start(app).await;
        app.account("petrova").await;
        world.client().post("/api/v1/profile/esia", Value::Null).await.expect_problem(401, "not-signed-in");
        let client = world.client();
        client.sign_in("petrova", crate::common::PASSWORD).await.expect(200);
        let session = client.cookie().unwrap();
        let forged = world.client().with_origin(Some("https://evil.example"));
        forged.set_cookie(Some(session.clone()));
        forged.post("/api/v1/profile/esia", Value::Null).await.expect_problem(403, "forged-origin");
        let answer = client.post("/api/v1/profile/esia", Value::Null).await;
        let location = answer.expect(200)["location"].as_str().unwrap().to_owned();
        assert!(location.starts_with(&format!("{}/aas/oauth2/v2/ac?", world.provider)), "{location}");
        let browser = world.browser();
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let (name, value) = cookie.split_once('=').unwrap();
        browser.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        let back = browser.at_provider(&location, LOGIN).await;
        let cookies = browser.cookies.borrow().clone();
        assert_eq!(browser.come_back(&back).await.failure(), "wrong-browser", "without the session");
        *browser.cookies.borrow_mut() = cookies;
        let (name, value) = session.split_once('=').unwrap();
        browser.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        // The account is Тестова, the person Фамилия001.
        assert_eq!(browser.come_back(&back).await.failure(), "other-person");
        assert_eq!(browser.user_name().await.as_deref(), Some("petrova"), "the session goes on");
        world.stop().await;
    }

    async fn many_sign_ins_at_once_are_all_there(app: TestApp) {
        let world = World::start(app).await;
        world.linked(app).await;
        let all = futures_util::future::join_all((0..40).map(|_| async {
            let browser = world.browser();
            (browser.sign_in(LOGIN).await.location, browser.user_name().await)
        }));
        for (location, name) in all.await {
            assert_eq!((&*location, name.as_deref()), ("/subsystems", Some("ivanova")));
        }
        world.stop().await;
    }
}

/// The command with its answer in the other order, in base64: by OpenSSL and perl, which every system has.
fn reversed(key: &Key) -> String {
    format!("{} | perl -0777 -ne 'print scalar reverse $_' | openssl base64", gost_command(key).join(" "))
}
