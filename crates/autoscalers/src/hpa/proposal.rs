//! What one metric says.

use super::{PodCounts, ScalingActive};
use crate::MilliValue;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many replicas one metric asks for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Proposal {
    /// The number, before anything limits it.
    pub replicas: i32,
    /// What `status.currentMetrics` shows.
    pub current: CurrentMetric,
    /// Metric over target, from real samples.
    pub ratio: f64,
    /// The ratio with missing and unready pods filled in, where that was done.
    pub adjusted_ratio: Option<f64>,
    /// The pods behind it; absent for metrics that do not look at pods.
    pub pods: Option<PodCounts>,
}

/// The current value of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurrentMetric {
    /// Usage over request.
    Utilization {
        /// `averageUtilization` \[%\], rounded down.
        percent: i32,
        /// `averageValue`, usage per pod.
        average: MilliValue,
    },
    /// `averageValue`.
    AverageValue(MilliValue),
    /// `value`.
    Value(MilliValue),
}

/// Why a metric says nothing. Prints the controller's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum MetricError {
    /// The metrics API did not answer.
    Unavailable,
    /// The metrics API answered with nothing.
    NoSamples,
    /// The workload has no pods.
    NoPods,
    /// After pods were left out no sample was left.
    NoReadySamples,
    /// A pod has no request, or not the container, that utilisation is measured against.
    MissingRequest,
    /// No sample belongs to a pod with a request above zero.
    NoKnownPods,
    /// The target's `type` names a field that is not set.
    InvalidTarget,
}

impl fmt::Display for MetricError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "unable to fetch metrics from the metrics API",
            Self::NoSamples => "no metrics returned from the metrics API",
            Self::NoPods => "no pods returned by selector while calculating replica count",
            Self::NoReadySamples => {
                "did not receive metrics for targeted pods (pods might be unready)"
            }
            Self::MissingRequest => "missing request",
            Self::NoKnownPods => "no metrics returned matched known pods",
            Self::InvalidTarget => "neither a value target nor an average value target was set",
        })
    }
}

impl std::error::Error for MetricError {}

/// What came of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricOutcome {
    /// It asks for a number of replicas.
    Proposed(Proposal),
    /// It failed.
    Failed {
        /// The reason that the condition ScalingActive gives.
        reason: ScalingActive,
        /// What went wrong.
        error: MetricError,
    },
}

impl MetricOutcome {
    /// The proposal, if it did not fail.
    pub fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::Proposed(proposal) => Some(proposal),
            Self::Failed { .. } => None,
        }
    }
}

/// A float becomes an int32 as in the controller on amd64: what is out of range, and NaN, is the
/// smallest int32.
pub(super) fn int32(number: f64) -> i32 {
    let truncated = number.trunc();
    if (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&truncated) {
        truncated as i32
    } else {
        i32::MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_that_of_the_processor() {
        assert_eq!(int32(12.0), 12);
        assert_eq!(int32(-3.9), -3);
        assert_eq!(int32(2_147_483_647.5), i32::MAX);
        assert_eq!(int32(2_147_483_648.0), i32::MIN);
        assert_eq!(int32(f64::INFINITY), i32::MIN);
        assert_eq!(int32(f64::NAN), i32::MIN);
    }
}
