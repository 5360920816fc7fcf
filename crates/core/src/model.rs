//! The model of a system: what a [`World`](crate::World) is built from.
//!
//! Everything here is as meant, not as typed: names are resolved to indices, units are types,
//! nothing is optional that the simulation needs. Files are read and checked elsewhere; this is
//! what they become, and what a program that embeds the simulator fills in itself.

use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_units::{Bytes, Millicores, Ratio, SimDuration, SimTime, Usd};
use flashcrowd_workload::{ArrivalProcess, RateShape, ServiceTime};
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
    /// The metrics pipeline between the pods and the controllers.
    pub metrics_server: MetricsServer,
    /// Cores of the machines under the pods: what a pod without a CPU limit can use at most, and
    /// how many of its threads can run at once.
    pub node_cores: u32,
    /// Changes at given times, in any order.
    pub actions: Vec<TimedAction>,
}

/// A source of requests that does not wait for answers (an open workload).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Workload {
    /// Its name; the random streams are named after it.
    pub name: String,
    /// How arrivals are spaced around the rate.
    pub process: ArrivalProcess,
    /// The rate over time.
    pub rate: RateShape,
    /// Which endpoints are asked for, with their shares. The shares add up to one.
    pub endpoints: Vec<(EndpointId, Ratio)>,
    /// After this long a client gives up; its request has failed then.
    pub timeout: SimDuration,
}

/// One operation that a service offers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name, unique in the model (`browse`, or `backend/browse` where two services share it).
    pub name: String,
    /// The service whose pods execute it.
    pub service: ServiceId,
    /// What a request does, in order.
    pub steps: Vec<Step>,
}

/// One step of a request's program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Step {
    /// Core-time on the pod's CPU, by one thread.
    Cpu(ServiceTime),
    /// Core-time on the pod's CPU, divided equally among several threads of the request.
    ParallelCpu {
        /// Core-time of all threads together.
        time: ServiceTime,
        /// How many threads.
        threads: u32,
    },
    /// Time that passes without CPU (a disk, a third party).
    Wait(ServiceTime),
    /// Ask another service and wait for the answer; the place in the pod stays taken.
    Call {
        /// What is asked for.
        endpoint: EndpointId,
        /// After this long the caller gives up and its own request fails.
        timeout: SimDuration,
    },
    /// Exactly one of the alternatives, with these probabilities. They add up to at most one;
    /// with the rest nothing is done.
    Choose(Vec<(Ratio, Vec<Step>)>),
}

/// A Deployment, the Service in front of it, and the controller that scales it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// `spec.replicas` at the start; that many pods are ready when the run begins.
    pub replicas: u32,
    /// The pod template.
    pub pod: PodTemplate,
    /// How a new template is rolled out.
    pub rollout: RolloutStrategy,
    /// How requests find a pod.
    pub load_balancer: LoadBalancer,
    /// Who changes `spec.replicas`.
    pub autoscaler: Option<PolicySpec>,
    /// What one pod costs for an hour of existence.
    pub pod_hour: Usd,
}

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

/// When a pod counts as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// As soon as the container runs, whether the application listens or not: a Deployment
    /// without a readiness probe.
    ContainerRunning,
    /// In the moment the application listens: the ideal that no probe reaches.
    Listening,
    /// As the probe finds it.
    Probe(Probe),
}

/// Timing of a probe, with the API's defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// No probe before this age of the container.
    pub initial_delay: SimDuration,
    /// Between probes.
    pub period: SimDuration,
    /// An answer later than this is a failure.
    pub timeout: SimDuration,
    /// Successes in a row that make it succeed.
    pub success_threshold: u32,
    /// Failures in a row that make it fail.
    pub failure_threshold: u32,
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

/// How a Deployment replaces its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RolloutStrategy {
    /// New pods beside old ones.
    RollingUpdate {
        /// Pods above the desired number.
        max_surge: IntOrPercent,
        /// Pods below the desired number.
        max_unavailable: IntOrPercent,
        /// How long a pod must be ready before it counts as available.
        min_ready: SimDuration,
    },
    /// All old pods first.
    Recreate,
}

/// A number of pods, or a share of the desired ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntOrPercent {
    /// So many.
    Int(u32),
    /// So many of a hundred.
    Percent(u32),
}

/// How requests find a pod.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Which pod.
    pub policy: BalancingPolicy,
    /// From a change of readiness until requests follow it.
    pub propagation: SimDuration,
    /// Attempts that may be in flight to all pods together; one more is turned away. `None`: no bound.
    pub max_in_flight: Option<u32>,
    /// After this long the proxy answers 504 by itself. `None`: it waits for ever.
    pub timeout: Option<SimDuration>,
    /// With [`BalancingPolicy::Random`]: client connections that are kept open and reused.
    pub keep_alive: Option<KeepAlive>,
}

/// Connections that carry more than one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepAlive {
    /// Connections that the clients hold open together.
    pub connections: u32,
    /// Requests that one carries before it is closed and opened anew.
    pub requests: u32,
}

/// Which pod gets the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalancingPolicy {
    /// A pod at random for every connection: kube-proxy.
    Random,
    /// Each in turn.
    RoundRobin,
    /// The one with the fewest requests in flight, the lowest index among equals.
    LeastOutstanding,
    /// Two at random, the one with fewer requests in flight.
    PowerOfTwo,
}

/// The metrics pipeline for CPU and memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MetricsServer {
    /// Between two scrapes of a pod (`--metric-resolution`).
    pub resolution: SimDuration,
    /// From a scrape until the API serves it.
    pub lag: SimDuration,
}

/// A change at a given time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimedAction {
    /// When.
    pub at: SimTime,
    /// What.
    pub action: Action,
}

/// What can be done to a running system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Action {
    /// Roll the Deployment: every pod is replaced (`kubectl rollout restart`).
    RolloutRestart(ServiceId),
    /// `kubectl scale`.
    Scale(ServiceId, u32),
    /// The metrics API answers nothing for this long.
    MetricsOutage(SimDuration),
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
        }
    }
}

impl Service {
    /// So many pods behind a Kubernetes Service, with nobody who scales them.
    pub fn new(name: &str, replicas: u32, pod: PodTemplate) -> Self {
        Self {
            name: name.to_owned(),
            replicas,
            pod,
            rollout: RolloutStrategy::default(),
            load_balancer: LoadBalancer::default(),
            autoscaler: None,
            pod_hour: Usd::default(),
        }
    }
}

impl Default for RolloutStrategy {
    /// That of the Kubernetes API: a quarter more, a quarter fewer.
    fn default() -> Self {
        let quarter = IntOrPercent::Percent(25);
        Self::RollingUpdate {
            max_surge: quarter,
            max_unavailable: quarter,
            min_ready: SimDuration::ZERO,
        }
    }
}

impl Default for LoadBalancer {
    /// kube-proxy, a second behind the truth.
    fn default() -> Self {
        Self {
            policy: BalancingPolicy::Random,
            propagation: SimDuration::from_secs(1),
            max_in_flight: None,
            timeout: None,
            keep_alive: None,
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
