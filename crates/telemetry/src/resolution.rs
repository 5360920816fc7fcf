//! How fine time series are.

use flashcrowd_units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// The length of one bucket of a time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Resolution(SimDuration);

impl Resolution {
    /// The steps that [`for_run`](Self::for_run) chooses from, in seconds.
    pub const STEPS_SECS: [u64; 6] = [1, 5, 15, 60, 300, 3600];

    /// The most buckets that [`for_run`](Self::for_run) gives a series.
    pub const MAX_POINTS: u64 = 4000;

    /// The finest of [`STEPS_SECS`](Self::STEPS_SECS) that cuts a run of this length into at most
    /// [`MAX_POINTS`](Self::MAX_POINTS) buckets. Past 166 days, the shortest whole number of hours
    /// that does.
    pub fn for_run(duration: SimDuration) -> Self {
        let step = |secs| Self(SimDuration::from_secs(secs));
        let fits = |resolution: &Self| resolution.buckets(duration) <= Self::MAX_POINTS;
        let hours = duration
            .as_nanos()
            .div_ceil(Self::MAX_POINTS * SimDuration::from_secs(3600).as_nanos());
        Self::STEPS_SECS
            .into_iter()
            .map(step)
            .find(fits)
            .unwrap_or_else(|| step(3600 * hours))
    }

    /// A resolution that was asked for. `None` if it is zero.
    pub fn new(step: SimDuration) -> Option<Self> {
        (!step.is_zero()).then_some(Self(step))
    }

    /// The length of a bucket.
    pub fn step(self) -> SimDuration {
        self.0
    }

    /// How many buckets a run of this length has; the last may be cut short.
    pub fn buckets(self, duration: SimDuration) -> u64 {
        duration.as_nanos().div_ceil(self.0.as_nanos())
    }

    /// The bucket that a point in time falls into. A bucket includes its start and excludes its end.
    pub fn bucket_of(self, time: SimTime) -> u64 {
        time.as_nanos() / self.0.as_nanos()
    }

    /// When a bucket starts.
    pub fn start_of(self, bucket: u64) -> SimTime {
        SimTime::ZERO + self.0 * bucket
    }
}

impl<'de> Deserialize<'de> for Resolution {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let step = SimDuration::deserialize(deserializer)?;
        Self::new(step)
            .ok_or_else(|| serde::de::Error::custom("the resolution of a time series is not zero"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_finest_that_fits() {
        let millis = |text: &str| {
            Resolution::for_run(text.parse().unwrap())
                .step()
                .as_millis()
        };
        for (run, step) in [
            ("0", 1),
            ("4000s", 1),
            ("4000s1ns", 5),
            ("20000s", 5),
            ("6h", 15),
            ("24h", 60),
            ("7d", 300),
            ("31d", 3600),
            ("166d", 3600),
            ("184d", 7200),
            ("333d", 7200),
            ("334d", 10_800),
        ] {
            assert_eq!(millis(run), step * 1000, "{run}");
        }
    }

    #[test]
    fn zero_is_no_resolution() {
        assert_eq!(Resolution::new(SimDuration::ZERO), None);
        assert!(serde_json::from_str::<Resolution>("\"0s\"").is_err());
        assert!(serde_json::from_str::<Resolution>("\"30s\"").is_ok());
    }

    proptest! {
        #[test]
        fn never_too_many_points(nanos in any::<u64>()) {
            let duration = SimDuration::from_nanos(nanos);
            prop_assert!(Resolution::for_run(duration).buckets(duration) <= 4000);
        }

        #[test]
        fn every_moment_is_in_its_bucket(nanos in any::<u64>(), step in 1u64..1 << 40) {
            let resolution = Resolution::new(SimDuration::from_nanos(step)).unwrap();
            let time = SimTime::from_nanos(nanos);
            let bucket = resolution.bucket_of(time);
            prop_assert!(resolution.start_of(bucket) <= time);
            prop_assert!(time < resolution.start_of(bucket + 1) || resolution.start_of(bucket + 1) == SimTime::NEVER);
        }
    }
}
