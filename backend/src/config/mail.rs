//! `[mail]`: how letters leave.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use serde::{Deserialize, Serialize};

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// TLS within a connection that begins in clear; a server that offers none is refused (port 587).
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
    /// None at all: a relay on the same machine, tests (port 25).
    None,
}

section! {
    /// Letters.
    Mail {
        /// The mail server; empty: none.
        smtp_host: String = String::new(),
        /// Its port.
        smtp_port: u16 = 587,
        /// How the connection is protected.
        smtp_tls: SmtpTls = SmtpTls::Starttls,
        /// The name to sign in with; empty: the server asks for none.
        smtp_user: String = String::new(),
        /// Its password.
        smtp_password: String = String::new(),
        /// A file that holds the password.
        smtp_password_file: Option<PathBuf> = None,
        /// Certificates (PEM) trusted besides those of the system.
        ca_file: Option<PathBuf> = None,
        /// Who writes: `ЭПОС <noreply@epos.example.ru>`.
        from: String = String::new(),
        /// Where answers go; empty: to nobody.
        reply_to: String = String::new(),
        /// The longest exchange with the server about one letter.
        timeout_ms: u64 = 60_000,
        /// How often the outbox is looked into.
        poll_interval_ms: u64 = 1_000,
        /// The pause after the first failure; it doubles with each further one.
        retry_first_seconds: u32 = 60,
        /// The longest pause.
        retry_longest_minutes: u32 = 60,
        /// How old a letter grows before it is given up.
        give_up_hours: u32 = 72,
        /// A folder into which letters are written as .eml files instead of being sent.
        directory: Option<PathBuf> = None,
    }
}

impl Mail {
    /// Whether letters leave at all.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        !self.smtp_host.is_empty() || self.directory.is_some()
    }

    /// The longest exchange with the server about one letter.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// How long a letter belongs to the process that claimed it: longer than two exchanges.
    #[must_use]
    pub fn lease(&self) -> TimeDelta {
        let exchange = TimeDelta::milliseconds(i64::try_from(self.timeout_ms).unwrap_or(i64::MAX / 4));
        exchange * 2 + TimeDelta::seconds(30)
    }

    /// The password, wherever it stands.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn password(&self) -> Result<String, String> {
        match &self.smtp_password_file {
            None => Ok(self.smtp_password.clone()),
            Some(_) if !self.smtp_password.is_empty() => {
                Err("mail: give either smtp_password or smtp_password_file".to_owned())
            }
            Some(file) => std::fs::read_to_string(file)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| format!("mail.smtp_password_file: {}: {error}", file.display())),
        }
    }

    /// The certificates trusted besides those of the system.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn certificate(&self) -> Result<Option<Certificate>, String> {
        let Some(file) = &self.ca_file else { return Ok(None) };
        let wrong = |error: &dyn std::fmt::Display| format!("mail.ca_file: {}: {error}", file.display());
        let text = std::fs::read(file).map_err(|error| wrong(&error))?;
        if !text.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
            return Err(wrong(&"there is no certificate in it (PEM)"));
        }
        Certificate::from_pem(&text).map(Some).map_err(|error| wrong(&error))
    }

    /// Who writes, and where answers go.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn correspondents(&self) -> Result<(Option<Mailbox>, Option<Mailbox>), String> {
        let mailbox = |key: &str, text: &str| {
            if text.is_empty() {
                return Ok(None);
            }
            if text.chars().any(char::is_control) {
                return Err(format!("mail.{key}: one line"));
            }
            // Leniently: people write names with commas and without quotes.
            let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
                Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
                None => ("", text.trim()),
            };
            let address = address.parse();
            let address = address.map_err(|_| format!("mail.{key}: as «ЭПОС <noreply@epos.example.ru>»"))?;
            Ok(Some(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address)))
        };
        Ok((mailbox("from", &self.from)?, mailbox("reply_to", &self.reply_to)?))
    }

    /// Everything that does not hold together.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let correspondents = self.correspondents();
        let is_smtp = !self.smtp_host.is_empty();
        if is_smtp && matches!(&correspondents, Ok((None, _))) {
            wrong.push("mail.from: say who writes, as «ЭПОС <noreply@epos.example.ru>»".to_owned());
        }
        wrong.extend(correspondents.err());
        wrong.extend(self.certificate().err());
        match self.password() {
            Err(error) => wrong.push(error),
            Ok(password) if password.is_empty() != self.smtp_user.is_empty() => {
                wrong.push("mail: smtp_user and its password go together".to_owned());
            }
            Ok(_) => {}
        }
        if is_smtp && self.smtp_tls == SmtpTls::None && !self.smtp_user.is_empty() {
            wrong.push("mail.smtp_tls: with `none` the password would go in clear".to_owned());
        }
        for (key, value, most) in [
            ("timeout_ms", self.timeout_ms, 600_000),
            ("retry_first_seconds", self.retry_first_seconds.into(), 86_400),
            ("retry_longest_minutes", self.retry_longest_minutes.into(), 1_440),
            ("give_up_hours", self.give_up_hours.into(), 8_760),
        ] {
            if value > most {
                wrong.push(format!("mail.{key}: at most {most}"));
            }
        }
        if is_smtp && self.directory.is_some() {
            wrong.push("mail: give either smtp_host or directory".to_owned());
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp() -> Mail {
        Mail {
            smtp_host: "mail.epos.test".to_owned(),
            from: "ЭПОС <noreply@epos.test>".to_owned(),
            ..Mail::default()
        }
    }

    #[test]
    fn a_mail_server_needs_a_sender_and_a_protected_password() {
        assert_eq!(Mail::default().wrong(), Vec::<String>::new());
        assert_eq!(smtp().wrong(), Vec::<String>::new());
        for (mail, told) in [
            (Mail { from: String::new(), ..smtp() }, "mail.from"),
            (Mail { from: "ЭПОС".to_owned(), ..smtp() }, "mail.from"),
            (Mail { from: "a@epos.test\r\nBcc: b@epos.test".to_owned(), ..smtp() }, "mail.from"),
            (Mail { reply_to: "support".to_owned(), ..smtp() }, "mail.reply_to"),
            (Mail { smtp_user: "epos".to_owned(), ..smtp() }, "go together"),
            (Mail { smtp_password: "secret".to_owned(), ..smtp() }, "go together"),
            (Mail { ca_file: Some("/nowhere/ca.pem".into()), ..smtp() }, "mail.ca_file"),
            (Mail { timeout_ms: 600_001, ..smtp() }, "at most 600000"),
            (Mail { directory: Some("letters".into()), ..smtp() }, "either"),
            (
                Mail {
                    smtp_tls: SmtpTls::None,
                    smtp_user: "epos".to_owned(),
                    smtp_password: "secret".to_owned(),
                    ..smtp()
                },
                "in clear",
            ),
        ] {
            let wrong = mail.wrong();
            assert!(wrong.len() == 1 && wrong[0].contains(told), "{told}: {wrong:?}");
        }
    }

    #[test]
    fn a_lease_outlives_two_exchanges() {
        let mail = smtp();
        assert!(mail.lease().to_std().unwrap() > mail.timeout() * 2);
    }
}
