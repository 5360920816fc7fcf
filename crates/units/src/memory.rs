//! Memory and data sizes.

use crate::Quantity;
use crate::parse::{Textual, UnitError, textual};
use std::fmt;
use std::str::FromStr;

/// A number of bytes. Written `256Mi`, `1.5Gi`, `500M`, as Kubernetes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(u64);

textual!(
    Bytes,
    "a size such as 256Mi, 1.5Gi or 500M (bytes)",
    number: Some(|n| Quantity::from_f64(n)
        .and_then(Bytes::from_quantity)
        .ok_or_else(|| UnitError::new(&n.to_string(), Bytes::EXPECTED))),
    schema: {
        "type": ["string", "integer"],
        "pattern": "^[0-9]+(\\.[0-9]+)?([KMGTPE]i|[kMGTPE])?$",
        "minimum": 0,
        "description": "A size in bytes, with a Kubernetes suffix: 256Mi, 1.5Gi, 500M.",
        "examples": ["256Mi", "1Gi"]
    }
);

impl Bytes {
    /// From a number of bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// From mebibytes.
    pub const fn from_mebibytes(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// From a Kubernetes quantity of bytes, rounded up as the API does. `None` if negative.
    pub fn from_quantity(quantity: Quantity) -> Option<Self> {
        quantity.value().try_into().ok().map(Self)
    }
}

impl FromStr for Bytes {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError::new(text, Self::EXPECTED);
        let quantity: Quantity = text.parse().map_err(|_| {
            if text.ends_with('B') || text.ends_with('b') {
                error().hint("Kubernetes suffixes have no B: 256Mi, not 256MiB")
            } else {
                error()
            }
        })?;
        Self::from_quantity(quantity).ok_or_else(|| error().hint("sizes are not negative"))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SUFFIXES: [(&str, u32); 6] = [
            ("Ei", 60),
            ("Pi", 50),
            ("Ti", 40),
            ("Gi", 30),
            ("Mi", 20),
            ("Ki", 10),
        ];
        for (suffix, shift) in SUFFIXES {
            if self.0 != 0 && self.0.trailing_zeros() >= shift {
                return write!(f, "{}{suffix}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}
