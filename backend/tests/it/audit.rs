//! The journal shows what was done to it.

use diesel::prelude::*;
use epos_backend::audit::{self, Actor, Checkpoint, Event, Fault, Verification};
use epos_backend::context::Context;
use epos_backend::db::schema::{audit_events, audit_heads};
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
    app.read(move |conn| audit::verify(conn, context.secrets(), &[])).await
}

/// The first broken position and what is wrong there.
async fn broken(app: &TestApp) -> Option<(i64, Fault)> {
    verify(app).await.broken.map(|broken| (broken.position, broken.fault))
}

fn holds(sealed: i64, unsealed: i64) -> Verification {
    Verification { sealed, unsealed, broken: None, checkpoints: 0 }
}

/// Changes a sealed row past the journal.
async fn give_position(app: &TestApp, from: i64, to: i64) {
    app.write(move |conn| {
        diesel::update(audit_events::table.filter(audit_events::position.eq(from)))
            .set(audit_events::position.eq(to))
            .execute(conn)?;
        Ok(())
    })
    .await;
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
        assert_eq!(verify(app).await, holds(5, 0));
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
        assert_eq!(broken(app).await, Some((3, Fault::Altered)));
        assert!(verify(app).await.broken.unwrap().entry.is_some());
    }

    async fn a_removed_row_shows_also_the_last(app: TestApp) {
        write_events(app, 5).await;
        sealed(app).await;
        app.write(|conn| {
            diesel::delete(audit_events::table.filter(audit_events::position.eq(5))).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(broken(app).await, Some((5, Fault::EndCut)));
        app.write(|conn| {
            diesel::delete(audit_events::table.filter(audit_events::position.eq(2))).execute(conn)?;
            Ok(())
        })
        .await;
        assert_eq!(broken(app).await, Some((2, Fault::Missing)));
    }

    async fn a_changed_order_shows(app: TestApp) {
        write_events(app, 5).await;
        sealed(app).await;
        give_position(app, 2, 99).await;
        give_position(app, 3, 2).await;
        give_position(app, 99, 3).await;
        assert_eq!(broken(app).await, Some((2, Fault::Order)));
    }

    async fn a_head_that_was_set_back_shows(app: TestApp) {
        write_events(app, 5).await;
        sealed(app).await;
        let second: Vec<u8> = app.read(|conn| {
            let seals: Option<Vec<u8>> =
                audit_events::table.filter(audit_events::position.eq(2)).select(audit_events::seal).first(conn)?;
            Ok(seals.unwrap())
        }).await;
        app.write(move |conn| {
            diesel::update(audit_heads::table)
                .set((audit_heads::position.eq(2), audit_heads::seal.eq(&second)))
                .execute(conn)?;
            Ok(())
        }).await;
        assert_eq!(broken(app).await, Some((5, Fault::Head)));
        // With it everything behind it: what is left holds by itself, but not against a checkpoint.
        let (context, kept) = (app.services.context.clone(), app.read(audit::checkpoint).await.unwrap());
        let later: Checkpoint = format!("epos-audit 5 {}", "ab".repeat(32)).parse().unwrap();
        app.write(|conn| {
            diesel::delete(audit_events::table.filter(audit_events::position.gt(2))).execute(conn)?;
            Ok(())
        }).await;
        assert_eq!(verify(app).await, holds(2, 0));
        let found = app.read(move |conn| audit::verify(conn, context.secrets(), &[later, kept])).await;
        assert_eq!(found.broken.map(|broken| (broken.position, broken.fault)), Some((5, Fault::Checkpoint)));
        assert_eq!(found.checkpoints, 1);
    }

    #[configure(|config| config.audit.seal_interval_ms = 3_600_000)]
    async fn rows_without_a_seal_are_counted(app: TestApp) {
        // The sealer has looked once, at the start.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        write_events(app, 4).await;
        assert_eq!(verify(app).await, holds(0, 4));
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
