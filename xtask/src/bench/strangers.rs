//! What somebody without a session can learn or wait for: the time of an answer, the directory.

use super::data::{self, Kind};
use super::http::{Client, escaped};
use super::load::{Pace, What};
use super::report::{Limit, Line, Unit};
use super::server::Server;
use super::{Bench, Figure};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// So many times each, the known and the unknown in turns.
const TRIES: u32 = 200;
const DIRECTORY_PATH: &str = "/api/v1/directory/organizations";

pub const TIMING: Figure = Figure {
    name: "timing",
    title: "Known and unknown people",
    method: "The same call for a person who is known and one who is not, 200 times each in turns, one after the other, \
             on both databases with 10,000 cards and the limits lifted: the greater median against the smaller one. \
             Sign-in with a wrong password, recovery, registration.",
    measure: timing,
};

pub const DIRECTORY: Figure = Figure {
    name: "directory",
    title: "The directory of organizations",
    method: "`GET /api/v1/directory/organizations` among 5,000 organizations at 50/s: parts of names, towns and ИНН, \
             as they are typed.",
    measure: directory,
};

/// A call that must not tell one from the other.
struct Call {
    what: &'static str,
    path: &'static str,
    status: u16,
    /// The bodies for somebody who is known, and for the stranger of that number.
    known: Value,
    unknown: fn(u32, &Value) -> Value,
}

fn timing(bench: &mut Bench) -> Result<()> {
    for kind in Kind::ALL {
        let database = bench.database(kind, data::SMALL)?;
        let server = Server::start(&bench.project, &bench.folder, &database)?;
        let client = Client::new(&server.url());
        for call in calls(&client)? {
            let (mut known, mut unknown) = (Vec::new(), Vec::new());
            // The first ones of each prepare statements.
            for number in 0..TRIES + 10 {
                let stranger = (call.unknown)(number, &call.known);
                let of_known = once(&client, &call, &call.known)?;
                let of_unknown = once(&client, &call, &stranger)?;
                if number >= 10 {
                    known.push(of_known);
                    unknown.push(of_unknown);
                }
            }
            let (known, unknown) = (median(known), median(unknown));
            let (less, more) = (known.min(unknown), known.max(unknown));
            bench.report.line(Line {
                what: format!("{}, {}", call.what, kind.title()),
                measured: more / less,
                unit: Unit::Times,
                limit: Limit::AtMost(1.10),
                raw: format!("known: {known:.2} ms; unknown: {unknown:.2} ms"),
            });
        }
    }
    Ok(())
}

fn once(client: &Client, call: &Call, body: &Value) -> Result<Duration> {
    let begun = Instant::now();
    let status = client.post(call.path, body)?;
    let took = begun.elapsed();
    ensure!(status == call.status, "{}: {status}", call.path);
    Ok(took)
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

fn calls(client: &Client) -> Result<Vec<Call>> {
    let known = data::user_name(0);
    let consent = client.get("/api/v1/consent")?;
    let found = client.get(&format!("{DIRECTORY_PATH}?query={}", escaped("школа")))?;
    let organization = found
        .get("items")
        .and_then(Value::as_array)
        .and_then(|items| items.iter().find(|item| item.get("inn").is_some() && item.get("kpp").is_some()))
        .context("an organization with ИНН and КПП")?;
    let registration = json!({
        "person": {
            "family_name": "Измерова", "given_name": "Вера", "patronymic": "Ильинична", "no_patronymic": false,
            "email": format!("{known}@example.org"),
        },
        "position": "Учитель",
        "organization_id": organization.get("id"),
        "inn": organization.get("inn"),
        "kpp": organization.get("kpp"),
        "consent_version": consent.get("version"),
    });
    Ok(vec![
        Call {
            what: "sign-in",
            path: "/api/v1/session",
            status: 401,
            known: json!({ "user_name": known, "password": "not the right one" }),
            unknown: |number, known| with(known, "/user_name", format!("nobody{number}")),
        },
        Call {
            what: "recovery",
            path: "/api/v1/recoveries",
            status: 202,
            known: json!({ "user_name": known }),
            unknown: |number, known| with(known, "/user_name", format!("nobody{number}")),
        },
        Call {
            what: "registration",
            path: "/api/v1/registrations",
            status: 202,
            known: registration,
            unknown: |number, known| with(known, "/person/email", format!("stranger{number}@example.org")),
        },
    ])
}

fn with(body: &Value, path: &str, text: String) -> Value {
    let mut body = body.clone();
    if let Some(value) = body.pointer_mut(path) {
        *value = Value::String(text);
    }
    body
}

fn directory(bench: &mut Bench) -> Result<()> {
    for kind in Kind::ALL {
        let database = bench.many_organizations(kind)?;
        let server = Server::start(&bench.project, &bench.folder, &database)?;
        let client = Client::new(&server.url());
        let queries =
            ["ш", "шк", "школа", "школа 12", "сад солнышко", "59", "5999001", "округ гимн", "ъъъ", ""];
        let addresses: Vec<String> = queries
            .iter()
            .map(|query| format!("{}{DIRECTORY_PATH}?limit=30&query={}", client.url(), escaped(query)))
            .collect();
        let file = bench.folder.join("addresses");
        std::fs::write(&file, addresses.join("\n"))?;
        let what = What::GetEach(&file);
        bench.load(&client, &what, Pace::Rate(50), 1)?;
        let met = bench.load(&client, &what, Pace::Rate(50), bench.seconds)?;
        bench.report.line(Line {
            what: format!("directory, {}, p99", kind.title()),
            measured: met.p99,
            unit: Unit::Milliseconds,
            limit: Limit::AtMost(20.0),
            raw: met.to_string(),
        });
    }
    Ok(())
}
