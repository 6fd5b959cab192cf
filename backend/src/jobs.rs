//! Background work that one process at a time does, whoever holds the lease.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use tokio::sync::watch;

use crate::account_applications;
use crate::accounts;
use crate::app::Services;
use crate::audit;
use crate::db::schema::leases;
use crate::db::{Conn, DbError};
use crate::esia;
use crate::identification;
use crate::import;
use crate::kontingent;
use crate::mail::Postman;
use crate::memory;
use crate::on;
use crate::registration;
use crate::reports;

/// How long a lease lasts unless renewed: many times the longest work under it.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// The start is over by then.
const STARTED: Duration = Duration::from_secs(2);
/// How often old counters are removed.
const SWEEP: Duration = Duration::from_secs(600);

/// Takes a lease that nobody holds. The token is greater than every one before it (fencing).
///
/// # Errors
/// The database fails.
pub fn acquire(
    conn: &mut Conn,
    name: &str,
    now: NaiveDateTime,
    until: NaiveDateTime,
) -> Result<Option<i64>, DbError> {
    let row = (leases::name.eq(name), leases::token.eq(0_i64), leases::expires_at.eq(now));
    on!(conn, |c| diesel::insert_into(leases::table).values(row).on_conflict_do_nothing().execute(c))?;
    let token: i64 = leases::table.find(name).select(leases::token).first(conn)?;
    let free = leases::table.find(name).filter(leases::token.eq(token)).filter(leases::expires_at.le(now));
    let taken = diesel::update(free)
        .set((leases::token.eq(token + 1), leases::expires_at.eq(until)))
        .execute(conn)?;
    Ok((taken == 1).then_some(token + 1))
}

/// Prolongs a lease, if it is still held; to be called first in every transaction done under it.
///
/// # Errors
/// The database fails.
pub fn renew(conn: &mut Conn, name: &str, token: i64, until: NaiveDateTime) -> Result<bool, DbError> {
    let mine = leases::table.find(name).filter(leases::token.eq(token));
    Ok(diesel::update(mine).set(leases::expires_at.eq(until)).execute(conn)? == 1)
}

/// Seals the journal until told to stop. Where there is nothing to seal it reads and writes nothing.
pub async fn run_sealer(services: Services, mut stop: watch::Receiver<bool>) {
    const NAME: &str = "audit-sealer";
    let pause = Duration::from_millis(services.config.audit.seal_interval_ms);
    let mut held: Option<i64> = None;
    while !*stop.borrow() {
        match seal(&services, NAME, held).await {
            Ok(token) => held = token,
            Err(error) => {
                held = None;
                tracing::warn!(%error, "the journal could not be sealed");
            }
        }
        wait(pause, &mut stop).await;
    }
    // What the last requests wrote is sealed too, and another process need not wait for the lease to run out.
    if let Ok(Some(token)) = seal(&services, NAME, held).await {
        let now = services.context.db_now();
        let released: Result<bool, DbError> =
            services.db.write_by_condition(move |conn| renew(conn, NAME, token, now)).await;
        if let Err(error) = released {
            tracing::warn!(%error, "the sealer's lease could not be given back");
        }
    }
}

/// Seals what there is under a lease that is held, renewed or taken; answers its token.
async fn seal(services: &Services, name: &'static str, held: Option<i64>) -> Result<Option<i64>, DbError> {
    if !services.db.read(audit::has_unsealed).await? {
        return Ok(held);
    }
    let context = services.context.clone();
    let (token, sealed) = services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            let now = context.db_now();
            let until = now + LEASE;
            let token = match held {
                Some(token) if renew(conn, name, token, until)? => Some(token),
                _ => acquire(conn, name, now, until)?,
            };
            let sealed = if token.is_some() { audit::seal_pending(conn, context.secrets())? } else { 0 };
            Ok((token, sealed))
        })
        .await?;
    if sealed > 0 {
        tracing::debug!(sealed, "rows of the journal were sealed");
    }
    Ok(token)
}

/// Sends what waits in the outbox until told to stop. Each letter has a lease of its own, so that any number of
/// processes work at once.
pub async fn run_postman(services: Services, mut stop: watch::Receiver<bool>) {
    let pause = Duration::from_millis(services.config.mail.poll_interval_ms);
    let grace = Duration::from_secs(services.config.server.shutdown_timeout_seconds);
    let opened = tokio::task::spawn_blocking(move || Postman::new(&services)).await;
    let mut postman = match opened.map_err(|error| error.to_string()).flatten() {
        Ok(Some(postman)) => postman,
        // Letters wait: `Config::warnings` has said so.
        Ok(None) => return,
        Err(error) => {
            tracing::error!(%error, "no letter is sent");
            return;
        }
    };
    while !*stop.borrow() {
        let mut asked = stop.clone();
        let cut = async {
            // Fails where nobody can ask any more, which is the same.
            let _ = asked.changed().await;
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            round = postman.round(&stop) => {
                if let Err(error) = round {
                    tracing::warn!(%error, "the outbox could not be worked on");
                }
            }
            // What was under way is sent again when its lease has run out, as the same letter.
            () = cut => return,
        }
        wait(pause, &mut stop).await;
    }
}

/// Removes what counts nothing any more, every few minutes until told to stop. Without a lease: two at once
/// do no harm.
pub async fn run_sweeper(services: Services, mut stop: watch::Receiver<bool>) {
    // What only the start has needed.
    wait(STARTED, &mut stop).await;
    memory::give_back();
    while !*stop.borrow() {
        wait(SWEEP, &mut stop).await;
        memory::give_back();
        let tools = services.clone();
        let swept = services.db.write_by_condition(move |conn| accounts::sweep_attempts(conn, &tools)).await;
        match swept {
            Ok(swept) => tracing::debug!(swept, "old counters of failures were removed"),
            Err(error) => tracing::warn!(%error, "old counters of failures could not be removed"),
        }
        let tools = services.clone();
        let swept = services.db.write_by_condition(move |conn| registration::sweep(conn, &tools)).await;
        match swept {
            Ok(swept) => tracing::debug!(swept, "old applications were removed"),
            Err(error) => tracing::warn!(%error, "old applications could not be removed"),
        }
        match account_applications::sweep(&services).await {
            Ok(swept) => tracing::debug!(swept, "old applications of departments were removed"),
            Err(error) => tracing::warn!(%error, "old applications of departments could not be removed"),
        }
        let tools = services.clone();
        let swept = services.db.write_by_condition(move |conn| import::sweep(conn, &tools)).await;
        match swept {
            Ok(swept) => tracing::debug!(swept, "old imports were removed"),
            Err(error) => tracing::warn!(%error, "old imports could not be removed"),
        }
        let tools = services.clone();
        let swept = services.db.write_by_condition(move |conn| identification::sweep(conn, &tools)).await;
        match swept {
            Ok(swept) => tracing::debug!(swept, "mismatches that ended long ago were removed"),
            Err(error) => tracing::warn!(%error, "old mismatches could not be removed"),
        }
        let tools = services.clone();
        let swept =
            services.db.write_by_condition(move |conn| kontingent::sweep_proposals(conn, &tools)).await;
        match swept {
            Ok(swept) => tracing::debug!(swept, "proposals that ended long ago were removed"),
            Err(error) => tracing::warn!(%error, "old proposals could not be removed"),
        }
    }
}

/// What is done once a day, until told to stop: blocks accounts that nobody has used for long, tells heads of roles
/// that end soon and support of certificates that do, reminds those who have not confirmed their staff; before that
/// gives accounts of before the index of the list theirs. Counts organizations once an hour.
pub async fn run_caretaker(services: Services, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        wait(SWEEP, &mut stop).await;
        if *stop.borrow() {
            return;
        }
        if let Err(error) = care(&services, &stop).await {
            tracing::warn!(%error, "accounts could not be looked after");
        }
        if let Err(error) = index_snils(&services, &stop).await {
            tracing::warn!(%error, "not every card could get the key of its СНИЛС");
        }
        if let Err(error) = tell_of_ending_roles(&services, &stop).await {
            tracing::warn!(%error, "not everybody could be told of roles that end soon");
        }
        if let Err(error) = tell_of_certificates(&services).await {
            tracing::warn!(%error, "support could not be told of certificates that end soon");
        }
        if let Err(error) = tell_of_recertifications(&services, &stop).await {
            tracing::warn!(%error, "not everybody could be told of a recertification");
        }
        if let Err(error) = tend_recertifications(&services, &stop).await {
            tracing::warn!(%error, "recertifications could not be looked after");
        }
        if let Err(error) = count(&services, &stop).await {
            tracing::warn!(%error, "organizations could not be counted");
        }
    }
}

/// Whether this process is the one to do something today.
async fn is_mine_today(services: &Services, name: &'static str) -> Result<bool, DbError> {
    is_mine_for(services, name, TimeDelta::days(1)).await
}

/// Whether this process is the one to do something that is done so often. The lease is held so long and not given
/// back.
async fn is_mine_for(services: &Services, name: &'static str, often: TimeDelta) -> Result<bool, DbError> {
    let context = services.context.clone();
    let token = services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            let now = context.db_now();
            acquire(conn, name, now, now + often)
        })
        .await?;
    Ok(token.is_some())
}

async fn care(services: &Services, stop: &watch::Receiver<bool>) -> Result<(), DbError> {
    while !*stop.borrow() && services.db.write_tx(accounts::index_missing).await? > 0 {}
    if !is_mine_today(services, "accounts-caretaker").await? {
        return Ok(());
    }
    let mut after = None;
    while !*stop.borrow() {
        after = accounts::block_unused(services, after).await?;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

/// Cards that were there before their СНИЛС could be found get what it is found by.
async fn index_snils(services: &Services, stop: &watch::Receiver<bool>) -> Result<(), DbError> {
    while !*stop.borrow() {
        let context = services.context.clone();
        if services.db.write_tx(move |conn| kontingent::index_snils(conn, &context)).await? == 0 {
            break;
        }
    }
    Ok(())
}

async fn tell_of_ending_roles(services: &Services, stop: &watch::Receiver<bool>) -> Result<(), DbError> {
    if !is_mine_today(services, "ending-roles").await? {
        return Ok(());
    }
    let mut after = None;
    while !*stop.borrow() {
        after = kontingent::tell_of_ending_roles(services, after).await?;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

async fn tell_of_certificates(services: &Services) -> Result<(), DbError> {
    if services.esia.is_none() || !is_mine_today(services, "esia-certificates").await? {
        return Ok(());
    }
    esia::tell_of_certificates(services).await
}

/// Heads learn within minutes that they are asked.
async fn tell_of_recertifications(services: &Services, stop: &watch::Receiver<bool>) -> Result<(), DbError> {
    if !is_mine_for(services, "recertification-letters", TimeDelta::minutes(5)).await? {
        return Ok(());
    }
    let mut after = None;
    while !*stop.borrow() {
        after = kontingent::tell_of_recertifications(services, after).await?;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

async fn tend_recertifications(services: &Services, stop: &watch::Receiver<bool>) -> Result<(), DbError> {
    if !is_mine_today(services, "recertifications").await? {
        return Ok(());
    }
    let mut after = None;
    while !*stop.borrow() {
        after = kontingent::tend_recertifications(services, after).await?;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

/// Counts every organization anew, once an hour.
async fn count(services: &Services, stop: &watch::Receiver<bool>) -> Result<(), DbError> {
    if !is_mine_for(services, "organization-counts", TimeDelta::hours(1)).await? {
        return Ok(());
    }
    let mut after = None;
    while !*stop.borrow() {
        after = reports::recount(services, after).await?;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

async fn wait(pause: Duration, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        _ = stop.changed() => {}
    }
}
