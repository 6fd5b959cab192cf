//! Binding of a card to the signed-in account (screens.md 14): one-time credentials and equal ФИО, always.

use chrono::NaiveDateTime;
use diesel::Connection as _;
use epos_shared::api::employees::CredentialsState;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::Login;

use super::actor::Asker;
use super::card_store::{self, CardRow};
use super::credentials::{self, CredentialRow};
use super::{binding_store, outside};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, Unique, broken_unique};
use crate::error::ApiError;

/// Why nothing was bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    WrongCredentials { attempts_left: u32 },
    Locked { until: NaiveDateTime },
    Used,
    Expired,
    Voided,
    NameMismatch,
    AlreadyBound,
}

impl Reason {
    const fn reason(self) -> &'static str {
        match self {
            Self::WrongCredentials { .. } => "wrong-credentials",
            Self::Locked { .. } => "locked",
            Self::Used => "credentials-used",
            Self::Expired => "credentials-expired",
            Self::Voided => "credentials-voided",
            Self::NameMismatch => "name-mismatch",
            Self::AlreadyBound => "already-bound",
        }
    }

    fn problem(self, now: NaiveDateTime) -> Problem {
        let credentials =
            |detail: &str| Problem::new(ProblemCode::InvalidCardCredentials).with_detail(detail);
        match self {
            Self::WrongCredentials { attempts_left } => Problem {
                attempts_left: Some(attempts_left),
                ..credentials(
                    "Проверьте логин и пароль на листке, который вам выдали: большие и маленькие буквы \
                     различаются. Если не получается, попросите того, кто выдал листок, нажать «Сбросить \
                     пароль» в вашей карточке.",
                )
            },
            Self::Locked { until } => Problem {
                locked_until: Some(until.and_utc()),
                retry_after: u32::try_from((until - now).num_seconds().max(1)).ok(),
                ..Problem::new(ProblemCode::Locked)
                    .with_detail("Слишком много неверных попыток привязать карточку. Попробуйте позже.")
            },
            Self::Used => credentials(
                "Этот пароль уже использован: он действует один раз. Попросите того, кто его выдал, нажать \
                 «Сбросить пароль» в вашей карточке.",
            ),
            Self::Expired => credentials(
                "Срок действия пароля истёк. Попросите того, кто его выдал, нажать «Сбросить пароль» в вашей \
                 карточке.",
            ),
            Self::Voided => credentials(
                "Этот пароль больше не действует: его заменил новый, или было слишком много неверных попыток. \
                 Возьмите новый листок или попросите нажать «Сбросить пароль» в вашей карточке.",
            ),
            Self::NameMismatch => Problem::new(ProblemCode::NameMismatch).with_detail(
                "Попросите администратора «Контингента» вашей организации сверить ФИО в карточке с паспортом. \
                 После исправления введите тот же логин и пароль: они остались в силе.",
            ),
            Self::AlreadyBound => Problem::new(ProblemCode::AlreadyBound).with_detail(
                "Если это ваша карточка, попросите администратора «Контингента» вашей организации отвязать её.",
            ),
        }
    }
}

/// Binds a card to the account that asks, or tells why not. To be called inside a write transaction, which
/// has to be committed either way: failures are counted in it.
///
/// # Errors
/// The database fails.
pub(super) fn bind_card(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    login: &Login,
    password: &str,
) -> Result<Result<Id, Problem>, ApiError> {
    let now = services.context.db_now();
    if let Some(until) = outside::binding_lock(conn, services, asker.account)? {
        let reason = Reason::Locked { until };
        refused(conn, services, asker, None, reason)?;
        return Ok(Err(reason.problem(now)));
    }
    let card = card_store::find_by_login(conn, login)?;
    let matching = match &card {
        None => None,
        Some(card) => credentials::matching(conn, &services.context, card.id, password)?,
    };
    let (Some(card), Some(credential)) = (&card, matching) else {
        let reason = wrong(conn, services, asker, card.as_ref())?;
        refused(conn, services, asker, card.as_ref(), reason)?;
        return Ok(Err(reason.problem(now)));
    };
    match settle(conn, services, asker, card, &credential)? {
        Ok(()) => {
            outside::binding_succeeded(conn, asker.account)?;
            Ok(Ok(card.id))
        }
        Err(reason) => {
            refused(conn, services, asker, Some(card), reason)?;
            Ok(Err(reason.problem(now)))
        }
    }
}

/// Counts a wrong login or password: against the account, and against the card if there is one.
fn wrong(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: Option<&CardRow>,
) -> Result<Reason, ApiError> {
    if let Some(card) = card {
        let rules = &services.config.one_time_credentials;
        if credentials::count_failure(conn, rules, card.id, services.context.db_now())? {
            let event = Event::done("credentials.voided", "employee", card.id)
                .in_organization(card.organization_id)
                .with(serde_json::json!({ "reason": "too-many-failures" }));
            audit::record(conn, &services.context, &asker.journal, event)?;
        }
    }
    Ok(match outside::binding_failed(conn, services, asker.account)? {
        Ok(attempts_left) => Reason::WrongCredentials { attempts_left },
        Err(until) => Reason::Locked { until },
    })
}

/// The password was right: everything else may be told openly.
fn settle(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: &CardRow,
    credential: &CredentialRow,
) -> Result<Result<(), Reason>, ApiError> {
    let context = &services.context;
    let now = context.db_now();
    let bound = binding_store::of_card(conn, card.id)?;
    let state = credential.state(now);
    if card.archived_at.is_some() {
        return Ok(Err(Reason::Voided));
    }
    match bound {
        Some(bound) if bound.account == asker.account => {
            // Entered a second time: nothing is to be done, and nothing is to be left usable.
            credentials::consume(conn, credential.id, now)?;
            return Ok(Ok(()));
        }
        Some(_) => return Ok(Err(Reason::AlreadyBound)),
        None => {}
    }
    match state {
        CredentialsState::Active => {}
        CredentialsState::Used => return Ok(Err(Reason::Used)),
        CredentialsState::Expired => return Ok(Err(Reason::Expired)),
        CredentialsState::Voided => return Ok(Err(Reason::Voided)),
    }
    let person = outside::full_name(conn, asker.account)?;
    if !person.matches(&card.name()?) {
        return Ok(Err(Reason::NameMismatch));
    }
    if !credentials::consume(conn, credential.id, now)? {
        return Ok(Err(Reason::Used));
    }
    // A savepoint: on PostgreSQL a refused statement kills what is around it.
    match conn.transaction(|conn| binding_store::bind(conn, context, asker.account, card.id)) {
        Ok(()) => {}
        Err(error) if broken_unique(&error) == Some(Unique::CardBinding) => {
            return Ok(Err(Reason::AlreadyBound));
        }
        Err(error) => return Err(error.into()),
    }
    let event = Event::done("binding.created", "employee", card.id)
        .in_organization(card.organization_id)
        .with(serde_json::json!({ "account": asker.account.to_string() }));
    audit::record(conn, context, &asker.journal, event)?;
    Ok(Ok(()))
}

fn refused(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: Option<&CardRow>,
    reason: Reason,
) -> Result<(), ApiError> {
    let mut event = Event::refused("binding.created", "employee", card.map(|card| card.id), reason.reason());
    event.organization = card.map(|card| card.organization_id);
    Ok(audit::record(conn, &services.context, &asker.journal, event)?)
}
