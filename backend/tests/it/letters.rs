//! The outbox, as tests of the features that write letters look into it.

use std::net::TcpListener;
use std::sync::Arc;

use epos_backend::app::{self, Running, Services};
use epos_backend::config::Mode;
use epos_backend::mail::{self, Letter};
use epos_shared::values::Email;

use crate::both_databases;
use crate::common::{Client, TestApp};

/// A demo server on the database of the test, its letters in a folder.
async fn demo(app: &TestApp, folder: &std::path::Path) -> (Running, Client) {
    let mut config = (*app.services.config).clone();
    config.mail.directory = Some(folder.join("letters"));
    config.mail.poll_interval_ms = 20;
    let services = Services { mode: Mode::Demo, config: Arc::new(config), ..app.services.clone() };
    let running = app::start(services, TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let client = Client::new(&format!("http://{}", running.address));
    (running, client)
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder.join("letters")).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .collect()
}

fn address(text: &str) -> Email {
    text.parse().unwrap()
}

both_databases! {
    async fn a_letter_waits_sealed_until_it_is_sent(app: TestApp) {
        let context = app.services.context.clone();
        app.write(move |conn| {
            let letter = Letter::new("test.links", &address("anna@epos.test"), "Проверка")
                .text("Здравствуйте.")
                .link("Открыть", "http://epos.test/link#token=abc")
                .facts([("Имя", "anna".to_owned())]);
            mail::enqueue(conn, &context, &letter)
        })
        .await;
        let letter = app.letter_to("anna@epos.test").await;
        assert_eq!((&*letter.kind, &*letter.subject), ("test.links", "Проверка"));
        assert!(letter.text.contains("Здравствуйте.") && letter.text.contains("Имя: anna"), "{letter:?}");
        assert_eq!((letter.link(), letter.token()), ("http://epos.test/link#token=abc", "abc"));
        assert!(app.letters_to("boris@epos.test").await.is_empty());

        use diesel::prelude::*;
        use epos_backend::db::schema::letters as t;
        let body: Vec<u8> = app.read(|conn| Ok(t::table.select(t::body).first(conn)?)).await;
        assert!(!String::from_utf8_lossy(&body).contains("token"), "links are not kept in clear");
    }

    async fn the_demo_writes_files_and_shows_the_newest_first(app: TestApp) {
        let folder = tempfile::tempdir().unwrap();
        let (running, client) = demo(app, folder.path()).await;
        let none = client.get("/api/v1/demo/letters").await.expect(200);
        assert_eq!(none, serde_json::json!({ "items": [] }));
        let context = app.services.context.clone();
        app.write(move |conn| {
            for number in 0..103 {
                let letter = Letter::new("test.links", &address("anna@epos.test"), &format!("Письмо {number}"))
                    .link("Открыть", format!("http://epos.test/link#token=t{number}"));
                mail::enqueue(conn, &context, &letter)?;
            }
            Ok(())
        })
        .await;
        app.eventually("a file for each", async || files(folder.path()).len() == 103).await;
        let shown = client.get("/api/v1/demo/letters").await.expect(200);
        let items = shown["items"].as_array().unwrap();
        assert_eq!(items.len(), 100);
        assert_eq!(items[0]["subject"], "Письмо 102");
        assert_eq!((&items[0]["to"], &items[99]["subject"]), (&"anna@epos.test".into(), &"Письмо 3".into()));
        let text = items[0]["text"].as_str().unwrap();
        assert!(text.contains("Открыть:\nhttp://epos.test/link#token=t102\n"), "{text}");
        #[cfg(unix)]
        for file in files(folder.path()) {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(std::fs::read(&file).unwrap().starts_with(b"From: "));
        }
        running.stop().await;
    }

    async fn outside_of_the_demo_nobody_reads_letters(app: TestApp) {
        for client in [app.anonymous(), app.signed_in("anna").await] {
            client.get("/api/v1/demo/letters").await.expect_problem(404, "not-found");
        }
    }
}
