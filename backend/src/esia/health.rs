//! How the link is, as all nodes see it: rows that support's page shows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Text, Timestamp};
use epos_shared::api::esia::{CERTIFICATE_WARNED, CertificateView, EsiaFailed, EsiaHealth};
use epos_shared::esia::WhoActs;

use super::failure::Failed;
use crate::alarms;
use crate::app::Services;
use crate::db::schema::esia_health as t;
use crate::db::{Conn, DbError};

const SUCCESS: &str = "last_success";
const FAILURE: &str = "last_failure";
const CLOCK: &str = "clock";
/// The same is written once within this time, by one node.
const PAUSE: TimeDelta = TimeDelta::seconds(10);

/// What this node has written lately.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashMap<String, DateTime<Utc>>>);

impl Told {
    /// Whether it is time to write something again.
    fn is_due(&self, what: &str, now: DateTime<Utc>) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(what).is_some_and(|at| (now - *at).abs() < PAUSE) {
            return false;
        }
        // Codes are few; a stranger cannot make them many without ЕСИА's word.
        if told.len() > 100 {
            told.clear();
        }
        told.insert(what.to_owned(), now);
        true
    }
}

fn put(conn: &mut Conn, name: &str, at: NaiveDateTime, detail: &str) -> Result<(), DbError> {
    sql_query(
        "INSERT INTO esia_health (name, at, detail) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET at = excluded.at, detail = excluded.detail",
    )
    .bind::<Text, _>(name)
    .bind::<Timestamp, _>(at)
    .bind::<Text, _>(detail)
    .execute(conn)?;
    Ok(())
}

/// Notes that somebody was told by ЕСИА, and how its clock goes.
pub(super) async fn succeeded(services: &Services, told: &Told, clock: i64) -> Result<(), DbError> {
    if !told.is_due(SUCCESS, services.context.now()) {
        return Ok(());
    }
    let now = services.context.db_now();
    services
        .db
        .write_by_condition(move |conn| {
            put(conn, SUCCESS, now, "")?;
            put(conn, CLOCK, now, &clock.to_string())
        })
        .await
}

/// Notes a failure of the link; one that is our fault tells support.
pub(super) async fn failed(services: &Services, told: &Told, failed: &Failed) -> Result<(), DbError> {
    if !failed.is_of_the_link() || !told.is_due(&failed.code, services.context.now()) {
        return Ok(());
    }
    let (context, failed) = (services.context.clone(), failed.clone());
    services
        .db
        .write_by_condition(move |conn| {
            let now = context.db_now();
            put(conn, FAILURE, now, &failed.code)?;
            if let Some(clock) = failed.clock {
                put(conn, CLOCK, now, &clock.to_string())?;
            }
            if failed.who() == WhoActs::OurAdministrator {
                alarms::raise(conn, &context, &format!("esia-{}", failed.code), &failed.detail)?;
            }
            Ok(())
        })
        .await
}

/// Tells support of certificates that end soon, or that nobody has replaced.
///
/// # Errors
/// The database fails.
pub async fn tell_of_certificates(services: &Services) -> Result<(), DbError> {
    let health = super::sign_in::state_of(services).await;
    let soon = services.context.now() + CERTIFICATE_WARNED;
    let own = health.own_certificate.iter().map(|certificate| ("ours", certificate));
    let trusted = health.trusted_certificates.iter().map(|certificate| ("of ЕСИА", certificate));
    let ending: Vec<String> = own
        .chain(trusted)
        .filter(|(_, certificate)| certificate.not_after < soon)
        .map(|(whose, certificate)| {
            let CertificateView { subject, fingerprint, not_after, .. } = certificate;
            let short: String = fingerprint.chars().take(16).collect();
            format!("{whose}: {subject}, {short}, until {}", not_after.format("%Y-%m-%d"))
        })
        .collect();
    if ending.is_empty() {
        return Ok(());
    }
    let (context, detail) = (services.context.clone(), ending.join("; "));
    services
        .db
        .write_by_condition(move |conn| alarms::raise(conn, &context, "esia-certificate-ends", &detail))
        .await
}

/// What the rows say, written into what this node knows itself.
pub(super) fn read(conn: &mut Conn, mut health: EsiaHealth) -> Result<EsiaHealth, DbError> {
    let rows: Vec<(String, NaiveDateTime, String)> =
        t::table.select((t::name, t::at, t::detail)).load(conn)?;
    for (name, at, detail) in rows {
        let at = at.and_utc();
        match name.as_str() {
            SUCCESS => health.last_success_at = Some(at),
            FAILURE => health.last_failure = Some(EsiaFailed { at, code: detail }),
            CLOCK => health.clock_difference_seconds = detail.parse().ok(),
            _ => {}
        }
    }
    Ok(health)
}
