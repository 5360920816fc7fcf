//! What a new node of a group would look like.

use super::ClusterAutoscalerFlags;
use super::observation::{ClusterObservation, NodeView, OwnerKind};
use crate::TimePoint;
use crate::scheduling::{Feasibility, NodeKey, PlacedPod, Snapshot, SnapshotNode, Unfit};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// For so long a node has to have been ready to be a model for others.
const STABILIZATION_DELAY: SimDuration = SimDuration::from_secs(60);

/// A node of a group with the pods that belong to every node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Template {
    pub(super) shape: usize,
    /// Workloads of the DaemonSet and mirror pods on it.
    pods: Vec<usize>,
    /// Part of the names of nodes made from it. A cached template keeps it.
    generation: u64,
}

impl Template {
    /// A node made from it.
    pub(super) fn node(&self, key: NodeKey, fit: &Feasibility<'_>) -> SnapshotNode {
        let mut node = SnapshotNode::new(key, self.shape, false);
        for &workload in &self.pods {
            node.add(PlacedPod { id: None, workload }, fit);
        }
        node
    }

    /// The key of an upcoming node.
    pub(super) fn upcoming(&self, group: usize, number: u32) -> NodeKey {
        let template = self.generation;
        NodeKey::Upcoming {
            group,
            template,
            number,
        }
    }

    /// Whether it takes a pod.
    pub(super) fn check(&self, workload: usize, fit: &Feasibility<'_>) -> Result<(), Unfit> {
        fit.check(workload, &self.node(NodeKey::Simulated, fit))
    }
}

/// Templates of former loops.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TemplateCache {
    groups: Vec<Option<Template>>,
    generation: u64,
}

impl TemplateCache {
    /// The templates of this loop, by group: from the first good node; without one, the one from
    /// the last loop that had one; without that, what the provider says, plus all DaemonSets.
    pub(super) fn templates(
        &mut self,
        seen: &ClusterObservation<'_>,
        flags: &ClusterAutoscalerFlags,
        snapshot: &Snapshot<'_>,
    ) -> Vec<Template> {
        self.generation += 1;
        self.groups.resize(seen.groups.len(), None);
        let mut fresh = vec![false; seen.groups.len()];
        for node in seen.nodes {
            let Some(group) = node.group.filter(|&group| !fresh[group]) else {
                continue;
            };
            if is_good(node, seen.now) {
                fresh[group] = true;
                self.groups[group] = Some(self.of_node(node, seen, flags, snapshot));
            }
        }
        let of_group = |(group, cached): (usize, &Option<Template>)| {
            cached.clone().unwrap_or_else(|| {
                let shape = seen.groups[group].shape;
                let pods = daemon_sets(seen, shape, snapshot.feasibility()).collect();
                Template {
                    shape,
                    pods,
                    generation: self.generation,
                }
            })
        };
        self.groups.iter().enumerate().map(of_group).collect()
    }

    fn of_node(
        &self,
        node: &NodeView,
        seen: &ClusterObservation<'_>,
        flags: &ClusterAutoscalerFlags,
        snapshot: &Snapshot<'_>,
    ) -> Template {
        let on_node = snapshot
            .find(NodeKey::Real(node.id.0))
            .map_or(&[][..], |index| &snapshot.node(index).pods);
        let is_bound = |&workload: &usize| seen.workloads[workload].workload.owner.is_node_bound();
        let mut pods: Vec<usize> = on_node
            .iter()
            .map(|pod| pod.workload)
            .filter(is_bound)
            .collect();
        if flags.force_daemon_sets {
            let missing: Vec<usize> = daemon_sets(seen, node.shape, snapshot.feasibility())
                .filter(|workload| !pods.contains(workload))
                .collect();
            pods.extend(missing);
        }
        Template {
            shape: node.shape,
            pods,
            generation: self.generation,
        }
    }
}

/// DaemonSets whose pods would run on nodes of a shape.
fn daemon_sets<'a>(
    seen: &'a ClusterObservation<'_>,
    shape: usize,
    fit: &'a Feasibility<'_>,
) -> impl Iterator<Item = usize> + 'a {
    (0..seen.workloads.len()).filter(move |&workload| {
        seen.workloads[workload].workload.owner == OwnerKind::DaemonSet
            && fit.admits(workload, shape).is_ok()
    })
}

fn is_good(node: &NodeView, now: TimePoint) -> bool {
    node.ready && !node.deleting && node.ready_transition + STABILIZATION_DELAY < now
}
