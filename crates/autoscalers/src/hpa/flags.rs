//! Flags and feature gates of the controller.

use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Flags of kube-controller-manager that the HPA depends on. `Default` is upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HpaFlags {
    /// `--horizontal-pod-autoscaler-sync-period`: time between two syncs (15 s). The driver keeps
    /// it, not the controller.
    pub sync_period: SimDuration,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`: how long recommendations are
    /// remembered on the way down where the HPA does not say (5 min).
    pub downscale_stabilization: SimDuration,
    /// `--horizontal-pod-autoscaler-tolerance`: how far the ratio of metric and target may be
    /// from 1 before anything changes (0.1).
    pub tolerance: f64,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`: age of a pod up to which CPU
    /// samples count only when they were measured entirely while it was ready (5 min).
    pub cpu_initialization_period: SimDuration,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`: a pod that became unready within
    /// this time after its start has never been ready (30 s).
    pub initial_readiness_delay: SimDuration,
    /// Feature gates.
    pub gates: FeatureGates,
}

impl Default for HpaFlags {
    fn default() -> Self {
        Self {
            sync_period: SimDuration::from_secs(15),
            downscale_stabilization: SimDuration::from_secs(300),
            tolerance: 0.1,
            cpu_initialization_period: SimDuration::from_secs(300),
            initial_readiness_delay: SimDuration::from_secs(30),
            gates: FeatureGates::default(),
        }
    }
}

/// Feature gates of the HPA. `Default` is that of Kubernetes v1.36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureGates {
    /// `HPAScaleToZero`: `minReplicas: 0` (alpha, off).
    pub scale_to_zero: bool,
    /// `HPAConfigurableTolerance`: `behavior.*.tolerance` (beta, on).
    pub configurable_tolerance: bool,
}

impl Default for FeatureGates {
    fn default() -> Self {
        Self {
            scale_to_zero: false,
            configurable_tolerance: true,
        }
    }
}
