//! The person and the contacts behind an access token: what strangers have typed at Госуслуги, judged by our own
//! values.

use epos_shared::esia::Failure;
use epos_shared::values::{Email, FullName, PersonName, Snils};
use oauth2::http::Response;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::failure::Failed;
use super::http::Http;
use super::{Endpoints, Identity};
use crate::context::Context;

/// So many contacts are looked at.
const CONTACTS: usize = 30;
/// So many e-mails are kept.
const EMAILS: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    first_name: Option<String>,
    last_name: Option<String>,
    middle_name: Option<String>,
    trusted: Option<bool>,
    snils: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct Contacts {
    #[serde(default)]
    elements: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contact {
    #[serde(rename = "type")]
    kind: Option<String>,
    vrf_stu: Option<String>,
    value: Option<String>,
}

impl Contact {
    fn verified_email(&self) -> Option<Email> {
        let is_email = self.kind.as_deref() == Some("EML");
        let is_verified = self.vrf_stu.as_deref() == Some("VERIFIED");
        if is_email && is_verified { self.value.as_deref()?.trim().parse().ok() } else { None }
    }
}

/// Reads who somebody is; `is_confirmed` is what the id_token says of it.
///
/// # Errors
/// ЕСИА does not answer or refuses; the account is not confirmed or deleted; a name that no rule takes.
pub(super) async fn read(
    http: &Http,
    context: &Context,
    endpoints: &Endpoints,
    access_token: &str,
    oid: &str,
    is_confirmed: Option<bool>,
) -> Result<Identity, Failed> {
    let (person, contacts) = (endpoints.person(oid)?, endpoints.contacts(oid)?);
    let (person, emails) = futures_util::future::join(
        async { json::<Person>(http.get(context, &person, access_token).await?) },
        emails(http, context, endpoints, &contacts, access_token),
    )
    .await;
    let person = person?;
    match person.status.as_deref() {
        None | Some("REGISTERED") => {}
        Some("DELETED") => return Err(Failed::of(Failure::Deleted, "the account is deleted")),
        Some(_) => return Err(Failed::of(Failure::NoData, "status of another kind")),
    }
    let said = [is_confirmed, person.trusted];
    if said.contains(&Some(false)) || !said.contains(&Some(true)) {
        return Err(Failed::of(Failure::Unconfirmed, "the account is not confirmed"));
    }
    let name = name(&person, endpoints.has_test_people)
        .ok_or_else(|| Failed::of(Failure::BadName, "a name that no rule takes"))?;
    let snils = person.snils.as_deref().map(str::trim).filter(|text| !text.is_empty());
    // Its own rule has failed: nothing can be compared with it.
    let snils = snils.and_then(|text| text.parse::<Snils>().ok());
    Ok(Identity { oid: oid.to_owned(), name, snils, emails: emails? })
}

/// ФИО. People of test portals are called «Фамилия006 Имя006»: their digits are dropped, as nobody's are in
/// production.
fn name(person: &Person, has_test_people: bool) -> Option<FullName> {
    let part = |text: &str| {
        let text = if has_test_people { text.trim_end_matches(|c: char| c.is_ascii_digit()) } else { text };
        text.parse::<PersonName>().ok()
    };
    let patronymic = match person.middle_name.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(part(text)?),
    };
    Some(FullName {
        family_name: part(person.last_name.as_deref()?.trim())?,
        given_name: part(person.first_name.as_deref()?.trim())?,
        patronymic,
    })
}

async fn emails(
    http: &Http,
    context: &Context,
    endpoints: &Endpoints,
    contacts: &Url,
    access_token: &str,
) -> Result<Vec<Email>, Failed> {
    let contacts: Contacts = json(http.get(context, contacts, access_token).await?)?;
    let mut found: Vec<Email> = Vec::new();
    for element in contacts.elements.into_iter().take(CONTACTS) {
        let contact: Contact = match element {
            Value::String(link) => {
                let link = endpoints.own_link(&link)?;
                json(http.get(context, &link, access_token).await?)?
            }
            // One that cannot be read is no e-mail of his.
            other => match serde_json::from_value(other) {
                Ok(contact) => contact,
                Err(_) => continue,
            },
        };
        if let Some(email) = contact.verified_email()
            && found.len() < EMAILS
            && found.iter().all(|known| known.key() != email.key())
        {
            found.push(email);
        }
    }
    Ok(found)
}

fn json<T: serde::de::DeserializeOwned>(response: Response<Vec<u8>>) -> Result<T, Failed> {
    match response.status().as_u16() {
        200 => serde_json::from_slice(response.body())
            .map_err(|_| Failed::of(Failure::NoData, "a resource of another form")),
        status => Err(Failed::of(Failure::NoData, format!("a resource was refused: status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_test_portals_have_digits_and_nobody_else_has() {
        let person = |text: &str| serde_json::from_str::<Person>(text).unwrap();
        let test =
            person(r#"{"lastName": "Фамилия006", "firstName": "Имя006", "middleName": "Отчество006"}"#);
        assert_eq!(name(&test, true).unwrap().to_string(), "Фамилия Имя Отчество");
        assert_eq!(name(&test, false), None);
        let inner = person(r#"{"lastName": "Фам1лия", "firstName": "Имя"}"#);
        assert_eq!(name(&inner, true), None);
        assert_eq!(name(&person(r#"{"lastName": "006", "firstName": "Имя"}"#), true), None);
    }
}
