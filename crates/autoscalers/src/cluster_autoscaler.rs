//! The Kubernetes Cluster Autoscaler 1.36.
//!
//! # What it does
//! At every loop pods that find no place on the nodes there are, nor on those that are coming, make
//! a node group grow; nodes whose pods would fit elsewhere go, after a while. The order of a loop:
//!
//! 1. Templates of new nodes (`template`); readiness, scale-up requests and instances
//!    (`registry`), with requests that are late or have failed (`backoff`).
//! 2. Instances that never registered are deleted. If too many nodes are unready, the loop ends.
//!    Failed instances are deleted; a group that is too small for too long is corrected, and the
//!    loop ends.
//! 3. Waiting pods are placed on the nodes there are and on upcoming ones (`pending`).
//! 4. For the others each group is estimated by bin packing (`estimator`), the expanders choose
//!    (`expander`, `price`), and the nodes may be spread over similar groups (`similar`).
//! 5. Nodes with little load are simulated away one by one (`planner`, `drain`, `budgets`); those
//!    that have been unneeded for long enough are deleted, a few at a time (`deletions`).
//! 6. If wanted, groups below their minimum grow.
//!
//! # When it hurts
//! A node that boots slowly delays everything, and one that never comes blocks its group for the
//! whole provision time. One pod that may not be moved keeps a node.
//!
//! # Parameters
//! [`ClusterAutoscalerFlags`]: the flags of the real one, with its defaults: `scan_interval` (10 s),
//! `expanders` (`least-waste`), `max_node_provision_time` (15 min), `max_nodes_total` (no limit) and of
//! [`ScaleDownFlags`] `unneeded_time` (10 min), `utilization_threshold` (50 %), `delay_after_add` (10 min).
//!
//! # Source
//! `kubernetes/autoscaler` tag `cluster-autoscaler-1.36.1`, whose recorded decisions
//! (`tests/golden/ca`) this implementation reproduces without a difference. Where the real one
//! walks a hash map, this one walks in order of ids.

mod backoff;
mod budgets;
mod decision;
mod deletions;
mod destinations;
mod drain;
mod estimator;
mod expander;
mod flags;
mod instances;
mod observation;
mod pending;
mod planner;
mod price;
mod provider;
mod quota;
mod registry;
mod run_once;
mod scale_up;
mod similar;
mod template;
mod utilization;

pub use decision::{
    DrainPatience, GroupState, NoScaleUp, NodeDecision, NodeDeletion, NodeSteps, ScaleDownResult,
    ScaleUpOption, ScaleUpResult, ScaleUpSteps, SizeChange, UnremovableReason,
};
pub use drain::BlockingReason;
pub use expander::{Expander, InvalidPattern, PriorityMap};
pub use flags::{ClusterAutoscalerFlags, ResourceLimits, ScaleDownFlags};
pub use observation::{
    ClusterObservation, ClusterPod, DisruptionBudget, Instance, InstanceState, NodeGroupView,
    NodeId, NodeView, OwnerKind, TieBreak, Workload, WorkloadView,
};
pub use provider::ProviderCall;

use crate::autoscaler::{RestoreError, SavedState};
use crate::scheduling::Hints;
use crate::{NodeAutoscaler, TimePoint};
use deletions::Deletions;
use flashcrowd_units::SimDuration;
use planner::Planner;
use registry::Registry;
use serde::{Deserialize, Serialize};
use template::TemplateCache;

/// The last activities are said to have been so long before the start of the process.
const BEFORE_START: SimDuration = SimDuration::from_secs(3600);

/// The first search of a process starts at the second node of the list.
const FIRST_CURSOR: usize = 1;

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct ClusterAutoscaler {
    flags: ClusterAutoscalerFlags,
    memory: Memory,
}

/// What a checkpoint has to keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    registry: Registry,
    templates: TemplateCache,
    hints: Hints,
    planner: Planner,
    deletions: Deletions,
    /// Where the next search for a place starts.
    cursor: usize,
    last_scale_up: TimePoint,
    last_scale_down: TimePoint,
    last_scale_down_failure: TimePoint,
}

impl ClusterAutoscaler {
    /// An autoscaler whose process starts now. Its instance cache is read then, and every two
    /// minutes after.
    pub fn new(flags: ClusterAutoscalerFlags, started: TimePoint) -> Self {
        let before = started - BEFORE_START;
        let memory = Memory {
            registry: Registry::new(started),
            templates: TemplateCache::default(),
            hints: Hints::default(),
            planner: Planner::default(),
            deletions: Deletions::default(),
            cursor: FIRST_CURSOR,
            last_scale_up: before,
            last_scale_down: before,
            last_scale_down_failure: before,
        };
        Self { flags, memory }
    }

    /// The flags.
    pub fn flags(&self) -> &ClusterAutoscalerFlags {
        &self.flags
    }

    /// A node could not be tainted: scaling down pauses for the delay after a failure. That the
    /// drain or the deletion of a node fails later does not count.
    pub fn scale_down_failed(&mut self, at: TimePoint) {
        self.memory.last_scale_down_failure = at;
    }
}

impl NodeAutoscaler for ClusterAutoscaler {
    fn decide(&mut self, observation: &ClusterObservation<'_>) -> NodeDecision {
        self.run_once(observation)
    }

    fn scan_interval(&self) -> SimDuration {
        self.flags.scan_interval
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }
}
