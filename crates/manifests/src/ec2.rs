//! Amazon EC2 Auto Scaling: groups, scaling policies, alarms, scheduled actions and warm pools.
//!
//! The types mirror the JSON that the AWS command line takes (`--cli-input-json`):
//! `autoscaling create-auto-scaling-group`, `put-scaling-policy`, `put-warm-pool` and
//! `put-scheduled-update-group-action`, `cloudwatch put-metric-alarm`.
//! [`AutoScalingGroup::validate`] and its siblings refuse what the service refuses.
//! Source: the API references of Amazon EC2 Auto Scaling (2011-01-01) and CloudWatch.

mod alarm;
mod group;
mod predictive;
mod validate;

pub use alarm::{ComparisonOperator, MetricAlarm, TreatMissingData};
pub use group::{AutoScalingGroup, PoolState, ScheduledAction, WarmPool};
pub use predictive::{
    MaxCapacityBreachBehavior, PredictiveMetricSpecification, PredictiveMode,
    PredictiveScalingConfiguration,
};

use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A scaling policy: the type says which of the fields count.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScalingPolicy {
    /// The group. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_scaling_group_name: Option<String>,
    /// Its name; alarms refer to it.
    pub policy_name: String,
    /// What kind of policy; `SimpleScaling` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_type: Option<PolicyType>,
    /// Step and simple scaling: what an adjustment means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjustment_type: Option<AdjustmentType>,
    /// Step and simple scaling by percent: the smallest change \[instances\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_adjustment_magnitude: Option<u32>,
    /// Simple scaling: the adjustment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_adjustment: Option<i32>,
    /// Simple scaling: the cooldown \[s\]; that of the group if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<u32>,
    /// Step scaling: how the datapoints are aggregated. The alarm's statistic is used instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_aggregation_type: Option<String>,
    /// Step scaling: the steps.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub step_adjustments: Vec<StepAdjustment>,
    /// How long a new instance does not count \[s\]; that of the group if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_instance_warmup: Option<u32>,
    /// Target tracking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_tracking_configuration: Option<TargetTrackingConfiguration>,
    /// Whether it does anything; true if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Predictive scaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictive_scaling_configuration: Option<PredictiveScalingConfiguration>,
}

/// `PolicyType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyType {
    /// Keeps a metric at a target.
    TargetTrackingScaling,
    /// The further a metric is from its threshold, the larger the step.
    StepScaling,
    /// One adjustment, then a cooldown.
    SimpleScaling,
    /// By a forecast.
    PredictiveScaling,
}

/// `AdjustmentType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdjustmentType {
    /// Adds a number.
    ChangeInCapacity,
    /// Sets a number.
    ExactCapacity,
    /// Adds a percentage.
    PercentChangeInCapacity,
}

/// One step, with bounds as distances from the alarm's threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StepAdjustment {
    /// Lower bound; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_interval_lower_bound: Option<f64>,
    /// Upper bound; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_interval_upper_bound: Option<f64>,
    /// The adjustment.
    pub scaling_adjustment: i32,
}

/// `TargetTrackingConfiguration`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TargetTrackingConfiguration {
    /// One of the metrics that the service knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_metric_specification: Option<PredefinedMetricSpecification>,
    /// Any other metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_metric_specification: Option<CustomizedMetricSpecification>,
    /// What the metric should be.
    pub target_value: f64,
    /// Whether the policy only ever adds instances.
    pub disable_scale_in: bool,
}

/// One of the metrics that the service knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PredefinedMetricSpecification {
    /// `ASGAverageCPUUtilization`, `ALBRequestCountPerTarget`, `ASGAverageNetworkIn` or
    /// `ASGAverageNetworkOut`.
    pub predefined_metric_type: String,
    /// Which load balancer. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_label: Option<String>,
}

/// Any other metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CustomizedMetricSpecification {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Namespace. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Dimensions. Not used.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Value>,
    /// Statistic; `Average` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Statistic>,
    /// Unit. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Period \[s\]; 60 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// Metric mathematics. Not simulated.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Value>,
}

/// How the samples of a period become one datapoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Statistic {
    /// Their mean.
    #[default]
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// Their sum.
    Sum,
    /// How many there are.
    SampleCount,
}

#[cfg(test)]
mod tests;
