//! Load, and what it met.

use super::Bench;
use super::http::Client;
use crate::process;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How requests are sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As fast as so many connections can.
    Connections(u32),
    /// So many in a second, each due at its moment whether or not those before are answered.
    Rate(u32),
}

/// Connections of a load at a constant rate: more than are ever waiting.
const CONNECTIONS_AT_RATE: u32 = 16;

/// What is sent.
pub enum What<'a> {
    /// One address.
    Get(&'a str),
    /// Addresses of this file, one drawn for each request.
    GetEach(&'a Path),
    /// Lines of a file as bodies, one drawn for each request, to an address.
    PostEach(&'a str, &'a Path),
}

/// What a load met.
#[derive(Debug, Clone, Copy, Default)]
pub struct Met {
    /// Requests answered in a second.
    pub rate: f64,
    /// Half were answered within, in milliseconds.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// The slowest.
    pub slowest: f64,
    /// Answers.
    pub answers: u64,
}

impl std::fmt::Display for Met {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rate, p50, p99, slowest, answers } = self;
        write!(f, "{answers} answers, {rate:.1}/s, p50 {p50:.2}, p99 {p99:.2}, slowest {slowest:.2} ms")
    }
}

/// A load that runs.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

impl Bench {
    /// Sends for so many seconds as the person of the cookie.
    pub fn load(&self, client: &Client, what: &What<'_>, pace: Pace, seconds: u32) -> Result<Met> {
        self.start_load(client, what, pace, seconds)?.finish()
    }

    /// Begins to send.
    pub fn start_load(&self, client: &Client, what: &What<'_>, pace: Pace, seconds: u32) -> Result<Running> {
        let mut command = Command::new(&self.oha);
        // What is under way at the end is waited for: otherwise the slowest answers would not count.
        command.args(["--no-tui", "--output-format", "json", "--wait-ongoing-requests-after-deadline"]);
        command.args(["-z", &format!("{seconds}s"), "-t", "30s", "--redirect", "0"]);
        match pace {
            Pace::Connections(connections) => command.args(["-c", &connections.to_string()]),
            Pace::Rate(rate) => command
                .args(["-q", &rate.to_string(), "--latency-correction"])
                .args(["-c", &CONNECTIONS_AT_RATE.to_string()]),
        };
        if let Some(cookie) = &client.cookie {
            command.args(["-H", &format!("cookie: {cookie}")]);
        }
        match what {
            What::Get(path) => command.arg(format!("{}{path}", client.url())),
            What::GetEach(file) => command.arg("--urls-from-file").arg(file),
            What::PostEach(path, bodies) => command
                .args(["-m", "POST", "-T", "application/json", "-H", &format!("origin: {}", client.url())])
                .arg("-Z")
                .arg(bodies)
                .arg(format!("{}{path}", client.url())),
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Running(command.spawn().with_context(|| process::describe(&command))?))
    }
}

impl Running {
    /// Waits for the end; an answer other than 200 is an error.
    pub fn finish(mut self) -> Result<Met> {
        let stdout = self.0.stdout.take().context("the output of oha")?;
        let told: Value = serde_json::from_reader(stdout).context("the output of oha")?;
        let status = self.0.wait()?;
        if !status.success() {
            bail!("oha ended with {status}");
        }
        let number = |path: &str| told.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let none = serde_json::Map::new();
        let map = |path: &str| told.pointer(path).and_then(Value::as_object).unwrap_or(&none);
        let answers = map("/statusCodeDistribution").get("200").and_then(Value::as_u64).unwrap_or(0);
        let wrong = map("/statusCodeDistribution").iter().any(|(status, _)| status != "200");
        // The deadline ends connections that are being made at that moment.
        let failed = map("/errorDistribution").keys().any(|error| !error.contains("deadline"));
        if answers == 0 || wrong || failed {
            bail!(
                "not every answer was 200: {:?} {:?}",
                map("/statusCodeDistribution"),
                map("/errorDistribution")
            );
        }
        Ok(Met {
            rate: answers as f64 / number("/summary/total"),
            p50: number("/latencyPercentiles/p50") * 1000.0,
            p99: number("/latencyPercentiles/p99") * 1000.0,
            slowest: number("/summary/slowest") * 1000.0,
            answers,
        })
    }
}

/// Does each piece of work at its moment, so many in a second; latencies count from that moment.
pub fn at_rate<T: Sync>(work: &[T], rate: u32, run: impl Fn(&T) -> Result<()> + Sync) -> Result<Met> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now() + Duration::from_millis(50);
    let pause = Duration::from_secs(1) / rate.max(1);
    let mut latencies: Vec<Duration> = Vec::with_capacity(work.len());
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..CONNECTIONS_AT_RATE)
            .map(|_| {
                scope.spawn(|| -> Result<Vec<Duration>> {
                    let mut mine = Vec::new();
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(piece) = work.get(place) else { return Ok(mine) };
                        let due = begun + pause * u32::try_from(place)?;
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        run(piece)?;
                        mine.push(due.elapsed());
                    }
                })
            })
            .collect();
        for worker in workers {
            latencies.extend(worker.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??);
        }
        Ok(())
    })?;
    let took = begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let millis = |latency: Option<&Duration>| latency.map_or(f64::NAN, |it| it.as_secs_f64() * 1000.0);
    // The nearest rank: of 100, the 99th.
    let percentile =
        |part: usize| millis(latencies.get((latencies.len() * part).div_ceil(100).saturating_sub(1)));
    Ok(Met {
        rate: latencies.len() as f64 / took,
        p50: percentile(50),
        p99: percentile(99),
        slowest: millis(latencies.last()),
        answers: u64::try_from(latencies.len())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_counts_from_the_moment_a_request_was_due() {
        // Slower than the rate even for all connections together: the queue grows, and with it the latency.
        let work = vec![(); 64];
        let met = at_rate(&work, 1000, |()| {
            thread::sleep(Duration::from_millis(40));
            Ok(())
        })
        .unwrap();
        assert_eq!(met.answers, 64);
        assert!(met.slowest >= 90.0, "{met}");
        assert!(met.p50 < met.slowest, "{met}");
    }
}
