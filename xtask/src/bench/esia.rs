//! Sign-in through Госуслуги, against the stand-in on the same machine.

use super::http::Client;
use super::report::{Limit, Line, Unit};
use super::server::{Server, bare};
use super::{Bench, Figure};
use crate::process;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// So many sign-ins, so many at a time.
const SIGN_INS: usize = 1_000;
const AT_ONCE: usize = 4;
/// Tries with the stand-in stopped.
const TRIES: usize = 20;
const OID: u64 = 1_000_499_001;
const LOGIN: &str = "izmereniya@example.test";
const PASSWORD: &str = "izmereniya";

pub const ESIA: Figure = Figure {
    name: "esia",
    title: "Sign-in through Госуслуги",
    method: "`epos demo` (SQLite) and the stand-in on one machine, v2/v3 with RSA: 1,000 sign-ins, four at a time, each \
             by a browser of its own from `/esia/login` to the session. Counted is the processor time of `epos` alone: \
             both signatures, the checks of the id_token, person and contacts, finding the account, the session, the \
             journal. Then the stand-in is stopped, and the longest of 20 answers is taken.",
    measure: esia,
};

fn esia(bench: &mut Bench) -> Result<()> {
    let project = &bench.project;
    let mut build = project.cargo("build");
    build.args(["--release", "-p", "esia-standin"]);
    process::expect(&mut build, process::Show::Always)?;

    let folder = bench.folder.join("esia");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let keys = folder.join("standin");
    std::fs::create_dir_all(&keys)?;

    let (port, standin_port) = (crate::postgres::free_port()?, crate::postgres::free_port()?);
    let home = format!("http://127.0.0.1:{port}");
    let there = format!("http://127.0.0.1:{standin_port}");
    let mut command = bare(project, &project.target.join("release/esia-standin"));
    command
        .args(["--listen", &format!("127.0.0.1:{standin_port}")])
        .args(["--redirect-uri", &format!("{home}/esia/callback")])
        .arg("--data")
        .arg(&keys);
    let standin = Server::run(command, &keys, standin_port, "/standin")?;

    let mut command = bare(project, &project.release_binary());
    command
        .args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(folder.join("epos"))
        .env("EPOS_ESIA__CLIENT_ID", "EPOS_DEMO")
        .env("EPOS_ESIA__BASE_URL", &there)
        .env("EPOS_ESIA__KEY_FILE", keys.join("client-EPOS_DEMO-rsa.key.pem"))
        .env("EPOS_ESIA__CERTIFICATE_FILE", keys.join("client-EPOS_DEMO-rsa.crt.pem"))
        .env("EPOS_ESIA__TRUSTED", format!("[{:?}]", keys.join("provider-rsa.crt.pem")));
    let epos = Server::run(command, &folder, port, "/readyz")?;

    let account = Client::signed_in(&home, "teacher", "Kama-Sylva-2026")?.get("/api/v1/session")?;
    let email = account.pointer("/session/account/email").context("an e-mail")?;
    let browser = Browser::new(&home);
    let known = browser.agent.put(format!("{there}/standin/people/{OID}")).send_json(person(email))?;
    ensure!(known.status() == 204, "the stand-in does not take the person: {}", known.status());
    ensure!(browser.sign_in()? == End::Signed, "the first sign-in did not end in a session");
    let before = epos.processor_time()?;
    let begun = Instant::now();
    let signed = sign_ins(&home)?;
    let took = begun.elapsed();
    let spent = epos.processor_time()?.saturating_sub(before);
    bench.report.line(Line {
        what: "processor time of a sign-in".to_owned(),
        measured: spent.as_secs_f64() * 1000.0 / SIGN_INS as f64,
        unit: Unit::Milliseconds,
        limit: Limit::AtMost(15.0),
        raw: format!("{:.1} s of processor time, {:.1} s in all", spent.as_secs_f64(), took.as_secs_f64()),
    });
    bench.report.line(Line {
        what: format!("sign-ins of {SIGN_INS} that ended in a session"),
        measured: signed as f64,
        unit: Unit::Count,
        limit: Limit::AtLeast(SIGN_INS as f64),
        raw: format!("lost: {}", SIGN_INS - signed),
    });

    // One is under way when it stops.
    let under_way = browser.until_back()?;
    drop(standin);
    let mut longest = Duration::ZERO;
    for number in 0..TRIES {
        let begun = Instant::now();
        let end = if number == 0 { browser.come_back(&under_way)? } else { browser.depart()?.1 };
        longest = longest.max(begun.elapsed());
        ensure!(end == End::Told, "with the stand-in stopped: {end:?}");
        thread::sleep(Duration::from_millis(600));
    }
    bench.report.line(Line {
        what: "answer with the stand-in stopped, the longest".to_owned(),
        measured: longest.as_secs_f64() * 1000.0,
        unit: Unit::Milliseconds,
        limit: Limit::AtMost(1000.0),
        raw: format!("{TRIES} tries over 12 s, so that the circuit is met open and closed"),
    });
    Ok(())
}

/// Somebody of the demo, as Госуслуги have him: ФИО and the proven e-mail of an account.
fn person(email: &Value) -> Value {
    json!({
        "oid": OID, "password": PASSWORD,
        "lastName": "Верещагина", "firstName": "Мария", "middleName": "Дмитриевна",
        "birthDate": "01.02.1980", "gender": "F",
        "contacts": [
            { "type": "EML", "vrfStu": "VERIFIED", "value": email },
            { "type": "EML", "vrfStu": "NOT_VERIFIED", "value": LOGIN },
        ],
    })
}

/// All of them; answers how many ended in a session.
fn sign_ins(home: &str) -> Result<usize> {
    let (next, signed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while next.fetch_add(1, Ordering::Relaxed) < SIGN_INS && !process::interrupted() {
                        if Browser::new(home).sign_in()? == End::Signed {
                            signed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a browser broke"))??;
        }
        Ok(())
    })?;
    Ok(signed.into_inner())
}

/// Where a way ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With a session.
    Signed,
    /// At the page that says what happened.
    Told,
    /// On the way to the stand-in.
    There,
    /// Elsewhere.
    Lost(String),
}

/// A browser that follows nothing by itself.
struct Browser {
    agent: ureq::Agent,
    home: String,
}

/// An attempt that has come back: its address, its cookie.
struct UnderWay {
    address: String,
    cookie: String,
}

impl Browser {
    fn new(home: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build()
            .into();
        Self { agent, home: home.to_owned() }
    }

    fn sign_in(&self) -> Result<End> {
        let under_way = self.until_back()?;
        self.come_back(&under_way)
    }

    /// Asks to go: the cookie, and where it leads.
    fn depart(&self) -> Result<(UnderWay, End)> {
        let answer = self.agent.get(format!("{}/esia/login", self.home)).call()?;
        let address = location(&answer)?;
        let end = if address.starts_with("/login/esia?") { End::Told } else { End::There };
        let cookie = cookies(&answer, "epos_esia_").unwrap_or_default();
        Ok((UnderWay { address, cookie }, end))
    }

    /// Goes there, signs in, and stops before coming back.
    fn until_back(&self) -> Result<UnderWay> {
        let (there, end) = self.depart()?;
        ensure!(end == End::There, "not let go: {}", there.address);
        let page = self.agent.get(&there.address).call()?.body_mut().read_to_string()?;
        let (_, rest) = page.split_once("name=\"transaction\" value=\"").context("a login page")?;
        let transaction = rest.split('"').next().context("its end")?;
        let host = there.address.split("/aas/").next().context("a host")?;
        let form = [("transaction", transaction), ("login", LOGIN), ("password", PASSWORD)];
        let answer = self.agent.post(format!("{host}/login")).send_form(form)?;
        Ok(UnderWay { address: location(&answer)?, cookie: there.cookie })
    }

    fn come_back(&self, under_way: &UnderWay) -> Result<End> {
        let answer = self.agent.get(&under_way.address).header("cookie", &under_way.cookie).call()?;
        let address = location(&answer)?;
        Ok(match cookies(&answer, "epos_session") {
            Some(_) => End::Signed,
            None if address.starts_with("/login/esia?") => End::Told,
            None => End::Lost(address),
        })
    }
}

fn location<T>(answer: &ureq::http::Response<T>) -> Result<String> {
    let location =
        answer.headers().get("location").with_context(|| format!("no redirect: {}", answer.status()))?;
    Ok(location.to_str()?.to_owned())
}

/// The cookie of this beginning, as it goes back.
fn cookies<T>(answer: &ureq::http::Response<T>, name: &str) -> Option<String> {
    let all = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let mut pairs = all.filter_map(|cookie| cookie.split(';').next());
    pairs.find(|pair| pair.starts_with(name) && !pair.ends_with('=')).map(str::to_owned)
}
