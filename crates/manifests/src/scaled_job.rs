//! `ScaledJob` (`keda.sh/v1alpha1`): Jobs that KEDA makes.
//!
//! Source: `apis/keda/v1alpha1/scaledjob_types.go` of KEDA 2.20. Unlike a ScaledObject it has no
//! HPA and no cooldown: Jobs end by themselves.

mod job;
mod strategy;

pub use job::{DEFAULT_BACKOFF_LIMIT, JobSpec};
pub use strategy::{MultipleScalersCalculation, Rollout, ScalingStrategy, StrategyKind};

use crate::keda::{DEFAULT_MAX_REPLICA_COUNT, DEFAULT_POLLING_INTERVAL, ScaleTrigger};
use crate::nullable::or_default;
use crate::{ObjectMeta, Problem, keda};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Finished Jobs that are kept, of either outcome.
pub const DEFAULT_HISTORY_LIMIT: i32 = 100;

/// A `ScaledJob`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaledJob {
    /// `keda.sh/v1alpha1`.
    #[serde(default)]
    pub api_version: String,
    /// `ScaledJob`.
    #[serde(default)]
    pub kind: String,
    /// Name, labels, annotations.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: ScaledJobSpec,
    /// What KEDA last reported. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
}

/// `spec` of a [`ScaledJob`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaledJobSpec {
    /// The Job that is made. KEDA counts Jobs, whatever their parallelism.
    #[serde(default, deserialize_with = "or_default")]
    pub job_target_ref: JobSpec,
    /// How often the triggers are polled \[s\]; [`DEFAULT_POLLING_INTERVAL`] if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polling_interval: Option<i32>,
    /// Completed Jobs that are kept; [`DEFAULT_HISTORY_LIMIT`] if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successful_jobs_history_limit: Option<i32>,
    /// Failed Jobs that are kept; [`DEFAULT_HISTORY_LIMIT`] if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_jobs_history_limit: Option<i32>,
    /// What becomes of running Jobs after an edit. Obsolete; `rollout` replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout_strategy: Option<String>,
    /// What becomes of running Jobs after an edit. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The container whose environment scalers read. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env_source_container_name: Option<String>,
    /// Jobs that run even if nothing is to do; 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_replica_count: Option<i32>,
    /// Jobs that run at most. Absent: 100, **whatever** `minReplicaCount` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_replica_count: Option<i32>,
    /// How many Jobs are made for how much work.
    #[serde(default, deserialize_with = "or_default")]
    pub scaling_strategy: ScalingStrategy,
    /// What is looked at.
    pub triggers: Vec<ScaleTrigger>,
}

impl ScaledJobSpec {
    /// How often the triggers are polled \[s\].
    pub fn polling_interval(&self) -> i32 {
        self.polling_interval.unwrap_or(DEFAULT_POLLING_INTERVAL)
    }

    /// Jobs that run even if nothing is to do: never more than `maxReplicaCount`.
    pub fn effective_min(&self) -> i32 {
        match (self.min_replica_count.unwrap_or(0), self.max_replica_count) {
            (min, Some(max)) => min.min(max),
            (min, None) => min,
        }
    }

    /// Jobs that may be added to [`effective_min`](Self::effective_min): the difference of
    /// maximum and minimum, but the maximum itself where the minimum is above it, and 100 where
    /// no maximum is given.
    pub fn scaling_range(&self) -> i32 {
        let min = self.min_replica_count.unwrap_or(0);
        match self.max_replica_count {
            None => DEFAULT_MAX_REPLICA_COUNT,
            Some(max) if min > max => max,
            Some(max) => max - min,
        }
    }

    /// Everything that KEDA would refuse, with field paths from `spec` on.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let counts = [
            ("spec.pollingInterval", self.polling_interval, 1),
            ("spec.minReplicaCount", self.min_replica_count, 0),
            ("spec.maxReplicaCount", self.max_replica_count, 0),
            (
                "spec.successfulJobsHistoryLimit",
                self.successful_jobs_history_limit,
                0,
            ),
            (
                "spec.failedJobsHistoryLimit",
                self.failed_jobs_history_limit,
                0,
            ),
        ];
        for (path, value, least) in counts {
            if let Some(value) = value.filter(|&value| value < least) {
                problems.push(Problem::new(
                    path,
                    format!("is {value}: must be greater than or equal to {least}"),
                ));
            }
        }
        problems.extend(self.job_target_ref.validate());
        problems.extend(keda::validate(&self.triggers));
        for (index, trigger) in self.triggers.iter().enumerate() {
            if trigger.metric_type.is_some() {
                problems.push(Problem::new(
                    format!("spec.triggers[{index}].metricType"),
                    "cannot be set in the triggers of a ScaledJob",
                ));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests;
