//! Values that check themselves (validation.md): each is a newtype with private fields, built through
//! `FromStr`/`TryFrom` only, and serialised as the text it was built from.

mod date;
mod email;
mod login;
mod name;
mod password;
mod phone;
mod registry;
mod secret;
#[cfg(feature = "tables")]
mod transliteration;

pub use date::{DateError, Period, RoleState, format_date, parse_date};
pub use email::{Email, EmailError};
pub use login::{Login, LoginError};
pub use name::{FullName, NameError, PersonName};
pub use password::{NewPassword, PasswordError, Strength, Weakness, strength};
pub use phone::{Phone, PhoneError};
pub use registry::{
    Inn, InnError, Kpp, KppError, Ogrn, OgrnError, Ogrnip, OgrnipError, PersonalInn, PersonalInnError, Snils,
    SnilsError,
};
pub use secret::{ONE_TIME_ALPHABET, ONE_TIME_LENGTH, OneTimePassword};
#[cfg(feature = "tables")]
pub use transliteration::{login_stem, transliterate};

use crate::problem::FieldError;

/// An error of a value: a Russian sentence (`Display`) and a stable machine code.
pub trait InvalidValue: std::error::Error {
    /// The stable machine code of the broken rule.
    fn code(&self) -> &'static str;

    /// The error as it stands in a [`crate::problem::Problem`], for the field at `field`.
    fn at(&self, field: impl Into<String>) -> FieldError
    where
        Self: Sized,
    {
        FieldError { field: field.into(), code: self.code().to_owned(), message: self.to_string() }
    }
}

/// A newtype over `String` whose `FromStr` is written by hand: the conversions, serde and the schema.
macro_rules! text_value {
    ($name:ident, $error:ty, $format:literal, max $max:literal) => {
        impl $name {
            /// The text of the value.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .format(Some(utoipa::openapi::SchemaFormat::Custom($format.to_owned())))
                    .max_length(Some($max))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use text_value;

/// An error enum of a value: `Variant = "code", "Russian sentence"`.
macro_rules! value_error {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $message:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        pub enum $name {
            $($(#[$vdoc])* #[error($message)] $variant,)+
        }

        impl crate::values::InvalidValue for $name {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}
pub(crate) use value_error;
