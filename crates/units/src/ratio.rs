//! Shares and percentages.

use crate::parse::{Textual, UnitError, decimal, textual};
use std::fmt;
use std::str::FromStr;

/// A share of something, not negative: `70%` and `0.7` are the same. May exceed one where the
/// use allows it (utilisation of a request).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Ratio(f64);

textual!(
    Ratio,
    "a share such as 70% or 0.7",
    number: Some(|n| Ratio::new(n).ok_or_else(|| UnitError::new(&n.to_string(), Ratio::EXPECTED))),
    schema: {
        "type": ["string", "number"],
        "pattern": "^[0-9]+(\\.[0-9]+)?%?$",
        "minimum": 0,
        "description": "A share: 70% or 0.7.",
        "examples": ["70%", 0.7]
    }
);

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);
    /// The whole.
    pub const ONE: Self = Self(1.0);

    /// From a fraction. `None` if negative, infinite or NaN.
    pub fn new(fraction: f64) -> Option<Self> {
        (fraction.is_finite() && fraction >= 0.0).then_some(Self(fraction + 0.0))
    }

    /// The fraction, 0.7 for 70 %.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Ratio {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError::new(text, Self::EXPECTED);
        let fraction = match text.strip_suffix('%') {
            Some(percent) => decimal(percent.trim_end()).map(|p| p / 100.0),
            None => decimal(text),
        };
        fraction.and_then(Self::new).ok_or_else(error)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough digits to read back the same value for what people write, no 70.00000000000001%.
        let percent = format!("{:.9}", self.0 * 100.0);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        write!(f, "{percent}%")
    }
}
