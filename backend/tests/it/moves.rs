//! «Увольнение» and «Перевод».

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::db::schema::{bindings, organizations};
use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::{Answer, Client, TestApp};
use crate::people::{
    self, District, actions, at, bind, card, card_with_email, form_of, journal, works_as, wrong,
};

async fn dismiss(client: &Client, card: impl std::fmt::Display, version: i64, last_day: &str) -> Answer {
    client.post(&format!("{}/dismissal", at(card)), json!({ "version": version, "last_day": last_day })).await
}

async fn transfer(client: &Client, card: impl std::fmt::Display, draft: Value) -> Answer {
    client.post(&format!("{}/transfer", at(card)), draft).await
}

fn into(organization: Id, role: &str) -> Value {
    json!({
        "version": 1, "last_day": "30.11.2026", "organization_id": organization.to_string(),
        "roles": [{ "role": role, "start": "01.12.2026" }],
    })
}

fn id(card: &Value) -> Id {
    Id(card["id"].as_str().unwrap().parse().unwrap())
}

async fn account_of(app: &TestApp, card: Id) -> Option<Id> {
    app.read(move |conn| {
        let found = bindings::table
            .filter(bindings::employee_id.eq(card))
            .filter(bindings::ended_at.is_null())
            .select(bindings::account_id)
            .first(conn)
            .optional()?;
        Ok(found)
    })
    .await
}

crate::both_databases! {
    async fn a_dismissal_ends_every_role_with_one_day(app: TestApp) {
        let district = District::build(app).await;
        let roles = [
            (Role::ClassTeacher, "01.09.2020–31.08.2021"),
            (Role::Teacher, "01.09.2020–"),
            (Role::SocialPedagogue, "01.09.2026–24.11.2026"),
            (Role::ClassTeacher, "01.09.2027–"),
        ];
        let (person, _) = card_with_email(app, district.school, "Ким Ли Ильич", "kim@mail.example", &roles).await;
        let head = [(Role::SchoolDirector, "01.09.2020–")];
        card_with_email(app, district.school, "Первая Анна", "head@school.example", &head).await;
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let saved = dismiss(&deputy, person, 1, "25.11.2026").await.expect(200);
        assert_eq!(saved["version"], 2);
        let periods: Vec<&Value> = saved["roles"].as_array().unwrap().iter().map(|role| &role["period"]).collect();
        assert_eq!(periods.len(), 3, "what had not begun is taken back");
        assert!(periods.contains(&&json!({ "start": "2020-09-01", "end": "2026-11-25" })));
        assert!(periods.contains(&&json!({ "start": "2026-09-01", "end": "2026-11-24" })), "it ends before");
        assert!(periods.contains(&&json!({ "start": "2020-09-01", "end": "2021-08-31" })), "history stays");
        assert_eq!(
            actions(app, person).await,
            ["employee.dismissed", "employee.role_ended", "employee.role_ended"]
        );
        assert_eq!(journal(app, person).await[0].2, json!({ "before": {}, "after": { "last_day": "2026-11-25" } }));
        // He and the head are told.
        let own = app.letter_to("kim@mail.example").await;
        assert_eq!((&*own.kind, &*own.subject), ("card.left", "В ЭПОС записано увольнение"));
        assert!(own.text.contains("Последний день: 25.11.2026"), "{}", own.text);
        assert_eq!(app.letter_to("head@school.example").await.kind, "card.left_head");
        // Found among those who have left, once the day is over.
        app.clock.advance(TimeDelta::days(4));
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let page = director.get(&people::url(people::EMPLOYEES, &[("state", "ended")])).await.expect(200);
        assert_eq!(page["items"][0]["id"], person.to_string());
        // Nothing is left to end.
        let again = dismiss(&director, person, 2, "26.11.2026").await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&again), ["last_day: nothing-ends"]);
    }

    async fn a_last_day_is_yesterday_at_the_earliest_and_leaves_a_role(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (person, _) = card(app, district.school, "Ким Ли Ильич", &[(Role::Teacher, "01.09.2020–")]).await;
        let early = dismiss(&director, person, 1, "20.11.2026").await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&early), ["last_day: last-day-past"]);
        let empty = dismiss(&director, person, 1, "").await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&empty), ["last_day: date-empty"]);
        let (future, _) = card(app, district.school, "Цой Анна Ивановна", &[(Role::Teacher, "01.09.2027–")]).await;
        let none = dismiss(&director, future, 1, "22.11.2026").await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&none), ["last_day: nothing-left"]);
        let saved = dismiss(&director, person, 1, "2026-11-21").await.expect(200);
        assert_eq!(saved["roles"][0]["state"], "ended");
        let extra = json!({ "version": 1, "last_day": "22.11.2026", "force": true });
        director.post(&format!("{}/dismissal", at(person)), extra).await.expect_problem(400, "malformed-body");
    }

    async fn a_dismissal_needs_the_right_over_every_role_and_the_present_version(app: TestApp) {
        let district = District::build(app).await;
        let both = [(Role::SchoolDirector, "01.09.2020–"), (Role::Teacher, "01.09.2020–")];
        let (head, _) = card(app, district.school, "Главный Лев Иванович", &both).await;
        let teacher = [(Role::Teacher, "01.09.2020–")];
        let (person, _) = card(app, district.school, "Ким Ли Ильич", &teacher).await;
        let (neighbour, _) = card(app, district.other_school, "Яшин Лев Иванович", &teacher).await;
        let (director, own) = works_as(app, district.school, Role::SchoolDirector).await;
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let (former, _) =
            people::works_as_until(app, district.school, Role::SchoolDirector, "01.01.2020–21.11.2026").await;
        let (stranger, _) = works_as(app, district.school, Role::Teacher).await;
        let day = "30.11.2026";
        dismiss(&director, head, 1, day).await.expect_problem(403, "forbidden");
        dismiss(&deputy, head, 1, day).await.expect_problem(403, "needs-confirmation");
        // A director who also teaches is support's alone (decision 0002).
        dismiss(&department, head, 1, day).await.expect_problem(403, "forbidden");
        dismiss(&director, own, 1, day).await.expect_problem(403, "own-card");
        dismiss(&director, neighbour, 1, day).await.expect_problem(404, "not-found");
        dismiss(&former, person, 1, day).await.expect_problem(403, "no-rights");
        dismiss(&stranger, person, 1, day).await.expect_problem(403, "no-rights");
        dismiss(&app.anonymous(), person, 1, day).await.expect_problem(401, "not-signed-in");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(director.cookie());
        dismiss(&forged, person, 1, day).await.expect_problem(403, "forged-origin");
        let mut refused = actions(app, head).await;
        refused.sort();
        assert_eq!(refused, [
            "employee.dismissed refused: forbidden",
            "employee.dismissed refused: forbidden",
            "employee.dismissed refused: needs-confirmation",
        ]);
        dismiss(&support, head, 1, day).await.expect(200);
        // Somebody has changed the card meanwhile.
        let mut changed = form_of(&director.get(&at(person)).await.expect(200));
        changed["note"] = json!("на больничном");
        director.put(&at(person), changed).await.expect(200);
        let conflict = dismiss(&deputy, person, 1, day).await.expect_problem(409, "version-conflict");
        assert_eq!(conflict["current"]["note"], "на больничном");
        dismiss(&deputy, person, 2, day).await.expect(200);
        director.post(&format!("{}/archive", at(person)), Value::Null).await.expect(200);
        dismiss(&director, person, 3, day).await.expect_problem(409, "archived");
    }

    async fn of_a_heads_dismissal_the_department_is_told(app: TestApp) {
        let district = District::build(app).await;
        let department = [(Role::EducationDepartment, "01.01.2020–")];
        card_with_email(app, district.department, "Управова Анна", "uo@epos.example", &department).await;
        let head = [(Role::SchoolDirector, "01.09.2020–")];
        let (person, _) = card_with_email(app, district.school, "Первая Анна", "head@school.example", &head).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        dismiss(&support, person, 1, "30.11.2026").await.expect(200);
        assert_eq!(app.letter_to("head@school.example").await.kind, "card.left", "her own alone");
        let told = app.letter_to("uo@epos.example").await;
        assert!(told.text.contains("Организация: Школа № 1"), "{}", told.text);
        assert!(!told.text.contains("Первая"), "facts, and nothing of a card: {}", told.text);
    }

    async fn a_transfer_ends_one_card_and_begins_another_for_the_same_account(app: TestApp) {
        let district = District::build(app).await;
        let head = [(Role::SchoolDirector, "01.09.2020–")];
        let (old, _) =
            card_with_email(app, district.school, "Тестова Анна Ивановна", "head@school.example", &head).await;
        let account = app.account("head").await;
        bind(app, account, old).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let moved = transfer(&department, old, into(district.other_school, "school_director")).await.expect(200);
        let new = id(&moved["card"]);
        assert_ne!(new, old);
        assert!(moved.get("credentials").is_none(), "the account is the person's: nothing to bind");
        assert_eq!(moved["card"]["organization"]["id"], district.other_school.to_string());
        assert_eq!(moved["card"]["roles"][0]["period"], json!({ "start": "2026-12-01" }));
        assert_eq!((&moved["card"]["name"], &moved["card"]["email"]), (
            &json!({ "family_name": "Тестова", "given_name": "Анна", "patronymic": "Ивановна" }),
            &json!("head@school.example"),
        ));
        assert_eq!(account_of(app, new).await, Some(account));
        assert_eq!(account_of(app, old).await, Some(account), "history");
        let left = department.get(&at(old)).await.expect(200);
        assert_eq!(left["roles"][0]["period"]["end"], "2026-11-30");
        assert!(left.get("archived_at").is_none());
        // Each knows of the other.
        assert_eq!(actions(app, old).await, ["employee.role_ended", "employee.transferred"]);
        assert_eq!(actions(app, new).await, ["binding.created", "employee.created", "employee.received"]);
        let (from, to) = (journal(app, old).await[1].2.clone(), journal(app, new).await[2].2.clone());
        assert_eq!((&from["other"], &to["other"]), (&json!(new.to_string()), &json!(old.to_string())));
        assert_eq!(from["after"], json!({ "organization": "Гимназия № 2", "last_day": "2026-11-30" }));
        assert_eq!(app.letter_to("head@school.example").await.subject, "В ЭПОС записан перевод в другую организацию");
        // From the day on she works there, and no more here.
        app.clock.advance(TimeDelta::days(9));
        let person = app.signed_in("head").await;
        let session = person.get("/api/v1/session").await.expect(200);
        let states: Vec<&str> = session["session"]["cards"]
            .as_array()
            .unwrap()
            .iter()
            .map(|card| card["roles"][0]["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["in_force", "ended"], "in the order of the organizations' names");
    }

    async fn a_new_card_that_the_account_does_not_fit_gets_credentials(app: TestApp) {
        let district = District::build(app).await;
        let head = [(Role::SchoolDirector, "01.09.2020–")];
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        // Not bound at all.
        let (unbound, _) = card(app, district.school, "Первая Анна", &head).await;
        let moved = transfer(&department, unbound, into(district.other_school, "school_director")).await.expect(200);
        assert_eq!(moved["credentials"]["login"], moved["card"]["login"]);
        assert_eq!(moved["card"]["note"], "");
        // Bound, and called otherwise by now.
        let (renamed, _) = card(app, district.school, "Тестова Анна Ивановна", &head).await;
        bind(app, app.account("head").await, renamed).await;
        let mut changed = form_of(&department.get(&at(renamed)).await.expect(200));
        changed["person"]["family_name"] = json!("Замужняя");
        department.put(&at(renamed), changed).await.expect(200);
        let mut draft = into(district.other_school, "school_director");
        draft["version"] = json!(2);
        let moved = transfer(&department, renamed, draft).await.expect(200);
        assert!(moved["credentials"]["password"].as_str().is_some());
        assert_eq!(account_of(app, id(&moved["card"])).await, None);
    }

    async fn who_has_a_card_there_gets_the_roles_on_it(app: TestApp) {
        let district = District::build(app).await;
        let account = app.account("head").await;
        let (old, _) = card(app, district.school, "Тестова Анна Ивановна", &[(Role::SchoolDirector, "01.09.2020–")]).await;
        let past = [(Role::SchoolDirector, "01.09.2018–31.08.2020")];
        let (there, _) = card(app, district.other_school, "Тестова Анна Ивановна", &past).await;
        let (archived, _) = card(app, district.other_school, "Тестова Анна Ивановна", &past).await;
        for card in [old, there, archived] {
            bind(app, account, card).await;
        }
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        department.post(&format!("{}/archive", at(archived)), Value::Null).await.expect(200);
        let moved = transfer(&department, old, into(district.other_school, "school_director")).await.expect(200);
        assert_eq!(id(&moved["card"]), there);
        assert_eq!(moved["card"]["version"], 2);
        assert_eq!(moved["card"]["roles"].as_array().unwrap().len(), 2);
        assert!(moved.get("credentials").is_none());
        assert_eq!(actions(app, there).await, ["employee.received", "employee.role_added"]);
    }

    async fn a_transfer_needs_the_right_on_both_sides_and_everything_right_at_once(app: TestApp) {
        let district = District::build(app).await;
        let head = [(Role::SchoolDirector, "01.09.2020–")];
        let (person, _) = card(app, district.school, "Первая Анна", &head).await;
        let (garden, _) = card(app, district.kindergarten, "Садова Анна", &[(Role::KindergartenHead, "01.09.2020–")]).await;
        let (teacher, _) = card(app, district.school, "Ким Ли Ильич", &[(Role::Teacher, "01.09.2020–")]).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (preschool, _) = works_as(app, district.department, Role::PreschoolDepartment).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let refused = async |client: &Client, card: Id, draft: Value| {
            wrong(&transfer(client, card, draft).await.expect_problem(422, "validation-failed"))
        };
        // A school's director keeps teachers of his school, and none elsewhere.
        assert_eq!(
            refused(&director, teacher, into(district.other_school, "teacher")).await,
            ["organization_id: organization-unknown"]
        );
        transfer(&deputy, person, into(district.other_school, "school_director")).await
            .expect_problem(403, "needs-confirmation");
        // Out of the department's view, not told apart from one that is not there.
        for nowhere in [district.far_school, Id(uuid::Uuid::from_u128(1))] {
            assert_eq!(
                refused(&department, person, into(nowhere, "school_director")).await,
                ["organization_id: organization-unknown"]
            );
        }
        assert_eq!(
            refused(&department, person, into(district.other_school, "teacher")).await,
            ["roles/0/role: role-forbidden"]
        );
        assert_eq!(
            refused(&preschool, garden, into(district.other_school, "school_director")).await,
            ["roles/0/role: role-forbidden"]
        );
        assert_eq!(
            refused(&department, person, into(district.school, "school_director")).await,
            ["organization_id: same-organization"]
        );
        let wrong_everywhere = json!({
            "version": 1, "last_day": "01.01.2026",
            "roles": [{ "role": "school_director", "start": "31.02.2027" }],
        });
        assert_eq!(refused(&department, person, wrong_everywhere).await, [
            "last_day: last-day-past", "organization_id: organization-missing", "roles/0/start: date-malformed",
        ]);
        let mut early = into(district.other_school, "school_director");
        early["roles"][0]["start"] = json!("30.11.2026");
        assert_eq!(refused(&department, person, early).await, ["roles/0/start: starts-early"]);
        let mut stale = into(district.other_school, "school_director");
        stale["version"] = json!(7);
        transfer(&department, person, stale).await.expect_problem(409, "version-conflict");
        // An organization that closes takes nobody beyond its last day.
        let closing = district.other_school;
        app.write(move |conn| {
            diesel::update(organizations::table.find(closing))
                .set(organizations::closed_on.eq(people::day("01.02.2027")))
                .execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(
            refused(&department, person, into(closing, "school_director")).await,
            ["roles/0/end: organization-closes"]
        );
        let nothing_done = actions(app, person).await;
        assert!(nothing_done.iter().all(|action| action.contains("refused")), "{nothing_done:?}");
        // Support moves anybody anywhere.
        let moved = transfer(&support, teacher, into(district.far_school, "teacher")).await.expect(200);
        assert_eq!(moved["card"]["organization"]["id"], district.far_school.to_string());
        transfer(&app.anonymous(), person, into(district.other_school, "school_director")).await
            .expect_problem(401, "not-signed-in");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(support.cookie());
        transfer(&forged, person, into(district.other_school, "school_director")).await
            .expect_problem(403, "forged-origin");
    }
}
