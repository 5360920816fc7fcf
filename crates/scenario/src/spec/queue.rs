//! Queues, and metrics by name.

use super::StepSpec;
use flashcrowd_units::SimDuration;
use flashcrowd_workload::{ArrivalProcess, RateShape};
use schemars::JsonSchema;
use serde::Deserialize;

/// A queue of jobs, first in first out, and the pods that work it off.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// The service whose pods take the jobs. It needs no endpoints.
    pub workers: String,
    /// Jobs that one pod has in progress at once; 1 by default.
    #[serde(default = "one")]
    pub concurrency: u32,
    /// What a job does on its pod, in order.
    pub steps: Vec<StepSpec>,
    /// Jobs that come by themselves, beside those of the step `enqueue`. None by default.
    #[serde(default)]
    pub arrivals: Option<ArrivalsSpec>,
    /// What becomes of the jobs of a pod that is killed: `requeue`, back to the head of the queue to be done
    /// again (the default), or `fail`, lost.
    #[serde(default)]
    pub on_kill: OnKillSpec,
    /// Partitions of the topic, for a Kafka trigger: over these its lag is spread evenly; 1 by default.
    #[serde(default = "one")]
    pub partitions: u32,
}

fn one() -> u32 {
    1
}

/// Jobs that come by themselves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalsSpec {
    /// How arrivals scatter around the rate; `poisson` by default.
    #[serde(default)]
    pub process: ArrivalProcess,
    /// The rate over time, as in a workload.
    pub rate: RateShape,
}

/// What becomes of a job whose pod is killed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnKillSpec {
    /// Back to the head of the queue, to be done again: the broker waits for an acknowledgement.
    #[default]
    Requeue,
    /// Lost, and counted as failed: it was popped off a list.
    Fail,
}

/// A metric by the name under which autoscalers ask for it: a figure of a service, an endpoint or a queue, or
/// (`measure: clients`) of the whole system.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricSpec {
    /// The service that is measured.
    #[serde(default)]
    pub service: Option<String>,
    /// The endpoint that is measured, by the requests that clients send there.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The queue that is measured.
    #[serde(default)]
    pub queue: Option<String>,
    /// Which figure. Of a queue by default the one that a KEDA trigger asks for, else the jobs that wait.
    #[serde(default)]
    pub measure: Option<Measure>,
    /// Which percentile of a latency: above 0 and up to 100; 95 by default.
    #[serde(default)]
    pub percentile: Option<f64>,
    /// Time between two reads. By default 15s for a service, as Prometheus scrapes; of a queue its levels are
    /// read at the moment in which somebody asks (0s), and its rates every 15s.
    #[serde(default)]
    pub resolution: Option<SimDuration>,
    /// From a read until its value is served; 0s by default.
    #[serde(default)]
    pub lag: SimDuration,
    /// Over how long rates, means and percentiles are taken; 1m by default.
    #[serde(default = "minute")]
    pub window: SimDuration,
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

/// A figure of a service, of an endpoint or of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Service: requests that reach its load balancer, per second. Endpoint: those that clients send.
    Requests,
    /// Service, endpoint: requests that fail, per second.
    Errors,
    /// Service, endpoint: share of the requests that fail, 0 to 1.
    ErrorRatio,
    /// Service, endpoint: a percentile of the latency of the clients' requests that were answered, in seconds.
    Latency,
    /// Service: requests in flight at the read, on all pods together.
    InFlight,
    /// Service: mean of the requests in flight over the window.
    Concurrency,
    /// Service: CPU used by all pods together, in cores.
    Cpu,
    /// Service: CPU used, as a share of what the pods request.
    CpuUtilization,
    /// Service: CPU used, as a share of the limits of the pods.
    CpuUtilizationOfLimit,
    /// Service: share of the 100 ms periods in which a pod was held back by its CPU limit.
    CpuThrottled,
    /// Service: memory used by all pods together, in bytes.
    Memory,
    /// Service: memory used, as a share of what the pods request.
    MemoryUtilization,
    /// Service: memory used, as a share of the limits of the pods.
    MemoryUtilizationOfLimit,
    /// Service: pods that exist and are not terminating.
    Replicas,
    /// Service: pods that are ready.
    ReadyReplicas,
    /// The whole system: clients that wait for an answer.
    Clients,
    /// Queue: jobs that wait.
    Waiting,
    /// Queue: jobs that are worked on.
    InProgress,
    /// Queue: jobs that wait or are worked on.
    Length,
    /// Queue: jobs that come, per second.
    EnqueueRate,
    /// Queue: jobs that are done, per second.
    ProcessRate,
    /// Queue: age of the oldest job that waits, in seconds.
    OldestSeconds,
}
