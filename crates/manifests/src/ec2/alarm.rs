//! CloudWatch alarms.

use super::Statistic;
use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An alarm that calls step and simple scaling policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricAlarm {
    /// Its name.
    pub alarm_name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_description: Option<String>,
    /// Name of the metric: `CPUUtilization` is that of the instances, `MemoryUtilization` and
    /// `mem_used_percent` their memory, every other one is asked for by name.
    pub metric_name: String,
    /// Namespace. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Dimensions. Not used.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub dimensions: Vec<Value>,
    /// How the samples of a period become one datapoint; `Average` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Statistic>,
    /// Unit. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Length of a datapoint \[s\]: a multiple of 60.
    pub period: u32,
    /// How many datapoints are looked at.
    pub evaluation_periods: u32,
    /// How many of them have to breach; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datapoints_to_alarm: Option<u32>,
    /// What the datapoints are compared with.
    pub threshold: f64,
    /// How.
    pub comparison_operator: ComparisonOperator,
    /// What a period without data counts as; `missing` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treat_missing_data: Option<TreatMissingData>,
    /// What it calls: names or ARNs of scaling policies.
    #[serde(default, deserialize_with = "or_default")]
    pub alarm_actions: Vec<String>,
    /// Whether it calls anything; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_enabled: Option<bool>,
}

impl MetricAlarm {
    /// Whether it calls a policy: by its name, or by an ARN that ends in `policyName/NAME`.
    pub fn calls(&self, policy_name: &str) -> bool {
        self.actions_enabled.unwrap_or(true)
            && self.alarm_actions.iter().any(|action| {
                action == policy_name
                    || action
                        .rsplit_once("policyName/")
                        .is_some_and(|(_, name)| name == policy_name)
            })
    }
}

/// `ComparisonOperator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ComparisonOperator {
    /// `>`
    GreaterThanThreshold,
    /// `>=`
    GreaterThanOrEqualToThreshold,
    /// `<`
    LessThanThreshold,
    /// `<=`
    LessThanOrEqualToThreshold,
}

impl ComparisonOperator {
    /// Whether a datapoint breaches a threshold.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanThreshold => value > threshold,
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    /// Whether large values breach.
    pub fn is_upper(self) -> bool {
        matches!(
            self,
            Self::GreaterThanThreshold | Self::GreaterThanOrEqualToThreshold
        )
    }
}

/// What a period without data counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TreatMissingData {
    /// Nothing: if all periods are without data, the state is `INSUFFICIENT_DATA`.
    #[default]
    Missing,
    /// As if it breached.
    Breaching,
    /// As if it did not.
    NotBreaching,
    /// The state stays as it is where all periods are without data.
    Ignore,
}
