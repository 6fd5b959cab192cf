//! Many cards at once: the list as a file, roles ended and credentials issued for a selection.

use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::Client;
use crate::people::{self, District, EMPLOYEES, actions, card, card_with_email, works_as};

const EXPORT: &str = "/api/v1/kontingent/employees/export";
const BULK: &str = "/api/v1/kontingent/employees/bulk";

/// The lines of a CSV, without the mark and the headings.
async fn lines(client: &Client, parameters: &[(&str, &str)]) -> Vec<String> {
    let answer = client.get(&people::url(EXPORT, parameters)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let name = answer.header("content-disposition").unwrap();
    assert!(name.starts_with("attachment; filename=\"employees-2026-11-22.csv\""), "{name}");
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let mut lines = text.split_terminator("\r\n").map(str::to_owned);
    assert!(lines.next().unwrap().starts_with("Фамилия;Имя;Отчество;E-mail;Логин;Организация;"));
    lines.collect()
}

fn families(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.split(';').next().unwrap()).collect()
}

fn outcomes(answer: &Value) -> Vec<(&str, &str)> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| (result["outcome"].as_str().unwrap(), result["code"].as_str().unwrap_or_default()))
        .collect()
}

crate::both_databases! {
    async fn the_file_holds_what_is_filtered_in_the_order_of_the_list(app: TestApp) {
        let district = District::build(app).await;
        let teacher = (Role::Teacher, "01.09.2026–31.08.2027");
        card_with_email(app, district.school, "Ёлкина Анна", "=elkina@mail.ru", &[teacher]).await;
        let two = [teacher, (Role::SocialPedagogue, "01.09.2026–")];
        card_with_email(app, district.school, "Ким Ли Ильич", "kim@mail.ru", &two).await;
        card(app, district.other_school, "Яшин Лев Иванович", &[teacher]).await;
        card(app, district.far_school, "Дальний Лев Иванович", &[teacher]).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        assert_eq!(
            lines(&department, &[("role", "teacher")]).await,
            [
                "Ёлкина;Анна;;'=elkina@mail.ru;aelkina_1;Школа № 1;;;Учитель;01.09.2026;31.08.2027;нет;",
                "Ким;Ли;Ильич;kim@mail.ru;likim_1;Школа № 1;;;Социальный педагог;01.09.2026;;нет;",
                "Ким;Ли;Ильич;kim@mail.ru;likim_1;Школа № 1;;;Учитель;01.09.2026;31.08.2027;нет;",
                "Яшин;Лев;Иванович;sotrudnik@school.example;liiashin_1;Гимназия № 2;;;Учитель;01.09.2026;31.08.2027;нет;",
            ]
        );
        for (sort, expected) in [
            ("name_descending", ["Яшин", "Ким", "Ким", "Ёлкина"]),
            ("organization", ["Яшин", "Ёлкина", "Ким", "Ким"]),
            ("newest", ["Яшин", "Ким", "Ким", "Ёлкина"]),
        ] {
            assert_eq!(families(&lines(&department, &[("role", "teacher"), ("sort", sort)]).await), expected);
        }
        // The director sees his school alone, whatever he asks for.
        let (director, _) = works_as(app, district.other_school, Role::SchoolDirector).await;
        let other = district.school.to_string();
        assert_eq!(lines(&director, &[("organization", &other)]).await, [""; 0]);
        assert_eq!(families(&lines(&director, &[("role", "teacher")]).await), ["Яшин"]);
        // Each is an entry of the journal, which does not know what was searched for.
        lines(&director, &[("query", "Яшин")]).await;
        let told = people::journal(app, district.other_school).await;
        let (action, result, details) = told.last().unwrap();
        assert_eq!((action.as_str(), result.as_str()), ("employees.exported", "done"));
        assert_eq!((&details["searched"], &details["format"]), (&json!(true), &json!("csv")));
        assert!(!details.to_string().contains("Яшин"));
        // Whoever has no rights gets nothing, and the journal has that too.
        app.clock.advance(chrono::TimeDelta::days(1));
        let (former, card) = people::works_as_until(app, district.school, Role::SchoolDirector, "01.01.2020–01.02.2026").await;
        former.get(EXPORT).await.expect_problem(403, "no-rights");
        assert_eq!(actions(app, card).await.last().unwrap(), "kontingent.entered refused: role-ended");
        app.anonymous().get(EXPORT).await.expect_problem(401, "not-signed-in");
        director.get(&people::url(EXPORT, &[("format", "doc")])).await.expect_problem(400, "malformed-parameter");
        director.get(&people::url(EXPORT, &[("limit", "1")])).await.expect_problem(400, "malformed-parameter");
    }

    async fn a_book_holds_the_same(app: TestApp) {
        let district = District::build(app).await;
        let teacher = (Role::Teacher, "01.09.2026–");
        card_with_email(app, district.school, "Ёлкина Анна", "=elkina@mail.ru", &[teacher]).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let answer = director.get(&people::url(EXPORT, &[("format", "xlsx"), ("role", "teacher")])).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"));
        let limits = epos_backend::import::table::Limits { rows: 10, columns: 20, cell: 100 };
        let table = epos_backend::import::table::read(&answer.bytes, limits).unwrap();
        assert_eq!(table.headings[..2], ["Фамилия", "Имя"]);
        assert_eq!(table.rows[0].cells[..4], ["Ёлкина", "Анна", "", "=elkina@mail.ru"]);
    }

    async fn more_cards_than_a_part_come_all_and_once(app: TestApp) {
        let district = District::build(app).await;
        let context = app.services.context.clone();
        let school = district.school;
        app.write(move |conn| {
            let card = |number: u32| epos_backend::kontingent::bulk::PastCard {
                id: context.id(),
                organization: school,
                login: format!("many_{number}").parse().unwrap(),
                name: people::name(&format!("Многих{} Анна", "а".repeat(usize::try_from(number % 7).unwrap()))),
                email: None,
                note: String::new(),
                created_at: context.db_now(),
                archived_at: None,
                roles: vec![(context.id(), Role::Teacher, people::days("01.09.2026–"))],
                binding: None,
                account_signed_in_at: None,
            };
            let cards: Vec<_> = (1..=2_300).map(card).collect();
            Ok(epos_backend::kontingent::bulk::insert(conn, &cards)?)
        })
        .await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        for parameters in [&[("role", "teacher")][..], &[][..], &[("sort", "organization")][..], &[("sort", "login_descending")][..]] {
            let all = lines(&support, parameters).await;
            let mut logins: Vec<&str> = all.iter().map(|line| line.split(';').nth(4).unwrap()).collect();
            assert!(logins.len() >= 2_300, "{parameters:?}: {}", logins.len());
            logins.sort_unstable();
            let count = logins.len();
            logins.dedup();
            assert_eq!(logins.len(), count, "{parameters:?}");
        }
    }

    async fn roles_of_a_selection_end_each_with_its_own_rights(app: TestApp) {
        let district = District::build(app).await;
        let open = [(Role::Teacher, "01.09.2026–"), (Role::ClassTeacher, "01.09.2027–")];
        let (mine, _) = card(app, district.school, "Ким Ли Ильич", &open).await;
        let (early, _) = card(app, district.school, "Ли Анна Ивановна", &[(Role::Teacher, "01.09.2026–01.12.2026")]).await;
        let (future, _) = card(app, district.school, "Цой Анна Ивановна", &[(Role::Teacher, "01.09.2027–")]).await;
        let (neighbour, _) = card(app, district.other_school, "Яшин Лев Иванович", &open).await;
        let (director, own) = works_as(app, district.school, Role::SchoolDirector).await;
        let (head, _) = card(app, district.school, "Главный Лев Иванович", &[(Role::SchoolDirector, "01.09.2026–")]).await;
        let ids: Vec<String> = [mine, early, future, neighbour, own, head].iter().map(ToString::to_string).collect();
        let request = json!({ "action": "end_roles", "last_day": "31.12.2026", "ids": ids });
        let done = director.post(BULK, request.clone()).await.expect(200);
        let refused = [("refused", "validation-failed"), ("refused", "not-found"), ("refused", "own-card"), ("refused", "forbidden")];
        assert_eq!(outcomes(&done)[..2], [("done", ""), ("unchanged", "")]);
        assert_eq!(outcomes(&done)[2..], refused);
        assert_eq!(done["results"][0]["name"], "Ким Ли Ильич");
        assert_eq!(done["results"][3]["name"], Value::Null, "nothing of a card out of view");
        let saved = director.get(&people::at(mine)).await.expect(200);
        assert_eq!(saved["roles"].as_array().unwrap().len(), 1, "what had not begun is taken back");
        assert_eq!(saved["roles"][0]["period"], json!({ "start": "2026-09-01", "end": "2026-12-31" }));
        assert_eq!(actions(app, mine).await, ["employee.role_ended", "employee.role_ended"]);
        assert_eq!(actions(app, own).await.last().unwrap(), "employee.role_ended refused: own-card");
        // Once more, nothing is left to do.
        let again = director.post(BULK, request).await.expect(200);
        assert_eq!(outcomes(&again)[..2], [("unchanged", ""), ("unchanged", "")]);
        assert_eq!(actions(app, mine).await.len(), 2);
        // A specialist's end of a head's role is the department's.
        let (officer, _) = works_as(app, district.school, Role::SchoolOfficer).await;
        let request = json!({ "action": "end_roles", "last_day": "2026-12-31", "ids": [head.to_string()] });
        let told = officer.post(BULK, request).await.expect(200);
        assert_eq!(outcomes(&told), [("refused", "needs-confirmation")]);
    }

    async fn credentials_of_a_selection_are_shown_once_and_void_the_older(app: TestApp) {
        let district = District::build(app).await;
        let teacher = [(Role::Teacher, "01.09.2026–")];
        let (one, login) = card(app, district.school, "Ким Ли Ильич", &teacher).await;
        let (two, _) = card(app, district.school, "Ли Анна Ивановна", &teacher).await;
        let (neighbour, _) = card(app, district.other_school, "Яшин Лев Иванович", &teacher).await;
        let (officer, _) = works_as(app, district.school, Role::SchoolOfficer).await;
        let ids: Vec<String> = [one, neighbour, two].iter().map(ToString::to_string).collect();
        let request = json!({ "action": "issue_credentials", "ids": ids });
        let answer = officer.post(BULK, request.clone()).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let issued = answer.expect(200);
        assert_eq!(outcomes(&issued), [("done", ""), ("refused", "not-found"), ("done", "")]);
        assert_eq!(issued["results"][0]["credentials"]["login"], login.as_str());
        let old = issued["results"][0]["credentials"]["password"].as_str().unwrap().to_owned();
        assert_eq!(actions(app, one).await, ["credentials.issued"]);
        assert!(actions(app, neighbour).await.is_empty(), "what is out of view is not told of");
        let again = officer.post(BULK, request).await.expect(200);
        let new = again["results"][0]["credentials"]["password"].as_str().unwrap();
        assert_ne!(old, new);
        let card = officer.get(&people::at(one)).await;
        assert!(!card.text().contains(&old) && !card.text().contains(new));
        let holder = app.signed_in("holder").await;
        let bind = json!({ "login": login.as_str(), "password": old });
        holder.post("/api/v1/kontingent/bindings", bind).await.expect_problem(422, "invalid-card-credentials");
    }

    async fn a_wrong_request_touches_no_card(app: TestApp) {
        let district = District::build(app).await;
        let (one, _) = card(app, district.school, "Ким Ли Ильич", &[(Role::Teacher, "01.09.2026–")]).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let problem = director.post(BULK, json!({ "action": "end_roles", "ids": [one.to_string(), one.to_string()] })).await;
        let problem = problem.expect_problem(422, "validation-failed");
        assert_eq!(people::wrong(&problem), ["ids/1: card-twice", "last_day: date-empty"]);
        director.post(BULK, json!({ "action": "archive", "ids": [one.to_string()] })).await.expect(422);
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        let request = json!({ "action": "issue_credentials", "ids": [one.to_string()] });
        teacher.post(BULK, request.clone()).await.expect_problem(403, "no-rights");
        let stranger = director.cookie();
        let elsewhere = app.anonymous().with_origin(Some("https://evil.example"));
        elsewhere.set_cookie(stranger);
        elsewhere.post(BULK, request).await.expect_problem(403, "forged-origin");
        assert!(actions(app, one).await.is_empty());
        assert_eq!(director.get(&format!("{EMPLOYEES}/{one}")).await.expect(200)["version"], 1);
    }
}
