//! The description of the API, generated from the handlers.

use actix_web::App;
use actix_web::dev::ResourceDef;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_actix_web::AppExt as _;

use epos_shared::api::same_person::LikelyDuplicates;
use epos_shared::problem::{PROBLEM_MEDIA_TYPE, Problem};

use crate::app;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ЭПОС",
        description = "REST API of ЭПОС. Errors are problems (RFC 9457); see docs/api-design.md for the rules.",
    ),
    components(schemas(Problem, LikelyDuplicates)),
    tags(
        (name = "session", description = "Sign-in, the session, the chosen card"),
        (name = "registration", description = "Applications, letters' links, recovery, consent"),
        (name = "profile", description = "The own account"),
        (name = "accounts", description = "Accounts and applications, for support"),
        (name = "esia", description = "Sign-in through Госуслуги (ЕСИА)"),
        (name = "alarms", description = "What support must look at"),
        (name = "subsystems", description = "Subsystems allowed for the roles in force"),
        (name = "kontingent", description = "«Контингент»: organizations, cards, binding"),
        (name = "import", description = "Import of staff out of a table"),
        (name = "recertification", description = "«Подтвердите, что эти люди работают у вас»"),
        (name = "reports", description = "«Отчёты»: numbers of the organizations in view"),
        (name = "journal", description = "«Журнал»: who did what to whom"),
        (name = "demo", description = "What only the demo has"),
        (name = "health", description = "For whoever watches the server"),
    )
)]
struct Base;

/// The whole description.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) =
        App::new().into_utoipa_app().openapi(Base::openapi()).configure(app::routes).split_for_parts();
    for item in document.paths.paths.values_mut() {
        for operation in operations_mut(item) {
            // Every call can be refused, and every refusal has the same shape.
            operation.responses.responses.entry("default".to_owned()).or_insert_with(problem_response);
        }
    }
    document
}

fn problem_response() -> RefOr<utoipa::openapi::Response> {
    ResponseBuilder::new()
        .description("A problem: what is wrong, for people and machines")
        .content(
            PROBLEM_MEDIA_TYPE,
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build(),
        )
        .build()
        .into()
}

fn operations_mut(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch].into_iter().flatten()
}

/// The methods of each documented path.
#[derive(Debug, Clone)]
pub struct Routes(Vec<(ResourceDef, Vec<&'static str>)>);

impl Routes {
    /// The routes of a description.
    #[must_use]
    pub fn of(document: &OpenApi) -> Self {
        let routes = document.paths.paths.iter().map(|(path, item)| {
            let methods = [
                ("GET", item.get.is_some()),
                ("HEAD", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
                ("DELETE", item.delete.is_some()),
                ("PATCH", item.patch.is_some()),
            ];
            let methods = methods.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
            (ResourceDef::new(path.as_str()), methods)
        });
        Self(routes.collect())
    }

    /// The methods that a path has; none where it does not exist.
    #[must_use]
    pub fn methods(&self, path: &str) -> Vec<&'static str> {
        let matching = self.0.iter().filter(|(pattern, _)| pattern.is_match(path));
        matching.flat_map(|(_, methods)| methods.iter().copied()).collect()
    }
}

/// The description as it is committed (`docs/openapi.json`).
///
/// # Errors
/// It cannot be written as JSON (never, in practice).
pub fn export() -> Result<String, serde_json::Error> {
    let mut text = document().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}
