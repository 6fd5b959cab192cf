//! «Родитель», «Обучающийся»: the calls of support.

use actix_web::{HttpResponse, delete, get, post, web};
use epos_shared::api::categories::{CategoryGrant, CategoryGrantDraft, CategoryGrantQuery};
use epos_shared::api::organizations::MAX_QUERY_LENGTH;
use epos_shared::api::page::{EXACT_COUNT_LIMIT, Page, Total};
use epos_shared::ids::CategoryGrantId;
use epos_shared::problem::{Problem, ProblemCode};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::grants::{self, Filter, Place};
use crate::accounts::SignedIn;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::cursor;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::http::{Body, Params, parse_path_id};
use crate::kontingent::support::{self, Attempt};
use crate::kontingent::{self, Asker};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_grants).service(give).service(take_back);
}

type Tools = web::Data<Services>;

/// The form of a cursor and the list it belongs to: no other list's begins so.
const FORM: [u8; 2] = [1, 131];

fn write((key, id): (&str, Id)) -> String {
    let mut bytes = FORM.to_vec();
    bytes.extend_from_slice(id.0.as_bytes());
    bytes.extend_from_slice(key.as_bytes());
    cursor::seal(bytes)
}

fn read(cursor: &str) -> Option<Place> {
    let bytes = cursor::open(cursor)?;
    let (id, key) = bytes.strip_prefix(&FORM)?.split_at_checked(16)?;
    Some((String::from_utf8(key.to_vec()).ok()?, Id(Uuid::from_slice(id).ok()?)))
}

fn page(
    conn: &mut Conn,
    services: &Services,
    query: &CategoryGrantQuery,
) -> Result<Page<CategoryGrant>, ApiError> {
    let limit = kontingent::page_limit(query.limit)?;
    let typed = query.query.as_deref().map(str::trim).filter(|typed| !typed.is_empty());
    if typed.is_some_and(|typed| typed.chars().count() > MAX_QUERY_LENGTH) {
        return Err(ApiError::wrong_parameter("query", "Слишком длинный запрос: не больше 200 знаков"));
    }
    let filter = Filter { category: query.category, typed: typed.map(str::to_owned) };
    let from = cursor::start(query.after.as_ref(), query.before.as_ref(), read)?;
    let page = cursor::cut(&from, grants::list(conn, &filter, &from, limit + 1)?, limit);
    let at = |row: &grants::Row| write((&row.name_key, row.id()));
    let (next, previous) = (page.next(at), page.previous(at));
    let total = Total::of(grants::count(conn, &filter, i64::from(EXACT_COUNT_LIMIT) + 1)?);
    let mut items = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        items.push(row.grant(services.context.secrets())?.shown(&services.context));
    }
    Ok(Page { items, total, next, previous })
}

/// The categories that were given, in the order of the names.
#[utoipa::path(
    tag = "accounts",
    params(CategoryGrantQuery),
    responses(
        (status = 200, description = "A page", body = Page<CategoryGrant>),
        (status = 400, description = "`malformed-parameter`, `invalid-cursor`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/categories")]
async fn list_grants(
    services: Tools,
    who: SignedIn,
    query: Params<CategoryGrantQuery>,
) -> Result<web::Json<Page<CategoryGrant>>, ApiError> {
    let query = query.0;
    let attempt = Attempt { action: "categories.read", object_kind: "category", object: None };
    let page = support::read(&services, Asker::from(&who), attempt, move |conn, services| {
        page(conn, services, &query)
    });
    Ok(web::Json(page.await?))
}

/// Gives «Родитель» or «Обучающийся» to somebody who may not have been here yet.
#[utoipa::path(
    tag = "accounts",
    request_body = CategoryGrantDraft,
    responses(
        (status = 201, description = "Given", body = CategoryGrant),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/categories")]
async fn give(
    services: Tools,
    who: SignedIn,
    body: Body<CategoryGrantDraft>,
) -> Result<HttpResponse, ApiError> {
    let draft = body.0;
    let attempt = Attempt { action: "category.given", object_kind: "category", object: None };
    let given = support::write(&services, Asker::from(&who), attempt, move |conn, services, asker| {
        let context = &services.context;
        let input = draft.parse(context.today()).map_err(ApiError::validation)?;
        let id = grants::give(conn, context, &asker.journal, &input, Some(asker.account))?;
        let row = grants::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
        Ok(row.grant(context.secrets())?.shown(context))
    });
    Ok(HttpResponse::Created().json(given.await?))
}

/// Takes a category back: it closes with its holder's very next request. One that was taken back stays so.
#[utoipa::path(
    tag = "accounts",
    params(("id" = CategoryGrantId, Path, description = "What was given")),
    responses(
        (status = 204, description = "Taken back"),
        (status = 401, description = "`not-signed-in`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`no-rights`, `forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/categories/{id}")]
async fn take_back(services: Tools, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let id = Id::from(parse_path_id::<CategoryGrantId>(&id)?);
    let attempt = Attempt { action: "category.taken_back", object_kind: "category", object: Some(id) };
    support::write(&services, Asker::from(&who), attempt, move |conn, services, asker| {
        let context = &services.context;
        grants::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
        if grants::end(conn, id, context.db_now())? {
            audit::record(conn, context, &asker.journal, Event::done("category.taken_back", "category", id))?;
        }
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_not_when_damaged() {
        let id = Id(Uuid::from_u128(7));
        let cursor = write(("иванова анна", id));
        assert_eq!(read(&cursor), Some(("иванова анна".to_owned(), id)));
        for cut in 0..cursor.len() {
            assert_eq!(read(&cursor[..cut]), None);
        }
    }
}
