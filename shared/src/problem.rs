//! The one shape of an error on the wire: `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// The stable machine codes of every problem the API can answer.
///
/// A code is never renamed or reused; clients branch on it, never on words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// 400: the body is not JSON, or is not of the expected shape.
    MalformedBody,
    /// 400: a parameter of the query or the path cannot be read.
    MalformedParameter,
    /// 400: the cursor is damaged or belongs to another sort order.
    InvalidCursor,
    /// 401: the name or the password is wrong (told alike for names that do not exist).
    InvalidCredentials,
    /// 401: no session, or it has ended.
    NotSignedIn,
    /// 403: the request does not come from a page of our own.
    ForgedOrigin,
    /// 403: the account is blocked (told after the right password only).
    AccountBlocked,
    /// 403: the account signs in through Госуслуги only (told after the right password only).
    EsiaOnly,
    /// 403: no bound card with a right in «Контингент» is chosen.
    NoRights,
    /// 403: the object is in view, this action on it is not allowed.
    Forbidden,
    /// 403: the action on a head's card is the department's (screens.md 18).
    NeedsConfirmation,
    /// 403: nobody acts on a card bound to the own account.
    OwnCard,
    /// 403: the text of the consent to the processing of personal data has a new version; nothing else is open
    /// until it is given.
    ConsentRequired,
    /// 403: the session does not work in a category that opens this.
    CategoryNotHeld,
    /// 404: not there, or not yours.
    NotFound,
    /// 404: the link of a letter is not known: damaged, or replaced by a newer one.
    LinkUnknown,
    /// 405: the address exists, the method does not.
    MethodNotAllowed,
    /// 409: somebody else saved in between; `current` holds the present object.
    VersionConflict,
    /// 409: the card is bound to another account already.
    AlreadyBound,
    /// 409: an archived card is not changed.
    Archived,
    /// 409: somebody else has decided meanwhile.
    AlreadyDecided,
    /// 409: without this account nobody could support the others.
    LastSupport,
    /// 409: without it the person could not sign in any more.
    LastWayIn,
    /// 409: the person may have a card already; `current` holds what is suspected. `despite_duplicates` saves.
    DuplicateSuspected,
    /// 409: these two cards cannot become one.
    CannotMerge,
    /// 410: the link of a letter was used already.
    LinkUsed,
    /// 410: the time of the link is over.
    LinkExpired,
    /// 410: the time to settle a sign-in through Госуслуги is over; sign in again.
    VisitExpired,
    /// 413: the body is larger than 64 KiB.
    BodyTooLarge,
    /// 415: the body is not `application/json`.
    UnsupportedMediaType,
    /// 422: one or more fields are wrong; see `errors`.
    ValidationFailed,
    /// 422: the login or the one-time password of a card is wrong, used, expired or voided.
    InvalidCardCredentials,
    /// 422: ФИО of the account and of the card differ.
    NameMismatch,
    /// 423: too many failures; `locked_until` tells the end.
    Locked,
    /// 429: too many applications or letters; try again in `retry_after` seconds.
    TooManyRequests,
    /// 500: our fault.
    Internal,
    /// 503: too many sign-ins at this moment; try again in `retry_after` seconds.
    Overloaded,
    /// 503: no link to Госуслуги, or they do not answer.
    EsiaUnavailable,
    /// 503: the database cannot be reached.
    Unavailable,
}

impl ProblemCode {
    /// Every code, in the order of its status.
    pub const ALL: [Self; 39] = [
        Self::MalformedBody,
        Self::MalformedParameter,
        Self::InvalidCursor,
        Self::InvalidCredentials,
        Self::NotSignedIn,
        Self::ForgedOrigin,
        Self::AccountBlocked,
        Self::EsiaOnly,
        Self::NoRights,
        Self::Forbidden,
        Self::NeedsConfirmation,
        Self::OwnCard,
        Self::ConsentRequired,
        Self::CategoryNotHeld,
        Self::NotFound,
        Self::LinkUnknown,
        Self::MethodNotAllowed,
        Self::VersionConflict,
        Self::AlreadyBound,
        Self::Archived,
        Self::AlreadyDecided,
        Self::LastSupport,
        Self::LastWayIn,
        Self::DuplicateSuspected,
        Self::CannotMerge,
        Self::LinkUsed,
        Self::LinkExpired,
        Self::VisitExpired,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::InvalidCardCredentials,
        Self::NameMismatch,
        Self::Locked,
        Self::TooManyRequests,
        Self::Internal,
        Self::Overloaded,
        Self::EsiaUnavailable,
        Self::Unavailable,
    ];

    /// The code as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedBody => "malformed-body",
            Self::MalformedParameter => "malformed-parameter",
            Self::InvalidCursor => "invalid-cursor",
            Self::InvalidCredentials => "invalid-credentials",
            Self::NotSignedIn => "not-signed-in",
            Self::ForgedOrigin => "forged-origin",
            Self::AccountBlocked => "account-blocked",
            Self::EsiaOnly => "esia-only",
            Self::NoRights => "no-rights",
            Self::Forbidden => "forbidden",
            Self::NeedsConfirmation => "needs-confirmation",
            Self::OwnCard => "own-card",
            Self::ConsentRequired => "consent-required",
            Self::CategoryNotHeld => "category-not-held",
            Self::NotFound => "not-found",
            Self::LinkUnknown => "link-unknown",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::VersionConflict => "version-conflict",
            Self::AlreadyBound => "already-bound",
            Self::Archived => "archived",
            Self::AlreadyDecided => "already-decided",
            Self::LastSupport => "last-support",
            Self::LastWayIn => "last-way-in",
            Self::DuplicateSuspected => "duplicate-suspected",
            Self::CannotMerge => "cannot-merge",
            Self::LinkUsed => "link-used",
            Self::LinkExpired => "link-expired",
            Self::VisitExpired => "visit-expired",
            Self::BodyTooLarge => "body-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::ValidationFailed => "validation-failed",
            Self::InvalidCardCredentials => "invalid-card-credentials",
            Self::NameMismatch => "name-mismatch",
            Self::Locked => "locked",
            Self::TooManyRequests => "too-many-requests",
            Self::Internal => "internal",
            Self::Overloaded => "overloaded",
            Self::EsiaUnavailable => "esia-unavailable",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status that belongs to the code.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedBody | Self::MalformedParameter | Self::InvalidCursor => 400,
            Self::InvalidCredentials | Self::NotSignedIn => 401,
            Self::ForgedOrigin
            | Self::AccountBlocked
            | Self::EsiaOnly
            | Self::NoRights
            | Self::Forbidden
            | Self::NeedsConfirmation
            | Self::OwnCard
            | Self::ConsentRequired
            | Self::CategoryNotHeld => 403,
            Self::NotFound | Self::LinkUnknown => 404,
            Self::MethodNotAllowed => 405,
            Self::VersionConflict
            | Self::AlreadyBound
            | Self::Archived
            | Self::AlreadyDecided
            | Self::LastSupport
            | Self::LastWayIn
            | Self::DuplicateSuspected
            | Self::CannotMerge => 409,
            Self::LinkUsed | Self::LinkExpired | Self::VisitExpired => 410,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ValidationFailed | Self::InvalidCardCredentials | Self::NameMismatch => 422,
            Self::Locked => 423,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Overloaded | Self::EsiaUnavailable | Self::Unavailable => 503,
        }
    }

    /// What happened, in one short Russian sentence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedBody => "Запрос не удалось прочитать",
            Self::MalformedParameter => "Адрес или параметр запроса неверен",
            Self::InvalidCursor => "Страница списка устарела",
            Self::InvalidCredentials => "Неверное имя пользователя или пароль",
            Self::NotSignedIn => "Нужно войти",
            Self::ForgedOrigin => "Запрос пришёл не со страницы ЭПОС",
            Self::AccountBlocked => "Учётная запись заблокирована",
            Self::EsiaOnly => "Вход только через Госуслуги",
            Self::NoRights => "Нет прав в «Контингенте»",
            Self::Forbidden => "Это действие вам не разрешено",
            Self::NeedsConfirmation => "Нужно подтверждение управления образованием",
            Self::OwnCard => "Свою карточку изменить нельзя",
            Self::ConsentRequired => "Нужно согласие на обработку персональных данных",
            Self::CategoryNotHeld => "Эта категория вам не открыта",
            Self::NotFound => "Не найдено",
            Self::LinkUnknown => "Ссылка не действует",
            Self::MethodNotAllowed => "Такое действие по этому адресу не предусмотрено",
            Self::VersionConflict => "Карточку уже изменил другой человек",
            Self::AlreadyBound => "Карточка уже привязана к другой учётной записи",
            Self::Archived => "Карточка в архиве",
            Self::AlreadyDecided => "Решение уже принято",
            Self::LastSupport => "Это последняя учётная запись техподдержки",
            Self::LastWayIn => "Это ваш единственный способ входа",
            Self::DuplicateSuspected => "Похоже, карточка этого человека уже есть",
            Self::CannotMerge => "Эти карточки объединить нельзя",
            Self::LinkUsed => "Ссылкой уже воспользовались",
            Self::LinkExpired => "Срок ссылки истёк",
            Self::VisitExpired => "Время вышло: войдите через Госуслуги ещё раз",
            Self::BodyTooLarge => "Запрос слишком велик",
            Self::UnsupportedMediaType => "Запрос должен быть в формате JSON",
            Self::ValidationFailed => "Проверьте поля формы",
            Self::InvalidCardCredentials => "Логин или пароль карточки не подошёл",
            Self::NameMismatch => "ФИО в карточке и в учётной записи различаются",
            Self::Locked => "Вход временно закрыт",
            Self::TooManyRequests => "Слишком много обращений",
            Self::Internal => "Ошибка на нашей стороне",
            Self::Overloaded => "Сейчас входит слишком много людей",
            Self::EsiaUnavailable => "Госуслуги сейчас недоступны",
            Self::Unavailable => "Сервис временно недоступен",
        }
    }
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// JSON pointer (RFC 6901) without its first slash: `person/email`, `roles/0/end`.
    pub field: String,
    /// Stable machine code of the rule, for instance `inn-check-digit`.
    pub code: String,
    /// Russian sentence that says what to do.
    pub message: String,
}

/// A problem (RFC 9457): every answer of the API with a status of 400 and above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `/problems/{code}`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in Russian.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it, in Russian; empty where the title says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Stable machine code.
    pub code: ProblemCode,
    /// Wrong fields, in the order of the form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Attempts left before a lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
    /// When a lock ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<chrono::DateTime<chrono::Utc>>,
    /// Seconds to wait before another try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The object as it is now (with `version-conflict`); the likely duplicates (with `duplicate-suspected`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub current: Option<serde_json::Value>,
    /// The request's identifier, to be told to support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem with the title and status of its code and nothing else.
    #[must_use]
    pub fn new(code: ProblemCode) -> Self {
        Self {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: String::new(),
            code,
            errors: Vec::new(),
            attempts_left: None,
            locked_until: None,
            retry_after: None,
            current: None,
            request_id: None,
        }
    }

    /// Adds the sentence that says what to do.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// A `validation-failed` problem with the wrong fields.
    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ProblemCode::ValidationFailed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_on_the_wire_as_it_calls_itself() {
        for code in ProblemCode::ALL {
            let wire = serde_json::to_string(&code).unwrap();
            assert_eq!(wire, format!("\"{}\"", code.as_str()));
            assert!((400..600).contains(&code.status()));
        }
    }

    #[test]
    fn a_problem_without_extras_has_only_the_members_of_the_rfc_and_its_code() {
        let problem = Problem::new(ProblemCode::NotFound);
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            serde_json::json!({
                "type": "/problems/not-found", "title": "Не найдено", "status": 404, "code": "not-found"
            })
        );
    }
}
