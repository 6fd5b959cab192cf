//! Registration: what an application becomes, what strangers can and cannot learn or spoil by one.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::consent::BUILT_IN_VERSION;
use epos_backend::db::schema::{accounts, applications, audit_events, consents, links, organizations};
use epos_backend::db::types::Id;
use epos_backend::registration;
use serde_json::{Value, json};

use crate::applicants::{
    KPP, OTHER_INN, PASSWORD, Region, activate, confirm, draft, in_queue, kinds, only_application, path,
    register, token, unlisted, with,
};
use crate::common::TestApp;
use crate::people::{actions, wrong};

const EMAIL: &str = "Elkina@School.example";

async fn account_of(app: &TestApp, email: &str) -> Option<Id> {
    let key = email.to_lowercase();
    app.read(move |conn| {
        Ok(accounts::table.filter(accounts::email_key.eq(key)).select(accounts::id).first(conn).optional()?)
    })
    .await
}

/// Everything of an answer that could tell one from another.
fn told(answer: &crate::common::Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), headers, answer.text())
}

crate::both_databases! {
    async fn an_application_becomes_an_account_by_its_letter(app: TestApp) {
        let region = Region::build(app).await;
        let sender = app.anonymous().from("192.0.2.7");
        let answer = sender.post("/api/v1/registrations", draft(EMAIL, region.school)).await;
        assert_eq!(answer.expect(202), json!({ "link_hours": 72 }));
        let letter = app.letter_to(EMAIL).await;
        assert_eq!(letter.kind, "registration.activation");
        assert_eq!(path(letter.link()), "/activate");
        assert!(letter.text.contains("Имя пользователя: aielkina_1"), "{}", letter.text);
        assert!(letter.text.contains("72 часов"), "{}", letter.text);
        // Nothing works before.
        assert_eq!(account_of(app, EMAIL).await, None);
        sender.sign_in(EMAIL, PASSWORD).await.expect_problem(401, "invalid-credentials");

        // The letter is opened on another device.
        let device = app.anonymous().from("192.0.2.8");
        let link = device.post("/api/v1/links", json!({ "token": letter.token() })).await.expect(200);
        assert_eq!(link["purpose"], "activation");
        assert_eq!(link["user_name"], "aielkina_1");
        assert_eq!(link["expires_at"], "2026-11-25T07:00:00Z");
        let answer = activate(&device, letter.token()).await;
        assert_eq!(answer.expect(200), json!({ "user_name": "aielkina_1" }));

        for name in ["aielkina_1", "elkina@school.EXAMPLE"] {
            let state = device.sign_in(name, PASSWORD).await.expect(200);
            let session = &state["session"];
            assert_eq!(session["account"]["email"], EMAIL);
            assert_eq!(session["account"]["name"]["family_name"], "Ёлкина");
            assert_eq!(session["consent_required"], false);
        }
        device.get("/api/v1/subsystems").await.expect(200);
        let id = account_of(app, EMAIL).await.unwrap();
        type Kept = (Option<String>, Option<Id>, bool, Option<String>);
        let kept: Kept = app
            .read(move |conn| {
                Ok(accounts::table
                    .find(id)
                    .select((
                        accounts::position,
                        accounts::organization_id,
                        accounts::email_verified_at.is_not_null(),
                        accounts::consent_version,
                    ))
                    .first(conn)?)
            })
            .await;
        let version = Some(BUILT_IN_VERSION.to_owned());
        assert_eq!(kept, (Some("Учитель музыки".into()), Some(region.school), true, version));
        let given: Vec<(Id, String, Option<String>)> = app
            .read(move |conn| {
                let mine = consents::table.filter(consents::account_id.eq(id));
                Ok(mine.select((consents::account_id, consents::version, consents::address)).load(conn)?)
            })
            .await;
        assert_eq!(given, [(id, BUILT_IN_VERSION.to_owned(), Some("192.0.2.7".to_owned()))]);
        let (application, state) = only_application(app, EMAIL).await;
        assert_eq!(state, "completed");
        assert_eq!(actions(app, application).await, ["registration.activated", "registration.sent"]);
        let journal = actions(app, id).await;
        assert!(journal.contains(&"account.created".into()) && journal.contains(&"consent.given".into()));
    }

    async fn the_answer_is_the_same_for_every_address(app: TestApp) {
        let region = Region::build(app).await;
        app.account("known").await;
        in_queue(app, "queued@school.example").await;
        let declined = in_queue(app, "declined@school.example").await;
        let path = format!("/api/v1/applications/{declined}/decline");
        region.support.post(&path, json!({ "reason": "Такой школы нет" })).await.expect(200);
        let addresses =
            ["known@epos.test", "queued@school.example", "declined@school.example", "newcomer@school.example"];
        let mut answers = Vec::new();
        for email in addresses {
            for draft in [unlisted(email), draft(email, region.school)] {
                let answer = app.anonymous().post("/api/v1/registrations", draft).await;
                answer.expect(202);
                answers.push(told(&answer));
            }
        }
        for answer in &answers {
            assert_eq!(answer, &answers[0]);
        }
        // What differs is told by letter, to the address alone.
        assert_eq!(kinds(app, "known@epos.test").await, ["registration.taken"; 2]);
        assert_eq!(
            kinds(app, "queued@school.example").await,
            ["registration.proof", "registration.in_queue", "registration.in_queue"]
        );
        assert_eq!(
            kinds(app, "newcomer@school.example").await,
            ["registration.proof", "registration.activation"]
        );
        assert_eq!(
            kinds(app, "declined@school.example").await,
            [
                "registration.proof",
                "registration.declined",
                "registration.declined_before",
                "registration.activation"
            ]
        );
        let taken = app.letters_to("known@epos.test").await.remove(0);
        assert!(taken.text.contains("уже есть") && taken.link().ends_with("/recover"), "{taken:?}");
        let declined = app.letters_to("declined@school.example").await.remove(2);
        assert!(declined.text.contains("Такой школы нет"), "{declined:?}");
        assert!(app.read(|conn| Ok(accounts::table.count().get_result::<i64>(conn)?)).await == 2);
    }

    async fn letters_to_unproven_addresses_repeat_nothing_that_was_typed(app: TestApp) {
        let region = Region::build(app).await;
        app.account("known").await;
        let names = ["Звоните по номеру", "Переведите деньги на", "Ivan", "О’Нил-Оглы", "Щщщ"];
        let mut letters = Vec::new();
        for (number, name) in names.into_iter().enumerate() {
            let name: String = name.chars().take(100).collect();
            for mut draft in [
                draft(&format!("listed{number}@school.example"), region.school),
                unlisted(&format!("unlisted{number}@school.example")),
                unlisted("known@epos.test"),
            ] {
                let mut typed = vec![name.clone(), "Сходите на bad.example".into(), "Учитель всего".into()];
                for (field, value) in [
                    ("person/family_name", &typed[0]),
                    ("person/given_name", &typed[0]),
                    ("person/patronymic", &typed[0]),
                    ("position", &typed[1]),
                ] {
                    draft = with(draft, field, json!(value));
                }
                if draft["unlisted"] == true {
                    for field in ["full_name", "short_name", "town"] {
                        draft = with(draft, field, json!(typed[2]));
                        typed.push(draft["inn"].as_str().unwrap().to_owned());
                        typed.push(draft["kpp"].as_str().unwrap().to_owned());
                    }
                }
                let email = draft["person"]["email"].as_str().unwrap().to_owned();
                register(app, &draft).await;
                for letter in app.letters_to(&email).await {
                    for text in &typed {
                        let all = format!("{}\n{}", letter.subject, letter.text);
                        assert!(!all.contains(text.as_str()), "«{text}» in {all}");
                    }
                    letters.push(letter.kind);
                }
            }
        }
        letters.sort();
        letters.dedup();
        assert_eq!(letters, ["registration.activation", "registration.proof", "registration.taken"]);
    }

    async fn a_newer_application_supersedes_the_older(app: TestApp) {
        let region = Region::build(app).await;
        register(app, &draft(EMAIL, region.school)).await;
        let first = token(app, EMAIL).await;
        let (older, _) = only_application(app, EMAIL).await;
        let renamed = with(draft(&EMAIL.to_uppercase(), region.school), "person/family_name", json!("Сосновская"));
        register(app, &renamed).await;
        activate(&app.anonymous(), &first).await.expect_problem(404, "link-unknown");
        let second = token(app, &EMAIL.to_uppercase()).await;
        assert_eq!(activate(&app.anonymous(), &second).await.expect(200)["user_name"], "aisosnovskaia_1");
        assert_eq!(actions(app, older).await, ["registration.sent", "registration.superseded"]);
        let left = app.read(|conn| Ok(applications::table.count().get_result::<i64>(conn)?)).await;
        assert_eq!(left, 1, "what was superseded is gone, with its personal data");
    }

    async fn two_applications_of_one_address_at_once_leave_one(app: TestApp) {
        let region = Region::build(app).await;
        let (one, two) = (app.anonymous(), app.anonymous());
        let body = draft(EMAIL, region.school);
        let (first, second) =
            tokio::join!(one.post("/api/v1/registrations", body.clone()), two.post("/api/v1/registrations", body));
        first.expect(202);
        second.expect(202);
        only_application(app, EMAIL).await;
        let letters = app.letters_to(EMAIL).await;
        assert_eq!(letters.len(), 2);
        let mut statuses = Vec::new();
        for letter in &letters {
            statuses.push(activate(&app.anonymous(), letter.token()).await.status.as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404]);
    }

    async fn nobody_pushes_a_proven_application_out_of_the_queue(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL).await;
        for stranger in [unlisted(EMAIL), draft(EMAIL, region.school)] {
            register(app, &stranger).await;
            assert_eq!(only_application(app, EMAIL).await, (id, "awaiting_moderation".to_owned()));
        }
        let path = format!("/api/v1/applications/{id}/approve");
        let approval = json!({ "organization_id": region.school.to_string() });
        region.support.post(&path, approval).await.expect(200);
        app.clock.advance(TimeDelta::hours(24));
        let before = token(app, EMAIL).await;
        register(app, &draft(EMAIL, region.school)).await;
        assert_eq!(only_application(app, EMAIL).await, (id, "awaiting_password".to_owned()));
        assert_eq!(kinds(app, EMAIL).await.last().unwrap(), "registration.approved");
        activate(&app.anonymous(), &before).await.expect_problem(404, "link-unknown");
        activate(&app.anonymous(), &token(app, EMAIL).await).await.expect(200);
    }

    async fn forged_used_expired_and_strange_links_set_no_password(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let long = "А".repeat(101);
        for forged in ["", "AAAA", "кот", &long, "../../etc"] {
            activate(&client, forged).await.expect_problem(404, "link-unknown");
            confirm(&client, forged).await.expect_problem(404, "link-unknown");
        }
        register(app, &draft(EMAIL, region.school)).await;
        let activation = token(app, EMAIL).await;
        confirm(&client, &activation).await.expect_problem(404, "link-unknown");
        register(app, &unlisted("other@school.example")).await;
        let proof = token(app, "other@school.example").await;
        activate(&client, &proof).await.expect_problem(404, "link-unknown");

        app.clock.advance(TimeDelta::hours(72) - TimeDelta::seconds(1));
        let link = client.post("/api/v1/links", json!({ "token": activation })).await;
        link.expect(200);
        app.clock.advance(TimeDelta::seconds(1));
        activate(&client, &activation).await.expect_problem(410, "link-expired");
        confirm(&client, &proof).await.expect_problem(410, "link-expired");
        assert_eq!(account_of(app, EMAIL).await, None);

        register(app, &draft(EMAIL, region.school)).await;
        let fresh = token(app, EMAIL).await;
        activate(&client, &fresh).await.expect(200);
        activate(&client, &fresh).await.expect_problem(410, "link-used");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        activate(&forged, &fresh).await.expect_problem(403, "forged-origin");
        let refused: i64 = app
            .read(|conn| {
                Ok(audit_events::table
                    .filter(audit_events::result.eq("refused"))
                    .filter(audit_events::action.like("registration.%"))
                    .count()
                    .get_result(conn)?)
            })
            .await;
        assert_eq!(refused, 3, "two that had expired, one that was used; made-up ones are not worth a row");
    }

    async fn of_two_who_use_a_link_at_once_one_makes_the_account(app: TestApp) {
        let region = Region::build(app).await;
        register(app, &draft(EMAIL, region.school)).await;
        let token = token(app, EMAIL).await;
        let (one, two) = (app.anonymous(), app.anonymous());
        let (first, second) = tokio::join!(activate(&one, &token), activate(&two, &token));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 410], "{} {}", first.text(), second.text());
        assert!(account_of(app, EMAIL).await.is_some());
    }

    async fn who_has_got_an_account_meanwhile_is_told_so(app: TestApp) {
        let region = Region::build(app).await;
        let email = "known@epos.test";
        register(app, &draft(email, region.school)).await;
        let activation = token(app, email).await;
        app.account("known").await;
        let problem = activate(&app.anonymous(), &activation).await.expect_problem(404, "link-unknown");
        assert!(problem["detail"].as_str().unwrap().contains("уже есть учётная запись"), "{problem}");
        let left = app.read(|conn| Ok(applications::table.count().get_result::<i64>(conn)?)).await;
        assert_eq!(left, 0);
        app.anonymous().sign_in(email, crate::common::PASSWORD).await.expect(200);
    }

    async fn a_password_that_is_refused_does_not_use_the_link_up(app: TestApp) {
        let region = Region::build(app).await;
        register(app, &draft(EMAIL, region.school)).await;
        let token = token(app, EMAIL).await;
        let client = app.anonymous();
        for password in ["короткий", "aielkina_1", "ELKINA@school.example", "ёлкина анна ильинична"] {
            let body = json!({ "token": token, "password": password });
            let problem = client.post("/api/v1/registrations/activate", body).await;
            let problem = problem.expect_problem(422, "validation-failed");
            assert_eq!(problem["errors"][0]["field"], "password", "{password}");
        }
        activate(&client, &token).await.expect(200);
    }

    async fn every_wrong_field_is_named(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let refused = async |draft: Value| {
            let answer = client.post("/api/v1/registrations", draft).await;
            wrong(&answer.expect_problem(422, "validation-failed"))
        };
        let good = draft(EMAIL, region.school);
        assert_eq!(refused(with(good.clone(), "inn", json!(OTHER_INN))).await, ["inn: inn-of-another"]);
        assert_eq!(refused(with(good.clone(), "kpp", json!("590201009"))).await, ["kpp: kpp-of-another"]);
        assert_eq!(
            refused(with(good.clone(), "organization_id", json!(uuid::Uuid::from_u128(7)))).await,
            ["organization_id: organization-unknown"]
        );
        assert_eq!(
            refused(with(good.clone(), "consent_version", json!(""))).await,
            ["consent_version: consent-missing"]
        );
        assert_eq!(
            refused(with(with(good.clone(), "consent_version", json!("1999")), "inn", json!(OTHER_INN))).await,
            ["inn: inn-of-another", "consent_version: consent-outdated"]
        );
        let same = with(with(unlisted(EMAIL), "inn", json!(OTHER_INN)), "kpp", json!("590201002"));
        assert_eq!(refused(same.clone()).await, ["inn: organization-listed"]);
        let other = region.other_school;
        app.write(move |conn| {
            let closed = organizations::closed_on.eq(chrono::NaiveDate::from_ymd_opt(2026, 11, 22));
            diesel::update(organizations::table.find(other)).set(closed).execute(conn)?;
            Ok(())
        })
        .await;
        let closed = with(with(good.clone(), "inn", json!(OTHER_INN)), "organization_id", json!(other.0));
        assert_eq!(refused(closed).await, ["organization_id: organization-unknown"]);
        // What is closed cannot be chosen, so that support decides.
        register(app, &same).await;

        let injected = with(good.clone(), "person/family_name", json!("Ёлкина\r\nBcc: a@b.ru"));
        assert_eq!(refused(injected).await.len(), 1);
        let injected = with(good.clone(), "person/email", json!("a@b.ru\r\nBcc: c@d.ru"));
        assert_eq!(refused(injected).await, ["person/email: email-malformed"]);
        let injected = with(good.clone(), "position", json!("учитель\u{0}"));
        assert_eq!(refused(injected).await, ["position: position-malformed"]);
        let long = with(good.clone(), "position", json!("у".repeat(201)));
        assert_eq!(refused(long).await, ["position: position-malformed"]);
        let huge = with(good.clone(), "position", json!("у".repeat(5_000_000)));
        client.post("/api/v1/registrations", huge).await.expect_problem(413, "body-too-large");
        let extra = with(good.clone(), "status", json!("completed"));
        client.post("/api/v1/registrations", extra).await.expect_problem(400, "malformed-body");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.post("/api/v1/registrations", good).await.expect_problem(403, "forged-origin");
        assert_eq!(app.letters_to(EMAIL).await.len(), 1, "the one to the organization that was closed");
    }

    #[configure(|config| config.registration.address_hourly = 3)]
    async fn an_address_sends_so_many_applications_an_hour(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous().from("192.0.2.7");
        let send = async |number: u32| {
            client.post("/api/v1/registrations", draft(&format!("a{number}@school.example"), region.school)).await
        };
        for number in 0..3 {
            send(number).await.expect(202);
            app.clock.advance(TimeDelta::minutes(10));
        }
        for _ in 0..2 {
            let answer = send(3).await;
            let problem = answer.expect_problem(429, "too-many-requests");
            assert_eq!(problem["retry_after"], 1800);
            assert_eq!(answer.header("retry-after"), Some("1800"));
        }
        assert!(app.letters_to("a3@school.example").await.is_empty());
        let elsewhere = app.anonymous().from("192.0.2.8");
        elsewhere.post("/api/v1/registrations", draft("b@school.example", region.school)).await.expect(202);
        // What is wrong costs nothing.
        let answer = client.post("/api/v1/registrations", json!({ "position": "" })).await;
        assert_eq!(answer.status.as_u16(), 400);
        app.clock.advance(TimeDelta::minutes(30));
        send(4).await.expect(202);
        let refused: i64 = app
            .read(|conn| {
                Ok(audit_events::table.filter(audit_events::result.eq("refused")).count().get_result(conn)?)
            })
            .await;
        assert_eq!(refused, 1, "the first too many");
    }

    async fn a_mailbox_gets_three_letters_a_day_and_the_fourth_application_changes_nothing(app: TestApp) {
        let region = Region::build(app).await;
        for _ in 0..3 {
            register(app, &draft(EMAIL, region.school)).await;
        }
        let link = token(app, EMAIL).await;
        let before = only_application(app, EMAIL).await;
        register(app, &unlisted(&EMAIL.to_lowercase())).await;
        assert_eq!(app.letters_to(EMAIL).await.len(), 3);
        assert!(app.letters_to(&EMAIL.to_lowercase()).await.is_empty());
        assert_eq!(only_application(app, EMAIL).await, before);
        activate(&app.anonymous(), &link).await.expect(200);
        app.clock.advance(TimeDelta::hours(24));
        register(app, &draft(EMAIL, region.school)).await;
        assert_eq!(kinds(app, EMAIL).await.last().unwrap(), "registration.taken");
    }

    async fn names_are_never_given_out_twice(app: TestApp) {
        let region = Region::build(app).await;
        for number in 1..=3 {
            let email = format!("namesake{number}@school.example");
            register(app, &draft(&email, region.school)).await;
            let answer = activate(&app.anonymous(), &token(app, &email).await).await;
            assert_eq!(answer.expect(200)["user_name"], format!("aielkina_{number}"));
        }
    }

    async fn what_nobody_finishes_is_removed_and_what_waits_for_support_is_not(app: TestApp) {
        let region = Region::build(app).await;
        register(app, &draft(EMAIL, region.school)).await;
        register(app, &unlisted("unproven@school.example")).await;
        in_queue(app, "queued@school.example").await;
        register(app, &draft("done@school.example", region.school)).await;
        activate(&app.anonymous(), &token(app, "done@school.example").await).await.expect(200);
        let (id, _) = only_application(app, EMAIL).await;
        let sweep = async || {
            let services = app.services.clone();
            app.write(move |conn| registration::sweep(conn, &services)).await
        };
        app.clock.advance(TimeDelta::days(30));
        assert_eq!(sweep().await, 0);
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(sweep().await, 3);
        assert_eq!(only_application(app, "queued@school.example").await.1, "awaiting_moderation");
        let (left, links): (i64, i64) = app
            .read(|conn| {
                let left = applications::table.count().get_result(conn)?;
                Ok((left, links::table.count().get_result(conn)?))
            })
            .await;
        assert_eq!((left, links), (1, 1));
        assert!(actions(app, id).await.contains(&"registration.removed".to_owned()));
        assert!(account_of(app, "done@school.example").await.is_some());
        let kpp = KPP.to_owned();
        let there: i64 = app
            .read(move |conn| {
                Ok(organizations::table.filter(organizations::kpp.eq(kpp)).count().get_result(conn)?)
            })
            .await;
        assert_eq!(there, 1);
    }
}
