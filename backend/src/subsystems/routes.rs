//! `GET /api/v1/subsystems`.

use actix_web::{get, web};
use epos_shared::api::subsystems::SubsystemsAllowed;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::roles::RoleCategory;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::{self, SignedIn};
use crate::app::Services;
use crate::error::ApiError;
use crate::identification;
use crate::kontingent;

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_subsystems);
}

/// Subsystems allowed for the category of the session and the roles in force today.
#[utoipa::path(
    tag = "subsystems",
    responses(
        (status = 200, description = "The subsystems, in the order of the page", body = SubsystemsAllowed),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`category-not-held`: one of several is to be chosen first", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/subsystems")]
async fn list_subsystems(
    services: web::Data<Services>,
    who: SignedIn,
) -> Result<web::Json<SubsystemsAllowed>, ApiError> {
    let context = services.context.clone();
    let allowed = services
        .db
        .read::<_, ApiError, _>(move |conn| {
            let cards = kontingent::own_cards(conn, who.account, context.today())?;
            let works = cards.iter().any(|card| card.roles_in_force().next().is_some());
            if works && who.category == Some(RoleCategory::Employee) {
                return Ok(super::allowed(&cards, false));
            }
            let holder = accounts::holder(conn, &context, who.account)?.ok_or(ProblemCode::NotFound)?;
            let held = identification::held(conn, &context, &holder, &cards)?;
            match identification::effective(who.category, &held) {
                Some(RoleCategory::Employee) => {
                    let is_matched = !works && identification::has_matched_card(conn, &context, &holder)?;
                    Ok(super::allowed(&cards, is_matched))
                }
                Some(RoleCategory::Parent | RoleCategory::Student) => Ok(super::for_others()),
                // Nothing is held: a card that is bound opens the category.
                None if held.is_empty() => Ok(super::allowed(&[], false)),
                None => Err(Problem::new(ProblemCode::CategoryNotHeld)
                    .with_detail("Выберите категорию, в которой будете работать.")
                    .into()),
            }
        })
        .await?;
    Ok(web::Json(allowed))
}
