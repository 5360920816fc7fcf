//! What is done to a running system.

use flashcrowd_units::SimDuration;
use schemars::JsonSchema;
use serde::Deserialize;

/// A change at a given time: `at`, and exactly one of the others.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionSpec {
    /// When, from the start of the run.
    pub at: SimDuration,
    /// The service whose pods are all replaced, as by `kubectl rollout restart`.
    #[serde(default)]
    pub rollout_restart: Option<String>,
    /// Set the replicas of a service, as by `kubectl scale`.
    #[serde(default)]
    pub scale: Option<ScaleSpec>,
    /// For this long the metrics API answers nothing.
    #[serde(default)]
    pub metrics_outage: Option<SimDuration>,
}

/// New replicas of a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleSpec {
    /// Which service.
    pub service: String,
    /// How many pods.
    pub replicas: u32,
}
