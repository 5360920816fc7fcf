//! Latencies in log-linear buckets.

mod bucket;
mod difference;
mod sparse;
#[cfg(test)]
mod tests;

use bucket::SLOTS;
use flashcrowd_units::SimDuration;
use std::fmt;
use std::ops::RangeInclusive;

/// A histogram of latencies, 128 buckets an octave, over the whole range of [`SimDuration`].
///
/// Recording is a bucket computation and one increment. The histogram answers as the sorted list
/// of its samples would if each were rounded to the middle of its bucket: at most 0.4 % off, exact
/// below 256 ns. Count, sum, minimum and maximum are exact. Everything is an integer, so that
/// merging gives the same result in any order.
#[derive(Clone, PartialEq, Eq)]
pub struct LatencyHistogram {
    buckets: Box<[u64; SLOTS]>,
    count: u64,
    /// Nanoseconds. A u64 count of u64 values cannot overflow it.
    sum: u128,
    /// Nanoseconds, `u64::MAX` while empty.
    min: u64,
    /// Nanoseconds, zero while empty.
    max: u64,
}

impl LatencyHistogram {
    /// An empty histogram.
    pub fn new() -> Self {
        // From the heap at once: an array would be built on the stack first.
        let buckets = vec![0; SLOTS].into_boxed_slice().try_into();
        Self {
            buckets: buckets.expect("the length is the array's"),
            count: 0,
            sum: 0,
            min: u64::MAX,
            max: 0,
        }
    }

    /// Counts one latency.
    #[inline]
    pub fn record(&mut self, latency: SimDuration) {
        let nanos = latency.as_nanos();
        self.buckets[bucket::index(nanos)] += 1;
        self.count += 1;
        self.sum += u128::from(nanos);
        if nanos < self.min || nanos > self.max {
            self.widen(nanos);
        }
    }

    /// A new minimum or maximum: seldom, once there are some samples.
    #[cold]
    fn widen(&mut self, nanos: u64) {
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    /// Counts a latency `times` times.
    #[inline]
    pub fn record_n(&mut self, latency: SimDuration, times: u64) {
        if times == 0 {
            return;
        }
        let nanos = latency.as_nanos();
        self.buckets[bucket::index(nanos)] += times;
        self.count += times;
        self.sum += u128::from(nanos) * u128::from(times);
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        // All buckets of the range, the empty ones too: that is a vector addition.
        let touched = other.touched();
        let into = &mut self.buckets[touched.clone()];
        for (sum, held) in into.iter_mut().zip(&other.buckets[touched]) {
            *sum += held;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Forgets everything. Touches only the buckets between the minimum and the maximum.
    pub fn clear(&mut self) {
        let touched = self.touched();
        self.buckets[touched].fill(0);
        (self.count, self.sum, self.min, self.max) = (0, 0, u64::MAX, 0);
    }

    /// How many latencies were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The sum of all latencies in nanoseconds. Wider than [`SimDuration`], which a day of a busy
    /// service can exceed.
    pub fn sum_nanos(&self) -> u128 {
        self.sum
    }

    /// The arithmetic mean, rounded to the nanosecond. `None` if nothing was counted.
    pub fn mean(&self) -> Option<SimDuration> {
        let count = u128::from(self.count);
        let mean = (self.sum + count / 2).checked_div(count)?;
        Some(SimDuration::from_nanos(mean as u64))
    }

    /// The shortest latency. `None` if nothing was counted.
    pub fn min(&self) -> Option<SimDuration> {
        (self.count > 0).then(|| SimDuration::from_nanos(self.min))
    }

    /// The longest latency. `None` if nothing was counted.
    pub fn max(&self) -> Option<SimDuration> {
        (self.count > 0).then(|| SimDuration::from_nanos(self.max))
    }

    /// The latency that a share `q` of the requests does not exceed; `None` if nothing was counted.
    ///
    /// Defined as in k6 (and as NumPy's `linear`): with the n latencies sorted and numbered from 0,
    /// position `q * (n - 1)`, interpolated linearly between the two neighbours when it is not a
    /// whole number. `quantile(0.0)` is the minimum and `quantile(1.0)` the maximum, both exact.
    ///
    /// # Panics
    /// If `q` is not within 0 and 1.
    pub fn quantile(&self, q: f64) -> Option<SimDuration> {
        self.quantile_with_infinite(q, 0)
    }

    /// As [`quantile`](Self::quantile), with `infinite` further requests that never got an answer
    /// and therefore count as slower than any other.
    ///
    /// `None` means infinite: the position falls on such a request, or between one and the
    /// slowest that did get an answer. Also `None` if no latency was counted.
    ///
    /// # Panics
    /// If `q` is not within 0 and 1.
    pub fn quantile_with_infinite(&self, q: f64, infinite: u64) -> Option<SimDuration> {
        assert!(
            (0.0..=1.0).contains(&q),
            "a quantile is within 0 and 1, not {q}"
        );
        let last = self.count.saturating_add(infinite).checked_sub(1)?;
        let (rank, fraction) = position(q, last);
        if rank + u64::from(fraction > 0.0) >= self.count {
            return None;
        }
        let (low, high) = self.at_rank(rank);
        let between = (high - low) as f64 * fraction + 0.5;
        Some(SimDuration::from_nanos(low + between as u64))
    }

    /// How many latencies are shorter than `limit`, to within the bucket that `limit` falls into.
    pub fn count_below(&self, limit: SimDuration) -> u64 {
        let limit = limit.as_nanos();
        if self.count == 0 || limit <= self.min {
            return 0;
        }
        if limit > self.max {
            return self.count;
        }
        let below = |&(index, _): &(usize, u64)| bucket::midpoint(index) < limit;
        let held: u64 = self
            .occupied()
            .take_while(below)
            .map(|(_, held)| held)
            .sum();
        // The extremes are known: one sample is below the limit and one is not.
        held.clamp(1, self.count - 1)
    }

    /// The share of the latencies that are shorter than `limit`, from 0 to 1. `None` if nothing
    /// was counted. See [`count_below`](Self::count_below).
    pub fn fraction_below(&self, limit: SimDuration) -> Option<f64> {
        (self.count > 0).then(|| self.count_below(limit) as f64 / self.count as f64)
    }

    /// The values at `rank` (from 0, less than the count) and at the rank after it.
    fn at_rank(&self, rank: u64) -> (u64, u64) {
        let exact = |rank: u64, value: u64| match rank {
            0 => self.min,
            _ if rank + 1 >= self.count => self.max,
            _ => value.clamp(self.min, self.max),
        };
        let mut low = None;
        let (first, mut passed) = self.skip_to(rank);
        for (index, held) in self.occupied_from(first) {
            passed += held;
            let value = bucket::midpoint(index);
            if passed > rank && low.is_none() {
                low = Some(exact(rank, value));
            }
            if let Some(low) = low
                && passed > rank + 1
            {
                return (low, exact(rank + 1, value));
            }
        }
        (low.unwrap_or(self.max), self.max)
    }

    /// A bucket not after the one that `rank` falls into, and how many latencies lie before it.
    fn skip_to(&self, rank: u64) -> (usize, u64) {
        const STRIDE: usize = 32;
        let touched = self.touched();
        let mut first = *touched.start();
        let mut passed = 0;
        for stride in self.buckets[touched].chunks(STRIDE) {
            let held: u64 = stride.iter().sum();
            if passed + held > rank {
                break;
            }
            passed += held;
            first += stride.len();
        }
        (first, passed)
    }

    /// The buckets that hold something, shortest latencies first, with how many they hold.
    fn occupied(&self) -> impl Iterator<Item = (usize, u64)> {
        self.occupied_from(*self.touched().start())
    }

    /// The same without those before `first`.
    fn occupied_from(&self, first: usize) -> impl Iterator<Item = (usize, u64)> {
        let last = *self.touched().end();
        let held = self.buckets[first.min(last)..=last].iter().enumerate();
        held.filter(|(_, held)| **held > 0)
            .map(move |(offset, held)| (first + offset, *held))
    }

    /// The buckets from the minimum's to the maximum's. While empty, the first one, which is zero.
    fn touched(&self) -> RangeInclusive<usize> {
        bucket::index(self.min.min(self.max))..=bucket::index(self.max)
    }
}

/// The position `q * last` as a rank and the fraction of the way to the next rank.
fn position(q: f64, last: u64) -> (u64, f64) {
    let position = q * last as f64;
    let nearest = position.round();
    // 0.999 times 1000 is not 999 in binary. With an infinite neighbour that would matter.
    if (position - nearest).abs() <= position * 4.0 * f64::EPSILON {
        ((nearest as u64).min(last), 0.0)
    } else {
        (position as u64, position.fract())
    }
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LatencyHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LatencyHistogram")
            .field("count", &self.count)
            .field("min", &self.min())
            .field("mean", &self.mean())
            .field("max", &self.max())
            .finish_non_exhaustive()
    }
}
