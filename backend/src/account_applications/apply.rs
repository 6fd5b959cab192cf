//! An application comes in: what was typed, then its files one by one, then «Отправить». Nothing of it depends on
//! whether the address is known, so nothing tells it.

use actix_web::web;
use chrono::TimeDelta;
use epos_shared::api::account_applications::{
    AccountApplicationBegun, AccountApplicationDraft, AccountApplicationError, AccountApplicationSent,
    ApplicationFile, MAX_FILES, NewAccountApplication, Territory, file_name,
};
use epos_shared::api::registration::{LinkPurpose, RegistrationError};
use epos_shared::problem::{FieldError, Problem, ProblemCode};
use epos_shared::roles::OrganizationKind;
use epos_shared::values::InvalidValue as _;
use serde_json::json;

use super::store::{self, NewFile};
use super::{OBJECT, files, letter_link, writer};
use crate::accounts::links::{self, NewLink};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::http::RequestInfo;
use crate::mail;
use crate::organizations;
use crate::quota::Quota;

/// What the journal calls the sending.
const SENT: &str = "account_application.sent";
/// For how long files may be attached.
const TICKET: TimeDelta = TimeDelta::hours(2);

/// Takes in what was typed.
///
/// # Errors
/// `validation-failed`, `too-many-requests`; the database fails.
pub(super) async fn begin(
    services: &Services,
    request: &RequestInfo,
    draft: AccountApplicationDraft,
) -> Result<AccountApplicationBegun, ApiError> {
    let wanted = draft.parse().map_err(ApiError::validation)?;
    let tools = services.clone();
    let wanted = services
        .db
        .read::<_, ApiError, _>(move |conn| {
            let wrong = wrong_fields(conn, &tools, &wanted)?;
            if wrong.is_empty() { Ok(wanted) } else { Err(ApiError::validation(wrong)) }
        })
        .await?;
    count_address(services, request).await?;
    let (context, address) = (services.context.clone(), request.address.to_string());
    services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let id = context.id();
            let draw = || number(&context);
            let number = store::insert(conn, id, draw, &wanted, (&address, context.db_now()))?;
            let purpose = LinkPurpose::ApplicationFiles;
            let link = NewLink { purpose, account: None, subject: id, user_name: None, lives: TICKET };
            Ok(AccountApplicationBegun { number, ticket: links::issue(conn, &context, link)? })
        })
        .await
}

/// Eight digits, so that they can be told by telephone.
fn number(context: &Context) -> String {
    let drawn = u64::from_be_bytes(context.bytes());
    format!("{:04}-{:04}", drawn / 10_000 % 10_000, drawn % 10_000)
}

/// What only the server can judge, in the order of the form.
fn wrong_fields(
    conn: &mut Conn,
    services: &Services,
    wanted: &NewAccountApplication,
) -> Result<Vec<FieldError>, DbError> {
    let mut wrong = Vec::new();
    if let Territory::Listed(id) = wanted.territory
        && !is_department(conn, services, id.into())?
    {
        wrong.push(AccountApplicationError::TerritoryUnknown.at("organization_id"));
    }
    if wanted.consent_version != services.consent.version {
        wrong.push(RegistrationError::ConsentOutdated.at("consent_version"));
    }
    Ok(wrong)
}

/// Whether an organization is an open education department.
pub(super) fn is_department(conn: &mut Conn, services: &Services, id: Id) -> Result<bool, DbError> {
    let today = services.context.today();
    Ok(organizations::find(conn, id)?.is_some_and(|organization| {
        organization.kind == OrganizationKind::EducationDepartment && organization.is_open(today)
    }))
}

/// Counts an application of an address; one too many is refused, and the journal has the first of them.
async fn count_address(services: &Services, request: &RequestInfo) -> Result<(), ApiError> {
    let (context, request) = (services.context.clone(), request.clone());
    let limit = services.config.account_applications.address_hourly;
    let counted = services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            let quota = Quota::hourly_from("account-application", request.address, limit);
            let counted = quota.count(conn, context.db_now())?;
            if counted.is_err_and(|exceeded| exceeded.is_first) {
                let event = Event::refused(SENT, OBJECT, None, "too-many-requests");
                audit::record(conn, &context, &audit::Actor::anonymous(&request), event)?;
            }
            Ok(counted)
        })
        .await?;
    counted.map_err(|exceeded| {
        let detail = "С вашего адреса за последний час отправили слишком много заявок. Повторите позже.";
        ApiError::too_many_requests(exceeded.retry_after, detail)
    })
}

/// The application of a ticket, if one more file may come to it.
fn open_for_files(conn: &mut Conn, services: &Services, ticket: &str) -> Result<Id, ApiError> {
    let link = links::look(conn, ticket, services.context.db_now())?;
    if link.purpose != LinkPurpose::ApplicationFiles {
        return Err(ProblemCode::LinkUnknown.into());
    }
    if usize::try_from(store::count_files(conn, link.subject)?).unwrap_or(usize::MAX) >= MAX_FILES {
        return Err(ApiError::validation(vec![AccountApplicationError::TooManyFiles.at("file")]));
    }
    Ok(link.subject)
}

/// Refuses where the files of unproven addresses take up all the room they may.
fn demand_room(conn: &mut Conn, services: &Services) -> Result<(), ApiError> {
    let most = i64::from(services.config.account_applications.unproven_mib) * 1024 * 1024;
    if store::unproven_bytes(conn)? < most {
        return Ok(());
    }
    tracing::warn!("account_applications.unproven_mib: no more files are taken in");
    Err(Problem::new(ProblemCode::Unavailable)
        .with_detail("Сейчас мы не можем принять файлы. Повторите завтра или напишите в техподдержку.")
        .into())
}

/// Takes in a file.
///
/// # Errors
/// `link-unknown`, `link-used`, `link-expired`, `body-too-large`, `malformed-body`, `validation-failed` at `file`,
/// `unavailable`; the disk refuses, the database fails.
pub(super) async fn attach(
    services: &Services,
    ticket: String,
    sent_name: &str,
    body: web::Payload,
) -> Result<ApplicationFile, ApiError> {
    let (tools, shown) = (services.clone(), ticket.clone());
    let application = services
        .db
        .read::<_, ApiError, _>(move |conn| {
            // Nothing is read of a file that nobody has applied with.
            let application = open_for_files(conn, &tools, &shown)?;
            demand_room(conn, &tools)?;
            Ok(application)
        })
        .await?;
    let _turn = files::Turn::take(application)?;
    let received = files::receive(services, body).await?;
    let id = services.context.id();
    let new = NewFile {
        id,
        name: file_name(sent_name, received.kind),
        kind: received.kind,
        size: received.size,
        sha256: received.sha256.clone(),
        stored: files::Stored::of(services),
    };
    let keeping = files::prepare(services, id, received).await?;
    let tools = services.clone();
    let noted = services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let application = open_for_files(conn, &tools, &ticket)?;
            // Others have sent theirs meanwhile.
            demand_room(conn, &tools)?;
            store::insert_file(conn, application, &new, tools.context.db_now())?;
            keeping.write(conn, id)?;
            let row = store::find_file(conn, application, id)?.ok_or(ProblemCode::NotFound)?;
            Ok(row.shown()?)
        })
        .await;
    if noted.is_err() {
        files::remove(services, vec![id]).await;
    }
    noted
}

/// «Отправить»: from now on the address is to be proven.
///
/// # Errors
/// `link-unknown`, `link-used`, `link-expired`, `validation-failed` at `files`; the database fails.
pub(super) async fn send(
    services: &Services,
    request: &RequestInfo,
    ticket: String,
) -> Result<AccountApplicationSent, ApiError> {
    let (tools, journal) = (services.clone(), audit::Actor::anonymous(request));
    services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let (context, config) = (&tools.context, &tools.config.account_applications);
            let now = context.db_now();
            let link = links::consume(conn, &ticket, &[LinkPurpose::ApplicationFiles], now)?;
            let row = store::find(conn, link.subject)?.ok_or(ProblemCode::LinkUnknown)?;
            let attached = store::count_files(conn, row.id)?;
            if attached == 0 {
                return Err(ApiError::validation(vec![AccountApplicationError::FilesMissing.at("files")]));
            }
            if !store::note_sent(conn, row.id)? {
                return Err(ProblemCode::LinkUnknown.into());
            }
            let email = row.email()?;
            let quota = Quota::daily_letters(
                context.secrets(),
                "account-application",
                &email.key(),
                config.mailbox_daily,
            );
            // Past that the application waits, and support may write the letter.
            let is_written = quota.count(conn, now)?.is_ok();
            if is_written {
                let token = letter_link(conn, &tools, row.id, LinkPurpose::ApplicationProof)?;
                mail::enqueue(conn, context, &writer(&tools, &email, &row.number).proof(&token))?;
            }
            // The consent stays in the journal when the application goes.
            let consent = store::consent_of(conn, row.id)?;
            let details =
                json!({ "number": row.number, "files": attached, "consent": consent, "letter": is_written });
            audit::record(conn, context, &journal, Event::done(SENT, OBJECT, row.id).with(details))?;
            Ok(AccountApplicationSent { number: row.number, link_hours: config.link_hours })
        })
        .await
}
