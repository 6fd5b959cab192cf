//! Stored values become checked ones again.

use diesel::result::{Error, QueryResult};
use epos_shared::values::{FullName, PersonName};

/// A stored value that its type refuses: the database was changed by another hand.
pub(crate) fn corrupt(what: &str) -> Error {
    Error::DeserializationError(format!("a stored value is refused: {what}").into())
}

/// ФИО of its three columns.
pub(crate) fn full_name(family: &str, given: &str, patronymic: Option<&str>) -> QueryResult<FullName> {
    let part = |text: &str| text.parse::<PersonName>().map_err(|_| corrupt("a name"));
    Ok(FullName {
        family_name: part(family)?,
        given_name: part(given)?,
        patronymic: patronymic.map(part).transpose()?,
    })
}
