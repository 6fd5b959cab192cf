//! Saving cards.

use super::data::{self, Kind, PASSWORD};
use super::http::Client;
use super::load;
use super::report::{Limit, Line, Unit};
use super::server::Server;
use super::{Bench, Figure};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

pub const SAVE: Figure = Figure {
    name: "save",
    title: "A card saved with a new role",
    method: "`PUT /api/v1/kontingent/employees/{id}` at 20/s among a million cards, each request another card that \
             gets one role more: rights, version, role, one-time credentials and journal in one transaction. \
             SQLite with `synchronous=FULL`, PostgreSQL with its own default durability (`fsync`, \
             `synchronous_commit`).",
    measure: save,
};

const EMPLOYEES: &str = "/api/v1/kontingent/employees";
const RATE: u32 = 20;

/// A card to be saved.
struct Saving {
    path: String,
    body: Value,
}

fn save(bench: &mut Bench) -> Result<()> {
    for kind in Kind::ALL {
        let cards = bench.cards;
        let database = bench.database(kind, cards)?;
        let server = Server::start(&bench.project, &bench.folder, &database)?;
        let client = Client::signed_in(&server.url(), &data::user_name(0), PASSWORD)?;
        let count = usize::try_from(bench.seconds * 2 * RATE)?;
        let work = savings(&client, count)?;
        let met = load::at_rate(&work, RATE, |saving| client.put(&saving.path, &saving.body).map(|_| ()))?;
        bench.report.line(Line {
            what: format!("card saved with a new role, {}, p99", kind.title()),
            measured: met.p99,
            unit: Unit::Milliseconds,
            limit: Limit::AtMost(50.0),
            raw: met.to_string(),
        });
    }
    Ok(())
}

/// Cards with few roles, each with the request that adds one.
fn savings(client: &Client, count: usize) -> Result<Vec<Saving>> {
    let mut work = Vec::with_capacity(count);
    let mut page = format!("{EMPLOYEES}?role=teacher&sort=newest&limit=100");
    while work.len() < count {
        let list = client.get(&page)?;
        for item in list.get("items").and_then(Value::as_array).context("items")? {
            let id = item.get("id").and_then(Value::as_str).context("id")?;
            let path = format!("{EMPLOYEES}/{id}");
            if work.len() < count
                && let Some(body) = with_one_more(&client.get(&path)?)
            {
                work.push(Saving { path, body });
            }
        }
        let next = list.get("next").and_then(Value::as_str).context("too few cards")?;
        page = format!("{EMPLOYEES}?role=teacher&sort=newest&limit=100&after={}", super::http::escaped(next));
    }
    ensure!(!work.is_empty(), "no card can be given a role");
    Ok(work)
}

/// The request that adds a role which the card never had and the person who asks may give.
fn with_one_more(card: &Value) -> Option<Value> {
    let roles = card.get("roles")?.as_array()?;
    let had: Vec<&str> = roles.iter().filter_map(|role| role.get("role")?.as_str()).collect();
    let may = card.pointer("/permissions/assignable_roles")?.as_array()?;
    let added = may.iter().filter_map(Value::as_str).find(|role| !had.contains(role))?;
    let mut drafts: Vec<Value> = roles
        .iter()
        .map(|role| {
            let text = |path: &str| role.pointer(path).and_then(Value::as_str).unwrap_or_default();
            json!({
                "id": text("/id"), "role": text("/role"),
                "start": text("/period/start"), "end": text("/period/end"),
            })
        })
        .collect();
    let today = card.get("updated_at")?.as_str()?.get(..10)?;
    drafts.push(json!({ "role": added, "start": today, "end": "" }));
    let name =
        |part: &str| card.pointer(&format!("/name/{part}")).and_then(Value::as_str).unwrap_or_default();
    Some(json!({
        "version": card.get("version")?,
        "person": {
            "family_name": name("family_name"),
            "given_name": name("given_name"),
            "patronymic": name("patronymic"),
            "no_patronymic": name("patronymic").is_empty(),
            "email": card.get("email").and_then(Value::as_str).unwrap_or_default(),
        },
        "roles": drafts,
        "note": card.get("note")?,
    }))
}
