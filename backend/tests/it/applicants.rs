//! What tests of registration are written with: organizations of the directory, applications, their letters.

use diesel::prelude::*;
use epos_backend::db::schema::applications;
use epos_backend::db::types::Id;
use epos_backend::organizations;
use epos_shared::api::accounts::ApplicationState;
use epos_shared::roles::{OrganizationKind, Role};
use serde_json::{Value, json};

use crate::common::{Client, TestApp};
use crate::people::works_as;

pub const INN: &str = "7707083893";
pub const OTHER_INN: &str = "7736207543";
pub const KPP: &str = "590201001";
pub const PASSWORD: &str = "семь вёсен над Камой";

/// An operator with two schools, of which the numbers are known, and support.
pub struct Region {
    pub operator: Id,
    pub department: Id,
    pub school: Id,
    pub other_school: Id,
    pub support: Client,
}

impl Region {
    pub async fn build(app: &TestApp) -> Self {
        let operator = listed(app, None, OrganizationKind::Operator, "Оператор ЭПОС", None).await;
        let kind = OrganizationKind::EducationDepartment;
        let department = listed(app, Some(operator), kind, "УО Верхнекамска", None).await;
        let above = Some(department);
        let school = listed(app, above, OrganizationKind::School, "МАОУ «СОШ № 12»", Some((INN, KPP))).await;
        let numbers = Some((OTHER_INN, "590201002"));
        let other_school = listed(app, above, OrganizationKind::School, "Гимназия № 4", numbers).await;
        let (support, _) = works_as(app, operator, Role::Support).await;
        Self { operator, department, school, other_school, support }
    }
}

pub async fn listed(
    app: &TestApp,
    parent: Option<Id>,
    kind: OrganizationKind,
    name: &str,
    numbers: Option<(&str, &str)>,
) -> Id {
    let context = app.services.context.clone();
    let new = organizations::NewOrganization {
        parent: parent.map(Into::into),
        kind,
        full_name: format!("Муниципальное учреждение {name}"),
        short_name: name.to_owned(),
        town: "г. Верхнекамск".to_owned(),
        inn: numbers.map(|(inn, _)| inn.parse().unwrap()),
        kpp: numbers.map(|(_, kpp)| kpp.parse().unwrap()),
    };
    app.write(move |conn| Ok(organizations::create(conn, &context, &new)?.into())).await
}

/// An application of a teacher of a listed school.
pub fn draft(email: &str, organization: Id) -> Value {
    json!({
        "person": {
            "family_name": "Ёлкина", "given_name": "Анна", "patronymic": "Ильинична", "email": email,
        },
        "position": "Учитель музыки",
        "organization_id": organization.to_string(),
        "inn": INN,
        "kpp": KPP,
        "consent_version": epos_backend::consent::BUILT_IN_VERSION,
    })
}

/// The same of a school that is not listed.
pub fn unlisted(email: &str) -> Value {
    let mut draft = draft(email, Id(uuid::Uuid::nil()));
    let fields = draft.as_object_mut().unwrap();
    fields.remove("organization_id");
    for (field, value) in [
        ("unlisted", json!(true)),
        ("full_name", json!("Частная школа «Ступени»")),
        ("short_name", json!("ЧОУ «Ступени»")),
        ("town", json!("г. Сылвенск")),
        ("inn", json!("7740000076")),
        ("kpp", json!("590901001")),
    ] {
        fields.insert(field.to_owned(), value);
    }
    draft
}

/// The same with one field changed, named by its pointer.
pub fn with(mut draft: Value, field: &str, value: Value) -> Value {
    let mut place = &mut draft;
    for part in field.split('/') {
        place = place.as_object_mut().unwrap().entry(part).or_insert(Value::Null);
    }
    *place = value;
    draft
}

pub async fn register(app: &TestApp, draft: &Value) {
    let answer = app.anonymous().post("/api/v1/registrations", draft.clone()).await;
    assert_eq!(answer.expect(202), json!({ "link_hours": 72 }));
}

/// The token of the last letter to an address.
pub async fn token(app: &TestApp, email: &str) -> String {
    app.letters_to(email).await.last().expect("a letter").token().to_owned()
}

pub async fn kinds(app: &TestApp, email: &str) -> Vec<String> {
    app.letters_to(email).await.into_iter().map(|letter| letter.kind).collect()
}

/// The path of the only link, without what stands before and behind.
pub fn path(link: &str) -> &str {
    let link = link.strip_prefix(crate::common::ORIGIN).expect("our own address");
    link.split('#').next().unwrap()
}

pub async fn activate(client: &Client, token: &str) -> crate::common::Answer {
    client.post("/api/v1/registrations/activate", json!({ "token": token, "password": PASSWORD })).await
}

pub async fn confirm(client: &Client, token: &str) -> crate::common::Answer {
    client.post("/api/v1/registrations/confirm", json!({ "token": token })).await
}

/// An unlisted application of a proven address; its identifier.
pub async fn in_queue(app: &TestApp, email: &str) -> Id {
    register(app, &unlisted(email)).await;
    confirm(&app.anonymous(), &token(app, email).await).await.expect(204);
    let (id, state) = only_application(app, email).await;
    assert_eq!(state, ApplicationState::AwaitingModeration.as_str());
    id
}

/// The only application of an address, and its state.
pub async fn only_application(app: &TestApp, email: &str) -> (Id, String) {
    let email = email.to_owned();
    let mut found: Vec<(Id, String)> = app
        .read(move |conn| {
            let mine = applications::table.filter(applications::email.eq(email));
            Ok(mine.select((applications::id, applications::state)).load(conn)?)
        })
        .await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}
