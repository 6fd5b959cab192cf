//! `/standin/…`: switches, people and certificates for whoever tests a client.

use std::sync::Arc;

use actix_web::error::{InternalError, JsonPayloadError};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, JsonConfig, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::keys::Signer;
use crate::people::Person;
use crate::standin::Standin;
use crate::switches::Switches;

/// Bodies that cannot be read are told why.
#[must_use]
pub fn json_config() -> JsonConfig {
    JsonConfig::default().limit(1 << 20).error_handler(|error: JsonPayloadError, _: &HttpRequest| {
        let answer = wrong(&error.to_string());
        InternalError::from_response(error, answer).into()
    })
}

fn wrong(what: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({"error": what}))
}

fn missing() -> HttpResponse {
    HttpResponse::build(StatusCode::NOT_FOUND).json(json!({"error": "there is no such person"}))
}

/// `GET /standin`: it is there, and what it can do.
pub async fn ready(standin: Data<Standin>) -> HttpResponse {
    let mut clients: Vec<&str> = standin.clients.keys().map(String::as_str).collect();
    clients.sort_unstable();
    HttpResponse::Ok().json(json!({
        "gost": standin.keys.gost.is_some(),
        "issuer": standin.config.issuer,
        "clients": clients,
    }))
}

/// `GET /standin/switches`
pub async fn switches(standin: Data<Standin>) -> HttpResponse {
    let memory = standin.memory();
    HttpResponse::Ok().json(json!({"all": memory.all, "people": memory.of_people, "next": memory.next}))
}

/// `PUT /standin/switches/all`
pub async fn set_all(standin: Data<Standin>, switches: Json<Switches>) -> HttpResponse {
    if let Some(mistake) = switches.mistake(standin.keys.gost.is_some()) {
        return wrong(mistake);
    }
    standin.memory().all = switches.into_inner();
    HttpResponse::NoContent().finish()
}

/// `PUT /standin/switches/people/{oid}`
pub async fn set_of_person(standin: Data<Standin>, oid: Path<u64>, switches: Json<Switches>) -> HttpResponse {
    if let Some(mistake) = switches.mistake(standin.keys.gost.is_some()) {
        return wrong(mistake);
    }
    let mut memory = standin.memory();
    if !memory.people.contains_key(&oid) {
        return missing();
    }
    memory.of_people.insert(*oid, switches.into_inner());
    HttpResponse::NoContent().finish()
}

/// `POST /standin/switches/next`: for the next sign-in alone, from its first request to its last token.
pub async fn add_next(standin: Data<Standin>, switches: Json<Switches>) -> HttpResponse {
    if let Some(mistake) = switches.mistake(standin.keys.gost.is_some()) {
        return wrong(mistake);
    }
    standin.memory().next.push_back(switches.into_inner());
    HttpResponse::NoContent().finish()
}

/// `DELETE /standin/switches`: as at the start.
pub async fn reset(standin: Data<Standin>) -> HttpResponse {
    let mut memory = standin.memory();
    memory.next.clear();
    memory.all = standin.config.switches.clone();
    memory.of_people = memory.people.iter().map(|(oid, person)| (*oid, person.switches.clone())).collect();
    HttpResponse::NoContent().finish()
}

/// `GET /standin/people`
pub async fn people(standin: Data<Standin>) -> HttpResponse {
    let people: Vec<Arc<Person>> = standin.memory().people.values().cloned().collect();
    HttpResponse::Ok().json(people.iter().map(|person| json!(**person)).collect::<Vec<Value>>())
}

/// `PUT /standin/people/{oid}`: a new person, or another in his place.
pub async fn set_person(standin: Data<Standin>, oid: Path<u64>, person: Json<Person>) -> HttpResponse {
    let person = person.into_inner();
    if person.oid != *oid {
        return wrong("oid: not that of the address");
    }
    if let Some(mistake) = person.switches.mistake(standin.keys.gost.is_some()) {
        return wrong(mistake);
    }
    let mut memory = standin.memory();
    memory.of_people.insert(*oid, person.switches.clone());
    memory.people.insert(*oid, Arc::new(person));
    HttpResponse::NoContent().finish()
}

/// `DELETE /standin/people/{oid}`
pub async fn remove_person(standin: Data<Standin>, oid: Path<u64>) -> HttpResponse {
    let mut memory = standin.memory();
    memory.of_people.remove(&oid);
    if memory.people.remove(&oid).is_some() { HttpResponse::NoContent().finish() } else { missing() }
}

/// `DELETE /standin/sessions`: nobody is signed in, and no code or token is valid any more.
pub async fn forget(standin: Data<Standin>) -> HttpResponse {
    let mut memory = standin.memory();
    memory.pending.clear();
    memory.sessions.clear();
    memory.codes.clear();
    memory.access.clear();
    memory.refresh.clear();
    HttpResponse::NoContent().finish()
}

/// `GET /standin/certificates`: the certificates for a client's set, and those of the next keys.
pub async fn certificates(standin: Data<Standin>) -> HttpResponse {
    let told = |signer: &Signer, alg: &str, next: bool| {
        let certificate = signer.certificate();
        json!({"alg": alg, "next": next, "kid": certificate.kid(), "pem": certificate.pem()})
    };
    let keys = &standin.keys;
    let mut all = vec![told(&keys.rsa, "RS256", false), told(&keys.rsa_next, "RS256", true)];
    if let Some((current, next)) = &keys.gost {
        all.push(told(current, "GOST3410_2012_256", false));
        all.push(told(next, "GOST3410_2012_256", true));
    }
    HttpResponse::Ok().json(all)
}
