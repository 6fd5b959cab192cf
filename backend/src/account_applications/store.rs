//! Applications and the rows of their files in the database.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use epos_shared::api::account_applications::{
    AccountApplicationState as State, ApplicationFile, FileKind, NewAccountApplication, Territory,
};
use epos_shared::roles::Role;
use epos_shared::values::{Email, FullName};

use super::files::Stored;
use crate::cursor::{From, MomentPlace, oldest_first};
use crate::db::schema::{account_applications as t, application_files as f};
use crate::db::types::Id;
use crate::db::{Conn, DbError, MultiBackend, Unique, broken_unique, corrupt, full_name};
use crate::registration::{begins_with, search_text};

/// The states in which nobody has proven anything.
const UNPROVEN: [&str; 2] = [State::Begun.as_str(), State::AwaitingProof.as_str()];
/// The states of what was decided.
const DECIDED: [&str; 3] = [State::Approved.as_str(), State::Completed.as_str(), State::Declined.as_str()];
/// Numbers that are drawn before the database is told to be full of them.
const DRAWS: usize = 10;

/// An application.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct Row {
    pub id: Id,
    pub number: String,
    state: String,
    role: String,
    pub email: String,
    family_name: String,
    given_name: String,
    patronymic: Option<String>,
    pub phone: Option<String>,
    pub position: String,
    pub organization_id: Option<Id>,
    pub territory: String,
    pub created_at: NaiveDateTime,
    pub proven_at: Option<NaiveDateTime>,
    pub decided_at: Option<NaiveDateTime>,
    pub decided_by_account_id: Option<Id>,
    pub reason: Option<String>,
    pub employee_id: Option<Id>,
}

impl Row {
    pub(super) fn state(&self) -> QueryResult<State> {
        State::from_wire(&self.state).ok_or_else(|| corrupt("the state of an application"))
    }

    pub(super) fn role(&self) -> QueryResult<Role> {
        Role::from_wire(&self.role).ok_or_else(|| corrupt("the role of an application"))
    }

    pub(super) fn email(&self) -> QueryResult<Email> {
        self.email.parse().map_err(|_| corrupt("the address of an application"))
    }

    pub(super) fn name(&self) -> QueryResult<FullName> {
        full_name(&self.family_name, &self.given_name, self.patronymic.as_deref())
    }
}

/// Makes an application with a number that nobody has.
pub(super) fn insert(
    conn: &mut Conn,
    id: Id,
    draw: impl Fn() -> String,
    wanted: &NewAccountApplication,
    (address, now): (&str, NaiveDateTime),
) -> QueryResult<String> {
    let (organization, territory) = match &wanted.territory {
        Territory::Listed(id) => (Some(Id::from(*id)), ""),
        Territory::Unlisted(territory) => (None, territory.as_str()),
    };
    let words = search_text(&wanted.name, &wanted.email);
    for _ in 0..DRAWS {
        let number = draw();
        // A savepoint: on PostgreSQL a refused statement kills what is around it.
        let inserted = conn.transaction(|conn| {
            diesel::insert_into(t::table)
                .values((
                    (t::id.eq(id), t::number.eq(&number), t::state.eq(State::Begun.as_str())),
                    (t::role.eq(wanted.role.as_str()), t::email.eq(wanted.email.as_str())),
                    (
                        t::family_name.eq(wanted.name.family_name.as_str()),
                        t::given_name.eq(wanted.name.given_name.as_str()),
                        t::patronymic.eq(wanted.name.patronymic.as_ref().map(|part| part.as_str())),
                    ),
                    t::phone.eq(wanted.phone.as_ref().map(|phone| phone.as_str())),
                    t::position.eq(&wanted.position),
                    (t::organization_id.eq(organization), t::territory.eq(territory)),
                    t::search_text.eq(format!("{words} {number}")),
                    (t::consent_version.eq(&wanted.consent_version), t::address.eq(address)),
                    t::created_at.eq(now),
                ))
                .execute(conn)
        });
        match inserted {
            Ok(_) => return Ok(number),
            Err(error) if broken_unique(&error) == Some(Unique::ApplicationNumber) => {}
            Err(error) => return Err(error),
        }
    }
    Err(corrupt("every number that was drawn is taken"))
}

pub(super) fn find(conn: &mut Conn, id: Id) -> QueryResult<Option<Row>> {
    t::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// The version of the consent that was given with an application.
pub(super) fn consent_of(conn: &mut Conn, id: Id) -> QueryResult<String> {
    t::table.find(id).select(t::consent_version).first(conn)
}

/// It was sent. False where it is not being written any more.
pub(super) fn note_sent(conn: &mut Conn, id: Id) -> QueryResult<bool> {
    let begun = t::table.find(id).filter(t::state.eq(State::Begun.as_str()));
    Ok(diesel::update(begun).set(t::state.eq(State::AwaitingProof.as_str())).execute(conn)? == 1)
}

/// The address is proven: support decides now. False where the application does not wait for that.
pub(super) fn note_proof(conn: &mut Conn, id: Id, now: NaiveDateTime) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(State::AwaitingProof.as_str()));
    let moved = diesel::update(waiting)
        .set((t::state.eq(State::AwaitingDecision.as_str()), t::proven_at.eq(now)))
        .execute(conn)?;
    Ok(moved == 1)
}

/// Support approves: this card was made. False where somebody has decided before.
pub(super) fn note_approval(
    conn: &mut Conn,
    id: Id,
    (organization, role, card): (Id, Role, Id),
    (by, now): (Id, NaiveDateTime),
) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(State::AwaitingDecision.as_str()));
    let moved = diesel::update(waiting)
        .set((
            t::state.eq(State::Approved.as_str()),
            t::organization_id.eq(organization),
            t::role.eq(role.as_str()),
            t::employee_id.eq(card),
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
    let waiting = t::table.find(id).filter(t::state.eq(State::AwaitingDecision.as_str()));
    let moved = diesel::update(waiting)
        .set((
            t::state.eq(State::Declined.as_str()),
            t::reason.eq(reason),
            t::decided_at.eq(now),
            t::decided_by_account_id.eq(by),
        ))
        .execute(conn)?;
    Ok(moved == 1)
}

/// The applicant has got the credentials of the card. False where he does not wait for them.
pub(super) fn note_completion(conn: &mut Conn, id: Id) -> QueryResult<bool> {
    let waiting = t::table.find(id).filter(t::state.eq(State::Approved.as_str()));
    Ok(diesel::update(waiting).set(t::state.eq(State::Completed.as_str())).execute(conn)? == 1)
}

// ---- files ---------------------------------------------------------------------------------------------------

/// A file.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = f)]
#[diesel(check_for_backend(MultiBackend))]
pub(super) struct FileRow {
    pub id: Id,
    pub application_id: Id,
    pub name: String,
    kind: String,
    size: i64,
    pub sha256: Vec<u8>,
    stored: String,
}

impl FileRow {
    pub(super) fn kind(&self) -> QueryResult<FileKind> {
        FileKind::from_wire(&self.kind).ok_or_else(|| corrupt("the kind of a file"))
    }

    pub(super) fn stored(&self) -> QueryResult<Stored> {
        Stored::from_word(&self.stored).ok_or_else(|| corrupt("the place of a file"))
    }

    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.size).unwrap_or_default()
    }

    pub(super) fn shown(&self) -> QueryResult<ApplicationFile> {
        Ok(ApplicationFile {
            id: self.id.into(),
            name: self.name.clone(),
            kind: self.kind()?,
            size: self.size(),
            sha256: self.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

/// A file to be noted.
#[derive(Debug, Clone)]
pub(super) struct NewFile {
    pub id: Id,
    pub name: String,
    pub kind: FileKind,
    pub size: u64,
    pub sha256: Vec<u8>,
    pub stored: Stored,
}

pub(super) fn insert_file(
    conn: &mut Conn,
    application: Id,
    new: &NewFile,
    now: NaiveDateTime,
) -> QueryResult<()> {
    diesel::insert_into(f::table)
        .values((
            (f::id.eq(new.id), f::application_id.eq(application), f::name.eq(&new.name)),
            (f::kind.eq(new.kind.as_str()), f::size.eq(i64::try_from(new.size).unwrap_or(i64::MAX))),
            (f::sha256.eq(&new.sha256), f::stored.eq(new.stored.as_str())),
            f::created_at.eq(now),
        ))
        .execute(conn)
        .map(|_| ())
}

/// The files of some applications, in the order they were attached.
pub(super) fn files_of(conn: &mut Conn, applications: &[Id]) -> QueryResult<HashMap<Id, Vec<FileRow>>> {
    let rows: Vec<FileRow> = f::table
        .filter(f::application_id.eq_any(applications))
        .order((f::application_id.asc(), f::id.asc()))
        .select(FileRow::as_select())
        .load(conn)?;
    let mut files: HashMap<Id, Vec<FileRow>> = HashMap::new();
    for row in rows {
        files.entry(row.application_id).or_default().push(row);
    }
    Ok(files)
}

pub(super) fn count_files(conn: &mut Conn, application: Id) -> QueryResult<i64> {
    f::table.filter(f::application_id.eq(application)).count().get_result(conn)
}

/// A file of an application.
pub(super) fn find_file(conn: &mut Conn, application: Id, file: Id) -> QueryResult<Option<FileRow>> {
    f::table
        .find(file)
        .filter(f::application_id.eq(application))
        .select(FileRow::as_select())
        .first(conn)
        .optional()
}

/// Which of these files are known.
pub(super) fn known_files(conn: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Id>> {
    f::table.filter(f::id.eq_any(ids)).select(f::id).load(conn)
}

/// Bytes of all files of applications that nobody has proven.
pub(super) fn unproven_bytes(conn: &mut Conn) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Bytes {
        #[diesel(sql_type = BigInt)]
        bytes: i64,
    }
    let summed: Bytes = sql_query(
        "SELECT CAST(coalesce(sum(f.size), 0) AS BIGINT) AS bytes \
         FROM account_applications a JOIN application_files f ON f.application_id = a.id \
         WHERE a.state IN ('begun', 'awaiting_proof')",
    )
    .get_result(conn)?;
    Ok(summed.bytes)
}

// ---- the list ------------------------------------------------------------------------------------------------

/// Which applications are listed.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub state: State,
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

// ---- removal -------------------------------------------------------------------------------------------------

/// Applications that were not proven since the first moment, or were decided before the second.
pub(super) fn outdated(
    conn: &mut Conn,
    (unproven, decided): (NaiveDateTime, NaiveDateTime),
    limit: i64,
) -> QueryResult<Vec<Id>> {
    let mut ids: Vec<Id> = t::table
        .filter(t::state.eq_any(UNPROVEN))
        .filter(t::created_at.lt(unproven))
        .limit(limit)
        .select(t::id)
        .load(conn)?;
    let ended: Vec<Id> = t::table
        .filter(t::state.eq_any(DECIDED))
        .filter(t::decided_at.lt(decided))
        .limit(limit)
        .select(t::id)
        .load(conn)?;
    ids.extend(ended);
    Ok(ids)
}

/// Removes applications with the rows of their files, except those that have begun to wait for support meanwhile;
/// answers which, and their files.
pub(super) fn remove_outdated(conn: &mut Conn, ids: &[Id]) -> Result<(Vec<Id>, Vec<Id>), DbError> {
    let still = t::table.filter(t::id.eq_any(ids)).filter(t::state.ne(State::AwaitingDecision.as_str()));
    let ids: Vec<Id> = still.select(t::id).load(conn)?;
    let files: Vec<Id> = f::table.filter(f::application_id.eq_any(&ids)).select(f::id).load(conn)?;
    super::files::remove_pieces(conn, &files)?;
    diesel::delete(f::table.filter(f::id.eq_any(&files))).execute(conn)?;
    diesel::delete(t::table.filter(t::id.eq_any(&ids))).execute(conn)?;
    Ok((ids, files))
}
