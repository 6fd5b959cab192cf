//! «Мой профиль» (screens.md 11): the calls of the own account.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, delete, get, put, web};
use epos_shared::api::profile::{ChangePassword, OwnSession, OwnSessions, Profile};
use epos_shared::api::session::{AccountSummary, SessionState};
use epos_shared::ids::SessionId;
use epos_shared::problem::{Problem, ProblemCode};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{SignedIn, WithoutConsent, change_password, device, email_change, own_data, sessions, store};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::consent;
use crate::db::DbError;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, parse_path_id};
use crate::identification;
use crate::organizations;

/// The calls of the own account.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(show)
        .service(set_password)
        .service(list_sessions)
        .service(end_session)
        .service(end_others)
        .service(download);
}

/// The own account.
#[utoipa::path(
    tag = "profile",
    responses(
        (status = 200, description = "The account", body = Profile),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/profile")]
async fn show(services: web::Data<Services>, who: SignedIn) -> Result<web::Json<Profile>, ApiError> {
    let now = services.context.db_now();
    let profile = services.db.read::<_, ApiError, _>(move |conn| {
        let account = store::find(conn, who.account)?.ok_or(ProblemCode::NotFound)?;
        let organization = match account.organization_id {
            None => None,
            Some(id) => organizations::find(conn, id)?.map(|organization| organization.summary()),
        };
        Ok(Profile {
            account: AccountSummary {
                id: account.id.into(),
                name: account.name()?,
                user_name: account.user_name,
                email: account.email,
            },
            position: account.position,
            organization,
            email_verified: account.email_verified_at.is_some(),
            has_password: account.password_hash.is_some(),
            esia: identification::link_of(conn, who.account, account.password_hash.is_some())?,
            password_changed_at: account.password_changed_at.map(|at| at.and_utc()),
            created_at: account.created_at.and_utc(),
            previous_sign_in_at: who.previous_sign_in_at,
            email_change: email_change::pending(conn, who.account, now)?,
            consents: consent::history(conn, who.account)?,
        })
    });
    Ok(web::Json(profile.await?))
}

/// «Сменить пароль»: this session gets another token, every other one ends.
#[utoipa::path(
    tag = "profile",
    request_body = ChangePassword,
    responses(
        (status = 200, description = "Changed; the session, which has a new cookie", body = SessionState),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `current_password` (with `attempts_left`) or `new_password`",
            body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "`locked`: the present password was wrong too often", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, with `retry_after`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/profile/password")]
async fn set_password(
    services: web::Data<Services>,
    who: SignedIn,
    form: Body<ChangePassword>,
) -> Result<HttpResponse, ApiError> {
    change_password::change(&services, who, form.0).await
}

/// Where the own account is signed in: the present session first, then the newest.
#[utoipa::path(
    tag = "profile",
    responses(
        (status = 200, description = "The live sessions", body = OwnSessions),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/profile/sessions")]
async fn list_sessions(
    services: web::Data<Services>,
    who: SignedIn,
) -> Result<web::Json<OwnSessions>, ApiError> {
    let (now, tools) = (services.context.db_now(), services.clone());
    let rows = services
        .db
        .read::<_, DbError, _>(move |conn| {
            Ok(sessions::live_of(conn, &tools.config.sessions, who.account, now)?)
        })
        .await?;
    let mut items: Vec<OwnSession> = rows
        .into_iter()
        .map(|row| OwnSession {
            id: row.id.into(),
            current: row.id == who.session,
            opened_at: row.created_at.and_utc(),
            last_seen_at: row.last_seen_at.and_utc(),
            address: row.address,
            device: device::in_words(&row.user_agent),
            way: sessions::way(&row.way),
        })
        .collect();
    items.sort_by_key(|session| !session.current);
    Ok(web::Json(OwnSessions { items }))
}

/// Ends one of the own sessions; the present one is a sign-out.
///
/// A session that has ended, or is somebody else's, answers as one that is not there.
#[utoipa::path(
    tag = "profile",
    params(("id" = SessionId, Path, description = "The session")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/profile/sessions/{id}")]
async fn end_session(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = Id::from(parse_path_id::<SessionId>(&id)?);
    let (context, asking) = (services.context.clone(), who.clone());
    services
        .db
        .write_by_condition::<_, ApiError, _>(move |conn| {
            if !sessions::end_own(conn, asking.account, id, context.db_now())? {
                return Err(ProblemCode::NotFound.into());
            }
            let event = Event::done("session.ended", "session", id)
                .with(serde_json::json!({ "reason": "by-person" }));
            Ok(audit::record(conn, &context, &asking.journal(), event)?)
        })
        .await?;
    let mut answer = HttpResponse::NoContent();
    if id == who.session {
        answer.cookie(sessions::no_cookie(&services));
    }
    Ok(answer.finish())
}

/// «Завершить все»: every own session but the present one ends.
#[utoipa::path(
    tag = "profile",
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/profile/sessions")]
async fn end_others(services: web::Data<Services>, who: SignedIn) -> Result<HttpResponse, ApiError> {
    let context = services.context.clone();
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            let now = context.db_now();
            let ended = sessions::end_all(conn, who.account, Some(who.session), "by-person", now)?;
            if ended == 0 {
                return Ok(());
            }
            let event = Event::done("sessions.ended", "account", who.account)
                .with(serde_json::json!({ "count": ended }));
            audit::record(conn, &context, &who.journal(), event)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// «Мои данные»: everything that is stored of the person, as a file.
///
/// Open also while everything else answers `consent-required`: the data are the person's own.
#[utoipa::path(
    tag = "profile",
    responses(
        (status = 200, description = "The file", content_type = "application/json", body = serde_json::Value),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/profile/data")]
async fn download(
    services: web::Data<Services>,
    WithoutConsent(who): WithoutConsent,
) -> Result<HttpResponse, ApiError> {
    let data = own_data::gather(&services, &who).await?;
    let text = serde_json::to_string_pretty(&data).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"epos-data.json\"; filename*=UTF-8''%D0%9C%D0%BE%D0%B8%20%D0%B4%D0%B0%D0%BD%D0%BD%D1%8B%D0%B5.json",
        ))
        .body(text))
}
