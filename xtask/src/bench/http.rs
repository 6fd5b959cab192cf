//! Requests that prepare a load, and those that cannot come from a load generator.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::time::Duration;

/// A browser on a page of the server's own, with at most one cookie.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    /// `name=value`.
    pub cookie: Option<String>,
}

impl Client {
    /// Nobody yet.
    pub fn new(url: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build()
            .into();
        Self { agent, url: url.to_owned(), cookie: None }
    }

    /// Signs in; the session works as the account's one card.
    pub fn signed_in(url: &str, user_name: &str, password: &str) -> Result<Self> {
        let mut client = Self::new(url);
        let body = json!({ "user_name": user_name, "password": password });
        let request = client.agent.post(format!("{url}/api/v1/session")).header("origin", url);
        let mut answer = request.send_json(&body)?;
        let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let pair = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        if !answer.status().is_success() {
            bail!("sign-in: {}", answer.body_mut().read_to_string()?);
        }
        client.cookie = Some(pair.context("sign-in gave no cookie")?);
        let state: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        if state.pointer("/session/consent_required").and_then(Value::as_bool) == Some(true) {
            client.agree()?;
        }
        Ok(client)
    }

    /// Agrees to the text of the consent: data that were seeded before it have nobody who did.
    fn agree(&mut self) -> Result<()> {
        let text = self.get("/api/v1/consent")?;
        let request = self.agent.post(format!("{}/api/v1/consent", self.url)).header("origin", &self.url);
        let request = request.header("cookie", self.cookie.as_deref().unwrap_or_default());
        let mut answer = request.send_json(json!({ "version": text.get("version") }))?;
        if !answer.status().is_success() {
            bail!("consent: {}", answer.body_mut().read_to_string()?);
        }
        let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        if let Some(pair) = cookie.and_then(|cookie| cookie.split(';').next()) {
            self.cookie = Some(pair.to_owned());
        }
        Ok(())
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the server says 200.
    pub fn is_ok(&self, path: &str) -> bool {
        self.agent.get(format!("{}{path}", self.url)).call().is_ok_and(|answer| answer.status() == 200)
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let mut answer = request.call().with_context(|| path.to_owned())?;
        let text = answer.body_mut().read_to_string()?;
        if answer.status() != 200 {
            bail!("{path}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Reads a file to its end, and answers how many bytes it has.
    pub fn download(&self, path: &str) -> Result<u64> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.call().with_context(|| path.to_owned())?;
        if answer.status() != 200 {
            bail!("{path}: {}", answer.status());
        }
        Ok(std::io::copy(&mut answer.into_body().into_reader(), &mut std::io::sink())?)
    }

    /// Asks for something to be done, and answers the status: a refusal is an answer too.
    pub fn post(&self, path: &str, body: &Value) -> Result<u16> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("origin", &self.url);
        let mut answer = request.send_json(body).with_context(|| path.to_owned())?;
        answer.body_mut().read_to_string()?;
        Ok(answer.status().as_u16())
    }

    /// Asks as the person of the cookie for something to be done; answers what was said.
    pub fn ask(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("origin", &self.url);
        let request = request.header("cookie", self.cookie.as_deref().unwrap_or_default());
        read(path, request.send_json(body))
    }

    /// Sends a file.
    pub fn upload(&self, path: &str, bytes: &[u8]) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("origin", &self.url);
        let request = request.header("cookie", self.cookie.as_deref().unwrap_or_default());
        read(path, request.header("content-type", "application/octet-stream").send(bytes))
    }

    /// Writes; answers what was said.
    pub fn put(&self, path: &str, body: &Value) -> Result<String> {
        let mut request = self.agent.put(format!("{}{path}", self.url)).header("origin", &self.url);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let mut answer = request.send_json(body).with_context(|| path.to_owned())?;
        let text = answer.body_mut().read_to_string()?;
        if answer.status() != 200 {
            bail!("{path}: {text}");
        }
        Ok(text)
    }
}

fn read(path: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value> {
    let mut answer = answer.with_context(|| path.to_owned())?;
    let text = answer.body_mut().read_to_string()?;
    if !answer.status().is_success() {
        bail!("{path}: {text}");
    }
    Ok(serde_json::from_str(&text)?)
}

/// The text within a query (RFC 3986).
pub fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn cyrillic_is_escaped_byte_by_byte() {
        assert_eq!(super::escaped("ая-1 &"), "%D0%B0%D1%8F-1%20%26");
    }
}
