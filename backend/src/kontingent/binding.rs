//! Binding of a card to the signed-in account (screens.md 14): one-time credentials and equal ФИО, always.

use chrono::NaiveDateTime;
use diesel::Connection as _;
use epos_shared::api::employees::CredentialsState;
use epos_shared::api::mismatches::MismatchKind;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::{Email, FullName, Login, Snils};

use super::actor::Asker;
use super::card_store::{self, CardRow};
use super::credentials::{self, CredentialRow};
use super::outside::{self, Counter};
use super::{binding_store, letters};
use crate::accounts;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, DbError, Unique, broken_unique};
use crate::error::ApiError;
use crate::esia::Identity;
use crate::identification;
use crate::reports;

/// Why nothing was bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    WrongCredentials { attempts_left: u32 },
    Locked { until: NaiveDateTime },
    Used,
    Expired,
    Voided,
    NameMismatch,
    SnilsMismatch,
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
            Self::SnilsMismatch => "snils-mismatch",
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
            Self::SnilsMismatch => Problem::new(ProblemCode::NameMismatch).with_detail(
                "ФИО совпали, а СНИЛС нет. Попросите администратора «Контингента» вашей организации сверить СНИЛС в \
                 карточке. После исправления введите тот же логин и пароль: они остались в силе.",
            ),
            Self::AlreadyBound => Problem::new(ProblemCode::AlreadyBound).with_detail(
                "Если это ваша карточка, попросите администратора «Контингента» вашей организации отвязать её.",
            ),
        }
    }
}

/// Who claims a card: an account, or a person from Госуслуги who has none yet.
#[derive(Debug, Clone)]
pub struct Claimant {
    account: Option<Id>,
    oid: Option<String>,
    name: FullName,
    email: Option<Email>,
    snils: Option<Snils>,
    counter: Counter,
    journal: audit::Actor,
}

impl Claimant {
    /// An account.
    ///
    /// # Errors
    /// The database fails.
    pub fn of_account(
        conn: &mut Conn,
        services: &Services,
        account: Id,
        journal: &audit::Actor,
    ) -> Result<Self, DbError> {
        let holder =
            accounts::holder(conn, &services.context, account)?.ok_or(diesel::result::Error::NotFound)?;
        Ok(Self {
            account: Some(account),
            oid: None,
            name: holder.name,
            email: holder.proven_email_key.and_then(|key| key.parse().ok()),
            snils: holder.snils,
            counter: Counter::of_account(account),
            journal: journal.clone(),
        })
    }

    /// A person from Госуслуги.
    #[must_use]
    pub fn of_person(services: &Services, identity: &Identity, journal: &audit::Actor) -> Self {
        Self {
            account: None,
            oid: Some(identity.oid.clone()),
            name: identity.name.clone(),
            email: identity.emails.first().cloned(),
            snils: identity.snils.clone(),
            counter: Counter::of_person(services, &identity.oid),
            journal: journal.clone(),
        }
    }
}

/// A card whose one-time credentials the claimant has, and whose person he is.
#[derive(Debug, Clone)]
pub struct Claimed {
    card: CardRow,
    credential: CredentialRow,
    /// Whether it is bound to him already.
    is_own: bool,
}

impl Claimed {
    /// The e-mail of the card.
    ///
    /// # Errors
    /// The database fails.
    pub fn email(&self) -> Result<Option<Email>, DbError> {
        Ok(card_store::email(self.card.email.as_deref())?)
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
    let claimant = Claimant::of_account(conn, services, asker.account, &asker.journal)?;
    match claim(conn, services, &claimant, login, password)? {
        Err(problem) => Ok(Err(problem)),
        Ok(claimed) => settle(conn, services, &claimant, asker.account, &claimed),
    }
}

/// Judges a claim to a card: nothing is bound or used up yet. To be called inside a write transaction, which has to
/// be committed either way: failures are counted in it.
///
/// # Errors
/// The database fails.
pub fn claim(
    conn: &mut Conn,
    services: &Services,
    claimant: &Claimant,
    login: &Login,
    password: &str,
) -> Result<Result<Claimed, Problem>, ApiError> {
    if let Some(until) = outside::binding_lock(conn, services, &claimant.counter)? {
        return refused(conn, services, claimant, None, Reason::Locked { until }).map(Err);
    }
    let card = card_store::find_by_login(conn, login)?;
    let matching = match &card {
        None => None,
        Some(card) => credentials::matching(conn, &services.context, card.id, password)?,
    };
    let (Some(card), Some(credential)) = (&card, matching) else {
        let reason = wrong(conn, services, claimant, card.as_ref())?;
        return refused(conn, services, claimant, card.as_ref(), reason).map(Err);
    };
    match judge(conn, services, claimant, card, &credential)? {
        Ok(is_own) => Ok(Ok(Claimed { card: card.clone(), credential, is_own })),
        Err(reason) => refused(conn, services, claimant, Some(card), reason).map(Err),
    }
}

/// Counts a wrong login or password: against the claimant, and against the card if there is one.
fn wrong(
    conn: &mut Conn,
    services: &Services,
    claimant: &Claimant,
    card: Option<&CardRow>,
) -> Result<Reason, ApiError> {
    if let Some(card) = card {
        let rules = &services.config.one_time_credentials;
        if credentials::count_failure(conn, rules, card.id, services.context.db_now())? {
            let event = Event::done("credentials.voided", "employee", card.id)
                .in_organization(card.organization_id)
                .with(serde_json::json!({ "reason": "too-many-failures" }));
            audit::record(conn, &services.context, &claimant.journal, event)?;
        }
    }
    Ok(match outside::binding_failed(conn, services, &claimant.counter)? {
        Ok(attempts_left) => Reason::WrongCredentials { attempts_left },
        Err(until) => Reason::Locked { until },
    })
}

/// The password was right: everything else may be told openly. Answers whether the card is the claimant's already.
fn judge(
    conn: &mut Conn,
    services: &Services,
    claimant: &Claimant,
    card: &CardRow,
    credential: &CredentialRow,
) -> Result<Result<bool, Reason>, ApiError> {
    if card.archived_at.is_some() {
        return Ok(Err(Reason::Voided));
    }
    match binding_store::of_card(conn, card.id)? {
        Some(bound) if Some(bound.account) == claimant.account => return Ok(Ok(true)),
        Some(_) => return Ok(Err(Reason::AlreadyBound)),
        None => {}
    }
    match credential.state(services.context.db_now()) {
        CredentialsState::Active => {}
        CredentialsState::Used => return Ok(Err(Reason::Used)),
        CredentialsState::Expired => return Ok(Err(Reason::Expired)),
        CredentialsState::Voided => return Ok(Err(Reason::Voided)),
    }
    if !claimant.name.matches(&card.name()?) {
        return Ok(Err(Reason::NameMismatch));
    }
    let snils = card.snils(services.context.secrets())?;
    if !identification::agree(claimant.snils.as_ref(), snils.as_ref()) {
        return Ok(Err(Reason::SnilsMismatch));
    }
    Ok(Ok(false))
}

/// Binds a claimed card to an account, the claimant's own, in the transaction of the claim.
///
/// # Errors
/// The database fails.
pub fn settle(
    conn: &mut Conn,
    services: &Services,
    claimant: &Claimant,
    account: Id,
    claimed: &Claimed,
) -> Result<Result<Id, Problem>, ApiError> {
    let context = &services.context;
    let now = context.db_now();
    let Claimed { card, credential, is_own } = claimed;
    if *is_own {
        // Entered a second time: nothing is to be done, and nothing is to be left usable.
        credentials::consume(conn, credential.id, now)?;
        outside::binding_succeeded(conn, &claimant.counter)?;
        return Ok(Ok(card.id));
    }
    if !credentials::consume(conn, credential.id, now)? {
        return refused(conn, services, claimant, Some(card), Reason::Used).map(Err);
    }
    // A savepoint: on PostgreSQL a refused statement kills what is around it.
    match conn.transaction(|conn| binding_store::bind(conn, context, account, card.id)) {
        Ok(()) => {}
        Err(error) if broken_unique(&error) == Some(Unique::CardBinding) => {
            return refused(conn, services, claimant, Some(card), Reason::AlreadyBound).map(Err);
        }
        Err(error) => return Err(error.into()),
    }
    let event = Event::done("binding.created", "employee", card.id)
        .in_organization(card.organization_id)
        .with(serde_json::json!({ "account": account.to_string() }));
    audit::record(conn, context, &claimant.journal, event)?;
    reports::note_binding(conn, card.organization_id, context.today())?;
    letters::tell_of_binding(conn, services, card, credential)?;
    identification::note_bound_card(conn, services, card.id)?;
    outside::binding_succeeded(conn, &claimant.counter)?;
    Ok(Ok(card.id))
}

/// A refusal: in the journal, and where an administrator can settle it in his queue.
fn refused(
    conn: &mut Conn,
    services: &Services,
    claimant: &Claimant,
    card: Option<&CardRow>,
    reason: Reason,
) -> Result<Problem, ApiError> {
    let mut event = Event::refused("binding.created", "employee", card.map(|card| card.id), reason.reason());
    event.organization = card.map(|card| card.organization_id);
    audit::record(conn, &services.context, &claimant.journal, event)?;
    let kind = match reason {
        Reason::NameMismatch | Reason::SnilsMismatch => Some(MismatchKind::Binding),
        Reason::AlreadyBound => Some(MismatchKind::Collision),
        _ => None,
    };
    if let (Some(card), Some(kind)) = (card, kind) {
        let claim = identification::Claim {
            kind,
            organization: card.organization_id,
            card: card.id,
            account: claimant.account,
            oid: claimant.oid.as_deref(),
            name: &claimant.name,
            email: claimant.email.as_ref(),
            snils: claimant.snils.as_ref(),
        };
        identification::note_refused_claim(conn, services, &claimant.journal, &claim)?;
    }
    Ok(reason.problem(services.context.db_now()))
}
