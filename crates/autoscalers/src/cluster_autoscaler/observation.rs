//! What the cluster autoscaler may know at one loop.

use crate::scheduling::{NodeShape, PodShape};
use crate::{PodId, TimePoint};
use flashcrowd_units::{Replicas, SimDuration};
use serde::{Deserialize, Serialize};

/// All that a cluster autoscaler knows at one loop.
///
/// Shapes, workloads and groups are referred to by their place in these lists. A place means the
/// same thing as long as the autoscaler lives: add to the lists, never take away.
#[derive(Debug, Clone, Copy)]
pub struct ClusterObservation<'a> {
    /// The time of this loop.
    pub now: TimePoint,
    /// Kinds of nodes.
    pub shapes: &'a [NodeShape],
    /// Kinds of pods, with what owns them.
    pub workloads: &'a [WorkloadView<'a>],
    /// Node groups, in the provider's order.
    pub groups: &'a [NodeGroupView<'a>],
    /// Registered nodes, **in ascending order of their ids**.
    pub nodes: &'a [NodeView],
    /// Pods that run or wait, **in ascending order of their ids**.
    pub pods: &'a [ClusterPod],
    /// PodDisruptionBudgets.
    pub budgets: &'a [DisruptionBudget<'a>],
    /// Cloud instances, **in ascending order of their ids**.
    pub instances: &'a [Instance],
    /// Node deletions that have ended since the loop before, well or not.
    pub finished: &'a [NodeId],
    /// Who wins if the expanders leave several groups.
    pub tie_break: TieBreak,
}

/// Identity of a node and of its cloud instance. Ids are never used again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NodeId(pub u64);

/// A node group as its provider shows it.
#[derive(Debug, Clone, Copy)]
pub struct NodeGroupView<'a> {
    /// Its name.
    pub id: &'a str,
    /// Fewest nodes.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
    /// How many nodes it is told to have.
    pub target: u32,
    /// What its nodes look like: place in [`ClusterObservation::shapes`].
    pub shape: usize,
    /// Price of a node \[USD/h\].
    pub price: f64,
    /// Whether the provider would refuse to increase it now.
    pub refuses_increase: bool,
    /// How many nodes that have been asked for the provider can still call off; it refuses to
    /// decrease the target by more.
    pub cancellable: u32,
}

/// A registered node.
#[derive(Debug, Clone, Copy)]
pub struct NodeView {
    /// Identity.
    pub id: NodeId,
    /// Its group; `None` for a node that is not managed.
    pub group: Option<usize>,
    /// What it looks like: place in [`ClusterObservation::shapes`].
    pub shape: usize,
    /// When it registered.
    pub created: TimePoint,
    /// Whether the condition `Ready` is True.
    pub ready: bool,
    /// When that last changed.
    pub ready_transition: TimePoint,
    /// Whether it is cordoned and tainted for deletion.
    pub deleting: bool,
    /// Annotation `cluster-autoscaler.kubernetes.io/scale-down-disabled`.
    ///
    /// For Karpenter: annotation `karpenter.sh/do-not-disrupt`.
    pub scale_down_disabled: bool,
    /// When a pod last came to it or went. The cluster autoscaler does not ask.
    pub last_pod_event: Option<TimePoint>,
}

/// A pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterPod {
    /// Identity.
    pub id: PodId,
    /// Its workload: place in [`ClusterObservation::workloads`].
    pub workload: usize,
    /// Its node; `None` if the scheduler has found it unschedulable.
    pub node: Option<NodeId>,
    /// `metadata.creationTimestamp`.
    pub created: TimePoint,
}

/// A workload and what its owner object says now.
#[derive(Debug, Clone, Copy)]
pub struct WorkloadView<'a> {
    /// What stays.
    pub workload: &'a Workload,
    /// How many pods the owner wants.
    pub desired: Replicas,
    /// Whether the owner object exists.
    pub owner_exists: bool,
}

/// Pods that are alike: those of one owner and one template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Namespace.
    pub namespace: String,
    /// What owns the pods.
    pub owner: OwnerKind,
    /// What they ask of a node.
    pub pod: PodShape,
    /// Priority; `None` counts as 0, but is never expendable.
    pub priority: Option<i32>,
    /// Annotation `cluster-autoscaler.kubernetes.io/safe-to-evict`.
    pub safe_to_evict: Option<bool>,
    /// Annotation `karpenter.sh/do-not-disrupt`.
    pub do_not_disrupt: bool,
    /// Whether a volume would be lost with the node: an `emptyDir` on disk or a `hostPath`.
    pub local_storage: bool,
    /// Annotation `cluster-autoscaler.kubernetes.io/pod-scale-up-delay`.
    pub scale_up_delay: Option<SimDuration>,
}

/// What owns a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    /// A ReplicaSet, such as that of a Deployment.
    ReplicaSet,
    /// A ReplicationController.
    ReplicationController,
    /// A StatefulSet.
    StatefulSet,
    /// A Job.
    Job,
    /// A DaemonSet.
    DaemonSet,
    /// The kubelet: a static pod.
    Mirror,
    /// A controller that the autoscaler does not know.
    Custom,
    /// Nothing.
    None,
}

impl OwnerKind {
    /// Whether its pods belong to the node and vanish with it.
    pub(crate) fn is_node_bound(self) -> bool {
        matches!(self, Self::DaemonSet | Self::Mirror)
    }

    /// Whether its pods stand for each other.
    pub(super) fn is_replicated(self) -> bool {
        !matches!(self, Self::DaemonSet | Self::None)
    }
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, Copy)]
pub struct DisruptionBudget<'a> {
    /// Workloads that it selects.
    pub workloads: &'a [usize],
    /// `status.disruptionsAllowed`.
    pub allowed: u32,
}

/// A cloud instance of a node group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance {
    /// Its id, and that of the node it becomes.
    pub id: NodeId,
    /// Its group.
    pub group: usize,
    /// How far it is.
    pub state: InstanceState,
}

/// How far an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InstanceState {
    /// Being created.
    Creating,
    /// Running.
    Running,
    /// It could not be created, for want of resources.
    Failed,
}

/// Who wins if the expanders leave several groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieBreak {
    /// The group at this place, modulo their number: a random number makes a random choice.
    Draw(u64),
    /// This group, if it is one of them; else the first.
    Group(usize),
}
