//! What is done to a running system.

use super::{ActionTime, CronSpec, WhenSpec};
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use flashcrowd_workload::ServiceTime;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A change of the system, or several one after the other: one of `at`, `cron`, `when` says when,
/// exactly one of the others (or `steps`) what.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionSpec {
    /// What it is called in reports; `action-1` and so on by default, after its place in the list.
    #[serde(default)]
    pub name: Option<String>,
    /// Once, at this time: from the start of the run (`30m`), or as the clock shows at its start
    /// (`09:14`, `2025-11-28T09:00`).
    #[serde(default)]
    pub at: Option<ActionTime>,
    /// Again and again, by the calendar, as a CronJob: `{ schedule: "0 8 * * *", time_zone: Asia/Kolkata }`.
    #[serde(default)]
    pub cron: Option<CronSpec>,
    /// When a metric crosses a threshold and stays there.
    #[serde(default)]
    pub when: Option<WhenSpec>,
    /// Several changes one after the other, each after its own time. While they go on they are not begun again.
    #[serde(default)]
    pub steps: Option<Vec<ActionStepSpec>>,
    /// The service whose pods are all replaced, as by `kubectl rollout restart`.
    #[serde(default)]
    pub rollout_restart: Option<String>,
    /// The service that goes back to its pod template before the present one, as by `kubectl rollout undo`.
    #[serde(default)]
    pub rollout_undo: Option<String>,
    /// Set the replicas of a service, as by `kubectl scale`.
    #[serde(default)]
    pub scale: Option<ScaleSpec>,
    /// Change what the pods of a service request and may use, as by `kubectl set resources`: the Deployment is
    /// rolled out.
    #[serde(default)]
    pub set_resources: Option<SetResourcesSpec>,
    /// Change the environment of a service's pods, as by `kubectl set env`: the Deployment is rolled out.
    #[serde(default)]
    pub set_env: Option<SetEnvSpec>,
    /// Change the bounds of a service's HorizontalPodAutoscaler, as by `kubectl patch hpa`.
    #[serde(default)]
    pub patch_hpa: Option<PatchHpaSpec>,
    /// Have a node group grow, as by `aws autoscaling set-desired-capacity`.
    #[serde(default)]
    pub set_node_group: Option<SetNodeGroupSpec>,
    /// For this long the metrics API answers nothing.
    #[serde(default)]
    pub metrics_outage: Option<SimDuration>,
}

impl ActionSpec {
    /// What it does itself, as if it were its only step.
    pub(crate) fn own_step(&self) -> ActionStepSpec {
        ActionStepSpec {
            after: None,
            rollout_restart: self.rollout_restart.clone(),
            rollout_undo: self.rollout_undo.clone(),
            scale: self.scale.clone(),
            set_resources: self.set_resources.clone(),
            set_env: self.set_env.clone(),
            patch_hpa: self.patch_hpa.clone(),
            set_node_group: self.set_node_group.clone(),
            metrics_outage: self.metrics_outage,
        }
    }
}

/// One of several changes: what, and how long after the one before it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionStepSpec {
    /// How long after the step before it, or after the beginning, as a time or a distribution: somebody reads the
    /// page, a script runs. 0s by default.
    #[serde(default)]
    pub after: Option<ServiceTime>,
    /// As in an action.
    #[serde(default)]
    pub rollout_restart: Option<String>,
    /// As in an action.
    #[serde(default)]
    pub rollout_undo: Option<String>,
    /// As in an action.
    #[serde(default)]
    pub scale: Option<ScaleSpec>,
    /// As in an action.
    #[serde(default)]
    pub set_resources: Option<SetResourcesSpec>,
    /// As in an action.
    #[serde(default)]
    pub set_env: Option<SetEnvSpec>,
    /// As in an action.
    #[serde(default)]
    pub patch_hpa: Option<PatchHpaSpec>,
    /// As in an action.
    #[serde(default)]
    pub set_node_group: Option<SetNodeGroupSpec>,
    /// As in an action.
    #[serde(default)]
    pub metrics_outage: Option<SimDuration>,
}

/// New replicas of a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleSpec {
    /// Which service.
    pub service: String,
    /// How many pods.
    pub replicas: u32,
}

/// New requests and limits of a service's containers. What is not said stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetResourcesSpec {
    /// Which service.
    pub service: String,
    /// Which container; all of them by default, as `kubectl` has it.
    #[serde(default)]
    pub container: Option<String>,
    /// What is set aside for each container: `{ cpu: 500m, memory: 512Mi }`.
    #[serde(default)]
    pub requests: AmountsSpec,
    /// What each container can use at most; 0 takes a limit away.
    #[serde(default)]
    pub limits: AmountsSpec,
}

/// CPU and memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountsSpec {
    /// CPU, in cores: `500m`.
    #[serde(default)]
    pub cpu: Option<Millicores>,
    /// Memory: `512Mi`.
    #[serde(default)]
    pub memory: Option<Bytes>,
}

/// New environment variables of a service's pods, and what the application makes of them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetEnvSpec {
    /// Which service.
    pub service: String,
    /// The variables. For the simulation they are names: what they do stands under `effect`. Pods are replaced if
    /// one of them, or an effect, is new.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// What an application that starts with them does differently. Nothing by default.
    #[serde(default)]
    pub effect: EnvEffectSpec,
}

/// Settings of a service that applications take from their environment. What is not said stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvEffectSpec {
    /// Cores that the process can use at once (GOMAXPROCS, workers of a cluster).
    #[serde(default)]
    pub threads: Option<u32>,
    /// Requests that the process works on at once (worker threads, WORKER_CONCURRENCY).
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Requests that wait in the process beyond those.
    #[serde(default)]
    pub backlog: Option<u32>,
    /// Memory of the process (heap size, buffers).
    #[serde(default)]
    pub memory: EnvMemorySpec,
}

/// The working set of an application that was configured differently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvMemorySpec {
    /// With nothing to do.
    #[serde(default)]
    pub base: Option<Bytes>,
    /// For every request inside the pod.
    #[serde(default)]
    pub per_request: Option<Bytes>,
}

/// New bounds of a HorizontalPodAutoscaler. What is not said stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchHpaSpec {
    /// Which service.
    pub service: String,
    /// `minReplicas`.
    #[serde(default)]
    pub min_replicas: Option<u32>,
    /// `maxReplicas`.
    #[serde(default)]
    pub max_replicas: Option<u32>,
}

/// A larger node group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetNodeGroupSpec {
    /// Which of `nodes.groups`.
    pub group: String,
    /// How many nodes it is to have: not more than its maximum, not fewer than it has then.
    pub nodes: u32,
}
