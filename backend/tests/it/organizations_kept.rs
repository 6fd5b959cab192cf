//! Organizations as support and the departments keep them.

use chrono::NaiveDate;
use diesel::prelude::*;
use epos_backend::db::schema::{
    employees, mismatches, organization_ancestors, organizations, role_assignments,
};
use epos_backend::db::types::Id;
use epos_shared::roles::{OrganizationKind, Role};
use serde_json::{Value, json};

use crate::common::{Client, TestApp};
use crate::people::{self, District, actions, at, card, url, works_as, wrong};

const ORGANIZATIONS: &str = "/api/v1/kontingent/organizations";

fn of(id: Id) -> String {
    format!("{ORGANIZATIONS}/{id}")
}

fn deed(id: Id, deed: &str) -> String {
    format!("{ORGANIZATIONS}/{id}/{deed}")
}

/// A new school as the form sends it.
fn new_school(parent: Id) -> Value {
    json!({ "parent_id": parent.to_string(), "fields": fields("school", "Школа № 77", "7707083893", "590201001") })
}

fn fields(kind: &str, short_name: &str, inn: &str, kpp: &str) -> Value {
    json!({
        "kind": kind, "full_name": format!("Муниципальное учреждение «{short_name}»"), "short_name": short_name,
        "town": "Верхнекамск", "inn": inn, "kpp": kpp, "esia_only": false,
    })
}

async fn page(client: &Client, id: Id) -> Value {
    client.get(&of(id)).await.expect(200)
}

async fn level(client: &Client, parameters: &[(&str, &str)]) -> Value {
    client.get(&url(&format!("{ORGANIZATIONS}/tree"), parameters)).await.expect(200)
}

fn names(level: &Value) -> Vec<&str> {
    let items = level["items"].as_array().unwrap();
    items.iter().map(|node| node["organization"]["short_name"].as_str().unwrap()).collect()
}

/// The ancestors of an organization by the table of the tree, the nearest first.
async fn ancestors(app: &TestApp, id: Id) -> Vec<(i32, String)> {
    use organization_ancestors as tree;
    app.read(move |conn| {
        Ok(tree::table
            .inner_join(organizations::table.on(organizations::id.eq(tree::ancestor_id)))
            .filter(tree::descendant_id.eq(id))
            .order(tree::depth)
            .select((tree::depth, organizations::short_name))
            .load(conn)?)
    })
    .await
}

async fn roles_of(app: &TestApp, card: Id) -> Vec<(String, NaiveDate, Option<NaiveDate>)> {
    use role_assignments as r;
    app.read(move |conn| {
        Ok(r::table
            .filter(r::employee_id.eq(card))
            .order((r::starts_on, r::role))
            .select((r::role, r::starts_on, r::ends_on))
            .load(conn)?)
    })
    .await
}

/// A person from Госуслуги who waits in an organization.
pub async fn mismatch(app: &TestApp, oid: &str, organization: Id) -> Id {
    use mismatches as m;
    let (id, now, oid) = (app.services.context.id(), app.services.context.db_now(), oid.to_owned());
    app.write(move |conn| {
        let row = (
            (
                m::id.eq(id),
                m::kind.eq("sign_in"),
                m::state.eq("waiting"),
                m::organization_id.eq(organization),
            ),
            (m::oid.eq(&oid), m::family_name.eq("Новикова"), m::given_name.eq("Нина"), m::created_at.eq(now)),
            (m::name_key.eq("новикова нина"), m::version.eq(1)),
        );
        diesel::insert_into(m::table).values(row).execute(conn)?;
        Ok(id)
    })
    .await
}

fn day(text: &str) -> NaiveDate {
    people::day(text)
}

async fn directory(app: &TestApp, query: &str) -> usize {
    let found =
        app.anonymous().get(&url("/api/v1/directory/organizations", &[("query", query)])).await.expect(200);
    found["items"].as_array().unwrap().len()
}

/// People who may not, with the answer to each: in the other district, at the school, with an ended role, nobody.
async fn neighbours(app: &TestApp, district: &District) -> Vec<(&'static str, Client, u16)> {
    let far: Id = app
        .read(|conn| {
            let far = organizations::table.filter(organizations::short_name.eq("УО Дальнее"));
            Ok(far.select(organizations::id).first(conn)?)
        })
        .await;
    let (other, _) = works_as(app, far, Role::EducationDepartment).await;
    let (preschool, _) = works_as(app, district.department, Role::PreschoolDepartment).await;
    let (head, _) = works_as(app, district.school, Role::SchoolDirector).await;
    let (specialist, _) = works_as(app, district.school, Role::SchoolDeputy).await;
    let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
    let (ended, _) =
        people::works_as_until(app, district.department, Role::EducationDepartment, "01.01.2020–21.11.2026")
            .await;
    vec![
        ("another department", other, 404),
        ("preschool department", preschool, 403),
        ("head", head, 403),
        ("specialist", specialist, 403),
        ("teacher", teacher, 403),
        ("ended role", ended, 403),
        ("nobody", app.anonymous(), 401),
    ]
}

crate::both_databases! {
    async fn the_tree_opens_level_by_level(app: TestApp) {
        let district = District::build(app).await;
        card(app, district.school, "Иванов Иван Иванович", &[(Role::Teacher, "01.09.2026–")]).await;
        card(app, district.school, "Петров Пётр Петрович", &[(Role::Teacher, "01.09.2025–31.08.2026")]).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let top = level(&support, &[]).await;
        assert_eq!(names(&top), ["Оператор ЭПОС"]);
        assert_eq!((&top["items"][0]["below"], &top["items"][0]["cards"]), (&json!(6), &json!(1)));
        assert_eq!(top["can_import"], true);
        assert_eq!(top["creatable"], json!(["education_department", "school", "college", "kindergarten"]));
        let department = district.department.to_string();
        let schools = level(&support, &[("parent", &department)]).await;
        assert_eq!(names(&schools), ["Гимназия № 2", "Детский сад № 3", "Школа № 1"]);
        assert_eq!((&schools["items"][2]["cards"], &schools["items"][2]["expandable"]), (&json!(1), &json!(false)));
        // Pages, in order, without a row twice.
        let first = level(&support, &[("parent", &department), ("limit", "2")]).await;
        assert_eq!(names(&first), ["Гимназия № 2", "Детский сад № 3"]);
        let next = first["next"].as_str().unwrap();
        let second = level(&support, &[("parent", &department), ("limit", "2"), ("after", next)]).await;
        assert_eq!((names(&second), &second["next"]), (vec!["Школа № 1"], &Value::Null));

        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let top = level(&official, &[]).await;
        assert_eq!((names(&top), &top["can_import"]), (vec!["УО Верхнекамска"], &json!(false)));
        assert_eq!(top["creatable"], json!(["school", "college", "kindergarten"]));
        let operator = district.operator.to_string();
        official.get(&url(&format!("{ORGANIZATIONS}/tree"), &[("parent", &operator)])).await.expect_problem(404, "not-found");
        let (head, _) = works_as(app, district.school, Role::SchoolDirector).await;
        assert_eq!(names(&level(&head, &[]).await), ["Школа № 1"]);
        assert_eq!(level(&head, &[]).await["creatable"], json!([]));
        head.get(&url(&format!("{ORGANIZATIONS}/tree"), &[("parent", &department)])).await.expect_problem(404, "not-found");
        for (name, value, code) in [
            ("after", "AAAA", "invalid-cursor"),
            ("limit", "0", "malformed-parameter"),
            ("parent", "кот", "malformed-parameter"),
            ("x", "1", "malformed-parameter"),
        ] {
            support.get(&url(&format!("{ORGANIZATIONS}/tree"), &[(name, value)])).await.expect_problem(400, code);
        }
    }

    async fn a_page_tells_what_is_there_to_whom_it_is_in_view(app: TestApp) {
        let district = District::build(app).await;
        let (head, card) = works_as(app, district.school, Role::SchoolDirector).await;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let shown = page(&official, district.school).await;
        assert_eq!(shown["heads"], json!([{
            "id": card.to_string(), "role": "school_director",
            "name": { "family_name": "Тестова", "given_name": "Анна", "patronymic": "Ивановна" },
        }]));
        assert_eq!(shown["roles"], json!([{ "role": "school_director", "cards": 1 }]));
        let steps: Vec<(&str, bool)> = shown["above"].as_array().unwrap().iter()
            .map(|step| (step["organization"]["short_name"].as_str().unwrap(), step["in_view"].as_bool().unwrap()))
            .collect();
        assert_eq!(steps, [("Оператор ЭПОС", false), ("УО Верхнекамска", true)]);
        assert_eq!(shown["permissions"],
            json!({ "edit": true, "close": true, "reopen": false, "move": true, "merge": true }));
        let none = json!({ "edit": false, "close": false, "reopen": false, "move": false, "merge": false });
        assert_eq!(page(&head, district.school).await["permissions"], none);
        assert_eq!(page(&official, district.department).await["permissions"], none);
        assert_eq!(page(&official, district.department).await["creatable"], json!(["school", "college", "kindergarten"]));
        let (preschool, _) = works_as(app, district.department, Role::PreschoolDepartment).await;
        assert_eq!(page(&preschool, district.school).await["permissions"], none);
        assert_eq!(page(&preschool, district.kindergarten).await["permissions"]["close"], true);
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        assert_eq!(page(&support, district.operator).await["permissions"],
            json!({ "edit": true, "close": false, "reopen": false, "move": false, "merge": false }));
        for id in [district.far_school, district.operator] {
            official.get(&of(id)).await.expect_problem(404, "not-found");
        }
        head.get(&of(district.other_school)).await.expect_problem(404, "not-found");
        head.get(&format!("{ORGANIZATIONS}/кот")).await.expect_problem(404, "not-found");
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        teacher.get(&of(district.school)).await.expect_problem(403, "no-rights");
        app.anonymous().get(&of(district.school)).await.expect_problem(401, "not-signed-in");
    }

    async fn a_new_organization_is_found_everywhere_at_once(app: TestApp) {
        let district = District::build(app).await;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        assert_eq!(directory(app, "школа 77").await, 0);
        let created = official.post(ORGANIZATIONS, new_school(district.department)).await.expect(201);
        let id = Id(created["id"].as_str().unwrap().parse().unwrap());
        assert_eq!(created["fields"]["inn"], "7707083893");
        assert_eq!(
            ancestors(app, id).await,
            [(0, "Школа № 77".to_owned()), (1, "УО Верхнекамска".to_owned()), (2, "Оператор ЭПОС".to_owned())]
        );
        assert_eq!(directory(app, "школа 77").await, 1);
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        for query in ["77", "7707", "школа 7707083893", "верхнекамск 77"] {
            let found = support.get(&url(ORGANIZATIONS, &[("query", query)])).await.expect(200);
            assert_eq!(found["items"][0]["organization"]["short_name"], "Школа № 77", "{query}");
            assert_eq!(found["items"][0]["inn"], "7707083893");
        }
        assert_eq!(actions(app, id).await, ["organization.created"]);
        // The head of the new school comes next.
        let form = people::form(id, "school_director");
        official.post(people::EMPLOYEES, form).await.expect(201);
    }

    async fn every_wrong_field_of_a_new_organization_is_told(app: TestApp) {
        let district = District::build(app).await;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let refused = async |client: &Client, body: Value| {
            wrong(&client.post(ORGANIZATIONS, body).await.expect_problem(422, "validation-failed"))
        };
        let with = |parent: Id, kind: &str| {
            let mut body = new_school(parent);
            body["fields"]["kind"] = json!(kind);
            body
        };
        let (kind, parent) = ("fields/kind: kind-forbidden", "parent_id: parent-unknown");
        assert_eq!(refused(&official, with(district.department, "education_department")).await, [kind]);
        assert_eq!(refused(&official, with(district.department, "operator")).await, [kind]);
        assert_eq!(refused(&official, with(district.operator, "school")).await, [parent]);
        assert_eq!(refused(&support, with(district.operator, "operator")).await, [kind]);
        assert_eq!(refused(&support, with(district.operator, "school")).await, ["fields/kind: kind-unfit"]);
        assert_eq!(refused(&support, with(district.school, "school")).await, ["fields/kind: kind-unfit"]);
        support.post(ORGANIZATIONS, with(district.department, "education_department")).await.expect(201);
        let mut body = new_school(Id(uuid::Uuid::from_u128(7)));
        body["fields"]["inn"] = json!("7707083894");
        body["fields"]["short_name"] = json!(" ");
        body["fields"]["kpp"] = json!("5902");
        assert_eq!(refused(&support, body).await, [
            parent, "fields/short_name: organization-name-empty", "fields/inn: inn-check-digit", "fields/kpp: kpp-length",
        ]);
        // ИНН with КПП is one organization's; ИНН alone is shared by branches.
        assert_eq!(refused(&support, new_school(district.department)).await, ["fields/inn: inn-kpp-taken"]);
        let mut branch = new_school(district.department);
        branch["fields"]["kpp"] = json!("590243001");
        support.post(ORGANIZATIONS, branch).await.expect(201);
        for body in [json!({}), json!({ "fields": [] }), json!({ "fields": { "kind": 1 } }), json!("школа")] {
            let answer = support.post(ORGANIZATIONS, body).await;
            assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
        }
        let mut hostile = new_school(district.department);
        hostile["fields"]["short_name"] = json!("'; DROP TABLE organizations; --<script>");
        hostile["fields"]["kpp"] = json!("590244001");
        let created = support.post(ORGANIZATIONS, hostile).await.expect(201);
        assert_eq!(created["fields"]["short_name"], "'; DROP TABLE organizations; --<script>");
        let mut hidden = new_school(district.department);
        hidden["fields"]["short_name"] = json!("Школа\u{0}");
        assert_eq!(refused(&support, hidden).await, ["fields/short_name: organization-name-malformed"]);
    }

    async fn the_forbidden_neighbour_changes_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (school, department) = (district.school, district.department);
        let before = {
            let (support, _) = works_as(app, district.operator, Role::Support).await;
            page(&support, school).await
        };
        for (who, client, status) in neighbours(app, &district).await {
            let version = before["version"].clone();
            let body = json!({ "version": version, "fields": fields("school", "Захват", "7707083893", "590201001") });
            let answers = [
                client.put(&of(school), body).await,
                client.post(&deed(school, "close"), json!({ "version": version, "last_day": "22.11.2026" })).await,
                client.post(&deed(school, "reopen"), json!({ "version": version })).await,
                client.post(&deed(school, "move"), json!({ "version": version, "parent_id": department.to_string() })).await,
                client.post(
                    &deed(school, "merge"),
                    json!({ "version": version, "into_id": district.other_school.to_string() }),
                ).await,
                client.get(&url(&deed(school, "closing"), &[("last_day", "2026-11-22")])).await,
                client.get(&url(&deed(school, "merging"), &[("into_id", &district.other_school.to_string())])).await,
            ];
            for (number, answer) in answers.into_iter().enumerate() {
                assert_eq!(answer.status.as_u16(), status, "{who} {number}: {}", answer.text());
            }
            let created = client.post(ORGANIZATIONS, new_school(department)).await;
            assert!([401, 403, 422].contains(&created.status.as_u16()), "{who}: {}", created.text());
        }
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let after = page(&support, school).await;
        assert_eq!((&after["version"], &after["fields"]), (&before["version"], &before["fields"]));
        let told = actions(app, school).await;
        for action in ["changed", "closed", "reopened", "moved", "merged"] {
            assert!(told.contains(&format!("organization.{action} refused: forbidden")), "{told:?}");
        }
        // From a page of somebody else.
        let forged = support.request(reqwest::Method::POST, &deed(school, "close"))
            .header("sec-fetch-site", "cross-site")
            .json(&json!({ "version": 1, "last_day": "22.11.2026" }));
        support.send(forged).await.expect_problem(403, "forged-origin");
    }

    #[configure(|config| (config.sessions.idle_minutes, config.sessions.absolute_hours) = (1_440, 24))]
    async fn a_role_that_ends_meanwhile_saves_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (official, _) =
            people::works_as_until(app, district.department, Role::EducationDepartment, "01.01.2020–22.11.2026").await;
        let shown = page(&official, district.school).await;
        assert_eq!(shown["permissions"]["edit"], true);
        // Midnight in Perm.
        app.clock.set("2026-11-22T19:00:00Z".parse().unwrap());
        let body = json!({ "version": 1, "fields": fields("school", "Поздно", "7707083893", "590201001") });
        let problem = official.put(&of(district.school), body).await.expect_problem(403, "no-rights");
        assert!(problem["detail"].as_str().unwrap().contains("Срок вашей роли"));
        official.post(ORGANIZATIONS, new_school(district.department)).await.expect_problem(403, "no-rights");
    }

    async fn what_is_changed_is_told_with_old_and_new(app: TestApp) {
        let district = District::build(app).await;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let id = district.school;
        // It never had ИНН and КПП, and may stay so; but not half of them.
        let mut body = json!({ "version": 1, "fields": fields("school", "Лицей № 1", "", "") });
        body["fields"]["esia_only"] = json!(true);
        let saved = official.put(&of(id), body.clone()).await.expect(200);
        assert_eq!((&saved["version"], &saved["fields"]["esia_only"]), (&json!(2), &json!(true)));
        let (action, _, details) = people::journal(app, id).await.pop().unwrap();
        assert_eq!(action, "organization.changed");
        assert_eq!(details["before"]["short_name"], "Школа № 1");
        assert_eq!(details["after"]["short_name"], "Лицей № 1");
        assert_eq!(details["after"]["esia_only"], true);
        assert_eq!((directory(app, "лицей").await, directory(app, "школа № 1").await), (1, 0));
        // Somebody else has saved in between.
        let conflict = official.put(&of(id), body.clone()).await.expect_problem(409, "version-conflict");
        assert_eq!(conflict["current"]["fields"]["short_name"], "Лицей № 1");
        // The same once more is nothing done.
        body["version"] = json!(2);
        assert_eq!(official.put(&of(id), body.clone()).await.expect(200)["version"], 2);
        body["fields"]["inn"] = json!("7707083893");
        let problem = official.put(&of(id), body.clone()).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["fields/kpp: kpp-empty"]);
        body["fields"]["kpp"] = json!("590201001");
        official.put(&of(id), body.clone()).await.expect(200);
        // Having them, it keeps them.
        body["version"] = json!(3);
        body["fields"]["inn"] = json!("");
        body["fields"]["kpp"] = json!("");
        let problem = official.put(&of(id), body).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["fields/inn: inn-empty", "fields/kpp: kpp-empty"]);
        let taken = json!({ "version": 1, "fields": fields("school", "Гимназия № 2", "7707083893", "590201001") });
        let problem = official.put(&of(district.other_school), taken).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["fields/inn: inn-kpp-taken"]);
    }

    async fn a_kind_hangs_on_cards_and_on_what_is_below(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        card(app, district.school, "Иванов Иван Иванович", &[(Role::Teacher, "01.09.2026–")]).await;
        let body = |kind: &str| json!({ "version": 1, "fields": fields(kind, "Школа", "", "") });
        let refused = async |id: Id, kind: &str| {
            wrong(&support.put(&of(id), body(kind)).await.expect_problem(422, "validation-failed"))
        };
        assert_eq!(refused(district.school, "college").await, ["fields/kind: kind-fixed"]);
        assert_eq!(refused(district.department, "school").await, ["fields/kind: kind-fixed"]);
        assert_eq!(refused(district.other_school, "operator").await, ["fields/kind: kind-forbidden"]);
        let saved = support.put(&of(district.other_school), body("college")).await.expect(200);
        assert_eq!(saved["fields"]["kind"], "college");
        let (preschool, _) = works_as(app, district.department, Role::PreschoolDepartment).await;
        let problem = preschool.put(&of(district.kindergarten), body("school")).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["fields/kind: kind-forbidden"]);
    }

    async fn closing_ends_every_role_with_the_last_day(app: TestApp) {
        let district = District::build(app).await;
        let id = district.school;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, head_card) = works_as(app, id, Role::SchoolDirector).await;
        let (teacher, _) = card(app, id, "Иванов Иван Иванович", &[
            (Role::Teacher, "01.09.2026–31.12.2026"), (Role::ClassTeacher, "01.12.2026–"),
            (Role::Teacher, "01.09.2024–31.08.2025"),
        ]).await;
        let preview = official.get(&url(&deed(id, "closing"), &[("last_day", "2026-11-21")])).await.expect(200);
        assert_eq!(preview, json!({ "cards": 2, "ending": 2, "taken_back": 1, "open_below": 0 }));
        let close = async |client: &Client, day: &str| {
            client.post(&deed(id, "close"), json!({ "version": 1, "last_day": day })).await
        };
        for (day, code) in [("20.11.2026", "last-day-past"), ("", "date-empty"), ("31.02.2027", "date-malformed"), ("01.01.2028", "last-day-far")] {
            let problem = close(&official, day).await.expect_problem(422, "validation-failed");
            assert_eq!(wrong(&problem), [format!("last_day: {code}")]);
        }
        head.get(people::EMPLOYEES).await.expect(200);
        let closed = close(&official, "21.11.2026").await.expect(200);
        assert_eq!((&closed["closed"], &closed["closed_on"], &closed["cards"]), (&json!(true), &json!("2026-11-22"), &json!(0)));
        // The very next request.
        let problem = head.get(people::EMPLOYEES).await.expect_problem(403, "no-rights");
        assert!(problem["detail"].as_str().unwrap().contains("закрыта"), "{problem}");
        assert!(actions(app, head_card).await.contains(&"kontingent.entered refused: organization-closed".to_owned()));
        assert_eq!(roles_of(app, teacher).await, [
            ("teacher".to_owned(), day("01.09.2024"), Some(day("31.08.2025"))),
            ("teacher".to_owned(), day("01.09.2026"), Some(day("21.11.2026"))),
        ]);
        let told = actions(app, teacher).await;
        assert_eq!(told.iter().filter(|action| *action == "employee.role_ended").count(), 2, "{told:?}");
        let shown = official.get(&at(teacher)).await.expect(200);
        assert_eq!((&shown["version"], &shown["roles"][0]["state"]), (&json!(2), &json!("ended")));
        let details = people::journal(app, id).await.pop().unwrap().2;
        assert_eq!(details, json!({ "before": { "last_day": null }, "after": { "last_day": "2026-11-21" }, "cards": 2, "roles_ended": 2, "roles_taken_back": 1 }));
        assert_eq!(directory(app, "школа № 1").await, 0);
        let department = district.department.to_string();
        assert_eq!(names(&level(&official, &[("parent", &department)]).await), ["Гимназия № 2", "Детский сад № 3"]);
        let all = level(&official, &[("parent", &department), ("closed", "true")]).await;
        assert_eq!((names(&all).len(), &all["items"][2]["closed"]), (3, &json!(true)));
        let problem = official.post(people::EMPLOYEES, people::form(id, "school_director")).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["organization_id: organization-unknown"]);
        close(&official, "22.11.2026").await.expect_problem(409, "already-decided");
        // Opened again it is empty of roles, and found again.
        official.post(&deed(id, "reopen"), json!({ "version": 1 })).await.expect_problem(409, "version-conflict");
        let open = official.post(&deed(id, "reopen"), json!({ "version": 2 })).await.expect(200);
        assert_eq!((&open["closed"], &open["cards"], &open["closed_on"]), (&json!(false), &json!(0), &Value::Null));
        assert_eq!(directory(app, "школа № 1").await, 1);
        official.post(&deed(id, "reopen"), json!({ "version": 3 })).await.expect_problem(409, "already-decided");
        head.get(people::EMPLOYEES).await.expect_problem(403, "no-rights");
    }

    async fn until_its_last_day_an_organization_works_and_no_role_outlives_it(app: TestApp) {
        let district = District::build(app).await;
        let id = district.school;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, head_card) = works_as(app, id, Role::SchoolDirector).await;
        official.post(&deed(id, "close"), json!({ "version": 1, "last_day": "24.11.2026" })).await.expect(200);
        head.get(people::EMPLOYEES).await.expect(200);
        let mut form = people::form(id, "teacher");
        let problem = head.post(people::EMPLOYEES, form.clone()).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles/0/end: organization-closes"]);
        form["roles"][0]["end"] = json!("24.11.2026");
        let created = head.post(people::EMPLOYEES, form).await.expect(201)["card"].clone();
        let mut longer = people::form_of(&created);
        longer["roles"][0]["end"] = json!("");
        let card = created["id"].as_str().unwrap();
        let problem = head.put(&at(card), longer).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles/0/end: organization-closes"]);
        let mut longer = people::form_of(&official.get(&at(head_card)).await.expect(200));
        longer["roles"][0]["end"] = json!("25.11.2026");
        let problem = official.put(&at(head_card), longer).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles/0/end: organization-closes"]);
        assert_eq!(directory(app, "школа № 1").await, 1);
        app.clock.set("2026-11-24T19:00:00Z".parse().unwrap());
        assert_eq!(directory(app, "школа № 1").await, 0);
    }

    async fn what_has_open_organizations_below_or_the_own_card_is_not_closed(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let close = json!({ "version": 1, "last_day": "22.11.2026" });
        let problem = support.post(&deed(district.department, "close"), close.clone()).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["last_day: open-below"]);
        support.post(&deed(district.operator, "close"), close.clone()).await.expect_problem(403, "forbidden");
        // Somebody of the department also teaches at the school.
        let (official, own) = works_as(app, district.department, Role::EducationDepartment).await;
        let account: Id = app.read(move |conn| {
            use epos_backend::db::schema::bindings as b;
            Ok(b::table.filter(b::employee_id.eq(own)).select(b::account_id).first(conn)?)
        }).await;
        let (teaching, _) = card(app, district.school, "Тестова Анна Ивановна", &[(Role::Teacher, "01.09.2026–")]).await;
        people::bind(app, account, teaching).await;
        official.post(&deed(district.school, "close"), close).await.expect_problem(403, "own-card");
        let merge = json!({ "version": 1, "into_id": district.other_school.to_string() });
        official.post(&deed(district.school, "merge"), merge).await.expect_problem(403, "own-card");
    }

    async fn a_moved_organization_is_seen_from_its_new_place_at_once(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, head_card) = works_as(app, district.school, Role::SchoolDirector).await;
        let far: Id = app.read(|conn| {
            let far = organizations::table.filter(organizations::short_name.eq("УО Дальнее"));
            Ok(far.select(organizations::id).first(conn)?)
        }).await;
        let (far_official, _) = works_as(app, far, Role::EducationDepartment).await;
        official.get(&at(head_card)).await.expect(200);
        far_official.get(&at(head_card)).await.expect_problem(404, "not-found");
        let to = |parent: Id| json!({ "version": 1, "parent_id": parent.to_string() });
        // Out of one's own scope nobody moves.
        let problem = official.post(&deed(district.school, "move"), to(far)).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["parent_id: parent-unknown"]);
        let refused = async |id: Id, parent: Id| {
            wrong(&support.post(&deed(id, "move"), to(parent)).await.expect_problem(422, "validation-failed"))
        };
        assert_eq!(refused(district.school, district.school).await, ["parent_id: parent-below-itself"]);
        assert_eq!(refused(district.department, district.school).await, ["parent_id: parent-below-itself"]);
        assert_eq!(refused(district.school, district.other_school).await, ["parent_id: parent-unfit"]);
        assert_eq!(refused(district.school, district.operator).await, ["parent_id: parent-unfit"]);
        assert_eq!(refused(district.school, district.department).await, ["parent_id: parent-same"]);
        support.post(&deed(district.operator, "move"), to(far)).await.expect_problem(403, "forbidden");
        let moved = support.post(&deed(district.school, "move"), to(far)).await.expect(200);
        assert_eq!((&moved["version"], &moved["above"][1]["organization"]["short_name"]), (&json!(2), &json!("УО Дальнее")));
        official.get(&at(head_card)).await.expect_problem(404, "not-found");
        assert_eq!(far_official.get(&at(head_card)).await.expect(200)["permissions"]["edit_person"], "allowed");
        let listed = far_official.get(people::EMPLOYEES).await.expect(200);
        assert!(listed["items"].as_array().unwrap().iter().any(|row| row["id"] == json!(head_card.to_string())));
        head.get(people::EMPLOYEES).await.expect(200);
        support.post(&deed(district.school, "move"), to(district.department)).await.expect_problem(409, "version-conflict");
        // A department moves with everything below it.
        let moved = support.post(&deed(district.department, "move"), to(far)).await.expect(200);
        assert_eq!(moved["below"], 2);
        let name = |text: &str| text.to_owned();
        assert_eq!(ancestors(app, district.kindergarten).await, [
            (0, name("Детский сад № 3")), (1, name("УО Верхнекамска")), (2, name("УО Дальнее")), (3, name("Оператор ЭПОС")),
        ]);
        far_official.get(&of(district.kindergarten)).await.expect(200);
        let details = people::journal(app, district.department).await.pop().unwrap().2;
        assert_eq!(details["before"], json!({ "parent": "Оператор ЭПОС" }));
        assert_eq!(details["after"], json!({ "parent": "УО Дальнее" }));
        // The department of the district above may not move it, though it sees it.
        let back = json!({ "version": 2, "parent_id": far.to_string() });
        far_official.post(&deed(district.department, "move"), back).await.expect_problem(403, "forbidden");
    }

    async fn a_merge_takes_cards_roles_and_history_along(app: TestApp) {
        let district = District::build(app).await;
        let (from, into) = (district.kindergarten, district.school);
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, _) = works_as(app, into, Role::SchoolDirector).await;
        let (kindergarten_head, kindergarten_card) = works_as(app, from, Role::KindergartenHead).await;
        let (nurse, _) = card(app, from, "Няня Нина Ниловна", &[(Role::KindergartenTeacher, "01.09.2024–31.08.2025")]).await;
        let (same, _) = card(app, from, "Королёва Алёна Ивановна", &[(Role::KindergartenTeacher, "01.09.2026–")]).await;
        let (there, _) = card(app, into, "Королева Алена Ивановна", &[(Role::Teacher, "01.09.2026–")]).await;
        head.get(&at(nurse)).await.expect_problem(404, "not-found");
        let preview = official.get(&url(&deed(from, "merging"), &[("into_id", &into.to_string())])).await.expect(200);
        assert_eq!((&preview["cards"], &preview["unfit_total"], &preview["below"]), (&json!(3), &json!(2), &json!(0)));
        // Both people who are Тестова Анна Ивановна, and Королёва.
        assert_eq!(preview["duplicates_total"], 2);
        let pair = preview["duplicates"].as_array().unwrap().iter()
            .find(|pair| pair["card"]["id"] == json!(same.to_string())).unwrap();
        assert_eq!(pair["other"]["id"], there.to_string());
        let merge = |version: i32, into: Id| json!({ "version": version, "into_id": into.to_string() });
        let refused = async |client: &Client, id: Id, into: Id| {
            wrong(&client.post(&deed(id, "merge"), merge(1, into)).await.expect_problem(422, "validation-failed"))
        };
        assert_eq!(refused(&official, from, from).await, ["into_id: into-itself"]);
        assert_eq!(refused(&official, from, district.department).await, ["into_id: into-forbidden"]);
        assert_eq!(refused(&official, from, district.far_school).await, ["into_id: into-unknown"]);
        let (preschool, _) = works_as(app, district.department, Role::PreschoolDepartment).await;
        assert_eq!(refused(&preschool, from, into).await, ["into_id: into-forbidden"]);
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        assert_eq!(refused(&support, from, district.department).await, ["into_id: into-unfit"]);
        assert_eq!(refused(&support, district.department, district.operator).await, ["into_id: into-forbidden"]);
        official.post(&deed(from, "merge"), merge(7, into)).await.expect_problem(409, "version-conflict");

        // Somebody from Госуслуги waits in both, another one in the kindergarten alone.
        let mut waiting = vec![mismatch(app, "1001", from).await, mismatch(app, "1002", from).await];
        waiting.push(mismatch(app, "1001", into).await);

        let stays = official.post(&deed(from, "merge"), merge(1, into)).await.expect(200);
        assert_eq!(stays["id"], into.to_string());
        let followed: Vec<(Id, Option<Id>)> = app.read(move |conn| {
            let rows = mismatches::table.filter(mismatches::id.eq_any(&waiting)).order(mismatches::oid.asc());
            Ok(rows.select((mismatches::id, mismatches::organization_id)).load(conn)?)
        }).await;
        assert_eq!(followed.len(), 2, "nobody waits twice");
        assert!(followed.iter().all(|(_, organization)| *organization == Some(into)));
        assert_eq!(stays["duplicates"].as_array().unwrap().len(), 2);
        // The very next requests: the head sees the cards, theirs has no right left.
        let shown = head.get(&at(same)).await.expect(200);
        assert_eq!((&shown["organization"]["id"], &shown["version"]), (&json!(into.to_string()), &json!(3)));
        assert_eq!(shown["roles"][0]["state"], "ended");
        assert_eq!(roles_of(app, nurse).await, [("kindergarten_teacher".to_owned(), day("01.09.2024"), Some(day("31.08.2025")))]);
        assert_eq!(head.get(&at(nurse)).await.expect(200)["version"], 2);
        kindergarten_head.get(people::EMPLOYEES).await.expect_problem(403, "no-rights");
        let listed = head.get(&url(people::EMPLOYEES, &[("query", "няня")])).await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            actions(app, same).await,
            ["employee.duplicate_noted", "employee.moved", "employee.role_ended"]
        );
        assert!(actions(app, kindergarten_card).await.contains(&"employee.moved".to_owned()));
        let gone = page(&official, from).await;
        assert_eq!((&gone["closed"], &gone["merged_into"]["organization"]["id"]), (&json!(true), &json!(into.to_string())));
        assert_eq!(gone["permissions"], json!({ "edit": false, "close": false, "reopen": false, "move": false, "merge": false }));
        official.post(&deed(from, "reopen"), json!({ "version": 2 })).await.expect_problem(409, "already-decided");
        let edit = json!({ "version": 2, "fields": fields("kindergarten", "Сад", "", "") });
        official.put(&of(from), edit).await.expect_problem(409, "already-decided");
        assert_eq!(directory(app, "детский сад").await, 0);
        let left: i64 = app.read(move |conn| {
            let cards: i64 = employees::table.filter(employees::organization_id.eq(from)).count().get_result(conn)?;
            let roles: i64 = role_assignments::table.filter(role_assignments::organization_id.eq(from)).count().get_result(conn)?;
            Ok(cards + roles)
        }).await;
        assert_eq!(left, 0);
        // One of two cards archived is no duplicate any more.
        support.post(&format!("{}/archive", at(there)), json!({})).await.expect(200);
        assert_eq!(page(&head, into).await["duplicates"].as_array().unwrap().len(), 1);
    }

    async fn what_a_merged_school_was_asked_is_asked_of_the_one_that_stays(app: TestApp) {
        let district = District::build(app).await;
        let (from, into) = (district.other_school, district.school);
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, _) = works_as(app, into, Role::SchoolDirector).await;
        card(app, from, "Ждущая Нина Ниловна", &[(Role::Teacher, "01.09.2024–")]).await;
        let all = "/api/v1/kontingent/recertifications";
        let id = official.post(all, json!({ "due_on": "15.12.2026" })).await.expect(201)["id"].as_str().unwrap().to_owned();
        head.post(&format!("{all}/{id}/answers"), json!({ "answer": "works", "everybody": 1 })).await.expect(200);
        let progress = async || {
            let page = official.get(&format!("{all}/{id}/organizations")).await.expect(200);
            (page["recertification"]["organizations"].clone(), page["recertification"]["answered"].clone())
        };
        assert_eq!(progress().await, (json!(2), json!(1)));
        let merge = json!({ "version": 1, "into_id": into.to_string() });
        official.post(&deed(from, "merge"), merge).await.expect(200);
        assert_eq!(progress().await, (json!(1), json!(0)));
        let left = head.get(&format!("{all}/{id}/people")).await.expect(200);
        assert_eq!(left["items"][0]["name"]["family_name"], "Ждущая");
    }

    async fn merged_departments_hand_over_what_is_below(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let far: Id = app.read(|conn| {
            let far = organizations::table.filter(organizations::short_name.eq("УО Дальнее"));
            Ok(far.select(organizations::id).first(conn)?)
        }).await;
        let merge = json!({ "version": 1, "into_id": far.to_string() });
        support.post(&deed(district.department, "merge"), merge).await.expect(200);
        assert_eq!(ancestors(app, district.school).await.len(), 3);
        assert_eq!(ancestors(app, district.school).await[1].1, "УО Дальнее");
        // The official went along, and keeps the schools of both.
        official.get(&of(district.far_school)).await.expect(200);
        official.get(&of(district.school)).await.expect(200);
        official.get(&of(district.department)).await.expect_problem(404, "not-found");
    }

    async fn two_moves_at_once_make_no_circle(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let kind = OrganizationKind::EducationDepartment;
        let one = people::organization(app, Some(district.operator), kind, "УО Первое").await;
        let other = people::organization(app, Some(district.operator), kind, "УО Второе").await;
        let to = |parent: Id| json!({ "version": 1, "parent_id": parent.to_string() });
        let (one_move, other_move) = (deed(one, "move"), deed(other, "move"));
        let (first, second) =
            futures_util::future::join(support.post(&one_move, to(other)), support.post(&other_move, to(one))).await;
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{} {}", first.text(), second.text());
        assert_eq!(ancestors(app, one).await.len() + ancestors(app, other).await.len(), 5);
    }
}
