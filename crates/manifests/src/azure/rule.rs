//! Rules of a profile.

use super::number;
use crate::IsoDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A trigger and what it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleRule {
    /// When.
    pub metric_trigger: MetricTrigger,
    /// What.
    pub scale_action: ScaleAction,
}

/// When a rule acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricTrigger {
    /// `Percentage CPU` and `CpuPercentage` are the CPU of the instances, `Percentage Memory` and
    /// `MemoryPercentage` their memory; every other metric is asked for by name.
    pub metric_name: String,
    /// Namespace. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_namespace: Option<String>,
    /// The resource that has the metric. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_resource_uri: Option<String>,
    /// Region of that resource. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_resource_location: Option<String>,
    /// Dimensions. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Value>,
    /// Length of a grain, in whole minutes.
    pub time_grain: IsoDuration,
    /// How the samples of a grain, over its time and the instances, become one value.
    pub statistic: MetricStatistic,
    /// How far back the rule looks: 5 minutes to 12 hours.
    pub time_window: IsoDuration,
    /// How the grains of the window become one value.
    pub time_aggregation: TimeAggregation,
    /// How it is compared.
    pub operator: TriggerOperator,
    /// With what.
    pub threshold: f64,
    /// Whether the value is divided by the number of instances.
    #[serde(default)]
    pub divide_per_instance: bool,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleAction {
    /// Which way.
    pub direction: ScaleDirection,
    /// What `value` means.
    #[serde(rename = "type")]
    pub scale_type: ScaleType,
    /// By how much; written as text in the API.
    #[serde(with = "number", default = "one")]
    pub value: u32,
    /// How long nothing happens afterwards, in either direction: 1 minute to 1 week.
    pub cooldown: IsoDuration,
}

fn one() -> u32 {
    1
}

/// `direction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScaleDirection {
    /// More instances.
    Increase,
    /// Fewer instances.
    Decrease,
}

/// `type` of a [`ScaleAction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScaleType {
    /// A number of instances.
    ChangeCount,
    /// A percentage of the instances.
    PercentChangeCount,
    /// This many instances.
    ExactCount,
}

/// `statistic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetricStatistic {
    /// Mean.
    Average,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Sum.
    Sum,
    /// How many there are.
    Count,
}

/// `timeAggregation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeAggregation {
    /// Mean.
    Average,
    /// Smallest.
    Minimum,
    /// Largest.
    Maximum,
    /// Sum.
    Total,
    /// How many there are.
    Count,
    /// The newest.
    Last,
}

/// `operator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TriggerOperator {
    /// `==`
    Equals,
    /// `!=`
    NotEquals,
    /// `>`
    GreaterThan,
    /// `>=`
    GreaterThanOrEqual,
    /// `<`
    LessThan,
    /// `<=`
    LessThanOrEqual,
}

impl TriggerOperator {
    /// Whether a value triggers.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Equals => value == threshold,
            Self::NotEquals => value != threshold,
            Self::GreaterThan => value > threshold,
            Self::GreaterThanOrEqual => value >= threshold,
            Self::LessThan => value < threshold,
            Self::LessThanOrEqual => value <= threshold,
        }
    }
}
