//! The model of a system: what a [`World`](crate::World) is built from.
//!
//! Everything here is as meant, not as typed: names are resolved to indices, units are types,
//! nothing is optional that the simulation needs. Files are read and checked elsewhere; this is
//! what they become, and what a program that embeds the simulator fills in itself.

mod action;
mod instance_pool;
mod load_balancer;
mod metric;
mod node;
mod pod;
mod probe;
mod procedure;
mod queue;
mod scaled_job;
mod service;
mod workload;

pub use action::{Action, EnvChange, EnvEffect, HpaPatch, ResourceChange, TimedAction};
pub use instance_pool::{
    InstanceMetrics, InstancePool, Repair, TerminationOrder, WarmPool, WarmState,
};
pub use load_balancer::{BalancingPolicy, KeepAlive, LoadBalancer};
pub(crate) use metric::Reckoning;
pub use metric::{
    EndpointFigure, MetricSource, NamedMetric, Percentile, QueueFigure, ServiceFigure,
};
pub use node::{
    DisruptionBudget, DisruptionFloor, KarpenterSpec, NodeGroup, NodeScaling, Nodes, Placement,
    Spot,
};
pub use pod::{Container, CpuModel, CpuScheduling, MemoryModel, OnSigterm, PodTemplate};
pub use probe::{Probe, Readiness};
pub use procedure::{CronTrigger, Procedure, ProcedureStep, ThresholdTrigger, Trigger};
pub use queue::{JobArrivals, OnKill, Queue, QueueId};
pub use scaled_job::{JobTemplate, JobWork, RestartPolicy, ScaledJob};
pub use service::{Activator, IntOrPercent, RolloutStrategy, Service};
pub use workload::{Endpoint, Step, Workload};

use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Index of a service in [`Model::services`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceId(pub u32);

/// Index of an endpoint in [`Model::endpoints`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointId(pub u32);

impl ServiceId {
    /// The index as a `usize`.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl EndpointId {
    /// The index as a `usize`.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A whole system under load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Model {
    /// How long the run lasts.
    pub duration: SimDuration,
    /// Who sends requests.
    pub workloads: Vec<Workload>,
    /// The services, each a Deployment with a Service in front of it.
    pub services: Vec<Service>,
    /// Every endpoint of every service.
    pub endpoints: Vec<Endpoint>,
    /// The queues between them.
    pub queues: Vec<Queue>,
    /// Metrics that autoscalers can ask for by name. A queue is always known by its own.
    pub metrics: Vec<NamedMetric>,
    /// The metrics pipeline between the pods and the controllers.
    pub metrics_server: MetricsServer,
    /// Cores of the machines under the pods: what a pod without a CPU limit can use at most, and
    /// how many of its threads can run at once.
    pub node_cores: u32,
    /// The nodes that pods are scheduled to. `None`: there is always room for one more pod.
    pub nodes: Option<Nodes>,
    /// Changes at given times, in any order.
    pub actions: Vec<TimedAction>,
    /// What is done by the calendar, or when a threshold is crossed, and what takes several steps.
    pub procedures: Vec<Procedure>,
}

/// The metrics pipeline for CPU and memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MetricsServer {
    /// Between two scrapes of a pod (`--metric-resolution`).
    pub resolution: SimDuration,
    /// From a scrape until the API serves it.
    pub lag: SimDuration,
}

impl Model {
    /// The HPA of a service, if that is what scales it.
    pub fn hpa(&self, service: ServiceId) -> Option<&HpaSpec> {
        match &self.services[service.index()].autoscaler {
            Some(PolicySpec::Hpa(hpa)) => Some(&hpa.spec),
            _ => None,
        }
    }
}

impl Default for MetricsServer {
    /// As released: a scrape every 15 s; and 7 s until it is served.
    fn default() -> Self {
        Self {
            resolution: SimDuration::from_secs(15),
            lag: SimDuration::from_secs(7),
        }
    }
}
