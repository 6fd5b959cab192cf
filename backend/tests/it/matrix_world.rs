//! The world of the matrix test: one organization of each kind in each relation, people with cards there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use epos_backend::accounts as accounts_of;
use epos_backend::db::schema::{
    accounts, bindings, employees, issued_names, one_time_credentials, role_assignments,
};
use epos_backend::db::types::Id;
use epos_backend::db::{Conn, DbError};
use epos_backend::on;
use epos_backend::organizations::{NewOrganization, create};
use epos_shared::rights::Relation;
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::search::search_key;
use serde_json::{Value, json};

use crate::common::{Client, TestApp};

pub const PASSWORD: &str = "тихий звонок на урок";

/// Organizations: name, the one above, kind. Two districts under the operator, and another tree beside it.
const ORGANIZATIONS: &[(&str, Option<&str>, OrganizationKind)] = &[
    ("operator", None, OrganizationKind::Operator),
    ("department", Some("operator"), OrganizationKind::EducationDepartment),
    ("school", Some("department"), OrganizationKind::School),
    ("school beside", Some("department"), OrganizationKind::School),
    ("college", Some("department"), OrganizationKind::College),
    ("college beside", Some("department"), OrganizationKind::College),
    ("kindergarten", Some("department"), OrganizationKind::Kindergarten),
    ("kindergarten beside", Some("department"), OrganizationKind::Kindergarten),
    ("other department", Some("operator"), OrganizationKind::EducationDepartment),
    ("other school", Some("other department"), OrganizationKind::School),
    ("other college", Some("other department"), OrganizationKind::College),
    ("other kindergarten", Some("other department"), OrganizationKind::Kindergarten),
    ("outside operator", None, OrganizationKind::Operator),
    ("outside department", Some("outside operator"), OrganizationKind::EducationDepartment),
    ("outside school", Some("outside department"), OrganizationKind::School),
    ("outside college", Some("outside department"), OrganizationKind::College),
    ("outside kindergarten", Some("outside department"), OrganizationKind::Kindergarten),
];

/// Where somebody with a role works in this world.
pub fn home_of(role: Role) -> &'static str {
    match role {
        Role::Support => "operator",
        Role::EducationDepartment | Role::PreschoolDepartment => "department",
        Role::CollegeDirector | Role::CollegeDeputy | Role::CollegeOfficer | Role::Lecturer => "college",
        Role::KindergartenHead | Role::KindergartenTeacher => "kindergarten",
        _ => "school",
    }
}

/// The organizations that stand in a relation to the actor's, one of a kind below and, elsewhere, those
/// above, beside in the same district, and in the other one.
pub fn organizations_in(home: &str, relation: Relation) -> Vec<&'static str> {
    let district = ["school", "college", "kindergarten"];
    let names: Vec<&'static str> = ORGANIZATIONS.iter().map(|(name, ..)| *name).collect();
    match relation {
        Relation::Same => names.into_iter().filter(|name| *name == home).collect(),
        Relation::Below => names
            .into_iter()
            .filter(|name| match home {
                "operator" => *name == "department" || district.contains(name),
                "department" => district.contains(name),
                _ => false,
            })
            .collect(),
        // Everything else of the tree is below the operator.
        Relation::Elsewhere if home == "operator" => {
            names.into_iter().filter(|name| name.starts_with("outside")).collect()
        }
        Relation::Elsewhere => names
            .into_iter()
            .filter(|name| !name.starts_with("outside") && *name != home)
            .filter(|name| home != "department" || !(district.contains(name) || name.ends_with("beside")))
            .collect(),
    }
}

/// A card of this world.
#[derive(Debug, Clone)]
pub struct Card {
    pub id: Id,
    pub role_id: Id,
    pub organization: &'static str,
    pub role: Role,
    /// The account it is bound to.
    pub account: Option<Id>,
    pub user_name: String,
}

/// How a card is made.
#[derive(Debug, Clone)]
pub struct NewCard {
    pub organization: &'static str,
    pub role: Role,
    pub start: NaiveDate,
    pub end: Option<NaiveDate>,
    /// The account it is to be bound to; a fresh one where there is none.
    pub account: Option<Id>,
}

pub struct World {
    pub today: NaiveDate,
    organizations: HashMap<&'static str, Id>,
    hash: String,
    counter: AtomicU32,
}

impl World {
    pub async fn build(app: &TestApp) -> Self {
        let context = app.services.context.clone();
        let hash = app.services.hasher.hash_blocking(&context, PASSWORD).unwrap();
        let today = context.today();
        let organizations = app
            .write(move |conn| {
                let mut created: HashMap<&'static str, Id> = HashMap::new();
                for (name, parent, kind) in ORGANIZATIONS {
                    let new = NewOrganization {
                        parent: parent.map(|parent| created[parent].into()),
                        kind: *kind,
                        full_name: (*name).to_owned(),
                        short_name: (*name).to_owned(),
                        town: "Пермь".to_owned(),
                        inn: None,
                        kpp: None,
                    };
                    created.insert(*name, create(conn, &context, &new)?.into());
                }
                Ok(created)
            })
            .await;
        Self { today, organizations, hash, counter: AtomicU32::new(0) }
    }

    pub fn organization(&self, name: &str) -> Id {
        self.organizations[name]
    }

    pub fn kind(&self, name: &str) -> OrganizationKind {
        ORGANIZATIONS.iter().find(|row| row.0 == name).unwrap().2
    }

    /// A card whose role is in force from a hundred days ago to twenty days ahead.
    pub fn card(&self, organization: &'static str, role: Role) -> NewCard {
        let (start, end) = (self.today - Days::new(100), Some(self.today + Days::new(20)));
        NewCard { organization, role, start, end, account: None }
    }

    /// Writes cards, each bound to an account with the password of this world.
    pub async fn create(&self, app: &TestApp, new: Vec<NewCard>) -> Vec<Card> {
        let context = app.services.context.clone();
        let now = context.db_now();
        let rows: Vec<(Card, NewCard)> = new
            .into_iter()
            .map(|new| {
                let number = self.counter.fetch_add(1, Ordering::Relaxed);
                let account = new.account.unwrap_or_else(|| context.id());
                let card = Card {
                    id: context.id(),
                    role_id: context.id(),
                    organization: new.organization,
                    role: new.role,
                    account: Some(account),
                    user_name: format!("person{number}"),
                };
                (card, new)
            })
            .collect();
        let cards = rows.iter().map(|(card, _)| card.clone()).collect();
        let hash = self.hash.clone();
        let organizations = self.organizations.clone();
        app.write(move |conn| {
            // SQLite takes a bounded number of values in one statement.
            for rows in rows.chunks(500) {
                insert(conn, rows, &organizations, &hash, now, &context)?;
            }
            Ok(())
        })
        .await;
        cards
    }
}

impl World {
    /// Gives a card one more role, from a hundred days ago on.
    pub async fn add_role(&self, app: &TestApp, card: &Card, role: Role, end: Option<NaiveDate>) -> Id {
        let (id, now) = (app.services.context.id(), app.services.context.db_now());
        let (card, start) = (card.id, self.today - Days::new(100));
        app.write(move |conn| {
            let organization: Id =
                employees::table.find(card).select(employees::organization_id).first(conn)?;
            diesel::insert_into(role_assignments::table)
                .values((
                    role_assignments::id.eq(id),
                    role_assignments::employee_id.eq(card),
                    role_assignments::organization_id.eq(organization),
                    role_assignments::role.eq(role.as_str()),
                    role_assignments::starts_on.eq(start),
                    role_assignments::ends_on.eq(end),
                    role_assignments::created_at.eq(now),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await;
        id
    }
}

fn insert(
    conn: &mut Conn,
    rows: &[(Card, NewCard)],
    organizations: &HashMap<&'static str, Id>,
    hash: &str,
    now: chrono::NaiveDateTime,
    context: &epos_backend::context::Context,
) -> Result<(), DbError> {
    let people: Vec<_> = rows
        .iter()
        .filter(|(_, new)| new.account.is_none())
        .map(|(card, _)| {
            let email = format!("{}@school.example", card.user_name);
            (
                accounts::id.eq(card.account.unwrap()),
                accounts::user_name.eq(card.user_name.clone()),
                accounts::family_name.eq("Матрицына"),
                accounts::given_name.eq("Мария"),
                accounts::patronymic.eq("Матвеевна"),
                accounts::email.eq(email.clone()),
                accounts::email_key.eq(email),
                accounts::password_hash.eq(hash),
                accounts::status.eq("active"),
                accounts::consent_version.eq(epos_backend::consent::BUILT_IN_VERSION),
                accounts::created_at.eq(now),
            )
        })
        .collect();
    if !people.is_empty() {
        on!(conn, |c| diesel::insert_into(accounts::table).values(&people).execute(c))?;
    }
    let names: Vec<_> = rows
        .iter()
        .map(|(card, _)| (issued_names::name.eq(login(card)), issued_names::issued_at.eq(now)))
        .collect();
    on!(conn, |c| diesel::insert_into(issued_names::table).values(&names).execute(c))?;
    let cards: Vec<_> = rows
        .iter()
        .map(|(card, new)| {
            (
                employees::id.eq(card.id),
                employees::organization_id.eq(organizations[new.organization]),
                employees::login.eq(login(card)),
                employees::family_name.eq("Матрицына"),
                employees::given_name.eq("Мария"),
                employees::patronymic.eq("Матвеевна"),
                employees::name_key.eq(search_key("Матрицына Мария Матвеевна")),
                employees::email.eq("matritsyna@school.example"),
                employees::email_key.eq("matritsyna@school.example"),
                employees::created_at.eq(now),
                employees::updated_at.eq(now),
            )
        })
        .collect();
    on!(conn, |c| diesel::insert_into(employees::table).values(&cards).execute(c))?;
    let roles: Vec<_> = rows
        .iter()
        .map(|(card, new)| {
            (
                role_assignments::id.eq(card.role_id),
                role_assignments::employee_id.eq(card.id),
                role_assignments::organization_id.eq(organizations[new.organization]),
                role_assignments::role.eq(new.role.as_str()),
                role_assignments::starts_on.eq(new.start),
                role_assignments::ends_on.eq(new.end),
                role_assignments::created_at.eq(now),
            )
        })
        .collect();
    on!(conn, |c| diesel::insert_into(role_assignments::table).values(&roles).execute(c))?;
    let bound: Vec<_> = rows
        .iter()
        .map(|(card, _)| {
            (
                bindings::id.eq(context.id()),
                bindings::employee_id.eq(card.id),
                bindings::account_id.eq(card.account.unwrap()),
                bindings::bound_at.eq(now),
            )
        })
        .collect();
    on!(conn, |c| diesel::insert_into(bindings::table).values(&bound).execute(c))?;
    Ok(())
}

fn login(card: &Card) -> String {
    format!("matrix_{}", card.user_name)
}

/// Signs in.
pub async fn signed_in(app: &TestApp, user_name: &str) -> Client {
    let client = app.anonymous();
    client.post("/api/v1/session", json!({ "user_name": user_name, "password": PASSWORD })).await.expect(200);
    client
}

/// Everything of a card that a call could change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub version: i32,
    pub family_name: String,
    pub archived: bool,
    /// Role, first day, last day.
    pub roles: Vec<(String, NaiveDate, Option<NaiveDate>)>,
    /// Credentials that were ever issued, and those that can be used.
    pub credentials: (i64, i64),
    pub bound: bool,
    /// Cards of its organization: a new one shows here.
    pub neighbours: i64,
}

pub async fn snapshot(app: &TestApp, card: Id) -> Snapshot {
    app.read(move |conn| {
        let (version, family_name, archived_at, organization): (
            i32,
            String,
            Option<chrono::NaiveDateTime>,
            Id,
        ) = employees::table
            .find(card)
            .select((
                employees::version,
                employees::family_name,
                employees::archived_at,
                employees::organization_id,
            ))
            .first(conn)?;
        let roles = role_assignments::table
            .filter(role_assignments::employee_id.eq(card))
            .order((role_assignments::role.asc(), role_assignments::starts_on.asc()))
            .select((role_assignments::role, role_assignments::starts_on, role_assignments::ends_on))
            .load(conn)?;
        let issued = one_time_credentials::table.filter(one_time_credentials::employee_id.eq(card));
        let all: i64 = issued.count().get_result(conn)?;
        let active: i64 =
            issued.filter(one_time_credentials::voided_at.is_null()).count().get_result(conn)?;
        let bound: i64 = bindings::table
            .filter(bindings::employee_id.eq(card))
            .filter(bindings::ended_at.is_null())
            .count()
            .get_result(conn)?;
        let neighbours =
            employees::table.filter(employees::organization_id.eq(organization)).count().get_result(conn)?;
        Ok(Snapshot {
            version,
            family_name,
            archived: archived_at.is_some(),
            roles,
            credentials: (all, active),
            bound: bound > 0,
            neighbours,
        })
    })
    .await
}

/// The body of a card that is saved: whole, with what is different in `roles` and `family_name`.
pub fn card_body(version: i32, family_name: &str, roles: Vec<Value>) -> Value {
    json!({
        "version": version,
        "person": {
            "family_name": family_name,
            "given_name": "Мария",
            "patronymic": "Матвеевна",
            "email": "matritsyna@school.example",
        },
        "roles": roles,
        // All of them are called alike.
        "despite_duplicates": true,
    })
}

/// Locks the sign-in of the account a card is bound to: one wrong password, where one is allowed.
pub async fn lock(app: &TestApp, card: &Card) {
    // From somewhere else each time: one address may only fail so often.
    let number: u32 = card.user_name.trim_start_matches("person").parse().unwrap();
    let address = format!("10.1.{}.{}", number / 200, number % 200 + 1);
    let body = json!({ "user_name": card.user_name, "password": "не тот пароль" });
    app.anonymous()
        .from(&address)
        .post("/api/v1/session", body)
        .await
        .expect_problem(401, "invalid-credentials");
    assert!(is_locked(app, card).await, "{}", card.user_name);
}

/// Whether the sign-in of the account is locked.
pub async fn is_locked(app: &TestApp, card: &Card) -> bool {
    let context = app.services.context.clone();
    let account = card.account.unwrap();
    app.read(move |conn| accounts_of::locked_until(conn, context.secrets(), account, context.db_now()))
        .await
        .is_some()
}
