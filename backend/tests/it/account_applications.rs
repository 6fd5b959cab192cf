//! «Заявка на учётную запись» of a department: what comes in, what is refused at the door, who reads it, and how an
//! applicant gets to his card.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::account_applications;
use epos_backend::config::FileStorage;
use epos_backend::db::schema::{
    account_applications as t, application_file_pieces, application_files, audit_events, employees, links,
    one_time_credentials,
};
use epos_backend::db::types::Id;
use epos_shared::roles::Role;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::applicants::{Region, path, with};
use crate::common::{Answer, Client, Kind, TestApp};
use crate::people::{actions, url, works_as, works_as_until, wrong};

const EMAIL: &str = "sobianina@uo.example";
const APPLY: &str = "/api/v1/account-applications";

/// What somebody types who was appointed in a department.
fn typed(email: &str, department: Id) -> Value {
    json!({
        "person": {
            "family_name": "Собянина", "given_name": "Вера", "patronymic": "Павловна", "email": email,
            "phone": "+7 342 217-79-00",
        },
        "position": "Начальник отдела",
        "role": "education_department",
        "organization_id": department.to_string(),
        "consent_version": epos_backend::consent::BUILT_IN_VERSION,
    })
}

/// A PDF of that many bytes.
fn pdf(size: usize) -> Vec<u8> {
    let (mut bytes, end) = (b"%PDF-1.4\n".to_vec(), b"startxref\n9\n%%EOF\n");
    // Not two pieces of it are the same.
    let filling = (0_u32..).flat_map(|number| number.to_le_bytes().map(|byte| byte | 0x80));
    bytes.extend(filling.take(size - bytes.len() - end.len()));
    bytes.extend_from_slice(end);
    bytes
}

async fn begin(client: &Client, typed: &Value) -> String {
    let begun = client.post(APPLY, typed.clone()).await.expect(201);
    begun["ticket"].as_str().unwrap().to_owned()
}

async fn attach(client: &Client, ticket: &str, name: &str, bytes: Vec<u8>) -> Answer {
    let path = url(&format!("{APPLY}/files"), &[("name", name)]);
    let request = client.request(reqwest::Method::POST, &path);
    let request = request.header("content-type", "application/octet-stream").header("epos-ticket", ticket);
    client.send(request.body(bytes)).await
}

async fn send(client: &Client, ticket: &str) -> Answer {
    let request = client.request(reqwest::Method::POST, &format!("{APPLY}/send"));
    client.send(request.header("epos-ticket", ticket)).await
}

async fn confirm(client: &Client, token: &str) -> Answer {
    client.post(&format!("{APPLY}/confirm"), json!({ "token": token })).await
}

async fn take_credentials(client: &Client, token: &str) -> Answer {
    client.post(&format!("{APPLY}/credentials"), json!({ "token": token })).await
}

/// A whole application with one file, sent; its number.
async fn apply(app: &TestApp, email: &str, department: Id) -> String {
    let client = app.anonymous();
    let ticket = begin(&client, &typed(email, department)).await;
    attach(&client, &ticket, "Приказ.pdf", pdf(700_000)).await.expect(201);
    send(&client, &ticket).await.expect(202)["number"].as_str().unwrap().to_owned()
}

async fn last_token(app: &TestApp, email: &str) -> String {
    let letter = app.letters_to(email).await.pop().expect("a letter");
    letter.links.first().unwrap().split_once('#').unwrap().1.to_owned()
}

/// The same, with the address proven; its identifier.
async fn in_queue(app: &TestApp, email: &str, department: Id) -> Id {
    let number = apply(app, email, department).await;
    confirm(&app.anonymous(), &last_token(app, email).await).await.expect(204);
    id_of(app, number).await
}

async fn id_of(app: &TestApp, number: String) -> Id {
    app.read(move |conn| Ok(t::table.filter(t::number.eq(number)).select(t::id).first(conn)?)).await
}

fn at(id: Id, what: &str) -> String {
    if what.is_empty() { format!("{APPLY}/{id}") } else { format!("{APPLY}/{id}/{what}") }
}

fn approval(department: Id) -> Value {
    json!({ "organization_id": department.to_string(), "role": "education_department" })
}

fn files_on_disk(app: &TestApp) -> usize {
    let folder = &app.services.config.account_applications.folder;
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

crate::both_databases! {
    async fn an_application_is_proven_approved_and_its_card_bound_by_nobody_else(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let ticket = begin(&client, &typed(EMAIL, region.department)).await;
        let (first, second) = (pdf(700_000), pdf(300));
        let attached = attach(&client, &ticket, "../Приказ \"12\".exe", first.clone()).await.expect(201);
        assert_eq!(attached["name"], "Приказ 12.pdf");
        assert_eq!((&attached["kind"], &attached["size"]), (&json!("pdf"), &json!(700_000)));
        attach(&client, &ticket, "", second).await.expect(201);
        let sent = send(&client, &ticket).await.expect(202);
        assert_eq!(sent["link_hours"], 72);
        let number = sent["number"].as_str().unwrap().to_owned();
        let (letter, id) = (app.letter_to(EMAIL).await, id_of(app, number.clone()).await);
        assert_eq!((letter.kind.as_str(), path(letter.link())), ("account_application.proof", "/confirm"));
        assert!(letter.text.contains(&number) && !letter.text.contains("Собянина"), "{}", letter.text);
        assert!(region.support.get(APPLY).await.expect(200)["items"].as_array().unwrap().is_empty());
        region.support.post(&at(id, "approve"), approval(region.department)).await.expect_problem(403, "forbidden");

        let looked = client.post("/api/v1/links", json!({ "token": letter.token() })).await.expect(200);
        assert_eq!(looked["purpose"], "application_proof");
        confirm(&client, letter.token()).await.expect(204);
        confirm(&client, letter.token()).await.expect_problem(410, "link-used");

        let page = region.support.get(APPLY).await.expect(200);
        assert_eq!(page["total"], json!({ "kind": "exact", "value": 1 }));
        let shown = region.support.get(&at(id, "")).await.expect(200);
        assert_eq!(page["items"][0], shown);
        assert_eq!((&shown["number"], &shown["state"]), (&json!(number), &json!("awaiting_decision")));
        assert_eq!(shown["organization"]["short_name"], "УО Верхнекамска");
        assert_eq!((&shown["phone"], &shown["proven_at"]), (&json!("+73422177900"), &json!("2026-11-22T07:00:00Z")));
        let sum: String = Sha256::digest(&first).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown["files"][0]["sha256"], sum);
        assert_eq!(shown["files"][1]["name"], "Файл.pdf");

        let file = at(id, &format!("files/{}", shown["files"][0]["id"].as_str().unwrap()));
        let answer = region.support.get(&file).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.bytes, first);
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; sandbox"));
        assert_eq!(
            answer.header("content-disposition").unwrap(),
            format!(
                "attachment; filename=\"zayavka-{number}.pdf\"; \
                 filename*=UTF-8''%D0%9F%D1%80%D0%B8%D0%BA%D0%B0%D0%B7%2012.pdf"
            )
        );

        let draft = with(approval(region.department), "start", json!("01.12.2026"));
        let approved = region.support.post(&at(id, "approve"), draft).await.expect(200);
        assert_eq!(approved["state"], "approved");
        let card = Id(approved["employee_id"].as_str().unwrap().parse().unwrap());
        let issued: i64 = app
            .read(move |conn| {
                use one_time_credentials as c;
                Ok(c::table.filter(c::employee_id.eq(card)).count().get_result(conn)?)
            })
            .await;
        assert_eq!(issued, 0, "nobody has seen a password yet");
        let shown = region.support.get(&format!("/api/v1/kontingent/employees/{card}")).await.expect(200);
        assert_eq!((&shown["email"], &shown["phone"]), (&json!(EMAIL), &json!("+73422177900")));
        assert_eq!(shown["roles"][0]["role"], "education_department");
        assert_eq!(shown["roles"][0]["period"]["start"], "2026-12-01");
        assert_eq!(shown["note"], format!("Начальник отдела. Заявка № {number}"));

        let letter = app.letters_to(EMAIL).await.pop().unwrap();
        assert_eq!((letter.kind.as_str(), path(&letter.links[0])), ("account_application.approved", "/account-application"));
        let token = last_token(app, EMAIL).await;
        let looked = client.post("/api/v1/links", json!({ "token": token })).await.expect(200);
        assert_eq!(looked["purpose"], "card_credentials");
        let taken = take_credentials(&client, &token).await;
        assert_eq!(taken.header("cache-control"), Some("no-store"));
        let taken = taken.expect(200);
        assert_eq!(taken["organization"], "УО Верхнекамска");
        let password = taken["credentials"]["password"].as_str().unwrap();
        assert!(!letter.text.contains(password));
        take_credentials(&client, &token).await.expect_problem(410, "link-used");
        region.support.post(&at(id, "letter"), json!({})).await.expect_problem(409, "already-decided");
        assert_eq!(region.support.get(&at(id, "")).await.expect(200)["state"], "completed");

        // They are the card's: an account with the same ФИО binds it.
        let draft = json!({
            "person": {
                "family_name": "Собянина", "given_name": "Вера", "patronymic": "Павловна",
                "email": "vera@uo.example",
            },
            "position": "Начальник отдела", "organization_id": region.school.to_string(),
            "inn": crate::applicants::INN, "kpp": crate::applicants::KPP,
            "consent_version": epos_backend::consent::BUILT_IN_VERSION,
        });
        crate::applicants::register(app, &draft).await;
        let token = crate::applicants::token(app, "vera@uo.example").await;
        crate::applicants::activate(&client, &token).await.expect(200);
        client.sign_in("vera@uo.example", crate::applicants::PASSWORD).await.expect(200);
        let binding = json!({ "login": taken["credentials"]["login"], "password": password });
        client.post("/api/v1/kontingent/bindings", binding).await.expect(200);
        let mut told = actions(app, id).await;
        told.sort_unstable();
        assert_eq!(
            told,
            [
                "account_application.approved",
                "account_application.approved refused: forbidden",
                "account_application.completed",
                "account_application.confirmed",
                "account_application.file_read",
                "account_application.sent",
            ]
        );
    }

    async fn what_is_wrong_is_named_field_by_field(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let refused = async |typed: Value| wrong(&client.post(APPLY, typed).await.expect_problem(422, "validation-failed"));
        let good = typed(EMAIL, region.department);
        assert_eq!(refused(with(good.clone(), "role", json!("support"))).await, ["role: role-missing"]);
        for organization in [region.school, region.operator, Id(uuid::Uuid::from_u128(7))] {
            assert_eq!(
                refused(typed(EMAIL, organization)).await,
                ["organization_id: territory-unknown"],
                "a department alone"
            );
        }
        assert_eq!(
            refused(with(good.clone(), "consent_version", json!("0"))).await,
            ["consent_version: consent-outdated"]
        );
        assert_eq!(
            refused(with(good.clone(), "person/phone", json!("+7 000 000-00-00"))).await,
            ["person/phone: phone-invalid"]
        );
        client.post(APPLY, with(good.clone(), "state", json!("approved"))).await.expect_problem(400, "malformed-body");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.post(APPLY, good.clone()).await.expect_problem(403, "forged-origin");
        let unlisted = with(with(good, "unlisted", json!(true)), "territory", json!("ЗАТО Звёздный"));
        let ticket = begin(&client, &unlisted).await;
        attach(&client, &ticket, "a.pdf", pdf(300)).await.expect(201);
        send(&client, &ticket).await.expect(202);
        let directory = url("/api/v1/directory/organizations", &[("kind", "education_department")]);
        let found = client.get(&directory).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
        assert_eq!(found["items"][0]["short_name"], "УО Верхнекамска");
    }

    async fn files_are_judged_by_their_bytes_and_bounded(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let ticket = begin(&client, &typed(EMAIL, region.department)).await;
        let refused = async |name: &str, bytes: Vec<u8>| {
            wrong(&attach(&client, &ticket, name, bytes).await.expect_problem(422, "validation-failed"))
        };
        assert_eq!(refused("пустой.pdf", Vec::new()).await, ["file: file-empty"]);
        let bomb = [b"PK\x03\x04".to_vec(), vec![0; 5_000], b"PK\x05\x06".to_vec(), vec![0; 18]].concat();
        assert_eq!(refused("bomb.pdf", bomb).await, ["file: file-unknown"]);
        assert_eq!(refused("page.pdf", b"<html><script>alert(1)</script>".to_vec()).await, ["file: file-unknown"]);
        assert_eq!(refused("two.pdf", [pdf(400), b"PK\x05\x06".to_vec(), vec![0; 18]].concat()).await, ["file: file-mixed"]);
        assert_eq!(refused("half.pdf", pdf(400)[..300].to_vec()).await, ["file: file-damaged"]);
        let answer = attach(&client, &ticket, "11.pdf", pdf(11 * 1024 * 1024)).await;
        answer.expect_problem(413, "body-too-large");
        assert_eq!(wrong(&send(&client, &ticket).await.expect_problem(422, "validation-failed")), ["files: files-missing"]);
        assert_eq!(files_on_disk(app), 0, "what was refused stays nowhere");
        attach(&client, &ticket, "10.pdf", pdf(10 * 1024 * 1024)).await.expect(201);
        for number in 2..=5 {
            attach(&client, &ticket, &format!("{number}.pdf"), pdf(300)).await.expect(201);
        }
        assert_eq!(refused("6.pdf", pdf(300)).await, ["file: too-many-files"]);
        let typed = client.request(reqwest::Method::POST, &format!("{APPLY}/files")).header("epos-ticket", &ticket);
        client.send(typed.json(&json!({}))).await.expect_problem(415, "unsupported-media-type");
        let on_disk = if app.kind == Kind::Sqlite { 5 } else { 0 };
        assert_eq!(files_on_disk(app), on_disk);
        let pieces: i64 = app.read(|conn| Ok(application_file_pieces::table.count().get_result(conn)?)).await;
        assert_eq!(pieces, if app.kind == Kind::Sqlite { 0 } else { 44 });
        send(&client, &ticket).await.expect(202);
    }

    async fn a_sixth_of_many_at_once_does_not_come_through(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let ticket = begin(&client, &typed(EMAIL, region.department)).await;
        let all = (0..8).map(|_| attach(&client, &ticket, "a.pdf", pdf(300)));
        let mut statuses: Vec<u16> =
            futures_util::future::join_all(all).await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 201, 201, 201, 201, 422, 422, 422]);
        let kept: i64 = app.read(|conn| Ok(application_files::table.count().get_result(conn)?)).await;
        assert_eq!(kept, 5);
        if app.kind == Kind::Sqlite {
            assert_eq!(files_on_disk(app), 5);
        }
    }

    async fn a_ticket_is_good_for_one_application_and_for_two_hours(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let ticket = begin(&client, &typed(EMAIL, region.department)).await;
        for nobodys in ["", "x", "../../etc/passwd", &"a".repeat(4_000)] {
            attach(&client, nobodys, "a.pdf", pdf(300)).await.expect_problem(404, "link-unknown");
            send(&client, nobodys).await.expect_problem(404, "link-unknown");
        }
        let bare = client.request(reqwest::Method::POST, &format!("{APPLY}/send"));
        client.send(bare).await.expect_problem(400, "malformed-parameter");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        attach(&forged, &ticket, "a.pdf", pdf(300)).await.expect_problem(403, "forged-origin");
        send(&forged, &ticket).await.expect_problem(403, "forged-origin");
        confirm(&client, &ticket).await.expect_problem(404, "link-unknown");
        take_credentials(&client, &ticket).await.expect_problem(404, "link-unknown");
        attach(&client, &ticket, "a.pdf", pdf(300)).await.expect(201);
        let (one, other) = tokio::join!(send(&client, &ticket), send(&client, &ticket));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 410], "{} {}", one.text(), other.text());
        attach(&client, &ticket, "a.pdf", pdf(300)).await.expect_problem(410, "link-used");
        app.letter_to(EMAIL).await;
        // A link of another letter proves nothing here, and the other way round.
        let token = last_token(app, EMAIL).await;
        crate::applicants::confirm(&client, &token).await.expect_problem(404, "link-unknown");
        attach(&client, &token, "a.pdf", pdf(300)).await.expect_problem(404, "link-unknown");
        let late = begin(&client, &typed(EMAIL, region.department)).await;
        app.clock.advance(TimeDelta::minutes(121));
        attach(&client, &late, "a.pdf", pdf(300)).await.expect_problem(410, "link-expired");
    }

    #[configure(|config| config.account_applications.address_hourly = 2)]
    async fn an_address_applies_so_often_an_hour(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous().from("192.0.2.7");
        for number in 0..2 {
            begin(&client, &typed(&format!("a{number}@uo.example"), region.department)).await;
        }
        let answer = client.post(APPLY, typed("a3@uo.example", region.department)).await;
        assert_eq!(answer.expect_problem(429, "too-many-requests")["retry_after"], 3600);
        begin(&app.anonymous().from("192.0.2.8"), &typed("b@uo.example", region.department)).await;
    }

    #[configure(|config| config.account_applications.unproven_mib = 1)]
    async fn strangers_fill_no_disk(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        let ticket = begin(&client, &typed(EMAIL, region.department)).await;
        attach(&client, &ticket, "a.pdf", pdf(1024 * 1024)).await.expect(201);
        attach(&client, &ticket, "b.pdf", pdf(300)).await.expect_problem(503, "unavailable");
        // What is proven counts no more.
        send(&client, &ticket).await.expect(202);
        confirm(&client, &last_token(app, EMAIL).await).await.expect(204);
        let ticket = begin(&client, &typed(EMAIL, region.department)).await;
        attach(&client, &ticket, "b.pdf", pdf(300)).await.expect(201);
    }

    async fn a_mailbox_gets_three_letters_a_day_and_support_may_write_the_fourth(app: TestApp) {
        let region = Region::build(app).await;
        for _ in 0..3 {
            apply(app, EMAIL, region.department).await;
        }
        let number = apply(app, EMAIL, region.department).await;
        assert_eq!(app.letters_to(EMAIL).await.len(), 3);
        let id = id_of(app, number).await;
        region.support.post(&at(id, "letter"), json!({})).await.expect(204);
        let first = last_token(app, EMAIL).await;
        region.support.post(&at(id, "letter"), json!({})).await.expect(204);
        confirm(&app.anonymous(), &first).await.expect_problem(404, "link-unknown");
        confirm(&app.anonymous(), &last_token(app, EMAIL).await).await.expect(204);
        region.support.post(&at(id, "letter"), json!({})).await.expect_problem(409, "already-decided");
    }

    async fn a_refusal_has_a_reason_and_of_two_decisions_the_second_is_told(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL, region.department).await;
        let empty = region.support.post(&at(id, "decline"), json!({ "reason": " " })).await;
        assert_eq!(wrong(&empty.expect_problem(422, "validation-failed")), ["reason: reason-empty"]);
        let reason = "Приказ без подписи";
        let declined = region.support.post(&at(id, "decline"), json!({ "reason": reason })).await.expect(200);
        assert_eq!((&declined["state"], &declined["reason"]), (&json!("declined"), &json!(reason)));
        let letter = app.letters_to(EMAIL).await.pop().unwrap();
        assert_eq!((letter.kind.as_str(), path(letter.link())), ("account_application.declined", "/account-application"));
        assert!(letter.text.contains(reason), "{}", letter.text);
        let id = in_queue(app, "other@uo.example", region.department).await;
        let (other, _) = works_as(app, region.operator, Role::Support).await;
        let (approve, decline) = (at(id, "approve"), at(id, "decline"));
        let (first, second) = tokio::join!(
            region.support.post(&approve, approval(region.department)),
            other.post(&decline, json!({ "reason": reason }))
        );
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", first.text(), second.text());
        other.post(&approve, approval(region.department)).await.expect_problem(409, "already-decided");
        let cards: i64 = app
            .read(|conn| {
                Ok(employees::table.filter(employees::email.eq("other@uo.example")).count().get_result(conn)?)
            })
            .await;
        assert_eq!(cards, i64::from(first.status.as_u16() == 200));
    }

    async fn an_approval_names_a_department_a_role_and_a_day(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL, region.department).await;
        let refused = async |draft: Value| {
            wrong(&region.support.post(&at(id, "approve"), draft).await.expect_problem(422, "validation-failed"))
        };
        let good = approval(region.department);
        assert_eq!(
            refused(json!({})).await,
            ["organization_id: territory-missing", "role: role-missing"]
        );
        assert_eq!(refused(approval(region.school)).await, ["organization_id: territory-unknown"]);
        assert_eq!(refused(with(good.clone(), "role", json!("teacher"))).await, ["role: role-missing"]);
        assert_eq!(refused(with(good.clone(), "start", json!("завтра"))).await, ["start: date-malformed"]);
        let preschool = with(good, "role", json!("preschool_department"));
        let approved = region.support.post(&at(id, "approve"), preschool).await.expect(200);
        assert_eq!(approved["role"], "preschool_department");
        let card = approved["employee_id"].as_str().unwrap();
        let shown = region.support.get(&format!("/api/v1/kontingent/employees/{card}")).await.expect(200);
        assert_eq!(shown["roles"][0]["period"]["start"], "2026-11-22", "today");
        // A card that was put away meanwhile gives nothing.
        region.support.post(&format!("/api/v1/kontingent/employees/{card}/archive"), json!({})).await.expect(200);
        let token = last_token(app, EMAIL).await;
        let problem = take_credentials(&app.anonymous(), &token).await.expect_problem(404, "link-unknown");
        assert!(problem["detail"].as_str().unwrap().contains("больше не нужен"), "{problem}");
    }

    async fn applications_and_their_files_are_support_s_alone(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL, region.department).await;
        let shown = region.support.get(&at(id, "")).await.expect(200);
        let file = at(id, &format!("files/{}", shown["files"][0]["id"].as_str().unwrap()));
        let calls = [
            ("GET", APPLY.to_owned(), json!(null)),
            ("GET", at(id, ""), json!(null)),
            ("GET", file.clone(), json!(null)),
            ("POST", at(id, "approve"), approval(region.department)),
            ("POST", at(id, "decline"), json!({ "reason": "Нет" })),
            ("POST", at(id, "letter"), json!({})),
        ];
        let no_card = app.signed_in("no_card").await;
        let (director, _) = works_as(app, region.school, Role::SchoolDirector).await;
        let (department, _) = works_as(app, region.department, Role::EducationDepartment).await;
        let (teacher, _) = works_as(app, region.school, Role::Teacher).await;
        let (gone, _) = works_as_until(app, region.operator, Role::Support, "01.01.2020–21.11.2026").await;
        for (client, status, code) in [
            (&app.anonymous(), 401, "not-signed-in"),
            (&no_card, 403, "no-rights"),
            (&teacher, 403, "no-rights"),
            (&gone, 403, "no-rights"),
            (&director, 403, "forbidden"),
            (&department, 403, "forbidden"),
        ] {
            for (method, path, body) in &calls {
                let answer = match *method {
                    "GET" => client.get(path).await,
                    _ => client.post(path, body.clone()).await,
                };
                answer.expect_problem(status, code);
            }
        }
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(region.support.cookie());
        for (_, path, body) in &calls[3..] {
            forged.post(path, body.clone()).await.expect_problem(403, "forged-origin");
        }
        let other = in_queue(app, "other@uo.example", region.department).await;
        let elsewhere = file.replace(&id.to_string(), &other.to_string());
        region.support.get(&elsewhere).await.expect_problem(404, "not-found");
        region.support.get(&at(Id(uuid::Uuid::from_u128(7)), "")).await.expect_problem(404, "not-found");
        region.support.get(&at(id, "files/..%2f..%2fepos.db")).await.expect_problem(404, "not-found");
        assert_eq!(region.support.get(&at(id, "")).await.expect(200)["state"], "awaiting_decision");
        let read: i64 = app
            .read(|conn| {
                let of = audit_events::table.filter(audit_events::action.eq("account_application.file_read"));
                Ok(of.filter(audit_events::result.eq("refused")).count().get_result(conn)?)
            })
            .await;
        assert_eq!(read, 4, "who has tried stays");
    }

    async fn a_file_that_was_changed_is_not_given_out(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL, region.department).await;
        let shown = region.support.get(&at(id, "")).await.expect(200);
        let file = shown["files"][0]["id"].as_str().unwrap().to_owned();
        let address = at(id, &format!("files/{file}"));
        region.support.get(&address).await;
        if app.kind == Kind::Sqlite {
            let place = app.services.config.account_applications.folder.join(&file);
            let mut bytes = std::fs::read(&place).unwrap();
            bytes[1_000] ^= 1;
            std::fs::write(&place, bytes).unwrap();
        } else {
            app.write(|conn| {
                use application_file_pieces as p;
                diesel::update(p::table.filter(p::place.eq(0))).set(p::bytes.eq(vec![0_u8; 10])).execute(conn)?;
                Ok(())
            })
            .await;
        }
        region.support.get(&address).await.expect_problem(500, "internal");
    }

    #[configure(|config| config.account_applications.storage = FileStorage::Database)]
    async fn files_in_the_database_are_the_same_after_all_their_pieces(app: TestApp) {
        let region = Region::build(app).await;
        let id = in_queue(app, EMAIL, region.department).await;
        assert_eq!(files_on_disk(app), 0);
        let shown = region.support.get(&at(id, "")).await.expect(200);
        let file = at(id, &format!("files/{}", shown["files"][0]["id"].as_str().unwrap()));
        assert_eq!(region.support.get(&file).await.bytes, pdf(700_000));
    }

    async fn what_nobody_needs_any_more_is_removed_with_its_files(app: TestApp) {
        let region = Region::build(app).await;
        let waiting = in_queue(app, "waits@uo.example", region.department).await;
        let declined = in_queue(app, "declined@uo.example", region.department).await;
        region.support.post(&at(declined, "decline"), json!({ "reason": "Нет" })).await.expect(200);
        let approved = in_queue(app, "approved@uo.example", region.department).await;
        region.support.post(&at(approved, "approve"), approval(region.department)).await.expect(200);
        apply(app, "unproven@uo.example", region.department).await;
        begin(&app.anonymous(), &typed("begun@uo.example", region.department)).await;
        let sweep = async || account_applications::sweep(&app.services).await.unwrap();
        app.clock.advance(TimeDelta::days(6));
        assert_eq!(sweep().await, 0);
        app.clock.advance(TimeDelta::days(2));
        assert_eq!(sweep().await, 2, "not sent, not proven");
        app.clock.advance(TimeDelta::days(23));
        assert_eq!(sweep().await, 2, "decided");
        assert_eq!(sweep().await, 0);
        let left: Vec<Id> = app.read(|conn| Ok(t::table.select(t::id).load(conn)?)).await;
        assert_eq!(left, [waiting]);
        let of_links: Vec<Id> = app
            .read(move |conn| Ok(links::table.select(links::subject_id).distinct().load(conn)?))
            .await;
        assert!(!of_links.contains(&declined) && of_links.contains(&waiting));
        let kept: i64 = app.read(|conn| Ok(application_files::table.count().get_result(conn)?)).await;
        assert_eq!(kept, 1);
        if app.kind == Kind::Sqlite {
            assert_eq!(files_on_disk(app), 1);
            // What a process has left behind that died goes when it is old; nothing else does.
            let folder = &app.services.config.account_applications.folder;
            #[expect(clippy::disallowed_methods, reason = "files have the system's time")]
            let old = std::time::SystemTime::now() - std::time::Duration::from_secs(48 * 3_600);
            for (name, is_old) in [
                ("coming-x", true),
                ("019aa000-0000-7000-8000-000000000001", true),
                ("coming-y", false),
                ("README", true),
            ] {
                let file = std::fs::File::create(folder.join(name)).unwrap();
                if is_old {
                    file.set_modified(old).unwrap();
                }
            }
            sweep().await;
            assert_eq!(files_on_disk(app), 3);
        }
        assert_eq!(actions(app, declined).await.last().unwrap(), "account_application.removed");
    }

    async fn the_list_has_pages_and_a_search(app: TestApp) {
        let region = Region::build(app).await;
        for number in 0..3 {
            app.clock.advance(TimeDelta::minutes(1));
            in_queue(app, &format!("q{number}@uo.example"), region.department).await;
        }
        let get = async |parameters: &[(&str, &str)]| region.support.get(&url(APPLY, parameters)).await.expect(200);
        let emails = |page: &Value| -> Vec<String> {
            page["items"].as_array().unwrap().iter().map(|row| row["email"].as_str().unwrap().to_owned()).collect()
        };
        let first = get(&[("limit", "2")]).await;
        assert_eq!(emails(&first), ["q0@uo.example", "q1@uo.example"]);
        let second = get(&[("limit", "2"), ("after", first["next"].as_str().unwrap())]).await;
        assert_eq!(emails(&second), ["q2@uo.example"]);
        let back = get(&[("limit", "2"), ("before", second["previous"].as_str().unwrap())]).await;
        assert_eq!(emails(&back), emails(&first));
        let number = first["items"][1]["number"].as_str().unwrap();
        assert_eq!(emails(&get(&[("query", number)]).await), ["q1@uo.example"]);
        assert_eq!(emails(&get(&[("query", "собянина q2")]).await), ["q2@uo.example"]);
        assert!(emails(&get(&[("state", "declined")]).await).is_empty());
        region.support.get(&url(APPLY, &[("after", "AAAA")])).await.expect_problem(400, "invalid-cursor");
        region.support.get(&url(APPLY, &[("state", "x")])).await.expect_problem(400, "malformed-parameter");
    }
}
