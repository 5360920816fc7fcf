//! Lengths of simulated time.

use crate::parse::{Textual, UnitError, decimal, split_unit, textual};
use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Sub};
use std::str::FromStr;

/// A length of simulated time in nanoseconds. Written `150ms`, `2m30s`, `6h`, `14d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimDuration(u64);

const UNITS: [(&str, u64); 8] = [
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

textual!(
    SimDuration,
    "a duration such as 150ms, 30s, 2m30s, 6h or 14d",
    number: Some(|n| if n == 0.0 {
        Ok(SimDuration::ZERO)
    } else {
        Err(UnitError::new(&n.to_string(), SimDuration::EXPECTED)
            .hint(format!("the unit is missing; did you mean {n}s?")))
    }),
    schema: {
        "type": ["string", "integer"],
        "pattern": r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d|w) ?)+$|^0$",
        "maximum": 0,
        "minimum": 0,
        "description": "A duration such as 150ms, 30s, 2m30s, 6h or 14d.",
        "examples": ["30s", "2m30s"]
    }
);

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration, 584 years.
    pub const MAX: Self = Self(u64::MAX);

    /// From nanoseconds.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// From whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// From seconds, rounded to the nearest nanosecond.
    ///
    /// This and [`as_secs_f64`](Self::as_secs_f64) are the only places where time and floating
    /// point meet. Negative values and NaN give zero, values past the range the maximum.
    #[inline]
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * 1e9 + 0.5) as u64)
    }

    /// Nanoseconds.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Seconds.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self * factor`, rounded to the nearest nanosecond.
    pub fn mul_f64(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor + 0.5) as u64)
    }

    /// `self - other`, or zero where `other` is longer.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for SimDuration {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    /// # Panics
    /// If `other` is longer than `self`.
    #[inline]
    fn sub(self, other: Self) -> Self {
        assert!(other.0 <= self.0, "a duration would become negative");
        Self(self.0 - other.0)
    }
}

impl Mul<u64> for SimDuration {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Div<u64> for SimDuration {
    type Output = Self;
    fn div(self, parts: u64) -> Self {
        Self(self.0 / parts)
    }
}

impl FromStr for SimDuration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError::new(text, Self::EXPECTED);
        if text == "0" {
            return Ok(Self::ZERO);
        }
        if text.starts_with('-') {
            return Err(error().hint("durations are not negative"));
        }
        let mut rest = text;
        let mut total: u64 = 0;
        let mut previous = u64::MAX;
        while !rest.is_empty() {
            let (number, tail) = split_unit(rest);
            let end = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(end);
            let number = decimal(number).ok_or_else(error)?;
            if unit.is_empty() {
                let hint = match decimal(text) {
                    Some(_) => format!("the unit is missing; did you mean {text}s?"),
                    None => "the unit is missing".to_owned(),
                };
                return Err(error().hint(hint));
            }
            let Some(&(_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(error().hint(format!("`{unit}` is none of ns, us, ms, s, m, h, d, w")));
            };
            if nanos >= previous {
                return Err(error().hint("larger units come first, each at most once"));
            }
            previous = nanos;
            total = total.saturating_add((number * nanos as f64 + 0.5) as u64);
            rest = tail.strip_prefix(' ').unwrap_or(tail);
        }
        if previous == u64::MAX {
            return Err(error());
        }
        // 2^63 ns, so that start + duration cannot overflow either.
        if total >= 1 << 63 {
            return Err(error().hint("the longest duration is 292 years"));
        }
        Ok(Self(total))
    }
}

impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, nanos) in UNITS.into_iter().filter(|(unit, _)| *unit != "w") {
            if rest >= nanos {
                write!(f, "{}{unit}", rest / nanos)?;
                rest %= nanos;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parses_what_people_write() {
        let cases = [
            ("30s", 30_000_000_000),
            ("2m30s", 150_000_000_000),
            ("1h 30m", 5_400_000_000_000),
            ("1.5s", 1_500_000_000),
            ("150ms", 150_000_000),
            ("0", 0),
        ];
        for (text, nanos) in cases {
            assert_eq!(
                text.parse::<SimDuration>().unwrap().as_nanos(),
                nanos,
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "", "30", "-5s", "5x", "s", "1s2m", "NaN", "1e9s", "300000w", "5 s",
        ] {
            assert!(text.parse::<SimDuration>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn prints_what_it_parses(nanos in 0u64..(1 << 53)) {
            let duration = SimDuration::from_nanos(nanos);
            let back: SimDuration = duration.to_string().parse().unwrap();
            prop_assert_eq!(back, duration);
        }
    }
}
