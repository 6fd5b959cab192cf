//! Writing the plan into the database, through the features' own functions.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use epos_shared::api::categories::CategoryGrantInput;
use epos_shared::api::employees::{NewEmployee, OneTimeCredentials, Person, RoleInput};
use epos_shared::api::registration::Registration;
use epos_shared::ids::{EmployeeId, OrganizationId};
use epos_shared::roles::{Role, RoleCategory};
use epos_shared::values::{Email, FullName, Period, PersonName};

use super::organizations::not_listed;
use super::{DemoError, PASSWORD, Plan, SEED, Table};
use crate::accounts::{self, NewAccount};
use crate::app::Services;
use crate::audit;
use crate::consent::Consent;
use crate::context::Context;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::esia::Identity;
use crate::identification;
use crate::kontingent::{self, Actor, Asker, Issuer};
use crate::organizations::{self, NewOrganization, Scope, Search};
use crate::registration;

/// Fills an empty database with the demo, in one transaction, and answers the table of its accounts; one
/// that holds organizations already stays as it is. Blocks.
///
/// # Errors
/// The database fails; the demo's data break a rule (never, as its tests prove).
pub fn load(services: &Services) -> Result<Table, ApiError> {
    let plan = Plan::new(SEED, services.context.today())?;
    if !services.db.write_tx_blocking(is_empty)? {
        return Ok(Table::new(&plan, None));
    }
    // Outside of the transaction: it is the longest part of the work.
    let hashes = hashes(services, plan.accounts.iter().filter(|account| account.password).count())?;
    services.db.write_tx_blocking(|conn| {
        if !is_empty(conn)? {
            return Ok(Table::new(&plan, None));
        }
        let loading = Loading { services, plan: &plan, now: services.context.now() };
        let organizations = loading.organizations(conn)?;
        let accounts = loading.accounts(conn, &hashes)?;
        let printed = loading.cards(conn, &organizations, &accounts)?;
        loading.application(conn)?;
        loading.categories(conn)?;
        loading.mismatch(conn, &organizations)?;
        Ok(Table::new(&plan, printed))
    })
}

/// Who is more, or something else, than a member of staff; the people of the stand-in for ЕСИА.
const OF_CATEGORIES: [(RoleCategory, (&str, &str, &str), &str); 3] = [
    (
        RoleCategory::Parent,
        ("Верещагина", "Мария", "Дмитриевна"),
        "vereshchagina.md@sosh12-verkhnekamsk.example",
    ),
    (RoleCategory::Parent, ("Ракитин", "Глеб", "Петрович"), "rakitin.gp@semia.example"),
    (RoleCategory::Student, ("Ракитина", "Дарья", "Глебовна"), "rakitina.dg@semia.example"),
];

fn is_empty(conn: &mut Conn) -> Result<bool, ApiError> {
    let search = Search { scope: Scope::All, id: None, words: Vec::new(), kinds: None, limit: 1 };
    Ok(organizations::search(conn, &search)?.is_empty())
}

/// Hashes of the one password, each with a salt of its own, on every core.
fn hashes(services: &Services, count: usize) -> Result<Vec<String>, ApiError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = count.div_ceil(cores);
    std::thread::scope(|scope| {
        let work =
            || (0..share).map(|_| services.hasher.hash_blocking(&services.context, PASSWORD)).collect();
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut hashes = Vec::with_capacity(count);
        for thread in threads {
            let made: Result<Vec<String>, _> =
                thread.join().map_err(|_| ApiError::internal("a thread that hashed has panicked"))?;
            hashes.extend(made.map_err(ApiError::internal)?);
        }
        Ok(hashes)
    })
}

type Organizations = HashMap<&'static str, OrganizationId>;

/// One loading.
struct Loading<'a> {
    services: &'a Services,
    plan: &'a Plan,
    now: DateTime<Utc>,
}

impl Loading<'_> {
    /// The context of a moment before.
    fn ago(&self, hours: u32) -> Context {
        self.services.context.at(self.now - TimeDelta::hours(hours.into()))
    }

    fn organizations(&self, conn: &mut Conn) -> Result<Organizations, ApiError> {
        let mut created = Organizations::new();
        for planned in &self.plan.organizations {
            let new = NewOrganization {
                parent: planned.parent.and_then(|key| created.get(key)).copied(),
                kind: planned.kind,
                full_name: planned.full_name.clone(),
                short_name: planned.short_name.clone(),
                town: planned.town.to_owned(),
                inn: Some(planned.inn.clone()),
                kpp: Some(planned.kpp.clone()),
            };
            created.insert(planned.key, organizations::create(conn, &self.services.context, &new)?);
        }
        Ok(created)
    }

    fn accounts(&self, conn: &mut Conn, hashes: &[String]) -> Result<Vec<Id>, ApiError> {
        let mut hashes = hashes.iter();
        let mut created = Vec::with_capacity(self.plan.accounts.len());
        for planned in &self.plan.accounts {
            let hash = if planned.password { hashes.next() } else { None };
            let context = self.ago(planned.bound_hours_ago);
            let new = NewAccount {
                user_name: &planned.user_name,
                name: &planned.name,
                email: &planned.email,
                email_is_verified: true,
                position: None,
                organization: None,
                password_hash: hash.map(String::as_str),
                consent: Some(Consent::of_command(&self.services.consent, context.db_now())),
                is_demo: true,
            };
            let id = accounts::create(conn, &context, &new)?;
            if planned.blocked {
                accounts::block(conn, id, "Учётная запись заблокирована службой поддержки")?;
            }
            if let Some(hours) = planned.signed_in_hours_ago {
                accounts::note_past_sign_in(conn, id, self.ago(hours).db_now())?;
            }
            created.push(id);
        }
        Ok(created)
    }

    /// An application that waits for support: of a teacher of a school that is not in the list.
    fn application(&self, conn: &mut Conn) -> Result<(), ApiError> {
        let (organization, inn, kpp) = not_listed(self.plan.organizations.len())?;
        let wanted = Registration {
            name: full_name(("Дягилева", "Вера", "Львовна"))?,
            email: email_of("diagileva@stupeni.example")?,
            position: "Учитель истории".to_owned(),
            organization,
            inn,
            kpp,
            consent_version: self.services.consent.version.clone(),
        };
        registration::put_into_queue(conn, &self.ago(20), &wanted)?;
        Ok(())
    }

    /// Parents and a student, who come through Госуслуги; one of them works here too.
    fn categories(&self, conn: &mut Conn) -> Result<(), ApiError> {
        let start = self.services.context.today() - TimeDelta::days(30);
        for (category, name, email) in OF_CATEGORIES {
            let given = CategoryGrantInput {
                category,
                name: full_name(name)?,
                email: email_of(email)?,
                snils: None,
                period: Period::new(start, None).map_err(|error| DemoError::Invalid(error.to_string()))?,
            };
            identification::give(conn, &self.services.context, &audit::Actor::program(), &given, None)?;
        }
        Ok(())
    }

    /// A mismatch in the queue of the school most of the cast work in: Госуслуги have another given name.
    fn mismatch(&self, conn: &mut Conn, organizations: &Organizations) -> Result<(), ApiError> {
        let organization = *organizations
            .get("sosh12-verkhnekamsk")
            .ok_or_else(|| DemoError::Invalid("the school of the cast is missing".to_owned()))?;
        let person = Identity {
            oid: "1000400099".to_owned(),
            name: full_name(("Пьянкова", "Алёна", "Степановна"))?,
            snils: None,
            emails: vec![email_of("piankova.es@sosh12-verkhnekamsk.example")?],
        };
        let journal = audit::Actor::program();
        identification::send(conn, self.services, &journal, &person, organization.into())?;
        Ok(())
    }

    /// Creates, binds and archives; answers the credentials that are printed.
    fn cards(
        &self,
        conn: &mut Conn,
        organizations: &Organizations,
        accounts: &[Id],
    ) -> Result<Option<OneTimeCredentials>, ApiError> {
        let printed_card = self.plan.lines.iter().find_map(|line| line.unbound_card);
        let mut printed = None;
        let mut support = None;
        let mut archived = Vec::new();
        for (place, planned) in self.plan.cards.iter().enumerate() {
            let organization_id = *organizations
                .get(planned.organization)
                .ok_or_else(|| DemoError::Invalid(format!("no organization {}", planned.organization)))?;
            let new = NewEmployee {
                organization_id,
                person: Person {
                    name: planned.name.clone(),
                    email: planned.email.clone(),
                    snils: None,
                    phone: None,
                },
                roles: planned
                    .roles
                    .iter()
                    .map(|(role, period)| RoleInput { id: None, role: *role, period: *period })
                    .collect(),
                note: planned.note.to_owned(),
            };
            let (card, login) = kontingent::create(conn, &self.ago(planned.created_hours_ago), &new, None)?;
            let account = planned.account.and_then(|account| Some((account, *accounts.get(account)?)));
            if let Some((account, id)) = account {
                let hours = self.plan.accounts.get(account).map_or(0, |account| account.bound_hours_ago);
                kontingent::bind(conn, &self.ago(hours), id, card.into())?;
                if planned.roles.iter().any(|(role, _)| *role == Role::Support) {
                    support.get_or_insert((id, Id::from(card)));
                }
            }
            if let Some(hours) = planned.credentials_hours_ago {
                let rules = &self.services.config.one_time_credentials;
                let issuer = Issuer {
                    account: support.map(|(account, _)| account),
                    card: support.map(|(_, card)| card),
                };
                let context = self.ago(hours);
                let issued = kontingent::issue(conn, &context, rules, card.into(), &login, issuer)?;
                if printed_card == Some(place) {
                    printed = Some(issued);
                }
            }
            if planned.archived {
                archived.push(card);
            }
        }
        self.archive(conn, support, &archived)?;
        Ok(printed)
    }

    /// Puts cards into the archive as support does, with what the journal says of it.
    fn archive(
        &self,
        conn: &mut Conn,
        support: Option<(Id, Id)>,
        cards: &[EmployeeId],
    ) -> Result<(), ApiError> {
        let Some((account, card)) = support else {
            return Err(DemoError::Invalid("nobody is support".to_owned()).into());
        };
        let journal =
            audit::Actor { account: Some(account), employee: Some(card), ..audit::Actor::program() };
        let asker = Asker { account, card: Some(card), category: Some(RoleCategory::Employee), journal };
        let actor = Actor::load(conn, &asker, &self.services.context)?
            .map_err(|refusal| DemoError::Invalid(format!("support is refused: {}", refusal.reason())))?;
        let staff = actor.staff().ok_or_else(|| DemoError::Invalid("support sees nobody".to_owned()))?;
        for card in cards {
            staff.archive(conn, self.services, &asker, *card)?;
        }
        Ok(())
    }
}

fn full_name((family, given, patronymic): (&str, &str, &str)) -> Result<FullName, DemoError> {
    let part = |text: &str| {
        text.parse::<PersonName>().map_err(|error| DemoError::Invalid(format!("{text}: {error}")))
    };
    Ok(FullName { family_name: part(family)?, given_name: part(given)?, patronymic: Some(part(patronymic)?) })
}

fn email_of(text: &str) -> Result<Email, DemoError> {
    text.parse().map_err(|error| DemoError::Invalid(format!("{text}: {error}")))
}

impl From<DemoError> for ApiError {
    fn from(error: DemoError) -> Self {
        Self::internal(error)
    }
}
