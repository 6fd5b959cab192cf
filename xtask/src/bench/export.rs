//! The staff list as a file.

use super::data::{self, Kind, PASSWORD};
use super::http::Client;
use super::report::{Limit, Line, Unit};
use super::server::Server;
use super::{Bench, Figure};
use anyhow::{Context as _, Result, ensure};
use std::time::{Duration, Instant};

pub const EXPORT: Figure = Figure {
    name: "export",
    title: "100,000 cards as a file",
    method: "`GET /api/v1/kontingent/employees/export` of a database of 100,000 cards, as CSV and as XLSX, asked \
             for by support and read as fast as it comes; the resident memory of the server is looked at every \
             20 ms meanwhile.",
    measure: export,
};

const CARDS: u32 = 100_000;

fn export(bench: &mut Bench) -> Result<()> {
    for kind in Kind::ALL {
        let database = bench.database(kind, CARDS)?;
        for format in ["csv", "xlsx"] {
            // A server of its own: what another file has left in memory is not this one's.
            let server = Server::start(&bench.project, &bench.folder, &database)?;
            let client = Client::signed_in(&server.url(), &data::user_name(0), PASSWORD)?;
            let path = format!("/api/v1/kontingent/employees/export?format={format}");
            let begun = Instant::now();
            let download = std::thread::spawn(move || client.download(&path));
            let mut most = 0;
            while !download.is_finished() {
                most = most.max(server.resident()?);
                std::thread::sleep(Duration::from_millis(20));
            }
            let bytes = download.join().ok().context("the download panicked")??;
            let seconds = begun.elapsed().as_secs_f64();
            ensure!(bytes > 1_000_000, "{bytes} bytes are no hundred thousand cards");
            let what = format!("100,000 cards as {}, {}", format.to_uppercase(), kind.title());
            bench.report.line(Line {
                what: what.clone(),
                measured: seconds,
                unit: Unit::Seconds,
                limit: Limit::AtMost(5.0),
                raw: format!("{bytes} bytes in {seconds:.2} s"),
            });
            #[expect(clippy::cast_precision_loss, reason = "megabytes")]
            let megabytes = most as f64 / 1e6;
            bench.report.line(Line {
                what: format!("{what}, resident memory"),
                measured: megabytes,
                unit: Unit::Megabytes,
                limit: Limit::AtMost(100.0),
                raw: format!("{most} bytes at most"),
            });
        }
    }
    Ok(())
}
