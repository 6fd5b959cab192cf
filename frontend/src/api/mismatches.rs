//! Calls of «Расхождения с Госуслугами».

use epos_shared::api::mismatches::{Mismatch, MismatchDetails};
use epos_shared::api::page::Page;
use epos_shared::ids::MismatchId;
use epos_shared::values::FullName;
use gloo_net::http::Method;
use serde::Deserialize;

use super::support::ListQuery;
use super::{Answer, Deed, get};

/// A page of the queue.
pub async fn mismatches(query: ListQuery) -> Answer<Page<Mismatch>> {
    get(&query.of("/api/v1/kontingent/mismatches")).await
}

/// A row with the likely cards.
pub async fn mismatch(id: MismatchId) -> Answer<MismatchDetails> {
    get(&format!("/api/v1/kontingent/mismatches/{id}")).await
}

/// «Отклонить».
#[must_use]
pub fn decline(id: MismatchId) -> Deed {
    Deed::new(Method::POST, format!("/api/v1/kontingent/mismatches/{id}/decline"))
}

/// What Госуслуги tell of a person: all that the form of a card needs of a row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OfEsia {
    /// ФИО.
    pub name: FullName,
    /// The verified e-mail.
    #[serde(default)]
    pub email: Option<String>,
}

/// The same of a row.
pub async fn of_esia(id: MismatchId) -> Answer<OfEsia> {
    #[derive(Deserialize)]
    struct Row {
        mismatch: OfEsia,
    }
    get::<Row>(&format!("/api/v1/kontingent/mismatches/{id}")).await.map(|row| row.mismatch)
}
