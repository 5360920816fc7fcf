//! Every intermediate number of one run.

use crate::TimePoint;
use serde::Serialize;

/// What led to a decision of [`AzureVmss`](super::AzureVmss).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AzureSteps {
    /// The profile that applies.
    pub profile: String,
    /// Until when nothing happens.
    pub cooldown_until: Option<TimePoint>,
    /// Its rules.
    pub rules: Vec<AzureRuleStep>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AzureRuleStep {
    /// What it reads like.
    pub rule: String,
    /// What it sees; `None` without data.
    pub value: Option<f64>,
    /// Whether it triggers.
    pub triggers: bool,
}
