//! What the updater may know at one pass.

use crate::vpa::{PodContainer, PodRecommendation};
use crate::{PodId, PodPhase, TimePoint};
use flashcrowd_units::{Replicas, SimDuration};
use serde::{Deserialize, Serialize};

/// All that the updater knows at one pass.
#[derive(Debug, Clone, Copy)]
pub struct UpdaterObservation<'a> {
    /// The time of this pass.
    pub now: TimePoint,
    /// The last recommendation, if there has been one.
    pub recommendation: Option<&'a PodRecommendation>,
    /// The pods of the workload, by what owns them: for a Deployment one group a ReplicaSet.
    pub groups: &'a [ReplicaGroup<'a>],
}

/// Pods that one controller keeps the number of.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaGroup<'a> {
    /// `spec.replicas` of that controller.
    pub configured: Replicas,
    /// How many pods the PodDisruptionBudgets allow to be evicted now; `None` without a budget.
    pub disruptions_allowed: Option<u32>,
    /// The pods.
    pub pods: &'a [UpdaterPod<'a>],
}

/// A pod as the updater sees it.
#[derive(Debug, Clone, Copy)]
pub struct UpdaterPod<'a> {
    /// Identity.
    pub id: PodId,
    /// `status.phase`.
    pub phase: PodPhase,
    /// Whether it has a node. Pods without one are not looked at.
    pub scheduled: bool,
    /// Whether `metadata.deletionTimestamp` is set. Such pods are not looked at.
    pub deleting: bool,
    /// `status.startTime`: when the kubelet took it over.
    pub start_time: Option<TimePoint>,
    /// Its containers, restartable init containers included.
    pub containers: &'a [UpdaterContainer<'a>],
    /// The resize that it is in the middle of, if any.
    pub resize: Option<ResizeState>,
    /// Whether the API server would accept a resize: the cluster can do it, and the QoS class
    /// stays what it is.
    pub resizable: bool,
}

impl UpdaterPod<'_> {
    /// Whether it counts as alive.
    pub(super) fn is_live(&self) -> bool {
        let ended = matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed);
        self.scheduled && !self.deleting && !ended
    }
}

/// A container as the updater sees it.
#[derive(Debug, Clone, Copy)]
pub struct UpdaterContainer<'a> {
    /// Name, and the requests and limits in force: in the middle of a resize still the old ones.
    pub container: PodContainer<'a>,
    /// How long it had lived when it last ended, if that was an OOM kill.
    pub oom_killed_after: Option<SimDuration>,
}

/// How far a resize is: the conditions `PodResizePending` and `PodResizeInProgress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResizeState {
    /// The node has no room for it now.
    Deferred,
    /// The node can never have room for it.
    Infeasible,
    /// The kubelet is at it.
    InProgress,
    /// The kubelet has failed.
    Failed,
}
