//! What an import needs of cards: those that are there already, many at a time; and new ones that are made where
//! nobody sees them, until all of them are there.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::api::employees::{
    EmailRule, EmployeeDraft, NewEmployee, NewEmployeeDraft, Person, PersonDraft, RoleAssignment,
};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::{FieldError, Problem};
use epos_shared::rights::Relation;
use epos_shared::values::{Email, FullName, Period, login_stem};
use serde_json::json;

use super::actor::{Actor, Asker, StaffOf};
use super::binding_store::Bound;
use super::bulk::{self, PastCard};
use super::card_store::{self, CardRow};
use super::list_filter::HIDDEN;
use super::view::CardInView;
use super::{cards, list, list_store, listed, logins};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::db::schema::{bindings, employee_tokens, employees, role_assignments};
use crate::db::types::Id;
use crate::db::{Conn, MultiBackend};
use crate::error::ApiError;
use crate::organizations::OrganizationRow;

/// Values of one list in a statement at most.
const SOME: usize = 300;

/// A card in view, as it is now.
#[derive(Debug, Clone)]
pub struct KnownCard {
    card: CardInView,
    person: Person,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: Option<Email>,
}

impl KnownCard {
    /// Its identifier.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.card.row.id
    }

    /// Its organization.
    #[must_use]
    pub const fn organization(&self) -> &OrganizationRow {
        &self.card.organization
    }

    /// Its login.
    #[must_use]
    pub fn login(&self) -> &str {
        &self.card.row.login
    }

    /// «Примечание».
    #[must_use]
    pub fn note(&self) -> &str {
        &self.card.row.note
    }

    /// Its person, as a form would have it: what a file says nothing of stays.
    #[must_use]
    pub fn draft(&self) -> PersonDraft {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let name = &self.person.name;
        PersonDraft {
            family_name: name.family_name.to_string(),
            given_name: name.given_name.to_string(),
            patronymic: text(&name.patronymic.as_ref().map(ToString::to_string)),
            no_patronymic: name.patronymic.is_none(),
            email: text(&self.person.email.as_ref().map(ToString::to_string)),
            snils: text(&self.person.snils.as_ref().map(|snils| snils.as_str().to_owned())),
            phone: text(&self.person.phone.as_ref().map(|phone| phone.as_str().to_owned())),
        }
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.card.row.version.into()
    }

    /// Its roles.
    #[must_use]
    pub fn roles(&self) -> &[RoleAssignment] {
        &self.card.roles
    }

    /// Whether it is in the archive.
    #[must_use]
    pub const fn is_archived(&self) -> bool {
        self.card.row.archived_at.is_some()
    }

    /// Whether it is bound to the actor's own account.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        self.card.own
    }
}

/// By what cards are looked up.
#[derive(Debug, Clone, Copy)]
pub enum Known<'a> {
    /// Their logins; those in the archive too.
    Logins(&'a [String]),
    /// The keys of their names, in one organization.
    Names(Id, &'a [String]),
    /// The keys of their e-mails.
    Emails(&'a [String]),
}

/// The organizations that were asked for, each once.
#[derive(Debug, Default)]
pub struct Surroundings(HashMap<Id, Option<(OrganizationRow, Relation)>>);

impl Surroundings {
    /// An organization, if it is in view.
    ///
    /// # Errors
    /// The database fails.
    pub fn of(
        &mut self,
        conn: &mut Conn,
        staff: &StaffOf<'_>,
        id: Id,
    ) -> QueryResult<Option<(OrganizationRow, Relation)>> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let found = staff.organization(conn, id)?;
        self.0.insert(id, found.clone());
        Ok(found)
    }
}

impl StaffOf<'_> {
    /// Cards in view, in no order.
    ///
    /// # Errors
    /// The database fails.
    pub fn known_cards(
        &self,
        conn: &mut Conn,
        places: &mut Surroundings,
        known: Known<'_>,
        context: &Context,
    ) -> QueryResult<Vec<KnownCard>> {
        let today = context.today();
        use employees as e;
        let all = || e::table.select(CardRow::as_select()).into_boxed::<MultiBackend>();
        let mut rows: Vec<CardRow> = Vec::new();
        match known {
            Known::Logins(logins) => {
                for some in logins.chunks(SOME) {
                    rows.extend(all().filter(e::login.eq_any(some)).load::<CardRow>(conn)?);
                }
            }
            Known::Names(place, keys) => {
                for some in keys.chunks(SOME) {
                    let cards = all().filter(e::organization_id.eq(place)).filter(e::name_key.eq_any(some));
                    rows.extend(cards.filter(e::archived_at.is_null()).load::<CardRow>(conn)?);
                }
            }
            Known::Emails(keys) => {
                for some in keys.chunks(SOME) {
                    let cards = all().filter(e::email_key.eq_any(some)).filter(e::archived_at.is_null());
                    rows.extend(cards.load::<CardRow>(conn)?);
                }
            }
        }
        rows.retain(|row| row.archived_at != Some(HIDDEN));
        let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
        let (mut roles, mut bound) = (HashMap::new(), HashMap::new());
        for some in ids.chunks(SOME) {
            roles.extend(list_store::roles(conn, some)?);
            let found: Vec<(Id, Id, Id, chrono::NaiveDateTime)> = bindings::table
                .filter(bindings::employee_id.eq_any(some))
                .filter(bindings::ended_at.is_null())
                .select((bindings::employee_id, bindings::id, bindings::account_id, bindings::bound_at))
                .load(conn)?;
            bound.extend(found.into_iter().map(|(card, id, account, at)| (card, Bound { id, account, at })));
        }
        let mut cards = Vec::with_capacity(rows.len());
        for row in rows {
            let Some((organization, relation)) = places.of(conn, self, row.organization_id)? else {
                continue;
            };
            let binding = bound.remove(&row.id);
            let card = CardInView {
                organization,
                relation,
                roles: list::assignments(&roles.remove(&row.id).unwrap_or_default(), today)?,
                own: binding.is_some_and(|binding| binding.account == self.account()),
                binding,
                row,
            };
            let person = card.row.person(context.secrets())?;
            let (name, email) = (person.name.clone(), person.email.clone());
            cards.push(KnownCard { card, person, name, email });
        }
        Ok(cards)
    }

    /// Judges a new card, as [`Self::create`] would.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn judge_new(
        &self,
        draft: &NewEmployeeDraft,
        place: &(OrganizationRow, Relation),
        today: NaiveDate,
    ) -> Result<NewEmployee, Vec<FieldError>> {
        self.judge(draft, Some((&place.0, place.1)), today)
    }

    /// Judges a changed card, as [`Self::save`] would; answers whether it changes anything.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn judge_known(
        &self,
        known: &KnownCard,
        draft: &EmployeeDraft,
        today: NaiveDate,
    ) -> Result<bool, Box<Problem>> {
        let judged = self.judge_change(&known.card, &known.person, draft, today);
        match judged {
            Ok((_, changes)) => Ok(!changes.is_empty()),
            Err(ApiError::Problem(problem)) => Err(problem),
            Err(error) => Err(Box::new(error.to_problem())),
        }
    }
}

/// Works with the view that somebody's roles open now; the problem where they open none. For work that no request
/// waits for, inside its transaction.
///
/// # Errors
/// `no-rights`; what `work` answers.
pub fn within<T>(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    work: impl FnOnce(&mut Conn, &StaffOf<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    match Actor::load(conn, asker, &services.context)? {
        Err(refusal) => Err(Problem::from(refusal).into()),
        Ok(actor) => match actor.staff() {
            None => Err(Problem::from(super::Refusal::NoRole).into()),
            Some(staff) => work(conn, &staff),
        },
    }
}

/// Makes cards that nobody sees, with their logins. To be called inside a write transaction; where another card
/// takes a login at the same moment the database refuses, and the caller tries again.
///
/// # Errors
/// The database refuses or fails.
pub fn hide(conn: &mut Conn, context: &Context, cards: &[(Id, NewEmployee)]) -> QueryResult<()> {
    let now = context.db_now();
    let mut next: HashMap<String, u32> = HashMap::new();
    let mut made = Vec::with_capacity(cards.len());
    for (id, new) in cards {
        let stem = login_stem(&new.person.name);
        let number = match next.get(&stem) {
            Some(number) => *number,
            None => logins::first_free(conn, &new.person.name)?,
        };
        next.insert(stem.clone(), number.saturating_add(1));
        let login = epos_shared::values::Login::numbered(&stem, number)
            .map_err(|_| card_store::corrupt("the stem of a login"))?;
        made.push(PastCard {
            id: *id,
            organization: new.organization_id.into(),
            login,
            name: new.person.name.clone(),
            email: new.person.email.clone(),
            note: new.note.clone(),
            created_at: now,
            archived_at: Some(HIDDEN),
            roles: new.roles.iter().map(|role| (context.id(), role.role, role.period)).collect(),
            binding: None,
            account_signed_in_at: None,
        });
    }
    bulk::insert(conn, &made)?;
    Ok(())
}

/// Shows cards that were made unseen, each with its entry in the journal. Those shown before stay as they are.
///
/// # Errors
/// The database fails.
pub fn reveal(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    import: Id,
    made: &[(Id, NewEmployeeDraft)],
) -> Result<(), ApiError> {
    let context = &services.context;
    let ids: Vec<Id> = made.iter().map(|(id, _)| *id).collect();
    let hidden: Vec<(Id, Id, String)> = employees::table
        .filter(employees::id.eq_any(&ids))
        .filter(employees::archived_at.eq(HIDDEN))
        .select((employees::id, employees::organization_id, employees::login))
        .load(conn)?;
    let hidden: HashMap<Id, (Id, String)> =
        hidden.into_iter().map(|(id, organization, login)| (id, (organization, login))).collect();
    diesel::update(
        employees::table.filter(employees::id.eq_any(&ids)).filter(employees::archived_at.eq(HIDDEN)),
    )
    .set((
        employees::archived_at.eq(None::<chrono::NaiveDateTime>),
        employees::updated_at.eq(context.db_now()),
    ))
    .execute(conn)?;
    diesel::update(employee_tokens::table.filter(employee_tokens::employee_id.eq_any(hidden.keys())))
        .set(employee_tokens::archived.eq(false))
        .execute(conn)?;
    for (id, draft) in made {
        let Some((organization, login)) = hidden.get(id) else { continue };
        listed::note(conn, *id)?;
        let roles: Vec<_> = draft
            .roles
            .iter()
            .map(|role| json!({ "role": role.role, "days": { "start": role.start, "end": role.end } }))
            .collect();
        let person = &draft.person;
        let name = [&person.family_name, &person.given_name, &person.patronymic];
        let name: Vec<&str> = name.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let event =
            Event::done("employee.created", "employee", *id).in_organization(*organization).with(json!({
                "login": login,
                "person": { "name": name.join(" "), "email": person.email, "note": draft.note },
                "roles": roles,
                "import": import.to_string(),
            }));
        audit::record(conn, context, journal, event)?;
        if let Ok(person) = person.parse("", EmailRule::MayStayEmpty) {
            cards::note_saved(conn, services, journal, (*id, *organization), &person, false)?;
        }
    }
    Ok(())
}

/// Removes cards that were made unseen and are not wanted any more. Their logins stay given out.
///
/// # Errors
/// The database fails.
pub fn remove_hidden(conn: &mut Conn, ids: &[Id]) -> QueryResult<()> {
    let hidden: Vec<Id> = employees::table
        .filter(employees::id.eq_any(ids))
        .filter(employees::archived_at.eq(HIDDEN))
        .select(employees::id)
        .load(conn)?;
    diesel::delete(employee_tokens::table.filter(employee_tokens::employee_id.eq_any(&hidden)))
        .execute(conn)?;
    diesel::delete(role_assignments::table.filter(role_assignments::employee_id.eq_any(&hidden)))
        .execute(conn)?;
    diesel::delete(employees::table.filter(employees::id.eq_any(&hidden))).execute(conn)?;
    Ok(())
}

/// Saves a card as an import has it: as [`StaffOf::save`] does, and without one-time credentials.
///
/// # Errors
/// Those of [`StaffOf::save`].
pub fn save(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    staff: &StaffOf<'_>,
    id: EmployeeId,
    draft: &EmployeeDraft,
) -> Result<(), ApiError> {
    staff.save_quietly(conn, services, asker, id, draft)
}

/// The days of a role as a draft writes them.
#[must_use]
pub fn days(period: Period) -> (String, String) {
    (period.start().to_string(), period.end().map(|end| end.to_string()).unwrap_or_default())
}
