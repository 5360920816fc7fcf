//! A distribution that forgets: samples lose half of their weight in every half-life.

use super::bucket::{BUCKETS, Buckets, EPSILON};
use super::exp2::{exp2, power_of_two};
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Weights are relative to a time that moves when a sample is this many half-lives past it.
const MAX_DECAY_EXPONENT: i128 = 100;

/// How fast a histogram forgets, and where its times are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decay {
    /// After this time a sample weighs half.
    pub(super) half_life: SimDuration,
    /// [`TimePoint::ZERO`] in nanoseconds since the absolute zero that times are rounded from.
    pub(super) origin: i128,
}

impl Decay {
    /// The nearest multiple of the half-life, the later one of two equally near.
    fn rounded(&self, time: TimePoint) -> TimePoint {
        let half_life = i128::from(self.half_life.as_nanos());
        let past = (i128::from(time.as_nanos()) + self.origin).rem_euclid(half_life);
        let shift = if past + past < half_life {
            -past
        } else {
            half_life - past
        };
        let rounded = i128::from(time.as_nanos()) + shift;
        TimePoint::from_nanos(rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// Half-lives from `from` to `to`.
    fn half_lives(&self, from: TimePoint, to: TimePoint) -> f64 {
        to.as_nanos().saturating_sub(from.as_nanos()) as f64 / self.half_life.as_nanos() as f64
    }
}

/// Weights of buckets. A sample weighs its own weight times `2^((time - reference) / half-life)`:
/// only ratios matter, so nothing has to be touched as time passes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Histogram {
    /// A multiple of the half-life; `None` before the first sample.
    reference: Option<TimePoint>,
    #[serde(with = "bits")]
    weights: Vec<f64>,
    #[serde(with = "bits::one")]
    total: f64,
    /// The lowest bucket that is not empty; the last one if all are.
    lowest: usize,
    /// The highest bucket that is not empty; the first one if all are.
    highest: usize,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self {
            reference: None,
            weights: vec![0.0; BUCKETS],
            total: 0.0,
            lowest: BUCKETS - 1,
            highest: 0,
        }
    }

    /// Adds a sample.
    pub(super) fn add(&mut self, bucket: usize, weight: f64, time: TimePoint, decay: &Decay) {
        let weight = weight * self.decay_factor(time, decay);
        self.weights[bucket] += weight;
        self.total += weight;
        if self.weights[bucket] >= EPSILON {
            self.lowest = self.lowest.min(bucket);
            self.highest = self.highest.max(bucket);
        }
    }

    /// Takes away a sample. What would be left of its bucket below the empty limit goes with it.
    pub(super) fn subtract(&mut self, bucket: usize, weight: f64, time: TimePoint, decay: &Decay) {
        let mut weight = weight * self.decay_factor(time, decay);
        if weight > self.weights[bucket] - EPSILON {
            weight = self.weights[bucket];
        }
        self.total -= weight;
        self.weights[bucket] -= weight;
        self.trim();
    }

    /// Adds all samples of another histogram. The one with the older reference takes over that of
    /// the younger one, which may trim its ends.
    pub(super) fn merge(&mut self, other: &mut Self, decay: &Decay) {
        match (self.reference, other.reference) {
            (ours, Some(theirs)) if ours.is_none_or(|ours| ours < theirs) => {
                self.shift(theirs, decay);
            }
            (Some(ours), theirs) if theirs.is_none_or(|theirs| theirs < ours) => {
                other.shift(ours, decay);
            }
            _ => {}
        }
        for bucket in other.lowest..=other.highest {
            self.weights[bucket] += other.weights[bucket];
        }
        self.total += other.total;
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
    }

    /// The end of the bucket in which the sum of weights reaches this fraction of the total \[0 to
    /// 1\]; 0 if there are no samples.
    pub(super) fn percentile(&self, fraction: f64, buckets: &Buckets) -> f64 {
        if self.weights[self.lowest] < EPSILON {
            return 0.0;
        }
        let threshold = fraction * self.total;
        let mut sum = 0.0;
        let reached = (self.lowest..self.highest).find(|&bucket| {
            sum += self.weights[bucket];
            sum >= threshold
        });
        // The highest bucket needs no test. It can lie below the lowest one after a merge.
        buckets.end(reached.unwrap_or(self.lowest.max(self.highest)))
    }

    /// How much more a sample of this time weighs than one of the reference.
    fn decay_factor(&mut self, time: TimePoint, decay: &Decay) -> f64 {
        let limit = i128::from(decay.half_life.as_nanos()) * MAX_DECAY_EXPONENT;
        let fits = |reference: &TimePoint| {
            i128::from(time.as_nanos()) - i128::from(reference.as_nanos()) <= limit
        };
        let reference = match self.reference.filter(fits) {
            Some(reference) => reference,
            None => self.shift(time, decay),
        };
        exp2(decay.half_lives(reference, time))
    }

    /// Moves the reference to the nearest multiple of the half-life and rescales all weights.
    fn shift(&mut self, time: TimePoint, decay: &Decay) -> TimePoint {
        let new = decay.rounded(time);
        // Without a reference there are no weights either.
        let old = self.reference.unwrap_or(new);
        let exponent = (decay.half_lives(new, old) + 0.5).floor();
        let factor = power_of_two(exponent as i64);
        if self.lowest <= self.highest {
            self.weights[self.lowest..=self.highest]
                .iter_mut()
                .for_each(|weight| *weight *= factor);
        }
        self.total *= factor;
        self.reference = Some(new);
        self.trim();
        new
    }

    /// Leaves out buckets at both ends that have become empty.
    fn trim(&mut self) {
        while self.weights[self.lowest] < EPSILON && self.lowest < BUCKETS - 1 {
            self.lowest += 1;
        }
        while self.weights[self.highest] < EPSILON && self.highest > 0 {
            self.highest -= 1;
        }
    }
}

/// Floating point numbers as their bits, so that a checkpoint on paper is exact.
mod bits {
    use super::BUCKETS;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[allow(clippy::ptr_arg)] // what serde calls it with
    pub(super) fn serialize<S: Serializer>(
        weights: &Vec<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let set = weights.iter().enumerate();
        let set = set.filter(|(_, weight)| weight.to_bits() != 0);
        serializer.collect_seq(set.map(|(bucket, weight)| (bucket, weight.to_bits())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let mut weights = vec![0.0; BUCKETS];
        for (bucket, bits) in Vec::<(usize, u64)>::deserialize(deserializer)? {
            let weight = weights
                .get_mut(bucket)
                .ok_or_else(|| D::Error::custom(format!("there is no bucket {bucket}")))?;
            *weight = f64::from_bits(bits);
        }
        Ok(weights)
    }

    /// A single number.
    pub(super) mod one {
        use super::{Deserialize, Deserializer, Serialize, Serializer};

        #[allow(clippy::trivially_copy_pass_by_ref)] // what serde calls it with
        pub(in super::super) fn serialize<S: Serializer>(
            number: &f64,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            number.to_bits().serialize(serializer)
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<f64, D::Error> {
            u64::deserialize(deserializer).map(f64::from_bits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Decay = Decay {
        half_life: SimDuration::from_secs(86_400),
        origin: 0,
    };

    fn cpu() -> &'static Buckets {
        Buckets::of(crate::ResourceName::Cpu)
    }

    fn day(days: i64) -> TimePoint {
        TimePoint::from_secs(days * 86_400)
    }

    #[test]
    fn a_day_old_sample_weighs_half() {
        let (low, high) = (cpu().find(0.1), cpu().find(1.0));
        let mut histogram = Histogram::new();
        histogram.add(low, 1.0, day(0), &DAY);
        histogram.add(high, 1.0, day(1), &DAY);
        // Weights 1 and 2: a third of the total is reached by the older one.
        assert_eq!(histogram.percentile(0.33, cpu()), cpu().end(low));
        assert_eq!(histogram.percentile(0.34, cpu()), cpu().end(high));
    }

    #[test]
    fn the_reference_moves_after_a_hundred_half_lives() {
        let mut histogram = Histogram::new();
        histogram.add(3, 1.0, day(0), &DAY);
        histogram.add(4, 1.0, day(100), &DAY);
        assert_eq!(histogram.reference, Some(day(0)));
        histogram.add(5, 1.0, day(101), &DAY);
        assert_eq!(histogram.reference, Some(day(101)));
        // The first sample has decayed to nothing, the second to a half.
        assert_eq!((histogram.lowest, histogram.highest), (4, 5));
        assert_eq!(histogram.weights[4..6], [0.5, 1.0]);
    }

    #[test]
    fn halves_round_up() {
        let noon = TimePoint::from_secs(43_200);
        assert_eq!(DAY.rounded(noon), day(1));
        assert_eq!(DAY.rounded(TimePoint::from_secs(43_199)), day(0));
        assert_eq!(DAY.rounded(TimePoint::from_secs(-43_200)), day(0));
    }

    #[test]
    fn nothing_is_left_of_a_sample_that_is_taken_away() {
        let mut histogram = Histogram::new();
        histogram.add(7, 1.0, day(1), &DAY);
        histogram.subtract(7, 1.0 - 0.5 * EPSILON, day(1), &DAY);
        assert_eq!(histogram.total, 0.0);
        assert_eq!(histogram.percentile(0.9, cpu()), 0.0);
    }

    #[test]
    fn merging_aligns_the_older_reference() {
        let (mut older, mut younger) = (Histogram::new(), Histogram::new());
        older.add(10, 8.0, day(0), &DAY);
        younger.add(20, 1.0, day(3), &DAY);
        let mut merged = Histogram::new();
        merged.merge(&mut younger, &DAY);
        merged.merge(&mut older, &DAY);
        assert_eq!(older.reference, Some(day(3)));
        assert_eq!((merged.weights[10], merged.weights[20]), (1.0, 1.0));
        assert_eq!(merged.total, 2.0);
    }
}
