//! Points in simulated time.

use crate::SimDuration;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A point in simulated time: nanoseconds since the start of the run.
///
/// Integers, so that equal times are equal and sums do not depend on their order. The range is
/// 584 years; additions past it saturate at [`SimTime::NEVER`].
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
pub struct SimTime(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than every event of a run.
    pub const NEVER: Self = Self(u64::MAX);

    /// From nanoseconds since the start of the run.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From whole milliseconds since the start of the run.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// From whole seconds since the start of the run.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// Nanoseconds since the start of the run.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start of the run.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        SimDuration::from_nanos(self.0).as_secs_f64()
    }

    /// The time since `earlier`, zero if that lies in the future.
    #[inline]
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// `self - duration`, or the start of the run if that would be before it.
    pub const fn saturating_sub(self, duration: SimDuration) -> Self {
        Self(self.0.saturating_sub(duration.as_nanos()))
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    #[inline]
    fn add(self, duration: SimDuration) -> Self {
        Self(self.0.saturating_add(duration.as_nanos()))
    }
}

impl AddAssign<SimDuration> for SimTime {
    #[inline]
    fn add_assign(&mut self, duration: SimDuration) {
        *self = *self + duration;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    /// # Panics
    /// If `earlier` is later than `self`: simulated time never goes back.
    #[inline]
    fn sub(self, earlier: Self) -> SimDuration {
        assert!(earlier.0 <= self.0, "simulated time went back");
        SimDuration::from_nanos(self.0 - earlier.0)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration::from_nanos(self.0).fmt(f)
    }
}
