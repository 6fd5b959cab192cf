//! The two requests of the protocol: what is signed and how it travels (RFC 6749 on the `oauth2` crate).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use epos_shared::esia::Failure;
use oauth2::basic::BasicTokenType;
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, CsrfToken, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenIntrospectionResponse, TokenResponse,
    TokenUrl,
};
use serde::{Deserialize, Deserializer, Serialize};

use super::failure::{self, Failed};
use super::http::{self, HttpError};
use super::{Endpoints, Esia};
use crate::config::{Esia as Config, EsiaVersion};
use crate::context::Context;

/// ЕСИА's token answer.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Tokens {
    access_token: AccessToken,
    #[serde(deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "number_or_text")]
    expires_in: Option<u64>,
    refresh_token: Option<RefreshToken>,
    /// Who it is.
    pub id_token: Option<String>,
    /// `state` of the token request.
    state: Option<String>,
}

/// Tokens are never printed.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl TokenResponse for Tokens {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// `expires_in` comes as a number or as a string; nothing here depends on it.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(u64),
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Option::<Form>::deserialize(deserializer)? {
        Some(Form::Number(seconds)) => Some(seconds),
        Some(Form::Text(text)) => text.trim().parse().ok(),
        Some(Form::Other(_)) | None => None,
    })
}

/// A refusal of the token endpoint.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

impl oauth2::ErrorResponse for Refusal {}

/// The client of the crate, with ЕСИА's answers.
pub(super) type OAuth = oauth2::Client<
    Refusal,
    Tokens,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    Refusal,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Makes the client of the crate. It has no secret: `client_secret` is another one in each request.
///
/// # Errors
/// An address cannot be used.
pub(super) fn client(config: &Config, endpoints: &Endpoints, redirect_uri: &str) -> Result<OAuth, String> {
    let redirect =
        RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| format!("server.public_url: {error}"))?;
    Ok(oauth2::Client::new(ClientId::new(config.client_id.clone()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::from_url(endpoints.authorize.clone()))
        .set_token_uri(TokenUrl::from_url(endpoints.token.clone()))
        .set_redirect_uri(redirect))
}

/// A new `state`: a UUID.
pub(super) fn new_state(context: &Context) -> String {
    uuid::Builder::from_random_bytes(context.bytes()).into_uuid().to_string()
}

/// A new PKCE verifier (RFC 7636, 4.1), where the protocol uses it.
pub(super) fn new_verifier(config: &Config, context: &Context) -> Option<String> {
    let is_used = config.pkce && config.version == EsiaVersion::V2;
    is_used.then(|| URL_SAFE_NO_PAD.encode(context.bytes::<32>()))
}

impl Esia {
    /// `yyyy.MM.dd HH:mm:ss Z`.
    fn timestamp(context: &Context) -> String {
        context.now().format("%Y.%m.%d %H:%M:%S +0000").to_string()
    }

    /// What is signed; `last` is what stands behind the rest in v2/v3.
    fn message(&self, timestamp: &str, state: &str, last: &str) -> String {
        let Config { client_id, scope, .. } = &self.config;
        match self.config.version {
            EsiaVersion::V1 => format!("{scope}{timestamp}{client_id}{state}"),
            EsiaVersion::V2 => format!("{client_id}{scope}{timestamp}{state}{last}"),
        }
    }

    async fn client_secret(&self, message: String) -> Result<String, Failed> {
        let signature = if self.signer.is_slow() {
            let signer = std::sync::Arc::clone(&self.signer);
            actix_web::web::block(move || signer.sign(message.as_bytes()))
                .await
                .unwrap_or_else(|_| Err("the thread is gone".to_owned()))
        } else {
            self.signer.sign(message.as_bytes())
        };
        signature
            .map(|signature| URL_SAFE_NO_PAD.encode(signature))
            .map_err(|error| Failed::of(Failure::Signer, format!("the request could not be signed: {error}")))
    }

    /// `client_certificate_hash`, which v1 does without.
    fn certificate_hash(&self) -> Option<&str> {
        (self.config.version == EsiaVersion::V2).then_some(&*self.own_hash)
    }

    /// The address a browser is sent to.
    pub(super) async fn authorization(
        &self,
        context: &Context,
        state: &str,
        verifier: Option<&str>,
    ) -> Result<String, Failed> {
        let timestamp = Self::timestamp(context);
        let secret = self.client_secret(self.message(&timestamp, state, &self.redirect_uri)).await?;
        let mut request = self
            .oauth
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_scopes(self.config.scope.split(' ').map(|name| Scope::new(name.to_owned())))
            .add_extra_param("client_secret", secret)
            .add_extra_param("timestamp", timestamp)
            .add_extra_param("access_type", self.config.access_type.clone());
        if let Some(hash) = self.certificate_hash() {
            request = request.add_extra_param("client_certificate_hash", hash);
        }
        if let Some(verifier) = verifier {
            let verifier = PkceCodeVerifier::new(verifier.to_owned());
            request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        }
        // A `+` that is meant travels as %2B, so that each one that is left is a space; `%20` has one reading.
        Ok(request.url().0.as_str().replace('+', "%20"))
    }

    /// Exchanges a code. Never sent twice: a code works once.
    pub(super) async fn tokens(
        &self,
        context: &Context,
        code: String,
        verifier: Option<String>,
    ) -> Result<Tokens, Failed> {
        let (state, timestamp) = (new_state(context), Self::timestamp(context));
        let signed = format!("{}{code}", self.redirect_uri);
        let secret = self.client_secret(self.message(&timestamp, &state, &signed)).await?;
        let mut request = self
            .oauth
            .exchange_code(AuthorizationCode::new(code))
            .add_extra_param("client_secret", secret)
            .add_extra_param("timestamp", timestamp)
            .add_extra_param("scope", self.config.scope.clone())
            .add_extra_param("state", state.clone())
            .add_extra_param("token_type", "Bearer");
        if let Some(hash) = self.certificate_hash() {
            request = request.add_extra_param("client_certificate_hash", hash);
        }
        if let Some(verifier) = verifier {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier));
        }
        let clock = std::cell::Cell::new(None);
        let send = |request| {
            let clock = &clock;
            async move {
                let answer = self.http.send(context, request).await?;
                clock.set(http::date(&answer).map(|date| (date - context.now()).num_seconds()));
                Ok::<_, HttpError>(answer)
            }
        };
        let tokens = request.request_async(&send).await.map_err(|error| refused(error, clock.get()))?;
        if tokens.state.as_ref().is_some_and(|echo| *echo != state) {
            return Err(Failed::untrusted("the token answer has another state"));
        }
        if !matches!(tokens.token_type, BasicTokenType::Bearer) {
            return Err(Failed::untrusted("the token answer has another token_type"));
        }
        Ok(tokens)
    }

    /// Where the session at Госуслуги ends; the browser comes back to the first page.
    pub(super) fn logout(&self) -> String {
        let mut address = self.endpoints.logout.clone();
        address
            .query_pairs_mut()
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_url", &self.home);
        address.into()
    }
}

/// A refusal may be JSON or text, and names ЕСИА's code in both. What else it says may be of the person, and is not
/// kept.
fn refused(error: RequestTokenError<HttpError, Refusal>, clock: Option<i64>) -> Failed {
    match error {
        RequestTokenError::ServerResponse(refusal) => {
            let failed =
                failure::refusal(&refusal.error, refusal.error_description.as_deref().unwrap_or_default());
            // Only where it is about time.
            let clock = clock.filter(|_| failed.code == "007015");
            Failed { clock, ..failed }
        }
        RequestTokenError::Request(error) => error.into(),
        RequestTokenError::Parse(_, body) => match failure::esia_code(&body) {
            Some(code) => failure::refusal("", &format!("ESIA-{code}")),
            None => Failed::untrusted("the token answer is of another form"),
        },
        RequestTokenError::Other(_) => Failed::untrusted("the token answer is of another kind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_token_is_a_number_or_a_text() {
        let read = |life: &str| {
            let text = format!(r#"{{"access_token":"a","token_type":"bearer","expires_in":{life}}}"#);
            serde_json::from_str::<Tokens>(&text).unwrap().expires_in
        };
        assert_eq!(read("3600"), Some(3600));
        assert_eq!(read("\"3600\""), Some(3600));
        for strange in ["null", "\"\"", "-1", "1.5", "{}", "[1]", "true"] {
            assert_eq!(read(strange), None, "{strange}");
        }
    }

    #[test]
    fn tokens_are_never_printed() {
        let tokens: Tokens =
            serde_json::from_str(r#"{"access_token":"geheim","token_type":"Bearer","id_token":"geheim"}"#)
                .unwrap();
        assert!(!format!("{tokens:?}").contains("geheim"));
    }
}
