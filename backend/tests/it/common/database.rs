//! A database of one's own: a file, or a copy of a migrated template in the cluster of the tests.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use epos_backend::db::{Conn, migrations};

use super::Kind;

const VARIABLE: &str = "EPOS_TEST_POSTGRES";

/// Gone when dropped.
pub struct TestDatabase {
    pub url: String,
    name: Option<String>,
    /// For the files of a server on it.
    pub folder: tempfile::TempDir,
}

impl TestDatabase {
    pub fn create(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        match kind {
            Kind::Sqlite => {
                let url = format!("sqlite:{}", folder.path().join("epos.db").display());
                Self { url, name: None, folder }
            }
            Kind::Postgres => {
                let template = template();
                let name =
                    format!("epos_{}", uuid::Builder::from_random_bytes(rand::random()).into_uuid().simple());
                let mut conn = maintenance();
                conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
                Self { url: address(&name), name: Some(name), folder }
            }
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(name) = &self.name
            && let Ok(mut conn) = PgConnection::establish(&cluster())
        {
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn cluster() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{VARIABLE} is not set: these tests need PostgreSQL. `cargo xtask test` starts one; by hand, give \
             the address of a throw-away cluster: postgres://postgres@127.0.0.1:5432/postgres"
        )
    })
}

fn maintenance() -> PgConnection {
    PgConnection::establish(&cluster()).expect("the cluster of the tests answers")
}

fn address(name: &str) -> String {
    let cluster = cluster();
    let (rest, parameters) = cluster.split_once('?').map_or((&*cluster, ""), |(rest, more)| (rest, more));
    let (server, _) = rest.rsplit_once('/').expect("the address ends with a database");
    if parameters.is_empty() { format!("{server}/{name}") } else { format!("{server}/{name}?{parameters}") }
}

/// The migrated template of these very migrations; tests run in processes of their own, so that the first of
/// them makes it under a lock.
fn template() -> String {
    let name = format!("epos_template_{:016x}", fingerprint());
    let mut conn = maintenance();
    diesel::sql_query("SELECT pg_advisory_lock(1162889043)").execute(&mut conn).unwrap();
    let there: i64 =
        diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT count(*) FROM pg_database WHERE datname = ")
            .bind::<Text, _>(&name)
            .get_result(&mut conn)
            .unwrap();
    if there == 0 {
        let raw = format!("{name}_raw");
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {raw} WITH (FORCE)")).unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {raw} TEMPLATE template0")).unwrap();
        let mut fresh = Conn::Pg(PgConnection::establish(&address(&raw)).unwrap());
        migrations::run(&mut fresh).unwrap();
        drop(fresh);
        // Renamed when whole: a run that was cut short leaves no half template. The server may still be
        // closing the connection.
        let rename = format!("ALTER DATABASE {raw} RENAME TO {name}");
        for _ in 0..100 {
            if conn.batch_execute(&rename).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    name
}

/// FNV-1a over the migrations of PostgreSQL: another text, another template.
fn fingerprint() -> u64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("up.sql"))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let bytes = files.iter().flat_map(|file| std::fs::read(file).unwrap());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
