//! Settings of the controller.

use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Settings of Karpenter that decide anything here, with the defaults of version 1.14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KarpenterSettings {
    /// `BATCH_IDLE_DURATION`: a batch ends when no pod has joined it for so long.
    pub batch_idle: SimDuration,
    /// `BATCH_MAX_DURATION`: how long a batch can last.
    pub batch_max: SimDuration,
    /// From one look for nodes to disrupt to the next, as long as there are none.
    pub poll: SimDuration,
    /// From a decision to disrupt nodes to the second look whether it is still right.
    pub validation: SimDuration,
    /// Feature gate `SpotToSpotConsolidation`.
    pub spot_to_spot_consolidation: bool,
}

impl Default for KarpenterSettings {
    fn default() -> Self {
        Self {
            batch_idle: SimDuration::from_secs(1),
            batch_max: SimDuration::from_secs(10),
            poll: SimDuration::from_secs(10),
            validation: SimDuration::from_secs(15),
            spot_to_spot_consolidation: false,
        }
    }
}
