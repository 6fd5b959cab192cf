//! Calls of people without a session: registration, links of letters, recovery, consent.

use std::future::Future;

use epos_shared::api::account_applications::{
    AccountApplicationBegun, AccountApplicationDraft, AccountApplicationSent, ApplicantCredentials,
};
use epos_shared::api::letters::Letters;
use epos_shared::api::profile::EmailConfirmed;
use epos_shared::api::registration::{
    ConsentText, DirectoryFound, GiveConsent, LetterPromised, LinkPurpose, LinkState, LinkToken,
    PasswordByLink, PasswordSet, RecoveryDraft, RegistrationDraft,
};
use epos_shared::api::session::SessionState;
use epos_shared::roles::OrganizationKind;
use gloo_net::http::{Method, RequestBuilder};

use super::{Answer, answer, get, internal, read, send};
use crate::address::with_query;

/// Sends a request that is written already. Not generic: it exists once in the program.
fn post(path: &'static str, body: serde_json::Result<String>) -> impl Future<Output = Answer<String>> {
    let request = RequestBuilder::new(path).method(Method::POST);
    async move { send(request, Some(body.map_err(|_| internal())?)).await }
}

/// Organizations of the public directory by any parts of their names, towns and numbers; of one kind, where one is
/// told.
pub async fn directory(query: String, kind: Option<OrganizationKind>) -> Answer<DirectoryFound> {
    let kind = kind.map(|kind| kind.as_str().to_owned());
    let parameters = [("query", Some(query)), ("kind", kind), ("limit", Some("30".to_owned()))];
    get(&with_query("/api/v1/directory/organizations", parameters)).await
}

/// The text of the consent to the processing of personal data.
pub async fn consent() -> Answer<ConsentText> {
    get("/api/v1/consent").await
}

/// «Согласен».
pub async fn give_consent(consent: &GiveConsent) -> Answer<SessionState> {
    read(&post("/api/v1/consent", serde_json::to_string(consent)).await?)
}

/// «Зарегистрироваться».
pub async fn register(draft: &RegistrationDraft) -> Answer<LetterPromised> {
    read(&post("/api/v1/registrations", serde_json::to_string(draft)).await?)
}

const APPLICATIONS: &str = "/api/v1/account-applications";

/// Begins «Заявка на учётную запись» of a department.
pub async fn begin_application(draft: &AccountApplicationDraft) -> Answer<AccountApplicationBegun> {
    read(&post(APPLICATIONS, serde_json::to_string(draft)).await?)
}

fn with_ticket(path: &str, ticket: &str) -> RequestBuilder {
    RequestBuilder::new(path).method(Method::POST).header("epos-ticket", ticket)
}

/// Attaches a file to it.
pub async fn attach(ticket: &str, file: web_sys::File) -> Answer<()> {
    let path = with_query(&format!("{APPLICATIONS}/files"), [("name", Some(file.name()))]);
    let request = with_ticket(&path, ticket).header("Content-Type", "application/octet-stream");
    answer(request.body(file)).await.map(drop)
}

/// Sends it.
pub async fn send_application(ticket: &str) -> Answer<AccountApplicationSent> {
    read(&send(with_ticket(&format!("{APPLICATIONS}/send"), ticket), None).await?)
}

/// Proves its address.
pub async fn confirm_application(link: &LinkToken) -> Answer<()> {
    post("/api/v1/account-applications/confirm", serde_json::to_string(link)).await.map(drop)
}

/// Login and one-time password of the card that was made of it.
pub async fn take_credentials(link: &LinkToken) -> Answer<ApplicantCredentials> {
    read(&post("/api/v1/account-applications/credentials", serde_json::to_string(link)).await?)
}

/// «Забыли пароль?».
pub async fn recover(draft: &RecoveryDraft) -> Answer<LetterPromised> {
    read(&post("/api/v1/recoveries", serde_json::to_string(draft)).await?)
}

/// What a link is for, without using it.
pub async fn look_at_link(link: &LinkToken) -> Answer<LinkState> {
    read(&post("/api/v1/links", serde_json::to_string(link)).await?)
}

/// Sets the password of the account that a link is for.
pub async fn set_password(purpose: LinkPurpose, password: &PasswordByLink) -> Answer<PasswordSet> {
    let path = match purpose {
        LinkPurpose::Recovery => "/api/v1/recoveries/complete",
        _ => "/api/v1/registrations/activate",
    };
    read(&post(path, serde_json::to_string(password)).await?)
}

/// Proves the address of an application.
pub async fn confirm_registration(link: &LinkToken) -> Answer<()> {
    post("/api/v1/registrations/confirm", serde_json::to_string(link)).await.map(drop)
}

/// Confirms a change of the address.
pub async fn confirm_email(link: &LinkToken) -> Answer<EmailConfirmed> {
    read(&post("/api/v1/email-changes/confirm", serde_json::to_string(link)).await?)
}

/// The letters of the demo; outside of it there are none, and no such address.
pub async fn letters() -> Answer<Letters> {
    get("/api/v1/demo/letters").await
}

/// Whether there are letters of the demo to be read.
pub async fn has_letters() -> bool {
    send(RequestBuilder::new("/api/v1/demo/letters").method(Method::GET), None).await.is_ok()
}
