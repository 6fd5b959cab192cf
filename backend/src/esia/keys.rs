//! Certificates, public keys, and whether a signature fits them.

use std::io::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use der::asn1::ObjectIdentifier;
use der::pem::LineEnding;
use der::{Decode as _, EncodePem as _};
use epos_shared::api::esia::CertificateView;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use sha2::{Digest as _, Sha256};
use streebog::Streebog256;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::command;
use crate::config::{Esia as Config, EsiaAlgorithm};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const GOST_2012_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.643.7.1.1.1.1");
/// The length of a ГОСТ signature by a 256-bit key.
const GOST_SIGNATURE: usize = 64;

/// How ГОСТ signatures are verified: by a command.
#[derive(Debug, Clone)]
pub(super) struct GostVerifier {
    line: Vec<String>,
    is_reversed: bool,
    timeout: Duration,
}

impl GostVerifier {
    /// For signatures of id_tokens.
    pub fn new(config: &Config) -> Self {
        Self {
            line: config.gost_verify_command.clone(),
            is_reversed: config.gost_verify_reversed,
            timeout: config.signer_timeout(),
        }
    }

    /// For signatures of our own, which go out as OpenSSL writes them.
    pub fn of_own(config: &Config) -> Self {
        Self { is_reversed: false, ..Self::new(config) }
    }

    /// Whether a signature fits. Blocks.
    fn verify(&self, key: &str, bytes: &[u8], signature: &[u8]) -> Result<bool, String> {
        if signature.len() != GOST_SIGNATURE {
            return Ok(false);
        }
        let mut signature = signature.to_vec();
        if self.is_reversed {
            signature.reverse();
        }
        let (key, signature) = (file_of(key.as_bytes())?, file_of(&signature)?);
        let line: Vec<String> = self
            .line
            .iter()
            .map(|word| match word.as_str() {
                "{key}" => key.path().display().to_string(),
                "{signature}" => signature.path().display().to_string(),
                _ => word.clone(),
            })
            .collect();
        command::run(&line, bytes, self.timeout).map(|ended| ended.success).map_err(|error| error.to_string())
    }
}

fn file_of(bytes: &[u8]) -> Result<tempfile::NamedTempFile, String> {
    let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    file.write_all(bytes).and_then(|()| file.flush()).map_err(|error| error.to_string())?;
    Ok(file)
}

/// A public key of one of the two kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// `RSAPublicKey` (RFC 8017) in DER.
    Rsa(Vec<u8>),
    /// In PEM, as commands take it.
    Gost(String),
}

/// A public key, and the certificate it stands in, if it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    kind: Kind,
    certificate: Option<Certificate>,
}

/// What is told of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Certificate {
    der: Vec<u8>,
    subject: String,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

impl PublicKey {
    /// Every certificate and public key of a file: PEM, or one in DER.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, String> {
        let mut found = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(bytes) {
            let der = certificate.map_err(|error| format!("PEM: {error}"))?;
            found.push(Self::of_certificate(&der)?);
        }
        for key in SubjectPublicKeyInfoDer::pem_slice_iter(bytes) {
            let der = key.map_err(|error| format!("PEM: {error}"))?;
            found.push(Self::of_info(&der)?);
        }
        if found.is_empty() {
            found.push(Self::of_certificate(bytes).or_else(|error| Self::of_info(bytes).map_err(|_| error))?);
        }
        Ok(found)
    }

    fn of_certificate(der: &[u8]) -> Result<Self, String> {
        let parsed = x509_cert::Certificate::from_der(der)
            .map_err(|error| format!("neither PEM nor DER of a certificate: {error}"))?;
        let tbs = parsed.tbs_certificate();
        let moment = |time: x509_cert::time::Time| DateTime::<Utc>::from(time.to_system_time());
        let certificate = Certificate {
            der: der.to_vec(),
            subject: tbs.subject().to_string(),
            not_before: moment(tbs.validity().not_before),
            not_after: moment(tbs.validity().not_after),
        };
        let kind = Kind::of(tbs.subject_public_key_info())?;
        Ok(Self { kind, certificate: Some(certificate) })
    }

    fn of_info(der: &[u8]) -> Result<Self, String> {
        let info = SubjectPublicKeyInfoOwned::from_der(der).map_err(|error| error.to_string())?;
        Ok(Self { kind: Kind::of(&info)?, certificate: None })
    }

    /// What it verifies.
    pub const fn algorithm(&self) -> EsiaAlgorithm {
        match self.kind {
            Kind::Rsa(_) => EsiaAlgorithm::Rs256,
            Kind::Gost(_) => EsiaAlgorithm::Gost,
        }
    }

    /// Whether a raw signature fits. Blocks, with ГОСТ for a while.
    ///
    /// # Errors
    /// The command of ГОСТ cannot be run.
    pub fn verify(&self, bytes: &[u8], signature: &[u8], gost: &GostVerifier) -> Result<bool, String> {
        match &self.kind {
            Kind::Rsa(key) => {
                let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
                Ok(key.verify(bytes, signature).is_ok())
            }
            Kind::Gost(pem) => gost.verify(pem, bytes, signature),
        }
    }

    /// The certificate in DER.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_ref().map(|certificate| certificate.der.as_slice())
    }

    /// The hash of a certificate as requests carry it (`client_certificate_hash`): SHA-256 where the key is RSA,
    /// Streebog-256 where it is ГОСТ.
    pub fn fingerprint(&self) -> Option<String> {
        let der = self.certificate()?;
        Some(match self.kind {
            Kind::Rsa(_) => hex(&Sha256::digest(der)),
            Kind::Gost(_) => hex(&Streebog256::digest(der)),
        })
    }

    /// As the page of the link shows it; bare keys have nothing to show.
    pub fn view(&self) -> Option<CertificateView> {
        let certificate = self.certificate.as_ref()?;
        Some(CertificateView {
            subject: certificate.subject.clone(),
            fingerprint: self.fingerprint()?,
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        })
    }
}

impl Kind {
    fn of(info: &SubjectPublicKeyInfoOwned) -> Result<Self, String> {
        match info.algorithm.oid {
            RSA_ENCRYPTION => {
                let key = info.subject_public_key.as_bytes().ok_or("the key is damaged")?;
                Ok(Self::Rsa(key.to_vec()))
            }
            GOST_2012_256 => info.to_pem(LineEnding::LF).map(Self::Gost).map_err(|error| error.to_string()),
            other => Err(format!("a key of kind {other} is neither RSA nor ГОСТ Р 34.10-2012 (256)")),
        }
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
