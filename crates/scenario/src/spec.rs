//! The scenario file as it is typed.
//!
//! The comments of these types are what editors show: they are written for the reader of a
//! scenario. Defaults that depend on other fields or on manifests are `None` here.

mod action;
mod autoscaler;
mod balancer;
mod endpoint;
mod environment;
mod instances;
mod load;
mod node;
mod node_pool;
mod pod;
mod queue;
mod service;
mod slo;
mod start;
mod trigger;

pub use action::{
    ActionSpec, ActionStepSpec, AmountsSpec, EnvEffectSpec, EnvMemorySpec, PatchHpaSpec, ScaleSpec,
    SetEnvSpec, SetNodeGroupSpec, SetResourcesSpec,
};
pub use autoscaler::{AutoscalerSpec, ScheduleSpec};
pub use balancer::{KeepAliveSpec, LoadBalancerSpec};
pub use endpoint::{BranchSpec, CallSpec, ParallelCpuSpec, StepSpec};
pub use environment::{
    ControllersSpec, HpaControllerSpec, MetricsServerSpec, PriceSheet, ServicePrices,
};
pub use instances::{
    AzureVmssSpec, Cloud, Ec2Configuration, Ec2Spec, GcpMigSpec, HealthCheckSpec,
    InstanceMetricsSpec, InstancesSpec, OciSpec, RepairSpec,
};
pub use load::{OpenSpec, WorkloadSpec};
pub use node::{
    AllocatableSpec, ClusterAutoscalerSpec, InstanceTypeSpec, MachineSpec, NodeAutoscalerSpec,
    NodeGroupSpec, NodesSpec, PlacementSpec, SpotSpec, TaintSpec, TolerationSpec,
};
pub use node_pool::{
    BudgetSpec, CapacityTypeSpec, ConsolidationPolicySpec, DisruptionReasonSpec, DisruptionSpec,
    KarpenterSpec, NodePoolSpec, PeriodSpec, PoolLimitsSpec,
};
pub use pod::{MemorySpec, PodSpec, ProbeSpec, ProbesSpec, Resource};
pub use queue::{ArrivalsSpec, Measure, MetricSpec, OnKillSpec, QueueSpec};
pub use service::{ManifestSpec, RollingUpdateSpec, RolloutSpec, ServiceSpec};
pub use slo::SloSpec;
pub use start::Start;
pub use trigger::{ActionTime, CronSpec, MetricRef, Quantum, WhenSpec};

use flashcrowd_units::SimDuration;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A flashcrowd scenario: who sends requests, what answers them, and what is expected of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Name of the scenario, as it appears in reports.
    pub name: String,
    /// What the scenario asks, for its readers.
    #[serde(default)]
    pub description: Option<String>,
    /// Seed of all random numbers, 1 by default. The same scenario and seed give the same bytes.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Calendar time at which the run begins, as `2025-11-28T06:00[Asia/Kolkata]`;
    /// 2026-01-01T00:00Z by default.
    #[serde(default)]
    pub start: Start,
    /// How long the run lasts, in simulated time.
    pub duration: SimDuration,
    /// Sources of requests, by name. May be left out where jobs come to a queue by themselves.
    #[serde(default)]
    pub workload: IndexMap<String, WorkloadSpec>,
    /// The services that answer, by name: each a Deployment with a Service in front of it.
    pub services: IndexMap<String, ServiceSpec>,
    /// Queues of jobs between the services, by name.
    #[serde(default)]
    pub queues: IndexMap<String, QueueSpec>,
    /// What autoscalers find when they ask for a metric of that name: the metric of an HPA (types Pods, Object
    /// and External), or the list, queue, topic or query of a KEDA trigger. A queue is known by its own name.
    #[serde(default)]
    pub metrics: IndexMap<String, MetricSpec>,
    /// The machines under the pods.
    #[serde(default)]
    pub nodes: NodesSpec,
    /// The pipeline through which controllers see CPU and memory.
    #[serde(default)]
    pub metrics_server: MetricsServerSpec,
    /// Flags of the cluster's controllers.
    #[serde(default)]
    pub controllers: ControllersSpec,
    /// What is done to the system during the run.
    #[serde(default)]
    pub actions: Vec<ActionSpec>,
    /// Objectives; if one of them fails, the exit code of the run is 1.
    #[serde(default)]
    pub slos: Vec<SloSpec>,
    /// What things cost: the path of a price file, or its content. Without it nothing costs anything.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::prices")]
    pub prices: Option<PriceSheet>,
}

fn default_seed() -> u64 {
    1
}
