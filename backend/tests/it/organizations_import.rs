//! Import of organizations from a table.

use diesel::prelude::*;
use epos_backend::db::schema::organizations;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::{Answer, Client, TestApp};
use crate::people::{District, url, works_as};

const IMPORT: &str = "/api/v1/kontingent/organizations/import";
const HEAD: &str = "Вид;Краткое наименование;Полное наименование;Населённый пункт;ИНН;КПП;Кому подчиняется;Только Госуслуги\n";

async fn send(client: &Client, path: &str, file: &[u8]) -> Answer {
    let request = client
        .request(reqwest::Method::POST, path)
        .header("content-type", "application/octet-stream")
        .body(file.to_vec());
    client.send(request).await
}

async fn preview(client: &Client, file: &[u8]) -> Value {
    send(client, &format!("{IMPORT}/preview"), file).await.expect(200)
}

async fn apply(client: &Client, plan: &Value, file: &[u8]) -> Answer {
    send(client, &url(IMPORT, &[("plan", plan["plan"].as_str().unwrap_or("ничего"))]), file).await
}

fn counts(plan: &Value) -> (u64, u64, u64, u64) {
    let of = |name: &str| plan[name].as_u64().unwrap();
    (of("created"), of("changed"), of("unchanged"), of("wrong_total"))
}

fn wrong(plan: &Value) -> Vec<String> {
    let cells = plan["wrong"].as_array().unwrap();
    cells.iter().map(|cell| format!("{} {}", cell["line"], cell["column"].as_str().unwrap())).collect()
}

fn file(rows: &[&str]) -> Vec<u8> {
    format!("{HEAD}{}\n", rows.join("\n")).into_bytes()
}

async fn count(app: &TestApp) -> i64 {
    app.read(|conn| Ok(organizations::table.count().get_result(conn)?)).await
}

crate::both_databases! {
    async fn a_file_is_shown_then_taken_and_the_second_time_changes_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let rows = file(&[
            "Управление образованием;УО Новое;Управление образованием Нового;Новое;7707083893;590201001;Оператор ЭПОС;",
            "школа;Школа № 5;МАОУ «Школа № 5»;Новое;7830002293;590201001;УО Новое;да",
            "ДОУ;Сад № 6;МБДОУ «Сад № 6»;;5902290201;590201001;7707083893/590201001;нет",
        ]);
        let plan = preview(&support, &rows).await;
        assert_eq!(counts(&plan), (3, 0, 0, 0), "{plan}");
        assert_eq!(plan["rows"][1], json!({ "line": 3, "short_name": "Школа № 5", "fate": "created", "columns": [] }));
        assert_eq!(count(app).await, 7);
        assert_eq!(apply(&support, &plan, &rows).await.expect(200), json!({ "created": 3, "changed": 0 }));
        assert_eq!(count(app).await, 10);
        let found = support.get(&url("/api/v1/kontingent/organizations", &[("query", "школа 7830")])).await.expect(200);
        assert_eq!(found["items"][0]["above"], json!(["УО Новое", "Оператор ЭПОС"]));
        let id = found["items"][0]["organization"]["id"].as_str().unwrap();
        let shown = support.get(&format!("/api/v1/kontingent/organizations/{id}")).await.expect(200);
        assert_eq!((&shown["fields"]["esia_only"], &shown["fields"]["kind"]), (&json!(true), &json!("school")));
        // Once more: in another encoding, with another separator, in another order of lines.
        let lines: Vec<String> = String::from_utf8(rows.clone()).unwrap().lines().map(str::to_owned).collect();
        let again = [&lines[0], &lines[3], &lines[2], &lines[1]].map(|line| line.replace(';', "\t")).join("\r\n");
        let (again, _, damaged) = encoding_rs::WINDOWS_1251.encode(&again);
        assert!(!damaged);
        let plan = preview(&support, &again).await;
        assert_eq!(counts(&plan), (0, 0, 3, 0), "{plan}");
        assert_eq!(plan["plan"], Value::Null);
        apply(&support, &plan, &again).await.expect_problem(409, "version-conflict");
        // What differs is changed; empty cells leave what is there.
        let changed = file(&[
            "школа;Лицей № 5;МАОУ «Школа № 5»;;7830002293;590201001;;",
            "ДОУ;Сад № 6;МБДОУ «Сад № 6»;Новое;5902290201;590201001;УО Новое;",
        ]);
        let plan = preview(&support, &changed).await;
        assert_eq!(counts(&plan), (0, 2, 0, 0), "{plan}");
        assert_eq!(plan["rows"][0]["columns"], json!(["Краткое наименование"]));
        assert_eq!(plan["rows"][1]["columns"], json!(["Населённый пункт"]));
        assert_eq!(apply(&support, &plan, &changed).await.expect(200), json!({ "created": 0, "changed": 2 }));
        let shown = support.get(&format!("/api/v1/kontingent/organizations/{id}")).await.expect(200);
        assert_eq!((&shown["fields"]["short_name"], &shown["fields"]["town"], &shown["fields"]["esia_only"]),
            (&json!("Лицей № 5"), &json!("Новое"), &json!(true)));
        // The mark of an old plan takes nothing.
        apply(&support, &plan, &changed).await.expect_problem(409, "version-conflict");
    }

    async fn every_wrong_row_is_named_and_nothing_is_taken(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let rows = file(&[
            "гимназия;Школа;Школа;;7830002293;590201001;УО Верхнекамска;",
            "школа;;Школа;;7830002294;59;УО Верхнекамска;может",
            "школа;Школа № 5;Школа № 5;;7830002293;590243001;УО Неведомое;",
            "школа;Школа № 5;Школа № 5;;7830002293;590243001;Оператор ЭПОС;",
            "школа;Школа № 8;Школа № 8;;5902290201;590201001;;",
            "школа;Школа № 7;Школа № 7;;7707083893;590201001;УО Верхнекамска;",
        ]);
        let plan = preview(&support, &rows).await;
        assert_eq!(counts(&plan).3, 9, "{plan}");
        assert_eq!(wrong(&plan), [
            "2 Вид", "3 Только Госуслуги", "3 Краткое наименование", "3 ИНН", "3 КПП", "4 Кому подчиняется",
            "5 ИНН", "5 Кому подчиняется", "6 Кому подчиняется",
        ]);
        assert_eq!(plan["plan"], Value::Null);
        apply(&support, &plan, &rows).await.expect_problem(409, "version-conflict");
        assert_eq!(count(app).await, 7);
        for (bytes, code) in [
            (&b""[..], "table-empty"),
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "not-a-table"),
            ("Вид;ИНН\nшкола;7707083893\n".as_bytes(), "columns-missing"),
        ] {
            let problem = send(&support, &format!("{IMPORT}/preview"), bytes).await.expect_problem(422, "validation-failed");
            assert_eq!(problem["errors"][0]["code"], code, "{problem}");
        }
        let json = support.post(&format!("{IMPORT}/preview"), json!({})).await;
        json.expect_problem(415, "unsupported-media-type");
    }

    async fn only_support_imports(app: TestApp) {
        let district = District::build(app).await;
        let rows = file(&["школа;Школа № 7;Школа № 7;;7707083893;590201001;УО Верхнекамска;"]);
        let (official, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (head, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        let mark = json!({ "plan": "0" });
        for (client, status) in [(&official, 403), (&head, 403), (&teacher, 403), (&app.anonymous(), 401)] {
            assert_eq!(send(client, &format!("{IMPORT}/preview"), &rows).await.status.as_u16(), status);
            assert_eq!(apply(client, &mark, &rows).await.status.as_u16(), status);
        }
        assert_eq!(count(app).await, 7);
    }
}
