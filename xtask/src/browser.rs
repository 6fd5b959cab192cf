//! The browser journeys and the pictures: Playwright with the system's Chromium.

use crate::process::{self, Show};
use crate::project::Project;
use crate::steps::{Context, Tally};
use crate::{files, system, tools};
use anyhow::{Context as _, Result, bail, ensure};
use std::process::{Command, ExitCode};

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

/// Runs the journeys against the release binary and counts them.
pub fn journeys(context: &mut Context) -> Result<String> {
    let project = &context.project;
    let folder = project.root.join("e2e");
    let report = folder.join("test-results/report.json");
    let _ = std::fs::remove_file(&report);

    let mut types = npm(project);
    types.args(["run", "--silent", "check"]);
    process::expect(&mut types, Show::OnFailure)?;

    let mut command = npm(project);
    command.args(["run", "--silent", "test"]).env("EPOS_BIN", project.release_binary());
    command.env("EPOS_CHROMIUM", system::chromium()).env("CI", "1").env("FORCE_COLOR", "0");
    command.env(tools::SMTP_PYTHON, tools::smtp_python(project));
    let finished = process::run(&mut command, Show::Always)?;

    let text = std::fs::read_to_string(&report).context("Playwright left no report")?;
    let report: serde_json::Value = serde_json::from_str(&text).context("Playwright's report")?;
    context.tally = tally(&report);
    let tally = context.tally;
    if !finished.status.success() || tally.failed > 0 {
        bail!("{tally} ({})", finished.status);
    }
    ensure!(tally.executed() > 0, "no journey was run");
    Ok(tally.to_string())
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
    fn second_tries_and_errors_outside_of_tests_are_failures() {
        let stats = serde_json::json!({"expected": 5, "unexpected": 1, "flaky": 1, "skipped": 2});
        let report = serde_json::json!({"stats": stats, "errors": [{"message": "epos ended with code 3"}]});
        assert_eq!(tally(&report), Tally { passed: 5, failed: 3, skipped: 2 });
    }
}
