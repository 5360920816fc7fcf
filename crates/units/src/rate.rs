//! Events per time.

use crate::parse::{Textual, UnitError, decimal, textual};
use std::fmt;
use std::str::FromStr;

/// Events per second, finite and not negative. Written `1200/s`, `90/m`, `5000/h`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Rate(f64);

textual!(
    Rate,
    "a rate such as 1200/s, 90/m or 5000/h",
    number: None,
    schema: {
        "type": "string",
        "pattern": "^[0-9]+(\\.[0-9]+)? ?/(s|m|min|h)$",
        "description": "A rate such as 1200/s, 90/m or 5000/h.",
        "examples": ["1200/s"]
    }
);

impl Rate {
    /// Nothing ever happens.
    pub const ZERO: Self = Self(0.0);

    /// From events per second. `None` if negative, infinite or NaN.
    pub fn per_second(events: f64) -> Option<Self> {
        (events.is_finite() && events >= 0.0).then_some(Self(events + 0.0))
    }

    /// Events per second.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError::new(text, Self::EXPECTED);
        let Some((number, unit)) = text.split_once('/') else {
            return Err(error().hint("the unit is missing; did you mean `/s`?"));
        };
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => return Err(error().hint("rates are per s, m or h")),
        };
        let number = decimal(number.trim()).ok_or_else(error)?;
        Self::per_second(number / seconds).ok_or_else(error)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}
