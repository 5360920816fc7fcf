//! Similar node groups, and spreading nodes among them.

use super::template::Template;
use crate::scheduling::{Feasibility, NodeKey, NodeShape};
use std::collections::BTreeMap;

/// Memory capacity may differ by this fraction of the larger one.
const CAPACITY_MEMORY_RATIO: f64 = 0.015;
/// Allocatable, and what template pods leave of it, may differ by this fraction.
const ALLOCATABLE_RATIO: f64 = 0.05;
/// Labels that similar groups may differ in.
const IGNORED_LABELS: [&str; 5] = [
    "kubernetes.io/hostname",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];

/// Whether nodes made from two templates are much the same.
pub(super) fn are_similar(
    one: &Template,
    other: &Template,
    fit: &Feasibility<'_>,
    ignored_labels: &[String],
) -> bool {
    let shapes = [fit.shape(one.shape), fit.shape(other.shape)];
    let [a, b] = shapes.map(|shape| &shape.capacity);
    if a.cpu != b.cpu
        || a.pods != b.pods
        || !is_close(a.memory.get(), b.memory.get(), CAPACITY_MEMORY_RATIO)
    {
        return false;
    }
    let [a, b] = shapes.map(|shape| &shape.allocatable);
    let free = |template: &Template| {
        let node = template.node(NodeKey::Simulated, fit);
        let allocatable = &fit.shape(template.shape).allocatable;
        (
            allocatable.cpu.get().saturating_sub(node.requested.0),
            allocatable.memory.get().saturating_sub(node.requested.1),
        )
    };
    let (free_a, free_b) = (free(one), free(other));
    let pairs = [
        (a.cpu.get(), b.cpu.get()),
        (a.memory.get(), b.memory.get()),
        (u64::from(a.pods), u64::from(b.pods)),
        (free_a.0, free_b.0),
        (free_a.1, free_b.1),
    ];
    pairs
        .into_iter()
        .all(|(a, b)| is_close(a, b, ALLOCATABLE_RATIO))
        && compared_labels(shapes[0], ignored_labels) == compared_labels(shapes[1], ignored_labels)
}

fn is_close(a: u64, b: u64, ratio: f64) -> bool {
    let (larger, smaller) = (a.max(b) as f64, a.min(b) as f64);
    larger - smaller <= larger * ratio
}

fn compared_labels<'a>(
    shape: &'a NodeShape,
    ignored: &[String],
) -> BTreeMap<&'a String, &'a String> {
    let counts = |(name, _): &(&String, &String)| {
        !IGNORED_LABELS.contains(&name.as_str()) && !ignored.contains(name)
    };
    shape.labels.iter().filter(counts).collect()
}

/// A group that takes part in a scale-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) group: usize,
    pub(super) current: u32,
    pub(super) new: u32,
    pub(super) max: u32,
}

/// Spreads nodes over groups, one by one to the smallest, within their maxima. Returns the
/// groups that grow.
///
/// When a full group is met, it changes places with the first that is still in the race, and the
/// question whether the next one is smaller is then asked of *that* one: this decides who gets
/// the odd nodes.
pub(super) fn balance(groups: impl Iterator<Item = Share>, nodes: u32) -> Vec<Share> {
    let mut shares: Vec<Share> = groups.filter(|it| it.current < it.max).collect();
    let capacity: u32 = shares.iter().map(|it| it.max - it.current).sum();
    let mut left = nodes.min(capacity);
    shares.sort_by_key(|it| it.current);
    let (mut start, mut current) = (0, 0);
    while left > 0 {
        if shares[current].new < shares[current].max {
            shares[current].new += 1;
            left -= 1;
        } else {
            shares.swap(start, current);
            start += 1;
        }
        let next_is_smaller = shares
            .get(current + 1)
            .is_some_and(|next| shares[current].new > next.new);
        current = if next_is_smaller { current + 1 } else { start };
    }
    shares.retain(|it| it.new != it.current);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(sizes: &[(u32, u32)]) -> impl Iterator<Item = Share> {
        let share = |(group, &(current, max))| Share {
            group,
            current,
            new: current,
            max,
        };
        sizes.iter().enumerate().map(share)
    }

    fn sizes(shares: &[Share]) -> Vec<(usize, u32)> {
        shares.iter().map(|it| (it.group, it.new)).collect()
    }

    /// As in the tests of the balancing processor: groups of 1, 2 and 3 nodes.
    #[test]
    fn the_smallest_group_grows_first() {
        let groups = [(1, 10), (2, 10), (3, 10)];
        assert_eq!(sizes(&balance(shares(&groups), 1)), [(0, 2)]);
        assert_eq!(sizes(&balance(shares(&groups), 2)), [(0, 3)]);
        assert_eq!(
            sizes(&balance(shares(&groups), 6)),
            [(0, 4), (1, 4), (2, 4)]
        );
    }

    #[test]
    fn maxima_are_respected() {
        let groups = [(1, 1), (1, 2), (3, 10)];
        assert_eq!(sizes(&balance(shares(&groups), 4)), [(1, 2), (2, 6)]);
        assert_eq!(sizes(&balance(shares(&groups), 100)), [(1, 2), (2, 10)]);
        assert!(balance(shares(&[(5, 5)]), 3).is_empty());
    }
}
