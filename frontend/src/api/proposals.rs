//! Calls of «На подтверждение».

use epos_shared::api::page::Page;
use epos_shared::api::proposals::{Proposal, ProposalDetails};
use epos_shared::ids::ProposalId;
use gloo_net::http::Method;

use super::support::ListQuery;
use super::{Answer, Deed, get};

/// A page of the queue.
pub async fn proposals(query: ListQuery) -> Answer<Page<Proposal>> {
    get(&query.of("/api/v1/kontingent/proposals")).await
}

/// A proposal with what it changes.
pub async fn proposal(id: ProposalId) -> Answer<ProposalDetails> {
    get(&format!("/api/v1/kontingent/proposals/{id}")).await
}

fn deed(id: ProposalId, what: &str) -> Deed {
    Deed::new(Method::POST, format!("/api/v1/kontingent/proposals/{id}/{what}"))
}

/// «Подтвердить».
#[must_use]
pub fn approve(id: ProposalId) -> Deed {
    deed(id, "approve")
}

/// «Отклонить».
#[must_use]
pub fn decline(id: ProposalId) -> Deed {
    deed(id, "decline")
}

/// «Отозвать».
#[must_use]
pub fn withdraw(id: ProposalId) -> Deed {
    deed(id, "withdraw")
}
