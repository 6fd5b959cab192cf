//! Whether somebody who is about to get a card has one already. It is asked before the transaction of the save, for
//! it is advice: two people who enter one person at the same moment get two cards, and merge them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::prelude::*;
use epos_shared::api::employees::{EmployeeDraft, EmployeeRow, NewEmployeeDraft, Person};
use epos_shared::api::same_person::LikelyDuplicates;
use epos_shared::ids::EmployeeId;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::rights::Verdict;
use epos_shared::search::search_key;
use serde_json::json;

use super::actor::{Asker, StaffOf};
use super::card_store::CardRow;
use super::likeness::{Letters, Written};
use super::list_store::ListRow;
use super::{gate, list};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::db::schema::employees;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::quota::Quota;

/// Names of one organization at most that are looked through, in the order of the alphabet.
const OF_ORGANIZATION: i64 = 5_000;
/// Cards of one address, of one СНИЛС at most: a mailbox is one person's, or a whole school's.
const OF_ADDRESS: i64 = 200;
/// Cards of close names at most that are read whole.
const READ: usize = 100;
/// Cards at most that are shown.
const SHOWN: usize = 5;
/// So many times a day somebody is told that there is a card in another organization: whoever enters staff is told
/// now and then, whoever asks for the staff of others is not answered.
const TOLD_ELSEWHERE: u32 = 40;
/// That he was told, as the journal has it.
const FOUND_ELSEWHERE: &str = "employee.found_elsewhere";
/// Cards that get the key of their СНИЛС at once.
const BATCH: i64 = 500;

/// What is suspected.
#[derive(Debug, Clone)]
pub struct Suspicion {
    cards: Vec<EmployeeRow>,
    elsewhere: u32,
    organization: Id,
    name: String,
}

/// Whose card it is.
struct Sought<'a> {
    organization: Id,
    person: &'a Person,
    /// The card and what it held before: who was alike already is no news.
    before: Option<(Id, &'a Person)>,
}

fn written(person: &Person) -> Written {
    Written::of(&person.name, person.email.as_ref(), person.snils.as_ref())
}

impl StaffOf<'_> {
    /// Who may be the person of a new card; nothing where nobody may, and where the card cannot be saved anyway, or
    /// proposed where that verdict is enough.
    ///
    /// # Errors
    /// The database fails.
    pub(super) fn suspects_of_new(
        &self,
        conn: &mut Conn,
        services: &Services,
        draft: &NewEmployeeDraft,
        least: Verdict,
    ) -> Result<Option<Suspicion>, ApiError> {
        let today = services.context.today();
        let Some(id) = draft.organization_id else { return Ok(None) };
        let place = self.organization(conn, id.into())?;
        let Some((organization, relation)) = place.filter(|(organization, _)| organization.is_open(today))
        else {
            return Ok(None);
        };
        let place = Some((&organization, relation));
        let Ok(new) = self.judge_from(draft, place, today, least) else { return Ok(None) };
        let sought = Sought { organization: organization.id, person: &new.person, before: None };
        suspects(conn, &services.context, &sought)
    }

    /// Who may be the person of a card whose ФИО, e-mail or СНИЛС change; nothing as for a new card.
    ///
    /// # Errors
    /// `not-found`; the database fails.
    pub(super) fn suspects_of_change(
        &self,
        conn: &mut Conn,
        services: &Services,
        id: EmployeeId,
        draft: &EmployeeDraft,
        least: Verdict,
    ) -> Result<Option<Suspicion>, ApiError> {
        let today = services.context.today();
        let card = self.card(conn, id, today)?;
        if card.changeable().is_err() || draft.version != i64::from(card.row.version) {
            return Ok(None);
        }
        let before = card.row.person(services.context.secrets())?;
        let judged = self.judge_change_from(&card, &before, draft, today, least);
        let Ok((input, _, _)) = judged else { return Ok(None) };
        if written(&input.person) == written(&before) {
            return Ok(None);
        }
        let sought = Sought {
            organization: card.row.organization_id,
            person: &input.person,
            before: Some((card.row.id, &before)),
        };
        suspects(conn, &services.context, &sought)
    }
}

/// Looks for them: by the names of the organization, and everywhere by e-mail and СНИЛС.
fn suspects(conn: &mut Conn, context: &Context, sought: &Sought<'_>) -> Result<Option<Suspicion>, ApiError> {
    let (secrets, person) = (context.secrets(), written(sought.person));
    let before = sought.before.map(|(id, before)| (id, written(before)));
    let mut rows: BTreeMap<Id, CardRow> = BTreeMap::new();
    let mut keep = |found: Vec<CardRow>| rows.extend(found.into_iter().map(|row| (row.id, row)));
    let living = || employees::table.filter(employees::archived_at.is_null());
    keep(close_names(conn, sought)?);
    if let Some(email) = &sought.person.email {
        let same = living().filter(employees::email_key.eq(email.key())).limit(OF_ADDRESS);
        keep(same.select(CardRow::as_select()).load(conn)?);
    }
    if let Some(snils) = &sought.person.snils {
        let same = living().filter(employees::snils_key.eq(secrets.snils_key(snils))).limit(OF_ADDRESS);
        keep(same.select(CardRow::as_select()).load(conn)?);
    }
    let (mut near, mut elsewhere) = (Vec::new(), 0_u32);
    for row in rows.into_values() {
        let other = written(&row.person(secrets)?);
        let is_here = row.organization_id == sought.organization;
        let alike = |one: &Written| if is_here { one.may_be(&other) } else { one.is(&other) };
        if !alike(&person) || before.as_ref().is_some_and(|(id, before)| *id == row.id || alike(before)) {
            continue;
        }
        if is_here {
            near.push((person.rank(&other), row.id));
        } else {
            elsewhere += 1;
        }
    }
    if near.is_empty() && elsewhere == 0 {
        return Ok(None);
    }
    near.sort_unstable();
    let ids: Vec<Id> = near.into_iter().take(SHOWN).map(|(_, id)| id).collect();
    Ok(Some(Suspicion {
        cards: shown(conn, context, &ids)?,
        elsewhere,
        organization: sought.organization,
        name: sought.person.name.to_string(),
    }))
}

/// The cards of the organization whose names may be close: its index holds all that is asked of most of them.
fn close_names(conn: &mut Conn, sought: &Sought<'_>) -> QueryResult<Vec<CardRow>> {
    let names: Vec<(Id, String)> = employees::table
        .filter(employees::organization_id.eq(sought.organization))
        .filter(employees::archived_at.is_null())
        .order((employees::name_key.asc(), employees::id.asc()))
        .limit(OF_ORGANIZATION)
        .select((employees::id, employees::name_key))
        .load(conn)?;
    let letters = Letters::of(&search_key(&sought.person.name.to_string()));
    let close = names.into_iter().filter(|(_, name)| letters.may_be_close(&Letters::of(name)));
    let ids: Vec<Id> = close.map(|(id, _)| id).take(READ).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    employees::table.filter(employees::id.eq_any(&ids)).select(CardRow::as_select()).load(conn)
}

/// Cards as the list shows them, in their order.
fn shown(conn: &mut Conn, context: &Context, ids: &[Id]) -> QueryResult<Vec<EmployeeRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ListRow> =
        employees::table.filter(employees::id.eq_any(ids)).select(ListRow::as_select()).load(conn)?;
    let mut cards = list::rows_of(conn, &rows, context.today())?;
    cards.sort_by_key(|card| ids.iter().position(|id| *id == Id::from(card.id)));
    Ok(cards)
}

/// Looks for duplicates and, where there may be any, refuses the save until the person has seen them. Of cards in
/// other organizations nothing is told but that there are some; the journal and a quota count how often.
///
/// # Errors
/// `duplicate-suspected`, `no-rights`; what `find` answers.
pub(super) async fn ask_first(
    services: &Services,
    asker: Asker,
    find: impl FnOnce(&mut Conn, &Services, &StaffOf<'_>) -> Result<Option<Suspicion>, ApiError> + Send + 'static,
) -> Result<(), ApiError> {
    let Some(mut found) = gate::read(services, asker.clone(), find).await? else { return Ok(()) };
    if found.elsewhere > 0 && !tell_elsewhere(services, asker, &found).await? {
        found.elsewhere = 0;
    }
    if found.cards.is_empty() && found.elsewhere == 0 {
        return Ok(());
    }
    let detail = if found.cards.is_empty() {
        "У этого человека есть карточка в другой организации. Если он работает и у вас, сохраните карточку."
    } else {
        "Посмотрите найденные карточки. Если это другой человек, всё равно сохраните."
    };
    let current = LikelyDuplicates { cards: found.cards, elsewhere: found.elsewhere };
    Err(Problem {
        current: serde_json::to_value(&current).ok(),
        ..Problem::new(ProblemCode::DuplicateSuspected).with_detail(detail)
    }
    .into())
}

/// Whether the person is told of cards in other organizations; the journal tells that he was.
async fn tell_elsewhere(services: &Services, asker: Asker, found: &Suspicion) -> Result<bool, ApiError> {
    let details = json!({ "person": { "name": found.name }, "elsewhere": found.elsewhere });
    let organization = found.organization;
    gate::add(services, asker, FOUND_ELSEWHERE, move |conn, services, asker, staff| {
        let context = &services.context;
        let who = staff.account().to_string();
        let quota = Quota::of("found-elsewhere", &who, TOLD_ELSEWHERE, TimeDelta::days(1));
        if quota.count(conn, context.db_now())?.is_err() {
            return Ok(false);
        }
        let event = Event::done(FOUND_ELSEWHERE, "organization", organization)
            .in_organization(organization)
            .with(details.clone());
        audit::record(conn, context, &asker.journal, event)?;
        Ok(true)
    })
    .await
}

/// Gives cards of before the key of their СНИЛС, inside the caller's write transaction; answers how many it was. To
/// be called until that is none.
///
/// # Errors
/// The database fails.
pub fn index_snils(conn: &mut Conn, context: &Context) -> Result<usize, DbError> {
    let rows: Vec<CardRow> = employees::table
        .filter(employees::snils.is_not_null())
        .filter(employees::snils_key.is_null())
        .limit(BATCH)
        .select(CardRow::as_select())
        .load(conn)?;
    for row in &rows {
        let key = row.snils(context.secrets())?.map(|snils| context.secrets().snils_key(&snils));
        diesel::update(employees::table.find(row.id)).set(employees::snils_key.eq(key)).execute(conn)?;
    }
    Ok(rows.len())
}
