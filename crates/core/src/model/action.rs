//! Changes to a running system.

use super::ServiceId;
use flashcrowd_units::{Bytes, Millicores, SimDuration, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A change at a given time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimedAction {
    /// When.
    pub at: SimTime,
    /// What.
    pub action: Action,
}

/// What can be done to a running system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Roll the Deployment: every pod is replaced (`kubectl rollout restart`).
    RolloutRestart(ServiceId),
    /// Roll the Deployment back to the template before the present one (`kubectl rollout undo`).
    RolloutUndo(ServiceId),
    /// `kubectl scale`.
    Scale(ServiceId, u32),
    /// Change what new pods request and may use, and roll the Deployment (`kubectl set resources`).
    SetResources(ServiceId, ResourceChange),
    /// Change the environment of new pods, and roll the Deployment (`kubectl set env`).
    SetEnv(ServiceId, EnvChange),
    /// Change the bounds of the service's `HorizontalPodAutoscaler` (`kubectl patch hpa`).
    PatchHpa(ServiceId, HpaPatch),
    /// Have a node group grow to so many nodes (`aws autoscaling set-desired-capacity`): index in
    /// [`Nodes::groups`](super::Nodes::groups). What is above its maximum or below its present
    /// size is refused.
    SetNodeGroup(usize, u32),
    /// The metrics API answers nothing for this long.
    MetricsOutage(SimDuration),
}

impl Action {
    /// The service that it is done to; `None` where it concerns the whole cluster.
    pub const fn service(&self) -> Option<ServiceId> {
        match *self {
            Self::RolloutRestart(service)
            | Self::RolloutUndo(service)
            | Self::Scale(service, _)
            | Self::SetResources(service, _)
            | Self::SetEnv(service, _)
            | Self::PatchHpa(service, _) => Some(service),
            Self::SetNodeGroup(..) | Self::MetricsOutage(_) => None,
        }
    }
}

impl fmt::Display for Action {
    /// As somebody would type it, without the name of the service.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RolloutRestart(_) => f.write_str("kubectl rollout restart"),
            Self::RolloutUndo(_) => f.write_str("kubectl rollout undo"),
            Self::Scale(_, replicas) => write!(f, "kubectl scale --replicas={replicas}"),
            Self::SetResources(_, change) => write!(f, "kubectl set resources{change}"),
            Self::SetEnv(_, change) => write!(f, "kubectl set env{change}"),
            Self::PatchHpa(_, patch) => write!(f, "kubectl patch hpa{patch}"),
            Self::SetNodeGroup(_, nodes) => {
                write!(
                    f,
                    "aws autoscaling set-desired-capacity --desired-capacity {nodes}"
                )
            }
            Self::MetricsOutage(length) => write!(f, "metrics outage for {length}"),
        }
    }
}

/// New requests and limits of a Deployment's containers. What is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// Which container. `None`: all of them, as `kubectl` has it. Limits are those of the
    /// application, the first one: the others use nothing.
    pub container: Option<String>,
    /// `requests.cpu`.
    pub cpu_request: Option<Millicores>,
    /// `requests.memory`.
    pub memory_request: Option<Bytes>,
    /// `limits.cpu`; 0 takes the limit away.
    pub cpu_limit: Option<Millicores>,
    /// `limits.memory`; 0 takes the limit away.
    pub memory_limit: Option<Bytes>,
}

impl fmt::Display for ResourceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(container) = &self.container {
            write!(f, " --containers={container}")?;
        }
        let mut list = |flag: &str, cpu: Option<Millicores>, memory: Option<Bytes>| {
            let cpu = cpu.map(|cpu| format!("cpu={cpu}"));
            let memory = memory.map(|memory| format!("memory={memory}"));
            let both: Vec<String> = cpu.into_iter().chain(memory).collect();
            if both.is_empty() {
                return Ok(());
            }
            write!(f, " --{flag}={}", both.join(","))
        };
        list("requests", self.cpu_request, self.memory_request)?;
        list("limits", self.cpu_limit, self.memory_limit)
    }
}

/// New environment variables of a Deployment's pods, and what the application makes of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvChange {
    /// The variables. Setting one to the value that it has changes nothing, and nothing is rolled.
    pub variables: BTreeMap<String, String>,
    /// What they change in an application that starts with them.
    pub effect: EnvEffect,
}

/// Settings that applications take from their environment. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvEffect {
    /// See [`PodTemplate::threads`](super::PodTemplate::threads).
    pub threads: Option<u32>,
    /// See [`PodTemplate::concurrency`](super::PodTemplate::concurrency).
    pub concurrency: Option<u32>,
    /// See [`PodTemplate::backlog`](super::PodTemplate::backlog).
    pub backlog: Option<u32>,
    /// See [`MemoryModel::base`](super::MemoryModel::base).
    pub memory_base: Option<Bytes>,
    /// See [`MemoryModel::per_request`](super::MemoryModel::per_request).
    pub memory_per_request: Option<Bytes>,
}

impl fmt::Display for EnvChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, " {name}={value}")?;
        }
        let effect = &self.effect;
        let number = |value: Option<u32>| value.map(|value| value.to_string());
        let bytes = |value: Option<Bytes>| value.map(|value| value.to_string());
        let effects: Vec<String> = [
            ("threads", number(effect.threads)),
            ("concurrency", number(effect.concurrency)),
            ("backlog", number(effect.backlog)),
            ("memory.base", bytes(effect.memory_base)),
            ("memory.per_request", bytes(effect.memory_per_request)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}: {}", value?)))
        .collect();
        if effects.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", effects.join(", "))
    }
}

/// New bounds of an HPA. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HpaPatch {
    /// `spec.minReplicas`.
    pub min_replicas: Option<u32>,
    /// `spec.maxReplicas`.
    pub max_replicas: Option<u32>,
}

impl fmt::Display for HpaPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let min = self.min_replicas.map(|min| format!("minReplicas={min}"));
        let max = self.max_replicas.map(|max| format!("maxReplicas={max}"));
        for field in min.into_iter().chain(max) {
            write!(f, " {field}")?;
        }
        Ok(())
    }
}
