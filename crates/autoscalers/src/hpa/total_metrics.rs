//! Replicas from metrics of the whole: Object and External.
//!
//! Source: `GetObjectMetricReplicas`, `GetObjectPerPodMetricReplicas`, `GetExternalMetricReplicas`
//! and `GetExternalPerPodMetricReplicas`.

use super::proposal::int32;
use super::{CurrentMetric, MetricError, Proposal, Tolerance};
use crate::{MilliValue, PodPhase, PodView};

/// The proposal of a metric whose value itself has a target: in proportion to the ready pods.
///
/// At 0 replicas there is no proportion; the ratio itself is the number then.
pub(super) fn by_value(
    usage: MilliValue,
    target: MilliValue,
    tolerance: Tolerance,
    current: i32,
    pods: &[PodView<'_>],
) -> Result<Proposal, MetricError> {
    let ratio = usage.get() as f64 / target.get() as f64;
    let replicas = if current == 0 {
        int32(ratio.ceil())
    } else if tolerance.contains(ratio) {
        current
    } else if pods.is_empty() {
        return Err(MetricError::NoPods);
    } else {
        saturating_int32(ratio * ready_pods(pods) as f64)
    };
    Ok(proposal(replicas, ratio, CurrentMetric::Value(usage)))
}

/// The proposal of an object's metric with a target per replica. Pods are not looked at; what is
/// within tolerance stays at `status.replicas`.
pub(super) fn object_by_average(
    usage: MilliValue,
    target: MilliValue,
    tolerance: Tolerance,
    status_replicas: i32,
) -> Proposal {
    let (value, target, replicas) = (
        usage.get() as f64,
        target.get() as f64,
        f64::from(status_replicas),
    );
    let ratio = value / (target * replicas);
    let proposed = if tolerance.contains(ratio) {
        status_replicas
    } else {
        int32((value / target).ceil())
    };
    proposal(
        proposed,
        ratio,
        CurrentMetric::AverageValue(per_replica(value, replicas)),
    )
}

/// The proposal of an external metric with a target per replica: as
/// [`object_by_average`], but it stops at the largest int32 and shows a usage beyond int64 as it is.
pub(super) fn external_by_average(
    usage: MilliValue,
    target: MilliValue,
    tolerance: Tolerance,
    status_replicas: i32,
) -> Proposal {
    let (value, target, replicas) = (
        usage.get() as f64,
        target.get() as f64,
        f64::from(status_replicas),
    );
    let ratio = value / (target * replicas);
    let proposed = if tolerance.contains(ratio) {
        status_replicas
    } else {
        saturating_int32(value / target)
    };
    let shown = if value >= i64::MAX as f64 {
        MilliValue::new(i64::MAX)
    } else {
        per_replica(value, replicas)
    };
    proposal(proposed, ratio, CurrentMetric::AverageValue(shown))
}

/// The sum of the series of an external metric for a target of the value itself. It stops at the
/// largest int64.
pub(super) fn sum(values: &[MilliValue]) -> Result<MilliValue, MetricError> {
    if values.is_empty() {
        return Err(MetricError::NoSamples);
    }
    let mut sum: i64 = 0;
    for value in values {
        if value.get() > 0 && sum > i64::MAX - value.get() {
            return Ok(MilliValue::new(i64::MAX));
        }
        sum = sum.wrapping_add(value.get());
    }
    Ok(MilliValue::new(sum))
}

/// The same for a target per replica. Here the controller takes every negative sum for an overflow.
pub(super) fn sum_per_replica(values: &[MilliValue]) -> Result<MilliValue, MetricError> {
    if values.is_empty() {
        return Err(MetricError::NoSamples);
    }
    let mut sum: i64 = 0;
    for value in values {
        sum = sum.wrapping_add(value.get());
        if sum < 0 {
            return Ok(MilliValue::new(i64::MAX));
        }
    }
    Ok(MilliValue::new(sum))
}

/// Rounded up; the largest int32 for everything above it.
fn saturating_int32(number: f64) -> i32 {
    if number > f64::from(i32::MAX) {
        i32::MAX
    } else {
        int32(number.ceil())
    }
}

fn per_replica(value: f64, replicas: f64) -> MilliValue {
    MilliValue::new((value / replicas).ceil() as i64)
}

fn proposal(replicas: i32, ratio: f64, current: CurrentMetric) -> Proposal {
    Proposal {
        replicas,
        current,
        ratio,
        adjusted_ratio: None,
        pods: None,
    }
}

/// Pods that are running and ready; those that are being deleted count here.
fn ready_pods(pods: &[PodView<'_>]) -> usize {
    pods.iter()
        .filter(|pod| pod.phase == PodPhase::Running && pod.is_ready())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[i64]) -> Vec<MilliValue> {
        values.iter().copied().map(MilliValue::new).collect()
    }

    #[test]
    fn sums_stop_at_the_largest_int64() {
        let sums = |list: &[i64]| {
            let list = values(list);
            (
                sum(&list).unwrap().get(),
                sum_per_replica(&list).unwrap().get(),
            )
        };
        assert_eq!(sums(&[1, 2]), (3, 3));
        assert_eq!(sums(&[i64::MAX, 1, -5]), (i64::MAX, i64::MAX));
        assert_eq!(sums(&[3, -5]), (-2, i64::MAX));
        assert_eq!(sum(&[]), Err(MetricError::NoSamples));
    }

    #[test]
    fn per_replica_the_tolerance_keeps_the_status() {
        let tolerance = Tolerance {
            scale_down: 0.1,
            scale_up: 0.1,
        };
        let replicas = |usage, status| {
            external_by_average(
                MilliValue::new(usage),
                MilliValue::new(10_000),
                tolerance,
                status,
            )
            .replicas
        };
        assert_eq!(replicas(44_000, 4), 4);
        assert_eq!(replicas(44_001, 4), 5);
        assert_eq!(replicas(44_000, 0), 5);
        assert_eq!(replicas(0, 0), 0);
    }
}
