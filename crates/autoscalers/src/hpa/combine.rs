//! One number out of all metrics (`computeReplicasForMetrics`).

use super::{MetricOutcome, MetricStep, ScalingActive};

/// What all metrics say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combined {
    /// This number.
    Proposal {
        /// Index of the metric that won.
        winner: usize,
        /// Its proposal.
        replicas: i32,
        /// Whether another metric failed.
        partial: bool,
    },
    /// Nothing that could be used. The reason is that of the first metric that failed.
    Failed(ScalingActive),
}

/// The largest proposal wins, on a tie the earlier metric. A proposal of 0 gives way to any later
/// one. With some metrics failed, a number below the current one is not used: the metric that
/// failed might have asked for more.
pub(super) fn combine(metrics: &[MetricStep], current: i32) -> Combined {
    let mut best: Option<(usize, i32)> = None;
    let mut first_failure = None;
    for (index, metric) in metrics.iter().enumerate() {
        match metric.outcome {
            MetricOutcome::Proposed(proposal) => {
                if best.is_none_or(|(_, replicas)| replicas == 0 || proposal.replicas > replicas) {
                    best = Some((index, proposal.replicas));
                }
            }
            MetricOutcome::Failed { reason, .. } => {
                first_failure.get_or_insert(reason);
            }
        }
    }
    match (best, first_failure) {
        (Some((winner, replicas)), None) => Combined::Proposal {
            winner,
            replicas,
            partial: false,
        },
        (Some((winner, replicas)), Some(_)) if replicas >= current => Combined::Proposal {
            winner,
            replicas,
            partial: true,
        },
        (_, Some(reason)) => Combined::Failed(reason),
        // Defaulting gives every specification a metric.
        (None, None) => Combined::Failed(ScalingActive::FailedGetResourceMetric),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CurrentMetric, MetricError, Proposal};
    use super::*;
    use crate::MilliValue;

    fn metrics(replicas: &[Option<i32>]) -> Vec<MetricStep> {
        let step = |replicas: &Option<i32>| {
            let outcome = match *replicas {
                Some(replicas) => MetricOutcome::Proposed(Proposal {
                    replicas,
                    current: CurrentMetric::Value(MilliValue::new(0)),
                    ratio: 1.0,
                    adjusted_ratio: None,
                    pods: None,
                }),
                None => MetricOutcome::Failed {
                    reason: ScalingActive::FailedGetPodsMetric,
                    error: MetricError::Unavailable,
                },
            };
            MetricStep {
                name: "metric".into(),
                outcome,
            }
        };
        replicas.iter().map(step).collect()
    }

    #[test]
    fn the_largest_wins_and_the_earlier_on_a_tie() {
        let winner = |replicas: &[Option<i32>]| match combine(&metrics(replicas), 5) {
            Combined::Proposal {
                winner, replicas, ..
            } => (winner, replicas),
            Combined::Failed(_) => panic!("nothing failed"),
        };
        assert_eq!(winner(&[Some(3), Some(7), Some(7)]), (1, 7));
        assert_eq!(winner(&[Some(0), Some(0)]), (1, 0));
        assert_eq!(winner(&[Some(0), Some(-1), Some(2)]), (2, 2));
    }

    #[test]
    fn there_is_no_way_down_on_partial_data() {
        let failed = Combined::Failed(ScalingActive::FailedGetPodsMetric);
        assert_eq!(combine(&metrics(&[None, Some(4)]), 5), failed);
        assert_eq!(combine(&metrics(&[None, None]), 5), failed);
        let equal = Combined::Proposal {
            winner: 1,
            replicas: 5,
            partial: true,
        };
        assert_eq!(combine(&metrics(&[None, Some(5)]), 5), equal);
    }
}
