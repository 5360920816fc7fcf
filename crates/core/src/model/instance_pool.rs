//! Pools of virtual machines: what a service runs on in place of pods on nodes.

use super::{Container, CpuModel, Model, PodTemplate, Probe, Readiness, ServiceId};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_units::{Bytes, Millicores, Ratio, SimDuration};
use flashcrowd_workload::{Lognormal, ServiceTime};
use serde::{Deserialize, Serialize};

/// A pool of instances behind a load balancer.
///
/// An instance is a pod without a node under it. It is requested, boots, starts the application
/// ([`PodTemplate::startup`]) and gets requests once the health check of the load balancer
/// ([`PodTemplate::readiness`]) has succeeded often enough. On its way out it is taken out of the
/// load balancer, drained, and terminated. The fields of the template about the scheduler, image
/// pulls, preStop hooks, grace periods and SIGTERM play no part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstancePool {
    /// Cores of an instance.
    pub cores: u32,
    /// From the request for an instance until its operating system has booted.
    pub boot: ServiceTime,
    /// From the moment in which an instance is stopped until it is gone and the pool at rest.
    pub termination: ServiceTime,
    /// How long requests in flight may take to finish once an instance is deregistered
    /// (connection draining). Zero: they are cut.
    pub drain: SimDuration,
    /// Availability zones or fault domains that the instances are spread over.
    pub zones: u32,
    /// Which instances of the fullest zone go first.
    pub termination_order: TerminationOrder,
    /// Share of the launches that fail for want of capacity.
    pub launch_failures: Ratio,
    /// From a failed launch until the next attempt.
    pub launch_retry: SimDuration,
    /// Instances that the health check finds unhealthy are replaced. `None`: they stay, without
    /// requests.
    pub repair: Option<Repair>,
    /// What the instances of a warm pool do while they wait. How many there are the autoscaler says.
    pub warm_pool: WarmPool,
    /// How the instances are measured.
    pub metrics: InstanceMetrics,
}

/// Which instance goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminationOrder {
    /// The oldest: OCI instance pools.
    OldestFirst,
    /// The one with the highest instance id: Azure scale sets.
    NewestFirst,
    /// The one that is closest to its next full hour, then any: EC2 Auto Scaling.
    BillingHour,
    /// Those that are not in service, then any: managed instance groups of Google Cloud.
    UnhealthyFirst,
}

/// How unhealthy instances are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// How long after its boot an instance is left alone: the health check grace period of EC2, the
    /// grace period of Azure, the initial delay of Google Cloud.
    pub grace: SimDuration,
}

/// Instances that have been initialised beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WarmPool {
    /// What they do while they wait.
    pub state: WarmState,
    /// From the request until such an instance runs.
    pub start: ServiceTime,
}

/// What the instances of a warm pool do while they wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmState {
    /// Stopped: not paid for, and the application starts anew.
    Stopped,
    /// Hibernated: not paid for, and the application goes on where it was.
    Hibernated,
    /// Running: paid for, and the application runs.
    Running,
}

/// How a cloud measures instances: CPU is the mean of a period, and seen some time after its end.
///
/// The autoscalers of OCI, EC2 and Azure wait for their metrics themselves (`publish_delay`): with
/// them the lag here is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceMetrics {
    /// Between two datapoints; they lie on its full multiples.
    pub period: SimDuration,
    /// From the end of a period until its value is seen.
    pub lag: SimDuration,
}

impl InstancePool {
    /// Instances with so many cores, with everything else as OCI has it: a boot of 75 s (p95 150 s),
    /// terminations of 60 s (p95 120 s), no draining, the oldest goes first.
    ///
    /// Source: "Autoscaling" in the documentation of OCI Compute; the times are our choice.
    pub fn new(cores: u32) -> Self {
        let lognormal = |median, p95| {
            ServiceTime::Lognormal(Lognormal::MedianP95 {
                median: SimDuration::from_secs(median),
                p95: SimDuration::from_secs(p95),
            })
        };
        Self {
            cores,
            boot: lognormal(75, 150),
            termination: lognormal(60, 120),
            drain: SimDuration::ZERO,
            zones: 1,
            termination_order: TerminationOrder::OldestFirst,
            launch_failures: Ratio::ZERO,
            launch_retry: SimDuration::from_secs(60),
            repair: None,
            warm_pool: WarmPool {
                state: WarmState::Stopped,
                start: lognormal(30, 40),
            },
            metrics: InstanceMetrics {
                period: SimDuration::from_secs(60),
                lag: SimDuration::ZERO,
            },
        }
    }

    /// Whether a policy scales pools of instances and nothing else.
    pub const fn is_scaled_by(policy: &PolicySpec) -> bool {
        matches!(
            policy,
            PolicySpec::Oci(_)
                | PolicySpec::Ec2(_)
                | PolicySpec::AzureVmss(_)
                | PolicySpec::GcpMig(_)
        )
    }

    /// Whether a policy scales Deployments and nothing else.
    pub const fn is_beyond(policy: &PolicySpec) -> bool {
        matches!(
            policy,
            PolicySpec::Hpa(_) | PolicySpec::Keda(_) | PolicySpec::Kpa(_)
        )
    }
}

impl PodTemplate {
    /// An instance with these cores and this memory whose load balancer checks its health like
    /// this. It requests all of itself: its utilisation is that of the machine.
    pub fn instance(name: &str, cores: u32, memory: Bytes, health_check: Probe) -> Self {
        let cpu = Some(Millicores::from_cores(cores.into()));
        Self {
            memory_request: Some(memory),
            memory_limit: Some(memory),
            cpu_model: CpuModel::Shared,
            readiness: Readiness::Probe(health_check),
            containers: vec![Container {
                name: name.to_owned(),
                cpu_request: cpu,
                memory_request: Some(memory),
            }],
            ..Self::new(name, cpu, cpu)
        }
    }
}

impl Model {
    /// Cores of the machines under a service.
    pub fn cores_of(&self, service: ServiceId) -> u32 {
        let pool = self.services[service.index()].instances.as_ref();
        pool.map_or(self.node_cores, |pool| pool.cores)
    }
}
