//! Every intermediate number of one recommendation.

use serde::Serialize;

/// What led to a decision of [`GcpMig`](super::GcpMig).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GcpSteps {
    /// The signals, in the order CPU, load balancing, custom metrics.
    pub signals: Vec<GcpSignalStep>,
    /// The highest minimum of the schedules that are active.
    pub schedule: Option<u32>,
    /// The largest recommendation, within the bounds.
    pub recommended: u32,
    /// The highest recommendation of the stabilization period.
    pub stabilized: u32,
    /// The same after the scale-in control.
    pub controlled: u32,
}

/// One signal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GcpSignalStep {
    /// What it is called.
    pub signal: String,
    /// Its value over the instances that count; `None` without data.
    pub value: Option<f64>,
    /// How many instances count.
    pub serving: u32,
    /// How many instances it recommends; `None` without data.
    pub recommended: Option<u32>,
}
