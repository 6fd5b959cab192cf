//! The one place where failures become problems (RFC 9457).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use epos_shared::problem::{FieldError, PROBLEM_MEDIA_TYPE, Problem, ProblemCode};

use crate::db::{DbError, TransactionError};

/// A request's failure. Features make it from their own errors.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// What the person is told.
    #[error("{}", .0.code.as_str())]
    Problem(Box<Problem>),
    /// The database failed; the person is told only that.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Our fault; the words are for the log.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// Our fault; the words are for the log.
    #[must_use]
    pub fn internal(words: impl std::fmt::Display) -> Self {
        Self::Internal(words.to_string())
    }

    /// Wrong fields.
    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Problem::validation(errors).into()
    }

    /// A parameter of the query that cannot be: `malformed-parameter` at it.
    #[must_use]
    pub fn wrong_parameter(field: &str, message: &str) -> Self {
        let error = FieldError {
            field: field.to_owned(),
            code: "invalid-parameter".to_owned(),
            message: message.to_owned(),
        };
        Problem { errors: vec![error], ..Problem::new(ProblemCode::MalformedParameter) }.into()
    }

    /// Too much was asked for: `too-many-requests`, with the seconds to wait.
    #[must_use]
    pub fn too_many_requests(retry_after: u32, detail: &str) -> Self {
        Problem {
            retry_after: Some(retry_after),
            ..Problem::new(ProblemCode::TooManyRequests).with_detail(detail)
        }
        .into()
    }

    /// What the person is told.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        match self {
            Self::Problem(problem) => (**problem).clone(),
            Self::Database(error) if error.is_unavailable() => Problem {
                retry_after: Some(5),
                ..Problem::new(ProblemCode::Unavailable)
                    .with_detail("Попробуйте ещё раз через несколько секунд.")
            },
            Self::Database(_) | Self::Internal(_) => Problem::new(ProblemCode::Internal)
                .with_detail("Мы уже знаем об ошибке. Повторите попытку позже или напишите в техподдержку."),
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        Problem::new(code).into()
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl TransactionError for ApiError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.to_problem().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Problem(_) => {}
            Self::Database(error) => tracing::error!(%error, "the database failed"),
            Self::Internal(error) => tracing::error!(%error, "an internal failure"),
        }
        respond(self.to_problem())
    }
}

/// The answer for a problem. It also carries the problem itself, to which the outermost middleware adds the
/// request's identifier.
#[must_use]
pub fn respond(problem: Problem) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CONTENT_TYPE, PROBLEM_MEDIA_TYPE));
    if let Some(seconds) = problem.retry_after {
        answer.insert_header((header::RETRY_AFTER, seconds));
    }
    let mut answer = answer.body(body(&problem));
    answer.extensions_mut().insert(problem);
    answer
}

/// A problem on the wire.
#[must_use]
pub fn body(problem: &Problem) -> String {
    // Only maps with keys that are no text cannot be written; a problem has none.
    serde_json::to_string(problem).unwrap_or_default()
}
