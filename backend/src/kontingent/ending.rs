//! Letters on roles that end in 30 and in 7 days: of a head's own role to the department, of all others to the head.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::rights::{Standing, standing};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{Email, format_date};

use super::card_store::{self, corrupt};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::schema::{
    accounts, bindings, employees, organization_ancestors, organizations, role_assignments, role_notices,
};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::mail::{self, Letter};
use crate::on;

/// How many days before the end a letter is sent.
const DAYS_BEFORE: [i32; 2] = [30, 7];
/// So many organizations at once.
const BATCH: i64 = 100;
/// So many roles are named in one letter; the list has the others.
const NAMED: usize = 40;

/// A role that ends soon and of which nobody has been told.
#[derive(Debug, Clone)]
struct Ending {
    assignment: Id,
    name: String,
    role: Role,
    last_day: NaiveDate,
    days_before: i32,
}

/// Tells the heads and departments of some organizations, behind the place where the last batch ended; answers that
/// place, or nothing where there are no more. Nobody is told twice of one last day; where there is nobody to tell, it
/// is tried again the next day.
///
/// # Errors
/// The database fails.
pub async fn tell_of_ending_roles(services: &Services, after: Option<Id>) -> Result<Option<Id>, DbError> {
    let organizations =
        services.db.read::<_, DbError, _>(move |conn| Ok(some_organizations(conn, after)?)).await?;
    let last = organizations.last().copied();
    for organization in organizations {
        let tools = services.clone();
        services.db.write_tx::<_, DbError, _>(move |conn| tell(conn, &tools, organization)).await?;
    }
    Ok(last)
}

fn some_organizations(conn: &mut Conn, after: Option<Id>) -> QueryResult<Vec<Id>> {
    let query =
        organizations::table.order(organizations::id).limit(BATCH).select(organizations::id).into_boxed();
    match after {
        None => query.load(conn),
        Some(after) => query.filter(organizations::id.gt(after)).load(conn),
    }
}

fn tell(conn: &mut Conn, services: &Services, organization: Id) -> Result<(), DbError> {
    let today = services.context.today();
    let ending = ending_in(conn, organization, today)?;
    if ending.is_empty() {
        return Ok(());
    }
    let (kind, short_name): (String, String) = organizations::table
        .find(organization)
        .select((organizations::kind, organizations::short_name))
        .first(conn)?;
    let kind = OrganizationKind::from_wire(&kind).ok_or_else(|| corrupt("a kind"))?;
    let heads = heads(conn, organization, &[], today)?;
    let departments = departments(conn, organization, kind, &[], today)?;
    let (of_heads, of_others): (Vec<_>, Vec<_>) =
        ending.into_iter().partition(|ending| standing(ending.role) == Standing::Head);
    let heads = if heads.is_empty() { departments.clone() } else { heads };
    for (ending, to) in [(of_heads, departments), (of_others, heads)] {
        if ending.is_empty() || to.is_empty() {
            continue;
        }
        note(conn, services, &ending)?;
        for address in &to {
            let letter = letter(services, address, &short_name, &ending);
            mail::enqueue(conn, &services.context, &letter)?;
        }
        let event = Event::done("roles.ending_told", "organization", organization)
            .in_organization(organization)
            .with(serde_json::json!({ "roles": ending.len(), "letters": to.len() }));
        audit::record(conn, &services.context, &audit::Actor::program(), event)?;
    }
    Ok(())
}

/// The roles of an organization that end soon, are not continued, and of which nobody has been told.
fn ending_in(conn: &mut Conn, organization: Id, today: NaiveDate) -> QueryResult<Vec<Ending>> {
    type Row = (Id, Id, String, NaiveDate, String, String, Option<String>);
    let [longest, _] = DAYS_BEFORE;
    let until = today + TimeDelta::days(longest.into());
    let rows: Vec<Row> = role_assignments::table
        .inner_join(employees::table)
        .filter(role_assignments::organization_id.eq(organization))
        .filter(role_assignments::ends_on.between(today, until))
        .filter(employees::archived_at.is_null())
        .order((role_assignments::ends_on, employees::name_key, role_assignments::id))
        .select((
            role_assignments::id,
            role_assignments::employee_id,
            role_assignments::role,
            role_assignments::ends_on.assume_not_null(),
            employees::family_name,
            employees::given_name,
            employees::patronymic,
        ))
        .load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let told: BTreeSet<(Id, NaiveDate, i32)> = role_notices::table
        .inner_join(role_assignments::table.on(role_assignments::id.eq(role_notices::role_assignment_id)))
        .filter(role_assignments::organization_id.eq(organization))
        .filter(role_assignments::ends_on.between(today, until))
        .select((role_notices::role_assignment_id, role_notices::ends_on, role_notices::days_before))
        .load::<(Id, NaiveDate, i32)>(conn)?
        .into_iter()
        .collect();
    let mut ending = Vec::new();
    for (assignment, card, role, last_day, family, given, patronymic) in rows {
        let left = (last_day - today).num_days();
        let Some(days_before) = DAYS_BEFORE.into_iter().rev().find(|days| left <= i64::from(*days)) else {
            continue;
        };
        if told.contains(&(assignment, last_day, days_before)) || is_continued(conn, card, &role, last_day)? {
            continue;
        }
        let name = card_store::full_name(&family, &given, patronymic.as_deref())?.to_string();
        let role = Role::from_wire(&role).ok_or_else(|| corrupt("a role"))?;
        ending.push(Ending { assignment, name, role, last_day, days_before });
    }
    Ok(ending)
}

/// Whether the same role goes on from the next day at the latest.
fn is_continued(conn: &mut Conn, card: Id, role: &str, last_day: NaiveDate) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        role_assignments::table
            .filter(role_assignments::employee_id.eq(card))
            .filter(role_assignments::role.eq(role))
            .filter(role_assignments::starts_on.le(last_day + TimeDelta::days(1)))
            .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.gt(last_day))),
    ))
    .get_result(conn)
}

/// The addresses of the heads in force of an organization, but for some cards.
pub(super) fn heads(
    conn: &mut Conn,
    organization: Id,
    except: &[Id],
    today: NaiveDate,
) -> QueryResult<Vec<Email>> {
    in_force(conn, (organization, 0), |role| standing(role) == Standing::Head, except, today)
}

/// The addresses of the department in force that is the nearest above an organization of a kind, but for some cards.
pub(super) fn departments(
    conn: &mut Conn,
    organization: Id,
    kind: OrganizationKind,
    except: &[Id],
    today: NaiveDate,
) -> QueryResult<Vec<Email>> {
    let keeps = |role: Role| match role {
        Role::EducationDepartment => true,
        // «Дошкольное образование» keeps kindergartens only.
        Role::PreschoolDepartment => kind == OrganizationKind::Kindergarten,
        _ => false,
    };
    in_force(conn, (organization, 1), keeps, except, today)
}

/// The addresses of those who have such a role in force today in an organization, or in those above it.
pub(super) fn in_force(
    conn: &mut Conn,
    (organization, least_depth): (Id, i32),
    wanted: impl Fn(Role) -> bool,
    except: &[Id],
    today: NaiveDate,
) -> QueryResult<Vec<Email>> {
    let roles: Vec<&str> = Role::ALL.into_iter().filter(|role| wanted(*role)).map(Role::as_str).collect();
    let query = role_assignments::table
        .inner_join(
            organization_ancestors::table
                .on(organization_ancestors::ancestor_id.eq(role_assignments::organization_id)),
        )
        .inner_join(employees::table)
        .filter(organization_ancestors::descendant_id.eq(organization))
        .filter(organization_ancestors::depth.ge(least_depth))
        .filter(role_assignments::starts_on.le(today))
        .filter(role_assignments::ends_on.is_null().or(role_assignments::ends_on.ge(today)))
        .filter(employees::archived_at.is_null())
        .select((organization_ancestors::depth, employees::id, employees::email));
    let rows: Vec<(i32, Id, Option<String>)> =
        on!(conn, |c| query.filter(role_assignments::role.eq_any(&roles)).load(c))?;
    let cards: Vec<Id> = rows.iter().map(|(_, card, _)| *card).collect();
    // Asked for by themselves: joined to the rest, SQLite would read every binding there is.
    let accounts: HashMap<Id, String> = bindings::table
        .inner_join(accounts::table)
        .filter(bindings::employee_id.eq_any(&cards))
        .filter(bindings::ended_at.is_null())
        .select((bindings::employee_id, accounts::email))
        .load::<(Id, String)>(conn)?
        .into_iter()
        .collect();
    let nearest = rows.iter().map(|(depth, _, _)| *depth).min();
    let mut addresses: BTreeMap<String, Email> = BTreeMap::new();
    for (depth, card, email) in rows {
        let is_near = if least_depth == 0 { depth == 0 } else { Some(depth) == nearest };
        let is_meant = is_near && !except.contains(&card);
        // Whoever has an account reads what comes there; the card's address may be the secretary's.
        if let (true, Some(text)) = (is_meant, accounts.get(&card).cloned().or(email)) {
            let email: Email = text.parse().map_err(|_| corrupt("an e-mail"))?;
            addresses.insert(email.key(), email);
        }
    }
    Ok(addresses.into_values().collect())
}

fn note(conn: &mut Conn, services: &Services, ending: &[Ending]) -> QueryResult<()> {
    for one in ending {
        let row = (
            role_notices::role_assignment_id.eq(one.assignment),
            role_notices::ends_on.eq(one.last_day),
            role_notices::days_before.eq(one.days_before),
            role_notices::told_at.eq(services.context.db_now()),
        );
        on!(conn, |c| diesel::insert_into(role_notices::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

fn letter(services: &Services, to: &Email, short_name: &str, ending: &[Ending]) -> Letter {
    let mut letter = Letter::new("roles.ending", to, &format!("Скоро закончатся роли: {short_name}"))
        .text(format!("Здравствуйте. В организации «{short_name}» скоро закончатся роли сотрудников:"))
        .facts(ending.iter().take(NAMED).map(|one| {
            (one.name.as_str(), format!("{}, последний день {}", one.role.title(), format_date(one.last_day)))
        }));
    if ending.len() > NAMED {
        letter = letter.text(format!("И ещё {}: все они в списке сотрудников.", ending.len() - NAMED));
    }
    letter
        .text("После последнего дня доступ закроется сам. Если человек продолжает работать, измените в его карточке конечную дату.")
        .link(
            "Открыть список",
            format!("{}/kontingent/employees?state=ends_soon", services.origin.text),
        )
}
