//! Node deletions that are under way.

use super::ClusterAutoscalerFlags;
use super::observation::NodeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Nodes that are being deleted, with their group and whether they are drained first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Deletions {
    nodes: BTreeMap<u64, (usize, bool)>,
}

impl Deletions {
    pub(super) fn start(&mut self, node: u64, group: usize, drain: bool) {
        self.nodes.insert(node, (group, drain));
    }

    pub(super) fn finish(&mut self, finished: &[NodeId]) {
        for node in finished {
            self.nodes.remove(&node.0);
        }
    }

    pub(super) fn contains(&self, node: u64) -> bool {
        self.nodes.contains_key(&node)
    }

    /// Nodes that are being drained, in order.
    pub(super) fn drains(&self) -> impl Iterator<Item = u64> {
        self.nodes
            .iter()
            .filter(|(_, it)| it.1)
            .map(|(&node, _)| node)
    }

    /// How many of a group.
    pub(super) fn of_group(&self, group: usize) -> u32 {
        self.nodes.values().filter(|it| it.0 == group).count() as u32
    }

    /// Cuts lists of nodes with their groups down to what may be deleted now: empty ones first,
    /// within each list group by group in order of first appearance.
    pub(super) fn crop<T: Clone>(
        &self,
        empty: &[(usize, T)],
        drain: &[(usize, T)],
        flags: &ClusterAutoscalerFlags,
    ) -> (Vec<T>, Vec<T>) {
        let drains = self.drains().count();
        let flags = &flags.scale_down;
        let budget = (flags.max_parallelism as usize).saturating_sub(self.nodes.len());
        let empty = by_group(empty, budget);
        let budget = budget - empty.len();
        let drain_budget = (flags.max_drain_parallelism as usize).saturating_sub(drains);
        let drain = by_group(drain, budget.min(drain_budget));
        (empty, drain)
    }
}

fn by_group<T: Clone>(nodes: &[(usize, T)], budget: usize) -> Vec<T> {
    let mut groups: Vec<(usize, Vec<T>)> = Vec::new();
    for (group, node) in nodes {
        match groups.iter_mut().find(|it| it.0 == *group) {
            Some((_, nodes)) => nodes.push(node.clone()),
            None => groups.push((*group, vec![node.clone()])),
        }
    }
    groups
        .into_iter()
        .flat_map(|it| it.1)
        .take(budget)
        .collect()
}
