//! The file format of the recorded traces. All times are milliseconds.

use flashcrowd_autoscalers::vpa::{EstimatorFlags, RecommenderFlags};
use flashcrowd_manifests::vpa::{ContainerResourcePolicy, ContainerScalingMode, PodResourcePolicy};
use flashcrowd_units::{Bytes, Quantity, SimDuration};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One workload and the passes of its recommender.
#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    pub(super) id: String,
    config: Config,
    /// Names; samples refer to them by index.
    pub(super) containers: Vec<String>,
    /// The label set of each pod.
    pub(super) pod_agg: Vec<u64>,
    #[serde(default)]
    policies: Vec<Policy>,
    pub(super) ticks: Vec<Tick>,
}

/// Flags of the recommender.
#[derive(Debug, Deserialize)]
struct Config {
    safety_margin_fraction: f64,
    pod_min_cpu_millicores: f64,
    pod_min_memory_mb: f64,
    target_cpu_percentile: f64,
    lower_bound_cpu_percentile: f64,
    upper_bound_cpu_percentile: f64,
    target_memory_percentile: f64,
    lower_bound_memory_percentile: f64,
    upper_bound_memory_percentile: f64,
    confidence_interval_cpu_ms: u64,
    confidence_interval_memory_ms: u64,
    memory_aggregation_interval_ms: u64,
    memory_aggregation_interval_count: u32,
    memory_histogram_decay_half_life_ms: u64,
    cpu_histogram_decay_half_life_ms: u64,
    oom_bump_up_ratio: f64,
    oom_min_bump_up_bytes: f64,
}

#[derive(Debug, Deserialize)]
struct Policy {
    container: String,
    mode: Option<ContainerScalingMode>,
    #[serde(default)]
    min_allowed: BTreeMap<String, Quantity>,
    #[serde(default)]
    max_allowed: BTreeMap<String, Quantity>,
    controlled_resources: Option<Vec<String>>,
}

/// One pass.
#[derive(Debug, Deserialize)]
pub(super) struct Tick {
    pub(super) t: i64,
    #[serde(default)]
    pub(super) s: Vec<Sample>,
    #[serde(default)]
    pub(super) oom: Vec<Oom>,
    /// Samples that were refused: pod, container, resource.
    #[serde(default)]
    pub(super) drop: Vec<(u64, usize, String)>,
    /// Absent where nothing was recommended.
    pub(super) rec: Option<Vec<Recommendation>>,
}

/// `[pod, container, dt, cpu millicores, memory bytes]`
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Sample(
    pub(super) u64,
    pub(super) usize,
    pub(super) i64,
    pub(super) Option<u64>,
    pub(super) Option<u64>,
);

/// `[pod, container, dt, requested bytes, accepted]`
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Oom(
    pub(super) u64,
    pub(super) usize,
    pub(super) i64,
    pub(super) u64,
    pub(super) u8,
);

/// What was recommended for one container.
#[derive(Debug, Deserialize)]
pub(super) struct Recommendation {
    pub(super) c: String,
    pub(super) target: Amounts,
    pub(super) lower: Amounts,
    pub(super) upper: Amounts,
    pub(super) uncapped: Amounts,
}

/// `[cpu millicores, memory bytes]`; null for a resource that is not controlled.
pub(super) type Amounts = [Option<u64>; 2];

/// The beginning of 2026, UTC, which times are relative to.
const START_UNIX_SECONDS: i64 = 1_767_225_600;

impl Trace {
    pub(super) fn flags(&self) -> RecommenderFlags {
        let config = &self.config;
        RecommenderFlags {
            safety_margin_fraction: config.safety_margin_fraction,
            pod_min_cpu_millicores: config.pod_min_cpu_millicores,
            pod_min_memory_mebibytes: config.pod_min_memory_mb,
            cpu: EstimatorFlags {
                target_percentile: config.target_cpu_percentile,
                lower_bound_percentile: config.lower_bound_cpu_percentile,
                upper_bound_percentile: config.upper_bound_cpu_percentile,
                decay_half_life: millis(config.cpu_histogram_decay_half_life_ms),
                confidence_interval: millis(config.confidence_interval_cpu_ms),
            },
            memory: EstimatorFlags {
                target_percentile: config.target_memory_percentile,
                lower_bound_percentile: config.lower_bound_memory_percentile,
                upper_bound_percentile: config.upper_bound_memory_percentile,
                decay_half_life: millis(config.memory_histogram_decay_half_life_ms),
                confidence_interval: millis(config.confidence_interval_memory_ms),
            },
            memory_aggregation_interval: millis(config.memory_aggregation_interval_ms),
            memory_aggregation_interval_count: config.memory_aggregation_interval_count,
            oom_bump_up_ratio: config.oom_bump_up_ratio,
            oom_min_bump_up: Bytes::new(config.oom_min_bump_up_bytes as u64),
            start_unix_seconds: START_UNIX_SECONDS,
            ..RecommenderFlags::default()
        }
    }

    pub(super) fn policy(&self) -> PodResourcePolicy {
        let policies = self.policies.iter().map(|policy| ContainerResourcePolicy {
            container_name: policy.container.clone(),
            mode: policy.mode,
            min_allowed: policy.min_allowed.clone(),
            max_allowed: policy.max_allowed.clone(),
            controlled_resources: policy.controlled_resources.clone(),
            ..ContainerResourcePolicy::default()
        });
        PodResourcePolicy {
            container_policies: policies.collect(),
        }
    }
}

fn millis(millis: u64) -> SimDuration {
    SimDuration::from_nanos(millis.saturating_mul(1_000_000))
}
