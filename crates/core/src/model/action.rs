//! Changes to a running system.

use super::ServiceId;
use flashcrowd_units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// A change at a given time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimedAction {
    /// When.
    pub at: SimTime,
    /// What.
    pub action: Action,
}

/// What can be done to a running system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Action {
    /// Roll the Deployment: every pod is replaced (`kubectl rollout restart`).
    RolloutRestart(ServiceId),
    /// `kubectl scale`.
    Scale(ServiceId, u32),
    /// The metrics API answers nothing for this long.
    MetricsOutage(SimDuration),
}
