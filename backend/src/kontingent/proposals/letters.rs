//! The letters of the queue: facts alone, no value of a card.

use chrono::TimeDelta;
use epos_shared::api::proposals::{ProposalKind, ProposalState};
use epos_shared::values::Email;

use super::store::Row;
use crate::accounts;
use crate::app::Services;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::kontingent::ending;
use crate::mail::{self, Letter};
use crate::organizations::{self, OrganizationRow};
use crate::quota::Quota;

/// Tells the department in force above an organization that something waits for it; each mailbox once a day, whatever
/// comes after: the queue has all of it.
pub(super) fn tell_departments(
    conn: &mut Conn,
    services: &Services,
    organization: &OrganizationRow,
    kind: ProposalKind,
) -> Result<(), DbError> {
    let context = &services.context;
    let to = ending::departments(conn, organization.id, organization.kind, &[], context.today())?;
    for address in &to {
        let who = context.secrets().attempt_key(&address.key());
        let quota = Quota::of("proposal-letter", &who, 1, TimeDelta::days(1));
        if quota.count(conn, context.db_now())?.is_err() {
            continue;
        }
        let letter = Letter::new("proposal.waiting", address, "ЭПОС: изменение ждёт вашего подтверждения")
            .text("Здравствуйте. Сотрудник организации предложил изменить карточку руководителя. Пока вы не подтвердите, в карточке ничего не меняется.")
            .facts([
                ("Организация", organization.short_name.clone()),
                ("Что предложено", kind.title().to_owned()),
            ])
            .text("Такие письма приходят не чаще раза в день. Всё, что ждёт, собрано в очереди.")
            .link("Открыть очередь", format!("{}/kontingent/queues/confirmations", services.origin.text));
        mail::enqueue(conn, context, &letter)?;
    }
    Ok(())
}

/// Tells the author what was decided.
pub(super) fn tell_author(
    conn: &mut Conn,
    services: &Services,
    row: &Row,
    (state, reason, card): (ProposalState, Option<&str>, Option<Id>),
) -> Result<(), DbError> {
    let address =
        accounts::find(conn, row.author_account_id)?.and_then(|account| account.email.parse::<Email>().ok());
    let Some(to) = address else { return Ok(()) };
    let organization = organizations::find(conn, row.organization_id)?
        .map(|organization| organization.short_name)
        .unwrap_or_default();
    let kind = row.kind()?;
    let facts = vec![("Организация", organization), ("Что предложено", kind.title().to_owned())];
    let portal = &services.origin.text;
    let letter = if state == ProposalState::Approved {
        let letter = Letter::new("proposal.approved", &to, "ЭПОС: ваше изменение подтверждено")
            .text("Здравствуйте. Изменение карточки руководителя, которое вы предложили, подтверждено и выполнено.")
            .facts(facts);
        let letter = if kind == ProposalKind::Create {
            letter.text("Логин и пароль для руководителя выдайте на карточке кнопкой «Сбросить пароль».")
        } else {
            letter
        };
        match card {
            Some(card) => letter.link("Открыть карточку", format!("{portal}/kontingent/employees/{card}")),
            None => letter,
        }
    } else {
        let reason = reason.unwrap_or_default().to_owned();
        Letter::new("proposal.declined", &to, "ЭПОС: ваше изменение отклонено")
            .text("Здравствуйте. Изменение карточки руководителя, которое вы предложили, отклонено. В карточке ничего не изменилось.")
            .facts(facts.into_iter().chain([("Причина", reason)]))
            .link("Открыть предложение", format!("{portal}/kontingent/queues/confirmations/{}", row.id))
    };
    mail::enqueue(conn, &services.context, &letter)?;
    Ok(())
}
