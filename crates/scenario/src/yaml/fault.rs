//! What serde reports, kept in its parts.

use serde::de::{self, Unexpected};
use std::fmt;

/// Where decoding stopped, and why.
#[derive(Debug)]
pub(super) struct Fault {
    /// Number of the node or key; set by the innermost place that knows.
    pub(super) at: Option<u32>,
    pub(super) kind: Kind,
}

/// What serde reports, with its parts.
#[derive(Debug)]
pub(super) enum Kind {
    Custom(String),
    WrongType {
        found: String,
        expected: String,
    },
    WrongLength {
        expected: String,
    },
    UnknownField {
        name: String,
        legal: &'static [&'static str],
    },
    UnknownVariant {
        name: String,
        legal: &'static [&'static str],
    },
    MissingField(&'static str),
    /// A map in place of one alternative, with none or several of them.
    NotOneVariant {
        legal: &'static [&'static str],
        count: usize,
    },
}

impl Fault {
    pub(super) fn new(kind: Kind) -> Self {
        Self { at: None, kind }
    }

    pub(super) fn at(mut self, id: u32) -> Self {
        self.at = self.at.or(Some(id));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Custom(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Kind::WrongType {
            found: describe(found),
            expected: expected.to_string(),
        })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::new(Kind::WrongLength {
            expected: expected.to_string(),
        })
    }

    fn unknown_variant(name: &str, legal: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownVariant {
            name: name.to_owned(),
            legal,
        })
    }

    fn unknown_field(name: &str, legal: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownField {
            name: name.to_owned(),
            legal,
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Kind::MissingField(field))
    }
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) => {
            format!("the text `{}`", text.chars().take(80).collect::<String>())
        }
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        other => other.to_string(),
    }
}
