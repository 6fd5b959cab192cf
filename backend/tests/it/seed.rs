//! `epos seed`: the same data for the same seed, on either database, and every state of the filter in them.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use epos_backend::db::schema::{
    accounts, bindings, employee_tokens, employees, issued_names, organizations, role_assignments,
};
use epos_backend::db::types::Id;
use epos_backend::db::{Conn, DbError};
use epos_backend::seed::{self, Plan, SeedError};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{Inn, Kpp, Login, login_stem};
use sha2::{Digest as _, Sha256};

use crate::common::{Kind, TestApp};

const PLAN: Plan = Plan { organizations: 60, staff: 1500, seed: 7 };

async fn load(app: &TestApp, plan: Plan) {
    let services = app.services.clone();
    tokio::task::spawn_blocking(move || seed::load(&services.db, &services.context, &plan, |_| true))
        .await
        .unwrap()
        .unwrap();
}

/// Everything that was loaded, as one number.
fn fingerprint(conn: &mut Conn) -> Result<String, DbError> {
    let mut sum = Sha256::new();
    macro_rules! add {
        ($rows:expr) => {
            for row in $rows {
                sum.update(format!("{row:?}\n"));
            }
        };
    }
    type Card = (Id, Id, String, String, String, Option<String>, String, Option<String>, NaiveDateTime);
    let cards: Vec<Card> = {
        use employees::{
            created_at, email, family_name, given_name, id, login, name_key, organization_id, patronymic,
        };
        employees::table
            .select((
                id,
                organization_id,
                login,
                family_name,
                given_name,
                patronymic,
                name_key,
                email,
                created_at,
            ))
            .order(id)
            .load(conn)?
    };
    add!(cards);
    type Noted = (Id, Option<NaiveDateTime>, NaiveDate, NaiveDateTime);
    let noted: Vec<Noted> = {
        use employees::{account_seen_at, archived_at, id, roles_end_on};
        employees::table.select((id, archived_at, roles_end_on, account_seen_at)).order(id).load(conn)?
    };
    add!(noted);
    let tokens: Vec<(String, Id)> = employee_tokens::table
        .order((employee_tokens::token, employee_tokens::employee_id))
        .select((employee_tokens::token, employee_tokens::employee_id))
        .load(conn)?;
    add!(tokens);
    let roles: Vec<(Id, Id, Id, String, NaiveDate, Option<NaiveDate>)> = {
        use role_assignments::{employee_id, ends_on, id, organization_id, role, starts_on};
        role_assignments::table
            .select((id, employee_id, organization_id, role, starts_on, ends_on))
            .order(id)
            .load(conn)?
    };
    add!(roles);
    let people: Vec<(Id, String, String, Option<NaiveDateTime>)> = {
        use accounts::{email_key, id, last_sign_in_at, user_name};
        accounts::table.select((id, user_name, email_key, last_sign_in_at)).order(id).load(conn)?
    };
    add!(people);
    let bound: Vec<(Id, Id, Id, NaiveDateTime)> = {
        use bindings::{account_id, bound_at, employee_id, id};
        bindings::table.select((id, employee_id, account_id, bound_at)).order(id).load(conn)?
    };
    add!(bound);
    type Organization = (Id, Option<Id>, String, String, String, Option<String>);
    let places: Vec<Organization> = {
        use organizations::{full_name, id, inn, kind, parent_id, short_name};
        organizations::table.select((id, parent_id, kind, full_name, short_name, inn)).order(id).load(conn)?
    };
    add!(places);
    let names: Vec<String> =
        issued_names::table.select(issued_names::name).order(issued_names::name).load(conn)?;
    add!(names);
    Ok(format!("{:?}", sum.finalize()))
}

async fn seeded(kind: Kind, plan: Plan) -> String {
    let app = TestApp::start(kind, |_| {}).await;
    load(&app, plan).await;
    let print = app.read(fingerprint).await;
    app.stop().await;
    print
}

#[test]
fn the_same_seed_gives_the_same_data_on_either_database_and_another_one_other_data() {
    actix_web::rt::System::new().block_on(async {
        let one = seeded(Kind::Sqlite, PLAN).await;
        assert_eq!(one, seeded(Kind::Sqlite, PLAN).await);
        assert_eq!(one, seeded(Kind::Postgres, PLAN).await);
        assert_ne!(one, seeded(Kind::Sqlite, Plan { seed: 8, ..PLAN }).await);
    });
}

crate::both_databases! {
    async fn what_is_seeded_keeps_every_rule_and_has_members_in_every_state(app: TestApp) {
        load(app, PLAN).await;
        let today = app.services.context.today();
        app.read(move |conn| {
            let numbers: Vec<(Option<String>, Option<String>, String)> = organizations::table
                .select((organizations::inn, organizations::kpp, organizations::kind))
                .load(conn)?;
            assert_eq!(numbers.len(), 60);
            let mut once = HashSet::new();
            for (inn, kpp, kind) in &numbers {
                let inn = inn.as_ref().unwrap();
                assert!(inn.parse::<Inn>().is_ok() && kpp.as_ref().unwrap().parse::<Kpp>().is_ok());
                assert!(once.insert(inn.clone()), "{inn} twice");
                assert!(OrganizationKind::from_wire(kind).is_some());
            }
            let fits: Vec<(String, String)> = role_assignments::table
                .inner_join(employees::table.inner_join(organizations::table))
                .select((role_assignments::role, organizations::kind))
                .load(conn)?;
            for (role, kind) in fits {
                assert!(Role::from_wire(&role).unwrap().fits(OrganizationKind::from_wire(&kind).unwrap()));
            }
            let elsewhere: i64 = role_assignments::table
                .inner_join(employees::table)
                .filter(role_assignments::organization_id.ne(employees::organization_id))
                .count()
                .get_result(conn)?;
            assert_eq!(elsewhere, 0);
            // Logins by the rule: no number is left out.
            let people: Vec<(String, String, String, Option<String>)> = employees::table
                .select((employees::login, employees::family_name, employees::given_name, employees::patronymic))
                .load(conn)?;
            assert_eq!(people.len(), 1500);
            let logins: HashSet<&str> = people.iter().map(|person| person.0.as_str()).collect();
            let issued: HashSet<String> =
                issued_names::table.select(issued_names::name).load(conn)?.into_iter().collect();
            for (login, family, given, patronymic) in &people {
                let name = epos_shared::values::FullName {
                    family_name: family.parse().unwrap(),
                    given_name: given.parse().unwrap(),
                    patronymic: patronymic.as_ref().map(|part| part.parse().unwrap()),
                };
                let (stem, number) = login.rsplit_once('_').unwrap();
                assert_eq!(stem, login_stem(&name));
                let number: u32 = number.parse().unwrap();
                if number > 1 {
                    assert!(logins.contains(Login::numbered(stem, number - 1).unwrap().as_str()), "{login}");
                }
                assert!(issued.contains(login));
            }
            let count = |conn: &mut Conn, sign: std::cmp::Ordering| -> Result<i64, DbError> {
                use role_assignments::{ends_on, starts_on};
                let all = role_assignments::table.count();
                Ok(match sign {
                    std::cmp::Ordering::Less => all.filter(ends_on.lt(today)).get_result(conn)?,
                    std::cmp::Ordering::Equal => all.filter(ends_on.is_null()).get_result(conn)?,
                    std::cmp::Ordering::Greater => all.filter(starts_on.gt(today)).get_result(conn)?,
                })
            };
            assert!(count(conn, std::cmp::Ordering::Less)? > 100);
            assert!(count(conn, std::cmp::Ordering::Equal)? > 800);
            assert!(count(conn, std::cmp::Ordering::Greater)? > 20);
            let accounts: i64 = accounts::table.count().get_result(conn)?;
            let passwords: i64 =
                accounts::table.filter(accounts::password_hash.is_not_null()).count().get_result(conn)?;
            let never: i64 =
                accounts::table.filter(accounts::last_sign_in_at.is_null()).count().get_result(conn)?;
            let bound: i64 = bindings::table.count().get_result(conn)?;
            let archived: i64 =
                employees::table.filter(employees::archived_at.is_not_null()).count().get_result(conn)?;
            assert!(accounts > 500 && accounts == bound && passwords == 0 && never > 30 && archived > 20);
            Ok(())
        })
        .await;
    }

    async fn a_database_that_holds_something_is_refused_unless_told(app: TestApp) {
        let plan = Plan { organizations: 8, staff: 40, seed: 1 };
        let services = app.services.clone();
        let (first, second) = tokio::task::spawn_blocking(move || {
            let first = seed::refuse_unless_empty(&services.db);
            seed::load(&services.db, &services.context, &plan, |_| true).unwrap();
            let second = seed::refuse_unless_empty(&services.db);
            // Told so, it adds: other numbers, other logins.
            seed::load(&services.db, &services.context, &Plan { seed: 2, ..plan }, |_| true).unwrap();
            (first, second)
        })
        .await
        .unwrap();
        assert!(first.is_ok());
        assert!(matches!(second, Err(SeedError::NotEmpty)));
        let cards: i64 = app.read(|conn| Ok(employees::table.count().get_result(conn)?)).await;
        assert_eq!(cards, 80);
    }

    async fn an_interrupted_seeding_says_what_there_is_and_how_to_begin_anew(app: TestApp) {
        let plan = Plan { organizations: 8, staff: 25_000, seed: 1 };
        let services = app.services.clone();
        let stopped = tokio::task::spawn_blocking(move || {
            seed::load(&services.db, &services.context, &plan, |_| false).unwrap_err()
        })
        .await
        .unwrap();
        let words = stopped.to_string();
        assert!(words.starts_with("interrupted after 10000 of 25000 cards"), "{words}");
        assert!(words.contains("To begin anew take an empty database"), "{words}");
        let cards: i64 = app.read(|conn| Ok(employees::table.count().get_result(conn)?)).await;
        assert_eq!(cards, 10_000);
    }
}
