//! The authorization endpoint.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::authenticate::{self, Signed};
use crate::config::Gives;
use crate::context;
use crate::login;
use crate::page;
use crate::params::{self, Params};
use crate::refusal::{Endpoint, Refusal};
use crate::standin::{Asked, Client, Session, Standin, Version};
use crate::switches::{Place, Switches};

/// The cookie of a session in the browser.
pub const COOKIE: &str = "esia_standin";

/// `GET /aas/oauth2/ac`
pub async fn v1(standin: Data<Standin>, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorize(Version::V1, standin, request, body).await
}

/// `GET /aas/oauth2/v2/ac`
pub async fn v2(standin: Data<Standin>, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorize(Version::V2, standin, request, body).await
}

async fn authorize(
    version: Version,
    standin: Data<Standin>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    // By POST too: OpenID Connect Core, 3.1.2.1.
    let encoded =
        if request.method() == Method::POST { body.as_ref() } else { request.query_string().as_bytes() };
    let params = Params::parse(encoded);
    let state = params.echo("state");
    let (client, address) = match return_address(&standin, &params) {
        Ok(found) => found,
        Err((refusal, None)) => return page::refusal(refusal),
        Err((refusal, Some(address))) => return refuse(&address, state, refusal),
    };
    let (own, switches) = {
        let mut memory = standin.memory();
        let own = memory.next.pop_front().unwrap_or_default();
        let switches = own.over(&memory.all);
        (own, switches)
    };
    pause(&switches).await;
    let asked = match check(version, &standin, &params, client, &address, own, &switches).await {
        Ok(asked) => asked,
        Err(refusal) => return refuse(&address, state, refusal),
    };
    if let Some(refusal) = switches.refusal(Place::Ac) {
        return refuse(&address, state, refusal);
    }
    let prompt = params.echo("prompt").unwrap_or_default();
    let session = session(&standin, &request).filter(|_| standin.config.single_sign_on && prompt != "login");
    match session {
        Some(session) => login::enter(standin, asked, session).await,
        None if prompt == "none" => redirect(&with_state(
            &address,
            &[("error", "login_required"), ("error_description", "no session")],
            state,
        )),
        None => {
            let transaction = context::secret();
            let until = later(standin.clock.now(), standin.config.session_seconds);
            let client = asked.client.config.mnemonic.clone();
            standin.memory().pending.insert(transaction.clone(), (asked, until));
            login::page(&standin, &transaction, &client, "", "", None)
        }
    }
}

/// The client, and the address its answer goes to. An address that is not registered gets no redirect: a
/// refusal goes to one that is, or to a page.
fn return_address(
    standin: &Standin,
    params: &Params,
) -> Result<(Arc<Client>, String), (Refusal, Option<String>)> {
    let asked = params.one("redirect_uri");
    let client = match params.required("client_id") {
        Ok(mnemonic) => standin.clients.get(mnemonic).ok_or(Refusal::CLIENT),
        Err(refusal) => Err(refusal),
    };
    match (client, asked) {
        (Ok(client), Ok(Some(address))) if client.may_return_to(address) => {
            Ok((Arc::clone(client), address.to_owned()))
        }
        (Ok(client), asked) => {
            let refusal = match asked {
                Ok(Some(_)) => Refusal::REDIRECT_URI,
                Ok(None) => Refusal::MISSING,
                Err(refusal) => refusal,
            };
            Err((refusal, client.config.redirect_uris.first().cloned()))
        }
        (Err(refusal), asked) => {
            let known = asked
                .ok()
                .flatten()
                .filter(|address| standin.clients.values().any(|client| client.may_return_to(address)));
            Err((refusal, known.map(str::to_owned)))
        }
    }
}

impl Client {
    /// Whether the address is registered, to the letter.
    #[must_use]
    pub fn may_return_to(&self, address: &str) -> bool {
        self.config.redirect_uris.iter().any(|registered| registered == address)
    }

    /// Checks that all scopes are known and this client's.
    ///
    /// # Errors
    /// 007006.
    pub fn may_ask_for(&self, scope: &str, standin: &Standin) -> Result<(), Refusal> {
        let allowed = |name: &str| match &self.config.scopes {
            Some(scopes) => scopes.iter().any(|allowed| allowed == name),
            None => standin.config.scopes.contains_key(name),
        };
        if scope.split(' ').all(allowed) { Ok(()) } else { Err(Refusal::SCOPE) }
    }
}

async fn check(
    version: Version,
    standin: &Data<Standin>,
    params: &Params,
    client: Arc<Client>,
    address: &str,
    own: Switches,
    switches: &Switches,
) -> Result<Asked, Refusal> {
    if params.required("response_type")? != "code" {
        return Err(Refusal::RESPONSE_TYPE);
    }
    if !matches!(params.one("access_type")?, None | Some("online" | "offline")) {
        return Err(Refusal::WRONG_PARAMETER);
    }
    let signed = Signed::of(params, version, None)?;
    let scope = params.one("scope")?.ok_or(Refusal::NO_SCOPE)?.to_owned();
    authenticate::in_order(params, standin, switches)?;
    verified(signed, standin, &client).await?;
    client.may_ask_for(&scope, standin)?;
    let challenge = params.one("code_challenge")?;
    match (challenge, params.one("code_challenge_method")?) {
        (None, None) if client.config.pkce_required => return Err(Refusal::NO_PKCE),
        (None, Some(_)) => return Err(Refusal::NO_PKCE),
        // 43 characters are a SHA-256 in base64url (RFC 7636, 4.2).
        (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
        (Some(_), _) => return Err(Refusal::WRONG_PARAMETER),
        (None, None) => {}
    }
    Ok(Asked {
        redirect_uri: address.to_owned(),
        state: params.required("state")?.to_owned(),
        nonce: params.one("nonce")?.map(str::to_owned),
        challenge: challenge.map(str::to_owned),
        scope,
        client,
        switches: own,
    })
}

/// Verifies off the worker, since ГОСТ waits for a command.
///
/// # Errors
/// As [`Signed::verify`].
pub async fn verified(signed: Signed, standin: &Data<Standin>, client: &Arc<Client>) -> Result<(), Refusal> {
    let (standin, client) = (standin.clone(), Arc::clone(client));
    web::block(move || signed.verify(&standin, &client)).await.unwrap_or(Err(Refusal::UNEXPECTED))
}

/// The session of this browser.
#[must_use]
pub fn session(standin: &Standin, request: &HttpRequest) -> Option<Session> {
    let cookie = request.cookie(COOKIE)?;
    let memory = standin.memory();
    let session = memory.sessions.get(cookie.value())?;
    let valid = session.until > standin.clock.now() && memory.people.contains_key(&session.oid);
    valid.then(|| session.clone())
}

/// Waits as a switch says.
pub async fn pause(switches: &Switches) {
    if let Some(milliseconds) = switches.slow_ms {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
}

/// A moment so many seconds later.
#[must_use]
pub fn later(moment: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    TimeDelta::try_seconds(seconds).and_then(|delta| moment.checked_add_signed(delta)).unwrap_or(moment)
}

/// A refusal by redirect.
#[must_use]
pub fn refuse(address: &str, state: Option<&str>, refusal: Refusal) -> HttpResponse {
    let description = refusal.description();
    let error = refusal.error_at(Endpoint::Authorization);
    redirect(&with_state(address, &[("error", error), ("error_description", &description)], state))
}

/// The callback with a code, changed as the switches say.
#[must_use]
pub fn callback(asked: &Asked, code: &str, changes: Option<&Map<String, Value>>) -> HttpResponse {
    let mut pairs = Map::new();
    pairs.insert("code".to_owned(), code.into());
    pairs.insert("state".to_owned(), asked.state.as_str().into());
    crate::jwt::change(&mut pairs, changes);
    let pairs = pairs.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    redirect(&params::with_query(&asked.redirect_uri, pairs))
}

fn with_state(address: &str, pairs: &[(&str, &str)], state: Option<&str>) -> String {
    params::with_query(address, pairs.iter().copied().chain(state.map(|state| ("state", state))))
}

fn redirect(address: &str) -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, address)).finish()
}

/// Whether a scope asks for an id_token.
#[must_use]
pub fn wants_id_token(standin: &Standin, scope: &str) -> bool {
    standin.gives(scope, Gives::IdToken)
}
