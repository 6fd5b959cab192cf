//! The journal shows what was done to it.

use diesel::prelude::*;
use epos_backend::audit::{self, Actor, Event, Verification};
use epos_backend::context::Context;
use epos_backend::db::schema::audit_events;
use epos_backend::db::types::Id;
use epos_backend::db::{Conn, DbError};

use crate::common::TestApp;

async fn write_events(app: &TestApp, count: u8) {
    let context: Context = app.services.context.clone();
    app.write(move |conn| {
        for number in 0..count {
            let event = Event::done("test.happened", "test", Id(uuid::Uuid::from_u128(number.into())))
                .with(serde_json::json!({ "number": number }));
            audit::record(conn, &context, &Actor::program(), event)?;
        }
        Ok(())
    })
    .await;
}

async fn verify(app: &TestApp) -> Verification {
    let context: Context = app.services.context.clone();
    app.read(move |conn| audit::verify(conn, context.secrets())).await
}

async fn sealed(app: &TestApp) {
    app.eventually("every row is sealed", async || verify(app).await.unsealed == 0).await;
}

fn position(conn: &mut Conn, number: i64) -> Result<(), DbError> {
    audit_events::table
        .filter(audit_events::position.eq(number))
        .select(audit_events::id)
        .first::<Id>(conn)?;
    Ok(())
}

crate::both_databases! {
    async fn rows_are_sealed_within_a_second_and_hold_together(app: TestApp) {
        write_events(app, 3).await;
        sealed(app).await;
        write_events(app, 2).await;
        sealed(app).await;
        assert_eq!(verify(app).await, Verification { sealed: 5, unsealed: 0, broken_at: None });
    }

    async fn an_altered_row_shows(app: TestApp) {
        write_events(app, 5).await;
        sealed(app).await;
        app.write(|conn| {
            position(conn, 3)?;
            diesel::update(audit_events::table.filter(audit_events::position.eq(3)))
                .set(audit_events::details.eq("{}"))
                .execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(verify(app).await.broken_at, Some(3));
    }

    async fn a_removed_row_shows_also_the_last(app: TestApp) {
        write_events(app, 5).await;
        sealed(app).await;
        app.write(|conn| {
            diesel::delete(audit_events::table.filter(audit_events::position.eq(5))).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(verify(app).await.broken_at, Some(5));
        app.write(|conn| {
            diesel::delete(audit_events::table.filter(audit_events::position.eq(2))).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(verify(app).await.broken_at, Some(2));
    }

    #[configure(|config| config.audit.seal_interval_ms = 3_600_000)]
    async fn rows_without_a_seal_are_counted(app: TestApp) {
        // The sealer has looked once, at the start.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        write_events(app, 4).await;
        assert_eq!(verify(app).await, Verification { sealed: 0, unsealed: 4, broken_at: None });
    }

    async fn a_lease_has_one_holder_and_a_growing_token(app: TestApp) {
        let now = app.services.context.db_now();
        let later = now + chrono::TimeDelta::seconds(30);
        let first = app.write(move |conn| epos_backend::jobs::acquire(conn, "x", now, later)).await;
        assert_eq!(first, Some(1));
        assert_eq!(app.write(move |conn| epos_backend::jobs::acquire(conn, "x", now, later)).await, None);
        assert!(app.write(move |conn| epos_backend::jobs::renew(conn, "x", 1, later)).await);
        let next = app.write(move |conn| epos_backend::jobs::acquire(conn, "x", later, later)).await;
        assert_eq!(next, Some(2), "the lease has run out");
        assert!(!app.write(move |conn| epos_backend::jobs::renew(conn, "x", 1, later)).await, "no longer his");
    }
}
