//! Calls around the sign-in through Госуслуги.

use epos_shared::api::esia::{EsiaRedirect, EsiaVisit, SendMismatch};
use epos_shared::api::session::{BindCard, SessionState};
use gloo_net::http::Method;

use super::{Answer, change, get, read};

/// The person who came through Госуслуги in this browser and was not recognised.
pub async fn visit() -> Answer<EsiaVisit> {
    get("/api/v1/esia/visit").await
}

/// Binds the card of a visit, and signs in.
pub async fn bind_visit(request: &BindCard) -> Answer<SessionState> {
    read(&change(Method::POST, "/api/v1/esia/visit/bind", Some(request)).await?)
}

/// Sends ФИО and e-mail of a visit to an administrator.
pub async fn send_mismatch(request: &SendMismatch) -> Answer<EsiaVisit> {
    read(&change(Method::POST, "/api/v1/esia/visit/send", Some(request)).await?)
}

/// Forgets a visit.
pub async fn leave_visit() -> Answer<()> {
    change(Method::DELETE, "/api/v1/esia/visit", None::<&()>).await.map(drop)
}

/// Where the browser goes to join the own account with Госуслуги.
pub async fn join() -> Answer<EsiaRedirect> {
    read(&change(Method::POST, "/api/v1/profile/esia", None::<&()>).await?)
}
