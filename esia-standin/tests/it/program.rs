//! The program itself.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::StatusCode;
use serde_json::Value;

use crate::common::http;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esia-standin"));
    command.current_dir(folder).env_remove("ESIA_STANDIN_CONFIG").env("RUST_LOG", "warn");
    command
}

#[actix_web::test]
async fn it_starts_with_nothing_configured_and_says_what_a_client_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path())
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let output = child.stdout.take().expect("its output");
    let _program = Program(child);
    let mut said = Vec::new();
    for line in BufReader::new(output).lines() {
        said.push(line.expect("text"));
        if said.last().is_some_and(|line| line.contains("people")) {
            break;
        }
    }
    let url = said[0].strip_prefix("Учебный стенд ЕСИА: ").expect("its address").to_owned();
    let after = |word: &str| {
        let found = said.iter().filter_map(|line| line.trim().strip_prefix(word));
        found.map(|rest| rest.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(after("client "), ["EPOS_DEMO"]);
    assert_eq!(after("certificate").len(), 4, "{said:?}");
    for file in after("certificate").iter().chain(&after("key")) {
        let file = file.split(" (").next().expect("a name");
        assert!(folder.path().join(file).is_file(), "{file}");
    }
    #[cfg(unix)]
    for key in after("key") {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join(&key)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    let response = http().get(format!("{url}/standin")).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let told: Value = response.json().await.expect("JSON");
    assert_eq!(told["gost"], true, "the tests need Debian's libengine-gost-openssl");
    assert_eq!(told["clients"][0], "EPOS_DEMO");
}

#[test]
fn it_ends_with_its_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path())
        .args(["--listen", "127.0.0.1:0", "--until-stdin-ends"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut said = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut said).expect("text");
    assert!(said.contains("http://127.0.0.1:"), "{said}");
    assert!(child.try_wait().expect("a state").is_none());
    drop(child.stdin.take());
    assert!(child.wait().expect("an end").success());
}

#[test]
fn an_address_that_is_taken_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = command(folder.path()).args(["--listen", &address]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(&address), "{said}");
}

#[test]
fn a_wrong_configuration_is_refused_with_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("standin.toml");
    let cases = [
        ("listening = \"127.0.0.1:0\"", "listening"),
        ("[[clients]]\nmnemonic = \"A\"\nredirect_uris = []\ncertificates = [\"a\"]", "needs redirect_uris"),
        (
            "[[clients]]\nmnemonic = \"A\"\nredirect_uris = [\"http://a/#b\"]\ncertificates = [\"a\"]",
            "fragment",
        ),
        (
            "[[clients]]\nmnemonic = \"A\"\nredirect_uris = [\"http://a/\"]\ncertificates = [\"absent\"]",
            "absent",
        ),
        ("[paths]\nlogin = \"login\"", "paths"),
        ("[switches]\nerror = \"1\"", "ESIA-1"),
        ("people = [\"absent.json\"]", "absent.json"),
    ];
    for (text, expected) in cases {
        std::fs::write(&file, format!("{text}\n")).expect("written");
        let output = command(folder.path())
            .args(["--config", "standin.toml", "--listen", "127.0.0.1:0"])
            .output()
            .expect("it runs");
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{text}: {said}");
    }
}
