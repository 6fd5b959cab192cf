//! A small district to test in: organizations, cards, people who work as them.

use chrono::NaiveDate;
use diesel::prelude::*;
use epos_backend::db::schema::audit_events;
use epos_backend::db::types::Id;
use epos_backend::{kontingent, organizations};
use epos_shared::api::employees::{NewEmployee, Person, RoleInput};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{FullName, Login, Period, parse_date};
use serde_json::{Value, json};

use crate::common::{Client, TestApp};

pub const EMPLOYEES: &str = "/api/v1/kontingent/employees";

/// «Фамилия Имя Отчество», or «Фамилия Имя».
pub fn name(text: &str) -> FullName {
    let mut parts = text.split(' ').map(|part| part.parse().unwrap());
    FullName {
        family_name: parts.next().unwrap(),
        given_name: parts.next().unwrap(),
        patronymic: parts.next(),
    }
}

pub fn day(text: &str) -> NaiveDate {
    parse_date(text).unwrap()
}

/// Days written as «01.09.2026–31.08.2027», an open end as nothing.
pub fn days(text: &str) -> Period {
    let (start, end) = text.split_once('–').unwrap();
    Period::new(day(start), (!end.is_empty()).then(|| day(end))).unwrap()
}

pub async fn organization(app: &TestApp, parent: Option<Id>, kind: OrganizationKind, name: &str) -> Id {
    let context = app.services.context.clone();
    let new = organizations::NewOrganization {
        parent: parent.map(Into::into),
        kind,
        full_name: format!("Муниципальное учреждение «{name}»"),
        short_name: name.to_owned(),
        town: "Верхнекамск".to_owned(),
        inn: None,
        kpp: None,
    };
    app.write(move |conn| Ok(organizations::create(conn, &context, &new)?.into())).await
}

/// A card past the API, where nobody judges.
pub async fn card(app: &TestApp, organization: Id, full_name: &str, roles: &[(Role, &str)]) -> (Id, Login) {
    card_with_email(app, organization, full_name, "sotrudnik@school.example", roles).await
}

pub async fn card_with_email(
    app: &TestApp,
    organization: Id,
    full_name: &str,
    email: &str,
    roles: &[(Role, &str)],
) -> (Id, Login) {
    let context = app.services.context.clone();
    let roles = roles.iter().map(|(role, text)| RoleInput { id: None, role: *role, period: days(text) });
    let new = NewEmployee {
        organization_id: organization.into(),
        person: Person {
            name: name(full_name),
            email: Some(email.parse().unwrap()),
            snils: None,
            phone: None,
        },
        roles: roles.collect(),
        note: String::new(),
    };
    app.write(move |conn| {
        let (id, login) = kontingent::create(conn, &context, &new, None)?;
        Ok((id.into(), login))
    })
    .await
}

pub async fn bind(app: &TestApp, account: Id, card: Id) {
    let context = app.services.context.clone();
    app.write(move |conn| Ok(kontingent::bind(conn, &context, account, card)?)).await;
}

/// One-time credentials past the API: the password in clear.
pub async fn credentials(app: &TestApp, card: Id, login: &Login) -> String {
    let (services, login) = (app.services.clone(), login.clone());
    app.write(move |conn| {
        let rules = &services.config.one_time_credentials;
        let issuer = kontingent::Issuer::default();
        Ok(kontingent::issue(conn, &services.context, rules, card, &login, issuer)?.password)
    })
    .await
}

/// Somebody signed in who works as a card with one role, in force since 2020; and that card.
pub async fn works_as(app: &TestApp, organization: Id, role: Role) -> (Client, Id) {
    works_as_until(app, organization, role, "01.01.2020–").await
}

pub async fn works_as_until(app: &TestApp, organization: Id, role: Role, days: &str) -> (Client, Id) {
    let (card, login) = card(app, organization, "Тестова Анна Ивановна", &[(role, days)]).await;
    let user_name = format!("person_{login}");
    let account = app.account(&user_name).await;
    bind(app, account, card).await;
    (app.signed_in(&user_name).await, card)
}

/// A district.
pub struct District {
    pub operator: Id,
    pub department: Id,
    pub school: Id,
    pub other_school: Id,
    pub kindergarten: Id,
    pub far_school: Id,
}

impl District {
    pub async fn build(app: &TestApp) -> Self {
        let operator = organization(app, None, OrganizationKind::Operator, "Оператор ЭПОС").await;
        let department =
            organization(app, Some(operator), OrganizationKind::EducationDepartment, "УО Верхнекамска").await;
        let school = organization(app, Some(department), OrganizationKind::School, "Школа № 1").await;
        let other_school =
            organization(app, Some(department), OrganizationKind::School, "Гимназия № 2").await;
        let kindergarten =
            organization(app, Some(department), OrganizationKind::Kindergarten, "Детский сад № 3").await;
        let far =
            organization(app, Some(operator), OrganizationKind::EducationDepartment, "УО Дальнее").await;
        let far_school = organization(app, Some(far), OrganizationKind::School, "Школа № 9").await;
        Self { operator, department, school, other_school, kindergarten, far_school }
    }
}

pub fn at(card: impl std::fmt::Display) -> String {
    format!("{EMPLOYEES}/{card}")
}

/// A new card as the form sends it.
pub fn form(organization: Id, role: &str) -> Value {
    json!({
        "organization_id": organization.to_string(),
        "person": {
            "family_name": "Новикова", "given_name": "Ольга", "patronymic": "Юрьевна",
            "email": "novikova@school.example",
        },
        "roles": [{ "role": role, "start": "01.09.2026" }],
    })
}

/// The same, from somebody who knows that there is one of that name.
pub fn despite(mut draft: Value) -> Value {
    draft["despite_duplicates"] = json!(true);
    draft
}

/// A card that was read, as the form sends it back.
pub fn form_of(card: &Value) -> Value {
    let roles: Vec<Value> = card["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| {
            json!({
                "id": role["id"], "role": role["role"], "start": role["period"]["start"],
                "end": role["period"]["end"].as_str().unwrap_or_default(),
            })
        })
        .collect();
    json!({
        "version": card["version"],
        "person": {
            "family_name": card["name"]["family_name"],
            "given_name": card["name"]["given_name"],
            "patronymic": card["name"]["patronymic"].as_str().unwrap_or_default(),
            "no_patronymic": card["name"]["patronymic"].is_null(),
            "email": card["email"].as_str().unwrap_or_default(),
            "snils": card["snils"].as_str().unwrap_or_default(),
            "phone": card["phone"].as_str().unwrap_or_default(),
        },
        "roles": roles,
        "note": card["note"],
    })
}

/// `field: code` of every wrong field.
pub fn wrong(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().unwrap();
    let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
    errors.iter().map(|error| format!("{}: {}", text(error, "field"), text(error, "code"))).collect()
}

/// What the journal tells of an object: action, result, details; by time, and at one moment (the clock of a
/// test stands) by the alphabet.
pub async fn journal(app: &TestApp, object: Id) -> Vec<(String, String, Value)> {
    let rows: Vec<(String, String, String)> = app
        .read(move |conn| {
            Ok(audit_events::table
                .filter(audit_events::object_id.eq(object))
                .order((audit_events::at, audit_events::action))
                .select((audit_events::action, audit_events::result, audit_events::details))
                .load(conn)?)
        })
        .await;
    rows.into_iter()
        .map(|(action, result, details)| (action, result, serde_json::from_str(&details).unwrap()))
        .collect()
}

/// The actions of [`journal`], refused ones with their reason.
pub async fn actions(app: &TestApp, object: Id) -> Vec<String> {
    let told = journal(app, object).await.into_iter().map(|(action, result, details)| {
        if result == "refused" {
            format!("{action} refused: {}", details["reason"].as_str().unwrap())
        } else {
            action
        }
    });
    told.collect()
}

/// A path with its parameters.
pub fn url(path: &str, parameters: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs = parameters.iter().map(|(key, value)| format!("{key}={}", encoded(value)));
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}
