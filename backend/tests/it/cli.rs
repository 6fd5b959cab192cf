//! The commands of the one binary.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::common::smtp::{FOLDER, SmtpServer};
use crate::common::{Client, Kind, PASSWORD, TestApp};

fn epos(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_epos"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EPOS_")) {
        command.env_remove(name);
    }
    command
        .env("EPOS_DATABASE__URL", url)
        .env("EPOS_SERVER__PUBLIC_URL", "https://epos.test")
        .env("EPOS_SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]")
        .env("EPOS_SECRETS__MASTER_KEY", "07".repeat(32))
        .env("EPOS_PASSWORDS__MEMORY_KIB", "8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(command: &mut Command, input: &str) -> (Output, String) {
    let mut child = command.spawn().unwrap();
    // A command that refuses before it reads closes its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    (output, said)
}

fn create(app: &TestApp, user_name: &str, email: &str, password: &str) -> (bool, String) {
    let url = app.services.config.database.url.clone();
    let mut command = epos(&url);
    command.args(["admin", "create", "--user-name", user_name, "--email", email, "--password-stdin"]);
    command.args(["--family-name", "Главная", "--given-name", "Вера", "--patronymic", "Павловна"]);
    let (output, said) = run(&mut command, &format!("{password}\n"));
    (output.status.success(), said)
}

crate::both_databases! {
    async fn the_first_support_account_signs_in_and_works_as_its_card(app: TestApp) {
        let (done, said) = create(app, "glavnaya", "glavnaya@epos.test", PASSWORD);
        assert!(done, "{said}");
        let client = app.anonymous();
        let state = &client.sign_in("glavnaya", PASSWORD).await.expect(200)["session"];
        assert_eq!(state["cards"][0]["roles"][0]["role"], "support", "{state}");
        assert_eq!(state["chosen_card"], state["cards"][0]["id"]);
        let kind = &state["cards"][0]["organization"]["kind"];
        assert_eq!(kind, "operator");

        let (done, said) = create(app, "vtoraya", "vtoraya@epos.test", PASSWORD);
        assert!(done, "{said}");
        let second = &app.anonymous().sign_in("vtoraya", PASSWORD).await.expect(200)["session"];
        assert_eq!(second["cards"][0]["organization"], state["cards"][0]["organization"], "one operator");
    }

    async fn a_name_an_address_or_a_password_that_will_not_do_is_told(app: TestApp) {
        assert!(create(app, "glavnaya", "glavnaya@epos.test", PASSWORD).0);
        for (user_name, email, password, told) in [
            ("glavnaya", "other@epos.test", PASSWORD, "given out before"),
            ("other", "GLAVNAYA@epos.test", PASSWORD, "another account's"),
            ("other", "other@epos.test", "короткий", "Не короче 10"),
            ("other", "vodopad.berezka@epos.test", "vodopad.berezka@epos.test", "не должен повторять"),
            ("Other", "other@epos.test", PASSWORD, "--user-name"),
            ("other", "other", PASSWORD, "e-mail"),
        ] {
            let (done, said) = create(app, user_name, email, password);
            assert!(!done && said.contains(told), "{told}: {said}");
            assert!(!said.contains(password), "{said}");
        }
    }

    async fn migrating_twice_changes_nothing_and_the_journal_is_checked(app: TestApp) {
        let url = app.services.config.database.url.clone();
        let (output, said) = run(epos(&url).arg("migrate"), "");
        assert!(output.status.success() && said.contains("current"), "{said}");
        let (output, said) = run(epos(&url).args(["audit", "verify"]), "");
        assert!(output.status.success() && said.contains("sealed: 0"), "{said}");
        assert!(matches!(app.kind, Kind::Sqlite | Kind::Postgres));
    }

    async fn the_journal_is_proven_against_what_was_kept_elsewhere(app: TestApp) {
        let url = app.services.config.database.url.clone();
        let (output, said) = run(epos(&url).args(["audit", "checkpoint"]), "");
        assert!(!output.status.success() && said.contains("nothing of the journal is sealed"), "{said}");
        assert!(create(app, "glavnaya", "glavnaya@epos.test", PASSWORD).0);
        let sealed = async || {
            let unsealed = app.read(epos_backend::audit::has_unsealed).await;
            !unsealed
        };
        app.eventually("every row is sealed", sealed).await;
        let (output, said) = run(epos(&url).args(["audit", "checkpoint"]), "");
        assert!(output.status.success() && said.starts_with("epos-audit 3 "), "{said}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept");
        std::fs::write(&file, &said).unwrap();
        let verify = || {
            let mut command = epos(&url);
            command.args(["audit", "verify", "--checkpoint"]).arg(&file);
            let (output, said) = run(&mut command, "");
            (output.status.code(), said)
        };
        let (code, told) = verify();
        assert!(code == Some(0) && told.contains("sealed: 3") && told.contains("1 of 1"), "{told}");
        // A line of another chain.
        std::fs::write(&file, format!("{said}epos-audit 2 {}\n", "00".repeat(32))).unwrap();
        let (code, told) = verify();
        assert!(code == Some(1) && told.contains("position 2: the checkpoint is not in the chain"), "{told}");
        std::fs::write(&file, "nonsense").unwrap();
        let (code, told) = verify();
        assert!(code == Some(1) && told.contains("line 1: a checkpoint is a line"), "{told}");
    }
}

#[test]
fn the_configuration_is_shown_without_its_secrets() {
    let mut command = epos("postgres://epos:tiger@db/epos");
    let (output, said) = run(command.arg("check-config"), "");
    assert!(output.status.success(), "{said}");
    assert!(said.contains("https://epos.test") && said.contains("10.0.0.0/8"), "{said}");
    assert!(!said.contains("tiger") && !said.contains("0707"), "{said}");
}

#[test]
fn what_keeps_letters_from_leaving_is_told_loudly() {
    let mut command = epos("sqlite:x.db");
    let (output, said) = run(command.arg("check-config"), "");
    assert!(output.status.success() && said.contains("WARNING: mail.smtp_host"), "{said}");
    command.env("EPOS_MAIL__SMTP_HOST", "mail.epos.test");
    let (output, said) = run(&mut command, "");
    assert!(!output.status.success() && said.contains("mail.from"), "{said}");
    command.env("EPOS_MAIL__FROM", "ЭПОС <noreply@epos.test>").env("EPOS_MAIL__SMTP_USER", "epos");
    let (output, said) = run(command.env("EPOS_MAIL__SMTP_PASSWORD", "tiger"), "");
    assert!(output.status.success() && !said.contains("WARNING") && !said.contains("tiger"), "{said}");
}

#[test]
fn a_test_letter_tells_plainly_what_became_of_it() {
    let guarded = ["--tls", "starttls", "--user", "epos", "--password", "tiger"];
    let server = SmtpServer::start(
        &[&guarded[..], &["--refuse", "no@epos.test", "--greylist", "grey@epos.test"]].concat(),
    );
    let test = |address: &str, changes: &[(&str, &str)]| {
        // No database is needed for it.
        let mut command = epos("sqlite:/nowhere/epos.db");
        command
            .env("EPOS_MAIL__SMTP_HOST", "localhost")
            .env("EPOS_MAIL__SMTP_PORT", server.port.to_string())
            .env("EPOS_MAIL__SMTP_USER", "epos")
            .env("EPOS_MAIL__SMTP_PASSWORD", "tiger")
            .env("EPOS_MAIL__FROM", "ЭПОС <noreply@epos.test>")
            .env("EPOS_MAIL__CA_FILE", format!("{FOLDER}/ca.pem"))
            .envs(changes.iter().copied());
        let (output, said) = run(command.args(["mail", "test", address]), "");
        (output.status.success(), said)
    };
    let (done, said) = test("anna@epos.test", &[]);
    assert!(done && said.contains("Accepted") && said.contains("250 2.0.0 Taken"), "{said}");
    assert_eq!(server.letters_to("anna@epos.test")[0]["subject"], "Проверочное письмо ЭПОС");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let stranger = not_the_authority();
    for (address, changes, told) in [
        ("no@epos.test", &[][..], "Refused for good. The server's words: 550 5.1.1"),
        ("grey@epos.test", &[], "Not taken now"),
        ("anna@epos.test", &[("EPOS_MAIL__SMTP_PASSWORD", "lion")], "does not let us in"),
        ("anna@epos.test", &[("EPOS_MAIL__SMTP_PORT", &closed)], "was not reached"),
        ("anna@epos.test", &[("EPOS_MAIL__CA_FILE", &stranger)], "No protected connection"),
        ("anna@epos.test", &[("EPOS_MAIL__SMTP_HOST", "")], "no mail server"),
        ("anna", &[], "e-mail"),
    ] {
        let (done, said) = test(address, changes);
        assert!(!done && said.contains(told), "{told}: {said}");
        assert!(!said.contains("tiger") && !said.contains("lion"), "{said}");
    }
    assert_eq!(server.letters().len(), 1);
}

/// A certificate that has signed nothing.
fn not_the_authority() -> String {
    format!("{FOLDER}/server.pem")
}

#[test]
fn an_unknown_variable_and_an_unknown_key_are_refused() {
    let mut command = epos("sqlite:x.db");
    let (output, said) = run(command.env("EPOS_SERVER__LISSEN", "1").arg("check-config"), "");
    assert!(!output.status.success() && said.contains("lissen"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("epos.toml");
    std::fs::write(&file, "[server]\nport = 80\n").unwrap();
    let (output, said) = run(epos("sqlite:x.db").arg("--config").arg(&file).arg("check-config"), "");
    assert!(!output.status.success() && said.contains("port"), "{said}");
}

#[test]
fn without_what_protects_people_nothing_starts() {
    let mut command = epos("sqlite:x.db");
    command.env_remove("EPOS_SERVER__PUBLIC_URL").env_remove("EPOS_SECRETS__MASTER_KEY");
    let (output, said) = run(command.env_remove("EPOS_SERVER__TRUSTED_PROXIES").arg("serve"), "");
    assert!(!output.status.success());
    for key in ["server.public_url", "server.trusted_proxies", "secrets.master_key"] {
        assert!(said.contains(key), "{said}");
    }
}

/// What a server on this machine answers to a GET.
#[cfg(unix)]
fn got(port: u16, path: &str) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) {
        let _ = write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let _ = std::io::Read::read_to_string(&mut stream, &mut answer);
    }
    answer
}

#[cfg(unix)]
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The demo in a process of its own.
#[cfg(unix)]
fn demo(folder: &std::path::Path, port: u16, environment: &[(&str, String)]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_epos"));
    command.args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(folder);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[cfg(unix)]
fn is_ready(port: u16) -> bool {
    (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        got(port, "/readyz").starts_with("HTTP/1.1 200")
    })
}

#[cfg(unix)]
#[test]
fn the_demo_starts_on_an_empty_folder_and_ends_in_order_at_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let (port, figures) = (free_port(), free_port());
    let child = demo(folder.path(), port, &[("EPOS_MONITORING__LISTEN", format!("127.0.0.1:{figures}"))]);
    let alive = is_ready(port);
    let missing = got(port, "/api/v1/nothing");
    let told = got(figures, "/metrics");
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(alive && output.status.success(), "{:?}: {said}", output.status);
    assert!(said.contains(&format!("http://127.0.0.1:{port}")), "{said}");
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
    for line in ["epos_requests_total{class=\"refused\"} 1", "epos_request_seconds_bucket{le=\"0.005\"}"] {
        assert!(told.contains(line), "{told}");
    }
    assert!(!told.contains("nothing"), "no path is told");
    use std::os::unix::fs::PermissionsExt as _;
    let key = std::fs::metadata(folder.path().join("master.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

/// A director of the demo, with the number of cards he sees.
#[cfg(unix)]
async fn director_of_the_demo(port: u16) -> (Client, u64) {
    let address = format!("http://127.0.0.1:{port}");
    let client = Client::new(&address).with_origin(Some(&address));
    client.sign_in("director_school", epos_backend::demo::PASSWORD).await.expect(200);
    let list = client.get("/api/v1/kontingent/employees?limit=1").await.expect(200);
    let seen = list["total"]["value"].as_u64().unwrap();
    (client, seen)
}

#[cfg(unix)]
#[test]
fn an_import_whose_process_is_killed_is_there_as_a_whole_or_not_at_all() {
    const ROWS: u64 = 900;
    const IMPORTS: &str = "/api/v1/kontingent/imports";
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut child = demo(folder.path(), port, &[]);
    assert!(is_ready(port));
    let system = actix_web::rt::System::new();
    let (path, before) = system.block_on(async {
        let (client, before) = director_of_the_demo(port).await;
        let list = client.get("/api/v1/kontingent/employees?limit=1").await.expect(200);
        let school = list["items"][0]["organization"]["short_name"].as_str().unwrap().replace('"', "\"\"");
        let mut text = "Фамилия;Имя;Отчество;E-mail;Организация;Роль;Начальная дата\n".to_owned();
        for number in 0..ROWS {
            let family: String = format!("{number:03}")
                .bytes()
                .map(|digit| ['а', 'б', 'в', 'г', 'д', 'е', 'ж', 'з', 'и', 'к'][usize::from(digit - b'0')])
                .collect();
            text.push_str(&format!(
                "Ф{family};Анна;Ильинична;many{number}@mail.ru;\"{school}\";Учитель;01.09.2026\n"
            ));
        }
        let request = client.request(reqwest::Method::POST, IMPORTS);
        let request = request.header("content-type", "application/octet-stream").body(text);
        let uploaded = client.send(request).await.expect(201);
        let path = format!("{IMPORTS}/{}", uploaded["id"].as_str().unwrap());
        let mapping = serde_json::json!({ "columns": uploaded["columns"] });
        let preview = client.put(&format!("{path}/mapping"), mapping).await.expect(200);
        assert_eq!(preview["counts"]["created"], ROWS, "{preview}");
        client.post(&format!("{path}/apply"), serde_json::Value::Null).await.expect(202);
        loop {
            let now = client.get(&path).await.expect(200);
            assert_eq!(now["state"], "applying", "nothing was killed in the middle");
            if now["done"].as_u64().unwrap() > 0 {
                break;
            }
        }
        (path, before)
    });
    child.kill().unwrap();
    child.wait().unwrap();

    let child = demo(folder.path(), port, &[]);
    assert!(is_ready(port));
    system.block_on(async {
        let (client, seen) = director_of_the_demo(port).await;
        assert_eq!(seen, before, "nothing of it is seen");
        // The dead one's lease has to run out first.
        for _ in 0..600 {
            let now = client.get(&path).await.expect(200);
            match now["state"].as_str().unwrap() {
                "applying" | "finishing" => std::thread::sleep(std::time::Duration::from_millis(200)),
                state => {
                    assert_eq!((state, &now["done"]), ("applied", &serde_json::json!(ROWS)));
                    break;
                }
            }
        }
        assert_eq!(director_of_the_demo(port).await.1, before + ROWS);
    });
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
}
