//! Which pods wait for a node.

use super::ClusterAutoscalerFlags;
use super::deletions::Deletions;
use super::estimator::Candidate;
use super::observation::{ClusterObservation, OwnerKind, Workload};
use crate::PodId;
use crate::TimePoint;
use crate::scheduling::{Hints, NodeKey, PlacedPod, Snapshot, place};
use flashcrowd_units::SimDuration;

/// Pods that have waited for less than this may not be all that come.
const UNSCHEDULABLE_POD_TIME_BUFFER: SimDuration = SimDuration::from_secs(2);

/// Whether pods of a workload never count.
pub(super) fn is_expendable(workload: &Workload, flags: &ClusterAutoscalerFlags) -> bool {
    workload
        .priority
        .is_some_and(|it| it < flags.expendable_pods_priority_cutoff)
}

/// Puts pods that need no new node into the snapshot, where they stay, and returns the others:
/// those that wait, and those on nodes that are being drained.
pub(super) fn unschedulable(
    seen: &ClusterObservation<'_>,
    flags: &ClusterAutoscalerFlags,
    deletions: &Deletions,
    snapshot: &mut Snapshot<'_>,
    hints: &mut Hints,
) -> Vec<Candidate> {
    let workload = |pod: &PlacedPod| seen.workloads[pod.workload].workload;
    let mut pods: Vec<PlacedPod> = seen
        .pods
        .iter()
        .filter(|pod| pod.node.is_none())
        .map(|pod| PlacedPod {
            id: Some(pod.id.0),
            workload: pod.workload,
        })
        .filter(|pod| !is_expendable(workload(pod), flags))
        .collect();
    for node in deletions.drains() {
        if let Some(index) = snapshot.find(NodeKey::Real(node)) {
            let moved = |pod: &&PlacedPod| !workload(pod).owner.is_node_bound();
            pods.extend(snapshot.node(index).pods.iter().filter(moved));
        }
    }
    pods.sort_by_key(|pod| std::cmp::Reverse(workload(pod).priority.unwrap_or(0)));
    let is_replicated = |it: usize| seen.workloads[it].workload.owner.is_replicated();
    let placed = place(snapshot, hints, &pods, false, is_replicated, |_| true);
    hints.drop_old();
    let left = pods
        .iter()
        .zip(placed)
        .filter(|&(_, placed)| !placed)
        .map(|(pod, _)| pod);
    left.filter(|pod| workload(pod).owner != OwnerKind::DaemonSet)
        .filter_map(|pod| {
            let id = PodId(pod.id?);
            Some(Candidate {
                id,
                workload: pod.workload,
            })
        })
        .collect()
}

/// Leaves out pods that are too young to be helped.
pub(super) fn old_enough(
    pods: Vec<Candidate>,
    seen: &ClusterObservation<'_>,
    flags: &ClusterAutoscalerFlags,
) -> Vec<Candidate> {
    let delay = |pod: &Candidate| {
        let own = seen.workloads[pod.workload].workload.scale_up_delay;
        own.map_or(flags.new_pod_scale_up_delay, |it| {
            it.max(flags.new_pod_scale_up_delay)
        })
    };
    let is_old = |pod: &Candidate| seen.now > created(pod, seen) + delay(pod);
    pods.into_iter().filter(is_old).collect()
}

/// Whether even the oldest has only just come.
pub(super) fn are_all_new(pods: &[Candidate], seen: &ClusterObservation<'_>) -> bool {
    let oldest = pods.iter().map(|pod| created(pod, seen)).min();
    oldest.is_some_and(|oldest| oldest + UNSCHEDULABLE_POD_TIME_BUFFER > seen.now)
}

fn created(pod: &Candidate, seen: &ClusterObservation<'_>) -> TimePoint {
    let found = seen.pods.binary_search_by_key(&pod.id, |it| it.id);
    found.map_or(seen.now, |index| seen.pods[index].created)
}
