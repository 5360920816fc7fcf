//! Where pods of nodes that go can be put.

use super::planner::ScaleDown;
use crate::scheduling::NodeKey;

/// Nodes that can take pods of nodes that go, by index in the snapshot.
pub(super) struct Destinations(Vec<bool>);

impl Destinations {
    /// All real nodes that are not being deleted.
    pub(super) fn new(around: &ScaleDown<'_, '_, '_>) -> Self {
        let mut accepted = Vec::new();
        for node in around.seen.nodes {
            let is_one =
                !around.upcoming.contains(&node.id.0) && !around.deletions.contains(node.id.0);
            if let Some(index) = around
                .snapshot
                .find(NodeKey::Real(node.id.0))
                .filter(|_| is_one)
            {
                accepted.resize(accepted.len().max(index + 1), false);
                accepted[index] = true;
            }
        }
        Self(accepted)
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.0.get(index) == Some(&true)
    }

    pub(super) fn remove(&mut self, index: usize) {
        if let Some(it) = self.0.get_mut(index) {
            *it = false;
        }
    }
}
