//! The addresses of «Подтверждение сотрудников».

use epos_shared::api::recertification::{
    NewRecertificationDraft, RecertificationAnswerDraft, RecertificationAnswered, RecertificationPeople,
    RecertificationQuery, RecertificationRows, RecertificationStarted, Recertifications,
};
use epos_shared::ids::RecertificationId;
use gloo_net::http::Method;

use super::{Answer, Deed, change, get, read};
use crate::address::with_query;

const ALL: &str = "/api/v1/kontingent/recertifications";

/// Those in view.
pub async fn all() -> Answer<Recertifications> {
    get(ALL).await
}

/// Starts one.
pub async fn start(draft: &NewRecertificationDraft) -> Answer<RecertificationStarted> {
    read(&change(Method::POST, ALL, Some(draft)).await?)
}

/// Ends one.
#[must_use]
pub fn end(id: RecertificationId) -> Deed {
    Deed::new(Method::POST, format!("{ALL}/{id}/end"))
}

fn of(id: RecertificationId, what: &str, query: &RecertificationQuery) -> String {
    let parameters = [
        ("waiting", query.waiting.map(|waiting| waiting.to_string())),
        ("after", query.after.clone()),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    with_query(&format!("{ALL}/{id}/{what}"), parameters)
}

/// How far organizations are.
pub async fn organizations(
    id: RecertificationId,
    query: &RecertificationQuery,
) -> Answer<RecertificationRows> {
    get(&of(id, "organizations", query)).await
}

/// The address of their file.
#[must_use]
pub fn file(id: RecertificationId) -> String {
    format!("{ALL}/{id}/export")
}

/// Whom the own organization has to answer for.
pub async fn people(id: RecertificationId, query: &RecertificationQuery) -> Answer<RecertificationPeople> {
    get(&of(id, "people", query)).await
}

/// Answers, once it was asked whether.
#[must_use]
pub fn confirm(id: RecertificationId) -> Deed {
    Deed::new(Method::POST, format!("{ALL}/{id}/answers"))
}

/// Answers.
pub async fn answer(
    id: RecertificationId,
    draft: &RecertificationAnswerDraft,
) -> Answer<RecertificationAnswered> {
    read(&change(Method::POST, &format!("{ALL}/{id}/answers"), Some(draft)).await?)
}
