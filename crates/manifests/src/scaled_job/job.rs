//! The Job that a ScaledJob makes (`JobSpec` of `batch/v1`).

use crate::nullable::or_default;
use crate::{PodTemplateSpec, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Failures of pods that a Job puts up with where nothing else is said.
pub const DEFAULT_BACKOFF_LIMIT: i32 = 6;

/// `spec` of a Job.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// Pods that run at once at most; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<i32>,
    /// Pods that have to succeed. Absent: 1 where `parallelism` is absent too, else one success ends
    /// the Job, and no pod is started after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completions: Option<i32>,
    /// How long the Job may last, from its creation \[s\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_deadline_seconds: Option<i64>,
    /// Failures of pods that it puts up with; [`DEFAULT_BACKOFF_LIMIT`] if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_limit: Option<i32>,
    /// What the pods look like.
    #[serde(deserialize_with = "or_default")]
    pub template: PodTemplateSpec,
    /// `NonIndexed` (the default) or `Indexed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_mode: Option<String>,
    /// How long the Job is kept after its end \[s\]. Not used: KEDA's history limits delete Jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_seconds_after_finished: Option<i32>,
    /// Failures for each index. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_limit_per_index: Option<i32>,
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failed_indexes: Option<i32>,
    /// Which failures count. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_failure_policy: Option<Value>,
    /// Which successes suffice. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_policy: Option<Value>,
    /// When a pod is replaced that is on its way out: `TerminatingOrFailed` (the default) or
    /// `Failed`. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_replacement_policy: Option<String>,
    /// Made by the API server. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Value>,
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual_selector: Option<bool>,
    /// Whether no pods are made for now. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// Who looks after the Job instead of the Job controller. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
}

impl JobSpec {
    /// Pods that run at once at most.
    pub fn effective_parallelism(&self) -> i32 {
        self.parallelism.unwrap_or(1)
    }

    /// Pods that have to succeed. `None`: one success ends the Job (`SetDefaults_Job` in
    /// `pkg/apis/batch/v1/defaults.go`).
    pub fn effective_completions(&self) -> Option<i32> {
        match (self.parallelism, self.completions) {
            (None, None) => Some(1),
            (_, completions) => completions,
        }
    }

    /// Whether a container that fails is started again in its pod, instead of the pod by another.
    pub fn restarts_containers(&self) -> bool {
        self.template.spec.restart_policy.as_deref() == Some("OnFailure")
    }

    /// Everything that the API server would refuse, with field paths from `spec` of the ScaledJob on.
    pub(super) fn validate(&self) -> Vec<Problem> {
        let base = "spec.jobTargetRef";
        let mut problems = Vec::new();
        let counts = [
            ("parallelism", self.parallelism.map(i64::from), 0),
            ("completions", self.completions.map(i64::from), 0),
            ("backoffLimit", self.backoff_limit.map(i64::from), 0),
            ("activeDeadlineSeconds", self.active_deadline_seconds, 1),
        ];
        for (field, value, least) in counts {
            if let Some(value) = value.filter(|&value| value < least) {
                problems.push(Problem::new(
                    format!("{base}.{field}"),
                    format!("is {value}: must be greater than or equal to {least}"),
                ));
            }
        }
        let pod = &self.template.spec;
        let path = format!("{base}.template.spec");
        let problem = match pod.restart_policy.as_deref() {
            Some("OnFailure" | "Never") => return problems,
            // Without containers nobody has described the pods.
            None if pod.containers.is_empty() => return problems,
            None => Problem::new(
                path,
                "has no restartPolicy: that of a Job must be OnFailure or Never",
            ),
            Some(other) => Problem::new(
                format!("{path}.restartPolicy"),
                format!("is {other}: that of a Job must be OnFailure or Never"),
            ),
        };
        problems.push(problem);
        problems
    }
}
