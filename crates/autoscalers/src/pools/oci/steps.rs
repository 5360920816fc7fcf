//! Every intermediate number of one sync.

use crate::TimePoint;
use serde::Serialize;

/// What led to a decision of [`OciPool`](super::OciPool).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OciSteps {
    /// Whether all instances that are wanted run.
    pub running: bool,
    /// Until when the last action keeps the rules from acting; `None` before the first one is
    /// carried out.
    pub cooldown_until: Option<TimePoint>,
    /// The rules, in the order of the configuration.
    pub rules: Vec<OciRuleStep>,
    /// The size that a schedule or the start asks for.
    pub due: Option<u32>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OciRuleStep {
    /// What it is called.
    pub rule: String,
    /// How many instances it adds.
    pub step: i32,
    /// The average of the last minute; `None` if nothing was reported.
    pub last: Option<f64>,
    /// Whether it fires.
    pub fires: bool,
}
