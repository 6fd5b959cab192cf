//! Who asks: the signature over the exact string, and the time of the request.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, TimeDelta, Utc};
use tracing::warn;

use crate::cms::{self, CmsError};
use crate::keys::KeyError;
use crate::params::Params;
use crate::refusal::Refusal;
use crate::standin::{Client, Standin, Version};
use crate::switches::Switches;

/// base64url with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is signed and by what, as the request has it.
#[derive(Debug)]
pub struct Signed {
    /// The generation of the request.
    pub version: Version,
    /// The string.
    pub message: String,
    /// `client_secret`
    pub secret: String,
    /// `client_certificate_hash`; v2 and v3 have it.
    pub hash: Option<String>,
}

impl Signed {
    /// Takes the parameters that are signed; `last` is what a token request has behind the others.
    ///
    /// # Errors
    /// Refuses where a mandatory one is missing.
    pub fn of(params: &Params, version: Version, last: Option<&str>) -> Result<Self, Refusal> {
        let client = params.required("client_id")?;
        let scope = params.one("scope")?.ok_or(Refusal::NO_SCOPE)?;
        let timestamp = params.required("timestamp")?;
        let state = params.required("state")?;
        let secret = params.required("client_secret")?.to_owned();
        let (message, hash) = match version {
            Version::V1 => (format!("{scope}{timestamp}{client}{state}"), None),
            Version::V2 => {
                let hash = params.required("client_certificate_hash")?.to_owned();
                let message = match last {
                    None => format!("{client}{scope}{timestamp}{state}{}", params.required("redirect_uri")?),
                    Some(last) => format!("{client}{scope}{timestamp}{state}{last}"),
                };
                (message, Some(hash))
            }
        };
        Ok(Self { version, message, secret, hash })
    }

    /// Verifies the signature by a certificate of the client. Takes a while: ГОСТ runs a command.
    ///
    /// # Errors
    /// 007038 for what cannot be read, 007002 for a certificate that is not the client's, 007053 for a
    /// signature that does not fit.
    pub fn verify(&self, standin: &Standin, client: &Client) -> Result<(), Refusal> {
        let secret = BASE64.decode(&self.secret).map_err(|_| Refusal::UNREADABLE)?;
        let openssl = standin.openssl.as_ref();
        let verified = match (&self.hash, self.version) {
            (Some(hash), Version::V2) => {
                let certificate = client
                    .certificates
                    .iter()
                    .find(|certificate| certificate.hash().eq_ignore_ascii_case(hash))
                    .ok_or(Refusal::CERTIFICATE)?;
                certificate.verify(self.message.as_bytes(), &secret, openssl)
            }
            (None, Version::V2) => return Err(Refusal::MISSING),
            (_, Version::V1) => match cms::open(&secret, self.message.as_bytes(), &client.certificates) {
                Ok(opened) => opened.certificate.verify(&opened.signed, &opened.signature, openssl),
                Err(error) => {
                    warn!(client = client.config.mnemonic, %error, "client_secret of v1");
                    return Err(match error {
                        CmsError::Unreadable => Refusal::UNREADABLE,
                        CmsError::Stranger => Refusal::CERTIFICATE,
                        CmsError::Hash(_) | CmsError::Content => self.does_not_fit(client),
                    });
                }
            },
        };
        match verified {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.does_not_fit(client)),
            Err(error) => Err(unexpected(&error)),
        }
    }

    /// The words that help whoever writes a client: what the signature should have been over.
    fn does_not_fit(&self, client: &Client) -> Refusal {
        warn!(
            client = client.config.mnemonic,
            expected = self.message,
            "the signature is not over this string"
        );
        Refusal::SIGNATURE
    }
}

/// Something of our own failed; the log says what.
pub fn unexpected(error: &KeyError) -> Refusal {
    tracing::error!(%error, "a key could not be used");
    Refusal::UNEXPECTED
}

/// Checks the time of a request and the form of its `state`.
///
/// # Errors
/// 007003 for what is not in the form `yyyy.MM.dd HH:mm:ss Z` or not a UUID, 007015 for a time too far from the
/// provider's.
pub fn in_order(params: &Params, standin: &Standin, switches: &Switches) -> Result<(), Refusal> {
    let timestamp = moment(params.required("timestamp")?).ok_or(Refusal::WRONG_PARAMETER)?;
    let tolerance = TimeDelta::try_seconds(standin.config.timestamp_tolerance_seconds).unwrap_or_default();
    if (standin.now(switches) - timestamp).abs() > tolerance {
        return Err(Refusal::TIME);
    }
    let state = params.required("state")?;
    if state.len() != 36 || uuid::Uuid::try_parse(state).is_err() {
        return Err(Refusal::WRONG_PARAMETER);
    }
    Ok(())
}

/// `2026.03.01 09:05:00 +0300`, and nothing looser.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    const SHAPE: &str = "0000.00.00 00:00:00 +0000";
    let fits = text.len() == SHAPE.len()
        && text.chars().zip(SHAPE.chars()).all(|(given, shape)| match shape {
            '0' => given.is_ascii_digit(),
            '+' => given == '+' || given == '-',
            exact => given == exact,
        });
    let parsed = fits.then(|| DateTime::parse_from_str(text, "%Y.%m.%d %H:%M:%S %z"))?;
    parsed.ok().map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_one_form() {
        let noon = moment("2026.03.01 12:00:00 +0300").expect("a moment");
        assert_eq!(noon.to_rfc3339(), "2026-03-01T09:00:00+00:00");
        for wrong in [
            "2026.03.01 12:00:00  0300",
            "2026.03.01 12:00:00 +03:00",
            "2026-03-01 12:00:00 +0300",
            "2026.3.1 12:00:00 +0300",
            "2026.13.01 12:00:00 +0300",
            "2026.03.01 12:00:00 Z",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn padding_is_accepted_and_not_demanded() {
        assert_eq!(BASE64.decode("-_8"), BASE64.decode("-_8="));
        assert!(BASE64.decode("+/8").is_err());
    }
}
