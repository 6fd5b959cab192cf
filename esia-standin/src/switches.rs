//! Switches: what goes otherwise than usual, for everybody, for one person or for one sign-in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::jwt::Algorithm;
use crate::refusal::Refusal;

/// A refusal named by its six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub Refusal);

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Refusal::by_code(&code).map(Self).ok_or_else(|| de::Error::custom(UnknownCode(code)))
    }
}

struct UnknownCode(String);

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ESIA-{} is not a known code", self.0)
    }
}

/// Where `error` is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// By the authorization endpoint, in the redirect.
    #[default]
    Ac,
    /// By the token endpoint.
    Te,
}

/// The form of `sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubForm {
    /// A JSON number.
    Number,
    /// A string.
    String,
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// Switches; what is absent is left to the next level.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Switches {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$kind>,)*
        }

        impl Switches {
            /// These, and where they say nothing those below.
            #[must_use]
            pub fn over(&self, below: &Self) -> Self {
                Self { $($name: self.$name.clone().or_else(|| below.$name.clone()),)* }
            }
        }
    };
}

switches! {
    /// The person refuses: 007004.
    cancel: bool,
    /// Not confirmed: 007055.
    unconfirmed: bool,
    /// Overload or maintenance: 007008.
    overload: bool,
    /// Any refusal by its six digits.
    error: Code,
    /// Where `error` is told; `ac` unless said.
    error_at: Place,
    /// A refusal of the token endpoint comes as `text/plain`.
    plain_error: bool,
    /// Seconds by which the provider's clock is ahead.
    clock_skew_seconds: i64,
    /// How long each answer waits.
    slow_ms: u64,
    /// Tokens are signed by the next key, whose certificate the clients do not have yet.
    rotated: bool,
    /// `alg` of the id_token.
    alg: Algorithm,
    /// The header of tokens has a `kid`.
    kid: bool,
    /// `expires_in` comes as a string.
    expires_in_text: bool,
    /// `sub` as a number or as a string.
    sub: SubForm,
    /// With false, `embed` is not heeded: contacts come as addresses.
    embed: bool,
    /// Life of codes, in seconds; 0 is out of date at once.
    code_seconds: i64,
    /// Life of access tokens, in seconds; 0 is out of date at once.
    access_seconds: i64,
    /// Changes to the header of the id_token; a null takes a member away.
    id_token_header: Map<String, Value>,
    /// Changes to the claims of the id_token.
    id_token_claims: Map<String, Value>,
    /// The signature of the id_token has a wrong bit.
    spoil_signature: bool,
    /// Changes to the parameters of the callback (strings; a null takes one away).
    callback: Map<String, Value>,
    /// Changes to the token answer.
    token_answer: Map<String, Value>,
    /// Changes to the person.
    person: Map<String, Value>,
    /// Resources answer this status (401, 403, 500 and the like).
    resource_status: u16,
}

impl Switches {
    /// The refusal these switches want at a place.
    #[must_use]
    pub fn refusal(&self, place: Place) -> Option<Refusal> {
        if let Some(Code(refusal)) = self.error
            && self.error_at.unwrap_or_default() == place
        {
            return Some(refusal);
        }
        let of_ac = [
            (self.cancel, Refusal::DENIED),
            (self.unconfirmed, Refusal::UNCONFIRMED),
            (self.overload, Refusal::OVERLOAD),
        ];
        of_ac.into_iter().find(|(on, _)| place == Place::Ac && *on == Some(true)).map(|(_, refusal)| refusal)
    }

    /// What cannot be meant, in words.
    #[must_use]
    pub fn mistake(&self, gost: bool) -> Option<&'static str> {
        if self.alg == Some(Algorithm::Gost) && !gost {
            return Some("alg: there is no ГОСТ key, since the openssl command has no gost engine");
        }
        if self.resource_status.is_some_and(|status| !(400..600).contains(&status)) {
            return Some("resource_status: from 400 to 599");
        }
        if self.clock_skew_seconds.is_some_and(|skew| skew.unsigned_abs() > 100 * 366 * 86_400) {
            return Some("clock_skew_seconds: at most a hundred years");
        }
        None
    }
}
