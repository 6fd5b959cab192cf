//! The programs of the client, and which of them shows an address. The server answers the page that loads the
//! right one; a program that is led to an address of another loads the page anew.

/// A program of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Sign-in, subsystems and the way into «Контингент»: what everybody comes for.
    Main,
    /// One's own account: profile, registration, what the links of letters open, consent, what follows the way
    /// through Госуслуги.
    Own,
    /// The daily work in «Контингент»: the staff list and its cards.
    Staff,
    /// Organizations, and what changes much at once: import, bulk actions.
    Manage,
    /// What waits for somebody, and what is counted: queues, mismatches, reports.
    Office,
    /// The pages of support, and the journal.
    Desk,
}

impl Program {
    /// The program of an address, given as its path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        match (parts.next().unwrap_or_default(), parts.next()) {
            ("profile" | "register" | "activate" | "confirm" | "confirm-email", _)
            | ("recover" | "consent" | "letters" | "account-application", _)
            | ("login", Some("esia")) => Self::Own,
            ("kontingent", Some("organizations" | "import" | "bulk")) => Self::Manage,
            ("kontingent", Some("queues" | "mismatches" | "reports" | "recertification")) => Self::Office,
            // «Техподдержка» itself is for everybody.
            ("accounts" | "applications", _) | ("support", Some(_)) | ("kontingent", Some("journal")) => {
                Self::Desk
            }
            ("kontingent", Some("merge")) => Self::Office,
            ("kontingent", Some("employees")) => Self::Staff,
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
        for path in ["/login/esia", "/login/esia/mismatch", "/account-application"] {
            assert_eq!(Program::of(path), Program::Own, "{path}");
        }
        for path in
            ["/accounts", "/applications/1/more", "/support/account-applications/1", "/kontingent/journal"]
        {
            assert_eq!(Program::of(path), Program::Desk, "{path}");
        }
        for path in ["/kontingent/organizations", "/kontingent/organizations/1/", "/kontingent/import"] {
            assert_eq!(Program::of(path), Program::Manage, "{path}");
        }
        for path in [
            "/kontingent/queues",
            "/kontingent/mismatches/1",
            "/kontingent/reports/roles",
            "/kontingent/merge/1",
        ] {
            assert_eq!(Program::of(path), Program::Office, "{path}");
        }
        for path in ["/kontingent/employees", "/kontingent/employees/new"] {
            assert_eq!(Program::of(path), Program::Staff, "{path}");
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
            "/%70rofile",
            "/kontingent",
            "/kontingent/bind",
            "/kontingent/importance",
        ] {
            assert_eq!(Program::of(path), Program::Main, "{path}");
        }
    }
}
