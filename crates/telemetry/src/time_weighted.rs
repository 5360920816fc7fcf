//! Statistics of a level over time.

use flashcrowd_units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// A level that changes in steps (replicas, queue depth, connections), with its mean, minimum and
/// maximum over time.
///
/// All in integers: the mean does not depend on how often the level was read. A level that was
/// left in the same instant lasted no time, and counts neither as minimum nor as maximum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeWeighted {
    level: u64,
    /// When the level was reached, or last accounted for.
    since: SimTime,
    start: SimTime,
    /// Level times nanoseconds, from `start` to `since`: high and low half, because few formats
    /// know 128 bits.
    area: (u64, u64),
    /// The extremes of the levels that lasted, up to `since`. Crossed while there are none.
    min: u64,
    max: u64,
}

impl TimeWeighted {
    /// Starts to observe a level.
    pub fn new(now: SimTime, level: u64) -> Self {
        Self {
            level,
            since: now,
            start: now,
            area: (0, 0),
            min: u64::MAX,
            max: 0,
        }
    }

    /// The level as of now.
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The level changes.
    ///
    /// # Panics
    /// If `now` is before the previous change.
    #[inline]
    pub fn set(&mut self, now: SimTime, level: u64) {
        self.advance(now);
        self.level = level;
    }

    /// The level changes by a difference.
    ///
    /// # Panics
    /// If `now` is before the previous change, or if the level would become negative.
    #[inline]
    pub fn add(&mut self, now: SimTime, difference: i64) {
        let level = self.level.checked_add_signed(difference);
        self.set(now, level.expect("a level is not negative"));
    }

    /// Starts anew, at the present level. For statistics of consecutive windows.
    pub fn restart(&mut self, now: SimTime) {
        *self = Self::new(now, self.level);
    }

    /// The time observed so far.
    pub fn observed(&self, now: SimTime) -> SimDuration {
        now - self.start
    }

    /// Level times nanoseconds so far, for example replica-nanoseconds.
    pub fn area(&self, now: SimTime) -> u128 {
        let area = u128::from(self.area.0) << 64 | u128::from(self.area.1);
        area + u128::from(self.level) * u128::from((now - self.since).as_nanos())
    }

    /// The mean level over the time observed. The present level if that is no time at all.
    pub fn mean(&self, now: SimTime) -> f64 {
        if now == self.start {
            self.level as f64
        } else {
            self.area(now) as f64 / self.observed(now).as_nanos() as f64
        }
    }

    /// The lowest level that lasted. The present level if no time was observed.
    pub fn min(&self, now: SimTime) -> u64 {
        if self.present_counts(now) {
            self.min.min(self.level)
        } else {
            self.min
        }
    }

    /// The highest level that lasted. The present level if no time was observed.
    pub fn max(&self, now: SimTime) -> u64 {
        if self.present_counts(now) {
            self.max.max(self.level)
        } else {
            self.max
        }
    }

    /// Whether the present level has lasted, or is all there is.
    fn present_counts(&self, now: SimTime) -> bool {
        now > self.since || self.since == self.start
    }

    #[inline]
    fn advance(&mut self, now: SimTime) {
        if now == self.since {
            return;
        }
        let area = self.area(now);
        self.area = ((area >> 64) as u64, area as u64);
        self.min = self.min.min(self.level);
        self.max = self.max.max(self.level);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let at = SimTime::from_secs;
        let mut replicas = TimeWeighted::new(at(10), 2);
        replicas.set(at(20), 6);
        replicas.add(at(30), -2);
        // 10 s at 2, 10 s at 6, 20 s at 4.
        assert_eq!(replicas.mean(at(50)), 4.0);
        assert_eq!(replicas.area(at(50)), 160_000_000_000);
        assert_eq!((replicas.min(at(50)), replicas.max(at(50))), (2, 6));
        replicas.restart(at(50));
        assert_eq!(
            (
                replicas.mean(at(50)),
                replicas.min(at(50)),
                replicas.max(at(50))
            ),
            (4.0, 4, 4)
        );
        replicas.set(at(60), 0);
        assert_eq!(replicas.mean(at(70)), 2.0);
        assert_eq!((replicas.min(at(70)), replicas.max(at(70))), (0, 4));
    }

    #[test]
    fn what_lasts_no_time_does_not_count() {
        let at = SimTime::from_secs;
        let mut depth = TimeWeighted::new(at(0), 9);
        depth.set(at(0), 3);
        depth.set(at(5), 100);
        assert_eq!((depth.min(at(5)), depth.max(at(5))), (3, 3));
        depth.set(at(5), 4);
        assert_eq!((depth.min(at(5)), depth.max(at(5))), (3, 3));
        assert_eq!((depth.min(at(6)), depth.max(at(6))), (3, 4));
    }

    #[test]
    #[should_panic(expected = "went back")]
    fn time_never_goes_back() {
        TimeWeighted::new(SimTime::from_secs(1), 0).set(SimTime::ZERO, 1);
    }

    proptest! {
        /// Against the definition: the level of every single nanosecond.
        #[test]
        fn agrees_with_every_nanosecond(steps in prop::collection::vec((0u64..6, 0u64..50), 1..30), tail in 1u64..5) {
            let mut weighted = TimeWeighted::new(SimTime::ZERO, 7);
            let (mut now, mut level, mut levels) = (0, 7, Vec::new());
            for (wait, next) in steps {
                levels.extend(std::iter::repeat_n(level, wait as usize));
                now += wait;
                level = next;
                weighted.set(SimTime::from_nanos(now), level);
            }
            levels.extend(std::iter::repeat_n(level, tail as usize));
            let end = SimTime::from_nanos(now + tail);
            let mean = levels.iter().sum::<u64>() as f64 / levels.len() as f64;
            prop_assert_eq!(weighted.mean(end), mean);
            prop_assert_eq!(weighted.min(end), *levels.iter().min().unwrap());
            prop_assert_eq!(weighted.max(end), *levels.iter().max().unwrap());
            let text = serde_json::to_string(&weighted).unwrap();
            prop_assert_eq!(serde_json::from_str::<TimeWeighted>(&text).unwrap(), weighted);
        }
    }
}
