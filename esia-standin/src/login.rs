//! The login page: telephone, e-mail or СНИЛС with a password.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::authorize::{self, COOKIE, callback, later, refuse};
use crate::context;
use crate::jwt::{self, Algorithm, Subject};
use crate::page::{self as pages, Login};
use crate::params::Params;
use crate::refusal::Refusal;
use crate::standin::{Asked, Grant, Issued, Session, Standin};
use crate::switches::{Code, Place, Switches};

const WRONG: &str = "Неверные логин или пароль";

/// Shows the page.
#[must_use]
pub fn page(
    standin: &Standin,
    transaction: &str,
    client: &str,
    login: &str,
    password: &str,
    error: Option<&str>,
) -> HttpResponse {
    let people: Vec<_> = standin.memory().people.values().cloned().collect();
    let action = &standin.config.paths.login;
    pages::login(&Login { action, transaction, client, login, password, error, people: &people })
}

/// `POST /login`: enters, cancels, or fills the fields with a person of the list.
pub async fn submit(standin: Data<Standin>, body: Bytes) -> HttpResponse {
    let params = Params::parse(&body);
    let text = |name| params.echo(name).unwrap_or_default();
    let now = standin.clock.now();
    let transaction = text("transaction");
    let pending = standin.memory().pending.get(transaction).cloned();
    let Some((mut asked, _)) = pending.filter(|(_, until)| *until > now) else {
        return pages::message(
            StatusCode::BAD_REQUEST,
            "Вход устарел",
            "Вернитесь в информационную систему и начните вход заново.",
        );
    };
    let client = asked.client.config.mnemonic.clone();
    if let Some(oid) = params.echo("fill").and_then(|oid| oid.parse().ok()) {
        let person = standin.memory().people.get(&oid).cloned();
        let (login, password) =
            person.as_ref().map_or(("", ""), |person| (person.login(), person.password.as_str()));
        return page(&standin, transaction, &client, login, password, None);
    }
    if text("do") == "cancel" {
        standin.memory().pending.remove(transaction);
        return refuse(&asked.redirect_uri, Some(&asked.state), Refusal::DENIED);
    }
    let person = standin.memory().person(text("login"), text("password"));
    let Some(person) = person else {
        return page(&standin, transaction, &client, text("login"), "", Some(WRONG));
    };
    if standin.memory().pending.remove(transaction).is_none() {
        // Sent twice; the first one has the answer.
        return refuse(&asked.redirect_uri, Some(&asked.state), Refusal::GRANT);
    }
    if let Some(refusal) = params.echo("outcome").and_then(Refusal::by_code) {
        let chosen =
            Switches { error: Some(Code(refusal)), error_at: Some(Place::Ac), ..Switches::default() };
        asked.switches = chosen.over(&asked.switches);
    }
    let session = Session {
        id: context::uuid().to_string(),
        oid: person.oid,
        auth_time: now,
        until: later(now, standin.config.session_seconds),
    };
    let cookie = context::secret();
    standin.memory().sessions.insert(cookie.clone(), session.clone());
    let mut response = enter(standin, asked, session).await;
    let cookie = Cookie::build(COOKIE, cookie).path("/").http_only(true).same_site(SameSite::Lax).finish();
    if response.add_cookie(&cookie).is_err() {
        tracing::error!("the cookie of the session could not be set");
    }
    response
}

/// Gives a code to a person who has signed in, unless a switch refuses.
pub async fn enter(standin: Data<Standin>, asked: Asked, session: Session) -> HttpResponse {
    let switches = standin.memory().switches(session.oid, &asked.switches);
    authorize::pause(&switches).await;
    if let Some(refusal) = switches.refusal(Place::Ac) {
        return refuse(&asked.redirect_uri, Some(&asked.state), refusal);
    }
    let grant = Arc::new(Grant {
        session: session.id,
        oid: session.oid,
        auth_time: session.auth_time,
        asked: asked.clone(),
        voided: AtomicBool::new(false),
    });
    let (for_code, changes) = (Arc::clone(&grant), switches.callback.clone());
    let signing = standin.clone();
    let code = web::block(move || sign_code(&signing, &for_code, &switches))
        .await
        .unwrap_or(Err(Refusal::UNEXPECTED));
    match code {
        Ok((code, issued)) => {
            standin.memory().codes.insert(code.clone(), issued);
            callback(&asked, &code, changes.as_ref())
        }
        Err(refusal) => refuse(&asked.redirect_uri, Some(&asked.state), refusal),
    }
}

/// The code: a JWT of its own kind, that only the stand-in itself ever reads.
fn sign_code(
    standin: &Standin,
    grant: &Arc<Grant>,
    switches: &Switches,
) -> Result<(String, Issued), Refusal> {
    let now = standin.now(switches);
    let seconds = switches.code_seconds.unwrap_or(standin.config.code_seconds);
    let asked = &grant.asked;
    let algorithm = match asked.client.config.alg {
        Algorithm::Gost => Algorithm::Gost,
        Algorithm::Rs256 | Algorithm::None => Algorithm::Rs256,
    };
    let signer = standin.keys.signer(algorithm, switches.rotated == Some(true)).ok_or(Refusal::UNEXPECTED)?;
    let mut header = jwt::header(Subject::Code, algorithm);
    if switches.kid == Some(true) {
        header.insert("kid".to_owned(), Value::String(signer.certificate().kid()));
    }
    let claims = jwt::object(json!({
        "iss": standin.config.issuer,
        "jti": context::uuid(),
        "iat": now.timestamp(),
        "nbf": now.timestamp(),
        "exp": now.timestamp().saturating_add(seconds),
        "auth_time": grant.auth_time.timestamp(),
        "client_id": asked.client.config.mnemonic,
        "redirect_uri": asked.redirect_uri,
        "scope": asked.scope,
        "urn:esia:sid": grant.session,
        "urn:esia:sbj_id": grant.oid,
        "code_challenge": asked.challenge,
    }));
    let code = jwt::encode(header, claims, Some(signer), false)
        .map_err(|error| crate::authenticate::unexpected(&error))?;
    let until = later(standin.clock.now(), seconds);
    Ok((code, Issued { grant: Arc::clone(grant), scope: asked.scope.clone(), until, spent: false }))
}
