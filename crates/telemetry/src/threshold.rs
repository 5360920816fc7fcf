//! Objectives in the grammar of k6's thresholds.

mod error;
mod evaluate;
mod parse;
#[cfg(test)]
mod tests;
mod text;

pub use error::ThresholdError;
pub use evaluate::{Evaluation, Measured, Measurement, Population};

use flashcrowd_units::SimDuration;

/// What of the requests is measured. Written as k6 writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregate {
    /// `avg`: the mean latency.
    Avg,
    /// `min`: the shortest latency.
    Min,
    /// `med`: the median latency, the same as `p(50)`.
    Med,
    /// `max`: the longest latency.
    Max,
    /// `p(95)`: the percentile of the latencies, from 0 to 100.
    Percentile(f64),
    /// `rate`: the share of failed requests among those that ended, as of k6's `http_req_failed`.
    Rate,
    /// `count`: the number of requests offered, as of k6's `http_reqs`.
    Count,
}

impl Aggregate {
    /// The percentile that an order statistic asks for: `min` is `p(0)`, `med` `p(50)`, `max` `p(100)`.
    pub(crate) fn percentile(self) -> Option<f64> {
        match self {
            Self::Min => Some(0.0),
            Self::Med => Some(50.0),
            Self::Max => Some(100.0),
            Self::Percentile(percentile) => Some(percentile),
            Self::Avg | Self::Rate | Self::Count => None,
        }
    }
}

/// How the measured value is compared with the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`, or `===`, which k6 treats alike.
    Equal,
    /// `!=`
    NotEqual,
}

/// The limit that an [`Aggregate`] is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdValue {
    /// For all aggregates of latency.
    Latency(SimDuration),
    /// For [`Aggregate::Rate`]: from 0 to 1.
    Share(f64),
    /// For [`Aggregate::Count`]: not negative, and finite.
    Count(f64),
}

/// One objective, such as `p(95)<500ms`, `rate<1%` or `count>1000`.
///
/// The grammar is k6's, `aggregate operator limit` with optional spaces, and every threshold of k6
/// on a trend, on `http_req_failed` or on the count of `http_reqs` reads as it does there. Limits of
/// latency may carry a unit (`500ms`, `1.5s`); a bare number means milliseconds, as in k6. A rate may
/// be a percentage. Printing gives the same threshold in its shortest form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    aggregate: Aggregate,
    operator: Operator,
    value: ThresholdValue,
}

impl Threshold {
    /// A threshold from its parts. `None` if the limit is not of the aggregate's kind, or either is
    /// out of its range.
    pub fn new(aggregate: Aggregate, operator: Operator, value: ThresholdValue) -> Option<Self> {
        let legal = match (aggregate, value) {
            (Aggregate::Rate, ThresholdValue::Share(share)) => (0.0..=1.0).contains(&share),
            (Aggregate::Count, ThresholdValue::Count(count)) => count >= 0.0 && count.is_finite(),
            (Aggregate::Rate | Aggregate::Count, _) => false,
            (Aggregate::Percentile(percentile), ThresholdValue::Latency(_)) => {
                (0.0..=100.0).contains(&percentile)
            }
            (_, value) => matches!(value, ThresholdValue::Latency(_)),
        };
        legal.then_some(Self {
            aggregate,
            operator,
            value,
        })
    }

    /// What is measured.
    pub fn aggregate(&self) -> Aggregate {
        self.aggregate
    }

    /// How it is compared.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// What it is compared with.
    pub fn value(&self) -> ThresholdValue {
        self.value
    }
}
