//! The staff list: who is in it, how it is searched, filtered, sorted and paged.

use chrono::TimeDelta;
use epos_shared::roles::{OrganizationKind, Role};
use reqwest::Method;
use serde_json::Value;

use crate::common::{Client, TestApp};
use crate::people::{self, District, EMPLOYEES, card, card_with_email, works_as};

async fn list(client: &Client, parameters: &[(&str, &str)]) -> Value {
    client.get(&people::url(EMPLOYEES, parameters)).await.expect(200)
}

fn families(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|row| row["name"]["family_name"].as_str().unwrap()).collect()
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn found(client: &Client, query: &str) -> Vec<String> {
    let page = list(client, &[("query", query)]).await;
    families(&page).into_iter().map(str::to_owned).collect()
}

const SINCE_SEPTEMBER: &str = "01.09.2026–";

/// People who are hard to find, in two schools of the district.
async fn crowd(app: &TestApp, district: &District) {
    let teacher = [(Role::Teacher, SINCE_SEPTEMBER)];
    card_with_email(app, district.school, "Королёва Алёна Фёдоровна", "koroleva@mail.ru", &teacher).await;
    card_with_email(app, district.school, "Королева Мария Петровна", "m.koroleva@mail.ru", &teacher).await;
    card_with_email(app, district.other_school, "Салтыков-Щедрин Михаил", "saltykov@школа.рф", &teacher)
        .await;
    card_with_email(app, district.other_school, "Ёлкин Пётр Ильич", "elkin@mail.ru", &teacher).await;
    card_with_email(app, district.far_school, "Королевич Иван", "far@mail.ru", &teacher).await;
}

crate::both_databases! {
    async fn search_finds_the_beginnings_of_any_words_in_any_order(app: TestApp) {
        let district = District::build(app).await;
        crowd(app, &district).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        for (query, expected) in [
            ("королёва", &["Королёва", "Королева"][..]),
            ("КОРОЛЕВА", &["Королёва", "Королева"]),
            ("федоровна кор", &["Королёва"]),
            ("Кор А.Ф.", &["Королёва"]),
            ("щедрин", &["Салтыков-Щедрин"]),
            ("салтыков-щ", &["Салтыков-Щедрин"]),
            ("михаил салтыков", &["Салтыков-Щедрин"]),
            ("ёлкин", &["Ёлкин"]),
            ("елк", &["Ёлкин"]),
            ("m.koroleva@", &["Королева"]),
            ("saltykov@школа.рф", &["Салтыков-Щедрин"]),
            ("msaltykovshchedrin_1", &["Салтыков-Щедрин"]),
            // Only beginnings, and only who is in view.
            ("олева", &[]),
            ("королевич", &[]),
            // Nothing in a query means anything to the database.
            ("%", &[]),
            ("_", &[]),
            ("кор%", &[]),
            ("'; DROP TABLE employees; --", &[]),
            ("\\", &[]),
        ] {
            assert_eq!(found(&department, query).await, expected, "{query}");
        }
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        assert_eq!(found(&support, "королевич").await, ["Королевич"]);
    }

    async fn inside_one_organization_search_finds_any_part_and_wildcards_are_literal(app: TestApp) {
        let district = District::build(app).await;
        crowd(app, &district).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        assert_eq!(found(&director, "ролев").await, ["Королёва", "Королева"]);
        assert_eq!(found(&director, "ролев лён").await, ["Королёва"]);
        assert_eq!(found(&director, ".korol").await, ["Королёва", "Королева"]);
        assert_eq!(found(&director, "щедрин").await, Vec::<String>::new());
        for query in ["%", "к%а", "_оролева", "\\", "к_р"] {
            assert_eq!(found(&director, query).await, Vec::<String>::new(), "{query}");
        }
        assert_eq!(found(&director, "akoroleva_").await, Vec::<String>::new());
        assert_eq!(found(&director, "mpkoroleva_").await, ["Королева"]);
        // The same for a department that has chosen one school, and not for the department as a whole.
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let school = district.other_school.to_string();
        let page = list(&department, &[("organization", school.as_str()), ("query", "щедр")]).await;
        assert_eq!(families(&page), ["Салтыков-Щедрин"]);
        let page = list(&department, &[("organization", school.as_str()), ("query", "тыков")]).await;
        assert_eq!(families(&page), ["Салтыков-Щедрин"]);
        assert_eq!(found(&department, "тыков").await, Vec::<String>::new());
    }

    async fn every_order_is_paged_forward_and_back_without_loss_or_repetition(app: TestApp) {
        let district = District::build(app).await;
        let families = ["Абрамов", "Ёлкин", "Ежов", "Жуков", "Яковлев", "абрамов", "Ким-Ли", "Ёлкина"];
        for number in 0..120_usize {
            let name = format!("{} {}", families[number % families.len()], ["Анна", "Яна", "Пётр"][number % 3]);
            card(app, district.school, &name, &[(Role::Teacher, SINCE_SEPTEMBER)]).await;
            // Some at the same moment, so that the identifier has to decide.
            if number % 4 == 0 {
                app.clock.advance(TimeDelta::seconds(1));
            }
        }
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let mut orders = Vec::new();
        for sort in crate::plans::SORTS {
            let mut forward = Vec::new();
            let mut backward = Vec::new();
            let mut page = list(&director, &[("sort", sort), ("limit", "17")]).await;
            assert!(page.get("previous").is_none(), "{sort}");
            loop {
                assert_eq!(page["total"], serde_json::json!({ "kind": "exact", "value": 121 }));
                forward.extend(ids(&page));
                let Some(next) = page["next"].as_str() else { break };
                page = list(&director, &[("sort", sort), ("limit", "17"), ("after", next)]).await;
                assert!(page["previous"].is_string(), "{sort}");
            }
            loop {
                let mut rows = ids(&page);
                rows.reverse();
                backward.extend(rows);
                let Some(previous) = page["previous"].as_str() else { break };
                page = list(&director, &[("sort", sort), ("limit", "17"), ("before", previous)]).await;
                assert!(page["next"].is_string(), "{sort}");
            }
            assert_eq!(forward.len(), 121, "{sort}");
            let mut once = forward.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), 121, "{sort}: a row came twice");
            backward.reverse();
            assert_eq!(backward, forward, "{sort}: the way back is another");
            orders.push(forward);
        }
        for pair in orders.chunks(2) {
            let mut reversed = pair[1].clone();
            reversed.reverse();
            assert_eq!(pair[0], reversed);
        }
    }

    async fn names_are_in_the_russian_order(app: TestApp) {
        let district = District::build(app).await;
        for name in ["Яковлев Ян", "Ёлкин Пётр", "Абрамов Лев", "Ежов Олег", "Жуков Глеб", "елина Яна"] {
            card(app, district.other_school, name, &[(Role::Teacher, SINCE_SEPTEMBER)]).await;
        }
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let school = district.other_school.to_string();
        let page = list(&support, &[("organization", school.as_str())]).await;
        assert_eq!(families(&page), ["Абрамов", "Ежов", "елина", "Ёлкин", "Жуков", "Яковлев"]);
    }

    async fn a_cursor_that_is_damaged_or_of_another_order_is_refused(app: TestApp) {
        let district = District::build(app).await;
        crowd(app, &district).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let page = list(&director, &[("limit", "1")]).await;
        let next = page["next"].as_str().unwrap();
        let ask = async |parameters: &[(&str, &str)]| {
            director.get(&people::url(EMPLOYEES, parameters)).await
        };
        ask(&[("after", next), ("sort", "login")]).await.expect_problem(400, "invalid-cursor");
        ask(&[("after", &next[1..])]).await.expect_problem(400, "invalid-cursor");
        ask(&[("before", "мусор")]).await.expect_problem(400, "invalid-cursor");
        ask(&[("after", "")]).await.expect_problem(400, "invalid-cursor");
        ask(&[("after", next), ("before", next)]).await.expect_problem(400, "malformed-parameter");
        ask(&[("limit", "0")]).await.expect_problem(400, "malformed-parameter");
        ask(&[("limit", "101")]).await.expect_problem(400, "malformed-parameter");
        ask(&[("page", "2")]).await.expect_problem(400, "malformed-parameter");
        ask(&[("role", "king")]).await.expect_problem(400, "malformed-parameter");
        ask(&[("organization", "1")]).await.expect_problem(400, "malformed-parameter");
        ask(&[("query", &"а".repeat(201))]).await.expect_problem(400, "malformed-parameter");
    }

    async fn filters_by_organization_role_and_state(app: TestApp) {
        let district = District::build(app).await;
        let of = async |family: &str, organization, roles: &[(Role, &str)]| {
            card(app, organization, &format!("{family} Ирина"), roles).await.0
        };
        of("Вечная", district.school, &[(Role::Teacher, "01.09.2020–")]).await;
        of("Скорая", district.school, &[(Role::Teacher, "01.09.2020–22.12.2026")]).await;
        of("Поздняя", district.school, &[(Role::Teacher, "01.09.2020–23.12.2026")]).await;
        of("Сегодняшняя", district.school, &[(Role::ClassTeacher, "01.09.2020–22.11.2026")]).await;
        of("Бывшая", district.school, &[(Role::Teacher, "01.09.2020–21.11.2026")]).await;
        of("Будущая", district.school, &[(Role::Teacher, "23.11.2026–")]).await;
        of("Садовая", district.kindergarten, &[(Role::KindergartenTeacher, "01.09.2020–")]).await;
        let archived = of("Архивная", district.school, &[(Role::Teacher, "01.09.2020–")]).await;
        let bound = of("Связанная", district.school, &[(Role::Teacher, "01.09.2020–")]).await;
        let account = app.account("bound").await;
        people::bind(app, account, bound).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        support.send(support.request(Method::POST, &format!("{}/archive", people::at(archived)))).await.expect(200);

        let school = district.school.to_string();
        let at_school = async |parameters: &[(&str, &str)]| {
            let all = [&[("organization", school.as_str())], parameters].concat();
            let page = list(&department, &all).await;
            families(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            at_school(&[]).await,
            ["Будущая", "Бывшая", "Вечная", "Поздняя", "Связанная", "Сегодняшняя", "Скорая"]
        );
        assert_eq!(
            at_school(&[("state", "in_force")]).await,
            ["Вечная", "Поздняя", "Связанная", "Сегодняшняя", "Скорая"]
        );
        assert_eq!(at_school(&[("state", "ends_soon")]).await, ["Сегодняшняя", "Скорая"]);
        assert_eq!(at_school(&[("state", "ended")]).await, ["Бывшая"]);
        assert_eq!(at_school(&[("state", "archived")]).await, ["Архивная"]);
        assert_eq!(at_school(&[("state", "not_bound")]).await.len(), 6);
        assert_eq!(at_school(&[("state", "never_signed_in")]).await.len(), 7);
        assert_eq!(at_school(&[("role", "class_teacher")]).await, ["Сегодняшняя"]);
        assert_eq!(
            at_school(&[("role", "teacher")]).await,
            ["Будущая", "Вечная", "Поздняя", "Связанная", "Скорая"]
        );
        assert_eq!(at_school(&[("role", "teacher"), ("state", "ends_soon")]).await, ["Скорая"]);
        assert_eq!(at_school(&[("role", "teacher"), ("state", "ended")]).await, ["Бывшая"]);
        // Who has signed in once has; the row says when.
        app.signed_in("bound").await;
        assert_eq!(at_school(&[("state", "never_signed_in")]).await.len(), 6);
        let page = list(&department, &[("query", "связанная")]).await;
        assert_eq!(page["items"][0]["bound"], true);
        assert_eq!(page["items"][0]["last_sign_in_at"], "2026-11-22T07:00:00Z");
        // The department with everything below; what is out of view filters to nothing.
        let whole = district.department.to_string();
        let page = list(&department, &[("organization", whole.as_str()), ("query", "садовая")]).await;
        assert_eq!(families(&page), ["Садовая"]);
        let far = district.far_school.to_string();
        let page = list(&department, &[("organization", far.as_str())]).await;
        assert_eq!(page["total"]["value"], 0);
        // A card whose every role has ended shows the last one.
        let page = list(&department, &[("state", "ended")]).await;
        assert_eq!(page["items"][0]["roles"][0]["state"], "ended");
    }

    async fn more_than_a_thousand_are_not_counted_out(app: TestApp) {
        let district = District::build(app).await;
        let (services, school) = (app.services.clone(), district.school);
        app.write(move |conn| {
            let text = "Массовый Иван";
            for _ in 0..1_000 {
                let new = epos_shared::api::employees::NewEmployee {
                    organization_id: school.into(),
                    person: epos_shared::api::employees::Person { name: people::name(text), email: None, snils: None, phone: None },
                    roles: Vec::new(),
                    note: String::new(),
                };
                epos_backend::kontingent::create(conn, &services.context, &new, None)?;
            }
            Ok(())
        })
        .await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let page = list(&director, &[("limit", "1")]).await;
        assert_eq!(page["total"], serde_json::json!({ "kind": "more_than", "value": 1000 }));
        let page = list(&director, &[("limit", "1"), ("query", "массовый")]).await;
        assert_eq!(page["total"], serde_json::json!({ "kind": "exact", "value": 1000 }));
    }

    async fn nobody_sees_the_list_without_a_session_a_card_or_a_role_for_it(app: TestApp) {
        let district = District::build(app).await;
        app.anonymous().get(EMPLOYEES).await.expect_problem(401, "not-signed-in");
        let problem = app.signed_in("cardless").await.get(EMPLOYEES).await.expect_problem(403, "no-rights");
        assert!(problem["detail"].as_str().unwrap().contains("Привяжите карточку"), "{problem}");
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        teacher.get(EMPLOYEES).await.expect_problem(403, "no-rights");
        teacher.get("/api/v1/kontingent/organizations").await.expect_problem(403, "no-rights");
    }

    async fn a_college_is_its_own(app: TestApp) {
        let district = District::build(app).await;
        let college =
            people::organization(app, Some(district.department), OrganizationKind::College, "Колледж").await;
        card(app, college, "Лекторов Лев", &[(Role::Lecturer, SINCE_SEPTEMBER)]).await;
        let (officer, _) = works_as(app, college, Role::CollegeOfficer).await;
        let page = list(&officer, &[]).await;
        assert_eq!(families(&page), ["Лекторов", "Тестова"]);
        assert_eq!(page["items"][0]["roles"][0]["role"], "lecturer");
        assert_eq!(page["items"][0]["organization"]["short_name"], "Колледж");
    }
}
