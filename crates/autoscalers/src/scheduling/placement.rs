//! Finding places for pods, with a memory of where they were put before.

use super::snapshot::{NodeKey, PlacedPod, Snapshot};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where pods were put in the current generation and the one before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hints {
    current: BTreeMap<u64, NodeKey>,
    old: BTreeMap<u64, NodeKey>,
}

impl Hints {
    fn get(&self, pod: u64) -> Option<NodeKey> {
        self.current
            .get(&pod)
            .or_else(|| self.old.get(&pod))
            .copied()
    }

    /// Begins a new generation and forgets the one before the last.
    pub(crate) fn drop_old(&mut self) {
        self.old = std::mem::take(&mut self.current);
    }
}

/// Puts pods on nodes, one by one: where the hint says, else first fit. Returns whether each has a
/// place; with `all_or_nothing` it stops at the first that has none.
///
/// `is_replicated` tells whether the pods of a workload stand for each other: once one of them
/// has no place, the others are not searched for.
pub(crate) fn place(
    snapshot: &mut Snapshot<'_>,
    hints: &mut Hints,
    pods: &[PlacedPod],
    all_or_nothing: bool,
    is_replicated: impl Fn(usize) -> bool,
    accepts: impl Fn(usize) -> bool,
) -> Vec<bool> {
    let mut hopeless = BTreeSet::new();
    let mut placed = Vec::with_capacity(pods.len());
    for &pod in pods {
        let workload = pod.workload;
        let hinted = pod
            .id
            .and_then(|id| hints.get(id))
            .and_then(|key| snapshot.find(key))
            .filter(|&node| {
                snapshot.is_listed(node) && accepts(node) && snapshot.fits(workload, node)
            });
        let node = hinted.or_else(|| {
            if hopeless.contains(&workload) {
                return None;
            }
            let found = snapshot.first_fit(workload, 0, &accepts);
            if found.is_none() && is_replicated(workload) {
                hopeless.insert(workload);
            }
            found
        });
        if let Some(node) = node {
            if let Some(id) = pod.id {
                hints.current.insert(id, snapshot.node(node).key);
            }
            snapshot.place(node, pod);
        }
        placed.push(node.is_some());
        if node.is_none() && all_or_nothing {
            break;
        }
    }
    placed
}
