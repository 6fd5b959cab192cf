//! The calls of the feature: browsers come and go below `/esia`, the client asks below `/api/v1`.

use actix_web::cookie::Cookie;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use epos_shared::api::esia::{EsiaHealth, EsiaRedirect};
use epos_shared::esia::{Failure, explain};
use epos_shared::problem::{Problem, ProblemCode};
use utoipa_actix_web::service_config::ServiceConfig;

use super::attempt;
use super::failure::Failed;
use super::sign_in::{self, Returned};
use crate::accounts::{MaybeSignedIn, SignedIn};
use crate::app::Services;
use crate::error::ApiError;
use crate::http::RequestInfo;
use crate::identification::{self, Arrival, Purpose};
use crate::kontingent::Asker;
use crate::kontingent::support::{self, Attempt as SupportAttempt};

/// Where a person goes on after the sign-in, unless he said; the client chooses from there.
const AFTER_SIGN_IN: &str = "/subsystems";
/// Where he goes on after joining.
const AFTER_JOINING: &str = "/profile";
/// The page that explains a failure.
const FAILURE: &str = "/login/esia";
/// The page for whom nothing here fits.
const MISMATCH: &str = "/login/esia/mismatch";

/// Registers what browsers open.
pub fn browser_routes(config: &mut ServiceConfig) {
    config.service(go_to_esia).service(come_back).service(end_there);
}

/// Registers what the client asks.
pub fn routes(config: &mut ServiceConfig) {
    config.service(join).service(show_health);
}

/// A browser goes on; nothing of where it is now goes with it.
fn go_on(location: &str, cookies: Vec<Cookie<'static>>) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    for cookie in cookies {
        answer.cookie(cookie);
    }
    answer.finish()
}

/// The page that explains a failure; the way on from there leads to `next` still.
fn failure_page(info: &RequestInfo, code: &str, next: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("failure", code).append_pair("request", &info.request_id);
    if let Some(next) = next {
        query.append_pair("next", next);
    }
    format!("{FAILURE}?{}", query.finish())
}

/// The page for whom nothing here fits; the same of `next`.
fn mismatch_page(next: Option<&str>) -> String {
    let Some(next) = next else { return MISMATCH.to_owned() };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{MISMATCH}?{query}")
}

/// The only parameter of this name.
fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let mut found =
        url::form_urlencoded::parse(request.query_string().as_bytes()).filter(|(key, _)| key == name);
    let value = found.next()?.1.into_owned();
    found.next().is_none().then_some(value)
}

/// Sends a browser to Госуслуги.
#[utoipa::path(
    tag = "esia",
    params(("next" = Option<String>, Query, description = "A path of our own to go on to; anything else is dropped")),
    responses((status = 303, description = "To ЕСИА, with a cookie; where that cannot be, to the page that explains it"))
)]
#[get("/esia/login")]
async fn go_to_esia(services: web::Data<Services>, info: RequestInfo, request: HttpRequest) -> HttpResponse {
    let next = parameter(&request, "next").as_deref().and_then(attempt::local_path);
    match sign_in::depart(&services, &request, None, next.as_deref()).await {
        Ok(departure) => go_on(&departure.location, departure.cookies),
        Err(failed) => {
            sign_in::report(&services, &info, &failed).await;
            go_on(&failure_page(&info, &failed.code, next.as_deref()), Vec::new())
        }
    }
}

/// A browser comes back from Госуслуги.
///
/// `state` is judged before anything else; it must be of an attempt of this browser.
#[utoipa::path(
    tag = "esia",
    params(
        ("state" = Option<String>, Query, description = "`state` of the request"),
        ("code" = Option<String>, Query, description = "The code, of any length"),
        ("error" = Option<String>, Query, description = "A refusal"),
        ("error_description" = Option<String>, Query, description = "`ESIA-0070xx: …`"),
    ),
    responses((status = 303, description = "Signed in: on to where the person wanted to go; else to a page that explains"))
)]
#[get("/esia/callback")]
async fn come_back(
    services: web::Data<Services>,
    info: RequestInfo,
    who: Result<MaybeSignedIn, ApiError>,
    request: HttpRequest,
) -> HttpResponse {
    let returned = Returned::read(request.query_string());
    let attempt = match sign_in::attempt(&services, &request, &returned) {
        Ok(attempt) => attempt,
        Err(failed) => {
            sign_in::report(&services, &info, &failed).await;
            return go_on(&failure_page(&info, &failed.code, None), Vec::new());
        }
    };
    // It is over, whatever comes of it.
    let mut cookies = vec![attempt::no_cookie(&services, &attempt.state)];
    match arrive(&services, &info, who, &attempt, returned).await {
        Ok((location, cookie)) => {
            cookies.extend(cookie);
            go_on(&location, cookies)
        }
        Err(failed) => {
            sign_in::report(&services, &info, &failed).await;
            go_on(&failure_page(&info, &failed.code, attempt.wanted()), cookies)
        }
    }
}

/// Where a browser that has come back goes on, and with which cookie.
async fn arrive(
    services: &Services,
    info: &RequestInfo,
    who: Result<MaybeSignedIn, ApiError>,
    attempt: &attempt::Attempt,
    returned: Returned,
) -> Result<(String, Option<Cookie<'static>>), Failed> {
    let signed_in = who.map_err(|error| ours(&error))?.0;
    let purpose = attempt.purpose();
    if let Purpose::Join { account } = purpose
        && signed_in.as_ref().is_none_or(|who| who.account != account)
    {
        return Err(Failed::of(
            Failure::WrongBrowser,
            "the account that was to be joined is not signed in any more",
        ));
    }
    let identity = sign_in::identity(services, attempt, returned).await?;
    // A new session takes the place of the browser's own; whoever joins keeps his.
    let replaced = signed_in.map(|who| who.session).filter(|_| matches!(purpose, Purpose::SignIn));
    let arrival = identification::arrive(services, identity, purpose, replaced, info).await;
    let on = |usual: &str| attempt.next.clone().unwrap_or_else(|| usual.to_owned());
    match arrival.map_err(|error| ours(&error))? {
        Arrival::SignedIn(token) => Ok((on(AFTER_SIGN_IN), Some(token.into_cookie(services)))),
        Arrival::Joined => Ok((on(AFTER_JOINING), None)),
        Arrival::Visit(visit) => Ok((mismatch_page(attempt.wanted()), Some(visit.into_cookie(services)))),
        // It is in the journal already.
        Arrival::Refused(failure) => Ok((failure_page(info, failure.as_str(), attempt.wanted()), None)),
    }
}

/// A failure of our own that has nothing to do with Госуслуги.
fn ours(error: &ApiError) -> Failed {
    tracing::error!(%error, "an arrival from ЕСИА failed");
    Failed::told("internal".to_owned(), "our own failure: see the log")
}

/// Ends the session at Госуслуги too, for whoever wishes it after signing out here.
#[utoipa::path(
    tag = "esia",
    responses((status = 303, description = "To ЕСИА, which sends the browser back to the first page"))
)]
#[get("/esia/logout")]
async fn end_there(services: web::Data<Services>) -> HttpResponse {
    match &services.esia {
        Some(esia) => go_on(&esia.logout(), Vec::new()),
        None => go_on("/", Vec::new()),
    }
}

/// Begins to join the own account with the own person at Госуслуги: where the browser goes.
#[utoipa::path(
    tag = "profile",
    responses(
        (status = 200, description = "Where the browser goes; sets a cookie", body = EsiaRedirect),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forged-origin`, `consent-required`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: Госуслуги do not answer, or no link is configured", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/profile/esia")]
async fn join(
    services: web::Data<Services>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    match sign_in::depart(&services, &request, Some(who.account), Some(AFTER_JOINING)).await {
        Ok(departure) => {
            let mut answer = HttpResponse::Ok();
            for cookie in departure.cookies {
                answer.cookie(cookie);
            }
            Ok(answer.json(EsiaRedirect { location: departure.location }))
        }
        Err(failed) => {
            sign_in::report(&services, &who.request, &failed).await;
            let told = explain(&failed.code);
            Err(Problem::new(ProblemCode::Unavailable)
                .with_detail(format!("{}. {}", told.title, told.detail))
                .into())
        }
    }
}

/// The state of the link to Госуслуги, for support.
#[utoipa::path(
    tag = "esia",
    responses(
        (status = 200, description = "The state of the link", body = EsiaHealth),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/esia/health")]
async fn show_health(
    services: web::Data<Services>,
    who: SignedIn,
) -> Result<web::Json<EsiaHealth>, ApiError> {
    let attempt = SupportAttempt { action: "esia_health.read", object_kind: "esia", object: None };
    support::read(&services, Asker::from(&who), attempt, |_, _| Ok(())).await?;
    let health = sign_in::state_of(&services).await;
    let health = services.db.read(move |conn| sign_in::with_rows(conn, health)).await?;
    Ok(web::Json(health))
}
