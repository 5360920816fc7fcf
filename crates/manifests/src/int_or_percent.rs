//! Values that are an integer or a text: percentages, named ports.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

/// A number of pods, or a percentage of the replicas: `3`, `25%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntOrPercent {
    /// An absolute number.
    Int(i32),
    /// A percentage \[%\].
    Percent(i32),
}

impl IntOrPercent {
    /// The number of pods out of `total`, a fraction rounded up.
    pub fn rounded_up(self, total: i32) -> i32 {
        match self {
            Self::Int(number) => number,
            Self::Percent(percent) => {
                let product = i64::from(percent) * i64::from(total);
                (product.div_euclid(100) + i64::from(product.rem_euclid(100) != 0)) as i32
            }
        }
    }

    /// The number of pods out of `total`, a fraction rounded down.
    pub fn rounded_down(self, total: i32) -> i32 {
        match self {
            Self::Int(number) => number,
            Self::Percent(percent) => {
                (i64::from(percent) * i64::from(total)).div_euclid(100) as i32
            }
        }
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for IntOrPercent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_i32(*number),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = IntOrPercent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of pods such as 1, or a percentage such as 25%")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrPercent, E> {
                i32::try_from(number)
                    .map(IntOrPercent::Int)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrPercent, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrPercent, E> {
                let percent = text
                    .strip_suffix('%')
                    .and_then(|digits| digits.parse().ok());
                percent
                    .map(IntOrPercent::Percent)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A number or a name: a port by number, or by the name that a container gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name.
    String(String),
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::String(name) => f.write_str(name),
        }
    }
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_i32(*number),
            Self::String(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = IntOrString;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number such as 8080, or a name such as http")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrString, E> {
                i32::try_from(number)
                    .map(IntOrString::Int)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrString, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::String(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_percentages() {
        let read = serde_json::from_str::<IntOrPercent>;
        assert_eq!(read("3").unwrap(), IntOrPercent::Int(3));
        assert_eq!(read("\"25%\"").unwrap(), IntOrPercent::Percent(25));
        assert!(read("\"25\"").is_err());
        assert!(read("0.25").is_err());
        assert!(read("3000000000").is_err());
        assert_eq!(
            serde_json::to_string(&IntOrPercent::Percent(25)).unwrap(),
            "\"25%\""
        );
    }

    #[test]
    fn reads_ports() {
        let read = serde_json::from_str::<IntOrString>;
        assert_eq!(read("8080").unwrap(), IntOrString::Int(8080));
        assert_eq!(
            read("\"http\"").unwrap(),
            IntOrString::String("http".to_owned())
        );
        assert_eq!(serde_json::to_string(&IntOrString::Int(80)).unwrap(), "80");
    }
}
