//! Every intermediate number of what KEDA does.

use super::fetch::{Fetch, Outcome};
use crate::MilliValue;
use crate::hpa::HpaSteps;
use flashcrowd_units::SimDuration;
use serde::Serialize;

/// What KEDA and its HPA did at one decision.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct KedaSteps {
    /// KEDA's own poll, if it was due.
    pub poll: Option<PollSteps>,
    /// What the HPA asked for, if its sync was due and it asked.
    pub queries: Vec<QuerySteps>,
    /// The sync of the HPA, if it was due.
    pub hpa: Option<HpaSteps>,
}

/// The way from the triggers to a decision of the poll loop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PollSteps {
    /// Which way the poll took.
    pub path: PollPath,
    /// What each external trigger said, in the order of the specification.
    pub triggers: Vec<TriggerStep>,
    /// The value of the formula, if there is one.
    pub composite: Option<MilliValue>,
    /// Whether the object counts as active.
    pub active: bool,
    /// Whether a trigger failed and nothing stood in for it.
    pub error: bool,
    /// How much of the cooldown is left; `None` where nobody asked for it.
    pub cooldown_left: Option<SimDuration>,
}

/// The way from the triggers to what the HPA is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuerySteps {
    /// What each trigger that was needed said.
    pub triggers: Vec<TriggerStep>,
    /// What the HPA is told; `None` is an error.
    pub value: Option<MilliValue>,
}

/// One trigger.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriggerStep {
    /// Index in the specification.
    pub trigger: usize,
    /// What came of asking it; for a cached metric what was stored.
    pub fetch: Fetch,
    /// Whether the value was that of an earlier poll.
    pub cached: bool,
    /// Failures in a row after this one, if there is a valid fallback.
    pub failures: Option<u32>,
    /// Replicas that fallback asks for, if it was used: not whole where they are divided by the
    /// number of ready pods.
    pub fallback_replicas: Option<f64>,
    /// What it counts as.
    pub outcome: Outcome,
}

/// Which way a poll took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PollPath {
    /// The number of replicas could not be read.
    ScaleUnreadable,
    /// An annotation pauses the object.
    Paused,
    /// Active and scaled from nothing, or from idle.
    Activate,
    /// Active, and that would have been so, but `paused-scale-out` forbids it.
    ActivationPaused,
    /// Active, with a trigger in error: the time of the last activity stays.
    ActiveWithError,
    /// Active, and there is something running.
    Active,
    /// Inactive with a trigger in error: nothing is touched.
    InactiveWithError,
    /// Inactive long enough.
    Deactivate,
    /// Inactive, but not long enough.
    Cooldown,
    /// Inactive, but `paused-scale-in` forbids the rest.
    DeactivationPaused,
    /// Inactive, with fewer replicas than the minimum.
    RepairMin,
    /// Inactive, and that is as it should be.
    Inactive,
}
