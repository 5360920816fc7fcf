//! Every intermediate number of one reconcile.

use super::{Evidence, MetricOutcome, Proposal, Tolerance};
use serde::Serialize;
use std::sync::Arc;

/// The way from the metrics to the number of replicas.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HpaSteps {
    /// Which way the reconcile took.
    pub path: HpaPath,
    /// The tolerance in force.
    pub tolerance: Tolerance,
    /// The resource samples and the pods left out; absent without a metric of CPU or memory, and
    /// where none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What each metric said, in the order of the specification. Empty where none was asked.
    pub metrics: Vec<MetricStep>,
    /// The metric whose proposal won, as an index of `metrics`.
    pub winner: Option<usize>,
    /// The number that the metrics ask for together.
    pub proposal: Option<i32>,
    /// That number after stabilization.
    pub stabilized: Option<i32>,
    /// That number after rate limits and bounds.
    pub limited: Option<i32>,
    /// Whether the reconcile reports an error, which it also does when only some metrics failed.
    pub error: bool,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricStep {
    /// Its name in the controller's words.
    pub name: Arc<str>,
    /// What it said.
    pub outcome: MetricOutcome,
}

impl MetricStep {
    /// What it proposed, if it did not fail.
    pub fn proposal(&self) -> Option<&Proposal> {
        self.outcome.proposal()
    }
}

/// Which way a reconcile took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HpaPath {
    /// Metrics were evaluated, stabilised and limited.
    Metrics,
    /// Metrics were evaluated and did not give a number that could be used.
    MetricsFailed,
    /// There were more replicas than the maximum.
    AboveMax,
    /// There were fewer replicas than the minimum.
    BelowMin,
    /// There were no replicas, and nobody is to change that.
    Disabled,
    /// The scale could not be read.
    ScaleUnreadable,
}
