//! Who a person from Госуслуги is here: by a bound oid, by a verified e-mail and ФИО, or nobody.

use diesel::prelude::*;
use epos_backend::db::schema::{
    accounts, bindings, category_grants, employees, esia_links, mismatches, organizations, role_assignments,
    sessions,
};
use epos_backend::db::types::Id;
use epos_backend::esia::Identity;
use epos_backend::http::RequestInfo;
use epos_backend::identification::{self, Arrival, Purpose};
use epos_shared::roles::Role;
use epos_shared::values::Login;
use serde_json::{Value, json};

use crate::common::{Client, PASSWORD, TestApp};
use crate::people::{self, District, EMPLOYEES, actions, at, card_with_email, name, works_as};

const SESSION: &str = "/api/v1/session";
const CATEGORY: &str = "/api/v1/session/category";
const VISIT: &str = "/api/v1/esia/visit";
const QUEUE: &str = "/api/v1/kontingent/mismatches";
const GRANTS: &str = "/api/v1/categories";
const LONG: &str = "01.09.2020–";
/// Two numbers that are somebody's.
const SNILS: &str = "112-233-445 95";
const OTHER_SNILS: &str = "087-654-303 00";

fn person(oid: &str, full_name: &str, emails: &[&str]) -> Identity {
    Identity {
        oid: oid.to_owned(),
        name: name(full_name),
        snils: None,
        emails: emails.iter().map(|email| email.parse().unwrap()).collect(),
    }
}

fn with_snils(person: Identity, snils: &str) -> Identity {
    Identity { snils: Some(snils.parse().unwrap()), ..person }
}

fn request() -> RequestInfo {
    RequestInfo {
        request_id: "of-a-test".to_owned(),
        address: "203.0.113.7".parse().unwrap(),
        user_agent: "Test".to_owned(),
    }
}

async fn arrive(app: &TestApp, person: &Identity) -> Arrival {
    identification::arrive(&app.services, person.clone(), Purpose::SignIn, None, &request()).await.unwrap()
}

async fn join(app: &TestApp, account: Id, person: &Identity) -> Arrival {
    identification::arrive(&app.services, person.clone(), Purpose::Join { account }, None, &request())
        .await
        .unwrap()
}

/// The browser of somebody who has come in, the consent given.
async fn signed_in(app: &TestApp, person: &Identity) -> Client {
    let Arrival::SignedIn(token) = arrive(app, person).await else { panic!("not signed in") };
    let client = app.anonymous();
    client.set_cookie(Some(pair(token.into_cookie(&app.services))));
    let version = app.services.consent.version.clone();
    client.post("/api/v1/consent", json!({ "version": version })).await;
    client
}

fn pair(cookie: actix_web::cookie::Cookie<'static>) -> String {
    format!("{}={}", cookie.name(), cookie.value())
}

/// The browser of somebody who was not recognised.
async fn visiting(app: &TestApp, person: &Identity) -> Client {
    let Arrival::Visit(token) = arrive(app, person).await else { panic!("recognised") };
    let client = app.anonymous();
    client.set_cookie(Some(pair(token.into_cookie(&app.services))));
    client
}

async fn not_found(app: &TestApp, person: &Identity) -> String {
    let visit = visiting(app, person).await.get(VISIT).await.expect(200);
    visit["not_found"].as_str().unwrap().to_owned()
}

fn failure(arrival: &Arrival) -> &'static str {
    match arrival {
        Arrival::Refused(failure) => failure.as_str(),
        other => panic!("not refused: {other:?}"),
    }
}

async fn unbound(app: &TestApp, organization: Id, full_name: &str, email: &str) -> (Id, Login) {
    card_with_email(app, organization, full_name, email, &[(Role::Teacher, LONG)]).await
}

async fn accounts_count(app: &TestApp) -> i64 {
    app.read(|conn| Ok(accounts::table.count().get_result(conn)?)).await
}

async fn links_of(app: &TestApp, oid: &'static str) -> Vec<Id> {
    app.read(move |conn| {
        Ok(esia_links::table
            .filter(esia_links::oid.eq(oid))
            .filter(esia_links::ended_at.is_null())
            .select(esia_links::account_id)
            .load(conn)?)
    })
    .await
}

async fn block(app: &TestApp, account: Id) {
    app.write(move |conn| {
        diesel::update(accounts::table.find(account)).set(accounts::status.eq("blocked")).execute(conn)?;
        Ok(())
    })
    .await;
}

/// Gives a category as support does.
async fn give(support: &Client, category: &str, full_name: &str, email: &str, days: (&str, &str)) -> Value {
    let name = name(full_name);
    let form = json!({
        "category": category,
        "family_name": name.family_name.to_string(),
        "given_name": name.given_name.to_string(),
        "patronymic": name.patronymic.as_ref().map(ToString::to_string).unwrap_or_default(),
        "no_patronymic": name.patronymic.is_none(),
        "email": email,
        "start": days.0,
        "end": days.1,
    });
    support.post(GRANTS, form).await.expect(201)
}

async fn categories(client: &Client) -> (Value, Value) {
    let session = client.get(SESSION).await.expect(200);
    (session["session"]["categories"].clone(), session["session"]["category"].clone())
}

async fn rows(client: &Client, state: &str) -> Vec<Value> {
    let page = client.get(&people::url(QUEUE, &[("state", state)])).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

crate::both_databases! {
    async fn an_account_with_the_same_proven_e_mail_and_name_is_joined_at_once(app: TestApp) {
        let account = app.account("tests").await;
        let person = person("1000", "ТЕСТОВА Анна Ивановна", &["other@mail.ru", "Tests@EPOS.test"]);
        let client = signed_in(app, &person).await;
        let session = client.get(SESSION).await.expect(200);
        assert_eq!(session["session"]["account"]["user_name"], "tests");
        assert_eq!(session["session"]["way"], "esia");
        assert_eq!(categories(&client).await, (json!(["employee"]), json!("employee")));
        assert_eq!(links_of(app, "1000").await, [account]);
        let letter = app.letter_to("tests@epos.test").await;
        assert_eq!(letter.kind, "esia.joined");
        let told = actions(app, account).await;
        assert!(told.contains(&"esia.joined".to_owned()), "{told:?}");
        // From now on the oid decides, whatever e-mail and name Госуслуги tell.
        let married = Identity { name: name("Новая Анна Ивановна"), emails: Vec::new(), ..person };
        let again = signed_in(app, &married).await;
        let session = again.get(SESSION).await.expect(200);
        assert_eq!(session["session"]["account"]["user_name"], "tests");
        assert_eq!(session["session"]["account"]["name"]["family_name"], "Тестова", "the account is its person's own");
        assert_eq!(accounts_count(app).await, 1);
        let sessions = again.get("/api/v1/profile/sessions").await.expect(200);
        assert_eq!(sessions["items"][0]["way"], "esia");
    }

    async fn nobody_is_joined_by_half_a_match(app: TestApp) {
        app.account("tests").await;
        let ask = async |full_name: &str, emails: &[&str]| {
            not_found(app, &person("1001", full_name, emails)).await
        };
        assert_eq!(ask("Тестова Анна Ивановна", &["other@epos.test"]).await, "email");
        assert_eq!(ask("Тестова Анна Петровна", &["tests@epos.test"]).await, "name");
        assert_eq!(ask("Анна Тестова Ивановна", &["tests@epos.test"]).await, "name", "swapped");
        assert_eq!(ask("Тестова Анна", &["tests@epos.test"]).await, "name", "no patronymic");
        assert_eq!(ask("Тестова Анна Ивановна", &[]).await, "no_verified_email");
        // An address that is not proven may be anybody's.
        app.write(|conn| {
            diesel::update(accounts::table).set(accounts::email_verified_at.eq(None::<chrono::NaiveDateTime>)).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(ask("Тестова Анна Ивановна", &["tests@epos.test"]).await, "email");
        assert!(links_of(app, "1001").await.is_empty());
    }

    async fn snils_must_agree_where_both_sides_have_it(app: TestApp) {
        let account = app.account("tests").await;
        let person = person("1002", "Тестова Анна Ивановна", &["tests@epos.test"]);
        signed_in(app, &with_snils(person.clone(), SNILS)).await;
        let stored: Option<String> =
            app.read(move |conn| Ok(accounts::table.find(account).select(accounts::snils).first(conn)?)).await;
        assert!(!stored.unwrap().contains("112233445"), "sealed");
        // The link ended; another person of the same name and mailbox comes.
        app.write(|conn| {
            let now = chrono::NaiveDateTime::default();
            diesel::update(esia_links::table).set(esia_links::ended_at.eq(now)).execute(conn)?;
            Ok(())
        })
        .await;
        let other = Identity { oid: "1003".to_owned(), ..person };
        assert_eq!(not_found(app, &with_snils(other.clone(), OTHER_SNILS)).await, "snils");
        signed_in(app, &other).await;
    }

    async fn an_account_that_is_joined_with_somebody_else_is_not_taken(app: TestApp) {
        let district = District::build(app).await;
        let account = app.account("tests").await;
        let first = person("1004", "Тестова Анна Ивановна", &["tests@epos.test"]);
        signed_in(app, &first).await;
        let second = Identity { oid: "1005".to_owned(), ..first };
        assert_eq!(failure(&arrive(app, &second).await), "taken");
        assert_eq!(failure(&arrive(app, &second).await), "taken");
        assert_eq!(links_of(app, "1004").await, [account]);
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let rows = rows(&support, "waiting").await;
        assert_eq!(rows.len(), 1, "once, however often: {rows:?}");
        assert_eq!((&rows[0]["kind"], rows[0].get("organization")), (&json!("collision"), None));
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let id = rows[0]["id"].as_str().unwrap();
        director.get(&format!("{QUEUE}/{id}")).await.expect_problem(404, "not-found");
        let read = support.get(&format!("{QUEUE}/{id}")).await.expect(200);
        assert_eq!(read["cards"], json!([]));
    }

    async fn the_blocked_stay_outside(app: TestApp) {
        let account = app.account("tests").await;
        let person = person("1006", "Тестова Анна Ивановна", &["tests@epos.test"]);
        block(app, account).await;
        assert_eq!(failure(&arrive(app, &person).await), "blocked");
        assert!(links_of(app, "1006").await.is_empty());
        app.write(move |conn| {
            diesel::update(accounts::table.find(account)).set(accounts::status.eq("active")).execute(conn)?;
            Ok(())
        })
        .await;
        signed_in(app, &person).await;
        block(app, account).await;
        assert_eq!(failure(&arrive(app, &person).await), "blocked");
    }

    async fn an_unbound_card_opens_the_category_and_nothing_that_a_role_gives(app: TestApp) {
        let district = District::build(app).await;
        let (card, login) = card_with_email(
            app, district.school, "Салтыкова-Щедрина Алёна Фёдоровна", "alena@school.example",
            &[(Role::SchoolDirector, LONG)],
        ).await;
        let mut person = person("1007", "Х Алена Федоровна", &["alena@school.example"]);
        person.name.family_name = "САЛТЫКОВА  ЩЕДРИНА".parse().unwrap();
        let client = signed_in(app, &person).await;
        assert_eq!(categories(&client).await, (json!(["employee"]), json!("employee")));
        client.get(EMPLOYEES).await.expect_problem(403, "no-rights");
        let open = client.get("/api/v1/subsystems").await.expect(200);
        assert_eq!(open["advice"], "bind_matched_card");
        assert_eq!(open["items"][0]["href"], "/kontingent/bind");
        let bound: i64 = app.read(|conn| Ok(bindings::table.count().get_result(conn)?)).await;
        assert_eq!(bound, 0);
        let profile = client.get("/api/v1/profile").await.expect(200);
        assert_eq!((&profile["has_password"], &profile["email_verified"]), (&json!(false), &json!(true)));
        assert_eq!(profile["esia"]["can_unlink"], false);
        client.delete("/api/v1/profile/esia").await.expect_problem(409, "last-way-in");
        // The one-time credentials open the rest.
        let password = people::credentials(app, card, &login).await;
        let form = json!({ "login": login.to_string(), "password": password });
        let session = client.post("/api/v1/kontingent/bindings", form).await.expect(200);
        assert_eq!(session["session"]["chosen_card"], card.to_string());
        assert_eq!(session["session"]["category"], "employee");
        client.get(EMPLOYEES).await.expect(200);
        let told = app.letters_to("alena@school.example").await;
        assert!(told.iter().any(|letter| letter.kind == "card.bound"), "{told:?}");
    }

    async fn a_card_that_ends_is_archived_or_goes_closes_the_category_at_once(app: TestApp) {
        let district = District::build(app).await;
        let (card, _) = unbound(app, district.school, "Учителева Ольга", "olga@school.example").await;
        let person = person("1008", "Учителева Ольга", &["olga@school.example"]);
        let client = signed_in(app, &person).await;
        assert_eq!(categories(&client).await.0, json!(["employee"]));
        let end = async |day: Option<&'static str>| {
            app.write(move |conn| {
                let of = role_assignments::table.filter(role_assignments::employee_id.eq(card));
                let end = day.map(people::day);
                diesel::update(of).set(role_assignments::ends_on.eq(end)).execute(conn)?;
                Ok(())
            })
            .await;
        };
        end(Some("21.11.2026")).await;
        assert_eq!(categories(&client).await, (json!([]), Value::Null));
        let open = client.get("/api/v1/subsystems").await.expect(200);
        assert_eq!(open["advice"], "bind_card", "a way back stays");
        // Whoever is joined still comes in; a stranger of an ended card does not.
        signed_in(app, &person).await;
        let other = Identity { oid: "1009".to_owned(), ..person.clone() };
        assert_eq!(failure(&arrive(app, &other).await), "taken");
        let (_, _) = card_with_email(app, district.school, "Другова Инна", "inna@school.example", &[(Role::Teacher, "01.09.2020–21.11.2026")]).await;
        let ended = super::person("1010", "Другова Инна", &["inna@school.example"]);
        assert_eq!(failure(&arrive(app, &ended).await), "no-category");
        end(None).await;
        assert_eq!(categories(&client).await.0, json!(["employee"]));
        app.write(move |conn| {
            let now = chrono::NaiveDateTime::default();
            diesel::update(employees::table.find(card)).set(employees::archived_at.eq(now)).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(categories(&client).await.0, json!([]));
        let (archived, _) = unbound(app, district.school, "Третьева Яна", "yana@school.example").await;
        app.write(move |conn| {
            let now = chrono::NaiveDateTime::default();
            diesel::update(employees::table.find(archived)).set(employees::archived_at.eq(now)).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(not_found(app, &super::person("1011", "Третьева Яна", &["yana@school.example"])).await, "email");
    }

    async fn several_that_cannot_be_told_apart_are_the_administrators(app: TestApp) {
        let district = District::build(app).await;
        let same = "same@school.example";
        unbound(app, district.school, "Однофамилов Иван", same).await;
        unbound(app, district.school, "Однофамилов Иван", same).await;
        assert_eq!(not_found(app, &person("1012", "Однофамилов Иван", &[same])).await, "several");
        // One person at two schools is one person.
        let both = "both@school.example";
        unbound(app, district.school, "Совместителев Иван", both).await;
        unbound(app, district.other_school, "Совместителев Иван", both).await;
        signed_in(app, &person("1013", "Совместителев Иван", &[both])).await;
        // A mailbox of a family: the wife's account has it, the husband's card too.
        app.account("wife").await;
        unbound(app, district.school, "Тестов Пётр", "wife@epos.test").await;
        assert_eq!(not_found(app, &person("1014", "Тестов Петр", &["wife@epos.test"])).await, "several");
        assert!(links_of(app, "1014").await.is_empty());
    }

    async fn two_browsers_at_once_make_one_account(app: TestApp) {
        let district = District::build(app).await;
        unbound(app, district.school, "Быстрова Вера", "vera@school.example").await;
        let person = person("1015", "Быстрова Вера", &["vera@school.example"]);
        let (one, other, third) = tokio::join!(arrive(app, &person), arrive(app, &person), arrive(app, &person));
        for arrival in [one, other, third] {
            assert!(matches!(arrival, Arrival::SignedIn(_)), "{arrival:?}");
        }
        assert_eq!(accounts_count(app).await, 1);
        assert_eq!(links_of(app, "1015").await.len(), 1);
    }

    async fn a_visit_is_of_its_browser_and_of_half_an_hour(app: TestApp) {
        let visitor = person("1016", "Незнакомцев Глеб Олегович", &["gleb@mail.ru"]);
        let client = visiting(app, &visitor).await;
        let visit = client.get(VISIT).await.expect(200);
        assert_eq!((&visit["email"], &visit["not_found"]), (&json!("gleb@mail.ru"), &json!("email")));
        assert_eq!(visit["sent_to"], json!([]));
        assert_eq!(visit["expires_at"], "2026-11-22T07:30:00Z");
        app.anonymous().get(VISIT).await.expect_problem(410, "visit-expired");
        let forged = app.anonymous();
        let mut cookie = client.cookie().unwrap();
        cookie.pop();
        forged.set_cookie(Some(cookie));
        forged.get(VISIT).await.expect_problem(410, "visit-expired");
        app.clock.advance(chrono::TimeDelta::minutes(30));
        client.get(VISIT).await.expect_problem(410, "visit-expired");
        client.post(&format!("{VISIT}/send"), json!({ "agreed": true })).await.expect_problem(410, "visit-expired");
        let client = visiting(app, &visitor).await;
        client.delete(VISIT).await.expect(204);
        assert_eq!(client.cookie(), None);
    }

    async fn what_was_agreed_to_waits_for_the_administrator_and_a_corrected_card_settles_it(app: TestApp) {
        let district = District::build(app).await;
        let (card, _) = unbound(app, district.school, "Королева Алина Игоревна", "koroleva@mail.ru").await;
        let visitor = person("1017", "Королёва Алёна Игоревна", &["koroleva@mail.ru"]);
        let client = visiting(app, &visitor).await;
        let send = format!("{VISIT}/send");
        let wrong = client.post(&send, json!({})).await.expect_problem(422, "validation-failed");
        assert_eq!(people::wrong(&wrong), ["organization_id: organization-missing", "agreed: not-agreed"]);
        let nowhere = json!({ "organization_id": uuid::Uuid::nil(), "agreed": true });
        client.post(&send, nowhere).await.expect_problem(422, "validation-failed");
        let form = json!({ "organization_id": district.school.to_string(), "agreed": true });
        for _ in 0..2 {
            let visit = client.post(&send, form.clone()).await.expect(200);
            assert_eq!(visit["sent_to"], json!(["Школа № 1"]));
        }
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        assert_eq!(director.get(&format!("{QUEUE}/count")).await.expect(200), json!({ "waiting": 1 }));
        let waiting = rows(&director, "waiting").await;
        assert_eq!(waiting.len(), 1, "sent twice is one row");
        let id = waiting[0]["id"].as_str().unwrap().to_owned();
        let row = format!("{QUEUE}/{id}");
        let read = director.get(&row).await.expect(200);
        assert_eq!(read["cards"][0]["id"], card.to_string());
        assert_eq!(read["cards"][0]["differs"], json!(["given_name"]));
        // Neighbours see nothing, those above do.
        let (neighbour, _) = works_as(app, district.other_school, Role::SchoolDirector).await;
        neighbour.get(&row).await.expect_problem(404, "not-found");
        neighbour.post(&format!("{row}/decline"), json!({ "version": 1, "reason": "нет" })).await.expect_problem(404, "not-found");
        assert!(rows(&neighbour, "waiting").await.is_empty());
        let (above, _) = works_as(app, district.department, Role::EducationDepartment).await;
        assert_eq!(rows(&above, "waiting").await.len(), 1);
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        teacher.get(QUEUE).await.expect_problem(403, "no-rights");
        app.anonymous().get(QUEUE).await.expect_problem(401, "not-signed-in");
        // The administrator corrects the card.
        let mut form = people::form_of(&director.get(&at(card)).await.expect(200));
        form["person"]["given_name"] = json!("Алёна");
        director.put(&at(card), form).await.expect(200);
        let corrected = rows(&director, "corrected").await;
        assert_eq!(corrected[0]["id"], id);
        assert!(rows(&director, "waiting").await.is_empty());
        let told = app.letters_to("koroleva@mail.ru").await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].kind, "card.changed");
        assert!(!told[0].text.contains("Алёна"), "facts, no values");
        signed_in(app, &visitor).await;
        let settled = rows(&director, "settled").await;
        assert_eq!(settled[0]["id"], id);
        let version = settled[0]["version"].clone();
        director.post(&format!("{row}/decline"), json!({ "version": version, "reason": "поздно" })).await.expect_problem(409, "already-decided");
        let told = actions(app, Id(id.parse().unwrap())).await;
        assert_eq!(told, ["mismatch.corrected", "mismatch.sent", "mismatch.settled"]);
    }

    async fn a_card_that_fits_no_more_lets_the_row_wait_again_and_a_row_is_declined_with_a_reason(app: TestApp) {
        let district = District::build(app).await;
        let (card, _) = unbound(app, district.school, "Ильина Ева", "ilina@mail.ru").await;
        let visitor = person("1018", "Ильина Эва", &["ilina@mail.ru"]);
        let client = visiting(app, &visitor).await;
        let form = json!({ "organization_id": district.school.to_string(), "agreed": true });
        client.post(&format!("{VISIT}/send"), form.clone()).await.expect(200);
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let rename = async |given: &str| {
            let mut form = people::form_of(&director.get(&at(card)).await.expect(200));
            form["person"]["given_name"] = json!(given);
            director.put(&at(card), form).await.expect(200);
        };
        rename("Эва").await;
        assert_eq!(rows(&director, "corrected").await.len(), 1);
        rename("Ева").await;
        assert!(rows(&director, "corrected").await.is_empty());
        let letters = app.letters_to("ilina@mail.ru").await;
        assert_eq!(letters.len(), 1, "typed twice within the hour is one letter");
        let row = rows(&director, "waiting").await.remove(0);
        let decline = format!("{QUEUE}/{}/decline", row["id"].as_str().unwrap());
        director.post(&decline, json!({ "version": 1, "reason": "x" })).await.expect_problem(409, "version-conflict");
        let empty = director.post(&decline, json!({ "version": row["version"], "reason": " " })).await;
        assert_eq!(people::wrong(&empty.expect_problem(422, "validation-failed")), ["reason: reason-empty"]);
        let declined = director.post(&decline, json!({ "version": row["version"], "reason": "Не наш сотрудник" })).await.expect(200);
        assert_eq!((&declined["state"], &declined["reason"]), (&json!("declined"), &json!("Не наш сотрудник")));
        let letters = app.letters_to("ilina@mail.ru").await;
        assert_eq!(letters.last().unwrap().kind, "mismatch.declined");
        // He may send it once more; ended rows go after a month.
        client.post(&format!("{VISIT}/send"), form).await.expect(200);
        app.clock.advance(chrono::TimeDelta::days(31));
        let services = app.services.clone();
        app.write(move |conn| identification::sweep(conn, &services)).await;
        let left: Vec<String> = app.read(|conn| Ok(mismatches::table.select(mismatches::state).load(conn)?)).await;
        assert_eq!(left, ["waiting"]);
    }

    async fn a_new_card_settles_a_row_too_and_nobody_floods_the_queue(app: TestApp) {
        let district = District::build(app).await;
        let visitor = person("1019", "Новикова Ольга Юрьевна", &["novikova@school.example"]);
        let client = visiting(app, &visitor).await;
        let send = async |organization: Id| {
            let form = json!({ "organization_id": organization.to_string(), "agreed": true });
            client.post(&format!("{VISIT}/send"), form).await
        };
        for organization in [district.school, district.other_school, district.kindergarten, district.far_school, district.department] {
            send(organization).await.expect(200);
        }
        let many = send(district.operator).await;
        many.expect_problem(429, "too-many-requests");
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        director.post(EMPLOYEES, people::form(district.school, "teacher")).await.expect(201);
        assert_eq!(rows(&director, "corrected").await.len(), 1);
        signed_in(app, &visitor).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        assert_eq!(rows(&support, "settled").await.len(), 5);
        let page = support.get(&people::url(QUEUE, &[("state", "settled"), ("limit", "2")])).await.expect(200);
        assert_eq!(page["total"], json!({ "kind": "exact", "value": 5 }));
        let next = page["next"].as_str().unwrap().to_owned();
        let page = support.get(&people::url(QUEUE, &[("state", "settled"), ("limit", "2"), ("after", &next)])).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        support.get(&people::url(QUEUE, &[("after", "кот")])).await.expect_problem(400, "invalid-cursor");
    }

    async fn a_visitor_binds_his_card_and_is_in(app: TestApp) {
        let district = District::build(app).await;
        let (card, login) = unbound(app, district.school, "Новенькая Дарья", "work@school.example").await;
        let password = people::credentials(app, card, &login).await;
        let visitor = person("1020", "Новенькая Дарья", &["daria@mail.ru"]);
        let client = visiting(app, &visitor).await;
        let bind = format!("{VISIT}/bind");
        let form = |password: &str| json!({ "login": login.to_string(), "password": password });
        let wrong = client.post(&bind, form("aaaa#aaaaaaa")).await.expect_problem(422, "invalid-card-credentials");
        assert_eq!(wrong["attempts_left"], 19);
        let state = client.post(&bind, form(&password)).await.expect(200);
        assert_eq!(state["session"]["chosen_card"], card.to_string());
        assert_eq!(state["session"]["account"]["email"], "daria@mail.ru");
        assert_eq!(state["session"]["consent_required"], true, "the rule of every first sign-in");
        assert_eq!(links_of(app, "1020").await.len(), 1);
        let again = signed_in(app, &visitor).await;
        assert_eq!(categories(&again).await.0, json!(["employee"]));
        assert_eq!(app.letter_to("work@school.example").await.kind, "card.bound");
    }

    async fn another_name_binds_nothing_and_the_administrator_sees_it(app: TestApp) {
        let district = District::build(app).await;
        let (card, login) = unbound(app, district.school, "Чужая Дарья", "work@school.example").await;
        let password = people::credentials(app, card, &login).await;
        let form = json!({ "login": login.to_string(), "password": password });
        let visitor = person("1021", "Иная Дарья", &["daria@mail.ru"]);
        let client = visiting(app, &visitor).await;
        for _ in 0..2 {
            client.post(&format!("{VISIT}/bind"), form.clone()).await.expect_problem(422, "name-mismatch");
        }
        assert!(links_of(app, "1021").await.is_empty());
        // The same by somebody with a РСАА account.
        let staff = app.signed_in("tests").await;
        staff.post("/api/v1/kontingent/bindings", form.clone()).await.expect_problem(422, "name-mismatch");
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let waiting = rows(&director, "waiting").await;
        assert_eq!(waiting.len(), 2, "{waiting:?}");
        assert!(waiting.iter().all(|row| row["kind"] == "binding"));
        // Corrected, and bound with the same slip.
        let mut saved = people::form_of(&director.get(&at(card)).await.expect(200));
        saved["person"]["family_name"] = json!("Иная");
        director.put(&at(card), saved).await.expect(200);
        assert_eq!(rows(&director, "corrected").await.len(), 1);
        client.post(&format!("{VISIT}/bind"), form.clone()).await.expect(200);
        assert_eq!(rows(&director, "settled").await.len(), 2);
        // Two claim one card: support tells them apart.
        staff.post("/api/v1/kontingent/bindings", form).await.expect_problem(409, "already-bound");
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        assert!(rows(&support, "waiting").await.iter().any(|row| row["kind"] == "collision"));
    }

    async fn snils_of_card_and_account_must_agree_at_the_binding(app: TestApp) {
        let district = District::build(app).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let mut form = people::form(district.school, "teacher");
        form["person"]["snils"] = json!(SNILS);
        form["person"]["phone"] = json!("8 (342) 217-79-00");
        let mut wrong = form.clone();
        wrong["person"]["snils"] = json!("112-233-445 96");
        wrong["person"]["phone"] = json!("8 342");
        let problem = director.post(EMPLOYEES, wrong).await.expect_problem(422, "validation-failed");
        assert_eq!(people::wrong(&problem), ["person/snils: snils-check-number", "person/phone: phone-invalid"]);
        let saved = director.post(EMPLOYEES, form).await.expect(201);
        let card = &saved["card"];
        assert_eq!((&card["snils"], &card["phone"]), (&json!("11223344595"), &json!("+73422177900")));
        let id = Id(card["id"].as_str().unwrap().parse().unwrap());
        let stored: Option<String> =
            app.read(move |conn| Ok(employees::table.find(id).select(employees::snils).first(conn)?)).await;
        assert!(!stored.unwrap().contains("11223344595"), "sealed");
        let journal = people::journal(app, id).await;
        assert!(!format!("{journal:?}").contains("112233445"), "masked: {journal:?}");
        assert!(format!("{journal:?}").contains("***-***-*** 95"), "{journal:?}");
        let other = with_snils(person("1022", "Новикова Ольга Юрьевна", &["novikova@school.example"]), OTHER_SNILS);
        assert_eq!(not_found(app, &other).await, "snils");
        let credentials = &saved["credentials"];
        let form = json!({ "login": credentials["login"], "password": credentials["password"] });
        let client = visiting(app, &other).await;
        client.post(&format!("{VISIT}/bind"), form.clone()).await.expect_problem(422, "name-mismatch");
        let own = with_snils(person("1023", "Новикова Ольга Юрьевна", &["novikova@school.example"]), SNILS);
        let client = signed_in(app, &own).await;
        client.post("/api/v1/kontingent/bindings", form).await.expect(200);
        let data = client.get("/api/v1/profile/data").await.expect(200);
        assert_eq!(data["cards"][0]["snils"], SNILS);
        assert_eq!(data["cards"][0]["phone"], "+73422177900");
        assert_eq!(data["account"]["snils"], SNILS);
        assert_eq!(data["esia"]["links"][0]["oid"], "1023");
    }

    async fn an_account_is_joined_from_the_profile_and_taken_apart(app: TestApp) {
        let account = app.account("tests").await;
        let client = app.signed_in("tests").await;
        assert!(client.get("/api/v1/profile").await.expect(200).get("esia").is_none());
        let own = person("1024", "Тестова Анна Ивановна", &["private@mail.ru"]);
        assert_eq!(failure(&join(app, account, &Identity { name: name("Иная Анна Ивановна"), ..own.clone() }).await), "other-person");
        assert!(matches!(join(app, account, &own).await, Arrival::Joined));
        assert!(matches!(join(app, account, &own).await, Arrival::Joined), "twice is once");
        assert_eq!(client.get("/api/v1/profile").await.expect(200)["esia"]["can_unlink"], true);
        let other = app.account("other").await;
        assert_eq!(failure(&join(app, other, &own).await), "taken");
        assert_eq!(failure(&join(app, account, &Identity { oid: "1025".to_owned(), ..own.clone() }).await), "taken");
        client.delete("/api/v1/profile/esia").await.expect(204);
        client.delete("/api/v1/profile/esia").await.expect(204);
        assert!(links_of(app, "1024").await.is_empty());
        assert!(matches!(join(app, other, &own).await, Arrival::Joined));
        app.anonymous().delete("/api/v1/profile/esia").await.expect_problem(401, "not-signed-in");
        block(app, other).await;
        assert_eq!(failure(&join(app, other, &own).await), "blocked");
        let told: Vec<_> = app.letters_to("tests@epos.test").await.into_iter().map(|letter| letter.kind).collect();
        assert_eq!(told, ["esia.joined", "esia.parted"]);
    }

    async fn somebody_without_a_password_sets_one_by_the_letter_of_recovery(app: TestApp) {
        let district = District::build(app).await;
        unbound(app, district.school, "Безпарольная Нина", "nina@school.example").await;
        let client = signed_in(app, &person("1026", "Безпарольная Нина", &["nina@school.example"])).await;
        app.anonymous().post("/api/v1/recoveries", json!({ "user_name": "nina@school.example" })).await.expect(202);
        let letters = app.letters_to("nina@school.example").await;
        let token = letters.iter().find(|letter| letter.kind == "recovery.link").unwrap().token().to_owned();
        let form = json!({ "token": token, "password": "жёлтый трамвай едет" });
        app.anonymous().post("/api/v1/recoveries/complete", form).await.expect(200);
        client.get("/api/v1/profile").await.expect_problem(401, "not-signed-in");
        let client = app.anonymous();
        client.sign_in("nina@school.example", "жёлтый трамвай едет").await.expect(200);
        client.delete("/api/v1/profile/esia").await.expect(204);
        // Taken apart, the account is found by e-mail and ФИО again.
        signed_in(app, &person("1027", "Безпарольная Нина", &["nina@school.example"])).await;
    }

    async fn without_a_verified_e_mail_a_card_s_own_serves_until_it_is_proven(app: TestApp) {
        let district = District::build(app).await;
        let (card, login) = unbound(app, district.school, "Безпочтовая Рита", "rita@school.example").await;
        let password = people::credentials(app, card, &login).await;
        let visitor = person("1032", "Безпочтовая Рита", &[]);
        let client = visiting(app, &visitor).await;
        assert!(client.get(VISIT).await.expect(200).get("email").is_none());
        let form = json!({ "login": login.to_string(), "password": password });
        let state = client.post(&format!("{VISIT}/bind"), form).await.expect(200);
        assert_eq!(state["session"]["account"]["email"], "rita@school.example");
        let client = signed_in(app, &visitor).await;
        assert_eq!(client.get("/api/v1/profile").await.expect(200)["email_verified"], false);
        // Nobody's account is taken over by a shared mailbox.
        app.account("tests").await;
        let (card, login) = unbound(app, district.school, "Безпочтовая Рая", "tests@epos.test").await;
        let password = people::credentials(app, card, &login).await;
        let client = visiting(app, &person("1033", "Безпочтовая Рая", &["tests@epos.test"])).await;
        let form = json!({ "login": login.to_string(), "password": password });
        client.post(&format!("{VISIT}/bind"), form.clone()).await.expect_problem(403, "forbidden");
        assert!(links_of(app, "1033").await.is_empty());
        // Nothing was used up.
        let client = visiting(app, &person("1033", "Безпочтовая Рая", &["raya@mail.ru"])).await;
        client.post(&format!("{VISIT}/bind"), form).await.expect(200);
    }

    async fn the_head_is_told_of_a_changed_card_by_others_and_a_strange_oid_binds_nothing_twice(app: TestApp) {
        let district = District::build(app).await;
        let roles = [(Role::SchoolDirector, LONG)];
        card_with_email(app, district.school, "Головина Вера", "head@school.example", &roles).await;
        let (card, login) = unbound(app, district.school, "Учителева Ольга", "olga@school.example").await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let mut form = people::form_of(&department.get(&at(card)).await.expect(200));
        form["person"]["email"] = json!("new@school.example");
        form["note"] = json!("новый адрес");
        department.put(&at(card), form).await.expect(200);
        let told = app.letter_to("head@school.example").await;
        assert_eq!(told.kind, "card.changed_head");
        assert!(told.text.contains("e-mail") || told.links.len() == 1);
        assert!(!told.text.contains("new@school.example"), "facts, no values");
        assert_eq!(app.letter_to("olga@school.example").await.kind, "card.changed");
        // A note alone is nobody's concern.
        let mut form = people::form_of(&department.get(&at(card)).await.expect(200));
        form["note"] = json!("ещё раз");
        department.put(&at(card), form).await.expect(200);
        assert_eq!(app.letters_to("new@school.example").await.len(), 0);
        // Of two windows that bind one card at once one wins, and one account is made.
        let password = people::credentials(app, card, &login).await;
        let visitor = person("1034", "Учителева Ольга", &["private@mail.ru"]);
        let (one, other) = (visiting(app, &visitor).await, visiting(app, &visitor).await);
        let form = json!({ "login": login.to_string(), "password": password });
        let bind = format!("{VISIT}/bind");
        let (first, second) = tokio::join!(one.post(&bind, form.clone()), other.post(&bind, form));
        let done = [first, second].iter().filter(|answer| answer.status == 200).count();
        assert!(done >= 1, "one has won");
        assert_eq!(links_of(app, "1034").await.len(), 1);
        let bound: i64 =
            app.read(move |conn| Ok(bindings::table.filter(bindings::employee_id.eq(card)).count().get_result(conn)?)).await;
        assert_eq!(bound, 1);
    }

    async fn categories_are_chosen_and_close_at_once(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let email = "director@epos.test";
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        director.get(GRANTS).await.expect_problem(403, "forbidden");
        director.post(GRANTS, json!({ "family_name": "", "given_name": "", "email": "", "start": "" })).await.expect_problem(403, "forbidden");
        // A director who is a parent too.
        let account = app.account("director").await;
        let (card, _) = people::card(app, district.school, "Тестова Анна Ивановна", &[(Role::SchoolDirector, LONG)]).await;
        people::bind(app, account, card).await;
        let client = app.signed_in("director").await;
        let parent = give(&support, "parent", "Тестова Анна Ивановна", email, ("01.09.2026", "")).await;
        assert_eq!(parent["state"], "in_force");
        // The session goes on as it was.
        assert_eq!(categories(&client).await, (json!(["employee", "parent"]), json!("employee")));
        client.put(CATEGORY, json!({ "category": "student" })).await.expect_problem(403, "category-not-held");
        let before = client.cookie();
        let session = client.put(CATEGORY, json!({ "category": "parent" })).await.expect(200);
        assert_eq!(session["session"]["category"], "parent");
        assert_ne!(client.cookie(), before, "rotated");
        client.get(EMPLOYEES).await.expect_problem(403, "category-not-held");
        client.get(QUEUE).await.expect_problem(403, "category-not-held");
        let open = client.get("/api/v1/subsystems").await.expect(200);
        assert_eq!(open, json!({ "items": [], "advice": "nothing_for_category" }));
        // Several at the sign-in: none until one is chosen.
        let fresh = app.signed_in("director").await;
        assert_eq!(categories(&fresh).await, (json!(["employee", "parent"]), Value::Null));
        fresh.get(EMPLOYEES).await.expect_problem(403, "category-not-held");
        fresh.get("/api/v1/subsystems").await.expect_problem(403, "category-not-held");
        fresh.put(CATEGORY, json!({ "category": "employee" })).await.expect(200);
        fresh.get(EMPLOYEES).await.expect(200);
        // Taken back, it is closed with the very next request.
        let id = parent["id"].as_str().unwrap();
        support.delete(&format!("{GRANTS}/{id}")).await.expect(204);
        assert_eq!(categories(&client).await, (json!(["employee"]), json!("employee")));
        client.get(EMPLOYEES).await.expect(200);
        client.put(CATEGORY, json!({ "category": "parent" })).await.expect_problem(403, "category-not-held");
        let listed = support.get(&people::url(GRANTS, &[("query", "тестова а")])).await.expect(200);
        assert_eq!((&listed["items"][0]["state"], &listed["items"][0]["ended_on"]), (&json!("ended"), &json!("2026-11-22")));
        support.delete(&format!("{GRANTS}/{}", uuid::Uuid::nil())).await.expect_problem(404, "not-found");
    }

    async fn parents_and_students_come_by_what_they_were_given(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        give(&support, "parent", "Родителева Инна Ильинична", "inna@mail.ru", ("01.09.2026", "30.11.2026")).await;
        give(&support, "student", "Учеников Лев", "lev@mail.ru", ("01.12.2026", "")).await;
        give(&support, "student", "Родителева Инна Ильинична", "inna@mail.ru", ("01.11.2026", "")).await;
        let problem = support.post(GRANTS, json!({ "category": "employee", "family_name": "1", "given_name": "Я", "no_patronymic": true, "email": "x", "start": "завтра" })).await;
        assert_eq!(
            people::wrong(&problem.expect_problem(422, "validation-failed")),
            ["category: category-missing", "family_name: name-digit", "email: email-malformed", "start: date-malformed"]
        );
        let upcoming = person("1028", "Учеников Лев", &["lev@mail.ru"]);
        assert_eq!(failure(&arrive(app, &upcoming).await), "no-category");
        let inna = person("1029", "Родителева Инна Ильинична", &["inna@mail.ru"]);
        let client = signed_in(app, &inna).await;
        assert_eq!(categories(&client).await, (json!(["parent", "student"]), Value::Null));
        client.put(CATEGORY, json!({ "category": "parent" })).await.expect(200);
        client.get(EMPLOYEES).await.expect_problem(403, "no-rights");
        app.clock.advance(chrono::TimeDelta::days(9));
        let client = signed_in(app, &inna).await;
        assert_eq!(categories(&client).await, (json!(["student"]), json!("student")), "December has begun");
        let data = client.get("/api/v1/profile/data").await.expect(200);
        assert_eq!(data["esia"]["categories"].as_array().unwrap().len(), 2);
        signed_in(app, &upcoming).await;
        let listed = support_again(app).await.get(&people::url(GRANTS, &[("limit", "2"), ("category", "student")])).await.expect(200);
        assert_eq!(listed["items"][0]["name"]["family_name"], "Родителева");
        let grants: i64 = app.read(|conn| Ok(category_grants::table.count().get_result(conn)?)).await;
        assert_eq!(grants, 3);
    }

    async fn where_only_esia_opens_a_password_does_not(app: TestApp) {
        let district = District::build(app).await;
        let (_, card) = works_as(app, district.school, Role::Teacher).await;
        let only = async |organization: Id, on: bool| {
            app.write(move |conn| {
                diesel::update(organizations::table.find(organization)).set(organizations::esia_only.eq(on)).execute(conn)?;
                Ok(())
            })
            .await;
        };
        only(district.school, true).await;
        let user_name: String = app.read(move |conn| {
            Ok(accounts::table
                .inner_join(bindings::table)
                .filter(bindings::employee_id.eq(card))
                .select(accounts::user_name)
                .first(conn)?)
        })
        .await;
        let client = app.anonymous();
        client.sign_in(&user_name, "не тот пароль").await.expect_problem(401, "invalid-credentials");
        client.sign_in(&user_name, PASSWORD).await.expect_problem(403, "esia-only");
        let account = app.account(&user_name).await;
        assert!(actions(app, account).await.contains(&"session.opened refused: esia-only".to_owned()));
        // The first sign-in through Госуслуги joins by e-mail and ФИО.
        let email = format!("{user_name}@epos.test");
        signed_in(app, &person("1030", "Тестова Анна Ивановна", &[&email])).await;
        // A card in force elsewhere keeps the password.
        let (second, _) = people::card(app, district.other_school, "Тестова Анна Ивановна", &[(Role::Teacher, LONG)]).await;
        people::bind(app, account, second).await;
        client.sign_in(&user_name, PASSWORD).await.expect(200);
        only(district.other_school, true).await;
        app.anonymous().sign_in(&user_name, PASSWORD).await.expect_problem(403, "esia-only");
        // Support is never locked out.
        only(district.operator, true).await;
        works_as(app, district.operator, Role::Support).await;
    }

    async fn an_account_of_esia_follows_what_they_tell(app: TestApp) {
        let district = District::build(app).await;
        let (card, _) = unbound(app, district.school, "Прежняя Мария", "maria@school.example").await;
        let before = person("1031", "Прежняя Мария", &["maria@school.example"]);
        signed_in(app, &before).await;
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        let mut form = people::form_of(&director.get(&at(card)).await.expect(200));
        form["person"]["family_name"] = json!("Новая");
        form["person"]["email"] = json!("maria@mail.ru");
        director.put(&at(card), form).await.expect(200);
        let married = person("1031", "Новая Мария", &["maria@mail.ru"]);
        let client = signed_in(app, &married).await;
        assert_eq!(categories(&client).await.0, json!(["employee"]));
        let session = client.get(SESSION).await.expect(200);
        assert_eq!(session["session"]["account"]["name"]["family_name"], "Новая");
        assert_eq!(session["session"]["account"]["email"], "maria@mail.ru");
        let told: Vec<_> = app.letters_to("maria@school.example").await.into_iter().map(|letter| letter.kind).collect();
        assert_eq!(told, ["card.changed", "email.changed"]);
        let ways: Vec<String> = app.read(|conn| Ok(sessions::table.select(sessions::way).distinct().load(conn)?)).await;
        assert!(ways.contains(&"esia".to_owned()) && ways.contains(&"password".to_owned()));
    }
}

async fn support_again(app: &TestApp) -> Client {
    let user: String = app
        .read(|conn| {
            Ok(accounts::table
                .inner_join(bindings::table.inner_join(employees::table))
                .inner_join(
                    role_assignments::table.on(role_assignments::employee_id.eq(bindings::employee_id)),
                )
                .filter(role_assignments::role.eq("support"))
                .select(accounts::user_name)
                .first(conn)?)
        })
        .await;
    app.signed_in(&user).await
}
