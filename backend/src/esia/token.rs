//! The id_token: whether it is ЕСИА's word to us, now, about somebody (OpenID Connect Core, 3.1.3.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::keys::{GostVerifier, PublicKey};
use crate::config::EsiaAlgorithm;

/// What a token must be.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub issuer: String,
    pub audience: String,
    pub algorithms: Vec<EsiaAlgorithm>,
    pub leeway: TimeDelta,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    /// The person.
    pub oid: String,
    /// Whether the account is confirmed, where the token speaks of it.
    pub is_confirmed: Option<bool>,
    /// When it was written.
    pub issued_at: DateTime<Utc>,
}

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotBelieved {
    /// What is wrong; nothing of the person.
    pub what: String,
    /// Whether no trusted key fits: another one may have come.
    pub is_of_keys: bool,
    /// When it says that it was written, where it is signed as it should be and its times are wrong.
    pub issued_at: Option<DateTime<Utc>>,
}

impl NotBelieved {
    fn what(what: impl Into<String>) -> Self {
        Self { what: what.into(), is_of_keys: false, issued_at: None }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    sbt: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Body {
    iss: Option<String>,
    aud: Option<Audience>,
    azp: Option<String>,
    sub: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    iat: Option<Value>,
    #[serde(rename = "urn:esia:sbj")]
    subject: Option<Subject>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Subject {
    #[serde(rename = "urn:esia:sbj:oid")]
    oid: Option<Value>,
    #[serde(rename = "urn:esia:sbj:is_tru")]
    is_trusted: Option<Value>,
    #[serde(rename = "urn:esia:sbj:typ")]
    kind: Option<String>,
}

/// A token taken apart, its signature still to be verified.
pub(super) struct Token<'a> {
    algorithm: EsiaAlgorithm,
    signed: &'a str,
    signature: Vec<u8>,
    body: &'a str,
}

impl<'a> Token<'a> {
    /// Takes a token apart and judges its header: the algorithm is one of ours, whatever the token would like.
    ///
    /// # Errors
    /// What is wrong.
    pub fn open(text: &'a str, expected: &Expected) -> Result<Self, NotBelieved> {
        let form = || NotBelieved::what("id_token: not a signed JWT");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(form)?;
        let (header, body) = signed.split_once('.').ok_or_else(form)?;
        if body.contains('.') {
            return Err(form());
        }
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| form())?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| form())?;
        let algorithm = expected
            .algorithms
            .iter()
            .find(|known| known.as_str() == header.alg)
            .ok_or_else(|| NotBelieved::what("id_token: alg is not a configured one"))?;
        if header.crit.is_some() {
            return Err(NotBelieved::what("id_token: crit"));
        }
        if header.sbt.as_deref() != Some("id") {
            return Err(NotBelieved::what("id_token: sbt is not id"));
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| form())?;
        Ok(Self { algorithm: *algorithm, signed, signature, body })
    }

    /// Verifies the signature by any of the trusted keys. Blocks.
    ///
    /// # Errors
    /// It fits none of them.
    pub fn verify(&self, keys: &[PublicKey], gost: &GostVerifier) -> Result<(), NotBelieved> {
        let mut failure = None;
        for key in keys.iter().filter(|key| key.algorithm() == self.algorithm) {
            match key.verify(self.signed.as_bytes(), &self.signature, gost) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => failure = Some(error),
            }
        }
        let what = failure.map_or_else(
            || "id_token: the signature fits no trusted certificate".to_owned(),
            |error| format!("id_token: the signature could not be verified: {error}"),
        );
        Err(NotBelieved { is_of_keys: true, ..NotBelieved::what(what) })
    }

    /// Judges what it says, after its signature was verified.
    ///
    /// # Errors
    /// What is wrong.
    pub fn claims(&self, expected: &Expected, now: DateTime<Utc>) -> Result<Claims, NotBelieved> {
        let wrong = |what: &str| NotBelieved::what(format!("id_token: {what}"));
        let body = URL_SAFE_NO_PAD.decode(self.body).map_err(|_| wrong("not a signed JWT"))?;
        let body: Body = serde_json::from_slice(&body).map_err(|_| wrong("claims of another form"))?;
        if body.iss.as_ref() != Some(&expected.issuer) {
            return Err(wrong("iss is not ЕСИА"));
        }
        let for_us = match &body.aud {
            Some(Audience::One(one)) => *one == expected.audience,
            // Several are fine where it says that it was written for us.
            Some(Audience::Several(all)) => {
                all.contains(&expected.audience)
                    && (all.len() == 1 || body.azp.as_ref() == Some(&expected.audience))
            }
            None => false,
        };
        if !for_us || body.azp.as_ref().is_some_and(|party| *party != expected.audience) {
            return Err(wrong("aud is not our mnemonic"));
        }
        let issued_at = body.iat.as_ref().and_then(moment).ok_or_else(|| wrong("iat"))?;
        let times = |what: &str| NotBelieved { issued_at: Some(issued_at), ..wrong(what) };
        let until = body.exp.as_ref().and_then(moment).ok_or_else(|| wrong("exp"))?;
        if until + expected.leeway <= now {
            return Err(times("exp: it is out of date"));
        }
        if issued_at - expected.leeway > now {
            return Err(times("iat: it is from the future"));
        }
        if let Some(not_before) = &body.nbf {
            let not_before = moment(not_before).ok_or_else(|| wrong("nbf"))?;
            if not_before - expected.leeway > now {
                return Err(times("nbf: it is from the future"));
            }
        }
        let oid = body.sub.as_ref().and_then(identifier).ok_or_else(|| wrong("sub"))?;
        let subject = body.subject.as_ref();
        if let Some(other) = subject.and_then(|subject| subject.oid.as_ref())
            && identifier(other).as_ref() != Some(&oid)
        {
            return Err(wrong("sub is not the oid"));
        }
        if subject.and_then(|subject| subject.kind.as_deref()).is_some_and(|kind| kind != "P") {
            return Err(wrong("not a person"));
        }
        let is_confirmed = subject.map(|subject| match &subject.is_trusted {
            Some(Value::Bool(is)) => *is,
            Some(Value::String(is)) => is == "true",
            _ => false,
        });
        Ok(Claims { oid, is_confirmed, issued_at })
    }
}

/// Seconds since 1970, whole or not (`NumericDate`, RFC 7519).
fn moment(value: &Value) -> Option<DateTime<Utc>> {
    let seconds = value.as_i64().or_else(|| {
        let seconds = value.as_f64()?;
        // Far within what a moment may be, so that nothing is lost.
        #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
        (seconds.abs() < 1e11).then(|| seconds.trunc() as i64)
    })?;
    // Room for the leeway on both sides.
    (seconds.abs() < 100_000_000_000).then(|| DateTime::from_timestamp(seconds, 0))?
}

/// A number or a string that can stand in a path.
fn identifier(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    let is_plain = !text.is_empty()
        && text.len() <= 64
        && text != "."
        && text != ".."
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    is_plain.then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expected() -> Expected {
        Expected {
            issuer: "http://esia.gosuslugi.ru/".to_owned(),
            audience: "EPOS".to_owned(),
            algorithms: vec![EsiaAlgorithm::Rs256],
            leeway: TimeDelta::seconds(60),
        }
    }

    fn token(header: &Value, body: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(header), part(body), URL_SAFE_NO_PAD.encode("signature"))
    }

    fn header() -> Value {
        json!({"ver": 1, "typ": "JWT", "sbt": "id", "alg": "RS256"})
    }

    const NOW: i64 = 1_795_330_800;

    fn body() -> Value {
        json!({
            "iss": "http://esia.gosuslugi.ru/", "aud": "EPOS", "sub": 1_000_299_901, "exp": NOW + 3600,
            "nbf": NOW, "iat": NOW,
            "urn:esia:sbj": {"urn:esia:sbj:typ": "P", "urn:esia:sbj:oid": 1_000_299_901, "urn:esia:sbj:is_tru": true},
        })
    }

    fn judged(body: &Value) -> Result<Claims, String> {
        let text = token(&header(), body);
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let token = Token::open(&text, &expected()).map_err(|error| error.what)?;
        token.claims(&expected(), now).map_err(|error| error.what)
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = body();
        body[name] = value;
        body
    }

    #[test]
    fn a_header_of_another_kind_is_not_believed() {
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("None")),
            ("alg", json!("HS256")),
            ("alg", json!("GOST3410_2012_256")),
            ("sbt", json!("access")),
            ("sbt", Value::Null),
            ("crit", json!(["exp"])),
        ] {
            let mut header = header();
            header[name] = value;
            assert!(Token::open(&token(&header, &body()), &expected()).is_err(), "{header}");
        }
        for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "e30.e30."] {
            assert!(Token::open(text, &expected()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_person_is_told_by_number_or_string() {
        assert_eq!(judged(&body()).unwrap().oid, "1000299901");
        assert_eq!(judged(&with("sub", json!("1000299901"))).unwrap().oid, "1000299901");
        for wrong in [json!(7), json!("../7"), json!(""), json!(1.5), json!(-1), json!([1]), Value::Null] {
            assert!(judged(&with("sub", wrong.clone())).is_err(), "{wrong}");
        }
        assert_eq!(judged(&body()).unwrap().is_confirmed, Some(true));
        let unconfirmed = with("urn:esia:sbj", json!({"urn:esia:sbj:oid": "1000299901"}));
        assert_eq!(judged(&unconfirmed).unwrap().is_confirmed, Some(false));
        assert_eq!(judged(&with("urn:esia:sbj", Value::Null)).unwrap().is_confirmed, None);
        let organization = with("urn:esia:sbj", json!({"urn:esia:sbj:typ": "O"}));
        assert!(judged(&organization).is_err());
    }

    #[test]
    fn it_must_be_from_esia_and_for_us() {
        for (name, value) in [
            ("iss", json!("https://esia.gosuslugi.ru/")),
            ("iss", json!("http://esia.gosuslugi.ru")),
            ("iss", Value::Null),
            ("aud", json!("OTHER")),
            ("aud", json!(["OTHER"])),
            ("aud", json!(["EPOS", "OTHER"])),
            ("aud", json!([])),
            ("azp", json!("OTHER")),
        ] {
            let body = with(name, value);
            assert!(judged(&body).is_err(), "{body}");
        }
        assert!(judged(&with("aud", json!(["EPOS"]))).is_ok());
    }

    #[test]
    fn times_have_a_minute_of_leeway_and_no_more() {
        for (name, by, is_fine) in [
            ("exp", -59, true),
            ("exp", -60, false),
            ("iat", 60, true),
            ("iat", 61, false),
            ("nbf", 60, true),
            ("nbf", 61, false),
        ] {
            assert_eq!(judged(&with(name, json!(NOW + by))).is_ok(), is_fine, "{name} {by}");
        }
        for (name, value) in [
            ("exp", Value::Null),
            ("iat", Value::Null),
            ("exp", json!("1")),
            ("exp", json!(i64::MAX)),
            ("iat", json!(1e300)),
            ("nbf", json!("x")),
        ] {
            assert!(judged(&with(name, value.clone())).is_err(), "{name} {value}");
        }
        assert!(judged(&with("nbf", Value::Null)).is_ok());
    }
}
