//! The queue of support: applications, their approval with the organization, their refusal with a reason.

use std::collections::HashMap;

use epos_shared::api::accounts::{
    Application, ApplicationQuery, ApplicationState, Approval, ModerationError,
};
use epos_shared::api::organizations::OrganizationSummary;
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::roles::OrganizationKind;
use epos_shared::values::{Inn, InvalidValue as _, Kpp};

use super::store::{self, Filter, Row};
use super::{CURSORS, activation_link, awaited_letter, writer};
use crate::accounts;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::cursor::{cut, start};
use crate::db::types::Id;
use crate::db::{Conn, Unique, broken_unique};
use crate::error::ApiError;
use crate::kontingent::{self, Asker};
use crate::mail;
use crate::organizations::{self, NewOrganization};

/// A page of the list, the oldest first.
///
/// # Errors
/// `malformed-parameter`, `invalid-cursor`; the database fails.
pub(super) fn list(conn: &mut Conn, query: &ApplicationQuery) -> Result<Page<Application>, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let filter = Filter {
        state: query.state.unwrap_or(ApplicationState::AwaitingModeration),
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
pub(super) fn show(conn: &mut Conn, id: Id) -> Result<Application, ApiError> {
    let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
    shown(conn, vec![row])?.pop().ok_or_else(|| ProblemCode::NotFound.into())
}

/// Rows as support sees them, with the organizations they may mean.
fn shown(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Application>, ApiError> {
    let listed: Vec<Id> = rows.iter().filter_map(|row| row.organization_id).collect();
    let listed: HashMap<Id, OrganizationSummary> = organizations::find_all(conn, &listed)?
        .into_iter()
        .map(|organization| (organization.id, organization.summary()))
        .collect();
    let inns: Vec<String> =
        rows.iter().filter(|row| row.organization_id.is_none()).map(|row| row.inn.clone()).collect();
    let mut alike: HashMap<String, Vec<OrganizationSummary>> = HashMap::new();
    for (inn, organization) in organizations::with_inn(conn, &inns)? {
        alike.entry(inn).or_default().push(organization.summary());
    }
    rows.into_iter()
        .map(|row| {
            let is_unlisted = row.organization_id.is_none();
            Ok(Application {
                id: row.id.into(),
                state: row.state()?,
                name: row.name()?,
                organization: row.organization_id.and_then(|id| listed.get(&id).cloned()),
                alike: if is_unlisted {
                    alike.get(&row.inn).cloned().unwrap_or_default()
                } else {
                    Vec::new()
                },
                email: row.email,
                position: row.position,
                full_name: row.full_name,
                short_name: row.short_name,
                town: row.town,
                inn: row.inn,
                kpp: row.kpp,
                created_at: row.created_at.and_utc(),
                proven_at: row.proven_at.map(|at| at.and_utc()),
                reason: row.reason,
            })
        })
        .collect()
}

/// An application that waits for support.
fn to_decide(conn: &mut Conn, id: Id) -> Result<Row, ApiError> {
    let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
    match row.state()? {
        ApplicationState::AwaitingModeration => Ok(row),
        ApplicationState::AwaitingProof => Err(Problem::new(ProblemCode::Forbidden)
            .with_detail("Адрес заявителя ещё не подтверждён: решать рано.")
            .into()),
        _ => Err(ProblemCode::AlreadyDecided.into()),
    }
}

/// Approves: the applicant belongs to an organization that is there, or to the one that is created now.
///
/// # Errors
/// `not-found`, `already-decided`, `forbidden`, `validation-failed`; the database fails.
pub(super) fn approve(
    conn: &mut Conn,
    services: &Services,
    who: &Asker,
    id: Id,
    approval: &Approval,
) -> Result<Application, ApiError> {
    let context = &services.context;
    let row = to_decide(conn, id)?;
    let wrong = |error: ModerationError, field| ApiError::validation(vec![error.at(field)]);
    if accounts::owner_of_address(conn, &row.email_key)?.is_some() {
        return Err(wrong(ModerationError::EmailTaken, "email"));
    }
    let organization = match approval {
        Approval::Existing(organization) => {
            let organization = Id::from(*organization);
            open_organization(conn, services, organization)?
                .ok_or_else(|| wrong(ModerationError::OrganizationUnknown, "organization_id"))?;
            organization
        }
        Approval::New { kind, parent } => {
            let above = open_organization(conn, services, Id::from(*parent))?
                .ok_or_else(|| wrong(ModerationError::OrganizationUnknown, "parent_id"))?;
            if *kind == OrganizationKind::Operator {
                return Err(wrong(ModerationError::KindMissing, "kind"));
            }
            if !kind.stands_below(above) {
                return Err(wrong(ModerationError::ParentMissing, "parent_id"));
            }
            let new = NewOrganization {
                parent: Some(*parent),
                kind: *kind,
                full_name: row.full_name.clone(),
                short_name: row.short_name.clone(),
                town: row.town.clone(),
                inn: Some(row.inn.parse::<Inn>().map_err(ApiError::internal)?),
                kpp: Some(row.kpp.parse::<Kpp>().map_err(ApiError::internal)?),
            };
            let created =
                organizations::create(conn, context, &new).map_err(|error| match broken_unique(&error) {
                    Some(Unique::OrganizationInnKpp) => {
                        wrong(ModerationError::InnKppTaken, "organization_id")
                    }
                    _ => error.into(),
                })?;
            let created = Id::from(created);
            let event = Event::done("organization.created", "organization", created).in_organization(created);
            let details = serde_json::json!({ "application": id.to_string(), "kind": kind.as_str() });
            audit::record(conn, context, &who.journal, event.with(details))?;
            created
        }
    };
    let (name, now) = (row.name()?, context.db_now());
    let first = kontingent::first_login(conn, &name)?;
    let user_name = kontingent::issue_login(conn, &name, first, now)?;
    if !store::note_approval(conn, id, (organization, user_name.as_str()), (who.account, now))? {
        return Err(ProblemCode::AlreadyDecided.into());
    }
    let token = activation_link(conn, services, id, user_name.as_str())?;
    let email = row.email()?;
    mail::enqueue(conn, context, &writer(services, &email).approved(user_name.as_str(), &token))?;
    let event = Event::done("registration.approved", "application", id).in_organization(organization);
    audit::record(conn, context, &who.journal, event)?;
    show(conn, id)
}

/// The kind of an open organization.
fn open_organization(
    conn: &mut Conn,
    services: &Services,
    id: Id,
) -> Result<Option<OrganizationKind>, ApiError> {
    let today = services.context.today();
    let found = organizations::find(conn, id)?.filter(|organization| organization.is_open(today));
    Ok(found.map(|organization| organization.kind))
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
) -> Result<Application, ApiError> {
    let context = &services.context;
    let row = to_decide(conn, id)?;
    if !store::note_refusal(conn, id, reason, (who.account, context.db_now()))? {
        return Err(ProblemCode::AlreadyDecided.into());
    }
    let email = row.email()?;
    mail::enqueue(conn, context, &writer(services, &email).declined(reason))?;
    let event = Event::done("registration.declined", "application", id);
    audit::record(conn, context, &who.journal, event.with(serde_json::json!({ "reason": reason })))?;
    show(conn, id)
}

/// Sends the letter that an application waits for once more, with a new link; the older one works no more.
///
/// # Errors
/// `not-found`, `already-decided` where it waits for no letter; the database fails.
pub(super) fn send_letter(conn: &mut Conn, services: &Services, who: &Asker, id: Id) -> Result<(), ApiError> {
    let context = &services.context;
    let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
    let Some(letter) = awaited_letter(conn, services, &row)? else {
        return Err(Problem::new(ProblemCode::AlreadyDecided)
            .with_detail("Эта заявка письма не ждёт.")
            .into());
    };
    mail::enqueue(conn, context, &letter)?;
    let event = Event::done("registration.letter_sent", "application", id);
    Ok(audit::record(conn, context, &who.journal, event.with(serde_json::json!({ "letter": letter.kind })))?)
}
