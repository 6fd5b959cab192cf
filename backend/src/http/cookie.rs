//! Our own cookies: never for scripts, never sent along with another site's request.

use actix_web::cookie::{Cookie, SameSite};

/// A cookie that goes with the browser, which at a school many share. Under TLS it is never sent without.
#[must_use]
pub fn cookie(name: impl Into<String>, value: String, is_https: bool) -> Cookie<'static> {
    Cookie::build(name.into(), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https)
        .finish()
}

/// The cookie that takes the one of this name away.
#[must_use]
pub fn no_cookie(name: impl Into<String>, is_https: bool) -> Cookie<'static> {
    let mut cookie = cookie(name, String::new(), is_https);
    cookie.make_removal();
    cookie
}
