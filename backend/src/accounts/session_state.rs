//! The session as its own person sees it.

use chrono::{DateTime, Utc};
use epos_shared::api::session::{AccountSummary, Session, SessionState, SignInWay};
use epos_shared::roles::RoleCategory;

use super::SignedIn;
use super::store;
use crate::app::Services;
use crate::db::DbError;
use crate::db::types::Id;
use crate::error::ApiError;
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
        }
    }
}

pub(super) async fn show(services: &Services, view: View) -> Result<SessionState, ApiError> {
    let today = services.context.today();
    let (account, cards) = services
        .db
        .read::<_, DbError, _>(move |conn| {
            let account = store::find(conn, view.account)?.ok_or(diesel::result::Error::NotFound)?;
            Ok((account, kontingent::own_cards(conn, view.account, today)?))
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
        categories: vec![RoleCategory::Employee],
        category: Some(RoleCategory::Employee),
        way: SignInWay::Password,
        cards,
        chosen_card,
        today,
        idle_expires_at: view.idle_expires_at,
        expires_at: view.expires_at,
        previous_sign_in_at: view.previous_sign_in_at,
        consent_required: view.consent_required,
    })))
}
