//! Autoscalers of Google Cloud managed instance groups (`compute.v1.Autoscaler`).
//!
//! The types mirror the JSON of the resource. [`AutoscalingPolicy::validate`] refuses what the
//! service refuses, [`AutoscalingPolicy::lint`] names what is not simulated.
//! Source: the reference of `autoscalers` in the Compute Engine API and "Autoscaling groups of
//! instances".

mod schedule;
mod validate;

pub use schedule::ScalingSchedule;

use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How an instance group is scaled: `autoscalingPolicy` of an autoscaler.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoscalingPolicy {
    /// The fewest instances; 2 if absent, as the console fills in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_num_replicas: Option<u32>,
    /// The most instances.
    pub max_num_replicas: u32,
    /// Initialization period \[s\]; 60 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cool_down_period_sec: Option<u32>,
    /// How long the highest recommendation is remembered \[s\]; 600 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stabilization_period_sec: Option<u32>,
    /// CPU of the instances. Used at its default if there is no signal at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_utilization: Option<CpuUtilization>,
    /// Serving capacity of the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancing_utilization: Option<LoadBalancingUtilization>,
    /// Metrics of Cloud Monitoring.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub custom_metric_utilizations: Vec<CustomMetricUtilization>,
    /// What it may do; `ON` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How fast it may remove instances; without limit if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_in_control: Option<ScaleInControl>,
    /// Minimums by the clock, by name.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub scaling_schedules: BTreeMap<String, ScalingSchedule>,
}

/// CPU of the instances.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CpuUtilization {
    /// What it should be \[0 to 1\]; 0.6 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization_target: Option<f64>,
    /// `NONE` or `OPTIMIZE_AVAILABILITY`, which is not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictive_method: Option<String>,
}

/// Serving capacity of the load balancer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancingUtilization {
    /// What it should be \[0 to 1\]; 0.8 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization_target: Option<f64>,
}

/// A metric of Cloud Monitoring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomMetricUtilization {
    /// Name of the metric.
    pub metric: String,
    /// Which series. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// What it should be in each instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilization_target: Option<f64>,
    /// How the metric is read. Not used: the metric is taken in the unit of its target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilization_target_type: Option<String>,
    /// For a metric of the whole group: how much of it one instance takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_instance_assignment: Option<f64>,
}

/// `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Everything.
    #[default]
    On,
    /// Nothing.
    Off,
    /// Only add instances.
    #[serde(alias = "ONLY_UP")]
    OnlyScaleOut,
}

/// How fast instances may be removed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScaleInControl {
    /// How many below the peak of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_scaled_in_replicas: Option<FixedOrPercent>,
    /// The window \[s, 60 to 3600\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_window_sec: Option<u32>,
}

/// A number or a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FixedOrPercent {
    /// A number \[instances\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<u32>,
    /// A percentage \[0 to 100\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// Given by the service. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calculated: Option<u32>,
}

impl FixedOrPercent {
    /// How many that is of a number, a percentage rounded up.
    pub fn of(self, replicas: u32) -> u32 {
        match (self.fixed, self.percent) {
            (Some(fixed), _) => fixed,
            (None, Some(percent)) => {
                let share = (u64::from(replicas) * u64::from(percent)).div_ceil(100);
                u32::try_from(share).unwrap_or(u32::MAX)
            }
            (None, None) => replicas,
        }
    }
}

/// An autoscaler, which names the group and holds the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Autoscaler {
    /// `compute#autoscaler`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The instance group. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Zone. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Region. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What is wanted.
    pub autoscaling_policy: AutoscalingPolicy,
    /// What the service last reported. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
}

#[cfg(test)]
mod tests;
