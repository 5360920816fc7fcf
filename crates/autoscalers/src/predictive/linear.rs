//! Linear regression.
//!
//! # What it does
//! Fits a straight line through the last numbers of replicas by least squares and follows it
//! `look_ahead` into the future.
//!
//! # When it hurts
//! It overshoots wherever a rise ends, and the more the longer it looks ahead; one outlier among few
//! points turns the line. It does not know that a day has a night.
//!
//! # Parameters
//! * `look_ahead`: how far.
//! * `history_size`: how many points.
//!
//! # Source
//! `algorithms/linear_regression` and `internal/prediction/linear` of
//! jthomperoo/predictive-horizontal-pod-autoscaler.

use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Parameters of the linear regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// How far ahead.
    pub look_ahead: SimDuration,
    /// How many of the newest points count.
    pub history_size: usize,
}

impl Linear {
    /// The line's value `look_ahead` from now; the value of a single point. `None` of nothing.
    pub fn forecast(&self, now: TimePoint, history: &[(TimePoint, u32)]) -> Option<f64> {
        let count = history.len() as f64;
        // Seconds back from the time that is asked for, so that the intercept is the answer.
        let target = i128::from(now.as_nanos()) + i128::from(self.look_ahead.as_nanos());
        let back = |at: TimePoint| (i128::from(at.as_nanos()) - target) as f64 / 1e9;
        let points = history.iter().map(|&(at, it)| (back(at), f64::from(it)));
        let mean_x = points.clone().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = points.clone().map(|(_, y)| y).sum::<f64>() / count;
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (x, y) in points {
            covariance += (x - mean_x) * (y - mean_y);
            variance += (x - mean_x) * (x - mean_x);
        }
        let slope = if variance > 0.0 {
            covariance / variance
        } else {
            0.0
        };
        (!history.is_empty()).then_some(mean_y - slope * mean_x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples() {
        let history: Vec<(TimePoint, u32)> = [(33, 1), (43, 2), (53, 3), (63, 4)]
            .map(|(second, replicas)| (TimePoint::from_secs(second), replicas))
            .to_vec();
        let forecast = |look_ahead, history: &[(TimePoint, u32)]| {
            let look_ahead = SimDuration::from_secs(look_ahead);
            let linear = Linear {
                look_ahead,
                history_size: 4,
            };
            linear.forecast(TimePoint::from_secs(72), history)
        };
        for (look_ahead, expected) in [(0, 4.9), (10, 5.9), (15, 6.4)] {
            let value = forecast(look_ahead, &history).unwrap();
            assert!(
                (value - expected).abs() < 1e-9,
                "{value} instead of {expected}"
            );
        }
        assert_eq!(forecast(10, &history[..1]), Some(1.0));
        assert_eq!(forecast(10, &[]), None);
    }
}
