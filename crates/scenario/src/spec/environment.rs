//! What surrounds the services.

use flashcrowd_units::{Ratio, SimDuration};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// The pipeline through which controllers see CPU and memory.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsServerSpec {
    /// Time between two scrapes of a pod (`--metric-resolution`); 15s by default, as in the
    /// manifests that metrics-server is released with.
    pub resolution: SimDuration,
    /// From the end of the measured window until the API serves the value; 7s by default, half of the time
    /// between two measurements of the kubelet.
    pub lag: SimDuration,
}

impl Default for MetricsServerSpec {
    fn default() -> Self {
        Self {
            resolution: SimDuration::from_secs(15),
            lag: SimDuration::from_secs(7),
        }
    }
}

/// Flags of the cluster's controllers.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControllersSpec {
    /// The horizontal pod autoscaler's flags of kube-controller-manager.
    pub hpa: HpaControllerSpec,
}

/// The horizontal pod autoscaler's flags of kube-controller-manager
/// (`--horizontal-pod-autoscaler-...`).
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HpaControllerSpec {
    /// Time between two decisions; 15s by default.
    pub sync_period: SimDuration,
    /// Deviation from the target at which nothing is changed; 10% by default.
    pub tolerance: Ratio,
    /// How long a higher recommendation holds a scale-down back, where the HPA says nothing about it; 5m by default.
    pub downscale_stabilization: SimDuration,
    /// Age of a pod up to which its first readiness is awaited; 30s by default.
    pub initial_readiness_delay: SimDuration,
    /// Age of a pod up to which its CPU counts only while it is ready; 5m by default.
    pub cpu_initialization_period: SimDuration,
    /// Whether `minReplicas: 0` is allowed (feature gate HPAScaleToZero); not by default.
    pub scale_to_zero: bool,
}

impl Default for HpaControllerSpec {
    fn default() -> Self {
        Self {
            sync_period: SimDuration::from_secs(15),
            tolerance: Ratio::new(0.1).unwrap_or_default(),
            downscale_stabilization: SimDuration::from_secs(300),
            initial_readiness_delay: SimDuration::from_secs(30),
            cpu_initialization_period: SimDuration::from_secs(300),
            scale_to_zero: false,
        }
    }
}

/// What things cost, in US dollars: a price file, by its path in the scenario.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSheet {
    /// One pod for one hour of existence, in US dollars.
    #[serde(default)]
    pub pod_hour: f64,
    /// Prices of single services, by name.
    #[serde(default)]
    pub services: IndexMap<String, ServicePrices>,
}

/// Prices of one service.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicePrices {
    /// One pod for one hour of existence, in US dollars.
    pub pod_hour: f64,
}
