//! CPU capacity.

use crate::Quantity;
use crate::parse::{Textual, UnitError, textual};
use std::fmt;
use std::str::FromStr;

/// CPU capacity in thousandths of a core. Written `250m`, `0.5`, `2`, as Kubernetes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millicores(u64);

textual!(
    Millicores,
    "CPU such as 250m, 0.5 or 2 (cores)",
    number: Some(|n| Quantity::from_f64(n)
        .and_then(Millicores::from_quantity)
        .ok_or_else(|| UnitError::new(&n.to_string(), Millicores::EXPECTED))),
    schema: {
        "type": ["string", "number"],
        "pattern": "^[0-9]+(\\.[0-9]+)?m?$",
        "minimum": 0,
        "description": "CPU in cores (0.5, 2) or thousandths of a core (250m).",
        "examples": ["250m", 2]
    }
);

impl Millicores {
    /// From thousandths of a core.
    pub const fn new(millicores: u64) -> Self {
        Self(millicores)
    }

    /// From whole cores.
    pub const fn from_cores(cores: u64) -> Self {
        Self(cores * 1000)
    }

    /// Thousandths of a core.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Cores.
    pub fn as_cores(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// From a Kubernetes quantity of cores, rounded up as the API does. `None` if negative.
    pub fn from_quantity(quantity: Quantity) -> Option<Self> {
        quantity.milli_value().try_into().ok().map(Self)
    }
}

impl FromStr for Millicores {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError::new(text, Self::EXPECTED);
        let quantity: Quantity = text.parse().map_err(|_| error())?;
        Self::from_quantity(quantity).ok_or_else(|| error().hint("CPU is not negative"))
    }
}

impl fmt::Display for Millicores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) {
            write!(f, "{}", self.0 / 1000)
        } else {
            write!(f, "{}m", self.0)
        }
    }
}
