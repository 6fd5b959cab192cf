//! The server: routes at their configured addresses.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpServer};

use crate::config::Config;
use crate::context::Clock;
use crate::standin::{Standin, StartError};
use crate::{authorize, control, login, logout, page, resources, token};

/// No script at all, and nothing of another host. No `form-action`: browsers apply it to the redirects that
/// follow the form, and those lead to the client.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A server that listens; it answers as soon as its future is polled.
pub struct Running {
    /// The address it listens on.
    pub address: SocketAddr,
    /// What it serves.
    pub standin: Data<Standin>,
    /// The server.
    pub server: Server,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Starts to listen; port 0 takes a free one.
///
/// # Errors
/// Tells why it cannot start.
pub fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    let listener = TcpListener::bind(config.listen)?;
    let address = listener.local_addr()?;
    let public_url = match &config.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    };
    let standin = Data::new(Standin::new(config, public_url, clock)?);
    let served = standin.clone();
    let server = HttpServer::new(move || {
        let served = served.clone();
        let headers = DefaultHeaders::new()
            .add((header::CACHE_CONTROL, "no-store"))
            .add((header::CONTENT_SECURITY_POLICY, POLICY))
            .add((header::REFERRER_POLICY, "same-origin"))
            .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        App::new()
            .wrap(headers)
            .app_data(control::json_config())
            .configure(|service| routes(service, &served))
            .app_data(served.clone())
    })
    .workers(2)
    .listen(listener)?
    .run();
    Ok(Running { address, standin, server })
}

fn routes(service: &mut ServiceConfig, standin: &Data<Standin>) {
    let paths = &standin.config.paths;
    let persons = &paths.persons;
    service
        .route(&paths.authorize_v1, web::get().to(authorize::v1))
        .route(&paths.authorize_v1, web::post().to(authorize::v1))
        .route(&paths.authorize_v2, web::get().to(authorize::v2))
        .route(&paths.authorize_v2, web::post().to(authorize::v2))
        .route(&paths.token_v1, web::post().to(token::v1))
        .route(&paths.token_v3, web::post().to(token::v3))
        .route(&paths.login, web::post().to(login::submit))
        .route(&paths.logout, web::get().to(logout::logout))
        .route(&format!("{persons}/{{oid}}"), web::get().to(resources::person))
        .route(&format!("{persons}/{{oid}}/ctts"), web::get().to(resources::contacts))
        .route(&format!("{persons}/{{oid}}/ctts/{{id}}"), web::get().to(resources::contact))
        .route(&format!("{persons}/{{oid}}/roles"), web::get().to(resources::roles))
        .route(page::STYLE_PATH, web::get().to(page::style))
        .route("/standin", web::get().to(control::ready))
        .route("/standin/switches", web::get().to(control::switches))
        .route("/standin/switches", web::delete().to(control::reset))
        .route("/standin/switches/all", web::put().to(control::set_all))
        .route("/standin/switches/next", web::post().to(control::add_next))
        .route("/standin/switches/people/{oid}", web::put().to(control::set_of_person))
        .route("/standin/people", web::get().to(control::people))
        .route("/standin/people/{oid}", web::put().to(control::set_person))
        .route("/standin/people/{oid}", web::delete().to(control::remove_person))
        .route("/standin/sessions", web::delete().to(control::forget))
        .route("/standin/certificates", web::get().to(control::certificates));
}
