//! What the text forms of the units have in common.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// A text that is not a value of the unit it stands for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}{}", hint.as_ref().map(|h| format!(": {h}")).unwrap_or_default())]
#[non_exhaustive]
pub struct UnitError {
    /// The text as it was typed.
    pub text: String,
    /// What would have been legal, with an example.
    pub expected: &'static str,
    /// What is wrong with this text in particular, where that is known.
    pub hint: Option<String>,
}

impl UnitError {
    pub(crate) fn new(text: &str, expected: &'static str) -> Self {
        Self {
            text: text.chars().take(80).collect(),
            expected,
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A plain non-negative decimal number: digits, at most one point, no exponent, no sign.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let legal = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !legal || text.is_empty() || text.len() > 40 {
        return None;
    }
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

/// Splits `12.5ms` into its number and its unit.
pub(crate) fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A unit that may be written as text or, where that is unambiguous, as a bare number.
pub(crate) trait Textual: FromStr<Err = UnitError> + fmt::Display {
    /// What is legal, as `a duration such as 2m30s`.
    const EXPECTED: &'static str;
    /// A bare number, if this unit allows one.
    fn from_number(_: f64) -> Option<Result<Self, UnitError>> {
        None
    }
}

pub(crate) struct TextVisitor<T>(pub(crate) PhantomData<T>);

impl<T: Textual> serde::de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.trim().parse().map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<T, E> {
        match T::from_number(number) {
            Some(parsed) => parsed.map_err(E::custom),
            None => Err(E::custom(
                UnitError::new(&number.to_string(), T::EXPECTED).hint("the unit is missing"),
            )),
        }
    }
}

/// Serde and (with the `schema` feature) JSON Schema by way of `Display` and `FromStr`.
macro_rules! textual {
    ($type:ident, $expected:literal, number: $number:expr, schema: $schema:tt) => {
        impl crate::parse::Textual for $type {
            const EXPECTED: &'static str = $expected;
            fn from_number(number: f64) -> Option<Result<Self, crate::UnitError>> {
                let from: Option<fn(f64) -> Result<$type, crate::UnitError>> = $number;
                from.map(|from| from(number))
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(crate::parse::TextVisitor(std::marker::PhantomData))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(crate) use textual;
