//! E-mail addresses.

use std::str::FromStr;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

use super::{text_value, value_error};

/// The longest address a letter can be sent to (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MAX_LENGTH: usize = 254;

/// An e-mail address: stored as typed, compared by [`Email::key`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

value_error! {
    /// Why a text is no [`Email`].
    EmailError {
        /// Nothing was typed.
        Empty = "email-empty", "Укажите e-mail";
        /// Longer than 254 bytes.
        TooLong = "email-too-long", "Слишком длинный адрес: не больше 254 знаков";
        /// No `@`, spaces, or another broken shape.
        Malformed = "email-malformed", "Это не похоже на e-mail. Пример: ivanova@mail.ru";
        /// The domain cannot exist.
        Domain = "email-domain", "Проверьте часть адреса после «@». Пример: ivanova@mail.ru";
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(EmailError::TooLong);
        }
        let options = Options::default().without_display_text().without_domain_literal();
        let address = EmailAddress::parse_with_options(text, options).map_err(|_| EmailError::Malformed)?;
        // A quoted local part is legal and in use nowhere; it would let spaces and line ends in.
        if address.local_part().starts_with('"') || text.chars().any(char::is_control) {
            return Err(EmailError::Malformed);
        }
        let domain = ascii_domain(address.domain()).ok_or(EmailError::Domain)?;
        let top = domain.rsplit('.').next().unwrap_or_default();
        if !domain.contains('.') || top.len() < 2 || top.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(EmailError::Domain);
        }
        Ok(Self(text.to_owned()))
    }
}

/// The domain in A-label form (RFC 5890), lower case; nothing where it cannot exist.
#[cfg(feature = "tables")]
fn ascii_domain(domain: &str) -> Option<String> {
    idna::domain_to_ascii_strict(domain).ok().filter(|ascii| !ascii.is_empty())
}

/// Without the tables of IDNA: the shape of the labels, lower case.
#[cfg(not(feature = "tables"))]
fn ascii_domain(domain: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.split('.').all(label).then(|| domain.to_lowercase())
}

impl Email {
    /// What addresses are compared by: lower case, the domain in A-label form (where the tables are, that is
    /// on the server, which alone compares).
    #[must_use]
    pub fn key(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let domain = ascii_domain(domain).unwrap_or_else(|| domain.to_lowercase());
        format!("{}@{domain}", local.to_lowercase())
    }
}

/// Never the whole address: debug output ends up in logs.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or(("", ""));
        write!(f, "Email({}***@{domain})", local.chars().take(1).collect::<String>())
    }
}

text_value!(Email, EmailError, "email", max 254);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_compared_over_case_and_alphabet() {
        let typed: Email = " Ivanova@Школа.РФ ".parse().unwrap();
        assert_eq!(typed.as_str(), "Ivanova@Школа.РФ");
        assert_eq!(typed.key(), "IVANOVA@школа.рф".parse::<Email>().unwrap().key());
    }

    #[cfg(feature = "tables")]
    #[test]
    fn both_ways_of_writing_a_domain_are_one_address() {
        let typed: Email = "Ivanova@Школа.РФ".parse().unwrap();
        assert_eq!(typed.key(), "ivanova@xn--80atdl2c.xn--p1ai");
        assert_eq!(typed.key(), "IVANOVA@xn--80atdl2c.xn--p1ai".parse::<Email>().unwrap().key());
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        let refused = |text: &str| text.parse::<Email>().unwrap_err();
        assert_eq!(refused(""), EmailError::Empty);
        assert_eq!(refused("ivanova"), EmailError::Malformed);
        assert_eq!(refused("ivan ova@mail.ru"), EmailError::Malformed);
        assert_eq!(refused("Иванова <ivanova@mail.ru>"), EmailError::Malformed);
        assert_eq!(refused("\"a b\"@mail.ru"), EmailError::Malformed);
        assert_eq!(refused("a@mail.ru\r\nBcc: b@mail.ru"), EmailError::Malformed);
        assert_eq!(refused("ivanova@mail"), EmailError::Domain);
        assert_eq!(refused("ivanova@127.0.0.1"), EmailError::Domain);
        assert_eq!(refused(&format!("{}@mail.ru", "a".repeat(300))), EmailError::TooLong);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_keys_are_stable(text in "\\PC{0,20}@\\PC{0,20}") {
            if let Ok(email) = text.parse::<Email>()
                && let Ok(again) = email.key().parse::<Email>() {
                prop_assert_eq!(again.key(), email.key());
            }
        }
    }
}
