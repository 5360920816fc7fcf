//! The cluster as Karpenter keeps it: nodes that exist or are on their way, and their pods.

use super::{CapacityType, NodePool};
use crate::TimePoint;
use crate::cluster_autoscaler::{ClusterObservation, NodeId};
use crate::scheduling::{Feasibility, NodeKey, PlacedPod, SnapshotNode};
use std::collections::BTreeSet;

/// What can be launched, with what the observation says about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Launchable<'a> {
    pub(super) pool: usize,
    pub(super) instance_type: &'a str,
    pub(super) capacity_type: CapacityType,
    /// USD an hour.
    pub(super) price: f64,
    pub(super) shape: usize,
    pub(super) group: usize,
}

/// A node, or an instance on its way to become one.
#[derive(Debug, Clone)]
pub(super) struct StateNode {
    pub(super) id: NodeId,
    /// What it was launched as; `None` for nodes that no pool has launched.
    pub(super) offering: Option<usize>,
    /// It has been ready.
    pub(super) initialized: bool,
    /// It goes, or will go as soon as its replacement is there.
    pub(super) deleting: bool,
    /// Annotated with `karpenter.sh/do-not-disrupt`.
    pub(super) held: bool,
    pub(super) created: TimePoint,
    /// When a pod last came or went, or it was initialized.
    pub(super) unchanged_since: TimePoint,
    /// What a simulation starts from.
    pub(super) node: SnapshotNode,
}

/// The cluster at one moment.
pub(super) struct State<'a> {
    pub(super) seen: &'a ClusterObservation<'a>,
    pub(super) fit: Feasibility<'a>,
    pub(super) pools: &'a [NodePool],
    /// The offerings of all pools.
    pub(super) offerings: Vec<Launchable<'a>>,
    /// In ascending order of ids.
    pub(super) nodes: Vec<StateNode>,
    /// Pods that the scheduler has found no node for.
    pub(super) pending: Vec<PlacedPod>,
}

impl<'a> State<'a> {
    /// `leaving` are nodes that go as soon as their replacements are there.
    pub(super) fn new(
        seen: &'a ClusterObservation<'a>,
        pools: &'a [NodePool],
        leaving: &BTreeSet<NodeId>,
    ) -> Self {
        let pods = seen.workloads.iter().map(|it| &it.workload.pod);
        let fit = Feasibility::new(pods, seen.shapes);
        let offerings = offerings(seen, pools);
        let mut by_group = vec![None; seen.groups.len()];
        for (index, offering) in offerings.iter().enumerate() {
            by_group[offering.group] = Some(index);
        }
        let registered = seen.nodes.iter().map(|view| StateNode {
            id: view.id,
            offering: view.group.and_then(|group| by_group[group]),
            initialized: view.ready,
            deleting: view.deleting || leaving.contains(&view.id),
            held: view.scale_down_disabled,
            created: view.created,
            unchanged_since: view
                .last_pod_event
                .map_or(view.ready_transition, |at| at.max(view.ready_transition)),
            node: SnapshotNode::new(NodeKey::Real(view.id.0), view.shape, false),
        });
        let is_registered = |id| seen.nodes.binary_search_by_key(&id, |view| view.id).is_ok();
        let coming = seen.instances.iter().filter(|it| !is_registered(it.id));
        let coming = coming.map(|instance| StateNode {
            id: instance.id,
            offering: by_group[instance.group],
            initialized: false,
            deleting: leaving.contains(&instance.id),
            held: false,
            created: seen.now,
            unchanged_since: seen.now,
            node: SnapshotNode::new(
                NodeKey::Real(instance.id.0),
                seen.groups[instance.group].shape,
                false,
            ),
        });
        let mut nodes: Vec<StateNode> = registered.chain(coming).collect();
        nodes.sort_by_key(|node| node.id);
        let mut pending = Vec::new();
        for pod in seen.pods {
            let placed = PlacedPod {
                id: Some(pod.id.0),
                workload: pod.workload,
            };
            let Some(id) = pod.node else {
                pending.push(placed);
                continue;
            };
            if let Ok(index) = nodes.binary_search_by_key(&id, |node| node.id) {
                nodes[index].node.add(placed, &fit);
            }
        }
        Self {
            seen,
            fit,
            pools,
            offerings,
            nodes,
            pending,
        }
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&StateNode> {
        let index = self.nodes.binary_search_by_key(&id, |node| node.id).ok()?;
        Some(&self.nodes[index])
    }

    pub(super) fn pool_of(&self, node: &StateNode) -> Option<usize> {
        node.offering.map(|offering| self.offerings[offering].pool)
    }

    /// The pods of a node that would be created anew elsewhere.
    pub(super) fn reschedulable<'s>(
        &'s self,
        node: &'s StateNode,
    ) -> impl Iterator<Item = PlacedPod> + 's {
        let owner = |pod: &PlacedPod| self.seen.workloads[pod.workload].workload.owner;
        let pods = node.node.pods.iter().copied();
        pods.filter(move |pod| !owner(pod).is_node_bound())
    }

    /// The price of nodes together \[USD/h\].
    pub(super) fn price(&self, nodes: &[NodeId]) -> f64 {
        let price = |id: &NodeId| {
            let offering = self.node(*id).and_then(|node| node.offering);
            offering.map_or(0.0, |offering| self.offerings[offering].price)
        };
        nodes.iter().map(price).sum()
    }
}

fn offerings<'a>(seen: &'a ClusterObservation<'a>, pools: &'a [NodePool]) -> Vec<Launchable<'a>> {
    let all = pools
        .iter()
        .enumerate()
        .flat_map(|(pool, spec)| spec.offerings.iter().map(move |offering| (pool, offering)));
    all.map(|(pool, offering)| {
        let group = &seen.groups[offering.group];
        Launchable {
            pool,
            instance_type: &offering.instance_type,
            capacity_type: offering.capacity_type,
            price: group.price,
            shape: group.shape,
            group: offering.group,
        }
    })
    .collect()
}
