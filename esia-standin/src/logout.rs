//! The end of the session in the browser.

use actix_web::cookie::Cookie;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::authorize::COOKIE;
use crate::page;
use crate::params::Params;
use crate::refusal::Refusal;
use crate::standin::Standin;

/// `GET /idp/ext/Logout`: ends the session and goes to a registered address, or to nowhere.
pub async fn logout(standin: Data<Standin>, request: HttpRequest) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes());
    let (client, address) = match (params.required("client_id"), params.one("redirect_url")) {
        (Ok(client), Ok(address)) => (client, address),
        (Err(refusal), _) | (_, Err(refusal)) => return page::refusal(refusal),
    };
    let Some(client) = standin.clients.get(client) else { return page::refusal(Refusal::CLIENT) };
    let registered = |address: &str| {
        client.may_return_to(address) || client.config.logout_urls.iter().any(|known| known == address)
    };
    if address.is_some_and(|address| !registered(address)) {
        return page::refusal(Refusal::REDIRECT_URI);
    }
    if let Some(cookie) = request.cookie(COOKIE) {
        standin.memory().sessions.remove(cookie.value());
    }
    let mut response = match address {
        Some(address) => HttpResponse::Found().insert_header((header::LOCATION, address)).finish(),
        None => page::message(StatusCode::OK, "Вы вышли", "Сеанс на учебном стенде завершён."),
    };
    let gone = Cookie::build(COOKIE, "").path("/").finish();
    if response.add_removal_cookie(&gone).is_err() {
        tracing::error!("the cookie of the session could not be taken away");
    }
    response
}
