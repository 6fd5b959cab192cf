//! Consent to the processing of personal data: asked for anew with each version of the text.

use diesel::prelude::*;
use epos_backend::consent::{self, BUILT_IN_VERSION};
use epos_backend::db::schema::accounts;
use epos_backend::db::types::Id;
use serde_json::json;

use crate::common::{PASSWORD, TestApp};
use crate::people::{actions, wrong};

/// The consent as if it had been given to an older text, or never.
async fn set_version(app: &TestApp, account: Id, version: Option<&'static str>) {
    app.write(move |conn| {
        diesel::update(accounts::table.find(account))
            .set(accounts::consent_version.eq(version))
            .execute(conn)?;
        Ok(())
    })
    .await;
}

crate::both_databases! {
    async fn the_text_is_for_everybody(app: TestApp) {
        let text = app.anonymous().get("/api/v1/consent").await.expect(200);
        assert_eq!(text["version"], BUILT_IN_VERSION);
        assert!(text["paragraphs"].as_array().unwrap().len() > 3, "{text}");
    }

    async fn without_the_consent_everything_else_is_closed(app: TestApp) {
        let id = app.account("ivanova").await;
        for version in [None, Some("2001-01")] {
            set_version(app, id, version).await;
            let client = app.anonymous().from("192.0.2.9");
            let state = client.sign_in("ivanova", PASSWORD).await.expect(200);
            assert_eq!(state["session"]["consent_required"], true);
            assert_eq!(client.get("/api/v1/session").await.expect(200)["session"]["consent_required"], true);
            for path in ["/api/v1/subsystems", "/api/v1/kontingent/employees", "/api/v1/applications"] {
                client.get(path).await.expect_problem(403, "consent-required");
            }
            let card = json!({ "employee_id": uuid::Uuid::nil() });
            client.put("/api/v1/session/card", card).await.expect_problem(403, "consent-required");
            let old = client.post("/api/v1/consent", json!({ "version": "2001-01" })).await;
            assert_eq!(wrong(&old.expect_problem(422, "validation-failed")), ["version: consent-outdated"]);
            client.get("/api/v1/subsystems").await.expect_problem(403, "consent-required");
            for _ in 0..2 {
                let given = client.post("/api/v1/consent", json!({ "version": BUILT_IN_VERSION })).await;
                assert_eq!(given.expect(200)["session"]["consent_required"], false);
            }
            client.get("/api/v1/subsystems").await.expect(200);
            assert_eq!(client.get("/api/v1/session").await.expect(200)["session"]["consent_required"], false);
        }
        let given = app.read(move |conn| Ok(consent::history(conn, id)?)).await;
        assert_eq!(given.len(), 3, "one of the account's creation, two of the person");
        assert_eq!(given[0].address, "192.0.2.9");
        let journal = actions(app, id).await;
        assert_eq!(journal.iter().filter(|action| *action == "consent.given").count(), 2, "{journal:?}");
    }

    async fn signing_out_needs_no_consent_and_giving_it_needs_a_session(app: TestApp) {
        let id = app.account("ivanova").await;
        set_version(app, id, None).await;
        let client = app.signed_in("ivanova").await;
        let body = json!({ "version": BUILT_IN_VERSION });
        app.anonymous().post("/api/v1/consent", body.clone()).await.expect_problem(401, "not-signed-in");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(client.cookie());
        forged.post("/api/v1/consent", body).await.expect_problem(403, "forged-origin");
        client.delete("/api/v1/session").await.expect(204);
        client.get("/api/v1/subsystems").await.expect_problem(401, "not-signed-in");
    }

    #[configure(|config| {
        config.consent.version = "2031-07".to_owned();
        config.consent.file = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/consent.txt").into());
    })]
    async fn an_operator_has_a_text_of_his_own(app: TestApp) {
        let text = app.anonymous().get("/api/v1/consent").await.expect(200);
        assert_eq!(
            text,
            json!({
                "version": "2031-07", "title": "Согласие школы",
                "paragraphs": ["Я согласна на обработку моих данных.", "Я могу передумать."]
            })
        );
        let client = app.signed_in("ivanova").await;
        client.get("/api/v1/subsystems").await.expect(200);
        let id = app.account("ivanova").await;
        set_version(app, id, Some(BUILT_IN_VERSION)).await;
        client.get("/api/v1/subsystems").await.expect_problem(403, "consent-required");
    }
}
