//! `[esia]`: the link to Госуслуги.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The generation of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EsiaVersion {
    /// `/aas/oauth2/ac` and `/te`: a detached CMS signature. It is being retired.
    V1,
    /// `/aas/oauth2/v2/ac` and `/v3/te`: a raw signature and the hash of the certificate.
    V2,
}

/// Who signs requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EsiaSigner {
    /// The program itself, by an RSA key.
    Rsa,
    /// A command that takes the bytes on standard input and answers the signature.
    Command,
}

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EsiaEncoding {
    /// The bytes of the signature.
    Raw,
    /// base64 or base64url, padded or not, in lines or not.
    Base64,
}

/// What id_tokens are signed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EsiaAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ГОСТ Р 34.10-2012 with 256 bits.
    #[serde(rename = "GOST3410_2012_256")]
    Gost,
}

impl EsiaAlgorithm {
    /// As `alg` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Gost => "GOST3410_2012_256",
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

section! {
    /// The link to Госуслуги (ЕСИА).
    Esia {
        /// The mnemonic of our information system; empty: there is no link.
        client_id: String = String::new(),
        /// ЕСИА: scheme and host.
        base_url: String = "https://esia.gosuslugi.ru".to_owned(),
        /// `iss` of its tokens, to the letter.
        issuer: String = "http://esia.gosuslugi.ru/".to_owned(),
        /// The generation of the protocol.
        version: EsiaVersion = EsiaVersion::V2,
        /// Authorization: a path of `base_url` or an address; empty: that of the generation.
        authorize_path: String = String::new(),
        /// Tokens, likewise.
        token_path: String = String::new(),
        /// People, to which `/{oid}` is added.
        persons_path: String = "/rs/prns".to_owned(),
        /// A person's contacts: what is added to the person's address.
        contacts_suffix: String = "/ctts".to_owned(),
        /// The end of the session there.
        logout_path: String = "/idp/ext/Logout".to_owned(),
        /// What is asked for, separated by spaces.
        scope: String = "openid fullname email snils".to_owned(),
        /// `online` or `offline`.
        access_type: String = "online".to_owned(),
        /// Whether codes are bound to the request that asked for them (PKCE, S256); not in v1.
        pkce: bool = true,
        /// Whether contacts are asked for with their values; else each by its address.
        embed_contacts: bool = true,
        /// Who signs.
        signer: EsiaSigner = EsiaSigner::Rsa,
        /// Our RSA key (PEM), for the signer `rsa`.
        key_file: Option<PathBuf> = None,
        /// Our certificate (PEM or DER).
        certificate_file: Option<PathBuf> = None,
        /// Program and arguments, for the signer `command`.
        signer_command: Vec<String> = Vec::new(),
        /// How it answers.
        signer_encoding: EsiaEncoding = EsiaEncoding::Raw,
        /// Whether it answers the bytes in the other order, as CryptoPro does.
        signer_reversed: bool = false,
        /// How long it may take.
        signer_timeout_ms: u64 = 5_000,
        /// ЕСИА's certificates or bare public keys (PEM or DER): files and folders.
        trusted: Vec<PathBuf> = Vec::new(),
        /// How often these are looked at for changes.
        trusted_reload_seconds: u32 = 30,
        /// What id_tokens may be signed by.
        algorithms: Vec<EsiaAlgorithm> = vec![EsiaAlgorithm::Rs256],
        /// The command that verifies ГОСТ: `{key}` and `{signature}` are files, the bytes come on standard input,
        /// success says that the signature fits.
        gost_verify_command: Vec<String> =
            words("openssl dgst -engine gost -md_gost12_256 -verify {key} -signature {signature}"),
        /// Whether signatures of id_tokens have their bytes in the other order.
        gost_verify_reversed: bool = false,
        /// How far ЕСИА's clock may be from ours, at most 60.
        leeway_seconds: u32 = 60,
        /// The longest exchange, and the longest way to a connection.
        timeout_ms: u64 = 8_000,
        /// The longest way to a connection.
        connect_timeout_ms: u64 = 800,
        /// The largest answer that is read.
        answer_limit_kib: usize = 256,
        /// Failures in a row after which ЕСИА is not asked for a while.
        circuit_failures: u32 = 3,
        /// For how long.
        circuit_seconds: u32 = 15,
        /// How long a person may take at Госуслуги.
        attempt_minutes: u32 = 15,
        /// Certificates (PEM) trusted for TLS besides those of the system.
        ca_file: Option<PathBuf> = None,
    }
}

impl Esia {
    /// Whether there is a link.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        !self.client_id.is_empty()
    }

    /// How far the clocks may be apart.
    #[must_use]
    pub fn leeway(&self) -> TimeDelta {
        TimeDelta::seconds(self.leeway_seconds.into())
    }

    /// The longest exchange.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// The longest way to a connection.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// How long a command may take.
    #[must_use]
    pub fn signer_timeout(&self) -> Duration {
        Duration::from_millis(self.signer_timeout_ms)
    }

    /// How long a person may take at Госуслуги.
    #[must_use]
    pub fn attempt(&self) -> TimeDelta {
        TimeDelta::minutes(self.attempt_minutes.into())
    }

    /// How long ЕСИА is left alone.
    #[must_use]
    pub fn pause(&self) -> TimeDelta {
        TimeDelta::seconds(self.circuit_seconds.into())
    }
}
