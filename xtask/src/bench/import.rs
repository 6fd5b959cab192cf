//! A file of ten thousand rows.

use super::data::{self, Kind, PASSWORD};
use super::http::Client;
use super::report::{Limit, Line, Unit};
use super::server::Server;
use super::{Bench, Figure};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub const IMPORT: Figure = Figure {
    name: "import",
    title: "10,000 rows imported",
    method: "A CSV of 10,000 new people of one school into a database of 2,000 cards: the preview counts from the \
             upload to its answer, the applying until the state says so. Meanwhile somebody else creates a card of \
             another organization 20 times a second, counted from the moment each was due.",
    measure: import,
};

const ROWS: usize = 10_000;
const ORGANIZATIONS: u32 = 40;
const CARDS: u32 = 2_000;
const IMPORTS: &str = "/api/v1/kontingent/imports";
const EMPLOYEES: &str = "/api/v1/kontingent/employees";
/// Between two cards of somebody else.
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(600);

fn import(bench: &mut Bench) -> Result<()> {
    for kind in Kind::ALL {
        let database = bench.fresh_database(kind, ORGANIZATIONS, CARDS)?;
        let server = Server::start(&bench.project, &bench.folder, &database)?;
        let client = Client::signed_in(&server.url(), &data::user_name(0), PASSWORD)?;
        let other = Client::signed_in(&server.url(), &data::user_name(1), PASSWORD)?;
        let (into, elsewhere) = two_schools(&client)?;

        let begun = Instant::now();
        let uploaded = client.upload(IMPORTS, file(&into.1)?.as_bytes())?;
        let id = uploaded.get("id").and_then(Value::as_str).context("id")?;
        let mapping = json!({ "columns": uploaded.get("columns") });
        let previewed: Value =
            serde_json::from_str(&client.put(&format!("{IMPORTS}/{id}/mapping"), &mapping)?)?;
        let preview = begun.elapsed().as_secs_f64();
        let created = previewed.pointer("/counts/created").and_then(Value::as_u64);
        ensure!(created == Some(ROWS as u64), "not every row is new: {previewed}");

        let is_over = AtomicBool::new(false);
        let (applied, mut waited) = thread::scope(|scope| -> Result<(f64, Vec<f64>)> {
            let writer = scope.spawn(|| others(&other, &elsewhere.0, &is_over));
            let applied = apply(&client, id);
            is_over.store(true, Ordering::Relaxed);
            let waited = writer.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
            Ok((applied?, waited?))
        })?;
        waited.sort_unstable_by(f64::total_cmp);
        let p99 =
            waited.get((waited.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or(f64::NAN);
        let slowest = waited.last().copied().unwrap_or(f64::NAN);

        let again = client.upload(IMPORTS, file(&into.1)?.as_bytes())?;
        let id = again.get("id").and_then(Value::as_str).context("id")?;
        let mapping = json!({ "columns": again.get("columns") });
        let again: Value = serde_json::from_str(&client.put(&format!("{IMPORTS}/{id}/mapping"), &mapping)?)?;
        let unchanged = again.pointer("/counts/unchanged").and_then(Value::as_u64);
        ensure!(unchanged == Some(ROWS as u64), "a second time something would change: {again}");

        let lines = [
            ("previewed", preview, Unit::Seconds, 10.0, format!("{preview:.2} s")),
            ("applied", applied, Unit::Seconds, 30.0, format!("{applied:.2} s")),
            (
                "other writes meanwhile, p99",
                p99,
                Unit::Milliseconds,
                500.0,
                format!("{} cards, slowest {slowest:.0} ms", waited.len()),
            ),
        ];
        for (what, measured, unit, most, raw) in lines {
            bench.report.line(Line {
                what: format!("10,000 rows {what}, {}", kind.title()),
                measured,
                unit,
                limit: Limit::AtMost(most),
                raw,
            });
        }
    }
    Ok(())
}

/// Identifier and short name of two schools that have teachers.
fn two_schools(client: &Client) -> Result<((String, String), (String, String))> {
    let list = client.get(&format!("{EMPLOYEES}?role=teacher&limit=100"))?;
    let mut schools: Vec<(String, String)> = Vec::new();
    for item in list.get("items").and_then(Value::as_array).context("items")? {
        let text = |path: &str| item.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let school =
            text("/organization/id").zip(text("/organization/short_name")).context("organization")?;
        if !schools.contains(&school) {
            schools.push(school);
        }
    }
    let mut schools = schools.into_iter();
    schools.next().zip(schools.next()).context("two schools")
}

fn letters(number: usize) -> String {
    let letter = |digit: u8| char::from_u32(u32::from('а') + u32::from(digit - b'0')).unwrap_or('а');
    format!("{number:05}").bytes().map(letter).collect()
}

fn file(school: &str) -> Result<String> {
    let mut text = "Фамилия;Имя;Отчество;E-mail;Организация;Роль;Начальная дата\n".to_owned();
    for number in 0..ROWS {
        let family = letters(number);
        writeln!(
            text,
            "Ф{family};Анна;Ильинична;many{number}@school.example;\"{}\";Учитель;01.09.2026",
            school.replace('"', "\"\"")
        )?;
    }
    Ok(text)
}

/// Seconds until the import is applied.
fn apply(client: &Client, id: &str) -> Result<f64> {
    let begun = Instant::now();
    client.ask(&format!("{IMPORTS}/{id}/apply"), &Value::Null)?;
    while begun.elapsed() < PATIENCE {
        let now = client.get(&format!("{IMPORTS}/{id}"))?;
        match now.get("state").and_then(Value::as_str) {
            Some("applied") => return Ok(begun.elapsed().as_secs_f64()),
            Some("applying" | "finishing") => thread::sleep(Duration::from_millis(100)),
            _ => bail!("the import was not applied: {now}"),
        }
    }
    bail!("the import does not end")
}

/// Creates cards at a constant pace until told to stop: how long each took from the moment it was due, in milliseconds.
fn others(client: &Client, organization: &str, is_over: &AtomicBool) -> Result<Vec<f64>> {
    let begun = Instant::now();
    let mut waited = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let due = begun + PAUSE * u32::try_from(waited.len())?;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let card = json!({
            "organization_id": organization,
            "person": {
                "family_name": format!("Х{}", letters(waited.len())), "given_name": "Ольга", "patronymic": "Юрьевна",
                "email": format!("other{}@school.example", waited.len()),
            },
            "roles": [{ "role": "teacher", "start": "01.09.2026" }],
            // People of close names follow each other here, and each is asked about.
            "despite_duplicates": true,
        });
        client.ask(EMPLOYEES, &card)?;
        waited.push(due.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(waited)
}
