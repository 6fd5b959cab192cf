//! The addresses of «Мой профиль».

use epos_shared::api::profile::{OwnSessions, Profile};
use epos_shared::ids::SessionId;
use gloo_net::http::Method;

use super::{Answer, Deed, get};

/// «Мои данные» as a file: the browser itself follows this address.
pub const DATA: &str = "/api/v1/profile/data";

/// The account of the person who is signed in.
pub async fn profile() -> Answer<Profile> {
    get("/api/v1/profile").await
}

/// Where the person is signed in.
pub async fn sessions() -> Answer<OwnSessions> {
    get("/api/v1/profile/sessions").await
}

/// «Сменить пароль»: the session gets a new key.
#[must_use]
pub fn change_password() -> Deed {
    Deed { renews: true, ..Deed::new(Method::PUT, "/api/v1/profile/password".to_owned()) }
}

/// «Сменить e-mail».
#[must_use]
pub fn change_email() -> Deed {
    Deed::new(Method::POST, "/api/v1/profile/email".to_owned())
}

/// «Отвязать» Госуслуги.
#[must_use]
pub fn part_with_esia() -> Deed {
    Deed::new(Method::DELETE, "/api/v1/profile/esia".to_owned())
}

/// «Задать пароль» by the link of a letter, as «Забыли пароль?» does.
#[must_use]
pub fn password_letter() -> Deed {
    Deed::new(Method::POST, "/api/v1/recoveries".to_owned())
}

/// Takes the change of the e-mail back.
#[must_use]
pub fn keep_email() -> Deed {
    Deed::new(Method::DELETE, "/api/v1/profile/email".to_owned())
}

/// Ends one session.
#[must_use]
pub fn end_session(id: SessionId) -> Deed {
    Deed::new(Method::DELETE, format!("/api/v1/profile/sessions/{id}"))
}

/// «Завершить все».
#[must_use]
pub fn end_sessions() -> Deed {
    Deed::new(Method::DELETE, "/api/v1/profile/sessions".to_owned())
}
