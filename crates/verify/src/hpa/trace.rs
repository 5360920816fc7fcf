//! The file format of the recorded traces. All times are milliseconds.

use flashcrowd_autoscalers::hpa::{FeatureGates, HpaFlags};
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_units::{Quantity, SimDuration};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One HPA and its syncs.
#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    pub(super) id: String,
    gates: Gates,
    ctl: Flags,
    metric_window_ms: u64,
    pub(super) spec: HpaSpec,
    pub(super) spec_eff: HpaSpec,
    pub(super) tol_eff: [f64; 2],
    pub(super) pod_templates: Vec<Template>,
    pub(super) ticks: Vec<Tick>,
}

impl Trace {
    pub(super) fn flags(&self) -> HpaFlags {
        HpaFlags {
            downscale_stabilization: millis(self.ctl.downscale_stabilization_ms),
            tolerance: self.ctl.tolerance,
            cpu_initialization_period: millis(self.ctl.cpu_initialization_period_ms),
            initial_readiness_delay: millis(self.ctl.initial_readiness_delay_ms),
            gates: FeatureGates {
                scale_to_zero: self.gates.scale_to_zero,
                configurable_tolerance: self.gates.configurable_tolerance,
            },
            ..HpaFlags::default()
        }
    }

    pub(super) fn metric_window(&self) -> SimDuration {
        millis(self.metric_window_ms)
    }
}

fn millis(millis: u64) -> SimDuration {
    SimDuration::from_nanos(millis.saturating_mul(1_000_000))
}

#[derive(Debug, Deserialize)]
struct Gates {
    #[serde(rename = "HPAScaleToZero")]
    scale_to_zero: bool,
    #[serde(rename = "HPAConfigurableTolerance")]
    configurable_tolerance: bool,
}

#[derive(Debug, Deserialize)]
struct Flags {
    downscale_stabilization_ms: u64,
    tolerance: f64,
    cpu_initialization_period_ms: u64,
    initial_readiness_delay_ms: u64,
}

/// A pod template, as far as the HPA looks at it.
#[derive(Debug, Deserialize)]
pub(super) struct Template {
    pub(super) containers: Vec<ContainerTemplate>,
    #[serde(default)]
    pub(super) sidecars: Vec<ContainerTemplate>,
    #[serde(default)]
    pub(super) init_containers: Vec<ContainerTemplate>,
    pub(super) pod_level: Option<BTreeMap<String, Quantity>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ContainerTemplate {
    pub(super) name: String,
    pub(super) cpu: Option<Quantity>,
    pub(super) memory: Option<Quantity>,
}

/// One sync.
#[derive(Debug, Deserialize)]
pub(super) struct Tick {
    pub(super) t: i64,
    /// `spec.replicas`.
    pub(super) r: u32,
    /// `status.replicas`.
    pub(super) s: u32,
    #[serde(default)]
    pub(super) restart: u8,
    pub(super) fail: Option<Failure>,
    pub(super) spec: Option<HpaSpec>,
    pub(super) spec_eff: Option<HpaSpec>,
    pub(super) tol_eff: Option<[f64; 2]>,
    /// Pods added or changed.
    #[serde(default)]
    pub(super) p: Vec<PodRow>,
    /// Pods that are gone.
    #[serde(default)]
    pub(super) x: Vec<u64>,
    pub(super) rm: Option<ResourceMetrics>,
    #[serde(default)]
    pub(super) mv: Vec<Value>,
    pub(super) o: Output,
}

/// What fails at a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Failure {
    /// Reading the scale.
    Get,
    /// Writing it.
    Update,
}

/// `[id, phase, startTime, ready, readyLastTransition, deleting, template]`
#[derive(Debug, Deserialize)]
pub(super) struct PodRow(
    pub(super) u64,
    pub(super) Phase,
    pub(super) Option<i64>,
    pub(super) Ready,
    pub(super) Option<i64>,
    pub(super) u8,
    pub(super) usize,
);

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Phase {
    #[serde(rename = "P")]
    Pending,
    #[serde(rename = "R")]
    Running,
    #[serde(rename = "F")]
    Failed,
    #[serde(rename = "S")]
    Succeeded,
    #[serde(rename = "U")]
    Unknown,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Ready {
    #[serde(rename = "T")]
    True,
    #[serde(rename = "F")]
    False,
    #[serde(rename = "U")]
    Unknown,
    #[serde(rename = "N")]
    None,
}

/// The answer of the resource metrics API; samples are in the order of the existing pods.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceMetrics {
    #[serde(default)]
    pub(super) err: u8,
    #[serde(default)]
    pub(super) lag: Value,
    #[serde(default)]
    pub(super) cpu: Vec<Value>,
    #[serde(default)]
    pub(super) mem: Vec<Value>,
    /// Samples of pods that do not exist: `[id, cpu, memory]`.
    #[serde(default)]
    pub(super) x: Vec<(u64, Value, Value)>,
}

/// What the controller made of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Output {
    pub(super) k: Option<String>,
    pub(super) raw: Option<Vec<Option<i32>>>,
    #[serde(default)]
    pub(super) me: BTreeMap<String, String>,
    pub(super) mi: Option<usize>,
    pub(super) md: Option<i32>,
    pub(super) stab: Option<i32>,
    pub(super) lim: Option<i32>,
    pub(super) d: u32,
    pub(super) n: u32,
    #[serde(default)]
    pub(super) rs: u8,
    pub(super) why: Option<String>,
    #[serde(default)]
    pub(super) e: u8,
    pub(super) cur: Option<Vec<Value>>,
    /// Conditions, where they are not those of the sync before.
    pub(super) c: Option<BTreeMap<String, String>>,
}
