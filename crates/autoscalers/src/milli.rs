//! The scale that controllers compute in.

use flashcrowd_units::{Bytes, Millicores, Quantity};
use std::fmt;

/// A metric value, a request or a target in thousandths of its unit: millicores, thousandths of a
/// byte, thousandths of whatever a custom metric counts.
///
/// The Kubernetes controllers convert every quantity with `MilliValue()`: rounded up, saturating
/// at the ends of int64. Their sums are int64 sums.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct MilliValue(i64);

impl MilliValue {
    /// From thousandths.
    pub const fn new(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// Thousandths.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl From<Quantity> for MilliValue {
    fn from(quantity: Quantity) -> Self {
        Self(quantity.milli_value())
    }
}

impl From<Millicores> for MilliValue {
    fn from(cpu: Millicores) -> Self {
        Self(i64::try_from(cpu.get()).unwrap_or(i64::MAX))
    }
}

impl From<Bytes> for MilliValue {
    fn from(memory: Bytes) -> Self {
        Self(
            i64::try_from(memory.get())
                .unwrap_or(i64::MAX)
                .saturating_mul(1000),
        )
    }
}

impl fmt::Display for MilliValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quantity::from_milli(self.0).fmt(f)
    }
}
