//! What stands in for a trigger that keeps failing (`pkg/fallback`).

use super::config::{External, ObjectConfig};
use super::copies::{Copies, User};
use super::fetch::{Fetch, Outcome};
use super::status::{Condition, Health};
use super::steps::TriggerStep;
use crate::MilliValue;
use flashcrowd_manifests::scaled_object::{Fallback, FallbackBehavior};

/// What fallback may know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    /// `spec.replicas` of the workload; `None` if reading it failed.
    pub(super) replicas: Option<i32>,
    /// Pods that are running and ready.
    pub(super) ready_pods: u32,
}

/// One trigger that was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) trigger: usize,
    pub(super) external: External,
    pub(super) fetch: Fetch,
    /// Whether the answer is that of an earlier poll.
    pub(super) cached: bool,
}

/// Counts a success or failure of a trigger and says what it counts as.
pub(super) fn judge(
    config: &ObjectConfig,
    copies: &mut Copies,
    user: User,
    asked: Asked,
    surroundings: Surroundings,
) -> TriggerStep {
    let Asked {
        trigger,
        external,
        fetch,
        cached,
    } = asked;
    let reading = fetch.reading();
    let mut step = TriggerStep {
        trigger,
        fetch,
        cached,
        failures: None,
        fallback_replicas: None,
        outcome: reading.map_or(Outcome::Error, Outcome::Value),
    };
    let Some(fallback) = config.valid_fallback() else {
        return step;
    };
    let failures = count(copies, user, trigger, reading.is_none(), fallback);
    step.failures = Some(failures);
    let threshold = i64::from(fallback.failure_threshold);
    if reading.is_some() || i64::from(failures) <= threshold {
        return step;
    }
    let (outcome, replicas) = substitute(config, fallback, external, surroundings);
    step.outcome = outcome;
    step.fallback_replicas = replicas;
    step
}

/// One success or failure more. The condition Fallback follows at once. Gives the new number.
fn count(copies: &mut Copies, user: User, trigger: usize, failed: bool, fallback: Fallback) -> u32 {
    let mut failures = 0;
    copies.change(user, |copy| {
        let health = copy.health.entry(trigger).or_insert(Health {
            failures: 0,
            failing: false,
        });
        health.failures = if failed {
            health.failures.saturating_add(1)
        } else {
            0
        };
        health.failing = failed;
        failures = health.failures;
        let falls_back = |health: &Health| {
            health.failing && i64::from(health.failures) > i64::from(fallback.failure_threshold)
        };
        copy.conditions.fallback = if copy.health.values().any(falls_back) {
            Condition::holds("FallbackExists")
        } else {
            Condition::fails("NoFallbackFound")
        };
    });
    failures
}

/// What a failing trigger counts as, and the replicas it asks for.
fn substitute(
    config: &ObjectConfig,
    fallback: Fallback,
    external: External,
    surroundings: Surroundings,
) -> (Outcome, Option<f64>) {
    let Some(replicas) = replicas(fallback, surroundings.replicas) else {
        return (Outcome::Error, None);
    };
    if fallback.behavior == FallbackBehavior::ScalingModifiers && config.modifiers.is_some() {
        return (Outcome::Nil, None);
    }
    let (target, is_plain_value) = match &config.modifiers {
        Some(modifiers) => (
            modifiers.whole_target().unwrap_or(0) as f64,
            modifiers.is_plain_value,
        ),
        None => (approximate(external.target), external.is_plain_value),
    };
    let mut replicas = f64::from(replicas);
    if is_plain_value {
        if surroundings.ready_pods == 0 {
            return (Outcome::Error, None);
        }
        replicas /= f64::from(surroundings.ready_pods);
    }
    let value = MilliValue::new((target * 1000.0 * replicas) as i64);
    (Outcome::Fallback(value), Some(replicas))
}

/// The number of replicas that the behavior asks for; `None` if it needs one that is not known.
fn replicas(fallback: Fallback, current: Option<i32>) -> Option<i32> {
    if fallback.behavior == FallbackBehavior::Static {
        return Some(fallback.replicas);
    }
    let current = current?;
    Some(match fallback.behavior {
        FallbackBehavior::CurrentReplicas => current,
        FallbackBehavior::CurrentReplicasIfHigher => current.max(fallback.replicas),
        FallbackBehavior::CurrentReplicasIfLower => current.min(fallback.replicas),
        FallbackBehavior::Static | FallbackBehavior::Unset | FallbackBehavior::ScalingModifiers => {
            fallback.replicas
        }
    })
}

/// A quantity of thousandths as KEDA turns it into a float64 (`AsApproximateFloat64`): multiplied
/// by 0.001, which is not the same as divided by 1000.
pub(super) fn approximate(value: MilliValue) -> f64 {
    value.get() as f64 * 0.001
}
