//! «Очереди»: what each sees of them, and cards whose one-time credentials have expired.

use chrono::TimeDelta;
use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::{Client, TestApp};
use crate::people::{District, at, bind, card, credentials, url, works_as, works_as_until};

const QUEUES: &str = "/api/v1/kontingent/queues";
const EXPIRED: &str = "/api/v1/kontingent/queues/expired-credentials";

/// Each queue with its count.
async fn counts(client: &Client) -> Vec<(String, u64)> {
    let queues = client.get(QUEUES).await.expect(200);
    queues["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|queue| {
            assert_eq!(queue["waiting"]["kind"], "exact");
            (queue["kind"].as_str().unwrap().to_owned(), queue["waiting"]["value"].as_u64().unwrap())
        })
        .collect()
}

async fn names(client: &Client, parameters: &[(&str, &str)]) -> (Vec<String>, Value) {
    let page = client.get(&url(EXPIRED, parameters)).await.expect(200);
    let names = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"]["family_name"].as_str().unwrap().to_owned())
        .collect();
    (names, page)
}

fn of(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
    pairs.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

/// A teacher with credentials of this moment.
async fn issued(app: &TestApp, organization: Id, name: &str) -> Id {
    let (id, login) = card(app, organization, name, &[(Role::Teacher, "01.01.2020–")]).await;
    credentials(app, id, &login).await;
    id
}

crate::both_databases! {
    async fn each_sees_the_queues_he_works_on(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (officer, _) = works_as(app, district.school, Role::SchoolOfficer).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let own = of(&[("mismatches", 0), ("confirmations", 0), ("expired_credentials", 0)]);
        assert_eq!(counts(&director).await, own);
        assert_eq!(counts(&officer).await, own);
        assert_eq!(counts(&department).await, of(&[("mismatches", 0), ("confirmations", 0)]));
        crate::applicants::in_queue(app, "unlisted@school.example").await;
        assert_eq!(
            counts(&support).await,
            of(&[("mismatches", 0), ("confirmations", 0), ("registrations", 1), ("account_applications", 0)])
        );
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        let (gone, _) = works_as_until(app, district.school, Role::SchoolDirector, "01.01.2020–21.11.2026").await;
        for path in [QUEUES, EXPIRED] {
            app.anonymous().get(path).await.expect_problem(401, "not-signed-in");
            app.signed_in("no_card").await.get(path).await.expect_problem(403, "no-rights");
            teacher.get(path).await.expect_problem(403, "no-rights");
            gone.get(path).await.expect_problem(403, "no-rights");
        }
        for above in [&department, &support] {
            above.get(EXPIRED).await.expect_problem(403, "forbidden");
        }
    }

    async fn each_queue_is_a_file_too(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let (neighbour, _) = works_as(app, district.other_school, Role::SchoolDirector).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        for number in 0..103 {
            crate::organizations_kept::mismatch(app, &number.to_string(), district.school).await;
        }
        let create = json!({ "kind": "create", "draft": crate::people::form(district.school, "school_director") });
        deputy.post("/api/v1/kontingent/proposals", create).await.expect(201);
        crate::applicants::in_queue(app, "unlisted@school.example").await;
        let lines = async |client: &Client, queue: &str| -> Vec<String> {
            let answer = client.get(&format!("/api/v1/{queue}/export")).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("text/csv; charset=utf-8")));
            assert!(answer.text().starts_with('\u{feff}'));
            answer.text().trim_start_matches('\u{feff}').lines().map(str::to_owned).collect()
        };
        let mismatches = lines(&director, "kontingent/mismatches").await;
        assert_eq!(mismatches.len(), 104, "every page, and the headings");
        assert!(mismatches[0].starts_with("ФИО в Госуслугах;E-mail в Госуслугах;Организация;Состояние;"));
        assert!(mismatches[1].contains(";Школа № 1;Ждёт исправления;22.11.2026 12:00;"), "{}", mismatches[1]);
        assert_eq!(lines(&neighbour, "kontingent/mismatches").await.len(), 1, "the neighbour's are not his");
        let settled = support.get("/api/v1/kontingent/mismatches/export?state=settled").await;
        assert_eq!(settled.text().lines().count(), 1);
        let proposals = lines(&department, "kontingent/proposals").await;
        assert_eq!(proposals.len(), 2);
        assert!(proposals[1].starts_with("Новая карточка;Новикова Ольга Юрьевна;Школа № 1;Тестова Анна Ивановна;Ждёт"), "{}", proposals[1]);
        let registrations = lines(&support, "applications").await;
        assert!(registrations.len() == 2 && registrations[1].contains("unlisted@school.example"), "{registrations:?}");
        assert_eq!(lines(&support, "account-applications").await.len(), 1);
        for queue in ["applications", "account-applications"] {
            director.get(&format!("/api/v1/{queue}/export")).await.expect_problem(403, "forbidden");
        }
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        for queue in ["kontingent/mismatches", "kontingent/proposals", "applications", "account-applications"] {
            let path = format!("/api/v1/{queue}/export");
            app.anonymous().get(&path).await.expect_problem(401, "not-signed-in");
            assert_eq!(teacher.get(&path).await.status.as_u16(), 403);
        }
        let told = crate::people::journal(app, district.school).await;
        let told: Vec<&Value> = told.iter().filter(|entry| entry.0 == "report.exported").map(|entry| &entry.2).collect();
        assert_eq!(told, [&json!({ "report": "mismatches", "rows": 103, "more": false })]);
    }

    async fn cards_whose_credentials_have_expired_wait_until_they_are_issued_anew(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let first = issued(app, district.school, "Агафонова Анна").await;
        app.clock.advance(TimeDelta::minutes(1));
        let second = issued(app, district.school, "Бабкина Анна").await;
        let bound = issued(app, district.school, "Вяткина Анна").await;
        let account = app.account("bound").await;
        bind(app, account, bound).await;
        let archived = issued(app, district.school, "Галкина Анна").await;
        director.post(&format!("{}/archive", at(archived)), json!({})).await.expect(200);
        let (ended, login) =
            card(app, district.school, "Дорохова Анна", &[(Role::Teacher, "01.01.2020–01.12.2026")]).await;
        credentials(app, ended, &login).await;
        card(app, district.school, "Ершова Анна", &[(Role::Teacher, "01.01.2020–")]).await;
        issued(app, district.other_school, "Жукова Анна").await;
        assert_eq!(names(&director, &[]).await.0, Vec::<String>::new());

        app.clock.advance(TimeDelta::days(30));
        let director = {
            // The session of a month ago is over.
            let client = app.anonymous();
            client.set_cookie(director.cookie());
            client.get(EXPIRED).await.expect_problem(401, "not-signed-in");
            works_as(app, district.school, Role::SchoolDirector).await.0
        };
        assert_eq!(names(&director, &[]).await.0, ["Агафонова", "Бабкина"]);
        assert_eq!(counts(&director).await, of(&[("mismatches", 0), ("confirmations", 0), ("expired_credentials", 2)]));
        let (page, answer) = names(&director, &[("limit", "1")]).await;
        assert_eq!((page, &answer["total"]["value"]), (vec!["Агафонова".to_owned()], &json!(2)));
        let (page, second_page) = names(&director, &[("limit", "1"), ("after", answer["next"].as_str().unwrap())]).await;
        assert_eq!((page, &second_page["next"]), (vec!["Бабкина".to_owned()], &json!(null)));
        let previous = second_page["previous"].as_str().unwrap();
        let (page, first_page) = names(&director, &[("limit", "1"), ("before", previous)]).await;
        assert_eq!((page, &first_page["previous"]), (vec!["Агафонова".to_owned()], &json!(null)));
        assert_eq!(first_page["items"][0]["id"], first.to_string());
        director.get(&url(EXPIRED, &[("after", "x")])).await.expect_problem(400, "invalid-cursor");

        director.post(&format!("{}/credentials", at(first)), json!({})).await.expect(200);
        assert_eq!(names(&director, &[]).await.0, ["Бабкина"]);
        let account = app.account("second").await;
        bind(app, account, second).await;
        assert_eq!(counts(&director).await, of(&[("mismatches", 0), ("confirmations", 0), ("expired_credentials", 0)]));
    }
}
