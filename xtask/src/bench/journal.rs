//! «Журнал» among ten million entries, on PostgreSQL.

use super::data::{self, Kind, PASSWORD};
use super::http::{Client, escaped};
use super::load::{Met, Pace, What};
use super::report::{Limit, Line, Unit};
use super::server::Server;
use super::{Bench, Figure};
use crate::ui;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

pub const JOURNAL: Figure = Figure {
    name: "journal",
    title: "A page of the journal",
    method: "`GET /api/v1/journal` at 20/s, 50 entries a page, on PostgreSQL with `shared_buffers` of 512 MB. The \
             entries are those of a year, of 2,000 organizations, of which some do much and others little; one in \
             25 tells of a refusal, one in 20 belongs to no organization. Asked by support, by a department with \
             300 organizations below it and by the head of one; each kind of question by itself, and the kind \
             with the worst p99 counts. All kinds by p50 / p99 in milliseconds:",
    measure: journal,
};

const PATH: &str = "/api/v1/journal";
const RATE: u32 = 20;
const ORGANIZATIONS: u32 = 2_000;
const CARDS: u32 = 20_000;
/// Different values of a question.
const VALUES: usize = 100;

/// Who asks.
struct Reader {
    title: &'static str,
    client: Client,
}

struct Questions {
    kind: &'static str,
    queries: Vec<String>,
}

struct Row {
    reader: &'static str,
    kind: &'static str,
    met: Met,
}

fn journal(bench: &mut Bench) -> Result<()> {
    let entries = bench.entries;
    let database = prepare(bench, entries)?;
    let server = Server::start(&bench.project, &bench.folder, &database)?;
    let mut rows = Vec::new();
    for (number, title) in ["support", "department", "head"].into_iter().enumerate() {
        let user = data::user_name(u32::try_from(number)?);
        let reader = Reader { title, client: Client::signed_in(&server.url(), &user, PASSWORD)? };
        for questions in questions(&reader)? {
            rows.push(ask(bench, &reader, &questions)?);
        }
    }
    let worst = rows.iter().max_by(|a, b| a.met.p99.total_cmp(&b.met.p99)).context("no questions")?;
    bench.report.line(Line {
        what: format!("journal among {entries}, PostgreSQL, p99 of the slowest kind"),
        measured: worst.met.p99,
        unit: Unit::Milliseconds,
        limit: Limit::AtMost(50.0),
        raw: format!("slowest: {}, {}: {}", worst.reader, worst.kind, worst.met),
    });
    bench.report.detail("| who asks | kind | |".to_owned());
    bench.report.detail("|---|---|---|".to_owned());
    for Row { reader, kind, met } in &rows {
        bench.report.detail(format!("| {reader} | {kind} | {:.1} / {:.1} |", met.p50, met.p99));
    }
    Ok(())
}

fn ask(bench: &Bench, reader: &Reader, questions: &Questions) -> Result<Row> {
    let file = bench.folder.join("addresses");
    let addresses: Vec<String> = questions
        .queries
        .iter()
        .cycle()
        .take(VALUES)
        .map(|query| format!("{}{PATH}{query}", reader.client.url()))
        .collect();
    std::fs::write(&file, addresses.join("\n"))?;
    let what = What::GetEach(&file);
    // The first requests of a kind read from disk and prepare statements.
    bench.load(&reader.client, &what, Pace::Rate(RATE), 1)?;
    let met = bench.load(&reader.client, &what, Pace::Rate(RATE), bench.seconds.div_ceil(2))?;
    ui::note(&format!("{}, {}: {met}", reader.title, questions.kind));
    Ok(Row { reader: reader.title, kind: questions.kind, met })
}

fn questions(reader: &Reader) -> Result<Vec<Questions>> {
    let mut pages = vec![String::new()];
    for _ in 0..20 {
        let last = pages.last().map(String::as_str).unwrap_or_default();
        let page = reader.client.get(&format!("{PATH}{last}"))?;
        let Some(next) = page.get("next").and_then(Value::as_str) else { break };
        pages.push(format!("?after={}", escaped(next)));
    }
    ensure!(pages.len() > 1, "the journal has one page");
    let further = pages.split_off(1);
    let sample = reader.client.get(&format!("{PATH}?limit=100"))?;
    let values = |pointer: &str, name: &str| -> Vec<String> {
        let items = sample.get("items").and_then(Value::as_array).into_iter().flatten();
        let mut all: Vec<String> = items
            .filter_map(|item| item.pointer(pointer).and_then(Value::as_str))
            .map(|value| format!("?{name}={}", escaped(value)))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let days: Vec<String> = sample
        .pointer("/items/0/at")
        .and_then(Value::as_str)
        .and_then(|at| at.get(..4)?.parse::<i32>().ok())
        .map(|year| {
            let months =
                (1..=12).rev().map(|month| format!("?from={0}-{month:02}-01&to={0}-{month:02}-28", year - 1));
            months.collect()
        })
        .unwrap_or_default();
    let with = |queries: Vec<String>, rest: &str| -> Vec<String> {
        queries.into_iter().map(|query| format!("{query}&{rest}")).collect()
    };
    let all = [
        ("first page", pages),
        ("pages further on", further),
        ("days", days.clone()),
        ("an action", ["session.opened", "employee.person_changed"].map(|it| format!("?action={it}")).into()),
        ("a rare action", vec!["?action=employee.archived".to_owned()]),
        ("an action that there is none of", vec!["?action=organization.created".to_owned()]),
        ("a group of actions", vec!["?action=cards".to_owned(), "?action=accounts".to_owned()]),
        ("refused", vec!["?result=refused".to_owned()]),
        ("refused, a rare action", vec!["?result=refused&action=employee.archived".to_owned()]),
        ("done, a rare action", vec!["?result=done&action=employee.archived".to_owned()]),
        ("a rare action, days", with(days, "action=employee.archived")),
        ("one organization", values("/organization/id", "organization")),
        (
            "one organization, an action",
            with(values("/organization/id", "organization"), "action=binding.created"),
        ),
        ("a card", values("/object/id", "object")),
        ("an actor", values("/actor/account", "actor")),
        ("an actor, a rare action", with(values("/actor/account", "actor"), "action=employee.archived")),
        ("a person by words", values("/object/name", "person")),
    ];
    Ok(all
        .into_iter()
        .filter(|(_, queries)| !queries.is_empty())
        .map(|(kind, queries)| Questions { kind, queries })
        .collect())
}

/// The address of the database with so many entries, filled if it is not yet.
fn prepare(bench: &mut Bench, entries: u32) -> Result<String> {
    let name = format!("journal_{entries}");
    let url = bench.with_organizations(Kind::Postgres, &name, ORGANIZATIONS, CARDS)?;
    let database = format!("epos_{name}");
    let cluster = bench.postgres.as_ref().context("PostgreSQL")?;
    let sql = |statement: &str| cluster.sql_in(&database, statement);
    if sql("SELECT 1 FROM audit_events WHERE request_id = 'bench' LIMIT 1")?.is_empty() {
        ui::note(&format!("writing {entries} entries, once"));
        for statement in PEOPLE {
            sql(statement)?;
        }
        // Indexes are made again when everything is there.
        let made =
            sql("SELECT indexdef FROM pg_indexes WHERE tablename = 'audit_events' AND indexname NOT IN \
                        ('audit_events_pkey', 'audit_events_position_key')")?;
        sql(
            "DO $$ DECLARE name text; BEGIN FOR name IN SELECT indexname FROM pg_indexes WHERE tablename = \
             'audit_events' AND indexname NOT IN ('audit_events_pkey', 'audit_events_position_key') LOOP \
             EXECUTE 'DROP INDEX ' || name; END LOOP; END $$",
        )?;
        sql("TRUNCATE audit_events; DELETE FROM audit_heads")?;
        sql(&ENTRIES.replace("{entries}", &entries.to_string()))?;
        for index in made.iter().filter(|line| !line.trim().is_empty()) {
            sql(index)?;
        }
        sql(
            "INSERT INTO audit_heads SELECT 'main', position, seal FROM audit_events ORDER BY position DESC LIMIT 1",
        )?;
        sql("VACUUM ANALYZE audit_events")?;
        sql("ANALYZE")?;
    }
    Ok(url)
}

/// Two of the people of support become a department with many organizations below it and the head of a school.
const PEOPLE: [&str; 3] = [
    "CREATE TABLE bench_readers AS SELECT a.user_name, b.employee_id AS card FROM accounts a JOIN bindings b ON \
     b.account_id = a.id WHERE a.user_name IN ('bench1', 'bench2')",
    "WITH place AS (SELECT user_name, card, CASE user_name WHEN 'bench1' THEN (SELECT parent_id FROM organizations \
     WHERE kind = 'school' ORDER BY id LIMIT 1) ELSE (SELECT id FROM organizations WHERE kind = 'school' ORDER BY id \
     LIMIT 1) END AS organization FROM bench_readers), moved AS (UPDATE employees e SET organization_id = \
     place.organization FROM place WHERE e.id = place.card) UPDATE role_assignments r SET organization_id = \
     place.organization, role = CASE place.user_name WHEN 'bench1' THEN 'education_department' ELSE \
     'school_director' END FROM place WHERE r.employee_id = place.card",
    "INSERT INTO organization_ancestors SELECT o.id, top.id, 1 FROM organizations o, (SELECT parent_id AS id FROM \
     organizations WHERE kind = 'school' ORDER BY id LIMIT 1) top WHERE o.kind IN ('school', 'kindergarten', \
     'college') AND NOT EXISTS (SELECT 1 FROM organization_ancestors t WHERE t.descendant_id = o.id AND \
     t.ancestor_id = top.id) ORDER BY o.id LIMIT (SELECT 300 + 1 - count(*) FROM organization_ancestors t WHERE \
     t.ancestor_id = (SELECT parent_id FROM organizations WHERE kind = 'school' ORDER BY id LIMIT 1))",
];

/// A year of entries: identifiers that rise with time, organizations that do much or little.
const ENTRIES: &str = "
CREATE TABLE IF NOT EXISTS bench_cards AS
    SELECT row_number() OVER (ORDER BY md5(organization_id::text), id) - 1 AS n, id, organization_id FROM employees;
CREATE UNIQUE INDEX IF NOT EXISTS bench_cards_n ON bench_cards (n) INCLUDE (id, organization_id);
CREATE TABLE IF NOT EXISTS bench_accounts AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM accounts;
CREATE UNIQUE INDEX IF NOT EXISTS bench_accounts_n ON bench_accounts (n) INCLUDE (id);
INSERT INTO audit_events
SELECT
    (lpad(to_hex((extract(epoch FROM drawn.at) * 1000)::bigint), 12, '0') || '7' || substr(drawn.hash, 1, 3)
        || '8' || substr(drawn.hash, 4, 15))::uuid,
    drawn.at, accounts.id, actors.id, drawn.action, 'employee', cards.id,
    CASE WHEN drawn.place > 0.05 THEN cards.organization_id END,
    '10.' || (drawn.n % 200) || '.7.9', 'bench', drawn.result,
    CASE WHEN drawn.action = 'employee.person_changed'
        THEN '{\"before\":{\"name\":\"Иванова Анна Павловна\",\"email\":null,\"note\":\"\"},\"after\":{\"name\":\"Иванова Анна Петровна\",\"email\":\"a@school.example\",\"note\":\"\"}}'
        WHEN drawn.result = 'refused' THEN '{\"reason\":\"forbidden\"}' ELSE '{}' END,
    drawn.n, decode(drawn.hash || drawn.hash, 'hex')
FROM (
    SELECT n, md5(n::text) AS hash,
        date_trunc('second', now() AT TIME ZONE 'UTC') - ({entries} - n + 1) * (interval '365 days' / {entries}) AS at,
        CASE WHEN random() < 0.00001 THEN 'employee.archived' ELSE (ARRAY['session.opened', 'session.opened',
            'session.opened', 'session.closed', 'credentials.issued', 'employee.person_changed',
            'employee.role_added', 'binding.created'])[1 + floor(random() * 8)::int] END AS action,
        CASE WHEN random() < 0.04 THEN 'refused' ELSE 'done' END AS result,
        random() AS place,
        floor(power(random(), 3) * (SELECT count(*) FROM bench_cards))::bigint AS card,
        floor(power(random(), 3) * (SELECT count(*) FROM bench_cards))::bigint AS actor,
        floor(random() * (SELECT count(*) FROM bench_accounts))::bigint AS account
    FROM generate_series(1, {entries}) AS n
) AS drawn
JOIN bench_cards AS cards ON cards.n = drawn.card
JOIN bench_cards AS actors ON actors.n = drawn.actor
JOIN bench_accounts AS accounts ON accounts.n = drawn.account
ORDER BY drawn.n";
