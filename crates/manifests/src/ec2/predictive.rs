//! Predictive scaling.

use super::PredefinedMetricSpecification;
use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `PredictiveScalingConfiguration`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PredictiveScalingConfiguration {
    /// What is forecast: exactly one.
    #[serde(deserialize_with = "or_default")]
    pub metric_specifications: Vec<PredictiveMetricSpecification>,
    /// Whether the forecast is used; `ForecastOnly` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<PredictiveMode>,
    /// How long before its hour the capacity is set \[s, 0 to 3600\]; 300 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_buffer_time: Option<u32>,
    /// What happens where the forecast is above the maximum; `HonorMaxCapacity` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_capacity_breach_behavior: Option<MaxCapacityBreachBehavior>,
    /// With `IncreaseMaxCapacity`: how far above the forecast the maximum goes \[%, 0 to 100\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_capacity_buffer: Option<u32>,
}

/// What is forecast.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PredictiveMetricSpecification {
    /// What one instance should carry.
    pub target_value: f64,
    /// A pair of load and scaling metric: `ASGCPUUtilization` or `ALBRequestCount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_metric_pair_specification: Option<PredefinedMetricSpecification>,
    /// A scaling metric alone. Not used: the forecast is divided by the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_scaling_metric_specification: Option<PredefinedMetricSpecification>,
    /// A load metric alone: `ASGTotalCPUUtilization` or `ALBTargetGroupRequestCount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_load_metric_specification: Option<PredefinedMetricSpecification>,
    /// Metric mathematics. Not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_load_metric_specification: Option<Value>,
    /// Metric mathematics. Not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_scaling_metric_specification: Option<Value>,
    /// Metric mathematics. Not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_capacity_metric_specification: Option<Value>,
}

impl PredictiveMetricSpecification {
    /// The name of the metric that is forecast.
    pub fn load_metric(&self) -> Option<&str> {
        let pair = self.predefined_metric_pair_specification.as_ref();
        let load = self.predefined_load_metric_specification.as_ref();
        pair.or(load)
            .map(|metric| metric.predefined_metric_type.as_str())
    }
}

/// `Mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PredictiveMode {
    /// The forecast is only shown.
    #[default]
    ForecastOnly,
    /// The forecast adds instances.
    ForecastAndScale,
}

/// `MaxCapacityBreachBehavior`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MaxCapacityBreachBehavior {
    /// The maximum holds.
    #[default]
    HonorMaxCapacity,
    /// The forecast goes above it.
    IncreaseMaxCapacity,
}
