//! What KEDA refuses in a ScaledObject.

use super::{FallbackBehavior, ScaledObjectSpec, ScalingModifiers};
use crate::hpa::MetricTargetType;
use crate::{Problem, keda};

impl ScaledObjectSpec {
    /// Everything that KEDA would refuse, with field paths from `spec` on. Whether a formula can
    /// be read and the metadata of a trigger makes sense is not looked at here.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |path: &str, message: String| problems.push(Problem::new(path, message));
        if self.scale_target_ref.name.is_empty() {
            add("spec.scaleTargetRef.name", "must specify a name".to_owned());
        }
        let seconds = [
            ("spec.pollingInterval", self.polling_interval, 1),
            ("spec.cooldownPeriod", self.cooldown_period, 0),
            (
                "spec.initialCooldownPeriod",
                self.initial_cooldown_period,
                0,
            ),
            ("spec.minReplicaCount", self.min_replica_count, 0),
            ("spec.maxReplicaCount", self.max_replica_count, 1),
            ("spec.idleReplicaCount", self.idle_replica_count, 0),
        ];
        for (path, value, least) in seconds {
            if let Some(value) = value.filter(|&value| value < least) {
                add(
                    path,
                    format!("is {value}: must be greater than or equal to {least}"),
                );
            }
        }
        let (min, max) = (self.min_replica_count(), self.max_replica_count());
        if min > max {
            add(
                "spec.minReplicaCount",
                format!("is {min}: must not be greater than maxReplicaCount ({max})"),
            );
        }
        if let Some(idle) = self.idle_replica_count.filter(|&idle| idle >= min) {
            add(
                "spec.idleReplicaCount",
                format!("is {idle}: must be less than minReplicaCount ({min})"),
            );
        }
        let only_resources = self.triggers.iter().all(keda::ScaleTrigger::is_resource);
        if only_resources && !self.triggers.is_empty() && self.min_replica_count == Some(0) {
            add(
                "spec.minReplicaCount",
                "is 0: scaling to zero requires a trigger other than cpu and memory".to_owned(),
            );
        }
        problems.extend(keda::validate(&self.triggers));
        problems.extend(self.fallback_problems(only_resources));
        if let Some(modifiers) = self.scaling_modifiers() {
            problems.extend(self.modifier_problems(modifiers));
        }
        problems
    }

    fn fallback_problems(&self, only_resources: bool) -> Vec<Problem> {
        let Some(fallback) = &self.fallback else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        let counts = [
            ("failureThreshold", fallback.failure_threshold),
            ("replicas", fallback.replicas),
        ];
        for (field, count) in counts {
            if count < 0 {
                problems.push(Problem::new(
                    format!("spec.fallback.{field}"),
                    format!("is {count}: must be greater than or equal to 0"),
                ));
            }
        }
        if only_resources && !self.triggers.is_empty() {
            problems.push(Problem::new(
                "spec.fallback",
                "is not supported for cpu and memory: needs another trigger",
            ));
        }
        if fallback.behavior == FallbackBehavior::ScalingModifiers
            && self.scaling_modifiers().is_none()
        {
            problems.push(Problem::new(
                "spec.fallback.behavior",
                "is scalingModifiers: needs spec.advanced.scalingModifiers",
            ));
        }
        problems
    }

    fn modifier_problems(&self, modifiers: &ScalingModifiers) -> Vec<Problem> {
        const PATH: &str = "spec.advanced.scalingModifiers";
        let mut problems = Vec::new();
        let mut add =
            |path: String, message: &str| problems.push(Problem::new(path, message.to_owned()));
        if modifiers.formula.is_empty() {
            add(format!("{PATH}.formula"), "must specify a formula");
        }
        let positive = |text: &str| {
            text.parse::<f64>()
                .is_ok_and(|it| it > 0.0 && it.is_finite())
        };
        if !positive(&modifiers.target) {
            add(
                format!("{PATH}.target"),
                "must specify a number greater than 0",
            );
        }
        let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
        if !modifiers.activation_target.is_empty() && !is_number(&modifiers.activation_target) {
            add(format!("{PATH}.activationTarget"), "must be a number");
        }
        if modifiers.metric_type == Some(MetricTargetType::Utilization) {
            add(
                format!("{PATH}.metricType"),
                "is Utilization: expected AverageValue or Value",
            );
        }
        for (index, trigger) in self.triggers.iter().enumerate() {
            if !trigger.is_resource() && trigger.name.as_ref().is_none_or(String::is_empty) {
                add(
                    format!("spec.triggers[{index}].name"),
                    "must specify a name: formulas know triggers by it",
                );
            }
        }
        problems
    }
}
