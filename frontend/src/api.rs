//! The only place that knows the addresses of the API.

pub mod registration;

use std::cell::Cell;
use std::future::Future;

use epos_shared::api::categories::ChooseCategory;
use epos_shared::api::employees::{
    EmployeeCard, EmployeeDraft, EmployeeQuery, EmployeeRow, NewEmployeeDraft, OneTimeCredentials,
    SavedEmployee,
};
use epos_shared::api::moves::{DismissalDraft, TransferDraft};
use epos_shared::api::organizations::{OrganizationQuery, OrganizationsFound};
use epos_shared::api::page::Page;
use epos_shared::api::proposals::ProposalDraft;
use epos_shared::api::same_person::{CardMergeDraft, CardMergePreview, CardMergeQuestion};
use epos_shared::api::session::{BindCard, ChooseCard, SessionState, SignIn};
use epos_shared::api::subsystems::SubsystemsAllowed;
use epos_shared::ids::{EmployeeId, ProposalId};
use epos_shared::problem::{Problem, ProblemCode};
use gloo_net::http::{Method, Request, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use web_sys::RequestCredentials;

use crate::address::with_query;

pub mod esia;
pub mod journal;
pub mod many;
pub mod mismatches;
pub mod organization;
pub mod own;
pub mod proposals;
pub mod queues;
pub mod recertification;
pub mod reports;
pub mod support;

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiError {
    /// Nobody is signed in, or the session has ended: a state of its own, handled in one place.
    NotSignedIn,
    /// The server refused and said why.
    Problem(Box<Problem>),
    /// The server was not reached.
    Network,
}

impl ApiError {
    /// The problem, if the server named one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// The machine code, if the server named one.
    #[must_use]
    pub fn code(&self) -> Option<ProblemCode> {
        self.problem().map(|problem| problem.code)
    }

    /// What happened, for people.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::NotSignedIn => ProblemCode::NotSignedIn.title().to_owned(),
            Self::Problem(problem) => problem.title.clone(),
            Self::Network => "Нет связи с сервером".to_owned(),
        }
    }

    /// What to do about it, for people; may be empty.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::NotSignedIn => "Войдите снова.".to_owned(),
            Self::Problem(problem) if !problem.detail.is_empty() => problem.detail.clone(),
            Self::Problem(problem) => match problem.code {
                ProblemCode::Internal | ProblemCode::Unavailable => {
                    "Подождите минуту и повторите. Если не поможет, напишите в техподдержку.".to_owned()
                }
                ProblemCode::Overloaded => "Подождите несколько секунд и повторите.".to_owned(),
                _ => String::new(),
            },
            Self::Network => {
                "Проверьте подключение к интернету и повторите. Введённое не потеряно.".to_owned()
            }
        }
    }

    /// The code and the number of the request, small, for support.
    #[must_use]
    pub fn small_print(&self) -> Option<String> {
        let problem = self.problem()?;
        let code = problem.code.as_str();
        Some(match &problem.request_id {
            Some(request) => format!("Код: {code}, запрос {request}"),
            None => format!("Код: {code}"),
        })
    }
}

/// The answer of a call.
pub type Answer<T> = Result<T, ApiError>;

/// Who is signed in. Asked in the background, the question does not prolong the session.
pub async fn session(background: bool) -> Answer<SessionState> {
    let request = RequestBuilder::new("/api/v1/session").method(Method::GET);
    let request = if background { request.header("epos-background", "1") } else { request };
    read(&send(request, None).await?)
}

/// Password sign-in (РСАА).
pub async fn sign_in(request: &SignIn) -> Answer<SessionState> {
    read(&change(Method::POST, "/api/v1/session", Some(request)).await?)
}

/// Sign-out.
pub async fn sign_out() -> Answer<()> {
    change(Method::DELETE, "/api/v1/session", None::<&()>).await.map(drop)
}

/// Works as another of the own cards from now on.
pub async fn choose_card(request: &ChooseCard) -> Answer<SessionState> {
    read(&change(Method::PUT, "/api/v1/session/card", Some(request)).await?)
}

/// Works in another of the categories held from now on.
pub async fn choose_category(request: &ChooseCategory) -> Answer<SessionState> {
    read(&change(Method::PUT, "/api/v1/session/category", Some(request)).await?)
}

/// The subsystems open to the person today.
pub async fn subsystems() -> Answer<SubsystemsAllowed> {
    get("/api/v1/subsystems").await
}

/// Binds a card with its one-time credentials.
pub async fn bind(request: &BindCard) -> Answer<SessionState> {
    read(&change(Method::POST, "/api/v1/kontingent/bindings", Some(request)).await?)
}

/// Organizations in view.
pub async fn organizations(query: &OrganizationQuery) -> Answer<OrganizationsFound> {
    let parameters = [
        ("query", query.query.clone()),
        ("id", query.id.map(|id| id.to_string())),
        ("creatable", query.creatable.map(|creatable| creatable.to_string())),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    get(&with_query("/api/v1/kontingent/organizations", parameters)).await
}

/// A page of the staff list.
pub async fn employees(query: &EmployeeQuery) -> Answer<Page<EmployeeRow>> {
    let parameters = [
        ("query", query.query.clone()),
        ("organization", query.organization.map(|id| id.to_string())),
        ("role", query.role.map(|role| role.as_str().to_owned())),
        ("state", query.state.map(|state| state.as_str().to_owned())),
        ("sort", query.sort.and_then(wire_name)),
        ("after", query.after.clone()),
        ("before", query.before.clone()),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    get(&with_query("/api/v1/kontingent/employees", parameters)).await
}

/// One card.
pub async fn employee(id: EmployeeId) -> Answer<EmployeeCard> {
    get(&format!("/api/v1/kontingent/employees/{id}")).await
}

/// A new card.
pub async fn create_employee(draft: &NewEmployeeDraft) -> Answer<SavedEmployee> {
    read(&change(Method::POST, "/api/v1/kontingent/employees", Some(draft)).await?)
}

/// Saves a card.
pub async fn save_employee(id: EmployeeId, draft: &EmployeeDraft) -> Answer<SavedEmployee> {
    read(&change(Method::PUT, &format!("/api/v1/kontingent/employees/{id}"), Some(draft)).await?)
}

/// What joining another card of the same person to one would do.
pub async fn preview_merge(stays: EmployeeId, goes: EmployeeId) -> Answer<CardMergePreview> {
    let path = format!("/api/v1/kontingent/employees/{stays}/merge/preview");
    read(&change(Method::POST, &path, Some(&CardMergeQuestion { other: goes })).await?)
}

/// Joins another card of the same person to one.
pub async fn merge_employees(stays: EmployeeId, draft: &CardMergeDraft) -> Answer<EmployeeCard> {
    let path = format!("/api/v1/kontingent/employees/{stays}/merge");
    read(&change(Method::POST, &path, Some(draft)).await?)
}

/// «Уволить»: every role ends with a day; gives the card as it is then.
pub async fn dismiss(id: EmployeeId, draft: &DismissalDraft) -> Answer<EmployeeCard> {
    let path = format!("/api/v1/kontingent/employees/{id}/dismissal");
    read(&change(Method::POST, &path, Some(draft)).await?)
}

/// «Перевести»: gives the card in the other organization.
pub async fn transfer(id: EmployeeId, draft: &TransferDraft) -> Answer<SavedEmployee> {
    let path = format!("/api/v1/kontingent/employees/{id}/transfer");
    read(&change(Method::POST, &path, Some(draft)).await?)
}

/// Something that was sent to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Sent {
    /// Its identifier.
    pub id: ProposalId,
}

/// «Отправить на подтверждение».
pub async fn propose(draft: &ProposalDraft) -> Answer<Sent> {
    read(&change(Method::POST, "/api/v1/kontingent/proposals", Some(draft)).await?)
}

/// «Сбросить пароль»: new one-time credentials.
pub async fn reset_credentials(id: EmployeeId) -> Answer<OneTimeCredentials> {
    let path = format!("/api/v1/kontingent/employees/{id}/credentials");
    read(&change(Method::POST, &path, None::<&()>).await?)
}

/// What else can be done to a card at one press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardAction {
    /// «Снять блокировку».
    Unlock,
    /// «Отвязать».
    Unbind,
    /// «В архив».
    Archive,
}

/// Does it; gives the card as it is then.
pub async fn act_on_employee(id: EmployeeId, action: CardAction) -> Answer<EmployeeCard> {
    let (method, last) = match action {
        CardAction::Unlock => (Method::DELETE, "lock"),
        CardAction::Unbind => (Method::DELETE, "binding"),
        CardAction::Archive => (Method::POST, "archive"),
    };
    read(&change(method, &format!("/api/v1/kontingent/employees/{id}/{last}"), None::<&()>).await?)
}

/// A change after which the page asks anew for what it shows.
#[derive(Debug, Clone)]
pub struct Deed {
    method: Method,
    path: String,
    /// Whether the session gets a new key by it.
    renews: bool,
}

impl Deed {
    const fn new(method: Method, path: String) -> Self {
        Self { method, path, renews: false }
    }
}

/// Does it with what was typed; gives the session where it got a new key.
pub async fn act(deed: Deed, body: Option<String>) -> Answer<Option<SessionState>> {
    let text = send(RequestBuilder::new(&deed.path).method(deed.method), body).await?;
    deed.renews.then(|| read(&text)).transpose()
}

/// A request as it is sent.
#[must_use]
pub fn body(request: &impl Serialize) -> String {
    serde_json::to_string(request).unwrap_or_default()
}

thread_local! {
    /// How far the server's clock is ahead of the browser's, in milliseconds.
    static AHEAD: Cell<f64> = const { Cell::new(0.0) };
}

/// The server's clock, in milliseconds since 1970: that of a computer at a school may be wrong by hours. As
/// exact as a header is, and never ahead of the server.
#[must_use]
pub fn server_now() -> f64 {
    js_sys::Date::now() + AHEAD.get()
}

/// The name of a value of an enumeration on the wire.
pub fn wire_name(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned))
}

async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    read(&send(RequestBuilder::new(path).method(Method::GET), None).await?)
}

async fn change(method: Method, path: &str, body: Option<&impl Serialize>) -> Answer<String> {
    let request = RequestBuilder::new(path).method(method);
    let body = body.map(serde_json::to_string).transpose().map_err(|_| internal())?;
    send(request, body).await
}

/// Sends a request and gives the body of a successful answer. Not generic: it exists once in the program.
fn send(request: RequestBuilder, body: Option<String>) -> impl Future<Output = Answer<String>> {
    let request = request
        .credentials(RequestCredentials::SameOrigin)
        .header("Accept", "application/json, application/problem+json");
    let request = match body {
        Some(body) => request.header("Content-Type", "application/json").body(body),
        None => request.build(),
    };
    answer(request)
}

/// Sends a file as it is.
async fn send_file<T: DeserializeOwned>(path: &str, file: web_sys::File) -> Answer<T> {
    let request = RequestBuilder::new(path)
        .method(Method::POST)
        .credentials(RequestCredentials::SameOrigin)
        .header("Accept", "application/json, application/problem+json")
        .header("Content-Type", "application/octet-stream");
    read(&answer(request.body(file)).await?)
}

async fn answer(request: Result<Request, gloo_net::Error>) -> Answer<String> {
    let response = request.map_err(|_| internal())?.send().await.map_err(|_| ApiError::Network)?;
    if let Some(date) = response.headers().get("date").map(|date| js_sys::Date::parse(&date))
        && date.is_finite()
    {
        AHEAD.set(date - js_sys::Date::now());
    }
    let (ok, status) = (response.ok(), response.status());
    let text = response.text().await.map_err(|_| ApiError::Network)?;
    if ok { Ok(text) } else { Err(refusal(status, &text)) }
}

fn read<T: DeserializeOwned>(text: &str) -> Answer<T> {
    serde_json::from_str(text).map_err(|_| internal())
}

fn internal() -> ApiError {
    ApiError::Problem(Box::new(Problem::new(ProblemCode::Internal)))
}

/// The error of an answer that is not a success; a proxy in between may answer with something else than a
/// problem.
fn refusal(status: u16, body: &str) -> ApiError {
    let problem = serde_json::from_str::<Problem>(body).unwrap_or_else(|_| {
        Problem::new(match status {
            404 => ProblemCode::NotFound,
            413 => ProblemCode::BodyTooLarge,
            502..=504 => ProblemCode::Unavailable,
            _ => ProblemCode::Internal,
        })
    });
    match problem.code {
        ProblemCode::NotSignedIn => ApiError::NotSignedIn,
        _ => ApiError::Problem(Box::new(problem)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_read_and_not_signed_in_is_a_state_of_its_own() {
        let text = serde_json::to_string(&Problem::new(ProblemCode::Locked)).unwrap();
        assert_eq!(refusal(423, &text).code(), Some(ProblemCode::Locked));
        let text = serde_json::to_string(&Problem::new(ProblemCode::NotSignedIn)).unwrap();
        assert_eq!(refusal(401, &text), ApiError::NotSignedIn);
    }

    #[test]
    fn a_proxy_that_answers_with_a_page_is_told_as_unavailable() {
        assert_eq!(refusal(502, "<html>").code(), Some(ProblemCode::Unavailable));
        assert_eq!(refusal(500, "").code(), Some(ProblemCode::Internal));
    }
}
