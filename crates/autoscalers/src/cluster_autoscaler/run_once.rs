//! One loop.

use super::decision::{
    GroupState, NoScaleUp, NodeDecision, NodeSteps, ScaleDownResult, ScaleUpResult, ScaleUpSteps,
};
use super::estimator::Candidate;
use super::observation::ClusterObservation;
use super::pending::{are_all_new, is_expendable, old_enough, unschedulable};
use super::planner::ScaleDown;
use super::provider::Provider;
use super::registry::Upcoming;
use super::scale_up::ScaleUp;
use super::template::Template;
use super::{ClusterAutoscaler, ClusterAutoscalerFlags, Memory};
use crate::TimePoint;
use crate::scheduling::{Feasibility, NodeKey, PlacedPod, Snapshot, SnapshotNode};

impl ClusterAutoscaler {
    pub(super) fn run_once(&mut self, seen: &ClusterObservation<'_>) -> NodeDecision {
        let Self { flags, memory } = self;
        memory.deletions.finish(seen.finished);
        let pods = seen.workloads.iter().map(|it| &it.workload.pod);
        let fit = Feasibility::new(pods, seen.shapes);
        let mut run = Run {
            snapshot: snapshot(seen, flags, &fit, memory.cursor),
            provider: Provider::new(seen),
            decision: NodeDecision {
                scale_up: ScaleUpResult::NotTried,
                scale_down: ScaleDownResult::NotTried,
                calls: Vec::new(),
                deletions: Vec::new(),
                cordons: Vec::new(),
                uncordons: Vec::new(),
                steps: NodeSteps::default(),
                karpenter: None,
            },
            seen,
            flags,
            memory,
        };
        let templates = run.memory.templates.templates(seen, flags, &run.snapshot);
        run.memory.registry.update(seen, flags, &mut run.provider);
        if run.correct() {
            run.scale(&templates);
        }
        run.finish()
    }
}

/// Nodes and the pods on them that count.
fn snapshot<'a>(
    seen: &ClusterObservation<'_>,
    flags: &ClusterAutoscalerFlags,
    fit: &'a Feasibility<'a>,
    cursor: usize,
) -> Snapshot<'a> {
    let node = |node: &super::NodeView| {
        SnapshotNode::new(NodeKey::Real(node.id.0), node.shape, node.deleting)
    };
    let mut nodes: Vec<SnapshotNode> = seen.nodes.iter().map(node).collect();
    for pod in seen.pods {
        let index = pod
            .node
            .and_then(|id| seen.nodes.binary_search_by_key(&id, |it| it.id).ok());
        if let Some(index) = index
            && !is_expendable(seen.workloads[pod.workload].workload, flags)
        {
            let pod = PlacedPod {
                id: Some(pod.id.0),
                workload: pod.workload,
            };
            nodes[index].add(pod, fit);
        }
    }
    let mut snapshot = Snapshot::new(fit, cursor);
    for node in nodes {
        snapshot.push(node);
    }
    snapshot
}

/// Pods that no group is even asked about.
fn nothing_for(pods: &[Candidate]) -> ScaleUpSteps {
    let pods = pods.iter().map(|pod| pod.id).collect();
    let remaining = vec![NoScaleUp {
        pods,
        ..NoScaleUp::default()
    }];
    ScaleUpSteps {
        remaining,
        ..ScaleUpSteps::default()
    }
}

/// One loop under way.
struct Run<'r, 'o, 's> {
    seen: &'r ClusterObservation<'o>,
    flags: &'r ClusterAutoscalerFlags,
    memory: &'r mut Memory,
    provider: Provider,
    snapshot: Snapshot<'s>,
    decision: NodeDecision,
}

impl<'o, 's> Run<'_, 'o, 's> {
    fn now(&self) -> TimePoint {
        self.seen.now
    }

    /// Deletes instances that are of no use and corrects sizes. Returns whether the loop goes on.
    fn correct(&mut self) -> bool {
        let registry = &mut self.memory.registry;
        for (group, mut late) in registry.long_unregistered(self.seen.now, self.flags) {
            let above_min = self
                .provider
                .target(group)
                .saturating_sub(self.seen.groups[group].min);
            if above_min > 0 {
                late.truncate(above_min as usize);
                self.provider.delete(group, &late);
                registry.cache.invalidate(group);
            }
        }
        if !registry.is_cluster_healthy(self.flags) {
            self.memory.planner.forget_unneeded();
            return false;
        }
        let mut deleted_any = false;
        for group in 0..self.seen.groups.len() {
            let failed: Vec<u64> = registry.cache.failed(group).collect();
            if !failed.is_empty() {
                self.provider.delete(group, &failed);
                registry.cache.invalidate(group);
                deleted_any = true;
            }
        }
        if deleted_any {
            registry.recalculate(&self.provider);
        }
        let mut fixed = false;
        for (group, lacking) in registry.too_small(self.seen.now, self.flags) {
            if !self.provider.decrease(group, lacking) {
                self.decision.steps.failed = true;
                return false;
            }
            fixed = true;
        }
        !fixed
    }

    fn scale(&mut self, templates: &[Template]) {
        let upcoming = self.memory.registry.upcoming(self.now());
        self.add_upcoming(&upcoming, templates);
        self.scale_up(templates);
        if self.flags.scale_down.enabled {
            self.scale_down(&upcoming);
        }
        if self.flags.enforce_node_group_min_size {
            let min_size = self.scaling_up(templates).grow_to_min_size();
            if min_size.as_ref().is_some_and(|it| it.0) {
                self.memory.last_scale_up = self.now();
            }
            self.decision.steps.min_size = min_size;
        }
    }

    /// Puts nodes that are on their way into the snapshot, in place of those of them that have
    /// registered and are not ready.
    fn add_upcoming(&mut self, upcoming: &Upcoming, templates: &[Template]) {
        for (group, &count) in upcoming.counts.iter().enumerate() {
            let template = &templates[group];
            for number in 0..count {
                let key = template.upcoming(group, number);
                let node = template.node(key, self.snapshot.feasibility());
                self.snapshot.push(node);
            }
        }
        for &node in &upcoming.registered {
            if let Some(index) = self.snapshot.find(NodeKey::Real(node)) {
                self.snapshot.unlist(index);
            }
        }
    }

    fn scale_up(&mut self, templates: &[Template]) {
        let (seen, flags) = (self.seen, self.flags);
        let memory = &mut *self.memory;
        let pods = unschedulable(
            seen,
            flags,
            &memory.deletions,
            &mut self.snapshot,
            &mut memory.hints,
        );
        let pods = old_enough(pods, seen, flags);
        let usable = seen
            .nodes
            .iter()
            .filter(|node| node.ready && !node.deleting)
            .count();
        let is_full = flags.max_nodes_total > 0 && usable >= flags.max_nodes_total as usize;
        self.decision.scale_up = if pods.is_empty() {
            ScaleUpResult::NotNeeded
        } else if is_full {
            self.decision.steps.scale_up = Some(nothing_for(&pods));
            ScaleUpResult::LimitedByMaxNodesTotal
        } else if are_all_new(&pods, seen) {
            self.decision.steps.scale_down_put_off = true;
            ScaleUpResult::InCooldown
        } else {
            let (result, steps) = self.scaling_up(templates).run(&pods);
            self.decision.steps.scale_up = Some(steps);
            if result == ScaleUpResult::Successful {
                self.memory.last_scale_up = self.now();
                self.decision.scale_down = ScaleDownResult::InCooldown;
            }
            result
        };
    }

    fn scaling_up<'t>(&'t mut self, templates: &'t [Template]) -> ScaleUp<'t, 'o, 's> {
        ScaleUp {
            seen: self.seen,
            flags: self.flags,
            registry: &mut self.memory.registry,
            provider: &mut self.provider,
            templates,
            snapshot: &mut self.snapshot,
        }
    }

    fn scale_down(&mut self, upcoming: &Upcoming) {
        let put_off = self.decision.steps.scale_down_put_off;
        let in_cooldown = put_off || self.is_in_cooldown();
        let memory = &mut *self.memory;
        let mut around = ScaleDown {
            seen: self.seen,
            flags: self.flags,
            provider: &self.provider,
            deletions: &memory.deletions,
            snapshot: &mut self.snapshot,
            upcoming: &upcoming.registered,
        };
        let any = memory.planner.update(&mut around);
        if in_cooldown {
            self.decision.scale_down = ScaleDownResult::InCooldown;
            return;
        }
        if !any {
            self.decision.scale_down = ScaleDownResult::NoCandidates;
            return;
        }
        let deletions = memory.planner.removable(&around);
        if deletions.is_empty() {
            self.decision.scale_down = ScaleDownResult::NoNodeDeleted;
            return;
        }
        for deletion in &deletions {
            let drain = !deletion.evict.is_empty();
            memory
                .deletions
                .start(deletion.node.0, deletion.group, drain);
        }
        memory.last_scale_down = self.seen.now;
        memory.registry.recalculate(&self.provider);
        self.decision.scale_down = ScaleDownResult::NodeDeleteStarted;
        self.decision.deletions = deletions;
    }

    fn is_in_cooldown(&self) -> bool {
        let flags = &self.flags.scale_down;
        let memory = &self.memory;
        [
            memory.last_scale_up + flags.delay_after_add,
            memory.last_scale_down_failure + flags.delay_after_failure,
            memory.last_scale_down + flags.delay_after_delete,
        ]
        .into_iter()
        .any(|until| until > self.seen.now)
    }

    fn finish(mut self) -> NodeDecision {
        let put_off = self.decision.steps.scale_down_put_off;
        let in_cooldown = put_off || self.is_in_cooldown();
        let upcoming = self.memory.registry.upcoming(self.now());
        let Memory {
            registry, planner, ..
        } = &*self.memory;
        let group = |group: usize| GroupState {
            target: self.provider.target(group),
            upcoming: upcoming.counts[group],
            healthy: registry.is_healthy(group, self.flags),
            in_backoff: registry.backoff.holds(group, self.seen.now),
        };
        let steps = &mut self.decision.steps;
        steps.groups = (0..self.seen.groups.len()).map(group).collect();
        steps.healthy = registry.is_cluster_healthy(self.flags);
        steps.in_cooldown = in_cooldown;
        steps.unneeded = planner.unneeded().collect();
        steps.unremovable.clone_from(planner.reasons());
        steps.utilization.clone_from(planner.utilization());
        steps.last_scale_up = self.memory.last_scale_up;
        steps.last_scale_down = self.memory.last_scale_down;
        steps.last_scale_down_failure = self.memory.last_scale_down_failure;
        self.memory.cursor = self.snapshot.cursor;
        self.decision.calls = self.provider.into_calls();
        self.decision
    }
}
