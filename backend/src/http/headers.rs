//! Headers that protect the person's browser.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The policies, made once at the start.
#[derive(Debug, Clone)]
pub struct Policy {
    plain: HeaderValue,
    viewer: HeaderValue,
    https: bool,
}

/// Nothing but our own files; no inline style; one inline script, by its hash: the one Trunk writes to start
/// the client (`wasm-unsafe-eval` lets WebAssembly compile, and nothing else).
fn client_policy(script_hashes: &[String]) -> String {
    let hashes: String = script_hashes.iter().map(|hash| format!(" '{hash}'")).collect();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; \
         base-uri 'self'; form-action 'self'; object-src 'none'"
    )
}

/// The viewer of the API's description styles its elements inline; it never touches a person's data.
const VIEWER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
     object-src 'none'";

impl Policy {
    /// The policies of a server under this scheme.
    #[must_use]
    pub fn new(https: bool) -> Self {
        Self { plain: Self::client(&[]), viewer: HeaderValue::from_static(VIEWER_POLICY), https }
    }

    /// The policy of a page of the client with these inline scripts.
    #[must_use]
    pub fn client(script_hashes: &[String]) -> HeaderValue {
        // Hashes are base64: nothing in them is not a header's.
        HeaderValue::from_str(&client_policy(script_hashes))
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
    }

    /// Adds the headers that are missing.
    pub(super) fn apply(&self, path: &str, headers: &mut HeaderMap) {
        let mut add = |name: HeaderName, value: HeaderValue| {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        };
        let own = HeaderValue::from_static;
        let is_viewer = path == "/api/docs" || path.starts_with("/api/docs/");
        let policy = if is_viewer { &self.viewer } else { &self.plain };
        add(header::CONTENT_SECURITY_POLICY, policy.clone());
        add(header::X_CONTENT_TYPE_OPTIONS, own("nosniff"));
        add(header::REFERRER_POLICY, own("same-origin"));
        add(HeaderName::from_static("cross-origin-opener-policy"), own("same-origin"));
        add(HeaderName::from_static("cross-origin-resource-policy"), own("same-origin"));
        add(
            HeaderName::from_static("permissions-policy"),
            own("camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"),
        );
        if self.https {
            add(header::STRICT_TRANSPORT_SECURITY, own("max-age=31536000; includeSubDomains"));
        }
        if path.starts_with("/api") && !is_viewer {
            add(header::CACHE_CONTROL, own("no-store"));
        }
    }
}

/// The hash of every inline script of a page, as a policy names it (`sha256-…`).
#[must_use]
pub fn script_hashes(html: &str) -> Vec<String> {
    let mut hashes = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((attributes, after)) = after.split_once('>') else { break };
        let Some((script, after)) = after.split_once("</script>") else { break };
        if !attributes.contains("src=") && !script.is_empty() {
            hashes.push(format!("sha256-{}", STANDARD.encode(Sha256::digest(script))));
        }
        rest = after;
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inline_scripts_are_hashed_and_byte_for_byte() {
        let html =
            "<script src=\"/a.js\"></script><script type=\"module\">\nimport a from '/a.js';\n</script>";
        let hash = STANDARD.encode(Sha256::digest("\nimport a from '/a.js';\n"));
        assert_eq!(script_hashes(html), [format!("sha256-{hash}")]);
        assert!(script_hashes("<p>no script</p>").is_empty());
    }

    #[test]
    fn the_policy_allows_nothing_inline_and_no_stranger() {
        let policy = client_policy(&["sha256-x".to_owned()]);
        assert!(
            !policy.contains("unsafe-inline")
                && !policy.contains("'unsafe-eval'")
                && !policy.contains("http")
        );
    }
}
