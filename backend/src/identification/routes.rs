//! The calls of somebody who was not recognised (`/esia/visit`), and of the own link to Госуслуги.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use chrono::TimeDelta;
use epos_shared::api::esia::{EsiaVisit, SendMismatch, SendMismatchError};
use epos_shared::api::session::{BindCard, SessionState};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::InvalidValue as _;
use utoipa_actix_web::service_config::ServiceConfig;

use super::visit::{self, Visit};
use super::{arrive, links, matching, mismatches};
use crate::accounts::{self, LinkNews, MaybeSignedIn, Opened, SignedIn};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, RequestInfo};
use crate::kontingent::{self, Claimant};
use crate::organizations;
use crate::quota::Quota;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(show_visit).service(bind).service(send).service(leave).service(part);
}

type Tools = web::Data<Services>;

/// Organizations within a day that one person sends his data to.
const SENT_DAILY: u32 = 5;
/// The same within an hour from one address.
const SENT_HOURLY: u32 = 30;

fn expired() -> ApiError {
    Problem::new(ProblemCode::VisitExpired)
        .with_detail("Страница действует полчаса и только в том окне, где вы вошли через Госуслуги.")
        .into()
}

fn visit_of(services: &Services, request: &HttpRequest) -> Result<Visit, ApiError> {
    request
        .cookie(visit::cookie_name(services))
        .and_then(|cookie| Visit::open(services, cookie.value()))
        .ok_or_else(expired)
}

async fn shown(services: &Services, visit: Visit) -> Result<EsiaVisit, ApiError> {
    let oid = visit.oid.clone();
    let sent_to =
        services.db.read::<_, ApiError, _>(move |conn| Ok(mismatches::organizations_of(conn, &oid)?)).await?;
    Ok(EsiaVisit {
        email: visit.emails.first().map(ToString::to_string),
        name: visit.name,
        not_found: visit.not_found,
        sent_to,
        expires_at: visit.expires_at,
    })
}

/// The person who has come through Госуслуги in this browser and was not recognised.
#[utoipa::path(
    tag = "session",
    responses(
        (status = 200, description = "What Госуслуги said, and what of it was not found", body = EsiaVisit),
        (status = 410, description = "`visit-expired`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/esia/visit")]
async fn show_visit(services: Tools, request: HttpRequest) -> Result<web::Json<EsiaVisit>, ApiError> {
    let visit = visit_of(&services, &request)?;
    Ok(web::Json(shown(&services, visit).await?))
}

/// Binds the own card with its one-time credentials: that settles it at once, and opens a session.
#[utoipa::path(
    tag = "session",
    request_body = BindCard,
    responses(
        (status = 200, description = "Signed in; sets the cookie", body = SessionState),
        (status = 403, description = "`account-blocked`; `forbidden`: no e-mail an account could have", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-bound`", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`visit-expired`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, `invalid-card-credentials`, `name-mismatch`", body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "`locked`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/esia/visit/bind")]
async fn bind(
    services: Tools,
    request: HttpRequest,
    info: RequestInfo,
    who: MaybeSignedIn,
    body: Body<BindCard>,
) -> Result<HttpResponse, ApiError> {
    let visit = visit_of(&services, &request)?;
    body.0.parse().map_err(ApiError::validation)?;
    let replaced = who.0.map(|signed_in| signed_in.session);
    let mut attempt = 1;
    let opened = loop {
        let (tools, visit, info, form) = (services.clone(), visit.clone(), info.clone(), body.0.clone());
        let done = services
            .db
            .write_tx::<_, ApiError, _>(move |conn| bind_visit(conn, &tools, &visit, &info, replaced, &form))
            .await;
        match done {
            Err(error) if attempt < 3 && arrive::is_race(&error) => attempt += 1,
            done => break done?.map_err(ApiError::from)?,
        }
    };
    let state = accounts::opened_state(&services, &opened).await?;
    Ok(HttpResponse::Ok()
        .cookie(opened.token.into_cookie(&services))
        .cookie(visit::no_cookie(&services))
        .json(state))
}

/// A refusal is a value here: the failures it counted are to stay.
fn bind_visit(
    conn: &mut Conn,
    services: &Services,
    visit: &Visit,
    request: &RequestInfo,
    replaced: Option<Id>,
    form: &BindCard,
) -> Result<Result<Opened, Problem>, ApiError> {
    let login = form.parse().map_err(ApiError::validation)?;
    let identity = visit.identity();
    let joined = links::account_of(conn, &identity.oid)?;
    let anonymous = audit::Actor::anonymous(request);
    let claimant = match joined {
        // Recognised meanwhile, in another window.
        Some(account) => {
            let journal = audit::Actor::account(account, None, request);
            Claimant::of_account(conn, services, account, &journal)?
        }
        None => Claimant::of_person(services, &identity, &anonymous),
    };
    let claimed = match kontingent::claim(conn, services, &claimant, &login, form.password.trim())? {
        Ok(claimed) => claimed,
        Err(problem) => return Ok(Err(problem)),
    };
    let account = match joined {
        Some(account) => account,
        None => {
            let free = matching::free_email(conn, &identity)?;
            let email = match free {
                Some(email) => Some((email, true)),
                // Госуслуги know no other: the card's, until he proves it.
                None => match claimed.email()? {
                    Some(email) if accounts::owner_of_address(conn, &email.key())?.is_none() => {
                        Some((email, false))
                    }
                    _ => None,
                },
            };
            let Some((email, is_proven)) = email else {
                return Ok(Err(Problem::new(ProblemCode::Forbidden).with_detail(
                    "Ваш e-mail уже у другой учётной записи ЭПОС, или его нет на Госуслугах. Войдите в ту учётную \
                     запись по паролю, подтвердите другой e-mail на Госуслугах или напишите в техподдержку.",
                )));
            };
            let account = accounts::create_of_esia(conn, services, &identity, (&email, is_proven))?;
            let journal = audit::Actor::account(account, None, request);
            let event =
                Event::done("account.created", "account", account).with(serde_json::json!({ "way": "esia" }));
            audit::record(conn, &services.context, &journal, event)?;
            arrive::join(conn, services, &journal, account, &identity, "card")?;
            account
        }
    };
    // What was made above goes with the transaction where somebody else was first.
    kontingent::settle(conn, services, &claimant, account, &claimed)?.map_err(ApiError::from)?;
    let journal = audit::Actor::account(account, None, request);
    mismatches::settle(conn, &services.context, &journal, &identity.oid)?;
    match accounts::open_through_esia(conn, services, request, account, replaced)? {
        Some(opened) => Ok(Ok(opened)),
        None => Err(ProblemCode::AccountBlocked.into()),
    }
}

/// Sends ФИО and e-mail to the administrator of the own organization, as agreed. Sent twice is sent once.
#[utoipa::path(
    tag = "session",
    request_body = SendMismatch,
    responses(
        (status = 200, description = "Sent", body = EsiaVisit),
        (status = 410, description = "`visit-expired`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `organization_id`, `agreed`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests`, with `retry_after`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/esia/visit/send")]
async fn send(
    services: Tools,
    request: HttpRequest,
    info: RequestInfo,
    body: Body<SendMismatch>,
) -> Result<web::Json<EsiaVisit>, ApiError> {
    let visit = visit_of(&services, &request)?;
    let organization = Id::from(body.0.parse().map_err(ApiError::validation)?);
    let (tools, identity) = (services.clone(), visit.identity());
    let sent = services
        .db
        .write_by_condition::<_, ApiError, _>(move |conn| {
            let context = &tools.context;
            let (now, today) = (context.db_now(), context.today());
            let found = organizations::find(conn, organization)?;
            if !found.is_some_and(|organization| organization.is_open(today)) {
                let wrong = SendMismatchError::OrganizationUnknown.at("organization_id");
                return Err(ApiError::validation(vec![wrong]));
            }
            let person = context.secrets().attempt_key(&identity.oid);
            for quota in [
                Quota::hourly_from("mismatch", info.address, SENT_HOURLY),
                Quota::of("mismatch", &person, SENT_DAILY, TimeDelta::days(1)),
            ] {
                if let Err(exceeded) = quota.count(conn, now)? {
                    return Ok(Err(exceeded));
                }
            }
            let journal = audit::Actor::anonymous(&info);
            mismatches::send(conn, &tools, &journal, &identity, organization)?;
            Ok(Ok(()))
        })
        .await?;
    sent.map_err(|exceeded| {
        ApiError::too_many_requests(exceeded.retry_after, "Подождите, пока администратор ответит.")
    })?;
    Ok(web::Json(shown(&services, visit).await?))
}

/// Leaves the page: nothing of the visit stays in the browser.
#[utoipa::path(tag = "session", responses((status = 204, description = "Forgotten; takes the cookie away")))]
#[delete("/esia/visit")]
async fn leave(services: Tools) -> HttpResponse {
    HttpResponse::NoContent().cookie(visit::no_cookie(&services)).finish()
}

/// Takes the own account and its person at Госуслуги apart; never the last way in.
#[utoipa::path(
    tag = "profile",
    responses(
        (status = 204, description = "Taken apart, or never joined"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`last-way-in`: set a password first", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/profile/esia")]
async fn part(services: Tools, who: SignedIn) -> Result<HttpResponse, ApiError> {
    let tools = services.clone();
    services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let context = &tools.context;
            if links::of_account(conn, who.account)?.is_none() {
                return Ok(());
            }
            if !accounts::has_password(conn, who.account)? {
                return Err(Problem::new(ProblemCode::LastWayIn)
                    .with_detail("Сначала задайте пароль: «Забыли пароль?» на странице входа пришлёт ссылку.")
                    .into());
            }
            if links::end(conn, who.account, context.db_now())? {
                accounts::tell_of_link(conn, &tools, who.account, LinkNews::Parted)?;
                let event = Event::done("esia.parted", "account", who.account);
                audit::record(conn, context, &who.journal(), event)?;
            }
            Ok(())
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
