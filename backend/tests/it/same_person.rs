//! Two cards of one person: what is suspected before a card is saved, and how two become one.

use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::{Answer, Client, TestApp};
use crate::people::{
    self, District, EMPLOYEES, actions, at, bind, card_with_email, credentials, despite, form, form_of,
    journal, works_as, wrong,
};

const SNILS: &str = "112-233-445 95";
const OTHER_SNILS: &str = "087-654-303 00";

/// A teacher's card past the API.
async fn teacher(app: &TestApp, organization: Id, name: &str, email: &str) -> Id {
    card_with_email(app, organization, name, email, &[(Role::Teacher, "01.09.2020–")]).await.0
}

fn new(organization: Id, name: &str, email: &str, snils: &str) -> Value {
    let mut parts = name.split(' ');
    let mut part = || parts.next().unwrap_or_default();
    let (family, given, patronymic) = (part(), part(), part());
    let mut draft = form(organization, "teacher");
    draft["person"] = json!({
        "family_name": family, "given_name": given, "patronymic": patronymic,
        "no_patronymic": patronymic.is_empty(), "email": email, "snils": snils,
    });
    draft
}

/// The cards that a refusal shows, and how many there are elsewhere.
fn suspected(answer: &Answer) -> (Vec<Id>, u64) {
    let problem = answer.expect_problem(409, "duplicate-suspected");
    let current = &problem["current"];
    let cards = current["cards"].as_array().unwrap().iter();
    let ids = cards.map(|card| Id(card["id"].as_str().unwrap().parse().unwrap())).collect();
    (ids, current["elsewhere"].as_u64().unwrap())
}

fn id(card: &Value) -> Id {
    Id(card["id"].as_str().unwrap().parse().unwrap())
}

async fn read(client: &Client, card: Id) -> Value {
    client.get(&at(card)).await.expect(200)
}

async fn preview(client: &Client, stays: Id, goes: Id) -> Answer {
    client.post(&format!("{}/merge/preview", at(stays)), json!({ "other": goes.to_string() })).await
}

/// The merge as the preview has it.
async fn merge(client: &Client, stays: Id, seen: &Value, take: Value) -> Answer {
    let draft = json!({
        "other": seen["goes"]["id"], "version": seen["stays"]["version"],
        "other_version": seen["goes"]["version"], "take": take,
    });
    client.post(&format!("{}/merge", at(stays)), draft).await
}

crate::both_databases! {
    async fn a_probable_duplicate_is_shown_before_a_new_card_is_saved(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let known = teacher(app, district.school, "Королёва-Мышкина Анастасия Игоревна", "a@mail.ru").await;
        teacher(app, district.school, "Белов Пётр Ильич", "school@mail.ru").await;
        for (name, email) in [
            ("Королёва-Мышкина Анастасия Игоревна", "a@mail.ru"),
            ("КОРОЛЕВА-МЫШКИНА анастасия ИГОРЕВНА", "other@mail.ru"),
            ("Каролёва-Мышкина Анастасия Игоревна", "other@mail.ru"),
            ("Анастасия Королёва-Мышкина Игоревна", "other@mail.ru"),
            ("Королёва-Мышкина Анастасия", "other@mail.ru"),
            ("Сидорова Анастасия Игоревна", "A@Mail.ru"),
        ] {
            let draft = new(district.school, name, email, "");
            let (cards, elsewhere) = suspected(&director.post(EMPLOYEES, draft).await);
            assert_eq!((cards, elsewhere), (vec![known], 0), "{name}");
        }
        let draft = new(district.school, "Королева-Мышкина Анастасия Игоревна", "b@mail.ru", "");
        let problem = director.post(EMPLOYEES, draft.clone()).await.expect_problem(409, "duplicate-suspected");
        let shown = &problem["current"]["cards"][0];
        assert_eq!(shown["name"]["family_name"], "Королёва-Мышкина");
        assert_eq!(shown["roles"][0]["role"], "teacher");
        assert_eq!(shown["organization"]["short_name"], "Школа № 1");
        // Whoever goes on saves it, and is given its credentials.
        let saved = director.post(EMPLOYEES, despite(draft)).await.expect(201);
        assert_eq!(saved["credentials"]["login"], "aikorolevamyshkina_2");
        let told = journal(app, id(&saved["card"])).await;
        let created = told.iter().find(|(action, ..)| action == "employee.created").unwrap();
        assert_eq!(created.2["despite_duplicates"], true);
    }

    async fn people_who_only_look_alike_are_saved_at_once(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        teacher(app, district.school, "Ким Анна Ивановна", "school@mail.ru").await;
        teacher(app, district.school, "Иванов Александр Петрович", "school@mail.ru").await;
        let archived = teacher(app, district.school, "Белова Вера Ильинична", "vera@mail.ru").await;
        director.post(&format!("{}/archive", at(archived)), json!({})).await.expect(200);
        for (name, email) in [
            ("Ким Инна Ивановна", "inna@mail.ru"),
            ("Иванова Александра Петровна", "school@mail.ru"),
            ("Белова Вера Ильинична", "vera@mail.ru"),
            ("Орлов Олег Юрьевич", "school@mail.ru"),
        ] {
            director.post(EMPLOYEES, new(district.school, name, email, "")).await.expect(201);
        }
        // Two different СНИЛС are two people, whatever they are called.
        let first = new(district.school, "Зайцева Мария Львовна", "zm@mail.ru", SNILS);
        director.post(EMPLOYEES, first).await.expect(201);
        let second = new(district.school, "Зайцева Мария Львовна", "zm@mail.ru", OTHER_SNILS);
        director.post(EMPLOYEES, second).await.expect(201);
        let same = new(district.school, "Волкова Мария Олеговна", "volkova@mail.ru", SNILS);
        assert_eq!(suspected(&director.post(EMPLOYEES, same).await).0.len(), 1);
    }

    async fn wrong_fields_are_told_before_duplicates(app: TestApp) {
        let district = District::build(app).await;
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        teacher(app, district.school, "Новикова Ольга Юрьевна", "novikova@school.example").await;
        let mut head = form(district.school, "school_director");
        let problem = deputy.post(EMPLOYEES, head.clone()).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["roles/0/role: role-needs-confirmation"]);
        head["person"]["email"] = json!("novikova");
        deputy.post(EMPLOYEES, head).await.expect_problem(422, "validation-failed");
        // Nobody learns who works in an organization that he does not see.
        let foreign = new(district.other_school, "Новикова Ольга Юрьевна", "novikova@school.example", "");
        let problem = deputy.post(EMPLOYEES, foreign).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["organization_id: organization-unknown"]);
    }

    async fn of_cards_elsewhere_nothing_is_told_but_that_there_are_some(app: TestApp) {
        let district = District::build(app).await;
        let (director, own) = works_as(app, district.school, Role::SchoolDirector).await;
        for place in [district.other_school, district.far_school] {
            teacher(app, place, "Соколова Инга Павловна", "inga@mail.ru").await;
        }
        // The same name with another e-mail is another person, elsewhere.
        let namesake = new(district.school, "Соколова Инга Павловна", "other@mail.ru", "");
        director.post(EMPLOYEES, namesake).await.expect(201);
        let draft = new(district.other_school, "Соколова Инга Павловна", "inga@mail.ru", "");
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let (cards, elsewhere) = suspected(&support.post(EMPLOYEES, draft).await);
        assert_eq!((cards.len(), elsewhere), (1, 1));
        let (other, _) = works_as(app, district.kindergarten, Role::KindergartenHead).await;
        let mut draft = new(district.kindergarten, "Соколова Инга Павловна", "inga@mail.ru", "");
        draft["roles"][0]["role"] = json!("kindergarten_teacher");
        let answer = other.post(EMPLOYEES, draft.clone()).await;
        let problem = answer.expect_problem(409, "duplicate-suspected");
        assert_eq!(problem["current"], json!({ "cards": [], "elsewhere": 2 }));
        for name in ["Гимназия", "Школа", "inga@mail.ru", "teacher"] {
            assert!(!answer.text().contains(name), "{name}");
        }
        let told = journal(app, district.kindergarten).await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].0.as_str(), &told[0].2["elsewhere"]), ("employee.found_elsewhere", &json!(2)));
        // Whoever asks on and on is not answered any more.
        let mut times = 1;
        while other.post(EMPLOYEES, draft.clone()).await.status == 409 {
            times += 1;
            assert!(times <= 40, "told for ever");
        }
        assert_eq!(times, 40);
        drop((own, director));
    }

    async fn a_change_is_asked_about_where_it_makes_two_cards_alike(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let known = teacher(app, district.school, "Громова Алла Игоревна", "alla@mail.ru").await;
        let changed = teacher(app, district.school, "Ветрова Алла Игоревна", "vetrova@mail.ru").await;
        let mut draft = form_of(&read(&director, changed).await);
        draft["person"]["family_name"] = json!("Громова");
        let answer = director.put(&at(changed), draft.clone()).await;
        assert_eq!(suspected(&answer), (vec![known], 0));
        assert_eq!(read(&director, changed).await["version"], 1, "nothing is saved");
        director.put(&at(changed), despite(draft)).await.expect(200);
        // Who is alike already is no news, nor is what nobody is recognised by.
        let mut draft = form_of(&read(&director, changed).await);
        draft["note"] = json!("Кабинет 12");
        director.put(&at(changed), draft).await.expect(200);
        let mut draft = form_of(&read(&director, changed).await);
        draft["person"]["email"] = json!("gromova@mail.ru");
        director.put(&at(changed), draft).await.expect(200);
    }

    async fn two_cards_become_one_as_the_preview_says(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let roles = [(Role::Teacher, "01.09.2020–31.08.2027"), (Role::ClassTeacher, "01.09.2025–")];
        let stays = card_with_email(app, district.school, "Громова Алла Игоревна", "alla@mail.ru", &roles).await.0;
        let roles = [(Role::Teacher, "01.09.2024–"), (Role::SchoolOfficer, "01.01.2026–")];
        let (goes, login) =
            card_with_email(app, district.school, "Громова-Белова Алла Игоревна", "new@mail.ru", &roles).await;
        let password = credentials(app, goes, &login).await;
        let account = app.account("alla").await;
        bind(app, account, goes).await;
        let mut draft = form_of(&read(&director, goes).await);
        draft["person"]["snils"] = json!(SNILS);
        director.put(&at(goes), despite(draft)).await.expect(200);

        let seen = preview(&director, stays, goes).await.expect(200);
        assert_eq!(seen["binding_moves"], true);
        assert_eq!(seen["differs"], json!([
            { "field": "name", "stays": "Громова Алла Игоревна", "goes": "Громова-Белова Алла Игоревна" },
            { "field": "email", "stays": "alla@mail.ru", "goes": "new@mail.ru" },
        ]));
        assert_eq!(seen["roles"].as_array().unwrap().len(), 3);
        assert_eq!(read(&director, stays).await["version"], 1, "a preview writes nothing");

        let card = merge(&director, stays, &seen, json!(["name"])).await.expect(200);
        assert_eq!(card["name"]["family_name"], "Громова-Белова");
        assert_eq!((&card["email"], &card["version"]), (&json!("alla@mail.ru"), &json!(2)));
        assert_eq!(card["snils"].as_str().unwrap().replace([' ', '-'], ""), SNILS.replace([' ', '-'], ""));
        assert_eq!(card["login"], "aigromova_1");
        assert_eq!(card["binding"]["user_name"], "alla");
        let mut held: Vec<(String, Value, Value)> = card["roles"].as_array().unwrap().iter()
            .map(|role| (role["role"].as_str().unwrap().to_owned(), role["period"]["start"].clone(), role["period"]["end"].clone()))
            .collect();
        held.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(held, [
            ("class_teacher".to_owned(), json!("2025-09-01"), Value::Null),
            ("school_officer".to_owned(), json!("2026-01-01"), Value::Null),
            ("teacher".to_owned(), json!("2020-09-01"), Value::Null),
        ]);
        let gone = read(&director, goes).await;
        assert_eq!(gone["merged_into"], card["id"]);
        assert!(gone["archived_at"].is_string() && gone["binding"].is_null());
        assert!(gone["roles"].as_array().unwrap().iter().all(|role| role["period"]["end"] == "2026-11-22"), "{gone}");
        // Its credentials open nothing, its login is given to nobody, and the person works as the card that stayed.
        let person = app.signed_in("alla").await;
        let answer = person
            .post("/api/v1/kontingent/bindings", json!({ "login": login.to_string(), "password": password }))
            .await;
        answer.expect_problem(422, "invalid-card-credentials");
        let session = person.get("/api/v1/session").await.expect(200);
        let cards = session["session"]["cards"].as_array().unwrap();
        assert_eq!((cards.len(), &cards[0]["id"]), (1, &card["id"]));
        let next = director.post(EMPLOYEES, despite(new(district.school, "Громова-Белова Алла Игоревна", "x@mail.ru", ""))).await.expect(201);
        assert_eq!(next["credentials"]["login"], "aigromovabelova_2");
        assert_eq!(actions(app, stays).await, [
            "binding.created", "employee.dates_changed", "employee.merged", "employee.person_changed", "employee.role_added",
        ]);
        let told = actions(app, goes).await;
        assert!(told.contains(&"employee.absorbed".to_owned()) && told.contains(&"binding.ended".to_owned()));
        // The history of both can be read, and the list has the one.
        for card in [stays, goes] {
            let page = director.get(&format!("/api/v1/journal?object={card}")).await.expect(200);
            assert!(page["items"].as_array().unwrap().len() >= 4);
        }
        let list = director.get(&people::url(EMPLOYEES, &[("query", "громова")])).await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 2, "the one that stayed, and the new one");
        preview(&director, stays, goes).await.expect_problem(409, "archived");
        preview(&director, goes, stays).await.expect_problem(409, "archived");
    }

    async fn what_was_changed_meanwhile_is_looked_at_again(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let stays = teacher(app, district.school, "Громова Алла Игоревна", "alla@mail.ru").await;
        let goes = teacher(app, district.school, "Громова Алла Игоревна", "gromova@mail.ru").await;
        let seen = preview(&director, stays, goes).await.expect(200);
        for card in [stays, goes] {
            let mut draft = form_of(&read(&director, card).await);
            draft["note"] = json!(format!("Заметка {card}"));
            director.put(&at(card), draft).await.expect(200);
            let problem = merge(&director, stays, &seen, json!([])).await.expect_problem(409, "version-conflict");
            assert_eq!(problem["current"]["stays"]["id"], stays.to_string());
        }
        assert!(read(&director, goes).await["archived_at"].is_null());
        let seen = preview(&director, stays, goes).await.expect(200);
        let card = merge(&director, stays, &seen, json!(["note"])).await.expect(200);
        assert_eq!(card["note"], format!("Заметка {goes}"));
    }

    async fn cards_that_are_not_one_persons_stay_apart(app: TestApp) {
        let district = District::build(app).await;
        let (director, own) = works_as(app, district.school, Role::SchoolDirector).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let one = teacher(app, district.school, "Громова Алла Игоревна", "alla@mail.ru").await;
        let two = teacher(app, district.school, "Громова Алла Игоревна", "alla@mail.ru").await;
        let far = teacher(app, district.other_school, "Громова Алла Игоревна", "alla@mail.ru").await;
        preview(&director, one, one).await.expect_problem(409, "cannot-merge");
        preview(&director, one, far).await.expect_problem(404, "not-found");
        preview(&director, one, Id(uuid::Uuid::from_u128(1))).await.expect_problem(404, "not-found");
        preview(&support, one, far).await.expect_problem(409, "cannot-merge");
        preview(&director, one, own).await.expect_problem(403, "own-card");
        // A department sees teachers and does not keep their cards.
        preview(&department, one, two).await.expect_problem(403, "forbidden");
        let seen = preview(&director, one, two).await.expect(200);
        for (number, card) in [one, two].into_iter().enumerate() {
            let account = app.account(&format!("alla_{number}")).await;
            bind(app, account, card).await;
        }
        let problem = merge(&director, one, &seen, json!([])).await.expect_problem(409, "cannot-merge");
        assert!(problem["detail"].as_str().unwrap().contains("разным учётным записям"));
        assert!(read(&director, two).await["archived_at"].is_null());
    }

    async fn an_account_goes_over_to_a_card_of_its_own_person_alone(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let stays = teacher(app, district.school, "Громова Алла Игоревна", "alla@mail.ru").await;
        let goes = teacher(app, district.school, "Тестова Анна Ивановна", "anna@mail.ru").await;
        let account = app.account("anna").await;
        bind(app, account, goes).await;
        let seen = preview(&director, stays, goes).await.expect(200);
        let problem = merge(&director, stays, &seen, json!([])).await.expect_problem(409, "cannot-merge");
        assert!(problem["detail"].as_str().unwrap().contains("с другими ФИО или СНИЛС"), "{problem}");
        assert!(read(&director, goes).await["archived_at"].is_null());
        let card = merge(&director, stays, &seen, json!(["name"])).await.expect(200);
        assert_eq!(card["binding"]["user_name"], "anna");
    }

    async fn a_merge_needs_the_right_over_every_role_of_both(app: TestApp) {
        let district = District::build(app).await;
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let (plain, _) = works_as(app, district.school, Role::Teacher).await;
        let (neighbour, _) = works_as(app, district.other_school, Role::SchoolDirector).await;
        let one = teacher(app, district.school, "Громова Алла Игоревна", "alla@mail.ru").await;
        let head = card_with_email(
            app, district.school, "Громова Алла Игоревна", "alla@mail.ru", &[(Role::SchoolDirector, "01.09.2020–")],
        ).await.0;
        for (stays, goes) in [(one, head), (head, one)] {
            preview(&deputy, stays, goes).await.expect_problem(403, "needs-confirmation");
            preview(&plain, stays, goes).await.expect_problem(403, "no-rights");
            preview(&neighbour, stays, goes).await.expect_problem(404, "not-found");
            preview(&app.anonymous(), stays, goes).await.expect_problem(401, "not-signed-in");
            let blind = json!({ "stays": { "version": 1 }, "goes": { "id": goes.to_string(), "version": 1 } });
            merge(&deputy, stays, &blind, json!([])).await.expect_problem(403, "needs-confirmation");
        }
        assert!(actions(app, one).await.contains(&"employee.merged refused: needs-confirmation".to_owned()));
        let ended = works_as(app, district.school, Role::SchoolDeputy).await;
        let two = teacher(app, district.school, "Громова Алла Игоревна", "alla@mail.ru").await;
        let seen = preview(&ended.0, one, two).await.expect(200);
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(ended.0.cookie());
        merge(&forged, one, &seen, json!([])).await.expect_problem(403, "forged-origin");
        let mut odd = json!({ "other": two.to_string(), "version": 1, "other_version": 1, "take": ["login"] });
        let path = format!("{}/merge", at(one));
        ended.0.post(&path, odd.clone()).await.expect_problem(422, "validation-failed");
        odd["take"] = json!([]);
        odd["force"] = json!(true);
        ended.0.post(&path, odd).await.expect_problem(400, "malformed-body");
        // The role of who merges has ended meanwhile.
        end_roles(app, ended.1).await;
        merge(&ended.0, one, &seen, json!([])).await.expect_problem(403, "no-rights");
        assert!(read(&deputy, two).await["archived_at"].is_null());
    }

    async fn cards_of_before_are_found_by_their_snils_too(app: TestApp) {
        use diesel::prelude::*;
        use epos_backend::db::schema::employees;
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let first = new(district.school, "Зайцева Мария Львовна", "zm@mail.ru", SNILS);
        let known = id(&director.post(EMPLOYEES, first).await.expect(201)["card"]);
        let forgotten = async || {
            app.write(|conn| {
                diesel::update(employees::table).set(employees::snils_key.eq(None::<Vec<u8>>)).execute(conn)?;
                Ok(())
            })
            .await;
        };
        forgotten().await;
        let context = app.services.context.clone();
        let indexed = app.write(move |conn| epos_backend::kontingent::index_snils(conn, &context)).await;
        assert_eq!(indexed, 1);
        let context = app.services.context.clone();
        assert_eq!(app.write(move |conn| epos_backend::kontingent::index_snils(conn, &context)).await, 0);
        let same = new(district.school, "Волкова Ольга Олеговна", "volkova@mail.ru", SNILS);
        assert_eq!(suspected(&director.post(EMPLOYEES, same).await).0, [known]);
    }
}

async fn end_roles(app: &TestApp, card: Id) {
    use diesel::prelude::*;
    use epos_backend::db::schema::role_assignments;
    let yesterday = app.services.context.today().pred_opt().unwrap();
    app.write(move |conn| {
        diesel::update(role_assignments::table.filter(role_assignments::employee_id.eq(card)))
            .set(role_assignments::ends_on.eq(yesterday))
            .execute(conn)?;
        Ok(())
    })
    .await;
}
