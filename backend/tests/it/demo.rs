//! The demo: the same people everywhere, accounts that open in the demo and nowhere else.

use std::net::TcpListener;

use diesel::prelude::*;
use epos_backend::app::{self, Running, Services};
use epos_backend::config::Mode;
use epos_backend::db::schema::{
    accounts, bindings, employees, one_time_credentials, organizations, role_assignments,
};
use epos_backend::demo::{self, PASSWORD, Plan, SEED, Table};
use epos_shared::api::session::SessionState;
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{Inn, Kpp, RoleState};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::both_databases;
use crate::common::{Client, TestApp};

/// The demo in the database of a test, and a demo server on it beside the test's own, which is none.
struct Demo {
    plan: Plan,
    table: Table,
    address: String,
    running: Running,
}

impl Demo {
    async fn start(app: &TestApp) -> Self {
        let services = Services { mode: Mode::Demo, ..app.services.clone() };
        let table = load(&services).await;
        let plan = Plan::new(SEED, services.context.today()).unwrap();
        let running = app::start(services, TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        Self { plan, table, address: format!("http://{}", running.address), running }
    }

    fn anonymous(&self) -> Client {
        Client::new(&self.address)
    }
}

async fn load(services: &Services) -> Table {
    let services = services.clone();
    actix_web::rt::task::spawn_blocking(move || demo::load(&services).unwrap()).await.unwrap()
}

/// The lines of organizations and cards, as people read them.
fn dump(conn: &mut epos_backend::db::Conn) -> QueryResult<String> {
    let mut text = String::new();
    type Organization = (String, String, String, String, Option<String>, Option<String>);
    let rows: Vec<Organization> = organizations::table
        .order(organizations::inn.asc())
        .select((
            organizations::kind,
            organizations::short_name,
            organizations::full_name,
            organizations::town,
            organizations::inn,
            organizations::kpp,
        ))
        .load(conn)?;
    for row in rows {
        text.push_str(&format!("{row:?}\n"));
    }
    type Person = (String, String, String, Option<String>, Option<String>, String, bool, String);
    let mut people: Vec<Person> = employees::table
        .inner_join(organizations::table)
        .select((
            employees::login,
            employees::family_name,
            employees::given_name,
            employees::patronymic,
            employees::email,
            employees::note,
            employees::archived_at.is_not_null(),
            organizations::short_name,
        ))
        .load(conn)?;
    people.sort();
    for person in people {
        text.push_str(&format!("{person:?}\n"));
    }
    type Assignment = (String, String, chrono::NaiveDate, Option<chrono::NaiveDate>);
    let mut roles: Vec<Assignment> = role_assignments::table
        .inner_join(employees::table)
        .select((
            employees::login,
            role_assignments::role,
            role_assignments::starts_on,
            role_assignments::ends_on,
        ))
        .load(conn)?;
    roles.sort();
    for role in roles {
        text.push_str(&format!("{role:?}\n"));
    }
    Ok(text)
}

async fn sign_in(client: &Client, user_name: &str) -> crate::common::Answer {
    client.post("/api/v1/session", json!({ "user_name": user_name, "password": PASSWORD })).await
}

both_databases! {
    async fn the_demo_is_the_same_everywhere(app: TestApp) {
        load(&app.services).await;
        let text = app.read(|conn| Ok(dump(conn)?)).await;
        let hash: String = Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        // A change of the demo's people on purpose changes this line.
        assert_eq!(hash, "1e3d0f758bb7ae2e", "the demo is another one than before");
    }

    async fn what_is_loaded_is_valid_and_counted(app: TestApp) {
        load(&app.services).await;
        let today = app.services.context.today();
        let plan = Plan::new(SEED, today).unwrap();
        let counts = app
            .read(|conn| {
                Ok([
                    organizations::table.count().get_result::<i64>(conn)?,
                    employees::table.count().get_result(conn)?,
                    accounts::table.count().get_result(conn)?,
                    accounts::table.filter(accounts::password_hash.is_not_null()).count().get_result(conn)?,
                    accounts::table.filter(accounts::demo.eq(false)).count().get_result(conn)?,
                    employees::table.filter(employees::archived_at.is_not_null()).count().get_result(conn)?,
                    bindings::table.count().get_result(conn)?,
                    one_time_credentials::table.count().get_result(conn)?,
                ])
            })
            .await;
        let of = |count: usize| i64::try_from(count).unwrap();
        let archived = plan.cards.iter().filter(|card| card.archived).count();
        let bound = plan.cards.iter().filter(|card| card.account.is_some()).count();
        assert_eq!(
            counts[..7],
            [
                32,
                of(plan.cards.len()),
                of(plan.accounts.len()),
                of(plan.lines.len()),
                0,
                of(archived),
                of(bound)
            ]
        );
        assert!(counts[7] > 50, "{} one-time credentials", counts[7]);
        let rows: Vec<(String, Option<String>, Option<String>)> = app
            .read(|conn| {
                Ok(organizations::table
                    .select((organizations::kind, organizations::inn, organizations::kpp))
                    .load(conn)?)
            })
            .await;
        for (kind, inn, kpp) in rows {
            assert!(OrganizationKind::from_wire(&kind).is_some());
            assert!(inn.unwrap().parse::<Inn>().is_ok() && kpp.unwrap().parse::<Kpp>().is_ok());
        }
        let roles: Vec<(String, String)> = app
            .read(|conn| {
                Ok(role_assignments::table
                    .inner_join(employees::table.inner_join(organizations::table))
                    .select((role_assignments::role, organizations::kind))
                    .load(conn)?)
            })
            .await;
        for (role, kind) in roles {
            let (role, kind) = (Role::from_wire(&role), OrganizationKind::from_wire(&kind));
            assert!(role.unwrap().fits(kind.unwrap()), "{role:?} {kind:?}");
        }
    }

    async fn a_second_loading_changes_nothing_and_shows_no_secret(app: TestApp) {
        let first = load(&app.services).await.to_string();
        let before = app.read(|conn| Ok(dump(conn)?)).await;
        let second = load(&app.services).await.to_string();
        assert_eq!(app.read(|conn| Ok(dump(conn)?)).await, before);
        assert!(first.contains("одноразовый пароль") && first.contains("больше не показывается"), "{first}");
        assert!(!second.contains("больше не показывается") && second.contains("Сбросить пароль"), "{second}");
    }

    async fn every_account_of_the_table_opens_in_the_demo_and_nowhere_else(app: TestApp) {
        let demo = Demo::start(app).await;
        for line in &demo.plan.lines {
            let account = &demo.plan.accounts[line.account];
            let shown = demo.table.to_string();
            assert!(shown.contains(&account.user_name) && shown.contains(&account.name.to_string()));
            let client = demo.anonymous();
            let answer = sign_in(&client, &account.user_name).await;
            if account.blocked {
                answer.expect_problem(403, "account-blocked");
            } else {
                answer.expect(200);
                let SessionState::SignedIn(session) =
                    serde_json::from_value(client.get("/api/v1/session").await.expect(200)).unwrap()
                else {
                    panic!("{} is not signed in", account.user_name);
                };
                let bound = if line.unbound_card.is_some() { 0 } else { line.cards.len() };
                assert_eq!(session.cards.len(), bound, "{}", account.user_name);
                let in_force = session
                    .cards
                    .iter()
                    .flat_map(|card| &card.roles)
                    .filter(|role| role.state == RoleState::InForce)
                    .count();
                assert_eq!(in_force == 0, bound == 0 || account.user_name == "role_ended");
                // A session that was opened in the demo opens nothing elsewhere either.
                let elsewhere = app.anonymous();
                elsewhere.set_cookie(client.cookie());
                elsewhere.get("/api/v1/subsystems").await.expect_problem(401, "not-signed-in");
            }
            // The test's own server is no demo.
            let answer = sign_in(&app.anonymous(), &account.user_name).await;
            answer.expect_problem(403, "account-blocked");
        }
        demo.running.stop().await;
    }

    async fn the_printed_credentials_bind_the_card_of_the_new_director(app: TestApp) {
        let demo = Demo::start(app).await;
        let shown = demo.table.to_string();
        let after = |words: &str| {
            shown.split_once(words).unwrap().1.split_whitespace().next().unwrap().to_owned()
        };
        let (login, password) = (after("логин "), after("одноразовый пароль "));
        let client = demo.anonymous();
        sign_in(&client, "new_director").await.expect(200);
        let body = json!({ "login": login, "password": password });
        // Somebody else cannot: ФИО differ.
        let newcomer = demo.anonymous();
        sign_in(&newcomer, "newcomer").await.expect(200);
        newcomer.post("/api/v1/kontingent/bindings", body.clone()).await.expect_problem(422, "name-mismatch");
        let bound = client.post("/api/v1/kontingent/bindings", body).await;
        assert!(bound.status.is_success(), "{}", bound.text());
        let staff = client.get("/api/v1/kontingent/employees").await.expect(200);
        assert!(staff["items"].as_array().unwrap().len() > 20, "{staff}");
        demo.running.stop().await;
    }
}
