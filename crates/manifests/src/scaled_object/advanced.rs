//! `advanced` of a ScaledObject.

use crate::hpa::{Behavior, MetricTargetType};
use serde::{Deserialize, Serialize};

/// Less common settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Advanced {
    /// Settings of the HPA that KEDA makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_pod_autoscaler_config: Option<HorizontalPodAutoscalerConfig>,
    /// Whether the workload gets its old number of replicas back when the ScaledObject is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_to_original_replica_count: Option<bool>,
    /// One metric out of all triggers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_modifiers: Option<ScalingModifiers>,
}

/// Settings of the HPA that KEDA makes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscalerConfig {
    /// How fast it may change the number of replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<Behavior>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One metric out of all triggers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalingModifiers {
    /// An expression over the names of the triggers (expr-lang).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub formula: String,
    /// How much of the result is wanted: a number above 0, as text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// The object is active if the result is **above** it; 0 if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub activation_target: String,
    /// How the target is meant; `AverageValue` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<MetricTargetType>,
}
