//! The server: routes at their configured addresses.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, ServiceConfig, delete, get, head, post, put};
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
    let listener = TcpListener::bind(config.listen)
        .map_err(|error| StartError::Listen { address: config.listen, error })?;
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
    let contacts = format!("{persons}/{{oid}}/ctts");
    // By resources, so that another method than those is answered with 405.
    let resources = [
        web::resource(&paths.authorize_v1).route(get().to(authorize::v1)).route(post().to(authorize::v1)),
        web::resource(&paths.authorize_v2).route(get().to(authorize::v2)).route(post().to(authorize::v2)),
        web::resource(&paths.token_v1).route(post().to(token::v1)),
        web::resource(&paths.token_v3).route(post().to(token::v3)),
        web::resource(&paths.login).route(post().to(login::submit)),
        web::resource(&paths.logout).route(get().to(logout::logout)),
        web::resource(format!("{persons}/{{oid}}"))
            .route(get().to(resources::person))
            .route(head().to(resources::person)),
        web::resource(format!("{contacts}/{{id}}"))
            .route(get().to(resources::contact))
            .route(head().to(resources::contact)),
        web::resource(contacts).route(get().to(resources::contacts)).route(head().to(resources::contacts)),
        web::resource(format!("{persons}/{{oid}}/roles"))
            .route(get().to(resources::roles))
            .route(head().to(resources::roles)),
        web::resource(page::STYLE_PATH).route(get().to(page::style)).route(head().to(page::style)),
        web::resource("/standin").route(get().to(control::ready)),
        web::resource("/standin/switches")
            .route(get().to(control::switches))
            .route(delete().to(control::reset)),
        web::resource("/standin/switches/all").route(put().to(control::set_all)),
        web::resource("/standin/switches/next").route(post().to(control::add_next)),
        web::resource("/standin/switches/people/{oid}").route(put().to(control::set_of_person)),
        web::resource("/standin/people").route(get().to(control::people)),
        web::resource("/standin/people/{oid}")
            .route(put().to(control::set_person))
            .route(delete().to(control::remove_person)),
        web::resource("/standin/sessions").route(delete().to(control::forget)),
        web::resource("/standin/certificates").route(get().to(control::certificates)),
    ];
    for resource in resources {
        service.service(resource);
    }
}
