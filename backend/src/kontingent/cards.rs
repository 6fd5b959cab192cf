//! Creating and saving cards (screens.md 16–18).

use chrono::NaiveDate;
use diesel::result::QueryResult;
use epos_shared::api::employees::{
    CardError, EmailRule, EmployeeDraft, EmployeeInput, NewEmployee, NewEmployeeDraft, OneTimeCredentials,
    Person, RoleDraft, RoleInput, SavedEmployee,
};
use epos_shared::ids::{EmployeeId, OrganizationId};
use epos_shared::problem::{FieldError, Problem, ProblemCode};
use epos_shared::rights::{Action, Relation, Standing, Verdict, standing};
use epos_shared::roles::Role;
use epos_shared::search::search_key;
use epos_shared::values::{FullName, InvalidValue as _, Login, Period, Snils};
use serde_json::{Value, json};

use super::actor::{Asker, StaffOf};
use super::card_store::{self, PersonColumns};
use super::credentials::{self, Issuer};
use super::letters::Deed;
use super::view::{CardInView, refuse};
use super::{binding_store, letters, listed, logins, words};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::identification;
use crate::organizations::{self, OrganizationRow};

/// Creates a card with its login. `first_login` is where to begin looking for a free number, where that is
/// known. To be called inside a write transaction; rights are the caller's.
///
/// # Errors
/// The database refuses or fails.
pub fn create(
    conn: &mut Conn,
    context: &Context,
    new: &NewEmployee,
    first_login: Option<u32>,
) -> QueryResult<(EmployeeId, Login)> {
    let now = context.db_now();
    let name = &new.person.name;
    let first = match first_login {
        Some(first) => first,
        None => logins::first_free(conn, name)?,
    };
    let login = logins::issue(conn, name, first, now)?;
    let id = context.id();
    let person = columns(context, id, &new.person, &new.note, &login);
    card_store::insert(conn, id, new.organization_id.into(), &login, &person, now)?;
    for role in &new.roles {
        let card = (id, Id::from(new.organization_id));
        card_store::insert_role(conn, context.id(), card, role.role, role.period, now)?;
    }
    listed::note(conn, id)?;
    Ok((id.into(), login))
}

/// The smallest number that the login of a name may get: looked up before the transaction that gives it out.
///
/// # Errors
/// The database fails.
pub fn first_login(conn: &mut Conn, name: &FullName) -> QueryResult<u32> {
    logins::first_free(conn, name)
}

fn columns<'a>(
    context: &Context,
    id: Id,
    person: &'a Person,
    note: &'a str,
    login: &Login,
) -> PersonColumns<'a> {
    let seal = |snils: &Snils| context.secrets().seal_snils(id, snils, &context.bytes::<24>());
    PersonColumns {
        snils: person.snils.as_ref().map(seal),
        snils_key: person.snils.as_ref().map(|snils| context.secrets().snils_key(snils)),
        phone: person.phone.as_ref().map(|phone| phone.as_str()),
        family_name: person.name.family_name.as_str(),
        given_name: person.name.given_name.as_str(),
        patronymic: person.name.patronymic.as_ref().map(|part| part.as_str()),
        name_key: search_key(&person.name.to_string()),
        email: person.email.as_ref().map(|email| email.as_str()),
        email_key: person.email.as_ref().map(|email| email.key()),
        note,
        tokens: words::of_card(&person.name, login.as_str(), person.email.as_ref()),
    }
}

/// Somebody who was not recognised may be by this card now.
pub(super) fn note_saved(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    (card, organization): (Id, Id),
    person: &Person,
    is_bound: bool,
) -> Result<(), ApiError> {
    let saved = identification::SavedCard { id: card, organization, person, is_bound };
    Ok(identification::note_saved_card(conn, services, journal, &saved)?)
}

/// Tells the journal of a new card.
pub(super) fn note_created(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    (id, login): (Id, &Login),
    new: &NewEmployee,
    despite_duplicates: bool,
) -> Result<(), ApiError> {
    let roles: Vec<Value> =
        new.roles.iter().map(|role| json!({ "role": role.role, "days": days(role.period) })).collect();
    let details = json!({
        "login": login, "person": person_details(&new.person, &new.note), "roles": roles,
        "despite_duplicates": despite_duplicates,
    });
    let event = Event::done("employee.created", "employee", id)
        .in_organization(new.organization_id.into())
        .with(details);
    Ok(audit::record(conn, &services.context, &asker.journal, event)?)
}

/// Adds roles to a card, and tells the journal of each. The version and what the staff list keeps are the caller's.
pub(super) fn add_roles<'a>(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    card: &CardInView,
    roles: impl Iterator<Item = &'a RoleInput>,
) -> Result<(), ApiError> {
    let context = &services.context;
    for role in roles {
        let place = (card.row.id, card.row.organization_id);
        card_store::insert_role(conn, context.id(), place, role.role, role.period, context.db_now())?;
        let event = Event::done("employee.role_added", "employee", card.row.id)
            .in_organization(card.row.organization_id)
            .with(json!({ "role": role.role, "days": days(role.period) }));
        audit::record(conn, context, &asker.journal, event)?;
    }
    Ok(())
}

/// One-time credentials that somebody was promised by a letter, and whose they are.
#[derive(Debug)]
pub struct Promised {
    /// ФИО of the card.
    pub name: FullName,
    /// Its organization.
    pub organization: OrganizationRow,
    /// Login and one-time password.
    pub credentials: OneTimeCredentials,
}

/// Issues one-time credentials of a card to whoever was promised them: the letter's link is his right to them, which
/// the caller has used up. Nothing where the card is in the archive or bound by now.
///
/// # Errors
/// The database fails.
pub fn issue_promised(
    conn: &mut Conn,
    services: &Services,
    journal: &audit::Actor,
    card: Id,
    issuer: Issuer,
) -> Result<Option<Promised>, ApiError> {
    let Some(row) = card_store::find(conn, card)?.filter(|row| row.archived_at.is_none()) else {
        return Ok(None);
    };
    let organization = organizations::find(conn, row.organization_id)?;
    let (Some(organization), None) = (organization, binding_store::of_card(conn, card)?) else {
        return Ok(None);
    };
    let (context, rules) = (&services.context, &services.config.one_time_credentials);
    let credentials =
        credentials::issue(conn, context, rules, card, &card_store::login(&row.login)?, issuer)?;
    let event = Event::done("credentials.issued", "employee", card)
        .in_organization(organization.id)
        .with(json!({ "expires_at": credentials.expires_at }));
    audit::record(conn, context, journal, event)?;
    Ok(Some(Promised { name: row.name()?, organization, credentials }))
}

pub(super) fn days(period: Period) -> Value {
    json!({ "start": period.start(), "end": period.end() })
}

fn person_details(person: &Person, note: &str) -> Value {
    let mut details = json!({ "name": person.name.to_string(), "email": person.email, "note": note });
    if let Some(details) = details.as_object_mut() {
        if let Some(snils) = &person.snils {
            details.insert("snils".to_owned(), json!(snils.masked()));
        }
        if let Some(phone) = &person.phone {
            details.insert("phone".to_owned(), json!(phone));
        }
    }
    details
}

impl StaffOf<'_> {
    fn issuer(&self) -> Issuer {
        Issuer { account: Some(self.account()), card: Some(self.card_id()) }
    }

    /// Issues one-time credentials for a card, and tells the journal.
    pub(super) fn issue_credentials(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        card: &CardInView,
    ) -> Result<OneTimeCredentials, ApiError> {
        let Services { context, config, .. } = services;
        let login = card_store::login(&card.row.login)?;
        let rules = &config.one_time_credentials;
        let issued = credentials::issue(conn, context, rules, card.row.id, &login, self.issuer())?;
        let event = Event::done("credentials.issued", "employee", card.row.id)
            .in_organization(card.row.organization_id)
            .with(json!({ "expires_at": issued.expires_at }));
        audit::record(conn, context, &asker.journal, event)?;
        Ok(issued)
    }

    /// Creates a card, and issues its first one-time credentials.
    ///
    /// # Errors
    /// `validation-failed` with every wrong field; the database fails.
    pub fn create(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        draft: &NewEmployeeDraft,
        first_login: Option<u32>,
    ) -> Result<SavedEmployee, ApiError> {
        let id = self.create_quietly(conn, services, asker, draft, first_login)?;
        let card = self.card(conn, id, services.context.today())?;
        let issued = self.issue_credentials(conn, services, asker, &card)?;
        Ok(SavedEmployee { card: self.show(conn, services, &card)?, credentials: Some(issued) })
    }

    /// [`Self::create`] without one-time credentials: they are issued to whoever is promised them
    /// ([`issue_promised`]).
    ///
    /// # Errors
    /// Those of [`Self::create`].
    pub fn create_without_credentials(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        draft: &NewEmployeeDraft,
    ) -> Result<EmployeeId, ApiError> {
        self.create_quietly(conn, services, asker, draft, None)
    }

    /// [`Self::create`] without one-time credentials.
    pub(super) fn create_quietly(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        draft: &NewEmployeeDraft,
        first_login: Option<u32>,
    ) -> Result<EmployeeId, ApiError> {
        let today = services.context.today();
        let place = self.open_place(conn, draft.organization_id, today)?;
        let new = self
            .judge(draft, place.as_ref().map(|(organization, relation)| (organization, *relation)), today)
            .map_err(ApiError::validation)?;
        let (id, login) = create(conn, &services.context, &new, first_login)?;
        let place = (Id::from(id), Id::from(new.organization_id));
        note_created(conn, services, asker, (place.0, &login), &new, draft.despite_duplicates)?;
        note_saved(conn, services, &asker.journal, place, &new.person, false)?;
        Ok(id)
    }

    /// The chosen organization, where it is in view and open.
    pub(super) fn open_place(
        &self,
        conn: &mut Conn,
        chosen: Option<OrganizationId>,
        today: NaiveDate,
    ) -> QueryResult<Option<(OrganizationRow, Relation)>> {
        let Some(id) = chosen else { return Ok(None) };
        Ok(self.organization(conn, id.into())?.filter(|(organization, _)| organization.is_open(today)))
    }

    /// Every wrong field of a new card at once: those that any client sees, and those that rights decide.
    pub(crate) fn judge(
        &self,
        draft: &NewEmployeeDraft,
        place: Option<(&OrganizationRow, Relation)>,
        today: NaiveDate,
    ) -> Result<NewEmployee, Vec<FieldError>> {
        self.judge_from(draft, place, today, Verdict::Allowed)
    }

    /// [`Self::judge`] where a verdict is enough for each role.
    pub(super) fn judge_from(
        &self,
        draft: &NewEmployeeDraft,
        place: Option<(&OrganizationRow, Relation)>,
        today: NaiveDate,
        least: Verdict,
    ) -> Result<NewEmployee, Vec<FieldError>> {
        let parsed = draft.parse(place.map(|(organization, _)| organization.kind), today);
        let mut wrong = Vec::new();
        match place {
            None if draft.organization_id.is_some() => {
                wrong.push(CardError::OrganizationUnknown.at("organization_id"));
            }
            None => {}
            Some((organization, relation)) => {
                if let Ok(new) = &parsed {
                    let roles = new.roles.iter().enumerate().map(|(number, role)| (number, role.period));
                    wrong.extend(beyond_closing(organization, roles));
                }
                for (number, role) in draft.roles.iter().enumerate() {
                    if let Some(role) = role.role.filter(|role| role.fits(organization.kind)) {
                        let verdict = self.verdict(Action::Create, &[role], relation);
                        wrong.extend(role_error(verdict, least, number));
                    }
                }
            }
        }
        match parsed {
            Ok(new) if wrong.is_empty() => Ok(new),
            Ok(_) => Err(wrong),
            Err(mut errors) => {
                errors.extend(wrong);
                errors.sort_by_key(|error| place_in_form(&error.field));
                Err(errors)
            }
        }
    }

    /// Saves a card: each changed thing needs its own right, unchanged ones none, and nothing changed is
    /// nothing done.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `version-conflict`, `validation-failed`, `forbidden`,
    /// `needs-confirmation`; the database fails.
    pub fn save(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
        draft: &EmployeeDraft,
    ) -> Result<SavedEmployee, ApiError> {
        let card = self.card(conn, id, services.context.today())?;
        let changes = self.change(conn, services, asker, &card, draft)?;
        let credentials = if changes.added.is_empty() {
            None
        } else {
            Some(self.issue_credentials(conn, services, asker, &card)?)
        };
        Ok(SavedEmployee { card: self.show_again(conn, services, card.row.id)?, credentials })
    }

    /// [`Self::save`] without one-time credentials for added roles: an import issues none.
    ///
    /// # Errors
    /// Those of [`Self::save`].
    pub(crate) fn save_quietly(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
        draft: &EmployeeDraft,
    ) -> Result<(), ApiError> {
        let card = self.card(conn, id, services.context.today())?;
        self.change(conn, services, asker, &card, draft).map(|_| ())
    }

    fn change(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        card: &CardInView,
        draft: &EmployeeDraft,
    ) -> Result<Changes, ApiError> {
        card.changeable()?;
        if draft.version != i64::from(card.row.version) {
            return Err(conflict(&self.show(conn, services, card)?));
        }
        let before = card.row.person(services.context.secrets())?;
        let (input, changes) = self.judge_change(card, &before, draft, services.context.today())?;
        if changes.is_empty() {
            return Ok(changes);
        }
        if !card_store::bump(conn, card.row.id, card.row.version, services.context.db_now())? {
            return Err(conflict(&self.show_again(conn, services, card.row.id)?));
        }
        self.write(conn, services, asker, (card, &before), &changes, &input)?;
        Ok(changes)
    }

    /// What a request changes of a card, once every value is right and every change allowed.
    pub(super) fn judge_change(
        &self,
        card: &CardInView,
        before: &Person,
        draft: &EmployeeDraft,
        today: NaiveDate,
    ) -> Result<(EmployeeInput, Changes), ApiError> {
        let (input, changes, _) = self.judge_change_from(card, before, draft, today, Verdict::Allowed)?;
        Ok((input, changes))
    }

    /// [`Self::judge_change`] where a verdict is enough for each change; answers the worst of them.
    pub(super) fn judge_change_from(
        &self,
        card: &CardInView,
        before: &Person,
        draft: &EmployeeDraft,
        today: NaiveDate,
        least: Verdict,
    ) -> Result<(EmployeeInput, Changes, Verdict), ApiError> {
        let rule = if card.row.email.is_some() { EmailRule::Required } else { EmailRule::MayStayEmpty };
        let input = draft
            .parse(card.organization.kind, &card.roles_on_card(), rule, today)
            .map_err(ApiError::validation)?;
        let changes = Changes::between(card, before, &input, &draft.roles);
        let verdict = self.demand_all(card, &changes, least)?;
        Ok((input, changes, verdict))
    }

    fn demand_all(&self, card: &CardInView, changes: &Changes, least: Verdict) -> Result<Verdict, ApiError> {
        let mut wrong: Vec<FieldError> = changes
            .added
            .iter()
            .filter_map(|(number, role)| {
                let verdict = self.verdict(Action::AssignRole, &[role.role], card.relation);
                role_error(verdict, least, *number)
            })
            .collect();
        let lasting = changes.added.iter().map(|(number, role)| (*number, role.period));
        let lasting = lasting.chain(changes.dates.iter().map(|change| (change.number, change.after)));
        wrong.extend(beyond_closing(&card.organization, lasting));
        if !wrong.is_empty() {
            return Err(ApiError::validation(wrong));
        }
        let mut verdict = Verdict::Allowed;
        if changes.person {
            verdict = verdict.min(self.may(card, Action::EditPerson));
        }
        for (_, role) in &changes.added {
            verdict = verdict.min(self.may_assign(card, role.role));
        }
        for change in &changes.dates {
            verdict = verdict.min(self.may(card, change.action));
        }
        if verdict < least {
            refuse(verdict)?;
        }
        Ok(verdict)
    }

    /// Writes the person and the note of a card, and tells whom it concerns.
    pub(super) fn write_person(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        (card, is_bound): (&CardInView, bool),
        (before, (person, note)): (&Person, (&Person, &str)),
    ) -> Result<(), ApiError> {
        let context = &services.context;
        let (id, organization) = (card.row.id, card.row.organization_id);
        let login = card_store::login(&card.row.login)?;
        card_store::update_person(conn, id, &columns(context, id, person, note, &login))?;
        let mut details = json!({
            "before": person_details(before, &card.row.note), "after": person_details(person, note),
        });
        // Two that are masked may look alike.
        if before.snils != person.snils
            && let Some(details) = details.as_object_mut()
        {
            details.insert("snils_changed".to_owned(), json!(true));
        }
        let event = Event::done("employee.person_changed", "employee", id)
            .in_organization(organization)
            .with(details);
        audit::record(conn, context, &asker.journal, event)?;
        letters::tell_of_change(conn, services, asker, card, (before, person))?;
        note_saved(conn, services, &asker.journal, (id, organization), person, is_bound)
    }

    fn write(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        (card, before): (&CardInView, &Person),
        changes: &Changes,
        input: &EmployeeInput,
    ) -> Result<(), ApiError> {
        let context = &services.context;
        let id = card.row.id;
        let event = |action| Event::done(action, "employee", id).in_organization(card.row.organization_id);
        if changes.person {
            let after = (&input.person, input.note.as_str());
            self.write_person(conn, services, asker, (card, card.binding.is_some()), (before, after))?;
        }
        add_roles(conn, services, asker, card, changes.added.iter().map(|(_, role)| role))?;
        for change in &changes.dates {
            card_store::update_role(conn, change.id, change.after)?;
            let action = if change.action == Action::EndRole {
                "employee.role_ended"
            } else {
                "employee.dates_changed"
            };
            let details = json!({
                "role": change.role, "before": days(change.before), "after": days(change.after),
            });
            audit::record(conn, context, &asker.journal, event(action).with(details))?;
        }
        listed::note(conn, id)?;
        letters::tell_of_head(conn, services, asker, card, &changes.deed(before, input))?;
        Ok(())
    }
}

/// What a request changes of a card.
pub(super) struct Changes {
    pub(super) person: bool,
    /// Added roles, each with its place in the form.
    pub(super) added: Vec<(usize, RoleInput)>,
    pub(super) dates: Vec<DatesChange>,
}

pub(super) struct DatesChange {
    /// Its place in the form.
    number: usize,
    id: Id,
    pub(super) role: Role,
    pub(super) before: Period,
    pub(super) after: Period,
    action: Action,
}

impl Changes {
    fn between(card: &CardInView, before: &Person, input: &EmployeeInput, drafts: &[RoleDraft]) -> Self {
        debug_assert_eq!(input.roles.len(), drafts.len(), "every draft became a role");
        let row = &card.row;
        let person = input.person != *before || input.note != row.note;
        let mut added = Vec::new();
        let mut dates = Vec::new();
        for (number, role) in input.roles.iter().enumerate() {
            match card.roles.iter().find(|known| Some(known.id) == role.id) {
                None => added.push((number, *role)),
                Some(known) if known.period != role.period => dates.push(DatesChange {
                    number,
                    id: known.id.into(),
                    role: role.role,
                    before: known.period,
                    after: role.period,
                    action: dates_action(known.period, role.period),
                }),
                Some(_) => {}
            }
        }
        Self { person, added, dates }
    }

    /// What a letter tells of it: which fields, no values.
    fn deed(&self, before: &Person, after: &EmployeeInput) -> Deed {
        let person = &after.person;
        let told = [
            (letters::NAME, before.name != person.name),
            (letters::EMAIL, before.email != person.email),
            ("СНИЛС", before.snils != person.snils),
            ("телефон", before.phone != person.phone),
            ("роли", !self.added.is_empty() || !self.dates.is_empty()),
        ];
        let mut what: Vec<&str> =
            told.into_iter().filter_map(|(field, is_other)| is_other.then_some(field)).collect();
        if what.is_empty() {
            what.push("примечание");
        }
        let becomes_heads = self.added.iter().any(|(_, role)| standing(role.role) == Standing::Head);
        Deed::Changed { what, becomes_heads }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.person && self.added.is_empty() && self.dates.is_empty()
    }
}

/// Setting or bringing forward the last day alone ends a role; anything else changes its dates.
fn dates_action(before: Period, after: Period) -> Action {
    let brought_forward = match (before.end(), after.end()) {
        (None, Some(_)) => true,
        (Some(before), Some(after)) => after < before,
        (_, None) => false,
    };
    if brought_forward && before.start() == after.start() { Action::EndRole } else { Action::ChangeDates }
}

/// Roles that would outlive an organization whose last day is decided.
pub(super) fn beyond_closing(
    organization: &OrganizationRow,
    roles: impl Iterator<Item = (usize, Period)>,
) -> Vec<FieldError> {
    let Some(closed) = organization.closed_on else { return Vec::new() };
    roles
        .filter(|(_, period)| period.end().is_none_or(|end| closed <= end))
        .map(|(number, _)| CardError::OrganizationCloses.at(format!("roles/{number}/end")))
        .collect()
}

pub(super) fn role_error(verdict: Verdict, least: Verdict, number: usize) -> Option<FieldError> {
    if verdict >= least {
        return None;
    }
    let error = if verdict == Verdict::NeedsConfirmation {
        CardError::RoleNeedsConfirmation
    } else {
        CardError::RoleForbidden
    };
    Some(error.at(format!("roles/{number}/role")))
}

/// The order of the forms: last day, organization, roles one after the other, person, note.
pub(super) fn place_in_form(field: &str) -> (u8, usize) {
    match field.split_once('/') {
        Some(("roles", rest)) => {
            let number = rest.split('/').next().and_then(|number| number.parse().ok());
            (1, number.unwrap_or(usize::MAX))
        }
        Some(_) => (3, 0),
        None if field == "last_day" => (0, 0),
        None if field == "organization_id" => (0, 1),
        None if field == "roles" => (2, 0),
        None => (4, 0),
    }
}

pub(super) fn conflict(present: &epos_shared::api::employees::EmployeeCard) -> ApiError {
    Problem {
        current: serde_json::to_value(present).ok(),
        ..Problem::new(ProblemCode::VersionConflict)
            .with_detail("Сравните изменения и сохраните ещё раз: набранное вами не потеряно.")
    }
    .into()
}
