//! The tests written in Rust: all members of the host, on SQLite and on PostgreSQL, and the examples in docs.

use crate::client;
use crate::process::{self, Finished, Show};
use crate::steps::{Context, Tally};
use crate::{tools, ui};
use anyhow::{Context as _, Result, bail, ensure};
use std::process::Command;

/// The address of the tests' PostgreSQL; the tests of the backend fail without it.
const POSTGRES: &str = "EPOS_TEST_POSTGRES";
/// The same choice of members everywhere, so that cargo compiles their dependencies once.
const MEMBERS: &[&str] = &["--workspace", "--exclude", "epos-frontend"];

/// Runs all tests of the host.
pub fn unit_and_http(context: &mut Context) -> Result<String> {
    client::ensure_dist(&context.project)?;
    let url = context.postgres.as_ref().context("PostgreSQL is not running")?.url();
    let (mut command, count) = runner(context, MEMBERS);
    command.env(POSTGRES, url).env(tools::SMTP_PYTHON, tools::smtp_python(&context.project));
    run(context, &mut command, count)
}

/// Runs the tests of the client's own logic, and those of `shared` once more as the browser has it: without
/// the tables that only the server switches on.
pub fn of_the_browser(context: &mut Context) -> Result<String> {
    let (mut command, count) = runner(context, &["--package", "epos-shared", "--package", "epos-frontend"]);
    run(context, &mut command, count)
}

/// nextest where it is installed, else cargo's own runner, with what counts its results.
fn runner(context: &Context, members: &[&str]) -> (Command, fn(&[String]) -> Tally) {
    let nextest =
        process::first_line(context.project.command("cargo").args(["nextest", "--version"])).is_some();
    if nextest {
        let mut command = context.project.cargo("nextest");
        command.arg("run").args(members).arg("--no-fail-fast");
        (command, nextest_tally)
    } else {
        let mut command = context.project.cargo("test");
        command.args(members).args(["--all-targets", "--no-fail-fast"]);
        (command, libtest_tally)
    }
}

/// Runs the examples in the documentation, which nextest does not.
pub fn examples(context: &mut Context) -> Result<String> {
    client::ensure_dist(&context.project)?;
    let mut command = context.project.cargo("test");
    command.arg("--doc").args(MEMBERS);
    let finished = process::run(&mut command, Show::Always)?;
    context.tally = libtest_tally(&finished.lines);
    let said = conclude(&finished, context.tally)?;
    ensure!(context.tally.executed() > 0, "no example was run");
    Ok(said)
}

fn run(context: &mut Context, command: &mut Command, count: fn(&[String]) -> Tally) -> Result<String> {
    let finished = process::run(command, Show::Always)?;
    context.tally = count(&finished.lines);
    let said = conclude(&finished, context.tally)?;
    ensure!(context.tally.executed() > 0, "no test was run");
    Ok(said)
}

fn conclude(finished: &Finished, tally: Tally) -> Result<String> {
    if finished.status.success() && tally.failed == 0 {
        return Ok(tally.to_string());
    }
    bail!("{tally} ({})", finished.status)
}

/// Reads `Summary [ 0.5s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped`.
fn nextest_tally(lines: &[String]) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        let line = ui::without_escapes(line);
        if let Some((_, counts)) =
            line.trim_start().strip_prefix("Summary").and_then(|rest| rest.split_once(':'))
        {
            tally = Tally {
                passed: number_before(counts, "passed"),
                failed: ["failed", "timed out", "exec failed"]
                    .iter()
                    .map(|word| number_before(counts, word))
                    .sum(),
                skipped: number_before(counts, "skipped"),
            };
        }
    }
    tally
}

/// Adds up `test result: ok. 3 passed; 0 failed; 1 ignored; …` of all binaries.
fn libtest_tally(lines: &[String]) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        let line = ui::without_escapes(line);
        if let Some(counts) = line.trim_start().strip_prefix("test result:") {
            tally.add(Tally {
                passed: number_before(counts, "passed"),
                failed: number_before(counts, "failed"),
                skipped: number_before(counts, "ignored"),
            });
        }
    }
    tally
}

/// The number in `… 12 word …`, or 0.
fn number_before(text: &str, word: &str) -> u64 {
    text.split([',', ';', '(', ')', '.'])
        .filter_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok())
        .next()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_nextest_is_read() {
        let line =
            "     Summary [   1.234s] 14 tests run: 11 passed (1 slow), 2 failed, 1 timed out, 2 skipped";
        assert_eq!(nextest_tally(&[line.to_owned()]), Tally { passed: 11, failed: 3, skipped: 2 });
    }

    #[test]
    fn the_results_of_libtest_are_added_up() {
        let lines = [
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        ];
        assert_eq!(libtest_tally(&lines.map(str::to_owned)), Tally { passed: 7, failed: 2, skipped: 1 });
    }
}
