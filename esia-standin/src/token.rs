//! The token endpoint.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::authenticate::{self, Signed, unexpected};
use crate::authorize::{later, pause, verified, wants_id_token};
use crate::context;
use crate::jwt::{self, Algorithm, Subject};
use crate::keys::KeyError;
use crate::params::Params;
use crate::people::Person;
use crate::refusal::{Endpoint, Refusal};
use crate::standin::{Client, Grant, Issued, Standin, Version};
use crate::switches::{Place, SubForm, Switches};

/// `POST /aas/oauth2/te`
pub async fn v1(standin: Data<Standin>, request: HttpRequest, body: Bytes) -> HttpResponse {
    token(Version::V1, standin, request, body).await
}

/// `POST /aas/oauth2/v3/te`
pub async fn v3(standin: Data<Standin>, request: HttpRequest, body: Bytes) -> HttpResponse {
    token(Version::V2, standin, request, body).await
}

async fn token(version: Version, standin: Data<Standin>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let params = Params::parse(&body);
    // The switches of a sign-in are known once its code is; until then those for everybody hold.
    let mut switches = standin.memory().all.clone();
    let outcome = if is_form(&request) {
        exchange(version, &standin, &params, &mut switches).await
    } else {
        Err(Refusal::UNREADABLE)
    };
    pause(&switches).await;
    match outcome {
        Ok(answer) => HttpResponse::Ok().insert_header((header::PRAGMA, "no-cache")).json(answer),
        Err(refusal) => refuse(refusal, params.echo("state"), switches.plain_error == Some(true)),
    }
}

fn is_form(request: &HttpRequest) -> bool {
    use actix_web::HttpMessage as _;
    request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn refuse(refusal: Refusal, state: Option<&str>, plain: bool) -> HttpResponse {
    let mut body = jwt::object(json!({
        "error": refusal.error_at(Endpoint::Token),
        "error_description": refusal.description(),
    }));
    if let Some(state) = state {
        body.insert("state".to_owned(), json!(state));
    }
    let mut response = HttpResponse::BadRequest();
    if plain {
        response.content_type("text/plain; charset=utf-8").body(Value::Object(body).to_string())
    } else {
        response.json(body)
    }
}

/// What the client wants to exchange.
enum Offered<'a> {
    Code { code: &'a str, redirect_uri: &'a str },
    Refresh(&'a str),
}

async fn exchange(
    version: Version,
    standin: &Data<Standin>,
    params: &Params,
    switches: &mut Switches,
) -> Result<Map<String, Value>, Refusal> {
    let client = standin.clients.get(params.required("client_id")?).ok_or(Refusal::CLIENT)?;
    let offered = match params.required("grant_type")? {
        "authorization_code" => {
            if params.required("token_type")? != "Bearer" {
                return Err(Refusal::WRONG_PARAMETER);
            }
            Offered::Code { code: params.required("code")?, redirect_uri: params.required("redirect_uri")? }
        }
        "refresh_token" => Offered::Refresh(params.required("refresh_token")?),
        _ => return Err(Refusal::GRANT_TYPE),
    };
    let last = match offered {
        Offered::Code { code, redirect_uri } => format!("{redirect_uri}{code}"),
        Offered::Refresh(token) => token.to_owned(),
    };
    let signed = Signed::of(params, version, Some(&last))?;
    if let Some(issued) = find(standin, &offered) {
        *switches = standin.memory().switches(issued.grant.oid, &issued.grant.asked.switches);
    }
    authenticate::in_order(params, standin, switches)?;
    verified(signed, standin, client).await?;
    if let Some(address) = params.one("redirect_uri")?
        && !client.may_return_to(address)
    {
        return Err(Refusal::REDIRECT_URI);
    }
    let scope = params.one("scope")?.ok_or(Refusal::NO_SCOPE)?.to_owned();
    client.may_ask_for(&scope, standin)?;
    if let Some(refusal) = switches.refusal(Place::Te) {
        return Err(refusal);
    }
    let grant = match offered {
        Offered::Code { code, redirect_uri } => {
            let grant = spend_code(standin, client, code, redirect_uri, &scope)?;
            pkce(&grant, params.one("code_verifier")?)?;
            grant
        }
        Offered::Refresh(token) => spend_refresh(standin, client, token, &scope)?,
    };
    issue(standin, grant, scope, params.required("state")?, switches.clone()).await
}

fn find(standin: &Standin, offered: &Offered<'_>) -> Option<Issued> {
    let memory = standin.memory();
    match offered {
        Offered::Code { code, .. } => memory.codes.get(*code).cloned(),
        Offered::Refresh(token) => memory.refresh.get(*token).cloned(),
    }
}

/// Takes a code once. Whoever is not its client can neither use nor spoil it.
fn spend_code(
    standin: &Standin,
    client: &Client,
    code: &str,
    redirect_uri: &str,
    scope: &str,
) -> Result<Arc<Grant>, Refusal> {
    let now = standin.clock.now();
    let mut memory = standin.memory();
    let issued = memory.codes.get_mut(code).ok_or(Refusal::GRANT)?;
    let grant = Arc::clone(&issued.grant);
    if grant.asked.client.config.mnemonic != client.config.mnemonic
        || grant.asked.redirect_uri != redirect_uri
    {
        return Err(Refusal::GRANT);
    }
    if issued.until <= now {
        return Err(Refusal::GRANT);
    }
    within(scope, &issued.scope)?;
    if issued.spent {
        grant.voided.store(true, Ordering::SeqCst);
        return Err(Refusal::GRANT);
    }
    issued.spent = true;
    Ok(grant)
}

/// Takes a refresh token once; the answer has a new one.
fn spend_refresh(
    standin: &Standin,
    client: &Client,
    token: &str,
    scope: &str,
) -> Result<Arc<Grant>, Refusal> {
    let now = standin.clock.now();
    if !client.config.refresh {
        return Err(Refusal::METHOD);
    }
    let mut memory = standin.memory();
    let issued = memory.refresh.get_mut(token).ok_or(Refusal::GRANT)?;
    let of_client = issued.grant.asked.client.config.mnemonic == client.config.mnemonic;
    if !of_client || !issued.valid(now) {
        return Err(Refusal::GRANT);
    }
    within(scope, &issued.scope)?;
    issued.spent = true;
    Ok(Arc::clone(&issued.grant))
}

/// A token request may ask for less than was granted, never for more.
fn within(scope: &str, granted: &str) -> Result<(), Refusal> {
    let all = scope.split(' ').all(|name| granted.split(' ').any(|granted| granted == name));
    if all { Ok(()) } else { Err(Refusal::SCOPE) }
}

fn pkce(grant: &Grant, verifier: Option<&str>) -> Result<(), Refusal> {
    match (&grant.asked.challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Refusal::NO_PKCE),
        (Some(challenge), Some(verifier)) => {
            // RFC 7636, 4.1.
            let well_formed = (43..=128).contains(&verifier.len())
                && verifier
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || "-._~".contains(character));
            let fits = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == *challenge;
            if well_formed && fits { Ok(()) } else { Err(Refusal::PKCE) }
        }
        // A challenge that got lost on the way to us must not go unnoticed (RFC 9700, 2.1.1).
        (None, Some(_)) => Err(Refusal::PKCE),
    }
}

async fn issue(
    standin: &Data<Standin>,
    grant: Arc<Grant>,
    scope: String,
    state: &str,
    switches: Switches,
) -> Result<Map<String, Value>, Refusal> {
    let person = standin.memory().people.get(&grant.oid).cloned().ok_or(Refusal::GRANT)?;
    let (signing, for_tokens, for_scope, for_switches) =
        (standin.clone(), Arc::clone(&grant), scope.clone(), switches.clone());
    let (access, id) = web::block(move || sign(&signing, &for_tokens, &for_scope, &person, &for_switches))
        .await
        .unwrap_or_else(|error| Err(KeyError::Crypto(error.to_string())))
        .map_err(|error| unexpected(&error))?;
    let seconds = switches.access_seconds.unwrap_or(standin.config.access_seconds);
    let now = standin.clock.now();
    let refresh = context::uuid().to_string();
    {
        let mut memory = standin.memory();
        let until = later(now, seconds);
        let issued = Issued { grant: Arc::clone(&grant), scope, until, spent: false };
        let until = later(now, standin.config.refresh_seconds);
        memory.refresh.insert(refresh.clone(), Issued { until, ..issued.clone() });
        memory.access.insert(access.clone(), issued);
    }
    let expires_in =
        if switches.expires_in_text == Some(true) { json!(seconds.to_string()) } else { json!(seconds) };
    let mut answer = jwt::object(json!({
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "Bearer",
        "expires_in": expires_in,
        "state": state,
    }));
    if let Some(id) = id {
        answer.insert("id_token".to_owned(), Value::String(id));
    }
    jwt::change(&mut answer, switches.token_answer.as_ref());
    Ok(answer)
}

/// Access token and, where the scope asks for it, id_token.
fn sign(
    standin: &Standin,
    grant: &Grant,
    scope: &str,
    person: &Person,
    switches: &Switches,
) -> Result<(String, Option<String>), KeyError> {
    let asked = &grant.asked;
    let rotated = switches.rotated == Some(true);
    let now = standin.now(switches).timestamp();
    let until = now.saturating_add(switches.access_seconds.unwrap_or(standin.config.access_seconds));
    let own = asked.client.config.alg;
    let signer = standin.keys.signer(own, rotated).ok_or(KeyError::NoEngine)?;
    let headed = |subject, algorithm| {
        let mut header = jwt::header(subject, algorithm);
        if switches.kid == Some(true)
            && let Some(signer) = standin.keys.signer(algorithm, rotated)
        {
            header.insert("kid".to_owned(), Value::String(signer.certificate().kid()));
        }
        header
    };
    let access = jwt::object(json!({
        "iss": standin.config.issuer,
        "iat": now,
        "nbf": now,
        "exp": until,
        "jti": context::uuid(),
        "client_id": asked.client.config.mnemonic,
        "scope": scope,
        "urn:esia:sid": grant.session,
        "urn:esia:sbj_id": grant.oid,
    }));
    let access = jwt::encode(headed(Subject::Access, own), access, Some(signer), false)?;
    if !wants_id_token(standin, scope) {
        return Ok((access, None));
    }
    let algorithm = switches.alg.unwrap_or(own);
    let signer = match algorithm {
        Algorithm::None => None,
        other => Some(standin.keys.signer(other, rotated).ok_or(KeyError::NoEngine)?),
    };
    let mut header = headed(Subject::Id, algorithm);
    jwt::change(&mut header, switches.id_token_header.as_ref());
    let mut claims = id_claims(standin, grant, person, switches, (now, until));
    jwt::change(&mut claims, switches.id_token_claims.as_ref());
    let spoil = switches.spoil_signature == Some(true);
    Ok((access, Some(jwt::encode(header, claims, signer, spoil)?)))
}

fn id_claims(
    standin: &Standin,
    grant: &Grant,
    person: &Person,
    switches: &Switches,
    (now, until): (i64, i64),
) -> Map<String, Value> {
    let level = match (person.child, person.trusted) {
        (true, _) => "KD",
        (false, true) => "PR",
        (false, false) => "P",
    };
    let mut subject = jwt::object(json!({
        "urn:esia:sbj:typ": "P",
        "urn:esia:sbj:oid": person.oid,
        "urn:esia:sbj:nam": format!("OID.{}", person.oid),
        "urn:esia:sbj:lvl": level,
    }));
    if person.trusted {
        subject.insert("urn:esia:sbj:is_tru".to_owned(), Value::Bool(true));
    }
    let sub = match switches.sub.unwrap_or(SubForm::Number) {
        SubForm::Number => json!(person.oid),
        SubForm::String => json!(person.oid.to_string()),
    };
    let skew = standin.now(switches) - standin.clock.now();
    let mut claims = jwt::object(json!({
        "iss": standin.config.issuer,
        "aud": grant.asked.client.config.mnemonic,
        "sub": sub,
        "iat": now,
        "nbf": now,
        "exp": until,
        "auth_time": (grant.auth_time + skew).timestamp(),
        "amr": ["PWD"],
        "urn:esia:sid": grant.session,
        "urn:esia:sbj": subject,
    }));
    if let Some(nonce) = &grant.asked.nonce {
        claims.insert("nonce".to_owned(), Value::String(nonce.clone()));
    }
    claims
}
