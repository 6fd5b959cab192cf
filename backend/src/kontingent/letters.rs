//! The letters of «Контингент»: facts alone, no value of a card.

use chrono::{NaiveDate, TimeDelta};
use epos_shared::api::employees::Person;
use epos_shared::values::{Email, format_date};

use super::actor::Asker;
use super::card_store::{self, CardRow};
use super::credentials::CredentialRow;
use super::ending;
use super::view::CardInView;
use crate::accounts;
use crate::app::Services;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::mail::{self, Letter};
use crate::organizations::{self, OrganizationRow};
use crate::quota::Quota;

/// The fields by which a person is recognised at the sign-in through Госуслуги.
pub(super) const NAME: &str = "ФИО";
pub(super) const EMAIL: &str = "e-mail";

/// Tells the old e-mail of a card and the head of its organization that ФИО or e-mail were changed: by both a person
/// is recognised at the sign-in through Госуслуги. Each mailbox is told of a card and of the same fields once an
/// hour, so that typing twice is one letter.
///
/// # Errors
/// The database fails.
pub(super) fn tell_of_change(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: &CardInView,
    (before, after): (&Person, &Person),
) -> Result<(), DbError> {
    let mut changed = Vec::new();
    if before.name != after.name {
        changed.push(NAME);
    }
    if before.email != after.email {
        changed.push(EMAIL);
    }
    if changed.is_empty() {
        return Ok(());
    }
    let changed = changed.join(", ");
    let organization = &card.organization.short_name;
    if let Some(old) = &before.email {
        let letter = Letter::new("card.changed", old, "В вашей карточке сотрудника в ЭПОС изменены данные")
            .text("Здравствуйте. В карточке сотрудника, где был указан этот e-mail, изменены данные, по которым вас узнают при входе через Госуслуги.")
            .facts([("Организация", organization.clone()), ("Изменено", changed.clone())])
            .text("Если вы об этом не просили, обратитесь к администратору «Контингента» вашей организации или в техподдержку.")
            .link("Портал ЭПОС", services.origin.text.clone());
        send_once_an_hour(conn, services, card.row.id, &changed, &letter)?;
    }
    for head in heads_but(conn, services, asker, card)? {
        let letter = Letter::new("card.changed_head", &head, "Изменены данные карточки сотрудника")
            .text("Здравствуйте. В карточке сотрудника вашей организации изменены данные, по которым человека узнают при входе через Госуслуги.")
            .facts([
                ("Организация", organization.clone()),
                ("Логин карточки", card.row.login.clone()),
                ("Изменено", changed.clone()),
            ])
            .text("Если это ошибка, исправьте карточку. Кто и что изменил, видно в журнале.")
            .link("Открыть карточку", format!("{}/kontingent/employees/{}", services.origin.text, card.row.id));
        send_once_an_hour(conn, services, card.row.id, &changed, &letter)?;
    }
    Ok(())
}

/// What somebody else did to a head's card.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// Fields or roles are others now.
    Changed {
        /// Which, as the form calls them.
        what: Vec<&'static str>,
        /// Whether a head's role was added.
        becomes_heads: bool,
    },
    /// One-time credentials were issued.
    Issued,
    /// Card and account were taken apart.
    Unbound,
    /// The card went into the archive.
    Archived,
    /// Another card was joined to it.
    Merged,
}

impl Deed {
    /// What letters about it are counted by: a change of the telephone hides none of the e-mail.
    fn word(&self) -> String {
        match self {
            Self::Changed { what, .. } => what.join(", "),
            Self::Issued => "issued".to_owned(),
            Self::Unbound => "unbound".to_owned(),
            Self::Archived => "archived".to_owned(),
            Self::Merged => "merged".to_owned(),
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "Изменены данные или роли",
            Self::Issued => "Выдан новый одноразовый пароль",
            Self::Unbound => "Карточка отвязана от учётной записи",
            Self::Archived => "Карточка перенесена в архив",
            Self::Merged => "Карточка объединена с другой",
        }
    }
}

/// Tells a head and his department what somebody else did to the head's card (screens.md 18): nobody is told so of
/// other cards. A mailbox is told of a card and a deed, or of the same fields, once an hour, and not what
/// [`tell_of_change`] has told it already.
///
/// # Errors
/// The database fails.
pub(super) fn tell_of_head(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: &CardInView,
    deed: &Deed,
) -> Result<(), DbError> {
    let (organization, today) = (&card.organization, services.context.today());
    let becomes_heads = matches!(deed, Deed::Changed { becomes_heads: true, .. });
    if !card.is_heads() && !becomes_heads {
        return Ok(());
    }
    let mut facts = vec![
        ("Организация", organization.short_name.clone()),
        ("Логин карточки", card.row.login.clone()),
        ("Что сделано", deed.title().to_owned()),
    ];
    if let Deed::Changed { what, .. } = deed {
        facts.push(("Изменено", what.join(", ")));
    }
    let own = own_address(conn, card)?;
    let is_told = matches!(deed, Deed::Changed { what, .. } if what.contains(&NAME) || what.contains(&EMAIL));
    let told = card_store::email(card.row.email.as_deref())?.filter(|_| is_told);
    if let Some(to) = own.as_ref().filter(|own| told.as_ref().map(Email::key) != Some(own.key())) {
        let letter = Letter::new(
            "card.own_head",
            to,
            "С вашей карточкой руководителя в ЭПОС работал другой человек",
        )
        .text("Здравствуйте. Вашу карточку сотрудника в ЭПОС изменил другой человек.")
        .facts(facts.clone())
        .text("Если вы об этом не знаете, сразу обратитесь в управление образованием или в техподдержку.")
        .link("Портал ЭПОС", services.origin.text.clone());
        send_once_an_hour(conn, services, card.row.id, &deed.word(), &letter)?;
    }
    let except: Vec<Id> = [Some(card.row.id), asker.card].into_iter().flatten().collect();
    let departments = ending::departments(conn, organization.id, organization.kind, &except, today)?;
    for to in departments.iter().filter(|to| own.as_ref().map(Email::key) != Some(to.key())) {
        let letter = Letter::new("card.head", to, "Изменена карточка руководителя организации")
            .text(
                "Здравствуйте. С карточкой руководителя подведомственной организации работал другой человек.",
            )
            .facts(facts.clone())
            .text("Кто и что сделал, видно в журнале.")
            .link(
                "Открыть карточку",
                format!("{}/kontingent/employees/{}", services.origin.text, card.row.id),
            );
        send_once_an_hour(conn, services, card.row.id, &deed.word(), &letter)?;
    }
    Ok(())
}

/// Where the person of a card reads his letters: the address of the account it is bound to, else the card's own.
fn own_address(conn: &mut Conn, card: &CardInView) -> Result<Option<Email>, DbError> {
    if let Some(bound) = card.binding
        && let Some(account) = accounts::find(conn, bound.account)?
    {
        return Ok(account.email.parse().ok());
    }
    Ok(card_store::email(card.row.email.as_deref())?)
}

/// The heads in force of a card's organization, but for the card's own and whoever acts.
fn heads_but(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: &CardInView,
) -> Result<Vec<Email>, DbError> {
    let except: Vec<Id> = [Some(card.row.id), asker.card].into_iter().flatten().collect();
    Ok(ending::heads(conn, card.row.organization_id, &except, services.context.today())?)
}

/// What became of a person's work in an organization.
#[derive(Debug, Clone, Copy)]
pub(super) enum Left<'a> {
    /// «Увольнение».
    Dismissed,
    /// «Перевод» into another organization.
    Transferred(&'a OrganizationRow),
}

/// Tells a person, the head of his organization (of both, where there are two), and of a head the department that the
/// roles of a card end with a day.
///
/// # Errors
/// The database fails.
pub(super) fn tell_of_leaving(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: &CardInView,
    (left, last_day): (Left<'_>, NaiveDate),
) -> Result<(), DbError> {
    let (organization, today) = (&card.organization, services.context.today());
    let mut facts = vec![("Организация", organization.short_name.clone())];
    if let Left::Transferred(into) = left {
        facts.push(("Новая организация", into.short_name.clone()));
    }
    facts.push(("Последний день", format_date(last_day)));
    let (subject, own_words, words) = match left {
        Left::Dismissed => (
            "В ЭПОС записано увольнение",
            "В вашей карточке сотрудника в ЭПОС записан последний день работы. После него доступ по этой карточке закроется.",
            "В карточке сотрудника записано увольнение: все её роли закончатся с последним днём.",
        ),
        Left::Transferred(_) => (
            "В ЭПОС записан перевод в другую организацию",
            "В ЭПОС записан ваш перевод в другую организацию. После последнего дня доступ по прежней карточке закроется, новая откроет его там.",
            "В карточке сотрудника записан перевод в другую организацию: все её роли закончатся с последним днём.",
        ),
    };
    if let Some(own) = card_store::email(card.row.email.as_deref())? {
        let letter = Letter::new("card.left", &own, subject)
            .text(format!("Здравствуйте. {own_words}"))
            .facts(facts.clone())
            .text("Если это ошибка, обратитесь к администратору «Контингента» вашей организации.")
            .link("Портал ЭПОС", services.origin.text.clone());
        mail::enqueue(conn, &services.context, &letter)?;
    }
    let except: Vec<Id> = [Some(card.row.id), asker.card].into_iter().flatten().collect();
    let mut to = ending::heads(conn, organization.id, &except, today)?;
    if card.is_heads() {
        to.extend(ending::departments(conn, organization.id, organization.kind, &except, today)?);
    }
    if let Left::Transferred(into) = left {
        to.extend(ending::heads(conn, into.id, &except, today)?);
    }
    to.sort_by_key(Email::key);
    to.dedup_by_key(|email| email.key());
    facts.push(("Логин карточки", card.row.login.clone()));
    for address in &to {
        let letter = Letter::new("card.left_head", address, subject)
            .text(format!("Здравствуйте. {words}"))
            .facts(facts.clone())
            .text("Кто и что изменил, видно в журнале.")
            .link("Открыть «Контингент»", format!("{}/kontingent/employees", services.origin.text));
        mail::enqueue(conn, &services.context, &letter)?;
    }
    Ok(())
}

/// Tells the e-mail of a card, and whoever issued its credentials, that it was bound.
///
/// # Errors
/// The database fails.
pub(super) fn tell_of_binding(
    conn: &mut Conn,
    services: &Services,
    card: &CardRow,
    credential: &CredentialRow,
) -> Result<(), DbError> {
    let organization = organizations::find(conn, card.organization_id)?
        .map(|organization| organization.short_name)
        .unwrap_or_default();
    let facts = || [("Организация", organization.clone()), ("Логин карточки", card.login.clone())];
    let own = card_store::email(card.email.as_deref())?;
    if let Some(to) = &own {
        let letter = Letter::new("card.bound", to, "Ваша карточка сотрудника в ЭПОС привязана")
            .text("Здравствуйте. Карточка сотрудника с этим e-mail привязана к учётной записи ЭПОС: кто-то ввёл её логин и одноразовый пароль.")
            .facts(facts())
            .text("Если это были не вы, сразу попросите администратора «Контингента» вашей организации отвязать карточку.")
            .link("Портал ЭПОС", services.origin.text.clone());
        mail::enqueue(conn, &services.context, &letter)?;
    }
    if let Some(to) = issuer(conn, credential)?.filter(|to| own.as_ref() != Some(to)) {
        let letter = Letter::new("card.bound_issuer", &to, "Карточка, пароль которой вы выдали, привязана")
            .text("Здравствуйте. Карточка сотрудника, одноразовый пароль которой выдали вы, привязана к учётной записи.")
            .facts(facts())
            .text("Если пароль попал не к тому человеку, отвяжите карточку.")
            .link("Открыть карточку", format!("{}/kontingent/employees/{}", services.origin.text, card.id));
        mail::enqueue(conn, &services.context, &letter)?;
    }
    Ok(())
}

fn send_once_an_hour(
    conn: &mut Conn,
    services: &Services,
    card: Id,
    deed: &str,
    letter: &Letter,
) -> Result<(), DbError> {
    let context = &services.context;
    let who = context.secrets().attempt_key(&letter.to.key());
    let quota = Quota::of("card-letter", &format!("{card}/{deed}/{who}"), 1, TimeDelta::hours(1));
    if quota.count(conn, context.db_now())?.is_ok() {
        mail::enqueue(conn, context, letter)?;
    }
    Ok(())
}

/// The address of who issued credentials: of the card he worked as, or of his account.
fn issuer(conn: &mut Conn, credential: &CredentialRow) -> Result<Option<Email>, DbError> {
    if let Some(card) = credential.issued_by_employee_id
        && let Some(row) = card_store::find(conn, card)?
        && let Some(email) = card_store::email(row.email.as_deref())?
    {
        return Ok(Some(email));
    }
    match credential.issued_by_account_id {
        None => Ok(None),
        Some(account) => {
            Ok(accounts::find(conn, account)?.and_then(|account| account.email.parse::<Email>().ok()))
        }
    }
}
