//! Letters on their way: through a real mail server, with everything that goes wrong there.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_backend::app::Services;
use epos_backend::config::{Config, Mail, Mode, SmtpTls};
use epos_backend::db::schema::letters as t;
use epos_backend::mail::{self, Letter, Outcome, Postman, Trouble};
use serde_json::Value;
use tokio::sync::watch;

use crate::both_databases;
use crate::common::TestApp;
use crate::common::smtp::{FOLDER, SmtpServer, header};

/// A mail server in clear, on this machine.
fn plain(server: &SmtpServer) -> Mail {
    Mail {
        smtp_host: "127.0.0.1".to_owned(),
        smtp_port: server.port,
        smtp_tls: SmtpTls::None,
        from: "ЭПОС, портал <noreply@epos.test>".to_owned(),
        timeout_ms: 5_000,
        poll_interval_ms: 20,
        ..Mail::default()
    }
}

/// The same behind STARTTLS, with a name and a password.
fn protected(server: &SmtpServer) -> Mail {
    Mail {
        smtp_host: "localhost".to_owned(),
        smtp_tls: SmtpTls::Starttls,
        smtp_user: "epos".to_owned(),
        smtp_password: "тайна".to_owned(),
        ca_file: Some(format!("{FOLDER}/ca.pem").into()),
        ..plain(server)
    }
}

const PROTECTED: [&str; 6] = ["--tls", "starttls", "--user", "epos", "--password", "тайна"];

/// The application's services, with mail.
fn services(app: &TestApp, mail: Mail) -> Services {
    let config = Config { mail, ..(*app.services.config).clone() };
    config.check(Mode::Demo).unwrap();
    Services { config: Arc::new(config), ..app.services.clone() }
}

fn postman(app: &TestApp, mail: Mail) -> Postman {
    Postman::new(&services(app, mail)).unwrap().unwrap()
}

async fn write_to(app: &TestApp, address: &str) {
    let letter = Letter::new("test.delivery", &address.parse().unwrap(), "Подтвердите адрес — «ЭПОС»")
        .text("Здравствуйте, Анна Ивановна.\nСсылка действует 72 часа.")
        .link("Задать пароль", "http://epos.test/link#token=abc_DEF-1")
        .facts([("Имя пользователя", "<b>anna</b> & co".to_owned())]);
    let context = app.services.context.clone();
    app.write(move |conn| mail::enqueue(conn, &context, &letter)).await;
}

async fn round(postman: &mut Postman) -> usize {
    let (_stop, stopped) = watch::channel(false);
    postman.round(&stopped).await.unwrap()
}

/// What is kept of the only letter to an address.
#[derive(Debug, Queryable)]
struct Kept {
    attempts: i32,
    is_sent: bool,
    is_failed: bool,
    failure: Option<String>,
    body: Vec<u8>,
}

async fn kept(app: &TestApp, address: &str) -> Kept {
    let address = address.to_owned();
    app.read(move |conn| {
        let columns =
            (t::attempts, t::sent_at.is_not_null(), t::failed_at.is_not_null(), t::failure, t::body);
        Ok(t::table.filter(t::recipient.eq(address)).select(columns).first(conn)?)
    })
    .await
}

both_databases! {
    async fn a_letter_arrives_whole(app: TestApp) {
        let server = SmtpServer::start(&[]);
        write_to(app, "anna@epos.test").await;
        let mut postman = postman(app, Mail { reply_to: "help@epos.test".to_owned(), ..plain(&server) });
        assert_eq!(round(&mut postman).await, 1);
        assert_eq!(round(&mut postman).await, 0, "once");
        let letters = server.letters();
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!(letter["from"], "noreply@epos.test");
        assert_eq!(letter["to"], serde_json::json!(["anna@epos.test"]));
        assert_eq!(letter["subject"], "Подтвердите адрес — «ЭПОС»");
        assert_eq!(letter["type"], "multipart/alternative");
        assert_eq!(letter["defects"], serde_json::json!([]));
        assert_eq!(letter["ascii"], true);
        assert_eq!(header(letter, "From"), "\"ЭПОС, портал\" <noreply@epos.test>");
        assert_eq!(header(letter, "Reply-To"), "help@epos.test");
        assert_eq!(header(letter, "Date"), "Sun, 22 Nov 2026 07:00:00 +0000");
        assert_eq!(header(letter, "Auto-Submitted"), "auto-generated");
        assert!(header(letter, "Message-ID").ends_with("@epos.test>"), "{letter}");
        let (text, html) = (letter["text"].as_str().unwrap(), letter["html"].as_str().unwrap());
        assert!(text.contains("Анна Ивановна.\nСсылка") && text.contains(": <b>anna</b> & co"), "{text}");
        assert!(html.contains("&lt;b&gt;anna&lt;/b&gt; &amp; co") && html.contains("lang=\"ru\""), "{html}");
        assert!(html.contains("href=\"http://epos.test/link#token=abc_DEF-1\""), "{html}");
        assert_eq!(letter["links"], serde_json::json!(["http://epos.test/link#token=abc_DEF-1"]));
        let kept = kept(app, "anna@epos.test").await;
        assert!(kept.is_sent && kept.body.is_empty() && kept.failure.is_none(), "{kept:?}");
    }

    async fn a_greylisted_letter_comes_again_and_a_refused_one_stops(app: TestApp) {
        let server = SmtpServer::start(&["--greylist", "grey@epos.test", "--refuse", "no@epos.test"]);
        for address in ["grey@epos.test", "no@epos.test", "anna@epos.test", "почта@mail.ru"] {
            write_to(app, address).await;
        }
        let mut postman = postman(app, plain(&server));
        assert_eq!(round(&mut postman).await, 1, "the others go on");
        assert_eq!(server.letters_to("anna@epos.test").len(), 1);
        let refused = kept(app, "no@epos.test").await;
        assert!(refused.is_failed && !refused.is_sent && refused.body.is_empty(), "{refused:?}");
        assert!(refused.failure.unwrap().contains("550 5.1.1 <no@epos.test>: no such mailbox"));
        let unusable = kept(app, "почта@mail.ru").await;
        assert!(unusable.is_failed && unusable.body.is_empty(), "{unusable:?}");
        let grey = kept(app, "grey@epos.test").await;
        assert!(!grey.is_failed && !grey.is_sent && !grey.body.is_empty(), "{grey:?}");
        assert!(grey.failure.unwrap().starts_with("451 4.7.1"));

        assert_eq!(round(&mut postman).await, 0, "not at once");
        app.clock.advance(TimeDelta::seconds(61));
        assert_eq!(round(&mut postman).await, 1);
        assert_eq!(server.letters_to("grey@epos.test").len(), 1);
        let grey = kept(app, "grey@epos.test").await;
        assert!(grey.is_sent && grey.attempts == 2 && grey.failure.is_none(), "{grey:?}");
        app.clock.advance(TimeDelta::hours(100));
        assert_eq!(round(&mut postman).await, 0);
        assert!(server.letters_to("no@epos.test").is_empty());
    }

    async fn a_server_that_is_down_for_a_while_loses_nothing(app: TestApp) {
        let mut server = SmtpServer::start(&[]);
        let mut postman = postman(app, plain(&server));
        let addresses: Vec<String> = (0..5).map(|number| format!("anna{number}@epos.test")).collect();
        write_to(app, &addresses[0]).await;
        assert_eq!(round(&mut postman).await, 1);
        server.stop();
        for address in &addresses[1..] {
            write_to(app, address).await;
        }
        for _ in 0..6 {
            assert_eq!(round(&mut postman).await, 0);
            app.clock.advance(TimeDelta::minutes(10));
        }
        server.start_again();
        app.clock.advance(TimeDelta::hours(2));
        assert_eq!(round(&mut postman).await, 4);
        for address in &addresses {
            assert_eq!(server.letters_to(address).len(), 1, "{address}");
            assert!(kept(app, address).await.is_sent);
        }
    }

    async fn after_the_configured_time_a_letter_is_given_up(app: TestApp) {
        let mut server = SmtpServer::start(&[]);
        let mut postman = postman(app, plain(&server));
        server.stop();
        write_to(app, "anna@epos.test").await;
        for hours in [0, 70, 3] {
            app.clock.advance(TimeDelta::hours(hours));
            assert!(!kept(app, "anna@epos.test").await.is_failed);
            assert_eq!(round(&mut postman).await, 0);
        }
        let given_up = kept(app, "anna@epos.test").await;
        assert!(given_up.is_failed && given_up.body.is_empty(), "{given_up:?}");
        let failure = given_up.failure.unwrap();
        assert!(failure.contains("3 attempts") && failure.contains("not reached"), "{failure}");
        server.start_again();
        app.clock.advance(TimeDelta::hours(2));
        assert_eq!(round(&mut postman).await, 0);
    }

    async fn what_is_sent_again_after_a_crash_is_the_same_letter(app: TestApp) {
        let server = SmtpServer::start(&[]);
        write_to(app, "anna@epos.test").await;
        let mut first = postman(app, plain(&server));
        let claimed = first.claim().await.unwrap().unwrap();
        assert!(matches!(first.send(&claimed).await, Outcome::Accepted(_)));
        // Here the process dies: the server has the letter, and the row does not know.
        drop(first);
        let mut second = postman(app, plain(&server));
        assert_eq!(round(&mut second).await, 0, "the lease still holds");
        app.clock.advance(plain(&server).lease() + TimeDelta::seconds(1));
        assert_eq!(round(&mut second).await, 1);
        let letters = server.letters_to("anna@epos.test");
        let [one, two] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!((&one["headers"], &one["text"]), (&two["headers"], &two["text"]));
        // The one that had died comes back and has nothing to say any more.
        let before = kept(app, "anna@epos.test").await;
        let third = postman(app, plain(&server));
        third.note(claimed, Outcome::Refused("late".to_owned())).await.unwrap();
        let after = kept(app, "anna@epos.test").await;
        assert!(before.is_sent && after.is_sent && !after.is_failed && after.failure.is_none(), "{after:?}");
    }

    async fn a_lease_that_ran_out_cannot_be_written_under(app: TestApp) {
        let server = SmtpServer::start(&[]);
        write_to(app, "anna@epos.test").await;
        let (slow, quick) = (postman(app, plain(&server)), postman(app, plain(&server)));
        let early = slow.claim().await.unwrap().unwrap();
        assert!(quick.claim().await.unwrap().is_none());
        app.clock.advance(plain(&server).lease() + TimeDelta::seconds(1));
        let late = quick.claim().await.unwrap().unwrap();
        slow.note(early, Outcome::Refused("of the past".to_owned())).await.unwrap();
        let meanwhile = kept(app, "anna@epos.test").await;
        assert!(!meanwhile.is_failed && meanwhile.attempts == 2, "{meanwhile:?}");
        quick.note(late, Outcome::Accepted("250".to_owned())).await.unwrap();
        assert!(kept(app, "anna@epos.test").await.is_sent);
    }

    async fn two_at_once_never_send_a_letter_twice(app: TestApp) {
        let server = SmtpServer::start(&[]);
        let addresses: Vec<String> = (0..50).map(|number| format!("anna{number}@epos.test")).collect();
        for address in &addresses {
            write_to(app, address).await;
        }
        // Each with pools of its own, as processes have.
        let another = || {
            let config = Config { mail: plain(&server), ..(*app.services.config).clone() };
            let services = Services::open(config, Mode::Production, app.services.context.clone()).unwrap();
            Postman::new(&services).unwrap().unwrap()
        };
        let (mut one, mut two) = (another(), another());
        let (of_one, of_two) = tokio::join!(
            async { actix_web::rt::spawn(async move { round(&mut one).await }).await.unwrap() },
            async { actix_web::rt::spawn(async move { round(&mut two).await }).await.unwrap() },
        );
        assert_eq!(of_one + of_two, 50);
        assert!(of_one > 0 && of_two > 0, "both worked: {of_one}, {of_two}");
        let letters = server.letters();
        let to: BTreeSet<&str> = letters.iter().map(|letter| letter["to"][0].as_str().unwrap()).collect();
        assert_eq!((letters.len(), to.len()), (50, 50));
        // A connection is kept for more than one letter.
        let peers: BTreeSet<String> = letters.iter().map(|letter| letter["peer"].to_string()).collect();
        assert!(peers.len() <= 4, "{peers:?}");
    }

    async fn a_slow_server_is_left_and_the_letter_sent_again(app: TestApp) {
        let server = SmtpServer::start(&["--slow", "3"]);
        write_to(app, "anna@epos.test").await;
        let mut hasty = postman(app, Mail { timeout_ms: 500, ..plain(&server) });
        assert_eq!(round(&mut hasty).await, 0);
        let waiting = kept(app, "anna@epos.test").await;
        assert!(waiting.failure.unwrap().contains("no answer within 500 ms"));
        app.clock.advance(TimeDelta::minutes(2));
        assert_eq!(round(&mut postman(app, plain(&server))).await, 1);
        let ids: BTreeSet<String> = server.letters().iter().map(|l| header(l, "Message-ID")).collect();
        assert_eq!((server.letters().len(), ids.len()), (2, 1));
    }

    async fn starttls_and_a_password_are_used(app: TestApp) {
        let server = SmtpServer::start(&PROTECTED);
        write_to(app, "anna@epos.test").await;
        assert_eq!(round(&mut postman(app, protected(&server))).await, 1);
        let letters: Vec<Value> = server.letters();
        assert_eq!((&letters[0]["tls"], &letters[0]["user"]), (&Value::Bool(true), &Value::from("epos")));
    }

    async fn tls_from_the_first_byte_is_used(app: TestApp) {
        let server = SmtpServer::start(&["--tls", "implicit"]);
        write_to(app, "anna@epos.test").await;
        let mail = Mail {
            smtp_tls: SmtpTls::Tls,
            smtp_user: String::new(),
            smtp_password: String::new(),
            ..protected(&server)
        };
        assert_eq!(round(&mut postman(app, mail)).await, 1);
        assert_eq!(server.letters()[0]["tls"], true);
    }

    async fn what_is_wrong_with_the_server_is_no_fault_of_the_letter(app: TestApp) {
        let guarded = SmtpServer::start(&PROTECTED);
        let open = SmtpServer::start(&[]);
        let strict = SmtpServer::start(&["--refuse-sender"]);
        write_to(app, "anna@epos.test").await;
        let nobody = Mail { smtp_user: String::new(), smtp_password: String::new(), ..protected(&open) };
        for (mail, told) in [
            (Mail { smtp_password: "wrong".to_owned(), ..protected(&guarded) }, "does not let us in: 535"),
            (Mail { ca_file: None, ..protected(&guarded) }, "no protected connection"),
            (Mail { smtp_host: "127.0.0.2".to_owned(), ..protected(&guarded) }, "not reached"),
            (nobody.clone(), "it offers no STARTTLS"),
            (Mail { smtp_tls: SmtpTls::Tls, ..nobody }, "no protected connection"),
            (plain(&strict), "does not work for us: 553"),
            (plain(&guarded), "does not work for us: 530"),
        ] {
            app.clock.advance(TimeDelta::hours(2));
            assert_eq!(round(&mut postman(app, mail)).await, 0, "{told}");
            let waiting = kept(app, "anna@epos.test").await;
            let failure = waiting.failure.unwrap_or_default();
            assert!(failure.contains(told), "{told}: {failure}");
            assert!(!waiting.is_failed && !waiting.is_sent && !waiting.body.is_empty());
        }
        for server in [&guarded, &open, &strict] {
            assert!(server.letters().is_empty(), "nothing was given away");
        }
        app.clock.advance(TimeDelta::hours(2));
        assert_eq!(round(&mut postman(app, protected(&guarded))).await, 1);
    }

    async fn the_running_server_sends_by_itself(app: TestApp) {
        let server = SmtpServer::start(&[]);
        write_to(app, "anna@epos.test").await;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let running = epos_backend::app::start(services(app, plain(&server)), listener).unwrap();
        app.eventually("the letter arrives", async || server.letters().len() == 1).await;
        write_to(app, "boris@epos.test").await;
        app.eventually("the next one too", async || server.letters().len() == 2).await;
        app.eventually("it is noted", async || kept(app, "boris@epos.test").await.is_sent).await;
        running.stop().await;
    }

    async fn a_server_that_does_not_work_is_left_alone_for_a_while(app: TestApp) {
        let mut server = SmtpServer::start(&[]);
        let mut postman = postman(app, plain(&server));
        server.stop();
        for number in 0..3 {
            write_to(app, &format!("anna{number}@epos.test")).await;
        }
        for _ in 0..5 {
            assert_eq!(round(&mut postman).await, 0);
        }
        let attempts: i64 = app
            .read(|conn| Ok(t::table.select(diesel::dsl::sum(t::attempts)).first::<Option<i64>>(conn)?))
            .await
            .unwrap();
        assert_eq!(attempts, 1, "one letter found out for all");
    }

    async fn the_trouble_is_told_apart(app: TestApp) {
        let server = SmtpServer::start(&[]);
        write_to(app, "anna@epos.test").await;
        let mut postman = postman(app, Mail { smtp_tls: SmtpTls::Starttls, ..plain(&server) });
        let claimed = postman.claim().await.unwrap().unwrap();
        let outcome = postman.send(&claimed).await;
        assert_eq!(outcome, Outcome::Unavailable(Trouble::Tls("it offers no STARTTLS".to_owned())));
    }
}
