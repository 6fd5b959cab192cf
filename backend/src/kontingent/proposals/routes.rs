//! The calls of the queue.

use actix_web::{HttpResponse, get, post, web};
use epos_shared::api::accounts::ReasonDraft;
use epos_shared::api::page::{MAX_LIMIT, Page};
use epos_shared::api::proposals::{
    ApproveProposal, Proposal, ProposalCount, ProposalDetails, ProposalDraft, ProposalQuery,
};
use epos_shared::ids::ProposalId;
use epos_shared::problem::Problem;
use epos_shared::rights::Verdict;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::SignedIn;
use crate::app::Services;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, parse_path_id};
use crate::kontingent::actor::Asker;
use crate::kontingent::{duplicates, gate};
use crate::queues::{self, QueueFile};

pub(in crate::kontingent) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_proposal)
        .service(list_proposals)
        .service(count_proposals)
        .service(export_proposals)
        .service(get_proposal)
        .service(approve_proposal)
        .service(decline_proposal)
        .service(withdraw_proposal);
}

type Tools = web::Data<Services>;

/// «Отправить на подтверждение»: a change of a head's card waits for the department.
#[utoipa::path(
    tag = "kontingent",
    request_body = ProposalDraft,
    responses(
        (status = 201, description = "It waits", body = Proposal),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: no such card, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-conflict` with the present card in `current`; `duplicate-suspected` with the likely duplicates (`LikelyDuplicates`) in `current`; `archived`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field; also where no confirmation is needed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-requests`: a hundred of the organization wait already", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/proposals")]
async fn create_proposal(
    services: Tools,
    who: SignedIn,
    body: Body<ProposalDraft>,
) -> Result<HttpResponse, ApiError> {
    let draft = body.0;
    let card = draft.employee();
    let asker = Asker::from(&who);
    let (asked, least) = (draft.clone(), Verdict::NeedsConfirmation);
    duplicates::ask_first(&services, asker.clone(), move |conn, services, staff| match &asked {
        ProposalDraft::Create { draft } if !draft.despite_duplicates => {
            staff.suspects_of_new(conn, services, draft, least)
        }
        ProposalDraft::Save { employee_id, draft } if !draft.despite_duplicates => {
            staff.suspects_of_change(conn, services, *employee_id, draft, least)
        }
        _ => Ok(None),
    })
    .await?;
    let proposal = gate::write(&services, asker, "proposal.sent", card, move |conn, services, who, staff| {
        staff.propose(conn, services, who, &draft)
    });
    Ok(HttpResponse::Created().json(proposal.await?))
}

/// Proposals of the organizations in view, the oldest first.
#[utoipa::path(
    tag = "kontingent",
    params(ProposalQuery),
    responses(
        (status = 200, description = "A page", body = Page<Proposal>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/proposals")]
async fn list_proposals(
    services: Tools,
    who: SignedIn,
    query: Params<ProposalQuery>,
) -> Result<web::Json<Page<Proposal>>, ApiError> {
    let query = query.0;
    let page = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.proposals(conn, services, &query)
    });
    Ok(web::Json(page.await?))
}

const FILE: QueueFile = QueueFile {
    name: "confirmations",
    title: "На подтверждение",
    headings: &[
        "Что предложено",
        "Сотрудник",
        "Организация",
        "Кто предложил",
        "Состояние",
        "Предложено",
        "Решено",
    ],
};

/// The same as a file (CSV, UTF-8 with a mark, `;`): every page, whatever cursor or limit is given. The journal tells of
/// it.
#[utoipa::path(
    tag = "kontingent",
    params(ProposalQuery),
    responses(
        (status = 200, description = "The file, 10,000 rows at most", content_type = "text/csv", body = String),
        (status = 400, description = "`malformed-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/proposals/export")]
async fn export_proposals(
    services: Tools,
    who: SignedIn,
    query: Params<ProposalQuery>,
) -> Result<HttpResponse, ApiError> {
    let asker = Asker::from(&who);
    let rows = gate::read(&services, asker.clone(), move |conn, services, staff| {
        let (rows, more) = queues::every(|after| {
            let query = ProposalQuery { after, before: None, limit: Some(MAX_LIMIT), ..query.0.clone() };
            staff.proposals(conn, services, &query)
        })?;
        let context = &services.context;
        let line = |row: Proposal| {
            vec![
                row.kind.title().to_owned(),
                row.name.unwrap_or_default(),
                row.organization.short_name,
                row.author,
                row.state.title().to_owned(),
                context.shown(row.created_at),
                row.decided_at.map(|at| context.shown(at)).unwrap_or_default(),
            ]
        };
        Ok((rows.into_iter().map(line).collect(), more))
    });
    FILE.of(&services, asker, rows.await?).await
}

/// How many proposals wait, for the menu.
#[utoipa::path(
    tag = "kontingent",
    responses(
        (status = 200, description = "The count", body = ProposalCount),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/proposals/count")]
async fn count_proposals(services: Tools, who: SignedIn) -> Result<web::Json<ProposalCount>, ApiError> {
    let count = gate::read(&services, Asker::from(&who), |conn, _, staff| staff.count_proposals(conn));
    Ok(web::Json(count.await?))
}

/// A proposal, with what it changes field by field.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = ProposalId, Path, description = "The proposal")),
    responses(
        (status = 200, description = "The proposal", body = ProposalDetails),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `category-not-held`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/kontingent/proposals/{id}")]
async fn get_proposal(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<ProposalDetails>, ApiError> {
    let id = Id::from(parse_path_id::<ProposalId>(&id)?);
    let details = gate::read(&services, Asker::from(&who), move |conn, services, staff| {
        staff.proposal_details(conn, services, id)
    });
    Ok(web::Json(details.await?))
}

/// Approves a proposal, and so does what it proposes, by the own rights; never the own one.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = ProposalId, Path, description = "The proposal")),
    request_body = ApproveProposal,
    responses(
        (status = 200, description = "The proposal as it is now", body = Proposal),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `own-card`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`, `archived`; `version-conflict` with the proposal on the present card in `current`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`: its values are out of date", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/proposals/{id}/approve")]
async fn approve_proposal(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<ApproveProposal>,
) -> Result<web::Json<Proposal>, ApiError> {
    let id = Id::from(parse_path_id::<ProposalId>(&id)?);
    let version = body.0.card_version;
    let approved = gate::write(
        &services,
        Asker::from(&who),
        "proposal.approved",
        None,
        move |conn, services, who, staff| staff.approve(conn, services, who, id, version),
    );
    Ok(web::Json(approved.await?))
}

/// Declines a proposal, with a reason that its author is told.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = ProposalId, Path, description = "The proposal")),
    request_body = ReasonDraft,
    responses(
        (status = 200, description = "The proposal as it is now", body = Proposal),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `needs-confirmation`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed` at `reason`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/proposals/{id}/decline")]
async fn decline_proposal(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
    body: Body<ReasonDraft>,
) -> Result<web::Json<Proposal>, ApiError> {
    let id = Id::from(parse_path_id::<ProposalId>(&id)?);
    let reason = body.0.parse().map_err(ApiError::validation)?;
    let declined = gate::write(
        &services,
        Asker::from(&who),
        "proposal.declined",
        None,
        move |conn, services, who, staff| staff.decline(conn, services, who, id, &reason),
    );
    Ok(web::Json(declined.await?))
}

/// Takes a proposal back: its author, or another specialist of the organization.
#[utoipa::path(
    tag = "kontingent",
    params(("id" = ProposalId, Path, description = "The proposal")),
    responses(
        (status = 200, description = "The proposal as it is now", body = Proposal),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: not there, or not in view", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/kontingent/proposals/{id}/withdraw")]
async fn withdraw_proposal(
    services: Tools,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<Proposal>, ApiError> {
    let id = Id::from(parse_path_id::<ProposalId>(&id)?);
    let withdrawn = gate::write(
        &services,
        Asker::from(&who),
        "proposal.withdrawn",
        None,
        move |conn, services, who, staff| staff.withdraw(conn, services, who, id),
    );
    Ok(web::Json(withdrawn.await?))
}
