//! Worked examples of the reference page: nodes of 4000m.

use super::*;
use crate::TimePoint;
use crate::cluster_autoscaler::template::TemplateCache;
use crate::cluster_autoscaler::{
    ClusterAutoscalerFlags, ClusterObservation, NodeGroupView, TieBreak,
};
use crate::scheduling::{Feasibility, NodeResources, NodeShape, PodShape};
use flashcrowd_units::{Bytes, Millicores};

/// Estimates nodes for so many pods of so many millicores each.
fn nodes_for(pods: &[(usize, u64)], limit: Option<u32>) -> (u32, usize) {
    let resources = NodeResources {
        cpu: Millicores::new(4000),
        memory: Bytes::from_mebibytes(1024),
        pods: 110,
    };
    let shapes = [NodeShape {
        capacity: resources,
        allocatable: resources,
        ..NodeShape::default()
    }];
    let demands: Vec<PodShape> = pods
        .iter()
        .map(|&(_, cpu)| PodShape {
            cpu: Millicores::new(cpu),
            ..PodShape::default()
        })
        .collect();
    let fit = Feasibility::new(demands.iter(), &shapes);
    let mut snapshot = Snapshot::new(&fit, 0);
    let group = NodeGroupView {
        id: "g",
        min: 0,
        max: 100,
        target: 0,
        shape: 0,
        price: 1.0,
        refuses_increase: false,
        cancellable: 0,
    };
    let seen = ClusterObservation {
        now: TimePoint::ZERO,
        shapes: &shapes,
        workloads: &[],
        groups: &[group],
        nodes: &[],
        pods: &[],
        budgets: &[],
        instances: &[],
        finished: &[],
        tie_break: TieBreak::Draw(0),
    };
    let flags = ClusterAutoscalerFlags::default();
    let templates = TemplateCache::default().templates(&seen, &flags, &snapshot);
    let mut id = 0;
    let groups: Vec<EquivalenceGroup> = pods
        .iter()
        .enumerate()
        .map(|(workload, &(count, _))| {
            let first = id;
            id += count as u64;
            EquivalenceGroup {
                workload,
                pods: (first..id).map(PodId).collect(),
            }
        })
        .collect();
    let groups: Vec<&EquivalenceGroup> = groups.iter().collect();
    let (nodes, placed) = estimate(&mut snapshot, &templates[0], &groups, limit);
    assert_eq!(snapshot.len(), 0, "the simulated nodes are gone");
    (nodes, placed.len())
}

#[test]
fn two_pods_of_1500m_share_a_node() {
    assert_eq!(nodes_for(&[(10, 1500)], None), (5, 10));
}

#[test]
fn small_pods_fill_up_the_nodes_of_large_ones() {
    assert_eq!(nodes_for(&[(3, 3000), (3, 1000)], None), (3, 6));
    assert_eq!(
        nodes_for(&[(3, 1000), (3, 3000)], None),
        (3, 6),
        "the largest come first"
    );
}

#[test]
fn a_limit_stops_new_nodes_but_not_packing() {
    assert_eq!(nodes_for(&[(3, 3000), (3, 1000)], Some(2)), (2, 4));
}

#[test]
fn an_empty_node_uses_up_the_limit_but_does_not_count() {
    assert_eq!(nodes_for(&[(2, 5000), (2, 3000)], Some(2)), (2, 2));
    assert_eq!(nodes_for(&[(2, 5000)], Some(2)), (0, 0));
}
