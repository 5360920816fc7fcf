//! Every intermediate number of what the KPA does.

use super::decider::DeciderStatus;
use super::status::ServeMode;
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::Serialize;

/// The way from the averages to a number of pods.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DeciderSteps {
    /// Average over the stable window.
    pub stable: f64,
    /// Average over the panic window.
    pub panic: f64,
    /// Ready pods, at least one.
    pub ready: f64,
    /// The most that the rate allows.
    pub max_scale_up: f64,
    /// The least that the rate allows.
    pub max_scale_down: f64,
    /// What the stable window asks for, within the rates.
    pub stable_want: i32,
    /// What the panic window asks for, within the rates.
    pub panic_want: i32,
    /// Whether the panic window asks for so much that it panics.
    pub over_threshold: bool,
    /// Since when, or since when again, it is in panic.
    pub panic_since: Option<TimePoint>,
    /// The most that was asked for in this panic.
    pub max_panic: i32,
    /// What was asked for before the scale-down delay.
    pub before_delay: i32,
}

/// What the KPA did at one decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct KpaSteps {
    /// The sample that was recorded, if one could be had.
    pub sample: Option<f64>,
    /// The decision, if a tick was due and there was something to decide by.
    pub decider: Option<DeciderSteps>,
    /// What the decider says, now or since earlier.
    pub status: DeciderStatus,
    /// What the reconcile did about it, if there was one.
    pub action: Option<ScaleAction>,
    /// Where requests go from now on.
    pub mode: ServeMode,
    /// Activators that there should be, if there was a reconcile.
    pub activators: Option<i32>,
}

/// What a reconcile did about the wanted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleAction {
    /// Nothing has been decided yet.
    NoMetrics,
    /// It is applied as it is, within the bounds.
    Apply,
    /// The last pod may not go at all.
    ScaleToZeroDisabled,
    /// It is still starting.
    Activating,
    /// It has not started in time and goes to zero.
    ActivationTimedOut,
    /// It was active long enough to become inactive; pods stay for now.
    BecomeInactive,
    /// It was active too shortly; one pod stays.
    StableWindow {
        /// How much is missing.
        left: SimDuration,
    },
    /// The activator is not known to be in the path.
    ActivatorNotProbed,
    /// The last pod is retained.
    Retained {
        /// For how long.
        left: SimDuration,
    },
    /// The activator has not been in the path for long enough.
    Grace {
        /// How much is missing.
        left: SimDuration,
    },
    /// The last pod goes.
    ScaleToZero,
}
