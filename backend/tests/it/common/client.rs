//! Somebody who asks: a browser with one cookie.

use std::sync::Mutex;

use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// A browser, on a page of our own.
pub struct Client {
    http: reqwest::Client,
    address: String,
    origin: Option<String>,
    /// The address a trusted proxy tells.
    from: Option<String>,
    cookie: Mutex<Option<String>>,
}

impl Client {
    pub fn new(address: &str) -> Self {
        Self {
            http: http(),
            address: address.to_owned(),
            origin: Some(super::ORIGIN.to_owned()),
            from: None,
            cookie: Mutex::new(None),
        }
    }

    /// The same browser on a page of somebody else (or, with `None`, no browser at all).
    pub fn with_origin(mut self, origin: Option<&str>) -> Self {
        self.origin = origin.map(str::to_owned);
        self
    }

    /// The same browser at another address.
    pub fn from(mut self, address: &str) -> Self {
        self.from = Some(address.to_owned());
        self
    }

    /// The cookie as it stands: `name=value`.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    pub fn set_cookie(&self, cookie: Option<String>) {
        *self.cookie.lock().unwrap() = cookie;
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Tries to sign in.
    pub async fn sign_in(&self, user_name: &str, password: &str) -> Answer {
        self.post("/api/v1/session", serde_json::json!({ "user_name": user_name, "password": password }))
            .await
    }

    /// A request to be finished by hand.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.address));
        if method != Method::GET
            && let Some(origin) = &self.origin
        {
            request = request.header(ORIGIN, origin);
        }
        if let Some(from) = &self.from {
            request = request.header("forwarded", format!("for={from}"));
        }
        if let Some(cookie) = self.cookie() {
            request = request.header(COOKIE, cookie);
        }
        request
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let is_empty = pair.split_once('=').is_some_and(|(_, value)| value.is_empty());
            self.set_cookie((!is_empty).then(|| pair.to_owned()));
        }
        let status = response.status();
        let bytes = response.bytes().await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }
}

/// What follows nothing by itself and keeps no connection.
pub fn http() -> reqwest::Client {
    // The server's own client brings its keys for TLS; built together with it, this one asks for some as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .build()
        .unwrap()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body, once the status is what the test expects.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem, once status and code are what the test expects and the shape is right.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{problem}");
        problem
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}
