//! The calls of «Контингент».

use actix_web::{HttpResponse, delete, get, post, put, web};
use epos_shared::api::employees::{
    EmailRule, EmployeeCard, EmployeeDraft, EmployeeQuery, EmployeeRow, NewEmployeeDraft, OneTimeCredentials,
    SavedEmployee,
};
use epos_shared::api::organizations::{OrganizationQuery, OrganizationsFound};
use epos_shared::api::page::Page;
use epos_shared::api::same_person::{CardMergeDraft, CardMergePreview, CardMergeQuestion};
use epos_shared::api::session::{BindCard, SessionState};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::Problem;
use epos_shared::rights::Verdict;
use utoipa_actix_web::service_config::ServiceConfig;

use super::actor::Asker;
use super::{binding, cards, duplicates, gate};
use crate::accounts::{self, SignedIn};
use crate::app::Services;
use crate::db::Conn;
use crate::error::ApiError;
use crate::http::{Body, Params, parse_path_id};

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    // Before the calls of one card, whose address they would be.
    super::many_routes::routes(config);
    super::move_routes::routes(config);
    super::proposals::routes(config);
    super::recertification::routes::routes(config);
    config
        .service(find_organizations)
        .service(list_employees)
        .service(create_employee)
        .service(get_employee)
        .service(save_employee)
        .service(reset_credentials)
        .service(remove_lock)
        .service(remove_binding)
        .service(archive_employee)
        .service(preview_merge)
        .service(merge_employees)
        .service(bind_card);
}

type Tools = web::Data<Services>;

/// Organizations in view: search, and the roles that may be given there.
#[utoipa::path(
    tag = "kontingent",
    params(OrganizationQuery),
    responses(
        (status = 200, description = "The organizations, in the order of their names", body = OrganizationsFound),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/organizations")]
async fn find_organizations(
    services: Tools,
    who: SignedIn,
    query: Params<OrganizationQuery>,
) -> Result<web::Json<OrganizationsFound>, ApiError> {
    let query = query.0;
    let found = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.organizations(conn, &query, services.context.today())
    });
    Ok(web::Json(found.await?))
}

/// The staff list: search, filters, sort, pages.
#[utoipa::path(
    tag = "kontingent",
    params(EmployeeQuery),
    responses(
        (status = 200, description = "A page", body = Page<EmployeeRow>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/employees")]
async fn list_employees(
    services: Tools,
    who: SignedIn,
    query: Params<EmployeeQuery>,
) -> Result<web::Json<Page<EmployeeRow>>, ApiError> {
    let query = query.0;
    let page = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.list(conn, &query, services.context.today())
    });
    Ok(web::Json(page.await?))
}

/// A new card; answers its one-time credentials, once.
#[utoipa::path(
    tag = "kontingent",
    request_body = NewEmployeeDraft,
    responses(
        (status = 201, description = "Created", body = SavedEmployee),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`duplicate-suspected` with the likely duplicates (`LikelyDuplicates`) in `current`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees")]
async fn create_employee(
    services: Tools,
    who: SignedIn,
    body: Body<NewEmployeeDraft>,
) -> Result<HttpResponse, ApiError> {
    let draft = body.0;
    let asker = Asker::from(&who);
    if !draft.despite_duplicates {
        let asked = draft.clone();
        duplicates::ask_first(&services, asker.clone(), move |conn, services, staff| {
            staff.suspects_of_new(conn, services, &asked, Verdict::Allowed)
        })
        .await?;
    }
    // Looked up outside the transaction: inside, two cards of one name would wait for each other's reading.
    let first = match draft.person.parse("", EmailRule::MayStayEmpty) {
        Err(_) => None,
        Ok(person) => {
            let look = move |conn: &mut Conn| cards::first_login(conn, &person.name);
            Some(services.db.read(move |conn| look(conn).map_err(ApiError::from)).await?)
        }
    };
    let saved = gate::add(&services, asker, "employee.created", move |conn, services, who, staff| {
        staff.create(conn, services, who, &draft, first)
    });
    Ok(HttpResponse::Created().json(saved.await?))
}

/// A card, with what the actor may do to it.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = EmployeeCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/employees/{id}")]
async fn get_employee(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<EmployeeCard>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let card = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.show_again(conn, services, id.into())
    });
    Ok(web::Json(card.await?))
}

/// Saves a card, whole, with the version it was made from; answers one-time credentials if a role was added.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card")),
    request_body = EmployeeDraft,
    responses(
        (status = 200, description = "Saved", body = SavedEmployee),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present card in `current`; `duplicate-suspected` with the likely duplicates (`LikelyDuplicates`) in `current`; `archived`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/kontingent/employees/{id}")]
async fn save_employee(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<EmployeeDraft>,
) -> Result<web::Json<SavedEmployee>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let draft = body.0;
    let asker = Asker::from(&who);
    if !draft.despite_duplicates {
        let asked = draft.clone();
        duplicates::ask_first(&services, asker.clone(), move |conn, services, staff| {
            staff.suspects_of_change(conn, services, id, &asked, Verdict::Allowed)
        })
        .await?;
    }
    let saved =
        gate::write(&services, asker, "employee.saved", Some(id), move |conn, services, who, staff| {
            staff.save(conn, services, who, id, &draft)
        });
    Ok(web::Json(saved.await?))
}

/// «Сбросить пароль»: voids older credentials, answers new ones, once; a bound card stays bound.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card")),
    responses(
        (status = 200, description = "The new credentials", body = OneTimeCredentials),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`archived`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees/{id}/credentials")]
async fn reset_credentials(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<OneTimeCredentials>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let issued = gate::write(
        &services,
        Asker::from(&who),
        "credentials.issued",
        Some(id),
        move |conn, services, who, staff| staff.reset(conn, services, who, id),
    );
    Ok(web::Json(issued.await?))
}

/// Lifts the lock on the sign-in of the account the card is bound to.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card")),
    responses(
        (status = 200, description = "The card as it is now", body = EmployeeCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`archived`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/kontingent/employees/{id}/lock")]
async fn remove_lock(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<EmployeeCard>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let card = gate::write(
        &services,
        Asker::from(&who),
        "account.unlocked",
        Some(id),
        move |conn, services, who, staff| staff.unlock(conn, services, who, id),
    );
    Ok(web::Json(card.await?))
}

/// Takes card and account apart: sessions that work as the card lose it at once.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card")),
    responses(
        (status = 200, description = "The card as it is now", body = EmployeeCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`archived`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/kontingent/employees/{id}/binding")]
async fn remove_binding(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<EmployeeCard>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let card = gate::write(
        &services,
        Asker::from(&who),
        "binding.ended",
        Some(id),
        move |conn, services, who, staff| staff.unbind(conn, services, who, id),
    );
    Ok(web::Json(card.await?))
}

/// Puts a card into the archive: ends every role, voids its credentials.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card")),
    responses(
        (status = 200, description = "The card as it is now", body = EmployeeCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`archived`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees/{id}/archive")]
async fn archive_employee(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<EmployeeCard>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let card = gate::write(
        &services,
        Asker::from(&who),
        "employee.archived",
        Some(id),
        move |conn, services, who, staff| staff.archive(conn, services, who, id),
    );
    Ok(web::Json(card.await?))
}

/// What joining another card of the same person to this one would do; nothing is written.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card that stays")),
    request_body = CardMergeQuestion,
    responses(
        (status = 200, description = "What would become of both", body = CardMergePreview),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: one of them is not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`cannot-merge`: of two organizations, bound to two accounts, one and the same; `archived`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees/{id}/merge/preview")]
async fn preview_merge(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<CardMergeQuestion>,
) -> Result<web::Json<CardMergePreview>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let other = body.0.other;
    let preview = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.preview_merge(conn, services, id, other)
    });
    Ok(web::Json(preview.await?))
}

/// Joins another card of the same person to this one: roles of both, one binding; the other goes into the archive.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = EmployeeId, Path, description = "The card that stays")),
    request_body = CardMergeDraft,
    responses(
        (status = 200, description = "The card as it is now", body = EmployeeCard),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: one of them is not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the preview as it is now in `current`; `cannot-merge`, `archived`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/employees/{id}/merge")]
async fn merge_employees(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<CardMergeDraft>,
) -> Result<web::Json<EmployeeCard>, ApiError> {
    let id: EmployeeId = parse_path_id(&id)?;
    let draft = body.0;
    let card = gate::write(
        &services,
        Asker::from(&who),
        "employee.merged",
        Some(id),
        move |conn, services, who, staff| staff.merge(conn, services, who, id, &draft),
    );
    Ok(web::Json(card.await?))
}

/// Binds a card to the signed-in account with the card's one-time credentials; the session works as it then.
#[utoipa::path(
    tag = "kontingent",
    request_body = BindCard,
    responses(
        (status = 200, description = "Bound; the session, which has a new cookie", body = SessionState),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-bound`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, `invalid-card-credentials`, `name-mismatch`", body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "`locked`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/bindings")]
async fn bind_card(services: Tools, who: SignedIn, body: Body<BindCard>) -> Result<HttpResponse, ApiError> {
    let form = body.0;
    let login = form.parse().map_err(ApiError::validation)?;
    let (tools, asking) = (services.clone(), who.clone());
    let done = services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let asker = Asker::from(&asking);
            // A refusal is a value here: the failures it counted are to stay.
            match binding::bind_card(conn, &tools, &asker, &login, form.password.trim())? {
                Err(problem) => Ok(Err(problem)),
                Ok(card) => Ok(Ok((card, accounts::work_as(conn, &tools, &asking, card)?))),
            }
        })
        .await?;
    let (card, token) = done.map_err(ApiError::from)?;
    let mut answer = HttpResponse::Ok();
    if let Some(token) = token {
        answer.cookie(token.into_cookie(&services));
    }
    Ok(answer.json(accounts::session_state(&services, &who, Some(card)).await?))
}
