//! «Подтвердите, что эти люди работают у вас»: support or a department asks the organizations in its view, those who
//! keep the cards there answer for each role that was in force when it started. What is asked is found anew each
//! time: a role that has ended needs no answer any more, one that was given later never did.

pub(super) mod routes;
mod store;
mod tend;

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, TimeDelta};
use epos_shared::api::bulk::{BulkOutcome, BulkResult};
use epos_shared::api::recertification::{
    Answered, Recertification, RecertificationAnswer, RecertificationAnswered, RecertificationNumbers,
    RecertificationPeople, RecertificationPerson, RecertificationQuery, RecertificationRow,
    RecertificationRows, RecertificationStarted, Recertifications,
};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::recertification::RecertificationAction;
use epos_shared::rights::Relation;
use epos_shared::values::RoleState;
use serde_json::json;
use uuid::Uuid;

use self::store::{Asked, By, Campaign, NewCampaign};
use super::actor::{Asker, StaffOf};
use super::support::Attempt;
use super::{card_store, gate, list, list_store, together};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::cursor::{open, seal};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::organizations::{self, Scope};
use crate::quota::Quota;
use crate::tables::Line;

pub(super) use store::follow;
pub use tend::{tell, tend};

/// So often a department, or support, starts one within a day.
const STARTED_DAILY: u32 = 5;
/// Recertifications that are listed.
const LISTED: i64 = 100;
/// What a cursor of organizations begins with, and one of people.
const ORGANIZATIONS: u8 = 129;
const PEOPLE: u8 = 130;

/// A place in the order of names.
type Place = (String, Id);

fn cursor(form: u8, (key, id): &Place) -> String {
    let mut bytes = vec![form];
    bytes.extend_from_slice(id.0.as_bytes());
    bytes.extend_from_slice(key.as_bytes());
    seal(bytes)
}

fn place(form: u8, cursor: &str) -> Option<Place> {
    let bytes = open(cursor)?;
    let (id, key) = bytes.strip_prefix(&[form])?.split_at_checked(16)?;
    Some((String::from_utf8(key.to_vec()).ok()?, Id(Uuid::from_slice(id).ok()?)))
}

fn behind(form: u8, after: Option<&String>) -> Result<Option<Place>, ApiError> {
    let Some(after) = after else { return Ok(None) };
    match place(form, after) {
        Some(place) => Ok(Some(place)),
        None => Err(Problem::new(ProblemCode::InvalidCursor).with_detail("Откройте список с начала.").into()),
    }
}

fn ended() -> ApiError {
    Problem::new(ProblemCode::AlreadyDecided)
        .with_detail("Подтверждение завершено: отвечать больше не нужно.")
        .into()
}

fn wanted(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

impl StaffOf<'_> {
    fn may_end(&self, campaign: &Campaign) -> bool {
        let relation = match campaign.department_id {
            Some(department) if department == self.own_organization() => Relation::Same,
            _ => Relation::Elsewhere,
        };
        self.may_recertify(RecertificationAction::Ask, relation)
    }

    fn answers(&self) -> bool {
        self.may_recertify(RecertificationAction::Answer, Relation::Same)
    }

    /// Recertifications as they are shown; those that ask nobody in view are left out.
    fn show_campaigns(
        &self,
        conn: &mut Conn,
        campaigns: &[Campaign],
        today: NaiveDate,
    ) -> Result<Vec<Recertification>, ApiError> {
        let ids: Vec<Id> = campaigns.iter().map(|campaign| campaign.id).collect();
        let progress = store::progress(conn, &ids, self.scope())?;
        let departments: Vec<Id> = campaigns.iter().filter_map(|campaign| campaign.department_id).collect();
        let departments: HashMap<Id, _> = organizations::find_all(conn, &departments)?
            .into_iter()
            .map(|row| (row.id, row.summary()))
            .collect();
        Ok(campaigns
            .iter()
            .filter_map(|campaign| {
                let (organizations, answered) = *progress.get(&campaign.id)?;
                Some(Recertification {
                    id: campaign.id.into(),
                    department: campaign.department_id.and_then(|id| departments.get(&id).cloned()),
                    due_on: campaign.due_on,
                    started_at: campaign.started_at.and_utc(),
                    ended_at: campaign.ended_at.map(|at| at.and_utc()),
                    overdue: campaign.ended_at.is_none()
                        && campaign.due_on < today
                        && answered < organizations,
                    organizations,
                    answered,
                    may_end: campaign.ended_at.is_none() && self.may_end(campaign),
                    may_answer: campaign.ended_at.is_none() && self.answers(),
                })
            })
            .collect())
    }

    /// A recertification that asks somebody in view.
    fn campaign(
        &self,
        conn: &mut Conn,
        id: Id,
        today: NaiveDate,
    ) -> Result<(Campaign, Recertification), ApiError> {
        let campaign = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
        let shown = self.show_campaigns(conn, std::slice::from_ref(&campaign), today)?.pop();
        Ok((campaign, shown.ok_or(ProblemCode::NotFound)?))
    }

    /// One that the own organization answers now.
    fn own_campaign(&self, conn: &mut Conn, id: Id) -> Result<Campaign, ApiError> {
        let campaign = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
        if !store::is_asked(conn, id, self.own_organization())? {
            return Err(ProblemCode::NotFound.into());
        }
        if !self.answers() {
            return Err(ProblemCode::Forbidden.into());
        }
        if campaign.ended_at.is_some() { Err(ended()) } else { Ok(campaign) }
    }

    /// What was asked in view, the latest first.
    fn recertifications(&self, conn: &mut Conn, today: NaiveDate) -> Result<Recertifications, ApiError> {
        let latest = store::latest(conn, self.scope(), LISTED)?;
        Ok(Recertifications {
            today,
            may_start: self.may_recertify(RecertificationAction::Ask, Relation::Same),
            items: self.show_campaigns(conn, &latest, today)?,
        })
    }

    /// Asks every organization in view that has a head of its own and somebody to answer for, but those that are
    /// asked already.
    fn start_recertification(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        due_on: NaiveDate,
    ) -> Result<RecertificationStarted, ApiError> {
        let context = &services.context;
        let today = context.today();
        if !self.may_recertify(RecertificationAction::Ask, Relation::Same) {
            return Err(ProblemCode::Forbidden.into());
        }
        let scope = self.scope();
        let with_staff: HashSet<Id> = store::with_staff(conn, scope, today)?.into_iter().collect();
        let busy: HashSet<Id> = store::asked_already(conn)?.into_iter().collect();
        let (asked_already, ids): (Vec<Id>, Vec<Id>) = organizations::within(conn, scope)?
            .into_iter()
            .map(|place| place.row)
            .filter(|row| row.is_open(today) && self.asks(row.kind) && with_staff.contains(&row.id))
            .map(|row| row.id)
            .partition(|id| busy.contains(id));
        if ids.is_empty() {
            let detail = if asked_already.is_empty() {
                "Спрашивать некого: ни в одной подчинённой организации нет действующих ролей."
            } else {
                "Все организации ещё отвечают на другое подтверждение. Новое можно начать, когда они ответят или его завершат."
            };
            return Err(Problem::new(ProblemCode::AlreadyDecided).with_detail(detail).into());
        }
        // Each is a letter to every head.
        let whose = if scope == Scope::All { "all".to_owned() } else { self.own_organization().to_string() };
        let quota = Quota::of("recertification", &whose, STARTED_DAILY, TimeDelta::days(1));
        if let Err(exceeded) = quota.count(conn, context.db_now())? {
            return Err(ApiError::too_many_requests(
                exceeded.retry_after,
                "Сегодня подтверждение уже начинали пять раз. Руководителям приходит письмо о каждом: продолжите завтра.",
            ));
        }
        let number = |ids: &[Id]| u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let new = NewCampaign {
            id: context.id(),
            department_id: (scope != Scope::All).then_some(self.own_organization()),
            due_on,
            started_at: context.db_now(),
            started_by_account_id: self.account(),
            started_by_employee_id: self.card_id(),
        };
        store::insert(conn, &new, &ids)?;
        let event = Event::done("recertification.started", "recertification", new.id)
            .in_organization(self.own_organization())
            .with(json!({ "due_on": due_on, "organizations": number(&ids) }));
        audit::record(conn, context, &asker.journal, event)?;
        Ok(RecertificationStarted {
            id: new.id.into(),
            organizations: number(&ids),
            asked_already: number(&asked_already),
        })
    }

    /// Ends one: nothing is answered any more, nobody is reminded.
    fn end_recertification(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: Id,
    ) -> Result<Recertification, ApiError> {
        let context = &services.context;
        let (campaign, _) = self.campaign(conn, id, context.today())?;
        if !self.may_end(&campaign) {
            return Err(ProblemCode::Forbidden.into());
        }
        if !store::end(conn, id, context.db_now())? {
            return Err(ended());
        }
        let event = Event::done("recertification.ended", "recertification", id)
            .in_organization(self.own_organization());
        audit::record(conn, context, &asker.journal, event)?;
        Ok(self.campaign(conn, id, context.today())?.1)
    }

    /// How far the organizations in view are.
    fn recertification_rows(
        &self,
        conn: &mut Conn,
        services: &Services,
        id: Id,
        query: &RecertificationQuery,
    ) -> Result<RecertificationRows, ApiError> {
        let limit = list::limit(query.limit)?;
        let after = behind(ORGANIZATIONS, query.after.as_ref())?;
        let today = services.context.today();
        let (campaign, recertification) = self.campaign(conn, id, today)?;
        let waiting = query.waiting.unwrap_or(false);
        let mut found =
            store::organizations_of(conn, id, self.scope(), waiting, after.as_ref(), wanted(limit))?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next =
            found.last().filter(|_| more).map(|(id, key, _)| cursor(ORGANIZATIONS, &(key.clone(), *id)));
        let ids: Vec<Id> = found.iter().map(|row| row.0).collect();
        let numbers = store::numbers(conn, Asked::by(&campaign, &services.context), &ids)?;
        let headed = store::headed(conn, &ids, today)?;
        let rows: HashMap<Id, _> =
            organizations::find_all(conn, &ids)?.into_iter().map(|row| (row.id, row)).collect();
        let items = found.into_iter().filter_map(|(id, _, answered_at)| {
            let row = rows.get(&id)?;
            Some(RecertificationRow {
                organization: row.summary(),
                town: row.town.clone(),
                numbers: numbers.get(&id).copied().unwrap_or_default(),
                answered_at: answered_at.map(|at| at.and_utc()),
                has_head: headed.contains(&id),
            })
        });
        Ok(RecertificationRows { recertification, items: items.collect(), next })
    }

    /// Whom the own organization has to answer for.
    fn people_to_answer(
        &self,
        conn: &mut Conn,
        services: &Services,
        id: Id,
        query: &RecertificationQuery,
    ) -> Result<RecertificationPeople, ApiError> {
        let limit = list::limit(query.limit)?;
        let after = behind(PEOPLE, query.after.as_ref())?;
        let today = services.context.today();
        let own = self.own_organization();
        let campaign = self.own_campaign(conn, id)?;
        let which = Asked::by(&campaign, &services.context);
        let mut found = store::people(conn, which, own, after.as_ref(), limit + 1)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|row| cursor(PEOPLE, &(row.4.clone(), row.0)));
        let cards: Vec<Id> = found.iter().map(|row| row.0).collect();
        let mut roles = list_store::roles(conn, &cards)?;
        let mut items = Vec::with_capacity(found.len());
        for (card, family, given, patronymic, _) in found {
            let mut of = list::assignments(&roles.remove(&card).unwrap_or_default(), today)?;
            of.retain(|role| role.state == RoleState::InForce);
            items.push(RecertificationPerson {
                id: card.into(),
                name: card_store::full_name(&family, &given, patronymic.as_deref())?,
                roles: of,
            });
        }
        let organization = organizations::find(conn, own)?.ok_or(ProblemCode::NotFound)?;
        Ok(RecertificationPeople {
            recertification: self.campaign(conn, id, today)?.1,
            organization: organization.summary(),
            numbers: self.own_numbers(conn, which)?,
            items,
            next,
        })
    }

    fn own_numbers(&self, conn: &mut Conn, which: Asked) -> Result<RecertificationNumbers, ApiError> {
        let own = self.own_organization();
        Ok(store::numbers(conn, which, &[own])?.get(&own).copied().unwrap_or_default())
    }

    fn by(&self, services: &Services) -> By {
        By { account: self.account(), card: self.card_id(), at: services.context.db_now() }
    }

    /// Some cards, or everybody who is left, work there; answers how many are left then.
    fn confirm(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: Id,
        (cards, shown): (Option<&[Id]>, Option<u32>),
    ) -> Result<u32, ApiError> {
        let own = self.own_organization();
        let which = Asked::by(&self.own_campaign(conn, id)?, &services.context);
        let left = self.own_numbers(conn, which)?.left;
        if shown.is_some_and(|shown| shown != left) {
            // What was confirmed is what was seen.
            return Err(Problem::new(ProblemCode::VersionConflict)
                .with_detail("Список изменился: посмотрите его ещё раз.")
                .into());
        }
        store::answer(conn, which, own, cards, RecertificationAnswer::Works, self.by(services))?;
        let now = self.settle(conn, services, which, id)?;
        if now < left {
            let event = Event::done("recertification.answered", "organization", own)
                .in_organization(own)
                .with(json!({ "recertification": id.to_string(), "answer": "works", "cards": left - now }));
            audit::record(conn, &services.context, &asker.journal, event)?;
        }
        Ok(now)
    }

    /// A card does not work there any more: its roles end, by the rights of whoever keeps it. Answers whether there
    /// was anything to answer.
    fn part_with(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: Id,
        (card, last_day): (EmployeeId, NaiveDate),
    ) -> Result<bool, ApiError> {
        let own = self.own_organization();
        let which = Asked::by(&self.own_campaign(conn, id)?, &services.context);
        let cards = [Id::from(card)];
        let by = self.by(services);
        if store::answer(conn, which, own, Some(&cards), RecertificationAnswer::Gone, by)? == 0 {
            return Ok(false);
        }
        self.end_roles(conn, services, asker, card, last_day)?;
        let event = Event::done("recertification.answered", "employee", card.into())
            .in_organization(own)
            .with(json!({ "recertification": id.to_string(), "answer": "gone", "last_day": last_day }));
        audit::record(conn, &services.context, &asker.journal, event)?;
        self.settle(conn, services, which, id)?;
        Ok(true)
    }

    /// Notes it where nothing is left; answers how many are.
    fn settle(&self, conn: &mut Conn, services: &Services, which: Asked, id: Id) -> Result<u32, ApiError> {
        let left = self.own_numbers(conn, which)?.left;
        if left == 0 {
            store::note_answered(conn, id, self.own_organization(), services.context.db_now())?;
        }
        Ok(left)
    }
}

/// What is tried, for the journal, where it is refused.
const fn attempt(action: &'static str) -> Attempt {
    Attempt { action, object_kind: "recertification", object: None }
}

/// Answers. Those who are gone are told one by one, each in a transaction of its own, as when many cards are changed
/// at once.
async fn answer(
    services: &Services,
    asker: Asker,
    id: Id,
    answered: Answered,
) -> Result<RecertificationAnswered, ApiError> {
    let what = attempt("recertification.answered");
    let (cards, shown) = match answered {
        Answered::Gone(cards, last_day) => return gone(services, asker, id, &cards, last_day).await,
        Answered::Everybody(shown) => (None, Some(shown)),
        Answered::Works(cards) => (Some(cards.into_iter().map(Id::from).collect::<Vec<_>>()), None),
    };
    let left = gate::change(services, asker, what, move |conn, services, who, staff| {
        staff.confirm(conn, services, who, id, (cards.as_deref(), shown))
    });
    Ok(RecertificationAnswered { results: Vec::new(), left: left.await? })
}

async fn gone(
    services: &Services,
    asker: Asker,
    id: Id,
    cards: &[EmployeeId],
    last_day: NaiveDate,
) -> Result<RecertificationAnswered, ApiError> {
    // Who may not answer at all is told once.
    gate::read(services, asker.clone(), move |conn, _, staff| staff.own_campaign(conn, id).map(|_| ()))
        .await?;
    let mut results = Vec::with_capacity(cards.len());
    for card in cards.iter().copied() {
        let word = "employee.role_ended";
        let done =
            gate::write(services, asker.clone(), word, Some(card), move |conn, services, who, staff| {
                let (name, organization) = staff.title(conn, services, card)?;
                let done = staff.part_with(conn, services, who, id, (card, last_day))?;
                let outcome = if done { BulkOutcome::Done } else { BulkOutcome::Unchanged };
                Ok(BulkResult {
                    id: card,
                    outcome,
                    name,
                    organization,
                    message: String::new(),
                    code: None,
                    credentials: None,
                })
            });
        results.push(match done.await {
            Ok(result) => result,
            Err(error) => together::refused(services, asker.clone(), card, &error).await,
        });
    }
    let left = gate::read(services, asker, move |conn, services, staff| {
        let campaign = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
        Ok(staff.own_numbers(conn, Asked::by(&campaign, &services.context))?.left)
    });
    Ok(RecertificationAnswered { results, left: left.await? })
}

/// The headings of the file.
const HEADINGS: [&str; 8] = [
    "Организация",
    "Вид",
    "Населённый пункт",
    "Осталось ответить",
    "Работают",
    "Больше не работают",
    "Ответили полностью",
    "Есть руководитель",
];

/// The organizations in view as rows of a file, read part by part through the view as it is then.
async fn lines(services: &Services, asker: Asker, id: Id) -> Result<Vec<Line>, ApiError> {
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let query = RecertificationQuery { after, limit: Some(100), ..RecertificationQuery::default() };
        let page = gate::read(services, asker.clone(), move |conn, services, staff| {
            staff.recertification_rows(conn, services, id, &query)
        })
        .await?;
        lines.extend(page.items.iter().map(|row| {
            vec![
                row.organization.short_name.clone(),
                row.organization.kind.title().to_owned(),
                row.town.clone(),
                row.numbers.left.to_string(),
                row.numbers.works.to_string(),
                row.numbers.gone.to_string(),
                row.answered_at.map(|at| services.context.shown(at)).unwrap_or_default(),
                if row.has_head { "да" } else { "нет" }.to_owned(),
            ]
        }));
        after = page.next;
        if after.is_none() {
            return Ok(lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_refused_where_damaged() {
        let here = ("иванова анна".to_owned(), Id(Uuid::from_u128(7)));
        let written = cursor(PEOPLE, &here);
        assert_eq!(place(PEOPLE, &written), Some(here));
        assert_eq!(place(ORGANIZATIONS, &written), None);
        for nonsense in ["", "AAAA", &written[1..], &seal(vec![PEOPLE; 3])] {
            assert_eq!(place(PEOPLE, nonsense), None);
        }
    }
}
