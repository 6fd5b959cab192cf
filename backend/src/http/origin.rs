//! Changes come from a page of our own, or not at all (cross-site request forgery).

use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, header};

/// The origins that are our own.
#[derive(Debug, Clone)]
pub struct AllowedOrigins(pub Vec<String>);

/// Whether a request would change something and does not come from a page of our own. `Origin` and
/// `Sec-Fetch-Site` are both judged where present, and one of them must be: every browser of today sends
/// one with a POST.
#[must_use]
pub fn forged(request: &ServiceRequest, allowed: &AllowedOrigins) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let origin = request.headers().get(header::ORIGIN);
    let site = request.headers().get("sec-fetch-site");
    let wrong_origin = origin.is_some_and(|origin| !allowed.0.iter().any(|own| origin == own.as_str()));
    let wrong_site = site.is_some_and(|site| site != "same-origin");
    (origin.is_none() && site.is_none()) || wrong_origin || wrong_site
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn is_forged(method: Method, headers: &[(&str, &str)]) -> bool {
        let mut request = TestRequest::default().method(method);
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        forged(&request.to_srv_request(), &AllowedOrigins(vec!["https://epos.ru".to_owned()]))
    }

    #[test]
    fn a_change_needs_the_own_origin() {
        let own = ("origin", "https://epos.ru");
        assert!(!is_forged(Method::POST, &[own]));
        assert!(!is_forged(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!is_forged(Method::DELETE, &[own, ("sec-fetch-site", "same-origin")]));
        assert!(!is_forged(Method::GET, &[]));
        for (name, value) in [
            ("origin", "https://evil.ru"),
            ("origin", "null"),
            ("origin", "http://epos.ru"),
            ("origin", "https://epos.ru.evil.ru"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "none"),
        ] {
            assert!(is_forged(Method::POST, &[(name, value)]), "{name}: {value}");
        }
        assert!(is_forged(Method::POST, &[]));
        assert!(is_forged(Method::PUT, &[own, ("sec-fetch-site", "cross-site")]));
    }
}
