//! The queue of support: who may look, who may decide, and what a decision does.

use diesel::prelude::*;
use epos_backend::db::schema::{applications, audit_events, organizations};
use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::applicants::{
    INN, KPP, Region, activate, confirm, draft, in_queue, kinds, only_application, path, register, token,
    unlisted, with,
};
use crate::people::{actions, url, works_as, works_as_until, wrong};

const EMAIL: &str = "diagileva@stupeni.example";
const LIST: &str = "/api/v1/applications";

fn at(id: Id, what: &str) -> String {
    if what.is_empty() { format!("{LIST}/{id}") } else { format!("{LIST}/{id}/{what}") }
}

fn emails(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|row| row["email"].as_str().unwrap()).collect()
}

crate::both_databases! {
    async fn an_unlisted_organization_is_proven_then_moderated_then_created(app: TestApp) {
        let region = Region::build(app).await;
        register(app, &unlisted(EMAIL)).await;
        let letter = app.letter_to(EMAIL).await;
        assert_eq!((letter.kind.as_str(), path(letter.link())), ("registration.proof", "/confirm"));
        assert!(region.support.get(LIST).await.expect(200)["items"].as_array().unwrap().is_empty());
        confirm(&app.anonymous(), letter.token()).await.expect(204);
        confirm(&app.anonymous(), letter.token()).await.expect_problem(410, "link-used");

        let page = region.support.get(LIST).await.expect(200);
        assert_eq!(page["total"], json!({ "kind": "exact", "value": 1 }));
        let shown = &page["items"][0];
        assert_eq!(shown["state"], "awaiting_moderation");
        assert_eq!(shown["short_name"], "ЧОУ «Ступени»");
        assert_eq!(shown["proven_at"], "2026-11-22T07:00:00Z");
        let (id, _) = only_application(app, EMAIL).await;
        assert_eq!(&region.support.get(&at(id, "")).await.expect(200), shown);

        let draft = json!({ "kind": "school", "parent_id": region.department.to_string() });
        let approved = region.support.post(&at(id, "approve"), draft).await.expect(200);
        assert_eq!(approved["state"], "awaiting_password");
        assert_eq!(approved["organization"]["short_name"], "ЧОУ «Ступени»");
        let created: (String, Option<String>, Option<Id>, String) = app
            .read(|conn| {
                use organizations as o;
                Ok(o::table
                    .filter(o::inn.eq("7740000076"))
                    .select((o::full_name, o::kpp, o::parent_id, o::town))
                    .first(conn)?)
            })
            .await;
        assert_eq!(
            created,
            (
                "Частная школа «Ступени»".to_owned(),
                Some("590901001".to_owned()),
                Some(region.department),
                "г. Сылвенск".to_owned()
            )
        );
        let letter = app.letters_to(EMAIL).await.remove(1);
        assert_eq!((letter.kind.as_str(), path(letter.link())), ("registration.approved", "/activate"));
        assert!(letter.text.contains("aielkina_1"), "{}", letter.text);
        activate(&app.anonymous(), letter.token()).await.expect(200);
        app.anonymous().sign_in(EMAIL, crate::applicants::PASSWORD).await.expect(200);
        assert_eq!(
            actions(app, id).await,
            ["registration.activated", "registration.approved", "registration.confirmed", "registration.sent"]
        );
        // The next one of that school finds it in the list.
        let found = app.anonymous().get(&url("/api/v1/directory/organizations", &[("query", "ступени")])).await;
        assert_eq!(found.expect(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn an_application_may_mean_an_organization_that_is_there(app: TestApp) {
        let region = Region::build(app).await;
        let branch = with(with(unlisted(EMAIL), "inn", json!(INN)), "kpp", json!("590945001"));
        register(app, &branch).await;
        confirm(&app.anonymous(), &token(app, EMAIL).await).await.expect(204);
        let (id, _) = only_application(app, EMAIL).await;
        let shown = region.support.get(&at(id, "")).await.expect(200);
        assert_eq!(shown["alike"][0]["id"], region.school.to_string());
        let draft = json!({ "organization_id": region.school.to_string() });
        let approved = region.support.post(&at(id, "approve"), draft).await.expect(200);
        assert_eq!(approved["organization"]["id"], region.school.to_string());
        assert_eq!(approved["alike"], json!([]));
    }

    async fn a_refusal_has_a_reason_and_a_listed_organization_may_be_chosen_afterwards(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL).await;
        let empty = region.support.post(&at(id, "decline"), json!({ "reason": " " })).await;
        assert_eq!(wrong(&empty.expect_problem(422, "validation-failed")), ["reason: reason-empty"]);
        let reason = "Выберите школу из списка";
        let declined = region.support.post(&at(id, "decline"), json!({ "reason": reason })).await.expect(200);
        assert_eq!((&declined["state"], &declined["reason"]), (&json!("declined"), &json!(reason)));
        let letter = app.letters_to(EMAIL).await.remove(1);
        assert_eq!(letter.kind, "registration.declined");
        assert!(letter.text.contains(reason), "{}", letter.text);
        register(app, &draft(EMAIL, region.school)).await;
        assert_eq!(kinds(app, EMAIL).await.last().unwrap(), "registration.activation");
        activate(&app.anonymous(), &token(app, EMAIL).await).await.expect(200);
    }

    async fn of_two_decisions_the_second_is_told(app: TestApp) {
        let region = Region::build(app).await;
        let (other, _) = works_as(app, region.operator, Role::Support).await;
        let id = in_queue(app, EMAIL).await;
        let approval = json!({ "organization_id": region.school.to_string() });
        let refusal = json!({ "reason": "Нет такой школы" });
        let (approve, decline) = (at(id, "approve"), at(id, "decline"));
        let (first, second) = tokio::join!(
            region.support.post(&approve, approval.clone()),
            other.post(&decline, refusal.clone())
        );
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", first.text(), second.text());
        region.support.post(&approve, approval).await.expect_problem(409, "already-decided");
        other.post(&decline, refusal).await.expect_problem(409, "already-decided");
        assert_eq!(app.letters_to(EMAIL).await.len(), 2, "the proof, and one decision");
    }

    async fn nobody_decides_before_the_address_is_proven(app: TestApp) {
        let region = Region::build(app).await;
        register(app, &unlisted(EMAIL)).await;
        let (id, _) = only_application(app, EMAIL).await;
        let approval = json!({ "organization_id": region.school.to_string() });
        region.support.post(&at(id, "approve"), approval).await.expect_problem(403, "forbidden");
        let refusal = json!({ "reason": "Нет такой школы" });
        region.support.post(&at(id, "decline"), refusal).await.expect_problem(403, "forbidden");
        assert_eq!(only_application(app, EMAIL).await.1, "awaiting_proof");
    }

    async fn a_letter_sent_again_has_a_new_link_and_the_old_one_dies(app: TestApp) {
        let region = Region::build(app).await;
        register(app, &unlisted(EMAIL)).await;
        let first = token(app, EMAIL).await;
        let (id, _) = only_application(app, EMAIL).await;
        region.support.post(&at(id, "letter"), json!({})).await.expect(204);
        confirm(&app.anonymous(), &first).await.expect_problem(404, "link-unknown");
        confirm(&app.anonymous(), &token(app, EMAIL).await).await.expect(204);
        region.support.post(&at(id, "letter"), json!({})).await.expect_problem(409, "already-decided");
        let approval = json!({ "organization_id": region.school.to_string() });
        region.support.post(&at(id, "approve"), approval).await.expect(200);
        let first = token(app, EMAIL).await;
        region.support.post(&at(id, "letter"), json!({})).await.expect(204);
        activate(&app.anonymous(), &first).await.expect_problem(404, "link-unknown");
        activate(&app.anonymous(), &token(app, EMAIL).await).await.expect(200);
        assert_eq!(
            kinds(app, EMAIL).await,
            [
                "registration.proof",
                "registration.proof",
                "registration.approved",
                "registration.approved"
            ]
        );
    }

    async fn the_queue_is_support_s_alone(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL).await;
        let calls = [
            ("GET", LIST.to_owned(), json!(null)),
            ("GET", at(id, ""), json!(null)),
            ("POST", at(id, "approve"), json!({ "organization_id": region.school.to_string() })),
            ("POST", at(id, "decline"), json!({ "reason": "Нет такой школы" })),
            ("POST", at(id, "letter"), json!({})),
        ];
        let no_card = app.signed_in("no_card").await;
        let (director, _) = works_as(app, region.school, Role::SchoolDirector).await;
        let (department, _) = works_as(app, region.department, Role::EducationDepartment).await;
        let (teacher, _) = works_as(app, region.school, Role::Teacher).await;
        let (gone, _) = works_as_until(app, region.operator, Role::Support, "01.01.2020–21.11.2026").await;
        for (client, status, code) in [
            (&app.anonymous(), 401, "not-signed-in"),
            (&no_card, 403, "no-rights"),
            (&teacher, 403, "no-rights"),
            (&gone, 403, "no-rights"),
            (&director, 403, "forbidden"),
            (&department, 403, "forbidden"),
        ] {
            for (method, path, body) in &calls {
                let answer = match *method {
                    "GET" => client.get(path).await,
                    _ => client.post(path, body.clone()).await,
                };
                answer.expect_problem(status, code);
            }
        }
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(region.support.cookie());
        for (_, path, body) in &calls[2..] {
            forged.post(path, body.clone()).await.expect_problem(403, "forged-origin");
        }
        assert_eq!(only_application(app, EMAIL).await.1, "awaiting_moderation");
        assert_eq!(app.letters_to(EMAIL).await.len(), 1);
        let tried: i64 = app
            .read(move |conn| {
                let of_it = audit_events::table.filter(audit_events::object_id.eq(id));
                Ok(of_it.filter(audit_events::result.eq("refused")).count().get_result(conn)?)
            })
            .await;
        assert_eq!(tried, 16, "four people with a card, four calls each that name the application");
        let nobodys = Id(uuid::Uuid::from_u128(7));
        region.support.get(&at(nobodys, "")).await.expect_problem(404, "not-found");
        region.support.post(&at(nobodys, "letter"), json!({})).await.expect_problem(404, "not-found");
        region.support.get(&format!("{LIST}/x")).await.expect_problem(404, "not-found");
    }

    async fn an_approval_names_an_organization_that_fits(app: TestApp) {
        let region = Region::build(app).await;
        let twin = with(with(unlisted(EMAIL), "inn", json!(INN)), "kpp", json!("590945001"));
        register(app, &twin).await;
        confirm(&app.anonymous(), &token(app, EMAIL).await).await.expect(204);
        let (id, _) = only_application(app, EMAIL).await;
        // The school has moved, and now it is the very same.
        app.write(move |conn| {
            diesel::update(applications::table.find(id)).set(applications::kpp.eq(KPP)).execute(conn)?;
            Ok(())
        })
        .await;
        let refused = async |draft: Value| {
            let answer = region.support.post(&at(id, "approve"), draft).await;
            wrong(&answer.expect_problem(422, "validation-failed"))
        };
        let (department, nobodys) = (region.department.to_string(), uuid::Uuid::from_u128(7).to_string());
        assert_eq!(refused(json!({})).await, ["organization_id: organization-missing"]);
        assert_eq!(refused(json!({ "parent_id": department })).await, ["kind: kind-missing"]);
        assert_eq!(refused(json!({ "organization_id": nobodys })).await, ["organization_id: organization-unknown"]);
        assert_eq!(
            refused(json!({ "kind": "school", "parent_id": nobodys })).await,
            ["parent_id: organization-unknown"]
        );
        assert_eq!(
            refused(json!({ "kind": "operator", "parent_id": department })).await,
            ["kind: kind-missing"]
        );
        assert_eq!(
            refused(json!({ "kind": "school", "parent_id": region.school.to_string() })).await,
            ["parent_id: parent-missing"]
        );
        assert_eq!(
            refused(json!({ "kind": "school", "parent_id": department })).await,
            ["organization_id: inn-kpp-taken"]
        );
        assert_eq!(only_application(app, EMAIL).await.1, "awaiting_moderation");
    }

    async fn the_list_has_pages_states_and_a_search(app: TestApp) {
        let region = Region::build(app).await;
        for number in 0..5 {
            app.clock.advance(chrono::TimeDelta::minutes(1));
            in_queue(app, &format!("q{number}@school.example")).await;
        }
        register(app, &unlisted("unproven@school.example")).await;
        let get = async |parameters: &[(&str, &str)]| {
            region.support.get(&url(LIST, parameters)).await.expect(200)
        };
        let first = get(&[("limit", "2")]).await;
        assert_eq!(emails(&first), ["q0@school.example", "q1@school.example"]);
        assert_eq!(first["total"]["value"], 5);
        assert_eq!(first["previous"], json!(null));
        let next = first["next"].as_str().unwrap();
        let second = get(&[("limit", "2"), ("after", next)]).await;
        assert_eq!(emails(&second), ["q2@school.example", "q3@school.example"]);
        let third = get(&[("limit", "2"), ("after", second["next"].as_str().unwrap())]).await;
        assert_eq!(emails(&third), ["q4@school.example"]);
        assert_eq!(third["next"], json!(null));
        let back = get(&[("limit", "2"), ("before", third["previous"].as_str().unwrap())]).await;
        assert_eq!(emails(&back), emails(&second));
        let back = get(&[("limit", "2"), ("before", back["previous"].as_str().unwrap())]).await;
        assert_eq!(emails(&back), emails(&first));
        assert_eq!(back["previous"], json!(null));

        assert_eq!(emails(&get(&[("state", "awaiting_proof")]).await), ["unproven@school.example"]);
        assert_eq!(emails(&get(&[("query", "q3@school")]).await), ["q3@school.example"]);
        assert_eq!(emails(&get(&[("query", "ЕЛКИНА анн")]).await).len(), 5);
        for nothing in ["лкина", "q%", "_", "\\"] {
            assert!(emails(&get(&[("query", nothing)]).await).is_empty(), "{nothing}");
        }
        let cursor = url(LIST, &[("after", "AAAA")]);
        region.support.get(&cursor).await.expect_problem(400, "invalid-cursor");
        region.support.get(&url(LIST, &[("limit", "0")])).await.expect_problem(400, "malformed-parameter");
        region.support.get(&url(LIST, &[("state", "x")])).await.expect_problem(400, "malformed-parameter");
    }
}
