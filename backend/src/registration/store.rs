//! Applications in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::accounts::ApplicationState;
use epos_shared::search::{search_key, search_tokens};
use epos_shared::values::{Email, FullName, PersonName};

use crate::cursor::{From, MomentPlace, oldest_first};
use crate::db::schema::applications as t;
use crate::db::types::Id;
use crate::db::{Conn, DbError, MultiBackend};

/// Every state, as the database has it.
const STATES: [ApplicationState; 5] = [
    ApplicationState::AwaitingProof,
    ApplicationState::AwaitingModeration,
    ApplicationState::AwaitingPassword,
    ApplicationState::Completed,
    ApplicationState::Declined,
];

/// An application.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
pub(super) struct Row {
    pub id: Id,
    state: String,
    pub email: String,
    pub email_key: String,
    family_name: String,
    given_name: String,
    patronymic: Option<String>,
    pub position: String,
    pub organization_id: Option<Id>,
    pub full_name: String,
    pub short_name: String,
    pub town: String,
    pub inn: String,
    pub kpp: String,
    pub user_name: Option<String>,
    pub consent_version: String,
    pub address: String,
    pub created_at: NaiveDateTime,
    pub proven_at: Option<NaiveDateTime>,
    pub reason: Option<String>,
}

impl Row {
    fn corrupt(&self, what: &str) -> DbError {
        let words = format!("{what} of application {}", self.id);
        diesel::result::Error::DeserializationError(words.into()).into()
    }

    pub(super) fn state(&self) -> Result<ApplicationState, DbError> {
        STATES.into_iter().find(|state| state.as_str() == self.state).ok_or_else(|| self.corrupt("the state"))
    }

    pub(super) fn email(&self) -> Result<Email, DbError> {
        self.email.parse().map_err(|_| self.corrupt("the address"))
    }

    pub(super) fn name(&self) -> Result<FullName, DbError> {
        let part = |text: &str| text.parse::<PersonName>().map_err(|_| self.corrupt("the name"));
        Ok(FullName {
            family_name: part(&self.family_name)?,
            given_name: part(&self.given_name)?,
            patronymic: self.patronymic.as_deref().map(part).transpose()?,
        })
    }
}

/// What a new application holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct New<'a> {
    pub id: Id,
    pub state: ApplicationState,
    pub email: &'a Email,
    pub name: &'a FullName,
    pub position: &'a str,
    pub organization: Option<Id>,
    /// Full and short name and town, where the organization was typed in.
    pub typed: (&'a str, &'a str, &'a str),
    pub inn: &'a str,
    pub kpp: &'a str,
    pub user_name: Option<&'a str>,
    pub consent_version: &'a str,
    pub address: &'a str,
    pub now: NaiveDateTime,
    pub proven_at: Option<NaiveDateTime>,
}

/// What an application is searched by: its words, each after a space.
pub(crate) fn search_text(name: &FullName, email: &Email) -> String {
    let (name, key) = (name.to_string(), email.key());
    let mut words: Vec<String> = search_key(&name).split(' ').map(str::to_owned).collect();
    words.extend(search_tokens(&name));
    words.extend(search_tokens(&key));
    words.push(key);
    words.sort_unstable();
    words.dedup();
    format!(" {}", words.join(" "))
}

/// What finds a beginning of a word in [`search_text`], with `\` before what is meant as it stands.
pub(crate) fn begins_with(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("% {escaped}%")
}

pub(super) fn insert(conn: &mut Conn, new: &New<'_>) -> QueryResult<()> {
    let (full_name, short_name, town) = new.typed;
    diesel::insert_into(t::table)
        .values((
            t::id.eq(new.id),
            t::state.eq(new.state.as_str()),
            (t::email.eq(new.email.as_str()), t::email_key.eq(new.email.key())),
            (
                t::family_name.eq(new.name.family_name.as_str()),
                t::given_name.eq(new.name.given_name.as_str()),
                t::patronymic.eq(new.name.patronymic.as_ref().map(|part| part.as_str())),
            ),
            t::position.eq(new.position),
            t::organization_id.eq(new.organization),
            (t::full_name.eq(full_name), t::short_name.eq(short_name), t::town.eq(town)),
            (t::inn.eq(new.inn), t::kpp.eq(new.kpp)),
            t::search_text.eq(search_text(new.name, new.email)),
            t::user_name.eq(new.user_name),
            (t::consent_version.eq(new.consent_version), t::address.eq(new.address)),
            (t::created_at.eq(new.now), t::proven_at.eq(new.proven_at)),
        ))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<Row>> {
    t::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// The application of an address that has not become an account. There is one at most.
pub(super) fn of_address(conn: &mut Conn, email_key: &str) -> QueryResult<Option<Row>> {
    t::table
        .filter(t::email_key.eq(email_key))
        .filter(t::state.ne(ApplicationState::Completed.as_str()))
        .order(t::created_at.desc())
        .select(Row::as_select())
        .first(conn)
        .optional()
}

/// Removes the applications of an address that have not become an account; answers which.
pub(super) fn remove_of_address(conn: &mut Conn, email_key: &str) -> QueryResult<Vec<Id>> {
    let unfinished =
        t::table.filter(t::email_key.eq(email_key)).filter(t::state.ne(ApplicationState::Completed.as_str()));
    diesel::delete(unfinished).returning(t::id).get_results(conn)
}

pub(super) fn remove(conn: &mut Conn, id: Id) -> QueryResult<()> {
    diesel::delete(t::table.find(id)).execute(conn).map(|_| ())
}

/// The address is proven: support decides now. False where the application does not wait for that.
pub(super) fn note_proof(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(ApplicationState::AwaitingProof.as_str()));
    let moved = diesel::update(waiting)
        .set((t::state.eq(ApplicationState::AwaitingModeration.as_str()), t::proven_at.eq(now)))
        .execute(conn)?;
    Ok(moved == 1)
}

/// The account lives. False where the application does not wait for that.
pub(super) fn note_completion(conn: &mut Conn, id: Id, account: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(ApplicationState::AwaitingPassword.as_str()));
    let moved = diesel::update(waiting)
        .set((
            t::state.eq(ApplicationState::Completed.as_str()),
            t::completed_at.eq(now),
            t::account_id.eq(account),
        ))
        .execute(conn)?;
    Ok(moved == 1)
}

/// Support approves. False where somebody has decided before.
pub(super) fn note_approval(
    conn: &mut Conn,
    id: Id,
    (organization, user_name): (Id, &str),
    (by, now): (Id, NaiveDateTime),
) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(ApplicationState::AwaitingModeration.as_str()));
    let moved = diesel::update(waiting)
        .set((
            t::state.eq(ApplicationState::AwaitingPassword.as_str()),
            t::organization_id.eq(organization),
            t::user_name.eq(user_name),
            t::decided_at.eq(now),
            t::decided_by_account_id.eq(by),
        ))
        .execute(conn)?;
    Ok(moved == 1)
}

/// Support declines. False where somebody has decided before.
pub(super) fn note_refusal(
    conn: &mut Conn,
    id: Id,
    reason: &str,
    (by, now): (Id, NaiveDateTime),
) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(ApplicationState::AwaitingModeration.as_str()));
    let moved = diesel::update(waiting)
        .set((
            t::state.eq(ApplicationState::Declined.as_str()),
            t::reason.eq(reason),
            t::decided_at.eq(now),
            t::decided_by_account_id.eq(by),
        ))
        .execute(conn)?;
    Ok(moved == 1)
}

/// Which applications are listed.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub state: ApplicationState,
    /// Beginnings of words, all of which must be there.
    pub words: Vec<String>,
}

impl Filter {
    fn query(&self) -> t::BoxedQuery<'static, MultiBackend> {
        let mut query = t::table.filter(t::state.eq(self.state.as_str())).into_boxed();
        for word in &self.words {
            query = query.filter(t::search_text.like(begins_with(word)).escape('\\'));
        }
        query
    }
}

/// Applications from a place on (that one left out), the oldest first, or backwards from it.
pub(super) fn list(
    conn: &mut Conn,
    filter: &Filter,
    from: &From<MomentPlace>,
    limit: usize,
) -> QueryResult<Vec<Row>> {
    oldest_first!(t, filter.query(), from, limit).select(Row::as_select()).load(conn)
}

/// How many there are, counted up to a limit.
pub(super) fn count(conn: &mut Conn, filter: &Filter, limit: i64) -> QueryResult<u32> {
    let ids: Vec<Id> = filter.query().select(t::id).limit(limit).load(conn)?;
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

/// Applications that nobody has finished, or that ended, before a moment. Those that wait for support stay.
pub(super) fn outdated(conn: &mut Conn, before: NaiveDateTime, limit: i64) -> QueryResult<Vec<Id>> {
    t::table
        .filter(t::state.ne(ApplicationState::AwaitingModeration.as_str()))
        .filter(t::created_at.lt(before))
        .filter(t::decided_at.is_null().or(t::decided_at.lt(before)))
        .filter(t::completed_at.is_null().or(t::completed_at.lt(before)))
        .order(t::created_at)
        .select(t::id)
        .limit(limit)
        .load(conn)
}

/// Removes applications, except those that have begun to wait for support meanwhile; answers which.
pub(super) fn remove_outdated(conn: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Id>> {
    let still =
        t::table.filter(t::id.eq_any(ids)).filter(t::state.ne(ApplicationState::AwaitingModeration.as_str()));
    diesel::delete(still).returning(t::id).get_results(conn)
}
