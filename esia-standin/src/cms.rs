//! Detached CMS signatures (RFC 5652), as `client_secret` of v1 carries them.
//!
//! Only what such a signature may hold is read: one signer, no content, SHA-256 or Streebog-256.

use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Choice, Decode as _, Encode as _, Sequence, ValueOrd};
use sha2::{Digest as _, Sha256};
use streebog::Streebog256;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::keys::{Certificate, Kind};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const STREEBOG_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.643.7.1.1.2.2");

#[derive(Debug, Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: Any,
}

#[derive(Debug, Sequence)]
struct SignedData {
    version: u8,
    digest_algorithms: SetOfVec<AlgorithmIdentifierOwned>,
    content: EncapsulatedContent,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    certificates: Option<SetOfVec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    revocation: Option<SetOfVec<Any>>,
    signers: SetOfVec<Signer>,
}

#[derive(Debug, Sequence)]
struct EncapsulatedContent {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<Any>,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence, ValueOrd)]
struct Signer {
    version: u8,
    identifier: SignerIdentifier,
    digest: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true", constructed = "true")]
    signed: Option<SetOfVec<Attribute>>,
    algorithm: AlgorithmIdentifierOwned,
    signature: OctetString,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true", constructed = "true")]
    unsigned: Option<SetOfVec<Attribute>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Choice, ValueOrd)]
enum SignerIdentifier {
    IssuerAndSerial(IssuerAndSerial),
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    KeyIdentifier(SubjectKeyIdentifier),
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence, ValueOrd)]
struct IssuerAndSerial {
    issuer: Name,
    serial: SerialNumber,
}

/// Why a detached signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CmsError {
    /// It is not DER of one detached signature.
    #[error("not a detached CMS signature in DER")]
    Unreadable,
    /// The signer's certificate is none of those that are registered.
    #[error("the signer is not a registered certificate")]
    Stranger,
    /// The hash is not the one that goes with the key: SHA-1 for example.
    #[error("the hash {0} is not accepted")]
    Hash(ObjectIdentifier),
    /// The hash of the content is another.
    #[error("the signature is over other content")]
    Content,
}

/// What must be verified with a certificate's key for a detached signature to hold.
#[derive(Debug)]
pub struct Opened<'a> {
    /// The certificate of the signer.
    pub certificate: &'a Certificate,
    /// The bytes that were signed: the signed attributes, or the content where there are none.
    pub signed: Vec<u8>,
    /// The raw signature.
    pub signature: Vec<u8>,
}

/// Reads a detached signature over `content` and finds its signer among `known`; the raw signature remains to
/// be verified.
///
/// # Errors
/// Tells why it cannot hold, whatever the key.
pub fn open<'a>(der: &[u8], content: &[u8], known: &'a [Certificate]) -> Result<Opened<'a>, CmsError> {
    let info = ContentInfo::from_der(der).map_err(|_| CmsError::Unreadable)?;
    if info.content_type != SIGNED_DATA {
        return Err(CmsError::Unreadable);
    }
    let data: SignedData = info.content.decode_as().map_err(|_| CmsError::Unreadable)?;
    let [signer] = data.signers.as_slice() else { return Err(CmsError::Unreadable) };
    if data.content.content.is_some() || data.content.content_type != DATA {
        return Err(CmsError::Unreadable);
    }
    let certificate =
        known.iter().find(|certificate| signer.identifier.is(certificate)).ok_or(CmsError::Stranger)?;
    let hash: Vec<u8> = match (certificate.kind(), signer.digest.oid) {
        (Kind::Rsa, SHA_256) => Sha256::digest(content).to_vec(),
        (Kind::Gost, STREEBOG_256) => Streebog256::digest(content).to_vec(),
        (_, other) => return Err(CmsError::Hash(other)),
    };
    let signed = match &signer.signed {
        None => content.to_vec(),
        Some(attributes) => {
            let digest: OctetString = only(attributes, MESSAGE_DIGEST)?;
            let content_type: ObjectIdentifier = only(attributes, CONTENT_TYPE)?;
            if content_type != DATA {
                return Err(CmsError::Unreadable);
            }
            if digest.as_bytes() != hash {
                return Err(CmsError::Content);
            }
            // Signed as a SET, not as the implicit [0] it is sent as (RFC 5652, 5.4).
            attributes.to_der().map_err(|_| CmsError::Unreadable)?
        }
    };
    Ok(Opened { certificate, signed, signature: signer.signature.as_bytes().to_vec() })
}

impl SignerIdentifier {
    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial(named) => certificate.is_named(&named.issuer, &named.serial),
            Self::KeyIdentifier(identifier) => certificate.key_identifier().as_ref() == Some(identifier),
        }
    }
}

/// The one value of the one attribute of this kind (RFC 5652, 11).
fn only<T>(attributes: &SetOfVec<Attribute>, kind: ObjectIdentifier) -> Result<T, CmsError>
where
    T: for<'a> der::Decode<'a> + der::Tagged,
    T: for<'a> der::DecodeValue<'a>,
{
    let mut found = attributes.iter().filter(|attribute| attribute.oid == kind);
    let (Some(attribute), None) = (found.next(), found.next()) else { return Err(CmsError::Unreadable) };
    let [value] = attribute.values.as_slice() else { return Err(CmsError::Unreadable) };
    T::from_der(&value.to_der().map_err(|_| CmsError::Unreadable)?).map_err(|_| CmsError::Unreadable)
}
