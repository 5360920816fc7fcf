//! The line between the control plane and the data plane.
//!
//! The control plane (lifecycle, metrics, controllers, reports) never touches a request. It lets
//! the data plane advance, reads cumulative counters, and applies changes. So the same control
//! plane can stand on a plane that simulates every request and on one that advances flows.

use crate::exact::CfsPhase;
use crate::model::{MemoryModel, QueueId, ServiceId};
use crate::record::{EndpointInterval, Failure, FailureCounts, QueueInterval, Totals};
use flashcrowd_units::{Bytes, Millicores, SimTime};
use serde::{Deserialize, Serialize};

/// Index of a pod in the data plane. Reused after [`Change::Remove`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub u32);

/// What a container may use at most; `None` where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// `resources.limits.cpu`.
    pub cpu: Option<Millicores>,
    /// `resources.limits.memory`.
    pub memory: Option<Bytes>,
}

/// What an application takes from its environment when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Cores that the process can use at once; `None`: those of the node.
    pub threads: Option<u32>,
    /// Requests that it works on at once; `None`: no bound.
    pub concurrency: Option<u32>,
    /// Requests that wait beyond those; `None`: no bound.
    pub backlog: Option<u32>,
    /// Memory over time.
    pub memory: MemoryModel,
}

/// What the control plane does to the data plane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// A container starts: it uses memory and can use CPU, it does not listen yet.
    Start {
        /// Which pod.
        server: ServerId,
        /// Of which service.
        service: ServiceId,
        /// Where its CPU periods lie.
        phase: CfsPhase,
        /// Its limits, where they are not those of the template.
        limits: Option<Limits>,
        /// Its settings, where they are not those of the template.
        settings: Option<Settings>,
    },
    /// A container that runs gets other limits: of memory at once, of CPU from its next period on.
    Resize {
        /// Which pod.
        server: ServerId,
        /// Its limits from now on.
        limits: Limits,
        /// Its settings, which it keeps, where they are not those of the template.
        settings: Option<Settings>,
    },
    /// The application listens from now on, or stops listening: what is sent to it is refused.
    Listen(ServerId, bool),
    /// The load balancer sends requests to it from now on, or does not any more.
    Route(ServerId, bool),
    /// Tell by [`Notice::Drained`] as soon as nothing is left inside.
    Drain(ServerId),
    /// The container is killed; what is inside fails for this reason.
    Kill(ServerId, Failure),
    /// The pod is gone; its index may be given to another.
    Remove(ServerId),
}

/// What the data plane tells on its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The working set of a container reached its limit.
    OutOfMemory(ServerId),
    /// Nothing is left inside a draining pod, or a pod of a Job has done its last message.
    Drained(ServerId),
    /// A request waits for a pod of a service, the only one that does.
    Held(ServiceId),
    /// A pod of a Job has nothing in progress and found its queues empty. Told of services whose
    /// pods end when they are idle.
    Idle(ServerId),
}

/// Cumulative counters of one container, and its levels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct PodUsage {
    /// Core-time used since the container started \[core seconds\].
    pub cpu_seconds: f64,
    /// Working set \[bytes\].
    pub memory_bytes: u64,
    /// Attempts inside, worked on and queued.
    pub inside: u32,
    /// Of those, queued.
    pub queued: u32,
    /// CFS periods with activity since the container started.
    pub cfs_periods: u64,
    /// Of those, periods with throttling.
    pub cfs_throttled: u64,
    /// How long a probe that is sent now waits until the process turns to it \[seconds\].
    pub probe_delay_seconds: f64,
}

/// Counters of one service since the last call of [`DataPlane::end_interval`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ServiceTraffic {
    /// Attempts that reached the load balancer.
    pub attempts: u64,
    /// Attempts that failed, by reason.
    pub failed: FailureCounts,
    /// Integral of the attempts inside pods \[request seconds\].
    pub inside_seconds: f64,
    /// Attempts inside pods now.
    pub inside: u32,
    /// Attempts that wait for a pod now.
    pub held: u32,
    /// Integral of those \[request seconds\].
    pub held_seconds: f64,
}

/// Counters of one queue since the start of the run, and its levels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueLevels {
    /// Jobs that were put into it.
    pub enqueued: u64,
    /// Jobs that were done.
    pub processed: u64,
    /// Jobs that ended without being done.
    pub failed: u64,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs that a pod works on.
    pub in_progress: u64,
    /// Age of the job at the head of the queue \[s\]; 0 if none waits.
    pub oldest_seconds: f64,
}

/// What carries requests.
pub trait DataPlane {
    /// Processes everything before `to`. Stops early, after the event that caused it, when there is
    /// something to tell: then the time of that is returned, and the rest is still to be done.
    fn advance(&mut self, to: SimTime) -> Option<(SimTime, Notice)>;

    /// Applies a change at `now`, the time up to which the plane has advanced.
    fn apply(&mut self, now: SimTime, change: Change);

    /// Reads the counters of a container.
    fn usage(&mut self, server: ServerId, now: SimTime) -> PodUsage;

    /// Reads the counters of the endpoints since the last call of [`end_interval`](Self::end_interval).
    fn endpoints(&self) -> &[EndpointInterval];

    /// Reads the counters of a service since the last call of [`end_interval`](Self::end_interval).
    fn traffic(&mut self, service: ServiceId, now: SimTime) -> ServiceTraffic;

    /// Reads the levels of a queue, and its counters since the start of the run.
    fn queue(&self, queue: QueueId, now: SimTime) -> QueueLevels;

    /// Reads the counters of the queues since the last call of [`end_interval`](Self::end_interval).
    fn queues(&mut self, now: SimTime) -> &[QueueInterval];

    /// Starts a new report interval.
    fn end_interval(&mut self, now: SimTime);

    /// Counters of the whole run.
    fn totals(&self) -> Totals;
}
