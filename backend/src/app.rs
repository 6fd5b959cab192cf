//! How the parts are wired into one server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, LOCATION};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use epos_shared::api::registration::ConsentText;
use epos_shared::problem::{Problem, ProblemCode};
use tokio::sync::watch;
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::SwaggerUi;

use crate::accounts::Hasher;
use crate::config::{Config, Mode, Origin};
use crate::context::Context;
use crate::db::Database;
use crate::error::{ApiError, respond};
use crate::esia::Esia;
use crate::http::{AllowedOrigins, BodyLimit, Policy, TrustedProxies};
use crate::import::table::TableReader;
use crate::openapi::{self, Routes};
use crate::organizations::Directory;
use crate::registration::Pace;
use crate::{assets, health, http, import, jobs};

/// What use cases work with. Handlers take it as `web::Data<Services>`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// The configuration.
    pub config: Arc<Config>,
    /// Production, or the demo (whose accounts are refused elsewhere).
    pub mode: Mode,
    /// The database.
    pub db: Database,
    /// Time, chance, keys.
    pub context: Context,
    /// Hashing of passwords.
    pub hasher: Hasher,
    /// The address people see.
    pub origin: Origin,
    /// The text of the consent to the processing of personal data, as it stands now.
    pub consent: Arc<ConsentText>,
    /// The organizations that an application may name.
    pub directory: Directory,
    /// How often the directory is asked, by address.
    pub pace: Pace,
    /// Reads uploaded tables.
    pub tables: TableReader,
    /// The link to Госуслуги, if one is configured.
    pub esia: Option<Arc<Esia>>,
}

impl Services {
    /// Opens the database and makes the pool of hashers. Blocks; migrates nothing.
    ///
    /// # Errors
    /// The configuration does not hold, or the database cannot be reached.
    pub fn open(config: Config, mode: Mode, context: Context) -> Result<Self, ApiError> {
        let origin = config.public_origin().map_err(ApiError::internal)?;
        let options = config.database_options().map_err(ApiError::internal)?;
        let params = config.password_params().map_err(ApiError::internal)?;
        let hasher = Hasher::new(&config.passwords, params, &context).map_err(ApiError::internal)?;
        let consent = Arc::new(crate::consent::text(&config.consent).map_err(ApiError::internal)?);
        let esia = Esia::open(&config).map_err(|wrong| ApiError::internal(wrong.join("\n")))?;
        let db = Database::open(options)?;
        let tables = TableReader::start().map_err(ApiError::internal)?;
        Ok(Self {
            config: Arc::new(config),
            mode,
            db,
            context,
            hasher,
            origin,
            consent,
            directory: Directory::default(),
            pace: Pace::default(),
            tables,
            esia: esia.map(Arc::new),
        })
    }

    fn allowed_origins(&self) -> AllowedOrigins {
        let mut allowed = vec![self.origin.text.clone()];
        if self.mode == Mode::Demo {
            // Both names of one's own machine.
            for (one, other) in [("//127.0.0.1", "//localhost"), ("//localhost", "//127.0.0.1")] {
                if self.origin.text.contains(one) {
                    allowed.push(self.origin.text.replacen(one, other, 1));
                }
            }
        }
        AllowedOrigins(allowed)
    }
}

/// Every route of the API: the description is generated from the same list.
pub fn routes(config: &mut ServiceConfig) {
    config.service(health::healthz).service(health::readyz).configure(crate::esia::browser_routes).service(
        utoipa_actix_web::scope("/api/v1")
            .configure(crate::accounts::routes)
            .configure(crate::alarms::routes)
            .configure(crate::esia::routes)
            .configure(crate::consent::routes)
            .configure(crate::registration::routes)
            .configure(crate::account_applications::routes)
            .configure(crate::identification::routes)
            .configure(crate::subsystems::routes)
            .configure(crate::kontingent::routes)
            .configure(crate::queues::routes)
            .configure(crate::organizations::routes)
            .configure(import::routes)
            .configure(crate::audit::routes)
            .configure(crate::mail::routes),
    );
}

/// A running server.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    stop: watch::Sender<bool>,
    jobs: Vec<actix_web::rt::task::JoinHandle<()>>,
    server: actix_web::rt::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Ends it in order: requests under way are answered, jobs give their leases back.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        // Nobody listens where every job has ended by itself.
        let _ = self.stop.send(true);
        for job in self.jobs {
            let _ = job.await;
        }
        let _ = self.server.await;
    }
}

/// Starts answering on a socket. To be called within an actix system.
///
/// # Errors
/// The socket cannot be used.
pub fn start(services: Services, listener: TcpListener) -> std::io::Result<Running> {
    let address = listener.local_addr()?;
    let document = openapi::document();
    let known = web::Data::new(Routes::of(&document));
    let proxies = services.config.server.trusted_proxies.clone().unwrap_or_default();
    let shared = (
        web::Data::new(TrustedProxies(proxies)),
        web::Data::new(services.allowed_origins()),
        web::Data::new(Policy::new(services.origin.is_https)),
        web::Data::new(BodyLimit(services.config.server.body_limit_kib * 1024)),
        web::Data::new(services.context.clone()),
        web::Data::new(services.clone()),
    );
    let config = Arc::clone(&services.config);
    let mut server = HttpServer::new(move || {
        let (proxies, origins, policy, limit, context, services) = shared.clone();
        App::new()
            .app_data(proxies)
            .app_data(origins)
            .app_data(policy)
            .app_data(limit)
            .app_data(context)
            .app_data(services)
            .app_data(known.clone())
            .into_utoipa_app()
            .configure(routes)
            .into_app()
            .service(viewer(&document))
            .route("/api/docs", web::get().to(to_viewer))
            .default_service(web::to(anything_else))
            .wrap(actix_web::middleware::from_fn(http::observe))
    })
    .disable_signals()
    .shutdown_timeout(config.server.shutdown_timeout_seconds)
    .client_request_timeout(Duration::from_secs(15))
    .keep_alive(Duration::from_secs(75));
    if config.server.workers > 0 {
        server = server.workers(config.server.workers);
    }
    let server = server.listen(listener)?.run();
    let handle = server.handle();
    let (stop, stopped) = watch::channel(false);
    let sealer = actix_web::rt::spawn(jobs::run_sealer(services.clone(), stopped.clone()));
    let sweeper = actix_web::rt::spawn(jobs::run_sweeper(services.clone(), stopped.clone()));
    let postman = actix_web::rt::spawn(jobs::run_postman(services.clone(), stopped.clone()));
    let importer = actix_web::rt::spawn(import::run_importer(services.clone(), stopped.clone()));
    let caretaker = actix_web::rt::spawn(jobs::run_caretaker(services, stopped));
    let jobs = vec![sealer, sweeper, postman, importer, caretaker];
    Ok(Running { address, handle, stop, jobs, server: actix_web::rt::spawn(server) })
}

fn viewer(document: &utoipa::openapi::OpenApi) -> SwaggerUi {
    let config = utoipa_swagger_ui::Config::new(["/api/openapi.json"])
        // The viewer asks nobody else's server whether the description is valid.
        .validator_url("none")
        .try_it_out_enabled(true)
        .doc_expansion("list");
    SwaggerUi::new("/api/docs/{_:.*}").url("/api/openapi.json", document.clone()).config(config)
}

async fn to_viewer() -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((LOCATION, "/api/docs/")).finish()
}

/// Addresses without a handler: a method that is not there, an unknown call of the API, a file or a page of
/// the client.
async fn anything_else(request: HttpRequest, known: web::Data<Routes>) -> HttpResponse {
    let allowed = known.methods(request.path());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_api = request.path() == "/api" || request.path().starts_with("/api/");
    if !allowed.is_empty() || (!is_api && !is_read) {
        let mut answer = respond(Problem::new(ProblemCode::MethodNotAllowed));
        let allowed = if allowed.is_empty() { "GET, HEAD".to_owned() } else { allowed.join(", ") };
        if let Ok(allowed) = allowed.parse() {
            answer.headers_mut().insert(ALLOW, allowed);
        }
        return answer;
    }
    if is_api {
        return respond(Problem::new(ProblemCode::NotFound));
    }
    assets::serve(&request)
}
