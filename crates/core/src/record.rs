//! Facts of a run, and who keeps them.

mod job;
mod node;
mod procedure;
mod queue;

pub use job::JobStage;
pub use node::{NodeGroupInterval, NodeId, NodeStage};
pub use procedure::Progress;
pub use queue::{QueueInterval, QueueTotals};

use crate::model::{Action, Procedure, ServiceId};
use flashcrowd_autoscalers::ScalingDecision;
use flashcrowd_autoscalers::keda::scaled_job::JobId;
use flashcrowd_telemetry::LatencyHistogram;
use flashcrowd_units::{SimTime, Usd};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// The client gave up waiting.
    ClientTimeout,
    /// A proxy or a caller in between gave up waiting (504).
    UpstreamTimeout,
    /// The pod's backlog was full.
    BacklogFull,
    /// The load balancer's limit of requests in flight was reached (503).
    LimitReached,
    /// No ready pod behind the service (503).
    NoReadyEndpoint,
    /// The pod was not listening: not yet, or not any more (502).
    ConnectionRefused,
    /// The pod was stopped while it worked on the request (scale-down, rollout).
    PodTerminated,
    /// The container was OOM-killed while it worked on the request.
    OomKilled,
    /// The container was restarted by its liveness or startup probe.
    ProbeKilled,
    /// The node under the pod was taken away.
    NodeLost,
}

impl Failure {
    /// Every reason, in the order of their discriminants.
    pub const ALL: [Self; 10] = [
        Self::ClientTimeout,
        Self::UpstreamTimeout,
        Self::BacklogFull,
        Self::LimitReached,
        Self::NoReadyEndpoint,
        Self::ConnectionRefused,
        Self::PodTerminated,
        Self::OomKilled,
        Self::ProbeKilled,
        Self::NodeLost,
    ];

    /// The name in reports: `client_timeout`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientTimeout => "client_timeout",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::BacklogFull => "backlog_full",
            Self::LimitReached => "limit_reached",
            Self::NoReadyEndpoint => "no_ready_endpoint",
            Self::ConnectionRefused => "connection_refused",
            Self::PodTerminated => "pod_terminated",
            Self::OomKilled => "oom_killed",
            Self::ProbeKilled => "probe_killed",
            Self::NodeLost => "node_lost",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Failed requests by reason, indexed by [`Failure`].
pub type FailureCounts = [u64; Failure::ALL.len()];

/// Identity of a pod in the records: unique over the run, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PodId(pub u32);

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PodStage {
    /// Created, not yet bound to a node.
    Pending,
    /// Bound; sandbox and image are being prepared.
    ContainerCreating,
    /// The container runs, the pod is not ready.
    Running,
    /// Ready: the Service sends it requests.
    Ready,
    /// The container has stopped and waits for its restart.
    CrashLoopBackOff,
    /// It has a deletion timestamp.
    Terminating,
    /// Gone.
    Deleted,
    /// One of a Job: its process has exited with code 0, and it holds nothing any more.
    Succeeded,
    /// One of a Job: its process has failed, and it holds nothing any more.
    Failed,
}

impl PodStage {
    /// The name in reports: `ready`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::ContainerCreating => "container_creating",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::CrashLoopBackOff => "crash_loop_back_off",
            Self::Terminating => "terminating",
            Self::Deleted => "deleted",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Deleted | Self::Succeeded | Self::Failed)
    }
}

/// One fact. Borrowed: a recorder copies what it keeps.
#[derive(Debug)]
#[non_exhaustive]
pub enum Record<'a> {
    /// What happened since the previous one of these; the last one ends with the run.
    Interval(Interval<'a>),
    /// A controller was asked and decided.
    Decision {
        /// For which service.
        service: ServiceId,
        /// What it saw, reckoned and concluded.
        decision: &'a ScalingDecision,
    },
    /// `spec.replicas` of a service changed.
    Scaled {
        /// Of which service.
        service: ServiceId,
        /// Before.
        from: u32,
        /// After.
        to: u32,
        /// Who changed it: `hpa`, `kubectl scale`, the name of a custom policy.
        by: &'a str,
        /// Why, in the words of the controller.
        reason: &'a str,
    },
    /// A pod moved on in its life.
    Pod {
        /// Of which service.
        service: ServiceId,
        /// Which.
        pod: PodId,
        /// Before; `None` when it was just created.
        from: Option<PodStage>,
        /// After.
        to: PodStage,
        /// Why: `Scheduled`, `Unhealthy`, `OOMKilled`, `ScaleDown`, ...
        reason: &'static str,
    },
    /// A Job moved on in its life.
    Job {
        /// Of which service.
        service: ServiceId,
        /// Which.
        job: JobId,
        /// Before; `None` when it was just made.
        from: Option<JobStage>,
        /// After.
        to: JobStage,
        /// Why: `KEDAJobsCreated`, `Completed`, `BackoffLimitExceeded`, `DeadlineExceeded`,
        /// `HistoryLimit`.
        reason: &'static str,
    },
    /// A rollout began or finished.
    Rollout {
        /// Of which service.
        service: ServiceId,
        /// Whether this is its end.
        finished: bool,
    },
    /// The scheduler found no node for a pod, for the first time.
    Unschedulable {
        /// Of which service.
        service: ServiceId,
        /// Which.
        pod: PodId,
        /// Why, in the words of the scheduler.
        reason: &'a str,
    },
    /// The scheduler bound a pod to a node.
    Bound {
        /// Of which service.
        service: ServiceId,
        /// Which.
        pod: PodId,
        /// Where to.
        node: NodeId,
    },
    /// A node moved on in its life.
    Node {
        /// Its group: index in [`Nodes::groups`](crate::model::Nodes::groups).
        group: usize,
        /// Which.
        node: NodeId,
        /// Before; `None` when it was just asked for.
        from: Option<NodeStage>,
        /// After.
        to: NodeStage,
        /// Why: `ScaleUp`, `Registered`, `ScaleDown`, `SpotInterruption`, ...
        reason: &'static str,
    },
    /// The size of a node group changed.
    NodeGroupScaled {
        /// Which group.
        group: usize,
        /// Before.
        from: u32,
        /// After.
        to: u32,
        /// Why.
        reason: &'static str,
    },
    /// The metrics API stopped answering (`true`) or answers again.
    MetricsOutage(bool),
    /// The alert behind a procedure began to fire, or ceased to.
    Alert {
        /// Which it sets off.
        procedure: &'a Procedure,
        /// Whether it fires now.
        firing: bool,
        /// The first evaluation at which the comparison held.
        since: SimTime,
        /// The metric now, in its own unit; `None` if it has no value.
        value: Option<f64>,
    },
    /// A procedure moved on.
    Procedure {
        /// Which.
        procedure: &'a Procedure,
        /// How.
        progress: Progress,
    },
    /// Something was done to the system.
    Action {
        /// What.
        action: &'a Action,
        /// As a step of which procedure; `None` for an action of its own.
        procedure: Option<&'a Procedure>,
        /// Why nothing came of it, if nothing did.
        refused: Option<&'a str>,
    },
}

/// What happened in one report interval.
#[derive(Debug)]
pub struct Interval<'a> {
    /// Its first instant; its last is the time of the record.
    pub start: SimTime,
    /// By endpoint index: requests that clients sent there (not calls between services).
    pub endpoints: &'a [EndpointInterval],
    /// By [`ServiceId`].
    pub services: &'a [ServiceInterval],
    /// By [`QueueId`](crate::model::QueueId).
    pub queues: &'a [QueueInterval],
    /// By node group; empty without any.
    pub nodes: &'a [NodeGroupInterval],
    /// Pods that the scheduler has found no node for, at the end.
    pub unschedulable: u32,
}

/// Requests of one endpoint in one interval.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EndpointInterval {
    /// Requests that arrived.
    pub offered: u64,
    /// Requests that were answered.
    pub completed: u64,
    /// Requests that failed, by reason.
    pub failed: FailureCounts,
    /// Latency of those that were answered, client to client.
    pub latency: LatencyHistogram,
}

impl EndpointInterval {
    /// All failures together.
    pub fn failed_total(&self) -> u64 {
        self.failed.iter().sum()
    }
}

/// A service in one interval. Integrals are over the interval; levels are those at its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ServiceInterval {
    /// Attempts that reached its load balancer, calls of other services included.
    pub attempts: u64,
    /// Attempts that failed, by reason.
    pub failed: FailureCounts,
    /// `spec.replicas` at the end (DESIRED of `kubectl get deployment`); of a ScaledJob the Jobs
    /// that have not ended.
    pub desired: u32,
    /// Pods that exist and are not terminating, at the end (CURRENT).
    pub current: u32,
    /// Ready pods at the end (READY).
    pub ready: u32,
    /// How long no pod was ready although at least one was desired \[s\]: an outage counts however
    /// short it is.
    pub no_ready_seconds: f64,
    /// Terminating pods at the end.
    pub terminating: u32,
    /// The bounds of its autoscaler, if it has one.
    pub bounds: Option<(u32, u32)>,
    /// Core-seconds used.
    pub cpu_seconds: f64,
    /// Core-seconds that the ready pods could have used: limits, or what their threads can use.
    pub cpu_capacity_seconds: f64,
    /// Core-seconds requested by the pods that ran.
    pub cpu_request_seconds: f64,
    /// CFS periods in which a pod ran or waited, and those in which it was stopped.
    pub cfs_periods: u64,
    /// See `cfs_periods`.
    pub cfs_throttled: u64,
    /// Attempts inside pods at the end: worked on and queued.
    pub in_flight: u64,
    /// Of those, queued at the end.
    pub queued: u64,
    /// Integral of the attempts inside pods \[request seconds\].
    pub in_flight_seconds: f64,
    /// Working sets of all pods together at the end \[bytes\].
    pub memory_bytes: u64,
    /// The largest working set of a pod at the end \[bytes\].
    pub memory_max_bytes: u64,
    /// Integral of the pods that existed, terminating ones included \[pod seconds\]: what is paid for.
    pub pod_seconds: f64,
    /// What they cost.
    pub cost: Usd,
}

/// Who keeps facts.
pub trait Recorder {
    /// Takes note of one fact. Times never go back.
    fn record(&mut self, at: SimTime, record: &Record<'_>);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    fn record(&mut self, _: SimTime, _: &Record<'_>) {}
}

/// What a whole run amounts to, beside its records.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Requests that arrived.
    pub offered: u64,
    /// Requests that were answered.
    pub completed: u64,
    /// Requests that failed, by reason.
    pub failed: FailureCounts,
    /// Requests without an answer when the run ended.
    pub in_flight: u64,
    /// What became of the jobs, by [`QueueId`](crate::model::QueueId).
    pub queues: Vec<QueueTotals>,
    /// Events that were processed: arrivals, completions, control events.
    pub events: u64,
}

impl Totals {
    /// All failures together.
    pub fn failed_total(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Whether every request and every job is accounted for.
    pub fn is_conserved(&self) -> bool {
        self.offered == self.completed + self.failed_total() + self.in_flight
            && self.queues.iter().all(QueueTotals::is_conserved)
    }
}
