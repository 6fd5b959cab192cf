//! «На подтверждение»: what a specialist changes on a head's card waits for the department.

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::db::schema::{accounts, organizations, proposals, role_assignments};
use epos_backend::db::types::Id;
use epos_backend::kontingent;
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::common::{Answer, Client, TestApp};
use crate::people::{
    self, District, EMPLOYEES, actions, at, bind, card, card_with_email, form, form_of, journal, works_as,
    wrong,
};

const PROPOSALS: &str = "/api/v1/kontingent/proposals";

fn on(proposal: &Value, what: &str) -> String {
    format!("{PROPOSALS}/{}{what}", proposal["id"].as_str().unwrap())
}

async fn read(client: &Client, card: impl std::fmt::Display) -> Value {
    client.get(&at(card)).await.expect(200)
}

async fn waiting(client: &Client) -> Value {
    client.get(&format!("{PROPOSALS}/count")).await.expect(200)["waiting"].clone()
}

/// The first that waits.
async fn waiting_of(client: &Client) -> Value {
    client.get(PROPOSALS).await.expect(200)["items"][0].clone()
}

async fn approve(client: &Client, proposal: &Value) -> Answer {
    let details = client.get(&on(proposal, "")).await.expect(200);
    let body = match details["card_version"].as_i64() {
        Some(version) => json!({ "card_version": version }),
        None => json!({}),
    };
    client.post(&on(proposal, "/approve"), body).await
}

async fn decline(client: &Client, proposal: &Value) -> Answer {
    client.post(&on(proposal, "/decline"), json!({ "reason": "Нет приказа" })).await
}

async fn withdraw(client: &Client, proposal: &Value) -> Answer {
    client.post(&on(proposal, "/withdraw"), Value::Null).await
}

/// A head's card, a specialist who changes it, the department that decides.
struct School {
    head: Id,
    deputy: Client,
    deputy_card: Id,
    department: Client,
}

impl School {
    async fn of(app: &TestApp, district: &District) -> Self {
        let roles = [(Role::SchoolDirector, "01.09.2020–")];
        let (head, _) =
            card_with_email(app, district.school, "Чудинова Инна Львовна", "inna@school.example", &roles)
                .await;
        let (deputy, deputy_card) = works_as(app, district.school, Role::SchoolDeputy).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        Self { head, deputy, deputy_card, department }
    }

    /// Another family name and a last day for the role.
    async fn change(&self) -> Value {
        let mut draft = form_of(&read(&self.deputy, self.head).await);
        draft["person"]["family_name"] = json!("Замужняя");
        draft["person"]["snils"] = json!("112-233-445 95");
        draft["roles"][0]["end"] = json!("2027-08-31");
        json!({ "kind": "save", "employee_id": self.head.to_string(), "draft": draft })
    }

    async fn propose(&self, request: Value) -> Value {
        self.deputy.post(PROPOSALS, request).await.expect(201)
    }
}

async fn payload_of(app: &TestApp, proposal: &Value) -> Option<String> {
    let id = Id(proposal["id"].as_str().unwrap().parse().unwrap());
    app.read(move |conn| Ok(proposals::table.find(id).select(proposals::payload).first(conn)?)).await
}

crate::both_databases! {
    async fn a_change_waits_and_is_done_by_who_approves_it(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let proposal = school.propose(school.change().await).await;
        assert_eq!((&proposal["kind"], &proposal["state"]), (&json!("save"), &json!("waiting")));
        assert_eq!((&proposal["name"], &proposal["author"]), (
            &json!("Чудинова Инна Львовна"), &json!("Тестова Анна Ивановна"),
        ));
        // Nothing is done yet, and the card tells what waits.
        let shown = read(&school.deputy, school.head).await;
        assert_eq!((&shown["name"]["family_name"], &shown["version"]), (&json!("Чудинова"), &json!(1)));
        assert_eq!(shown["proposals"][0]["id"], proposal["id"]);
        // What waits is sealed: nothing of it can be read in the database.
        let sealed = payload_of(app, &proposal).await.unwrap();
        assert!(!sealed.contains("Замужняя") && !sealed.contains("112"), "{sealed}");
        assert_eq!(waiting(&school.department).await, 1);
        let page = school.department.get(PROPOSALS).await.expect(200);
        assert_eq!((page["items"].as_array().unwrap().len(), &page["items"][0]), (1, &proposal));
        let details = school.department.get(&on(&proposal, "")).await.expect(200);
        assert_eq!(details["fields"], json!([
            { "label": "Дни роли: Директор школы", "was": "с 01.09.2020", "now": "с 01.09.2020",
              "proposed": "с 01.09.2020 по 31.08.2027" },
            { "label": "Фамилия", "was": "Чудинова", "now": "Чудинова", "proposed": "Замужняя" },
            { "label": "СНИЛС", "was": "", "now": "", "proposed": "112-233-445 95" },
        ]));
        assert_eq!(
            [&details["may_approve"], &details["may_decline"], &details["may_withdraw"], &details["author_works"]],
            [&json!(true), &json!(true), &json!(false), &json!(true)]
        );
        let approved = approve(&school.department, &proposal).await.expect(200);
        assert_eq!(approved["state"], "approved");
        let saved = read(&school.department, school.head).await;
        assert_eq!(saved["name"]["family_name"], "Замужняя");
        assert_eq!(saved["roles"][0]["period"]["end"], "2027-08-31");
        assert!(saved.get("proposals").is_none(), "nothing waits any more");
        assert_eq!(payload_of(app, &proposal).await, None, "wiped");
        assert_eq!(
            actions(app, school.head).await,
            ["employee.person_changed", "employee.role_ended", "proposal.approved", "proposal.sent"]
        );
        // The one acts who decides; who proposed it is named.
        let told = journal(app, school.head).await;
        assert_eq!(told[2].2["proposed_by"], "Тестова Анна Ивановна");
        assert_eq!(waiting(&school.department).await, 0);
        approve_again(&school.department, &proposal).await.expect_problem(409, "already-decided");
        decline(&school.department, &proposal).await.expect_problem(409, "already-decided");
        withdraw(&school.deputy, &proposal).await.expect_problem(409, "already-decided");
        let over = school.department.get(&on(&proposal, "")).await.expect(200);
        assert_eq!((&over["fields"], &over["may_approve"]), (&json!([]), &json!(false)));
    }

    async fn every_kind_is_carried_out_as_if_it_were_done_at_once(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let account = app.account("head").await;
        bind(app, account, school.head).await;
        let id = school.head.to_string();
        // Unbinding.
        let unbind = school.propose(json!({ "kind": "unbind", "employee_id": id })).await;
        let details = school.department.get(&on(&unbind, "")).await.expect(200);
        assert_eq!(details["fields"][0]["proposed"], "не привязана");
        approve(&school.department, &unbind).await.expect(200);
        assert!(read(&school.department, &id).await.get("binding").is_none());
        let again = school.deputy.post(PROPOSALS, json!({ "kind": "unbind", "employee_id": id })).await;
        again.expect_problem(422, "validation-failed");
        // Dismissal, decided days after its last day.
        let last = json!({ "version": 1, "last_day": "22.11.2026" });
        let dismiss = school.propose(json!({ "kind": "dismiss", "employee_id": id, "draft": last })).await;
        app.clock.advance(TimeDelta::days(3));
        let department = app.signed_in("person_aitestova_2").await;
        let details = department.get(&on(&dismiss, "")).await.expect(200);
        assert_eq!(details["fields"][1], json!({
            "label": "Директор школы", "was": "бессрочно", "now": "бессрочно", "proposed": "по 22.11.2026",
        }));
        approve(&department, &dismiss).await.expect(200);
        assert_eq!(read(&department, &id).await["roles"][0]["period"]["end"], "2026-11-22");
        assert_eq!(actions(app, school.head).await.iter().filter(|action| *action == "employee.dismissed").count(), 1);
        // Archive.
        let deputy = app.signed_in("person_aitestova_1").await;
        let archive = deputy.post(PROPOSALS, json!({ "kind": "archive", "employee_id": id })).await.expect(201);
        approve(&department, &archive).await.expect(200);
        assert!(read(&department, &id).await["archived_at"].is_string());
        deputy.post(PROPOSALS, json!({ "kind": "archive", "employee_id": id })).await.expect_problem(409, "archived");
        // A new head; the password is the author's to give.
        let create = json!({ "kind": "create", "draft": form(district.school, "school_director") });
        let create = deputy.post(PROPOSALS, create).await.expect(201);
        assert_eq!(create["name"], "Новикова Ольга Юрьевна");
        let details = department.get(&on(&create, "")).await.expect(200);
        assert_eq!(details["fields"][0]["proposed"], "Директор школы, с 01.09.2026");
        let answer = approve(&department, &create).await;
        let approved = answer.expect(200);
        assert!(!answer.text().contains("password"));
        let made = approved["employee_id"].as_str().unwrap().to_owned();
        let made = read(&deputy, made).await;
        assert_eq!(made["name"]["family_name"], "Новикова");
        assert!(made.get("credentials").is_none());
        assert_eq!(made["permissions"]["issue_credentials"], "allowed");
    }

    async fn a_heads_role_on_another_card_waits_too(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let (teacher, _) = card(app, district.school, "Ким Ли Ильич", &[(Role::Teacher, "01.09.2020–")]).await;
        let shown = read(&school.deputy, teacher).await;
        assert_eq!(shown["permissions"]["proposable_roles"], json!(["school_director"]));
        let mut draft = form_of(&shown);
        draft["roles"].as_array_mut().unwrap().push(json!({ "role": "school_director", "start": "01.12.2026" }));
        let refused = school.deputy.put(&at(teacher), draft.clone()).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&refused), ["roles/1/role: role-needs-confirmation"]);
        let request = json!({ "kind": "save", "employee_id": teacher.to_string(), "draft": draft });
        let proposal = school.propose(request).await;
        // A teacher's card is not the department's, support's it is (decision 0002).
        let details = school.department.get(&on(&proposal, "")).await.expect(200);
        assert_eq!(details["may_approve"], false);
        approve(&school.department, &proposal).await.expect_problem(403, "forbidden");
        decline(&school.department, &proposal).await.expect_problem(403, "forbidden");
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        approve(&support, &proposal).await.expect(200);
        assert_eq!(read(&support, teacher).await["roles"].as_array().unwrap().len(), 2);
    }

    async fn what_was_changed_meanwhile_is_told_and_kept(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let proposal = school.propose(school.change().await).await;
        let mut changed = form_of(&read(&school.department, school.head).await);
        changed["person"]["family_name"] = json!("Третья");
        changed["note"] = json!("кабинет 12");
        school.department.put(&at(school.head), changed).await.expect(200);
        // Whoever has read it before is told what is different now.
        let stale = school.department.post(&on(&proposal, "/approve"), json!({ "card_version": 1 })).await;
        let conflict = stale.expect_problem(409, "version-conflict");
        assert_eq!((&conflict["current"]["changed_since"], &conflict["current"]["card_version"]), (&json!(true), &json!(2)));
        assert_eq!(
            conflict["current"]["fields"][1],
            json!({ "label": "Фамилия", "was": "Чудинова", "now": "Третья", "proposed": "Замужняя" })
        );
        // A version is to be named.
        school.department.post(&on(&proposal, "/approve"), json!({})).await.expect_problem(409, "version-conflict");
        approve(&school.department, &proposal).await.expect(200);
        let saved = read(&school.department, school.head).await;
        assert_eq!((&saved["name"]["family_name"], &saved["note"]), (&json!("Замужняя"), &json!("кабинет 12")));
        assert_eq!(saved["version"], 3);
    }

    async fn one_of_a_kind_waits_at_a_card(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let first = school.propose(school.change().await).await;
        let (officer, _) = works_as(app, district.school, Role::SchoolOfficer).await;
        let newer = officer.post(PROPOSALS, school.change().await).await.expect(201);
        let other = school.propose(json!({ "kind": "archive", "employee_id": school.head.to_string() })).await;
        let shown = read(&school.deputy, school.head).await;
        let ids: Vec<&Value> = shown["proposals"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, [&newer["id"], &other["id"]]);
        let replaced = school.deputy.get(&on(&first, "")).await.expect(200);
        assert_eq!(replaced["proposal"]["state"], "withdrawn");
        assert_eq!(payload_of(app, &first).await, None);
        let told = journal(app, school.head).await;
        let (_, _, details) = told.iter().find(|(action, ..)| action == "proposal.withdrawn").unwrap();
        assert_eq!(details["reason"], "replaced");
        approve_again(&school.department, &first).await.expect_problem(409, "already-decided");
        // Another specialist takes it back; nobody of elsewhere does.
        withdraw(&school.department, &newer).await.expect_problem(403, "forbidden");
        withdraw(&school.deputy, &newer).await.expect(200);
        withdraw(&school.deputy, &other).await.expect(200);
        assert_eq!(waiting(&school.deputy).await, 0);
    }

    async fn nobody_decides_on_his_own_proposal_or_without_the_right(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        // A deputy who is support as well, by another card.
        let (support_card, _) =
            card(app, district.operator, "Тестова Анна Ивановна", &[(Role::Support, "01.01.2020–")]).await;
        let account = app
            .read(|conn| {
                Ok(accounts::table.filter(accounts::user_name.eq("person_aitestova_1")).select(accounts::id).first(conn)?)
            })
            .await;
        let proposal = school.propose(school.change().await).await;
        bind(app, account, support_card).await;
        let both = app.anonymous();
        both.sign_in("person_aitestova_1", crate::common::PASSWORD).await.expect(200);
        both.put("/api/v1/session/card", json!({ "employee_id": support_card.to_string() })).await.expect(200);
        let details = both.get(&on(&proposal, "")).await.expect(200);
        assert_eq!([&details["may_approve"], &details["may_withdraw"]], [&json!(false), &json!(true)]);
        approve(&both, &proposal).await.expect_problem(403, "forbidden");
        decline(&both, &proposal).await.expect_problem(403, "forbidden");
        // Another specialist, the head of another school's department, the head himself.
        let (officer, _) = works_as(app, district.school, Role::SchoolOfficer).await;
        approve(&officer, &proposal).await.expect_problem(403, "needs-confirmation");
        decline(&officer, &proposal).await.expect_problem(403, "needs-confirmation");
        let (preschool, _) = works_as(app, district.department, Role::PreschoolDepartment).await;
        approve(&preschool, &proposal).await.expect_problem(403, "forbidden");
        assert_eq!(waiting(&preschool).await, 0, "schools are not his");
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        approve(&director, &proposal).await.expect_problem(403, "forbidden");
        withdraw(&director, &proposal).await.expect_problem(403, "forbidden");
        // Out of view it is not there.
        let (neighbour, _) = works_as(app, district.other_school, Role::SchoolDeputy).await;
        let (far, _) = works_as(app, district.far_school, Role::SchoolDirector).await;
        for stranger in [&neighbour, &far] {
            stranger.get(&on(&proposal, "")).await.expect_problem(404, "not-found");
            stranger.post(&on(&proposal, "/approve"), json!({ "card_version": 1 })).await.expect_problem(404, "not-found");
            decline(stranger, &proposal).await.expect_problem(404, "not-found");
            withdraw(stranger, &proposal).await.expect_problem(404, "not-found");
            assert_eq!(waiting(stranger).await, 0);
            assert_eq!(stranger.get(PROPOSALS).await.expect(200)["items"], json!([]));
            stranger.post(PROPOSALS, school.change().await).await.expect_problem(404, "not-found");
        }
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        teacher.get(PROPOSALS).await.expect_problem(403, "no-rights");
        app.anonymous().get(PROPOSALS).await.expect_problem(401, "not-signed-in");
        let forged = app.anonymous().with_origin(Some("https://evil.example"));
        forged.set_cookie(school.department.cookie());
        decline(&forged, &proposal).await.expect_problem(403, "forged-origin");
        assert_eq!(read(&school.deputy, school.head).await["version"], 1, "nothing was done");
        // The role of who proposed it has ended: it stays, and the page says so.
        let deputy_card = school.deputy_card;
        app.write(move |conn| {
            diesel::update(role_assignments::table.filter(role_assignments::employee_id.eq(deputy_card)))
                .set(role_assignments::ends_on.eq(people::day("21.11.2026")))
                .execute(conn)?;
            Ok(())
        })
        .await;
        let details = school.department.get(&on(&proposal, "")).await.expect(200);
        assert_eq!([&details["author_works"], &details["may_approve"]], [&json!(false), &json!(true)]);
        approve(&school.department, &proposal).await.expect(200);
    }

    async fn only_what_needs_a_confirmation_is_proposed(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let (teacher, _) = card(app, district.school, "Ким Ли Ильич", &[(Role::Teacher, "01.09.2020–")]).await;
        let archive = |card: Id| json!({ "kind": "archive", "employee_id": card.to_string() });
        let needless = school.deputy.post(PROPOSALS, archive(teacher)).await.expect_problem(422, "validation-failed");
        assert!(needless["detail"].as_str().unwrap().contains("сразу"));
        school.deputy.post(PROPOSALS, archive(school.deputy_card)).await.expect_problem(403, "own-card");
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        director.post(PROPOSALS, archive(school.head)).await.expect_problem(403, "forbidden");
        let nowhere = Id(uuid::Uuid::from_u128(1));
        school.deputy.post(PROPOSALS, archive(nowhere)).await.expect_problem(404, "not-found");
        let create = |organization, role| json!({ "kind": "create", "draft": form(organization, role) });
        let plain = school.deputy.post(PROPOSALS, create(district.school, "teacher")).await;
        plain.expect_problem(422, "validation-failed");
        let elsewhere = school.deputy.post(PROPOSALS, create(district.other_school, "school_director")).await;
        assert_eq!(
            wrong(&elsewhere.expect_problem(422, "validation-failed")),
            ["organization_id: organization-unknown"]
        );
        // The same wrong fields as when it is done.
        let mut change = school.change().await;
        change["draft"]["person"]["family_name"] = json!("Иван0в");
        let problem = school.deputy.post(PROPOSALS, change).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&problem), ["person/family_name: name-digit"]);
        let mut same = school.change().await;
        same["draft"] = form_of(&read(&school.deputy, school.head).await);
        school.deputy.post(PROPOSALS, same).await.expect_problem(422, "validation-failed");
        let mut stale = school.change().await;
        stale["draft"]["version"] = json!(9);
        school.deputy.post(PROPOSALS, stale).await.expect_problem(409, "version-conflict");
        for hostile in [
            json!({ "kind": "promote", "employee_id": school.head.to_string() }),
            json!({ "kind": "archive", "employee_id": school.head.to_string(), "state": "approved" }),
            json!({ "kind": "archive" }),
            json!([]),
        ] {
            let answer = school.deputy.post(PROPOSALS, hostile).await;
            assert!([400, 422].contains(&answer.status.as_u16()), "{}", answer.text());
        }
        assert_eq!(waiting(&school.department).await, 0);
    }

    async fn the_department_and_the_author_are_told_by_letter(app: TestApp) {
        let district = District::build(app).await;
        let department = [(Role::EducationDepartment, "01.01.2020–")];
        card_with_email(app, district.department, "Управова Анна", "uo@epos.example", &department).await;
        let school = School::of(app, &district).await;
        let proposal = school.propose(school.change().await).await;
        let letter = app.letter_to("uo@epos.example").await;
        assert_eq!(letter.link(), "http://epos.test/kontingent/queues/confirmations");
        assert!(letter.text.contains("Что предложено: Изменение карточки"), "{}", letter.text);
        for value in ["Чудинова", "Замужняя", "112-233"] {
            assert!(!letter.text.contains(value), "{value}: {}", letter.text);
        }
        // Another one on the same day is no other letter.
        school.propose(json!({ "kind": "archive", "employee_id": school.head.to_string() })).await;
        assert_eq!(app.letters_to("uo@epos.example").await.len(), 1);
        decline(&school.department, &proposal).await.expect(200);
        let told = app.letter_to("person_aitestova_1@epos.test").await;
        assert_eq!(told.subject, "ЭПОС: ваше изменение отклонено");
        assert!(told.text.contains("Причина: Нет приказа"), "{}", told.text);
        let declined = school.deputy.get(&on(&proposal, "")).await.expect(200);
        assert_eq!((&declined["proposal"]["state"], &declined["proposal"]["reason"]), (&json!("declined"), &json!("Нет приказа")));
        let empty = school.department.post(&on(&proposal, "/decline"), json!({ "reason": " " })).await;
        assert_eq!(wrong(&empty.expect_problem(422, "validation-failed"))[0].split(':').next(), Some("reason"));
        // The next day the next letter.
        app.clock.advance(TimeDelta::days(1));
        let deputy = app.signed_in("person_aitestova_1").await;
        let again = json!({ "kind": "archive", "employee_id": school.head.to_string() });
        let archive = deputy.post(PROPOSALS, again).await.expect(201);
        assert_eq!(app.letters_to("uo@epos.example").await.len(), 2);
        let department = app.signed_in("person_aitestova_2").await;
        approve(&department, &archive).await.expect(200);
        let told = app.letters_to("person_aitestova_1@epos.test").await;
        assert_eq!(told.last().unwrap().subject, "ЭПОС: ваше изменение подтверждено");
    }

    async fn what_waits_ends_with_its_card_and_follows_its_organization(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let waits = school.propose(school.change().await).await;
        school.department.post(&format!("{}/archive", at(school.head)), Value::Null).await.expect(200);
        let over = school.deputy.get(&on(&waits, "")).await.expect(200);
        assert_eq!((&over["proposal"]["state"], payload_of(app, &waits).await), (&json!("withdrawn"), None));
        assert_eq!(journal(app, school.head).await.iter().filter(|entry| entry.0 == "proposal.withdrawn").count(), 1);
        // A new card for a school that has closed meanwhile is made by nobody, and can be declined.
        let create = json!({ "kind": "create", "draft": form(district.school, "school_director") });
        let create = school.propose(create).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let school_id = district.school;
        app.write(move |conn| {
            let closed = chrono::NaiveDate::from_ymd_opt(2026, 11, 22);
            diesel::update(organizations::table.find(school_id)).set(organizations::closed_on.eq(closed)).execute(conn)?;
            Ok(())
        })
        .await;
        let details = school.department.get(&on(&create, "")).await.expect(200);
        assert_eq!((&details["may_approve"], &details["may_decline"]), (&json!(false), &json!(true)));
        let refused = approve(&school.department, &create).await.expect_problem(422, "validation-failed");
        assert_eq!(wrong(&refused), ["organization_id: organization-unknown"]);
        decline(&support, &create).await.expect(200);
    }

    async fn what_somebody_has_done_meanwhile_is_not_everybodys_to_decide(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let change = school.change().await;
        let proposal = school.propose(change.clone()).await;
        school.department.put(&at(school.head), change["draft"].clone()).await.expect(200);
        let (other, _) = works_as(app, district.school, Role::SchoolOfficer).await;
        let details = other.get(&on(&proposal, "")).await.expect(200);
        assert_eq!((&details["may_approve"], &details["may_decline"]), (&json!(false), &json!(false)));
        approve(&other, &proposal).await.expect_problem(403, "needs-confirmation");
        decline(&other, &proposal).await.expect_problem(403, "needs-confirmation");
        approve(&school.department, &proposal).await.expect(200);
    }

    async fn whoever_proposes_is_asked_about_likely_duplicates_first(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let roles = [(Role::Teacher, "01.09.2020–")];
        let (teacher, _) =
            card_with_email(app, district.school, "Новикова Ольга Юрьевна", "novikova@school.example", &roles).await;
        let mut create = json!({ "kind": "create", "draft": form(district.school, "school_director") });
        let problem = school.deputy.post(PROPOSALS, create.clone()).await.expect_problem(409, "duplicate-suspected");
        assert_eq!(problem["current"]["cards"][0]["id"], teacher.to_string());
        create["draft"]["despite_duplicates"] = json!(true);
        let sent = school.propose(create).await;
        approve(&school.department, &sent).await.expect(200);
        // A head who gets the name and the address of another card.
        let mut draft = form_of(&read(&school.deputy, school.head).await);
        draft["person"] = read(&school.deputy, teacher).await["name"].clone();
        draft["person"]["email"] = json!("novikova@school.example");
        let mut save = json!({ "kind": "save", "employee_id": school.head.to_string(), "draft": draft });
        school.deputy.post(PROPOSALS, save.clone()).await.expect_problem(409, "duplicate-suspected");
        save["draft"]["despite_duplicates"] = json!(true);
        school.propose(save).await;
    }

    async fn an_organization_proposes_no_more_new_cards_than_can_be_read(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let new = json!({ "kind": "create", "draft": form(district.school, "school_director") });
        let first = school.propose(new.clone()).await;
        for _ in 1..100 {
            school.propose(new.clone()).await;
        }
        school.deputy.post(PROPOSALS, new.clone()).await.expect_problem(429, "too-many-requests");
        // What is there already can still be changed.
        let change = school.change().await;
        school.propose(change).await;
        withdraw(&school.deputy, &first).await.expect(200);
        school.deputy.post(PROPOSALS, new.clone()).await.expect_problem(429, "too-many-requests");
        decline(&school.department, &waiting_of(&school.department).await).await.expect(200);
        school.propose(new).await;
    }

    async fn the_queue_has_pages_and_forgets_what_is_long_over(app: TestApp) {
        let district = District::build(app).await;
        let school = School::of(app, &district).await;
        let mut ids = Vec::new();
        for number in 0..5 {
            app.clock.advance(TimeDelta::seconds(1));
            let mut new = form(district.school, "school_director");
            new["person"]["family_name"] = json!(["Первая", "Вторая", "Третья", "Пятая", "Шестая"][number]);
            ids.push(school.propose(json!({ "kind": "create", "draft": new })).await["id"].clone());
        }
        let at = |page: &Value| -> Vec<Value> {
            page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
        };
        let get = async |parameters: &[(&str, &str)]| {
            school.department.get(&people::url(PROPOSALS, parameters)).await.expect(200)
        };
        let first = get(&[("limit", "2")]).await;
        assert_eq!((at(&first), &first["total"]["value"]), (ids[..2].to_vec(), &json!(5)));
        let second = get(&[("limit", "2"), ("after", first["next"].as_str().unwrap())]).await;
        assert_eq!(at(&second), ids[2..4]);
        let back = get(&[("limit", "2"), ("before", second["previous"].as_str().unwrap())]).await;
        assert_eq!(at(&back), ids[..2]);
        let of_other = district.other_school.to_string();
        assert_eq!(at(&get(&[("organization", &of_other)]).await), [Value::Null; 0]);
        for parameters in [[("after", "x")], [("state", "lost")], [("limit", "0")]] {
            let answer = school.department.get(&people::url(PROPOSALS, &parameters)).await;
            assert_eq!(answer.status.as_u16(), 400, "{parameters:?}");
        }
        let declined = json!({ "id": ids[0] });
        decline(&school.department, &declined).await.expect(200);
        assert_eq!(at(&get(&[("state", "declined")]).await), ids[..1]);
        assert_eq!(get(&[("state", "declined")]).await["items"][0]["name"], Value::Null, "wiped with what it held");
        app.clock.advance(TimeDelta::days(91));
        let services = app.services.clone();
        let swept = app.write(move |conn| kontingent::sweep_proposals(conn, &services)).await;
        assert_eq!(swept, 1, "those that wait stay");
        let deputy = app.signed_in("person_aitestova_1").await;
        assert_eq!(waiting(&deputy).await, 4);
        deputy.get(EMPLOYEES).await.expect(200);
    }
}

/// Once more, when nothing of it can be read.
async fn approve_again(client: &Client, proposal: &Value) -> Answer {
    client.post(&on(proposal, "/approve"), json!({ "card_version": 1 })).await
}
