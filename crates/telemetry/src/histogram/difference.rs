//! What was counted between two readings of one histogram.

use super::{LatencyHistogram, bucket};

impl LatencyHistogram {
    /// What this histogram has counted since `earlier`, a copy of it that was taken then.
    ///
    /// Counts and sum are exact. The extremes of the difference are not known any more: they are
    /// those of their buckets, 0.4 % off at most.
    ///
    /// # Panics
    /// If `earlier` counted something that this one has not.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut difference = Self::new();
        if self.count == earlier.count {
            return difference;
        }
        let touched = self.touched();
        for index in touched {
            let held = self.buckets[index]
                .checked_sub(earlier.buckets[index])
                .expect("a histogram forgot what it had counted");
            difference.buckets[index] = held;
            difference.count += held;
        }
        difference.sum = self.sum - earlier.sum;
        // Until they are known, all buckets that can hold something have to be looked at.
        (difference.min, difference.max) = (self.min, self.max);
        let first = difference.occupied().next().map(|(index, _)| index);
        let last = difference.occupied().last().map(|(index, _)| index);
        let middle = |index: Option<usize>| index.map(bucket::midpoint);
        let within = |nanos: u64| nanos.clamp(self.min, self.max);
        difference.min = middle(first).map_or(u64::MAX, within);
        difference.max = middle(last).map_or(0, within);
        difference
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashcrowd_units::SimDuration;
    use proptest::prelude::*;

    proptest! {
        /// It is the histogram of what came in between.
        #[test]
        fn is_what_came_in_between(
            before in prop::collection::vec(1_u64..10_000_000_000, 0..50),
            between in prop::collection::vec(1_u64..10_000_000_000, 0..50),
        ) {
            let mut whole = LatencyHistogram::new();
            for &nanos in &before { whole.record(SimDuration::from_nanos(nanos)); }
            let earlier = whole.clone();
            let mut only = LatencyHistogram::new();
            for &nanos in &between {
                whole.record(SimDuration::from_nanos(nanos));
                only.record(SimDuration::from_nanos(nanos));
            }
            let difference = whole.since(&earlier);
            prop_assert_eq!(difference.count(), only.count());
            prop_assert_eq!(difference.sum_nanos(), only.sum_nanos());
            prop_assert_eq!(difference.mean(), only.mean());
            for q in [0.0, 0.25, 0.5, 0.95, 1.0] {
                let nanos = |it: &LatencyHistogram| it.quantile(q).map(SimDuration::as_nanos);
                match (nanos(&difference), nanos(&only)) {
                    (Some(a), Some(b)) => prop_assert!(a.abs_diff(b) <= b / 128 + 1, "{q}: {a} {b}"),
                    (a, b) => prop_assert_eq!(a, b),
                }
            }
        }
    }
}
