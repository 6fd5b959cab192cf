//! The extractor of who is signed in.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use epos_shared::api::session::SignInWay;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::roles::RoleCategory;

use super::sessions::{self, Live};
use crate::app::Services;
use crate::audit;
use crate::config::Mode;
use crate::db::DbError;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::RequestInfo;

/// A request with this header (any value) does not prolong the session: the client asks by itself, not a
/// person.
pub const BACKGROUND_HEADER: &str = "epos-background";

/// Somebody with a live session. It says nothing of rights: the chosen card's roles are read where they are
/// needed. An extractor; without a session it answers 401, and 403 `consent-required` to whoever has not agreed
/// to the text of the consent as it stands now.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Id,
    /// The account.
    pub account: Id,
    /// The card the session works as.
    pub card: Option<Id>,
    /// Where the request came from.
    pub request: RequestInfo,
    pub(super) token_hash: Vec<u8>,
    pub(super) idle_expires_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) previous_sign_in_at: Option<DateTime<Utc>>,
    pub(super) has_consented: bool,
    /// The category that was chosen; what it still opens is judged where it is needed.
    pub category: Option<RoleCategory>,
    pub(super) way: SignInWay,
}

impl SignedIn {
    /// The same person, for the journal.
    #[must_use]
    pub fn journal(&self) -> audit::Actor {
        audit::Actor::account(self.account, self.card, &self.request)
    }
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let found = WithoutConsent::from_request(request, payload);
        Box::pin(async move {
            let WithoutConsent(signed_in) = found.await?;
            if signed_in.has_consented {
                return Ok(signed_in);
            }
            Err(Problem::new(ProblemCode::ConsentRequired)
                .with_detail("Прочитайте текст согласия и отметьте его: остальное откроется сразу.")
                .into())
        })
    }
}

/// Somebody with a live session, also where the consent to the processing of personal data is still to be given:
/// for the giving itself and for what people may always see of their own data. An extractor; without a session
/// it answers 401.
#[derive(Debug, Clone)]
pub struct WithoutConsent(pub SignedIn);

impl FromRequest for WithoutConsent {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let found = MaybeSignedIn::from_request(request, payload);
        Box::pin(async move {
            found.await?.0.map(Self).ok_or_else(|| {
                Problem::new(ProblemCode::NotSignedIn).with_detail("Войдите снова: сеанс закончился.").into()
            })
        })
    }
}

/// Somebody who may be signed in. An extractor that always answers.
#[derive(Debug, Clone)]
pub struct MaybeSignedIn(pub Option<SignedIn>);

impl FromRequest for MaybeSignedIn {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let services = request.app_data::<web::Data<Services>>().cloned();
        let info = RequestInfo::from_request(request, payload).into_inner();
        let is_background = request.headers().contains_key(BACKGROUND_HEADER);
        let token = services
            .as_ref()
            .and_then(|services| request.cookie(sessions::cookie_name(services)))
            .map(|cookie| sessions::hash(cookie.value()));
        Box::pin(async move {
            let services = services.ok_or_else(|| ApiError::internal("the application is not wired"))?;
            let Some(token_hash) = token else { return Ok(Self(None)) };
            resolve(&services, info?, token_hash, is_background).await.map(Self)
        })
    }
}

async fn resolve(
    services: &Services,
    request: RequestInfo,
    token_hash: Vec<u8>,
    is_background: bool,
) -> Result<Option<SignedIn>, ApiError> {
    let now = services.context.db_now();
    let config = std::sync::Arc::clone(&services.config);
    let wanted = token_hash.clone();
    let found: Option<Live> = services
        .db
        .read::<_, DbError, _>(move |conn| sessions::find(conn, &config.sessions, &wanted, now))
        .await?;
    let Some(live) = found else { return Ok(None) };
    if !live.account_is_active || (live.account_is_demo && services.mode != Mode::Demo) {
        // Whoever was blocked is out at his very next request.
        let (session, context) = (live.id, services.context.clone());
        let journal = audit::Actor::account(live.account, live.card, &request);
        services
            .db
            .write_by_condition::<_, DbError, _>(move |conn| {
                if sessions::end(conn, session, "blocked", now)? {
                    let event = audit::Event::done("session.ended", "session", session)
                        .with(serde_json::json!({ "reason": "blocked" }));
                    audit::record(conn, &context, &journal, event)?;
                }
                Ok(())
            })
            .await?;
        return Ok(None);
    }
    let mut seen = live.last_seen_at;
    let pause = TimeDelta::seconds(services.config.sessions.last_seen_seconds.into());
    if !is_background && now - seen >= pause {
        let session = live.id;
        services
            .db
            .write_by_condition::<_, DbError, _>(move |conn| sessions::touch(conn, session, seen, now))
            .await?;
        seen = now;
    }
    let idle = (seen + services.config.sessions.idle()).min(live.expires_at);
    Ok(Some(SignedIn {
        session: live.id,
        account: live.account,
        card: live.card,
        request,
        token_hash,
        idle_expires_at: idle.and_utc(),
        expires_at: live.expires_at.and_utc(),
        previous_sign_in_at: live.previous_sign_in_at.map(|at| at.and_utc()),
        has_consented: live.consent_version.as_ref() == Some(&services.consent.version),
        category: live.category,
        way: live.way,
    }))
}
