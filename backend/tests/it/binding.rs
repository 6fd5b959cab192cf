//! Binding a card to the account that asks: one-time credentials and equal ФИО, always.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::db::schema::{one_time_credentials, sessions};
use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use epos_shared::values::Login;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Answer, Client, TestApp};
use crate::people::{self, District, EMPLOYEES, actions, at, card, works_as, wrong};

const BINDINGS: &str = "/api/v1/kontingent/bindings";

async fn bind(client: &Client, login: &Login, password: &str) -> Answer {
    client.post(BINDINGS, json!({ "login": login.to_string(), "password": password })).await
}

/// An unbound card of the person every test account belongs to, with its one-time password.
async fn unbound(app: &TestApp, organization: Id) -> (Id, Login, String) {
    let roles = [(Role::SchoolDirector, "01.09.2020–")];
    let (id, login) = card(app, organization, "Тестова Анна Ивановна", &roles).await;
    let password = people::credentials(app, id, &login).await;
    (id, login, password)
}

fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().unwrap()
}

crate::both_databases! {
    async fn a_card_is_bound_by_its_credentials_and_works_from_then_on(app: TestApp) {
        let district = District::build(app).await;
        let (id, login, password) = unbound(app, district.school).await;
        let person = app.signed_in("director").await;
        let subsystems = person.get("/api/v1/subsystems").await.expect(200);
        assert_eq!(subsystems["advice"], "bind_card");
        assert_eq!(subsystems["items"][0]["href"], "/kontingent/bind");
        let before = person.cookie();
        // As it is typed from paper: capitals in the login, spaces around the password.
        let form = json!({ "login": login.to_string().to_uppercase(), "password": format!(" {password} ") });
        let answer = person.post(BINDINGS, form).await;
        let session = &answer.expect(200)["session"];
        assert_eq!(session["chosen_card"], id.to_string());
        assert_eq!(session["cards"][0]["roles"][0]["state"], "in_force");
        assert_ne!(person.cookie(), before, "the session was rotated");
        person.get(EMPLOYEES).await.expect(200);
        let subsystems = person.get("/api/v1/subsystems").await.expect(200);
        assert_eq!(subsystems["items"][0]["href"], "/kontingent");
        assert!(subsystems.get("advice").is_none());
        assert_eq!(actions(app, id).await, ["binding.created"]);
        // After the next sign-in the entry is direct.
        let again = app.signed_in("director").await;
        again.get(EMPLOYEES).await.expect(200);
    }

    async fn a_wrong_login_and_a_wrong_password_are_told_alike(app: TestApp) {
        let district = District::build(app).await;
        let (_, login, _) = unbound(app, district.school).await;
        let ask = async |user_name: &str, login: &Login| {
            let person = app.signed_in(user_name).await;
            let mut problem = bind(&person, login, "aaaa#aaaaaaa").await.expect_problem(422, "invalid-card-credentials");
            problem["request_id"] = Value::Null;
            problem
        };
        let wrong_password = ask("one", &login).await;
        let wrong_login = ask("two", &"nobody_1".parse().unwrap()).await;
        assert_eq!(wrong_password, wrong_login);
        assert_eq!(wrong_password["attempts_left"], 19);
        assert!(detail(&wrong_password).contains("Сбросить"));
        let problem = app.signed_in("three").await.post(BINDINGS, json!({ "login": "иванов", "password": " " })).await;
        assert_eq!(
            wrong(&problem.expect_problem(422, "validation-failed")),
            ["login: login-malformed", "password: password-empty"]
        );
    }

    async fn used_expired_and_replaced_credentials_are_told_to_who_knows_the_password(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (id, login, replaced) = unbound(app, district.school).await;
        let password = people::credentials(app, id, &login).await;
        let person = app.signed_in("director").await;
        let problem = bind(&person, &login, &replaced).await.expect_problem(422, "invalid-card-credentials");
        assert!(detail(&problem).contains("заменил новый"), "{problem}");
        assert!(problem.get("attempts_left").is_none(), "who knew the password does not guess");
        // Used once, then unbound: the same password opens nothing.
        bind(&person, &login, &password).await.expect(200);
        department.send(department.request(Method::DELETE, &format!("{}/binding", at(id)))).await.expect(200);
        let problem = bind(&person, &login, &password).await.expect_problem(422, "invalid-card-credentials");
        assert!(detail(&problem).contains("уже использован"), "{problem}");
        // The thirtieth day is over.
        let password = people::credentials(app, id, &login).await;
        app.clock.advance(TimeDelta::days(30));
        let person = app.signed_in("director").await;
        let problem = bind(&person, &login, &password).await.expect_problem(422, "invalid-card-credentials");
        assert!(detail(&problem).contains("истёк"), "{problem}");
        assert!(actions(app, id).await.contains(&"binding.created refused: credentials-expired".to_owned()));
    }

    async fn the_tenth_wrong_try_voids_the_credentials(app: TestApp) {
        let district = District::build(app).await;
        let (id, login, password) = unbound(app, district.school).await;
        for number in 0..10 {
            // From several accounts: the card has a count of its own.
            let person = app.signed_in(&format!("guesser_{}", number % 2)).await;
            bind(&person, &login, &format!("aaaa#aaaaaa{number}")).await.expect(422);
        }
        let person = app.signed_in("director").await;
        let problem = bind(&person, &login, &password).await.expect_problem(422, "invalid-card-credentials");
        assert!(detail(&problem).contains("слишком много неверных попыток"), "{problem}");
        assert!(actions(app, id).await.contains(&"credentials.voided".to_owned()));
    }

    async fn twenty_wrong_tries_of_one_account_make_it_wait(app: TestApp) {
        let district = District::build(app).await;
        let (_, login, password) = unbound(app, district.school).await;
        let person = app.signed_in("director").await;
        let unknown: Login = "nobody_1".parse().unwrap();
        for left in (1..20).rev() {
            let problem = bind(&person, &unknown, "aaaa#aaaaaaa").await.expect_problem(422, "invalid-card-credentials");
            assert_eq!(problem["attempts_left"], left);
        }
        let problem = bind(&person, &unknown, "aaaa#aaaaaaa").await.expect_problem(423, "locked");
        assert_eq!(problem["locked_until"], "2026-11-22T07:15:00Z");
        let problem = bind(&person, &login, &password).await.expect_problem(423, "locked");
        assert_eq!(problem["retry_after"], 900);
        // Somebody else does not wait, and a quarter of an hour later neither does he.
        bind(&app.signed_in("other").await, &unknown, "aaaa#aaaaaaa").await.expect(422);
        app.clock.advance(TimeDelta::minutes(15));
        bind(&person, &login, &password).await.expect(200);
    }

    async fn another_name_binds_nothing_and_uses_nothing_up(app: TestApp) {
        let district = District::build(app).await;
        let roles = [(Role::Teacher, "01.09.2020–")];
        let (id, login) = card(app, district.school, "Тестова Анна Петровна", &roles).await;
        let password = people::credentials(app, id, &login).await;
        let person = app.signed_in("teacher").await;
        let problem = bind(&person, &login, &password).await.expect_problem(422, "name-mismatch");
        assert!(detail(&problem).contains("сверить ФИО"), "{problem}");
        assert!(!problem.to_string().contains("Петровна"), "nothing of another person's data");
        assert_eq!(actions(app, id).await, ["binding.created refused: name-mismatch"]);
        // Corrected, the same credentials work at once.
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let mut form = people::form_of(&director.get(&at(id)).await.expect(200));
        form["person"]["patronymic"] = json!("ИВАНОВНА");
        director.put(&at(id), form).await.expect(200);
        bind(&person, &login, &password).await.expect(200);
    }

    async fn yo_case_and_hyphens_are_no_difference(app: TestApp) {
        let district = District::build(app).await;
        let (id, login) = card(app, district.school, "ТЕСТОВА  Анна Ивановна".replace("  ", " ").as_str(), &[(Role::Teacher, "01.09.2020–")]).await;
        let password = people::credentials(app, id, &login).await;
        bind(&app.signed_in("teacher").await, &login, &password).await.expect(200);
    }

    async fn a_card_of_another_account_stays_there(app: TestApp) {
        let district = District::build(app).await;
        let (id, login, _) = unbound(app, district.school).await;
        people::bind(app, app.account("first").await, id).await;
        let password = people::credentials(app, id, &login).await;
        let second = app.signed_in("second").await;
        let problem = bind(&second, &login, &password).await.expect_problem(409, "already-bound");
        assert!(detail(&problem).contains("отвязать"), "{problem}");
        // Its own account may enter the new credentials: nothing changes, and they are used up.
        let first = app.signed_in("first").await;
        bind(&first, &login, &password).await.expect(200);
        bind(&first, &login, &password).await.expect(200);
        let used: i64 = app
            .read(move |conn| {
                Ok(one_time_credentials::table
                    .filter(one_time_credentials::employee_id.eq(id))
                    .filter(one_time_credentials::used_at.is_not_null())
                    .count()
                    .get_result(conn)?)
            })
            .await;
        assert_eq!(used, 1);
    }

    async fn of_many_who_use_one_credential_at_once_one_wins(app: TestApp) {
        let district = District::build(app).await;
        let (id, login, password) = unbound(app, district.school).await;
        let mut people = Vec::new();
        for number in 0..5 {
            people.push(app.signed_in(&format!("namesake_{number}")).await);
        }
        let tries = people.iter().map(|person| bind(person, &login, &password));
        let mut statuses: Vec<u16> =
            futures_util::future::join_all(tries).await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409]);
        let chosen: i64 = app
            .read(move |conn| {
                Ok(sessions::table.filter(sessions::employee_id.eq(id)).count().get_result(conn)?)
            })
            .await;
        assert_eq!(chosen, 1);
    }

    async fn who_has_two_cards_works_as_one_and_can_change(app: TestApp) {
        let district = District::build(app).await;
        let (first, login, password) = unbound(app, district.school).await;
        let person = app.signed_in("two_cards").await;
        bind(&person, &login, &password).await.expect(200);
        let roles = [(Role::KindergartenHead, "01.09.2020–")];
        let (second, login) = card(app, district.kindergarten, "Тестова Анна Ивановна", &roles).await;
        let password = people::credentials(app, second, &login).await;
        let session = &bind(&person, &login, &password).await.expect(200)["session"];
        assert_eq!(session["chosen_card"], second.to_string());
        let names: Vec<_> = session["cards"].as_array().unwrap().iter().map(|card| &card["organization"]["short_name"]).collect();
        assert_eq!(names, ["Детский сад № 3", "Школа № 1"]);
        person.get(&at(first)).await.expect_problem(404, "not-found");
        person.put("/api/v1/session/card", json!({ "employee_id": first.to_string() })).await.expect(200);
        assert_eq!(person.get(&at(first)).await.expect(200)["own"], true);
    }

    async fn a_foreign_page_and_a_stranger_bind_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (_, login, password) = unbound(app, district.school).await;
        bind(&app.anonymous(), &login, &password).await.expect_problem(401, "not-signed-in");
        let person = app.signed_in("director").await.with_origin(Some("https://evil.example"));
        bind(&person, &login, &password).await.expect_problem(403, "forged-origin");
    }
}
