//! Disruptions under way: nodes that are tainted and wait for their replacement.
//!
//! Source: `pkg/controllers/disruption/queue.go`.

use super::DisruptionReason;
use super::state::State;
use crate::TimePoint;
use crate::cluster_autoscaler::{Instance, NodeId};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// A replacement that is not ready after so long has failed, and the nodes stay.
const TIMEOUT: SimDuration = SimDuration::from_secs(600);

/// Nodes that go as soon as a new one is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) reason: DisruptionReason,
    pub(super) nodes: Vec<NodeId>,
    pub(super) since: TimePoint,
    /// The group that was asked for the new node.
    pub(super) group: usize,
    /// The last instance before that.
    pub(super) newest: Option<NodeId>,
    /// The new node, once it is known which one that is.
    pub(super) replacement: Option<NodeId>,
}

/// What becomes of a command.
pub(super) enum Progress {
    /// Its replacement is not ready yet.
    Waits,
    /// Its nodes are to be drained.
    Ready,
    /// Its replacement will not come; its nodes stay.
    Failed,
}

impl Command {
    pub(super) fn progress(&self, state: &State<'_>) -> Progress {
        let timed_out = self.since + TIMEOUT < state.seen.now;
        match self.replacement.map(|id| state.node(id)) {
            Some(Some(node)) if node.initialized => Progress::Ready,
            Some(None) => Progress::Failed,
            _ if timed_out => Progress::Failed,
            _ => Progress::Waits,
        }
    }
}

impl Command {
    /// Finds out which instance the provider has launched: ids ascend, and calls are served in
    /// order.
    pub(super) fn identify(&mut self, instances: &[Instance]) {
        let mut fresh = instances
            .iter()
            .filter(|it| it.group == self.group && Some(it.id) > self.newest);
        if self.replacement.is_none() {
            self.replacement = fresh.next().map(|it| it.id);
        }
    }
}
