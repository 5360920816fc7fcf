//! The cloud provider as this loop has left it: target sizes, and the calls made.

use super::observation::{ClusterObservation, InstanceState, NodeId};
use serde::Serialize;
use std::collections::BTreeSet;

/// A call to the cloud provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderCall {
    /// Ask for more nodes.
    Increase {
        /// The group.
        group: usize,
        /// How many.
        by: u32,
        /// Whether the provider does it; see
        /// [`refuses_increase`](super::NodeGroupView::refuses_increase).
        accepted: bool,
    },
    /// Call off nodes that have not come.
    Decrease {
        /// The group.
        group: usize,
        /// How many.
        by: u32,
        /// Whether the provider does it; see [`cancellable`](super::NodeGroupView::cancellable).
        accepted: bool,
    },
    /// Delete instances that have not become nodes, and ask for as many fewer.
    DeleteInstances {
        /// The group.
        group: usize,
        /// The instances.
        instances: Vec<NodeId>,
    },
}

/// What the provider has been told in this loop.
#[derive(Debug)]
pub(super) struct Provider {
    targets: Vec<u32>,
    cancellable: Vec<u32>,
    refuses_increase: Vec<bool>,
    instances: BTreeSet<(usize, u64)>,
    creating: BTreeSet<u64>,
    calls: Vec<ProviderCall>,
}

impl Provider {
    pub(super) fn new(seen: &ClusterObservation<'_>) -> Self {
        let instances = seen.instances.iter();
        let creating = instances
            .clone()
            .filter(|it| it.state == InstanceState::Creating);
        Self {
            targets: seen.groups.iter().map(|it| it.target).collect(),
            cancellable: seen.groups.iter().map(|it| it.cancellable).collect(),
            refuses_increase: seen.groups.iter().map(|it| it.refuses_increase).collect(),
            creating: creating.map(|it| it.id.0).collect(),
            instances: instances.map(|it| (it.group, it.id.0)).collect(),
            calls: Vec::new(),
        }
    }

    pub(super) fn target(&self, group: usize) -> u32 {
        self.targets[group]
    }

    pub(super) fn targets(&self) -> &[u32] {
        &self.targets
    }

    pub(super) fn into_calls(self) -> Vec<ProviderCall> {
        self.calls
    }

    /// Whether the provider does it.
    pub(super) fn increase(&mut self, group: usize, by: u32) -> bool {
        let accepted = !self.refuses_increase[group];
        if accepted {
            self.targets[group] += by;
        }
        self.calls.push(ProviderCall::Increase {
            group,
            by,
            accepted,
        });
        accepted
    }

    /// Whether the provider does it.
    pub(super) fn decrease(&mut self, group: usize, by: u32) -> bool {
        let accepted = by <= self.cancellable[group] && by <= self.targets[group];
        if accepted {
            self.targets[group] -= by;
            self.cancellable[group] -= by;
        }
        self.calls.push(ProviderCall::Decrease {
            group,
            by,
            accepted,
        });
        accepted
    }

    /// Deletes instances; of those that are gone already, nothing comes.
    pub(super) fn delete(&mut self, group: usize, instances: &[u64]) {
        let known: Vec<u64> = instances
            .iter()
            .copied()
            .filter(|&id| self.instances.remove(&(group, id)))
            .collect();
        self.targets[group] = self.targets[group].saturating_sub(known.len() as u32);
        let cancelled = known.iter().filter(|id| self.creating.contains(id)).count() as u32;
        self.cancellable[group] = self.cancellable[group].saturating_sub(cancelled);
        let instances = known.into_iter().map(NodeId).collect();
        self.calls
            .push(ProviderCall::DeleteInstances { group, instances });
    }
}
