//! Metrics by the minute.

use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const MINUTE: i64 = 60_000_000_000;

/// How many minutes are over at a time. Negative before the start of the run.
pub(super) fn full_minutes(at: TimePoint) -> i64 {
    at.as_nanos().div_euclid(MINUTE)
}

/// The end of a minute \[ns\]; minute 0 is the first of the run.
pub(super) fn minute_end(minute: i64) -> i64 {
    minute.saturating_add(1).saturating_mul(MINUTE)
}

/// The minute that a measurement belongs to. One that ends on the full minute looks back on it.
fn minute_of(at: TimePoint) -> i64 {
    at.as_nanos().saturating_sub(1).div_euclid(MINUTE)
}

/// The samples of some time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Grain {
    sum: f64,
    count: u32,
    min: f64,
    max: f64,
}

impl Grain {
    pub(super) fn of(value: f64) -> Self {
        Self {
            sum: value,
            count: 1,
            min: value,
            max: value,
        }
    }

    pub(super) fn merge(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            count: self.count.saturating_add(other.count),
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    pub(super) fn average(self) -> f64 {
        self.sum / f64::from(self.count)
    }

    pub(super) fn sum(self) -> f64 {
        self.sum
    }

    pub(super) fn count(self) -> f64 {
        f64::from(self.count)
    }

    pub(super) fn min(self) -> f64 {
        self.min
    }

    pub(super) fn max(self) -> f64 {
        self.max
    }
}

/// A metric by the minute: minutes that are still filling up, and those that are over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MinuteSeries {
    /// The minute that is over next; `None` before the first observation.
    next: Option<i64>,
    filling: Vec<(i64, Grain)>,
    /// Minutes without a sample are `None`.
    over: VecDeque<Option<Grain>>,
}

impl MinuteSeries {
    /// Takes samples in, each with the time it was measured, and closes the minutes whose values
    /// are published by now. What comes later than that is lost. Keeps that many minutes.
    ///
    /// Returns how many minutes were closed.
    pub(super) fn observe(
        &mut self,
        now: TimePoint,
        publish_delay: SimDuration,
        samples: &[(TimePoint, f64)],
        keep: usize,
    ) -> usize {
        let next = self.next.unwrap_or_else(|| minute_of(now));
        for &(at, value) in samples {
            let minute = minute_of(at);
            if minute < next {
                continue;
            }
            match self.filling.iter_mut().find(|(other, _)| *other == minute) {
                Some((_, grain)) => *grain = grain.merge(Grain::of(value)),
                None => self.filling.push((minute, Grain::of(value))),
            }
        }
        let published = full_minutes(now - publish_delay).max(next);
        // After a long silence only as many minutes count as are kept.
        let first = published.saturating_sub(keep as i64).max(next);
        for minute in first..published {
            let index = self.filling.iter().position(|(other, _)| *other == minute);
            self.over
                .push_back(index.map(|index| self.filling.swap_remove(index).1));
        }
        self.filling.retain(|(minute, _)| *minute >= published);
        let excess = self.over.len().saturating_sub(keep);
        self.over.drain(..excess);
        self.next = Some(published);
        (published - first) as usize
    }

    /// The last minutes, oldest first; fewer if there are no more.
    pub(super) fn last(&self, minutes: usize) -> impl DoubleEndedIterator<Item = Option<Grain>> {
        let skipped = self.over.len().saturating_sub(minutes);
        self.over.iter().skip(skipped).copied()
    }

    /// Whether there are that many last minutes, and all of them have a value that passes.
    pub(super) fn all_of_last(&self, minutes: usize, pass: impl Fn(Grain) -> bool) -> bool {
        self.over.len() >= minutes && self.last(minutes).all(|it| it.is_some_and(&pass))
    }

    /// The last periods of some minutes each, newest first, on the full multiples of a period.
    /// What is older than all that is known is left out.
    pub(super) fn periods(&self, minutes: usize, count: usize) -> Vec<Option<Grain>> {
        let Some(next) = self.next else {
            return Vec::new();
        };
        let unfinished = next.rem_euclid(minutes as i64) as usize;
        let mut rest = self.over.iter().rev().skip(unfinished).peekable();
        let mut periods = Vec::with_capacity(count);
        while periods.len() < count && rest.peek().is_some() {
            let grains = rest.by_ref().take(minutes).flatten().copied();
            periods.push(grains.reduce(Grain::merge));
        }
        periods
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> TimePoint {
        TimePoint::from_secs(secs)
    }

    fn averages(series: &MinuteSeries, minutes: usize) -> Vec<Option<f64>> {
        series
            .last(minutes)
            .map(|it| it.map(Grain::average))
            .collect()
    }

    #[test]
    fn a_minute_includes_its_end_and_missing_ones_are_seen() {
        let mut series = MinuteSeries::default();
        let no_delay = SimDuration::ZERO;
        assert_eq!(series.observe(at(30), no_delay, &[(at(30), 10.0)], 5), 0);
        assert_eq!(series.observe(at(60), no_delay, &[(at(60), 30.0)], 5), 1);
        assert_eq!(averages(&series, 5), [Some(20.0)]);
        assert_eq!(
            series.observe(at(180), no_delay, &[(at(180), 5.0), (at(60), 99.0)], 5),
            2
        );
        assert_eq!(averages(&series, 5), [Some(20.0), None, Some(5.0)]);
        assert!(!series.all_of_last(2, |_| true));
        assert!(series.all_of_last(1, |it| it.max() < 6.0));
        assert!(!series.all_of_last(4, |_| true));
    }

    #[test]
    fn values_are_seen_when_they_are_published() {
        let mut series = MinuteSeries::default();
        let delay = SimDuration::from_secs(60);
        assert_eq!(series.observe(at(60), delay, &[(at(60), 1.0)], 5), 0);
        assert_eq!(series.observe(at(120), delay, &[(at(120), 2.0)], 5), 1);
        assert_eq!(averages(&series, 5), [Some(1.0)]);
    }

    #[test]
    fn a_long_silence_forgets_everything() {
        let mut series = MinuteSeries::default();
        series.observe(at(60), SimDuration::ZERO, &[(at(60), 1.0)], 3);
        series.observe(TimePoint::from_nanos(i64::MAX), SimDuration::ZERO, &[], 3);
        assert_eq!(averages(&series, 9), [None, None, None]);
    }

    #[test]
    fn periods_are_aligned() {
        let mut series = MinuteSeries::default();
        for minute in 1..=7 {
            let now = at(60 * minute);
            series.observe(now, SimDuration::ZERO, &[(now, minute as f64)], 10);
        }
        // Minutes 1 to 7: the period of 5 and 6 is over, that of 7 is not.
        let periods: Vec<_> = series
            .periods(2, 2)
            .into_iter()
            .flatten()
            .map(Grain::sum)
            .collect();
        assert_eq!(periods, [11.0, 7.0]);
        assert_eq!(series.periods(2, 9).len(), 3);
    }
}
