//! How a decision came about.

use super::{DisruptionMethod, NotDisrupted};
use crate::PodId;
use crate::cluster_autoscaler::NodeId;
use serde::Serialize;
use std::collections::BTreeMap;

/// The steps of one decision of [`Karpenter`](super::Karpenter).
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct KarpenterSteps {
    /// Provisioning, if a batch of pods ended.
    pub provisioning: Option<ProvisioningSteps>,
    /// What was proposed: it is looked at again before anything is done.
    pub proposed: Option<DisruptionStep>,
    /// What was confirmed and begun.
    pub begun: Option<DisruptionStep>,
    /// A proposal that was given up because the cluster had changed.
    pub abandoned: Option<DisruptionStep>,
    /// Nodes that go because they have reached `expireAfter`.
    pub expired: Vec<NodeId>,
    /// Nodes that stay because their replacement has not come.
    pub failed: Vec<NodeId>,
    /// Why nodes stay, if nodes to disrupt were looked for.
    pub not_disrupted: BTreeMap<NodeId, NotDisrupted>,
}

/// What became of a batch of pods.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ProvisioningSteps {
    /// Pods that will fit on nodes that exist or are on their way.
    pub placed: Vec<(PodId, NodeId)>,
    /// New nodes.
    pub launched: Vec<LaunchStep>,
    /// Pods that no node of any pool takes, or that the limits leave no room for.
    pub unplaced: Vec<PodId>,
}

/// A new node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaunchStep {
    /// Its pool, by name.
    pub pool: String,
    /// Groups that could launch it, cheapest first.
    pub options: Vec<usize>,
    /// The group that does.
    pub group: usize,
    /// The pods that it is for.
    pub pods: Vec<PodId>,
}

/// A disruption.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DisruptionStep {
    /// How it was found.
    pub method: DisruptionMethod,
    /// The nodes that go.
    pub nodes: Vec<NodeId>,
    /// What they cost together \[USD/h\].
    pub price: f64,
    /// Groups that could launch the node in their place, cheapest first; empty if none is needed.
    pub replacement: Vec<usize>,
    /// What that one costs \[USD/h\].
    pub replacement_price: f64,
}
