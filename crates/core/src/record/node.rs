//! Facts about nodes.

pub use flashcrowd_autoscalers::cluster_autoscaler::NodeId;
use flashcrowd_units::Usd;
use serde::{Deserialize, Serialize};

/// Where a node is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NodeStage {
    /// An instance has been asked for.
    Provisioning,
    /// Its kubelet has registered it; it takes no pods yet.
    NotReady,
    /// It takes pods.
    Ready,
    /// Cordoned; its pods are being evicted, or will be when their new node is ready.
    Draining,
    /// Gone.
    Deleted,
}

impl NodeStage {
    /// The name in reports: `ready`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::NotReady => "not_ready",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Deleted => "deleted",
        }
    }
}

/// A node group in one report interval. Levels are those at its end.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct NodeGroupInterval {
    /// How many nodes it is told to have.
    pub target: u32,
    /// Fewest and most.
    pub bounds: (u32, u32),
    /// Nodes that are on their way or not ready yet.
    pub starting: u32,
    /// Nodes that take pods.
    pub ready: u32,
    /// Cordoned nodes.
    pub draining: u32,
    /// Pods on its nodes.
    pub pods: u32,
    /// CPU that they request \[cores\].
    pub cpu_requested: f64,
    /// CPU that can be requested on ready nodes \[cores\].
    pub cpu_allocatable: f64,
    /// Memory that they request \[bytes\].
    pub memory_requested: u64,
    /// Memory that can be requested on ready nodes \[bytes\].
    pub memory_allocatable: u64,
    /// Integral of the nodes that existed \[node seconds\]: what is paid for.
    pub node_seconds: f64,
    /// What they cost.
    pub cost: Usd,
}
