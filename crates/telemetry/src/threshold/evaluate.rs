//! Whether a threshold is met.

use super::{Aggregate, Operator, Threshold, ThresholdValue};
use crate::LatencyHistogram;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// Whose latencies an objective speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// All requests that ended: a failed one counts as infinitely slow. Otherwise a service could
    /// become faster by failing.
    #[default]
    All,
    /// Only completed requests. With the latencies of failed requests recorded in the histogram as
    /// well, this is k6's `http_req_duration`.
    Completed,
}

/// What is known of the requests that an objective speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// Latencies of the completed requests.
    pub latency: &'a LatencyHistogram,
    /// Requests that failed.
    pub failed: u64,
    /// Requests that arrived: completed, failed and still in flight.
    pub offered: u64,
    /// Whose latencies are meant.
    pub population: Population,
}

/// The measured counterpart of a [`ThresholdValue`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measurement {
    /// A latency.
    Latency(SimDuration),
    /// A latency that failed requests made infinite.
    Infinite,
    /// The share of failed requests, from 0 to 1.
    Share(f64),
    /// A number of requests.
    Count(u64),
    /// No request ended, so there is nothing to measure.
    Nothing,
}

impl Measurement {
    /// Seconds, share or number. `None` if infinite, or if nothing was measured.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Self::Latency(latency) => Some(latency.as_secs_f64()),
            Self::Share(share) => Some(share),
            Self::Count(count) => Some(count as f64),
            Self::Infinite | Self::Nothing => None,
        }
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(latency) => latency.fmt(f),
            Self::Infinite => f.write_str("infinite"),
            Self::Share(share) => write!(f, "{share}"),
            Self::Count(count) => count.fmt(f),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

/// The outcome of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was compared with the limit.
    pub measured: Measurement,
    /// Whether the comparison holds.
    pub met: bool,
    /// The share of the allowed misses that were used, 1.0 for all of them. For upper limits on a
    /// percentile (`p(95)<500ms`: the share of requests that were not faster than 500 ms, divided
    /// by 5 %) and on the rate (measured rate divided by the limit). `None` for every other
    /// threshold, where nothing was measured, and where no miss is allowed at all.
    pub error_budget_used: Option<f64>,
}

impl Threshold {
    /// Compares what was measured with the limit.
    ///
    /// With [`Population::All`], a failed request counts as infinitely slow in percentiles, `med`,
    /// `min` and `max`. `avg` is always over completed requests, because one failure would make it
    /// infinite and say nothing. `rate` is failed over ended requests, so that those in flight
    /// count as neither.
    ///
    /// If no request ended, a latency or a rate cannot be measured. The threshold is then met if
    /// none was offered, and missed if some were but all are stuck.
    pub fn evaluate(&self, measured: &Measured<'_>) -> Evaluation {
        let measurement = measured.measure(self.aggregate);
        let met = match ordering(measurement, self.value) {
            Some(ordering) => self.operator.holds(ordering),
            None => measured.offered == 0,
        };
        Evaluation {
            measured: measurement,
            met,
            error_budget_used: self.error_budget_used(measured),
        }
    }

    fn error_budget_used(&self, measured: &Measured<'_>) -> Option<f64> {
        let (used, allowed) = match self.value {
            ThresholdValue::Latency(limit) => {
                let percentile = self.aggregate.percentile()?;
                let fast = match self.operator {
                    Operator::Less => measured.latency.count_below(limit),
                    Operator::LessOrEqual => measured
                        .latency
                        .count_below(limit + SimDuration::from_nanos(1)),
                    _ => return None,
                };
                let ended = measured.latency.count() + measured.infinite();
                (
                    (ended - fast) as f64 / ended as f64,
                    (100.0 - percentile) / 100.0,
                )
            }
            ThresholdValue::Share(limit) => match self.operator {
                Operator::Less | Operator::LessOrEqual => (measured.rate()?, limit),
                _ => return None,
            },
            ThresholdValue::Count(_) => return None,
        };
        let budget = used / allowed;
        budget.is_finite().then_some(budget)
    }
}

impl Measured<'_> {
    /// Requests that count as infinitely slow.
    fn infinite(&self) -> u64 {
        match self.population {
            Population::All => self.failed,
            Population::Completed => 0,
        }
    }

    /// Failed among ended requests. `None` if none ended.
    fn rate(&self) -> Option<f64> {
        let ended = self.latency.count() + self.failed;
        (ended > 0).then(|| self.failed as f64 / ended as f64)
    }

    fn measure(&self, aggregate: Aggregate) -> Measurement {
        let latency = |latency: Option<SimDuration>| latency.map(Measurement::Latency);
        let measurement = match (aggregate, aggregate.percentile()) {
            (Aggregate::Count, _) => Some(Measurement::Count(self.offered)),
            (Aggregate::Rate, _) => self.rate().map(Measurement::Share),
            (_, Some(percentile)) => {
                let finite = self
                    .latency
                    .quantile_with_infinite(percentile / 100.0, self.infinite());
                let infinite = || (self.infinite() > 0).then_some(Measurement::Infinite);
                latency(finite).or_else(infinite)
            }
            (_, None) => latency(self.latency.mean()),
        };
        measurement.unwrap_or(Measurement::Nothing)
    }
}

/// How the measurement compares with the limit. `None` if there is no measurement.
fn ordering(measured: Measurement, limit: ThresholdValue) -> Option<Ordering> {
    match (measured, limit) {
        (Measurement::Latency(measured), ThresholdValue::Latency(limit)) => {
            Some(measured.cmp(&limit))
        }
        (Measurement::Infinite, ThresholdValue::Latency(_)) => Some(Ordering::Greater),
        (Measurement::Share(measured), ThresholdValue::Share(limit)) => {
            measured.partial_cmp(&limit)
        }
        (Measurement::Count(measured), ThresholdValue::Count(limit)) => {
            (measured as f64).partial_cmp(&limit)
        }
        _ => None,
    }
}

impl Operator {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
        }
    }
}
