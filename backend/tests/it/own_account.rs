//! Recovery, password, sessions, e-mail: what a person does with his own account.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::db::schema::{accounts, audit_events, letters, sessions};
use serde_json::{Value, json};

use crate::common::{Client, PASSWORD, TestApp};

const NEW: &str = "жёлтый трамвай едет";

async fn is_signed_in(client: &Client) -> bool {
    client.get("/api/v1/session").await.expect(200)["session"].is_object()
}

async fn ask(app: &TestApp, name: &str) -> Value {
    app.anonymous().post("/api/v1/recoveries", json!({ "user_name": name })).await.expect(202)
}

/// The token of the newest letter of a kind to an address.
async fn token(app: &TestApp, address: &str, kind: &str) -> String {
    let letters = app.letters_to(address).await;
    letters.iter().rfind(|letter| letter.kind == kind).expect("a letter").token().to_owned()
}

async fn complete(app: &TestApp, token: &str, password: &str) -> crate::common::Answer {
    let form = json!({ "token": token, "password": password });
    app.anonymous().post("/api/v1/recoveries/complete", form).await
}

async fn actions(app: &TestApp) -> Vec<(String, String)> {
    app.read(|conn| {
        let all = audit_events::table.order((audit_events::at, audit_events::id));
        Ok(all.select((audit_events::action, audit_events::result)).load(conn)?)
    })
    .await
}

async fn change_password(client: &Client, current: &str, new: &str) -> crate::common::Answer {
    client.put("/api/v1/profile/password", json!({ "current_password": current, "new_password": new })).await
}

crate::both_databases! {
    async fn a_forgotten_password_is_set_anew_by_the_link_of_a_letter(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        assert_eq!(ask(app, " Ivanova@EPOS.test ").await, json!({ "link_hours": 1 }));
        let letter = app.letter_to("ivanova@epos.test").await;
        assert!(letter.link().starts_with("http://epos.test/recover#"), "{letter:?}");
        let token = letter.token().to_owned();
        // On another device.
        let state = app.anonymous().post("/api/v1/links", json!({ "token": token })).await.expect(200);
        assert_eq!((&state["purpose"], &state["user_name"]), (&json!("recovery"), &json!("ivanova")));
        let weak = complete(app, &token, "Пароль12345").await.expect_problem(422, "validation-failed");
        assert_eq!((&weak["errors"][0]["field"], &weak["errors"][0]["code"]), (&json!("password"), &json!("password-common")));
        let own = complete(app, &token, "ivanova@epos.test").await.expect_problem(422, "validation-failed");
        assert_eq!(own["errors"][0]["code"], "password-personal");
        let same = complete(app, &token, PASSWORD).await.expect_problem(422, "validation-failed");
        assert_eq!(same["errors"][0]["code"], "password-used");
        assert!(is_signed_in(&client).await, "a refused password ends nothing");
        assert_eq!(complete(app, &token, NEW).await.expect(200), json!({ "user_name": "ivanova" }));
        assert!(!is_signed_in(&client).await, "every session has ended");
        complete(app, &token, "другая длинная фраза").await.expect_problem(410, "link-used");
        app.anonymous().sign_in("ivanova", PASSWORD).await.expect_problem(401, "invalid-credentials");
        app.anonymous().sign_in("ivanova", NEW).await.expect(200);
        let kinds: Vec<_> = app.letters_to("ivanova@epos.test").await.into_iter().map(|letter| letter.kind).collect();
        assert_eq!(kinds, ["recovery.link", "password.changed"]);
        let journal = actions(app).await;
        assert!(journal.contains(&("recovery.requested".into(), "done".into())), "{journal:?}");
        assert!(journal.contains(&("password.recovered".into(), "done".into())), "{journal:?}");
    }

    async fn unknown_names_are_answered_alike_and_cause_nothing(app: TestApp) {
        app.account("ivanova").await;
        let known = ask(app, "ivanova").await;
        assert_eq!(ask(app, "nobody").await, known);
        assert_eq!(ask(app, "nobody@example.org").await, known);
        let counts = app.read(|conn| {
            use epos_backend::db::schema::links;
            Ok((letters::table.count().get_result::<i64>(conn)?, links::table.count().get_result::<i64>(conn)?))
        }).await;
        assert_eq!(counts, (1, 1), "of what was done for nobody nothing stays");
        app.anonymous().post("/api/v1/recoveries", json!({ "user_name": " " })).await.expect_problem(422, "validation-failed");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.post("/api/v1/recoveries", json!({ "user_name": "ivanova" })).await.expect_problem(403, "forged-origin");
    }

    async fn a_blocked_account_is_told_so_and_gets_no_link(app: TestApp) {
        let account = app.account("ivanova").await;
        ask(app, "ivanova").await;
        let before = token(app, "ivanova@epos.test", "recovery.link").await;
        app.write(move |conn| Ok(epos_backend::accounts::block(conn, account, "уволена")?)).await;
        ask(app, "ivanova").await;
        let letters = app.letters_to("ivanova@epos.test").await;
        assert_eq!(letters[1].kind, "recovery.blocked");
        assert!(!letters[1].links[0].contains('#'));
        complete(app, &before, NEW).await.expect_problem(404, "link-unknown");
    }

    async fn links_end_by_time_by_a_newer_one_and_are_not_guessed(app: TestApp) {
        app.account("ivanova").await;
        ask(app, "ivanova").await;
        let first = token(app, "ivanova@epos.test", "recovery.link").await;
        app.clock.advance(TimeDelta::minutes(1));
        ask(app, "ivanova").await;
        let second = token(app, "ivanova@epos.test", "recovery.link").await;
        assert_ne!(first, second);
        complete(app, &first, NEW).await.expect_problem(404, "link-unknown");
        app.clock.advance(TimeDelta::minutes(60));
        complete(app, &second, NEW).await.expect_problem(410, "link-expired");
        complete(app, "made-up", NEW).await.expect_problem(404, "link-unknown");
        complete(app, &"x".repeat(5000), NEW).await.expect_problem(404, "link-unknown");
    }

    async fn of_two_that_use_one_link_at_once_one_sets_the_password(app: TestApp) {
        app.account("ivanova").await;
        ask(app, "ivanova").await;
        let token = token(app, "ivanova@epos.test", "recovery.link").await;
        let (one, other) = tokio::join!(complete(app, &token, NEW), complete(app, &token, "другая длинная фраза"));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200, "{one:?} {other:?}");
        assert!(statuses[1] == 410 || statuses[1] == 404, "{one:?} {other:?}");
    }

    async fn three_letters_a_day_go_to_one_mailbox(app: TestApp) {
        app.account("ivanova").await;
        for _ in 0..5 {
            ask(app, "ivanova").await;
        }
        assert_eq!(app.letters_to("ivanova@epos.test").await.len(), 3);
        app.clock.advance(TimeDelta::hours(25));
        ask(app, "ivanova").await;
        assert_eq!(app.letters_to("ivanova@epos.test").await.len(), 4);
    }

    #[configure(|config| config.recovery.address_hourly = 2)]
    async fn one_address_asks_so_often_and_no_more(app: TestApp) {
        let client = app.anonymous();
        for name in ["a", "b"] {
            client.post("/api/v1/recoveries", json!({ "user_name": name })).await.expect(202);
        }
        let problem = client.post("/api/v1/recoveries", json!({ "user_name": "c" })).await;
        assert_eq!(problem.expect_problem(429, "too-many-requests")["retry_after"], 3600);
        app.anonymous().from("203.0.113.9").post("/api/v1/recoveries", json!({ "user_name": "c" })).await.expect(202);
    }

    async fn a_changed_password_keeps_this_session_alone_and_the_last_five_are_not_taken(app: TestApp) {
        let (client, other) = (app.signed_in("ivanova").await, app.signed_in("ivanova").await);
        let cookie = client.cookie();
        let state = change_password(&client, PASSWORD, "фраза номер один").await.expect(200);
        assert_eq!(state["session"]["account"]["user_name"], "ivanova");
        assert_ne!(client.cookie(), cookie, "the session was rotated");
        assert!(is_signed_in(&client).await);
        assert!(!is_signed_in(&other).await);
        let phrases = ["фраза номер один", "зелёная вторая фраза", "третья фраза о море", "четвёртая фраза о лесе", "пятая фраза о небе", "шестая фраза о доме"];
        for pair in phrases.windows(2) {
            app.clock.advance(TimeDelta::seconds(1));
            change_password(&client, pair[0], pair[1]).await.expect(200);
        }
        let present = phrases[5];
        for used in phrases {
            let problem = change_password(&client, present, used).await.expect_problem(422, "validation-failed");
            assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["code"]), (&json!("new_password"), &json!("password-used")), "{used}");
        }
        change_password(&client, present, PASSWORD).await.expect(200);
        assert_eq!(app.letters_to("ivanova@epos.test").await.len(), 7);
        app.anonymous().sign_in("ivanova", PASSWORD).await.expect(200);
    }

    async fn the_present_password_is_not_guessed_through_the_profile(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let empty = client.put("/api/v1/profile/password", json!({ "current_password": "", "new_password": "" })).await;
        assert_eq!(empty.expect_problem(422, "validation-failed")["errors"].as_array().unwrap().len(), 2);
        for left in (0..5).rev() {
            let problem = change_password(&client, "не тот пароль", NEW).await.expect_problem(422, "validation-failed");
            assert_eq!(problem["errors"][0]["code"], "current-password-wrong");
            assert_eq!(problem["attempts_left"], left);
        }
        change_password(&client, PASSWORD, NEW).await.expect_problem(423, "locked");
        client.post("/api/v1/profile/email", json!({ "email": "novaya@epos.test", "current_password": PASSWORD })).await.expect_problem(423, "locked");
        app.clock.advance(TimeDelta::minutes(16));
        change_password(&client, PASSWORD, NEW).await.expect(200);
        let nobody = app.anonymous();
        change_password(&nobody, PASSWORD, NEW).await.expect_problem(401, "not-signed-in");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(client.cookie());
        change_password(&forged, NEW, PASSWORD).await.expect_problem(403, "forged-origin");
    }

    async fn sessions_are_listed_and_ended_by_their_own_person_alone(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        app.clock.advance(TimeDelta::minutes(1));
        let other = app.anonymous();
        let request = other.request(reqwest::Method::POST, "/api/v1/session")
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0")
            .json(&json!({ "user_name": "ivanova", "password": PASSWORD }));
        other.send(request).await.expect(200);
        let stranger = app.signed_in("petrova").await;
        let list = client.get("/api/v1/profile/sessions").await.expect(200);
        let items = list["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 2);
        assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(true), &json!(false)));
        assert_eq!(items[1]["device"], "Firefox, Linux");
        let path = format!("/api/v1/profile/sessions/{}", items[1]["id"].as_str().unwrap());
        stranger.delete(&path).await.expect_problem(404, "not-found");
        app.anonymous().delete(&path).await.expect_problem(401, "not-signed-in");
        assert!(is_signed_in(&other).await);
        client.delete(&path).await.expect(204);
        client.delete(&path).await.expect_problem(404, "not-found");
        assert!(!is_signed_in(&other).await);
        let third = app.signed_in("ivanova").await;
        client.delete("/api/v1/profile/sessions").await.expect(204);
        assert!(is_signed_in(&client).await && is_signed_in(&stranger).await && !is_signed_in(&third).await);
        let own = format!("/api/v1/profile/sessions/{}", items[0]["id"].as_str().unwrap());
        client.delete(&own).await.expect(204);
        assert_eq!(client.cookie(), None);
        assert!(!is_signed_in(&client).await);
    }

    async fn the_profile_and_the_data_hold_what_is_stored_and_no_secret(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let profile = client.get("/api/v1/profile").await.expect(200);
        assert_eq!(profile["account"]["email"], "ivanova@epos.test");
        assert_eq!((&profile["email_verified"], &profile["has_password"]), (&json!(true), &json!(true)));
        assert_eq!(profile["consents"].as_array().unwrap().len(), 1);
        app.anonymous().get("/api/v1/profile").await.expect_problem(401, "not-signed-in");
        let file = client.get("/api/v1/profile/data").await;
        assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
        let data = file.expect(200);
        assert_eq!(data["account"]["user_name"], "ivanova");
        assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
        assert_eq!(data["journal"][0]["title"], "Вход");
        let hash: String = app.read(|conn| Ok(accounts::table.select(accounts::password_hash.assume_not_null()).first(conn)?)).await;
        assert!(!file.text().contains(&hash) && !file.text().contains("argon2"));
        app.anonymous().get("/api/v1/profile/data").await.expect_problem(401, "not-signed-in");
    }

    async fn an_address_changes_once_both_have_confirmed(app: TestApp) {
        let (client, other) = (app.signed_in("ivanova").await, app.signed_in("ivanova").await);
        let form = json!({ "email": "Novaya@epos.test", "current_password": PASSWORD });
        let same = json!({ "email": "IVANOVA@epos.test", "current_password": PASSWORD });
        assert_eq!(client.post("/api/v1/profile/email", same).await.expect_problem(422, "validation-failed")["errors"][0]["code"], "email-same");
        assert_eq!(client.post("/api/v1/profile/email", form.clone()).await.expect(202)["email"], "Novaya@epos.test");
        let superseded = token(app, "Novaya@epos.test", "email.confirm_new").await;
        client.post("/api/v1/profile/email", form).await.expect(202);
        let confirm = async |client: &Client, token: &str| client.post("/api/v1/email-changes/confirm", json!({ "token": token })).await;
        confirm(&client, &superseded).await.expect_problem(404, "link-unknown");
        let old = token(app, "ivanova@epos.test", "email.confirm_old").await;
        let letters = app.letters_to("Novaya@epos.test").await;
        assert!(!letters[1].text.contains("ivanova"), "nothing of the person to an address that is not proven");
        let new = letters[1].token().to_owned();
        // On another device, without a session.
        assert_eq!(confirm(&app.anonymous(), &new).await.expect(200), json!({ "changed": false }));
        let pending = &client.get("/api/v1/profile").await.expect(200)["email_change"];
        assert_eq!((&pending["old_confirmed"], &pending["new_confirmed"]), (&json!(false), &json!(true)));
        app.anonymous().sign_in("novaya@epos.test", PASSWORD).await.expect_problem(401, "invalid-credentials");
        assert_eq!(confirm(&client, &old).await.expect(200), json!({ "changed": true }));
        confirm(&client, &old).await.expect_problem(410, "link-used");
        assert!(is_signed_in(&client).await, "the session that confirmed stays");
        assert!(!is_signed_in(&other).await);
        app.anonymous().sign_in("novaya@epos.test", PASSWORD).await.expect(200);
        app.anonymous().sign_in("ivanova@epos.test", PASSWORD).await.expect_problem(401, "invalid-credentials");
        assert_eq!(client.get("/api/v1/profile").await.expect(200).get("email_change"), None);
        for address in ["ivanova@epos.test", "Novaya@epos.test"] {
            assert!(app.letters_to(address).await.iter().any(|letter| letter.kind == "email.changed"), "{address}");
        }
    }

    async fn a_taken_address_is_answered_alike_and_its_owner_is_told(app: TestApp) {
        app.account("petrova").await;
        let client = app.signed_in("ivanova").await;
        let answer = client.post("/api/v1/profile/email", json!({ "email": "petrova@epos.test", "current_password": PASSWORD })).await.expect(202);
        assert_eq!((&answer["old_confirmed"], &answer["new_confirmed"]), (&json!(false), &json!(false)));
        let letter = app.letter_to("petrova@epos.test").await;
        assert_eq!(letter.kind, "email.taken");
        assert!(letter.links.iter().all(|link| !link.contains('#')));
        client.delete("/api/v1/profile/email").await.expect(204);
        assert_eq!(client.get("/api/v1/profile").await.expect(200).get("email_change"), None);
        let old = token(app, "ivanova@epos.test", "email.confirm_old").await;
        let confirm = json!({ "token": old });
        app.anonymous().post("/api/v1/email-changes/confirm", confirm).await.expect_problem(404, "link-unknown");
    }

    async fn an_address_taken_meanwhile_is_told_clearly(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        client.post("/api/v1/profile/email", json!({ "email": "petrova@epos.test", "current_password": PASSWORD })).await.expect(202);
        let old = token(app, "ivanova@epos.test", "email.confirm_old").await;
        let new = token(app, "petrova@epos.test", "email.confirm_new").await;
        app.account("petrova").await;
        client.post("/api/v1/email-changes/confirm", json!({ "token": old })).await.expect(200);
        let problem = client.post("/api/v1/email-changes/confirm", json!({ "token": new })).await.expect_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["code"], "email-taken");
        let links = json!({ "token": new });
        app.anonymous().post("/api/v1/links", links).await.expect(200);
        let recovery = json!({ "token": new, "password": NEW });
        app.anonymous().post("/api/v1/recoveries/complete", recovery).await.expect_problem(404, "link-unknown");
    }

    #[configure(|config| config.passwords.iterations = 2)]
    async fn a_hash_is_made_anew_at_sign_in_when_the_parameters_have_changed(app: TestApp) {
        let account = app.account("ivanova").await;
        let weaker = older_hash(app);
        app.write(move |conn| {
            diesel::update(accounts::table.find(account)).set(accounts::password_hash.eq(&weaker)).execute(conn)?;
            Ok(())
        }).await;
        app.anonymous().sign_in("ivanova", PASSWORD).await.expect(200);
        let hash: String = app.read(move |conn| Ok(accounts::table.find(account).select(accounts::password_hash.assume_not_null()).first(conn)?)).await;
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=2,"), "{hash}");
        app.anonymous().sign_in("ivanova", PASSWORD).await.expect(200);
        let open: i64 = app.read(|conn| Ok(sessions::table.filter(sessions::ended_at.is_null()).count().get_result(conn)?)).await;
        assert_eq!(open, 2, "a renewed hash ends no session");
    }
}

/// The hash of [`PASSWORD`] with one pass, as an older configuration has made it.
fn older_hash(app: &TestApp) -> String {
    let mut config = (*app.services.config).clone();
    config.passwords.iterations = 1;
    let params = config.password_params().unwrap();
    let hasher =
        epos_backend::accounts::Hasher::new(&config.passwords, params, &app.services.context).unwrap();
    hasher.hash_blocking(&app.services.context, PASSWORD).unwrap()
}
