//! From distributions to amounts.
//!
//! Every estimate is a percentile, plus a safety margin, times a factor that depends on how much
//! has been seen (bounds only), and at least the minimum. Each step is truncated to whole
//! millicores or bytes.

use super::aggregate::Aggregate;
use super::bucket::Buckets;
use super::flags::{EstimatorFlags, RecommenderFlags};
use super::truncated;
use crate::ResourceName;
use crate::vpa::{EstimateSteps, ResourceSteps};
use flashcrowd_units::SimDuration;

/// How an estimate depends on the confidence `c`: it is multiplied by
/// `(1 + multiplier / c)^exponent`.
#[derive(Debug, Clone, Copy)]
enum Widening {
    /// Not at all.
    None,
    /// `1 + 1 / c`: twice as much after one confidence interval, infinite without history.
    Upper,
    /// `(1 + 0.001 / c)^-2`: quickly near 1, 0 without history.
    Lower,
}

impl Widening {
    fn factor(self, confidence: f64) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Upper => 1.0 + 1.0 / confidence,
            Self::Lower => {
                let base = 1.0 + 0.001 / confidence;
                1.0 / (base * base)
            }
        }
    }
}

/// The estimates for one resource. `minimum` is the container's share of that of its pod.
pub(super) fn estimate(
    aggregate: &Aggregate,
    resource: ResourceName,
    minimum: u64,
    flags: &RecommenderFlags,
) -> ResourceSteps {
    let own = flags.estimator(resource);
    let confidence = confidence(aggregate, own.confidence_interval);
    let of = |percentile: f64, widening: Widening| {
        let usage = aggregate
            .histogram(resource)
            .percentile(percentile, Buckets::of(resource));
        let base = truncated(match resource {
            ResourceName::Cpu => usage * 1000.0,
            ResourceName::Memory => usage,
        });
        let with_margin = base + truncated(base as f64 * flags.safety_margin_fraction);
        let factor = widening.factor(confidence);
        let widened = match widening {
            Widening::None => with_margin,
            // Nothing times infinity is nothing.
            Widening::Upper | Widening::Lower => truncated(with_margin as f64 * factor),
        };
        EstimateSteps {
            percentile: base,
            with_margin,
            confidence_factor: factor,
            widened,
            estimate: widened.max(minimum),
        }
    };
    let EstimatorFlags {
        target_percentile,
        lower_bound_percentile,
        upper_bound_percentile,
        ..
    } = *own;
    ResourceSteps {
        resource,
        confidence,
        minimum,
        target: of(target_percentile, Widening::None),
        lower_bound: of(lower_bound_percentile, Widening::Lower),
        upper_bound: of(upper_bound_percentile, Widening::Upper),
        capped: Vec::new(),
    }
}

/// How much has been seen, in confidence intervals of one CPU sample a minute: the time between
/// the first and the last CPU sample or their number, whichever says less.
fn confidence(aggregate: &Aggregate, interval: SimDuration) -> f64 {
    let lifespan = match (aggregate.first_sample, aggregate.last_sample) {
        (Some(first), Some(last)) => last.as_nanos().saturating_sub(first.as_nanos()),
        _ => 0,
    };
    let lifespan = lifespan as f64 / interval.as_nanos() as f64;
    lifespan.min(aggregate.samples as f64 / minutes(interval))
}

/// Whole minutes and the rest apart, as Go's `Duration.Minutes()` converts them.
fn minutes(duration: SimDuration) -> f64 {
    const MINUTE: u64 = 60_000_000_000;
    let (whole, rest) = (duration.as_nanos() / MINUTE, duration.as_nanos() % MINUTE);
    whole as f64 + rest as f64 / MINUTE as f64
}

/// The share of each container of the pod's minimum \[millicores or bytes\].
pub(super) fn minimum(resource: ResourceName, containers: usize, flags: &RecommenderFlags) -> u64 {
    let pod = truncated(match resource {
        ResourceName::Cpu => flags.pod_min_cpu_millicores * 0.001 * 1000.0,
        ResourceName::Memory => flags.pod_min_memory_mebibytes * 1024.0 * 1024.0,
    });
    truncated(pod as f64 * (1.0 / containers as f64))
}
