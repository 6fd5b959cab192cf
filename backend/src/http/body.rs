//! Strict reading of what came: a body of JSON, parameters of the query and the path.

use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::{self, BytesMut};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use epos_shared::problem::{FieldError, Problem, ProblemCode};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::ApiError;

/// The deepest nesting of a body: no request has more than four levels.
const MAX_DEPTH: usize = 16;

/// The largest body, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// The body of a request: JSON of exactly the shape of `T`. An extractor.
pub struct Body<T>(pub T);

impl<T> fmt::Debug for Body<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body(…)")
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request
            .mime_type()
            .is_ok_and(|mime| mime.is_some_and(|mime| mime.essence_str() == "application/json"));
        let limit = request.app_data::<web::Data<BodyLimit>>().map_or(64 * 1024, |limit| limit.0);
        let payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(ProblemCode::UnsupportedMediaType.into());
            }
            let too_large = format!("Не больше {} КиБ.", limit / 1024);
            let bytes = timeout(BODY_TIME, gathered(payload, limit, &too_large)).await;
            read(&bytes.map_err(|_| too_slow())??).map(Self)
        })
    }
}

/// The whole of a body, if it is within the limit; what is above it is not kept while it comes.
async fn gathered(mut payload: Payload, limit: usize, too_large: &str) -> Result<BytesMut, ApiError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| malformed("Запрос оборвался на полпути."))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Problem::new(ProblemCode::BodyTooLarge).with_detail(too_large).into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The largest file that is uploaded, in bytes.
pub const MAX_UPLOAD: usize = 10 * 1024 * 1024;

/// How long a body may take to come, and a file.
const BODY_TIME: Duration = Duration::from_secs(60);
const FILE_TIME: Duration = Duration::from_secs(300);

/// So many files come in at once; the next waits for its turn, for as long as a body may take.
static COMING: Semaphore = Semaphore::const_new(8);

/// A file as the body of a request: `application/octet-stream`, which no form of another site can send without
/// asking first. Nothing is kept of it before [`Upload::whole`]: by then it is known that its sender may send it.
/// Name and type are the sender's word and are not asked for. An extractor.
pub struct Upload(Payload);

impl Upload {
    /// Takes the file in.
    ///
    /// # Errors
    /// `body-too-large`; `malformed-body`, where it breaks off or takes longer than five minutes; `unavailable`.
    pub async fn whole(self) -> Result<web::Bytes, ApiError> {
        let Ok(turn) = timeout(BODY_TIME, COMING.acquire()).await else {
            return Err(Problem::new(ProblemCode::Unavailable)
                .with_detail("Сейчас приходит слишком много файлов. Повторите через минуту.")
                .into());
        };
        let _turn = turn.map_err(ApiError::internal)?;
        let bytes = timeout(FILE_TIME, gathered(self.0, MAX_UPLOAD, "Файл не больше 10 МиБ.")).await;
        Ok(bytes.map_err(|_| too_slow())??.freeze())
    }
}

/// Refuses what is not sent as a file.
///
/// # Errors
/// `unsupported-media-type`.
pub fn demand_file(request: &HttpRequest) -> Result<(), ApiError> {
    if request.content_type() == "application/octet-stream" {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::UnsupportedMediaType)
        .with_detail("Файл отправляют как application/octet-stream.")
        .into())
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload(…)")
    }
}

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(demand_file(request).map(|()| Self(payload.take())))
    }
}

fn too_slow() -> ApiError {
    malformed("Запрос шёл слишком долго и оборвался. Повторите, когда связь станет лучше.")
}

fn malformed(detail: &str) -> ApiError {
    Problem::new(ProblemCode::MalformedBody).with_detail(detail).into()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if depth(bytes) > MAX_DEPTH {
        return Err(malformed("Слишком глубокая вложенность."));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().clone();
        explain(&path, &error.into_inner())
    })?;
    json.end().map_err(|_| malformed("После данных стоит лишнее."))?;
    Ok(value)
}

/// The deepest nesting of brackets outside of strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What serde says of a wrong shape begins with one of these; anything else is the message of a value's own
/// check, which is written for people.
const SHAPES: [(&str, &str, &str); 6] = [
    ("unknown field", "unknown-field", "Такого поля нет"),
    ("missing field", "missing-field", "Поле не передано"),
    ("duplicate field", "duplicate-field", "Поле передано дважды"),
    ("invalid type", "wrong-type", "Значение не того вида"),
    ("invalid length", "wrong-type", "Значение не того вида"),
    ("data did not match", "wrong-type", "Значение не того вида"),
];
const VALUES: [&str; 3] = ["invalid value", "unknown variant", "UUID parsing failed"];

fn explain(path: &Path, error: &serde_json::Error) -> ApiError {
    if !error.is_data() {
        return malformed("Тело запроса — не JSON.");
    }
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let mut field = pointer(path);
    for (start, code, message) in SHAPES {
        if text.starts_with(start) {
            // The path of a missing field ends at what misses it.
            if code == "missing-field"
                && let Some(name) = text.split('`').nth(1)
            {
                field = if field.is_empty() { escape(name) } else { format!("{field}/{}", escape(name)) };
            }
            let error = FieldError { field, code: code.to_owned(), message: message.to_owned() };
            return Problem { errors: vec![error], ..Problem::new(ProblemCode::MalformedBody) }.into();
        }
    }
    let message = if VALUES.iter().any(|start| text.starts_with(start)) {
        "Недопустимое значение".to_owned()
    } else {
        text.to_owned()
    };
    ApiError::validation(vec![FieldError { field, code: "invalid-value".to_owned(), message }])
}

/// A JSON pointer (RFC 6901) without its first slash.
fn pointer(path: &Path) -> String {
    let parts: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(escape(key)),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    parts.join("/")
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The parameters of a query, of exactly the shape of `T`. An extractor.
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            web::Query::<T>::from_query(request.query_string())
                .map(|query| Self(query.into_inner()))
                .map_err(|error| {
                    let words = error.to_string();
                    let field = words.split('`').nth(1).unwrap_or_default().to_owned();
                    let message = "Неизвестный или неверный параметр".to_owned();
                    let error = FieldError { field, code: "invalid-parameter".to_owned(), message };
                    Problem { errors: vec![error], ..Problem::new(ProblemCode::MalformedParameter) }.into()
                }),
        )
    }
}

/// An identifier of a path. What is no identifier belongs to nothing: the answer is the same as for one that
/// is not there.
///
/// # Errors
/// 404.
pub fn parse_path_id<T: std::str::FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ProblemCode::NotFound.into())
}

#[cfg(test)]
mod tests {
    use epos_shared::values::PersonName;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read into")]
    struct Form {
        person: Person,
        #[serde(default)]
        roles: Vec<Person>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read into")]
    struct Person {
        name: PersonName,
    }

    fn refused(body: &str) -> (u16, String, String) {
        let problem = read::<Form>(body.as_bytes()).unwrap_err().to_problem();
        let error = problem.errors.first();
        (
            problem.status,
            error.map(|error| error.field.clone()).unwrap_or_default(),
            error.map_or(problem.detail, |error| error.message.clone()),
        )
    }

    #[test]
    fn the_wrong_field_is_named_by_its_pointer() {
        assert!(read::<Form>(r#"{"person":{"name":"Анна"},"roles":[]}"#.as_bytes()).is_ok());
        let told = |status, field: &str, message: &str| (status, field.to_owned(), message.to_owned());
        assert_eq!(
            refused(r#"{"person":{"name":"Ан4"}}"#),
            told(422, "person/name", "В имени не бывает цифр")
        );
        assert_eq!(
            refused(r#"{"person":{"name":"Анна"},"roles":[{"name":"А"},{"name":""}]}"#),
            told(422, "roles/1/name", "Заполните это поле")
        );
        assert_eq!(refused(r#"{"person":{}}"#), told(400, "person/name", "Поле не передано"));
        assert_eq!(refused(r#"{"person":{"name":5}}"#), told(400, "person/name", "Значение не того вида"));
        assert_eq!(refused(r#"{"person":{"name":"А","x":1}}"#), told(400, "person/x", "Такого поля нет"));
        assert_eq!(refused("{"), told(400, "", "Тело запроса — не JSON."));
        assert_eq!(refused(r#"{"person":{"name":"А"}} 1"#), told(400, "", "После данных стоит лишнее."));
        assert_eq!(refused(&"[".repeat(200)), told(400, "", "Слишком глубокая вложенность."));
    }

    #[test]
    fn brackets_in_strings_are_no_nesting() {
        assert_eq!(depth(br#"{"a":"[[[\"[[","b":[1]}"#), 2);
    }
}
