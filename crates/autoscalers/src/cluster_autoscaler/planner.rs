//! Scaling down: which nodes nobody needs, and which of them can go now.

use super::ClusterAutoscalerFlags;
use super::budgets::RemainingBudgets;
use super::decision::{DrainPatience, NodeDeletion, UnremovableReason};
use super::deletions::Deletions;
use super::destinations::Destinations;
use super::drain::pods_to_move;
use super::observation::{ClusterObservation, NodeId, NodeView};
use super::provider::Provider;
use super::quota::Quota;
use super::utilization::utilization;
use crate::PodId;
use crate::TimePoint;
use crate::scheduling::{Hints, NodeKey, PlacedPod, Snapshot, place};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long the pods of a node are tried to be evicted (`--max-pod-eviction-time`).
const MAX_POD_EVICTION_TIME: SimDuration = SimDuration::from_secs(120);
/// A node counts as being deleted for so long after it was tainted.
const MAX_DELETION_TIME: SimDuration = SimDuration::from_secs(5 * 60);

/// What is remembered about nodes that could go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Planner {
    /// In the order of evaluation.
    unneeded: Vec<Unneeded>,
    /// Unneeded nodes of the last loop that looked for them.
    previous: BTreeSet<u64>,
    /// Nodes whose simulation failed, and until when they are not simulated again.
    recently_unremovable: BTreeMap<u64, TimePoint>,
    reasons: BTreeMap<NodeId, UnremovableReason>,
    utilization: BTreeMap<NodeId, (f64, f64)>,
    hints: Hints,
    last_update: Option<TimePoint>,
    /// The shortest time from one update to the next \[ns\].
    shortest_interval: Option<u64>,
    /// When nodes were tainted.
    tainted: BTreeMap<u64, TimePoint>,
}

/// A node that nobody needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unneeded {
    node: u64,
    since: TimePoint,
    /// Whether pods have to move.
    drain: bool,
    /// Whether the pods exceed a disruption budget.
    risky: bool,
}

/// The parts of the autoscaler that take part in scaling down.
pub(super) struct ScaleDown<'r, 'o, 's> {
    pub(super) seen: &'r ClusterObservation<'o>,
    pub(super) flags: &'r ClusterAutoscalerFlags,
    pub(super) provider: &'r Provider,
    pub(super) deletions: &'r Deletions,
    pub(super) snapshot: &'r mut Snapshot<'s>,
    /// Registered nodes that count as upcoming: none of them goes.
    pub(super) upcoming: &'r BTreeSet<u64>,
}

impl Planner {
    pub(super) fn forget_unneeded(&mut self) {
        self.unneeded.clear();
    }

    pub(super) fn unneeded(&self) -> impl Iterator<Item = (NodeId, TimePoint)> {
        self.unneeded.iter().map(|it| (NodeId(it.node), it.since))
    }

    pub(super) fn reasons(&self) -> &BTreeMap<NodeId, UnremovableReason> {
        &self.reasons
    }

    pub(super) fn utilization(&self) -> &BTreeMap<NodeId, (f64, f64)> {
        &self.utilization
    }

    /// Looks for nodes that nobody needs. Returns whether there was any to look at.
    pub(super) fn update(&mut self, around: &mut ScaleDown<'_, '_, '_>) -> bool {
        let seen = around.seen;
        self.note_interval(seen.now);
        self.note_taints(seen);
        let candidates = self.candidates(around);
        let any = !candidates.is_empty();
        let mark = around.snapshot.mark();
        self.reasons.clear();
        self.utilization.clear();
        let snapshot = &around.snapshot;
        self.recently_unremovable
            .retain(|&node, until| *until > seen.now && is_in(snapshot, node));
        let eligible: Vec<&NodeView> = candidates
            .into_iter()
            .filter(|node| !around.deletions.contains(node.id.0))
            .filter(|node| self.is_eligible(node, around))
            .collect();
        self.simulate(&eligible, around);
        around.snapshot.revert(mark);
        self.hints.drop_old();
        self.previous = self.unneeded.iter().map(|it| it.node).collect();
        any
    }

    fn note_interval(&mut self, now: TimePoint) {
        let last = self.last_update.replace(now);
        let interval = last.map(|last| now.as_nanos().abs_diff(last.as_nanos()));
        if let Some(interval) = interval {
            let shortest = self.shortest_interval.get_or_insert(interval);
            *shortest = interval.min(*shortest);
        }
    }

    fn note_taints(&mut self, seen: &ClusterObservation<'_>) {
        let deleting = seen
            .nodes
            .iter()
            .filter(|node| node.deleting)
            .map(|node| node.id.0);
        let before = std::mem::take(&mut self.tainted);
        let since = |node| (node, before.get(&node).copied().unwrap_or(seen.now));
        self.tainted = deleting.map(since).collect();
    }

    /// Nodes of groups above their minimum: empty ones first, then those that were unneeded
    /// before.
    fn candidates<'o>(&self, around: &ScaleDown<'_, 'o, '_>) -> Vec<&'o NodeView> {
        let seen = around.seen;
        let is_empty = |node: &NodeView| {
            let pods = around
                .snapshot
                .find(NodeKey::Real(node.id.0))
                .map_or(&[][..], |index| &around.snapshot.node(index).pods);
            pods.iter()
                .all(|pod| seen.workloads[pod.workload].workload.owner.is_node_bound())
        };
        let can_shrink = |&group: &usize| around.provider.target(group) > seen.groups[group].min;
        let mut candidates: Vec<&NodeView> = seen
            .nodes
            .iter()
            .filter(|node| !around.upcoming.contains(&node.id.0))
            .filter(|node| node.group.as_ref().is_some_and(can_shrink))
            .collect();
        candidates
            .sort_by_cached_key(|node| (!is_empty(node), !self.previous.contains(&node.id.0)));
        candidates
    }

    /// Whether it is worth simulating that the node is gone.
    fn is_eligible(&mut self, node: &NodeView, around: &ScaleDown<'_, '_, '_>) -> bool {
        let reason = self.ineligible(node, around);
        if let Some(reason) = reason {
            self.reasons.insert(node.id, reason);
        }
        reason.is_none()
    }

    fn ineligible(
        &mut self,
        node: &NodeView,
        around: &ScaleDown<'_, '_, '_>,
    ) -> Option<UnremovableReason> {
        let flags = &around.flags.scale_down;
        let now = around.seen.now;
        if self.recently_unremovable.contains_key(&node.id.0) {
            return Some(UnremovableReason::RecentlyUnremovable);
        }
        let tainted = self.tainted.get(&node.id.0);
        if tainted.is_some_and(|&since| since + MAX_DELETION_TIME > now) {
            return Some(UnremovableReason::CurrentlyBeingDeleted);
        }
        if node.scale_down_disabled {
            return Some(UnremovableReason::ScaleDownDisabledAnnotation);
        }
        if !flags.unready_enabled && !node.ready {
            return Some(UnremovableReason::ScaleDownUnreadyDisabled);
        }
        let index = around.snapshot.find(NodeKey::Real(node.id.0))?;
        let used = utilization(around.snapshot.node(index), around.seen, flags);
        self.utilization.insert(node.id, used);
        (used.0.max(used.1) > flags.utilization_threshold)
            .then_some(UnremovableReason::NotUnderutilized)
    }

    /// Takes nodes away one after the other, as far as their pods find other places. What has
    /// succeeded stays, so that each node is judged with those before it gone.
    fn simulate(&mut self, eligible: &[&NodeView], around: &mut ScaleDown<'_, '_, '_>) {
        let seen = around.seen;
        let recheck = seen.now + around.flags.scale_down.unremovable_node_recheck_timeout;
        let limit = self.limit(around.flags);
        let mut budgets = RemainingBudgets::new(seen.budgets);
        let mut destinations = Destinations::new(around);
        let since: BTreeMap<u64, TimePoint> =
            self.unneeded.iter().map(|it| (it.node, it.since)).collect();
        let mut unneeded = Vec::new();
        for node in eligible {
            if unneeded.len() >= limit {
                break;
            }
            match self.simulate_removal(node, around, &budgets, &mut destinations) {
                Ok(pods) => {
                    let pods: Vec<usize> = pods.iter().map(|pod| pod.workload).collect();
                    let risky = !budgets.allows_together(&pods);
                    budgets.use_up(&pods);
                    unneeded.push(Unneeded {
                        node: node.id.0,
                        since: since.get(&node.id.0).copied().unwrap_or(seen.now),
                        drain: !pods.is_empty(),
                        risky,
                    });
                }
                Err(reason) => {
                    self.recently_unremovable.insert(node.id.0, recheck);
                    self.reasons.insert(node.id, reason);
                }
            }
        }
        self.unneeded = unneeded;
    }

    fn simulate_removal(
        &mut self,
        node: &NodeView,
        around: &mut ScaleDown<'_, '_, '_>,
        budgets: &RemainingBudgets<'_>,
        destinations: &mut Destinations,
    ) -> Result<Vec<PlacedPod>, UnremovableReason> {
        let seen = around.seen;
        let snapshot = &mut *around.snapshot;
        let Some(index) = snapshot.find(NodeKey::Real(node.id.0)) else {
            return Ok(Vec::new());
        };
        let pods = &snapshot.node(index).pods;
        let pods = pods_to_move(pods, seen, &around.flags.scale_down, budgets)
            .map_err(|(pod, reason)| UnremovableReason::BlockedByPod { pod, reason })?;
        let mark = snapshot.mark();
        let is_replicated = |it: usize| seen.workloads[it].workload.owner.is_replicated();
        let accepts = |it: usize| it != index && destinations.contains(it);
        let placed = place(
            snapshot,
            &mut self.hints,
            &pods,
            true,
            is_replicated,
            accepts,
        );
        if placed.last() == Some(&false) {
            snapshot.revert(mark);
            return Err(UnremovableReason::NoPlaceToMovePods);
        }
        // It keeps its place in the list until its pods have found others.
        snapshot.unlist(index);
        destinations.remove(index);
        Ok(pods)
    }

    /// How many unneeded nodes are worth looking for: no more than can be deleted by the time
    /// they have been unneeded for long enough.
    fn limit(&self, flags: &ClusterAutoscalerFlags) -> usize {
        let parallelism = u64::from(flags.scale_down.max_parallelism);
        let unneeded_time = flags.scale_down.unneeded_time.as_nanos();
        let shortest = self.shortest_interval.unwrap_or(u64::MAX);
        let interval = shortest.min(unneeded_time).max(1);
        let loops = unneeded_time.max(interval) / interval;
        let more = self.unneeded.len() as u64 + 2 * parallelism;
        more.min(
            parallelism
                .saturating_mul(loops)
                .saturating_add(parallelism),
        ) as usize
    }

    /// Which unneeded nodes can go now. Others get a reason.
    pub(super) fn removable(&mut self, around: &ScaleDown<'_, '_, '_>) -> Vec<NodeDeletion> {
        let seen = around.seen;
        let mut quota = Quota::to_remove(&around.flags.limits, around.snapshot);
        let mut sizes = around.provider.targets().to_vec();
        let in_progress: Vec<u32> = (0..sizes.len())
            .map(|group| around.deletions.of_group(group))
            .collect();
        let (mut empty, mut drain, mut risky) = (Vec::new(), Vec::new(), Vec::new());
        for unneeded in in_order(&self.unneeded) {
            let found = seen
                .nodes
                .binary_search_by_key(&unneeded.node, |it| it.id.0);
            let Some(node) = found.ok().map(|index| &seen.nodes[index]) else {
                continue;
            };
            let Some(group) = node.group else { continue };
            let shape = around.snapshot.feasibility().shape(node.shape);
            let is_at_min =
                sizes[group].saturating_sub(in_progress[group]) <= seen.groups[group].min;
            let reason = too_early(node, unneeded.since, seen.now, around.flags)
                .or(is_at_min.then_some(UnremovableReason::NodeGroupMinSizeReached))
                .or_else(|| {
                    let exceeded = UnremovableReason::MinimalResourceLimitExceeded;
                    (!quota.take(shape)).then_some(exceeded)
                });
            if let Some(reason) = reason {
                self.reasons.insert(node.id, reason);
                continue;
            }
            sizes[group] -= 1;
            let list = match (unneeded.drain, unneeded.risky) {
                (false, _) => &mut empty,
                (true, false) => &mut drain,
                (true, true) => &mut risky,
            };
            list.push((group, (node.id, group)));
        }
        drain.append(&mut risky);
        let (empty, drain) = around.deletions.crop(&empty, &drain, around.flags);
        let deletion = |(node, group), evict| {
            let delay = around.flags.scale_down.node_delete_delay_after_taint;
            NodeDeletion {
                node,
                group,
                evict,
                delay,
                reason: "ScaleDown",
                patience: DrainPatience::GiveUpAfter(MAX_POD_EVICTION_TIME),
            }
        };
        let empty = empty.into_iter().map(|node| deletion(node, Vec::new()));
        let drain = drain
            .into_iter()
            .map(|node| deletion(node, to_evict(node.0, around)));
        let deletions: Vec<NodeDeletion> = empty.chain(drain).collect();
        self.tainted
            .extend(deletions.iter().map(|it| (it.node.0, seen.now)));
        deletions
    }
}

/// Empty nodes first.
fn in_order(unneeded: &[Unneeded]) -> impl Iterator<Item = &Unneeded> {
    let empty = unneeded.iter().filter(|it| !it.drain);
    empty.chain(unneeded.iter().filter(|it| it.drain))
}

fn too_early(
    node: &NodeView,
    since: TimePoint,
    now: TimePoint,
    flags: &ClusterAutoscalerFlags,
) -> Option<UnremovableReason> {
    let (wait, reason) = if node.ready {
        (
            flags.scale_down.unneeded_time,
            UnremovableReason::NotUnneededLongEnough,
        )
    } else {
        (
            flags.scale_down.unready_time,
            UnremovableReason::NotUnreadyLongEnough,
        )
    };
    // No time at all is no wait, not even until the next loop.
    (wait > SimDuration::ZERO && since + wait >= now).then_some(reason)
}

/// Pods of a node that do not vanish with it.
fn to_evict(node: NodeId, around: &ScaleDown<'_, '_, '_>) -> Vec<PodId> {
    let Some(index) = around.snapshot.find(NodeKey::Real(node.0)) else {
        return Vec::new();
    };
    let stays = |pod: &&PlacedPod| {
        !around.seen.workloads[pod.workload]
            .workload
            .owner
            .is_node_bound()
    };
    let pods = around.snapshot.node(index).pods.iter().filter(stays);
    pods.filter_map(|pod| pod.id.map(PodId)).collect()
}

fn is_in(snapshot: &Snapshot<'_>, node: u64) -> bool {
    let index = snapshot.find(NodeKey::Real(node));
    index.is_some_and(|index| snapshot.is_listed(index))
}
