//! Certificates of clients, and the stand-in's own keys.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use der::pem::LineEnding;
use der::{Decode as _, DecodePem as _, Encode as _, EncodePem as _};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _};
use rsa::signature::{Keypair as _, SignatureEncoding as _, Signer as _, Verifier as _};
use rsa::{PrivateKey as RsaPrivateKey, PublicKey as RsaPublicKey};
use sha2::{Digest as _, Sha256};
use streebog::Streebog256;
use x509_cert::builder::{self, Builder as _, CertificateBuilder, profile::BuilderProfile};
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use crate::jwt::Algorithm;
use crate::openssl::{OpenSsl, OpenSslError};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const GOST_2012_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.643.7.1.1.1.1");
const RSA_BITS: usize = 2048;
const YEARS_10: Duration = Duration::from_secs(3650 * 86_400);

/// A key or certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {what}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// ГОСТ was asked for, and the engine is not there.
    #[error("the openssl command with the gost engine is not there (Debian: libengine-gost-openssl)")]
    NoEngine,
    /// The command failed.
    #[error(transparent)]
    OpenSsl(#[from] OpenSslError),
    /// A key could not be made or used.
    #[error("{0}")]
    Crypto(String),
}

/// What key a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RSA.
    Rsa,
    /// ГОСТ Р 34.10-2012 with 256 bits.
    Gost,
}

/// A certificate with what is asked of it, worked out once.
#[derive(Clone)]
pub struct Certificate {
    parsed: x509_cert::Certificate,
    der: Vec<u8>,
    hash: String,
    key: PublicKey,
}

#[derive(Clone)]
enum PublicKey {
    Rsa(VerifyingKey<Sha256>),
    /// In PEM, as the `openssl` command takes it.
    Gost(String),
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a file with a certificate in PEM or DER.
    ///
    /// # Errors
    /// Tells which file is wrong and how.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes = fs::read(path).map_err(|error| KeyError::File { path: path.to_owned(), error })?;
        Self::parse(&bytes).map_err(|what| KeyError::Content { path: path.to_owned(), what })
    }

    /// Reads a certificate in PEM or DER.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let parsed = match x509_cert::Certificate::from_der(bytes) {
            Ok(parsed) => parsed,
            Err(_) => x509_cert::Certificate::from_pem(bytes)
                .map_err(|error| format!("neither DER nor PEM of a certificate: {error}"))?,
        };
        let der = parsed.to_der().map_err(|error| error.to_string())?;
        let spki = parsed.tbs_certificate().subject_public_key_info();
        let spki_der = spki.to_der().map_err(|error| error.to_string())?;
        let (key, hash) = match spki.algorithm.oid {
            RSA_ENCRYPTION => {
                let key = RsaPublicKey::from_public_key_der(&spki_der).map_err(|error| error.to_string())?;
                (PublicKey::Rsa(VerifyingKey::new(key)), hex(&Sha256::digest(&der)))
            }
            GOST_2012_256 => {
                let pem = spki.to_pem(LineEnding::LF).map_err(|error| error.to_string())?;
                (PublicKey::Gost(pem), hex(&Streebog256::digest(&der)))
            }
            other => return Err(format!("a key of kind {other} is neither RSA nor ГОСТ Р 34.10-2012 (256)")),
        };
        Ok(Self { parsed, der, hash, key })
    }

    /// What key it holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.key {
            PublicKey::Rsa(_) => Kind::Rsa,
            PublicKey::Gost(_) => Kind::Gost,
        }
    }

    /// `client_certificate_hash`: SHA-256 for RSA, Streebog-256 for ГОСТ, in lower-case hex.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.parsed.to_pem(LineEnding::LF).unwrap_or_default()
    }

    /// A short name of the key for `kid`: the beginning of the certificate's SHA-256.
    #[must_use]
    pub fn kid(&self) -> String {
        hex(&Sha256::digest(&self.der)).chars().take(16).collect()
    }

    /// Whether issuer and serial number are its own.
    #[must_use]
    pub fn is_named(&self, issuer: &Name, serial: &SerialNumber) -> bool {
        let tbs = self.parsed.tbs_certificate();
        tbs.issuer() == issuer && tbs.serial_number() == serial
    }

    /// The key identifier, if the certificate has one.
    #[must_use]
    pub fn key_identifier(&self) -> Option<SubjectKeyIdentifier> {
        self.parsed.tbs_certificate().get_extension::<SubjectKeyIdentifier>().ok().flatten().map(|(_, id)| id)
    }

    /// Whether a raw signature fits: RSASSA-PKCS1-v1_5 with SHA-256, or 64 bytes of ГОСТ.
    ///
    /// # Errors
    /// ГОСТ needs the command.
    pub fn verify(
        &self,
        bytes: &[u8],
        signature: &[u8],
        openssl: Option<&OpenSsl>,
    ) -> Result<bool, KeyError> {
        match &self.key {
            PublicKey::Rsa(key) => {
                Ok(Signature::try_from(signature)
                    .is_ok_and(|signature| key.verify(bytes, &signature).is_ok()))
            }
            PublicKey::Gost(pem) => Ok(openssl.ok_or(KeyError::NoEngine)?.verify(pem, bytes, signature)?),
        }
    }
}

/// A private key with its certificate.
#[derive(Debug)]
pub struct Signer {
    key: PrivateKey,
    certificate: Certificate,
}

#[derive(Debug)]
enum PrivateKey {
    Rsa(Box<SigningKey<Sha256>>),
    Gost { file: PathBuf, openssl: OpenSsl },
}

impl Signer {
    /// Reads an RSA key (PKCS#8, PEM) with its certificate.
    ///
    /// # Errors
    /// Tells which file is wrong and how.
    pub fn rsa(key: &Path, certificate: &Path) -> Result<Self, KeyError> {
        let pem = fs::read_to_string(key).map_err(|error| KeyError::File { path: key.to_owned(), error })?;
        let private = RsaPrivateKey::from_pkcs8_pem(&pem)
            .map_err(|error| KeyError::Content { path: key.to_owned(), what: error.to_string() })?;
        let signer = Self {
            key: PrivateKey::Rsa(Box::new(SigningKey::new(private))),
            certificate: Certificate::read(certificate)?,
        };
        signer.tried(key, None)
    }

    /// A ГОСТ key (a file for the `openssl` command) with its certificate.
    ///
    /// # Errors
    /// Tells which file is wrong and how.
    pub fn gost(key: &Path, certificate: &Path, openssl: &OpenSsl) -> Result<Self, KeyError> {
        let signer = Self {
            key: PrivateKey::Gost { file: key.to_owned(), openssl: openssl.clone() },
            certificate: Certificate::read(certificate)?,
        };
        signer.tried(key, Some(openssl))
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// A raw signature.
    ///
    /// # Errors
    /// Fails where the key cannot be used.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.key {
            PrivateKey::Rsa(key) => {
                let signature = key.try_sign(bytes).map_err(|error| KeyError::Crypto(error.to_string()))?;
                Ok(signature.to_vec())
            }
            PrivateKey::Gost { file, openssl } => Ok(openssl.sign(file, bytes)?),
        }
    }

    /// A key beside a certificate of another would show only at the first sign-in.
    fn tried(self, path: &Path, openssl: Option<&OpenSsl>) -> Result<Self, KeyError> {
        let bytes = b"esia-standin";
        if self.certificate.verify(bytes, &self.sign(bytes)?, openssl)? {
            return Ok(self);
        }
        Err(KeyError::Content { path: path.to_owned(), what: "the certificate is of another key".to_owned() })
    }
}

/// The stand-in's own keys: for each algorithm the one it signs with and the one that comes next.
#[derive(Debug)]
pub struct Keys {
    /// RS256, the certificate that clients trust.
    pub rsa: Signer,
    /// RS256 after a change of the certificate.
    pub rsa_next: Signer,
    /// ГОСТ, the same two.
    pub gost: Option<(Signer, Signer)>,
}

impl Keys {
    /// The key for an algorithm, before or after the change of the certificate.
    #[must_use]
    pub fn signer(&self, algorithm: Algorithm, rotated: bool) -> Option<&Signer> {
        match (algorithm, rotated) {
            (Algorithm::Rs256, false) => Some(&self.rsa),
            (Algorithm::Rs256, true) => Some(&self.rsa_next),
            (Algorithm::Gost, false) => self.gost.as_ref().map(|(current, _)| current),
            (Algorithm::Gost, true) => self.gost.as_ref().map(|(_, next)| next),
            (Algorithm::None, _) => None,
        }
    }
}

/// The names of the two files of a key in a folder.
#[must_use]
pub fn files(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!("{name}.key.pem")), folder.join(format!("{name}.crt.pem")))
}

/// Makes an RSA key and a certificate for it, unless both files are there.
///
/// # Errors
/// Fails where the files cannot be written.
pub fn ensure_rsa(folder: &Path, name: &str, now: DateTime<Utc>) -> Result<(PathBuf, PathBuf), KeyError> {
    let (key_file, certificate_file) = files(folder, name);
    if key_file.is_file() && certificate_file.is_file() {
        return Ok((key_file, certificate_file));
    }
    let crypto = |error: &dyn fmt::Display| KeyError::Crypto(error.to_string());
    let private = RsaPrivateKey::new(&mut rand::rng(), RSA_BITS).map_err(|error| crypto(&error))?;
    let pem = private.to_pkcs8_pem(LineEnding::LF).map_err(|error| crypto(&error))?;
    let signer = SigningKey::<Sha256>::new(private);
    let certificate = self_signed(&signer, name, now).map_err(|error| crypto(&error))?;
    let certificate = certificate.to_pem(LineEnding::LF).map_err(|error| crypto(&error))?;
    write_private(&key_file, pem.as_bytes())?;
    fs::write(&certificate_file, certificate)
        .map_err(|error| KeyError::File { path: certificate_file.clone(), error })?;
    Ok((key_file, certificate_file))
}

/// The same for ГОСТ.
///
/// # Errors
/// Fails where the command does.
pub fn ensure_gost(folder: &Path, name: &str, openssl: &OpenSsl) -> Result<(PathBuf, PathBuf), KeyError> {
    let (key_file, certificate_file) = files(folder, name);
    if !key_file.is_file() || !certificate_file.is_file() {
        write_private(&key_file, b"")?;
        openssl.self_signed(&key_file, &certificate_file, name)?;
    }
    Ok((key_file, certificate_file))
}

/// Created readable by its owner alone; an existing file keeps its mode when it is written over.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| KeyError::File { path: path.to_owned(), error })
}

struct SelfSigned(Name);

impl BuilderProfile for SelfSigned {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        _issuer: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let identifier = SubjectKeyIdentifier::try_from(key)?;
        Ok(vec![identifier.to_extension(tbs.subject(), &[])?])
    }
}

fn self_signed(
    signer: &SigningKey<Sha256>,
    name: &str,
    now: DateTime<Utc>,
) -> builder::Result<x509_cert::Certificate> {
    let since = Duration::from_secs(u64::try_from(now.timestamp()).unwrap_or_default());
    let moment = |at: Duration| der::asn1::GeneralizedTime::from_unix_duration(at).map(Time::GeneralTime);
    let validity = Validity::new(moment(since)?, moment(since + YEARS_10)?);
    let subject = Name::from_str(&format!("CN={name}"))?;
    let key = SubjectPublicKeyInfo::from_key(&signer.verifying_key())?;
    let serial = SerialNumber::new(crate::context::uuid().as_bytes())?;
    CertificateBuilder::new(SelfSigned(subject), serial, validity, key)?.build::<_, Signature>(signer)
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
