//! Refusals with their ЕСИА codes.

/// A refusal: ЕСИА's code, the error of RFC 6749 that carries it, and ЕСИА's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Six digits, as in `ESIA-007004`.
    pub code: &'static str,
    /// `error` of RFC 6749, 4.1.2.1 and 5.2.
    pub error: &'static str,
    /// What ЕСИА says.
    pub text: &'static str,
}

/// Where a refusal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Authorization: by a redirect.
    Authorization,
    /// Token: 400 with JSON.
    Token,
}

const INVALID_CLIENT: &str = "invalid_client";

impl Refusal {
    /// The certificate is not one of this system.
    pub const CERTIFICATE: Self =
        Self::new("007002", INVALID_CLIENT, "Несоответствие сертификата и мнемоники информационной системы");
    /// A parameter with a value that is not allowed, or given twice.
    pub const WRONG_PARAMETER: Self = Self::new(
        "007003",
        "invalid_request",
        "Параметр запроса имеет неверное значение или указан несколько раз",
    );
    /// The person refused.
    pub const DENIED: Self =
        Self::new("007004", "access_denied", "Владелец ресурса или сервис авторизации отклонил запрос");
    /// This system may not ask in this way.
    pub const METHOD: Self = Self::new(
        "007005",
        "unauthorized_client",
        "Система-клиент не имеет права запрашивать получение маркера доступа таким методом",
    );
    /// A scope that is unknown or not this system's.
    pub const SCOPE: Self = Self::new(
        "007006",
        "invalid_scope",
        "Запрошенная область доступа указана неверно, неизвестна или сформирована некорректно",
    );
    /// Something unexpected.
    pub const UNEXPECTED: Self =
        Self::new("007007", "server_error", "Возникла неожиданная ошибка в работе сервиса авторизации");
    /// Too much load, or maintenance.
    pub const OVERLOAD: Self = Self::new(
        "007008",
        "temporarily_unavailable",
        "Сервис авторизации не может выполнить запрос из-за большой нагрузки или технических работ",
    );
    /// A `response_type` other than `code`.
    pub const RESPONSE_TYPE: Self = Self::new(
        "007009",
        "unsupported_response_type",
        "Сервис авторизации не поддерживает получение маркера доступа этим методом",
    );
    /// A code or refresh token that is unknown, used, out of date or somebody else's.
    pub const GRANT: Self = Self::new(
        "007011",
        "invalid_grant",
        "Авторизационный код или маркер обновления недействителен, просрочен, отозван, не соответствует адресу \
         в запросе на авторизацию или выдан другой системе",
    );
    /// A `grant_type` that is not known.
    pub const GRANT_TYPE: Self = Self::new(
        "007012",
        "unsupported_grant_type",
        "Тип авторизационного кода не поддерживается сервисом авторизации",
    );
    /// No scope.
    pub const NO_SCOPE: Self =
        Self::new("007013", "invalid_scope", "Запрос не содержит указания на область доступа");
    /// A mandatory parameter is missing.
    pub const MISSING: Self =
        Self::new("007014", "invalid_request", "Запрос не содержит обязательного параметра");
    /// The request was made too long ago or is yet to be made.
    pub const TIME: Self = Self::new("007015", "invalid_request", "Неверное время запроса");
    /// No permission.
    pub const NO_PERMISSION: Self =
        Self::new("007019", "unauthorized_client", "Отсутствует разрешение на доступ");
    /// The address is not registered.
    pub const REDIRECT_URI: Self = Self::new(
        "007023",
        "invalid_request",
        "Указанный redirect_uri отсутствует среди разрешённых для информационной системы",
    );
    /// A parameter that cannot be read.
    pub const UNREADABLE: Self =
        Self::new("007038", "invalid_request", "Параметр запроса не удалось прочитать");
    /// PKCE is demanded, or was begun, and is missing.
    pub const NO_PKCE: Self =
        Self::new("007039", "invalid_request", "Отсутствует code_challenge или code_verifier");
    /// PKCE does not fit.
    pub const PKCE: Self =
        Self::new("007040", "invalid_grant", "code_verifier не соответствует code_challenge");
    /// A second factor is demanded and not available.
    pub const SECOND_FACTOR: Self = Self::new(
        "007046",
        "access_denied",
        "Требуется вход с подтверждением, который для пользователя недоступен",
    );
    /// The signature does not fit.
    pub const SIGNATURE: Self =
        Self::new("007053", INVALID_CLIENT, "Подпись client_secret не соответствует запросу");
    /// The account is not confirmed.
    pub const UNCONFIRMED: Self = Self::new(
        "007055",
        "access_denied",
        "Вход в систему осуществляется с неподтверждённой учётной записью",
    );
    /// The role is not allowed.
    pub const ROLE: Self = Self::new("007060", "access_denied", "Вход с этой ролью не разрешён");
    /// The organization is not allowed.
    pub const ORGANIZATION: Self =
        Self::new("007061", "access_denied", "Вход от имени этой организации не разрешён");
    /// The type of the organization is not allowed.
    pub const ORGANIZATION_TYPE: Self =
        Self::new("007062", "access_denied", "Вход от имени организации этого типа не разрешён");
    /// The type of the user is not allowed.
    pub const USER_TYPE: Self =
        Self::new("007194", "access_denied", "Вход для этого типа пользователей не разрешён");
    /// The system is not known.
    pub const CLIENT: Self =
        Self::new("008010", INVALID_CLIENT, "Не удалось произвести аутентификацию системы-клиента");

    /// All there are.
    pub const ALL: [Self; 26] = [
        Self::CERTIFICATE,
        Self::WRONG_PARAMETER,
        Self::DENIED,
        Self::METHOD,
        Self::SCOPE,
        Self::UNEXPECTED,
        Self::OVERLOAD,
        Self::RESPONSE_TYPE,
        Self::GRANT,
        Self::GRANT_TYPE,
        Self::NO_SCOPE,
        Self::MISSING,
        Self::TIME,
        Self::NO_PERMISSION,
        Self::REDIRECT_URI,
        Self::UNREADABLE,
        Self::NO_PKCE,
        Self::PKCE,
        Self::SECOND_FACTOR,
        Self::SIGNATURE,
        Self::UNCONFIRMED,
        Self::ROLE,
        Self::ORGANIZATION,
        Self::ORGANIZATION_TYPE,
        Self::USER_TYPE,
        Self::CLIENT,
    ];

    const fn new(code: &'static str, error: &'static str, text: &'static str) -> Self {
        Self { code, error, text }
    }

    /// The refusal with this code (six digits).
    #[must_use]
    pub fn by_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code == code)
    }

    /// `error_description`: `ESIA-007004: …`.
    #[must_use]
    pub fn description(&self) -> String {
        format!("ESIA-{}: {}", self.code, self.text)
    }

    /// `error`: the authorization endpoint knows no `invalid_client` (RFC 6749, 4.1.2.1) and no `invalid_grant`.
    #[must_use]
    pub fn error_at(&self, endpoint: Endpoint) -> &'static str {
        match (endpoint, self.error) {
            (Endpoint::Authorization, INVALID_CLIENT) => "unauthorized_client",
            (Endpoint::Authorization, "invalid_grant") => "invalid_request",
            (_, error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_once() {
        let codes = "007002 007053 008010 007003 007014 007038 007004 007005 007006 007009 007012 007013 007019 \
                     007023 007007 007008 007011 007015 007039 007040 007046 007055 007060 007061 007062 007194";
        for code in codes.split(' ') {
            assert_eq!(Refusal::by_code(code).expect(code).code, code);
        }
        let mut all: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.code).collect();
        all.dedup();
        assert_eq!(all.len(), codes.split(' ').count());
    }
}
