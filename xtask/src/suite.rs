//! Which steps each command consists of.

use crate::project::Project;
use crate::steps::{self, Context, Step};
use crate::{browser, checks, client, postgres, rust_tests, serve, standin, system, tools, ui, wasm};
use anyhow::{Result, bail};
use std::process::ExitCode;

/// Everything needed to build.
pub fn setup() -> Vec<Step> {
    vec![
        Step { id: "wasm", title: "Compiler for wasm32", needs: &[], run: settle_wasm },
        Step {
            id: "packages",
            title: "System packages for building",
            needs: &[],
            run: |context| system::for_building(&context.project),
        },
        Step {
            id: "tools",
            title: "Trunk, wasm-bindgen, wasm-opt",
            needs: &["packages"],
            run: |context| tools::ensure(&context.project),
        },
    ]
}

/// The release build of the client.
pub fn client() -> Vec<Step> {
    let mut steps = setup();
    steps.extend([build_client(), client_size()]);
    steps
}

/// Client and server as they ship.
pub fn run() -> Vec<Step> {
    let mut steps = setup();
    steps.extend([build_client(), build_server(), build_standin()]);
    steps
}

/// Runs every check and test, or the chosen ones with what they need.
pub fn test(project: Project, only: &[String]) -> Result<ExitCode> {
    let mut steps = all();
    if !only.is_empty() {
        if let Some(unknown) = only.iter().find(|name| steps.iter().all(|step| step.id != name.as_str())) {
            bail!("there is no step `{unknown}`; `cargo xtask test --list` names them");
        }
        let mut wanted = only.to_vec();
        // A step comes after those it needs, so one pass from the end finds them all.
        for step in steps.iter().rev() {
            if wanted.iter().any(|name| name == step.id) {
                wanted.extend(step.needs.iter().map(|need| (*need).to_owned()));
            }
        }
        steps.retain(|step| wanted.iter().any(|name| name == step.id));
    }
    steps::run_tests(steps, project)
}

/// Lists the steps of `test`.
pub fn list() {
    for step in all() {
        ui::line(&format!("{:<14} {}", step.id, step.title));
    }
}

fn all() -> Vec<Step> {
    let mut steps = setup();
    steps.extend([
        Step {
            id: "test-packages",
            title: "System packages for testing",
            needs: &[],
            run: |context| system::for_testing(&context.project),
        },
        Step { id: "components", title: "rustfmt and clippy", needs: &["wasm"], run: checks::components },
        Step {
            id: "npm",
            title: "npm packages of the journeys",
            needs: &["packages"],
            run: browser::packages,
        },
        Step { id: "fmt", title: "Format", needs: &["components"], run: checks::format },
        Step {
            id: "migrations",
            title: "Migrations for both databases",
            needs: &[],
            run: checks::migrations,
        },
        Step {
            id: "clippy",
            title: "Clippy, server and tests",
            needs: &["components", "packages"],
            run: checks::clippy_host,
        },
        Step {
            id: "clippy-wasm",
            title: "Clippy, client",
            needs: &["wasm", "components", "packages"],
            run: checks::clippy_wasm,
        },
        Step {
            id: "shared-wasm",
            title: "Shared code in the browser",
            needs: &["wasm", "packages"],
            run: checks::shared_for_browser,
        },
        Step { id: "postgres", title: "Private PostgreSQL", needs: &["test-packages"], run: postgres::start },
        Step {
            id: "mail-server",
            title: "Mail server of the tests",
            needs: &["test-packages"],
            run: |context| tools::mail_server(&context.project),
        },
        Step {
            id: "rust-tests",
            title: "Tests on SQLite and PostgreSQL",
            needs: &["packages", "postgres", "mail-server"],
            run: rust_tests::unit_and_http,
        },
        Step {
            id: "client-tests",
            title: "Tests of what the browser has",
            needs: &["packages"],
            run: rust_tests::of_the_browser,
        },
        Step {
            id: "doc-tests",
            title: "Examples in the documentation",
            needs: &["packages"],
            run: rust_tests::examples,
        },
        build_client(),
        client_size(),
        build_server(),
        build_standin(),
        Step { id: "openapi", title: "Description of the API", needs: &["server"], run: checks::openapi },
        Step {
            id: "journeys",
            title: "Journeys in the browser",
            needs: &["test-packages", "npm", "mail-server", "server", "standin"],
            run: browser::journeys,
        },
    ]);
    steps
}

fn build_client() -> Step {
    Step { id: "client", title: "Client, release", needs: &["wasm", "tools"], run: client::build }
}

fn client_size() -> Step {
    Step { id: "size", title: "Size of the client", needs: &["client"], run: client::size }
}

fn build_server() -> Step {
    Step {
        id: "server",
        title: "Server with the client in it, release",
        needs: &["packages", "client"],
        run: serve::build,
    }
}

fn build_standin() -> Step {
    Step { id: "standin", title: "Stand-in for ЕСИА, release", needs: &["packages"], run: standin::build }
}

fn settle_wasm(context: &mut Context) -> Result<String> {
    let settled = wasm::Wasm::settle(&context.project)?;
    let said = settled.to_string();
    context.wasm = Some(settled);
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_comes_after_those_it_needs() {
        let mut before: Vec<&str> = Vec::new();
        for step in all() {
            for need in step.needs {
                assert!(before.contains(need), "{} needs {need}", step.id);
            }
            before.push(step.id);
        }
    }
}
