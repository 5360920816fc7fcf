//! What is expected of the system.

use flashcrowd_telemetry::{Population, Threshold};
use schemars::JsonSchema;
use serde::Deserialize;

/// An objective.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SloSpec {
    /// Its name in the report.
    pub name: String,
    /// The endpoint whose requests it speaks of; all requests by default.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// In the grammar of k6's thresholds: `p(95)<500ms`, `rate<1%`, `avg`, `med`, `min`, `max`, `count`.
    pub objective: Threshold,
    /// Whose latencies count: `all` requests, failed ones as infinitely slow (the default), or
    /// only those that were `completed`.
    #[serde(default)]
    pub of: Population,
}
