//! The outbox, as tests of the features that write letters look into it.

use epos_backend::mail::{self, Letter};
use epos_shared::values::Email;

use crate::both_databases;

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
}
