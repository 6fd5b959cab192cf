//! The calls of the feature: `/api/v1/session`.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use epos_shared::api::categories::ChooseCategory;
use epos_shared::api::registration::{LinkState, LinkToken};
use epos_shared::api::session::{ChooseCard, SessionState, SignIn};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::roles::RoleCategory;

use super::session_state::{self, View};
use super::signed_in::{MaybeSignedIn, SignedIn};
use super::{links, sessions, sign_in};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::DbError;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, RequestInfo};
use crate::identification;
use crate::kontingent;

/// Who is signed in.
///
/// "Nobody" is a state, not an error.
#[utoipa::path(tag = "session", responses((status = 200, description = "Who is signed in", body = SessionState)))]
#[get("/session")]
pub(super) async fn show(
    services: web::Data<Services>,
    request: HttpRequest,
    who: MaybeSignedIn,
) -> Result<HttpResponse, ApiError> {
    let Some(signed_in) = who.0 else {
        let mut answer = HttpResponse::Ok();
        // A token that opens nothing any more need not be sent again.
        if request.cookie(sessions::cookie_name(&services)).is_some() {
            answer.cookie(sessions::no_cookie(&services));
        }
        return Ok(answer.json(SessionState::Anonymous));
    };
    let view = View::from(&signed_in);
    Ok(HttpResponse::Ok().json(session_state::show(&services, view).await?))
}

/// Sign in with a password (РСАА).
///
/// A wrong password and an unknown name are answered alike. The session is a cookie.
#[utoipa::path(
    tag = "session",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in; sets the cookie", body = SessionState),
        (status = 401, description = "`invalid-credentials`, with `attempts_left` and perhaps `locked_until`",
            body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`account-blocked`, `esia-only`: told after the right password only", body = Problem,
            content_type = "application/problem+json"),
        (status = 423, description = "`locked`, with `locked_until`", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, with `retry_after`", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[post("/session")]
pub(super) async fn open(
    services: web::Data<Services>,
    info: RequestInfo,
    who: MaybeSignedIn,
    form: Body<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let replaced = who.0.map(|signed_in| signed_in.session);
    let opened = sign_in::sign_in(&services, &info, replaced, form.0).await?;
    let view = View::of(&services, &opened);
    tracing::debug!(session = %opened.session, "a session was opened");
    let state = session_state::show(&services, view).await?;
    Ok(HttpResponse::Ok().cookie(opened.token.into_cookie(&services)).json(state))
}

/// Sign out.
///
/// Answers the same where the session has ended already.
#[utoipa::path(tag = "session", responses((status = 204, description = "Signed out; takes the cookie away")))]
#[delete("/session")]
pub(super) async fn close(
    services: web::Data<Services>,
    who: MaybeSignedIn,
) -> Result<HttpResponse, ApiError> {
    if let Some(signed_in) = who.0 {
        let context = services.context.clone();
        services
            .db
            .write_by_condition::<_, DbError, _>(move |conn| {
                if sessions::end(conn, signed_in.session, "signed-out", context.db_now())? {
                    let mut event = Event::done("session.closed", "session", signed_in.session);
                    if let Some(card) = signed_in.card {
                        event.organization = kontingent::organization_of(conn, card)?;
                    }
                    audit::record(conn, &context, &signed_in.journal(), event)?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(HttpResponse::NoContent().cookie(sessions::no_cookie(&services)).finish())
}

/// Work as one of the own cards, and so in the category «Сотрудник».
///
/// Rotates the session. A card that is somebody else's answers as one that is not there.
#[utoipa::path(
    tag = "session",
    request_body = ChooseCard,
    responses((status = 200, description = "The session as it is now; sets the cookie", body = SessionState))
)]
#[put("/session/card")]
pub(super) async fn choose_card(
    services: web::Data<Services>,
    signed_in: SignedIn,
    form: Body<ChooseCard>,
) -> Result<HttpResponse, ApiError> {
    let card = Id::from(form.0.employee_id);
    let (inner, asking) = (services.clone(), signed_in.clone());
    let token = services
        .db
        .write_tx(move |conn| {
            if !kontingent::is_own_card(conn, asking.account, card)? {
                return Err(ApiError::from(ProblemCode::NotFound));
            }
            let mut event = Event::done("session.card_chosen", "employee", card);
            event.organization = kontingent::organization_of(conn, card)?;
            audit::record(conn, &inner.context, &asking.journal(), event)?;
            Ok(super::work_as(conn, &inner, &asking, card)?)
        })
        .await?;
    let view = View { card: Some(card), category: Some(RoleCategory::Employee), ..View::from(&signed_in) };
    let mut answer = HttpResponse::Ok();
    if let Some(token) = token {
        answer.cookie(token.into_cookie(&services));
    }
    Ok(answer.json(session_state::show(&services, view).await?))
}

/// Work in one of the categories held today.
///
/// Rotates the session.
#[utoipa::path(
    tag = "session",
    request_body = ChooseCategory,
    responses(
        (status = 200, description = "The session as it is now; sets the cookie", body = SessionState),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/session/category")]
pub(super) async fn choose_category(
    services: web::Data<Services>,
    signed_in: SignedIn,
    form: Body<ChooseCategory>,
) -> Result<HttpResponse, ApiError> {
    let category = form.0.category;
    let (tools, asking) = (services.clone(), signed_in.clone());
    let token = services
        .db
        .write_tx(move |conn| {
            if !identification::held_by(conn, &tools.context, asking.account)?.contains(&category) {
                return Err(ApiError::from(ProblemCode::CategoryNotHeld));
            }
            sessions::choose_category(conn, asking.session, category)?;
            let event = Event::done("session.category_chosen", "session", asking.session)
                .with(serde_json::json!({ "category": category }));
            audit::record(conn, &tools.context, &asking.journal(), event)?;
            Ok(super::rotate(conn, &tools, &asking)?)
        })
        .await?;
    let view = View { category: Some(category), ..View::from(&signed_in) };
    let mut answer = HttpResponse::Ok();
    if let Some(token) = token {
        answer.cookie(token.into_cookie(&services));
    }
    Ok(answer.json(session_state::show(&services, view).await?))
}

/// What the link of a letter is for, without using it.
#[utoipa::path(
    tag = "registration",
    request_body = LinkToken,
    responses(
        (status = 200, description = "The link works", body = LinkState),
        (status = 404, description = "`link-unknown`: damaged, or replaced by a newer one", body = Problem,
            content_type = "application/problem+json"),
        (status = 410, description = "`link-used`, `link-expired`", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[post("/links")]
pub(super) async fn check_link(
    services: web::Data<Services>,
    form: Body<LinkToken>,
) -> Result<web::Json<LinkState>, ApiError> {
    let now = services.context.db_now();
    let link = services.db.read(move |conn| links::look(conn, &form.0.token, now)).await?;
    Ok(web::Json(LinkState {
        purpose: link.purpose,
        user_name: link.user_name,
        expires_at: link.expires_at.and_utc(),
    }))
}
