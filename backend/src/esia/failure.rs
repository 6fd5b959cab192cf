//! What went wrong, in a code for people and in words for an administrator.

use epos_shared::esia::{Failure, WhoActs, explain};

use super::http::HttpError;

/// A sign-in that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// Six digits of ЕСИА's, or one of our words.
    pub code: String,
    /// More of it, for an administrator; nothing of the person.
    pub detail: String,
    /// How much later ЕСИА's clock is than ours, where the refusal is about time.
    pub clock: Option<i64>,
}

impl Failed {
    /// One of our own failures.
    pub fn of(failure: Failure, detail: impl Into<String>) -> Self {
        Self { code: failure.as_str().to_owned(), detail: detail.into(), clock: None }
    }

    /// A failure of ЕСИА's, by its code.
    pub fn told(code: String, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), clock: None }
    }

    /// An answer that cannot be believed.
    pub fn untrusted(detail: impl Into<String>) -> Self {
        Self::of(Failure::Untrusted, detail)
    }

    /// Who has to do something.
    pub fn who(&self) -> WhoActs {
        explain(&self.code).who
    }

    /// Whether it says something of the link, not of one person.
    pub fn is_of_the_link(&self) -> bool {
        matches!(self.who(), WhoActs::OurAdministrator | WhoActs::Later)
    }
}

impl From<HttpError> for Failed {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::TooLarge => Self::untrusted("the answer is too large"),
            other => Self::of(Failure::Unreachable, other.to_string()),
        }
    }
}

/// The six digits of `ESIA-007004`, wherever they stand.
pub(super) fn esia_code(text: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"ESIA-";
    text.windows(MARK.len() + 6).find_map(|window| {
        let digits = window.strip_prefix(MARK)?;
        let code = std::str::from_utf8(digits).ok()?;
        code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.to_owned())
    })
}

/// The code of a refusal: ЕСИА's own, else the one that is nearest to the `error` of RFC 6749.
pub(super) fn refusal(error: &str, description: &str) -> Failed {
    let detail = |code: &str| format!("ЕСИА refused: {code}");
    if let Some(code) = esia_code(description.as_bytes()).or_else(|| esia_code(error.as_bytes())) {
        return Failed::told(code.clone(), detail(&code));
    }
    let code = match error {
        "access_denied" => "007004",
        "invalid_request" => "007003",
        "unauthorized_client" => "007005",
        "invalid_scope" => "007006",
        "server_error" => "007007",
        "temporarily_unavailable" => "007008",
        "unsupported_response_type" => "007009",
        "invalid_grant" => "007011",
        "unsupported_grant_type" => "007012",
        "invalid_client" => "008010",
        // Of OpenID Connect: the person would have to do something there.
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            "007004"
        }
        _ => return Failed::untrusted("a refusal without a known code"),
    };
    Failed::told(code.to_owned(), detail(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_esias_code_first() {
        assert_eq!(refusal("access_denied", "ESIA-007055: не подтверждена").code, "007055");
        assert_eq!(refusal("access_denied", "").code, "007004");
        assert_eq!(refusal("invalid_client", "ESIA-00x").code, "008010");
        assert_eq!(refusal("<script>", "ESIA-12345").code, "untrusted");
        assert_eq!(esia_code("текст ESIA-007011: код".as_bytes()).as_deref(), Some("007011"));
    }

    #[test]
    fn what_is_told_of_the_link_is_not_what_is_told_of_people() {
        assert!(Failed::untrusted("").is_of_the_link());
        assert!(refusal("x", "ESIA-007053").is_of_the_link());
        assert!(!refusal("x", "ESIA-007004").is_of_the_link());
    }
}
