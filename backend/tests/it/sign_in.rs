//! Password sign-in: what is told, what is counted, what is refused.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::db::schema::{accounts, attempt_counters, audit_events};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{PASSWORD, TestApp};

const WRONG: &str = "не тот пароль";

/// Actions, results and reasons of the journal, in its order.
async fn journal(app: &TestApp) -> Vec<String> {
    app.read(|conn| {
        let rows: Vec<(String, String, String)> = audit_events::table
            .order(audit_events::id)
            .select((audit_events::action, audit_events::result, audit_events::details))
            .load(conn)?;
        Ok(rows
            .into_iter()
            .map(|(action, result, details)| {
                let details: Value = serde_json::from_str(&details).unwrap();
                match details["reason"].as_str() {
                    Some(reason) => format!("{action} {result}: {reason}"),
                    None => format!("{action} {result}"),
                }
            })
            .collect())
    })
    .await
}

/// A problem without what differs by request.
fn told(mut problem: Value) -> Value {
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

async fn count(app: &TestApp) -> i64 {
    app.read(|conn| Ok(attempt_counters::table.count().get_result(conn)?)).await
}

crate::both_databases! {
    async fn the_user_name_and_the_address_open_a_session(app: TestApp) {
        app.account("ivanova").await;
        for name in ["ivanova", " IVANOVA ", "Ivanova@EPOS.test"] {
            let client = app.anonymous();
            let mut state = client.sign_in(name, PASSWORD).await.expect(200)["session"].clone();
            state.as_object_mut().unwrap().remove("previous_sign_in_at");
            insta::allow_duplicates! {
                insta::assert_json_snapshot!(state, { ".account.id" => "[id]" }, @r#"
                {
                  "account": {
                    "email": "ivanova@epos.test",
                    "id": "[id]",
                    "name": {
                      "family_name": "Тестова",
                      "given_name": "Анна",
                      "patronymic": "Ивановна"
                    },
                    "user_name": "ivanova"
                  },
                  "cards": [],
                  "categories": [
                    "employee"
                  ],
                  "category": "employee",
                  "consent_required": false,
                  "expires_at": "2026-11-22T19:00:00Z",
                  "idle_expires_at": "2026-11-22T07:30:00Z",
                  "today": "2026-11-22",
                  "way": "password"
                }
                "#);
            }
            assert_eq!(client.get("/api/v1/session").await.expect(200)["session"]["today"], "2026-11-22");
        }
        assert_eq!(count(app).await, 1, "only the address stays counted, at nought");
    }

    async fn the_cookie_is_out_of_reach_of_scripts_and_strangers(app: TestApp) {
        app.account("ivanova").await;
        let answer = app.anonymous().sign_in("ivanova", PASSWORD).await;
        let cookie = answer.header("set-cookie").unwrap();
        let (value, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(value.strip_prefix("epos_session=").unwrap().len(), 43, "256 bits");
        assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }

    #[configure(|config| config.server.public_url = "https://epos.test".to_owned())]
    async fn under_tls_the_cookie_is_bound_to_the_host(app: TestApp) {
        app.account("ivanova").await;
        let client = app.anonymous().with_origin(Some("https://epos.test"));
        let answer = client.sign_in("ivanova", PASSWORD).await;
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-epos_session="), "{cookie}");
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{cookie}");
    }

    async fn a_wrong_password_and_an_unknown_name_are_told_alike_to_the_lock_and_in_it(app: TestApp) {
        app.account("ivanova").await;
        let (known, unknown) = (app.anonymous().from("192.0.2.1"), app.anonymous().from("192.0.2.2"));
        for left in [4, 3, 2, 1, 0] {
            let one = told(known.sign_in("ivanova", WRONG).await.expect_problem(401, "invalid-credentials"));
            let other = told(unknown.sign_in("petrova", WRONG).await.expect_problem(401, "invalid-credentials"));
            assert_eq!(one, other);
            assert_eq!(one["attempts_left"], left);
            assert_eq!(one["locked_until"].is_null(), left > 0);
        }
        // The right password opens nothing in a lock.
        let one = known.sign_in("ivanova", PASSWORD).await;
        let other = unknown.sign_in("petrova", WRONG).await;
        let wait = one.header("retry-after").unwrap().to_owned();
        assert_eq!(other.header("retry-after"), Some(wait.as_str()));
        let one = told(one.expect_problem(423, "locked"));
        assert_eq!(one, told(other.expect_problem(423, "locked")));
        assert_eq!((one["locked_until"].as_str(), wait.as_str()), (Some("2026-11-22T07:15:00Z"), "900"));
        assert_eq!(one["attempts_left"], 0);

        app.clock.advance(TimeDelta::seconds(15 * 60 - 1));
        known.sign_in("ivanova", PASSWORD).await.expect_problem(423, "locked");
        app.clock.advance(TimeDelta::seconds(1));
        known.sign_in("ivanova", PASSWORD).await.expect(200);
    }

    async fn a_lock_is_of_the_name_at_one_address(app: TestApp) {
        app.account("ivanova").await;
        app.account("petrova").await;
        let school = app.anonymous().from("192.0.2.1");
        for _ in 0..5 {
            school.sign_in("ivanova", WRONG).await.expect(401);
        }
        school.sign_in("ivanova", PASSWORD).await.expect(423);
        app.anonymous().from("192.0.2.1").sign_in("petrova", PASSWORD).await.expect(200);
        app.anonymous().from("192.0.2.2").sign_in("ivanova", PASSWORD).await.expect(200);
    }

    async fn old_failures_are_forgotten_and_success_forgets_the_rest(app: TestApp) {
        app.account("ivanova").await;
        let client = app.anonymous();
        for _ in 0..4 {
            client.sign_in("ivanova", WRONG).await.expect(401);
        }
        app.clock.advance(TimeDelta::minutes(15));
        assert_eq!(client.sign_in("ivanova", WRONG).await.expect(401)["attempts_left"], 4);
        client.sign_in("ivanova", PASSWORD).await.expect(200);
        assert_eq!(client.sign_in("ivanova", WRONG).await.expect(401)["attempts_left"], 4);
    }

    #[configure(|config| { config.sign_in.name_failures = 3; })]
    async fn a_name_is_locked_for_every_address(app: TestApp) {
        app.account("ivanova").await;
        for number in 1..=3 {
            let client = app.anonymous().from(&format!("192.0.2.{number}"));
            client.sign_in("ivanova", WRONG).await.expect(401);
        }
        app.anonymous().from("192.0.2.9").sign_in("ivanova", PASSWORD).await.expect_problem(423, "locked");
    }

    #[configure(|config| { config.sign_in.address_failures = 3; })]
    async fn an_address_is_locked_for_every_name_and_success_gives_only_itself_back(app: TestApp) {
        app.account("ivanova").await;
        let client = app.anonymous();
        client.sign_in("a1", WRONG).await.expect(401);
        client.sign_in("a2", WRONG).await.expect(401);
        client.sign_in("ivanova", PASSWORD).await.expect(200);
        client.sign_in("a3", WRONG).await.expect(401);
        client.sign_in("ivanova", PASSWORD).await.expect_problem(423, "locked");
        app.anonymous().from("192.0.2.7").sign_in("ivanova", PASSWORD).await.expect(200);
    }

    async fn attempts_at_once_do_not_outrun_the_count(app: TestApp) {
        app.account("ivanova").await;
        let clients: Vec<_> = (0..12).map(|_| app.anonymous()).collect();
        let answers =
            futures_util::future::join_all(clients.iter().map(|client| client.sign_in("ivanova", WRONG))).await;
        let hashed = answers.iter().filter(|answer| answer.status == 401).count();
        let refused = answers.iter().filter(|answer| answer.status == 423).count();
        assert_eq!((hashed, refused), (5, 7));
    }

    #[configure(|config| { config.passwords.concurrent = 1; config.passwords.waiting = 0;
        config.passwords.memory_kib = 65_536; config.passwords.iterations = 6; })]
    async fn a_rush_is_told_to_come_back_and_is_not_counted(app: TestApp) {
        let clients: Vec<_> = (0..6).map(|number| app.anonymous().from(&format!("192.0.2.{number}"))).collect();
        let answers =
            futures_util::future::join_all(clients.iter().map(|client| client.sign_in("ivanova", WRONG))).await;
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
        assert!(!refused.is_empty(), "all six were hashed");
        for answer in &refused {
            assert_eq!(answer.expect_problem(503, "overloaded")["retry_after"], 2);
            assert_eq!(answer.header("retry-after"), Some("2"));
        }
        let counted: i32 = app
            .read(|conn| {
                let names = attempt_counters::table.filter(attempt_counters::key.like("name/%"));
                Ok(names.select(attempt_counters::failures).first(conn)?)
            })
            .await;
        assert_eq!(counted, i32::try_from(6 - refused.len()).unwrap());
    }

    async fn a_blocked_account_is_told_after_the_right_password_only(app: TestApp) {
        let id = app.account("ivanova").await;
        app.write(move |conn| {
            diesel::update(accounts::table.find(id))
                .set((accounts::status.eq("blocked"), accounts::blocked_reason.eq("Уволена")))
                .execute(conn)?;
            Ok(())
        })
        .await;
        let client = app.anonymous();
        client.sign_in("ivanova", WRONG).await.expect_problem(401, "invalid-credentials");
        let problem = client.sign_in("ivanova", PASSWORD).await.expect_problem(403, "account-blocked");
        assert!(problem["detail"].as_str().unwrap().starts_with("Уволена. Обратитесь"), "{problem}");
        assert_eq!(client.cookie(), None);
    }

    async fn accounts_of_the_demo_open_nothing_outside_of_it(app: TestApp) {
        let id = app.account("ivanova").await;
        app.write(move |conn| {
            diesel::update(accounts::table.find(id)).set(accounts::demo.eq(true)).execute(conn)?;
            Ok(())
        })
        .await;
        app.anonymous().sign_in("ivanova", PASSWORD).await.expect_problem(403, "account-blocked");
    }

    async fn a_hash_is_renewed_when_the_parameters_have_changed(app: TestApp) {
        let id = app.account("ivanova").await;
        let cheaper = argon2_of(PASSWORD);
        app.write(move |conn| {
            diesel::update(accounts::table.find(id))
                .set(accounts::password_hash.eq(&cheaper))
                .execute(conn)?;
            Ok(())
        })
        .await;
        app.anonymous().sign_in("ivanova", PASSWORD).await.expect(200);
        let stored: Option<String> =
            app.read(move |conn| Ok(accounts::table.find(id).select(accounts::password_hash).first(conn)?)).await;
        assert!(stored.unwrap().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        app.anonymous().sign_in("ivanova", PASSWORD).await.expect(200);
    }

    async fn everything_is_in_the_journal_and_nothing_that_was_typed(app: TestApp) {
        app.account("ivanova").await;
        let client = app.anonymous().from("192.0.2.44");
        client.sign_in("ivanova", WRONG).await.expect(401);
        app.clock.advance(TimeDelta::seconds(1));
        client.sign_in("тайный пароль не в том поле", WRONG).await.expect(401);
        app.clock.advance(TimeDelta::seconds(1));
        client.sign_in("ivanova", PASSWORD).await.expect(200);
        app.clock.advance(TimeDelta::seconds(1));
        client.delete("/api/v1/session").await.expect(204);
        assert_eq!(journal(app).await, [
            "session.opened refused: wrong-password",
            "session.opened refused: unknown-name",
            "session.opened done",
            "session.closed done",
        ]);
        let all: Vec<(Option<String>, String)> = app
            .read(|conn| Ok(audit_events::table.select((audit_events::address, audit_events::details)).load(conn)?))
            .await;
        for (address, details) in all {
            assert_eq!(address.as_deref(), Some("192.0.2.44"));
            assert!(!details.contains("парол") && !details.contains("ivanova"), "{details}");
        }
        let keys: Vec<String> =
            app.read(|conn| Ok(attempt_counters::table.select(attempt_counters::key).load(conn)?)).await;
        assert!(keys.iter().all(|key| !key.contains("парол") && !key.contains("ivanova")), "{keys:?}");
    }

    async fn every_wrong_field_is_named(app: TestApp) {
        let problem = app.anonymous().sign_in(" ", "").await.expect_problem(422, "validation-failed");
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(problem["errors"], @r#"
            [
              {
                "code": "user-name-empty",
                "field": "user_name",
                "message": "Введите имя пользователя или e-mail"
              },
              {
                "code": "password-empty",
                "field": "password",
                "message": "Введите пароль"
              }
            ]
            "#);
        }
        let long = app.anonymous().sign_in(&"и".repeat(255), &"п".repeat(129)).await;
        assert_eq!(long.expect_problem(422, "validation-failed")["errors"].as_array().unwrap().len(), 2);
        assert_eq!(count(app).await, 0, "nothing was tried");
    }

    async fn a_body_that_is_not_the_form_is_refused(app: TestApp) {
        let client = app.anonymous();
        let send = async |kind: &'static str, body: String| {
            let request = client.request(Method::POST, "/api/v1/session");
            client.send(request.header("content-type", kind).body(body)).await
        };
        let json = "application/json";
        send(json, "не JSON".into()).await.expect_problem(400, "malformed-body");
        send(json, String::new()).await.expect_problem(400, "malformed-body");
        send(json, "[".repeat(30_000)).await.expect_problem(400, "malformed-body");
        let large = json!({ "user_name": "a", "password": "п".repeat(40_000) }).to_string();
        send(json, large).await.expect_problem(413, "body-too-large");
        let form = "user_name=a&password=b".to_owned();
        send("application/x-www-form-urlencoded", form).await.expect_problem(415, "unsupported-media-type");
        send("text/plain", json!({}).to_string()).await.expect_problem(415, "unsupported-media-type");
        let extra = json!({ "user_name": "a", "password": "b", "admin": true }).to_string();
        let problem = send("application/json; charset=utf-8", extra).await.expect_problem(400, "malformed-body");
        assert_eq!(problem["errors"][0]["field"], "admin");
        assert_eq!(problem["errors"][0]["code"], "unknown-field");
        let problem = send(json, r#"{"user_name":5,"password":"b"}"#.into()).await.expect_problem(400, "malformed-body");
        assert_eq!(problem["errors"][0]["field"], "user_name");
    }

    async fn sign_in_from_a_strange_page_is_refused_before_anything_is_counted(app: TestApp) {
        app.account("ivanova").await;
        let stranger = app.anonymous().with_origin(Some("https://evil.example"));
        stranger.sign_in("ivanova", PASSWORD).await.expect_problem(403, "forged-origin");
        assert_eq!(count(app).await, 0);
    }
}

/// A hash with other parameters than the tests' own.
fn argon2_of(password: &str) -> String {
    use argon2::password_hash::PasswordHasher as _;
    let params = argon2::Params::new(16, 2, 1, None).unwrap();
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_with_salt(password.as_bytes(), b"sixteen bytes ok")
        .unwrap()
        .to_string()
}
