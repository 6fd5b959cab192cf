//! Sign-in, sessions, size, memory, start.

use super::data::{self, Kind, PASSWORD, PEOPLE, SMALL};
use super::http::Client;
use super::load::{Pace, What};
use super::report::{Limit, Line, Unit};
use super::server::Server;
use super::{Bench, Figure};
use crate::process::{self, Show};
use crate::{client, ui};
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

const SESSION_PATH: &str = "/api/v1/session";
const SIGN_IN_CONNECTIONS: u32 = 8;

pub const SIGN_IN: Figure = Figure {
    name: "sign-in",
    title: "Password sign-in",
    method: "`POST /api/v1/session` over 8 connections as 8 people, SQLite with 10,000 cards, against a loop that \
             checks an Argon2id hash of the same parameters in as many threads as the server hashes in (one for \
             each core). The loop runs before and after the load, and its mean counts.",
    measure: sign_in,
};

pub const SESSION_UNDER_LOAD: Figure = Figure {
    name: "session-under-load",
    title: "Who is signed in, while sign-ins saturate the machine",
    method: "`GET /api/v1/session` at 50/s, while 8 connections sign in as fast as they can. SQLite with 10,000 \
             cards.",
    measure: session_under_load,
};

pub const SESSION: Figure = Figure {
    name: "session",
    title: "Who is signed in, alone",
    method: "`GET /api/v1/session` of a person with one card over 32 connections, SQLite with 10,000 cards, against \
             a handler of the same framework that answers an empty 200, before and after it.",
    measure: session,
};

pub const SIZE: Figure = Figure {
    name: "size",
    title: "Size of the client",
    method: "The files of `dist/` that a browser fetches before the first page, compressed by brotli at 11.",
    measure: size,
};

pub const MEMORY: Figure = Figure {
    name: "memory",
    title: "Memory of the server at rest",
    method: "Resident memory (`VmRSS`) five seconds after the start, a few pages served, nobody asking. In brackets \
             the same five seconds after ten seconds of sign-ins.",
    measure: memory,
};

pub const START: Figure = Figure {
    name: "start",
    title: "Cold start",
    method: "From the start of the process to the first 200 of `/readyz`, asked every millisecond; the slowest of \
             five. The files may be in the cache of the operating system.",
    measure: start,
};

impl Bench {
    /// The bodies of sign-ins, one a line.
    fn sign_ins(&self) -> Result<PathBuf> {
        let mut text = String::new();
        for number in 0..PEOPLE {
            let body = serde_json::json!({ "user_name": data::user_name(number), "password": PASSWORD });
            writeln!(text, "{body}")?;
        }
        let file = self.folder.join("sign-ins");
        std::fs::write(&file, text)?;
        Ok(file)
    }

    fn small_server(&mut self) -> Result<Server> {
        let database = self.database(Kind::Sqlite, SMALL)?;
        Server::start(&self.project, &self.folder, &database)
    }

    fn argon2(&self, threads: usize, seconds: u32) -> Result<f64> {
        let mut command = self.project.command(&self.baseline);
        command.args(["argon2", "--threads", &threads.to_string(), "--seconds", &seconds.to_string()]);
        let said = process::expect(&mut command, Show::OnFailure)?;
        Ok(said.first().context("the baseline says nothing")?.trim().parse()?)
    }

    fn empty_handler(&self, seconds: u32) -> Result<f64> {
        let server = Server::empty(&self.project, &self.folder, &self.baseline)?;
        let nobody = Client::new(&server.url());
        Ok(self.load(&nobody, &What::Get("/"), Pace::Connections(32), seconds)?.rate)
    }
}

fn sign_in(bench: &mut Bench) -> Result<()> {
    let server = bench.small_server()?;
    let (nobody, bodies) = (Client::new(&server.url()), bench.sign_ins()?);
    let seconds = bench.seconds;
    let threads = thread::available_parallelism()?.get();
    let before = bench.argon2(threads, seconds)?;
    let pace = Pace::Connections(SIGN_IN_CONNECTIONS);
    let met = bench.load(&nobody, &What::PostEach(SESSION_PATH, &bodies), pace, seconds)?;
    let after = bench.argon2(threads, seconds)?;
    bench.report.line(Line {
        what: "sign-in against bare Argon2id".to_owned(),
        measured: met.rate / f64::midpoint(before, after),
        unit: Unit::Ratio,
        limit: Limit::AtLeast(0.90),
        raw: format!("sign-ins: {met}; bare: {before:.1}/s before, {after:.1}/s after, {threads} threads"),
    });
    Ok(())
}

fn session_under_load(bench: &mut Bench) -> Result<()> {
    let server = bench.small_server()?;
    let somebody = Client::signed_in(&server.url(), &data::user_name(0), PASSWORD)?;
    let (nobody, bodies) = (Client::new(&server.url()), bench.sign_ins()?);
    let what = What::PostEach(SESSION_PATH, &bodies);
    let pace = Pace::Connections(SIGN_IN_CONNECTIONS);
    let load = bench.start_load(&nobody, &what, pace, bench.seconds * 2 + 2)?;
    thread::sleep(Duration::from_secs(1));
    let met = bench.load(&somebody, &What::Get(SESSION_PATH), Pace::Rate(50), bench.seconds * 2)?;
    let load = load.finish()?;
    bench.report.line(Line {
        what: "session among sign-ins, p99".to_owned(),
        measured: met.p99,
        unit: Unit::Milliseconds,
        limit: Limit::AtMost(50.0),
        raw: format!("sessions: {met}; sign-ins meanwhile: {load}"),
    });
    Ok(())
}

fn session(bench: &mut Bench) -> Result<()> {
    let seconds = bench.seconds;
    let before = bench.empty_handler(seconds)?;
    let server = bench.small_server()?;
    let somebody = Client::signed_in(&server.url(), &data::user_name(0), PASSWORD)?;
    let met = bench.load(&somebody, &What::Get(SESSION_PATH), Pace::Connections(32), seconds)?;
    drop(server);
    let after = bench.empty_handler(seconds)?;
    let raw = format!("sessions: {met}; empty handler: {before:.0}/s before, {after:.0}/s after");
    bench.report.line(Line {
        what: "session against an empty handler".to_owned(),
        measured: met.rate / f64::midpoint(before, after),
        unit: Unit::Ratio,
        limit: Limit::AtLeast(0.15),
        raw,
    });
    bench.report.line(Line {
        what: "session, requests in a second".to_owned(),
        measured: met.rate,
        unit: Unit::PerSecond,
        limit: Limit::AtLeast(9_000.0),
        raw: "the same run".to_owned(),
    });
    Ok(())
}

fn size(bench: &mut Bench) -> Result<()> {
    let bytes = client::download(&bench.project)?;
    bench.report.line(Line {
        what: "client's WASM, JS and CSS".to_owned(),
        measured: bytes as f64 / 1000.0,
        unit: Unit::Kilobytes,
        limit: Limit::AtMost(350.0),
        raw: format!("{bytes} bytes"),
    });
    Ok(())
}

fn memory(bench: &mut Bench) -> Result<()> {
    let server = bench.small_server()?;
    let client = Client::new(&server.url());
    for path in ["/", "/api/v1/session", "/readyz"] {
        client.is_ok(path);
    }
    thread::sleep(Duration::from_secs(5));
    let at_rest = server.resident()?;
    let bodies = bench.sign_ins()?;
    let pace = Pace::Connections(SIGN_IN_CONNECTIONS);
    bench.load(&client, &What::PostEach(SESSION_PATH, &bodies), pace, 10)?;
    let busy = server.resident()?;
    thread::sleep(Duration::from_secs(5));
    let after = server.resident()?;
    bench.report.line(Line {
        what: "resident memory at rest".to_owned(),
        measured: at_rest as f64 / 1e6,
        unit: Unit::Megabytes,
        limit: Limit::AtMost(40.0),
        raw: format!(
            "{} ({} after sign-ins, {} during them)",
            ui::kilobytes(at_rest),
            ui::kilobytes(after),
            ui::kilobytes(busy)
        ),
    });
    Ok(())
}

fn start(bench: &mut Bench) -> Result<()> {
    for kind in Kind::ALL {
        for cards in [0, bench.cards] {
            let database = match cards {
                0 => bench.empty_database(kind)?,
                _ => bench.database(kind, cards)?,
            };
            let mut times = Vec::new();
            for _ in 0..5 {
                times
                    .push(Server::start(&bench.project, &bench.folder, &database)?.ready_after.as_secs_f64());
            }
            let slowest = times.iter().copied().fold(0.0, f64::max);
            let shown: Vec<String> = times.iter().map(|time| format!("{time:.3}")).collect();
            let filled = if cards == 0 { "empty".to_owned() } else { format!("{cards} cards") };
            bench.report.line(Line {
                what: format!("start, {}, {filled}", kind.title()),
                measured: slowest,
                unit: Unit::Seconds,
                limit: Limit::AtMost(0.5),
                raw: format!("{} s", shown.join(", ")),
            });
        }
    }
    Ok(())
}
