//! Minimums by the clock.

use serde::{Deserialize, Serialize};

/// A minimum that holds for some time after each occurrence of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingSchedule {
    /// The minimum \[instances\].
    pub min_required_replicas: u32,
    /// Cron expression of five fields.
    pub schedule: String,
    /// How long it holds \[s, at least 300\].
    pub duration_sec: u64,
    /// Time zone in the IANA data; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether it is switched off.
    #[serde(default)]
    pub disabled: bool,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
