//! The session as its own person sees it.

use chrono::{DateTime, Utc};
use epos_shared::api::session::{AccountSummary, Session, SessionState, SignInWay};
use epos_shared::roles::RoleCategory;

use super::store;
use super::{Opened, SignedIn};
use crate::app::Services;
use crate::db::DbError;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::identification;
use crate::kontingent;

/// What the answer is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub account: Id,
    pub card: Option<Id>,
    pub previous_sign_in_at: Option<DateTime<Utc>>,
    pub idle_expires_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub consent_required: bool,
    pub category: Option<RoleCategory>,
    pub way: SignInWay,
}

impl View {
    /// The session that was just opened.
    pub(super) fn of(services: &Services, opened: &Opened) -> Self {
        Self {
            account: opened.account,
            card: opened.card,
            previous_sign_in_at: opened.previous_sign_in_at,
            idle_expires_at: (services.context.now() + services.config.sessions.idle())
                .min(opened.expires_at),
            expires_at: opened.expires_at,
            consent_required: opened.consent_version.as_ref() != Some(&services.consent.version),
            category: opened.category,
            way: opened.way,
        }
    }
}

impl From<&SignedIn> for View {
    fn from(signed_in: &SignedIn) -> Self {
        Self {
            account: signed_in.account,
            card: signed_in.card,
            previous_sign_in_at: signed_in.previous_sign_in_at,
            idle_expires_at: signed_in.idle_expires_at,
            expires_at: signed_in.expires_at,
            consent_required: !signed_in.has_consented,
            category: signed_in.category,
            way: signed_in.way,
        }
    }
}

pub(super) async fn show(services: &Services, view: View) -> Result<SessionState, ApiError> {
    let today = services.context.today();
    let context = services.context.clone();
    let (account, cards, categories) = services
        .db
        .read::<_, DbError, _>(move |conn| {
            let found = store::find_with_grants(conn, view.account)?;
            let (account, may_have_grants) = found.ok_or(diesel::result::Error::NotFound)?;
            let cards = kontingent::own_cards(conn, view.account, today)?;
            let holder = account.holder(context.secrets(), may_have_grants)?;
            let categories = identification::held(conn, &context, &holder, &cards)?;
            Ok((account, cards, categories))
        })
        .await?;
    // A card that was unbound or archived since is chosen no more.
    let chosen_card = cards.iter().map(|card| card.id).find(|id| view.card == Some(Id::from(*id)));
    Ok(SessionState::SignedIn(Box::new(Session {
        account: AccountSummary {
            id: account.id.into(),
            name: account.name()?,
            user_name: account.user_name,
            email: account.email,
        },
        category: identification::effective(view.category, &categories),
        categories,
        way: view.way,
        cards,
        chosen_card,
        today,
        idle_expires_at: view.idle_expires_at,
        expires_at: view.expires_at,
        previous_sign_in_at: view.previous_sign_in_at,
        consent_required: view.consent_required,
    })))
}
