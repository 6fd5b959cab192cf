//! Addresses of our own pages: where to return after sign-in, and query strings.

use epos_shared::ids::EmployeeId;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The address of the staff list.
pub const LIST: &str = "/kontingent/employees";

/// The address of a card.
#[must_use]
pub fn card_address(id: EmployeeId) -> String {
    format!("{LIST}/{id}")
}

/// The page after sign-in, if `next` is one of our own: a path that begins with exactly one slash.
#[must_use]
pub fn safe_next(next: &str) -> Option<&str> {
    let inside = next.starts_with('/')
        && !next.starts_with("//")
        && !next.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace());
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let sign_in = path == "/login" || path.starts_with("/login/");
    (inside && !sign_in).then_some(next)
}

/// The address of the sign-in page that returns to `from` (a path with its query).
#[must_use]
pub fn sign_in_address(from: &str) -> String {
    match safe_next(from) {
        Some("/") | None => "/login/rsaa".to_owned(),
        Some(next) => format!("/login/rsaa?next={}", encode(next)),
    }
}

/// The address of the page that asks for the consent and returns to `from`.
#[must_use]
pub fn consent_address(from: &str) -> String {
    format!("/consent?next={}", encode(from))
}

/// The address of the choice of a category, which goes on to `from`.
#[must_use]
pub fn roles_address(from: &str) -> String {
    match safe_next(from) {
        Some("/subsystems") | None => "/roles".to_owned(),
        Some(next) => format!("/roles?next={}", encode(next)),
    }
}

/// The address of the server's that leads to Госуслуги and, after them, to `next`: a full load of the page.
#[must_use]
pub fn esia_address(next: &str) -> String {
    with_query("/esia/login", [("next", safe_next(next).map(str::to_owned))])
}

/// What the address of this page says of where to go on, as it stands there: [`safe_next`] judges it.
#[must_use]
pub fn next_of_page() -> String {
    use_query_map().with_untracked(|query| query.get("next").unwrap_or_default())
}

/// A text as it stands in a query string (RFC 3986, unreserved characters stay).
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                encoded.push(digit.to_ascii_uppercase());
            }
        }
    }
    encoded
}

/// `path` with the parameters that have a value.
#[must_use]
pub fn with_query<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let mut address = path.to_owned();
    let mut mark = '?';
    for (name, value) in parameters {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            address.push(mark);
            address.push_str(name);
            address.push('=');
            address.push_str(&encode(&value));
            mark = '&';
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_returned_to() {
        for own in ["/", "/subsystems", "/kontingent/employees?q=%D0%B0&after=x", "/kontingent#top"] {
            assert_eq!(safe_next(own), Some(own));
        }
        for foreign in [
            "",
            "kontingent",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\nb",
            "/login",
            "/login/rsaa?next=/x",
        ] {
            assert_eq!(safe_next(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn the_way_back_is_kept_in_the_address() {
        assert_eq!(sign_in_address("/kontingent/employees?q=а б"), "/login/rsaa");
        assert_eq!(
            sign_in_address("/kontingent/employees?q=%D0%B0&role=teacher"),
            "/login/rsaa?next=/kontingent/employees%3Fq%3D%25D0%25B0%26role%3Dteacher"
        );
        assert_eq!(sign_in_address("/"), "/login/rsaa");
    }

    #[test]
    fn ways_through_other_pages_lead_on_to_our_own_only() {
        assert_eq!(roles_address("/kontingent?a=1"), "/roles?next=/kontingent%3Fa%3D1");
        assert_eq!(roles_address("/subsystems"), "/roles");
        assert_eq!(roles_address("https://evil.example"), "/roles");
        assert_eq!(esia_address("/profile"), "/esia/login?next=/profile");
        assert_eq!(esia_address("//evil.example"), "/esia/login");
        assert_eq!(esia_address(""), "/esia/login");
    }

    #[test]
    fn empty_parameters_are_left_out() {
        let address =
            with_query("/a", [("q", Some("Ёж и".to_owned())), ("b", None), ("c", Some(String::new()))]);
        assert_eq!(address, "/a?q=%D0%81%D0%B6%20%D0%B8");
    }
}
