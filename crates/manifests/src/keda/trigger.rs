//! One trigger.

use crate::Problem;
use crate::hpa::MetricTargetType;
use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing that a ScaledObject or ScaledJob looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleTrigger {
    /// Name of the scaler: `redis`, `cron`, `kafka`, `cpu` and so on.
    #[serde(rename = "type")]
    pub trigger_type: String,
    /// A name for formulas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the HPA gets the value of the last poll instead of a fresh one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_cached_metrics: Option<bool>,
    /// Parameters of the scaler. All of them are text, numbers too.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
    /// Where secrets come from. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_ref: Option<AuthenticationRef>,
    /// How the target is meant; `AverageValue` if absent, `Utilization` for cpu and memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<MetricTargetType>,
}

impl ScaleTrigger {
    /// Whether it is a resource metric of the HPA, which KEDA itself never looks at.
    pub fn is_resource(&self) -> bool {
        matches!(self.trigger_type.as_str(), "cpu" | "memory")
    }
}

/// A `TriggerAuthentication` by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthenticationRef {
    /// Its name.
    pub name: String,
    /// `TriggerAuthentication` or `ClusterTriggerAuthentication`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What KEDA refuses in a list of triggers (`ValidateTriggers`).
pub(crate) fn validate(triggers: &[ScaleTrigger]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if triggers.is_empty() {
        problems.push(Problem::new(
            "spec.triggers",
            "no triggers defined: must specify at least one",
        ));
    }
    for (index, trigger) in triggers.iter().enumerate() {
        let path = format!("spec.triggers[{index}]");
        if trigger.trigger_type.is_empty() {
            problems.push(Problem::new(
                format!("{path}.type"),
                "must specify the scaler",
            ));
        }
        if trigger.is_resource() && trigger.use_cached_metrics == Some(true) {
            problems.push(Problem::new(
                format!("{path}.useCachedMetrics"),
                format!(
                    "property \"useCachedMetrics\" is not supported for {:?} scaler",
                    trigger.trigger_type
                ),
            ));
        }
        match trigger.metric_type {
            Some(MetricTargetType::Utilization) if !trigger.is_resource() => {
                problems.push(Problem::new(
                    format!("{path}.metricType"),
                    "is Utilization: only allowed for cpu and memory, expected AverageValue or Value",
                ));
            }
            Some(MetricTargetType::Value) if trigger.is_resource() => {
                problems.push(Problem::new(
                    format!("{path}.metricType"),
                    "is Value: expected Utilization or AverageValue for cpu and memory",
                ));
            }
            _ => {}
        }
        let first = triggers[..index]
            .iter()
            .position(|earlier| earlier.name.is_some() && earlier.name == trigger.name);
        if let (Some(first), Some(name)) = (first, &trigger.name) {
            problems.push(Problem::new(
                format!("{path}.name"),
                format!("is `{name}`, as that of spec.triggers[{first}]: must be unique"),
            ));
        }
    }
    problems
}
