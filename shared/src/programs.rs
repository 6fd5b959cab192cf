//! The two programs of the client, and which of them shows an address. The server answers the page that loads
//! the right one; a program that is led to an address of the other loads the page anew.

/// A program of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Sign-in, registration and «Контингент»: what most people come for.
    Main,
    /// One's own profile, and the pages of support.
    Own,
}

impl Program {
    /// The program of an address, given as its path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path.trim_start_matches('/').split('/').next() {
            Some("profile" | "accounts" | "applications") => Self::Own,
            _ => Self::Main,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_the_program_of_its_first_part() {
        for path in ["/profile", "/profile/", "/accounts", "/accounts/1", "/applications/1/more"] {
            assert_eq!(Program::of(path), Program::Own, "{path}");
        }
        for path in ["", "/", "/profiles", "/kontingent/accounts", "/login", "/support", "/%70rofile"] {
            assert_eq!(Program::of(path), Program::Main, "{path}");
        }
    }
}
