//! What a container may use, how it starts and how it ends.

use super::{Placement, Probe, Readiness};
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use flashcrowd_workload::ServiceTime;
use serde::{Deserialize, Serialize};

/// What a container may use and how it behaves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PodTemplate {
    /// `resources.requests.cpu` of the whole pod, as the HPA adds it up. `None`: not set.
    pub cpu_request: Option<Millicores>,
    /// `resources.limits.cpu`. `None`: the pod may use the node.
    pub cpu_limit: Option<Millicores>,
    /// `resources.requests.memory` of the whole pod.
    pub memory_request: Option<Bytes>,
    /// `resources.limits.memory`: at this working set the container is OOM-killed.
    pub memory_limit: Option<Bytes>,
    /// How many cores the process can use at once, whatever its limit; 1 for Node. `None`: no
    /// bound but the node's cores.
    pub threads: Option<u32>,
    /// Which requests the CPU runs at a time.
    pub scheduling: CpuScheduling,
    /// How a CPU limit is enforced.
    pub cpu_model: CpuModel,
    /// Requests that the process works on at once (worker threads, connections). `None`: no bound.
    pub concurrency: Option<u32>,
    /// Requests that wait in the process beyond those; one more is refused. `None`: no bound.
    pub backlog: Option<u32>,
    /// Memory over time.
    pub memory: MemoryModel,
    /// From creation to the scheduler's binding.
    pub scheduling_delay: ServiceTime,
    /// From binding to the start of the container: sandbox, volumes, image pull.
    pub pull: ServiceTime,
    /// From the start of the container until the application listens.
    pub startup: ServiceTime,
    /// Startup probe.
    pub startup_probe: Option<Probe>,
    /// Readiness probe.
    pub readiness: Readiness,
    /// Liveness probe.
    pub liveness_probe: Option<Probe>,
    /// How long the preStop hook takes.
    pub pre_stop: SimDuration,
    /// `terminationGracePeriodSeconds`.
    pub grace_period: SimDuration,
    /// What the application does on SIGTERM.
    pub on_sigterm: OnSigterm,
    /// `controller.kubernetes.io/pod-deletion-cost`.
    pub deletion_cost: i32,
    /// Container names with their requests, as the HPA's ContainerResource metrics see them. The
    /// first is the application; the others (sidecars) use no CPU.
    pub containers: Vec<Container>,
    /// Which nodes it can go to.
    pub placement: Placement,
}

/// A container as far as the HPA looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its CPU request.
    pub cpu_request: Option<Millicores>,
    /// Its memory request.
    pub memory_request: Option<Bytes>,
}

/// Which of a pod's requests the CPU runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuScheduling {
    /// Every request that is being worked on has a thread, and the kernel shares the cores among
    /// them (processor sharing).
    TimeShared,
    /// Each CPU burst runs to its end, in order of arrival, on one of `threads` cores: an event loop.
    EventLoop,
}

/// How a CPU limit is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuModel {
    /// By the kernel's bandwidth control: a quota for every 100 ms.
    Cfs,
    /// As a smooth share: a machine whose size is the limit.
    Shared,
}

/// Working set of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryModel {
    /// With nothing to do.
    pub base: Bytes,
    /// For every request inside the pod, queued ones included.
    pub per_request: Bytes,
    /// Never given back, for every request that was accepted.
    pub leak_per_request: Bytes,
}

/// What an application does when it is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSigterm {
    /// Stops listening, finishes what it has, exits.
    Drain,
    /// Exits at once; what is in flight is lost.
    Exit,
    /// Takes no notice and is killed at the end of the grace period.
    Ignore,
}

impl PodTemplate {
    /// A pod of one container with this CPU request and limit. Everything else is what a scenario
    /// file that says nothing about it gets: 5 s of start-up, no probes, 30 s of grace, no bounds.
    ///
    /// The HPA adds up the requests of [`containers`](Self::containers): a memory request belongs
    /// there as well as in [`memory_request`](Self::memory_request).
    pub fn new(
        container: &str,
        cpu_request: Option<Millicores>,
        cpu_limit: Option<Millicores>,
    ) -> Self {
        Self {
            cpu_request,
            cpu_limit,
            memory_request: None,
            memory_limit: None,
            threads: None,
            scheduling: CpuScheduling::TimeShared,
            cpu_model: CpuModel::Cfs,
            concurrency: None,
            backlog: None,
            memory: MemoryModel {
                base: Bytes::from_mebibytes(64),
                per_request: Bytes::new(0),
                leak_per_request: Bytes::new(0),
            },
            scheduling_delay: ServiceTime::Constant(SimDuration::from_millis(20)),
            pull: ServiceTime::Constant(SimDuration::from_secs(2)),
            startup: ServiceTime::Constant(SimDuration::from_secs(5)),
            startup_probe: None,
            readiness: Readiness::Listening,
            liveness_probe: None,
            pre_stop: SimDuration::ZERO,
            grace_period: SimDuration::from_secs(30),
            on_sigterm: OnSigterm::Drain,
            deletion_cost: 0,
            containers: vec![Container {
                name: container.to_owned(),
                cpu_request,
                memory_request: None,
            }],
            placement: Placement::default(),
        }
    }
}
