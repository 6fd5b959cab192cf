//! The queue of support: applications with their files, the approval that makes a card, the refusal with a reason.

use std::collections::HashMap;
use std::fs::File;

use epos_shared::api::account_applications::{
    AccountApplication, AccountApplicationError, AccountApplicationQuery, AccountApplicationState as State,
    AccountApproval,
};
use epos_shared::api::employees::{NewEmployeeDraft, PersonDraft, RoleDraft};
use epos_shared::api::organizations::OrganizationSummary;
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};
use epos_shared::api::registration::LinkPurpose;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::InvalidValue as _;
use serde_json::json;

use super::apply::is_department;
use super::store::{self, FileRow, Filter, Row};
use super::{CURSORS, OBJECT, files, letter_link, writer};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::cursor::{cut, start};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::{self, Asker, intake};
use crate::mail;
use crate::organizations;

/// A page of the list, the oldest first.
///
/// # Errors
/// `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn list(
    conn: &mut Conn,
    query: &AccountApplicationQuery,
) -> Result<Page<AccountApplication>, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let filter = Filter {
        state: query.state.unwrap_or(State::AwaitingDecision),
        words: kontingent::query_words(query.query.as_deref())?,
    };
    let from = start(query.after.as_ref(), query.before.as_ref(), |cursor| CURSORS.read(cursor))?;
    let page = cut(&from, store::list(conn, &filter, &from, limit + 1)?, limit);
    let at = |row: &Row| CURSORS.write((row.created_at, row.id));
    let (next, previous) = (page.next(at), page.previous(at));
    let total = Total::of(store::count(conn, &filter, i64::from(EXACT_COUNT_LIMIT) + 1)?);
    Ok(Page { items: shown(conn, page.rows)?, total, next, previous })
}

/// One application.
///
/// # Errors
/// `not-found`; the database fails.
pub(super) fn show(conn: &mut Conn, id: Id) -> Result<AccountApplication, ApiError> {
    let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
    shown(conn, vec![row])?.pop().ok_or_else(|| ProblemCode::NotFound.into())
}

fn shown(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<AccountApplication>, ApiError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut attached = store::files_of(conn, &ids)?;
    let departments: Vec<Id> = rows.iter().filter_map(|row| row.organization_id).collect();
    let departments: HashMap<Id, OrganizationSummary> = organizations::find_all(conn, &departments)?
        .into_iter()
        .map(|organization| (organization.id, organization.summary()))
        .collect();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let files = attached.remove(&row.id).unwrap_or_default();
        items.push(AccountApplication {
            id: row.id.into(),
            state: row.state()?,
            name: row.name()?,
            role: row.role()?,
            organization: row.organization_id.and_then(|id| departments.get(&id).cloned()),
            files: files.iter().map(FileRow::shown).collect::<Result<_, _>>()?,
            created_at: row.created_at.and_utc(),
            proven_at: row.proven_at.map(|at| at.and_utc()),
            decided_at: row.decided_at.map(|at| at.and_utc()),
            employee_id: row.employee_id.map(Into::into),
            number: row.number,
            email: row.email,
            phone: row.phone,
            position: row.position,
            territory: row.territory,
            reason: row.reason,
        });
    }
    Ok(items)
}

/// A file with its bytes, which are what its checksum says.
///
/// # Errors
/// `not-found`; the bytes are others; the database fails.
pub(super) fn open_file(
    conn: &mut Conn,
    services: &Services,
    application: Id,
    file: Id,
) -> Result<(String, FileRow, File), ApiError> {
    let application = store::find(conn, application)?.ok_or(ProblemCode::NotFound)?;
    let row = store::find_file(conn, application.id, file)?.ok_or(ProblemCode::NotFound)?;
    let bytes = files::open(conn, services, &row)?;
    Ok((application.number, row, bytes))
}

/// An application that waits for support.
fn to_decide(conn: &mut Conn, id: Id) -> Result<Row, ApiError> {
    let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
    match row.state()? {
        State::AwaitingDecision => Ok(row),
        State::Begun | State::AwaitingProof => Err(Problem::new(ProblemCode::Forbidden)
            .with_detail("Адрес заявителя ещё не подтверждён: решать рано.")
            .into()),
        State::Approved | State::Completed | State::Declined => Err(ProblemCode::AlreadyDecided.into()),
    }
}

/// Approves: the card is made as support would make it by hand. Its credentials are issued when the applicant opens
/// the link of the letter.
///
/// # Errors
/// `not-found`, `already-decided`, `forbidden`, `validation-failed`; the database fails.
pub(super) fn approve(
    conn: &mut Conn,
    services: &Services,
    who: &Asker,
    id: Id,
    approval: AccountApproval,
) -> Result<AccountApplication, ApiError> {
    let context = &services.context;
    let row = to_decide(conn, id)?;
    let organization = Id::from(approval.organization);
    if !is_department(conn, services, organization)? {
        let wrong = AccountApplicationError::TerritoryUnknown.at("organization_id");
        return Err(ApiError::validation(vec![wrong]));
    }
    let name = row.name()?;
    let draft = NewEmployeeDraft {
        despite_duplicates: false,
        organization_id: Some(approval.organization),
        person: PersonDraft {
            family_name: name.family_name.to_string(),
            given_name: name.given_name.to_string(),
            patronymic: name.patronymic.as_ref().map(ToString::to_string).unwrap_or_default(),
            no_patronymic: name.patronymic.is_none(),
            email: row.email.clone(),
            phone: row.phone.clone().unwrap_or_default(),
            ..PersonDraft::default()
        },
        roles: vec![RoleDraft {
            role: Some(approval.role),
            start: approval.start.unwrap_or_else(|| context.today()).to_string(),
            ..RoleDraft::default()
        }],
        note: format!("{}. Заявка № {}", row.position, row.number),
    };
    let made = intake::within(conn, services, who, |conn, staff| {
        staff.create_without_credentials(conn, services, who, &draft)
    });
    let card = Id::from(made.map_err(of_this_form)?);
    if !store::note_approval(conn, id, (organization, approval.role, card), (who.account, context.db_now()))?
    {
        return Err(ProblemCode::AlreadyDecided.into());
    }
    let token = letter_link(conn, services, id, LinkPurpose::CardCredentials)?;
    let email = row.email()?;
    mail::enqueue(conn, context, &writer(services, &email, &row.number).approved(&token))?;
    let event = Event::done("account_application.approved", OBJECT, id)
        .in_organization(organization)
        .with(json!({ "number": row.number, "employee": card.to_string() }));
    audit::record(conn, context, &who.journal, event)?;
    show(conn, id)
}

/// What is wrong with the role of the card stands in this form without its place among roles.
fn of_this_form(error: ApiError) -> ApiError {
    let ApiError::Problem(mut problem) = error else { return error };
    for error in &mut problem.errors {
        if let Some(field) = error.field.strip_prefix("roles/0/") {
            error.field = field.to_owned();
        }
    }
    ApiError::Problem(problem)
}

/// Declines, with a reason that the applicant is told.
///
/// # Errors
/// `not-found`, `already-decided`, `forbidden`; the database fails.
pub(super) fn decline(
    conn: &mut Conn,
    services: &Services,
    who: &Asker,
    id: Id,
    reason: &str,
) -> Result<AccountApplication, ApiError> {
    let context = &services.context;
    let row = to_decide(conn, id)?;
    if !store::note_refusal(conn, id, reason, (who.account, context.db_now()))? {
        return Err(ProblemCode::AlreadyDecided.into());
    }
    let email = row.email()?;
    mail::enqueue(conn, context, &writer(services, &email, &row.number).declined(reason))?;
    let event = Event::done("account_application.declined", OBJECT, id)
        .with(json!({ "number": row.number, "reason": reason }));
    audit::record(conn, context, &who.journal, event)?;
    show(conn, id)
}

/// Sends the letter that an application waits for once more, with a new link; the older one works no more.
///
/// # Errors
/// `not-found`, `already-decided` where it waits for no letter; the database fails.
pub(super) fn send_letter(conn: &mut Conn, services: &Services, who: &Asker, id: Id) -> Result<(), ApiError> {
    let context = &services.context;
    let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
    let email = row.email()?;
    let writer = writer(services, &email, &row.number);
    let letter = match row.state()? {
        State::AwaitingProof => {
            writer.proof(&letter_link(conn, services, id, LinkPurpose::ApplicationProof)?)
        }
        State::Approved => writer.approved(&letter_link(conn, services, id, LinkPurpose::CardCredentials)?),
        State::Begun | State::AwaitingDecision | State::Completed | State::Declined => {
            return Err(Problem::new(ProblemCode::AlreadyDecided)
                .with_detail("Эта заявка письма не ждёт.")
                .into());
        }
    };
    mail::enqueue(conn, context, &letter)?;
    let event = Event::done("account_application.letter_sent", OBJECT, id);
    Ok(audit::record(conn, context, &who.journal, event.with(json!({ "letter": letter.kind })))?)
}
