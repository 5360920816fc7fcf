//! What a controller may know at one sync.

use crate::{MilliValue, PodRequests, TimePoint};
use flashcrowd_units::{Replicas, SimDuration};

/// All that a controller knows at one sync. It borrows everything, so that making one costs no
/// allocation.
///
/// Four times are kept apart: when a metric was measured ([`PodUsage::at`], with its window), when
/// it became visible (by being here), when the controller decides ([`now`](Self::now)), and when
/// the effect arrives (which is none of the controller's business).
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// The time of this sync.
    pub now: TimePoint,
    /// The scale of the workload; `None` if reading it failed.
    pub scale: Option<Scale>,
    /// The pods of the workload, **in ascending order of their ids**.
    pub pods: &'a [PodView<'a>],
    /// What the resource metrics API answered, **in ascending order of the pods' ids**; `None` if
    /// the call failed.
    pub resources: Option<&'a [PodUsage<'a>]>,
    /// Answers to the [`queries`](crate::Autoscaler::queries) of the autoscaler, in their order.
    /// One that is not there counts as failed.
    pub answers: &'a [MetricAnswer<'a>],
}

/// The scale subresource of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// `spec.replicas`: how many pods are wanted.
    pub spec_replicas: Replicas,
    /// `status.replicas`: how many there are, as far as the workload's own controller has reported.
    pub status_replicas: Replicas,
}

/// Identity of a pod. Ids are never used again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct PodId(pub u64);

/// A pod as the API server shows it.
#[derive(Debug, Clone, Copy)]
pub struct PodView<'a> {
    /// Identity.
    pub id: PodId,
    /// `status.phase`.
    pub phase: PodPhase,
    /// `status.startTime`: when the kubelet took it over.
    pub start_time: Option<TimePoint>,
    /// The condition `Ready`, if it has one yet.
    pub ready: Option<ReadyCondition>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// What it requests.
    pub requests: &'a PodRequests,
}

impl PodView<'_> {
    /// Whether the condition `Ready` is True.
    pub fn is_ready(&self) -> bool {
        self.ready
            .is_some_and(|ready| ready.status == ConditionStatus::True)
    }
}

/// `status.phase` of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PodPhase {
    /// Not all containers have been started yet.
    Pending,
    /// Running.
    Running,
    /// All containers have ended well.
    Succeeded,
    /// All containers have ended, one of them badly.
    Failed,
    /// The node cannot be reached.
    Unknown,
}

/// The condition `Ready` of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyCondition {
    /// Its status.
    pub status: ConditionStatus,
    /// When the status last changed.
    pub last_transition: TimePoint,
}

impl ReadyCondition {
    /// Ready since then.
    pub const fn ready_since(last_transition: TimePoint) -> Self {
        Self {
            status: ConditionStatus::True,
            last_transition,
        }
    }

    /// Not ready since then.
    pub const fn unready_since(last_transition: TimePoint) -> Self {
        Self {
            status: ConditionStatus::False,
            last_transition,
        }
    }
}

/// Status of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}

/// A resource of the resource metrics API.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ResourceName {
    /// CPU time per time.
    Cpu,
    /// Working set.
    Memory,
}

impl ResourceName {
    /// Its name in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

/// What the resource metrics API says about one pod.
#[derive(Debug, Clone, Copy)]
pub struct PodUsage<'a> {
    /// The pod.
    pub pod: PodId,
    /// End of the time that was measured.
    pub at: TimePoint,
    /// Length of the time that was measured.
    pub window: SimDuration,
    /// The containers that were reported.
    pub containers: &'a [ContainerUsage<'a>],
}

/// What the resource metrics API says about one container.
#[derive(Debug, Clone, Copy)]
pub struct ContainerUsage<'a> {
    /// Name of the container.
    pub name: &'a str,
    /// CPU in millicores.
    pub cpu: Option<MilliValue>,
    /// Memory in thousandths of a byte.
    pub memory: Option<MilliValue>,
}

impl ContainerUsage<'_> {
    /// The usage of one resource.
    pub fn get(&self, resource: ResourceName) -> Option<MilliValue> {
        match resource {
            ResourceName::Cpu => self.cpu,
            ResourceName::Memory => self.memory,
        }
    }
}

/// The answer to one [`MetricQuery`](crate::MetricQuery).
#[derive(Debug, Clone, Copy)]
pub enum MetricAnswer<'a> {
    /// The call failed, or the metric is one that is in [`Observation::resources`].
    Unavailable,
    /// A value for each of some pods, **in ascending order of their ids**.
    Pods(&'a [PodSample]),
    /// The value of an object's metric.
    Object(MilliValue),
    /// The values of the series of an external metric.
    External(&'a [MilliValue]),
}

/// A custom metric of one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodSample {
    /// The pod.
    pub pod: PodId,
    /// The value.
    pub value: MilliValue,
}
