//! Flags of the recommender.

use crate::ResourceName;
use flashcrowd_manifests::vpa::VpaFeatureGates;
use flashcrowd_units::{Bytes, SimDuration};
use serde::{Deserialize, Serialize};

/// Flags of the recommender of vertical-pod-autoscaler 1.7. `Default` is upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecommenderFlags {
    /// `--recommender-interval`: time between two recommendations, with one sample of every
    /// container each time (1 min). The driver keeps it, not the recommender.
    pub interval: SimDuration,
    /// `--recommendation-margin-fraction`: added on top of every percentile (0.15).
    pub safety_margin_fraction: f64,
    /// `--pod-recommendation-min-cpu-millicores`: least CPU of a pod, spread evenly over its
    /// containers \[millicores\] (25).
    pub pod_min_cpu_millicores: f64,
    /// `--pod-recommendation-min-memory-mb`: least memory of a pod, spread likewise \[MiB\] (250).
    pub pod_min_memory_mebibytes: f64,
    /// What holds for CPU alone.
    pub cpu: EstimatorFlags,
    /// What holds for memory alone.
    pub memory: EstimatorFlags,
    /// `--memory-aggregation-interval`: only the peak of such a time counts (24 h).
    pub memory_aggregation_interval: SimDuration,
    /// `--memory-aggregation-interval-count`: after so many of these without a sample everything
    /// is forgotten (8).
    pub memory_aggregation_interval_count: u32,
    /// `--oom-bump-up-ratio`: what a container that was OOM-killed needs, as a multiple of what
    /// it had (1.2).
    pub oom_bump_up_ratio: f64,
    /// `--oom-min-bump-up-bytes`: how much more it needs at least (100 MiB).
    pub oom_min_bump_up: Bytes,
    /// [`TimePoint::ZERO`](crate::TimePoint::ZERO) in seconds of Unix time: weights decay from
    /// whole half-lives of the calendar (the beginning of 2026, UTC).
    pub start_unix_seconds: i64,
    /// Feature gates.
    pub gates: VpaFeatureGates,
}

/// Flags that there are once for each resource. The percentiles are fractions from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EstimatorFlags {
    /// `--target-*-percentile`: which percentile becomes the target (0.9).
    pub target_percentile: f64,
    /// `--recommendation-lower-bound-*-percentile` (0.5).
    pub lower_bound_percentile: f64,
    /// `--recommendation-upper-bound-*-percentile` (0.95).
    pub upper_bound_percentile: f64,
    /// `--*-histogram-decay-half-life`: after this time a sample counts half (24 h).
    pub decay_half_life: SimDuration,
    /// `--confidence-interval-*`: after this time of samples the upper bound is twice its
    /// percentile; less widens it, more narrows it (24 h).
    pub confidence_interval: SimDuration,
}

const DAY: SimDuration = SimDuration::from_secs(86_400);

impl Default for EstimatorFlags {
    fn default() -> Self {
        Self {
            target_percentile: 0.9,
            lower_bound_percentile: 0.5,
            upper_bound_percentile: 0.95,
            decay_half_life: DAY,
            confidence_interval: DAY,
        }
    }
}

impl Default for RecommenderFlags {
    fn default() -> Self {
        Self {
            interval: SimDuration::from_secs(60),
            safety_margin_fraction: 0.15,
            pod_min_cpu_millicores: 25.0,
            pod_min_memory_mebibytes: 250.0,
            cpu: EstimatorFlags::default(),
            memory: EstimatorFlags::default(),
            memory_aggregation_interval: DAY,
            memory_aggregation_interval_count: 8,
            oom_bump_up_ratio: 1.2,
            oom_min_bump_up: Bytes::from_mebibytes(100),
            start_unix_seconds: 1_767_225_600,
            gates: VpaFeatureGates::default(),
        }
    }
}

impl RecommenderFlags {
    /// Those of one resource.
    pub fn estimator(&self, resource: ResourceName) -> &EstimatorFlags {
        match resource {
            ResourceName::Cpu => &self.cpu,
            ResourceName::Memory => &self.memory,
        }
    }
}
