//! The addresses of «Очереди».

use epos_shared::api::page::Page;
use epos_shared::api::queues::{ExpiredCard, Queues};

use super::support::ListQuery;
use super::{Answer, get};

/// What waits for the person, with counts.
pub async fn queues() -> Answer<Queues> {
    get("/api/v1/kontingent/queues").await
}

/// A page of the cards whose one-time credentials have expired.
pub async fn expired(query: ListQuery) -> Answer<Page<ExpiredCard>> {
    get(&query.of("/api/v1/kontingent/queues/expired-credentials")).await
}
