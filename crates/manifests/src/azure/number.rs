//! Numbers that the API writes as text.

use serde::{Deserializer, Serializer, de};
use std::fmt;

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
pub(super) fn serialize<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    struct Number;

    impl de::Visitor<'_> for Number {
        type Value = u32;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number such as \"2\"")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u32, E> {
            let error = || E::invalid_value(de::Unexpected::Str(text), &self);
            text.parse().map_err(|_| error())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<u32, E> {
            let error = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
            u32::try_from(number).map_err(|_| error())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<u32, E> {
            let error = || E::invalid_value(de::Unexpected::Signed(number), &self);
            u32::try_from(number).map_err(|_| error())
        }
    }

    deserializer.deserialize_any(Number)
}
