//! Calendar time at which a run begins.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// A date and time with its zone: `2025-11-28T06:00[Asia/Kolkata]` or `2026-01-01T00:00Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start(pub Zoned);

const EXPECTED: &str =
    "a date and time with its zone, such as 2025-11-28T06:00[Asia/Kolkata] or 2026-01-01T00:00Z";

impl Default for Start {
    fn default() -> Self {
        // 2026-01-01T00:00:00Z.
        Self(Timestamp::constant(1_767_225_600, 0).to_zoned(TimeZone::UTC))
    }
}

impl std::str::FromStr for Start {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            // `Z` is a zone; another offset without a name would silently lose its rules.
            if text.ends_with(['Z', 'z']) {
                return Ok(Self(instant.to_zoned(TimeZone::UTC)));
            }
        }
        match text.parse::<Zoned>() {
            Ok(zoned) => Ok(Self(zoned)),
            Err(error) => Err(format!("`{text}` is not {EXPECTED}: {error}")),
        }
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = Start;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Start, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Start {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Start".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}",
            "description": format!("{EXPECTED}."),
            "examples": ["2025-11-28T06:00[Asia/Kolkata]", "2026-01-01T00:00Z"]
        })
    }
}
