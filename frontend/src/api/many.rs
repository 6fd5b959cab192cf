//! The addresses of what is about many cards: the selection, the import, the files.

use epos_shared::api::bulk::{BulkRequest, BulkResults};
use epos_shared::api::import::{
    CreatedCards, Import, ImportDecisions, ImportMapping, ImportRows, RowOutcome,
};
use epos_shared::ids::ImportId;
use gloo_net::http::{Method, RequestBuilder};
use web_sys::RequestCredentials;

use super::{Answer, ApiError, change, get, internal, read, refusal};
use crate::address::with_query;

const IMPORTS: &str = "/api/v1/kontingent/imports";

/// Does something to some cards.
pub async fn bulk(request: &BulkRequest) -> Answer<BulkResults> {
    read(&change(Method::POST, "/api/v1/kontingent/employees/bulk", Some(request)).await?)
}

/// The address of the sample.
#[must_use]
pub fn sample(format: &str) -> String {
    format!("{IMPORTS}/sample?format={format}")
}

/// Uploads a file.
pub async fn upload(file: web_sys::File) -> Answer<Import> {
    let request = RequestBuilder::new(IMPORTS)
        .method(Method::POST)
        .credentials(RequestCredentials::SameOrigin)
        .header("Accept", "application/json, application/problem+json")
        .header("Content-Type", "application/octet-stream")
        .body(file)
        .map_err(|_| internal())?;
    let response = request.send().await.map_err(|_| ApiError::Network)?;
    let (ok, status) = (response.ok(), response.status());
    let text = response.text().await.map_err(|_| ApiError::Network)?;
    if ok { read(&text) } else { Err(refusal(status, &text)) }
}

/// An import as it is now.
pub async fn import(id: ImportId) -> Answer<Import> {
    get(&format!("{IMPORTS}/{id}")).await
}

/// Says what the columns hold.
pub async fn map_import(id: ImportId, mapping: &ImportMapping) -> Answer<Import> {
    read(&change(Method::PUT, &format!("{IMPORTS}/{id}/mapping"), Some(mapping)).await?)
}

/// Rows of the preview.
pub async fn import_rows(
    id: ImportId,
    outcome: Option<RowOutcome>,
    after: Option<u32>,
) -> Answer<ImportRows> {
    let parameters = [
        ("outcome", outcome.map(|outcome| outcome.as_str().to_owned())),
        ("after", after.map(|line| line.to_string())),
    ];
    get(&with_query(&format!("{IMPORTS}/{id}/rows"), parameters)).await
}

/// Decides about rows.
pub async fn decide_import(id: ImportId, decisions: &ImportDecisions) -> Answer<Import> {
    read(&change(Method::PUT, &format!("{IMPORTS}/{id}/decisions"), Some(decisions)).await?)
}

/// Applies it.
pub async fn apply_import(id: ImportId) -> Answer<Import> {
    read(&change(Method::POST, &format!("{IMPORTS}/{id}/apply"), None::<&()>).await?)
}

/// Removes it.
pub async fn remove_import(id: ImportId) -> Answer<()> {
    change(Method::DELETE, &format!("{IMPORTS}/{id}"), None::<&()>).await.map(drop)
}

/// The cards it has made.
pub async fn created_by_import(id: ImportId) -> Answer<CreatedCards> {
    get(&format!("{IMPORTS}/{id}/created")).await
}
