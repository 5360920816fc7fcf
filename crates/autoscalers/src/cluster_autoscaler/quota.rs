//! Limits of the whole cluster.

use super::ResourceLimits;
use crate::scheduling::{NodeShape, Snapshot};

/// What may still be added to the cluster, or taken from it.
#[derive(Debug, Clone)]
pub(super) struct Quota {
    cores: u64,
    memory: u64,
}

/// Why a quota allows fewer nodes than wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded {
    cores: bool,
    memory: bool,
}

impl Exceeded {
    /// In the words of the autoscaler.
    pub(super) fn reason(self) -> String {
        let names: Vec<_> = [(self.cores, "cpu"), (self.memory, "memory")]
            .into_iter()
            .filter_map(|(is_exceeded, name)| is_exceeded.then_some(name))
            .collect();
        let names = names.join(", ");
        format!("exceeded quota: \"cluster-wide\", resources: {names}")
    }
}

impl Quota {
    /// What is left up to the most that the cluster may have.
    pub(super) fn to_add(limits: &ResourceLimits, snapshot: &Snapshot<'_>) -> Self {
        let (cores, memory) = used(snapshot, |_| true);
        Self {
            cores: limits.cores.1.saturating_sub(cores),
            memory: limits.memory.1.get().saturating_sub(memory),
        }
    }

    /// What is left down to the least that the cluster should have. Nodes that are being deleted
    /// do not count.
    pub(super) fn to_remove(limits: &ResourceLimits, snapshot: &Snapshot<'_>) -> Self {
        let (cores, memory) = used(snapshot, |deleting| !deleting);
        // No lower limit is no limit, not a limit of zero.
        let left = |total: u64, least: u64| match least {
            0 => u64::MAX,
            least => total.saturating_sub(least),
        };
        Self {
            cores: left(cores, limits.cores.0),
            memory: left(memory, limits.memory.0.get()),
        }
    }

    /// Whether so many nodes can be added; if not, why, and how many can.
    pub(super) fn check(&self, node: &NodeShape, count: u32) -> Result<(), (Exceeded, u32)> {
        let (cores, memory) = (node.capacity.cores(), node.capacity.memory.get());
        let wanted = u64::from(count);
        let exceeded = Exceeded {
            cores: self.cores < cores * wanted,
            memory: self.memory < memory * wanted,
        };
        let mut allowed = wanted;
        if exceeded.cores {
            allowed = allowed.min(self.cores / cores);
        }
        if exceeded.memory {
            allowed = allowed.min(self.memory / memory);
        }
        if exceeded.cores || exceeded.memory {
            Err((exceeded, allowed as u32))
        } else {
            Ok(())
        }
    }

    /// How many nodes can be added, of those wanted.
    pub(super) fn allowed(&self, node: &NodeShape, count: u32) -> u32 {
        self.check(node, count)
            .map_or_else(|(_, allowed)| allowed, |()| count)
    }

    /// Uses up one node's worth, if there is so much.
    pub(super) fn take(&mut self, node: &NodeShape) -> bool {
        let (cores, memory) = (node.capacity.cores(), node.capacity.memory.get());
        let fits = cores <= self.cores && memory <= self.memory;
        if fits {
            self.cores -= cores;
            self.memory -= memory;
        }
        fits
    }
}

fn used(snapshot: &Snapshot<'_>, counts: impl Fn(bool) -> bool) -> (u64, u64) {
    let capacity = |shape: usize| &snapshot.feasibility().shape(shape).capacity;
    snapshot
        .listed()
        .filter(|node| counts(node.deleting))
        .map(|node| capacity(node.shape))
        .fold((0, 0), |(cores, memory), it| {
            (cores + it.cores(), memory + it.memory.get())
        })
}
