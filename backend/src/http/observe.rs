//! The outermost middleware: it knows each request by an identifier, and lets no failure out unshaped.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use epos_shared::problem::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::{AllowedOrigins, Policy, TrustedProxies, client, forged};
use crate::context::Context;
use crate::{error, monitoring};

/// Runs a request: identifier, asker, origin, the answer's shape, headers, one line of log.
///
/// # Errors
/// A failure that never became an answer; it holds one.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (Some(context), Some(proxies), Some(origins), Some(policy)) = (
        request.app_data::<web::Data<Context>>().cloned(),
        request.app_data::<web::Data<TrustedProxies>>().cloned(),
        request.app_data::<web::Data<AllowedOrigins>>().cloned(),
        request.app_data::<web::Data<Policy>>().cloned(),
    ) else {
        return Err(actix_web::error::ErrorInternalServerError("the application is not wired"));
    };
    let info = client::info(request.request(), context.id().to_string(), &proxies);
    let path = request.path().to_owned();
    // The path holds identifiers at most: no name, no address, no query.
    let span =
        tracing::info_span!("request", id = %info.request_id, method = %request.method(), path = %path);
    request.extensions_mut().insert(info.clone());
    let started = context.now();

    // No second handle on the request may live while it is routed (actix would panic), so that what never
    // became an answer has no request to belong to, and leaves as an error that holds its answer.
    let work = async {
        if forged(&request, &origins) {
            let problem = Problem::new(ProblemCode::ForgedOrigin)
                .with_detail("Откройте страницу ЭПОС заново и повторите действие.");
            return Ok(request.into_response(error::respond(problem)));
        }
        match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(Ok(response)) => Ok(response.map_into_boxed_body()),
            Ok(Err(failure)) => Err(failure.error_response()),
            Err(_) => {
                tracing::error!("a handler panicked");
                Err(error::respond(Problem::new(ProblemCode::Internal)))
            }
        }
    };
    let mut outcome = work.instrument(span.clone()).await;
    let answer = match &mut outcome {
        Ok(response) => response.response_mut(),
        Err(answer) => answer,
    };
    shape(answer, &info.request_id);
    policy.apply(&path, answer.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&info.request_id) {
        answer.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    let took = (context.now() - started).to_std().unwrap_or_default();
    monitoring::answered(answer.status().as_u16(), took);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(status = answer.status().as_u16(), micros, "answered"));
    outcome.map_err(|answer| InternalError::from_response("no answer", answer).into())
}

/// Every answer of 400 and above is a problem with the request's identifier, also those that the framework
/// itself makes (a header too long, a method unknown).
fn shape(answer: &mut HttpResponse<BoxBody>, request_id: &str) {
    let known = answer.extensions_mut().remove::<Problem>();
    let problem = known.or_else(|| {
        let code = match answer.status().as_u16() {
            0..400 => return None,
            404 => ProblemCode::NotFound,
            405 => ProblemCode::MethodNotAllowed,
            413 => ProblemCode::BodyTooLarge,
            415 => ProblemCode::UnsupportedMediaType,
            400..500 => ProblemCode::MalformedParameter,
            503 => ProblemCode::Unavailable,
            _ => ProblemCode::Internal,
        };
        // Pages (a client that was not built) keep their words.
        let kind = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        (!kind.starts_with(b"text/html")).then(|| Problem::new(code))
    });
    let Some(mut problem) = problem else { return };
    problem.request_id = Some(request_id.to_owned());
    let body = BoxBody::new(error::body(&problem));
    let plain = std::mem::replace(answer, HttpResponse::new(answer.status()));
    *answer = plain.set_body(body);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::dev::Service as _;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, read_body};
    use actix_web::{App, web};

    use super::*;
    use crate::context::{MasterKey, Secrets, SeededRandom, SystemClock};

    async fn answered(path: &str) -> (u16, Problem) {
        let secrets = Secrets::new(&MasterKey::from_bytes([1; 32]));
        let context =
            Context::new(Arc::new(SystemClock), Arc::new(SeededRandom::new(1)), secrets, chrono_tz::UTC);
        let app = init_service(
            App::new()
                .app_data(web::Data::new(context))
                .app_data(web::Data::new(TrustedProxies::default()))
                .app_data(web::Data::new(AllowedOrigins(Vec::new())))
                .app_data(web::Data::new(Policy::new(false)))
                .route("/panic", web::get().to(async || -> HttpResponse { panic!("an expected panic") }))
                .route("/bare", web::get().to(async || HttpResponse::InternalServerError().body("a secret")))
                .wrap(from_fn(observe)),
        )
        .await;
        let (status, headers, body) = match app.call(TestRequest::get().uri(path).to_request()).await {
            Ok(answer) => (answer.status(), answer.headers().clone(), read_body(answer).await),
            Err(error) => {
                let answer = error.error_response();
                let (status, headers) = (answer.status(), answer.headers().clone());
                (status, headers, actix_web::body::to_bytes(answer.into_body()).await.unwrap())
            }
        };
        assert_eq!(headers.get(CONTENT_TYPE).unwrap(), PROBLEM_MEDIA_TYPE);
        assert!(headers.contains_key("content-security-policy"));
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            problem.request_id.as_deref(),
            headers.get("x-request-id").and_then(|id| id.to_str().ok())
        );
        (status.as_u16(), problem)
    }

    #[actix_web::test]
    async fn a_handler_that_panics_answers_a_problem() {
        let (status, problem) = answered("/panic").await;
        assert_eq!((status, problem.code), (500, ProblemCode::Internal));
    }

    #[actix_web::test]
    async fn an_answer_of_the_framework_becomes_a_problem_and_tells_nothing_else() {
        let (status, problem) = answered("/nowhere").await;
        assert_eq!((status, problem.code), (404, ProblemCode::NotFound));
        let (status, problem) = answered("/bare").await;
        assert_eq!((status, problem.code, problem.detail.as_str()), (500, ProblemCode::Internal, ""));
    }
}
