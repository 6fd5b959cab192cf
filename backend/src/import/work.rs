//! Applying an import, by whichever process has its lease. New cards are made unseen, some at a time; one short
//! transaction judges the rights, changes what is there and decides; then the new cards are shown. Whoever is
//! killed meanwhile leaves work that the next one finds where it was: before the decision it is repeated or taken
//! back, behind it it is finished.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::result::{DatabaseErrorKind, Error};
use epos_shared::api::employees::{NewEmployee, NewEmployeeDraft};
use epos_shared::api::import::{ImportState, KEPT_HOURS, RowOutcome};
use epos_shared::problem::Problem;
use epos_shared::roles::RoleCategory;
use serde_json::json;
use tokio::sync::watch;

use super::judge::Task;
use super::store::{self, Row, Todo};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::kontingent::intake::{self, Surroundings};
use crate::kontingent::{Asker, StaffOf};

/// How often imports are looked for that wait.
const LOOK: Duration = Duration::from_millis(300);
/// How long a lease lasts: many times the longest transaction under it.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// Cards of one transaction.
const BATCH: i64 = 100;
/// So often an import is begun before it is given up.
const TRIES: i32 = 5;
/// So often cards are made again whose logins somebody else took meanwhile.
const LOGIN_TRIES: u32 = 10;

/// Why work on an import ends before its end.
enum Stop {
    /// Somebody else has the lease, or the database failed: it is taken up again.
    Later,
    /// It cannot be applied, in Russian.
    Refused(String),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        tracing::warn!(%error, "an import is interrupted");
        Self::Later
    }
}

/// Works on imports until told to stop.
pub async fn run_importer(services: Services, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let now = services.context.db_now();
        match services.db.read(move |conn| store::waiting(conn, now).map_err(DbError::from)).await {
            Err(error) => tracing::warn!(%error, "imports could not be looked for"),
            Ok(waiting) => {
                for row in waiting {
                    if let Err(error) = take_up(&services, row, &stop).await {
                        tracing::warn!(%error, "an import could not be taken up");
                    }
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn take_up(services: &Services, row: Row, stop: &watch::Receiver<bool>) -> Result<(), DbError> {
    let (context, claimed) = (services.context.clone(), row.clone());
    let token = services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            let now = context.db_now();
            store::claim(conn, &claimed, now, now + LEASE).map_err(DbError::from)
        })
        .await?;
    let Some(token) = token else { return Ok(()) };
    let tries = row.tries;
    let work = Work { services, token, stop, asker: asker_of(&row), row };
    match work.run().await {
        Ok(()) => {}
        Err(Stop::Later) if tries < TRIES || work.row.state()? == ImportState::Finishing => {}
        Err(Stop::Later) => work.give_up("Не удалось применить файл. Попробуйте ещё раз.").await?,
        Err(Stop::Refused(words)) => work.give_up(&words).await?,
    }
    work.release().await
}

/// Whoever uploaded the file: with the rights of that card it is applied.
fn asker_of(row: &Row) -> Asker {
    let journal = audit::Actor {
        account: Some(row.account_id),
        employee: Some(row.employee_id),
        address: row.address.as_deref().and_then(|address| address.parse().ok()),
        request_id: None,
    };
    // Whoever works as something else uploads no staff.
    let category = Some(RoleCategory::Employee);
    Asker { account: row.account_id, card: Some(row.employee_id), category, journal }
}

/// An import under a lease.
struct Work<'a> {
    services: &'a Services,
    row: Row,
    token: i64,
    asker: Asker,
    stop: &'a watch::Receiver<bool>,
}

impl Work<'_> {
    async fn run(&self) -> Result<(), Stop> {
        let state = self.row.state()?;
        if state == ImportState::Applying {
            while self.hide_some().await? {
                self.go_on()?;
            }
            self.decide().await?;
        }
        while self.show_some().await? {
            self.go_on()?;
        }
        self.finish().await
    }

    /// A process that ends gives the work to the next.
    fn go_on(&self) -> Result<(), Stop> {
        if *self.stop.borrow() { Err(Stop::Later) } else { Ok(()) }
    }

    async fn todo(&self, outcome: RowOutcome, step: i32, limit: i64) -> Result<Vec<Todo>, DbError> {
        let import = self.row.id;
        self.services.db.read(move |conn| store::todo(conn, import, outcome, step, limit)).await
    }

    /// Makes some of the new cards, unseen.
    async fn hide_some(&self) -> Result<bool, Stop> {
        let some = self.todo(RowOutcome::Created, 0, BATCH).await?;
        if some.is_empty() {
            return Ok(false);
        }
        let asker = self.asker.clone();
        let tools = self.services.clone();
        // Judged outside of the transaction: what it takes long for nobody waits for. Rights decide later.
        let judged = self
            .services
            .db
            .read::<_, ApiError, _>(move |conn| {
                intake::within(conn, &tools, &asker, |conn, staff| judged(conn, &tools, staff, &some))
            })
            .await
            .map_err(refusal)?;
        for _ in 0..LOGIN_TRIES {
            let cards = judged.clone();
            let written = self.under_lease(move |conn, services, import| {
                let news: Vec<(Id, NewEmployee)> =
                    cards.iter().map(|(_, id, new)| (*id, new.clone())).collect();
                intake::hide(conn, &services.context, &news)?;
                let lines: Vec<u32> = cards.iter().map(|(line, ..)| *line).collect();
                store::set_step(conn, import, &lines, 1)?;
                store::add_done(conn, import, lines.len())?;
                Ok(())
            });
            match written.await {
                Ok(()) => return Ok(true),
                Err(Interrupted::Taken) => {}
                Err(Interrupted::Stop(stop)) => return Err(stop),
            }
        }
        Err(Stop::Later)
    }

    /// A transaction under the lease; whoever has lost it writes nothing.
    async fn under_lease(
        &self,
        work: impl Fn(&mut Conn, &Services, Id) -> Result<(), ApiError> + Send + 'static,
    ) -> Result<(), Interrupted> {
        let (tools, import, token) = (self.services.clone(), self.row.id, self.token);
        let done = self
            .services
            .db
            .write_by_condition::<_, ApiError, _>(move |conn| {
                let until = tools.context.db_now() + LEASE;
                if !store::renew(conn, import, token, until)? {
                    return Ok(false);
                }
                work(conn, &tools, import)?;
                Ok(true)
            })
            .await;
        match done {
            Ok(true) => Ok(()),
            Ok(false) => Err(Interrupted::Stop(Stop::Later)),
            Err(ApiError::Database(DbError::Query(Error::DatabaseError(
                DatabaseErrorKind::UniqueViolation,
                _,
            )))) => Err(Interrupted::Taken),
            Err(error) => Err(Interrupted::Stop(refusal(error))),
        }
    }

    /// The one transaction that decides: the rights of this moment, what changes of cards that are there, and that
    /// it is so.
    async fn decide(&self) -> Result<(), Stop> {
        let created = self.todo(RowOutcome::Created, 1, i64::MAX).await?;
        let changed = self.todo(RowOutcome::Changed, 0, i64::MAX).await?;
        // Thousands of new cards are of few organizations and roles: each kind is judged once.
        let mut kinds: Vec<Todo> = created.clone();
        kinds.sort_by_key(|todo| kind(&todo.task));
        kinds.dedup_by_key(|todo| kind(&todo.task));
        let (tools, asker, import, token) =
            (self.services.clone(), self.asker.clone(), self.row.id, self.token);
        let counts = (created.len(), changed.len());
        let decided = self.services.db.write_tx::<_, ApiError, _>(move |conn| {
            let now = tools.context.db_now();
            let (from, to) = (ImportState::Applying, ImportState::Finishing);
            if !store::advance(conn, import, token, from, to, now)? {
                return Ok(false);
            }
            intake::within(conn, &tools, &asker, |conn, staff| {
                judged(conn, &tools, staff, &kinds)?;
                for todo in &changed {
                    let Task::Change(draft) = &todo.task else { continue };
                    intake::save(conn, &tools, &asker, staff, todo.card.into(), draft)
                        .map_err(|error| at_line(todo.line, error))?;
                }
                let lines: Vec<u32> = changed.iter().map(|todo| todo.line).collect();
                store::set_step(conn, import, &lines, 2)?;
                store::add_done(conn, import, changed.len())?;
                let event = Event::done("import.applied", "import", import)
                    .in_organization(staff.own_organization())
                    .with(json!({ "created": counts.0, "changed": counts.1 }));
                audit::record(conn, &tools.context, &asker.journal, event).map_err(ApiError::from)
            })?;
            Ok(true)
        });
        match decided.await.map_err(refusal)? {
            true => Ok(()),
            false => Err(Stop::Later),
        }
    }

    /// Shows some of the cards that were made.
    async fn show_some(&self) -> Result<bool, Stop> {
        let some = self.todo(RowOutcome::Created, 1, BATCH).await?;
        if some.is_empty() {
            return Ok(false);
        }
        let journal = self.asker.journal.clone();
        let shown = self.under_lease(move |conn, services, import| {
            let cards: Vec<(Id, NewEmployeeDraft)> = some
                .iter()
                .filter_map(|todo| match &todo.task {
                    Task::Create(draft) => Some((todo.card, draft.clone())),
                    Task::Change(_) => None,
                })
                .collect();
            intake::reveal(conn, services, &journal, import, &cards)?;
            let lines: Vec<u32> = some.iter().map(|todo| todo.line).collect();
            store::set_step(conn, import, &lines, 2)?;
            store::add_done(conn, import, lines.len())?;
            Ok(())
        });
        match shown.await {
            Ok(()) => Ok(true),
            Err(Interrupted::Stop(stop)) => Err(stop),
            Err(Interrupted::Taken) => Err(Stop::Later),
        }
    }

    async fn finish(&self) -> Result<(), Stop> {
        let (token, import, context) = (self.token, self.row.id, self.services.context.clone());
        self.services
            .db
            .write_by_condition::<_, DbError, _>(move |conn| {
                let done = count_done(conn, import)?;
                let (from, to) = (ImportState::Finishing, ImportState::Applied);
                if store::advance(conn, import, token, from, to, context.db_now())? {
                    store::add_done(conn, import, done)?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Takes back what was made unseen, and tells why nothing came of it.
    async fn give_up(&self, words: &str) -> Result<(), DbError> {
        loop {
            let some = self.todo(RowOutcome::Created, 1, BATCH).await?;
            if some.is_empty() {
                break;
            }
            let removed = self.under_lease(move |conn, _, import| {
                let cards: Vec<Id> = some.iter().map(|todo| todo.card).collect();
                intake::remove_hidden(conn, &cards)?;
                let lines: Vec<u32> = some.iter().map(|todo| todo.line).collect();
                store::set_step(conn, import, &lines, 0)?;
                Ok(())
            });
            if removed.await.is_err() {
                return Ok(());
            }
        }
        let (token, import, failure) = (self.token, self.row.id, words.to_owned());
        let (journal, context) = (self.asker.journal.clone(), self.services.context.clone());
        self.services
            .db
            .write_by_condition::<_, DbError, _>(move |conn| {
                if store::fail(conn, import, token, &failure)? {
                    let event = Event::refused("import.failed", "import", Some(import), &failure);
                    audit::record(conn, &context, &journal, event)?;
                }
                Ok(())
            })
            .await
    }

    async fn release(&self) -> Result<(), DbError> {
        let (token, import) = (self.token, self.row.id);
        self.services
            .db
            .write_by_condition::<_, DbError, _>(move |conn| {
                store::release(conn, import, token).map_err(DbError::from)
            })
            .await
    }
}

/// Why a transaction under the lease did not come to pass.
enum Interrupted {
    /// Somebody else has taken a login meanwhile.
    Taken,
    Stop(Stop),
}

fn count_done(conn: &mut Conn, import: Id) -> Result<usize, DbError> {
    let created = store::todo(conn, import, RowOutcome::Created, 2, i64::MAX)?.len();
    Ok(created + store::todo(conn, import, RowOutcome::Changed, 2, i64::MAX)?.len())
}

fn refusal(error: ApiError) -> Stop {
    match error {
        ApiError::Database(error) => error.into(),
        ApiError::Problem(problem) => Stop::Refused(words(&problem)),
        ApiError::Internal(error) => {
            tracing::error!(%error, "an import failed");
            Stop::Later
        }
    }
}

fn words(problem: &Problem) -> String {
    let fields: Vec<&str> = problem.errors.iter().map(|error| error.message.as_str()).collect();
    let fields = fields.join("; ");
    let more = if fields.is_empty() { &problem.detail } else { &fields };
    if more.is_empty() { problem.title.clone() } else { format!("{}. {more}", problem.title) }
}

/// A problem of one row, told with its line.
fn at_line(line: u32, error: ApiError) -> ApiError {
    match error {
        ApiError::Problem(mut problem) => {
            problem.title = format!("Строка {line}: {}", problem.title);
            ApiError::Problem(problem)
        }
        other => other,
    }
}

type Judged = (u32, Id, NewEmployee);

/// New cards as the rules and the rights of this moment have them.
fn judged(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    some: &[Todo],
) -> Result<Vec<Judged>, ApiError> {
    let today = services.context.today();
    let mut around = Surroundings::default();
    let mut cards = Vec::with_capacity(some.len());
    for todo in some {
        let Task::Create(draft) = &todo.task else { continue };
        let place = match draft.organization_id {
            None => None,
            Some(id) => around.of(conn, staff, id.into())?,
        };
        let place = place.filter(|(organization, _)| organization.is_open(today));
        let place = place.ok_or_else(|| {
            use epos_shared::values::InvalidValue as _;
            let error = epos_shared::api::employees::CardError::OrganizationUnknown;
            at_line(todo.line, ApiError::validation(vec![error.at("organization_id")]))
        })?;
        let new = staff
            .judge_new(draft, &place, today)
            .map_err(|errors| at_line(todo.line, ApiError::validation(errors)))?;
        cards.push((todo.line, todo.card, new));
    }
    Ok(cards)
}

/// What the rights to make a card depend on, and whether its roles are over: everything but the person.
fn kind(task: &Task) -> String {
    match task {
        Task::Change(_) => String::new(),
        Task::Create(draft) => {
            let roles: Vec<String> = draft
                .roles
                .iter()
                .map(|role| format!("{:?} {} {}", role.role, role.start, role.end))
                .collect();
            format!("{:?} {roles:?}", draft.organization_id)
        }
    }
}

/// Removes what was uploaded a day ago, one import at a time.
///
/// # Errors
/// The database fails.
pub fn sweep(conn: &mut Conn, services: &Services) -> Result<usize, DbError> {
    let before = services.context.db_now() - TimeDelta::hours(KEPT_HOURS.into());
    let mut removed = 0;
    for import in store::outdated(conn, before)? {
        removed += usize::from(store::remove(conn, import)?);
    }
    Ok(removed)
}
