//! What one loop decides, and why.

use super::drain::BlockingReason;
use super::observation::NodeId;
use super::provider::ProviderCall;
use crate::karpenter::KarpenterSteps;
use crate::{PodId, TimePoint};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one loop decides. Groups are places in
/// [`ClusterObservation::groups`](super::ClusterObservation::groups).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeDecision {
    /// How scaling up went.
    pub scale_up: ScaleUpResult,
    /// How scaling down went.
    pub scale_down: ScaleDownResult,
    /// Calls to the cloud provider, in order.
    pub calls: Vec<ProviderCall>,
    /// Nodes to taint and cordon now and to delete in a moment.
    pub deletions: Vec<NodeDeletion>,
    /// Nodes to taint and cordon now; they are deleted by a later decision. The cluster autoscaler
    /// has none.
    pub cordons: Vec<NodeId>,
    /// Such nodes that stay after all.
    pub uncordons: Vec<NodeId>,
    /// How it came to this.
    pub steps: NodeSteps,
    /// The same if [`Karpenter`](crate::karpenter::Karpenter) decided.
    pub karpenter: Option<Box<KarpenterSteps>>,
}

/// A node that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeDeletion {
    /// The node: it is tainted and cordoned at once.
    pub node: NodeId,
    /// Its group.
    pub group: usize,
    /// Pods to evict when the delay is over.
    pub evict: Vec<PodId>,
    /// From the taint to the evictions and the deletion of the instance.
    #[serde(skip)]
    pub delay: SimDuration,
    /// Why it goes, in a word: `ScaleDown`, `Empty`, ...
    #[serde(skip)]
    pub reason: &'static str,
    /// What happens if its pods cannot be evicted.
    #[serde(skip)]
    pub patience: DrainPatience,
}

/// What happens to a node whose pods cannot all be evicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DrainPatience {
    /// It is tried again for ever.
    #[default]
    Endless,
    /// After so long the node is taken back into service.
    GiveUpAfter(SimDuration),
    /// After so long the node is deleted with what is left on it. Pods are told early enough to use
    /// their grace period.
    ForceAfter(SimDuration),
}

/// How scaling up went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScaleUpResult {
    /// No pod waits.
    NotNeeded,
    /// A group grows.
    Successful,
    /// No group can help.
    NoOptionsAvailable,
    /// All pods are new; more may come.
    InCooldown,
    /// There are as many nodes as there may be.
    LimitedByMaxNodesTotal,
    /// The provider refused.
    Error,
    /// The loop ended before.
    NotTried,
}

/// How scaling down went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScaleDownResult {
    /// Nothing can be deleted now.
    NoNodeDeleted,
    /// A deletion begins.
    NodeDeleteStarted,
    /// Something has happened too recently.
    InCooldown,
    /// All groups are at their minimum.
    NoCandidates,
    /// The loop ended before, or scaling down is disabled.
    NotTried,
}

/// The steps of one loop.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct NodeSteps {
    /// Scaling up, if there was something to help.
    pub scale_up: Option<ScaleUpSteps>,
    /// Growth to the minimum sizes, if a group was below.
    pub min_size: Option<(bool, Vec<SizeChange>)>,
    /// Whether scaling down was put off because all pods were new.
    pub scale_down_put_off: bool,
    /// Whether scaling down is in a cooldown at the end of the loop.
    pub in_cooldown: bool,
    /// Unneeded nodes and since when, in the order of evaluation.
    pub unneeded: Vec<(NodeId, TimePoint)>,
    /// Why nodes stay. Nodes of groups at their minimum have no reason, nor those not looked at.
    pub unremovable: BTreeMap<NodeId, UnremovableReason>,
    /// Utilization of CPU and memory, of the nodes it was worked out for.
    pub utilization: BTreeMap<NodeId, (f64, f64)>,
    /// State of the groups at the end of the loop.
    pub groups: Vec<GroupState>,
    /// Whether few enough nodes are unready.
    pub healthy: bool,
    /// Whether the provider refused to correct a size, which ended the loop.
    pub failed: bool,
    /// When a scale-up last succeeded.
    pub last_scale_up: TimePoint,
    /// When a deletion last began.
    pub last_scale_down: TimePoint,
    /// When scaling down last failed.
    pub last_scale_down_failure: TimePoint,
}

/// State of a group at the end of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GroupState {
    /// Target size.
    pub target: u32,
    /// Nodes on their way.
    pub upcoming: u32,
    /// Whether few enough nodes are missing.
    pub healthy: bool,
    /// Whether it is left alone after a failure.
    pub in_backoff: bool,
}

/// How a scale-up came about.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ScaleUpSteps {
    /// Groups that could help.
    pub options: Vec<ScaleUpOption>,
    /// Groups that are left after the expanders.
    pub best: Vec<usize>,
    /// The group chosen.
    pub chosen: Option<usize>,
    /// Pods that the chosen option helps, in the order of placement.
    pub triggered: Vec<PodId>,
    /// Pods that could be helped, but not by the chosen group.
    pub awaiting: Vec<PodId>,
    /// Pods that no group can help.
    pub remaining: Vec<NoScaleUp>,
    /// Executed changes.
    pub changes: Vec<SizeChange>,
    /// The group whose increase the provider refused.
    pub refused: Option<usize>,
}

/// A group that could grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScaleUpOption {
    /// The group.
    pub group: usize,
    /// New nodes.
    pub nodes: u32,
    /// Pods they would help.
    pub pods: usize,
    /// Similar groups.
    pub similar: Vec<usize>,
}

/// A change of a group's target size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeChange {
    /// The group.
    pub group: usize,
    /// Target before.
    pub from: u32,
    /// Target after.
    pub to: u32,
}

/// Pods that no group can help, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct NoScaleUp {
    /// The pods.
    pub pods: Vec<PodId>,
    /// By group: why its nodes do not take them.
    pub rejected: BTreeMap<usize, Vec<&'static str>>,
    /// By group: why it was not considered at all.
    pub skipped: Arc<BTreeMap<usize, String>>,
}

/// Why a node is not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnremovableReason {
    /// The annotation forbids it.
    ScaleDownDisabledAnnotation,
    /// It is unready, and unready nodes are not removed.
    ScaleDownUnreadyDisabled,
    /// It has not been unneeded for long enough.
    NotUnneededLongEnough,
    /// It has not been unready for long enough.
    NotUnreadyLongEnough,
    /// Its group would be too small.
    NodeGroupMinSizeReached,
    /// The cluster would have too few cores or too little memory.
    MinimalResourceLimitExceeded,
    /// It is being deleted.
    CurrentlyBeingDeleted,
    /// Its pods request too much.
    NotUnderutilized,
    /// The simulation failed not long ago.
    RecentlyUnremovable,
    /// There is no place for its pods.
    NoPlaceToMovePods,
    /// A pod cannot be moved.
    BlockedByPod {
        /// The pod; `None` if it is not one that exists.
        pod: Option<PodId>,
        /// Why.
        reason: BlockingReason,
    },
}
