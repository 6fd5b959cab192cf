//! «Сменить e-mail»: confirmed from the present and from the new address before it takes effect. Whether the new
//! one is another account's already is told to its owner alone.

use actix_web::{HttpResponse, delete, post, web};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use epos_shared::api::accounts::ModerationError;
use epos_shared::api::profile::{ChangeEmail, EmailConfirmed, PendingEmailChange, ProfileError};
use epos_shared::api::registration::{LinkPurpose, LinkToken};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::{Email, InvalidValue as _};
use utoipa_actix_web::service_config::ServiceConfig;

use super::links::{self, NewLink};
use super::sessions::{self, SessionToken};
use super::store::{self, AccountRow};
use super::{MaybeSignedIn, SignedIn, change_password, letters, recovery, search, sign_in};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::schema::email_changes as t;
use crate::db::types::Id;
use crate::db::{Conn, DbError, Unique, broken_unique};
use crate::error::ApiError;
use crate::http::{Body, RequestInfo};
use crate::mail;
use crate::quota::Quota;

/// The calls of a change of the address.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(ask).service(cancel_own).service(confirm);
}

/// A change of the address.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::email_changes)]
struct ChangeRow {
    id: Id,
    account_id: Id,
    email: String,
    expires_at: NaiveDateTime,
    old_confirmed_at: Option<NaiveDateTime>,
    new_confirmed_at: Option<NaiveDateTime>,
}

impl ChangeRow {
    fn shown(self) -> PendingEmailChange {
        PendingEmailChange {
            email: self.email,
            old_confirmed: self.old_confirmed_at.is_some(),
            new_confirmed: self.new_confirmed_at.is_some(),
            expires_at: self.expires_at.and_utc(),
        }
    }
}

/// The change of an account that waits, whether its time is over or not.
fn waiting(conn: &mut Conn, account: Id) -> QueryResult<Option<ChangeRow>> {
    t::table
        .filter(t::account_id.eq(account))
        .filter(t::applied_at.is_null())
        .filter(t::cancelled_at.is_null())
        .select(ChangeRow::as_select())
        .first(conn)
        .optional()
}

/// The change of an account that waits for its confirmations.
pub(super) fn pending(
    conn: &mut Conn,
    account: Id,
    now: NaiveDateTime,
) -> QueryResult<Option<PendingEmailChange>> {
    Ok(waiting(conn, account)?.filter(|change| change.expires_at > now).map(ChangeRow::shown))
}

/// Takes back the change of an account that waits, if there is one, inside the caller's write transaction.
pub(super) fn cancel(conn: &mut Conn, account: Id, now: NaiveDateTime) -> Result<bool, DbError> {
    let Some(change) = waiting(conn, account)? else { return Ok(false) };
    diesel::update(t::table.find(change.id)).set(t::cancelled_at.eq(now)).execute(conn)?;
    links::void(conn, change.id, LinkPurpose::EmailChangeOld, now)?;
    links::void(conn, change.id, LinkPurpose::EmailChangeNew, now)?;
    Ok(true)
}

/// «Сменить e-mail»: letters go to both addresses, and it takes effect once both have confirmed.
///
/// A new change takes the place of one that waits. Answers the same where the address is another account's.
#[utoipa::path(
    tag = "profile",
    request_body = ChangeEmail,
    responses(
        (status = 202, description = "Letters go to both addresses", body = PendingEmailChange),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `email` or `current_password` (with `attempts_left`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "`locked`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests`: letters to this address, with `retry_after`", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[post("/profile/email")]
async fn ask(
    services: web::Data<Services>,
    who: SignedIn,
    form: Body<ChangeEmail>,
) -> Result<HttpResponse, ApiError> {
    let email = form.0.parse().map_err(ApiError::validation)?;
    let account =
        change_password::verified(&services, &who, form.0.current_password, "email.change_asked").await?;
    if account.email_key == email.key() {
        return Err(ApiError::validation(vec![ProfileError::EmailSame.at("email")]));
    }
    let tools = services.clone();
    let asked = services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let (context, now) = (&tools.context, tools.context.db_now());
            let limit = tools.config.recovery.mailbox_daily;
            let quota = Quota::daily_letters(context.secrets(), "email-change", &email.key(), limit);
            if let Err(exceeded) = quota.count(conn, now)? {
                return Ok(Err(exceeded));
            }
            let account = store::find(conn, who.account)?.ok_or(ProblemCode::NotSignedIn)?;
            let change = begin(conn, &tools, &account, &email)?;
            let event = Event::done("email.change_asked", "account", account.id);
            audit::record(conn, context, &who.journal(), event)?;
            Ok(Ok(change))
        })
        .await?;
    Ok(HttpResponse::Accepted().json(asked.map_err(recovery::too_many)?))
}

fn begin(
    conn: &mut Conn,
    services: &Services,
    account: &AccountRow,
    email: &Email,
) -> Result<PendingEmailChange, DbError> {
    let (context, now) = (&services.context, services.context.db_now());
    cancel(conn, account.id, now)?;
    let lives = TimeDelta::hours(services.config.accounts.email_change_hours.into());
    let row = ChangeRow {
        id: context.id(),
        account_id: account.id,
        email: email.as_str().to_owned(),
        expires_at: now + lives,
        old_confirmed_at: None,
        new_confirmed_at: None,
    };
    diesel::insert_into(t::table)
        .values((
            t::id.eq(row.id),
            t::account_id.eq(row.account_id),
            t::email.eq(&row.email),
            t::created_at.eq(now),
            t::expires_at.eq(row.expires_at),
        ))
        .execute(conn)?;
    let link = |conn: &mut Conn, purpose| {
        let account = Some(account.id);
        links::issue(conn, context, NewLink { purpose, account, subject: row.id, user_name: None, lives })
    };
    let old = link(conn, LinkPurpose::EmailChangeOld)?;
    let new = link(conn, LinkPurpose::EmailChangeNew)?;
    mail::enqueue(conn, context, &letters::email_change_old(services, &account.address()?, &old))?;
    let letter = if store::find_by_address(conn, &email.key())?.is_some() {
        letters::email_taken(services, email)
    } else {
        letters::email_change_new(services, email, &new)
    };
    mail::enqueue(conn, context, &letter)?;
    Ok(row.shown())
}

/// Takes back the change of the address that waits, if there is one.
#[utoipa::path(
    tag = "profile",
    responses(
        (status = 204, description = "None waits any more"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/profile/email")]
async fn cancel_own(services: web::Data<Services>, who: SignedIn) -> Result<HttpResponse, ApiError> {
    let context = services.context.clone();
    services
        .db
        .write_tx::<_, DbError, _>(move |conn| {
            if cancel(conn, who.account, context.db_now())? {
                let event = Event::done("email.change_cancelled", "account", who.account);
                audit::record(conn, &context, &who.journal(), event)?;
            }
            Ok(())
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Confirms a change of the address by the link of one of its two letters, on any device; the second one of them
/// puts it into force.
///
/// Every session of the account ends then, but for the one that confirms.
#[utoipa::path(
    tag = "profile",
    request_body = LinkToken,
    responses(
        (status = 200, description = "Confirmed; perhaps in force, and then with a new cookie", body = EmailConfirmed),
        (status = 403, description = "`account-blocked`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`link-unknown`", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`link-used`, `link-expired`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `email`: another account has it since", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[post("/email-changes/confirm")]
async fn confirm(
    services: web::Data<Services>,
    info: RequestInfo,
    who: MaybeSignedIn,
    form: Body<LinkToken>,
) -> Result<HttpResponse, ApiError> {
    let (tools, token) = (services.clone(), form.0.token);
    let (changed, cookie) = services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let now = tools.context.db_now();
            let purposes = [LinkPurpose::EmailChangeOld, LinkPurpose::EmailChangeNew];
            let link = links::consume(conn, &token, &purposes, now)?;
            let from_old = link.purpose == LinkPurpose::EmailChangeOld;
            let change: ChangeRow = if from_old {
                diesel::update(t::table.find(link.subject)).set(t::old_confirmed_at.eq(now)).execute(conn)?;
                t::table.find(link.subject).select(ChangeRow::as_select()).first(conn)?
            } else {
                diesel::update(t::table.find(link.subject)).set(t::new_confirmed_at.eq(now)).execute(conn)?;
                t::table.find(link.subject).select(ChangeRow::as_select()).first(conn)?
            };
            let actor = audit::Actor::account(change.account_id, None, &info);
            let from = if from_old { "old" } else { "new" };
            let event = Event::done("email.change_confirmed", "account", change.account_id)
                .with(serde_json::json!({ "from": from }));
            audit::record(conn, &tools.context, &actor, event)?;
            if change.old_confirmed_at.is_none() || change.new_confirmed_at.is_none() {
                return Ok((false, None));
            }
            let cookie = apply(conn, &tools, &change, who.0.as_ref())?;
            audit::record(
                conn,
                &tools.context,
                &actor,
                Event::done("email.changed", "account", change.account_id),
            )?;
            Ok((true, cookie))
        })
        .await?;
    let mut answer = HttpResponse::Ok();
    if let Some(token) = cookie {
        answer.cookie(token.into_cookie(&services));
    }
    Ok(answer.json(EmailConfirmed { changed }))
}

fn apply(
    conn: &mut Conn,
    services: &Services,
    change: &ChangeRow,
    who: Option<&SignedIn>,
) -> Result<Option<SessionToken>, ApiError> {
    let (context, now) = (&services.context, services.context.db_now());
    let account = store::find(conn, change.account_id)?.ok_or(ProblemCode::LinkUnknown)?;
    if let Some((_, problem)) = sign_in::barred(services, &account) {
        return Err(problem.into());
    }
    let email: Email = change.email.parse().map_err(ApiError::internal)?;
    diesel::update(t::table.find(change.id)).set(t::applied_at.eq(now)).execute(conn)?;
    store::set_address(conn, account.id, &email, Some(now)).map_err(taken)?;
    search::index_again(conn, account.id)?;
    // What was sent to the address before opens nothing any more.
    links::void(conn, account.id, LinkPurpose::Recovery, now)?;
    let own = who.filter(|who| who.account == account.id);
    sessions::end_all(conn, account.id, own.map(|who| who.session), "email-changed", now)?;
    let token = match own {
        Some(who) => super::rotate(conn, services, who)?,
        None => None,
    };
    mail::enqueue(conn, context, &letters::email_changed_old(services, &account.address()?))?;
    mail::enqueue(conn, context, &letters::email_changed_new(services, &email))?;
    Ok(token)
}

/// The address is another account's.
pub(super) fn taken(error: diesel::result::Error) -> ApiError {
    match broken_unique(&error) {
        Some(Unique::AccountEmail) => ApiError::validation(vec![ModerationError::EmailTaken.at("email")]),
        _ => error.into(),
    }
}
