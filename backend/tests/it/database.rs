//! Both databases keep the same promises.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::prelude::*;
use epos_backend::db::schema::{attempt_counters as counters, issued_names};
use epos_backend::db::{Database, DatabaseUrl, DbError, Unique, broken_unique};

use crate::common::{Kind, TestApp};

/// Reads a counter and writes it back one greater: what is lost where transactions do not exclude each other.
async fn increase(app: &TestApp) -> Result<(), DbError> {
    let now = app.services.context.db_now();
    app.services
        .db
        .write_tx(move |conn| {
            let old: Option<i32> =
                counters::table.find("test").select(counters::failures).first(conn).optional()?;
            match old {
                Some(old) => {
                    let row = diesel::update(counters::table.find("test"));
                    row.set(counters::failures.eq(old + 1)).execute(conn)?;
                }
                None => {
                    let row = (
                        counters::key.eq("test"),
                        counters::failures.eq(1),
                        counters::window_started_at.eq(now),
                    );
                    diesel::insert_into(counters::table).values(row).execute(conn)?;
                }
            }
            Ok(())
        })
        .await
}

crate::both_databases! {
    async fn writers_at_once_lose_nothing(app: TestApp) {
        increase(app).await.unwrap();
        let results = futures_util::future::join_all((0..30).map(|_| increase(app))).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        let counted: i32 =
            app.read(|conn| Ok(counters::table.find("test").select(counters::failures).first(conn)?)).await;
        assert_eq!(counted, 31);
    }

    async fn a_failed_transaction_leaves_nothing(app: TestApp) {
        let now = app.services.context.db_now();
        let failed: Result<(), DbError> = app.services.db.write_tx(move |conn| {
            let row = (issued_names::name.eq("test"), issued_names::issued_at.eq(now));
            diesel::insert_into(issued_names::table).values(row).execute(conn)?;
            Err(diesel::result::Error::NotFound.into())
        }).await;
        assert!(failed.is_err());
        let count: i64 = app.read(|conn| Ok(issued_names::table.count().get_result(conn)?)).await;
        assert_eq!(count, 0);
        increase(app).await.unwrap();
    }

    async fn work_that_panics_leaves_nothing_and_the_next_goes_on(app: TestApp) {
        let now = app.services.context.db_now();
        let failed: Result<(), DbError> = app.services.db.write_tx(move |conn| {
            let row = (issued_names::name.eq("test"), issued_names::issued_at.eq(now));
            diesel::insert_into(issued_names::table).values(row).execute(conn)?;
            panic!("in the middle of a transaction");
        }).await;
        assert!(matches!(failed, Err(DbError::Cancelled(_))), "{failed:?}");
        increase(app).await.unwrap();
        let count: i64 = app.read(|conn| Ok(issued_names::table.count().get_result(conn)?)).await;
        assert_eq!(count, 0);
    }

    async fn readers_cannot_write(app: TestApp) {
        let written: Result<usize, DbError> =
            app.services.db.read(|conn| Ok(diesel::delete(issued_names::table).execute(conn)?)).await;
        assert!(written.is_err());
    }

    async fn a_broken_uniqueness_is_named_and_a_savepoint_goes_on(app: TestApp) {
        let now = app.services.context.db_now();
        app.write(move |conn| {
            let row = (issued_names::name.eq("test"), issued_names::issued_at.eq(now));
            diesel::insert_into(issued_names::table).values(row).execute(conn)?;
            let again = conn.transaction(|conn| diesel::insert_into(issued_names::table).values(row).execute(conn));
            assert_eq!(broken_unique(&again.unwrap_err()), Some(Unique::IssuedName));
            assert_eq!(issued_names::table.count().get_result::<i64>(conn)?, 1);
            Ok(())
        })
        .await;
    }

    async fn keys_are_compared_bytewise(app: TestApp) {
        let now = app.services.context.db_now();
        let names: Vec<String> = app.write(move |conn| {
            for name in ["я", "а", "ё", "z", "B", "a-b", "ab"] {
                let row = (issued_names::name.eq(name), issued_names::issued_at.eq(now));
                diesel::insert_into(issued_names::table).values(row).execute(conn)?;
            }
            Ok(issued_names::table.select(issued_names::name).order(issued_names::name).load(conn)?)
        })
        .await;
        assert_eq!(names, ["B", "a-b", "ab", "z", "а", "я", "ё"]);
    }

    async fn moments_come_back_to_the_microsecond(app: TestApp) {
        let now = app.services.context.db_now() + chrono::TimeDelta::microseconds(123_456);
        let back: chrono::NaiveDateTime = app.write(move |conn| {
            let row = (issued_names::name.eq("test"), issued_names::issued_at.eq(now));
            diesel::insert_into(issued_names::table).values(row).execute(conn)?;
            Ok(issued_names::table.select(issued_names::issued_at).first(conn)?)
        })
        .await;
        assert_eq!(back, now);
    }

    async fn what_every_request_asks_uses_an_index(app: TestApp) {
        let plans = [
            "SELECT s.id FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE (s.token_hash = {bytes} \
             OR (s.previous_token_hash = {bytes} AND s.previous_valid_until > {moment})) AND s.ended_at IS NULL",
            "SELECT id FROM accounts WHERE user_name = 'a' OR email_key = 'a'",
            "SELECT id FROM audit_events WHERE position IS NULL ORDER BY at, id LIMIT 500",
            "SELECT id FROM audit_events WHERE position > 5 ORDER BY position LIMIT 500",
            "SELECT failures FROM attempt_counters WHERE key >= 'pair/x/' AND key < 'pair/x0'",
        ];
        let kind = app.kind;
        for plan in plans {
            let (bytes, moment) = match kind {
                Kind::Sqlite => ("x'00'", "'2026-11-22 07:00:00'"),
                Kind::Postgres => ("'\\x00'::bytea", "'2026-11-22'::timestamp"),
            };
            let plan = plan.replace("{bytes}", bytes).replace("{moment}", moment);
            let explained = app.read(move |conn| Ok(explain(conn, &plan))).await;
            let scans = explained.iter().any(|line| match kind {
                Kind::Sqlite => line.starts_with("SCAN") && !line.contains("USING"),
                Kind::Postgres => line.contains("Seq Scan"),
            });
            assert!(!scans, "{explained:#?}");
        }
    }
}

fn explain(conn: &mut epos_backend::db::Conn, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    #[derive(QueryableByName)]
    struct PlanLine {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        text: String,
    }
    use epos_backend::db::Conn;
    match conn {
        Conn::Pg(conn) => {
            // Empty tables are always read whole, unless that is forbidden.
            diesel::sql_query("SET enable_seqscan = off").execute(conn).unwrap();
            let lines: Vec<PlanLine> = diesel::sql_query(format!("EXPLAIN {query}")).load(conn).unwrap();
            lines.into_iter().map(|line| line.text).collect()
        }
        Conn::Lite(conn) => {
            let lines: Vec<Line> =
                diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(conn).unwrap();
            lines.into_iter().map(|line| line.detail).collect()
        }
    }
}

#[test]
fn with_the_server_down_nothing_else_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    let opened = Database::open(epos_backend::db::DatabaseOptions {
        url: "postgres://nobody@127.0.0.1:1/epos".parse::<DatabaseUrl>().unwrap(),
        pool_size: 1,
        acquire_timeout: std::time::Duration::from_millis(200),
        busy_timeout: std::time::Duration::from_millis(200),
        statement_timeout: std::time::Duration::from_secs(1),
    });
    assert!(matches!(opened, Err(DbError::Unavailable(_))), "{opened:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a file was made");
}

#[tokio::test]
async fn a_transaction_in_the_way_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(epos_backend::db::DatabaseOptions {
        url: DatabaseUrl::Sqlite(folder.path().join("x.db").display().to_string()),
        pool_size: 1,
        acquire_timeout: std::time::Duration::from_secs(1),
        busy_timeout: std::time::Duration::from_millis(10),
        statement_timeout: std::time::Duration::from_secs(1),
    })
    .unwrap();
    static TRIES: AtomicU32 = AtomicU32::new(0);
    let failure = || {
        DbError::Query(diesel::result::Error::DatabaseError(
            diesel::result::DatabaseErrorKind::SerializationFailure,
            Box::new("could not serialize access".to_owned()),
        ))
    };
    let third: Result<u32, DbError> = db
        .write_tx(move |_| match TRIES.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Err(failure()),
            tries => Ok(tries),
        })
        .await;
    assert_eq!(third.unwrap(), 2);
}
