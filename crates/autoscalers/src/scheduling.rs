//! Whether a pod fits a node, and which node is the best: filters and scores of the scheduler. The
//! filters are what a cluster autoscaler simulates.
//!
//! # What it does
//! A node takes a pod if it is not cordoned, the pod tolerates its taints, the node selector
//! matches its labels, requests and a pod slot are free, and no pod of the same workload is there
//! where the workload demands one host each. The filters run in the scheduler's order and the
//! first that fails gives the reasons.
//!
//! # Source
//! Filter plugins of kube-scheduler v1.36 (`NodeUnschedulable`, `TaintToleration`, `NodeAffinity`,
//! `NodeResourcesFit`, `InterPodAffinity`), as Cluster Autoscaler 1.36.1 runs them.

mod filter;
mod placement;
mod score;
mod shape;
mod snapshot;

pub use filter::Unfit;
pub use score::{NodeCandidate, NodeLoad, balanced_allocation, fit, least_allocated, scores};
pub use shape::{
    NodeResources, NodeShape, PodShape, Taint, TaintEffect, Toleration, TolerationOperator,
};

pub(crate) use filter::Feasibility;
pub(crate) use placement::{Hints, place};
pub(crate) use snapshot::{NodeKey, PlacedPod, Snapshot, SnapshotNode};
