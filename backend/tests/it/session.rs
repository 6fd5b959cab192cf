//! Sessions: how long they live, how they change their token, how they end.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::accounts as feature;
use epos_backend::db::schema::{accounts, sessions};
use epos_backend::db::types::Id;
use reqwest::Method;
use serde_json::json;

use crate::common::{Client, PASSWORD, TestApp};

async fn is_signed_in(client: &Client) -> bool {
    client.get("/api/v1/session").await.expect(200)["session"].is_object()
}

/// A card of the account, made and bound past the API.
async fn card(app: &TestApp, account: Id, number: u32) -> Id {
    use epos_backend::db::schema::{bindings, employees, organizations};
    let context = app.services.context.clone();
    app.write(move |conn| {
        let (organization, card, now) = (context.id(), context.id(), context.db_now());
        diesel::insert_into(organizations::table)
            .values((
                organizations::id.eq(organization),
                organizations::kind.eq("school"),
                organizations::full_name.eq(format!("Школа № {number}")),
                organizations::short_name.eq(format!("Школа № {number}")),
                organizations::town.eq("Пермь"),
                organizations::search_key.eq(format!("школа № {number}")),
                organizations::version.eq(1),
                organizations::created_at.eq(now),
            ))
            .execute(conn)?;
        diesel::insert_into(employees::table)
            .values((
                employees::id.eq(card),
                employees::organization_id.eq(organization),
                employees::login.eq(format!("atestova_{number}")),
                employees::family_name.eq("Тестова"),
                employees::given_name.eq("Анна"),
                employees::no_patronymic.eq(true),
                employees::name_key.eq("тестова анна"),
                employees::note.eq(""),
                employees::version.eq(1),
                employees::created_at.eq(now),
                employees::updated_at.eq(now),
            ))
            .execute(conn)?;
        diesel::insert_into(bindings::table)
            .values((
                bindings::id.eq(context.id()),
                bindings::employee_id.eq(card),
                bindings::account_id.eq(account),
                bindings::bound_at.eq(now),
            ))
            .execute(conn)?;
        Ok(card)
    })
    .await
}

crate::both_databases! {
    async fn nobody_is_a_state(app: TestApp) {
        let client = app.anonymous();
        assert_eq!(client.get("/api/v1/session").await.expect(200), json!({ "session": null }));
        client.set_cookie(Some("epos_session=made-up".to_owned()));
        assert_eq!(client.get("/api/v1/session").await.expect(200), json!({ "session": null }));
        assert_eq!(client.cookie(), None, "the cookie was taken away");
    }

    async fn calls_for_somebody_answer_401_to_nobody(app: TestApp) {
        let answer = app.anonymous().put("/api/v1/session/card", json!({ "employee_id": uuid::Uuid::nil() })).await;
        answer.expect_problem(401, "not-signed-in");
    }

    async fn a_session_ends_after_thirty_idle_minutes(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        for _ in 0..3 {
            app.clock.advance(TimeDelta::minutes(29));
            assert!(is_signed_in(&client).await);
        }
        app.clock.advance(TimeDelta::minutes(30));
        assert!(!is_signed_in(&client).await);
    }

    async fn polling_does_not_prolong_a_session(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        app.clock.advance(TimeDelta::minutes(20));
        let poll = client.request(Method::GET, "/api/v1/session").header("epos-background", "1");
        let state = client.send(poll).await.expect(200);
        assert_eq!(state["session"]["idle_expires_at"], "2026-11-22T07:30:00Z");
        app.clock.advance(TimeDelta::minutes(10));
        assert!(!is_signed_in(&client).await);
    }

    async fn a_session_ends_after_twelve_hours_in_any_case(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        for _ in 0..35 {
            app.clock.advance(TimeDelta::minutes(20));
            assert!(is_signed_in(&client).await);
        }
        app.clock.advance(TimeDelta::minutes(19));
        let state = &client.get("/api/v1/session").await.expect(200)["session"];
        assert_eq!(state["idle_expires_at"], "2026-11-22T19:00:00Z", "no later than the whole");
        app.clock.advance(TimeDelta::minutes(1));
        assert!(!is_signed_in(&client).await);
    }

    async fn the_last_request_is_noted_once_a_minute(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let seen = async || app.read(|conn| Ok(sessions::table.select(sessions::last_seen_at).first::<chrono::NaiveDateTime>(conn)?)).await;
        let first = seen().await;
        app.clock.advance(TimeDelta::seconds(59));
        assert!(is_signed_in(&client).await);
        assert_eq!(seen().await, first);
        app.clock.advance(TimeDelta::seconds(1));
        assert!(is_signed_in(&client).await);
        assert_eq!(seen().await, first + TimeDelta::seconds(60));
    }

    async fn only_hashes_of_tokens_are_kept(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let cookie = client.cookie().unwrap();
        let token = cookie.split_once('=').unwrap().1.to_owned();
        let kept: Vec<u8> = app.read(|conn| Ok(sessions::table.select(sessions::token_hash).first(conn)?)).await;
        use sha2::Digest as _;
        assert_eq!(kept, sha2::Sha256::digest(token.as_bytes()).to_vec());
    }

    async fn signing_out_ends_the_session_for_every_copy_of_the_token(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let copy = app.anonymous();
        copy.set_cookie(client.cookie());
        assert!(is_signed_in(&copy).await);
        client.delete("/api/v1/session").await.expect(204);
        assert_eq!(client.cookie(), None);
        assert!(!is_signed_in(&copy).await);
        client.delete("/api/v1/session").await.expect(204);
    }

    async fn signing_in_again_ends_the_session_before(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let copy = app.anonymous();
        copy.set_cookie(client.cookie());
        app.clock.advance(TimeDelta::minutes(5));
        let state = client.sign_in("ivanova", PASSWORD).await.expect(200);
        assert_eq!(state["session"]["previous_sign_in_at"], "2026-11-22T07:00:00Z");
        assert!(!is_signed_in(&copy).await);
        assert!(is_signed_in(&client).await);
        let elsewhere = app.signed_in("ivanova").await;
        assert!(is_signed_in(&elsewhere).await && is_signed_in(&client).await, "two browsers, two sessions");
    }

    async fn whoever_is_blocked_is_out_at_his_next_request(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let id = app.account("ivanova").await;
        app.write(move |conn| {
            diesel::update(accounts::table.find(id)).set(accounts::status.eq("blocked")).execute(conn)?;
            Ok(())
        })
        .await;
        let answer = client.put("/api/v1/session/card", json!({ "employee_id": id.0 })).await;
        answer.expect_problem(401, "not-signed-in");
        let reason: Option<String> =
            app.read(|conn| Ok(sessions::table.select(sessions::end_reason).first(conn)?)).await;
        assert_eq!(reason.as_deref(), Some("blocked"));
    }

    async fn who_has_one_card_works_as_it_and_who_has_several_chooses(app: TestApp) {
        let account = app.account("ivanova").await;
        let first = card(app, account, 1).await;
        let client = app.signed_in("ivanova").await;
        let state = &client.get("/api/v1/session").await.expect(200)["session"];
        assert_eq!(state["chosen_card"], first.to_string());
        let second = card(app, account, 2).await;
        let client = app.signed_in("ivanova").await;
        let state = &client.get("/api/v1/session").await.expect(200)["session"];
        assert_eq!(state["chosen_card"], json!(null));
        assert_eq!(state["cards"].as_array().unwrap().len(), 2);

        let chosen = client.put("/api/v1/session/card", json!({ "employee_id": second.0 })).await;
        let state = &chosen.expect(200)["session"];
        assert_eq!(state["chosen_card"], second.to_string());
        assert_eq!(client.get("/api/v1/session").await.expect(200)["session"]["chosen_card"], second.to_string());
    }

    async fn a_card_of_somebody_else_answers_as_one_that_is_not_there(app: TestApp) {
        let client = app.signed_in("ivanova").await;
        let petrova = app.account("petrova").await;
        let hers = card(app, petrova, 1).await;
        let choose = async |id: uuid::Uuid| {
            client.put("/api/v1/session/card", json!({ "employee_id": id })).await.expect_problem(404, "not-found")
        };
        let (mut theirs, mut nobodys) = (choose(hers.0).await, choose(uuid::Uuid::from_u128(7)).await);
        for problem in [&mut theirs, &mut nobodys] {
            problem.as_object_mut().unwrap().remove("request_id");
        }
        assert_eq!(theirs, nobodys);
        let problem = client.put("/api/v1/session/card", json!({ "employee_id": "x" })).await;
        assert_eq!(problem.expect_problem(422, "validation-failed")["errors"][0]["field"], "employee_id");
    }

    async fn a_change_of_privilege_changes_the_token_and_the_old_one_lives_thirty_seconds(app: TestApp) {
        let account = app.account("ivanova").await;
        let only = card(app, account, 1).await;
        let client = app.signed_in("ivanova").await;
        let before = app.anonymous();
        before.set_cookie(client.cookie());
        client.put("/api/v1/session/card", json!({ "employee_id": only.0 })).await.expect(200);
        assert_ne!(client.cookie(), before.cookie());
        app.clock.advance(TimeDelta::seconds(29));
        let held = before.cookie();
        assert!(is_signed_in(&before).await, "a request sent at the same moment");
        // A second change under the old token must not throw the new one out.
        before.put("/api/v1/session/card", json!({ "employee_id": only.0 })).await.expect(200);
        assert_eq!(before.cookie(), held, "no second rotation");
        assert!(is_signed_in(&client).await);
        app.clock.advance(TimeDelta::seconds(1));
        assert!(!is_signed_in(&before).await);
        assert!(is_signed_in(&client).await);
    }

    async fn issuers_see_a_lock_and_lift_it(app: TestApp) {
        let id = app.account("ivanova").await;
        let (by_name, by_address) = (app.anonymous().from("192.0.2.1"), app.anonymous().from("192.0.2.2"));
        for _ in 0..5 {
            by_name.sign_in("ivanova", "не тот пароль").await.expect(401);
            by_address.sign_in("IVANOVA@epos.test", "не тот пароль").await.expect(401);
        }
        let context = app.services.context.clone();
        let locked = async || {
            let context = context.clone();
            app.read(move |conn| feature::locked_until(conn, context.secrets(), id, context.db_now())).await
        };
        assert_eq!(locked().await.unwrap().to_string(), "2026-11-22 07:15:00");
        let secrets = app.services.context.clone();
        app.write(move |conn| feature::unlock(conn, secrets.secrets(), id)).await;
        assert_eq!(locked().await, None);
        by_name.sign_in("ivanova", PASSWORD).await.expect(200);
        by_address.sign_in("ivanova@epos.test", PASSWORD).await.expect(200);
    }
}
