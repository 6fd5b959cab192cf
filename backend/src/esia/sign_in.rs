//! A sign-in, from the browser's leaving to its coming back.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use epos_shared::api::esia::EsiaHealth;
use epos_shared::esia::Failure;
use oauth2::TokenResponse as _;

use super::attempt::{self, Attempt};
use super::failure::{self, Failed};
use super::token::{Claims, Expected, NotBelieved, Token};
use super::{Esia, Identity, exchange, health, person};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::DbError;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::RequestInfo;

/// A browser that may go.
pub(super) struct Departure {
    pub location: String,
    pub cookies: Vec<Cookie<'static>>,
}

/// What ЕСИА sent a browser back with.
#[derive(Debug, Default)]
pub(super) struct Returned {
    pub state: Option<String>,
    pub code: Option<String>,
    pub error: Option<String>,
    pub description: Option<String>,
    /// A parameter stood there twice.
    pub is_ambiguous: bool,
}

impl Returned {
    /// Reads the query; what else stands in it is nothing to us.
    pub fn read(query: &str) -> Self {
        let mut returned = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut returned.state,
                "code" => &mut returned.code,
                "error" => &mut returned.error,
                "error_description" => &mut returned.description,
                _ => continue,
            };
            if place.is_some() {
                returned.is_ambiguous = true;
            }
            *place = Some(value.into_owned());
        }
        returned
    }
}

/// Prepares a browser's way to Госуслуги.
pub(super) async fn depart(
    services: &Services,
    request: &HttpRequest,
    account: Option<Id>,
    next: Option<&str>,
) -> Result<Departure, Failed> {
    let Some(esia) = &services.esia else { return Err(Failed::of(Failure::Off, "not configured")) };
    let context = &services.context;
    esia.guarded().await?;
    esia.http.reach(context, &esia.endpoints.authorize).await?;
    let attempt = Attempt {
        state: exchange::new_state(context),
        verifier: exchange::new_verifier(&esia.config, context),
        account: account.map(|account| account.0),
        next: next.map(str::to_owned),
        begun_at: context.now(),
    };
    let location = esia.authorization(context, &attempt.state, attempt.verifier.as_deref()).await?;
    let mut cookies = attempt::make_room(services, request);
    cookies.push(attempt.cookie(services));
    Ok(Departure { location, cookies })
}

/// The attempt a browser comes back from: judged before anything else of what it brings.
pub(super) fn attempt(
    services: &Services,
    request: &HttpRequest,
    returned: &Returned,
) -> Result<Attempt, Failed> {
    let state = returned.state.as_deref().filter(|_| !returned.is_ambiguous);
    state
        .and_then(|state| Attempt::find(services, request, state))
        .ok_or_else(|| Failed::of(Failure::WrongBrowser, "state is not this browser's"))
}

/// Whom ЕСИА tells us of.
pub(super) async fn identity(
    services: &Services,
    attempt: &Attempt,
    returned: Returned,
) -> Result<Identity, Failed> {
    let Some(esia) = &services.esia else { return Err(Failed::of(Failure::Off, "not configured")) };
    let context = &services.context;
    if let Some(error) = returned.error {
        return Err(failure::refusal(&error, &returned.description.unwrap_or_default()));
    }
    let code = returned.code.filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| Failed::untrusted("neither a code nor a refusal"))?;
    esia.guarded().await?;
    let tokens = esia.tokens(context, code, attempt.verifier.clone()).await?;
    let id_token = tokens.id_token.clone();
    let id_token = id_token.ok_or_else(|| Failed::untrusted("the token answer has no id_token"))?;
    let claims = believed(services, esia, id_token).await?;
    let clock = (claims.issued_at - context.now()).num_seconds();
    let access = tokens.access_token().secret();
    let identity =
        person::read(&esia.http, context, &esia.endpoints, access, &claims.oid, claims.is_confirmed).await?;
    if let Err(error) = health::succeeded(services, &esia.told, clock).await {
        tracing::error!(%error, "the health of the link could not be written");
    }
    Ok(identity)
}

/// What an id_token says, once it is believed.
async fn believed(services: &Services, esia: &Esia, id_token: String) -> Result<Claims, Failed> {
    let expected = Expected {
        issuer: esia.config.issuer.clone(),
        audience: esia.config.client_id.clone(),
        algorithms: esia.config.algorithms.clone(),
        leeway: esia.config.leeway(),
    };
    let now = services.context.now();
    let (trusted, gost) = (std::sync::Arc::clone(&esia.trusted), esia.gost.clone());
    // Files are looked at, and ГОСТ is verified by a command.
    let judged = actix_web::web::block(move || {
        let token = Token::open(&id_token, &expected)?;
        match token.verify(&trusted.keys(), &gost) {
            Err(NotBelieved { is_of_keys: true, .. }) => token.verify(&trusted.keys_anew(), &gost)?,
            other => other?,
        }
        token.claims(&expected, now)
    });
    match judged.await {
        Ok(Ok(claims)) => Ok(claims),
        Ok(Err(NotBelieved { what, issued_at, .. })) => {
            let clock = issued_at.map(|at| (at - now).num_seconds());
            let detail = match clock {
                None => what,
                Some(clock) => format!("{what} (ЕСИА's clock against ours: {clock} s)"),
            };
            Err(Failed { clock, ..Failed::untrusted(detail) })
        }
        Err(_) => Err(Failed::untrusted("the thread is gone")),
    }
}

/// Tells the log, the journal, the page of the link and, where it is our fault, support.
pub(super) async fn report(services: &Services, request: &RequestInfo, failed: &Failed) {
    tracing::warn!(code = failed.code, detail = failed.detail, "a sign-in through ЕСИА failed");
    if failed.code == Failure::WrongBrowser.as_str() || failed.code == Failure::Off.as_str() {
        // Anybody can cause these as often as he likes.
        return;
    }
    let written = async {
        if let Some(esia) = &services.esia {
            health::failed(services, &esia.told, failed).await?;
        }
        let (context, actor) = (services.context.clone(), audit::Actor::anonymous(request));
        let code = failed.code.clone();
        services
            .db
            .write_by_condition::<_, DbError, _>(move |conn| {
                let event = Event::refused("esia.refused", "account", None, &code);
                audit::record(conn, &context, &actor, event)
            })
            .await
    };
    if let Err(error) = written.await {
        tracing::error!(%error, "a failed sign-in through ЕСИА could not be written");
    }
}

/// The state of the link.
pub(super) async fn state_of(services: &Services) -> EsiaHealth {
    let Some(esia) = &services.esia else {
        return EsiaHealth {
            enabled: false,
            is_standin: false,
            host: None,
            client_id: None,
            last_success_at: None,
            last_failure: None,
            paused_until: None,
            clock_difference_seconds: None,
            own_certificate: None,
            trusted_certificates: Vec::new(),
        };
    };
    let trusted = std::sync::Arc::clone(&esia.trusted);
    let keys = actix_web::web::block(move || trusted.keys()).await;
    EsiaHealth {
        enabled: true,
        is_standin: esia.is_standin().await == Some(true),
        host: Some(esia.config.base_url.trim_end_matches('/').to_owned()),
        client_id: Some(esia.config.client_id.clone()),
        last_success_at: None,
        last_failure: None,
        paused_until: esia.http.paused_until(services.context.now()),
        clock_difference_seconds: None,
        own_certificate: esia.own.view(),
        trusted_certificates: keys
            .map(|keys| keys.iter().filter_map(super::keys::PublicKey::view).collect())
            .unwrap_or_default(),
    }
}

/// The state of the link with what all nodes have written.
pub(super) fn with_rows(conn: &mut crate::db::Conn, health: EsiaHealth) -> Result<EsiaHealth, ApiError> {
    Ok(health::read(conn, health)?)
}
