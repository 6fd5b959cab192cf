//! Password sign-in (РСАА, screens.md 6): the order of its steps is what keeps names from being told apart.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use epos_shared::api::session::{SignIn, SignInWay};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::roles::RoleCategory;

use super::attempts::{self, Counters, Reservation, ReserveError};
use super::password::{HashError, Verdict};
use super::sessions::{self, SessionToken};
use super::store::{self, AccountRow};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::config::Mode;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::http::RequestInfo;
use crate::identification;
use crate::kontingent;
use crate::reports;

/// An opened session.
#[derive(Debug)]
pub struct Opened {
    /// The token, for the cookie.
    pub token: SessionToken,
    pub(super) session: Id,
    pub(super) account: Id,
    pub(super) card: Option<Id>,
    pub(super) category: Option<RoleCategory>,
    pub(super) way: SignInWay,
    pub(super) previous_sign_in_at: Option<DateTime<Utc>>,
    pub(super) expires_at: DateTime<Utc>,
    /// The consent that was given last.
    pub(super) consent_version: Option<String>,
}

/// Signs somebody in.
///
/// An attempt is counted, then the password is hashed (also where there is no such account), and only then
/// anything is told.
pub(super) async fn sign_in(
    services: &Services,
    request: &RequestInfo,
    replaced: Option<Id>,
    form: SignIn,
) -> Result<Opened, ApiError> {
    form.check().map_err(ApiError::validation)?;
    let context = &services.context;
    let name = attempts::normalized(&form.user_name);
    let counters =
        Arc::new(Counters::new(context.secrets(), &services.config.sign_in, &name, request.address));
    let reservation = reserve(services, &counters).await?;

    let account =
        services.db.read::<_, DbError, _>(move |conn| Ok(store::find_by_name(conn, &name)?)).await?;
    let stored = account.as_ref().and_then(|account| account.password_hash.clone());
    let verdict = match services.hasher.verify(context, form.password, stored).await {
        Ok(verdict) => verdict,
        Err(error) => {
            let counters = Arc::clone(&counters);
            services.db.write_by_condition::<_, DbError, _>(move |conn| counters.give_back(conn)).await?;
            return Err(hashing_failed(&error));
        }
    };
    match (verdict, account) {
        (Verdict::Right { renewed }, Some(account)) => {
            if let Some(refusal) = barred(services, &account) {
                return Err(refuse(services, request, &counters, &account, refusal).await);
            }
            if let Some(refusal) = esia_only(services, &account).await? {
                return Err(refuse(services, request, &counters, &account, refusal).await);
            }
            open(services, request, counters, account, renewed, replaced).await
        }
        (_, account) => Err(wrong(services, request, reservation, account.map(|account| account.id)).await),
    }
}

pub(super) async fn reserve(services: &Services, counters: &Arc<Counters>) -> Result<Reservation, ApiError> {
    let now = services.context.db_now();
    let counters = Arc::clone(counters);
    services.db.write_by_condition(move |conn| counters.reserve(conn, now)).await.map_err(|error| match error
    {
        ReserveError::Database(error) => error.into(),
        ReserveError::Locked(until) => {
            let wait = (until - now.and_utc()).num_seconds().max(1);
            Problem {
                attempts_left: Some(0),
                locked_until: Some(until),
                retry_after: u32::try_from(wait).ok(),
                ..Problem::new(ProblemCode::Locked).with_detail(
                    "Слишком много неудачных попыток. Подождите или попросите администратора «Контингента» \
                     вашей организации снять блокировку.",
                )
            }
            .into()
        }
    })
}

pub(super) fn hashing_failed(error: &HashError) -> ApiError {
    match error {
        HashError::Overloaded => Problem {
            retry_after: Some(2),
            ..Problem::new(ProblemCode::Overloaded).with_detail("Повторите вход через несколько секунд.")
        }
        .into(),
        HashError::Failed(_) => ApiError::internal(error),
    }
}

/// The answer to a wrong password, which is the answer to an unknown name.
async fn wrong(
    services: &Services,
    request: &RequestInfo,
    reservation: Reservation,
    account: Option<Id>,
) -> ApiError {
    let (context, actor) = (services.context.clone(), audit::Actor::anonymous(request));
    let is_locked = reservation.locked_until.is_some();
    let written = services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            // Not what was typed: people type passwords into the field above.
            let reason = if account.is_some() { "wrong-password" } else { "unknown-name" };
            let details = serde_json::json!({ "reason": reason, "locked": is_locked });
            let event = Event::refused("session.opened", "account", account, reason).with(details);
            audit::record(conn, &context, &actor, event)
        })
        .await;
    if let Err(error) = written {
        return error.into();
    }
    let left = reservation.attempts_left;
    let detail = match left {
        0 => "Попытки закончились: вход временно закрыт.".to_owned(),
        1 => "Осталась одна попытка, потом вход временно закроется.".to_owned(),
        _ => "Проверьте раскладку клавиатуры и Caps Lock.".to_owned(),
    };
    Problem {
        attempts_left: Some(left),
        locked_until: reservation.locked_until,
        ..Problem::new(ProblemCode::InvalidCredentials).with_detail(detail)
    }
    .into()
}

/// Why the owner of the right password stays outside all the same.
pub(super) fn barred(services: &Services, account: &AccountRow) -> Option<(&'static str, Problem)> {
    let blocked = |detail: &str| Problem::new(ProblemCode::AccountBlocked).with_detail(detail);
    if !account.is_active() {
        let reason = account.blocked_reason.as_deref().unwrap_or_default();
        let help = "Обратитесь к администратору «Контингента» вашей организации или в техподдержку.";
        let detail = if reason.is_empty() { help.to_owned() } else { format!("{reason}. {help}") };
        return Some(("account-blocked", blocked(&detail)));
    }
    if account.demo && services.mode != Mode::Demo {
        return Some(("demo-account", blocked("Учётные записи демонстрации здесь не работают.")));
    }
    None
}

/// Whether every card in force of the person stands in an organization whose staff sign in through Госуслуги only
/// (security.md); support is never locked out.
async fn esia_only(
    services: &Services,
    account: &AccountRow,
) -> Result<Option<(&'static str, Problem)>, ApiError> {
    let (account, today) = (account.id, services.context.today());
    let under =
        services.db.read::<_, DbError, _>(move |conn| Ok(kontingent::is_esia_only(conn, account, today)?));
    Ok(under.await?.then(|| {
        let detail = "Ваша организация входит в ЭПОС только через Госуслуги: нажмите «Вход через ЕСИА». E-mail и ФИО \
                      на Госуслугах должны быть те же, что в учётной записи.";
        ("esia-only", Problem::new(ProblemCode::EsiaOnly).with_detail(detail))
    }))
}

async fn refuse(
    services: &Services,
    request: &RequestInfo,
    counters: &Arc<Counters>,
    account: &AccountRow,
    (reason, problem): (&'static str, Problem),
) -> ApiError {
    let (context, actor) = (services.context.clone(), audit::Actor::account(account.id, None, request));
    let (counters, id) = (Arc::clone(counters), account.id);
    let written = services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            // The password was right: nobody is guessing.
            counters.succeeded(conn)?;
            let event = Event::refused("session.opened", "account", Some(id), reason);
            audit::record(conn, &context, &actor, event)
        })
        .await;
    written.map_or_else(ApiError::from, |()| problem.into())
}

async fn open(
    services: &Services,
    request: &RequestInfo,
    counters: Arc<Counters>,
    account: AccountRow,
    renewed: Option<String>,
    replaced: Option<Id>,
) -> Result<Opened, ApiError> {
    let (services, request) = (services.clone(), request.clone());
    let db = services.db.clone();
    db.write_by_condition(move |conn| {
        let context = &services.context;
        if !store::note_sign_in(conn, &account, renewed.as_deref(), context.db_now())? {
            // Blocked, or the password changed, between the check and this moment.
            return Err(ProblemCode::InvalidCredentials.into());
        }
        counters.succeeded(conn)?;
        Ok(begin(conn, &services, &request, &account, SignInWay::Password, replaced)?)
    })
    .await
}

/// Opens a session for an account that Госуслуги have told is this person's, inside the caller's write transaction;
/// nothing where it is blocked.
///
/// # Errors
/// The database fails.
pub fn open_through_esia(
    conn: &mut Conn,
    services: &Services,
    request: &RequestInfo,
    account: Id,
    replaced: Option<Id>,
) -> Result<Option<Opened>, DbError> {
    let Some(account) = store::find(conn, account)? else { return Ok(None) };
    if let Some((reason, _)) = barred(services, &account) {
        let actor = audit::Actor::account(account.id, None, request);
        let event = Event::refused("session.opened", "account", Some(account.id), reason);
        audit::record(conn, &services.context, &actor, event)?;
        return Ok(None);
    }
    if !store::note_sign_in_of_esia(conn, account.id, services.context.db_now())? {
        return Ok(None);
    }
    begin(conn, services, request, &account, SignInWay::Esia, replaced).map(Some)
}

/// A new session, inside the transaction that has noted the sign-in.
fn begin(
    conn: &mut Conn,
    services: &Services,
    request: &RequestInfo,
    account: &AccountRow,
    way: SignInWay,
    replaced: Option<Id>,
) -> Result<Opened, DbError> {
    let context = &services.context;
    let (now, today) = (context.db_now(), context.today());
    kontingent::note_sign_in(conn, account.id, now)?;
    if let Some(replaced) = replaced {
        sessions::end(conn, replaced, "replaced", now)?;
    }
    // Who has one card works as it; among several he chooses.
    let cards = kontingent::own_cards(conn, account.id, today)?;
    let places: Vec<Id> = cards.iter().map(|card| Id::from(card.organization.id)).collect();
    reports::note_sign_in(conn, &places, today)?;
    let only = if let [only] = cards.as_slice() { Some(only) } else { None };
    let card = only.map(|card| Id::from(card.id));
    // Likewise one category is entered straight away.
    let holder = account.holder(context.secrets(), true)?;
    let category = identification::effective(None, &identification::held(conn, context, &holder, &cards)?);
    let limits = &services.config.sessions;
    let new = sessions::New {
        account: account.id,
        card,
        category,
        way,
        previous_sign_in_at: account.last_sign_in_at,
        request,
    };
    let (session, token) = sessions::open(conn, context, limits, &new)?;
    let actor = audit::Actor::account(account.id, card, request);
    let mut event = Event::done("session.opened", "account", account.id)
        .with(serde_json::json!({ "session": session.to_string(), "way": way.as_str() }));
    event.organization = only.map(|card| card.organization.id.into());
    audit::record(conn, context, &actor, event)?;
    Ok(Opened {
        token,
        session,
        account: account.id,
        card,
        category,
        way,
        previous_sign_in_at: account.last_sign_in_at.map(|at| at.and_utc()),
        expires_at: (now + limits.absolute()).and_utc(),
        consent_version: account.consent_version.clone(),
    })
}
