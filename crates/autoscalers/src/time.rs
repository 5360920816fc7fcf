//! Points in time as controllers see them.

use flashcrowd_units::{SimDuration, SimTime};
use std::fmt;
use std::ops::{Add, Sub};

/// A point in time: signed nanoseconds since the start of the run.
///
/// [`SimTime`] counts from the start of the run and has no earlier times; what a controller looks
/// at may have begun before it (pods that have been running for an hour, a stabilization window
/// that reaches back). The range is ±292 years; sums past it saturate, and so does
/// [`SimTime::NEVER`].
///
/// Comparisons with times of the Kubernetes API are exact: who wants the API's resolution of
/// whole seconds for start and transition times has to round before.
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
pub struct TimePoint(i64);

impl TimePoint {
    /// The start of the run.
    pub const ZERO: Self = Self(0);

    /// From nanoseconds since the start of the run.
    #[inline]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds since the start of the run, saturating.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From seconds since the start of the run, saturating.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the start of the run.
    #[inline]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
}

impl From<SimTime> for TimePoint {
    #[inline]
    fn from(time: SimTime) -> Self {
        Self(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl Add<SimDuration> for TimePoint {
    type Output = Self;
    #[inline]
    fn add(self, duration: SimDuration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_nanos()))
    }
}

impl Sub<SimDuration> for TimePoint {
    type Output = Self;
    #[inline]
    fn sub(self, duration: SimDuration) -> Self {
        Self(self.0.saturating_sub_unsigned(duration.as_nanos()))
    }
}

impl fmt::Display for TimePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(
            f,
            "{sign}{}",
            SimDuration::from_nanos(self.0.unsigned_abs())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_nanoseconds_and_saturates() {
        let time = TimePoint::from(SimTime::from_nanos(1_000_000_001));
        assert_eq!(time.as_nanos(), 1_000_000_001);
        assert_eq!((time - SimDuration::from_secs(2)).as_nanos(), -999_999_999);
        assert_eq!(TimePoint::from(SimTime::NEVER).as_nanos(), i64::MAX);
        assert_eq!((TimePoint::ZERO - SimDuration::MAX).as_nanos(), i64::MIN);
        assert_eq!(TimePoint::from_secs(-90).to_string(), "-1m30s");
    }
}
