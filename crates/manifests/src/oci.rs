//! Autoscaling configurations of Oracle Cloud Infrastructure instance pools.
//!
//! The types mirror the JSON of `oci autoscaling configuration create` (`--from-json`, and the
//! list of `--policies`). [`AutoScalingConfiguration::validate`] refuses what the service refuses,
//! [`AutoScalingConfiguration::lint`] names what it accepts although it is hardly what was meant.
//! Source: the reference of the Autoscaling API (`CreateAutoScalingConfigurationDetails` and what
//! it holds) and "Autoscaling" in the Compute documentation.

mod custom_query;
mod validate;

pub use custom_query::CustomQuery;

use crate::IsoDuration;
use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The shortest cooldown, which is also the default \[s\].
pub const MIN_COOL_DOWN_SECONDS: u32 = 300;
/// The shortest time that a rule has to hold, which is also the default.
pub const MIN_PENDING_DURATION: IsoDuration = IsoDuration::from_mins(3);
/// The longest time that a rule may have to hold.
pub const MAX_PENDING_DURATION: IsoDuration = IsoDuration::from_mins(60);

/// A configuration: one threshold policy, or up to 50 scheduled ones.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoScalingConfiguration {
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Compartment. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compartment_id: Option<String>,
    /// The instance pool. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Value>,
    /// How long nothing happens once the pool is running again \[s, at least 300\]; 300 if absent.
    /// Scheduled policies ignore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cool_down_in_seconds: Option<u32>,
    /// Whether it does anything; true if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<bool>,
    /// The policies.
    #[serde(deserialize_with = "or_default")]
    pub policies: Vec<AutoScalingPolicy>,
    /// Tags. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<Value>,
    /// Tags. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<Value>,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoScalingPolicy {
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What kind of policy; see [`policy_type`](Self::policy_type) where it is absent.
    #[serde(rename = "policyType", skip_serializing_if = "Option::is_none")]
    pub written_type: Option<PolicyType>,
    /// Bounds and initial size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Whether it does anything; true if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<bool>,
    /// Rules of a threshold policy.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// When a scheduled policy acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_schedule: Option<ExecutionSchedule>,
    /// Stop, start or reset of the instances, in place of a capacity. Not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_action: Option<Value>,
}

impl AutoScalingPolicy {
    /// What kind of policy it is: what it says, else what its parts show.
    pub fn policy_type(&self) -> PolicyType {
        let shown = if self.execution_schedule.is_some() {
            PolicyType::Scheduled
        } else {
            PolicyType::Threshold
        };
        self.written_type.unwrap_or(shown)
    }

    /// Whether it does anything.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled.unwrap_or(true)
    }
}

/// `policyType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyType {
    /// By metrics.
    Threshold,
    /// By the clock.
    Scheduled,
}

/// How many instances \[instances\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Capacity {
    /// The fewest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// The size that is set when the policy takes effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial: Option<u32>,
}

/// One rule of a threshold policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Given by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it does.
    pub action: Action,
    /// When it does it.
    pub metric: Metric,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// `CHANGE_COUNT_BY`.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// Instances to add; negative to remove.
    pub value: i32,
}

/// `type` of an [`Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActionType {
    /// Adds a number, which may be negative.
    ChangeCountBy,
}

/// When a rule acts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metric {
    /// Where the metric comes from; `COMPUTE_AGENT` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_source: Option<MetricSource>,
    /// The metric of the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<MetricType>,
    /// What it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// How long it has to hold \[`PT3M` to `PT1H`\]; three minutes if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_duration: Option<IsoDuration>,
    /// A query of the Monitoring service that ends in a comparison, see [`CustomQuery`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Namespace of the query. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Compartment of the query. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_compartment_id: Option<String>,
    /// Resource group of the query. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
}

impl Metric {
    /// How long it has to hold.
    pub fn pending_duration(&self) -> IsoDuration {
        self.pending_duration.unwrap_or(MIN_PENDING_DURATION)
    }
}

/// `metricSource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MetricSource {
    /// The agent on the instances.
    ComputeAgent,
    /// A query.
    CustomQuery,
}

/// `metricType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MetricType {
    /// CPU \[%\].
    CpuUtilization,
    /// Memory \[%\]. Needs the monitoring plug-in of the agent.
    MemoryUtilization,
}

/// What a metric is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// How.
    pub operator: Operator,
    /// The value \[%\].
    pub value: f64,
}

impl Threshold {
    /// Whether a value breaches it.
    pub fn holds(self, metric: f64) -> bool {
        match self.operator {
            Operator::Gt => metric > self.value,
            Operator::Gte => metric >= self.value,
            Operator::Lt => metric < self.value,
            Operator::Lte => metric <= self.value,
        }
    }
}

/// `operator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operator {
    /// Above.
    Gt,
    /// At or above.
    Gte,
    /// Below.
    Lt,
    /// At or below.
    Lte,
}

/// When a scheduled policy acts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecutionSchedule {
    /// `cron`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub schedule_type: Option<String>,
    /// A Quartz expression whose seconds are 0.
    pub expression: String,
    /// `UTC`.
    pub timezone: String,
}

#[cfg(test)]
mod tests;
