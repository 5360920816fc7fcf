//! How fast the number may change, together with its bounds.
//!
//! Source: `convertDesiredReplicasWithRules` (no `behavior`) and
//! `convertDesiredReplicasWithBehaviorRate`.

use super::ScalingLimited;
use super::history::History;
use super::model::{Directions, Rules, counts_pods, period};
use super::proposal::int32;
use crate::TimePoint;
use flashcrowd_manifests::hpa::SelectPolicy;

/// Bounds of the number of replicas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) min: i32,
    pub(super) max: i32,
}

/// Without `behavior`: at most twice the replicas, or four, at each sync. There is no limit on the
/// way down.
pub(super) fn by_doubling(current: i32, desired: i32, bounds: Bounds) -> (i32, ScalingLimited) {
    let doubled = current.saturating_mul(2).max(4);
    let (highest, reason) = upper(bounds.max, doubled);
    if desired < bounds.min {
        (bounds.min, ScalingLimited::TooFewReplicas)
    } else if desired > highest {
        (highest, reason)
    } else {
        (desired, ScalingLimited::DesiredWithinRange)
    }
}

/// With `behavior`: what the policies of the direction allow. A number that stays as it is, is not
/// even held to the bounds.
pub(super) fn by_policies(
    current: i32,
    desired: i32,
    bounds: Bounds,
    rules: &Directions,
    history: &History,
    now: TimePoint,
) -> (i32, ScalingLimited) {
    if desired > current {
        let limit = scale_up_limit(current, &rules.up, history, now).max(current);
        let (highest, reason) = upper(bounds.max, limit);
        if desired > highest {
            return (highest, reason);
        }
    } else if desired < current {
        let limit = scale_down_limit(current, &rules.down, history, now).min(current);
        let (lowest, reason) = if bounds.min < limit {
            (limit, ScalingLimited::ScaleDownLimit)
        } else {
            (bounds.min, ScalingLimited::TooFewReplicas)
        };
        if desired < lowest {
            return (lowest, reason);
        }
    }
    (desired, ScalingLimited::DesiredWithinRange)
}

/// The lower of maximum and rate limit, and which of them it is.
fn upper(max: i32, limit: i32) -> (i32, ScalingLimited) {
    if max > limit {
        (limit, ScalingLimited::ScaleUpLimit)
    } else {
        (max, ScalingLimited::TooManyReplicas)
    }
}

fn scale_up_limit(current: i32, rules: &Rules, history: &History, now: TimePoint) -> i32 {
    let limits = rules.policies.iter().map(|policy| {
        let start = period_start(current, history, now, period(policy));
        if counts_pods(policy) {
            start.wrapping_add(policy.value)
        } else {
            int32((f64::from(start) * (1.0 + f64::from(policy.value) / 100.0)).ceil())
        }
    });
    match rules.select {
        SelectPolicy::Max => limits.fold(i32::MIN, i32::max),
        SelectPolicy::Min => limits.fold(i32::MAX, i32::min),
        SelectPolicy::Disabled => current,
    }
}

fn scale_down_limit(current: i32, rules: &Rules, history: &History, now: TimePoint) -> i32 {
    let limits = rules.policies.iter().map(|policy| {
        let start = period_start(current, history, now, period(policy));
        if counts_pods(policy) {
            start.wrapping_sub(policy.value)
        } else {
            // The conversion cuts the fraction off.
            int32(f64::from(start) * (1.0 - f64::from(policy.value) / 100.0))
        }
    });
    match rules.select {
        // The largest change is the smallest number.
        SelectPolicy::Max => limits.fold(i32::MAX, i32::min),
        SelectPolicy::Min => limits.fold(i32::MIN, i32::max),
        SelectPolicy::Disabled => current,
    }
}

/// The number at the beginning of the period, had nobody else changed it.
fn period_start(
    current: i32,
    history: &History,
    now: TimePoint,
    period: flashcrowd_units::SimDuration,
) -> i32 {
    let added = history.added.change_since(now, period);
    let removed = history.removed.change_since(now, period);
    current.wrapping_sub(added).wrapping_add(removed)
}
