//! People, their contacts and their places in organizations.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::authorize::pause;
use crate::config::Gives;
use crate::jwt;
use crate::keys::hex;
use crate::params::Params;
use crate::people::{Contact, ContactKind, Person};
use crate::standin::Standin;
use crate::switches::Switches;

/// When everybody was last changed: the people are invented, and so is this (Unix seconds).
const UPDATED_ON: i64 = 1_700_000_000;

/// Why a resource is not given.
enum Closed {
    NoToken,
    Token,
    Scope,
    Missing,
    Wanted(u16),
}

/// A person whose data may be read, and how much of it.
struct Opened {
    person: Arc<Person>,
    scope: String,
    switches: Switches,
}

/// `GET /rs/prns/{oid}`, with `?embed=(contacts.elements)` the contacts in it.
pub async fn person(standin: Data<Standin>, request: HttpRequest, oid: Path<String>) -> HttpResponse {
    let fields = [Gives::Name, Gives::BirthDate, Gives::Gender, Gives::Snils, Gives::Inn];
    let opened = match open(&standin, &request, &oid, &fields).await {
        Ok(opened) => opened,
        Err(closed) => return closed.answer(),
    };
    let person = &opened.person;
    let gives = |wanted| standin.gives(&opened.scope, wanted);
    let mut answer = jwt::object(json!({
        "stateFacts": ["EntityRoot"],
        "trusted": person.trusted,
        "citizenship": person.citizenship,
        "status": person.status,
        "updatedOn": UPDATED_ON,
    }));
    if gives(Gives::Name) {
        answer.insert("firstName".to_owned(), json!(person.first_name));
        answer.insert("lastName".to_owned(), json!(person.last_name));
        if let Some(middle) = &person.middle_name {
            answer.insert("middleName".to_owned(), json!(middle));
        }
    }
    if gives(Gives::BirthDate) {
        answer.insert("birthDate".to_owned(), json!(person.birth_date));
    }
    if gives(Gives::Gender) {
        answer.insert("gender".to_owned(), json!(person.gender));
    }
    let numbers = [("snils", Gives::Snils, &person.snils), ("inn", Gives::Inn, &person.inn)];
    for (name, wanted, number) in numbers {
        if let Some(number) = number
            && gives(wanted)
        {
            answer.insert(name.to_owned(), json!(number));
        }
    }
    if opened.embeds(&request, "contacts.elements") && opened.may_see(&standin, &CONTACTS) {
        answer.insert("contacts".to_owned(), listed(opened.contacts(&standin, true)));
    }
    jwt::change(&mut answer, opened.switches.person.as_ref());
    HttpResponse::Ok().json(tagged(Value::Object(answer)))
}

/// `GET /rs/prns/{oid}/ctts`, with addresses or, by `?embed=(elements)`, with the contacts themselves.
pub async fn contacts(standin: Data<Standin>, request: HttpRequest, oid: Path<String>) -> HttpResponse {
    let opened = match open(&standin, &request, &oid, &CONTACTS).await {
        Ok(opened) => opened,
        Err(closed) => return closed.answer(),
    };
    let embed = opened.embeds(&request, "elements");
    HttpResponse::Ok().json(listed(opened.contacts(&standin, embed)))
}

/// `GET /rs/prns/{oid}/ctts/{id}`
pub async fn contact(
    standin: Data<Standin>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let (oid, id) = path.into_inner();
    let opened = match open(&standin, &request, &oid, &CONTACTS).await {
        Ok(opened) => opened,
        Err(closed) => return closed.answer(),
    };
    let found = opened
        .person
        .contacts
        .iter()
        .enumerate()
        .find(|(position, _)| contact_id(&opened.person, *position).to_string() == id);
    match found {
        None => Closed::Missing.answer(),
        Some((_, contact)) if !opened.sees(&standin, contact) => Closed::Scope.answer(),
        Some((position, contact)) => {
            HttpResponse::Ok().json(element(contact_id(&opened.person, position), contact))
        }
    }
}

/// `GET /rs/prns/{oid}/roles`
pub async fn roles(standin: Data<Standin>, request: HttpRequest, oid: Path<String>) -> HttpResponse {
    let opened = match open(&standin, &request, &oid, &[Gives::Roles]).await {
        Ok(opened) => opened,
        Err(closed) => return closed.answer(),
    };
    let person = &opened.person;
    let elements = person.roles.iter().map(|role| {
        let mut role = jwt::object(json!(role));
        role.insert("prnOid".to_owned(), json!(person.oid));
        Value::Object(role)
    });
    HttpResponse::Ok().json(listed(elements.collect()))
}

const CONTACTS: [Gives; 3] = [Gives::Email, Gives::Mobile, Gives::Contacts];

impl Opened {
    /// Whether the request asks for something to be put in: `embed=(elements)` or, as far as one level,
    /// `embed=(elements-1)`; several are separated by commas.
    fn embeds(&self, request: &HttpRequest, wanted: &str) -> bool {
        let params = Params::parse(request.query_string().as_bytes());
        let asked = params.echo("embed").and_then(|embed| embed.strip_prefix('(')?.strip_suffix(')'));
        self.switches.embed != Some(false)
            && asked.is_some_and(|asked| {
                asked.split(',').any(|one| one == wanted || one.strip_suffix("-1") == Some(wanted))
            })
    }

    fn may_see(&self, standin: &Standin, wanted: &[Gives]) -> bool {
        wanted.iter().any(|wanted| standin.gives(&self.scope, *wanted))
    }

    /// Those that the scope opens, themselves or as addresses.
    fn contacts(&self, standin: &Standin, embed: bool) -> Vec<Value> {
        let visible =
            self.person.contacts.iter().enumerate().filter(|(_, contact)| self.sees(standin, contact));
        let told = visible.map(|(position, contact)| {
            let id = contact_id(&self.person, position);
            if embed {
                return element(id, contact);
            }
            let (url, persons) = (&standin.public_url, &standin.config.paths.persons);
            json!(format!("{url}{persons}/{}/ctts/{id}", self.person.oid))
        });
        told.collect()
    }

    fn sees(&self, standin: &Standin, contact: &Contact) -> bool {
        let own = match contact.kind {
            ContactKind::Eml | ContactKind::Cem => Some(Gives::Email),
            ContactKind::Mbt => Some(Gives::Mobile),
            ContactKind::Phn => None,
        };
        [Some(Gives::Contacts), own].into_iter().flatten().any(|wanted| standin.gives(&self.scope, wanted))
    }
}

/// Finds whose token it is and whether it opens this person; one of `wanted` must be in its scope.
async fn open(
    standin: &Standin,
    request: &HttpRequest,
    oid: &str,
    wanted: &[Gives],
) -> Result<Opened, Closed> {
    let token = bearer(request).ok_or(Closed::NoToken)?;
    let (issued, switches) = {
        let memory = standin.memory();
        let issued = memory.access.get(token).ok_or(Closed::Token)?.clone();
        let switches = memory.switches(issued.grant.oid, &issued.grant.asked.switches);
        (issued, switches)
    };
    pause(&switches).await;
    if !issued.valid(standin.clock.now()) {
        return Err(Closed::Token);
    }
    if let Some(status) = switches.resource_status {
        return Err(Closed::Wanted(status));
    }
    if oid.parse() != Ok(issued.grant.oid) {
        return Err(Closed::Scope);
    }
    let person = standin.memory().people.get(&issued.grant.oid).cloned().ok_or(Closed::Missing)?;
    let opened = Opened { person, scope: issued.scope, switches };
    if opened.may_see(standin, wanted) { Ok(opened) } else { Err(Closed::Scope) }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl Closed {
    /// As RFC 6750, 3.1 tells it.
    fn answer(&self) -> HttpResponse {
        let (status, error) = match self {
            Self::NoToken | Self::Token => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::Scope => (StatusCode::FORBIDDEN, "insufficient_scope"),
            Self::Missing => (StatusCode::NOT_FOUND, "not_found"),
            Self::Wanted(status) => {
                (StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "by_switch")
            }
        };
        let mut response = HttpResponse::build(status);
        if matches!(self, Self::NoToken) {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        } else if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            response.insert_header((header::WWW_AUTHENTICATE, format!("Bearer error=\"{error}\"")));
        }
        response.json(json!({"error": error}))
    }
}

/// The same number for the same contact at every request.
fn contact_id(person: &Person, position: usize) -> u64 {
    (person.oid % 1_000_000) * 100 + position as u64 + 1
}

fn element(id: u64, contact: &Contact) -> Value {
    let mut element = jwt::object(json!(contact));
    element.insert("id".to_owned(), json!(id));
    element.insert("stateFacts".to_owned(), json!(["Identifiable"]));
    tagged(Value::Object(element))
}

fn listed(elements: Vec<Value>) -> Value {
    tagged(json!({"stateFacts": ["hasSize"], "size": elements.len(), "elements": elements}))
}

/// Adds `eTag`, which changes with the content.
fn tagged(mut answer: Value) -> Value {
    let tag: String = hex(&Sha256::digest(answer.to_string())).to_uppercase().chars().take(40).collect();
    if let Some(object) = answer.as_object_mut() {
        object.insert("eTag".to_owned(), Value::String(tag));
    }
    answer
}
