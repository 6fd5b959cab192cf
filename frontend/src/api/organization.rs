//! The addresses of organizations as they are kept.

use epos_shared::api::organization_card::{
    ClosingPreview, MergePreview, NewOrganizationDraft, OrganizationCard, OrganizationDraft,
    OrganizationLevel, TreeQuery,
};
use epos_shared::api::organization_import::{ImportPlan, Imported};
use epos_shared::ids::OrganizationId;
use gloo_net::http::Method;

use super::{Answer, Deed, change, get, read, send_file};
use crate::address::with_query;

const ORGANIZATIONS: &str = "/api/v1/kontingent/organizations";

/// A level of the tree.
pub async fn level(query: TreeQuery) -> Answer<OrganizationLevel> {
    let parameters = [
        ("parent", query.parent.map(|id| id.to_string())),
        ("closed", query.closed.map(|closed| closed.to_string())),
        ("after", query.after),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    get(&with_query(&format!("{ORGANIZATIONS}/tree"), parameters)).await
}

/// One organization.
pub async fn one(id: OrganizationId) -> Answer<OrganizationCard> {
    get(&format!("{ORGANIZATIONS}/{id}")).await
}

/// A new organization.
pub async fn create(draft: &NewOrganizationDraft) -> Answer<OrganizationCard> {
    read(&change(Method::POST, ORGANIZATIONS, Some(draft)).await?)
}

/// Saves an organization.
pub async fn save(id: OrganizationId, draft: &OrganizationDraft) -> Answer<OrganizationCard> {
    read(&change(Method::PUT, &format!("{ORGANIZATIONS}/{id}"), Some(draft)).await?)
}

/// What closing with that last day would do.
pub async fn closing(id: OrganizationId, last_day: String) -> Answer<ClosingPreview> {
    get(&with_query(&format!("{ORGANIZATIONS}/{id}/closing"), [("last_day", Some(last_day))])).await
}

/// What joining it to another would do.
pub async fn merging(id: OrganizationId, into: OrganizationId) -> Answer<MergePreview> {
    get(&with_query(&format!("{ORGANIZATIONS}/{id}/merging"), [("into_id", Some(into.to_string()))])).await
}

/// What becomes of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// «Закрыть».
    Close,
    /// «Открыть снова».
    Reopen,
    /// «Переподчинить».
    Move,
    /// «Присоединить».
    Merge,
}

/// Does it.
#[must_use]
pub fn on_organization(id: OrganizationId, fate: Fate) -> Deed {
    let last = match fate {
        Fate::Close => "close",
        Fate::Reopen => "reopen",
        Fate::Move => "move",
        Fate::Merge => "merge",
    };
    Deed::new(Method::POST, format!("{ORGANIZATIONS}/{id}/{last}"))
}

/// What importing a table would do.
pub async fn import_plan(file: web_sys::File) -> Answer<ImportPlan> {
    send_file(&format!("{ORGANIZATIONS}/import/preview"), file).await
}

/// Imports it.
pub async fn import(file: web_sys::File, plan: String) -> Answer<Imported> {
    send_file(&with_query(&format!("{ORGANIZATIONS}/import"), [("plan", Some(plan))]), file).await
}
