//! The calls of support.

use actix_web::{get, post, web};
use epos_shared::api::esia::{Alarm, AlarmQuery};
use epos_shared::api::page::{Page, Total};
use epos_shared::ids::AlarmId;
use epos_shared::problem::{Problem, ProblemCode};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{CURSORS, store};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::cursor::start;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Params, parse_path_id};
use crate::kontingent::support::{self, Attempt};
use crate::kontingent::{self, Asker};

/// Registers the calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_alarms).service(resolve_alarm);
}

/// What support must look at, the latest first.
#[utoipa::path(
    tag = "alarms",
    params(AlarmQuery),
    responses(
        (status = 200, description = "A page", body = Page<Alarm>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/alarms")]
async fn list_alarms(
    services: web::Data<Services>,
    who: SignedIn,
    query: Params<AlarmQuery>,
) -> Result<web::Json<Page<Alarm>>, ApiError> {
    let query = query.0;
    let attempt = Attempt { action: "alarms.read", object_kind: "alarm", object: None };
    let page = support::read(&services, Asker::from(&who), attempt, move |conn, _| {
        let limit = kontingent::page_limit(query.limit)?;
        let from = start(query.after.as_ref(), query.before.as_ref(), |cursor| CURSORS.read(cursor))?;
        let state = query.state.unwrap_or_default();
        let page = store::page(conn, state, &from, limit)?;
        let at = |row: &store::Row| CURSORS.write(row.place());
        let (next, previous) = (page.next(at), page.previous(at));
        let total = Total::of(store::count(conn, state)?);
        Ok(Page { items: page.rows.into_iter().map(Alarm::from).collect(), total, next, previous })
    });
    Ok(web::Json(page.await?))
}

/// Support has done with an alarm; should it happen again, there is a new one.
#[utoipa::path(
    tag = "alarms",
    params(("id" = AlarmId, Path, description = "The alarm")),
    responses(
        (status = 200, description = "The alarm as it is now, also where somebody else was first", body = Alarm),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`, `forged-origin`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/alarms/{id}/resolve")]
async fn resolve_alarm(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<web::Json<Alarm>, ApiError> {
    let id = Id::from(parse_path_id::<AlarmId>(&id)?);
    let attempt = Attempt { action: "alarm.resolved", object_kind: "alarm", object: Some(id) };
    let alarm = support::write(&services, Asker::from(&who), attempt, move |conn, services, asker| {
        let context = &services.context;
        let is_done = store::resolve(conn, id, asker.account, context.db_now())?;
        let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
        if is_done {
            let event = Event::done("alarm.resolved", "alarm", id)
                .with(serde_json::json!({ "code": row.code, "occurrences": row.occurrences }));
            audit::record(conn, context, &asker.journal, event)?;
        }
        Ok(Alarm::from(row))
    });
    Ok(web::Json(alarm.await?))
}
