//! The results of a run, as `report.json` shows them.
//!
//! Units end the names. Numbers are finite; what is not known, or infinite, is `null`. Maps are in
//! the order of the scenario.

mod build;
mod latency;
mod nodes;
#[cfg(test)]
mod tests;

pub use crate::demand::ServiceElasticity;
pub use latency::LatencySummary;
pub use nodes::NodeGroupReport;

use crate::findings::Finding;
use crate::objective::ObjectiveKind;
use indexmap::IndexMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format of `report.json`.
pub const SCHEMA: &str = "flashcrowd.report/1";

/// The results of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What was run.
    pub provenance: Provenance,
    /// All requests.
    pub requests: Requests,
    /// By name.
    pub endpoints: IndexMap<String, EndpointReport>,
    /// By name.
    pub services: IndexMap<String, ServiceReport>,
    /// By name; left out in a scenario without node groups.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub node_groups: IndexMap<String, NodeGroupReport>,
    /// By name.
    pub queues: IndexMap<String, QueueReport>,
    /// None yet.
    pub databases: IndexMap<String, ()>,
    /// None yet.
    pub caches: IndexMap<String, ()>,
    /// Objectives and assertions, in order.
    pub slos: Vec<SloReport>,
    /// By service, for those that have an autoscaler.
    pub elasticity: IndexMap<String, ServiceElasticity>,
    /// What it cost.
    pub cost: Cost,
    /// The worst minutes, the worst first.
    pub worst_minutes: Vec<MinuteReport>,
    /// What saturated, flapped, was lost: in order of time.
    pub findings: Vec<Finding>,
    /// What was left out of the files to bound their size.
    pub notes: Vec<String>,
    /// Events that were processed: the size of the simulation.
    pub events_processed: u64,
    /// SHA-256 of the files beside this one. Empty where nothing was written.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
}

/// What was run: enough to run it again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provenance {
    /// Version of flashcrowd.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 of the resolved scenario.
    pub scenario_sha256: String,
    /// The seed of all random streams.
    pub seed: u64,
    /// `exact` or `fluid`.
    pub mode: String,
    /// Simulated time.
    pub simulated_seconds: f64,
    /// When the run begins: RFC 9557, with the time zone.
    pub start: String,
}

/// All requests: `offered = completed + failed + in_flight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// Requests that arrived.
    pub offered: u64,
    /// Requests that were answered.
    pub completed: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests without an answer when the run ended.
    pub in_flight: u64,
    /// Failed requests by reason; reasons that did not occur are left out.
    pub failures: IndexMap<&'static str, u64>,
}

/// Requests of one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndpointReport {
    /// The service that executes it.
    pub service: String,
    /// Requests that clients sent there, and what became of them.
    #[serde(flatten)]
    pub requests: Requests,
    /// Latency of the answered ones.
    pub latency_seconds: LatencySummary,
}

/// Minimum, mean over time, maximum of a level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LevelSummary {
    /// The lowest level that lasted.
    pub min: u64,
    /// The mean over time.
    pub mean: f64,
    /// The highest level that lasted.
    pub max: u64,
}

/// Changes of `spec.replicas`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScalingEvents {
    /// To more replicas.
    pub up: u64,
    /// To fewer.
    pub down: u64,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueReport {
    /// Jobs that were put into it: `processed + failed + waiting + in_progress`, always.
    pub enqueued: u64,
    /// Jobs that were done.
    pub processed: u64,
    /// Jobs that ended without being done.
    pub failed: u64,
    /// Jobs that were put back because their pod was killed.
    pub requeued: u64,
    /// Jobs that waited at the end.
    pub waiting: u64,
    /// Jobs that a pod worked on at the end.
    pub in_progress: u64,
    /// Age of the job at the head of the queue at the end \[s\]; 0 if none waited.
    pub oldest_seconds: f64,
    /// Jobs that waited, over time.
    pub depth: DepthSummary,
    /// How long those waited that a pod took \[s\].
    pub wait_seconds: LatencySummary,
}

/// How many waited.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DepthSummary {
    /// Mean over time.
    pub mean: f64,
    /// The most at any time.
    pub max: u64,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceReport {
    /// `spec.replicas`: the same as `desired`.
    pub replicas: LevelSummary,
    /// `spec.replicas`, DESIRED in `kubectl get replicaset`.
    pub desired: LevelSummary,
    /// Pods that exist and are not terminating, CURRENT in `kubectl get replicaset`.
    pub current: LevelSummary,
    /// Ready pods, READY in `kubectl get replicaset`.
    pub ready: LevelSummary,
    /// Changes of `spec.replicas`.
    pub scaling_events: ScalingEvents,
    /// CPU used over CPU requested, as the HPA reckons. `null` without a request.
    pub cpu_utilization_mean: Option<f64>,
    /// CPU used over what the ready pods could have used. `null` if they could not use any.
    pub cpu_of_capacity_mean: Option<f64>,
    /// CPU used.
    pub cpu_core_seconds: f64,
    /// Share of the CFS periods in which a pod was stopped at its limit. `null` without a limit.
    pub cpu_throttled_ratio: Option<f64>,
    /// Attempts that reached the load balancer, calls of other services included.
    pub attempts: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Failed attempts by reason; reasons that did not occur are left out.
    pub failures: IndexMap<&'static str, u64>,
    /// Attempts inside pods, mean over time.
    pub in_flight_mean: f64,
    /// Time that pods existed.
    pub pod_hours: f64,
    /// What they cost.
    pub cost_usd: f64,
}

/// One objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SloReport {
    /// Its name.
    pub name: String,
    /// `slo` of the scenario or `assertion` of this run.
    pub kind: ObjectiveKind,
    /// Of which endpoint; `null` for all requests.
    pub endpoint: Option<String>,
    /// What was asked, in k6's grammar.
    pub objective: String,
    /// `all`: a failed request counts as infinitely slow; `completed`: it does not count.
    pub of: flashcrowd_telemetry::Population,
    /// What was measured, in `unit`. `null` if infinite, or if no request ended.
    pub measured: Option<f64>,
    /// `seconds`, `share` or `requests`.
    pub unit: &'static str,
    /// Whether failed requests made the measured latency infinite.
    pub infinite: bool,
    /// Whether the objective was kept.
    pub met: bool,
    /// Used share of the misses that the objective allows; 1 is all of them. `null` where it
    /// allows none or does not count misses.
    pub error_budget_used: Option<f64>,
    /// Minutes that alone would have missed it. `null` for a total.
    pub minutes_missed: Option<u64>,
}

/// What the run cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// All together.
    pub total_usd: f64,
    /// By service, and by node group as `nodes/NAME`.
    pub by_item: IndexMap<String, f64>,
}

/// One bad minute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MinuteReport {
    /// When it begins.
    pub at_seconds: f64,
    /// The same in the scenario's time zone.
    pub local_time: String,
    /// How long it is.
    pub seconds: f64,
    /// Requests that arrived in it.
    pub offered: u64,
    /// Requests that were answered in it.
    pub completed: u64,
    /// Requests that failed in it.
    pub failed: u64,
    /// Answered requests that were slower than the objective of their endpoint.
    pub slow: u64,
    /// 50th percentile of the latency of the answered ones.
    pub p50_seconds: Option<f64>,
    /// 95th percentile.
    pub p95_seconds: Option<f64>,
    /// 99th percentile.
    pub p99_seconds: Option<f64>,
    /// The most frequent reason of failure.
    pub failure: Option<&'static str>,
    /// The endpoint with the greatest share of failed and slow requests.
    pub worst_endpoint: String,
    /// That share.
    pub worst_endpoint_bad: f64,
    /// The services at its end.
    pub services: IndexMap<String, MinuteService>,
}

/// A service in a bad minute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MinuteService {
    /// `spec.replicas` at the end.
    pub desired: u32,
    /// Ready pods at the end.
    pub ready: u32,
    /// CPU used over what the ready pods could have used. `null` if they could not use any.
    pub cpu_of_capacity: Option<f64>,
}

impl Report {
    /// Whether every objective and assertion was kept.
    pub fn passed(&self) -> bool {
        self.slos.iter().all(|slo| slo.met)
    }
}
