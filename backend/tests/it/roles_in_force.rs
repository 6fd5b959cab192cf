//! Roles open and close by the day in Perm, on the very next request, also between check and write.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use epos_backend::audit;
use epos_backend::db::schema::{employees, role_assignments};
use epos_backend::db::types::Id;
use epos_backend::error::ApiError;
use epos_backend::kontingent::{Asker, gate};
use epos_shared::roles::Role;
use serde_json::json;

use crate::common::Client;
use crate::people::{self, District, EMPLOYEES, actions, card, form, works_as, works_as_until};

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn status(client: &Client) -> u16 {
    client.get(EMPLOYEES).await.status.as_u16()
}

crate::both_databases! {
    #[configure(|config| (config.sessions.idle_minutes, config.sessions.absolute_hours) = (1_440, 24))]
    async fn a_role_works_to_the_end_of_its_last_day_in_perm(app: TestApp) {
        let district = District::build(app).await;
        let (director, card) =
            works_as_until(app, district.school, Role::SchoolDirector, "01.09.2020–22.11.2026").await;
        app.clock.set(moment("2026-11-22T18:59:59.999999Z"));
        assert_eq!(status(&director).await, 200);
        app.clock.set(moment("2026-11-22T19:00:00Z"));
        let problem = director.get(EMPLOYEES).await.expect_problem(403, "no-rights");
        assert!(problem["detail"].as_str().unwrap().contains("закончился"), "{problem}");
        director.post(EMPLOYEES, form(district.school, "teacher")).await.expect_problem(403, "no-rights");
        assert_eq!(
            actions(app, card).await,
            ["kontingent.entered refused: role-ended", "kontingent.entered refused: role-ended"]
        );
        let subsystems = director.get("/api/v1/subsystems").await.expect(200);
        assert_eq!(subsystems, json!({ "items": [], "advice": "no_role_in_force" }));
    }

    #[configure(|config| (config.sessions.idle_minutes, config.sessions.absolute_hours) = (1_440, 24))]
    async fn a_role_begins_with_its_first_day_in_perm(app: TestApp) {
        let district = District::build(app).await;
        let (director, card) = works_as_until(app, district.school, Role::SchoolDirector, "23.11.2026–").await;
        let problem = director.get(EMPLOYEES).await.expect_problem(403, "no-rights");
        assert!(problem["detail"].as_str().unwrap().contains("ещё не началась"), "{problem}");
        assert_eq!(actions(app, card).await, ["kontingent.entered refused: role-not-begun"]);
        app.clock.set(moment("2026-11-22T19:00:00Z"));
        assert_eq!(status(&director).await, 200);
    }

    async fn a_role_that_is_ended_closes_on_the_very_next_request(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let (director, card) = works_as(app, district.school, Role::SchoolDirector).await;
        assert_eq!(status(&director).await, 200);
        let mut ended = people::form_of(&department.get(&people::at(card)).await.expect(200));
        ended["roles"][0]["end"] = json!("21.11.2026");
        department.put(&people::at(card), ended).await.expect(200);
        director.get(EMPLOYEES).await.expect_problem(403, "no-rights");
    }

    async fn a_role_that_ends_between_the_check_and_the_write_does_not_slip_through(app: TestApp) {
        let district = District::build(app).await;
        let (_, own) = works_as(app, district.school, Role::SchoolDirector).await;
        let (victim, _) = card(app, district.school, "Учителева Ольга", &[(Role::Teacher, "01.09.2020–")]).await;
        let account: Id = app
            .read(move |conn| {
                use epos_backend::db::schema::bindings;
                Ok(bindings::table.filter(bindings::employee_id.eq(own)).select(bindings::account_id).first(conn)?)
            })
            .await;
        let category = Some(epos_shared::roles::RoleCategory::Employee);
        let asker = || Asker { account, card: Some(own), category, journal: audit::Actor::program() };
        // The check: everything is open.
        gate::read(&app.services, asker(), move |conn, services, staff| {
            staff.list(conn, &Default::default(), services.context.today())
        })
        .await
        .unwrap();
        app.write(move |conn| {
            diesel::update(role_assignments::table.filter(role_assignments::employee_id.eq(own)))
                .set(role_assignments::ends_on.eq(people::day("21.11.2026")))
                .execute(conn)?;
            Ok(())
        })
        .await;
        let refused = gate::write(
            &app.services,
            asker(),
            "employee.archived",
            Some(victim.into()),
            move |conn, services, who, staff| staff.archive(conn, services, who, victim.into()),
        )
        .await;
        let Err(ApiError::Problem(problem)) = refused else { panic!("it slipped through: {refused:?}") };
        assert_eq!(problem.code.as_str(), "no-rights");
        let archived: Option<chrono::NaiveDateTime> = app
            .read(move |conn| Ok(employees::table.find(victim).select(employees::archived_at).first(conn)?))
            .await;
        assert_eq!(archived, None);
    }

    async fn a_teacher_works_but_not_in_kontingent(app: TestApp) {
        let district = District::build(app).await;
        let (teacher, _) = works_as(app, district.school, Role::Teacher).await;
        let subsystems = teacher.get("/api/v1/subsystems").await.expect(200);
        assert_eq!(subsystems, json!({ "items": [] }));
        app.anonymous().get("/api/v1/subsystems").await.expect_problem(401, "not-signed-in");
    }
}
