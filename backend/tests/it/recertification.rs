//! «Подтвердите, что эти люди работают у вас»: who asks, who answers, who is reminded.

use chrono::TimeDelta;
use epos_backend::db::types::Id;
use epos_backend::kontingent;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::{Client, TestApp};
use crate::people::{self, District, actions, card, card_with_email, journal, works_as};

const ALL: &str = "/api/v1/kontingent/recertifications";
const DUE: &str = "15.12.2026";

async fn started(client: &Client) -> String {
    client.post(ALL, json!({ "due_on": DUE })).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// `organization: left, works, gone` of every organization in view.
async fn rows(client: &Client, id: &str) -> Vec<String> {
    let page = client.get(&format!("{ALL}/{id}/organizations")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|row| {
            let numbers = &row["numbers"];
            format!(
                "{}: {}, {}, {}{}",
                row["organization"]["short_name"].as_str().unwrap(),
                numbers["left"],
                numbers["works"],
                numbers["gone"],
                if row["answered_at"].is_null() { "" } else { ", answered" }
            )
        })
        .collect()
}

/// Whom the own organization has to answer for.
async fn left(client: &Client, id: &str) -> Vec<String> {
    let page = client.get(&format!("{ALL}/{id}/people")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|person| person["name"]["family_name"].as_str().unwrap().to_owned()).collect()
}

async fn answer(client: &Client, id: &str, body: Value) -> crate::common::Answer {
    client.post(&format!("{ALL}/{id}/answers"), body).await
}

fn works(cards: &[Id]) -> Value {
    json!({ "answer": "works", "ids": cards.iter().map(ToString::to_string).collect::<Vec<_>>() })
}

fn gone(cards: &[Id], last_day: &str) -> Value {
    json!({
        "answer": "gone", "last_day": last_day,
        "ids": cards.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// What the job does once a day.
async fn tended(app: &TestApp) {
    let mut after = None;
    loop {
        after = kontingent::tend_recertifications(&app.services, after).await.unwrap();
        if after.is_none() {
            return;
        }
    }
}

/// What the job does every few minutes.
async fn told(app: &TestApp) {
    assert_eq!(kontingent::tell_of_recertifications(&app.services, None).await.unwrap().map(drop), Some(()));
}

/// A school with a director, a deputy and two teachers; a neighbour; a department.
struct School {
    district: District,
    department: Client,
    head: Client,
    head_card: Id,
    deputy: Client,
    deputy_card: Id,
    neighbour: Client,
    first: Id,
    second: Id,
}

impl School {
    async fn build(app: &TestApp) -> Self {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, head_card) = works_as(app, district.school, Role::SchoolDirector).await;
        let (deputy, deputy_card) = works_as(app, district.school, Role::SchoolDeputy).await;
        let (neighbour, _) = works_as(app, district.other_school, Role::SchoolDirector).await;
        let teacher = [(Role::Teacher, "01.09.2020–")];
        let (first, _) = card(app, district.school, "Первая Вера", &teacher).await;
        let two = [(Role::Teacher, "01.09.2020–31.08.2027"), (Role::ClassTeacher, "01.09.2025–")];
        let (second, _) = card(app, district.school, "Вторая Вера", &two).await;
        card(app, district.school, "Прошлая Вера", &[(Role::Teacher, "01.09.2020–21.11.2026")]).await;
        card(app, district.school, "Будущая Вера", &[(Role::Teacher, "23.11.2026–")]).await;
        Self { district, department, head, head_card, deputy, deputy_card, neighbour, first, second }
    }
}

crate::both_databases! {
    async fn a_department_asks_and_the_head_answers_for_each(app: TestApp) {
        let school = School::build(app).await;
        let id = started(&school.department).await;
        // What is begun later needs no answer, nor has an organization without people any.
        app.clock.advance(TimeDelta::minutes(1));
        card(app, school.district.school, "Новая Вера", &[(Role::Teacher, "22.11.2026–")]).await;
        assert_eq!(rows(&school.department, &id).await, ["Гимназия № 2: 1, 0, 0", "Школа № 1: 4, 0, 0"]);
        assert_eq!(left(&school.head, &id).await, ["Вторая", "Первая", "Тестова", "Тестова"]);

        answer(&school.head, &id, works(&[school.first])).await.expect(200);
        let done = answer(&school.head, &id, gone(&[school.second], "20.11.2026")).await.expect(200);
        assert_eq!((done["results"][0]["outcome"].as_str(), done["left"].as_u64()), (Some("done"), Some(2)), "{done}");
        let ended = school.head.get(&people::at(school.second)).await.expect(200);
        let ends: Vec<&Value> = ended["roles"].as_array().unwrap().iter().map(|role| &role["period"]["end"]).collect();
        assert_eq!(ends, ["2026-11-20", "2026-11-20"]);
        assert_eq!(rows(&school.department, &id).await, ["Гимназия № 2: 1, 0, 0", "Школа № 1: 2, 1, 1"]);
        assert_eq!(
            actions(app, school.second).await,
            ["employee.role_ended", "employee.role_ended", "recertification.answered"]
        );

        // Everybody who is left, as many as were seen.
        let all = |count: u32| json!({ "answer": "works", "everybody": count });
        answer(&school.deputy, &id, all(3)).await.expect_problem(409, "version-conflict");
        assert_eq!(answer(&school.deputy, &id, all(2)).await.expect(200)["left"], 0);
        assert_eq!(rows(&school.department, &id).await[1], "Школа № 1: 0, 3, 1, answered");
        let told = journal(app, school.district.school).await;
        let mut cards: Vec<u64> = told.iter().map(|(_, _, details)| details["cards"].as_u64().unwrap()).collect();
        cards.sort_unstable();
        assert_eq!(cards, [1, 2], "{told:?}");
        let shown = school.department.get(ALL).await.expect(200);
        let one = &shown["items"][0];
        assert_eq!((one["organizations"].as_u64(), one["answered"].as_u64()), (Some(2), Some(1)), "{shown}");
        assert_eq!(one["department"]["short_name"], "УО Верхнекамска");
        // A second time there is nothing left to answer.
        let again = answer(&school.head, &id, gone(&[school.first], "20.11.2026")).await.expect(200);
        assert_eq!(again["results"][0]["outcome"], "unchanged");
        let first = school.head.get(&people::at(school.first)).await.expect(200);
        assert!(first["roles"][0]["period"]["end"].is_null(), "{first}");
    }

    async fn what_rights_refuse_is_told_of_that_card_alone(app: TestApp) {
        let school = School::build(app).await;
        let elsewhere = card(app, school.district.other_school, "Чужая Вера", &[(Role::Teacher, "01.09.2020–")]).await.0;
        let id = started(&school.department).await;
        let cards = [school.head_card, school.deputy_card, elsewhere, school.first];
        let done = answer(&school.deputy, &id, gone(&cards, "22.11.2026")).await.expect(200);
        let told: Vec<(&str, &str)> = done["results"].as_array().unwrap().iter()
            .map(|result| (result["outcome"].as_str().unwrap(), result["code"].as_str().unwrap_or_default()))
            .collect();
        assert_eq!(told, [("refused", "needs-confirmation"), ("refused", "own-card"), ("refused", "not-found"), ("done", "")], "{done}");
        // What was refused is not answered.
        assert_eq!(left(&school.head, &id).await, ["Вторая", "Тестова", "Тестова"]);
        let refused: Vec<String> = actions(app, school.head_card).await;
        assert_eq!(refused, ["employee.role_ended refused: needs-confirmation"]);
        // The neighbour's people are not answered for by naming them.
        answer(&school.deputy, &id, works(&[elsewhere])).await.expect(200);
        assert_eq!(rows(&school.department, &id).await[0], "Гимназия № 2: 2, 0, 0");
    }

    async fn who_may_not_is_refused(app: TestApp) {
        let school = School::build(app).await;
        let id = started(&school.department).await;
        let (teacher, _) = works_as(app, school.district.school, Role::Teacher).await;
        let (far, _) = works_as(app, school.district.far_school, Role::SchoolDirector).await;
        let (support, _) = works_as(app, school.district.operator, Role::Support).await;
        let (preschool, _) = works_as(app, school.district.department, Role::PreschoolDepartment).await;
        let (ended, _) = people::works_as_until(app, school.district.school, Role::SchoolDirector, "01.01.2020–21.11.2026").await;
        let start = json!({ "due_on": DUE });
        let all = json!({ "answer": "works", "everybody": 5 });
        for client in [&teacher, &ended] {
            client.get(ALL).await.expect_problem(403, "no-rights");
            client.post(ALL, start.clone()).await.expect_problem(403, "no-rights");
            answer(client, &id, all.clone()).await.expect_problem(403, "no-rights");
        }
        app.anonymous().post(ALL, start.clone()).await.expect_problem(401, "not-signed-in");
        // Heads do not ask, departments and support do not answer.
        school.head.post(ALL, start.clone()).await.expect_problem(403, "forbidden");
        school.head.post(&format!("{ALL}/{id}/end"), json!({})).await.expect_problem(403, "forbidden");
        for client in [&school.department, &support] {
            answer(client, &id, all.clone()).await.expect_problem(404, "not-found");
            client.get(&format!("{ALL}/{id}/people")).await.expect_problem(404, "not-found");
        }
        // Who is not asked sees nothing of it.
        for path in ["organizations", "people", "export"] {
            far.get(&format!("{ALL}/{id}/{path}")).await.expect_problem(404, "not-found");
        }
        assert!(far.get(ALL).await.expect(200)["items"].as_array().unwrap().is_empty());
        answer(&far, &id, all.clone()).await.expect_problem(404, "not-found");
        for nonsense in ["1", "01920000-0000-7000-8000-000000000001"] {
            school.head.get(&format!("{ALL}/{nonsense}/people")).await.expect_problem(404, "not-found");
        }
        // A head sees how far his own organization is, and no other.
        assert_eq!(rows(&school.neighbour, &id).await, ["Гимназия № 2: 1, 0, 0"]);
        // Nobody is asked twice at once; kindergartens without people are nobody to ask.
        school.department.post(ALL, start.clone()).await.expect_problem(409, "already-decided");
        preschool.post(ALL, start.clone()).await.expect_problem(409, "already-decided");
        let rest = support.post(ALL, start).await.expect(201);
        assert_eq!((rest["organizations"].as_u64(), rest["asked_already"].as_u64()), (Some(1), Some(2)), "{rest}");
        let forged = school.head.cookie();
        let other = app.anonymous().with_origin(Some("http://evil.test"));
        other.set_cookie(forged);
        answer(&other, &id, all).await.expect_problem(403, "forged-origin");
        for (due, code) in [("22.11.2026", "due-past"), ("24.11.2027", "due-far"), ("", "date-empty")] {
            let problem = school.department.post(ALL, json!({ "due_on": due })).await.expect_problem(422, "validation-failed");
            assert_eq!(people::wrong(&problem), [format!("due_on: {code}")]);
        }
        let problem = answer(&school.head, &id, json!({ "answer": "gone", "everybody": 4 })).await.expect_problem(422, "validation-failed");
        assert_eq!(people::wrong(&problem), ["ids: no-cards", "last_day: date-empty"]);
        answer(&school.head, &id, json!({ "answer": "fired", "ids": [] })).await.expect_problem(422, "validation-failed");
        answer(&school.head, &id, json!({ "ids": [] })).await.expect_problem(400, "malformed-body");
    }

    async fn one_that_was_ended_is_answered_no_more_and_makes_room_for_another(app: TestApp) {
        let school = School::build(app).await;
        let (support, _) = works_as(app, school.district.operator, Role::Support).await;
        let id = started(&school.department).await;
        let end = format!("{ALL}/{id}/end");
        assert!(support.post(&end, json!({})).await.expect(200)["ended_at"].is_string());
        school.department.post(&end, json!({})).await.expect_problem(409, "already-decided");
        answer(&school.head, &id, works(&[school.first])).await.expect_problem(409, "already-decided");
        // Support asks everybody; a department that was asked by it does not end it.
        card(app, school.district.far_school, "Дальняя Анна", &[(Role::Teacher, "01.09.2020–")]).await;
        let all = support.post(ALL, json!({ "due_on": DUE })).await.expect(201);
        assert_eq!((all["organizations"].as_u64(), all["asked_already"].as_u64()), (Some(3), Some(0)), "{all}");
        let id = all["id"].as_str().unwrap();
        assert_eq!(rows(&school.department, id).await.len(), 2);
        assert_eq!(rows(&support, id).await.len(), 3);
        school.department.post(&format!("{ALL}/{id}/end"), json!({})).await.expect_problem(403, "forbidden");
        let shown = school.department.get(ALL).await.expect(200);
        let told: Vec<(&Value, &Value)> = shown["items"].as_array().unwrap().iter().map(|one| (&one["may_end"], &one["organizations"])).collect();
        assert_eq!(told, [(&json!(false), &json!(2)), (&json!(false), &json!(2))], "{shown}");
        let text = school.department.get(&format!("{ALL}/{id}/export")).await.text();
        assert_eq!(
            text.trim_start_matches('\u{feff}').split_terminator("\r\n").collect::<Vec<_>>(),
            [
                "Организация;Вид;Населённый пункт;Осталось ответить;Работают;Больше не работают;Ответили полностью;Есть руководитель",
                "Гимназия № 2;Школа;Верхнекамск;1;0;0;;да",
                "Школа № 1;Школа;Верхнекамск;4;0;0;;да",
            ]
        );
    }

    async fn heads_are_reminded_a_week_before_and_the_day_after_and_no_oftener(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let director = [(Role::SchoolDirector, "01.09.2020–")];
        card_with_email(app, district.school, "Первая Анна", "head@school.example", &director).await;
        card_with_email(app, district.other_school, "Другая Анна", "head@other.example", &director).await;
        card_with_email(app, district.kindergarten, "Няня Анна", "nurse@garden.example", &[(Role::KindergartenTeacher, "01.09.2020–")]).await;
        let (deputy, _) = works_as(app, district.other_school, Role::SchoolDeputy).await;
        let id = started(&department).await;
        answer(&deputy, &id, json!({ "answer": "works", "everybody": 2 })).await.expect(200);
        let to_head = async || app.letters_to("head@school.example").await;

        app.clock.advance(TimeDelta::days(15));
        tended(app).await;
        assert!(to_head().await.is_empty(), "8 days before");
        app.clock.advance(TimeDelta::days(1));
        tended(app).await;
        tended(app).await;
        let letter = app.letter_to("head@school.example").await;
        assert_eq!((&*letter.kind, &*letter.subject), ("recertification.reminder", "Подтвердите, кто работает: Школа № 1"));
        assert!(letter.text.contains("до 15.12.2026 включительно"), "{}", letter.text);
        assert_eq!(letter.link(), "http://epos.test/kontingent/recertification");
        app.clock.advance(TimeDelta::days(7));
        tended(app).await;
        assert_eq!(to_head().await.len(), 1, "the last day itself is not over");
        app.clock.advance(TimeDelta::days(1));
        tended(app).await;
        app.clock.advance(TimeDelta::days(1));
        tended(app).await;
        let letters = to_head().await;
        assert_eq!(letters.len(), 2);
        assert!(letters[1].text.contains("Срок ответа закончился 15.12.2026"), "{letters:?}");
        assert!(app.letters_to("head@other.example").await.is_empty(), "who has answered is not reminded");
        assert!(app.letters_to("nurse@garden.example").await.is_empty(), "nobody heads that one");
        assert_eq!(actions(app, district.school).await, ["recertification.reminded"; 2]);

        // A head who comes later is reminded then.
        card_with_email(app, district.kindergarten, "Садова Анна", "head@garden.example", &[(Role::KindergartenHead, "01.12.2026–")]).await;
        tended(app).await;
        assert_eq!(app.letters_to("head@garden.example").await.len(), 1);
    }

    async fn heads_are_told_at_once_that_they_are_asked_and_not_again(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let director = [(Role::SchoolDirector, "01.09.2020–")];
        card_with_email(app, district.school, "Первая Анна", "head@school.example", &director).await;
        card_with_email(app, district.kindergarten, "Няня Анна", "nurse@garden.example", &[(Role::KindergartenTeacher, "01.09.2020–")]).await;
        started(&department).await;
        told(app).await;
        told(app).await;
        let letter = app.letter_to("head@school.example").await;
        assert_eq!((&*letter.kind, &*letter.subject), ("recertification.asked", "Подтвердите, кто работает: Школа № 1"));
        assert!(letter.text.contains("до 15.12.2026 включительно"), "{}", letter.text);
        assert_eq!(letter.link(), "http://epos.test/kontingent/recertification");
        assert_eq!(actions(app, district.school).await, ["recertification.told"]);

        // Whoever becomes head in the last week is told once, and not reminded as well.
        app.clock.advance(TimeDelta::days(18));
        card_with_email(app, district.kindergarten, "Садова Анна", "head@garden.example", &[(Role::KindergartenHead, "01.12.2026–")]).await;
        told(app).await;
        tended(app).await;
        assert_eq!(app.letters_to("head@garden.example").await.len(), 1);
        assert_eq!(app.letters_to("head@school.example").await.len(), 2, "the reminder of the last week");
    }

    async fn roles_that_end_elsewhere_need_no_answer(app: TestApp) {
        let school = School::build(app).await;
        let id = started(&school.department).await;
        let cards = [school.first, school.second];
        for card in cards {
            school.head.post(&format!("{}/archive", people::at(card)), json!({})).await.expect(200);
        }
        assert_eq!(rows(&school.department, &id).await[1], "Школа № 1: 2, 0, 0");
        let bodies = json!({ "answer": "works", "everybody": 2 });
        answer(&school.head, &id, bodies).await.expect(200);
        // Nobody answers for the neighbour, whose last role ends by itself: the job notes it.
        let (support, _) = works_as(app, school.district.operator, Role::Support).await;
        let shown = rows(&support, &id).await;
        assert_eq!(shown, ["Гимназия № 2: 1, 0, 0", "Школа № 1: 0, 2, 0, answered"]);
        let head = support.get(&people::url(people::EMPLOYEES, &[("organization", &school.district.other_school.to_string())])).await.expect(200);
        let head = head["items"][0]["id"].as_str().unwrap().to_owned();
        support.post(&format!("{}/archive", people::at(head)), json!({})).await.expect(200);
        tended(app).await;
        assert_eq!(rows(&support, &id).await[0], "Гимназия № 2: 0, 0, 0, answered");
        let one = &support.get(ALL).await.expect(200)["items"][0];
        assert_eq!((one["answered"].as_u64(), one["overdue"].as_bool()), (Some(2), Some(false)));
    }

    async fn long_lists_come_in_pages(app: TestApp) {
        let school = School::build(app).await;
        let id = started(&school.department).await;
        let mut names = Vec::new();
        let mut after = String::new();
        loop {
            let page = school.head.get(&format!("{ALL}/{id}/people?limit=1{after}")).await.expect(200);
            names.push(page["items"][0]["name"]["family_name"].as_str().unwrap().to_owned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(names, ["Вторая", "Первая", "Тестова", "Тестова"]);
        let path = format!("{ALL}/{id}/organizations");
        let first = school.department.get(&format!("{path}?limit=1")).await.expect(200);
        let next = first["next"].as_str().unwrap();
        let second = school.department.get(&format!("{path}?limit=1&after={next}")).await.expect(200);
        assert_eq!(second["items"][0]["organization"]["short_name"], "Школа № 1");
        answer(&school.head, &id, json!({ "answer": "works", "everybody": 4 })).await.expect(200);
        let waiting = school.department.get(&format!("{path}?waiting=true")).await.expect(200);
        assert_eq!(waiting["items"].as_array().unwrap().len(), 1, "{waiting}");
        // A cursor of one list is none of the other.
        school.head.get(&format!("{ALL}/{id}/people?after={next}")).await.expect_problem(400, "invalid-cursor");
        school.department.get(&format!("{path}?limit=101")).await.expect_problem(400, "malformed-parameter");
    }
}
