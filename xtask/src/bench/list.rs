//! The staff list among a million cards and among ten thousand, on both databases.

use super::data::{self, Kind, PASSWORD, SMALL};
use super::http::{Client, escaped};
use super::load::{Met, Pace, What};
use super::report::{Limit, Line, Unit};
use super::server::Server;
use super::{Bench, Figure};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

pub const LIST: Figure = Figure {
    name: "list",
    title: "Staff list, filters and search",
    method: "`GET /api/v1/kontingent/employees` at 50/s, 50 rows a page, as support, who sees every organization. \
             Each kind of question is asked by itself, with up to 200 different values drawn from the data \
             themselves; the kind with the worst p99 counts. Of SQLite's file every byte has been read once. 2,000 organizations among a million cards, 20 among \
             ten thousand. PostgreSQL with `shared_buffers` of 512 MB, otherwise as it comes. All kinds by \
             p50 / p99 in milliseconds:",
    measure: list,
};

const LIST_PATH: &str = "/api/v1/kontingent/employees";
const RATE: u32 = 50;
const VALUES: usize = 200;
const ROLES: [&str; 6] =
    ["teacher", "class_teacher", "social_pedagogue", "school_director", "lecturer", "kindergarten_teacher"];

/// Questions of one kind.
struct Questions {
    kind: &'static str,
    /// What follows the path.
    queries: Vec<String>,
}

/// What one kind met in one database.
struct Row {
    kind: &'static str,
    met: Met,
}

/// Somebody of the data.
struct Sample {
    organization: String,
    family: String,
    given: String,
    login: String,
}

fn list(bench: &mut Bench) -> Result<()> {
    let cards = bench.cards;
    let mut tables = Vec::new();
    for kind in Kind::ALL {
        let large = ask_all(bench, kind, cards)?;
        let small = ask_all(bench, kind, SMALL)?;
        let worst = large.iter().max_by(|a, b| a.met.p99.total_cmp(&b.met.p99)).context("no questions")?;
        bench.report.line(Line {
            what: format!("list among {cards}, {}, p99 of the slowest kind", kind.title()),
            measured: worst.met.p99,
            unit: Unit::Milliseconds,
            limit: Limit::AtMost(20.0),
            raw: format!("slowest: {}: {}; {}", worst.kind, worst.met, over(&large, 20.0)),
        });
        let (mean_large, mean_small) = (mean(&large), mean(&small));
        let growth = |row: &Row| {
            let before = small.iter().find(|other| other.kind == row.kind);
            before.map_or(f64::NAN, |before| row.met.p50 / before.met.p50)
        };
        let most = large.iter().max_by(|a, b| growth(a).total_cmp(&growth(b))).context("no questions")?;
        bench.report.line(Line {
            what: format!("list, {cards} against {SMALL}, {}, mean p99 of all kinds", kind.title()),
            measured: mean_large / mean_small,
            unit: Unit::Times,
            limit: Limit::AtMost(2.0),
            raw: format!(
                "mean of the kinds' p99: {mean_large:.2} against {mean_small:.2} ms; the greatest growth of a p50 \
                 is that of {}: {:.2} times",
                most.kind,
                growth(most)
            ),
        });
        tables.push((large, small));
    }
    detail(bench, cards, &tables);
    Ok(())
}

fn mean(rows: &[Row]) -> f64 {
    rows.iter().map(|row| row.met.p99).sum::<f64>() / rows.len() as f64
}

fn over(rows: &[Row], limit: f64) -> String {
    let over: Vec<&str> = rows.iter().filter(|row| row.met.p99 > limit).map(|row| row.kind).collect();
    if over.is_empty() {
        return format!("all {} kinds within the limit", rows.len());
    }
    format!("{} of {} kinds above the limit: {}", over.len(), rows.len(), over.join(", "))
}

fn detail(bench: &mut Bench, cards: u32, tables: &[(Vec<Row>, Vec<Row>)]) {
    let mut header = "| kind |".to_owned();
    for kind in Kind::ALL {
        header.push_str(&format!(" {0}, {cards} | {0}, {SMALL} |", kind.title()));
    }
    bench.report.detail(header);
    bench.report.detail("|---|---|---|---|---|".to_owned());
    let Some((first, _)) = tables.first() else { return };
    for row in first {
        let mut text = format!("| {} |", row.kind);
        for rows in tables.iter().flat_map(|(large, small)| [large, small]) {
            let met =
                rows.iter().find(|other| other.kind == row.kind).map(|other| other.met).unwrap_or_default();
            text.push_str(&format!(" {:.1} / {:.1} |", met.p50, met.p99));
        }
        bench.report.detail(text);
    }
}

fn ask_all(bench: &mut Bench, kind: Kind, cards: u32) -> Result<Vec<Row>> {
    let database = bench.database(kind, cards)?;
    Bench::hold(&database)?;
    let server = Server::start(&bench.project, &bench.folder, &database)?;
    let client = Client::signed_in(&server.url(), &data::user_name(0), PASSWORD)?;
    let file = bench.folder.join("addresses");
    let mut rows = Vec::new();
    for questions in questions(&client)? {
        let addresses: Vec<String> = questions
            .queries
            .iter()
            .cycle()
            .take(VALUES)
            .map(|query| format!("{}{LIST_PATH}{query}", client.url()))
            .collect();
        std::fs::write(&file, addresses.join("\n"))?;
        let what = What::GetEach(&file);
        // The first requests of a kind read from disk and prepare statements.
        bench.load(&client, &what, Pace::Rate(RATE), 1)?;
        let met = bench.load(&client, &what, Pace::Rate(RATE), bench.seconds.div_ceil(2))?;
        crate::ui::note(&format!("{}, {cards}, {}: {met}", kind.title(), questions.kind));
        rows.push(Row { kind: questions.kind, met });
    }
    Ok(rows)
}

fn questions(client: &Client) -> Result<Vec<Questions>> {
    let people = samples(client)?;
    let all = |kind, queries: Vec<String>| Questions { kind, queries };
    let each = |kind, query: &dyn Fn(&Sample) -> String| Questions {
        kind,
        queries: people.iter().map(query).collect(),
    };
    let state = |kind, state: &str| Questions { kind, queries: vec![format!("?state={state}")] };
    let beginning = |text: &str, length: usize| escaped(&text.chars().take(length).collect::<String>());
    let roles = |rest: &str| ROLES.iter().map(|role| format!("?role={role}{rest}")).collect::<Vec<_>>();
    Ok(vec![
        all("first page", vec![String::new()]),
        all("pages further on", further_pages(client)?),
        all(
            "other orders",
            ["name_descending", "login", "login_descending", "newest", "oldest", "end", "end_descending"]
                .map(|it| format!("?sort={it}"))
                .into(),
        ),
        all(
            "by organization",
            ["organization", "organization_descending"].map(|it| format!("?sort={it}")).into(),
        ),
        all("by last sign-in", ["sign_in", "sign_in_descending"].map(|it| format!("?sort={it}")).into()),
        all("a role, by its end", roles("&sort=end")),
        each("one organization", &|it| format!("?organization={}", it.organization)),
        each("one organization, any part of a word", &|it| {
            let part: String = it.family.chars().skip(1).take(4).collect();
            format!("?organization={}&query={}", it.organization, escaped(&part))
        }),
        all("a role", roles("")),
        all("a role, by login", roles("&sort=login")),
        state("role in force", "in_force"),
        state("role ends soon", "ends_soon"),
        state("role ended", "ended"),
        state("not bound", "not_bound"),
        state("never signed in", "never_signed_in"),
        state("archived", "archived"),
        all("a role that ends soon", roles("&state=ends_soon")),
        each("family name", &|it| format!("?query={}", escaped(&it.family))),
        each("family and given name", &|it| {
            format!("?query={}%20{}", escaped(&it.family), escaped(&it.given))
        }),
        each("beginning of a family name, 3 letters", &|it| format!("?query={}", beginning(&it.family, 3))),
        each("one letter", &|it| format!("?query={}", beginning(&it.family, 1))),
        each("given name", &|it| format!("?query={}", escaped(&it.given))),
        each("two initials", &|it| {
            format!("?query={}%20{}", beginning(&it.family, 1), beginning(&it.given, 1))
        }),
        each("login", &|it| format!("?query={}", escaped(&it.login))),
        each("family name, role, in force", &|it| {
            format!("?query={}&role=teacher&state=in_force", escaped(&it.family))
        }),
    ])
}

/// People from all over the list: the newest cards stand in no order of names.
fn samples(client: &Client) -> Result<Vec<Sample>> {
    let mut people = Vec::new();
    for sort in ["newest", "oldest"] {
        let page = client.get(&format!("{LIST_PATH}?limit=100&sort={sort}"))?;
        for item in page.get("items").and_then(Value::as_array).context("items")? {
            let text = |path: &str| item.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
            people.push(Sample {
                organization: text("/organization/id"),
                family: text("/name/family_name"),
                given: text("/name/given_name"),
                login: text("/login"),
            });
        }
    }
    ensure!(people.iter().all(|it| !it.family.is_empty() && !it.organization.is_empty()), "rows of the list");
    ensure!(people.len() <= VALUES && !people.is_empty(), "{} people", people.len());
    Ok(people)
}

/// Pages after pages: forty cursors, each of the page before.
fn further_pages(client: &Client) -> Result<Vec<String>> {
    let mut queries: Vec<String> = Vec::new();
    for _ in 0..40 {
        let last = queries.last().map(String::as_str).unwrap_or_default();
        let page = client.get(&format!("{LIST_PATH}{last}"))?;
        let Some(next) = page.get("next").and_then(Value::as_str) else { break };
        queries.push(format!("?after={}", escaped(next)));
    }
    ensure!(!queries.is_empty(), "the list has one page");
    Ok(queries)
}
