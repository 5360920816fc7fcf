//! The filters, and why a pod does not fit.

use super::shape::{NodeResources, NodeShape, PodShape};
use super::snapshot::SnapshotNode;
use serde::Serialize;

/// Why a pod does not fit a node: the first filter that says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unfit {
    /// The node is cordoned.
    Unschedulable,
    /// The pod does not tolerate a taint.
    UntoleratedTaint,
    /// The node lacks a label of the node selector.
    NodeSelector,
    /// Something that can be requested has run out.
    Resources {
        /// Pod slots.
        pods: bool,
        /// CPU.
        cpu: bool,
        /// Memory.
        memory: bool,
    },
    /// A pod of the same workload is on the node, and there may be one only.
    AntiAffinity,
}

impl Unfit {
    /// The reasons in the scheduler's words.
    pub fn reasons(self) -> Vec<&'static str> {
        match self {
            Self::Unschedulable => vec!["node(s) were unschedulable"],
            Self::UntoleratedTaint => vec!["node(s) had untolerated taint(s)"],
            Self::NodeSelector => vec!["node(s) didn't match Pod's node affinity/selector"],
            Self::Resources { pods, cpu, memory } => [
                (pods, "Too many pods"),
                (cpu, "Insufficient cpu"),
                (memory, "Insufficient memory"),
            ]
            .into_iter()
            .filter_map(|(is_short, reason)| is_short.then_some(reason))
            .collect(),
            Self::AntiAffinity => vec!["node(s) didn't match pod anti-affinity rules"],
        }
    }
}

/// The pods' demands against all shapes of nodes, with what depends on nothing else worked out.
#[derive(Debug)]
pub(crate) struct Feasibility<'a> {
    pods: Vec<Demand<'a>>,
    shapes: &'a [NodeShape],
    /// By pod, then by shape: taints and selector.
    unfit: Vec<Option<Unfit>>,
}

#[derive(Debug)]
struct Demand<'a> {
    shape: &'a PodShape,
    tolerates_cordon: bool,
    tolerates_deletion: bool,
}

impl<'a> Feasibility<'a> {
    pub(crate) fn new(pods: impl Iterator<Item = &'a PodShape>, shapes: &'a [NodeShape]) -> Self {
        let demand = |shape: &'a PodShape| Demand {
            shape,
            tolerates_cordon: shape.tolerates_cordon(),
            tolerates_deletion: shape.tolerates_deletion(),
        };
        let pods: Vec<_> = pods.map(demand).collect();
        let unfit = |pod: &PodShape, node: &NodeShape| {
            if !pod.tolerates(&node.taints) {
                Some(Unfit::UntoleratedTaint)
            } else if pod.selects(&node.labels) {
                None
            } else {
                Some(Unfit::NodeSelector)
            }
        };
        let unfit = pods
            .iter()
            .flat_map(|pod| shapes.iter().map(move |node| unfit(pod.shape, node)))
            .collect();
        Self {
            pods,
            shapes,
            unfit,
        }
    }

    pub(crate) fn pod(&self, workload: usize) -> &'a PodShape {
        self.pods[workload].shape
    }

    pub(crate) fn shape(&self, shape: usize) -> &'a NodeShape {
        &self.shapes[shape]
    }

    /// Whether taints and labels of a shape of nodes admit the pods of a workload.
    pub(crate) fn admits(&self, workload: usize, shape: usize) -> Result<(), Unfit> {
        self.unfit[workload * self.shapes.len() + shape].map_or(Ok(()), Err)
    }

    /// Whether a pod of the workload fits on the node as it is now.
    pub(crate) fn check(&self, workload: usize, node: &SnapshotNode) -> Result<(), Unfit> {
        let demand = &self.pods[workload];
        if node.deleting {
            if !demand.tolerates_cordon {
                return Err(Unfit::Unschedulable);
            }
            if !demand.tolerates_deletion {
                return Err(Unfit::UntoleratedTaint);
            }
        }
        self.admits(workload, node.shape)?;
        let allocatable = &self.shapes[node.shape].allocatable;
        short_of(demand.shape, allocatable, node.requested, node.pods.len())?;
        let is_same = |pod: &super::PlacedPod| pod.workload == workload;
        if demand.shape.one_per_node && node.pods.iter().any(is_same) {
            return Err(Unfit::AntiAffinity);
        }
        Ok(())
    }
}

/// Whether pod slots and everything requested are free, where so much CPU and memory
/// \[millicores, bytes\] and so many slots are taken.
pub(super) fn short_of(
    pod: &PodShape,
    allocatable: &NodeResources,
    used: (u64, u64),
    pods: usize,
) -> Result<(), Unfit> {
    let is_short = |request: u64, used: u64, allocatable: u64| {
        request > 0 && used.saturating_add(request) > allocatable
    };
    let pods = pods >= allocatable.pods as usize;
    let cpu = is_short(pod.cpu.get(), used.0, allocatable.cpu.get());
    let memory = is_short(pod.memory.get(), used.1, allocatable.memory.get());
    if pods || cpu || memory {
        return Err(Unfit::Resources { pods, cpu, memory });
    }
    Ok(())
}
