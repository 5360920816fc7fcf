//! How many new nodes pods need: first-fit decreasing bin packing.

use super::template::Template;
use crate::PodId;
use crate::scheduling::{NodeKey, PlacedPod, Snapshot};
use std::collections::BTreeSet;

/// A pod that needs a new node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: PodId,
    pub(super) workload: usize,
}

/// Pods that are the same to the scheduler.
#[derive(Debug, Clone)]
pub(super) struct EquivalenceGroup {
    pub(super) workload: usize,
    pub(super) pods: Vec<PodId>,
}

/// An option: what growing one group would do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Estimate {
    pub(super) group: usize,
    /// Shape of its nodes.
    pub(super) shape: usize,
    /// New nodes that get a pod.
    pub(super) nodes: u32,
    /// Pods that find a place, in the order of placement.
    pub(super) pods: Vec<Candidate>,
    /// Groups that the nodes could be spread to.
    pub(super) similar: Vec<usize>,
}

/// Packs pods onto as many new nodes as needed, within a limit (`None`: no limit). Returns how many
/// of the nodes get a pod, and the pods that find a place.
///
/// Largest pods first. Those of one kind are tried on all new nodes until the first that fails;
/// from then on only on the last node, and if it does not fit there, on another new one.
pub(super) fn estimate(
    snapshot: &mut Snapshot<'_>,
    template: &Template,
    groups: &[&EquivalenceGroup],
    limit: Option<u32>,
) -> (u32, Vec<Candidate>) {
    let mark = snapshot.mark();
    let mut packing = Packing {
        first: snapshot.len(),
        snapshot,
        template,
        last: None,
        added: 0,
        limit,
        used: BTreeSet::new(),
        pods: Vec::new(),
    };
    for group in by_size(&packing, groups) {
        let pods = packing.on_any_node(group);
        packing.on_new_nodes(group.workload, &group.pods[pods..]);
    }
    let Packing {
        snapshot,
        used,
        pods,
        ..
    } = packing;
    snapshot.revert(mark);
    (used.len() as u32, pods)
}

/// Largest first: CPU and memory as fractions of what a node has, added up.
fn by_size<'g>(
    packing: &Packing<'_, '_>,
    groups: &[&'g EquivalenceGroup],
) -> Vec<&'g EquivalenceGroup> {
    let fit = packing.snapshot.feasibility();
    let allocatable = &fit.shape(packing.template.shape).allocatable;
    let fraction = |request: u64, of: u64| {
        if of > 0 {
            request as f64 / of as f64
        } else {
            0.0
        }
    };
    let size = |group: &EquivalenceGroup| {
        let pod = fit.pod(group.workload);
        fraction(pod.cpu.get(), allocatable.cpu.get())
            + fraction(pod.memory.get(), allocatable.memory.get())
    };
    let mut sized: Vec<_> = groups.iter().map(|&group| (size(group), group)).collect();
    sized.sort_by(|a, b| b.0.total_cmp(&a.0));
    sized.into_iter().map(|(_, group)| group).collect()
}

struct Packing<'p, 's> {
    snapshot: &'p mut Snapshot<'s>,
    template: &'p Template,
    /// Place of the first new node in the list.
    first: usize,
    last: Option<usize>,
    added: u32,
    limit: Option<u32>,
    used: BTreeSet<usize>,
    pods: Vec<Candidate>,
}

impl Packing<'_, '_> {
    /// Returns how many have found a place before the first that has none.
    fn on_any_node(&mut self, group: &EquivalenceGroup) -> usize {
        for (placed, &pod) in group.pods.iter().enumerate() {
            let Some(node) = self
                .snapshot
                .first_fit(group.workload, self.first, |_| true)
            else {
                return placed;
            };
            self.place(node, pod, group.workload);
        }
        group.pods.len()
    }

    fn on_new_nodes(&mut self, workload: usize, pods: &[PodId]) {
        for &pod in pods {
            if let Some(last) = self.last {
                if self.snapshot.fits(workload, last) {
                    self.place(last, pod, workload);
                    continue;
                }
                // What does not fit an empty node does not fit another one.
                if !self.used.contains(&last) {
                    return;
                }
            }
            if self.limit.is_some_and(|limit| self.added >= limit) {
                return;
            }
            let node = self
                .template
                .node(NodeKey::Simulated, self.snapshot.feasibility());
            let node = self.snapshot.push(node);
            self.added += 1;
            self.last = Some(node);
            if !self.snapshot.fits(workload, node) {
                return;
            }
            self.place(node, pod, workload);
        }
    }

    fn place(&mut self, node: usize, pod: PodId, workload: usize) {
        self.snapshot.place(
            node,
            PlacedPod {
                id: Some(pod.0),
                workload,
            },
        );
        self.used.insert(node);
        self.pods.push(Candidate { id: pod, workload });
    }
}

#[cfg(test)]
mod tests;
