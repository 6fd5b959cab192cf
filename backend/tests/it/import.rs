//! Import of staff: what every row comes to, decisions, all or nothing, whoever stops when.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::db::schema::{employees, import_rows, imports, one_time_credentials, role_assignments};
use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Answer, Client, TestApp};
use crate::people::{
    self, District, EMPLOYEES, actions, card, card_with_email, works_as, works_as_until, wrong,
};

const IMPORTS: &str = "/api/v1/kontingent/imports";
const HEAD: &str = "Фамилия;Имя;Отчество;E-mail;Организация;Роль;Начальная дата;Конечная дата;Примечание\n";

async fn send(client: &Client, bytes: impl Into<Vec<u8>>) -> Answer {
    let request = client.request(Method::POST, IMPORTS);
    client.send(request.header("content-type", "application/octet-stream").body(bytes.into())).await
}

/// Uploads, takes the mapping as it is guessed, and answers the preview.
async fn preview(client: &Client, text: impl Into<Vec<u8>>) -> Value {
    let uploaded = send(client, text).await.expect(201);
    assert_eq!(uploaded["state"], "uploaded");
    let mapping = json!({ "columns": uploaded["columns"] });
    client.put(&at(&uploaded, "/mapping"), mapping).await.expect(200)
}

fn at(import: &Value, rest: &str) -> String {
    format!("{IMPORTS}/{}{rest}", import["id"].as_str().unwrap())
}

fn counts(import: &Value) -> [u64; 6] {
    ["created", "changed", "unchanged", "skipped", "wrong", "undecided"]
        .map(|outcome| import["counts"][outcome].as_u64().unwrap())
}

async fn rows(client: &Client, import: &Value) -> Vec<Value> {
    let rows = client.get(&at(import, "/rows?limit=100")).await.expect(200);
    rows["items"].as_array().unwrap().clone()
}

/// `line outcome`, with what is wrong or asked.
fn told(rows: &[Value]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            let errors = row["errors"].as_array().cloned().unwrap_or_default();
            let errors = errors.iter().map(|error| {
                format!(" {}:{}", error["field"].as_str().unwrap_or("-"), error["code"].as_str().unwrap())
            });
            let choices = row["choices"].as_array().cloned().unwrap_or_default();
            let choices = choices.iter().map(|choice| format!(" {}", choice.as_str().unwrap()));
            let outcome = row["outcome"].as_str().unwrap();
            format!("{} {outcome}{}", row["line"], errors.chain(choices).collect::<String>())
        })
        .collect()
}

async fn apply(client: &Client, import: &Value) -> Value {
    client.post(&at(import, "/apply"), json!(null)).await.expect(202);
    for _ in 0..500 {
        let now = client.get(&at(import, "")).await.expect(200);
        if matches!(now["state"].as_str().unwrap(), "applied" | "previewed") {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the import does not end");
}

async fn families(client: &Client) -> Vec<String> {
    let page = client.get(&people::url(EMPLOYEES, &[("limit", "100")])).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|row| row["name"]["family_name"].as_str().unwrap().to_owned()).collect()
}

/// Cards that the database holds at all, visible or not.
async fn all_cards(app: &TestApp) -> i64 {
    app.read(|conn| Ok(employees::table.count().get_result(conn)?)).await
}

fn many(count: usize) -> String {
    let letters = |number: usize| -> String {
        let digits = format!("{number:05}");
        digits
            .bytes()
            .map(|digit| char::from_u32(u32::from('а') + u32::from(digit - b'0')).unwrap())
            .collect()
    };
    let mut text = HEAD.to_owned();
    for number in 0..count {
        let family = letters(number);
        text.push_str(&format!("Ф{family};Анна;;many{number}@mail.ru;Школа № 1;Учитель;01.09.2026;;\n"));
    }
    text
}

crate::both_databases! {
    async fn a_file_becomes_cards_and_a_second_time_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let text = format!(
            "{HEAD}Ёлкина;Анна;Сергеевна;elkina@mail.ru;Школа № 1;Директор;01.09.2026;31.08.2027;Новый\r\n\
             Ким;Ли;;kim@mail.ru;школа № 1;директор школы;;;\r\n\
             Цой;Вера;-;tsoi@mail.ru;Детский сад № 3;Заведующая;2026-09-01;;\r\n"
        );
        let (old, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
        let before = all_cards(app).await;
        let import = preview(&department, old.into_owned()).await;
        assert_eq!((&import["state"], counts(&import)), (&json!("previewed"), [3, 0, 0, 0, 0, 0]));
        assert_eq!(all_cards(app).await, before, "a preview changes nothing");
        let shown = rows(&department, &import).await;
        assert_eq!(told(&shown), ["2 created", "3 created", "4 created"]);
        assert_eq!((&shown[1]["organization"], &shown[1]["employee_id"]), (&json!("Школа № 1"), &Value::Null));
        let done = apply(&department, &import).await;
        assert_eq!((&done["state"], &done["done"]), (&json!("applied"), &json!(3)));
        assert_eq!(families(&department).await.iter().filter(|name| *name != "Тестова").count(), 3);
        let created = department.get(&at(&import, "/created")).await.expect(200);
        let id = created["ids"][0].as_str().unwrap();
        let saved = department.get(&people::at(id)).await.expect(200);
        assert_eq!((&saved["login"], &saved["note"]), (&json!("aselkina_1"), &json!("Новый")));
        assert_eq!(saved["roles"][0]["role"], "school_director");
        assert_eq!(saved["roles"][0]["period"], json!({ "start": "2026-09-01", "end": "2027-08-31" }));
        assert_eq!(saved["credentials"], Value::Null, "credentials are issued on request");
        assert_eq!(actions(app, Id(id.parse().unwrap())).await, ["employee.created"]);
        let import_id = Id(import["id"].as_str().unwrap().parse().unwrap());
        assert_eq!(actions(app, import_id).await, ["import.applied", "import.uploaded"]);
        // It is found by every word, and its credentials come from the call for many.
        let found = department.get(&people::url(EMPLOYEES, &[("query", "сергеевна")])).await.expect(200);
        assert_eq!(found["items"][0]["id"], id);
        // The same file once more.
        let again = preview(&department, text).await;
        assert_eq!(counts(&again), [0, 0, 3, 0, 0, 0]);
        let problem = department.post(&at(&again, "/apply"), json!(null)).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["rows: nothing-to-do"]);
        // And what the list gives out as a file changes nothing either.
        let file = department.get(&people::url(&format!("{EMPLOYEES}/export"), &[("role", "school_director")])).await;
        let exported = preview(&department, file.bytes).await;
        assert_eq!(counts(&exported), [0, 0, 2, 0, 0, 0], "{:?}", told(&rows(&department, &exported).await));
    }

    async fn every_wrong_row_is_named_by_line_and_field(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let text = format!(
            "{HEAD}\
             Ива4ова;Анна;;a@mail.ru;Школа № 1;Учитель;;;\n\
             Иванова;Анна;;;Школа № 1;Учитель;;;\n\
             Иванова;Анна;;b@mail;Школа № 1;Учитель;;;\n\
             Иванова;Анна;;c@mail.ru;Гимназия № 2;Учитель;;;\n\
             Иванова;Анна;;d@mail.ru;Школа № 1;Космонавт;;;\n\
             Иванова;Анна;;e@mail.ru;Школа № 1;Воспитатель;;;\n\
             Иванова;Анна;;f@mail.ru;Школа № 1;Директор;;;\n\
             Иванова;Анна;;g@mail.ru;Школа № 1;Учитель;31.02.2026;;\n\
             Иванова;Анна;;h@mail.ru;Школа № 1;Учитель;01.09.2026;01.08.2026;\n\
             Иванова;Анна;;i@mail.ru;Школа № 1;Учитель;01.09.2025;01.08.2026;\n\
             =cmd|' /C calc'!A0;Анна;;j@mail.ru;Школа № 1;Учитель;;;\n\
             Годная;Анна;;k@mail.ru;;Учитель;;;\n"
        );
        let import = preview(&director, text).await;
        assert_eq!(
            told(&rows(&director, &import).await),
            [
                "2 wrong family_name:name-digit",
                "3 wrong email:email-empty",
                "4 wrong email:email-domain",
                "5 wrong organization:organization-unknown",
                "6 wrong role:role-unknown",
                "7 wrong role:role-unfit",
                "8 wrong role:role-forbidden",
                "9 wrong start:date-malformed",
                "10 wrong end:dates-crossed",
                "11 wrong end:role-already-over",
                "12 wrong family_name:name-digit",
                "13 created",
            ]
        );
        let only = director.get(&at(&import, "/rows?outcome=wrong&limit=2&after=3")).await.expect(200);
        assert_eq!(told(only["items"].as_array().unwrap()), ["4 wrong email:email-domain", "5 wrong organization:organization-unknown"]);
        assert_eq!((&only["total"]["value"], &only["next"]), (&json!(11), &json!(5)));
        let problem = director.post(&at(&import, "/apply"), json!(null)).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["rows: wrong-rows"]);
        assert_eq!(families(&director).await, ["Тестова"], "a wrong file does nothing at all");
    }

    async fn duplicates_are_decided_row_by_row(app: TestApp) {
        let district = District::build(app).await;
        let teacher = [(Role::Teacher, "01.09.2026–")];
        let (known, _) = card_with_email(app, district.school, "Ким Ли", "kim@mail.ru", &teacher).await;
        card_with_email(app, district.school, "Цой Вера", "tsoi@mail.ru", &teacher).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let text = format!(
            "{HEAD}\
             Ким;Ли;;new@mail.ru;Школа № 1;Учитель;;;\n\
             Цой;Вера;;tsoi@mail.ru;Гимназия № 2;Учитель;;;\n\
             Ли;Анна;;li@mail.ru;Школа № 1;Учитель;;;\n\
             Ли;Анна;;li@mail.ru;Школа № 1;Классный руководитель;;;\n\
             Ли;Анна;;li@mail.ru;Школа № 1;Учитель;;;\n"
        );
        let import = preview(&support, text.clone()).await;
        assert_eq!(
            told(&rows(&support, &import).await),
            [
                "2 undecided same create skip",
                "3 undecided create skip",
                "4 created",
                "5 undecided same create skip",
                "6 undecided same create skip",
            ]
        );
        let problem = support.post(&at(&import, "/apply"), json!(null)).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["rows: undecided"]);
        let decide = |rows: Value| json!({ "rows": rows });
        let wrong_ones = decide(json!([{ "line": 4, "decision": "skip" }, { "line": 3, "decision": "same" }]));
        let problem = support.put(&at(&import, "/decisions"), wrong_ones).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["rows/0/decision: nothing-to-decide", "rows/1/decision: nothing-to-decide"]);
        let decided = decide(json!([
            { "line": 2, "decision": "same" }, { "line": 3, "decision": "create" },
            { "line": 5, "decision": "same" }, { "line": 6, "decision": "skip" },
        ]));
        let import = support.put(&at(&import, "/decisions"), decided).await.expect(200);
        assert_eq!(counts(&import), [2, 1, 0, 1, 0, 0]);
        let done = apply(&support, &import).await;
        assert_eq!(done["state"], "applied", "{done}");
        let saved = support.get(&people::at(known)).await.expect(200);
        assert_eq!((&saved["email"], &saved["version"]), (&json!("new@mail.ru"), &json!(2)));
        let found = support.get(&people::url(EMPLOYEES, &[("query", "ли анна")])).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        assert_eq!(found["items"][0]["roles"].as_array().unwrap().len(), 2);
        // Nothing is asked of what is there now.
        let again = preview(&support, text).await;
        assert_eq!(counts(&again), [0, 0, 5, 0, 0, 0], "{:?}", told(&rows(&support, &again).await));
    }

    async fn cards_that_are_there_change_with_the_rights_of_the_single_card(app: TestApp) {
        let district = District::build(app).await;
        let teacher = [(Role::Teacher, "01.09.2026–31.08.2027")];
        let (known, login) = card_with_email(app, district.school, "Ким Ли", "kim@mail.ru", &teacher).await;
        let head = [(Role::SchoolDirector, "01.09.2026–")];
        let (_, head_login) = card_with_email(app, district.school, "Главный Лев", "head@mail.ru", &head).await;
        let (neighbour, other) = card_with_email(app, district.other_school, "Сосед Лев", "s@mail.ru", &teacher).await;
        let (officer, own) = works_as(app, district.school, Role::SchoolOfficer).await;
        let own_card = officer.get(&people::at(own)).await.expect(200);
        let own_login = own_card["login"].as_str().unwrap();
        let head_line = "Логин;Фамилия;Имя;Отчество;E-mail;Роль;Начальная дата;Конечная дата\n";
        let text = format!(
            "{head_line}\
             {login};Кимов;Ли;;kim@mail.ru;Учитель;01.09.2026;31.08.2028\n\
             {login};Кимов;Ли;;kim@mail.ru;Социальный педагог;;\n\
             {head_login};Главный;Лев;;new@mail.ru;Директор школы;;\n\
             {own_login};Тестова;Анна;Ивановна;new@mail.ru;Ответственный школы;01.01.2020;\n\
             {other};Сосед;Лев;;s@mail.ru;Учитель;;\n\
             {login};Кимов;Ли;;kim@mail.ru;Учитель;01.09.2026;31.08.2029\n"
        );
        let import = preview(&officer, text).await;
        assert_eq!(
            told(&rows(&officer, &import).await),
            [
                "2 changed",
                "3 changed",
                "4 wrong -:needs-confirmation",
                "5 wrong -:own-card",
                "6 wrong login:login-unknown",
                "7 wrong role:contradicts",
            ]
        );
        let text = format!(
            "{head_line}\
             {login};Кимов;Ли;;kim@mail.ru;Учитель;01.09.2026;31.08.2028\n\
             {login};Кимов;Ли;;kim@mail.ru;Социальный педагог;;\n"
        );
        let import = preview(&officer, text).await;
        assert_eq!(counts(&import), [0, 1, 0, 0, 0, 0]);
        let done = apply(&officer, &import).await;
        assert_eq!(done["state"], "applied", "{done}");
        let saved = officer.get(&people::at(known)).await.expect(200);
        assert_eq!(saved["name"]["family_name"], "Кимов");
        assert_eq!(saved["roles"].as_array().unwrap().len(), 2);
        assert_eq!(saved["credentials"], Value::Null);
        assert_eq!(actions(app, known).await, ["employee.dates_changed", "employee.person_changed", "employee.role_added"]);
        assert!(actions(app, neighbour).await.is_empty());
        // Somebody saves the card between the preview and its application: nothing of the file is done.
        let text = format!("{head_line}{login};Кимов;Ли;;kim@mail.ru;Учитель;01.09.2026;31.08.2029\n;Новый;Ян;;yan@mail.ru;Учитель;;\n");
        let import = preview(&officer, text).await;
        assert_eq!(counts(&import), [1, 1, 0, 0, 0, 0]);
        let before = all_cards(app).await;
        let mut form = people::form_of(&saved);
        form["note"] = json!("Между тем");
        officer.put(&people::at(known), form).await.expect(200);
        let done = apply(&officer, &import).await;
        assert_eq!(done["state"], "previewed");
        assert_eq!(done["failure"], "Строка 2: Карточку уже изменил другой человек. Сравните изменения и сохраните ещё раз: набранное вами не потеряно.");
        assert_eq!(all_cards(app).await, before, "what was prepared is taken back");
        let import_id = Id(import["id"].as_str().unwrap().parse().unwrap());
        assert!(actions(app, import_id).await.iter().any(|action| action.starts_with("import.failed refused")));
    }

    async fn rights_are_those_of_the_moment_it_is_applied(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as_until(app, district.school, Role::SchoolDirector, "01.01.2020–22.11.2026").await;
        let import = preview(&director, many(3)).await;
        assert_eq!(counts(&import)[0], 3);
        // Another one sees nothing of it, whoever he is.
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        for (method, rest) in [(Method::GET, ""), (Method::GET, "/rows"), (Method::GET, "/created"), (Method::POST, "/apply"), (Method::DELETE, "")] {
            let request = support.request(method, &at(&import, rest));
            support.send(request).await.expect_problem(404, "not-found");
        }
        support.put(&at(&import, "/mapping"), json!({ "columns": import["columns"] })).await.expect_problem(404, "not-found");
        let decisions = json!({ "rows": [{ "line": 2, "decision": "skip" }] });
        support.put(&at(&import, "/decisions"), decisions).await.expect_problem(404, "not-found");
        // Set going in the last second of the role, and taken up behind it.
        let before = all_cards(app).await;
        let id = Id(import["id"].as_str().unwrap().parse().unwrap());
        app.stop_server().await;
        app.clock.advance(TimeDelta::days(1));
        app.write(move |conn| {
            diesel::update(imports::table.find(id)).set(imports::state.eq("applying")).execute(conn)?;
            Ok(())
        })
        .await;
        app.start_server();
        app.eventually("the import is refused", async || {
            let failure: Option<String> = app
                .read(move |conn| Ok(imports::table.find(id).select(imports::failure).first(conn)?))
                .await;
            failure.is_some_and(|failure| failure.starts_with("Нет прав в «Контингенте»"))
        })
        .await;
        assert_eq!(all_cards(app).await, before);
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        send(&teacher, many(1)).await.expect_problem(403, "no-rights");
        send(&app.anonymous(), many(1)).await.expect_problem(401, "not-signed-in");
    }

    async fn of_two_judgements_at_once_one_is_shown(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let import = preview(&director, many(1_200)).await;
        let url = at(&import, "/mapping");
        let as_guessed = json!({ "columns": import["columns"] });
        let mut other = as_guessed.clone();
        // Without the e-mail every row is wrong.
        other["columns"][3] = Value::Null;
        for _ in 0..3 {
            let (one, two) = tokio::join!(director.put(&url, as_guessed.clone()), director.put(&url, other.clone()));
            let now = director.get(&at(&import, "")).await.expect(200);
            let answers = [one.status.as_u16(), two.status.as_u16()];
            assert!(answers.contains(&200) && answers.iter().all(|status| matches!(status, 200 | 422)), "{answers:?}");
            let counted = counts(&now);
            let shown = director.get(&at(&import, "/rows?outcome=wrong&limit=1")).await.expect(200);
            assert_eq!(shown["total"]["value"], json!(counted[4]), "{shown}");
            assert!(counted[4] == 0 || counted[4] == 1_200, "{counted:?}");
            assert_eq!(now["columns"][3].is_null(), counted[4] > 0);
        }
    }

    async fn a_second_upload_takes_the_place_of_the_first(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let (one, two) = tokio::join!(send(&director, many(3_000)), send(&director, many(2_000)));
        let answers = [one.status.as_u16(), two.status.as_u16()];
        assert!(answers.contains(&201) && answers.iter().all(|status| matches!(status, 201 | 404 | 422)), "{answers:?}");
        let kept: i64 = app.read(|conn| Ok(imports::table.count().get_result(conn)?)).await;
        assert!(kept <= 2, "{kept}");
    }

    async fn whoever_stops_in_the_middle_leaves_nothing_half_done(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let text = many(700).replace("Учитель", "Директор");
        let import = preview(&department, text).await;
        assert_eq!(counts(&import)[0], 700);
        let before = families(&support).await;
        department.post(&at(&import, "/apply"), json!(null)).await.expect(202);
        let id = Id(import["id"].as_str().unwrap().parse().unwrap());
        let state = move |conn: &mut epos_backend::db::Conn| {
            let row: (String, i32) = imports::table.find(id).select((imports::state, imports::done)).first(conn)?;
            Ok(row)
        };
        app.eventually("some are made", async || app.read(state).await.1 > 0).await;
        let cookie = support.cookie();
        app.stop_server().await;
        let (stopped, _) = app.read(state).await;
        let hidden: i64 = app
            .read(|conn| {
                let hidden = employees::archived_at.is_not_null();
                Ok(employees::table.filter(hidden).count().get_result(conn)?)
            })
            .await;
        if stopped == "applying" {
            assert!(hidden > 0);
        }
        // Whoever died held a lease: until it is over nobody goes on, and nobody sees anything.
        if stopped == "applying" {
            let until = app.services.context.db_now() + TimeDelta::seconds(30);
            app.write(move |conn| {
                diesel::update(imports::table.find(id)).set(imports::leased_until.eq(until)).execute(conn)?;
                Ok(())
            })
            .await;
            app.start_server();
            let client = app.anonymous();
            client.set_cookie(cookie.clone());
            assert_eq!(families(&client).await, before);
            let archive = client.get(&people::url(EMPLOYEES, &[("state", "archived")])).await.expect(200);
            assert_eq!(archive["items"], json!([]), "not in the archive either");
            for words in ["анна", "many", "анна many"] {
                let asked = [("state", "archived"), ("query", words)];
                let archive = client.get(&people::url(EMPLOYEES, &asked)).await.expect(200);
                assert_eq!(archive["items"], json!([]), "{words}");
            }
            let card: Id = app
                .read(|conn| {
                    let hidden = employees::archived_at.is_not_null();
                    Ok(employees::table.filter(hidden).select(employees::id).first(conn)?)
                })
                .await;
            client.get(&people::at(card)).await.expect_problem(404, "not-found");
            app.clock.advance(TimeDelta::seconds(31));
        } else {
            app.start_server();
        }
        app.eventually("the next one finishes", async || app.read(state).await == ("applied".to_owned(), 700)).await;
        let (visible, roles): (i64, i64) = app
            .read(|conn| {
                let visible = employees::table.filter(employees::archived_at.is_null()).count().get_result(conn)?;
                Ok((visible, role_assignments::table.count().get_result(conn)?))
            })
            .await;
        assert_eq!((visible, roles), (702, 702));
        let client = app.anonymous();
        client.set_cookie(cookie);
        for (asked, least) in [(("query", "анна"), 700), (("query", "many699"), 1), (("role", "school_director"), 700)] {
            let page = client.get(&people::url(EMPLOYEES, &[asked])).await.expect(200);
            assert!(page["total"]["value"].as_u64().unwrap() >= least, "{asked:?}: {}", page["total"]);
        }
        let issued: i64 = app.read(|conn| Ok(one_time_credentials::table.count().get_result(conn)?)).await;
        assert_eq!(issued, 0);
    }

    async fn hostile_files_are_refused_and_cost_nothing(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let code = |problem: Value| wrong(&problem).join(", ");
        for (bytes, expected) in [
            (b"".to_vec(), "file: table-empty"),
            (b"\x00\x01\x02".to_vec(), "file: not-a-table"),
            (b"a;b\n1;\x00\n".to_vec(), "file: not-a-table"),
            (b"PK\x03\x04....".to_vec(), "file: table-damaged"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), "file: old-format"),
            (format!("{}\n1\n", ";x".repeat(200)).into_bytes(), "file: too-many-columns"),
            (many(10_001).into_bytes(), "file: too-many-rows"),
            ("а".repeat(5 * 1024 * 1024).into_bytes(), "file: cell-too-long"),
        ] {
            let answer = send(&director, bytes).await;
            assert_eq!(code(answer.expect_problem(422, "validation-failed")), expected);
        }
        let problem = send(&director, vec![b'a'; 10 * 1024 * 1024 + 1]).await.expect_problem(413, "body-too-large");
        assert_eq!(problem["detail"], "Файл не больше 10 МиБ.");
        director.post(IMPORTS, json!({})).await.expect_problem(415, "unsupported-media-type");
        let elsewhere = app.anonymous().with_origin(Some("https://evil.example"));
        elsewhere.set_cookie(director.cookie());
        send(&elsewhere, many(1)).await.expect_problem(403, "forged-origin");
        let left: i64 = app.read(|conn| Ok(imports::table.count().get_result(conn)?)).await;
        assert_eq!(left, 0);
        // A mapping has to fit the file.
        let import = send(&director, "ФИО;Что-то\nКим Ли;1\n").await.expect(201);
        assert_eq!(import["columns"], json!(["full_name", null]));
        let problem = director.put(&at(&import, "/mapping"), json!({ "columns": import["columns"] })).await;
        assert_eq!(code(problem.expect_problem(422, "validation-failed")), "columns: mapping-no-role, columns: mapping-no-email");
        director.put(&at(&import, "/mapping"), json!({ "columns": ["full_name"] })).await.expect_problem(422, "validation-failed");
    }

    async fn what_was_uploaded_goes_after_a_day_and_the_mapping_stays(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let import = send(&director, "Кто;Куда писать;Кем\nКим Ли;kim@mail.ru;Учитель\n").await.expect(201);
        assert_eq!(import["columns"], json!([null, null, null]));
        let columns = json!(["full_name", "email", "role"]);
        let preview = director.put(&at(&import, "/mapping"), json!({ "columns": columns })).await.expect(200);
        assert_eq!(counts(&preview)[0], 1);
        // A newer file takes the place of one that was never applied.
        let newer = send(&director, "Кем;Кто;Куда писать\nУчитель;Ли Анна;li@mail.ru\n").await.expect(201);
        assert_eq!(newer["columns"], json!(["role", "full_name", "email"]));
        director.get(&at(&import, "")).await.expect_problem(404, "not-found");
        let sweep = async || {
            let services = app.services.clone();
            app.write(move |conn| epos_backend::import::sweep(conn, &services)).await
        };
        assert_eq!(sweep().await, 0);
        app.clock.advance(TimeDelta::hours(25));
        assert_eq!(sweep().await, 1);
        let left: i64 = app.read(|conn| Ok(import_rows::table.count().get_result(conn)?)).await;
        assert_eq!(left, 0);
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let gone = send(&director, many(1)).await.expect(201);
        director.send(director.request(Method::DELETE, &at(&gone, ""))).await.expect(204);
        director.get(&at(&gone, "")).await.expect_problem(404, "not-found");
    }

    async fn the_sample_can_be_uploaded_as_it_is(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        card(app, district.school, "Другая Анна", &[(Role::Teacher, "01.09.2026–")]).await;
        for format in ["csv", "xlsx"] {
            let sample = director.get(&format!("{IMPORTS}/sample?format={format}")).await;
            assert_eq!(sample.status, 200);
            let import = preview(&director, sample.bytes).await;
            assert_eq!(counts(&import), [2, 0, 0, 0, 0, 0], "{:?}", told(&rows(&director, &import).await));
        }
    }
}
