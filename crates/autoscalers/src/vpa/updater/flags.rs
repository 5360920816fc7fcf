//! Flags of the updater.

use flashcrowd_manifests::vpa::VpaFeatureGates;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Flags of the updater of vertical-pod-autoscaler 1.7. `Default` is upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdaterFlags {
    /// `--updater-interval`: time between two passes (1 min). The driver keeps it, not the
    /// updater.
    pub interval: SimDuration,
    /// `--min-replicas`: how many pods of a group must be alive for any to be touched, where the
    /// VPA does not say (2).
    pub min_replicas: u32,
    /// `--eviction-tolerance`: the fraction of a group that may be missing (0.5).
    pub eviction_tolerance: f64,
    /// `--pod-update-threshold`: how far a pod within the bounds must be from the target, as the
    /// sum of the relative changes of both resources (0.1).
    pub pod_update_threshold: f64,
    /// `--in-recommendation-bounds-eviction-lifetime-threshold`: how old a pod within the bounds
    /// must be (12 h).
    pub lifetime_threshold: SimDuration,
    /// `--evict-after-oom-threshold`: a container that was OOM-killed within this time after its
    /// start makes its pod a candidate (10 min).
    pub evict_after_oom_threshold: SimDuration,
    /// Feature gates.
    pub gates: VpaFeatureGates,
}

impl Default for UpdaterFlags {
    fn default() -> Self {
        Self {
            interval: SimDuration::from_secs(60),
            min_replicas: 2,
            eviction_tolerance: 0.5,
            pod_update_threshold: 0.1,
            lifetime_threshold: SimDuration::from_secs(12 * 3600),
            evict_after_oom_threshold: SimDuration::from_secs(600),
            gates: VpaFeatureGates::default(),
        }
    }
}
