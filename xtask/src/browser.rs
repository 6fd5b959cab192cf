//! The browser journeys and the pictures: Playwright with the system's Chromium.

use crate::process::{self, Show};
use crate::project::Project;
use crate::steps::{Context, Tally};
use crate::{files, system, tools, ui};
use anyhow::{Context as _, Result, bail, ensure};
use std::process::{Command, ExitCode, ExitStatus};

/// Installs the npm packages of e2e/ exactly as locked, unless they are there already.
pub fn packages(context: &mut Context) -> Result<String> {
    let folder = context.project.root.join("e2e");
    let stamp = folder.join("node_modules/.epos-stamp");
    let wanted =
        files::fingerprint(&folder, &[folder.join("package.json"), folder.join("package-lock.json")])?;
    if std::fs::read_to_string(&stamp).is_ok_and(|known| known == wanted) {
        return Ok("unchanged".to_owned());
    }
    let mut command = npm(&context.project);
    command.args(["ci", "--no-audit", "--no-fund"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    process::expect(&mut command, Show::OnFailure)?;
    std::fs::write(&stamp, wanted)?;
    Ok("installed".to_owned())
}

/// Where Playwright leaves what it found, and what it found when it ran again, below `e2e/`.
const RESULTS: &str = "test-results";
const RESULTS_AGAIN: &str = "test-results/again";
/// More journeys than these do not fail by bad luck.
const BY_BAD_LUCK: usize = 3;

/// Runs the journeys against the release binary and counts them. One or a few that fail are run once more, alone:
/// what passes then is counted as passed and told loudly (decision 0073).
pub fn journeys(context: &mut Context) -> Result<String> {
    let project = &context.project;
    let mut types = npm(project);
    types.args(["run", "--silent", "check"]);
    process::expect(&mut types, Show::OnFailure)?;

    let first = playwright(project, RESULTS, None)?;
    context.tally = tally(&first.report);
    ensure!(context.tally.executed() > 0, "no journey was run");
    if first.status.success() && context.tally.failed == 0 {
        return Ok(context.tally.to_string());
    }
    let failed = failed(&first.report);
    // What fails outside of any journey, or in many, is no journey's bad luck.
    if failed.is_empty() || failed.len() > BY_BAD_LUCK || context.tally.failed != failed.len() as u64 {
        bail!("{} ({})", context.tally, first.status);
    }
    ui::line(&format!("{} failed; once more, alone: {}", failed.len(), failed.join("; ")));
    let second = playwright(project, RESULTS_AGAIN, Some(&failed))?;
    let again = tally(&second.report);
    if !second.status.success() || again.failed > 0 || again.executed() < context.tally.failed {
        bail!("{}, also when run alone: {}", context.tally, failed.join("; "));
    }
    context.tally.passed += context.tally.failed;
    context.tally.failed = 0;
    let said = format!("{}, of these UNSTABLE (failed, passed alone): {}", context.tally, failed.join("; "));
    ui::line(&ui::bad(&format!(
        "UNSTABLE: {} passed only when run again, alone. That is a mistake, of the journey or of the product.",
        failed.join("; ")
    )));
    Ok(said)
}

/// What a run of Playwright left.
struct Run {
    status: ExitStatus,
    report: serde_json::Value,
}

/// Runs all journeys, or those with these titles one after another.
fn playwright(project: &Project, results: &str, only: Option<&[String]>) -> Result<Run> {
    let report = project.root.join("e2e").join(results).join("report.json");
    let _ = std::fs::remove_file(&report);
    let mut command = npm(project);
    command.args(["run", "--silent", "test"]);
    if let Some(titles) = only {
        let titles: Vec<String> = titles.iter().map(|title| literally(title)).collect();
        command.args(["--", "--grep", &titles.join("|")]).env("EPOS_E2E_WORKERS", "1");
    }
    command.env("EPOS_BIN", project.release_binary()).env("EPOS_STANDIN_BIN", project.release_standin());
    command.env("EPOS_CHROMIUM", system::chromium()).env("CI", "1").env("FORCE_COLOR", "0");
    command.env("EPOS_E2E_RESULTS", results);
    command.env(tools::SMTP_PYTHON, tools::smtp_python(project));
    let status = process::run(&mut command, Show::Always)?.status;
    let text = std::fs::read_to_string(&report).context("Playwright left no report")?;
    Ok(Run { status, report: serde_json::from_str(&text).context("Playwright's report")? })
}

/// Runs the script that takes the pictures against a running demo.
pub fn screenshots(project: &Project, url: &str) -> Result<ExitCode> {
    let mut context = Context::new(project.clone());
    packages(&mut context)?;
    let mut command = Command::new("node");
    command.current_dir(project.root.join("e2e")).args(["screenshots.mjs", url]);
    command.env("EPOS_URL", url).env("EPOS_CHROMIUM", system::chromium());
    process::expect(&mut command, Show::Always)?;
    Ok(ExitCode::SUCCESS)
}

fn npm(project: &Project) -> Command {
    let mut command = project.command("npm");
    command.current_dir(project.root.join("e2e"));
    command
}

/// The titles of the journeys that failed, each with those of its groups, as `--grep` compares them.
fn failed(report: &serde_json::Value) -> Vec<String> {
    fn list<'a>(of: &'a serde_json::Value, name: &str) -> impl Iterator<Item = &'a serde_json::Value> {
        of.get(name).and_then(serde_json::Value::as_array).into_iter().flatten()
    }
    fn title(of: &serde_json::Value) -> &str {
        of.get("title").and_then(serde_json::Value::as_str).unwrap_or_default()
    }
    fn look(suite: &serde_json::Value, above: &str, found: &mut Vec<String>) {
        for spec in list(suite, "specs") {
            let tests = list(spec, "tests");
            let bad = tests.filter(|test| test.get("status").is_some_and(|status| status == "unexpected"));
            found.extend(bad.map(|_| format!("{above}{}", title(spec))));
        }
        for inner in list(suite, "suites") {
            look(inner, &format!("{above}{} ", title(inner)), found);
        }
    }
    let mut found = Vec::new();
    // The outermost suites are files.
    for file in list(report, "suites") {
        look(file, "", &mut found);
    }
    found
}

/// A regular expression for this text and no other.
fn literally(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '"' | '\'' | '`' | ',' | ':' | ';' | '@') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn tally(report: &serde_json::Value) -> Tally {
    let stat =
        |name| report.pointer(&format!("/stats/{name}")).and_then(serde_json::Value::as_u64).unwrap_or(0);
    // Errors outside of any test, such as a server that did not end well.
    let errors = report.get("errors").and_then(|errors| Some(errors.as_array()?.len())).unwrap_or(0);
    let failed = stat("unexpected") + stat("flaky") + u64::try_from(errors).unwrap_or(u64::MAX);
    Tally { passed: stat("expected"), failed, skipped: stat("skipped") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_journeys_are_named_with_their_groups() {
        let spec = |title: &str, statuses: &[&str]| {
            let tests: Vec<_> = statuses.iter().map(|status| serde_json::json!({"status": status})).collect();
            serde_json::json!({"title": title, "tests": tests})
        };
        let report = serde_json::json!({"suites": [{
            "title": "a.spec.ts",
            "specs": [spec("good", &["expected", "skipped"]), spec("bad", &["expected", "unexpected"])],
            "suites": [{"title": "group", "specs": [spec("worse (1/2)", &["unexpected"])]}],
        }]});
        assert_eq!(failed(&report), ["bad", "group worse (1/2)"]);
        assert_eq!(literally("group worse (1/2) «x».*"), r"group worse \(1\/2\) «x»\.\*");
    }

    #[test]
    fn second_tries_and_errors_outside_of_tests_are_failures() {
        let stats = serde_json::json!({"expected": 5, "unexpected": 1, "flaky": 1, "skipped": 2});
        let report = serde_json::json!({"stats": stats, "errors": [{"message": "epos ended with code 3"}]});
        assert_eq!(tally(&report), Tally { passed: 5, failed: 3, skipped: 2 });
    }
}
