//! Who signs our requests: production needs a certified СКЗИ, so that a signature is something asked for.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::cms::{self, SignerName};
use super::command;
use crate::config::{Esia as Config, EsiaEncoding, EsiaSigner, EsiaVersion};

/// base64url with padding or without.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Signs.
pub trait Signer: Send + Sync + std::fmt::Debug {
    /// The signature that goes into `client_secret`, before base64: raw for v2/v3, detached CMS for v1. Blocks.
    ///
    /// # Errors
    /// The words are for an administrator.
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String>;

    /// Whether it takes so long that nobody else shall wait on the same thread.
    fn is_slow(&self) -> bool;
}

/// An RSA key in the process: RSASSA-PKCS1-v1_5 with SHA-256.
pub struct RsaSigner(RsaKeyPair);

impl std::fmt::Debug for RsaSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaSigner(…)")
    }
}

impl RsaSigner {
    /// Reads a key in PEM: PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// What is wrong with it; nothing of the key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let der =
            PrivateKeyDer::from_pem_slice(pem).map_err(|error| format!("no private key in PEM: {error}"))?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err("not an RSA key".to_owned()),
        };
        pair.map(Self).map_err(|error| format!("not an RSA key of 2048 bits or more: {error}"))
    }
}

impl Signer for RsaSigner {
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature)
            .map_err(|error| error.to_string())?;
        Ok(signature)
    }

    fn is_slow(&self) -> bool {
        false
    }
}

/// A program: OpenSSL with the gost engine, CryptoPro.
#[derive(Debug)]
pub struct CommandSigner {
    line: Vec<String>,
    encoding: EsiaEncoding,
    is_reversed: bool,
    timeout: Duration,
}

impl Signer for CommandSigner {
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let ended = command::run(&self.line, bytes, self.timeout).map_err(|error| error.to_string())?;
        if !ended.success {
            return Err(format!("the command failed: {}", ended.said));
        }
        let mut signature = match self.encoding {
            EsiaEncoding::Raw => ended.stdout,
            EsiaEncoding::Base64 => from_base64(&ended.stdout).ok_or("the command answered no base64")?,
        };
        if signature.is_empty() {
            return Err("the command answered nothing".to_owned());
        }
        if self.is_reversed {
            signature.reverse();
        }
        Ok(signature)
    }

    fn is_slow(&self) -> bool {
        true
    }
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    URL_SAFE.decode(text).ok()
}

/// Detached CMS (v1) around a raw signature by RSA.
#[derive(Debug)]
pub struct CmsSigner {
    inner: RsaSigner,
    name: SignerName,
}

impl Signer for CmsSigner {
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        cms::detached(bytes, &self.name, |signed| self.inner.sign(signed))
    }

    fn is_slow(&self) -> bool {
        false
    }
}

/// The signer of a configuration; `certificate` is our own, in DER.
///
/// # Errors
/// The key and what is wrong with it.
pub(super) fn of(config: &Config, certificate: &[u8]) -> Result<Box<dyn Signer>, String> {
    match config.signer {
        EsiaSigner::Command if config.signer_command.is_empty() => {
            Err("esia.signer_command: give the program that signs".to_owned())
        }
        EsiaSigner::Command => Ok(Box::new(CommandSigner {
            line: config.signer_command.clone(),
            encoding: config.signer_encoding,
            is_reversed: config.signer_reversed,
            timeout: config.signer_timeout(),
        })),
        EsiaSigner::Rsa => {
            let Some(file) = &config.key_file else {
                return Err("esia.key_file: give the RSA key".to_owned());
            };
            let wrong = |error: &dyn std::fmt::Display| format!("esia.key_file: {}: {error}", file.display());
            let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
            let inner = RsaSigner::from_pem(&pem).map_err(|error| wrong(&error))?;
            Ok(match config.version {
                EsiaVersion::V2 => Box::new(inner),
                EsiaVersion::V1 => {
                    let name = SignerName::of(certificate)
                        .map_err(|error| format!("esia.certificate_file: {error}"))?;
                    Box::new(CmsSigner { inner, name })
                }
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_answer_base64_of_any_kind_and_the_other_order() {
        let signer = |text: &str, is_reversed| CommandSigner {
            line: vec!["printf".to_owned(), text.to_owned()],
            encoding: EsiaEncoding::Base64,
            is_reversed,
            timeout: Duration::from_secs(10),
        };
        for text in ["-_8", "-_8=", "+/8=", "+/\\n8=\\n"] {
            assert_eq!(signer(text, false).sign(b""), Ok(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(signer("-_8", true).sign(b""), Ok(vec![0xff, 0xfb]));
        assert!(signer("", false).sign(b"").is_err());
        assert!(signer("*", false).sign(b"").is_err());
    }

    #[test]
    fn a_key_is_never_printed_and_no_key_is_told() {
        assert!(RsaSigner::from_pem(b"").is_err());
        assert!(
            RsaSigner::from_pem(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_err()
        );
    }
}
