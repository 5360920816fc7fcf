//! The cluster as a simulation sees it: nodes, the pods on them, and a way back.

use super::filter::Feasibility;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Identity of a node in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum NodeKey {
    /// A node that exists.
    Real(u64),
    /// A node that has been asked for. It is named after the template it is made from.
    Upcoming {
        group: usize,
        template: u64,
        number: u32,
    },
    /// A node that an estimate adds. It outlives no estimate, so it needs no name.
    Simulated,
}

/// A pod on a node of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlacedPod {
    /// Its id; `None` for one that comes with a template.
    pub(crate) id: Option<u64>,
    pub(crate) workload: usize,
}

/// A node of a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotNode {
    pub(crate) key: NodeKey,
    pub(crate) shape: usize,
    /// Cordoned, and tainted as about to be deleted.
    pub(crate) deleting: bool,
    /// Millicores and bytes that the pods request.
    pub(crate) requested: (u64, u64),
    pub(crate) pods: Vec<PlacedPod>,
}

impl SnapshotNode {
    pub(crate) fn new(key: NodeKey, shape: usize, deleting: bool) -> Self {
        Self {
            key,
            shape,
            deleting,
            requested: (0, 0),
            pods: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, pod: PlacedPod, fit: &Feasibility<'_>) {
        let shape = fit.pod(pod.workload);
        self.requested.0 += shape.cpu.get();
        self.requested.1 += shape.memory.get();
        self.pods.push(pod);
    }

    fn remove_last(&mut self, fit: &Feasibility<'_>) {
        if let Some(pod) = self.pods.pop() {
            let shape = fit.pod(pod.workload);
            self.requested.0 -= shape.cpu.get();
            self.requested.1 -= shape.memory.get();
        }
    }
}

/// A change that can be undone.
#[derive(Debug)]
enum Change {
    Placed { node: usize },
    Unlisted { node: usize, at: usize },
    Added,
}

/// Nodes in the order in which they are tried, and the pods on them.
#[derive(Debug)]
pub(crate) struct Snapshot<'a> {
    fit: &'a Feasibility<'a>,
    nodes: Vec<SnapshotNode>,
    by_key: BTreeMap<NodeKey, usize>,
    /// The list, as indices of nodes.
    order: Vec<usize>,
    changes: Vec<Change>,
    /// Where in the list the next search starts. It outlives the snapshot.
    pub(crate) cursor: usize,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn new(fit: &'a Feasibility<'a>, cursor: usize) -> Self {
        Self {
            fit,
            nodes: Vec::new(),
            by_key: BTreeMap::new(),
            order: Vec::new(),
            changes: Vec::new(),
            cursor,
        }
    }

    pub(crate) fn feasibility(&self) -> &'a Feasibility<'a> {
        self.fit
    }

    /// Adds a node at the end of the list.
    pub(crate) fn push(&mut self, node: SnapshotNode) -> usize {
        let index = self.nodes.len();
        if node.key != NodeKey::Simulated {
            self.by_key.insert(node.key, index);
        }
        self.nodes.push(node);
        self.order.push(index);
        self.changes.push(Change::Added);
        index
    }

    pub(crate) fn node(&self, index: usize) -> &SnapshotNode {
        &self.nodes[index]
    }

    pub(crate) fn find(&self, key: NodeKey) -> Option<usize> {
        self.by_key.get(&key).copied()
    }

    /// The listed nodes.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &SnapshotNode> {
        self.order.iter().map(|&index| &self.nodes[index])
    }

    /// How many nodes are listed.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Takes a node off the list. Its pods stay with it.
    pub(crate) fn unlist(&mut self, node: usize) {
        // Nodes are listed in ascending order of their indices.
        if let Ok(at) = self.order.binary_search(&node) {
            self.order.remove(at);
            self.changes.push(Change::Unlisted { node, at });
        }
    }

    pub(crate) fn is_listed(&self, node: usize) -> bool {
        self.order.binary_search(&node).is_ok()
    }

    pub(crate) fn place(&mut self, node: usize, pod: PlacedPod) {
        self.nodes[node].add(pod, self.fit);
        self.changes.push(Change::Placed { node });
    }

    pub(crate) fn fits(&self, workload: usize, node: usize) -> bool {
        self.fit.check(workload, &self.nodes[node]).is_ok()
    }

    /// The first node that takes the pod, beginning at the place after the last one found and
    /// going round. Only places from `first` on are tried, and nodes that are accepted.
    pub(crate) fn first_fit(
        &mut self,
        workload: usize,
        first: usize,
        accepts: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let length = self.order.len();
        if first >= length {
            return None;
        }
        let start = (self.cursor % length).max(first);
        let place = (start..length).chain(first..start).find(|&place| {
            let index = self.order[place];
            // A cordoned node is never searched, whatever the pod tolerates.
            !self.nodes[index].deleting && accepts(index) && self.fits(workload, index)
        })?;
        self.cursor = place + 1;
        Some(self.order[place])
    }

    /// A point to come back to.
    pub(crate) fn mark(&self) -> usize {
        self.changes.len()
    }

    /// Undoes everything since a mark, except the movement of the cursor.
    pub(crate) fn revert(&mut self, mark: usize) {
        while self.changes.len() > mark {
            match self.changes.pop() {
                Some(Change::Placed { node }) => self.nodes[node].remove_last(self.fit),
                Some(Change::Unlisted { node, at }) => self.order.insert(at, node),
                Some(Change::Added) => {
                    if let Some(node) = self.nodes.pop() {
                        self.by_key.remove(&node.key);
                        self.order.pop();
                    }
                }
                None => break,
            }
        }
    }
}
