//! The staff list among many cards: every query has an index on both databases, and every way of looking finds
//! what going through all cards finds.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::connection::{InstrumentationEvent, SimpleConnection as _, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use epos_backend::accounts;
use epos_backend::audit::{self, Event};
use epos_backend::db::schema::{
    bindings, employees, organization_ancestors, organizations, role_assignments,
};
use epos_backend::db::types::Id;
use epos_backend::db::{Conn, DbError};
use epos_backend::esia::Identity;
use epos_backend::http::RequestInfo;
use epos_backend::identification::{self, Arrival, Purpose};
use epos_backend::kontingent;
use epos_backend::kontingent::bulk::{self, PastCard};
use epos_backend::reports;
use epos_backend::seed::{self, Plan};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::search::search_key;
use epos_shared::values::FullName;
use serde_json::{Value, json};

use crate::common::{Client, PASSWORD, TestApp};
use crate::people::{self, EMPLOYEES};

/// So many that what is frequent is too much to be read and sorted, and the rest is not.
const PLAN: Plan = Plan { organizations: 100, staff: 14_000, seed: 3 };

/// The statements sent while a list is asked for. Tests of nextest have a process each; where they share one,
/// statements of others are looked at too.
static STATEMENTS: Mutex<Option<HashSet<String>>> = Mutex::new(None);

fn record() {
    set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event
                && let Some(statements) = STATEMENTS.lock().unwrap().as_mut()
            {
                let text = query.to_string();
                statements.insert(text.split(" -- binds: ").next().unwrap().to_owned());
            }
        }))
    })
    .unwrap();
}

/// Somebody of the seeded staff who may look at cards, signed in.
async fn signed_in(app: &TestApp, role: &'static str) -> (Client, Id) {
    let services = app.services.clone();
    let user_name = format!("plans_{role}");
    let account = app.account(&user_name).await;
    let organization = app
        .write(move |conn| {
            let today = services.context.today();
            let (card, organization): (Id, Id) = role_assignments::table
                .inner_join(employees::table)
                .filter(role_assignments::role.eq(role))
                .filter(role_assignments::starts_on.le(today))
                .filter(role_assignments::ends_on.is_null())
                .filter(employees::archived_at.is_null())
                .order(employees::id)
                .select((employees::id, employees::organization_id))
                .first(conn)?;
            diesel::delete(bindings::table.filter(bindings::employee_id.eq(card))).execute(conn)?;
            kontingent::bind(conn, &services.context, account, card)?;
            Ok(organization)
        })
        .await;
    let client = app.anonymous();
    client.sign_in(&user_name, PASSWORD).await.expect(200);
    (client, organization)
}

async fn seeded(app: &TestApp) {
    let services = app.services.clone();
    tokio::task::spawn_blocking(move || seed::load(&services.db, &services.context, &PLAN, |_| true))
        .await
        .unwrap()
        .unwrap();
}

type Parameters = Vec<(&'static str, String)>;

/// What people ask, and what has been slow.
fn questions(district: Id, school: Id) -> Vec<Parameters> {
    let mut all: Vec<Parameters> = vec![vec![]];
    let one = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    for sort in SORTS {
        all.push(one("sort", sort));
        for place in [district, school] {
            all.push([one("sort", sort), one("organization", &place.to_string())].concat());
        }
    }
    for role in ["support", "school_director", "teacher", "class_teacher", "kindergarten_teacher"] {
        all.push(one("role", role));
        all.push([one("role", role), one("organization", &district.to_string())].concat());
        all.push([one("role", role), one("sort", "newest")].concat());
    }
    for state in ["in_force", "ends_soon", "ended", "not_bound", "never_signed_in", "archived"] {
        all.push(one("state", state));
        all.push([one("state", state), one("sort", "newest")].concat());
        all.push([one("state", state), one("organization", &district.to_string())].concat());
        all.push([one("state", state), one("role", "teacher")].concat());
        all.push([one("state", state), one("role", "school_director")].concat());
        all.push([one("state", state), one("query", "анна")].concat());
    }
    let queries = [
        "и",
        "иван",
        "иванов",
        "петрова",
        "шарипова",
        "мэй",
        "е",
        "соколова-",
        "а",
        "ов",
        "i",
        "ivan",
        "eaivanova_1",
        "school",
        "щ",
        "яя",
        "анна",
        "post.ex",
        "иванова елена",
        "иванов и",
        "и а",
        "анна и п",
        "дмитрий ольга",
        "сергей ивановна",
        "елена владимировна",
        "%",
        "_",
        "-",
    ];
    for (number, query) in queries.into_iter().enumerate() {
        all.push(one("query", query));
        all.push(match number % 4 {
            0 => [one("query", query), one("organization", &district.to_string())].concat(),
            1 => [one("query", query), one("sort", "login")].concat(),
            2 => [one("query", query), one("sort", "name_descending")].concat(),
            _ => [one("query", query), one("organization", &school.to_string())].concat(),
        });
    }
    all
}

/// Every order of the list.
pub const SORTS: [&str; 12] = [
    "name",
    "name_descending",
    "login",
    "login_descending",
    "newest",
    "oldest",
    "organization",
    "organization_descending",
    "end",
    "end_descending",
    "sign_in",
    "sign_in_descending",
];

async fn page(client: &Client, parameters: &Parameters, more: &[(&str, &str)]) -> Value {
    let mut all: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend_from_slice(more);
    client.get(&people::url(EMPLOYEES, &all)).await.expect(200)
}

fn ids(page: &Value) -> Vec<Id> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|row| Id(row["id"].as_str().unwrap().parse().unwrap())).collect()
}

#[derive(QueryableByName)]
struct LitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PgPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// How a database would come by a statement's rows.
///
/// PostgreSQL is asked for the plan that fits every parameter, with whole scans forbidden: among the few
/// thousand cards of a test reading a whole table may well be cheapest, so that a plan says something only
/// where there was no other way.
fn plan(conn: &mut Conn, statement: &str) -> Vec<String> {
    match conn {
        Conn::Lite(conn) => {
            let plan: Vec<LitePlan> =
                diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(conn).unwrap();
            plan.into_iter().map(|line| line.detail).collect()
        }
        Conn::Pg(conn) => {
            let parameters = (1..).take_while(|number| statement.contains(&format!("${number}"))).count();
            let nothing = vec!["NULL"; parameters].join(", ");
            let arguments = if parameters == 0 { String::new() } else { format!("({nothing})") };
            conn.batch_execute(&format!(
                "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE asked AS {statement}"
            ))
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
            let plan: Vec<PgPlan> =
                diesel::sql_query(format!("EXPLAIN EXECUTE asked{arguments}")).load(conn).unwrap();
            conn.batch_execute("DEALLOCATE asked; RESET plan_cache_mode; RESET enable_seqscan").unwrap();
            plan.into_iter().map(|line| line.line).collect()
        }
    }
}

/// No plan of these statements is complained of.
async fn assert_nothing_to_complain_of(app: &TestApp, statements: Vec<String>) {
    let complaints = app
        .write(move |conn| {
            let mut complaints = Vec::new();
            for statement in &statements {
                let plan = plan(conn, statement);
                if let Some(complaint) = complaint(statement, &plan) {
                    complaints.push(format!("{complaint}:\n{statement}\n{}", plan.join("\n")));
                }
            }
            Ok(complaints)
        })
        .await;
    assert!(complaints.is_empty(), "{} complaints\n\n{}", complaints.len(), complaints.join("\n\n"));
}

/// What is wrong with a plan.
fn complaint(statement: &str, plan: &[String]) -> Option<&'static str> {
    // What is looked for among nothing: no row is read, whatever SQLite's plan says.
    if statement.contains("WHERE (1=0)") {
        return None;
    }
    let large = [
        "employees",
        "employee_tokens",
        "listed_roles",
        "role_assignments",
        "accounts",
        "account_tokens",
        "audit_events",
        "bindings",
        "esia_links",
        "mismatches",
        "category_grants",
        "imports",
        "import_rows",
        "proposals",
        "one_time_credentials",
        "applications",
        "account_applications",
        "application_files",
        "organization_days",
        "recertification_answers",
    ];
    for line in plan {
        let line = line.trim_start_matches([' ', '-', '>']);
        for table in large {
            let scans = line.strip_prefix("SCAN ").is_some_and(|rest| rest == table)
                || line.contains(&format!("Seq Scan on {table} "));
            if scans {
                return Some("a whole table is read");
            }
        }
        if line.contains("AUTOMATIC") {
            return Some("an index is made for one query");
        }
        // The table that is gone through; others are looked up in beside it.
        let through = statement.split(" FROM ").nth(1).unwrap_or_default();
        // Of rows that lie in another order all are gone through where they were counted to be few enough.
        let counted_before = ["organization_id IN", "roles_end_on <", "account_seen_at <="]
            .iter()
            .any(|rows| through.starts_with(&format!("employees WHERE {rows}")));
        if line == "USE TEMP B-TREE FOR ORDER BY"
            && !counted_before
            && ["`employees`", "`accounts`", "`audit_events`", "employees WHERE"]
                .iter()
                .any(|table| through.starts_with(table))
        {
            return Some("rows are sorted to find the first of them");
        }
    }
    None
}

crate::both_databases! {
    async fn no_query_of_the_staff_list_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (support, _) = signed_in(&app, "support").await;
        let (department, district) = signed_in(&app, "education_department").await;
        let (head, school) = signed_in(&app, "school_director").await;
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        for (number, question) in questions(district, school).into_iter().enumerate() {
            let more = [&department, &head].into_iter().filter(|_| number % 2 == 0);
            for client in [&support].into_iter().chain(more) {
                let first = page(client, &question, &[("limit", "20")]).await;
                if let Some(next) = first["next"].as_str() {
                    let second = page(client, &question, &[("limit", "20"), ("after", next)]).await;
                    let back = second["previous"].as_str().unwrap();
                    page(client, &question, &[("limit", "20"), ("before", back)]).await;
                }
            }
        }
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT"))
            .filter(|text| ["employees", "employee_tokens", "listed_roles", "role_assign"].iter().any(|table| text.contains(table)))
            .collect();
        assert!(statements.len() > 100, "{} statements", statements.len());
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_for_likely_duplicates_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (head, school) = signed_in(&app, "school_director").await;
        let someone = page(&head, &vec![("organization", school.to_string())], &[("role", "teacher")]).await;
        let someone = &someone["items"][0];
        let mut draft = people::form(school, "teacher");
        draft["person"] = serde_json::json!({
            "family_name": someone["name"]["family_name"], "given_name": someone["name"]["given_name"],
            "patronymic": someone["name"]["patronymic"].as_str().unwrap_or_default(),
            "no_patronymic": someone["name"]["patronymic"].is_null(),
            "email": "novikova@school.example", "snils": "112-233-445 95",
        });
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        head.post(EMPLOYEES, draft).await.expect_problem(409, "duplicate-suspected");
        let context = app.services.context.clone();
        app.write(move |conn| kontingent::index_snils(conn, &context)).await;
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT") && text.contains("employees"))
            .collect();
        let asks = |column: &str| statements.iter().any(|text| text.split(" WHERE ").nth(1).is_some_and(|rest| rest.contains(column)));
        assert!(asks("email_key") && asks("snils_key") && asks("organization_id"), "{statements:#?}");
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_of_the_accounts_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (support, _) = signed_in(&app, "support").await;
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        let mut victim = String::new();
        for question in
            ["", "state=blocked", "query=иванов", "query=иванов+ан&state=active", "query=post.ex", "query=а"]
        {
            let first = support.get(&format!("/api/v1/accounts?limit=20&{question}")).await.expect(200);
            if let Some(row) = first["items"].as_array().unwrap().first() {
                victim = row["id"].as_str().unwrap().to_owned();
            }
            if let Some(next) = first["next"].as_str() {
                let second = format!("/api/v1/accounts?limit=20&{question}&after={next}");
                let second = support.get(&second).await.expect(200);
                let back = second["previous"].as_str().unwrap();
                let back = format!("/api/v1/accounts?limit=20&{question}&before={back}");
                assert_eq!(support.get(&back).await.expect(200)["items"], first["items"], "{question}");
            }
        }
        support.get(&format!("/api/v1/accounts/{victim}")).await.expect(200);
        let own = support.get("/api/v1/session").await.expect(200)["session"]["account"]["id"].clone();
        for account in [victim.as_str(), own.as_str().unwrap()] {
            support.get(&format!("/api/v1/accounts/{account}/journal?limit=1")).await.expect(200);
        }
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT"))
            .filter(|text| ["accounts", "account_tokens", "audit_events"].iter().any(|table| text.contains(table)))
            // Only what is not sealed yet: an index of its own.
            .filter(|text| !(text.contains("audit_events") && text.contains("IS NULL")))
            .collect();
        assert!(statements.len() > 10, "{} statements", statements.len());
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_of_who_is_who_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (support, _) = signed_in(&app, "support").await;
        let (department, _) = signed_in(&app, "education_department").await;
        let (head, school) = signed_in(&app, "school_director").await;
        let (family, given, email): (String, String, String) = app
            .read(move |conn| {
                Ok(employees::table
                    .filter(employees::email.is_not_null())
                    .filter(employees::archived_at.is_null())
                    .filter(employees::patronymic.is_null())
                    .select((employees::family_name, employees::given_name, employees::email.assume_not_null()))
                    .first(conn)?)
            })
            .await;
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        let request = RequestInfo {
            request_id: "of-a-test".to_owned(),
            address: "203.0.113.7".parse().unwrap(),
            user_agent: String::new(),
        };
        let come = async |oid: &str, family: &str| {
            let person = Identity {
                oid: oid.to_owned(),
                name: FullName {
                    family_name: family.parse().unwrap(),
                    given_name: given.parse().unwrap(),
                    patronymic: None,
                },
                snils: None,
                emails: vec![email.parse().unwrap()],
            };
            identification::arrive(&app.services, person, Purpose::SignIn, None, &request).await.unwrap()
        };
        for _ in 0..2 {
            come("2000", &family).await;
        }
        let Arrival::Visit(token) = come("2001", "Незнакомцев").await else { panic!("recognised") };
        let cookie = token.into_cookie(&app.services);
        let visitor = app.anonymous();
        visitor.set_cookie(Some(format!("{}={}", cookie.name(), cookie.value())));
        let form = serde_json::json!({ "organization_id": school.to_string(), "agreed": true });
        visitor.post("/api/v1/esia/visit/send", form).await.expect(200);
        for client in [&support, &department, &head] {
            let queue = "/api/v1/kontingent/mismatches";
            let page = client.get(queue).await.expect(200);
            client.get(&format!("{queue}/count")).await.expect(200);
            client.get(&format!("{queue}?organization={school}&state=corrected")).await.expect(200);
            let row = page["items"][0]["id"].as_str().map(str::to_owned);
            if let Some(row) = row {
                client.get(&format!("{queue}/{row}")).await.expect(200);
            }
            for path in ["/api/v1/session", "/api/v1/subsystems", "/api/v1/profile"] {
                client.get(path).await.expect(200);
            }
        }
        for query in ["", "query=иванова", "query=a@mail.ru", "category=parent"] {
            support.get(&format!("/api/v1/categories?{query}")).await.expect(200);
        }
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let tables = ["employees", "bindings", "esia_links", "mismatches", "category_grants"];
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT"))
            .filter(|text| tables.iter().any(|table| text.contains(table)))
            .collect();
        assert!(statements.len() > 15, "{} statements", statements.len());
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_of_an_import_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (head, school) = signed_in(&app, "school_director").await;
        let school: String = app
            .read(move |conn| Ok(organizations::table.find(school).select(organizations::short_name).first(conn)?))
            .await;
        let mut text = "Фамилия;Имя;Отчество;E-mail;Организация;Роль\n".to_owned();
        for (family, address) in ["Абвгдеж", "Иванова", "Петрова"].iter().zip(["a", "b", "c"]) {
            let school = school.replace('"', "\"\"");
            text.push_str(&format!("{family};Анна;Ильинична;{address}@mail.ru;\"{school}\";Учитель\n"));
        }
        text.push_str(";;;;;\nБез;Роли;-;d@mail.ru;;\n");
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        let imports = "/api/v1/kontingent/imports";
        let request = head.request(reqwest::Method::POST, imports);
        let request = request.header("content-type", "application/octet-stream").body(text.clone());
        let import = head.send(request).await.expect(201);
        let at = format!("{imports}/{}", import["id"].as_str().unwrap());
        head.put(&format!("{at}/mapping"), json!({ "columns": import["columns"] })).await.expect(200);
        for question in ["", "?outcome=wrong", "?outcome=created&limit=2"] {
            let rows = head.get(&format!("{at}/rows{question}")).await.expect(200);
            if let Some(next) = rows["next"].as_str() {
                let mark = if question.is_empty() { '?' } else { '&' };
                head.get(&format!("{at}/rows{question}{mark}after={next}")).await.expect(200);
            }
        }
        let right = text.lines().take(4).collect::<Vec<_>>().join("\n");
        let request = head.request(reqwest::Method::POST, imports);
        let request = request.header("content-type", "application/octet-stream").body(right);
        let import = head.send(request).await.expect(201);
        let at = format!("{imports}/{}", import["id"].as_str().unwrap());
        head.put(&format!("{at}/mapping"), json!({ "columns": import["columns"] })).await.expect(200);
        head.post(&format!("{at}/apply"), Value::Null).await.expect(202);
        while head.get(&at).await.expect(200)["state"] != "applied" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        app.clock.advance(TimeDelta::hours(25));
        let services = app.services.clone();
        assert_eq!(app.write(move |conn| epos_backend::import::sweep(conn, &services)).await, 1);
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT"))
            .filter(|text| ["import", "employees", "role_assign"].iter().any(|table| text.contains(table)))
            .collect();
        assert!(statements.len() > 15, "{} statements", statements.len());
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_of_the_queues_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (support, _) = signed_in(&app, "support").await;
        let (department, _) = signed_in(&app, "education_department").await;
        let (head, school) = signed_in(&app, "school_director").await;
        let services = app.services.clone();
        app.write(move |conn| {
            use epos_backend::db::schema::one_time_credentials as c;
            let cards: Vec<Id> = employees::table
                .filter(employees::organization_id.eq(school))
                .select(employees::id)
                .load(conn)?;
            for card in cards {
                let now = services.context.db_now();
                diesel::insert_into(c::table)
                    .values((
                        c::id.eq(services.context.id()),
                        c::employee_id.eq(card),
                        c::secret_hmac.eq(vec![0_u8]),
                        c::issued_at.eq(now - TimeDelta::days(31)),
                        c::expires_at.eq(now - TimeDelta::days(1)),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        })
        .await;
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        for client in [&support, &department, &head] {
            client.get("/api/v1/kontingent/queues").await.expect(200);
        }
        let expired = "/api/v1/kontingent/queues/expired-credentials?limit=2";
        let page = head.get(expired).await.expect(200);
        let next = page["next"].as_str().expect("some have not come");
        let page = head.get(&format!("{expired}&after={next}")).await.expect(200);
        head.get(&format!("{expired}&before={}", page["previous"].as_str().unwrap())).await.expect(200);
        for query in ["", "state=declined", "query=иванова"] {
            support.get(&format!("/api/v1/account-applications?{query}")).await.expect(200);
        }
        epos_backend::account_applications::sweep(&app.services).await.unwrap();
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let tables = ["one_time_credentials", "mismatches", "applications"];
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT"))
            .filter(|text| tables.iter().any(|table| text.contains(table)))
            .collect();
        assert!(statements.len() > 10, "{} statements", statements.len());
        for statement in statements.iter().filter(|text| text.contains("one_time_credentials")) {
            let (asked, statement) = (statement.clone(), statement.clone());
            let plan = app.write(move |conn| Ok(plan(conn, &asked))).await.join("\n");
            assert!(plan.contains("organization") && plan.contains("one_time_credentials_"), "{statement}\n{plan}");
        }
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_of_the_journal_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (support, _) = signed_in(&app, "support").await;
        let (department, district) = signed_in(&app, "education_department").await;
        let (head, school) = signed_in(&app, "school_director").await;
        // So many that a department's page is not full after the newest of them.
        let context = app.services.context.clone();
        app.write(move |conn| {
            for number in 0..4_000_u32 {
                let action = ["employee.created", "session.opened"][usize::from(number % 2 == 0)];
                let event = if number % 20 == 0 {
                    Event::refused(action, "employee", Some(context.id()), "forbidden")
                } else {
                    Event::done(action, "employee", context.id())
                };
                audit::record(conn, &context, &audit::Actor::program(), event)?;
            }
            Ok(())
        })
        .await;
        let own = support.get("/api/v1/session").await.expect(200)["session"]["account"]["id"].clone();
        let own = own.as_str().unwrap();
        let parts: Vec<String> = ["action=cards", "action=session.opened", "result=refused", "result=done", "from=2026-11-01"]
            .map(str::to_owned)
            .into_iter()
            .chain([format!("object={own}"), format!("actor={own}"), "person=тестова".to_owned()])
            .chain([format!("organization={district}"), format!("organization={school}")])
            .collect();
        let mut questions = vec![String::new()];
        for (number, one) in parts.iter().enumerate() {
            questions.push(one.clone());
            let name = |part: &str| part.split('=').next().unwrap().to_owned();
            questions.extend(
                parts.iter().skip(number + 1).filter(|other| name(other) != name(one)).map(|other| format!("{one}&{other}")),
            );
        }
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        for question in &questions {
            for client in [&support, &department, &head] {
                let first = client.get(&format!("/api/v1/journal?limit=5&{question}")).await.expect(200);
                if let Some(next) = first["next"].as_str() {
                    let second = client.get(&format!("/api/v1/journal?limit=5&{question}&after={next}")).await.expect(200);
                    if let Some(back) = second["previous"].as_str() {
                        client.get(&format!("/api/v1/journal?limit=5&{question}&before={back}")).await.expect(200);
                    }
                }
            }
        }
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT") && text.contains("audit_events"))
            .filter(|text| !text.contains("position") || text.contains("request_id"))
            // What the sealer takes has an index of its own.
            .filter(|text| !text.contains("IS NULL"))
            .collect();
        assert!(statements.len() > 30, "{} statements", statements.len());
        assert!(statements.iter().any(|text| text.contains("AS tree")), "organizations were looked up one by one");
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_of_the_proposals_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (support, _) = signed_in(&app, "support").await;
        let (department, district) = signed_in(&app, "education_department").await;
        let (preschool, _) = signed_in(&app, "preschool_department").await;
        let (deputy, school) = signed_in(&app, "school_deputy").await;
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        let mut sent = Vec::new();
        for _ in 0..3 {
            let draft = people::form(school, "school_director");
            let request = serde_json::json!({ "kind": "create", "draft": draft });
            let proposal = deputy.post("/api/v1/kontingent/proposals", request).await.expect(201);
            sent.push(proposal["id"].as_str().unwrap().to_owned());
        }
        for client in [&support, &department, &preschool, &deputy] {
            client.get("/api/v1/kontingent/proposals/count").await.expect(200);
            for question in ["", "&state=approved", &format!("&organization={district}")] {
                let first = format!("/api/v1/kontingent/proposals?limit=1{question}");
                let first = client.get(&first).await.expect(200);
                if let Some(next) = first["next"].as_str() {
                    let second = format!("/api/v1/kontingent/proposals?limit=1{question}&after={next}");
                    let second = client.get(&second).await.expect(200);
                    let back = second["previous"].as_str().unwrap();
                    let back = format!("/api/v1/kontingent/proposals?limit=1{question}&before={back}");
                    client.get(&back).await.expect(200);
                }
            }
        }
        let first = format!("/api/v1/kontingent/proposals/{}", sent[0]);
        support.get(&first).await.expect(200);
        let approved = support.post(&format!("{first}/approve"), serde_json::json!({})).await.expect(200);
        support.get(&people::at(approved["employee_id"].as_str().unwrap())).await.expect(200);
        let services = app.services.clone();
        app.write(move |conn| kontingent::sweep_proposals(conn, &services)).await;
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT") && text.contains("proposals"))
            .collect();
        assert!(statements.len() > 10, "{} statements", statements.len());
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn no_query_of_reports_and_recertifications_reads_a_whole_table(app: TestApp) {
        record();
        let app = TestApp::start(app.kind, |_| {}).await;
        seeded(&app).await;
        let (support, _) = signed_in(&app, "support").await;
        let (department, district) = signed_in(&app, "education_department").await;
        let (head, school) = signed_in(&app, "school_director").await;
        *STATEMENTS.lock().unwrap() = Some(HashSet::new());
        let mut after = None;
        loop {
            after = reports::recount(&app.services, after).await.unwrap();
            if after.is_none() {
                break;
            }
        }
        let due = serde_json::json!({ "due_on": "2026-11-25" });
        let path = "/api/v1/kontingent/recertifications";
        let id = support.post(path, due).await.expect(201)["id"].as_str().unwrap().to_owned();
        for (client, place) in [(&support, district), (&department, district), (&head, school)] {
            let reports = "/api/v1/kontingent/reports";
            for report in ["staff", "days"] {
                client.get(&format!("{reports}/{report}")).await.expect(200);
                client.get(&format!("{reports}/{report}?organization={place}")).await.expect(200);
            }
            client.get(path).await.expect(200);
            for waiting in ["", "&waiting=true"] {
                let rows = format!("{path}/{id}/organizations?limit=20{waiting}");
                let first = client.get(&rows).await.expect(200);
                if let Some(next) = first["next"].as_str() {
                    client.get(&format!("{rows}&after={next}")).await.expect(200);
                }
            }
        }
        let people = head.get(&format!("{path}/{id}/people?limit=5")).await.expect(200);
        let next = people["next"].as_str().unwrap();
        head.get(&format!("{path}/{id}/people?limit=5&after={next}")).await.expect(200);
        let card = people["items"][0]["id"].as_str().unwrap();
        let works = serde_json::json!({ "answer": "works", "ids": [card] });
        head.post(&format!("{path}/{id}/answers"), works).await.expect(200);
        kontingent::tend_recertifications(&app.services, None).await.unwrap();
        let statements = STATEMENTS.lock().unwrap().take().unwrap();
        let tables = ["employees", "role_assignments", "recertification_answers", "organization_days"];
        let statements: Vec<String> = statements
            .into_iter()
            .filter(|text| text.starts_with("SELECT") || text.starts_with("INSERT INTO recertification_answers"))
            .filter(|text| tables.iter().any(|table| text.contains(table)))
            .collect();
        assert!(statements.len() > 15, "{} statements", statements.len());
        assert_nothing_to_complain_of(&app, statements).await;
        app.stop().await;
    }

    async fn every_way_of_looking_finds_what_going_through_all_cards_finds(app: TestApp) {
        seeded(app).await;
        let (support, _) = signed_in(app, "support").await;
        let (department, district) = signed_in(app, "education_department").await;
        let (_, school) = signed_in(app, "school_director").await;
        let cards = app.read(Card::all).await;
        let today = app.services.context.today();
        for (number, question) in questions(district, school).into_iter().enumerate() {
            check(&support, &question, &answer(&cards, &question, None, today)).await;
            if number % 3 == 0 {
                check(&department, &question, &answer(&cards, &question, Some(district), today)).await;
            }
        }
    }
}

crate::both_databases! {
    #[configure(|config| config.database.pool_size = 1)]
    async fn what_is_frequent_in_each_part_and_rare_together_is_found_among_few_rows(app: TestApp) {
        skewed(app).await;
        let client = people::works_as(app, people::organization(
            app, None, OrganizationKind::Operator, "Оператор").await, Role::Support).await.0;
        app.write(|conn| match conn {
            Conn::Pg(conn) => Ok(conn.batch_execute("ANALYZE")?),
            Conn::Lite(_) => Ok(()),
        }).await;
        let cards = app.read(Card::all).await;
        let today = app.services.context.today();
        let mut complaints = Vec::new();
        for (question, most) in skewed_questions() {
            let question: Parameters =
                question.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            let expected = answer(&cards, &question, None, today);
            check(&client, &question, &expected).await;
            // Of how many rows of any index a page is made, with its number.
            let before = rows_read(app).await;
            page(&client, &question, &[("limit", "50")]).await;
            let read = rows_read(app).await - before;
            if read > most {
                let all = expected.len();
                complaints.push(format!("{question:?} reads {read} rows, not {most}, for a page out of {all}"));
            }
        }
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}

/// Cards of two kinds that have next to nothing in common.
const SKEWED: usize = 20_000;

/// What the cards of either kind are asked for, and how many rows may be gone through for it.
///
/// Where what is asked for has nothing to do with the order of the list, or has an index of that order, a page
/// costs little: of so few cards PostgreSQL may still read a whole part to sort it, once for the page and once for
/// the number. What two kinds of thousands have in common is found by going through one of them: a few times, since
/// nobody knows beforehand which, and once more for the number.
fn skewed_questions() -> Vec<(Vec<(&'static str, &'static str)>, i64)> {
    let all = i64::try_from(SKEWED).unwrap();
    // Each of three ways is tried a little, then further, and PostgreSQL counts a sorted row as read.
    let (few, many) = (all * 3 / 2, all * 9);
    vec![
        (vec![], few),
        (vec![("query", "елена")], few),
        (vec![("query", "м")], few),
        (vec![("query", "я")], few),
        (vec![("role", "teacher")], few),
        (vec![("role", "lecturer")], few),
        (vec![("role", "lecturer"), ("sort", "name_descending")], few),
        (vec![("role", "teacher"), ("state", "in_force")], few),
        (vec![("role", "lecturer"), ("state", "ends_soon")], many),
        (vec![("role", "lecturer"), ("state", "ends_soon"), ("query", "мария")], many),
        (vec![("query", "елена ивановна")], many),
        (vec![("query", "е и")], many),
        (vec![("query", "м п")], many),
        (vec![("query", "мария а")], many),
        (vec![("role", "teacher"), ("query", "мария")], many),
        (vec![("role", "teacher"), ("query", "м"), ("state", "in_force")], many),
        (vec![("role", "teacher"), ("state", "ends_soon")], many),
        (vec![("role", "teacher"), ("sort", "newest")], many),
        (vec![("role", "lecturer"), ("sort", "oldest")], many),
        (vec![("role", "lecturer"), ("sort", "login")], many),
        (vec![("role", "teacher"), ("sort", "end")], many),
        (vec![("query", "мария"), ("sort", "oldest")], many),
        (vec![("query", "елена"), ("state", "ended")], many),
        (vec![("query", "мария"), ("state", "not_bound")], many),
        (vec![("role", "teacher"), ("state", "archived")], many),
    ]
}

/// The first half: teachers called Елена Петровна, long there, never ending. The second half: lecturers called Мария
/// Ивановна, of yesterday, ending soon. Of each three hundred one has one thing of the other kind.
async fn skewed(app: &TestApp) {
    let school = people::organization(app, None, OrganizationKind::School, "Школа").await;
    let college = people::organization(app, None, OrganizationKind::College, "Колледж").await;
    let context = app.services.context.clone();
    let letters: Vec<char> = "абвгдежзик".chars().collect();
    let cards: Vec<PastCard> = (0..SKEWED)
        .map(|number| {
            let second = number >= SKEWED / 2;
            let odd = |what: usize| (number % 300 == what) != second;
            // Ten letters for ten digits, so that names rise with the numbers.
            let digits: String = format!("{:05}", number % (SKEWED / 2))
                .bytes()
                .map(|digit| letters[usize::from(digit - b'0')])
                .collect();
            let family = format!("{}{digits}", if second { "Я" } else { "А" });
            let given = if odd(1) { "Мария" } else { "Елена" };
            let patronymic = if odd(2) { "Ивановна" } else { "Петровна" };
            let role = if odd(3) { Role::Lecturer } else { Role::Teacher };
            let days = if odd(4) { "01.09.2026–01.12.2026" } else { "01.09.2020–" };
            let days = if number % 300 == 5 { "01.09.2020–01.09.2021" } else { days };
            let created_at = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
            PastCard {
                id: context.id(),
                organization: if second { college } else { school },
                login: format!("{}login_{number}", if second { "z" } else { "a" }).parse().unwrap(),
                name: people::name(&format!("{family} {given} {patronymic}")),
                email: None,
                note: String::new(),
                created_at: created_at + TimeDelta::minutes(i64::try_from(number).unwrap()),
                archived_at: (number % 300 == 6).then_some(created_at + TimeDelta::days(300)),
                roles: vec![(context.id(), role, people::days(days))],
                binding: None,
                account_signed_in_at: None,
            }
        })
        .collect();
    app.write(move |conn| {
        for some in cards.chunks(5_000) {
            bulk::insert(conn, some)?;
        }
        Ok(())
    })
    .await;
}

/// Rows of indexes that PostgreSQL has read since its database is there, by the connection that reads. SQLite counts
/// nothing; that it takes the same ways is seen by its plans.
async fn rows_read(app: &TestApp) -> i64 {
    app.read(|conn| match conn {
        Conn::Pg(conn) => Ok(conn.batch_execute("SELECT pg_stat_force_next_flush()")?),
        Conn::Lite(_) => Ok(()),
    })
    .await;
    app.read(|conn| match conn {
        Conn::Pg(conn) => {
            let tables = "('employees', 'employee_tokens', 'listed_roles', 'role_assignments')";
            let sql = format!(
                "SELECT ((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN {tables}) \
                 + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN {tables}))::bigint AS read"
            );
            Ok(diesel::sql_query(sql).get_result::<Read>(conn)?.read)
        }
        Conn::Lite(_) => Ok(0),
    })
    .await
}

#[derive(QueryableByName)]
struct Read {
    #[diesel(sql_type = BigInt)]
    read: i64,
}

/// Pages from the beginning, and back again, as far as some pages go.
async fn check(client: &Client, question: &Parameters, expected: &[Id]) {
    let limit = [("limit", "40")];
    let mut at = 0;
    let mut now = page(client, question, &limit).await;
    let total = if expected.len() > 1000 {
        serde_json::json!({ "kind": "more_than", "value": 1000 })
    } else {
        serde_json::json!({ "kind": "exact", "value": expected.len() })
    };
    let mut pages = 0;
    loop {
        assert_eq!(now["total"], total, "{question:?}");
        let until = (at + 40).min(expected.len());
        assert_eq!(ids(&now), expected[at..until], "{question:?} from {at}");
        assert_eq!(now["next"].is_string(), until < expected.len(), "{question:?} next at {at}");
        assert_eq!(now["previous"].is_string(), at > 0, "{question:?} previous at {at}");
        pages += 1;
        let Some(next) = now["next"].as_str().filter(|_| pages < 3) else { break };
        now = page(client, question, &[limit[0], ("after", next)]).await;
        at = until;
    }
    while let Some(previous) = now["previous"].as_str() {
        now = page(client, question, &[limit[0], ("before", previous)]).await;
        let from = at.saturating_sub(40);
        assert_eq!(ids(&now), expected[from..at], "{question:?} back from {at}");
        at = from;
    }
    assert_eq!(at, 0, "{question:?}");
}

/// A card with everything the list is filtered and sorted by, read from where it is written, not from what is
/// kept for the list.
struct Card {
    id: Id,
    organization: Id,
    organization_key: String,
    above: Vec<Id>,
    login: String,
    name_key: String,
    email_key: String,
    created_at: NaiveDateTime,
    archived: bool,
    roles: Vec<(String, NaiveDate, Option<NaiveDate>)>,
    bound: bool,
    signed_in_at: Option<NaiveDateTime>,
}

impl Card {
    fn all(conn: &mut Conn) -> Result<Vec<Self>, DbError> {
        let places: Vec<(Id, String)> =
            organizations::table.select((organizations::id, organizations::short_name)).load(conn)?;
        let places: HashMap<Id, String> = places.into_iter().collect();
        let pairs: Vec<(Id, Id)> = organization_ancestors::table
            .select((organization_ancestors::descendant_id, organization_ancestors::ancestor_id))
            .load(conn)?;
        let mut above: HashMap<Id, Vec<Id>> = HashMap::new();
        for (id, ancestor) in pairs {
            above.entry(id).or_default().push(ancestor);
        }
        let mut roles: HashMap<Id, Vec<_>> = HashMap::new();
        let rows: Vec<(Id, String, NaiveDate, Option<NaiveDate>)> = role_assignments::table
            .select((
                role_assignments::employee_id,
                role_assignments::role,
                role_assignments::starts_on,
                role_assignments::ends_on,
            ))
            .load(conn)?;
        for (id, role, start, end) in rows {
            roles.entry(id).or_default().push((role, start, end));
        }
        let bound: Vec<(Id, Id)> = bindings::table
            .filter(bindings::ended_at.is_null())
            .select((bindings::employee_id, bindings::account_id))
            .load(conn)?;
        let mut seen = HashMap::new();
        for (card, account) in bound {
            seen.insert(card, accounts::find(conn, account)?.unwrap().last_sign_in_at);
        }
        type Row = (
            Id,
            Id,
            String,
            String,
            String,
            Option<String>,
            Option<String>,
            NaiveDateTime,
            Option<NaiveDateTime>,
        );
        let rows: Vec<Row> = employees::table
            .select((
                employees::id,
                employees::organization_id,
                employees::login,
                employees::family_name,
                employees::given_name,
                employees::patronymic,
                employees::email_key,
                employees::created_at,
                employees::archived_at,
            ))
            .load(conn)?;
        Ok(rows
            .into_iter()
            .map(|(id, organization, login, family, given, patronymic, email_key, created_at, archived)| {
                Self {
                    id,
                    organization,
                    organization_key: search_key(&places[&organization]),
                    above: above[&organization].clone(),
                    login,
                    name_key: search_key(&format!("{family} {given} {}", patronymic.unwrap_or_default())),
                    email_key: email_key.unwrap_or_default(),
                    created_at,
                    archived: archived.is_some(),
                    roles: roles.remove(&id).unwrap_or_default(),
                    bound: seen.contains_key(&id),
                    signed_in_at: seen.get(&id).copied().flatten(),
                }
            })
            .collect())
    }

    fn has_word(&self, word: &str, any_part: bool) -> bool {
        if any_part {
            return [&self.name_key, &self.login, &self.email_key].iter().any(|text| text.contains(word));
        }
        let of_name = self.name_key.split(' ').any(|part| {
            part.starts_with(word)
                || part.match_indices(['-', '\'', '.']).any(|(at, _)| part[at + 1..].starts_with(word))
        });
        of_name
            || self.login.starts_with(word)
            || self.email_key.starts_with(word)
            || self.email_key.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word))
    }

    fn last_day(&self) -> NaiveDate {
        let open = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();
        self.roles.iter().map(|(_, _, end)| end.unwrap_or(open)).max().unwrap()
    }

    fn is_asked_for(&self, name: &str, value: &str, today: NaiveDate, role: Option<&str>) -> bool {
        let roles = || self.roles.iter().filter(|(name, ..)| role.is_none_or(|role| role == name));
        let not_ended = |end: &Option<NaiveDate>| end.is_none_or(|end| end >= today);
        match (name, value) {
            ("role", _) => roles().any(|(_, _, end)| not_ended(end)),
            ("state", "in_force") => roles().any(|(_, start, end)| *start <= today && not_ended(end)),
            ("state", "ends_soon") => roles().any(|(_, start, end)| {
                *start <= today && end.is_some_and(|end| end >= today && end <= today + TimeDelta::days(30))
            }),
            ("state", "ended") => roles().count() > 0 && !self.roles.iter().any(|(_, _, end)| not_ended(end)),
            ("state", "not_bound") => !self.bound,
            ("state", "never_signed_in") => self.signed_in_at.is_none(),
            ("state", "archived") => self.archived && roles().count() > 0,
            _ => true,
        }
    }

    /// Before every sign-in: no account, then an account that has never signed in.
    fn seen(&self) -> (bool, Option<NaiveDateTime>) {
        (self.bound, self.signed_in_at)
    }
}

/// What a question has to be answered with.
fn answer(cards: &[Card], question: &Parameters, scope: Option<Id>, today: NaiveDate) -> Vec<Id> {
    let value =
        |wanted: &str| question.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    let organization = value("organization").map(|id| Id(id.parse().unwrap()));
    let one = organization
        .is_some_and(|id| !cards.iter().any(|card| card.organization != id && card.above.contains(&id)));
    let role = value("role");
    let state = value("state");
    let mut found: Vec<&Card> = cards
        .iter()
        .filter(|card| scope.is_none_or(|top| card.above.contains(&top)))
        .filter(|card| organization.is_none_or(|top| card.above.contains(&top)))
        .filter(|card| card.archived == (state == Some("archived")))
        .filter(|card| match (state, role) {
            // The role of a state is judged with the state.
            (Some(state @ ("in_force" | "ends_soon" | "ended" | "archived")), _) => {
                card.is_asked_for("state", state, today, role)
            }
            _ => {
                role.is_none_or(|name| card.is_asked_for("role", name, today, role))
                    && state.is_none_or(|state| card.is_asked_for("state", state, today, None))
            }
        })
        .filter(|card| {
            let query = search_key(value("query").unwrap_or_default());
            query.split([' ', '.']).filter(|word| !word.is_empty()).all(|word| card.has_word(word, one))
        })
        .collect();
    let sort = value("sort").unwrap_or("name");
    let (order, backwards) = match sort.strip_suffix("_descending") {
        Some(order) => (order, true),
        None if sort == "newest" => ("oldest", true),
        None => (sort, false),
    };
    match order {
        "name" => found.sort_by_key(|card| (&card.name_key, card.id)),
        "login" => found.sort_by_key(|card| &card.login),
        "oldest" => found.sort_by_key(|card| (card.created_at, card.id)),
        "organization" => {
            found.sort_by_key(|card| (&card.organization_key, card.organization, &card.name_key, card.id));
        }
        "end" => found.sort_by_key(|card| (card.last_day(), &card.name_key, card.id)),
        "sign_in" => found.sort_by_key(|card| (card.seen(), &card.name_key, card.id)),
        other => panic!("{other}"),
    }
    if backwards {
        found.reverse();
    }
    found.into_iter().map(|card| card.id).collect()
}

#[test]
fn a_plan_that_reads_a_whole_table_is_complained_of() {
    let of = |line: &str| complaint("SELECT", &[line.to_owned()]);
    assert!(of("SCAN employees").is_some());
    assert!(of("SCAN employees USING COVERING INDEX employees_by_name").is_none());
    assert!(of("  ->  Seq Scan on role_assignments  (cost=0.00..1.00)").is_some());
    assert!(of("  ->  Index Scan using employees_by_name on employees  (cost=0.00..1.00)").is_none());
}
