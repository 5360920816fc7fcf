//! How a ScaledJob turns work into Jobs.

use crate::nullable::or_default;
use serde::{Deserialize, Serialize};

/// `scalingStrategy` of a ScaledJob.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalingStrategy {
    /// Name of the strategy; [`kind`](Self::kind) reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// `custom`: taken off the queue length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_scaling_queue_length_deduction: Option<i32>,
    /// `custom`: share of the running Jobs that is taken off, as text. If it is not a number the
    /// strategy is `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_scaling_running_job_percentage: Option<String>,
    /// Conditions that a pod must have for its Job not to be pending.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub pending_pod_conditions: Vec<String>,
    /// How several triggers are combined; `max` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiple_scalers_calculation: Option<MultipleScalersCalculation>,
}

/// A strategy that KEDA knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StrategyKind {
    /// What fits the queue, less what runs. Any unknown name means this.
    #[default]
    Default,
    /// The same with a deduction and a percentage of the user's.
    Custom,
    /// For queues that count only what nobody has taken yet.
    Accurate,
    /// As many as there may be.
    Eager,
}

impl StrategyKind {
    /// As KEDA calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Custom => "custom",
            Self::Accurate => "accurate",
            Self::Eager => "eager",
        }
    }
}

impl ScalingStrategy {
    /// The strategy by its name. Unknown names mean `default`, as in KEDA.
    pub fn kind(&self) -> StrategyKind {
        match self.strategy.as_deref() {
            Some("custom") => StrategyKind::Custom,
            Some("accurate") => StrategyKind::Accurate,
            Some("eager") => StrategyKind::Eager,
            _ => StrategyKind::Default,
        }
    }
}

/// `multipleScalersCalculation`: how several triggers are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MultipleScalersCalculation {
    /// The longest queue.
    #[default]
    #[serde(alias = "")]
    Max,
    /// The shortest queue.
    Min,
    /// The mean.
    Avg,
    /// The sum.
    Sum,
}

/// `rollout` of a ScaledJob.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rollout {
    /// `default` or `gradual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// How deletion spreads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagation_policy: Option<String>,
}
