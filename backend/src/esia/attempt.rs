//! A sign-in under way: what a browser must bring back from Госуслуги stands sealed in a cookie of its own, one for
//! each window, and nowhere else.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::cookie::time::Duration;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::Services;
use crate::db::types::Id;
use crate::http;
use crate::identification::Purpose;

/// So many windows at a time; the oldest gives way. Together they stay far below what servers take of cookies.
const MOST: usize = 5;
/// The longest path to go on to.
const MAX_NEXT: usize = 512;

/// What a browser brings back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// `state` of the request: a UUID.
    pub state: String,
    /// PKCE, where it is used.
    pub verifier: Option<String>,
    /// The account that is to be joined, for its own person; nothing at a sign-in.
    pub account: Option<uuid::Uuid>,
    /// Where to go on.
    pub next: Option<String>,
    /// When it began.
    pub begun_at: DateTime<Utc>,
}

impl Attempt {
    /// What the person went to Госуслуги for.
    pub fn purpose(&self) -> Purpose {
        match self.account {
            None => Purpose::SignIn,
            Some(account) => Purpose::Join { account: Id(account) },
        }
    }

    /// Where whoever signs in wanted to go; whoever joins goes back by himself.
    pub fn wanted(&self) -> Option<&str> {
        self.next.as_deref().filter(|_| self.account.is_none())
    }

    /// The cookie that carries it.
    pub fn cookie(&self, services: &Services) -> Cookie<'static> {
        let context = &services.context;
        // Texts and a moment: they can always be written.
        let text = serde_json::to_vec(self).unwrap_or_default();
        let sealed = context.secrets().seal_attempt(&self.state, &text, &context.bytes::<24>());
        let age = services.config.esia.attempt().num_seconds();
        let mut cookie = http::cookie(name(services, &self.state), sealed, services.origin.is_https);
        cookie.set_max_age(Duration::seconds(age));
        cookie
    }

    /// The attempt of this `state`, if it is this browser's and its time is not over.
    pub fn find(services: &Services, request: &HttpRequest, state: &str) -> Option<Self> {
        let cookie = request.cookie(&name(services, state))?;
        let text = services.context.secrets().open_attempt(state, cookie.value())?;
        let attempt: Self = serde_json::from_slice(&text).ok()?;
        let age = services.context.now() - attempt.begun_at;
        (attempt.state == state && age < services.config.esia.attempt()).then_some(attempt)
    }
}

fn prefix(services: &Services) -> &'static str {
    if services.origin.is_https { "__Host-epos_esia_" } else { "epos_esia_" }
}

/// Of a `state` that a stranger may have written only what a name can hold.
fn name(services: &Services, state: &str) -> String {
    let plain: String = state.chars().filter(char::is_ascii_hexdigit).take(32).collect();
    format!("{}{}", prefix(services), plain.to_ascii_lowercase())
}

/// The cookie that takes an attempt away.
pub(super) fn no_cookie(services: &Services, state: &str) -> Cookie<'static> {
    http::no_cookie(name(services, state), services.origin.is_https)
}

/// The cookies that make room for one more attempt: those that cannot be opened go first, then the oldest.
pub(super) fn make_room(services: &Services, request: &HttpRequest) -> Vec<Cookie<'static>> {
    let Ok(cookies) = request.cookies() else { return Vec::new() };
    let mut ours: Vec<(Option<DateTime<Utc>>, String)> = cookies
        .iter()
        .filter_map(|cookie| Some((cookie.name(), cookie.name().strip_prefix(prefix(services))?)))
        .map(|(name, state)| {
            let state = uuid::Uuid::parse_str(state).map(|state| state.to_string());
            let attempt = state.ok().and_then(|state| Attempt::find(services, request, &state));
            (attempt.map(|attempt| attempt.begun_at), name.to_owned())
        })
        .collect();
    ours.sort();
    let too_many = (ours.len() + 1).saturating_sub(MOST);
    ours.into_iter().take(too_many).map(|(_, name)| http::no_cookie(name, services.origin.is_https)).collect()
}

/// A path of our own, as browsers write it; anything else is dropped (security.md, redirects).
pub(super) fn local_path(next: &str) -> Option<String> {
    let is_plain = next.len() <= MAX_NEXT
        && next.starts_with('/')
        && !next.starts_with("//")
        && !next.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace());
    if !is_plain {
        return None;
    }
    let home = Url::parse("https://epos.invalid/").ok()?;
    let there = home.join(next).ok()?;
    let path = there.path();
    let is_page = !path.starts_with("//") && !["/api", "/esia"].iter().any(|own| is_under(path, own));
    (there.origin() == home.origin() && is_page)
        .then(|| there.as_str().strip_prefix("https://epos.invalid").map(str::to_owned))?
}

fn is_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_our_own_are_gone_on_to() {
        for (next, path) in [
            ("/", "/"),
            ("/subsystems", "/subsystems"),
            ("/kontingent/employees?query=%D0%B0#x", "/kontingent/employees?query=%D0%B0#x"),
            ("/школа", "/%D1%88%D0%BA%D0%BE%D0%BB%D0%B0"),
            ("/a//b", "/a//b"),
            ("/%2F%2Fevil.example", "/%2F%2Fevil.example"),
            ("/apiary", "/apiary"),
        ] {
            assert_eq!(local_path(next).as_deref(), Some(path), "{next}");
        }
        for next in [
            "",
            "subsystems",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/..//evil.example",
            "/.//evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            " /x",
            "/api/v1/session",
            "/api",
            "/esia/login?next=/",
            "/x/../esia/logout",
        ] {
            assert_eq!(local_path(next), None, "{next}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(MAX_NEXT))), None);
    }
}
