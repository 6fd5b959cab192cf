//! The programs of the client, and which of them shows an address. The server answers the page that loads the
//! right one; a program that is led to an address of another loads the page anew.

/// A program of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Sign-in, subsystems, the staff list and its cards: what most people come for.
    Main,
    /// One's own account: profile, registration, what the links of letters open, consent, what follows the way
    /// through Госуслуги.
    Own,
    /// Administration: the seldom sections of «Контингент», and the pages of support.
    Manage,
}

impl Program {
    /// The program of an address, given as its path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        match (parts.next().unwrap_or_default(), parts.next()) {
            ("profile" | "register" | "activate" | "confirm" | "confirm-email", _)
            | ("recover" | "consent" | "letters", _)
            | ("login", Some("esia")) => Self::Own,
            ("kontingent", Some("organizations" | "import" | "bulk" | "queues"))
            | ("kontingent", Some("reports" | "journal" | "mismatches"))
            | ("accounts" | "applications", _)
            // «Техподдержка» itself is for everybody.
            | ("support", Some(_)) => Self::Manage,
            _ => Self::Main,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_the_program_of_its_first_parts() {
        for path in ["/profile", "/profile/", "/register", "/recover", "/activate", "/consent", "/letters"] {
            assert_eq!(Program::of(path), Program::Own, "{path}");
        }
        for path in ["/login/esia", "/login/esia/mismatch"] {
            assert_eq!(Program::of(path), Program::Own, "{path}");
        }
        for path in [
            "/accounts",
            "/accounts/1",
            "/applications/1/more",
            "/support/esia",
            "/kontingent/organizations",
            "/kontingent/organizations/1/",
            "/kontingent/import",
            "/kontingent/queues/merges",
        ] {
            assert_eq!(Program::of(path), Program::Manage, "{path}");
        }
        for path in [
            "",
            "/",
            "/profiles",
            "/login",
            "/login/rsaa",
            "/roles",
            "/support",
            "/support/",
            "/kontingent",
            "/kontingent/accounts",
            "/kontingent/employees/new",
            "/kontingent/importance",
            "/%70rofile",
        ] {
            assert_eq!(Program::of(path), Program::Main, "{path}");
        }
    }
}
