//! Parameters of a request, as RFC 6749, 3.1 wants them read.

use crate::refusal::Refusal;

/// Parameters of a query or of a form.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value; one without content counts as absent.
    ///
    /// # Errors
    /// 007003 for a parameter that is there twice.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::WRONG_PARAMETER);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The value of a mandatory parameter.
    ///
    /// # Errors
    /// 007014 where it is missing, 007003 where it is there twice.
    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.one(name)?.ok_or(Refusal::MISSING)
    }

    /// The value if there is exactly one: for what is sent back with a refusal.
    #[must_use]
    pub fn echo(&self, name: &str) -> Option<&str> {
        self.one(name).ok().flatten()
    }
}

/// An address with parameters added to its query.
#[must_use]
pub fn with_query<'a>(address: &str, added: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(added);
    let separator = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{address}{separator}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_given_twice_is_refused_and_an_empty_one_is_absent() {
        let params = Params::parse(b"a=1&b=&a=2&c=%2B+x");
        assert_eq!(params.one("a"), Err(Refusal::WRONG_PARAMETER));
        assert_eq!(params.required("b"), Err(Refusal::MISSING));
        assert_eq!(params.one("c"), Ok(Some("+ x")));
        assert_eq!(params.echo("a"), None);
    }

    #[test]
    fn parameters_are_added_to_a_query_that_is_there() {
        assert_eq!(with_query("http://a/b", [("c", "d e")]), "http://a/b?c=d+e");
        assert_eq!(with_query("http://a/b?x=1", [("c", "+")]), "http://a/b?x=1&c=%2B");
    }
}
