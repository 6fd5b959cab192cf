//! Somebody who came through Госуслуги and was not recognised, in his own browser, for half an hour: what Госуслуги
//! said of him stands sealed in a cookie, and nowhere else until he agrees.

use actix_web::cookie::Cookie;
use chrono::{DateTime, TimeDelta, Utc};
use epos_shared::api::esia::NotFound;
use epos_shared::values::{Email, FullName, Snils};
use serde::{Deserialize, Serialize};

use crate::app::Services;
use crate::error::ApiError;
use crate::esia::Identity;
use crate::http;

/// For how long the page works.
const LIVES: TimeDelta = TimeDelta::minutes(30);
/// So many of the verified e-mails are kept: a cookie has 4 KiB.
const EMAILS: usize = 3;

/// A visit, sealed, between its making and the cookie that carries it.
pub struct VisitToken(String);

/// A token is never printed.
impl std::fmt::Debug for VisitToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VisitToken(…)")
    }
}

impl VisitToken {
    /// The cookie that carries it; it goes with the browser.
    #[must_use]
    pub fn into_cookie(self, services: &Services) -> Cookie<'static> {
        http::cookie(cookie_name(services), self.0, services.origin.is_https)
    }
}

/// What Госуслуги said of somebody who was not recognised.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Visit {
    pub oid: String,
    pub name: FullName,
    pub snils: Option<Snils>,
    pub emails: Vec<Email>,
    pub not_found: NotFound,
    pub expires_at: DateTime<Utc>,
}

impl Visit {
    pub(super) fn of(services: &Services, identity: &Identity, not_found: NotFound) -> Self {
        Self {
            oid: identity.oid.clone(),
            name: identity.name.clone(),
            snils: identity.snils.clone(),
            emails: identity.emails.iter().take(EMAILS).cloned().collect(),
            not_found,
            expires_at: services.context.now() + LIVES,
        }
    }

    pub(super) fn identity(&self) -> Identity {
        Identity {
            oid: self.oid.clone(),
            name: self.name.clone(),
            snils: self.snils.clone(),
            emails: self.emails.clone(),
        }
    }

    pub(super) fn seal(&self, services: &Services) -> Result<VisitToken, ApiError> {
        let text = serde_json::to_vec(self).map_err(ApiError::internal)?;
        let context = &services.context;
        Ok(VisitToken(context.secrets().seal_visit(&text, &context.bytes::<24>())))
    }

    /// The visit of a cookie; nothing where it is damaged or its time is over.
    pub(super) fn open(services: &Services, sealed: &str) -> Option<Self> {
        let text = services.context.secrets().open_visit(sealed)?;
        let visit: Self = serde_json::from_slice(&text).ok()?;
        (visit.expires_at > services.context.now()).then_some(visit)
    }
}

/// The name of the cookie; under TLS with the prefix that keeps other hosts and plain HTTP from setting it.
pub(super) fn cookie_name(services: &Services) -> &'static str {
    if services.origin.is_https { "__Host-epos_visit" } else { "epos_visit" }
}

/// The cookie that takes the visit away.
pub(super) fn no_cookie(services: &Services) -> Cookie<'static> {
    http::no_cookie(cookie_name(services), services.origin.is_https)
}
