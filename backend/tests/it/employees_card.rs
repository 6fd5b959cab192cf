//! Cards: creating, saving, wrong fields, two editors, what the journal tells.

use diesel::prelude::*;
use epos_backend::db::schema::{accounts, bindings};
use epos_backend::db::types::Id;
use epos_backend::{audit, kontingent};
use epos_shared::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Client;
use crate::people::{
    self, District, EMPLOYEES, actions, at, card, despite, form, form_of, journal, works_as, wrong,
};

async fn create(client: &Client, form: Value) -> Value {
    client.post(EMPLOYEES, form).await.expect(201)
}

async fn read(client: &Client, card: impl std::fmt::Display) -> Value {
    client.get(&at(card)).await.expect(200)
}

async fn act(
    client: &Client,
    method: Method,
    card: impl std::fmt::Display,
    what: &str,
) -> crate::common::Answer {
    client.send(client.request(method, &format!("{}/{what}", at(card)))).await
}

fn id(card: &Value) -> Id {
    Id(card["id"].as_str().unwrap().parse().unwrap())
}

crate::both_databases! {
    async fn a_new_card_shows_its_login_and_password_once(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let answer = director.post(EMPLOYEES, form(district.school, "teacher")).await;
        let saved = answer.expect(201);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(saved["credentials"]["login"], "oiunovikova_1");
        let password = saved["credentials"]["password"].as_str().unwrap();
        assert_eq!(password.len(), 12);
        assert_eq!(saved["credentials"]["expires_at"], "2026-12-22T07:00:00Z");
        let card = &saved["card"];
        assert_eq!((&card["version"], &card["login"]), (&json!(1), &json!("oiunovikova_1")));
        assert_eq!(card["roles"][0]["state"], "in_force");
        assert_eq!(card["credentials"]["state"], "active");
        assert_eq!(card["credentials"]["issued_by"], "Тестова Анна Ивановна");
        assert_eq!(card["own"], false);
        assert_eq!(
            card["permissions"],
            json!({
                "edit_person": "allowed", "change_dates": "allowed", "issue_credentials": "allowed",
                "unlock": "allowed", "unbind": "allowed", "archive": "allowed", "dismiss": "allowed",
                "transfer": "allowed", "merge": "allowed",
                "assignable_roles":
                    ["school_deputy", "school_officer", "social_pedagogue", "teacher", "class_teacher"],
            })
        );
        // Never again: neither the card nor the journal holds it, in whatever form.
        assert_eq!(&read(&director, card["id"].as_str().unwrap()).await, card);
        let told = journal(app, id(card)).await;
        assert_eq!(actions(app, id(card)).await, ["credentials.issued", "employee.created"]);
        assert_eq!(told[1].2["person"]["name"], "Новикова Ольга Юрьевна");
        assert!(!format!("{told:?}").contains(password));
        // The next one of the same name, and one «Без отч.».
        let saved = create(&director, despite(form(district.school, "teacher"))).await;
        assert_eq!(saved["credentials"]["login"], "oiunovikova_2");
        let mut without = despite(form(district.school, "teacher"));
        without["person"]["patronymic"] = json!("");
        without["person"]["no_patronymic"] = json!(true);
        assert_eq!(create(&director, without).await["credentials"]["login"], "onovikova_1");
    }

    async fn every_wrong_field_of_a_new_card_is_told_at_once_in_the_order_of_the_form(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let problem = director
            .post(EMPLOYEES, json!({
                "organization_id": district.school.to_string(),
                "person": {
                    "family_name": "Иван0в", "given_name": "", "patronymic": "Петрович",
                    "no_patronymic": true, "email": "ivanov@mail",
                },
                "roles": [
                    { "role": "school_director", "start": "01.09.2026" },
                    { "role": "kindergarten_head", "start": "2026-09-01" },
                    { "role": "teacher", "start": "01.09.2026", "end": "31.08.2026" },
                    { "role": "teacher", "start": "01.09.2025", "end": "31.08.2026" },
                    { "start": "31.02.2026" },
                ],
                "note": "я".repeat(2001),
            }))
            .await
            .expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), [
            "roles/0/role: role-forbidden",
            "roles/1/role: role-unfit",
            "roles/2/end: dates-crossed",
            "roles/3/end: role-already-over",
            "roles/4/role: role-missing",
            "roles/4/start: date-malformed",
            "person/family_name: name-digit",
            "person/given_name: name-empty",
            "person/patronymic: patronymic-not-empty",
            "person/email: email-domain",
            "note: note-too-long",
        ]);
        let messages = problem["errors"].as_array().unwrap().iter().map(|error| error["message"].as_str());
        assert!(messages.into_iter().all(|message| !message.unwrap().is_empty()));
    }

    async fn an_organization_that_is_closed_unknown_or_out_of_view_is_not_told_apart(app: TestApp) {
        use diesel::prelude::*;
        use epos_backend::db::schema::organizations;
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let closed = district.other_school;
        let today = app.services.context.today();
        app.write(move |conn| {
            diesel::update(organizations::table.find(closed))
                .set(organizations::closed_on.eq(today))
                .execute(conn)?;
            Ok(())
        })
        .await;
        for organization in [closed, district.far_school, Id(uuid::Uuid::from_u128(1))] {
            let problem = department
                .post(EMPLOYEES, form(organization, "school_director"))
                .await
                .expect_problem(422, "validation-failed");
            assert_eq!(wrong(&problem), ["organization_id: organization-unknown"]);
        }
        let mut nowhere = form(closed, "school_director");
        nowhere.as_object_mut().unwrap().remove("organization_id");
        let problem = department.post(EMPLOYEES, nowhere).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["organization_id: organization-missing"]);
        create(&department, form(district.school, "school_director")).await;
    }

    async fn a_specialist_is_told_that_the_department_appoints_heads(app: TestApp) {
        let district = District::build(app).await;
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let problem = deputy
            .post(EMPLOYEES, form(district.school, "school_director"))
            .await
            .expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles/0/role: role-needs-confirmation"]);
        // A head's card: looked at, its password reset, and nothing else.
        let (head, _) = card(app, district.school, "Директорова Дарья", &[(Role::SchoolDirector, "01.09.2020–")]).await;
        let shown = read(&deputy, head).await;
        assert_eq!(shown["permissions"]["edit_person"], "needs_confirmation");
        assert_eq!(shown["permissions"]["issue_credentials"], "allowed");
        assert_eq!(shown["permissions"]["assignable_roles"], json!([]));
        act(&deputy, Method::POST, head, "credentials").await.expect(200);
        let mut changed = form_of(&shown);
        changed["person"]["family_name"] = json!("Заменова");
        let problem = deputy.put(&at(head), changed).await.expect_problem(403, "needs-confirmation");
        assert!(problem["detail"].as_str().unwrap().contains("управление образованием"));
        act(&deputy, Method::DELETE, head, "binding").await.expect_problem(403, "needs-confirmation");
        act(&deputy, Method::POST, head, "archive").await.expect_problem(403, "needs-confirmation");
        assert_eq!(actions(app, head).await, [
            "binding.ended refused: needs-confirmation",
            "credentials.issued",
            "employee.archived refused: needs-confirmation",
            "employee.saved refused: needs-confirmation",
        ]);
    }

    async fn unknown_fields_and_wrong_shapes_are_refused(app: TestApp) {
        let district = District::build(app).await;
        let (director, own) = works_as(app, district.school, Role::SchoolDirector).await;
        let mut extra = form(district.school, "teacher");
        extra["person"]["admin"] = json!(true);
        let problem = director.post(EMPLOYEES, extra).await.expect_problem(400, "malformed-body");
        assert_eq!(wrong(&problem), ["person/admin: unknown-field"]);
        let mut king = form(district.school, "teacher");
        king["roles"][0]["role"] = json!("king");
        let problem = director.post(EMPLOYEES, king).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles/0/role: invalid-value"]);
        director.put(&at(own), json!({})).await.expect_problem(400, "malformed-body");
        director.get(&at("no-identifier")).await.expect_problem(404, "not-found");
        let many = json!({ "role": "teacher", "start": "01.09.2026" });
        let mut crowded = form(district.school, "teacher");
        crowded["roles"] = json!(vec![many; 51]);
        let problem = director.post(EMPLOYEES, crowded).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles: too-many-roles"]);
    }

    async fn another_organizations_card_answers_like_one_that_does_not_exist(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (other, _) = card(app, district.other_school, "Чужая Ирина", &[(Role::Teacher, "01.09.2020–")]).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let body = form_of(&read(&support, other).await);
        let ask = async |card: Id| {
            let answers = [
                director.get(&at(card)).await,
                director.put(&at(card), body.clone()).await,
                act(&director, Method::POST, card, "credentials").await,
                act(&director, Method::DELETE, card, "lock").await,
                act(&director, Method::DELETE, card, "binding").await,
                act(&director, Method::POST, card, "archive").await,
            ];
            answers.map(|answer| {
                let mut problem = answer.expect_problem(404, "not-found");
                problem["request_id"] = Value::Null;
                problem
            })
        };
        assert_eq!(ask(other).await, ask(Id(uuid::Uuid::from_u128(1))).await);
        assert_eq!(actions(app, other).await, Vec::<String>::new());
    }

    async fn a_saved_card_tells_the_journal_what_was_and_what_is(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let made = create(&director, form(district.school, "teacher")).await;
        let card = id(&made["card"]);
        app.clock.advance(chrono::TimeDelta::seconds(1));
        let mut changed = form_of(&made["card"]);
        changed["person"]["family_name"] = json!("Новикова-Орлова");
        changed["note"] = json!("вышла замуж");
        changed["roles"][0]["end"] = json!("31.08.2027");
        let saved = director.put(&at(card), changed).await.expect(200);
        assert_eq!(saved["card"]["version"], 2);
        assert_eq!(saved["card"]["login"], "oiunovikova_1", "a login never changes");
        assert!(saved.get("credentials").is_none());
        let told = journal(app, card).await;
        assert_eq!(
            actions(app, card).await[2..],
            ["employee.person_changed", "employee.role_ended"]
        );
        assert_eq!(told[2].2, json!({
            "before": { "name": "Новикова Ольга Юрьевна", "email": "novikova@school.example", "note": "" },
            "after": {
                "name": "Новикова-Орлова Ольга Юрьевна", "email": "novikova@school.example",
                "note": "вышла замуж",
            },
        }));
        assert_eq!(told[3].2, json!({
            "role": "teacher",
            "before": { "start": "2026-09-01", "end": null },
            "after": { "start": "2026-09-01", "end": "2027-08-31" },
        }));
        // She is found by her new name.
        let page = director.get(&people::url(EMPLOYEES, &[("query", "орлова")])).await.expect(200);
        assert_eq!(page["items"][0]["id"], made["card"]["id"]);
    }

    async fn saving_what_is_there_already_changes_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let made = create(&director, form(district.school, "teacher")).await;
        let saved = director.put(&at(id(&made["card"])), form_of(&made["card"])).await.expect(200);
        assert_eq!(saved["card"], made["card"]);
        assert!(saved.get("credentials").is_none());
        assert_eq!(actions(app, id(&made["card"])).await.len(), 2);
    }

    async fn an_added_role_brings_new_credentials_and_voids_the_older(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let made = create(&director, form(district.school, "teacher")).await;
        let mut changed = form_of(&made["card"]);
        changed["roles"].as_array_mut().unwrap().push(json!({ "role": "class_teacher", "start": "01.12.2026" }));
        let saved = director.put(&at(id(&made["card"])), changed).await.expect(200);
        assert_eq!(saved["credentials"]["login"], made["credentials"]["login"]);
        assert_ne!(saved["credentials"]["password"], made["credentials"]["password"]);
        assert_eq!(saved["card"]["roles"][1]["state"], "upcoming");
        let mut forbidden = form_of(&saved["card"]);
        forbidden["roles"].as_array_mut().unwrap().push(json!({ "role": "school_director", "start": "01.12.2026" }));
        let problem = director.put(&at(id(&made["card"])), forbidden).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles/2/role: role-forbidden"]);
    }

    async fn roles_are_neither_dropped_nor_replaced_nor_revived(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (card, _) = card(app, district.school, "Ролева Рита", &[
            (Role::Teacher, "01.09.2020–31.08.2021"),
            (Role::Teacher, "01.09.2026–"),
        ]).await;
        let shown = read(&director, card).await;
        let refused = async |change: &dyn Fn(&mut Value)| {
            let mut body = form_of(&shown);
            change(&mut body);
            wrong(&director.put(&at(card), body).await.expect_problem(422, "validation-failed"))
        };
        assert_eq!(
            refused(&|body| { body["roles"].as_array_mut().unwrap().pop(); }).await,
            ["roles: role-left-out"]
        );
        assert_eq!(
            refused(&|body| body["roles"][0]["role"] = json!("class_teacher")).await,
            ["roles/0/role: role-changed"]
        );
        assert_eq!(refused(&|body| body["roles"][1]["end"] = json!("31.08.2022")).await, ["roles/1/end: role-ended"]);
        assert_eq!(refused(&|body| body["roles"] = json!([])).await, ["roles: no-roles"]);
        assert_eq!(
            refused(&|body| body["roles"][0]["end"] = json!("31.08.2026")).await,
            ["roles/0/end: dates-crossed"]
        );
        assert_eq!(
            refused(&|body| body["roles"][0]["id"] = json!(uuid::Uuid::from_u128(1))).await,
            ["roles/0/role: assignment-unknown", "roles: role-left-out"]
        );
    }

    async fn the_second_of_two_editors_gets_the_present_card_and_overwrites_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (first, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (second, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let (card, _) = card(app, district.school, "Общая Ирина", &[(Role::Teacher, "01.09.2020–")]).await;
        let (one, other) = (form_of(&read(&first, card).await), form_of(&read(&second, card).await));
        let mut named = one;
        named["person"]["family_name"] = json!("Первая");
        first.put(&at(card), named).await.expect(200);
        let mut noted = other;
        noted["note"] = json!("вторая");
        let problem = second.put(&at(card), noted.clone()).await.expect_problem(409, "version-conflict");
        assert_eq!(problem["current"], read(&second, card).await);
        assert_eq!(problem["current"]["name"]["family_name"], "Первая");
        assert_eq!(problem["current"]["note"], "");
        // Made from the present version it goes through, and keeps what the first one did.
        let mut again = form_of(&problem["current"]);
        again["note"] = noted["note"].clone();
        let saved = second.put(&at(card), again).await.expect(200);
        assert_eq!((&saved["card"]["name"]["family_name"], &saved["card"]["note"]), (&json!("Первая"), &json!("вторая")));
        noted["version"] = json!(99);
        second.put(&at(card), noted).await.expect_problem(409, "version-conflict");
    }

    async fn of_two_saves_at_once_one_wins(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (card, _) = card(app, district.school, "Общая Ирина", &[(Role::Teacher, "01.09.2020–")]).await;
        let body = form_of(&read(&director, card).await);
        let saves = (0..6).map(|number| {
            let (mut body, director) = (body.clone(), &director);
            body["note"] = json!(format!("правка {number}"));
            async move { director.put(&at(card), body).await.status.as_u16() }
        });
        let mut statuses = futures_util::future::join_all(saves).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
        assert_eq!(read(&director, card).await["version"], 2);
    }

    async fn nobody_acts_on_his_own_card(app: TestApp) {
        let district = District::build(app).await;
        let (support, own) = works_as(app, district.operator, Role::Support).await;
        let shown = read(&support, own).await;
        assert_eq!(shown["own"], true);
        assert_eq!(shown["permissions"]["edit_person"], "denied");
        let mut longer = form_of(&shown);
        longer["note"] = json!("себе");
        support.put(&at(own), longer).await.expect_problem(403, "own-card");
        act(&support, Method::POST, own, "credentials").await.expect_problem(403, "own-card");
        act(&support, Method::DELETE, own, "binding").await.expect_problem(403, "own-card");
        act(&support, Method::POST, own, "archive").await.expect_problem(403, "own-card");
        act(&support, Method::DELETE, own, "lock").await.expect_problem(403, "own-card");
    }

    async fn a_reset_voids_older_credentials_and_leaves_version_and_binding(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (card, _) = card(app, district.school, "Забывчивая Ольга", &[(Role::Teacher, "01.09.2020–")]).await;
        people::bind(app, app.account("forgetful").await, card).await;
        let first = act(&director, Method::POST, card, "credentials").await.expect(200);
        let second = act(&director, Method::POST, card, "credentials").await.expect(200);
        assert_ne!(first["password"], second["password"]);
        let shown = read(&director, card).await;
        assert_eq!((&shown["version"], &shown["binding"]["user_name"]), (&json!(1), &json!("forgetful")));
        assert_eq!(shown["credentials"]["state"], "active");
        app.clock.advance(chrono::TimeDelta::days(30));
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        assert_eq!(read(&director, card).await["credentials"]["state"], "expired");
    }

    async fn the_archive_ends_every_role_and_closes_the_card(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (card, login) = card(app, district.school, "Уходящая Ольга", &[
            (Role::Teacher, "01.09.2020–"),
            (Role::ClassTeacher, "01.12.2026–"),
        ]).await;
        let account = app.account("leaving").await;
        people::bind(app, account, card).await;
        let password = people::credentials(app, card, &login).await;
        let leaving = app.signed_in("leaving").await;
        assert_eq!(leaving.get("/api/v1/session").await.json()["session"]["chosen_card"], card.to_string());
        let archived = act(&director, Method::POST, card, "archive").await.expect(200);
        assert_eq!(archived["archived_at"], "2026-11-22T07:00:00Z");
        assert_eq!(archived["roles"].as_array().unwrap().len(), 1, "a role that never began is taken back");
        assert_eq!(archived["roles"][0]["period"]["end"], "2026-11-22");
        assert_eq!(archived["credentials"]["state"], "voided");
        assert_eq!(archived["binding"]["user_name"], "leaving");
        assert_eq!(archived["permissions"]["edit_person"], "denied");
        // The person has no such card any more.
        let session = &leaving.get("/api/v1/session").await.json()["session"];
        assert_eq!((&session["cards"], session.get("chosen_card")), (&json!([]), None));
        leaving.put("/api/v1/session/card", json!({ "employee_id": card.to_string() })).await
            .expect_problem(404, "not-found");
        let form = json!({ "login": login.to_string(), "password": password });
        leaving.post("/api/v1/kontingent/bindings", form).await.expect_problem(422, "invalid-card-credentials");
        // And nobody changes it.
        let mut body = form_of(&archived);
        body["note"] = json!("вернуть");
        director.put(&at(card), body).await.expect_problem(409, "archived");
        act(&director, Method::POST, card, "archive").await.expect_problem(409, "archived");
        act(&director, Method::POST, card, "credentials").await.expect_problem(409, "archived");
        assert_eq!(
            actions(app, card).await,
            ["binding.created refused: credentials-voided", "employee.archived"]
        );
    }

    async fn unbinding_takes_the_card_from_the_session_at_once(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (director, card) = works_as(app, district.school, Role::SchoolDirector).await;
        director.get(EMPLOYEES).await.expect(200);
        let unbound = act(&department, Method::DELETE, card, "binding").await.expect(200);
        assert!(unbound.get("binding").is_none());
        director.get(EMPLOYEES).await.expect_problem(403, "no-rights");
        assert_eq!(director.get("/api/v1/session").await.json()["session"]["cards"], json!([]));
        // Once more is nothing more.
        act(&department, Method::DELETE, card, "binding").await.expect(200);
        assert_eq!(actions(app, card).await, ["binding.ended"]);
    }

    async fn a_head_and_his_department_are_told_what_others_do_to_his_card(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let roles = [(Role::EducationDepartment, "01.01.2020–")];
        people::card_with_email(app, district.department, "Управова Анна", "uo@epos.example", &roles).await;
        let roles = [(Role::PreschoolDepartment, "01.01.2020–")];
        people::card_with_email(app, district.department, "Дошкольная Анна", "preschool@epos.example", &roles).await;
        let roles = [(Role::SchoolDirector, "01.01.2020–")];
        let (head, _) = people::card_with_email(app, district.school, "Главная Вера", "head@school.example", &roles).await;
        let account = app.account("head").await;
        people::bind(app, account, head).await;
        let told = async |to: &str| -> Vec<String> {
            app.letters_to(to).await.iter()
                .map(|letter| {
                    assert!(!letter.text.contains("Вера") && letter.text.contains("Логин карточки: "), "{}", letter.text);
                    let deed = letter.text.lines().filter_map(|line| line.split_once("Что сделано: ").or(line.split_once("Изменено: ")));
                    deed.map(|(_, what)| what).collect::<Vec<_>>().join(": ")
                })
                .collect()
        };
        act(&department, Method::POST, head, "credentials").await.expect(200);
        // Who of the department that was is the department's: the school is told the organization.
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        assert_eq!(read(&deputy, head).await["credentials"]["issued_by"], "УО Верхнекамска");
        assert_eq!(read(&department, head).await["credentials"]["issued_by"], "Тестова Анна Ивановна");
        // Where the person of the card reads; the card's own address may be the secretary's.
        assert_eq!(told("head@epos.test").await, ["Выдан новый одноразовый пароль"]);
        assert_eq!(app.letters_to("head@school.example").await.len(), 0);
        // The department is told of what its own people do too, but not whoever did it.
        assert_eq!(told("uo@epos.example").await, ["Выдан новый одноразовый пароль"]);
        assert_eq!(app.letters_to("person_aitestova_2@epos.test").await.len(), 0);
        assert_eq!(app.letters_to("preschool@epos.example").await.len(), 0, "it keeps kindergartens only");
        // Twice within an hour is one letter, another deed another one.
        act(&support, Method::POST, head, "credentials").await.expect(200);
        let mut body = form_of(&read(&support, head).await);
        body["person"]["phone"] = json!("+7 912 345-67-89");
        body["roles"][0]["end"] = json!("2027-08-31");
        support.put(&at(head), body).await.expect(200);
        // One field does not hide another.
        for phone in ["+7 912 345-67-80", "+7 912 345-67-81"] {
            let mut body = form_of(&read(&support, head).await);
            body["person"]["phone"] = json!(phone);
            support.put(&at(head), body).await.expect(200);
        }
        act(&support, Method::DELETE, head, "binding").await.expect(200);
        act(&support, Method::DELETE, head, "binding").await.expect(200);
        act(&support, Method::POST, head, "archive").await.expect(200);
        let all = [
            "Выдан новый одноразовый пароль", "Изменены данные или роли: телефон, роли",
            "Изменены данные или роли: телефон", "Карточка отвязана от учётной записи", "Карточка перенесена в архив",
        ];
        assert_eq!(told("uo@epos.example").await, all);
        assert_eq!(told("head@epos.test").await, all[..4]);
        // Bound no more, he is told where the card says.
        assert_eq!(told("head@school.example").await, all[4..]);
        // Of a teacher nobody is told, but that he becomes a head.
        let (teacher, _) = people::card_with_email(
            app, district.other_school, "Простая Вера", "teacher@school.example", &[(Role::Teacher, "01.09.2020–")],
        ).await;
        act(&support, Method::POST, teacher, "credentials").await.expect(200);
        let mut body = form_of(&read(&support, teacher).await);
        body["note"] = json!("заметка");
        support.put(&at(teacher), body).await.expect(200);
        assert_eq!(app.letters_to("teacher@school.example").await.len(), 0);
        let mut body = form_of(&read(&support, teacher).await);
        body["roles"].as_array_mut().unwrap().push(json!({ "role": "school_director", "start": "2026-11-22" }));
        support.put(&at(teacher), body).await.expect(200);
        assert_eq!(told("teacher@school.example").await, ["Изменены данные или роли: роли"]);
        assert_eq!(app.letters_to("uo@epos.example").await.len(), 6);
    }

    async fn a_blocked_account_changes_nothing_any_more(app: TestApp) {
        let district = District::build(app).await;
        let (director, own) = works_as(app, district.school, Role::SchoolDirector).await;
        let (teacher, _) = card(app, district.school, "Учителева Ольга", &[(Role::Teacher, "01.09.2020–")]).await;
        let asker = |account| kontingent::Asker {
            account,
            card: Some(own),
            category: None,
            journal: audit::Actor { account: Some(account), employee: Some(own), address: None, request_id: None },
        };
        let account: Id = app.read(move |conn| {
            Ok(bindings::table.filter(bindings::employee_id.eq(own)).select(bindings::account_id).first(conn)?)
        }).await;
        let reset = async || {
            let (services, who) = (app.services.clone(), asker(account));
            kontingent::gate::write(&services, who, "credentials.issued", None, move |conn, services, who, staff| {
                staff.reset(conn, services, who, teacher.into())
            }).await
        };
        // As what takes long goes on after its request: with no session.
        reset().await.unwrap();
        app.write(move |conn| {
            diesel::update(accounts::table.find(account)).set(accounts::status.eq("blocked")).execute(conn)?;
            Ok(())
        }).await;
        let problem = reset().await.unwrap_err().to_problem();
        assert_eq!((problem.status, problem.code.as_str()), (403, "no-rights"));
        drop(director);
    }

    async fn whoever_may_issue_lifts_the_lock_of_the_sign_in(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (card, _) = card(app, district.school, "Запертая Ольга", &[(Role::Teacher, "01.09.2020–")]).await;
        let account = app.account("locked_out").await;
        people::bind(app, account, card).await;
        let somebody = app.anonymous();
        for _ in 0..5 {
            somebody.sign_in("locked_out", "не тот пароль").await;
        }
        somebody.sign_in("locked_out", crate::common::PASSWORD).await.expect_problem(423, "locked");
        let shown = read(&director, card).await;
        assert_eq!(shown["binding"]["locked_until"], "2026-11-22T07:15:00Z");
        let unlocked = act(&director, Method::DELETE, card, "lock").await.expect(200);
        assert!(unlocked["binding"].get("locked_until").is_none());
        somebody.sign_in("locked_out", crate::common::PASSWORD).await.expect(200);
        assert!(actions(app, account).await.contains(&"account.unlocked".to_owned()));
    }

    // A connection for each: on PostgreSQL all twenty are under way together.
    #[configure(|config| config.database.pool_size = 20)]
    async fn twenty_cards_of_one_name_at_once_get_twenty_logins(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let made = (0..20).map(|_| director.post(EMPLOYEES, despite(form(district.school, "teacher"))));
        let mut logins: Vec<u32> = futures_util::future::join_all(made)
            .await
            .iter()
            .map(|answer| {
                let login = answer.expect(201)["card"]["login"].as_str().unwrap().to_owned();
                login.strip_prefix("oiunovikova_").unwrap().parse().unwrap()
            })
            .collect();
        logins.sort_unstable();
        assert_eq!(logins, (1..=20).collect::<Vec<_>>());
    }

    async fn a_login_and_a_user_name_are_of_one_space_and_never_given_twice(app: TestApp) {
        let district = District::build(app).await;
        app.account("oiunovikova_1").await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let made = create(&director, form(district.school, "teacher")).await;
        assert_eq!(made["card"]["login"], "oiunovikova_2");
        act(&director, Method::POST, id(&made["card"]), "archive").await.expect(200);
        let made = create(&director, form(district.school, "teacher")).await;
        assert_eq!(made["card"]["login"], "oiunovikova_3");
    }
}
