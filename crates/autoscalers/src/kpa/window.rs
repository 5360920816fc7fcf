//! Averages over the last seconds (`pkg/autoscaler/aggregation/bucketing.go`).

use super::Aggregation;
use crate::TimePoint;
use flashcrowd_units::{SimDuration, math};
use serde::{Deserialize, Serialize};

/// Averages are rounded to a millionth, the linear ones.
const PRECISION: f64 = 1e6;
/// The weight that the oldest second of a weighted window has at most, relative to the newest.
const MIN_WEIGHT: f64 = 0.0001;
/// The least part of an average that the newest second makes up.
const MIN_SMOOTHING: f64 = 0.2;

/// A window over the last seconds: a ring of buckets, and their running total.
///
/// The total is kept by adding and subtracting, never summed anew, because that is what decides
/// its last bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricWindow {
    aggregation: Aggregation,
    /// Length of one bucket \[ns\].
    granularity: i64,
    /// Length of the window \[ns\].
    window: i64,
    buckets: Vec<f64>,
    total: f64,
    /// Times are those of buckets: multiples of the granularity.
    first_write: Option<i64>,
    last_write: Option<i64>,
}

impl MetricWindow {
    /// An empty window of this length.
    ///
    /// # Panics
    /// If the granularity is zero.
    pub fn new(aggregation: Aggregation, window: SimDuration, granularity: SimDuration) -> Self {
        assert!(!granularity.is_zero(), "buckets have a length");
        let (window, granularity) = (nanos(window), nanos(granularity));
        Self {
            aggregation,
            granularity,
            window,
            buckets: vec![0.0; bucket_count(window, granularity)],
            total: 0.0,
            first_write: None,
            last_write: None,
        }
    }

    fn cut(&self, at: TimePoint) -> i64 {
        at.as_nanos().div_euclid(self.granularity) * self.granularity
    }

    /// The place of a bucket time in the ring.
    fn slot(&self, time: i64) -> usize {
        let slot = time
            .div_euclid(self.granularity)
            .rem_euclid(self.buckets.len() as i64);
        slot as usize
    }

    /// Records a value. Gaps count as 0; what is older than the window is ignored.
    pub fn record(&mut self, at: TimePoint, value: f64) {
        let time = self.cut(at);
        if self
            .last_write
            .is_some_and(|last| time <= last - self.window)
        {
            return;
        }
        if self.first_write.is_none_or(|first| time < first) {
            self.first_write = Some(time);
        }
        match self.last_write {
            Some(last) if time <= last => {}
            Some(last) if time - last < self.window => {
                let mut skipped = last + self.granularity;
                while skipped <= time {
                    let slot = self.slot(skipped);
                    self.total -= self.buckets[slot];
                    self.buckets[slot] = 0.0;
                    skipped += self.granularity;
                }
                self.last_write = Some(time);
            }
            _ => {
                self.buckets.fill(0.0);
                self.total = 0.0;
                self.first_write = Some(time);
                self.last_write = Some(time);
            }
        }
        let slot = self.slot(time);
        self.buckets[slot] += value;
        self.total += value;
    }

    /// Whether nothing has been recorded for **more** than a window.
    pub fn is_empty(&self, now: TimePoint) -> bool {
        self.last_write
            .is_none_or(|last| self.cut(now) - last > self.window)
    }

    /// The average at a time.
    pub fn average(&self, now: TimePoint) -> f64 {
        let Some(last) = self.last_write else {
            return 0.0;
        };
        match self.aggregation {
            Aggregation::Linear => self.linear(self.cut(now), last),
            Aggregation::WeightedExponential => self.weighted(now, last),
        }
    }

    /// The buckets that have been written to, in all.
    fn written(&self, last: i64) -> f64 {
        let first = self.first_write.unwrap_or(i64::MIN / 2);
        ((last - first) / self.granularity + 1) as f64
    }

    fn linear(&self, now: i64, last: i64) -> f64 {
        let silence = now - last;
        let count = self.buckets.len() as f64;
        if silence >= self.window {
            return 0.0;
        }
        if silence <= 0 {
            return rounded(self.total / self.written(last).min(count));
        }
        let mut total = self.total;
        let mut outdated = last + self.granularity;
        while outdated <= now {
            total -= self.buckets[self.slot(outdated)];
            outdated += self.granularity;
        }
        let left = count - (silence / self.granularity) as f64;
        rounded(total / self.written(last).min(left))
    }

    fn weighted(&self, now: TimePoint, last: i64) -> f64 {
        if self.is_empty(now) {
            return 0.0;
        }
        let now = self.cut(now);
        let count = self.buckets.len() as i64;
        let smoothing = f64::max(
            1.0 - math::pow(MIN_WEIGHT, 1.0 / count as f64),
            MIN_SMOOTHING,
        );
        let missing = ((now - last) / self.granularity).max(0);
        let mut weight = smoothing * math::pow(1.0 - smoothing, missing as f64);
        let mut average = 0.0;
        let mut time = now.min(last);
        for _ in 0..count - missing {
            average += self.buckets[self.slot(time)] * weight;
            weight *= 1.0 - smoothing;
            time -= self.granularity;
        }
        average
    }

    /// Another length. What is in the window stays, as far as it fits.
    pub fn resize(&mut self, now: TimePoint, window: SimDuration) {
        let window = nanos(window);
        if window == self.window {
            return;
        }
        let mut resized = Self {
            window,
            buckets: vec![0.0; bucket_count(window, self.granularity)],
            total: 0.0,
            first_write: None,
            ..self.clone()
        };
        if let Some(last) = self.last_write.filter(|_| !self.is_empty(now)) {
            let mut time = last;
            for _ in 0..self.buckets.len().min(resized.buckets.len()) {
                let value = self.buckets[self.slot(time)];
                let slot = resized.slot(time);
                resized.buckets[slot] = value;
                resized.total += value;
                time -= self.granularity;
            }
            let oldest = (self.buckets.len() as i64 - 1) * self.granularity;
            resized.first_write = Some(last - oldest);
        }
        *self = resized;
    }
}

fn nanos(duration: SimDuration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn bucket_count(window: i64, granularity: i64) -> usize {
    usize::try_from((window + granularity - 1) / granularity)
        .unwrap_or(1)
        .max(1)
}

fn rounded(value: f64) -> f64 {
    (value * PRECISION).round() / PRECISION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(
        aggregation: Aggregation,
        seconds: u64,
        values: &[(u64, f64)],
    ) -> (MetricWindow, TimePoint) {
        let window = SimDuration::from_secs(seconds);
        let mut window = MetricWindow::new(aggregation, window, SimDuration::from_secs(1));
        let mut now = 0;
        for &(times, value) in values {
            for _ in 0..times {
                window.record(TimePoint::from_secs(now), value);
                now += 1;
            }
        }
        (window, TimePoint::from_secs(now - 1))
    }

    #[test]
    fn a_window_that_is_not_full_is_not_diluted() {
        let values = [(30, 10.0), (6, 100.0)];
        let (stable, now) = filled(Aggregation::Linear, 60, &values);
        assert_eq!(stable.average(now), 25.0);
        let (panic, now) = filled(Aggregation::Linear, 6, &values);
        assert_eq!(panic.average(now), 100.0);
    }

    #[test]
    fn weights_fall_with_age() {
        let values = [(54, 10.0), (6, 100.0)];
        let (linear, now) = filled(Aggregation::Linear, 60, &values);
        assert_eq!(linear.average(now), 19.0);
        let (weighted, now) = filled(Aggregation::WeightedExponential, 60, &values);
        assert!((weighted.average(now) - 76.407).abs() < 0.001);
    }

    #[test]
    fn a_whole_window_of_silence_is_zero_and_more_is_nothing() {
        let (window, now) = filled(Aggregation::Linear, 6, &[(6, 3.0)]);
        let after = |seconds| now + SimDuration::from_secs(seconds);
        assert_eq!(
            (window.average(after(6)), window.is_empty(after(6))),
            (0.0, false)
        );
        assert!(window.is_empty(after(7)));
    }
}
