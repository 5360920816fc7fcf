//! Kubernetes quantities.

use crate::parse::{UnitError, split_unit, textual};
use std::fmt;
use std::str::FromStr;

/// A Kubernetes quantity: `250m`, `1.5Gi`, `2e3`, `100n`.
///
/// Held exactly as an integer of nano-units, which is the API's own finest scale; values finer
/// than that are rounded up, values past ±2^63 saturate, both as `resource.Quantity` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity {
    nanos: i128,
}

const EXPECTED: &str = "a quantity such as 250m, 2, 1.5Gi or 1e3";

textual!(
    Quantity,
    "a quantity such as 250m, 2, 1.5Gi or 1e3",
    number: Some(|n| Quantity::from_f64(n).ok_or_else(|| UnitError::new(&n.to_string(), EXPECTED))),
    schema: {
        "type": ["string", "number"],
        "description": "A Kubernetes quantity: 250m, 2, 1.5Gi, 1e3.",
        "examples": ["250m", "1Gi"]
    }
);

const NANO: i128 = 1_000_000_000;
const MAX_NANOS: i128 = i64::MAX as i128 * NANO;

impl Quantity {
    /// From thousandths of the unit.
    pub const fn from_milli(milli: i64) -> Self {
        Self {
            nanos: milli as i128 * 1_000_000,
        }
    }

    /// From whole units.
    pub const fn from_units(units: i64) -> Self {
        Self {
            nanos: units as i128 * NANO,
        }
    }

    /// From a float, through its shortest decimal form, as YAML numbers are read. `None` if not finite.
    pub fn from_f64(number: f64) -> Option<Self> {
        number
            .is_finite()
            .then(|| number.to_string().parse().ok())?
    }

    /// Whole units, rounded up, saturating: `Quantity.Value()`.
    pub fn value(self) -> i64 {
        ceil_div(self.nanos, NANO)
    }

    /// Thousandths, rounded up, saturating: `Quantity.MilliValue()`.
    pub fn milli_value(self) -> i64 {
        ceil_div(self.nanos, 1_000_000)
    }

    /// As a float: the mantissa of the canonical form times a power of ten, both of them float64,
    /// which is `Quantity.AsApproximateFloat64()` of a value that has been through the API server.
    pub fn to_f64(self) -> f64 {
        let scales = [(NANO, 1.0), (1_000_000, 1e-3), (1_000, 1e-6), (1, 1e-9)];
        let (unit, power) = scales
            .into_iter()
            .find(|(unit, _)| self.nanos % unit == 0)
            .unwrap_or((1, 1e-9));
        (self.nanos / unit) as f64 * power
    }
}

fn ceil_div(nanos: i128, unit: i128) -> i64 {
    let up = nanos.div_euclid(unit) + i128::from(nanos.rem_euclid(unit) != 0);
    up.clamp(i64::MIN as i128, i64::MAX as i128) as i64
}

impl FromStr for Quantity {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError::new(text, EXPECTED);
        let (negative, body) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (number, suffix) = split_unit(body);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: String = [whole, fraction].concat();
        if digits.is_empty() || digits.len() > 60 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        // The value is mantissa * 10^exponent * 2^binary units.
        let (decimal, binary) = scale(suffix).ok_or_else(error)?;
        let exponent = decimal - fraction.len() as i32 + 9;
        let nanos = nanos(&digits, exponent, binary);
        Ok(Self {
            nanos: if negative { -nanos } else { nanos },
        })
    }
}

/// `digits * 10^exponent * 2^binary`, rounded up (away from zero: the sign is put on later, which
/// is what upstream does), saturating.
fn nanos(digits: &str, exponent: i32, binary: u32) -> i128 {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return 0;
    }
    if digits.len() as i32 + exponent > 29 {
        return MAX_NANOS;
    }
    let mut value: i128 = 0;
    let mut lost = false;
    let kept = (digits.len() as i32).min(30) as usize;
    for digit in digits.bytes().take(kept) {
        value = value * 10 + i128::from(digit - b'0');
    }
    lost |= digits[kept..].bytes().any(|b| b != b'0');
    let exponent = exponent + (digits.len() - kept) as i32;
    let scaled = |value: i128| value.checked_mul(1i128 << binary).unwrap_or(i128::MAX);
    if exponent >= 0 {
        value = value.saturating_mul(10i128.saturating_pow(exponent as u32));
        value = scaled(value);
    } else {
        let divisor = 10i128
            .checked_pow(exponent.unsigned_abs())
            .unwrap_or(i128::MAX);
        value = scaled(value);
        lost |= value % divisor != 0;
        value /= divisor;
    }
    (value.saturating_add(i128::from(lost))).min(MAX_NANOS)
}

/// The decimal exponent and the binary exponent of a suffix.
fn scale(suffix: &str) -> Option<(i32, u32)> {
    Some(match suffix {
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "" => (0, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "P" => (15, 0),
        "E" => (18, 0),
        "Ki" => (0, 10),
        "Mi" => (0, 20),
        "Gi" => (0, 30),
        "Ti" => (0, 40),
        "Pi" => (0, 50),
        "Ei" => (0, 60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let exponent: i32 = exponent
                .strip_prefix('+')
                .unwrap_or(exponent)
                .parse()
                .ok()?;
            (exponent.clamp(-60, 60), 0)
        }
    })
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.nanos < 0 { "-" } else { "" };
        let nanos = self.nanos.unsigned_abs();
        for (unit, suffix) in [
            (1_000_000_000, ""),
            (1_000_000, "m"),
            (1_000, "u"),
            (1, "n"),
        ] {
            if nanos.is_multiple_of(unit) {
                let value = nanos / unit;
                if suffix.is_empty()
                    && value != 0
                    && sign.is_empty()
                    && value <= u128::from(u64::MAX)
                {
                    let value = value as u64;
                    if value.trailing_zeros() >= 10 {
                        return write!(f, "{}", crate::Bytes::new(value));
                    }
                }
                return write!(f, "{sign}{value}{suffix}");
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
    fn reads_the_notations_of_the_api() {
        let milli = |text: &str| text.parse::<Quantity>().unwrap().milli_value();
        assert_eq!(milli("250m"), 250);
        assert_eq!(milli("0.5"), 500);
        assert_eq!(milli(".5"), 500);
        assert_eq!(milli("2"), 2000);
        assert_eq!(milli("123456789n"), 124);
        assert_eq!(milli("1u"), 1);
        assert_eq!(milli("-1u"), 0);
        assert_eq!(milli("2e3"), 2_000_000);
        assert_eq!(milli("1Ki"), 1_024_000);
        assert_eq!(milli("1E"), i64::MAX);
        let value = |text: &str| text.parse::<Quantity>().unwrap().value();
        assert_eq!(value("1.5Gi"), 1_610_612_736);
        assert_eq!(value("100m"), 1);
        assert_eq!(value("9223372036854775807"), i64::MAX);
        assert_eq!(value("99999999999999999999"), i64::MAX);
        assert_eq!(value("0.0000000001"), 1);
    }

    #[test]
    fn refuses_what_the_api_refuses() {
        for text in [
            "", "m", "1.2.3", "1 Gi", "1GiB", "1e", "0x10", "--1", "NaN", "1Mb",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn floats_are_mantissa_times_power_of_ten() {
        let float = |text: &str| text.parse::<Quantity>().unwrap().to_f64();
        assert_eq!(float("100m"), 100.0 * 1e-3);
        assert_eq!(float("0.33"), 330.0 * 1e-3);
        assert_eq!(float("5u"), 5.0 * 1e-6);
        assert_eq!(float("2"), 2.0);
        assert_eq!(float("-1500m"), -1500.0 * 1e-3);
    }

    proptest! {
        #[test]
        fn prints_what_it_parses(milli in any::<i32>()) {
            let quantity = Quantity::from_milli(milli.into());
            prop_assert_eq!(quantity.to_string().parse::<Quantity>().unwrap(), quantity);
        }
    }
}
