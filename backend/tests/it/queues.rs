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
        let own = of(&[("mismatches", 0), ("expired_credentials", 0)]);
        assert_eq!(counts(&director).await, own);
        assert_eq!(counts(&officer).await, own);
        assert_eq!(counts(&department).await, of(&[("mismatches", 0)]));
        crate::applicants::in_queue(app, "unlisted@school.example").await;
        assert_eq!(
            counts(&support).await,
            of(&[("mismatches", 0), ("registrations", 1), ("account_applications", 0)])
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
        assert_eq!(counts(&director).await, of(&[("mismatches", 0), ("expired_credentials", 2)]));
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
        assert_eq!(counts(&director).await, of(&[("mismatches", 0), ("expired_credentials", 0)]));
    }
}
