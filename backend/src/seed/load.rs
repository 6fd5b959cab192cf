//! Writing the invented data: one thread draws, another writes, in transactions of some thousand cards.

use std::sync::mpsc;

use diesel::connection::SimpleConnection as _;

use super::organizations::{self, PlannedOrganization};
use super::people::{Chunk, People};
use super::{Plan, Progress, SeedError, invalid};
use crate::accounts;
use crate::context::Context;
use crate::db::types::Id;
use crate::db::{Conn, Database, DbError};
use crate::kontingent;
use crate::organizations::{self as tree, NewOrganization, Scope, Search};

/// Cards in one transaction.
const CARDS_AT_ONCE: usize = 10_000;
/// Organizations in one transaction.
const ORGANIZATIONS_AT_ONCE: usize = 500;
/// Chunks that wait to be written.
const WAITING: usize = 2;

/// Refuses a database that holds organizations.
///
/// # Errors
/// [`SeedError::NotEmpty`]; the database fails.
pub fn refuse_unless_empty(db: &Database) -> Result<(), SeedError> {
    let search = Search { scope: Scope::All, id: None, words: Vec::new(), kinds: None, limit: 1 };
    let found = db.write_tx_blocking::<_, DbError, _>(|conn| Ok(tree::search(conn, &search)?))?;
    if found.is_empty() { Ok(()) } else { Err(SeedError::NotEmpty) }
}

/// Loads what is planned, tells how far it is after each chunk, and stops where the answer to that is false.
/// Blocks. What an interrupted seeding has written stays.
///
/// # Errors
/// The plan cannot be, the database fails, or it was told to stop.
pub fn load(
    db: &Database,
    context: &Context,
    plan: &Plan,
    mut go_on: impl FnMut(Progress) -> bool,
) -> Result<Progress, SeedError> {
    let (first, issued) = db.write_tx_blocking::<_, DbError, _>(|conn| {
        for_loading(conn)?;
        Ok((tree::count(conn)?, kontingent::bulk::issued_logins(conn)?))
    })?;
    let organizations = organizations::plan(plan, first)?;
    let mut people = People::new(plan.seed, context, plan.staff, issued.into_iter().collect())?;
    let mut progress = Progress { cards: 0, of: plan.staff, rows: 0 };
    let ids = create_organizations(db, &people.context_before(), &organizations)?;
    progress.rows += u64::try_from(ids.len()).unwrap_or_default();
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Chunk>(WAITING);
        let drawing = scope.spawn(move || draw(&mut people, &organizations, &ids, &sender));
        for chunk in &receiver {
            let rows = db.write_tx_blocking::<_, DbError, _>(|conn| {
                let accounts = accounts::bulk::insert(conn, &chunk.accounts)?;
                Ok(accounts + kontingent::bulk::insert(conn, &chunk.cards)?)
            })?;
            progress.rows += u64::try_from(rows).unwrap_or_default();
            progress.cards += u32::try_from(chunk.cards.len()).unwrap_or_default();
            if !go_on(progress) && progress.cards < progress.of {
                return Err(SeedError::Interrupted(progress));
            }
        }
        drawing.join().map_err(|_| invalid("the thread that draws has panicked"))??;
        Ok(())
    })?;
    // PostgreSQL would do it by itself a minute later. SQLite never does, and its plans are made for that: with
    // statistics of averages it goes through a frequent role once for every card.
    db.write_tx_blocking::<_, DbError, _>(|conn| match conn {
        Conn::Pg(conn) => Ok(conn.batch_execute("ANALYZE")?),
        Conn::Lite(_) => Ok(()),
    })?;
    Ok(progress)
}

/// On SQLite a larger cache, and fewer checkpoints: pages of the indexes are written to again and again.
fn for_loading(conn: &mut Conn) -> Result<(), DbError> {
    if let Conn::Lite(lite) = conn {
        lite.batch_execute("PRAGMA cache_size = -600000; PRAGMA wal_autocheckpoint = 100000")?;
    }
    Ok(())
}

fn create_organizations(
    db: &Database,
    context: &Context,
    all: &[PlannedOrganization],
) -> Result<Vec<Id>, SeedError> {
    let mut ids: Vec<Id> = Vec::with_capacity(all.len());
    for some in all.chunks(ORGANIZATIONS_AT_ONCE) {
        let created = db.write_tx_blocking::<_, DbError, _>(|conn| {
            let mut created: Vec<Id> = Vec::with_capacity(some.len());
            for planned in some {
                let known =
                    |place: usize| ids.get(place).or_else(|| created.get(place.checked_sub(ids.len())?));
                let new = NewOrganization {
                    parent: planned.parent.and_then(known).map(|id| (*id).into()),
                    kind: planned.kind,
                    full_name: planned.full_name.clone(),
                    short_name: planned.short_name.clone(),
                    town: planned.town.clone(),
                    inn: Some(planned.inn.clone()),
                    kpp: Some(planned.kpp.clone()),
                };
                created.push(tree::create(conn, context, &new)?.into());
            }
            Ok(created)
        })?;
        ids.extend(created);
    }
    Ok(ids)
}

/// Draws every card; stops early where nobody takes them any more.
fn draw(
    people: &mut People,
    organizations: &[PlannedOrganization],
    ids: &[Id],
    sender: &mpsc::SyncSender<Chunk>,
) -> Result<(), SeedError> {
    let mut chunk = Chunk::default();
    let mut listening = true;
    for (place, (organization, id)) in organizations.iter().zip(ids).enumerate() {
        people.staff(place, organization, *id, &mut chunk, |chunk| {
            if chunk.cards.len() >= CARDS_AT_ONCE {
                listening &= sender.send(std::mem::take(chunk)).is_ok();
            }
            Ok(())
        })?;
        if !listening {
            return Ok(());
        }
    }
    if !chunk.cards.is_empty() {
        // Nobody listens only where writing failed, and that is told there.
        let _ = sender.send(chunk);
    }
    Ok(())
}
