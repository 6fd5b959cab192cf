//! Tokens: JWTs with ЕСИА's own header.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::keys::{KeyError, Signer};

/// `alg` of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ГОСТ Р 34.10-2012, 256 bits, with Streebog-256; s, then r.
    #[serde(rename = "GOST3410_2012_256")]
    Gost,
    /// No signature: what a client must refuse.
    #[serde(rename = "none")]
    None,
}

/// What a token is for: `sbt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `id`
    Id,
    /// `access`
    Access,
    /// `authorization_code`
    Code,
}

/// The header of a token, before anything is changed for a test.
#[must_use]
pub fn header(subject: Subject, algorithm: Algorithm) -> Map<String, Value> {
    let subject = match subject {
        Subject::Id => "id",
        Subject::Access => "access",
        Subject::Code => "authorization_code",
    };
    object(json!({"ver": 1, "typ": "JWT", "sbt": subject, "alg": algorithm}))
}

/// The object of a literal.
#[must_use]
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Lays changes over an object; a null takes the member away.
pub fn change(object: &mut Map<String, Value>, changes: Option<&Map<String, Value>>) {
    for (name, value) in changes.into_iter().flatten() {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

/// Header and claims, signed; without a signer the signature is empty.
///
/// # Errors
/// Fails where the key cannot be used.
pub fn encode(
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signer: Option<&Signer>,
    spoil: bool,
) -> Result<String, KeyError> {
    let part = |map| URL_SAFE_NO_PAD.encode(Value::Object(map).to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = signer.map(|signer| signer.sign(signed.as_bytes())).transpose()?.unwrap_or_default();
    if spoil && let Some(byte) = signature.first_mut() {
        *byte ^= 1;
    }
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
