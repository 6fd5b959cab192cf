//! The configuration: a TOML file and the environment over it; unknown keys are refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::context::MasterKey;
use crate::db::{DatabaseOptions, DatabaseUrl};

/// Everything that can be configured, with its default. The commented file with every key is
/// `docs/epos.example.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where and as whom the server answers.
    pub server: Server,
    /// The database.
    pub database: Db,
    /// Keys.
    pub secrets: SecretsSection,
    /// The work of hashing passwords.
    pub passwords: Passwords,
    /// Failures of sign-in and locks.
    pub sign_in: SignInLimits,
    /// Sessions.
    pub sessions: Sessions,
    /// One-time passwords of cards.
    pub one_time_credentials: OneTimeCredentials,
    /// «Забыли пароль?».
    pub recovery: Recovery,
    /// Accounts.
    pub accounts: Accounts,
    /// Applications for accounts.
    pub registration: Registration,
    /// Applications of departments' employees, with scanned documents.
    pub account_applications: AccountApplications,
    /// The text of the consent to the processing of personal data.
    pub consent: Consent,
    /// The journal.
    pub audit: Audit,
    /// Letters.
    pub mail: Mail,
    /// The link to Госуслуги.
    pub esia: Esia,
    /// The region.
    pub region: Region,
    /// The log.
    pub log: Log,
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty = $default:expr,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type,)+ }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }
    };
}

mod esia;
mod mail;

pub use esia::{Esia, EsiaAlgorithm, EsiaEncoding, EsiaSigner, EsiaVersion};
pub use mail::{Mail, SmtpTls};

section! {
    /// Where and as whom the server answers.
    Server {
        /// The address to listen on.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)),
        /// The address people see, scheme and host: links and the check of the origin are built from it.
        public_url: String = String::new(),
        /// Proxies whose `Forwarded` is believed; an empty list: none. Must be said outside the demo.
        trusted_proxies: Option<Vec<IpNet>> = None,
        /// Threads that answer; 0: as many as cores.
        workers: usize = 0,
        /// The largest body of a request, in KiB.
        body_limit_kib: usize = 64,
        /// How long requests under way may take at shutdown.
        shutdown_timeout_seconds: u64 = 10,
    }
}

section! {
    /// The database.
    Db {
        /// `sqlite:path` or `postgres://user:password@host/database`.
        url: String = "sqlite:data/epos.db".to_owned(),
        /// Connections for reading, and on PostgreSQL as many again for writing.
        pool_size: u32 = 8,
        /// How long a request waits for a connection.
        acquire_timeout_ms: u64 = 5_000,
        /// How long SQLite waits for another process's lock.
        busy_timeout_ms: u64 = 5_000,
        /// The longest statement (PostgreSQL).
        statement_timeout_ms: u64 = 30_000,
    }
}

section! {
    /// Keys. One of the two must be given outside the demo.
    SecretsSection {
        /// 32 bytes, hexadecimal or base64.
        master_key: String = String::new(),
        /// A file that holds the same.
        master_key_file: Option<PathBuf> = None,
    }
}

section! {
    /// The work of hashing passwords (Argon2id).
    Passwords {
        /// Memory of one hash.
        memory_kib: u32 = 19 * 1024,
        /// Passes over it.
        iterations: u32 = 2,
        /// Lanes.
        parallelism: u32 = 1,
        /// Hashes at a time; 0: as many as cores.
        concurrent: usize = 0,
        /// Requests that may wait for their turn.
        waiting: usize = 64,
        /// How long they wait.
        wait_ms: u64 = 2_000,
    }
}

section! {
    /// Failures of sign-in and locks.
    SignInLimits {
        /// Failures of one name from one address that lock this pair.
        pair_failures: u32 = 5,
        /// Failures of one name, from anywhere, that lock it.
        name_failures: u32 = 30,
        /// Failures from one address that lock it.
        address_failures: u32 = 100,
        /// Within what time failures are counted together.
        window_minutes: u32 = 15,
        /// How long a lock lasts.
        lock_minutes: u32 = 15,
    }
}

section! {
    /// Sessions.
    Sessions {
        /// How long a session lives without a request.
        idle_minutes: u32 = 30,
        /// How long it lives in any case.
        absolute_hours: u32 = 12,
        /// How long the token before a rotation still works.
        rotation_grace_seconds: u32 = 30,
        /// How often the last request is noted at most.
        last_seen_seconds: u32 = 60,
    }
}

section! {
    /// One-time passwords of cards.
    OneTimeCredentials {
        /// How long one works.
        valid_days: u32 = 30,
        /// The wrong try that voids it.
        failures: u32 = 10,
    }
}

section! {
    /// «Забыли пароль?».
    Recovery {
        /// How long the link of the letter works.
        link_hours: u32 = 1,
        /// Letters to one mailbox within a day that strangers may cause.
        mailbox_daily: u32 = 3,
        /// Requests from one address within an hour.
        address_hourly: u32 = 30,
    }
}

section! {
    /// Applications for accounts.
    Registration {
        /// How long the link of a letter works.
        link_hours: u32 = 72,
        /// Applications from one address within an hour.
        address_hourly: u32 = 20,
        /// Letters to one mailbox within a day that strangers may cause.
        mailbox_daily: u32 = 3,
        /// How long an application is kept that nobody has finished, or that has ended.
        keep_days: u32 = 30,
        /// Searches in the directory of organizations from one address within a minute.
        directory_per_minute: u32 = 1_200,
    }
}

section! {
    /// Applications of departments' employees, with scanned documents.
    AccountApplications {
        /// How long the link of a letter works.
        link_hours: u32 = 72,
        /// Applications from one address within an hour.
        address_hourly: u32 = 10,
        /// Letters to one mailbox within a day that strangers may cause.
        mailbox_daily: u32 = 3,
        /// How long an application is kept that was not sent, or whose address was not proven.
        unproven_days: u32 = 7,
        /// How long an application is kept that was decided.
        keep_days: u32 = 30,
        /// All files together of applications that were not sent or not proven, in MiB.
        unproven_mib: u32 = 2_048,
        /// Where files are kept.
        storage: FileStorage = FileStorage::Auto,
        /// The folder of files.
        folder: PathBuf = PathBuf::from("data/files"),
    }
}

/// Where files are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStorage {
    /// In the folder with SQLite, in the database with PostgreSQL: there several processes may work.
    Auto,
    /// In the folder.
    Folder,
    /// In the database.
    Database,
}

section! {
    /// Accounts.
    Accounts {
        /// How long the links work that confirm a change of the e-mail.
        email_change_hours: u32 = 24,
        /// Days without a sign-in after which an account is blocked; 0: never.
        unused_days: u32 = 365,
    }
}

section! {
    /// The text of the consent to the processing of personal data. Both keys or none: then it is the built-in one.
    Consent {
        /// The version of the text in the file.
        version: String = String::new(),
        /// UTF-8: the heading, then paragraphs, with an empty line between any two.
        file: Option<PathBuf> = None,
    }
}

section! {
    /// The journal.
    Audit {
        /// How often new rows are sealed.
        seal_interval_ms: u64 = 500,
    }
}

section! {
    /// The region.
    Region {
        /// Where days begin: roles open and close by it.
        time_zone: String = "Asia/Yekaterinburg".to_owned(),
    }
}

section! {
    /// The log.
    Log {
        /// JSON lines instead of text.
        json: bool = false,
        /// A level, or directives (`info,epos_backend=debug`).
        level: String = "info".to_owned(),
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or a variable is not understood.
    #[error("{0}")]
    Unreadable(#[from] Box<figment::Error>),
    /// Values that do not hold together; each with the key it belongs to.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// For people: what protects them must be configured.
    Production,
    /// With invented data on one's own machine.
    Demo,
}

impl Config {
    /// Reads the file, if one is named, and the environment (`EPOS_SERVER__LISTEN` is `server.listen`).
    ///
    /// # Errors
    /// An unknown key, a value of the wrong kind, no such file.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::Invalid(vec![format!("{}: there is no such file", file.display())]));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        // Every key is in a section, so that variables of other meaning (EPOS_CONFIG) have no `__`.
        let environment = Env::prefixed("EPOS_").filter(|name| name.as_str().contains("__")).split("__");
        figment.merge(environment).extract().map_err(|error| ConfigError::Unreadable(Box::new(error)))
    }

    /// Judges what holds together and what must be said.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn check(&self, mode: Mode) -> Result<(), ConfigError> {
        let mut wrong = Vec::new();
        if let Err(error) = self.public_origin() {
            wrong.push(error);
        }
        if let Err(error) = crate::consent::text(&self.consent) {
            wrong.push(error);
        }
        if mode == Mode::Production {
            if self.server.trusted_proxies.is_none() {
                wrong.push(
                    "server.trusted_proxies: say which proxies stand in front, or [] if none does".to_owned(),
                );
            }
            if self.secrets.master_key.is_empty() && self.secrets.master_key_file.is_none() {
                wrong.push("secrets.master_key: give the key or secrets.master_key_file".to_owned());
            }
        }
        if let Err(error) = self.master_key() {
            wrong.push(error);
        }
        if let Err(error) = self.database.url.parse::<DatabaseUrl>() {
            wrong.push(format!("database.url: {error}"));
        }
        if self.time_zone().is_none() {
            wrong.push(format!("region.time_zone: `{}` is no time zone", self.region.time_zone));
        }
        if self.password_params().is_err() {
            wrong.push("passwords: Argon2 does not take these parameters".to_owned());
        }
        wrong.extend(self.mail.wrong());
        wrong.extend(crate::esia::wrong(self, mode));
        for (key, value) in [
            ("database.pool_size", u64::from(self.database.pool_size)),
            ("server.body_limit_kib", u64::try_from(self.server.body_limit_kib).unwrap_or(u64::MAX)),
            ("sign_in.pair_failures", self.sign_in.pair_failures.into()),
            ("sign_in.name_failures", self.sign_in.name_failures.into()),
            ("sign_in.address_failures", self.sign_in.address_failures.into()),
            ("sign_in.window_minutes", self.sign_in.window_minutes.into()),
            ("sign_in.lock_minutes", self.sign_in.lock_minutes.into()),
            ("sessions.idle_minutes", self.sessions.idle_minutes.into()),
            ("sessions.absolute_hours", self.sessions.absolute_hours.into()),
            ("one_time_credentials.valid_days", self.one_time_credentials.valid_days.into()),
            ("one_time_credentials.failures", self.one_time_credentials.failures.into()),
            ("recovery.link_hours", self.recovery.link_hours.into()),
            ("recovery.mailbox_daily", self.recovery.mailbox_daily.into()),
            ("recovery.address_hourly", self.recovery.address_hourly.into()),
            ("accounts.email_change_hours", self.accounts.email_change_hours.into()),
            ("registration.link_hours", self.registration.link_hours.into()),
            ("registration.address_hourly", self.registration.address_hourly.into()),
            ("registration.mailbox_daily", self.registration.mailbox_daily.into()),
            ("registration.keep_days", self.registration.keep_days.into()),
            ("account_applications.link_hours", self.account_applications.link_hours.into()),
            ("account_applications.address_hourly", self.account_applications.address_hourly.into()),
            ("account_applications.mailbox_daily", self.account_applications.mailbox_daily.into()),
            ("account_applications.unproven_days", self.account_applications.unproven_days.into()),
            ("account_applications.keep_days", self.account_applications.keep_days.into()),
            ("account_applications.unproven_mib", self.account_applications.unproven_mib.into()),
            ("registration.directory_per_minute", self.registration.directory_per_minute.into()),
            ("audit.seal_interval_ms", self.audit.seal_interval_ms),
            ("mail.smtp_port", self.mail.smtp_port.into()),
            ("mail.timeout_ms", self.mail.timeout_ms),
            ("mail.poll_interval_ms", self.mail.poll_interval_ms),
            ("mail.retry_first_seconds", self.mail.retry_first_seconds.into()),
            ("mail.retry_longest_minutes", self.mail.retry_longest_minutes.into()),
            ("mail.give_up_hours", self.mail.give_up_hours.into()),
            ("esia.signer_timeout_ms", self.esia.signer_timeout_ms),
            ("esia.timeout_ms", self.esia.timeout_ms),
            ("esia.connect_timeout_ms", self.esia.connect_timeout_ms),
            ("esia.answer_limit_kib", u64::try_from(self.esia.answer_limit_kib).unwrap_or(u64::MAX)),
            ("esia.circuit_failures", self.esia.circuit_failures.into()),
            ("esia.attempt_minutes", self.esia.attempt_minutes.into()),
        ] {
            if value == 0 {
                wrong.push(format!("{key}: must be above 0"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(ConfigError::Invalid(wrong)) }
    }

    /// What holds, and is worth a loud word all the same.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.mail.is_configured() {
            warnings.push(
                "mail.smtp_host: there is no mail server, so that NO LETTER LEAVES: registration and recovery \
                 of passwords do not work; letters wait in the outbox until there is one"
                    .to_owned(),
            );
        }
        warnings
    }

    /// The origin (RFC 6454) of the public address.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn public_origin(&self) -> Result<Origin, String> {
        Origin::parse(&self.server.public_url).ok_or_else(|| {
            "server.public_url: give the address people see, as https://epos.example.ru (no path)".to_owned()
        })
    }

    /// The master key, if one is configured.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn master_key(&self) -> Result<Option<MasterKey>, String> {
        match (&self.secrets.master_key, &self.secrets.master_key_file) {
            (key, Some(_)) if !key.is_empty() => {
                Err("secrets: give either master_key or master_key_file".to_owned())
            }
            (_, Some(file)) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| format!("secrets.master_key_file: {}: {error}", file.display()))?;
                let key = text.parse().map_err(|error| format!("secrets.master_key_file: {error}"))?;
                Ok(Some(key))
            }
            (key, None) if key.is_empty() => Ok(None),
            (key, None) => key.parse().map(Some).map_err(|error| format!("secrets.master_key: {error}")),
        }
    }

    /// The region's time zone.
    #[must_use]
    pub fn time_zone(&self) -> Option<chrono_tz::Tz> {
        self.region.time_zone.parse().ok()
    }

    /// The parameters of Argon2.
    ///
    /// # Errors
    /// They are out of its range.
    pub fn password_params(&self) -> Result<argon2::Params, argon2::Error> {
        let Passwords { memory_kib, iterations, parallelism, .. } = self.passwords;
        argon2::Params::new(memory_kib, iterations, parallelism, None)
    }

    /// How the pools are made.
    ///
    /// # Errors
    /// The address names no database of ours.
    pub fn database_options(&self) -> Result<DatabaseOptions, crate::db::DatabaseUrlError> {
        Ok(DatabaseOptions {
            url: self.database.url.parse()?,
            pool_size: self.database.pool_size,
            acquire_timeout: Duration::from_millis(self.database.acquire_timeout_ms),
            busy_timeout: Duration::from_millis(self.database.busy_timeout_ms),
            statement_timeout: Duration::from_millis(self.database.statement_timeout_ms),
        })
    }

    /// The configuration as it takes effect, secrets masked.
    ///
    /// # Errors
    /// It cannot be written as JSON (never, in practice).
    pub fn masked(&self) -> Result<serde_json::Value, serde_json::Error> {
        let mut shown = self.clone();
        if !shown.secrets.master_key.is_empty() {
            shown.secrets.master_key = "***".to_owned();
        }
        if !shown.mail.smtp_password.is_empty() {
            shown.mail.smtp_password = "***".to_owned();
        }
        if let Ok(url) = shown.database.url.parse::<DatabaseUrl>() {
            shown.database.url = url.to_string();
        }
        serde_json::to_value(&shown)
    }
}

impl Sessions {
    /// How long a session lives without a request.
    #[must_use]
    pub fn idle(&self) -> TimeDelta {
        TimeDelta::minutes(self.idle_minutes.into())
    }

    /// How long it lives in any case.
    #[must_use]
    pub fn absolute(&self) -> TimeDelta {
        TimeDelta::hours(self.absolute_hours.into())
    }
}

/// Scheme, host and port of an address, as browsers write it into `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `https://epos.example.ru`.
    pub text: String,
    /// Whether it is under TLS.
    pub is_https: bool,
}

impl Origin {
    /// The host alone; an address of IPv6 with its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let place = self.text.split_once("://").map_or(&*self.text, |(_, place)| place);
        match place.split_once(']') {
            Some((address, _)) => place.get(..=address.len()).unwrap_or(place),
            None => place.split_once(':').map_or(place, |(host, _)| host),
        }
    }

    fn parse(url: &str) -> Option<Self> {
        let uri: actix_web::http::Uri = url.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let host = uri.host().filter(|host| !host.is_empty())?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || url.contains('@') {
            return None;
        }
        let is_https = scheme == "https";
        // Browsers leave the scheme's own port out.
        let port = uri.port_u16().filter(|port| *port != if is_https { 443 } else { 80 });
        let host = host.to_ascii_lowercase();
        let text =
            port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"));
        Some(Self { text, is_https })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../docs/epos.example.toml");

    /// Every key as `section.key`.
    fn keys() -> Vec<(String, String)> {
        let value = serde_json::to_value(Config::default()).unwrap();
        let mut keys = Vec::new();
        for (section, entries) in value.as_object().unwrap() {
            for key in entries.as_object().unwrap().keys() {
                keys.push((section.clone(), key.clone()));
            }
        }
        keys
    }

    #[test]
    fn the_example_names_every_key_with_its_variable_and_is_the_default() {
        let mut section = String::new();
        let mut named = Vec::new();
        for line in EXAMPLE.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
            } else if let Some((key, _)) = line.trim_start_matches('#').split_once(" = ")
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            {
                named.push((section.clone(), key.to_owned()));
                let variable = format!("EPOS_{}__{}", section.to_uppercase(), key.to_uppercase());
                assert!(EXAMPLE.contains(&variable), "{variable} is not told");
            }
        }
        let mut expected = keys();
        expected.sort();
        named.sort();
        assert_eq!(named, expected);
        let parsed: Config = Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::string(EXAMPLE))
            .extract()
            .unwrap();
        let mandatory = Server { trusted_proxies: Some(vec![]), ..parsed.server.clone() };
        assert_eq!(parsed.server, mandatory);
        let defaults = Config {
            server: Server {
                public_url: parsed.server.public_url.clone(),
                trusted_proxies: parsed.server.trusted_proxies.clone(),
                ..Server::default()
            },
            secrets: parsed.secrets.clone(),
            ..Config::default()
        };
        assert_eq!(parsed, defaults);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let read = |text: &str| -> Result<Config, Box<figment::Error>> {
            Figment::from(Serialized::defaults(Config::default()))
                .merge(Toml::string(text))
                .extract()
                .map_err(Box::new)
        };
        assert!(read("[server]\nlisten = \"0.0.0.0:80\"").is_ok());
        assert!(read("[server]\nlissen = \"0.0.0.0:80\"").is_err());
        assert!(read("[mail]\nhost = \"x\"").is_err());
    }

    #[test]
    fn outside_the_demo_the_address_the_proxies_and_the_key_must_be_said() {
        let Err(ConfigError::Invalid(wrong)) = Config::default().check(Mode::Production) else {
            panic!("an empty configuration was taken");
        };
        assert_eq!(wrong.len(), 3, "{wrong:?}");
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let origin = |url: &str| Origin::parse(url).map(|origin| origin.text);
        assert_eq!(origin("https://EPOS.example.ru:443/"), Some("https://epos.example.ru".into()));
        assert_eq!(origin("http://127.0.0.1:8080"), Some("http://127.0.0.1:8080".into()));
        let host = |url: &str| Origin::parse(url).map(|origin| origin.host().to_owned());
        assert_eq!(host("https://epos.example.ru:8443"), Some("epos.example.ru".into()));
        assert_eq!(host("http://[::1]:8080"), Some("[::1]".into()));
        for wrong in ["", "epos.example.ru", "ftp://epos.ru", "https://epos.ru/app", "https://a@epos.ru"] {
            assert_eq!(origin(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_masked() {
        let mut config = Config::default();
        config.secrets.master_key = "ab".repeat(32);
        config.database.url = "postgres://epos:tiger@db/epos".to_owned();
        config.mail.smtp_password = "tiger".to_owned();
        let shown = config.masked().unwrap().to_string();
        assert!(!shown.contains("tiger") && !shown.contains("abab"), "{shown}");
        assert!(!format!("{:?}", MasterKey::from_bytes([1; 32])).contains('1'));
    }
}
