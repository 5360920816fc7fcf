//! Whether pods can be moved off a node. The first rule that applies decides.

use super::ScaleDownFlags;
use super::budgets::RemainingBudgets;
use super::observation::{ClusterObservation, OwnerKind, WorkloadView};
use crate::PodId;
use crate::TimePoint;
use crate::scheduling::PlacedPod;
use serde::{Deserialize, Serialize};

/// Why a pod stops its node from being drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BlockingReason {
    /// Its owner object does not exist.
    ControllerNotFound,
    /// Its ReplicaSet wants too few pods to disturb them.
    MinReplicasReached,
    /// Nothing, or nothing known, would create it anew.
    NotReplicated,
    /// It is in `kube-system` and has no PodDisruptionBudget.
    UnmovableKubeSystemPod,
    /// It is annotated as not safe to evict.
    NotSafeToEvictAnnotation,
    /// It would lose local storage.
    LocalStorageRequested,
    /// A PodDisruptionBudget is used up.
    NotEnoughPdb,
}

/// What happens to a pod whose node goes.
enum Fate {
    /// It goes with the node.
    Vanishes,
    /// It needs another place.
    Moves,
    Blocks(BlockingReason),
}

/// Pods that need another place, or the first pod that blocks.
pub(super) fn pods_to_move(
    pods: &[PlacedPod],
    seen: &ClusterObservation<'_>,
    flags: &ScaleDownFlags,
    budgets: &RemainingBudgets<'_>,
) -> Result<Vec<PlacedPod>, (Option<PodId>, BlockingReason)> {
    let mut moving = Vec::new();
    for &pod in pods {
        let view = &seen.workloads[pod.workload];
        let created = || {
            let id = PodId(pod.id?);
            let index = seen.pods.binary_search_by_key(&id, |it| it.id).ok()?;
            Some(seen.pods[index].created)
        };
        match fate(view, pod.workload, created, seen.now, flags, budgets) {
            Fate::Vanishes => {}
            Fate::Moves => moving.push(pod),
            Fate::Blocks(reason) => return Err((pod.id.map(PodId), reason)),
        }
    }
    Ok(moving)
}

fn fate(
    view: &WorkloadView<'_>,
    workload: usize,
    created: impl Fn() -> Option<TimePoint>,
    now: TimePoint,
    flags: &ScaleDownFlags,
    budgets: &RemainingBudgets<'_>,
) -> Fate {
    let pod = view.workload;
    if pod.owner == OwnerKind::Mirror {
        return Fate::Vanishes;
    }
    if flags.skip_nodes_with_custom_controller_pods
        && let Some(reason) = owner_objects(view, flags)
    {
        return Fate::Blocks(reason);
    }
    if pod.owner == OwnerKind::DaemonSet {
        return Fate::Vanishes;
    }
    if pod.safe_to_evict == Some(true) {
        return Fate::Moves;
    }
    if !is_replicated(pod.owner, flags) {
        return Fate::Blocks(BlockingReason::NotReplicated);
    }
    if flags.skip_nodes_with_system_pods
        && pod.namespace == "kube-system"
        && !budgets.covers(workload)
    {
        let is_old = |created| created + flags.blocking_system_pod_timeout < now;
        return if created().is_some_and(is_old) {
            Fate::Moves
        } else {
            Fate::Blocks(BlockingReason::UnmovableKubeSystemPod)
        };
    }
    if pod.safe_to_evict == Some(false) {
        return Fate::Blocks(BlockingReason::NotSafeToEvictAnnotation);
    }
    if flags.skip_nodes_with_local_storage && pod.local_storage {
        return Fate::Blocks(BlockingReason::LocalStorageRequested);
    }
    if !budgets.allows(workload) {
        return Fate::Blocks(BlockingReason::NotEnoughPdb);
    }
    Fate::Moves
}

fn owner_objects(view: &WorkloadView<'_>, flags: &ScaleDownFlags) -> Option<BlockingReason> {
    let has_replicas = match view.workload.owner {
        OwnerKind::ReplicaSet | OwnerKind::ReplicationController => true,
        OwnerKind::StatefulSet | OwnerKind::Job => false,
        OwnerKind::DaemonSet | OwnerKind::Mirror | OwnerKind::Custom | OwnerKind::None => {
            return None;
        }
    };
    if !view.owner_exists {
        return Some(BlockingReason::ControllerNotFound);
    }
    let too_few = has_replicas && view.desired.get() < flags.min_replica_count;
    too_few.then_some(BlockingReason::MinReplicasReached)
}

fn is_replicated(owner: OwnerKind, flags: &ScaleDownFlags) -> bool {
    match owner {
        OwnerKind::None => false,
        OwnerKind::Custom => !flags.skip_nodes_with_custom_controller_pods,
        _ => true,
    }
}
