//! Detached CMS signatures (RFC 5652), as `client_secret` of v1 carries them: one signer, SHA-256 with RSA.

use der::asn1::{Any, Null, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode as _, Encode as _, Sequence, ValueOrd};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

#[derive(Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: SignedData,
}

#[derive(Sequence)]
struct SignedData {
    version: u8,
    digests: SetOfVec<AlgorithmIdentifierOwned>,
    content: NoContent,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true", constructed = "true")]
    certificates: Option<SetOfVec<Any>>,
    signers: SetOfVec<SignerInfo>,
}

/// Detached: the content is not within.
#[derive(Sequence)]
struct NoContent {
    content_type: ObjectIdentifier,
}

#[derive(Clone, PartialEq, Eq, Sequence, ValueOrd)]
struct SignerInfo {
    version: u8,
    issuer_and_serial: IssuerAndSerial,
    digest: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true", constructed = "true")]
    signed: Option<SetOfVec<Attribute>>,
    algorithm: AlgorithmIdentifierOwned,
    signature: OctetString,
}

#[derive(Clone, PartialEq, Eq, Sequence, ValueOrd)]
struct IssuerAndSerial {
    issuer: Name,
    serial: SerialNumber,
}

/// A certificate as signatures name it.
#[derive(Clone)]
pub(super) struct SignerName {
    name: IssuerAndSerial,
    certificate: Any,
}

impl std::fmt::Debug for SignerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignerName(…)")
    }
}

impl SignerName {
    /// The name of a certificate in DER.
    ///
    /// # Errors
    /// It is none.
    pub fn of(der: &[u8]) -> Result<Self, String> {
        let parsed = Certificate::from_der(der).map_err(|error| error.to_string())?;
        let tbs = parsed.tbs_certificate();
        let name = IssuerAndSerial { issuer: tbs.issuer().clone(), serial: tbs.serial_number().clone() };
        Ok(Self { name, certificate: Any::from_der(der).map_err(|error| error.to_string())? })
    }
}

/// A detached signature in DER; `sign` makes the raw one.
///
/// # Errors
/// What `sign` says.
pub(super) fn detached(
    content: &[u8],
    name: &SignerName,
    sign: impl Fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, String> {
    build(content, name, sign).map_err(|error| match error {
        Error::Der(error) => error.to_string(),
        Error::Sign(words) => words,
    })
}

enum Error {
    Der(der::Error),
    Sign(String),
}

impl From<der::Error> for Error {
    fn from(error: der::Error) -> Self {
        Self::Der(error)
    }
}

fn build(
    content: &[u8],
    name: &SignerName,
    sign: impl Fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, Error> {
    let digest = OctetString::new(Sha256::digest(content).as_slice())?;
    let attributes = SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&digest)?)?,
    ])?;
    // Signed as a SET, not as the implicit [0] it is sent as (RFC 5652, 5.4).
    let signature = sign(&attributes.to_der()?).map_err(Error::Sign)?;
    let null = Some(Any::encode_from(&Null)?);
    let sha = AlgorithmIdentifierOwned { oid: SHA_256, parameters: None };
    let signer = SignerInfo {
        version: 1,
        issuer_and_serial: name.name.clone(),
        digest: sha.clone(),
        signed: Some(attributes),
        algorithm: AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: null },
        signature: OctetString::new(signature)?,
    };
    let data = SignedData {
        version: 1,
        digests: SetOfVec::try_from(vec![sha])?,
        content: NoContent { content_type: DATA },
        certificates: Some(SetOfVec::try_from(vec![name.certificate.clone()])?),
        signers: SetOfVec::try_from(vec![signer])?,
    };
    Ok(ContentInfo { content_type: SIGNED_DATA, content: data }.to_der()?)
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, der::Error> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}
