//! Checks that are not tests: format, lints, what `shared` may depend on, twins of migrations, OpenAPI drift.

use crate::client;
use crate::process::{self, Show};
use crate::project::Project;
use crate::steps::Context;
use crate::wasm::TARGET;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeSet;

/// Crates that must not reach the browser: servers and databases, and `regex` for its size.
const FORBIDDEN_IN_BROWSER: &[&str] = &["diesel", "actix", "regex", "tokio"];
/// Leptos reads its configuration with regular expressions, which the client never does; that none of it is in
/// the WASM is checked there ([`client::size`]).
const UNUSED_PART_OF_LEPTOS: &[&str] = &["leptos_config"];

/// The formatter and the linter are components that a minimal Rust lacks.
pub fn components(context: &mut Context) -> Result<String> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let mut ask = context.project.command("cargo");
        ask.args([subcommand, "--version"]);
        if process::first_line(&mut ask).is_none() {
            let mut add = context.project.command("rustup");
            add.args(["component", "add", component]);
            process::expect(&mut add, Show::OnFailure)
                .with_context(|| format!("by hand: rustup component add {component}"))?;
        }
    }
    context.wasm()?.ensure_clippy(&context.project)?;
    Ok("rustfmt and clippy are there".to_owned())
}

/// `cargo fmt --check` of every member.
pub fn format(context: &mut Context) -> Result<String> {
    let mut command = context.project.cargo("fmt");
    command.args(["--all", "--check", "--", "--color", if crate::ui::colour() { "always" } else { "never" }]);
    process::expect(&mut command, Show::OnFailure)?;
    Ok("formatted".to_owned())
}

/// Clippy for what runs on the host, tests and all.
pub fn clippy_host(context: &mut Context) -> Result<String> {
    client::ensure_dist(&context.project)?;
    let mut command = context.project.cargo("clippy");
    command.args(["--workspace", "--exclude", "epos-frontend", "--all-targets", "--", "-D", "warnings"]);
    process::expect(&mut command, Show::Always)?;
    Ok("no warnings".to_owned())
}

/// Clippy for what runs in the browser, by the compiler that builds it.
pub fn clippy_wasm(context: &mut Context) -> Result<String> {
    let wasm = context.wasm()?;
    let mut command = wasm.cargo(&context.project, "clippy");
    command.args(["-p", "epos-frontend", "-p", "epos-shared", "--target", TARGET, "--", "-D", "warnings"]);
    process::expect(&mut command, Show::Always)?;
    Ok("no warnings".to_owned())
}

/// `shared` alone compiles for wasm32, and neither it nor the client draws in a crate of the server.
pub fn shared_for_browser(context: &mut Context) -> Result<String> {
    let project = &context.project;
    for (package, unused) in [("epos-shared", &[][..]), ("epos-frontend", UNUSED_PART_OF_LEPTOS)] {
        let mut tree = project.cargo("tree");
        // Procedural macros run in the compiler and never reach the browser.
        tree.args(["-p", package, "--target", TARGET, "-e", "normal,no-proc-macro"]);
        tree.args(["--prefix", "none", "--format", "{p}"]);
        for unused in unused {
            tree.args(["--prune", unused]);
        }
        let lines = process::expect(&mut tree, Show::OnFailure)?;
        let crates: BTreeSet<String> = lines
            .iter()
            .filter_map(|line| crate::ui::without_escapes(line).split_whitespace().next().map(str::to_owned))
            .collect();
        ensure!(crates.contains("serde"), "`cargo tree` of {package} could not be read");
        let found: Vec<&str> = crates.iter().map(String::as_str).filter(|name| is_forbidden(name)).collect();
        if !found.is_empty() {
            bail!("{package} draws {} into the browser", found.join(", "));
        }
    }
    let mut build = context.wasm()?.cargo(project, "build");
    build.args(["-p", "epos-shared", "--target", TARGET]);
    process::expect(&mut build, Show::Always)?;
    Ok("shared compiles for wasm32, with no crate of the server".to_owned())
}

fn is_forbidden(name: &str) -> bool {
    FORBIDDEN_IN_BROWSER.iter().any(|forbidden| {
        name.strip_prefix(forbidden).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

/// Every migration exists for both databases under the same name, with its `up.sql`.
pub fn migrations(context: &mut Context) -> Result<String> {
    let sqlite = migration_names(&context.project, "sqlite")?;
    let postgres = migration_names(&context.project, "postgres")?;
    ensure!(!sqlite.is_empty() || !postgres.is_empty(), "there are no migrations");
    let lonely: Vec<&str> = sqlite.symmetric_difference(&postgres).map(String::as_str).collect();
    ensure!(lonely.is_empty(), "only one database has {}", lonely.join(", "));
    Ok(format!("{} migrations, each for both databases", sqlite.len()))
}

fn migration_names(project: &Project, database: &str) -> Result<BTreeSet<String>> {
    let folder = project.root.join("migrations").join(database);
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("migrations/{database}"))? {
        let path = entry?.path();
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            ensure!(path.join("up.sql").is_file(), "migrations/{database}/{name} has no up.sql");
            names.insert(name);
        }
    }
    Ok(names)
}

/// The committed description of the API is what the handlers generate.
pub fn openapi(context: &mut Context) -> Result<String> {
    let project = &context.project;
    let mut export = project.command(project.release_binary());
    export.arg("export-openapi");
    let output = export.output().context("`epos export-openapi`")?;
    if !output.status.success() {
        bail!("`epos export-openapi` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let generated = String::from_utf8(output.stdout).context("`epos export-openapi` is not UTF-8")?;
    let committed =
        std::fs::read_to_string(project.root.join("docs/openapi.json")).context("docs/openapi.json")?;
    if generated.trim_end() == committed.trim_end() {
        let paths = serde_json::from_str::<serde_json::Value>(&generated)
            .context("`epos export-openapi` is not JSON")?
            .get("paths")
            .and_then(|paths| Some(paths.as_object()?.len()))
            .unwrap_or(0);
        ensure!(paths > 0, "the description of the API has no paths");
        return Ok(format!("docs/openapi.json is current, {paths} paths"));
    }
    let line = generated.lines().zip(committed.lines()).take_while(|(new, old)| new == old).count() + 1;
    bail!(
        "docs/openapi.json is stale from line {line}; run: cargo run -p epos-backend -- export-openapi > docs/openapi.json"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_crates_are_known_by_their_family() {
        for name in ["diesel", "diesel_derives", "actix-web", "actix_rt", "regex", "regex-automata"] {
            assert!(is_forbidden(name), "{name}");
        }
        for name in ["serde", "dieselish", "reactive_graph"] {
            assert!(!is_forbidden(name), "{name}");
        }
    }
}
