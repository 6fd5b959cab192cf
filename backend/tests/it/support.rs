//! Accounts as support administers them, and everybody else does not.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::accounts as feature;
use epos_backend::db::schema::{accounts, audit_events};
use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Client, PASSWORD, TestApp};
use crate::people::{self, District};

const ACCOUNTS: &str = "/api/v1/accounts";

async fn is_signed_in(client: &Client) -> bool {
    client.get("/api/v1/session").await.expect(200)["session"].is_object()
}

/// The account of the session.
async fn own(client: &Client) -> String {
    client.get("/api/v1/session").await.expect(200)["session"]["account"]["id"].as_str().unwrap().to_owned()
}

async fn support(app: &TestApp) -> Client {
    let district = District::build(app).await;
    people::works_as(app, district.operator, Role::Support).await.0
}

fn ids(page: &Value) -> Vec<String> {
    let names = page["items"].as_array().unwrap().iter();
    names.map(|row| row["user_name"].as_str().unwrap().to_owned()).collect()
}

/// Every call, on an account.
fn calls(id: &str) -> Vec<(Method, String, Option<Value>)> {
    let at = |last: &str| format!("{ACCOUNTS}/{id}{last}");
    vec![
        (Method::GET, ACCOUNTS.to_owned(), None),
        (Method::GET, at(""), None),
        (Method::GET, at("/journal"), None),
        (Method::POST, at("/block"), Some(json!({ "reason": "x" }))),
        (Method::DELETE, at("/block"), None),
        (Method::DELETE, at("/lock"), None),
        (Method::POST, at("/letter"), None),
        (Method::PUT, at("/email"), Some(json!({ "email": "a@epos.test", "reason": "x" }))),
    ]
}

async fn every_call_answers(client: &Client, id: &str, status: u16, code: &str, only_changes: bool) {
    for (method, path, body) in calls(id) {
        if only_changes && method == Method::GET {
            continue;
        }
        let request = client.request(method.clone(), &path);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = client.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text());
        answer.expect_problem(status, code);
    }
}

crate::both_databases! {
    async fn nobody_but_support_comes_in(app: TestApp) {
        let district = District::build(app).await;
        let victim = app.account("victim").await.to_string();
        every_call_answers(&app.anonymous(), &victim, 401, "not-signed-in", false).await;
        every_call_answers(&app.signed_in("cardless").await, &victim, 403, "no-rights", false).await;
        for (place, role) in [(district.department, Role::EducationDepartment), (district.school, Role::SchoolDirector)] {
            let (client, _) = people::works_as(app, place, role).await;
            every_call_answers(&client, &victim, 403, "forbidden", false).await;
        }
        let (ended, _) = people::works_as_until(app, district.operator, Role::Support, "01.01.2020–21.11.2026").await;
        every_call_answers(&ended, &victim, 403, "no-rights", false).await;
        let (client, _) = people::works_as(app, district.operator, Role::Support).await;
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(client.cookie());
        every_call_answers(&forged, &victim, 403, "forged-origin", true).await;
        client.get(&format!("{ACCOUNTS}/{}", uuid::Uuid::nil())).await.expect_problem(404, "not-found");
        client.get(&format!("{ACCOUNTS}/no-id")).await.expect_problem(404, "not-found");
        let card = client.get(&format!("{ACCOUNTS}/{victim}")).await.expect(200);
        assert_eq!((&card["row"]["state"], &card["can_change"]), (&json!("active"), &json!(true)));
        let tried: i64 = app.read(|conn| {
            let refused = audit_events::table.filter(audit_events::result.eq("refused"));
            Ok(refused.filter(audit_events::action.eq("account.blocked")).count().get_result(conn)?)
        }).await;
        assert_eq!(tried, 3, "what was tried stays in the journal");
    }

    async fn a_blocked_person_is_out_at_his_next_request_and_comes_back(app: TestApp) {
        let support = support(app).await;
        let victim = app.signed_in("victim").await;
        let path = format!("{ACCOUNTS}/{}", own(&victim).await);
        let empty = support.post(&format!("{path}/block"), json!({ "reason": " " })).await;
        empty.expect_problem(422, "validation-failed");
        let card = support.post(&format!("{path}/block"), json!({ "reason": "Уволена" })).await.expect(200);
        assert_eq!((&card["row"]["state"], &card["blocked_reason"], &card["live_sessions"]), (&json!("blocked"), &json!("Уволена"), &json!(0)));
        assert!(!is_signed_in(&victim).await);
        let again = support.post(&format!("{path}/block"), json!({ "reason": "Другая" })).await.expect(200);
        assert_eq!(again["blocked_reason"], "Уволена", "the second of two presses changes nothing");
        let told = app.anonymous().sign_in("victim", PASSWORD).await.expect_problem(403, "account-blocked");
        assert!(told["detail"].as_str().unwrap().contains("Уволена"));
        support.post(&format!("{path}/letter"), json!({})).await.expect_problem(403, "account-blocked");
        let card = support.delete(&format!("{path}/block")).await.expect(200);
        assert_eq!(card["row"]["state"], "active");
        assert!(!is_signed_in(&victim).await, "old sessions stay closed");
        app.anonymous().sign_in("victim", PASSWORD).await.expect(200);
        let journal = support.get(&format!("{path}/journal?limit=100")).await.expect(200);
        let rows = journal["items"].as_array().unwrap();
        let blocked = rows.iter().find(|row| row["action"] == "account.blocked").unwrap();
        assert_eq!((&blocked["title"], &blocked["details"], &blocked["actor"]), (&json!("Учётная запись заблокирована"), &json!("Уволена"), &json!("Тестова Анна Ивановна")));
        assert!(rows.iter().any(|row| row["done"] == false && row["action"] == "session.opened"));
    }

    async fn nobody_acts_on_himself_and_the_last_of_support_stays(app: TestApp) {
        let district = District::build(app).await;
        let (one, _) = people::works_as(app, district.operator, Role::Support).await;
        let own_id = own(&one).await;
        for (method, path, body) in calls(&own_id).into_iter().filter(|call| call.0 != Method::GET) {
            let request = one.request(method, &path);
            let request = if let Some(body) = body { request.json(&body) } else { request };
            one.send(request).await.expect_problem(403, "forbidden");
        }
        let (two, _) = people::works_as(app, district.operator, Role::Support).await;
        let one_path = format!("{ACCOUNTS}/{own_id}/block");
        two.post(&one_path, json!({ "reason": "отпуск" })).await.expect(200);
        let last = own(&two).await.parse::<uuid::Uuid>().unwrap();
        let today = app.services.context.today();
        assert!(app.read(move |conn| Ok(epos_backend::kontingent::support::is_last_support(conn, Id(last), today)?)).await);
        // The program does not block her either.
        app.clock.advance(TimeDelta::days(400));
        app.account("forgotten").await;
        app.write(|conn| {
            diesel::update(accounts::table.filter(accounts::user_name.eq("forgotten")))
                .set(accounts::created_at.eq(chrono::DateTime::UNIX_EPOCH.naive_utc())).execute(conn)?;
            Ok(())
        }).await;
        let mut after = None;
        loop {
            after = feature::block_unused(&app.services, after).await.unwrap();
            if after.is_none() { break; }
        }
        let blocked: Vec<String> = app.read(|conn| {
            Ok(accounts::table.filter(accounts::status.eq("blocked")).order(accounts::user_name).select(accounts::user_name).load(conn)?)
        }).await;
        assert_eq!(blocked.len(), 2, "{blocked:?}");
        assert_eq!(blocked[0], "forgotten");
    }

    async fn accounts_are_found_by_the_beginnings_of_words_and_paged(app: TestApp) {
        let support = support(app).await;
        for number in 0..7 {
            app.account(&format!("kozlov_{number}")).await;
        }
        let path = |query: &str| format!("{ACCOUNTS}?{query}");
        let all = support.get(&path("query=kozlov")).await.expect(200);
        assert_eq!((all["items"].as_array().unwrap().len(), &all["total"]["value"]), (7, &json!(7)));
        assert_eq!(ids(&support.get(&path("query=KOZLOV_3")).await.expect(200)), ["kozlov_3"]);
        assert_eq!(ids(&support.get(&path("query=kozlov_4%40epos.test+тест")).await.expect(200)), ["kozlov_4"]);
        assert!(ids(&support.get(&path("query=ozlov")).await.expect(200)).is_empty());
        for query in ["", "query=kozlov&"] {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = support.get(&path(&format!("{query}limit=3{cursor}"))).await.expect(200);
                seen.extend(ids(&page));
                let Some(next) = page["next"].as_str() else { break };
                if seen.len() > 3 {
                    let previous = page["previous"].as_str().unwrap();
                    let back = support.get(&path(&format!("{query}limit=3&before={previous}"))).await.expect(200);
                    assert_eq!(ids(&back), seen[seen.len() - 6..seen.len() - 3]);
                }
                cursor = format!("&after={next}");
            }
            assert_eq!(seen.len(), if query.is_empty() { 8 } else { 7 }, "{seen:?}");
            let mut sorted = seen.clone();
            sorted.dedup();
            assert_eq!(sorted.len(), seen.len());
        }
        let victim = app.account("kozlov_5").await;
        app.write(move |conn| Ok(feature::block(conn, victim, "x")?)).await;
        assert_eq!(ids(&support.get(&path("state=blocked")).await.expect(200)), ["kozlov_5"]);
        assert_eq!(support.get(&path("query=kozlov&state=active")).await.expect(200)["total"]["value"], 6);
        support.get(&path("after=x")).await.expect_problem(400, "invalid-cursor");
        support.get(&path("limit=0")).await.expect_problem(400, "malformed-parameter");
        support.get(&path(&format!("query={}", "a".repeat(201)))).await.expect_problem(400, "malformed-parameter");
        // Accounts of before the index get theirs.
        app.write(|conn| {
            use epos_backend::db::schema::account_tokens;
            diesel::delete(account_tokens::table).execute(conn)?;
            diesel::update(accounts::table).set(accounts::name_key.eq("")).execute(conn)?;
            while feature::index_missing(conn)? > 0 {}
            Ok(())
        }).await;
        assert_eq!(support.get(&path("query=kozlov")).await.expect(200)["total"]["value"], 7);
    }

    async fn a_lock_is_lifted_and_a_letter_sent(app: TestApp) {
        let support = support(app).await;
        let victim = app.account("victim").await;
        let path = format!("{ACCOUNTS}/{victim}");
        for _ in 0..5 {
            app.anonymous().sign_in("victim", "не тот пароль").await.expect_problem(401, "invalid-credentials");
        }
        assert!(support.get(&path).await.expect(200)["locked_until"].is_string());
        let card = support.delete(&format!("{path}/lock")).await.expect(200);
        assert_eq!(card.get("locked_until"), None);
        app.anonymous().sign_in("victim", PASSWORD).await.expect(200);
        assert_eq!(support.post(&format!("{path}/letter"), json!({})).await.expect(202), json!({ "link_hours": 1 }));
        let letter = app.letter_to("victim@epos.test").await;
        let form = json!({ "token": letter.token(), "password": "жёлтый трамвай едет" });
        app.anonymous().post("/api/v1/recoveries/complete", form).await.expect(200);
    }

    async fn a_lost_address_is_replaced_and_proven_by_its_letter(app: TestApp) {
        let support = support(app).await;
        let victim = app.signed_in("victim").await;
        app.account("petrova").await;
        let path = format!("{ACCOUNTS}/{}", own(&victim).await);
        let both = support.put(&format!("{path}/email"), json!({ "email": "x", "reason": "" })).await;
        assert_eq!(both.expect_problem(422, "validation-failed")["errors"].as_array().unwrap().len(), 2);
        let taken = json!({ "email": "petrova@epos.test", "reason": "паспорт" });
        let taken = support.put(&format!("{path}/email"), taken).await.expect_problem(422, "validation-failed");
        assert_eq!(taken["errors"][0]["code"], "email-taken");
        assert!(is_signed_in(&victim).await);
        let form = json!({ "email": "fresh@epos.test", "reason": "паспорт" });
        let card = support.put(&format!("{path}/email"), form).await.expect(200);
        assert_eq!((&card["row"]["email"], &card["email_verified"]), (&json!("fresh@epos.test"), &json!(false)));
        assert!(!is_signed_in(&victim).await);
        assert_eq!(app.letter_to("victim@epos.test").await.kind, "email.changed");
        let letter = app.letter_to("fresh@epos.test").await;
        assert!(!letter.text.contains("паспорт") && !letter.text.contains("Тестова"));
        let form = json!({ "token": letter.token(), "password": "жёлтый трамвай едет" });
        app.anonymous().post("/api/v1/recoveries/complete", form).await.expect(200);
        assert_eq!(support.get(&path).await.expect(200)["email_verified"], true);
        assert_eq!(support.get(&format!("{ACCOUNTS}?query=fresh")).await.expect(200)["total"]["value"], 1);
    }

    async fn the_journal_of_an_account_is_paged(app: TestApp) {
        let support = support(app).await;
        let victim = app.account("victim").await;
        for _ in 0..5 {
            app.clock.advance(TimeDelta::seconds(1));
            app.anonymous().sign_in("victim", PASSWORD).await.expect(200);
        }
        let path = format!("{ACCOUNTS}/{victim}/journal");
        let first = support.get(&format!("{path}?limit=2")).await.expect(200);
        assert_eq!(first["total"], json!({ "kind": "exact", "value": 5 }));
        assert_eq!(first.get("previous"), None);
        let second = support.get(&format!("{path}?limit=2&after={}", first["next"].as_str().unwrap())).await.expect(200);
        let third = support.get(&format!("{path}?limit=2&after={}", second["next"].as_str().unwrap())).await.expect(200);
        assert_eq!(third["items"].as_array().unwrap().len(), 1);
        assert_eq!(third.get("next"), None);
        let back = support.get(&format!("{path}?limit=2&before={}", second["previous"].as_str().unwrap())).await.expect(200);
        assert_eq!(back["items"], first["items"]);
        let accounts_cursor = support.get(&format!("{ACCOUNTS}?limit=1")).await.expect(200)["next"].as_str().unwrap().to_owned();
        support.get(&format!("{path}?after={accounts_cursor}")).await.expect_problem(400, "invalid-cursor");
    }
}
