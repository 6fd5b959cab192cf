//! The description of the API is what the server does.

use std::net::TcpListener;

use crate::common::Client;
use epos_backend::app::{self, Services};
use epos_backend::config::Mode;
use epos_backend::openapi;
use reqwest::Method;

/// `METHOD /path` of every documented call.
fn documented() -> Vec<String> {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            calls.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    calls
}

/// `METHOD "path"` of every handler in the sources.
fn handlers(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            handlers(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                for method in ["get", "post", "put", "delete", "patch"] {
                    if let Some(rest) = line.trim().strip_prefix(&format!("#[{method}(\"")) {
                        let path = rest.split('"').next().unwrap();
                        found.push((method.to_uppercase(), path.to_owned()));
                    }
                }
            }
        }
    }
}

#[test]
fn the_committed_description_is_what_the_handlers_generate() {
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json")).unwrap();
    assert!(
        committed == openapi::export().unwrap(),
        "docs/openapi.json has drifted: cargo run -p epos-backend -- export-openapi > docs/openapi.json"
    );
}

#[test]
fn the_description_is_openapi_3_1() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[test]
fn every_handler_is_documented_and_every_documented_call_has_a_handler() {
    let mut handlers_found = Vec::new();
    handlers(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut handlers_found);
    let documented = documented();
    for (method, path) in &handlers_found {
        let there = documented.iter().any(|call| {
            call.strip_prefix(&format!("{method} ")).is_some_and(|documented| {
                documented == path
                    || documented.strip_prefix("/api/v1").is_some_and(|rest| rest.ends_with(path.as_str()))
            })
        });
        assert!(there, "{method} {path} is written, but not registered or not documented");
    }
    assert_eq!(handlers_found.len(), documented.len(), "{documented:#?}");
}

crate::both_databases! {
    async fn every_documented_call_is_answered_by_a_handler(app: TestApp) {
        // The demo has every call there is: some are only there.
        let services = Services { mode: Mode::Demo, ..app.services.clone() };
        let running = app::start(services, TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        let client = Client::new(&format!("http://{}", running.address));
        for call in documented() {
            let (method, path) = call.split_once(' ').unwrap();
            let path = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
            let method: Method = method.parse().unwrap();
            let answer = client.send(client.request(method, &path)).await;
            assert!(!matches!(answer.status.as_u16(), 404 | 405 | 500), "{call}: {}", answer.text());
        }
        running.stop().await;
    }
}
