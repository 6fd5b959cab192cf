//! The public directory of organizations.

use diesel::prelude::*;
use epos_backend::db::schema::organizations;
use epos_shared::roles::OrganizationKind;
use serde_json::{Value, json};

use crate::applicants::{INN, Region, listed};
use crate::common::Client;
use crate::people::url;

const PATH: &str = "/api/v1/directory/organizations";

async fn search(client: &Client, parameters: &[(&str, &str)]) -> Value {
    client.get(&url(PATH, parameters)).await.expect(200)
}

fn names(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().map(|row| row["short_name"].as_str().unwrap()).collect()
}

crate::both_databases! {
    async fn any_part_of_the_names_the_town_and_the_number_is_found(app: TestApp) {
        let region = Region::build(app).await;
        let kind = OrganizationKind::Kindergarten;
        listed(app, Some(region.department), kind, "Детский сад «Звёздочка»", None).await;
        let client = app.anonymous();
        assert_eq!(
            names(&search(&client, &[]).await),
            ["Гимназия № 4", "Детский сад «Звёздочка»", "МАОУ «СОШ № 12»", "Оператор ЭПОС", "УО Верхнекамска"]
        );
        for (query, found) in [
            ("ИМНАЗ", vec!["Гимназия № 4"]),
            ("звездочк", vec!["Детский сад «Звёздочка»"]),
            ("ЁЗДОЧ", vec!["Детский сад «Звёздочка»"]),
            ("сош 12", vec!["МАОУ «СОШ № 12»"]),
            ("12 учрежд сош", vec!["МАОУ «СОШ № 12»"]),
            ("7083", vec!["МАОУ «СОШ № 12»"]),
            ("хнекам 4", vec!["Гимназия № 4"]),
            ("сош 13", vec![]),
            ("%", vec![]),
            ("' OR 1=1", vec![]),
        ] {
            assert_eq!(names(&search(&client, &[("query", query)]).await), found, "{query}");
        }
        let row = &search(&client, &[("query", INN)]).await["items"][0];
        let row = row.as_object().unwrap();
        let fields: Vec<&str> = row.keys().map(String::as_str).collect();
        assert_eq!(fields, ["full_name", "id", "inn", "kind", "kpp", "short_name", "town"]);
    }

    async fn what_is_closed_is_not_listed_and_what_is_new_is_at_once(app: TestApp) {
        let region = Region::build(app).await;
        let client = app.anonymous();
        assert_eq!(names(&search(&client, &[("query", "школа")]).await).len(), 0);
        let new = listed(app, Some(region.department), OrganizationKind::School, "Школа № 77", None).await;
        assert_eq!(names(&search(&client, &[("query", "школа")]).await), ["Школа № 77"]);
        app.write(move |conn| {
            let closed = organizations::closed_on.eq(chrono::NaiveDate::from_ymd_opt(2026, 11, 23));
            let version = organizations::version.eq(organizations::version + 1);
            diesel::update(organizations::table.find(new)).set((closed, version)).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(names(&search(&client, &[("query", "школа")]).await), ["Школа № 77"], "until today");
        app.clock.advance(chrono::TimeDelta::hours(12));
        assert_eq!(names(&search(&client, &[("query", "школа")]).await).len(), 0);
    }

    async fn pages_and_words_are_bounded(app: TestApp) {
        Region::build(app).await;
        let client = app.anonymous();
        let two = search(&client, &[("limit", "2")]).await;
        assert_eq!((names(&two).len(), &two["more"]), (2, &json!(true)));
        assert_eq!(search(&client, &[("limit", "4")]).await["more"], false);
        for wrong in [
            url(PATH, &[("limit", "0")]),
            url(PATH, &[("limit", "101")]),
            url(PATH, &[("query", &"а".repeat(201))]),
            url(PATH, &[("query", "а б в г д е ж з и к л")]),
            url(PATH, &[("closed", "true")]),
        ] {
            client.get(&wrong).await.expect_problem(400, "malformed-parameter");
        }
    }

    #[configure(|config| config.registration.directory_per_minute = 5)]
    async fn an_address_asks_so_often_a_minute(app: TestApp) {
        let client = app.anonymous().from("192.0.2.1");
        for _ in 0..5 {
            client.get(PATH).await.expect(200);
        }
        let answer = client.get(PATH).await;
        assert_eq!(answer.expect_problem(429, "too-many-requests")["retry_after"], 60);
        app.anonymous().from("192.0.2.2").get(PATH).await.expect(200);
        app.clock.advance(chrono::TimeDelta::minutes(1));
        client.get(PATH).await.expect(200);
    }
}
