//! What the program does for recertifications: tells the heads of who is asked; once a day notes who has nothing left
//! to answer, and reminds the heads of the others, once before the last day and once after it.

use chrono::NaiveDate;
use epos_shared::values::{Email, format_date};

use super::store::{self, Asked, Campaign, Reminder};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::kontingent::ending;
use crate::mail::{self, Letter};
use crate::organizations;

/// How many days before the last one the first letter is sent.
const DAYS_BEFORE: i64 = 7;
/// So many organizations at once.
const BATCH: i64 = 100;

/// Looks after some organizations that have not answered, behind the place where the last batch ended; answers that
/// place, or nothing where there are no more. Nobody is reminded twice of the same; where nobody heads an organization,
/// it is tried again the next day.
///
/// # Errors
/// The database fails.
pub async fn tend(services: &Services, after: Option<(Id, Id)>) -> Result<Option<(Id, Id)>, DbError> {
    each(services, after, false).await
}

/// Tells the heads of some organizations what they are asked, where nobody was told yet; as [`tend`] otherwise.
///
/// # Errors
/// The database fails.
pub async fn tell(services: &Services, after: Option<(Id, Id)>) -> Result<Option<(Id, Id)>, DbError> {
    each(services, after, true).await
}

async fn each(
    services: &Services,
    after: Option<(Id, Id)>,
    untold: bool,
) -> Result<Option<(Id, Id)>, DbError> {
    let waiting = services
        .db
        .read::<_, DbError, _>(move |conn| Ok(store::waiting(conn, after, untold, BATCH)?))
        .await?;
    let last = waiting.last().copied();
    for (campaign, organization) in waiting {
        let tools = services.clone();
        services
            .db
            .write_tx::<_, DbError, _>(move |conn| tend_one(conn, &tools, campaign, organization, untold))
            .await?;
    }
    Ok(last)
}

/// Which letter is due on a day.
fn due(last_day: NaiveDate, today: NaiveDate) -> Option<Reminder> {
    match (last_day - today).num_days() {
        left if left < 0 => Some(Reminder::After),
        left if left <= DAYS_BEFORE => Some(Reminder::Before),
        _ => None,
    }
}

fn tend_one(
    conn: &mut Conn,
    services: &Services,
    campaign: Id,
    organization: Id,
    untold: bool,
) -> Result<(), DbError> {
    let context = &services.context;
    let (now, today) = (context.db_now(), context.today());
    let Some(campaign) = store::find(conn, campaign)?.filter(|campaign| campaign.ended_at.is_none()) else {
        return Ok(());
    };
    let numbers = store::numbers(conn, Asked::by(&campaign, context), &[organization])?;
    let left = numbers.get(&organization).map_or(0, |numbers| numbers.left);
    if left == 0 {
        // The roles that were left have ended, or their cards are gone to other organizations.
        store::note_answered(conn, campaign.id, organization, now)?;
        return Ok(());
    }
    let reminder = if untold { Some(Reminder::First) } else { due(campaign.due_on, today) };
    let Some(reminder) = reminder else { return Ok(()) };
    let heads = ending::heads(conn, organization, &[], today)?;
    let row = (campaign.id, organization);
    if heads.is_empty() || !store::note_reminder(conn, row, reminder, now)? {
        return Ok(());
    }
    // Whoever is told shortly before the last day, or after it, is not reminded on the same day too.
    let other = if untold { due(campaign.due_on, today) } else { Some(Reminder::First) };
    if let Some(other) = other {
        store::note_reminder(conn, row, other, now)?;
    }
    let Some(place) = organizations::find(conn, organization)? else { return Ok(()) };
    for address in &heads {
        mail::enqueue(
            conn,
            context,
            &letter(services, address, &place.short_name, &campaign, reminder, left),
        )?;
    }
    let action = if untold { "recertification.told" } else { "recertification.reminded" };
    let event = Event::done(action, "organization", organization).in_organization(organization).with(
        serde_json::json!({
            "recertification": campaign.id.to_string(), "left": left, "letters": heads.len(),
        }),
    );
    audit::record(conn, context, &audit::Actor::program(), event)
}

fn letter(
    services: &Services,
    to: &Email,
    short_name: &str,
    campaign: &Campaign,
    reminder: Reminder,
    left: u32,
) -> Letter {
    let last_day = format_date(campaign.due_on);
    let asked = if campaign.due_on < services.context.today() {
        format!("Срок ответа закончился {last_day}. Ответить ещё можно.")
    } else {
        format!("Ответить нужно до {last_day} включительно.")
    };
    let kind = match reminder {
        Reminder::First => "recertification.asked",
        Reminder::Before | Reminder::After => "recertification.reminder",
    };
    Letter::new(kind, to, &format!("Подтвердите, кто работает: {short_name}"))
        .text(format!(
            "Здравствуйте. Подтвердите, что сотрудники организации «{short_name}» работают у вас, и отметьте тех, \
             кто больше не работает."
        ))
        .facts([("Осталось ответить", left.to_string())])
        .text(asked)
        .link("Открыть список", format!("{}/kontingent/recertification", services.origin.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_before_and_the_day_after() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let last_day = day("2026-12-15");
        let due = |today: &str| due(last_day, day(today));
        assert_eq!(due("2026-12-07"), None);
        assert_eq!(due("2026-12-08"), Some(Reminder::Before));
        assert_eq!(due("2026-12-15"), Some(Reminder::Before), "the last day itself is not over");
        assert_eq!(due("2026-12-16"), Some(Reminder::After));
        assert_eq!(due("2027-02-01"), Some(Reminder::After));
    }
}
