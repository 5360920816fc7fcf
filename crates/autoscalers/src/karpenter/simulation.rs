//! Where pods would go: onto the nodes there are, onto those on their way, onto new ones.
//!
//! Pods in descending order of CPU, then of memory. Each goes to the first node that takes it,
//! initialized ones first; else to the new node with the fewest pods that can be of a type that takes
//! it too; else to another new node of the pool with the highest weight that has a type for it.
//! A new node keeps all types that take what is on it: which one it is, the price decides at the end.
//!
//! Source: `pkg/controllers/provisioning/scheduling` (`scheduler.go`, `queue.go`, `nodeclaim.go`).

use super::state::{Launchable, State};
use super::{CapacityType, NodePool};
use crate::PodId;
use crate::cluster_autoscaler::NodeId;
use crate::scheduling::{NodeKey, NodeResources, PlacedPod, SnapshotNode};
use std::collections::BTreeSet;

/// A node that is to be launched.
#[derive(Debug, Clone)]
pub(super) struct NewNode {
    pub(super) pool: usize,
    /// What it can be: places in [`State::offerings`].
    pub(super) options: Vec<usize>,
    /// The pods on it; its shape means nothing.
    node: SnapshotNode,
}

impl NewNode {
    pub(super) fn pods(&self) -> Vec<PodId> {
        let pods = self.node.pods.iter();
        pods.filter_map(|pod| pod.id.map(PodId)).collect()
    }

    /// The options that take one more pod.
    fn with(&mut self, pod: PlacedPod, state: &State<'_>) -> Vec<usize> {
        let Self { options, node, .. } = self;
        let takes = |&option: &usize| {
            node.shape = state.offerings[option].shape;
            state.fit.check(pod.workload, node).is_ok()
        };
        options.iter().copied().filter(takes).collect()
    }
}

/// Where pods would go.
#[derive(Debug, Clone, Default)]
pub(super) struct Solution {
    /// Pods on nodes that exist or are on their way.
    pub(super) placed: Vec<(PodId, NodeId)>,
    pub(super) new: Vec<NewNode>,
    /// Pods that fit nowhere.
    pub(super) unplaced: Vec<PodId>,
}

/// What the limits of a pool leave.
#[derive(Debug, Clone, Copy)]
struct Remaining {
    cpu: Option<u64>,
    memory: Option<u64>,
    nodes: Option<u32>,
}

impl Remaining {
    fn of(pool: &NodePool) -> Self {
        Self {
            cpu: pool.limits.cpu.map(flashcrowd_units::Millicores::get),
            memory: pool.limits.memory.map(flashcrowd_units::Bytes::get),
            nodes: pool.limits.nodes,
        }
    }

    fn take(&mut self, capacity: &NodeResources) {
        self.take_both(capacity.cpu.get(), capacity.memory.get());
    }

    fn take_both(&mut self, cpu: u64, memory: u64) {
        self.cpu = self.cpu.map(|it| it.saturating_sub(cpu));
        self.memory = self.memory.map(|it| it.saturating_sub(memory));
        self.nodes = self.nodes.map(|it| it.saturating_sub(1));
    }

    fn admits(&self, capacity: &NodeResources) -> bool {
        self.cpu.is_none_or(|left| capacity.cpu.get() <= left)
            && self.memory.is_none_or(|left| capacity.memory.get() <= left)
            && self.nodes.is_none_or(|left| left > 0)
    }
}

/// Simulates the scheduling of pods on the cluster without some of its nodes, and without those
/// that go.
pub(super) fn solve(
    state: &State<'_>,
    without: &BTreeSet<NodeId>,
    mut pods: Vec<PlacedPod>,
) -> Solution {
    let request = |pod: &PlacedPod| {
        let shape = state.fit.pod(pod.workload);
        (shape.cpu, shape.memory)
    };
    pods.sort_by(|a, b| request(b).cmp(&request(a)).then(a.id.cmp(&b.id)));
    let stays = |node: &&super::state::StateNode| !node.deleting && !without.contains(&node.id);
    let nodes = state.nodes.iter().filter(stays);
    let mut existing: Vec<(bool, NodeId, SnapshotNode)> = nodes
        .map(|node| (!node.initialized, node.id, node.node.clone()))
        .collect();
    existing.sort_by_key(|&(is_late, id, _)| (is_late, id));
    let mut search = Search {
        state,
        existing,
        remaining: remaining(state),
        order: by_weight(state.pools),
        solution: Solution::default(),
    };
    for pod in pods {
        search.place(pod);
    }
    search.solution
}

/// What the limits leave beside all that exists, and what is on its way.
fn remaining(state: &State<'_>) -> Vec<Remaining> {
    let mut remaining: Vec<Remaining> = state.pools.iter().map(Remaining::of).collect();
    for node in &state.nodes {
        if let Some(pool) = state.pool_of(node) {
            remaining[pool].take(&state.seen.shapes[node.node.shape].capacity);
        }
    }
    remaining
}

/// Pools in the order in which they are tried: by weight, then by name.
fn by_weight(pools: &[NodePool]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pools.len()).collect();
    let rank = |&pool: &usize| (std::cmp::Reverse(pools[pool].weight), &pools[pool].name);
    order.sort_by(|a, b| rank(a).cmp(&rank(b)));
    order
}

struct Search<'s, 'a> {
    state: &'s State<'a>,
    existing: Vec<(bool, NodeId, SnapshotNode)>,
    remaining: Vec<Remaining>,
    order: Vec<usize>,
    solution: Solution,
}

impl Search<'_, '_> {
    fn place(&mut self, pod: PlacedPod) {
        let fit = &self.state.fit;
        let mut existing = self.existing.iter_mut();
        if let Some((_, id, node)) =
            existing.find(|(_, _, node)| fit.check(pod.workload, node).is_ok())
        {
            node.add(pod, fit);
            if let Some(pod) = pod.id {
                self.solution.placed.push((PodId(pod), *id));
            }
            return;
        }
        if !self.join(pod)
            && !self.open(pod)
            && let Some(pod) = pod.id
        {
            self.solution.unplaced.push(PodId(pod));
        }
    }

    /// Puts a pod on a new node that is there already: the one with the fewest pods first.
    fn join(&mut self, pod: PlacedPod) -> bool {
        let new = &mut self.solution.new;
        let mut order: Vec<usize> = (0..new.len()).collect();
        order.sort_by_key(|&index| new[index].node.pods.len());
        for index in order {
            let options = new[index].with(pod, self.state);
            if !options.is_empty() {
                new[index].options = options;
                new[index].node.add(pod, &self.state.fit);
                return true;
            }
        }
        false
    }

    /// Puts a pod on another new node.
    fn open(&mut self, pod: PlacedPod) -> bool {
        let state = self.state;
        let capacity = |option: &Launchable<'_>| &state.seen.shapes[option.shape].capacity;
        for &pool in &self.order {
            let remaining = self.remaining[pool];
            let can_launch = |option: &Launchable<'_>| {
                let group = &state.seen.groups[option.group];
                option.pool == pool
                    && !group.refuses_increase
                    && group.target < group.max
                    && remaining.admits(capacity(option))
            };
            let all = 0..state.offerings.len();
            let mut new = NewNode {
                pool,
                options: all.filter(|&it| can_launch(&state.offerings[it])).collect(),
                node: SnapshotNode::new(NodeKey::Simulated, 0, false),
            };
            new.options = new.with(pod, state);
            if new.options.is_empty() {
                continue;
            }
            new.node.add(pod, &state.fit);
            // As if the largest of its types were launched: a batch may so take several rounds,
            // and never goes past the limits.
            let options = new.options.iter().map(|&it| capacity(&state.offerings[it]));
            let cpu = options.clone().map(|it| it.cpu.get()).max();
            let memory = options.map(|it| it.memory.get()).max();
            self.remaining[pool].take_both(cpu.unwrap_or(0), memory.unwrap_or(0));
            self.solution.new.push(new);
            return true;
        }
        false
    }
}

/// What a node is launched as: on spot capacity if it may be, and then the cheapest.
///
/// Source: karpenter-provider-aws `pkg/providers/instance` (`getCapacityType`, `lowest-price`). On
/// spot capacity that weighs price against interruptions; here it takes the lowest price.
pub(super) fn cheapest(options: &[usize], state: &State<'_>) -> Option<usize> {
    let rank = |it: usize| {
        let Launchable {
            capacity_type,
            price,
            ..
        } = state.offerings[it];
        (capacity_type, price)
    };
    options.iter().copied().min_by(|&a, &b| {
        let ((a_type, a_price), (b_type, b_price)) = (rank(a), rank(b));
        a_type.cmp(&b_type).then(a_price.total_cmp(&b_price))
    })
}

/// The options on spot capacity.
pub(super) fn on_spot(options: &[usize], state: &State<'_>) -> Vec<usize> {
    let is_spot = |&it: &usize| state.offerings[it].capacity_type == CapacityType::Spot;
    options.iter().copied().filter(is_spot).collect()
}
