//! «Отчёты»: what is counted, who sees which organizations, the files.

use chrono::TimeDelta;
use epos_backend::db::types::Id;
use epos_backend::reports;
use epos_shared::roles::{OrganizationKind, Role};
use serde_json::{Value, json};

use crate::common::{Client, PASSWORD, TestApp};
use crate::people::{self, District, actions, card, credentials, works_as};

const STAFF: &str = "/api/v1/kontingent/reports/staff";
const DAYS: &str = "/api/v1/kontingent/reports/days";

async fn staff(client: &Client, parameters: &[(&str, &str)]) -> Value {
    client.get(&people::url(STAFF, parameters)).await.expect(200)
}

async fn days(client: &Client, parameters: &[(&str, &str)]) -> Value {
    client.get(&people::url(DAYS, parameters)).await.expect(200)
}

/// `name: cards, not bound, never signed in, ends soon; roles` of the rows.
fn rows(report: &Value) -> Vec<String> {
    let items = report["items"].as_array().unwrap();
    items
        .iter()
        .map(|row| {
            format!("{}: {}", row["organization"]["short_name"].as_str().unwrap(), told(&row["numbers"]))
        })
        .collect()
}

fn told(numbers: &Value) -> String {
    let roles: Vec<String> = numbers["by_role"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| format!("{} {}", count["role"].as_str().unwrap(), count["cards"]))
        .collect();
    format!(
        "{}, {}, {}, {}; {}",
        numbers["cards"],
        numbers["not_bound"],
        numbers["never_signed_in"],
        numbers["ends_soon"],
        roles.join(", ")
    )
}

/// The lines of a CSV, without the mark.
async fn lines(client: &Client, path: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let answer = client.get(&people::url(path, parameters)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').expect("the mark of UTF-8");
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

/// A district with its people: a department, a director and a deputy, who have signed in, and others.
struct Staffed {
    district: District,
    support: Client,
    department: Client,
    head: Client,
}

impl Staffed {
    async fn build(app: &TestApp) -> Self {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let teacher = Role::Teacher;
        let two = [(teacher, "01.09.2020–22.12.2026"), (Role::ClassTeacher, "01.09.2020–")];
        card(app, district.school, "Вторая Вера", &two).await;
        // Ends after the thirty days, has ended, has not begun.
        card(app, district.school, "Третья Вера", &[(teacher, "01.09.2020–23.12.2026")]).await;
        card(app, district.school, "Прошлая Вера", &[(teacher, "01.09.2020–21.11.2026")]).await;
        card(app, district.school, "Будущая Вера", &[(teacher, "23.11.2026–25.11.2026")]).await;
        card(app, district.kindergarten, "Садова Анна", &[(Role::KindergartenHead, "01.09.2020–22.11.2026")])
            .await;
        card(app, district.far_school, "Дальняя Анна", &[(teacher, "01.09.2020–")]).await;
        let account = app.account("silent").await;
        let (silent, _) = card(app, district.far_school, "Молчалива Анна", &[(teacher, "01.09.2020–")]).await;
        people::bind(app, account, silent).await;
        Self { district, support, department, head }
    }
}

crate::both_databases! {
    async fn each_sees_the_numbers_of_his_organizations(app: TestApp) {
        let Staffed { district, support, department, head } = Staffed::build(app).await;
        let school = "5, 4, 4, 1; school_director 1, teacher 2, class_teacher 1";
        let kindergarten = "1, 1, 1, 1; kindergarten_head 1";

        let own = staff(&head, &[]).await;
        assert_eq!(told(&own["total"]), school);
        assert!(own["items"].as_array().unwrap().is_empty() && own["own"].is_null() && own["above"].is_null(), "{own}");
        assert!(own["counted_at"].is_null() && own["counting"] == false, "{own}");

        let below = staff(&department, &[]).await;
        assert_eq!(below["organization"]["short_name"], "УО Верхнекамска");
        assert_eq!(told(&below["own"]), "1, 0, 0, 0; education_department 1");
        assert_eq!(rows(&below), [
            "Гимназия № 2: 0, 0, 0, 0; ".to_owned(),
            format!("Детский сад № 3: {kindergarten}"),
            format!("Школа № 1: {school}"),
        ]);
        assert_eq!(told(&below["total"]), "7, 5, 5, 2; education_department 1, school_director 1, kindergarten_head 1, teacher 2, class_teacher 1");
        assert!(below["above"].is_null(), "what is above its own a department does not see: {below}");

        // One top alone is opened at once.
        let all = staff(&support, &[]).await;
        assert_eq!(rows(&all), [
            format!("УО Верхнекамска: {}", told(&below["total"])),
            "УО Дальнее: 2, 1, 2, 0; teacher 2".to_owned(),
        ]);
        assert_eq!(all["items"][0]["below"], 3);
        let down = staff(&support, &[("organization", &district.department.to_string())]).await;
        assert_eq!((rows(&down), down["above"]["short_name"].as_str()), (rows(&below), Some("Оператор ЭПОС")));

        // Pages, and what is counted is what the list finds.
        let first = staff(&department, &[("limit", "2")]).await;
        assert_eq!(rows(&first).len(), 2);
        let second = staff(&department, &[("limit", "2"), ("after", first["next"].as_str().unwrap())]).await;
        assert_eq!((rows(&second), second["next"].is_null()), (vec![format!("Школа № 1: {school}")], true));
        for (state, number) in [("not_bound", 5), ("never_signed_in", 5), ("ends_soon", 2)] {
            let page = department.get(&people::url(people::EMPLOYEES, &[("state", state)])).await.expect(200);
            assert_eq!(page["total"]["value"], number, "{state}: {page}");
            assert_eq!(below["total"][state], number);
        }
    }

    async fn what_is_out_of_view_is_not_there(app: TestApp) {
        let Staffed { district, department, head, .. } = Staffed::build(app).await;
        for path in [STAFF, DAYS] {
            for (client, place) in [
                (&head, district.other_school), (&head, district.department), (&head, district.operator),
                (&department, district.far_school), (&department, district.operator), (&department, Id(uuid::Uuid::nil())),
            ] {
                client.get(&people::url(path, &[("organization", &place.to_string())])).await.expect_problem(404, "not-found");
            }
            head.get(&people::url(path, &[("organization", &district.school.to_string())])).await.expect(200);
            for wrong in [("organization", "1"), ("limit", "0"), ("after", "AAAA"), ("from", "x"), ("drop", "table")] {
                let status = head.get(&people::url(path, &[wrong])).await.status;
                assert_eq!(status, 400, "{path} {wrong:?}");
            }
        }
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        let (ended, _) = people::works_as_until(app, district.school, Role::SchoolDirector, "01.01.2020–21.11.2026").await;
        let exports = [format!("{STAFF}/export?kind=roles"), format!("{DAYS}/export")];
        for path in [STAFF, DAYS].into_iter().map(str::to_owned).chain(exports) {
            app.anonymous().get(&path).await.expect_problem(401, "not-signed-in");
            for client in [&teacher, &ended] {
                client.get(&path).await.expect_problem(403, "no-rights");
            }
        }
        head.get(&format!("{STAFF}/export?kind=days")).await.expect_problem(400, "malformed-parameter");
    }

    async fn the_files_are_of_the_organizations_in_view(app: TestApp) {
        let Staffed { district, department, head, .. } = Staffed::build(app).await;
        people::organization(app, Some(district.department), OrganizationKind::School, "=Школа").await;
        let text = lines(&department, &format!("{STAFF}/export"), &[("kind", "not_bound")]).await;
        assert_eq!(text, [
            "Организация;Вид;Кому подчиняется;Населённый пункт;Карточек;Карточки не привязаны",
            "'=Школа;Школа;УО Верхнекамска;Верхнекамск;0;0",
            "Гимназия № 2;Школа;УО Верхнекамска;Верхнекамск;0;0",
            "Детский сад № 3;Детский сад;УО Верхнекамска;Верхнекамск;1;1",
            "УО Верхнекамска;Управление образованием;;Верхнекамск;1;0",
            "Школа № 1;Школа;УО Верхнекамска;Верхнекамск;5;4",
        ]);
        let roles = lines(&head, &format!("{STAFF}/export"), &[("kind", "roles")]).await;
        assert!(roles[0].starts_with("Организация;Вид;Кому подчиняется;Населённый пункт;Карточек;Ролей действует;Техническая поддержка;"), "{roles:?}");
        assert_eq!(roles[1], "Школа № 1;Школа;;Верхнекамск;5;4;0;0;0;1;0;0;0;0;0;0;0;2;1;0;0");
        let span = [("from", "2026-11-21"), ("to", "2026-11-22")];
        let text = lines(&head, &format!("{DAYS}/export"), &span).await;
        assert_eq!(text, ["День;Входов;Привязок", "21.11.2026;0;0", "22.11.2026;1;0"]);
        assert_eq!(actions(app, district.school).await, ["report.exported"; 2]);
    }

    async fn many_organizations_are_read_as_they_were_counted(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        for number in 10..50 {
            let name = format!("Школа № {number}");
            people::organization(app, Some(district.department), OrganizationKind::School, &name).await;
        }
        let first = staff(&support, &[]).await;
        assert_eq!((first["counting"].as_bool(), first["organizations"].as_u64()), (Some(true), Some(47)), "{first}");
        card(app, district.school, "Первая Анна", &[(Role::SchoolDirector, "01.09.2020–")]).await;
        recounted(app).await;
        let counted = staff(&support, &[]).await;
        assert_eq!(told(&counted["total"]), "2, 1, 1, 0; support 1, school_director 1");
        assert_eq!((&counted["counted_at"], &counted["counting"]), (&json!("2026-11-22T07:00:00Z"), &json!(false)));
        // What happened since is told with the next count, and says so.
        card(app, district.school, "Вторая Анна", &[(Role::Teacher, "01.09.2020–")]).await;
        app.clock.advance(TimeDelta::minutes(10));
        assert_eq!(staff(&support, &[]).await["total"], counted["total"]);
        recounted(app).await;
        let counted = staff(&support, &[]).await;
        assert_eq!(told(&counted["total"]), "3, 2, 2, 0; support 1, school_director 1, teacher 1");
        assert_eq!(counted["counted_at"], "2026-11-22T07:10:00Z");
        // Few are counted now.
        let one = staff(&support, &[("organization", &district.school.to_string())]).await;
        assert!(one["counted_at"].is_null() && one["total"]["cards"] == 2, "{one}");
    }

    async fn days_are_those_of_the_schools(app: TestApp) {
        let district = District::build(app).await;
        // 23:59 and 00:01 in Екатеринбург.
        for (minutes, name) in [(11 * 60 + 59, "evening"), (2, "night")] {
            app.clock.advance(TimeDelta::minutes(minutes));
            let account = app.account(name).await;
            let (id, _) = card(app, district.school, "Тестова Анна Ивановна", &[(Role::Teacher, "01.01.2020–")]).await;
            people::bind(app, account, id).await;
            app.signed_in(name).await;
        }
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let span = [("from", "2026-11-21"), ("to", "2026-11-23")];
        let report = days(&head, &span).await;
        let of = |report: &Value| -> Vec<(String, u64, u64)> {
            let items = report["items"].as_array().unwrap();
            items.iter().map(|day| (day["day"].as_str().unwrap().to_owned(), day["sign_ins"].as_u64().unwrap(), day["bindings"].as_u64().unwrap())).collect()
        };
        let day = |text: &str, sign_ins, bindings| (text.to_owned(), sign_ins, bindings);
        assert_eq!(of(&report), [day("2026-11-21", 0, 0), day("2026-11-22", 1, 0), day("2026-11-23", 2, 0)]);
        assert_eq!((report["sign_ins"].as_u64(), report["bindings"].as_u64()), (Some(3), Some(0)));
        assert_eq!(of(&days(&department, &span).await), [day("2026-11-21", 0, 0), day("2026-11-22", 1, 0), day("2026-11-23", 3, 0)]);
        assert_eq!(of(&days(&support, &span).await), [day("2026-11-21", 0, 0), day("2026-11-22", 1, 0), day("2026-11-23", 4, 0)]);
        let other = district.other_school.to_string();
        assert_eq!(days(&support, &[("organization", &other), span[0], span[1]]).await["sign_ins"], 0);
        assert_eq!(days(&head, &[]).await["items"].as_array().unwrap().len(), 30);
        for wrong in [
            [("from", "2026-11-24"), ("to", "2026-11-23")],
            [("from", "2026-01-01"), ("to", "2026-11-22")],
            [("from", "0001-01-01"), ("to", "0001-01-02")],
        ] {
            head.get(&people::url(DAYS, &wrong)).await.expect_problem(400, "malformed-parameter");
        }
    }

    async fn a_person_with_two_cards_signs_in_to_both_organizations_and_a_binding_counts_once(app: TestApp) {
        let district = District::build(app).await;
        let account = app.account("both").await;
        let one = card(app, district.school, "Тестова Анна Ивановна", &[(Role::SchoolDirector, "01.01.2020–")]).await.0;
        people::bind(app, account, one).await;
        let client = app.anonymous();
        client.sign_in("both", PASSWORD).await.expect(200);
        let (other, login) = card(app, district.other_school, "Тестова Анна Ивановна", &[(Role::SchoolDirector, "01.01.2020–")]).await;
        let password = credentials(app, other, &login).await;
        let body = json!({ "login": login.to_string(), "password": password });
        client.post("/api/v1/kontingent/bindings", body.clone()).await.expect(200);
        // Entered once more it is no second binding; a sign-in that is refused counts nothing.
        client.post("/api/v1/kontingent/bindings", body).await;
        app.anonymous().sign_in("both", "неверный пароль").await.expect(401);
        app.anonymous().sign_in("both", PASSWORD).await.expect(200);
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let of = async |place: Id| {
            let report = days(&department, &[("organization", &place.to_string())]).await;
            (report["sign_ins"].as_u64().unwrap(), report["bindings"].as_u64().unwrap())
        };
        assert_eq!(of(district.school).await, (2, 0));
        assert_eq!(of(district.other_school).await, (1, 1));
    }
}

/// What the job does once an hour.
async fn recounted(app: &TestApp) {
    let mut after = None;
    loop {
        after = reports::recount(&app.services, after).await.unwrap();
        if after.is_none() {
            return;
        }
    }
}
