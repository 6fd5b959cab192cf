//! The databases are what `schema.rs` and the inventory of data say.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use epos_backend::db::Conn;

use crate::common::Kind;

const INVENTORY: &str = include_str!("../../../docs/data-inventory.md");
const SCHEMA: &str = include_str!("../../src/db/schema.rs");

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

/// `table.column` to diesel's type, as the database has it.
fn columns(conn: &mut Conn) -> BTreeMap<String, String> {
    let rows: Vec<Column> = match conn {
        Conn::Pg(conn) => diesel::sql_query(
            "SELECT table_name::text, column_name::text, data_type::text AS kind, is_nullable = 'YES' AS nullable \
             FROM information_schema.columns WHERE table_schema = 'public'",
        )
        .load(conn)
        .unwrap(),
        Conn::Lite(conn) => diesel::sql_query(
            "SELECT m.name AS table_name, c.name AS column_name, c.type AS kind, c.\"notnull\" = 0 AS nullable \
             FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
        )
        .load(conn)
        .unwrap(),
    };
    rows.into_iter()
        .filter(|row| row.table_name != "__diesel_schema_migrations")
        .map(|row| {
            let kind = if row.nullable { format!("Nullable<{}>", row.kind) } else { row.kind };
            (format!("{}.{}", row.table_name, row.column_name), kind)
        })
        .collect()
}

/// The same, as `schema.rs` has it.
fn described() -> BTreeMap<String, String> {
    let mut columns = BTreeMap::new();
    let mut table = String::new();
    for line in SCHEMA.lines() {
        let line = line.trim();
        if let Some((name, _)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            table = name.to_owned();
        } else if let Some((column, kind)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) {
            columns.insert(format!("{table}.{column}"), kind.to_owned());
        }
    }
    columns
}

fn in_words_of(kind: Kind, diesel: &str) -> String {
    let (start, inner, end) = match diesel.strip_prefix("Nullable<").and_then(|rest| rest.strip_suffix('>')) {
        Some(inner) => ("Nullable<", inner, ">"),
        None => ("", diesel, ""),
    };
    let word = match (kind, inner) {
        (Kind::Postgres, "DbUuid") => "uuid",
        (Kind::Postgres, "Timestamp") => "timestamp without time zone",
        (Kind::Postgres, "Date") => "date",
        (Kind::Postgres, "Text") => "text",
        (Kind::Postgres, "Binary") => "bytea",
        (Kind::Postgres, "Bool") => "boolean",
        (Kind::Postgres, "Integer") => "integer",
        (Kind::Postgres, "BigInt") => "bigint",
        (Kind::Postgres, "SmallInt") => "smallint",
        (Kind::Sqlite, "DbUuid" | "Binary") => "BLOB",
        (Kind::Sqlite, "Timestamp" | "Date" | "Text") => "TEXT",
        (Kind::Sqlite, "Bool" | "SmallInt" | "Integer" | "BigInt") => "INTEGER",
        _ => panic!("a type the test does not know: {inner}"),
    };
    format!("{start}{word}{end}")
}

crate::both_databases! {
    async fn the_tables_are_what_schema_rs_says(app: TestApp) {
        let real = app.read(|conn| Ok(columns(conn))).await;
        let expected: BTreeMap<_, _> =
            described().into_iter().map(|(column, kind)| (column, in_words_of(app.kind, &kind))).collect();
        assert_eq!(real, expected);
    }

    async fn every_column_is_marked_public_or_personal(app: TestApp) {
        let real: Vec<String> = app.read(|conn| Ok(columns(conn).into_keys().collect())).await;
        let mut marked = BTreeMap::new();
        let mut table = String::new();
        for line in INVENTORY.lines() {
            if let Some(name) = line.strip_prefix("## `").and_then(|rest| rest.strip_suffix('`')) {
                table = name.to_owned();
            } else if let Some((name, rest)) = line.strip_prefix("| `").and_then(|rest| rest.split_once("` | ")) {
                let mark = rest.split(" |").next().unwrap();
                assert!(matches!(mark, "public" | "personal" | "secret"), "{table}.{name} is marked {mark}");
                marked.insert(format!("{table}.{name}"), mark.to_owned());
            }
        }
        let marked: Vec<String> = marked.into_keys().collect();
        assert_eq!(marked, real);
    }
}
